//! Which entries a record becomes: whose trail, under which identifiers, and what a keyword in it causes.
//!
//! Nearly every contact is one trail that no identity event touched: [`Planner::simple`]. Where several trails belong to
//! one contact, or one moves, [`Planner::identity`] works out who is who from their whole history; such records are
//! rare and committed alone.

use std::sync::Arc;

use super::batch::{Batch, Planned};
use super::draft;
use super::fold;
use super::reader::Reader;
use super::record::{Record, RecordError, What};
use super::secrets::Secrets;
use super::state::{AccountState, Group, State};
use crate::consent::decide::effect;
use crate::consent::event::Event;
use crate::consent::facts::{Fact, Facts};
use crate::consent::identifier::Identifier;
use crate::consent::identity::{Behind, IdentifierKey, Member, MemberEvent, Spans, resolve, span_at};
use crate::consent::keyword::Reading;
use crate::consent::policy::Policy;
use crate::consent::time::Time;
use crate::consent::words::Effect;
use crate::proto::SealedPart;

/// What planning reads.
pub struct Planner {
    /// The state.
    pub state: Arc<State>,
    /// The log.
    pub reader: Arc<Reader>,
    /// The keys of digests.
    pub secrets: Arc<Secrets>,
}

/// The entries a record becomes.
pub struct Plan {
    /// In order.
    pub entries: Vec<Planned>,
    /// Which of them is the record's own.
    pub main: usize,
    /// The group of contacts as it is afterwards, where it is one.
    pub group: Option<Group>,
}

/// Why a record was not planned.
pub enum NotPlanned {
    /// It must be committed alone.
    Alone,
    /// It is refused.
    Refused(RecordError),
}

/// An identifier and its key, where it has one.
struct Named {
    identifier: Identifier,
    digest: [u8; 16],
    key: Option<IdentifierKey>,
}

/// When a record's event happened.
#[derive(Clone, Copy)]
pub struct When {
    /// As recorded.
    pub at: Time,
    /// As claimed, where that lay ahead of the clock.
    pub claimed: Option<Time>,
}

impl Planner {
    /// Plans a contact's record.
    ///
    /// # Errors
    /// [`NotPlanned::Alone`] where it concerns who is who and `batch` is not empty; a refusal where the history cannot be read.
    pub fn contact(&self, batch: &mut Batch, record: &Record, account: &AccountState, when: When) -> Result<Plan, NotPlanned> {
        let policy = account.policy_at(batch.now).policy.clone();
        let named: Vec<Named> =
            draft::identifiers(&record.what).into_iter().map(|identifier| self.name(batch, account.trail, identifier)).collect();
        let mut trails: Vec<u64> = named.iter().filter_map(|named| named.key).map(|key| key.trail).collect();
        trails.sort_unstable();
        trails.dedup();
        let grouped = trails.iter().any(|trail| self.state.trail(*trail).is_some_and(|trail| trail.grouped));
        let simple = !grouped && trails.len() <= 1 && !matches!(record.what, What::Link { .. } | What::Move { .. });
        if simple {
            return Ok(self.simple(batch, record, account, when, &policy, named, trails.first().copied()));
        }
        if !batch.is_empty() {
            return Err(NotPlanned::Alone);
        }
        self.identity(batch, record, account, when, &policy, named).map_err(NotPlanned::Refused)
    }

    fn name(&self, batch: &Batch, account: u64, identifier: Identifier) -> Named {
        let digest = self.secrets.identifier_digest(account, &identifier);
        let key = batch.identifiers.get(&digest).copied().or_else(|| self.state.identifier(&digest));
        Named { identifier, digest, key }
    }

    #[expect(clippy::too_many_arguments, reason = "what is planned, for whom, when, and where it goes")]
    fn simple(
        &self,
        batch: &mut Batch,
        record: &Record,
        account: &AccountState,
        when: When,
        policy: &Policy,
        named: Vec<Named>,
        known: Option<u64>,
    ) -> Plan {
        let trail = known.unwrap_or_else(|| batch.allot_trail());
        let introduces = named.iter().any(|named| named.key.is_none());
        let keys = introduce(batch, &self.state, trail, account.trail, &named);
        let mut entries = self.own_entries(record, account, when, policy, trail, &keys, introduces);
        let mut facts = batch.trail(&self.state, trail, account.trail).facts.clone().unwrap_or_default();
        let mut seq = batch.head.seq;
        for entry in &mut entries {
            seq = seq.next();
            if let Some(act) = fold::act(&entry.fact, &mut |name| self.state.sender_number(name)) {
                let event = Event { at: entry.occurred_at, seq, act };
                let before = facts.clone();
                let changed = facts.apply(&event);
                entry.effect = Some(effect(&before, &facts, changed, &event, policy));
            }
        }
        batch.trail(&self.state, trail, account.trail).facts = Some(facts);
        Plan { entries, main: 0, group: None }
    }

    /// The record's own entry and, behind a keyword, the one it causes; in `trail`.
    #[expect(clippy::too_many_arguments, reason = "what is planned, for whom, when, and where it goes")]
    fn own_entries(
        &self,
        record: &Record,
        account: &AccountState,
        when: When,
        policy: &Policy,
        trail: u64,
        keys: &[IdentifierKey],
        introduces: bool,
    ) -> Vec<Planned> {
        let Some(mut fact) = draft::fact(&record.what) else { return Vec::new() };
        let mut reading = Reading::default();
        if let What::Inbound { kind, text, payload, .. } = &record.what {
            reading = policy.keywords.read(text.as_deref(), payload.as_deref(), kind.is_button());
        }
        draft::note_reading(&mut fact, &reading);
        let own = Planned {
            account: account.trail,
            actor: record.actor,
            occurred_at: when.at,
            claimed_at: when.claimed,
            trail,
            second: 0,
            keys: keys.to_vec(),
            second_keys: Vec::new(),
            introduces,
            introduces_second: false,
            caused: false,
            event_id_digest: [0; 16],
            effect: Some(Effect::NoChange),
            fact,
            sealed: draft::sealed(&record.what, policy),
            second_sealed: SealedPart::default(),
        };
        let caused = match (&record.what, reading.keyword) {
            (What::Inbound { sender, .. }, Some(keyword)) => Some(Planned {
                fact: draft::caused(keyword, sender, policy.keyword_scope),
                caused: true,
                introduces: false,
                claimed_at: None,
                sealed: SealedPart { identifiers: own.sealed.identifiers.clone(), ..SealedPart::default() },
                ..own.clone()
            }),
            _ => None,
        };
        std::iter::once(own).chain(caused).collect()
    }

    fn identity(
        &self,
        batch: &mut Batch,
        record: &Record,
        account: &AccountState,
        when: When,
        policy: &Policy,
        named: Vec<Named>,
    ) -> Result<Plan, RecordError> {
        let (mut trails, mut members) = self.history(&named)?;
        let spans = resolve(&members);
        let home = |key: Option<IdentifierKey>| key.and_then(|key| span_at(spans.get(&key)?, when.at)?.home);
        let mut plan = Plan { entries: Vec::new(), main: 0, group: None };
        match &record.what {
            What::Move { .. } => {
                let (from, to) = named.split_at(1);
                // What follows the change is what the new identifier has from then on.
                let after = when.at.plus_micros(1);
                let to_home = to.first().and_then(|to| to.key).and_then(|key| span_at(spans.get(&key)?, after)?.home);
                let trail = from.first().and_then(|from| home(from.key)).unwrap_or_else(|| batch.allot_trail());
                let second = to_home.unwrap_or_else(|| batch.allot_trail());
                let mut entries = self.own_entries(
                    record,
                    account,
                    when,
                    policy,
                    trail,
                    &[],
                    from.iter().any(|from| from.key.is_none() || home(from.key).is_none()),
                );
                for entry in &mut entries {
                    entry.keys = introduce(batch, &self.state, trail, account.trail, from);
                    entry.second_keys = introduce(batch, &self.state, second, account.trail, to);
                    entry.introduces_second = to_home.is_none() || to.iter().any(|to| to.key.is_none());
                    place_second(entry, second, to);
                }
                plan.entries = entries;
                trails.extend([trail, second]);
            }
            _ => {
                let mut homes: Vec<u64> = named.iter().filter_map(|named| home(named.key)).collect();
                homes.sort_unstable();
                homes.dedup();
                let elder = homes.first().copied().unwrap_or_else(|| batch.allot_trail());
                trails.push(elder);
                let is_link = matches!(record.what, What::Link { .. });
                for younger in homes.iter().skip(1) {
                    let (theirs, rest): (Vec<&Named>, Vec<&Named>) = named.iter().partition(|named| home(named.key) == Some(*younger));
                    let elders: Vec<&Named> = rest.into_iter().filter(|named| home(named.key) == Some(elder)).collect();
                    plan.entries.push(join(record, account, when, (elder, &elders), (*younger, &theirs)));
                }
                let introduces = named.iter().any(|named| named.key.is_none() || home(named.key).is_none());
                let keys = introduce(batch, &self.state, elder, account.trail, &named);
                if !is_link || plan.entries.is_empty() {
                    plan.main = plan.entries.len();
                    plan.entries.extend(self.own_entries(record, account, when, policy, elder, &keys, introduces));
                }
            }
        }
        self.settle(batch, plan, &mut members, &spans, trails, policy)
    }

    /// Works out who is who with the planned entries, and what they did.
    fn settle(
        &self,
        batch: &Batch,
        mut plan: Plan,
        members: &mut Vec<MemberEvent>,
        spans: &Spans,
        mut trails: Vec<u64>,
        policy: &Policy,
    ) -> Result<Plan, RecordError> {
        let mut seq = batch.head.seq;
        let mut added = Vec::new();
        for entry in &plan.entries {
            seq = seq.next();
            added.push(planned_member(entry, Fact { at: entry.occurred_at, seq }, &self.state));
        }
        members.extend(added.iter().flatten().cloned());
        let after = resolve(members);
        for (entry, member) in plan.entries.iter_mut().zip(&added) {
            let Some(member) = member else { continue };
            let key = entry.keys.first().copied();
            let (old, new) = (behind(spans, key, entry.occurred_at), behind(&after, key, entry.occurred_at));
            entry.effect = Some(match &member.what {
                Member::Act { event, .. } => effect(&old, &new, old != new, event, policy),
                Member::Linked { .. } | Member::Moved { .. } if *spans == after => Effect::HistoricalOnly,
                Member::Linked { .. } | Member::Moved { .. } => Effect::Applied,
            });
        }
        trails.sort_unstable();
        trails.dedup();
        let latest = members.iter().map(MemberEvent::at).max().unwrap_or_default();
        plan.group = Some(Group { trails, spans: after, latest, last: seq });
        Ok(plan)
    }

    /// Every event of the contacts that the identifiers belong to, and of those held together with them.
    fn history(&self, named: &[Named]) -> Result<(Vec<u64>, Vec<MemberEvent>), RecordError> {
        let mut trails: Vec<u64> = Vec::new();
        for key in named.iter().filter_map(|named| named.key) {
            match self.state.group(key.trail) {
                Some(group) => trails.extend(&group.trails),
                None => trails.push(key.trail),
            }
        }
        trails.sort_unstable();
        trails.dedup();
        let members = self.members(&trails).map_err(|reason| RecordError::Unavailable { reason })?;
        Ok((trails, members))
    }

    /// Every event of these trails, by seq.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub fn members(&self, trails: &[u64]) -> Result<Vec<MemberEvent>, String> {
        members(&self.state, &self.reader, trails)
    }
}

/// Every event of these trails, by seq.
///
/// # Errors
/// Where one cannot be read.
pub fn members(state: &State, reader: &Reader, trails: &[u64]) -> Result<Vec<MemberEvent>, String> {
    let lasts: Vec<_> = trails.iter().filter_map(|trail| Some((*trail, state.trail(*trail)?.last))).collect();
    let entries = reader.trails(&lasts).map_err(|error| error.to_string())?;
    let member = |entry: &super::reader::ReadEntry| fold::member(&entry.header, &entry.clear, &mut |name| state.sender_number(name));
    Ok(entries.iter().filter_map(member).collect())
}

/// Gives every identifier its key: the one it has, or the next of `trail`.
fn introduce(batch: &mut Batch, state: &State, trail: u64, account: u64, named: &[Named]) -> Vec<IdentifierKey> {
    let mut next = batch.trail(state, trail, account).trail.identifiers;
    let mut keys = Vec::with_capacity(named.len());
    for named in named {
        let key = named.key.unwrap_or_else(|| {
            next += 1;
            IdentifierKey { trail, ordinal: next }
        });
        batch.identifiers.insert(named.digest, key);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// A join: the elder's next entry, the younger's last.
fn join(record: &Record, account: &AccountState, when: When, elder: (u64, &[&Named]), younger: (u64, &[&Named])) -> Planned {
    let keys = |named: &[&Named]| named.iter().filter_map(|named| named.key).collect::<Vec<_>>();
    let sealed = |named: &[&Named]| SealedPart {
        identifiers: named.iter().map(|named| named.identifier.as_str().to_owned()).collect(),
        ..SealedPart::default()
    };
    Planned {
        account: account.trail,
        actor: record.actor,
        occurred_at: when.at,
        claimed_at: when.claimed,
        trail: elder.0,
        second: younger.0,
        keys: keys(elder.1),
        second_keys: keys(younger.1),
        introduces: false,
        introduces_second: false,
        caused: false,
        event_id_digest: [0; 16],
        effect: None,
        fact: crate::proto::clear_part::Fact::IdentifiersLinked(crate::proto::IdentifiersLinked {}),
        sealed: sealed(elder.1),
        second_sealed: sealed(younger.1),
    }
}

/// Splits what a move seals between the trail moved from and the one moved to.
fn place_second(entry: &mut Planned, second: u64, to: &[Named]) {
    let identifiers: Vec<String> = to.iter().map(|to| to.identifier.as_str().to_owned()).collect();
    if second != entry.trail {
        entry.second = second;
        entry.sealed.identifiers.truncate(1);
        entry.second_sealed = SealedPart { identifiers, ..SealedPart::default() };
    }
}

fn planned_member(entry: &Planned, fact: Fact, state: &State) -> Option<MemberEvent> {
    use crate::proto::clear_part::Fact as Stored;
    let what = match &entry.fact {
        Stored::IdentifiersLinked(_) => Member::Linked { fact, identifiers: [entry.keys.clone(), entry.second_keys.clone()].concat() },
        Stored::NumberChanged(_) | Stored::UserIdChanged(_) => {
            Member::Moved { fact, from: *entry.keys.first()?, to: *entry.second_keys.first()? }
        }
        stored => {
            let act = fold::act(stored, &mut |name| state.sender_number(name))?;
            Member::Act { event: Event { at: fact.at, seq: fact.seq, act }, identifiers: entry.keys.clone() }
        }
    };
    Some(MemberEvent { trail: entry.trail, what })
}

fn behind(spans: &Spans, key: Option<IdentifierKey>, at: Time) -> Facts {
    let span = key.and_then(|key| span_at(spans.get(&key)?, at));
    match span.map(|span| &span.behind) {
        Some(Behind::Contact(facts)) => facts.clone(),
        Some(Behind::Moved(_) | Behind::Nobody) | None => Facts::default(),
    }
}
