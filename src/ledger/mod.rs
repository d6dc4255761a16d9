//! The log and what is derived from it: one writer, two copies on disk, keys, state.

pub mod batch;
pub mod block;
pub mod clock;
pub mod committer;
pub mod disk;
pub mod draft;
pub mod entry;
pub mod fold;
pub mod journal;
pub mod keyring;
pub mod open;
pub mod packed;
pub mod plan;
pub mod reader;
pub mod record;
pub mod recovery;
pub mod replay;
pub mod seal;
pub mod secrets;
pub mod state;
pub mod store;
pub mod store_writer;
pub mod verify;
pub mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use crate::consent::decide::{Asked, Contact, Decision, decide};
use crate::consent::event::SenderNumber;
use crate::consent::facts::Facts;
use crate::consent::identifier::Identifier;
use crate::consent::identity::{Behind, IdentifierKey, resolve, span_asked};
use crate::consent::policy::Policy;
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender, Seq};
use clock::{Clock, SystemClock};
use committer::{Health, Job};
use disk::{Disk, RealDisk};
use keyring::Keyring;
use open::Lock;
pub use open::OpenError;
use reader::{ReadEntry, Reader, Sealed, open_sealed};
use record::{Acknowledgement, Record, RecordError};
use secrets::Secrets;
use state::{AccountState, State};

/// A running ledger; clones share it.
#[derive(Clone)]
pub struct Ledger {
    shared: Arc<Shared>,
}

struct Shared {
    data_dir: PathBuf,
    jobs: Mutex<Option<crossbeam_channel::Sender<Job>>>,
    committer: Mutex<Option<JoinHandle<()>>>,
    state: Arc<State>,
    reader: Arc<Reader>,
    secrets: Arc<Secrets>,
    keyring: Arc<Mutex<Keyring>>,
    clock: Arc<dyn Clock>,
    health: Arc<Health>,
    lock: Mutex<Option<Lock>>,
}

/// How to open a ledger.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory; made where it is missing.
    pub data_dir: PathBuf,
    /// The name under which a new ledger publishes checkpoints; none: one made from its id.
    pub origin: Option<String>,
    /// How many data keys are kept ready.
    pub keys_ahead: u64,
}

impl Options {
    /// The usual way to open `data_dir`.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), origin: None, keys_ahead: 4096 }
    }
}

/// The head of the log at some moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// The last entry's seq.
    pub seq: Seq,
    /// Its SHA-256.
    pub hash: [u8; 32],
}

/// A question to the ledger.
#[derive(Clone, Debug)]
pub struct Question {
    /// The account.
    pub account: Account,
    /// The recipient.
    pub contact: Identifier,
    /// The sender.
    pub sender: Sender,
    /// What it wants to do.
    pub asked: Asked,
    /// At this time; none: now.
    pub at: Option<Time>,
    /// Answer only once the log has reached this entry.
    pub min_position: Option<Seq>,
}

/// An answer of the ledger.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The decision.
    pub decision: Decision,
    /// The time it is for.
    pub at: Time,
    /// The policy's version.
    pub policy_version: u32,
    /// The head it was answered at.
    pub position: Position,
}

/// Why a question was not answered. Never a permission.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum CheckError {
    /// No such account.
    #[error("the account {account:?} does not exist")]
    AccountUnknown {
        /// The name given.
        account: String,
    },
    /// The log has not reached the position asked for.
    #[error("the ledger stands at seq {head}, before the position asked for, {wanted}")]
    BehindPosition {
        /// Where the ledger stands.
        head: Seq,
        /// What was asked for.
        wanted: Seq,
    },
    /// The state is not whole, or the history could not be read.
    #[error("the ledger cannot answer: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
}

/// An entry as a reader sees it: its header's fields, its facts, and what its contact's key opens.
#[derive(Clone, Debug)]
pub struct OpenedEntry {
    /// Where it stands.
    pub seq: Seq,
    /// SHA-256 of the stored bytes.
    pub entry_hash: [u8; 32],
    /// SHA-256 of the entry before it.
    pub previous_hash: [u8; 32],
    /// When the ledger committed it.
    pub recorded_at: Time,
    /// The account's trail number; 0: the ledger itself.
    pub account: u64,
    /// Who recorded it.
    pub actor: u32,
    /// The trail it belongs to.
    pub trail: u64,
    /// Its place in that trail, counting from 1.
    pub trail_seq: u64,
    /// The second trail of a join or a move; 0: none.
    pub second_trail: u64,
    /// Its place in that trail, counting from 1; 0: none.
    pub second_trail_seq: u64,
    /// The facts.
    pub clear: crate::proto::ClearPart,
    /// What is personal; none where nothing was sealed or the key is gone.
    pub sealed: Option<crate::proto::SealedPart>,
    /// Whether something was sealed whose key is gone.
    pub erased: bool,
    /// The stored bytes.
    pub bytes: Vec<u8>,
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// From this seq on; none: from the first.
    pub from: Option<Seq>,
    /// Only this account's.
    pub account: Option<Account>,
    /// Only this contact's trail (and of contacts joined with it); needs an account.
    pub contact: Option<Identifier>,
}

/// Why entries could not be read.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// No such account.
    #[error("the account {account:?} does not exist")]
    AccountUnknown {
        /// The name given.
        account: String,
    },
    /// The store does not give it.
    #[error("the log could not be read: {reason}")]
    Unreadable {
        /// Why.
        reason: String,
    },
}

impl From<reader::EntryUnreadable> for ReadError {
    fn from(error: reader::EntryUnreadable) -> Self {
        Self::Unreadable { reason: error.to_string() }
    }
}

/// What stands behind an identifier at the time asked about.
enum Found {
    Unknown,
    Facts(Facts),
    Moved(crate::consent::facts::Fact),
    /// The folded facts are later than the time asked about: the history of these trails is needed.
    History(Vec<u64>),
}

impl Ledger {
    /// Opens a ledger, with the operating system's disk and clock. Blocks.
    ///
    /// # Errors
    /// Where the directory is in use, or the log is not whole.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        Self::open_with(options, Arc::new(RealDisk), Arc::new(SystemClock))
    }

    /// Opens a ledger on another disk or with another clock. Blocks.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_with(options: Options, disk: Arc<dyn Disk>, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        open::open(options, disk, clock)
    }

    /// Records an event; answers once it is durable.
    ///
    /// # Errors
    /// Where the event is refused, or the ledger is busy or no longer writes.
    pub async fn record(&self, record: Record) -> Result<Acknowledgement, RecordError> {
        let waiting = self.submit(record)?;
        waiting.await.unwrap_or_else(|_| Err(self.gone()))
    }

    /// Records several events, in order, in as few commits as possible; answers once all are durable. One that is
    /// refused does not touch its neighbours.
    pub async fn record_all(&self, records: Vec<Record>) -> Vec<Result<Acknowledgement, RecordError>> {
        let waiting: Vec<_> = records.into_iter().map(|record| self.submit(record)).collect();
        let mut answers = Vec::with_capacity(waiting.len());
        for waiting in waiting {
            answers.push(match waiting {
                Ok(waiting) => waiting.await.unwrap_or_else(|_| Err(self.gone())),
                Err(error) => Err(error),
            });
        }
        answers
    }

    /// Records an event and blocks until it is durable.
    ///
    /// # Errors
    /// As [`Ledger::record`].
    pub fn record_blocking(&self, record: Record) -> Result<Acknowledgement, RecordError> {
        self.submit(record)?.blocking_recv().unwrap_or_else(|_| Err(self.gone()))
    }

    fn submit(&self, record: Record) -> Result<oneshot::Receiver<Result<Acknowledgement, RecordError>>, RecordError> {
        let (answer, waiting) = oneshot::channel();
        let jobs = self.shared.jobs.lock();
        let Some(jobs) = jobs.as_ref() else { return Err(self.gone()) };
        match jobs.try_send(Job { record, answer }) {
            Ok(()) => Ok(waiting),
            Err(crossbeam_channel::TrySendError::Full(_)) => Err(RecordError::Overloaded { waiting: jobs.len() }),
            Err(crossbeam_channel::TrySendError::Disconnected(_)) => Err(self.gone()),
        }
    }

    fn gone(&self) -> RecordError {
        RecordError::Unavailable { reason: self.poisoned().unwrap_or_else(|| "it is shutting down".into()) }
    }

    /// Answers a question. Fast and in memory, except for times before the contact's latest event, which are
    /// answered from its trail on disk: then the call blocks.
    ///
    /// # Errors
    /// Where no truthful answer can be given. Never a permission.
    pub fn check(&self, question: &Question) -> Result<Answer, CheckError> {
        if let Some(reason) = self.poisoned() {
            return Err(CheckError::Unavailable { reason });
        }
        let state = &self.shared.state;
        loop {
            let head = state.head();
            if let Some(wanted) = question.min_position.filter(|wanted| *wanted > head.seq) {
                return Err(CheckError::BehindPosition { head: head.seq, wanted });
            }
            // Facts are never later than the head's time: a clock set back must not look past a stop.
            let at = question.at.unwrap_or_else(|| self.now().max(head.recorded_at));
            let account = self.with_account(&question.account, |account| {
                let version = account.policy_at(at);
                (account.trail, version.version, version.seq, version.policy.clone())
            });
            let (account, policy_version, policy_seq, policy) =
                account.ok_or_else(|| CheckError::AccountUnknown { account: question.account.to_string() })?;
            let number = state.senders().number(question.sender.as_str()).unwrap_or(SenderNumber::new(u32::MAX));
            let ask = |contact| decide(contact, number, question.asked, &policy, at);
            let (decision, highest) = match self.find(account, &question.contact, at)? {
                Found::Unknown => (ask(Contact::Unknown), Seq::NONE),
                Found::Facts(facts) => (ask(Contact::Known(&facts)), facts.highest_seq()),
                Found::Moved(change) => (ask(Contact::Moved(change)), change.seq),
                Found::History(trails) => self.decide_from_history(account, question, &trails, number, &policy, at)?,
            };
            if highest.max(policy_seq) <= head.seq {
                return Ok(Answer { decision, at, policy_version, position: Position { seq: head.seq, hash: head.hash.bytes() } });
            }
            std::thread::yield_now();
        }
    }

    fn find(&self, account: u64, contact: &Identifier, at: Time) -> Result<Found, CheckError> {
        let state = &self.shared.state;
        let Some(key) = self.key_of(account, contact) else { return Ok(Found::Unknown) };
        let facts = state.facts(key.trail).ok_or_else(|| CheckError::Unavailable { reason: format!("trail {} is missing", key.trail) })?;
        let Some(facts) = facts else {
            let group =
                state.group(key.trail).ok_or_else(|| CheckError::Unavailable { reason: format!("trail {} has no facts", key.trail) })?;
            if at < group.latest {
                return Ok(Found::History(group.trails.clone()));
            }
            let span = group.spans.get(&key).and_then(|spans| span_asked(spans, at));
            return Ok(span.map_or(Found::Unknown, |span| found(&span.behind)));
        };
        Ok(if at < facts.latest { Found::History(vec![key.trail]) } else { Found::Facts(facts) })
    }

    fn key_of(&self, account: u64, contact: &Identifier) -> Option<IdentifierKey> {
        self.shared.state.identifier(&self.shared.secrets.identifier_digest(account, contact))
    }

    fn decide_from_history(
        &self,
        account: u64,
        question: &Question,
        trails: &[u64],
        sender: SenderNumber,
        policy: &Policy,
        at: Time,
    ) -> Result<(Decision, Seq), CheckError> {
        let members =
            plan::members(&self.shared.state, &self.shared.reader, trails).map_err(|reason| CheckError::Unavailable { reason })?;
        let then: Vec<_> = members.into_iter().filter(|member| member.at() <= at).collect();
        let spans = resolve(&then);
        let span = self.key_of(account, &question.contact).and_then(|key| span_asked(spans.get(&key)?, at));
        let highest = then.iter().map(|member| member.seq()).max().unwrap_or_default();
        let contact = match span.map(|span| &span.behind) {
            Some(Behind::Contact(facts)) => Contact::Known(facts),
            Some(Behind::Moved(change)) => Contact::Moved(*change),
            Some(Behind::Nobody) | None => Contact::Unknown,
        };
        Ok((decide(contact, sender, question.asked, policy, at), highest))
    }

    fn with_account<T>(&self, account: &Account, read: impl FnOnce(&AccountState) -> T) -> Option<T> {
        self.shared.state.with_account(account.as_str(), read)
    }

    /// Whether there is such an account.
    #[must_use]
    pub fn has_account(&self, account: &Account) -> bool {
        self.with_account(account, |_| ()).is_some()
    }

    /// The head of the log.
    #[must_use]
    pub fn head(&self) -> Position {
        let head = self.shared.state.head();
        Position { seq: head.seq, hash: head.hash.bytes() }
    }

    /// Entries in order of seq, at most `limit`, opened. Blocks.
    ///
    /// # Errors
    /// Where the account is not known, or an entry cannot be read.
    pub fn entries(&self, filter: &Filter, limit: usize) -> Result<Vec<OpenedEntry>, ReadError> {
        let account = match &filter.account {
            Some(name) => {
                let trail = self.with_account(name, |account| account.trail);
                Some(trail.ok_or_else(|| ReadError::AccountUnknown { account: name.to_string() })?)
            }
            None => None,
        };
        let from = filter.from.unwrap_or(Seq::new(1)).max(Seq::new(1));
        let found = match (&filter.contact, account) {
            (Some(contact), Some(account)) => {
                let trails = self.trails_of(account, contact);
                let entries = self.shared.reader.trails(&trails)?;
                entries.into_iter().filter(|entry| entry.header.seq >= from).take(limit).collect()
            }
            _ => self.scan(from, account, limit)?,
        };
        found.into_iter().map(|entry| self.opened(entry)).collect()
    }

    fn trails_of(&self, account: u64, contact: &Identifier) -> Vec<(u64, Seq)> {
        let Some(key) = self.key_of(account, contact) else { return Vec::new() };
        let trails = self.shared.state.group(key.trail).map_or_else(|| vec![key.trail], |group| group.trails.clone());
        trails.into_iter().filter_map(|trail| Some((trail, self.shared.state.trail(trail)?.last))).collect()
    }

    fn scan(&self, from: Seq, account: Option<u64>, limit: usize) -> Result<Vec<ReadEntry>, ReadError> {
        let head = self.shared.state.head().seq;
        let mut found = Vec::new();
        let mut next = from;
        while next <= head && found.len() < limit {
            let block = self.shared.reader.block_with(next)?;
            for entry in block.entries().filter(|entry| entry.header.seq >= next && entry.header.seq <= head) {
                if account.is_none_or(|account| entry.header.account == account) && found.len() < limit {
                    found.push(reader::read(&entry)?);
                }
            }
            next = block.last().next();
        }
        Ok(found)
    }

    fn opened(&self, entry: ReadEntry) -> Result<OpenedEntry, ReadError> {
        let (sealed, erased) = match open_sealed(&self.shared.keyring.lock(), &entry, false)? {
            Sealed::Nothing => (None, false),
            Sealed::Opened(sealed) => (Some(sealed), false),
            Sealed::Erased => (None, true),
        };
        Ok(OpenedEntry {
            seq: entry.header.seq,
            entry_hash: entry::EntryHash::of(&entry.bytes).bytes(),
            previous_hash: entry.header.previous_hash.bytes(),
            recorded_at: entry.header.recorded_at,
            account: entry.header.account,
            actor: entry.header.actor,
            trail: entry.header.link.trail,
            trail_seq: entry.header.link.trail_seq,
            second_trail: entry.header.second.trail,
            second_trail_seq: entry.header.second.trail_seq,
            clear: entry.clear,
            sealed,
            erased,
            bytes: entry.bytes,
        })
    }

    /// Why the ledger no longer writes; none while it does.
    #[must_use]
    pub fn poisoned(&self) -> Option<String> {
        self.shared.health.borrow().clone()
    }

    /// Tells when the ledger stops writing.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Option<String>> {
        self.shared.health.subscribe()
    }

    /// The key that wraps other keys.
    #[must_use]
    pub fn master_key(&self) -> &seal::Key {
        self.shared.secrets.master()
    }

    /// The data directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.shared.data_dir
    }

    /// The ledger's clock.
    #[must_use]
    pub fn now(&self) -> Time {
        self.shared.clock.now()
    }

    /// Takes no more records, commits what waits, syncs both copies and lets the directory go. Blocks.
    pub fn close(&self) {
        drop(self.shared.jobs.lock().take());
        if let Some(committer) = self.shared.committer.lock().take() {
            let _ = committer.join();
        }
        drop(self.shared.lock.lock().take());
    }
}

fn found(behind: &Behind) -> Found {
    match behind {
        Behind::Nobody => Found::Unknown,
        Behind::Moved(change) => Found::Moved(*change),
        Behind::Contact(facts) => Found::Facts(facts.clone()),
    }
}
