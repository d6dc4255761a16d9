//! What every record has beside what happened, and the way of a record into the ledger.

use prost_types::Timestamp;
use tonic::Status;

use super::parse::Fields;
use super::{map, status};
use crate::consent::time::Time;
use crate::consent::words::Account;
use crate::ledger::Ledger;
use crate::ledger::writing::event_id::EventId;
use crate::ledger::writing::record::{Actor, Record, What};
use crate::proto;

/// What every record has beside what happened.
#[derive(Clone, Debug)]
pub struct Envelope {
    account: Account,
    actor: Actor,
    event_id: Option<EventId>,
    occurred_at: Option<Time>,
}

impl Envelope {
    /// The record of what happened.
    #[must_use]
    pub fn record(self, what: What) -> Record {
        let Self { account, actor, event_id, occurred_at } = self;
        Record { account, actor, event_id, occurred_at, what }
    }

    /// When it happened; `now` where nothing was said.
    #[must_use]
    pub fn at(&self, now: Time) -> Time {
        self.occurred_at.unwrap_or(now)
    }
}

impl Fields<'_> {
    /// The fields `account`, `event_id` and `occurred_at`. `now` is the ledger's clock.
    pub fn envelope(&mut self, account: &str, event_id: &str, occurred_at: Option<&Timestamp>, now: Time) -> Option<Envelope> {
        let account = self.account("account", account);
        let event_id = self.event_id("event_id", event_id);
        let occurred_at = self.occurred_at("occurred_at", occurred_at, now);
        Some(Envelope { account: account?, actor: self.caller.actor(), event_id, occurred_at })
    }
}

/// Records, and says where it stands.
///
/// # Errors
/// Where the ledger refuses the record, is busy, or no longer writes.
pub async fn record(ledger: &Ledger, record: Record) -> Result<Option<proto::Acknowledgement>, Status> {
    let acknowledgement = ledger.record(record).await.map_err(|error| status::of_record(&error))?;
    Ok(Some(map::acknowledgement(acknowledgement)))
}
