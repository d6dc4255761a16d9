//! The keys by which others check what a ledger signs, read from its files. Needs no running ledger.

use std::path::Path;

use crate::consent::words::Seq;
use crate::ledger::keys::master::MasterKey;
use crate::ledger::keys::secrets::Secrets;
use crate::ledger::proving::checkpoints::CheckpointsError;
use crate::ledger::proving::signed;
use crate::ledger::starting::open::OpenError;
use crate::ledger::storage::disk::{Disk, RealDisk};
use crate::ledger::storage::journal;
use crate::proof::note::VerifierKey;
use crate::proto::SigningKeyUse;
use crate::proto::clear_part::Fact;

/// Every key of a ledger so far, each use ascending, the one in force last.
#[derive(Debug)]
pub struct PublicKeys {
    /// Those of checkpoints, under the name of the ledger's origin.
    pub checkpoint: Vec<CheckpointKey>,
    /// Those of receipts, each with the entry that names it.
    pub receipt: Vec<(Seq, [u8; 32])>,
}

/// A key of checkpoints.
#[derive(Debug)]
pub struct CheckpointKey {
    /// The key.
    pub key: VerifierKey,
    /// The entry that names it.
    pub from: Seq,
    /// How many entries the checkpoint covers by which the key before it vouches for that entry; none for the first key.
    pub vouched: Option<u64>,
}

/// Reads them; `master` none: the master key lies in the data directory.
///
/// # Errors
/// Where the ledger's secrets or its first entry cannot be read.
pub fn public_keys(data_dir: &Path, master: Option<&MasterKey>) -> Result<PublicKeys, OpenError> {
    let disk = RealDisk;
    if !data_dir.join("journal").exists() {
        return Err(OpenError::NoLedger { path: data_dir.to_owned() });
    }
    let secrets = Secrets::open_under(&disk, &data_dir.join("secrets"), master, false)?;
    let origin = origin(&disk, data_dir, &secrets)?;
    let sizes = signed::sizes(&disk, &data_dir.join("checkpoints"), secrets.ledger_id());
    let key = |(from, public_key): (Seq, [u8; 32])| {
        let key = VerifierKey::new(&origin, &public_key).map_err(|_| CheckpointsError::Origin { origin: origin.clone() })?;
        // The first that covers the entry is signed with the key before it.
        let vouched = (from > Seq::new(1)).then(|| sizes.iter().copied().find(|size| *size >= from.number())).flatten();
        Ok::<_, OpenError>(CheckpointKey { key, from, vouched })
    };
    Ok(PublicKeys {
        checkpoint: secrets.public_keys(SigningKeyUse::Checkpoint).into_iter().map(key).collect::<Result<_, _>>()?,
        receipt: secrets.public_keys(SigningKeyUse::Receipt),
    })
}

/// The name that the first entry gives the ledger.
fn origin(disk: &dyn Disk, data_dir: &Path, secrets: &Secrets) -> Result<String, OpenError> {
    for segment in journal::segments(disk, &data_dir.join("journal"), ".journal")?.iter().take(1) {
        for piece in journal::read_segment(disk, segment, secrets.ledger_id())?.0.into_iter().take(1) {
            if let journal::Piece::Frame(frame) = piece
                && let Some(Ok(clear)) = frame.block.entries().next().map(|entry| entry.clear())
                && let Some(Fact::LedgerCreated(created)) = clear.fact
            {
                return Ok(created.origin);
            }
        }
    }
    Err(OpenError::Foreign { path: data_dir.to_owned(), ledger_id: secrets.ledger_id().to_string() })
}
