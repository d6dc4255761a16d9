//! A commit while it is put together: entries linked and sealed, state changes held back until they are durable.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::consent::account::AccountEvent;
use crate::consent::facts::Facts;
use crate::consent::identity::IdentifierKey;
use crate::consent::time::Time;
use crate::consent::words::{Effect, Seq};
use crate::ledger::bytes::block::{Block, OpenBlock};
use crate::ledger::bytes::entry::{EntryHash, TrailLink};
use crate::ledger::bytes::kind::kind_of;
use crate::ledger::bytes::seal::Key;
use crate::ledger::erasure::erasing::Erasing;
use crate::ledger::erasure::matters::MatterTurn;
use crate::ledger::keys::keyring::Keyring;
use crate::ledger::keys::secrets::{Digest16, Secrets};
use crate::ledger::memory::maps::QuickMap;
use crate::ledger::memory::packed::{Packed, pack_in};
use crate::ledger::memory::state::{Group, Position, State};
use crate::ledger::memory::trail::Trail;
use crate::ledger::numbers::Tally;
use crate::ledger::principals::roll::PrincipalEvent;
use crate::ledger::reading::possible_opt_outs::Doubt;
use crate::ledger::writing::entry_bytes::Place;
use crate::ledger::writing::record::{Acknowledgement, Actor, RecordError};
use crate::ledger::writing::rehearsal::{self, Rehearsed};
use crate::proto::{SealedPart, clear_part::Fact};

/// An entry to be.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The account, by trail number.
    pub account: u64,
    /// Who records it.
    pub actor: Actor,
    /// When the person acted.
    pub occurred_at: Time,
    /// The time the caller claimed, where it lay ahead of the clock.
    pub claimed_at: Option<Time>,
    /// Whose entry it is.
    pub trail: u64,
    /// The second trail of a join or move; 0: none.
    pub second: u64,
    /// The identifiers it came under.
    pub keys: Vec<IdentifierKey>,
    /// Those of the second trail.
    pub second_keys: Vec<IdentifierKey>,
    /// Whether one of the identifiers is new in its trail.
    pub introduces: bool,
    /// The same for the second trail.
    pub introduces_second: bool,
    /// Whether the entry before it caused it.
    pub caused: bool,
    /// The event id's digest; zeros without one.
    pub event_id_digest: Digest16,
    /// What is answered that it did.
    pub effect: Option<Effect>,
    /// Of an entry recorded again: where and when its fact was recorded first.
    pub original: Option<(Seq, Time)>,
    /// The fact.
    pub fact: Fact,
    /// What is sealed for its trail.
    pub sealed: SealedPart,
    /// What is sealed for its second trail.
    pub second_sealed: SealedPart,
}

impl Planned {
    /// An entry of one trail with nothing sealed.
    #[must_use]
    pub fn new(account: u64, actor: Actor, occurred_at: Time, trail: u64, fact: Fact) -> Self {
        Self {
            account,
            actor,
            occurred_at,
            claimed_at: None,
            trail,
            second: 0,
            keys: Vec::new(),
            second_keys: Vec::new(),
            introduces: false,
            introduces_second: false,
            caused: false,
            event_id_digest: [0; 16],
            effect: None,
            original: None,
            fact,
            sealed: SealedPart::default(),
            second_sealed: SealedPart::default(),
        }
    }
}

/// An event id spent in this commit.
#[derive(Clone, Debug)]
pub struct Spent {
    /// What was answered.
    pub acknowledgement: Acknowledgement,
    /// The content's digest.
    pub content: Digest16,
    /// The time claimed.
    pub claimed: Time,
}

/// A trail as this commit changes it.
pub struct Working {
    /// The trail but for its facts.
    pub trail: Trail,
    /// Its facts; none where it is grouped.
    pub facts: Option<Facts>,
}

impl Working {
    /// The facts of a trail are taken out of their packing, and put back when the commit is published.
    fn of(trail: &Trail) -> Self {
        let facts = trail.unpacked();
        let packed = if facts.is_some() { Packed::default() } else { trail.facts.clone() };
        Self { trail: trail.with_facts(packed), facts }
    }
}

/// A commit while it is put together.
pub struct Batch {
    /// Its `recorded_at`.
    pub now: Time,
    /// The head it ends with.
    pub head: Position,
    /// Its finished blocks.
    pub blocks: Vec<Block>,
    /// The trails it changes.
    pub trails: QuickMap<u64, Working>,
    /// The identifiers it introduces.
    pub identifiers: QuickMap<Digest16, IdentifierKey>,
    /// The event ids it spends.
    pub event_ids: QuickMap<Digest16, Spent>,
    /// Accounts it creates: name and trail.
    pub accounts: Vec<(String, u64)>,
    /// What it says about principals.
    pub principals: Vec<PrincipalEvent>,
    /// What happens to accounts, by their trails.
    pub account_events: Vec<(u64, AccountEvent)>,
    /// What it says about possible opt-outs.
    pub doubts: Vec<Doubt>,
    /// What it says about open matters.
    pub matters: Vec<MatterTurn>,
    /// Trails that it begins for reads of accounts' data, by account.
    pub reads: QuickMap<u64, u64>,
    /// Groups as they are after it.
    pub groups: Vec<Group>,
    /// What it erases.
    pub erasing: Erasing,
    /// The highest trail number after it.
    pub highest_trail: u64,
    /// What a rehearsal knows of the rows before; none: it is to be committed.
    pub(in crate::ledger) rehearsed: Option<Rehearsed>,
    /// Data keys that it has used.
    keys: QuickMap<u64, Key>,
    /// Its entries by kind.
    pub(in crate::ledger) tally: Tally,
    /// The head it follows.
    after: Seq,
    /// Trails up to this one may be in the state; those above it are new with this commit.
    trails_before: u64,
    pub(in crate::ledger) open: OpenBlock,
}

/// What a batch needs to link and seal.
pub struct Sealer {
    /// Whose log it is, and the key of receipts.
    pub secrets: Arc<Secrets>,
    /// The keys of trails.
    pub keyring: Arc<Mutex<Keyring>>,
}

impl Batch {
    /// A commit that follows `head` at the time `now`.
    #[must_use]
    pub fn new(head: Position, now: Time, highest_trail: u64) -> Self {
        Self {
            now,
            head,
            blocks: Vec::new(),
            trails: QuickMap::default(),
            identifiers: QuickMap::default(),
            event_ids: QuickMap::default(),
            accounts: Vec::new(),
            principals: Vec::new(),
            account_events: Vec::new(),
            doubts: Vec::new(),
            matters: Vec::new(),
            reads: QuickMap::default(),
            groups: Vec::new(),
            erasing: Erasing::default(),
            highest_trail,
            rehearsed: None,
            keys: QuickMap::default(),
            tally: Tally::default(),
            after: head.seq,
            trails_before: highest_trail,
            open: OpenBlock::default(),
        }
    }

    /// Makes room for what so many records of contacts change: maps that grow while a commit is put together are copied over and
    /// over.
    pub fn expect(&mut self, records: usize) {
        self.trails.reserve(records);
        self.identifiers.reserve(records);
        self.event_ids.reserve(records);
        self.keys.reserve(records);
    }

    /// The same, never to be committed.
    #[must_use]
    pub fn rehearsing(self) -> Self {
        Self { rehearsed: Some(Rehearsed::default()), ..self }
    }

    /// The next trail number.
    pub const fn allot_trail(&mut self) -> u64 {
        self.highest_trail += 1;
        self.highest_trail
    }

    /// A trail as it stands with this commit, to change; a new one where it is new.
    pub fn trail(&mut self, state: &State, number: u64, account: u64) -> &mut Working {
        let (rehearsed, trails_before) = (self.rehearsed.as_ref(), self.trails_before);
        self.trails.entry(number).or_insert_with(|| {
            let known = match rehearsed {
                Some(rehearsed) => rehearsed.trail(number).map(Working::of).or_else(|| state.with_trail(number, Working::of)),
                None if number > trails_before => None,
                None => state.with_trail(number, Working::of),
            };
            known.unwrap_or_else(|| Working { trail: Trail::new(account), facts: Some(Facts::default()) })
        })
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.head.seq == self.after
    }

    /// After each row of a rehearsal: packs what it changed, and keeps no keys.
    pub fn settle(&mut self) {
        if let Some(rehearsed) = &mut self.rehearsed {
            rehearsed.put_trails(std::mem::take(&mut self.trails));
            self.keys.clear();
        }
    }

    /// The group a trail belongs to, as it stands with this batch.
    #[must_use]
    pub fn group(&self, state: &State, trail: u64) -> Option<Arc<Group>> {
        self.rehearsed.as_ref().and_then(|rehearsed| rehearsed.group(trail)).or_else(|| state.group(trail))
    }

    /// Puts groups in place of those their trails belonged to.
    pub fn put_groups(&mut self, groups: Vec<Group>) {
        match &mut self.rehearsed {
            Some(rehearsed) => rehearsed.put_groups(groups),
            None => self.groups.extend(groups),
        }
    }

    /// Whether more may be added: what says who is who or erases ends a commit.
    #[must_use]
    pub fn takes_more(&self) -> bool {
        self.groups.is_empty() && self.erasing.erased.is_empty()
    }

    /// The data key of a trail; made where the trail is new.
    ///
    /// # Errors
    /// Where it cannot be had.
    pub fn key(&mut self, keyring: &Mutex<Keyring>, trail: u64) -> Result<Key, RecordError> {
        let unavailable = |reason: String| RecordError::Unavailable { reason };
        if let Some(known) = self.keys.get(&trail) {
            return Ok(known.clone());
        }
        if self.rehearsed.as_ref().is_some_and(|_| rehearsal::is_rehearsed(trail)) {
            return Ok(Key::from_bytes([0; 32]));
        }
        let key = keyring.lock().key_to_write(trail).map_err(|error| unavailable(error.to_string()))?;
        let key = key.ok_or_else(|| unavailable(format!("the key of trail {trail} was erased")))?;
        self.keys.insert(trail, key.clone());
        Ok(key)
    }

    /// Links, seals and appends an entry; in a rehearsal notes it, and leaves out what only bytes are for.
    ///
    /// # Errors
    /// Where keys cannot be had: final.
    pub fn push(&mut self, state: &State, sealer: &Sealer, planned: Planned) -> Result<(Seq, EntryHash), RecordError> {
        let seq = self.head.seq.next();
        let link = self.link(state, planned.trail, planned.account, seq);
        let second = if planned.second == 0 { TrailLink::default() } else { self.link(state, planned.second, planned.account, seq) };
        for (used, own) in [(&planned.keys, planned.trail), (&planned.second_keys, planned.second)] {
            let highest = used.iter().filter(|key| key.trail == own).map(|key| key.ordinal).max().unwrap_or_default();
            if own != 0 {
                let working = self.trail(state, own, planned.account);
                working.trail.identifiers = working.trail.identifiers.max(highest);
            }
        }
        let doubt = Doubt::of(planned.account, planned.trail, seq, &planned.fact);
        let matter = MatterTurn::of(planned.account, planned.trail, seq, planned.occurred_at, &planned.keys, &planned.fact);
        let hash = if let Some(rehearsed) = &mut self.rehearsed {
            rehearsed.note(state, &planned, seq);
            EntryHash::default()
        } else {
            self.tally.count(kind_of(&planned.fact));
            let hash = self.close(sealer, planned, Place { seq, link, second })?;
            if self.open.is_full() {
                self.cut();
            }
            hash
        };
        self.doubts.extend(doubt);
        self.matters.extend(matter);
        self.head = Position { seq, hash, recorded_at: self.now };
        Ok((seq, hash))
    }

    /// Its blocks, the last one finished.
    pub fn finish(&mut self) -> Vec<Block> {
        self.cut();
        std::mem::take(&mut self.blocks)
    }

    /// Puts its changes into the state, the head last. Only once its blocks are durable.
    pub fn publish(self, state: &State) {
        self.erasing.publish(state);
        for (name, trail) in self.accounts {
            state.add_account(&name, trail);
        }
        for event in self.principals {
            state.apply_principal(event);
        }
        for (trail, event) in self.account_events {
            state.apply_account(trail, event);
        }
        let mut scratch = Vec::new();
        for (number, Working { mut trail, facts }) in self.trails {
            if let Some(facts) = facts {
                trail.facts = pack_in(&mut scratch, &facts);
            }
            state.put_trail(number, trail);
        }
        for group in self.groups {
            state.put_group(group);
        }
        for doubt in self.doubts {
            state.note_doubt(doubt);
        }
        for turn in self.matters {
            state.note_matter(turn);
        }
        for (account, trail) in self.reads {
            state.note_reads(account, trail);
        }
        for (digest, key) in self.identifiers {
            state.add_identifier(digest, key);
        }
        for (digest, spent) in self.event_ids {
            state.spend_event_id(digest, spent.acknowledgement.seq);
        }
        state.publish(self.head);
        state.tell();
    }

    fn link(&mut self, state: &State, number: u64, account: u64, seq: Seq) -> TrailLink {
        let working = self.trail(state, number, account);
        let link = TrailLink { trail: number, trail_seq: working.trail.count() + 1, previous: working.trail.last() };
        working.trail.go_on(seq, link.trail_seq);
        link
    }

    fn cut(&mut self) {
        let open = std::mem::take(&mut self.open);
        if open.count() > 0 {
            self.blocks.push(open.close());
        }
    }
}
