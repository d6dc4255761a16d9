//! What the webhook needs of the ledger; tests put another in its place.

use std::future::Future;
use std::sync::Arc;

use crate::consent::policy::Policy;
use crate::consent::time::Time;
use crate::consent::words::{Account, Seq};
use crate::ledger::Ledger;
use crate::ledger::storage::space::Room;
use crate::ledger::writing::record::{Acknowledgement, Record, RecordError};

/// Where facts are recorded.
pub trait Recorder: Clone + Send + Sync + 'static {
    /// Records several events, in order; answers once all are durable.
    fn record_all(&self, records: Vec<Record>) -> impl Future<Output = Vec<Result<Acknowledgement, RecordError>>> + Send;

    /// Whether there is such an account.
    fn knows(&self, account: &Account) -> bool;

    /// The rules that an account has now.
    fn policy(&self, account: &Account) -> Arc<Policy>;

    /// The last entry's seq.
    fn head(&self) -> Seq;

    /// Whether it still writes.
    fn writes(&self) -> bool;

    /// Whether there is room on the disk for what can wait.
    fn has_room(&self) -> bool {
        true
    }

    /// Its clock.
    fn now(&self) -> Time;
}

impl Recorder for Ledger {
    async fn record_all(&self, records: Vec<Record>) -> Vec<Result<Acknowledgement, RecordError>> {
        Ledger::record_all(self, records).await
    }

    fn knows(&self, account: &Account) -> bool {
        self.has_account(account)
    }

    fn policy(&self, account: &Account) -> Arc<Policy> {
        self.policies(account, None, 0).map_or_else(|_| Arc::new(Policy::meta()), |known| known.in_force.policy.policy)
    }

    fn head(&self) -> Seq {
        Ledger::head(self).seq
    }

    fn writes(&self) -> bool {
        self.poisoned().is_none()
    }

    fn has_room(&self) -> bool {
        self.space().room == Room::Plenty
    }

    fn now(&self) -> Time {
        Ledger::now(self)
    }
}
