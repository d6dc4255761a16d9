//! Scenario files: a business writes down what should follow from what, and the ledger shows whether it does.
//!
//! ```yaml
//! scenarios:
//!   - name: a stop closes the open window
//!     rule: 6
//!     steps:
//!       - inbound: {contact: "+447400123456", sender: "100", kind: text, text: "Stop", at: 2026-03-01T10:00:00Z}
//!       - check: {contact: "+447400123456", sender: "100", at: 2026-03-01T10:01:00Z}
//!         expect: {permission: nothing, reasons: [RECIPIENT_OPTED_OUT]}
//! ```
//!
//! [`mod@format`] reads a file, [`runner`] plays one scenario on an [`Engine`], [`report`] says how all of them went.

pub mod business;
pub mod expect;
pub mod format;
pub mod real;
pub mod records;
pub mod report;
pub mod runner;
pub mod shuffle;
pub mod step;

use crate::consent::identifier::Identifier;
use crate::consent::sender::SenderStanding;
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender};
use crate::ledger::writing::record::{Acknowledgement, Record, RecordError};
use crate::ledger::{Answer, CheckError, Question};

/// What scenarios are played on: an empty ledger whose clock is set from outside.
pub trait Engine {
    /// Sets the clock. It never goes back.
    fn set_clock(&mut self, now: Time);

    /// Creates an account; `default` is there from the start.
    ///
    /// # Errors
    /// What the engine says.
    fn create_account(&mut self, account: &Account) -> Result<(), String>;

    /// Records an event.
    ///
    /// # Errors
    /// Where the event is refused.
    fn record(&mut self, record: Record) -> Result<Acknowledgement, RecordError>;

    /// Says what each of these would do, recorded one after the other, and records none.
    fn rehearse(&mut self, records: Vec<Record>) -> Vec<Result<Acknowledgement, RecordError>>;

    /// How a sender stands at an instant.
    ///
    /// # Errors
    /// Where there is no such account.
    fn standing(&mut self, account: &Account, sender: &Sender, at: Time) -> Result<SenderStanding, String>;

    /// Takes a provider's webhook body as if it had come correctly signed.
    ///
    /// # Errors
    /// Where the body is not accepted.
    fn webhook(&mut self, account: &Account, body: &[u8]) -> Result<(), String>;

    /// Answers a question.
    ///
    /// # Errors
    /// Where there is no answer.
    fn check(&mut self, question: &Question) -> Result<Answer, CheckError>;

    /// What is recorded of a contact, in order of seq, by the names that steps have (`opt_in`, `inbound` …).
    ///
    /// # Errors
    /// Where the trail cannot be read.
    fn history(&mut self, account: &Account, contact: &Identifier) -> Result<Vec<String>, String>;

    /// Verifies the whole log and counts its entries.
    ///
    /// # Errors
    /// What is wrong with it.
    fn verify(&mut self) -> Result<u64, String>;
}
