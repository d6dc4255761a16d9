//! What answers are read from: sharded, in memory, packed. One thread writes it, everyone reads it.
//!
//! A reader takes the head first, then the facts, and tries again until nothing it read is past that head.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::watch;

use crate::consent::account::{AccountEvent, AccountFacts};
use crate::consent::event::SenderNumber;
use crate::consent::facts::Facts;
use crate::consent::identifier::Identifier;
use crate::consent::identity::{IdentifierKey, Spans};
use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::bytes::entry::EntryHash;
use crate::ledger::erasure::erasures::{Erasures, Remembered};
use crate::ledger::erasure::matters::Matters;
use crate::ledger::keys::secrets::{Digest16, Secrets};
use crate::ledger::memory::maps::QuickMap;
use crate::ledger::memory::marked::Marked;
use crate::ledger::memory::narrow::{Narrow, NarrowKey};
use crate::ledger::memory::packed::Packed;
use crate::ledger::memory::rows::Rows;
use crate::ledger::memory::senders::Senders;
use crate::ledger::memory::shards::{Held, SHARDS, Sharded};
use crate::ledger::memory::trail::Trail;
use crate::ledger::principals::roll::Roll;
use crate::ledger::reading::possible_opt_outs::PossibleOptOuts;
use crate::sync::{AtomicU64, RwLock};

/// The head of the log at some moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// The last entry's seq; 0: none.
    pub seq: Seq,
    /// Its hash.
    pub hash: EntryHash,
    /// When it was recorded.
    pub recorded_at: Time,
}

/// An account.
#[derive(Clone, Debug)]
pub struct AccountState {
    /// Its trail's number.
    pub trail: u64,
    /// What is known of it.
    pub facts: Arc<AccountFacts>,
}

impl AccountState {
    /// An account that nothing happened to.
    #[must_use]
    pub fn new(trail: u64) -> Self {
        Self { trail, facts: Arc::default() }
    }

    /// Folds an event in. Says whether it is the latest heard of its subject.
    pub fn apply(&mut self, event: AccountEvent) -> bool {
        Arc::make_mut(&mut self.facts).apply(event)
    }
}

/// Contacts that identity events hold together.
#[derive(Debug)]
pub struct Group {
    /// Their trails, ascending.
    pub trails: Vec<u64>,
    /// Who stands behind each identifier, and when.
    pub spans: Spans,
    /// The latest time of any of their events.
    pub latest: Time,
    /// The last of their entries.
    pub last: Seq,
}

/// The state.
pub struct State {
    head: Marked<Position>,
    accounts: RwLock<HashMap<Box<str>, AccountState>>,
    pub(in crate::ledger) principals: RwLock<Roll>,
    senders: RwLock<Senders>,
    identifiers: Sharded<NarrowKey>,
    trails: Vec<RwLock<Rows<Trail>>>,
    groups: RwLock<QuickMap<u64, Arc<Group>>>,
    event_ids: Sharded<Narrow>,
    erasures: Marked<Erasures>,
    pub(in crate::ledger) possible_opt_outs: RwLock<PossibleOptOuts>,
    pub(in crate::ledger) matters: RwLock<Matters>,
    /// The trails that reads of accounts' data stand in, by account.
    pub(in crate::ledger) reads: RwLock<HashMap<u64, u64>>,
    highest_trail: AtomicU64,
    moved: watch::Sender<Seq>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            head: Marked::new(Position { seq: Seq::NONE, hash: EntryHash::ZERO, recorded_at: Time::from_micros(i64::MIN) }, |head| {
                head.seq
            }),
            accounts: RwLock::default(),
            principals: RwLock::default(),
            senders: RwLock::default(),
            identifiers: Sharded::default(),
            trails: (0..SHARDS).map(|_| RwLock::default()).collect(),
            groups: RwLock::default(),
            event_ids: Sharded::default(),
            erasures: Marked::new(Erasures::default(), Erasures::last),
            possible_opt_outs: RwLock::default(),
            matters: RwLock::default(),
            reads: RwLock::default(),
            highest_trail: AtomicU64::new(0),
            moved: watch::Sender::new(Seq::NONE),
        }
    }
}

impl State {
    /// The head: everything up to it is in the state.
    #[must_use]
    pub fn head(&self) -> Position {
        *self.head.read()
    }

    /// Whether the head is still this one.
    #[must_use]
    pub fn is_at(&self, head: &Position) -> bool {
        self.head.seq() == head.seq
    }

    /// Moves the head; last of all that a commit does to the state.
    pub fn publish(&self, head: Position) {
        *self.head.write() = head;
    }

    /// Tells whoever follows that the head moved. Nobody is waited for.
    pub fn tell(&self) {
        self.moved.send_replace(self.head().seq);
    }

    /// Tells when the head moved.
    #[must_use]
    pub fn moved(&self) -> watch::Receiver<Seq> {
        self.moved.subscribe()
    }

    /// An account, by name.
    #[must_use]
    pub fn account(&self, name: &str) -> Option<AccountState> {
        self.accounts.read().get(name).cloned()
    }

    /// Reads an account in place.
    pub fn with_account<T>(&self, name: &str, read: impl FnOnce(&AccountState) -> T) -> Option<T> {
        self.accounts.read().get(name).map(read)
    }

    /// The accounts' names with their trails.
    #[must_use]
    pub fn accounts(&self) -> Vec<(Box<str>, AccountState)> {
        self.accounts.read().iter().map(|(name, account)| (name.clone(), account.clone())).collect()
    }

    /// Adds an account.
    pub fn add_account(&self, name: &str, trail: u64) {
        self.accounts.write().entry(name.into()).or_insert_with(|| AccountState::new(trail));
    }

    /// Folds an event into the account with this trail.
    pub fn apply_account(&self, trail: u64, event: AccountEvent) {
        if let Some(account) = self.accounts.write().values_mut().find(|account| account.trail == trail) {
            account.apply(event);
        }
    }

    /// The senders' numbers, to read.
    pub fn senders(&self) -> impl std::ops::Deref<Target = Senders> + '_ {
        self.senders.read()
    }

    /// The number of a sender; a new one where it is new.
    pub fn sender_number(&self, name: &str) -> SenderNumber {
        let known = self.senders.read().number(name);
        known.unwrap_or_else(|| self.senders.write().number_or_new(name))
    }

    /// The key of an identifier.
    #[must_use]
    pub fn identifier(&self, digest: &Digest16) -> Option<IdentifierKey> {
        self.identifiers.of(digest).read().get(digest).map(|key| key.get())
    }

    /// The keys of many identifiers.
    #[must_use]
    pub fn all_identifiers(&self, digests: &[Digest16]) -> Vec<Option<IdentifierKey>> {
        self.identifiers.get_all(digests).into_iter().map(|key| key.map(NarrowKey::get)).collect()
    }

    /// Makes an identifier known; the first key stays.
    pub fn add_identifier(&self, digest: Digest16, key: IdentifierKey) {
        self.identifiers.of(&digest).write().entry(digest).or_insert(NarrowKey::new(key));
    }

    /// Makes an identifier known anew where nothing opens the text behind its key any more.
    pub fn introduce_identifier(&self, digest: Digest16, key: IdentifierKey) {
        let gone = self.identifier(&digest).is_some_and(|known| known != key && self.erasures().is_gone(known));
        if gone {
            self.identifiers.of(&digest).write().insert(digest, NarrowKey::new(key));
        }
        self.add_identifier(digest, key);
    }

    /// Forgets identifiers.
    pub fn forget_identifiers(&self, digests: &[Digest16]) {
        for digest in digests {
            self.identifiers.of(digest).write().remove(digest);
        }
    }

    /// Forgets every identifier whose text nothing opens any more.
    pub fn forget_erased_identifiers(&self) {
        let erasures = self.erasures();
        for shard in self.identifiers.all() {
            shard.write().retain(|_, key| !erasures.is_gone(key.get()));
        }
    }

    /// What erasures left, to read.
    pub fn erasures(&self) -> impl std::ops::Deref<Target = Erasures> + '_ {
        self.erasures.read()
    }

    /// The last erasure. Known before anything that it erases is missing.
    #[must_use]
    pub fn last_erasure(&self) -> Seq {
        self.erasures.seq()
    }

    /// What erasures left of an identifier.
    #[must_use]
    pub fn remembered(&self, secrets: &Secrets, account: u64, identifier: &Identifier) -> Remembered {
        let erasures = self.erasures();
        if erasures.has_tokens() { erasures.remembered(secrets.suppression_token(account, identifier)) } else { Remembered::default() }
    }

    /// What erasures left, to write.
    pub fn erasures_mut(&self) -> impl std::ops::DerefMut<Target = Erasures> + '_ {
        self.erasures.write()
    }

    /// A trail.
    #[must_use]
    pub fn trail(&self, number: u64) -> Option<Trail> {
        self.with_trail(number, Trail::clone)
    }

    /// Reads a trail in place.
    pub fn with_trail<T>(&self, number: u64, read: impl FnOnce(&Trail) -> T) -> Option<T> {
        let (shard, row) = self.place(number);
        shard.read().get(row).map(read)
    }

    /// A trail's facts, unpacked; none where it is grouped. The outer none: there is no such trail.
    #[must_use]
    pub fn facts(&self, number: u64) -> Option<Option<Facts>> {
        self.with_trail(number, Trail::unpacked)
    }

    /// The same of many trails; none in place of a number that there is not.
    #[must_use]
    pub fn all_facts(&self, numbers: &[Option<u64>]) -> Vec<Option<Option<Facts>>> {
        let places: Vec<_> = numbers.iter().map(|number| number.map(place)).collect();
        let held = Held::new(&self.trails, places.iter().flatten().map(|(shard, _)| *shard));
        // All are found before the first is unpacked.
        let trails: Vec<Option<&Trail>> = places.into_iter().map(|place| place.and_then(|(shard, row)| held.of(shard)?.get(row))).collect();
        trails.into_iter().map(|trail| trail.map(Trail::unpacked)).collect()
    }

    /// Puts a trail in place.
    pub fn put_trail(&self, number: u64, trail: Trail) {
        self.highest_trail.fetch_max(number, Ordering::Relaxed);
        let (shard, row) = self.place(number);
        *shard.write().slot(row) = Some(trail);
    }

    /// Changes a trail in place; an empty one of `account` where there is none.
    pub fn change_trail(&self, number: u64, account: u64, change: impl FnOnce(&mut Trail)) {
        self.highest_trail.fetch_max(number, Ordering::Relaxed);
        let (shard, row) = self.place(number);
        change(shard.write().slot(row).get_or_insert_with(|| Trail::new(account)));
    }

    /// The highest trail number, which is how many there are but for the ledger's own, 0: they are numbered without gaps.
    #[must_use]
    pub fn highest_trail(&self) -> u64 {
        self.highest_trail.load(Ordering::Relaxed)
    }

    /// The group a trail belongs to.
    #[must_use]
    pub fn group(&self, trail: u64) -> Option<Arc<Group>> {
        self.groups.read().get(&trail).cloned()
    }

    /// Puts a group in place of those its trails belonged to.
    pub fn put_group(&self, group: Group) {
        let group = Arc::new(group);
        let mut groups = self.groups.write();
        for trail in &group.trails {
            groups.insert(*trail, group.clone());
        }
        drop(groups);
        for trail in &group.trails {
            let (shard, row) = self.place(*trail);
            if let Some(trail) = shard.write().get_mut(row) {
                trail.grouped = true;
                trail.facts = Packed::default();
            }
        }
    }

    /// The entry that spent an event id.
    #[must_use]
    pub fn event_id(&self, digest: &Digest16) -> Option<Seq> {
        self.event_ids.of(digest).read().get(digest).map(|seq| Seq::new(seq.get()))
    }

    /// Spends an event id; the first entry stays.
    pub fn spend_event_id(&self, digest: Digest16, seq: Seq) {
        self.event_ids.of(&digest).write().entry(digest).or_insert(Narrow::new(seq.number()));
    }

    /// Visits every trail, shard by shard.
    pub fn each_trail(&self, mut visit: impl FnMut(u64, &Trail)) {
        for (first, shard) in (0u64..).zip(&self.trails) {
            let numbers = (first..).step_by(SHARDS);
            numbers.zip(shard.read().iter()).for_each(|(number, trail)| trail.into_iter().for_each(|trail| visit(number, trail)));
        }
    }

    /// Visits every identifier, shard by shard.
    pub fn each_identifier(&self, mut visit: impl FnMut(&Digest16, IdentifierKey)) {
        for shard in self.identifiers.all() {
            shard.read().iter().for_each(|(digest, key)| visit(digest, key.get()));
        }
    }

    /// Visits every event id, shard by shard.
    pub fn each_event_id(&self, mut visit: impl FnMut(&Digest16, Seq)) {
        for shard in self.event_ids.all() {
            shard.read().iter().for_each(|(digest, seq)| visit(digest, Seq::new(seq.get())));
        }
    }

    fn place(&self, number: u64) -> (&RwLock<Rows<Trail>>, usize) {
        let (shard, row) = place(number);
        #[expect(clippy::indexing_slicing, reason = "there are as many shards as the divisor")]
        (&self.trails[shard], row)
    }
}

/// The shard and the row that a trail stands in.
fn place(number: u64) -> (usize, usize) {
    let number = usize::try_from(number).unwrap_or(usize::MAX);
    (number % SHARDS, number / SHARDS)
}
