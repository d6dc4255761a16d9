//! A rehearsal: what records would come to, one after the other, without being recorded.
//!
//! ```text
//! rows 1–512 ──▶ committer: planned onto the overlay ──▶ what each would come to, and the overlay back
//! rows 513–… ──▶ committer, with the overlay of those before …
//! ```
//!
//! The committer tries them, so that what it reads does not change under it, a few hundred at a time, so that nobody waits for
//! long. Between two chunks the overlay is with whoever rehearses, and the log may grow: what it knows of a contact already
//! stays, the rest is looked up as it stands then.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::consent::facts::Fact;
use crate::consent::identity::MemberEvent;
use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::Ledger;
use crate::ledger::memory::maps::QuickMap;
use crate::ledger::memory::packed::pack;
use crate::ledger::memory::state::{Group, Position, State};
use crate::ledger::memory::trail::Trail;
use crate::ledger::reading::history::planned_member;
use crate::ledger::writing::batch::{Batch, Planned, Working};
use crate::ledger::writing::committer::{Committer, Outcome};
use crate::ledger::writing::job::{Job, Recorded};
use crate::ledger::writing::prepared::Prepared;
use crate::ledger::writing::queue::TOGETHER_MAX;
use crate::ledger::writing::record::{Record, RecordError};

/// The most records of one rehearsal: what each leaves in the overlay stays in memory until it ends.
pub const REHEARSAL_MAX: usize = 1_000_000;

/// Trails that only a rehearsal knows are numbered from here on: the log never gets there, and so no trail that is added to it
/// meanwhile is taken for one of them.
const REHEARSED_TRAILS: u64 = 1 << 62;

/// Whether only a rehearsal knows this trail.
#[must_use]
pub const fn is_rehearsed(trail: u64) -> bool {
    trail > REHEARSED_TRAILS
}

/// What a rehearsal knows of the records before, beside what its batch holds.
#[derive(Default)]
pub struct Rehearsed {
    /// Trails as they would be, packed.
    trails: QuickMap<u64, Trail>,
    /// What was added to them, for who is who.
    members: QuickMap<u64, Vec<MemberEvent>>,
    /// The groups they would belong to.
    groups: QuickMap<u64, Arc<Group>>,
}

impl Rehearsed {
    /// A trail, where the rehearsal changed it.
    #[must_use]
    pub fn trail(&self, number: u64) -> Option<&Trail> {
        self.trails.get(&number)
    }

    /// The group of a trail, where the rehearsal changed it.
    #[must_use]
    pub fn group(&self, trail: u64) -> Option<Arc<Group>> {
        self.groups.get(&trail).cloned()
    }

    /// Puts groups in place of those their trails belonged to.
    pub fn put_groups(&mut self, groups: Vec<Group>) {
        for group in groups.into_iter().map(Arc::new) {
            self.groups.extend(group.trails.iter().map(|trail| (*trail, group.clone())));
        }
    }

    /// Notes an entry that would be added.
    pub fn note(&mut self, state: &State, entry: &Planned, seq: Seq) {
        let Some(member) = planned_member(entry, Fact { at: entry.occurred_at, seq }, state) else { return };
        if entry.second != 0 {
            self.members.entry(entry.second).or_default().push(member.clone());
        }
        self.members.entry(entry.trail).or_default().push(member);
    }

    /// What was added to these trails, each event once.
    #[must_use]
    pub fn members(&self, trails: &[u64]) -> Vec<MemberEvent> {
        let mut members: Vec<MemberEvent> = trails.iter().filter_map(|trail| self.members.get(trail)).flatten().cloned().collect();
        members.sort_by_key(MemberEvent::seq);
        members.dedup_by_key(|member| member.seq());
        members
    }

    /// Packs trails that a record changed.
    pub fn put_trails(&mut self, changed: QuickMap<u64, Working>) {
        self.trails.extend(changed.into_iter().map(|(number, Working { mut trail, facts })| {
            if let Some(facts) = facts {
                trail.facts = pack(&facts);
            }
            (number, trail)
        }));
    }
}

/// A rehearsal that goes on.
pub struct Rehearsal {
    ledger: Ledger,
    overlay: Option<Box<Batch>>,
    rows: usize,
}

/// More than one rehearsal takes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a rehearsal takes at most {REHEARSAL_MAX} events; rehearse the rest by itself")]
pub struct RehearsalTooLong;

/// Records that are to be tried, with the overlay of those before them.
pub struct Rehearsing {
    overlay: Option<Box<Batch>>,
    records: Vec<Prepared>,
    answer: oneshot::Sender<(Box<Batch>, Vec<Recorded>)>,
}

impl Rehearsing {
    /// Tries them.
    pub(in crate::ledger) fn run(self, committer: &Committer) {
        let head = committer.state.head();
        let now = committer.clock.now().max(head.recorded_at);
        let mut overlay = self.overlay.unwrap_or_else(|| Box::new(overlay(head, now)));
        overlay.now = now;
        let tried = self.records.iter().map(|record| try_one(committer, &mut overlay, record)).collect();
        let _ = self.answer.send((overlay, tried));
    }
}

/// Tries a record on top of those before it. What erases is tried on the log alone, and not seen by those behind it.
fn try_one(committer: &Committer, on: &mut Batch, record: &Prepared) -> Recorded {
    let outcome = match committer.add(on, record) {
        Outcome::Alone => committer.add(&mut overlay(committer.state.head(), on.now), record),
        outcome => outcome,
    };
    on.settle();
    match outcome {
        Outcome::Answered(recorded) => recorded,
        Outcome::Fatal(error) => Err(error),
        Outcome::Alone => Err(RecordError::Unavailable { reason: "the event cannot be tried".to_owned() }),
    }
}

/// A batch that is never committed.
fn overlay(head: Position, now: Time) -> Batch {
    Batch::new(head, now, REHEARSED_TRAILS).rehearsing()
}

impl Rehearsal {
    /// What these would come to, recorded after those before. They should not be more than a few hundred.
    ///
    /// # Errors
    /// Where they are too many together with those before.
    pub async fn next(&mut self, records: Vec<Record>) -> Result<Vec<Recorded>, RehearsalTooLong> {
        let count = records.len();
        let tried = match self.submit(records)? {
            Ok(coming) => coming.await.ok(),
            Err(_) => None,
        };
        Ok(self.take_back(tried, count))
    }

    /// [`Rehearsal::next`], blocking.
    ///
    /// # Errors
    /// As [`Rehearsal::next`].
    pub fn next_blocking(&mut self, records: Vec<Record>) -> Result<Vec<Recorded>, RehearsalTooLong> {
        let count = records.len();
        let tried = match self.submit(records)? {
            Ok(coming) => coming.blocking_recv().ok(),
            Err(_) => None,
        };
        Ok(self.take_back(tried, count))
    }

    fn submit(&mut self, records: Vec<Record>) -> Result<Result<Coming, RecordError>, RehearsalTooLong> {
        self.rows += records.len();
        if self.rows > REHEARSAL_MAX {
            return Err(RehearsalTooLong);
        }
        let (answer, coming) = oneshot::channel();
        let queue = &self.ledger.shared.queue;
        let job = Job::Rehearse(Rehearsing { overlay: self.overlay.take(), records: queue.prepare(records), answer });
        Ok(queue.send(job).map(|()| coming))
    }

    fn take_back(&mut self, tried: Option<Tried>, count: usize) -> Vec<Recorded> {
        let Some((overlay, tried)) = tried else { return vec![Err(self.ledger.gone()); count] };
        self.overlay = Some(overlay);
        tried
    }
}

type Tried = (Box<Batch>, Vec<Recorded>);

type Coming = oneshot::Receiver<Tried>;

impl Ledger {
    /// Begins a rehearsal.
    #[must_use]
    pub fn rehearsal(&self) -> Rehearsal {
        Rehearsal { ledger: self.clone(), overlay: None, rows: 0 }
    }

    /// Says what each of these would come to, recorded one after the other, and records none. What is more than a rehearsal
    /// takes is refused.
    pub async fn rehearse(&self, records: Vec<Record>) -> Vec<Recorded> {
        let mut rehearsal = self.rehearsal();
        let mut tried = Vec::with_capacity(records.len());
        for together in in_chunks(records) {
            let count = together.len();
            tried.extend(rehearsal.next(together).await.unwrap_or_else(|error| refused(&error, count)));
        }
        tried
    }

    /// [`Ledger::rehearse`], blocking.
    #[must_use]
    pub fn rehearse_blocking(&self, records: Vec<Record>) -> Vec<Recorded> {
        let mut rehearsal = self.rehearsal();
        let mut tried = Vec::with_capacity(records.len());
        for together in in_chunks(records) {
            let count = together.len();
            tried.extend(rehearsal.next_blocking(together).unwrap_or_else(|error| refused(&error, count)));
        }
        tried
    }
}

fn refused(error: &RehearsalTooLong, count: usize) -> Vec<Recorded> {
    vec![Err(RecordError::Unavailable { reason: error.to_string() }); count]
}

/// Records in their order, as many together as are recorded or tried together.
pub(in crate::ledger) fn in_chunks(records: Vec<Record>) -> impl Iterator<Item = Vec<Record>> {
    let mut records = records.into_iter();
    std::iter::from_fn(move || {
        let together: Vec<Record> = records.by_ref().take(TOGETHER_MAX).collect();
        (!together.is_empty()).then_some(together)
    })
}
