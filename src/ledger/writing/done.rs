//! Who waits for a commit.

use tokio::sync::oneshot;

use crate::ledger::numbers::Committed;
use crate::ledger::principals::change::ChangeDone;
use crate::ledger::writing::job::{Recorded, Waiting};
use crate::ledger::writing::record::RecordError;

/// Who is answered once a commit is durable.
#[derive(Default)]
pub(super) struct Done {
    pub(super) own: Option<(oneshot::Sender<Recorded>, Recorded)>,
    principal: Option<ChangeDone>,
    pub(super) records: Vec<Waiting>,
    pub(super) committed: Committed,
}

impl Done {
    /// Counts what becomes of a record.
    pub(super) const fn count(&mut self, recorded: &Recorded) {
        let counted = match recorded {
            Ok(acknowledgement) if acknowledgement.duplicate => &mut self.committed.duplicates,
            Ok(_) => &mut self.committed.recorded,
            Err(_) => &mut self.committed.refused,
        };
        *counted += 1;
    }

    /// Takes a change of who may call, and counts what becomes of it.
    pub(super) fn change(&mut self, change: ChangeDone) {
        *(if change.is_recorded() { &mut self.committed.recorded } else { &mut self.committed.refused }) += 1;
        self.principal = Some(change);
    }

    pub(super) fn answer(self) {
        self.records.into_iter().for_each(Waiting::finish);
        if let Some((answer, recorded)) = self.own {
            let _ = answer.send(recorded);
        }
        if let Some(changed) = self.principal {
            changed.finish();
        }
    }

    pub(super) fn fail(self, error: &RecordError) {
        self.records.into_iter().for_each(|waiting| waiting.fail(error));
        if let Some((answer, _)) = self.own {
            let _ = answer.send(Err(error.clone()));
        }
        if let Some(changed) = self.principal {
            changed.fail(error);
        }
    }
}
