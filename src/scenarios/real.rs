//! The engine that serves: a ledger on disk, in a directory that goes away again, with a clock set from outside.

use std::sync::Arc;

use tempfile::TempDir;

use super::Engine;
use crate::consent::account::Known;
use crate::consent::identifier::Identifier;
use crate::consent::sender::SenderStanding;
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender};
use crate::ledger::clock::{Clock, ManualClock};
use crate::ledger::proving::verify;
use crate::ledger::storage::disk::{Disk, RealDisk};
use crate::ledger::writing::record::{Acknowledgement, Actor, Record, RecordError, What};
use crate::ledger::{Answer, CheckError, Filter, Ledger, Options, Question};
use crate::proto::clear_part::Fact;
use crate::webhook;

/// Data keys kept ready: a scenario has few contacts.
const KEYS_AHEAD: u64 = 32;

/// A ledger of its own.
pub struct RealEngine {
    ledger: Ledger,
    clock: Arc<ManualClock>,
    dir: TempDir,
}

impl RealEngine {
    /// An empty ledger. Its clock stands at 1970 until it is set, so that every scenario lies ahead of it.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn new() -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let clock = Arc::new(ManualClock::default());
        let options = Options { keys_ahead: KEYS_AHEAD, ..Options::new(dir.path()) };
        let (disk, theirs): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), clock.clone());
        let ledger = Ledger::open_with(&options, &disk, &theirs).map_err(|error| error.to_string())?;
        Ok(Self { ledger, clock, dir })
    }
}

impl Drop for RealEngine {
    fn drop(&mut self) {
        self.ledger.close();
    }
}

impl Engine for RealEngine {
    fn set_clock(&mut self, now: Time) {
        self.clock.set(now);
    }

    fn create_account(&mut self, account: &Account) -> Result<(), String> {
        let record = Record { account: account.clone(), actor: Actor::LOCAL, event_id: None, occurred_at: None, what: What::CreateAccount };
        self.ledger.record_blocking(record).map(drop).map_err(|error| error.to_string())
    }

    fn record(&mut self, record: Record) -> Result<Acknowledgement, RecordError> {
        self.ledger.record_blocking(record)
    }

    fn rehearse(&mut self, records: Vec<Record>) -> Vec<Result<Acknowledgement, RecordError>> {
        self.ledger.rehearse_blocking(records)
    }

    fn standing(&mut self, account: &Account, sender: &Sender, at: Time) -> Result<SenderStanding, String> {
        let answer = self.ledger.standing(account, sender, Some(at), Known::default());
        answer.map(|answer| answer.standing).map_err(|error| error.to_string())
    }

    fn webhook(&mut self, account: &Account, body: &[u8]) -> Result<(), String> {
        webhook::take(&self.ledger, account, body)
    }

    fn check(&mut self, question: &Question) -> Result<Answer, CheckError> {
        self.ledger.check(question)
    }

    fn history(&mut self, account: &Account, contact: &Identifier) -> Result<Vec<String>, String> {
        let filter = Filter { from: None, account: Some(account.clone()), contact: Some(contact.clone()) };
        let entries = self.ledger.entries(&filter, usize::MAX).map_err(|error| error.to_string())?;
        Ok(entries.iter().filter_map(|entry| entry.clear.fact.as_ref()).map(|fact| step_name(fact).to_owned()).collect())
    }

    fn verify(&mut self) -> Result<u64, String> {
        let report = verify::verify_data_dir(self.dir.path(), |_, _| {}).map_err(|error| error.to_string())?;
        if report.ok() { Ok(report.entries) } else { Err(report.problems.join("; ")) }
    }
}

/// A fact by the name of the step that records it.
fn step_name(fact: &Fact) -> &'static str {
    match fact {
        Fact::OptedIn(_) => "opt_in",
        Fact::OptedOut(_) => "opt_out",
        Fact::InboundMessageReceived(_) => "inbound",
        Fact::PlatformPreferenceChanged(_) => "platform_preference",
        Fact::SendFailed(_) => "send_failed",
        Fact::ConfirmationSent(_) => "confirmation_sent",
        Fact::IdentifiersLinked(_) => "link",
        Fact::NumberChanged(_) => "number_changed",
        Fact::UserIdChanged(_) => "user_id_changed",
        Fact::IdentityKeyChanged(_) => "identity_changed",
        Fact::ContactErased(_) => "erase",
        other => crate::ledger::bytes::kind::kind_name(other),
    }
}
