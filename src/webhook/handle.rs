//! One body from the provider: read, recorded, what is left over kept; only then answered.

use std::sync::Arc;

use axum::body::Bytes;

use super::dead_letters::{DeadLetters, NewDeadLetter};
use super::metrics::{Metrics, Outcome};
use super::parse::parse;
use super::recorder::Recorder;
use super::replay::{AHEAD, refusal};
use super::rescue::{refusal_of, refuses};
use super::update::{Fact, Item, Update};
use crate::consent::policy::Policy;
use crate::consent::words::Account;
use crate::ledger::writing::record::{Record, RecordError};

/// How many records go to the ledger at a time.
const BATCH: usize = 1_000;

/// The longest field name that is kept, in characters.
const FIELD_MAX: usize = 256;

/// Why a body is not answered with 200.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum NotDone {
    /// There is no such account.
    AccountUnknown,
    /// Not everything is durable. The provider comes again; what is recorded by then is recognised.
    TryAgain,
}

/// Where a body goes.
pub(super) struct Delivery<'a, R> {
    pub recorder: &'a R,
    pub dead_letters: &'a Arc<DeadLetters>,
    pub metrics: &'a Metrics,
    pub account: &'a Account,
}

impl<R: Recorder> Delivery<'_, R> {
    /// Takes a body in; done once all of it is durable: in the log, or among the dead letters.
    pub(super) async fn take(&self, body: Bytes) -> Result<(), NotDone> {
        if !self.recorder.knows(self.account) {
            return Err(NotDone::AccountUnknown);
        }
        // A large body would hold up everybody else on this thread.
        let updates = tokio::task::spawn_blocking(move || parse(&body)).await.map_err(|_| NotDone::TryAgain)?;
        let policy = self.recorder.policy(self.account);
        let mut facts: Vec<Told> = Vec::new();
        let mut left_over = Vec::new();
        for update in updates {
            match update {
                Update::Record(fact) => facts.push(Told::new(*fact, self.account, &policy)),
                Update::Words(fact) if refuses(&fact.what, &policy) => facts.push(Told::new(*fact, self.account, &policy)),
                Update::Words(_) => {}
                Update::NoFact => self.metrics.update(Outcome::NoFact),
                Update::DeadLetter(unplaced) => left_over.push((Outcome::DeadLetter, self.letter(unplaced.item, unplaced.reason))),
            }
        }
        let recorded = self.record(facts, &mut left_over).await;
        let kept = self.keep(left_over).await;
        recorded.and(kept)
    }

    /// Records, and adds to `left_over` what the ledger refuses for what it is.
    async fn record(&self, facts: Vec<Told>, left_over: &mut Vec<(Outcome, NewDeadLetter)>) -> Result<(), NotDone> {
        let mut done = Ok(());
        let mut facts = facts.into_iter().peekable();
        while facts.peek().is_some() {
            let mut records = Vec::new();
            let mut rest = Vec::new();
            for Told { record, item, refuses } in facts.by_ref().take(BATCH) {
                records.push(record);
                rest.push((item, refuses));
            }
            let answers = self.recorder.record_all(records).await;
            if answers.len() != rest.len() {
                return Err(NotDone::TryAgain);
            }
            let mut ahead = Vec::new();
            for (answer, (item, refuses)) in answers.into_iter().zip(rest) {
                if matches!(answer, Err(RecordError::TimeInFuture { .. })) {
                    ahead.extend(refuses);
                }
                match answer {
                    Ok(acknowledged) if acknowledged.duplicate => self.metrics.update(Outcome::Duplicate),
                    Ok(_) => self.metrics.update(Outcome::Recorded),
                    Err(error) => match refused(&error) {
                        Refused::Event(outcome) => left_over.push((outcome, self.letter(item, kept_because(&error)))),
                        Refused::Now(not_done) => {
                            if done.is_ok() {
                                tracing::warn!(reason = %error, "a webhook's fact was not recorded; the provider is asked to come again");
                            }
                            done = Err(not_done);
                        }
                    },
                }
            }
            done = done.and(self.refuse_now(ahead).await);
        }
        done
    }

    /// What facts of the future refuse counts from now on.
    async fn refuse_now(&self, refusals: Vec<Record>) -> Result<(), NotDone> {
        if refusals.is_empty() {
            return Ok(());
        }
        let answers = self.recorder.record_all(refusals).await;
        let not_now = answers.into_iter().filter_map(Result::err).find_map(|error| match refused(&error) {
            Refused::Now(not_done) => Some(not_done),
            Refused::Event(_) => None,
        });
        not_now.map_or(Ok(()), Err)
    }

    async fn keep(&self, left_over: Vec<(Outcome, NewDeadLetter)>) -> Result<(), NotDone> {
        if left_over.is_empty() {
            return Ok(());
        }
        if !self.recorder.has_room() {
            // A write that fails for want of room would be the last one. The provider keeps what it has.
            tracing::warn!("the disk is almost full: what could not be placed is not kept; the provider is asked to come again");
            return Err(NotDone::TryAgain);
        }
        let (outcomes, letters): (Vec<Outcome>, Vec<NewDeadLetter>) = left_over.into_iter().unzip();
        let new = self.dead_letters.blocking(move |store| store.append(&letters)).await.map_err(|error| {
            tracing::error!(%error, "dead letters were not kept; the provider is asked to come again");
            NotDone::TryAgain
        })?;
        for (outcome, new) in outcomes.into_iter().zip(new) {
            self.metrics.update(if new { outcome } else { Outcome::Duplicate });
        }
        Ok(())
    }

    fn letter(&self, item: Item, reason: String) -> NewDeadLetter {
        let field = item.field.chars().take(FIELD_MAX).collect();
        NewDeadLetter { account: self.account.clone(), received_at: self.recorder.now(), field, reason, payload: item.payload }
    }
}

/// A fact on its way into the ledger.
struct Told {
    record: Record,
    item: Item,
    /// What it refuses already now, should it be dated ahead of the ledger's clock.
    refuses: Option<Record>,
}

impl Told {
    fn new(fact: Fact, account: &Account, policy: &Policy) -> Self {
        let refuses = refusal_of(&fact).filter(|(_, what)| refuses(what, policy));
        let (record, item) = fact.into_record(account.clone());
        let refuses = refuses.map(|(event_id, what)| Record { event_id: Some(event_id), occurred_at: None, what, ..record.clone() });
        Self { record, item, refuses }
    }
}

/// Whose fault a refusal is.
enum Refused {
    /// The event's: it will be refused again.
    Event(Outcome),
    /// The ledger's, or the account's: another time it may be recorded.
    Now(NotDone),
}

/// Why a letter is kept: one that waits for its time says so.
fn kept_because(error: &RecordError) -> String {
    match error {
        RecordError::TimeInFuture { .. } => format!("{AHEAD}{}", refusal(error)),
        error => refusal(error),
    }
}

fn refused(error: &RecordError) -> Refused {
    match error {
        RecordError::TimeInFuture { .. } | RecordError::TooLong { .. } => Refused::Event(Outcome::DeadLetter),
        RecordError::EventIdReused { .. } => Refused::Event(Outcome::Conflict),
        RecordError::AccountUnknown { .. } => Refused::Now(NotDone::AccountUnknown),
        // A webhook creates no account, decides about no message and erases nobody; the rest is the ledger's state.
        RecordError::AccountExists { .. }
        | RecordError::PossibleOptOutUnknown { .. }
        | RecordError::PossibleOptOutResolved { .. }
        | RecordError::Erasure(_)
        | RecordError::Overloaded { .. }
        | RecordError::DiskAlmostFull { .. }
        | RecordError::ClockBehind { .. }
        | RecordError::Unavailable { .. } => Refused::Now(NotDone::TryAgain),
    }
}
