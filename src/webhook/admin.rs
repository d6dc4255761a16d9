//! Dead letters as `AdminService` shows them and tries them again.

use std::sync::Arc;

use super::dead_letters::{DeadLetters, LetterId};
use super::replay::{Replayed, Which};
use crate::api::admin::{DeadLetterAdmin, DeadLetterSummary, ReplaySummary};
use crate::consent::words::Account;
use crate::ledger::Ledger;

/// Dead letters and the ledger that they are tried on again.
pub struct LedgerDeadLetters {
    /// The letters.
    pub letters: Arc<DeadLetters>,
    /// The ledger.
    pub ledger: Ledger,
}

#[tonic::async_trait]
impl DeadLetterAdmin for LedgerDeadLetters {
    fn list(&self, account: &Account) -> Result<Vec<DeadLetterSummary>, String> {
        let letters = self.letters.list(account).map_err(|error| error.to_string())?;
        let summary = letters.into_iter().map(|letter| DeadLetterSummary {
            id: letter.id.to_string(),
            received_at: letter.received_at,
            field: letter.field,
            reason: letter.reason,
        });
        Ok(summary.collect())
    }

    fn payload(&self, account: &Account, id: &str) -> Result<Option<Vec<u8>>, String> {
        let Ok(id) = id.parse::<LetterId>() else { return Ok(None) };
        self.letters.payload(account, id).map_err(|error| error.to_string())
    }

    async fn replay(&self, account: &Account, ids: &[String]) -> Result<ReplaySummary, String> {
        let named: Vec<LetterId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let which = if ids.is_empty() { Which::All } else { Which::These(named) };
        let replayed = self.letters.replay(account, which, &self.ledger).await.map_err(|error| error.to_string())?;
        let mut summary = ReplaySummary::default();
        for (_, replayed) in replayed {
            match replayed {
                Replayed::Placed { .. } => summary.placed += 1,
                Replayed::Stays { .. } => summary.kept += 1,
                Replayed::Unknown => continue,
            }
            summary.tried += 1;
        }
        Ok(summary)
    }

    fn count(&self) -> usize {
        self.letters.count()
    }

    fn keeps(&self) -> bool {
        self.letters.keeps()
    }
}
