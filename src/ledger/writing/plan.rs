//! Which entries a record becomes: whose trail, under which identifiers, and what a keyword in it causes.
//!
//! Nearly every contact is one trail that no identity event touched: `Planner::simple`. Where several trails belong to
//! one contact, or one moves, `Planner::identity` works out who is who from their whole history; such records are
//! rare and committed alone.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::consent::account::{AsOf, Known};
use crate::consent::effect::{Before, effect};
use crate::consent::event::Event;
use crate::consent::facts::Fact;
use crate::consent::identifier::Identifier;
use crate::consent::identity::{IdentifierKey, Member, MemberEvent, Spans, apply_to_present, resolve, span_at};
use crate::consent::policy::Policy;
use crate::consent::time::Time;
use crate::consent::words::Effect;
use crate::ledger::erasure::erasures::{Remembered, erased_member};
use crate::ledger::keys::keyring::Keyring;
use crate::ledger::keys::secrets::{Digest16, Secrets};
use crate::ledger::memory::fold;
use crate::ledger::memory::state::{AccountState, Group, State};
use crate::ledger::reading::history::{around, members, planned_member};
use crate::ledger::storage::reader::Reader;
use crate::ledger::writing::asked::Asked;
use crate::ledger::writing::batch::{Batch, Planned};
use crate::ledger::writing::prepared::Prepared;
use crate::ledger::writing::record::{Acknowledgement, RecordError, What};
use crate::proto::SealedPart;

/// What planning reads.
pub struct Planner {
    /// The state.
    pub state: Arc<State>,
    /// The log.
    pub reader: Arc<Reader>,
    /// The keys of digests.
    pub secrets: Arc<Secrets>,
    /// The keys of trails.
    pub keyring: Arc<Mutex<Keyring>>,
}

/// The entries a record becomes.
pub struct Plan {
    /// In order.
    pub entries: Vec<Planned>,
    /// Which of them is the record's own.
    pub main: usize,
    /// The groups of contacts as they are afterwards.
    pub groups: Vec<Group>,
    /// What is acknowledged where the event is not stored: an erasure outranks it.
    pub outranked: Option<Acknowledgement>,
}

impl Plan {
    /// Entries that begin with the record's own.
    #[must_use]
    pub const fn new(entries: Vec<Planned>) -> Self {
        Self { entries, main: 0, groups: Vec::new(), outranked: None }
    }
}

/// Why a record was not planned.
pub enum NotPlanned {
    /// It must be committed alone.
    Alone,
    /// It is refused.
    Refused(RecordError),
    /// An erasure outranks it, and nothing is recorded.
    Outranked(Acknowledgement),
}

/// An identifier, its key where it has one, and what erasures left of it.
pub(in crate::ledger) struct Named {
    pub(in crate::ledger) identifier: Identifier,
    pub(in crate::ledger) digest: Digest16,
    pub(in crate::ledger) key: Option<IdentifierKey>,
    pub(in crate::ledger) remembered: Remembered,
}

/// When a record's event happened.
#[derive(Clone, Copy)]
pub struct When {
    /// As recorded.
    pub at: Time,
    /// As claimed, where that lay ahead of the clock.
    pub claimed: Option<Time>,
    /// When a person decided what it means, where the event is a message of before.
    pub decided_at: Option<Time>,
}

impl Planner {
    /// Plans a contact's record.
    ///
    /// # Errors
    /// [`NotPlanned::Alone`] where it concerns who is who and `batch` is not empty; a refusal where the history cannot be read.
    pub fn contact(&self, batch: &mut Batch, prepared: &Prepared, account: &AccountState, when: When) -> Result<Plan, NotPlanned> {
        let record = prepared.record();
        let now = AsOf { at: batch.now, known: Known::default() };
        let policy = account.facts.policy(now).policy;
        let asked = Asked { prepared, account: account.trail, when, policy: &policy };
        let digests = &prepared.digests(account.trail, &self.secrets).identifiers;
        let identifiers = prepared.identifiers().iter().cloned().zip(digests);
        let named: Vec<Named> = identifiers.map(|(identifier, digest)| self.known(batch, account.trail, identifier, *digest)).collect();
        if let Some(outranked) = self.outranked(&asked, &named) {
            return self.kept_out(batch, &asked, outranked);
        }
        let mut trails: Vec<u64> = named.iter().filter_map(|named| named.key).map(|key| key.trail).collect();
        trails.sort_unstable();
        trails.dedup();
        let grouped = trails.iter().any(|trail| batch.group(&self.state, *trail).is_some());
        // A key that cannot be had refuses this record before anything of it is in the batch.
        for trail in if grouped { self.trails_with_keys(batch, &named) } else { trails.clone() } {
            batch.key(&self.keyring, trail).map_err(NotPlanned::Refused)?;
        }
        let simple = !grouped && trails.len() <= 1 && !matches!(record.what, What::Link { .. } | What::Move { .. } | What::Erase { .. });
        if simple {
            // Facts that do not unpack are not the same as none.
            if trails.first().is_some_and(|trail| batch.trail(&self.state, *trail, account.trail).facts.is_none()) {
                let reason = "the contact's facts cannot be read; a restart folds them from the log again".to_owned();
                return Err(NotPlanned::Refused(RecordError::Unavailable { reason }));
            }
            let trail = trails.first().copied().unwrap_or_else(|| batch.allot_trail());
            return Ok(self.simple(batch, &asked, &named, trail));
        }
        // Who is who is worked out from the log. A rehearsal holds what it would add to it.
        if !batch.is_empty() && (batch.rehearsed.is_none() || matches!(record.what, What::Erase { .. })) {
            return Err(NotPlanned::Alone);
        }
        if let (What::Erase { keep_suppression, .. }, [contact]) = (&record.what, named.as_slice()) {
            return self.erase(batch, &asked, contact, *keep_suppression).map_err(NotPlanned::Refused);
        }
        self.identity(batch, &asked, &named).map_err(NotPlanned::Refused)
    }

    pub(in crate::ledger) fn name(&self, batch: &Batch, account: u64, identifier: Identifier) -> Named {
        let digest = self.secrets.identifier_digest(account, &identifier);
        self.known(batch, account, identifier, digest)
    }

    fn known(&self, batch: &Batch, account: u64, identifier: Identifier, digest: Digest16) -> Named {
        let key = batch.identifiers.get(&digest).copied().or_else(|| self.state.identifier(&digest));
        let remembered = self.state.remembered(&self.secrets, account, &identifier);
        Named { identifier, digest, key, remembered }
    }

    fn simple(&self, batch: &mut Batch, asked: &Asked<'_>, named: &[Named], trail: u64) -> Plan {
        let introduces = named.iter().any(|named| named.key.is_none());
        let keys = introduce(batch, &self.state, trail, asked.account, named);
        let mut entries = asked.entries(trail, &keys, introduces);
        let working = batch.trail(&self.state, trail, asked.account);
        let mut facts = working.facts.take().unwrap_or_default();
        for erased in named.iter().filter(|named| named.key.is_none()).filter_map(|named| named.remembered.latest()) {
            facts.suppress(erased);
        }
        let mut seq = batch.head.seq;
        for entry in &mut entries {
            seq = seq.next();
            if let Some(act) = fold::act(&entry.fact, &mut |name| self.state.sender_number(name)) {
                let event = Event { at: entry.occurred_at, seq, act };
                let before = Before::of(&facts, &event, asked.policy);
                let changed = facts.apply(&event);
                entry.effect = Some(before.effect(&facts, changed, &event, asked.policy));
            }
        }
        batch.trail(&self.state, trail, asked.account).facts = Some(facts);
        Plan::new(entries)
    }

    /// An act of a contact in a group that says nothing new about who is who: its history is not needed.
    fn present(&self, batch: &Batch, asked: &Asked<'_>, named: &[Named]) -> Option<Plan> {
        let mut keys = Vec::with_capacity(named.len());
        for named in named {
            keys.push(named.key?);
        }
        let group = batch.group(&self.state, keys.first()?.trail)?;
        let home = group.spans.get(keys.first()?)?.last()?.home?;
        if matches!(asked.prepared.record().what, What::Link { .. } | What::Move { .. }) {
            return None;
        }
        let mut entries = asked.entries(home, &keys, false);
        let (mut spans, mut latest, mut seq) = (group.spans.clone(), group.latest, batch.head.seq);
        for entry in &mut entries {
            seq = seq.next();
            let act = fold::act(&entry.fact, &mut |name| self.state.sender_number(name))?;
            let event = Event { at: entry.occurred_at, seq, act };
            let after = apply_to_present(&spans, &keys, &event)?;
            let (old, new) = around((&spans, &after), keys.first().copied(), event.at);
            entry.effect = Some(effect(&old, &new, old != new, &event, asked.policy));
            (spans, latest) = (after, latest.max(event.at));
        }
        let group = Group { trails: group.trails.clone(), spans, latest, last: seq };
        Some(Plan { groups: vec![group], ..Plan::new(entries) })
    }

    fn identity(&self, batch: &mut Batch, asked: &Asked<'_>, named: &[Named]) -> Result<Plan, RecordError> {
        if let Some(plan) = self.present(batch, asked, named) {
            return Ok(plan);
        }
        let mut trails = self.trails_of(batch, named);
        let mut members = self.members(batch, &trails).map_err(|reason| RecordError::Unavailable { reason })?;
        let spans = resolve(&members);
        let mut plan = if let (What::Move { .. }, [from, to]) = (&asked.prepared.record().what, named) {
            self.moves(batch, asked, &spans, from, to)
        } else {
            self.joins(batch, asked, &spans, named)
        };
        trails.extend(plan.entries.iter().flat_map(|entry| [entry.trail, entry.second]).filter(|trail| *trail != 0));
        trails.sort_unstable();
        trails.dedup();
        self.settle(batch, &mut plan, &mut members, &spans, asked.policy, trails);
        Ok(plan)
    }

    /// A contact moves from one identifier to another.
    fn moves(&self, batch: &mut Batch, asked: &Asked<'_>, spans: &Spans, from: &Named, to: &Named) -> Plan {
        let at = asked.when.at;
        let from_home = from.home(spans, at);
        // What follows the change is what the new identifier has from then on.
        let to_home = to.home(spans, at.plus_micros(1));
        let trail = from_home.unwrap_or_else(|| batch.allot_trail());
        let second = to_home.unwrap_or_else(|| batch.allot_trail());
        let keys = introduce(batch, &self.state, trail, asked.account, std::slice::from_ref(from));
        let second_keys = introduce(batch, &self.state, second, asked.account, std::slice::from_ref(to));
        let mut entries = asked.entries(trail, &keys, from_home.is_none());
        for entry in &mut entries {
            entry.second_keys.clone_from(&second_keys);
            entry.introduces_second = to_home.is_none();
            if second != trail {
                entry.second = second;
                entry.sealed.identifiers.truncate(1);
                entry.second_sealed = SealedPart { identifiers: vec![to.identifier.as_str().to_owned()], ..SealedPart::default() };
            }
        }
        Plan::new(entries)
    }

    /// Everybody named is one contact: trails are joined to the eldest, and what was asked is recorded there.
    fn joins(&self, batch: &mut Batch, asked: &Asked<'_>, spans: &Spans, named: &[Named]) -> Plan {
        let at = asked.when.at;
        let mut homes: Vec<u64> = named.iter().filter_map(|named| named.home(spans, at)).collect();
        homes.sort_unstable();
        homes.dedup();
        let elder = homes.first().copied().unwrap_or_else(|| batch.allot_trail());
        let mut entries: Vec<Planned> = Vec::new();
        for younger in homes.iter().skip(1) {
            let of = |trail: u64| named.iter().filter(|named| named.home(spans, at) == Some(trail)).collect::<Vec<_>>();
            entries.push(asked.join((elder, &of(elder)), (*younger, &of(*younger))));
        }
        let introduces = named.iter().any(|named| named.home(spans, at).is_none());
        let keys = introduce(batch, &self.state, elder, asked.account, named);
        let joined = !entries.is_empty();
        let main = if joined && matches!(asked.prepared.record().what, What::Link { .. }) { 0 } else { entries.len() };
        if main == entries.len() {
            entries.extend(asked.entries(elder, &keys, introduces));
        }
        Plan { main, ..Plan::new(entries) }
    }

    /// Works out who is who with the planned entries, and what they did.
    fn settle(&self, batch: &Batch, plan: &mut Plan, members: &mut Vec<MemberEvent>, spans: &Spans, policy: &Policy, trails: Vec<u64>) {
        let mut seq = batch.head.seq;
        let mut added = Vec::new();
        for entry in &plan.entries {
            seq = seq.next();
            added.push(planned_member(entry, Fact { at: entry.occurred_at, seq }, &self.state));
        }
        members.extend(added.iter().flatten().cloned());
        members.extend(batch.erasing.suppressed.iter().map(|(key, fact)| erased_member(*key, *fact)));
        let after = resolve(members);
        for (entry, member) in plan.entries.iter_mut().zip(&added) {
            let Some(member) = member else { continue };
            let key = entry.keys.first().copied();
            let (old, new) = around((spans, &after), key, entry.occurred_at);
            entry.effect = Some(match &member.what {
                Member::Act { event, .. } => effect(&old, &new, old != new, event, policy),
                Member::Linked { .. } | Member::Moved { .. } | Member::Erased { .. } if *spans == after => Effect::HistoricalOnly,
                Member::Linked { .. } | Member::Moved { .. } | Member::Erased { .. } => Effect::Applied,
            });
        }
        let latest = members.iter().map(MemberEvent::at).max().unwrap_or_default();
        plan.groups.push(Group { trails, spans: after, latest, last: seq });
    }

    /// The trails of the contacts that the identifiers belong to, and of those held together with them.
    pub(in crate::ledger) fn trails_of(&self, batch: &Batch, named: &[Named]) -> Vec<u64> {
        let mut trails: Vec<u64> = Vec::new();
        for key in named.iter().filter_map(|named| named.key) {
            match batch.group(&self.state, key.trail) {
                Some(group) => trails.extend(&group.trails),
                None => trails.push(key.trail),
            }
        }
        trails.sort_unstable();
        trails.dedup();
        trails
    }

    /// Those of them whose keys are not gone.
    pub(in crate::ledger) fn trails_with_keys(&self, batch: &Batch, named: &[Named]) -> Vec<u64> {
        let trails = self.trails_of(batch, named);
        let erasures = self.state.erasures();
        trails.into_iter().filter(|trail| !erasures.is_void(*trail)).collect()
    }

    fn members(&self, batch: &Batch, trails: &[u64]) -> Result<Vec<MemberEvent>, String> {
        let mut members = members(&self.state, &self.reader, trails, Known::default())?;
        members.extend(batch.rehearsed.iter().flat_map(|rehearsed| rehearsed.members(trails)));
        Ok(members)
    }
}

impl Named {
    /// The trail of whoever stands behind it at an instant; none where nobody does or they have no trail yet.
    fn home(&self, spans: &Spans, at: Time) -> Option<u64> {
        span_at(spans.get(&self.key?)?, at)?.home
    }
}

/// Gives every identifier its key: the one it has, or the next of `trail`.
fn introduce(batch: &mut Batch, state: &State, trail: u64, account: u64, named: &[Named]) -> Vec<IdentifierKey> {
    let mut next = batch.trail(state, trail, account).trail.identifiers;
    let mut keys = Vec::with_capacity(named.len());
    for named in named {
        let key = named.key.unwrap_or_else(|| {
            next += 1;
            let key = IdentifierKey { trail, ordinal: next };
            batch.erasing.suppressed.extend(named.remembered.erased.iter().map(|erased| (key, *erased)));
            key
        });
        // A rehearsal keeps what it found: the log may change under it.
        if named.key.is_none() || batch.rehearsed.is_some() {
            batch.identifiers.insert(named.digest, key);
        }
        keys.push(key);
    }
    keys
}
