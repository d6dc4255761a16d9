//! Reads of personal data: recorded before anything is handed out, and listed. What each method hands out stands in `docs/reads.md`.
//!
//! ```text
//! a call     entries opened ── recorded, durable ── handed out
//! a stream   the first opened ── recorded ── handed out … every hour, and at its end: what was opened since
//! ```
//!
//! Where a read cannot be recorded nothing is handed out, and the call fails as the record did.

use std::time::Duration;

use tokio::time::Instant;
use tonic::Status;

use super::access::Caller;
use super::audit::{PAGE_DEFAULT, PAGE_MAX};
use super::parse::Fields;
use super::{blocking, map, status};
use crate::consent::identifier::Identifier;
use crate::consent::words::{Account, Seq};
use crate::ledger::Ledger;
use crate::ledger::reading::reads::{DataRead, Place, ReadMethod, ReadsAsked, RecordedRead, Whose};
use crate::ledger::writing::record::{Actor, Record, What};
use crate::proto::{self, ErrorReason, ListReadsRequest, ListReadsResponse, ReadReach};

/// How often a stream that goes on records what it opened.
const EVERY: Duration = Duration::from_secs(3_600);

/// A call that hands out personal data.
pub(super) struct Reading {
    ledger: Ledger,
    actor: Actor,
    account: Account,
    read: DataRead,
    recorded_at: Option<Instant>,
}

impl Reading {
    /// Of contacts of an account; without one, of all accounts.
    pub(super) fn of_many(ledger: &Ledger, actor: Actor, method: ReadMethod, account: Option<Account>) -> Self {
        let whose = if account.is_some() { Whose::Account } else { Whose::Everybody };
        Self::new(ledger, actor, method, account.unwrap_or_else(Account::default_account), whose)
    }

    /// Of one contact.
    pub(super) fn of_contact(ledger: &Ledger, actor: Actor, method: ReadMethod, account: &Account, contact: &Identifier) -> Self {
        // What is opened of a contact that went meanwhile was the account's.
        let whose = ledger.whose(account, contact).unwrap_or(Whose::Account);
        Self::new(ledger, actor, method, account.clone(), whose)
    }

    fn new(ledger: &Ledger, actor: Actor, method: ReadMethod, account: Account, whose: Whose) -> Self {
        Self { ledger: ledger.clone(), actor, account, read: DataRead { method, entries: 0, whose }, recorded_at: None }
    }

    /// So many more entries are about to be handed out. The first of a call are recorded before, those that follow within the hour.
    ///
    /// # Errors
    /// Where they are not recorded. Then they must not be handed out.
    pub(super) async fn hand_out(&mut self, entries: usize) -> Result<(), Status> {
        self.read.entries += entries as u64;
        if self.recorded_at.is_none_or(|at| at.elapsed() >= EVERY) { self.record().await } else { Ok(()) }
    }

    /// The call ends: what was not recorded yet is.
    pub(super) async fn end(mut self) {
        if let Err(status) = self.record().await {
            tracing::error!(method = self.read.method.as_str(), %status, "what a stream opened since its last read was not recorded");
        }
    }

    async fn record(&mut self) -> Result<(), Status> {
        if self.read.entries == 0 {
            return Ok(());
        }
        let read = self.read;
        // First: whoever waits no longer for the answer does not record it twice.
        self.read.entries = 0;
        let record =
            Record { account: self.account.clone(), actor: self.actor, event_id: None, occurred_at: None, what: What::ReadData(read) };
        if let Err(error) = self.ledger.record(record).await {
            self.read.entries = read.entries;
            return Err(status::of_record(&error));
        }
        self.recorded_at = Some(Instant::now());
        Ok(())
    }
}

/// Answers `ListReads`.
pub(super) async fn list(ledger: &Ledger, caller: &Caller, request: &ListReadsRequest) -> Result<ListReadsResponse, Status> {
    let (asked, page_size) = parse(caller, request)?;
    let ledger = ledger.clone();
    let (reads, next) = blocking(move || ledger.reads(&asked, page_size)).await?.map_err(|error| status::of_reads(&error))?;
    Ok(ListReadsResponse { reads: reads.into_iter().map(message).collect(), next_page_token: next.map(token).unwrap_or_default() })
}

fn parse(caller: &Caller, request: &ListReadsRequest) -> Result<(ReadsAsked, usize), Status> {
    let mut fields = Fields::of(caller);
    let account = fields.account("account", &request.account);
    fields.all_senders("the reads");
    let contact = if request.contact.is_empty() { None } else { fields.contact("contact", &request.contact) };
    let recorded_from = fields.time("recorded_from", request.recorded_from.as_ref());
    let place = place(&request.page_token);
    if place.is_none() && !request.page_token.is_empty() {
        fields.refuse("page_token", ErrorReason::PageTokenMalformed, "not a token that a page gave");
    }
    let page_size = fields.page_size("page_size", request.page_size, PAGE_DEFAULT, PAGE_MAX);
    fields.finish(|| Some((ReadsAsked { account: account?, contact, recorded_from, place }, page_size)))
}

/// ```text
/// page token = seq of the account's next read ‖ ':' ‖ seq of the next across all accounts
/// ```
fn token(place: Place) -> String {
    format!("{}:{}", place.account, place.everybody)
}

fn place(token: &str) -> Option<Place> {
    let (account, everybody) = token.split_once(':')?;
    let seq = |text: &str| text.parse().ok().map(Seq::new);
    Some(Place { account: seq(account)?, everybody: seq(everybody)? })
}

fn message(read: RecordedRead) -> proto::DataRead {
    let (reach, trail) = match read.whose {
        Whose::Contact(trail) => (ReadReach::Contact, trail),
        Whose::Account => (ReadReach::Account, 0),
        Whose::Everybody => (ReadReach::AllAccounts, 0),
    };
    proto::DataRead {
        seq: read.seq.number(),
        recorded_at: Some(map::timestamp(read.recorded_at)),
        actor: read.actor,
        method: read.method,
        entries: read.entries,
        reach: reach.into(),
        trail,
    }
}
