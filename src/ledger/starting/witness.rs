//! What says how far the log went, beside the log itself: the snapshot, and the checkpoint that was kept last.

use std::path::Path;

use crate::consent::words::Seq;
use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::proving::signed;
use crate::ledger::starting::snapshot;
use crate::ledger::storage::disk::Disk;

/// How far the log went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Witness {
    snapshot: Seq,
    signed: Seq,
}

impl Witness {
    /// What the files in `data_dir` say.
    #[must_use]
    pub fn read(disk: &dyn Disk, data_dir: &Path, ledger_id: LedgerId) -> Self {
        let snapshot = snapshot::peek(disk, &data_dir.join("snapshot"), ledger_id).map_or(Seq::NONE, |of| of.seq);
        Self { snapshot, signed: signed::peek(disk, &data_dir.join("checkpoints"), ledger_id) }
    }

    /// Up to which entry the log was durable. Bytes that do not read at its end are damage where a checkpoint covers them; a
    /// log that ends well before a checkpoint was put back, which whoever holds it against checkpoints says better.
    #[must_use]
    pub fn vouches_for(self, torn: bool) -> Seq {
        if torn { self.snapshot.max(self.signed) } else { self.snapshot }
    }
}
