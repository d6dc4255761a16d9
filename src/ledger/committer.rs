//! The one writer: takes what waits, links it, makes it durable with one sync, applies it, then answers everyone.

use std::sync::Arc;

use crossbeam_channel::Receiver;
use tokio::sync::{oneshot, watch};

use super::batch::{Batch, Planned, Sealer, Spent};
use super::clock::Clock;
use super::draft;
use super::entry::EntryHash;
use super::journal::Journal;
use super::plan::{NotPlanned, Planner, When};
use super::reader::{Sealed, open_sealed};
use super::record::{Acknowledgement, RECORD_MAX_BYTES, Record, RecordError, What};
use super::secrets::Digest16;
use super::state::{AccountState, PolicyVersion, Position, State};
use super::store_writer::StoreWriter;
use crate::consent::time::{CLOCK_TOLERANCE_MICROS, Time};
use crate::consent::words::{Account, Effect, Seq};
use crate::proto::clear_part::Fact;

/// The most records in a commit.
const BATCH_RECORDS: usize = 4096;

/// A record that waits.
pub struct Job {
    /// What to record.
    pub record: Record,
    /// Where to answer.
    pub answer: Answer,
}

/// Where a record is answered.
pub type Answer = oneshot::Sender<Result<Acknowledgement, RecordError>>;

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
    /// The journal.
    pub journal: Journal,
    /// The way to sled.
    pub store: StoreWriter,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Where a failure is told.
    pub health: Arc<Health>,
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
enum Outcome {
    Answered(Result<Acknowledgement, RecordError>),
    Alone,
    Fatal(RecordError),
}

impl Committer {
    /// Works until nobody can send any more, then closes the journal and sled.
    pub fn run(mut self, jobs: &Receiver<Job>) {
        let mut carried = None;
        while let Some(first) = carried.take().or_else(|| jobs.recv().ok()) {
            if let Err(reason) = self.commit(first, jobs, &mut carried) {
                tracing::error!(%reason, "the ledger stops writing");
                drop(carried.take());
                // Whoever still waits is told; nothing is tried again after a failed write or sync.
                for job in jobs {
                    let _ = job.answer.send(Err(RecordError::Unavailable { reason: reason.clone() }));
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
            let _ = first.answer.send(Err(RecordError::Unavailable { reason: reason.clone() }));
            return Err(reason);
        }
        let head = self.state.head();
        let clock = self.clock.now();
        if clock.plus_micros(CLOCK_TOLERANCE_MICROS) < head.recorded_at {
            let _ = first.answer.send(Err(RecordError::ClockBehind { now: clock, last: head.recorded_at }));
            return Ok(());
        }
        let mut batch = Batch::new(head, clock.max(head.recorded_at), self.state.highest_trail());
        let mut answers: Vec<(Answer, Result<Acknowledgement, RecordError>)> = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            match self.add(&mut batch, &job.record) {
                Outcome::Answered(answer) => answers.push((job.answer, answer)),
                Outcome::Alone => {
                    *carried = Some(job);
                    break;
                }
                Outcome::Fatal(error) => {
                    let reason = error.to_string();
                    self.poison(&reason);
                    for (answer, _) in answers {
                        let _ = answer.send(Err(error.clone()));
                    }
                    let _ = job.answer.send(Err(error));
                    return Err(reason);
                }
            }
            if batch.groups.is_empty() && answers.len() < BATCH_RECORDS {
                next = jobs.try_recv().ok();
            }
        }
        let blocks = batch.finish();
        if let Err(error) = self.journal.append(&blocks, head.hash) {
            let reason = error.to_string();
            self.poison(&reason);
            for (answer, _) in answers {
                let _ = answer.send(Err(RecordError::Unavailable { reason: reason.clone() }));
            }
            return Err(reason);
        }
        if !blocks.is_empty() {
            self.store.hand_over(blocks.into_iter().map(Arc::new).collect());
        }
        batch.publish(&self.state);
        for (answer, result) in answers {
            let _ = answer.send(result);
        }
        Ok(())
    }

    fn add(&self, batch: &mut Batch, record: &Record) -> Outcome {
        let when = match when(record.occurred_at, batch.now) {
            Ok(when) => when,
            Err(error) => return Outcome::Answered(Err(error)),
        };
        let bytes = draft::stored_bytes(&record.what);
        if bytes > RECORD_MAX_BYTES {
            return Outcome::Answered(Err(RecordError::TooLong { bytes }));
        }
        if let What::CreateAccount = record.what {
            return self.create_account(batch, record, when);
        }
        let Some(account) = self.account(batch, &record.account) else {
            return Outcome::Answered(Err(RecordError::AccountUnknown { account: record.account.to_string() }));
        };
        let (digest, content) = self.digests(record, account.trail);
        if let Some(digest) = digest {
            match self.spent(batch, digest, &content, record.occurred_at) {
                Ok(None) => {}
                Ok(Some(acknowledgement)) => return Outcome::Answered(Ok(acknowledgement)),
                Err(error) => return Outcome::Answered(Err(error)),
            }
        }
        let mut plan = match &record.what {
            What::AdoptPolicy { preset, policy } => {
                let version = u32::try_from(account.policies.len()).unwrap_or(u32::MAX);
                let fact = draft::policy_adopted(preset, policy, version);
                let since = PolicyVersion {
                    since: when.at,
                    recorded_at: batch.now,
                    seq: batch.head.seq.next(),
                    version,
                    policy: Arc::new((**policy).clone()),
                };
                batch.policies.push((account.trail, since));
                super::plan::Plan { entries: vec![account_entry(record, account.trail, when, fact)], main: 0, group: None }
            }
            _ => match self.planner.contact(batch, record, &account, when) {
                Ok(plan) => plan,
                Err(NotPlanned::Alone) => return Outcome::Alone,
                Err(NotPlanned::Refused(error)) => return Outcome::Answered(Err(error)),
            },
        };
        if let (Some(digest), Some(main)) = (digest, plan.entries.get_mut(plan.main)) {
            main.event_id_digest = digest;
            main.sealed.event_id = record.event_id.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default();
            main.sealed.content_digest.clone_from(&content);
        }
        let mut acknowledgement =
            Acknowledgement { seq: Seq::NONE, entry_hash: [0; 32], duplicate: false, effect: Effect::NoChange, caused: None };
        for (place, entry) in plan.entries.into_iter().enumerate() {
            let (effect, caused) = (entry.effect, entry.caused);
            match batch.push(&self.state, &self.sealer, entry) {
                Ok((seq, hash)) if place == plan.main => {
                    acknowledgement = Acknowledgement { effect: effect.unwrap_or(Effect::NoChange), ..acknowledged(seq, hash) };
                }
                Ok((seq, _)) if caused => acknowledgement.caused = Some(seq),
                Ok(_) => {}
                Err(error) => return Outcome::Fatal(error),
            }
        }
        batch.groups.extend(plan.group);
        if let Some(digest) = digest {
            let claimed = when.claimed.unwrap_or(when.at);
            batch.event_ids.insert(digest, Spent { acknowledgement, content, claimed });
        }
        Outcome::Answered(Ok(acknowledgement))
    }

    fn create_account(&self, batch: &mut Batch, record: &Record, when: When) -> Outcome {
        if self.account(batch, &record.account).is_some() {
            return Outcome::Answered(Err(RecordError::AccountExists { account: record.account.to_string() }));
        }
        let trail = batch.allot_trail();
        let fact = Fact::AccountCreated(crate::proto::AccountCreated { name: record.account.to_string() });
        batch.accounts.push((record.account.to_string(), trail));
        match batch.push(&self.state, &self.sealer, account_entry(record, trail, when, fact)) {
            Ok((seq, hash)) => Outcome::Answered(Ok(acknowledged(seq, hash))),
            Err(error) => Outcome::Fatal(error),
        }
    }

    /// The account as it stands with this batch.
    fn account(&self, batch: &Batch, name: &Account) -> Option<AccountState> {
        let known = self.state.account(name.as_str());
        let created = || batch.accounts.iter().find(|(created, _)| created == name.as_str()).map(|(_, trail)| AccountState::new(*trail));
        let mut account = known.or_else(created)?;
        for (trail, policy) in &batch.policies {
            if *trail == account.trail {
                account.adopt(policy.clone());
            }
        }
        Some(account)
    }

    fn digests(&self, record: &Record, account: u64) -> (Option<Digest16>, Vec<u8>) {
        let Some(event_id) = &record.event_id else { return (None, Vec::new()) };
        let secrets = &self.planner.secrets;
        let fact = match &record.what {
            What::AdoptPolicy { preset, policy } => Some(draft::policy_adopted(preset, policy, 0)),
            what => draft::fact(what),
        };
        let content = fact.map(|fact| draft::content(&record.what, &fact)).unwrap_or_default();
        (Some(secrets.event_id_digest(account, event_id.as_str())), secrets.content_digest(&[&content]).to_vec())
    }

    /// Where the event id was spent before: the first acknowledgement where the content is the same.
    fn spent(
        &self,
        batch: &Batch,
        digest: Digest16,
        content: &[u8],
        claimed: Option<Time>,
    ) -> Result<Option<Acknowledgement>, RecordError> {
        if let Some(spent) = batch.event_ids.get(&digest) {
            let same = spent.content == content && claimed.is_none_or(|claimed| claimed == spent.claimed);
            let seq = spent.acknowledgement.seq;
            return if same {
                Ok(Some(Acknowledgement { duplicate: true, ..spent.acknowledgement }))
            } else {
                Err(RecordError::EventIdReused { seq })
            };
        }
        let Some(seq) = self.state.event_id(&digest) else { return Ok(None) };
        let unavailable = |error: super::reader::EntryUnreadable| RecordError::Unavailable { reason: error.to_string() };
        let entry = self.planner.reader.entry(seq).map_err(unavailable)?;
        let first = if entry.clear.claimed_at == 0 { entry.clear.occurred_at } else { entry.clear.claimed_at };
        let same = match open_sealed(&self.sealer.keyring.lock(), &entry, false).map_err(unavailable)? {
            Sealed::Opened(sealed) => sealed.content_digest == content && claimed.is_none_or(|claimed| claimed.micros() == first),
            Sealed::Erased => true,
            Sealed::Nothing => false,
        };
        if !same {
            return Err(RecordError::EventIdReused { seq });
        }
        let effect = Effect::from_number(entry.clear.effect).unwrap_or(Effect::NoChange);
        let entry_hash = EntryHash::of(&entry.bytes).bytes();
        let caused = matches!(&entry.clear.fact, Some(Fact::InboundMessageReceived(message)) if message.keyword != 0);
        Ok(Some(Acknowledgement { seq, entry_hash, duplicate: true, effect, caused: caused.then(|| seq.next()) }))
    }
}

const fn acknowledged(seq: Seq, hash: EntryHash) -> Acknowledgement {
    Acknowledgement { seq, entry_hash: hash.bytes(), duplicate: false, effect: Effect::Applied, caused: None }
}

/// Rule 1: more than the tolerance ahead is refused, less counts as now.
fn when(occurred_at: Option<Time>, now: Time) -> Result<When, RecordError> {
    match occurred_at {
        Some(claimed) if claimed > now.plus_micros(CLOCK_TOLERANCE_MICROS) => Err(RecordError::TimeInFuture { occurred_at: claimed, now }),
        Some(claimed) if claimed > now => Ok(When { at: now, claimed: Some(claimed) }),
        Some(at) => Ok(When { at, claimed: None }),
        None => Ok(When { at: now, claimed: None }),
    }
}

fn account_entry(record: &Record, trail: u64, when: When, fact: Fact) -> Planned {
    let effect = Some(Effect::Applied);
    Planned { claimed_at: when.claimed, effect, ..Planned::new(trail, record.actor, when.at, trail, fact) }
}

/// The entry that every ledger begins with.
///
/// # Errors
/// Where it cannot be put together.
pub fn ledger_created(
    batch: &mut Batch,
    state: &State,
    sealer: &Sealer,
    created: crate::proto::LedgerCreated,
) -> Result<Position, RecordError> {
    let record = Record {
        account: Account::default_account(),
        actor: super::record::Actor::LEDGER,
        event_id: None,
        occurred_at: None,
        what: What::CreateAccount,
    };
    let when = When { at: batch.now, claimed: None };
    batch.push(state, sealer, account_entry(&record, 0, when, Fact::LedgerCreated(created)))?;
    let trail = batch.allot_trail();
    let name = record.account.to_string();
    batch.accounts.push((name.clone(), trail));
    let fact = Fact::AccountCreated(crate::proto::AccountCreated { name });
    batch.push(state, sealer, account_entry(&record, trail, when, fact))?;
    Ok(batch.head)
}
