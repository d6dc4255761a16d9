//! The one writer: takes what waits, links it, makes it durable with one sync, applies it, then answers everyone.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::Receiver;
use tokio::sync::watch;
use tracing::field::Empty;

use crate::consent::account::{AsOf, Known};
use crate::consent::policy::Policy;
use crate::consent::time::{CLOCK_TOLERANCE_MICROS, Time};
use crate::consent::words::{Effect, Seq};
use crate::ledger::bytes::entry::EntryHash;
use crate::ledger::clock::Clock;
use crate::ledger::memory::state::{AccountState, State};
use crate::ledger::numbers::Numbers;
use crate::ledger::storage::journal::Journal;
use crate::ledger::storage::space::Space;
use crate::ledger::storage::store_writer::StoreWriter;
use crate::ledger::writing::accounts;
use crate::ledger::writing::batch::{Batch, Sealer, Spent};
use crate::ledger::writing::done::Done;
use crate::ledger::writing::duplicates::Duplicates;
use crate::ledger::writing::job::{Job, Recorded, Waiting};
use crate::ledger::writing::plan::{NotPlanned, Plan, Planner, When};
use crate::ledger::writing::prepared::Prepared;
use crate::ledger::writing::record::{Acknowledgement, RECORD_MAX_BYTES, Record, RecordError, What};
use crate::ledger::writing::takes_back::takes_back;
use crate::measure::{SPANS, Stopwatch};
use crate::proto::SigningKeyUse;
use crate::proto::clear_part::Fact;

/// The most records in a commit.
const BATCH_RECORDS: usize = 4096;

/// How many calls the span of a commit names.
const SPANS_LINKED: usize = 32;

/// Why the ledger no longer writes; none while it does.
pub type Health = watch::Sender<Option<String>>;

/// The writer.
pub struct Committer {
    /// The state it writes.
    pub state: Arc<State>,
    /// Which entries a record becomes.
    pub planner: Planner,
    /// Links and seals.
    pub sealer: Sealer,
    /// Recognises what was recorded before.
    pub duplicates: Duplicates,
    /// The journal.
    pub journal: Journal,
    /// The way to sled.
    pub store: StoreWriter,
    /// The room on the disk.
    pub space: Arc<Space>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Where a failure is told.
    pub health: Arc<Health>,
    /// Where it counts.
    pub numbers: Arc<Numbers>,
}

/// Tells when a thread that the ledger cannot do without ends by a panic.
pub struct PanicGuard(pub Arc<Health>);

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.send_if_modified(|known| known.replace("a thread of it failed".to_owned()).is_none());
        }
    }
}

/// What became of a record in a batch.
pub(in crate::ledger) enum Outcome {
    Answered(Recorded),
    Alone,
    Fatal(RecordError),
}

impl Committer {
    /// Starts the thread; a panic of it is told like any failure.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(self, jobs: Receiver<Job>) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name("committer".into()).spawn(move || {
            let _guard = PanicGuard(self.health.clone());
            self.run(&jobs);
        })
    }

    /// Works until nobody can send any more, then closes the journal and sled.
    fn run(mut self, jobs: &Receiver<Job>) {
        let mut carried = None;
        while let Some(first) = carried.take().or_else(|| jobs.recv().ok()) {
            if let Err(reason) = self.commit(first, jobs, &mut carried) {
                tracing::error!(%reason, "the ledger stops writing");
                // Whoever still waits is told; nothing is tried again after a failed write or sync.
                let error = RecordError::Unavailable { reason };
                for job in carried.into_iter().chain(jobs) {
                    job.fail(&error);
                }
                self.store.close();
                return;
            }
        }
        self.store.close();
        if let Err(error) = self.journal.close() {
            tracing::error!(%error, "the journal could not be closed");
        }
    }

    /// No check is answered from here on, and nothing is written.
    fn poison(&self, reason: &str) {
        self.health.send_if_modified(|known| known.replace(reason.to_owned()).is_none());
    }

    /// Commits `first` and what waits behind it.
    fn commit(&mut self, first: Job, jobs: &Receiver<Job>, carried: &mut Option<Job>) -> Result<(), String> {
        if let Some(reason) = self.health.borrow().clone() {
            first.fail(&RecordError::Unavailable { reason: reason.clone() });
            return Err(reason);
        }
        if let Job::Rehearse(rehearsing) = first {
            rehearsing.run(self);
            return Ok(());
        }
        let head = self.state.head();
        let clock = self.clock.now();
        if clock.is_far_behind(head.recorded_at) {
            first.fail(&RecordError::ClockBehind { now: clock, last: head.recorded_at });
            return Ok(());
        }
        let mut stopwatch = Stopwatch::start();
        let span = tracing::trace_span!(target: SPANS, "commit", records = Empty, entries = Empty, bytes = Empty, sync_us = Empty);
        let _committing = span.enter();
        let mut batch = Batch::new(head, clock.max(head.recorded_at), self.state.highest_trail());
        let mut done = Done::default();
        let collected = match first {
            Job::Own { fact, answer } => {
                let names_receipt_key = matches!(&fact, Fact::SigningKeyChanged(changed) if changed.r#use() == SigningKeyUse::Receipt);
                // It is small and seldom, and evidence needs it.
                let pushed = self.space.admit(|| true).and_then(|()| batch.push(&self.state, &self.sealer, accounts::own(batch.now, fact)));
                if let (Ok((seq, _)), true) = (&pushed, names_receipt_key) {
                    // What is signed after this entry is signed with the key that it names.
                    self.sealer.secrets.promote(SigningKeyUse::Receipt, *seq);
                }
                let recorded = pushed.map(|(seq, hash)| acknowledged(seq, hash));
                done.count(&recorded);
                done.own = Some((answer, recorded));
                Ok(())
            }
            Job::ChangePrincipal(changing) => {
                let room = self.space.admit(|| changing.takes_back());
                done.change(changing.push(room, &self.state, &self.sealer, &mut batch));
                Ok(())
            }
            Job::Record(waiting) => self.collect(&mut batch, waiting, jobs, &mut done, carried),
            Job::Rehearse(_) => Ok(()),
        };
        let blocks = batch.finish();
        if !span.is_disabled() {
            done.records.iter().take(SPANS_LINKED).for_each(|waiting| waiting.tell(&span));
        }
        done.committed.planning = stopwatch.lap();
        // An erasure is durable before its keys go: a start finds it and lets them go again.
        let durable = collected.and_then(|()| self.journal.append(&blocks, head.hash).map_err(|error| error.to_string()));
        let writing = stopwatch.lap();
        if let Err(reason) = durable.and_then(|()| self.erase_keys(&batch)) {
            self.poison(&reason);
            done.fail(&RecordError::Unavailable { reason: reason.clone() });
            return Err(reason);
        }
        let mut committed = done.committed;
        if !blocks.is_empty() {
            committed.syncing = self.journal.syncing();
            committed.writing = writing.saturating_sub(committed.syncing);
            committed.bytes = blocks.iter().map(|block| block.bytes().len() as u64).sum();
            self.space.took(committed.bytes);
            self.store.hand_over(blocks.into_iter().map(Arc::new).collect());
        }
        let tally = std::mem::take(&mut batch.tally);
        batch.publish(&self.state);
        done.answer();
        committed.applying = stopwatch.lap();
        self.numbers.commit(&committed, &tally);
        committed.tell(&span, &tally);
        if let Some(Job::Record(waiting)) = carried {
            waiting.settle();
        }
        Ok(())
    }

    /// Puts what waits into the batch, `first` first, until nothing waits, the batch is full, or a record must go alone. What
    /// is left over of the last job is carried on.
    fn collect(
        &self,
        batch: &mut Batch,
        first: Waiting,
        jobs: &Receiver<Job>,
        done: &mut Done,
        carried: &mut Option<Job>,
    ) -> Result<(), String> {
        // Jobs that wait together are mostly of one kind: each of as many records.
        batch.expect(first.left().saturating_mul(jobs.len() + 1).min(BATCH_RECORDS));
        let (mut next, mut records) = (Some(first), 0);
        while let Some(mut waiting) = next.take() {
            while let Some(record) = waiting.next().filter(|_| records < BATCH_RECORDS && batch.takes_more()) {
                match self.add(batch, record) {
                    Outcome::Answered(recorded) => {
                        done.count(&recorded);
                        waiting.note(recorded);
                    }
                    Outcome::Alone => {
                        *carried = Some(Job::Record(waiting));
                        return Ok(());
                    }
                    Outcome::Fatal(error) => {
                        *carried = Some(Job::Record(waiting));
                        return Err(match error {
                            RecordError::Unavailable { reason } => reason,
                            other => other.to_string(),
                        });
                    }
                }
                records += 1;
            }
            if waiting.next().is_some() {
                *carried = Some(Job::Record(waiting));
                return Ok(());
            }
            done.records.push(waiting);
            if records < BATCH_RECORDS && batch.takes_more() {
                match jobs.try_recv().ok() {
                    Some(Job::Record(waiting)) => next = Some(waiting),
                    other => *carried = other,
                }
            }
        }
        Ok(())
    }

    fn of_contact(&self, batch: &mut Batch, prepared: &Prepared, account: &AccountState, when: When) -> Result<Plan, NotPlanned> {
        let record = prepared.record();
        match &record.what {
            What::IssueReceipt { contact, issued } => self.planner.receipt(batch, record, account.trail, when, (contact, issued)),
            _ => self.step(batch, prepared, account, when),
        }
    }

    fn erase_keys(&self, batch: &Batch) -> Result<(), String> {
        let trails = batch.erasing.trails();
        if trails.is_empty() { Ok(()) } else { self.sealer.keyring.lock().erase(&trails).map_err(|error| error.to_string()) }
    }

    pub(in crate::ledger) fn add(&self, batch: &mut Batch, prepared: &Prepared) -> Outcome {
        let record = prepared.record();
        let when = match when(record.occurred_at, batch.now) {
            Ok(when) => when,
            Err(error) => return Outcome::Answered(Err(error)),
        };
        let bytes = prepared.stored_bytes();
        if bytes > RECORD_MAX_BYTES {
            return Outcome::Answered(Err(RecordError::TooLong { bytes }));
        }
        if let What::CreateAccount = record.what {
            if let Err(error) = self.admit(batch, record, None) {
                return Outcome::Answered(Err(error));
            }
            return self.create_account(batch, record, when);
        }
        let Some(account) = self.account(batch, &record.account) else {
            return Outcome::Answered(Err(RecordError::AccountUnknown { account: record.account.to_string() }));
        };
        let event = prepared.digests(account.trail, &self.planner.secrets).event;
        if let Some(event) = event {
            let with_file = || prepared.content_with_file(&self.planner.secrets);
            match self.duplicates.spent(self, batch, event, with_file, record.occurred_at) {
                Ok(None) => {}
                Ok(Some(acknowledgement)) => return Outcome::Answered(Ok(acknowledgement)),
                Err(error) => return Outcome::Answered(Err(error)),
            }
        }
        // What is there already is answered, however full the disk.
        if let Err(error) = self.admit(batch, record, Some(&account)) {
            return Outcome::Answered(Err(error));
        }
        let mut plan = match &record.what {
            What::AdoptPolicy { .. }
            | What::DeclareSender { .. }
            | What::ReportQuality { .. }
            | What::Restrict { .. }
            | What::Lift { .. }
            | What::RegisterTemplate { .. }
            | What::ChangeTemplate { .. } => self.about_account(batch, record, account, when),
            What::ReadData(read) => match self.data_read(batch, record, read, account.trail, when) {
                Ok(plan) => plan,
                Err(error) => return Outcome::Answered(Err(error)),
            },
            _ => match self.of_contact(batch, prepared, &account, when) {
                Ok(plan) => plan,
                Err(NotPlanned::Alone) => return Outcome::Alone,
                Err(NotPlanned::Refused(error)) => return Outcome::Answered(Err(error)),
                Err(NotPlanned::Outranked(acknowledgement)) => return Outcome::Answered(Ok(acknowledgement)),
            },
        };
        // What is not stored spends no event id.
        let event = event.filter(|_| plan.outranked.is_none());
        if let (Some((digest, content)), Some(main)) = (event, plan.entries.get_mut(plan.main)) {
            main.event_id_digest = digest;
            main.sealed.event_id = record.event_id.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default();
            main.sealed.content_digest = content.to_vec();
        }
        let mut acknowledgement =
            Acknowledgement { seq: Seq::NONE, entry_hash: [0; 32], duplicate: false, effect: Effect::NoChange, caused: None };
        for (place, entry) in plan.entries.into_iter().enumerate() {
            let (effect, caused) = (entry.effect, entry.caused);
            match batch.push(&self.state, &self.sealer, entry) {
                Ok((seq, hash)) if place == plan.main => {
                    acknowledgement = Acknowledgement { effect: effect.unwrap_or(Effect::NoChange), ..acknowledged(seq, hash) };
                }
                Ok((seq, _)) if caused && place == plan.main + 1 => acknowledgement.caused = Some(seq),
                Ok(_) => {}
                Err(error) => return Outcome::Fatal(error),
            }
        }
        batch.put_groups(plan.groups);
        if let Some((digest, content)) = event {
            let claimed = when.claimed.unwrap_or(when.at);
            batch.event_ids.insert(digest, Spent { acknowledgement, content, claimed });
        }
        Outcome::Answered(Ok(plan.outranked.unwrap_or(acknowledgement)))
    }

    /// Whether there is room for a record; a rehearsal needs none.
    fn admit(&self, batch: &Batch, record: &Record, account: Option<&AccountState>) -> Result<(), RecordError> {
        if batch.rehearsed.is_some() {
            return Ok(());
        }
        let now = AsOf { at: batch.now, known: Known::default() };
        let policy = || account.map_or_else(|| Arc::new(Policy::meta()), |account| account.facts.policy(now).policy);
        self.space.admit(|| takes_back(&record.what, policy))
    }
}

pub(in crate::ledger) const fn acknowledged(seq: Seq, hash: EntryHash) -> Acknowledgement {
    Acknowledgement { seq, entry_hash: hash.bytes(), duplicate: false, effect: Effect::Applied, caused: None }
}

/// Rule 1: more than the tolerance ahead is refused, less counts as now.
fn when(occurred_at: Option<Time>, now: Time) -> Result<When, RecordError> {
    match occurred_at {
        Some(claimed) if claimed > now.plus_micros(CLOCK_TOLERANCE_MICROS) => Err(RecordError::TimeInFuture { occurred_at: claimed, now }),
        Some(claimed) if claimed > now => Ok(When { at: now, claimed: Some(claimed), decided_at: None }),
        Some(at) => Ok(When { at, claimed: None, decided_at: None }),
        None => Ok(When { at: now, claimed: None, decided_at: None }),
    }
}
