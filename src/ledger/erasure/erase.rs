//! Erasure (rule 17): which trails lose their keys, what is kept of others who share them, and which tokens stay.
//!
//! ```text
//! one commit:  ContactErased {trails, tokens} | kept events again, under fresh keys | identifiers that others still use
//! ```
//!
//! Kept are events of other contacts in the same trails (a number's new owner, where the change came late) and those later
//! than the erasure. In practice an erasure happens now, its person shares trails with nobody, and nothing is kept.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::consent::facts::{Fact, Facts};
use crate::consent::identifier::Identifier;
use crate::consent::identity::{Held, IdentifierKey, Member, MemberEvent, Met, People, Person, Whose, resolve, whose};
use crate::consent::time::Time;
use crate::consent::words::{Effect, Seq};
use crate::ledger::erasure::erasures::erased_member;
use crate::ledger::erasure::matters::Matter;
use crate::ledger::memory::fold;
use crate::ledger::memory::state::Group;
use crate::ledger::reading::history::{self, planned_member, trails_of};
use crate::ledger::storage::reader::{ReadEntry, Sealed, open_sealed};
use crate::ledger::writing::asked::Asked;
use crate::ledger::writing::batch::{Batch, Planned};
use crate::ledger::writing::plan::{Named, Plan, Planner};
use crate::ledger::writing::record::{Actor, RecordError};
use crate::proto::clear_part::Fact as Stored;
use crate::proto::{ContactErased, FormerIdentifier, IdentifiersLinked, SealedPart};

/// How far an erasure goes.
#[derive(Clone, Copy)]
pub(in crate::ledger) struct Reach {
    /// As of then.
    pub(in crate::ledger) at: Time,
    /// Whether tokens stay.
    pub(in crate::ledger) keeps_tokens: bool,
    /// Whether keys go; else the tokens are all of it.
    pub(in crate::ledger) destroys: bool,
    /// The request that is carried out: whoever was met then, and the request itself, whose trail goes with them.
    pub(in crate::ledger) request: Option<Matter>,
}

/// An entry with what is sealed in it.
struct Opened {
    entry: ReadEntry,
    keys: Vec<IdentifierKey>,
    second_keys: Vec<IdentifierKey>,
    sealed: SealedPart,
    second_sealed: SealedPart,
}

/// What stays of the trails that lose their keys.
struct Kept {
    /// The trails that lose their keys.
    void: BTreeSet<u64>,
    /// The fresh trail of each contact that had something there.
    fresh: BTreeMap<usize, u64>,
    /// Identifiers introduced again, and where.
    introduced: HashMap<IdentifierKey, u64>,
    /// Entries recorded again: what stands where.
    again: HashMap<Seq, Seq>,
}

impl Planner {
    /// Erases the person behind an identifier.
    pub(in crate::ledger) fn erase(
        &self,
        batch: &mut Batch,
        asked: &Asked<'_>,
        contact: &Named,
        keeps_tokens: bool,
    ) -> Result<Plan, RecordError> {
        let mut plan = Plan::new(Vec::new());
        self.reach(batch, asked, contact, Reach { at: asked.when.at, keeps_tokens, destroys: true, request: None }, &mut plan)?;
        Ok(plan)
    }

    /// Adds to `plan` and `batch` what it takes to erase or suppress the person behind an identifier.
    pub(in crate::ledger) fn reach(
        &self,
        batch: &mut Batch,
        asked: &Asked<'_>,
        contact: &Named,
        reach: Reach,
        plan: &mut Plan,
    ) -> Result<(), RecordError> {
        let trails = self.trails_of(batch, std::slice::from_ref(contact));
        let mut opened = self.opened(&trails)?;
        let mut members = self.members_of(batch, &opened, &trails);
        let met = contact.key.map(|key| reach.request.map_or(Met { key, at: reach.at }, |request| request.met));
        let person = met.map(|met| People::as_of(&members, reach.at).person(met)).unwrap_or_default();
        let fact = Fact { at: reach.at, seq: Seq::new(batch.head.seq.number() + plan.entries.len() as u64 + 1) };
        let mut kept = Kept { void: BTreeSet::new(), fresh: BTreeMap::new(), introduced: HashMap::new(), again: HashMap::new() };
        let texts = texts(&opened, contact);
        if reach.destroys {
            let theirs: HashSet<Seq> = person.events.iter().copied().chain(reach.request.map(|request| request.seq)).collect();
            kept.void =
                opened.iter().filter(|opened| theirs.contains(&opened.entry.header.seq)).flat_map(|o| trails_of(&o.entry)).collect();
            opened.retain(|opened| !theirs.contains(&opened.entry.header.seq));
            members.retain(|member| !theirs.contains(&member.seq()));
        }
        let tokened: Vec<IdentifierKey> = if reach.keeps_tokens {
            person.identifiers.iter().filter(|held| suppresses(held)).map(|held| held.key).collect()
        } else {
            Vec::new()
        };
        members.extend(tokened.iter().map(|key| erased_member(*key, fact)));

        let main = plan.entries.len();
        // Refuses before a trail is allotted: their numbers are without gaps.
        let mut erased = self.left(asked, contact, &person, reach, &texts)?;
        plan.entries.push(asked.entry(0, Stored::ContactErased(ContactErased::default())));
        self.keep(batch, &opened, &members, &mut kept, &mut plan.entries);
        let home = kept.void.first().copied().or_else(|| opened.iter().rev().find_map(|opened| opened.uses(contact.key?)));
        let home = home.unwrap_or_else(|| batch.allot_trail());
        erased.trails = if trails.is_empty() { vec![home] } else { kept.void.iter().copied().collect() };
        let goes = |key: &IdentifierKey| kept.void.contains(&self.state.erasures().holder(*key)) && !kept.introduced.contains_key(key);
        let still_known: Vec<IdentifierKey> =
            tokened.iter().filter(|key| !kept.void.contains(&self.state.erasures().holder(**key))).copied().collect();
        if let Some(entry) = plan.entries.get_mut(main) {
            let changes = !erased.trails.is_empty() && !trails.is_empty() || !erased.suppression_tokens.is_empty();
            entry.occurred_at = reach.at;
            entry.claimed_at = entry.claimed_at.filter(|_| reach.destroys);
            entry.trail = home;
            entry.keys.clone_from(&still_known);
            entry.effect = Some(if changes { Effect::Applied } else { Effect::NoChange });
            entry.fact = Stored::ContactErased(erased.clone());
        }
        // Who finds the trail before its identifiers are forgotten finds this.
        for trail in &erased.trails {
            let working = batch.trail(&self.state, *trail, asked.account);
            working.facts = working.facts.take().map(|_| Facts { erased: Some(fact), ..Facts::default() });
        }
        let erasing = &mut batch.erasing;
        erasing.erased.push((fact, still_known, erased));
        erasing.suppressed.extend(tokened.iter().filter(|key| kept.introduced.contains_key(key)).map(|key| (*key, fact)));
        erasing.introduced_again.extend(kept.introduced.iter().map(|(key, trail)| (*key, *trail)));
        erasing
            .forgotten
            .extend(texts.iter().filter(|(key, _)| goes(key)).map(|(_, text)| self.secrets.identifier_digest(asked.account, text)));
        if !trails.is_empty() {
            self.regroup(batch, plan, &kept, &opened, members, &trails);
        }
        Ok(())
    }

    /// The tokens that stay.
    fn left(
        &self,
        asked: &Asked<'_>,
        contact: &Named,
        person: &Person,
        reach: Reach,
        texts: &HashMap<IdentifierKey, Identifier>,
    ) -> Result<ContactErased, RecordError> {
        let mut left = ContactErased::default();
        if !reach.keeps_tokens {
            return Ok(left);
        }
        let token = |identifier: &Identifier| self.secrets.suppression_token(asked.account, identifier).bytes().to_vec();
        if contact.key.is_none() {
            left.suppression_tokens.push(token(&contact.identifier));
        }
        for held in &person.identifiers {
            let unread = || RecordError::Unavailable { reason: format!("an identifier of trail {} cannot be read", held.key.trail) };
            let token = token(texts.get(&held.key).ok_or_else(unread)?);
            match held.left {
                Some(until) if !suppresses(held) => left.former_identifiers.push(FormerIdentifier { token, until: until.micros() }),
                _ => left.suppression_tokens.push(token),
            }
        }
        left.suppression_tokens.sort_unstable();
        left.suppression_tokens.dedup();
        left.former_identifiers.sort_unstable_by(|a, b| a.token.cmp(&b.token));
        Ok(left)
    }

    /// Records again what others have in the trails that lose their keys, and introduces what others still use.
    fn keep(&self, batch: &mut Batch, opened: &[Opened], members: &[MemberEvent], kept: &mut Kept, entries: &mut Vec<Planned>) {
        let whose: HashMap<Seq, Whose> =
            members.iter().map(MemberEvent::seq).zip(whose(members)).filter_map(|(seq, whose)| Some((seq, whose?))).collect();
        let is_void = |opened: &&Opened| trails_of(&opened.entry).any(|trail| kept.void.contains(&trail));
        let (shared, untouched): (Vec<&Opened>, Vec<&Opened>) = opened.iter().partition(is_void);
        for opened in shared.into_iter().filter(|opened| self.stands(&opened.entry)) {
            if let Some(whose) = whose.get(&opened.entry.header.seq) {
                kept.again.insert(opened.entry.header.seq, Seq::new(batch.head.seq.number() + entries.len() as u64 + 1));
                entries.extend(self.copy(batch, opened, *whose, kept));
            }
        }
        for opened in untouched {
            let (own, second) = opened.trails();
            for (keys, trail) in [(&opened.keys, own), (&opened.second_keys, second)] {
                for key in keys {
                    if let Some(text) = opened.text(*key)
                        && self.introduces_again(kept, std::slice::from_ref(key), trail)
                    {
                        let linked = Stored::IdentifiersLinked(IdentifiersLinked {});
                        let at = Time::from_micros(opened.entry.clear.occurred_at);
                        entries.push(Planned {
                            keys: vec![*key],
                            introduces: true,
                            sealed: SealedPart { identifiers: vec![text.to_owned()], ..SealedPart::default() },
                            ..Planned::new(opened.entry.header.account, Actor::LEDGER, at, trail, linked)
                        });
                    }
                }
            }
        }
    }

    /// Whether it still means something: a matter that is closed, or what closed one, does not. Recorded again, a request
    /// that was cancelled would wait anew.
    fn stands(&self, entry: &ReadEntry) -> bool {
        match &entry.clear.fact {
            Some(Stored::ErasureCancelled(_)) => false,
            Some(Stored::ErasureRequested(_) | Stored::LegalHoldChanged(_)) => self.state.matters.read().find(entry.header.seq).is_some(),
            _ => true,
        }
    }

    /// An entry of another contact again, in a fresh trail of that contact.
    fn copy(&self, batch: &mut Batch, opened: &Opened, whose: Whose, kept: &mut Kept) -> Option<Planned> {
        let (header, clear) = (&opened.entry.header, &opened.entry.clear);
        let mut fact = clear.fact.clone()?;
        if let Stored::PossibleOptOutResolved(resolved) = &mut fact {
            resolved.seq = kept.again.get(&Seq::new(resolved.seq)).map_or(resolved.seq, |seq| seq.number());
        }
        let is_move = matches!(fact, Stored::NumberChanged(_) | Stored::UserIdChanged(_));
        let mut fresh = |contact: usize, known: u64| {
            let stays = is_move && known != 0 && !kept.void.contains(&known);
            if stays { known } else { *kept.fresh.entry(contact).or_insert_with(|| batch.allot_trail()) }
        };
        let trail = fresh(whose.contact, header.link.trail);
        let second = if is_move { fresh(whose.arrives_at, header.second.trail) } else { trail };
        let text = |keys: &[IdentifierKey]| keys.iter().filter_map(|key| opened.text(*key).map(str::to_owned)).collect::<Vec<_>>();
        let (own, theirs) = (text(&opened.keys), text(&opened.second_keys));
        let planned = Planned {
            claimed_at: (clear.claimed_at != 0).then(|| Time::from_micros(clear.claimed_at)),
            caused: header.has(crate::ledger::bytes::entry::FLAG_CAUSED),
            effect: Effect::from_number(clear.effect),
            original: Some(opened.entry.first_recorded()),
            ..Planned::new(header.account, Actor::from_number(header.actor), Time::from_micros(clear.occurred_at), trail, fact)
        };
        let introduces = self.introduces_again(kept, &opened.keys, trail);
        Some(if second != trail {
            Planned {
                second,
                keys: opened.keys.clone(),
                second_keys: opened.second_keys.clone(),
                introduces,
                introduces_second: self.introduces_again(kept, &opened.second_keys, second),
                sealed: SealedPart { identifiers: own, ..opened.sealed.clone() },
                second_sealed: SealedPart { identifiers: theirs, ..opened.second_sealed.clone() },
                ..planned
            }
        } else if is_move {
            let sealed = SealedPart { identifiers: [own, theirs].concat(), ..opened.sealed.clone() };
            Planned { keys: opened.keys.clone(), second_keys: opened.second_keys.clone(), introduces, sealed, ..planned }
        } else {
            let introduces = introduces | self.introduces_again(kept, &opened.second_keys, trail);
            let sealed = SealedPart { identifiers: [own, theirs].concat(), ..opened.sealed.clone() };
            Planned { keys: [opened.keys.clone(), opened.second_keys.clone()].concat(), introduces, sealed, ..planned }
        })
    }

    /// Whether `trail` is the first to introduce one of these identifiers again; notes that it does.
    fn introduces_again(&self, kept: &mut Kept, keys: &[IdentifierKey], trail: u64) -> bool {
        let mut introduces = false;
        for key in keys {
            if kept.void.contains(&self.state.erasures().holder(*key)) && !kept.introduced.contains_key(key) {
                kept.introduced.insert(*key, trail);
                introduces = true;
            }
        }
        introduces
    }

    /// Who is who among those who are left.
    fn regroup(&self, batch: &Batch, plan: &mut Plan, kept: &Kept, opened: &[Opened], mut members: Vec<MemberEvent>, trails: &[u64]) {
        members.retain(|member| matches!(member.what, Member::Erased { .. }));
        let is_void = |opened: &&Opened| trails_of(&opened.entry).any(|trail| kept.void.contains(&trail));
        let untouched = opened.iter().filter(|opened| !is_void(opened));
        members.extend(untouched.filter_map(|opened| history::member(&self.state, &opened.entry)));
        let mut seq = batch.head.seq;
        for entry in &plan.entries {
            seq = seq.next();
            members.extend(planned_member(entry, Fact { at: entry.occurred_at, seq }, &self.state));
        }
        // A contact whose one trail is gone leaves nobody to tell apart.
        if opened.is_empty() && trails.iter().all(|trail| self.state.group(*trail).is_none()) {
            return;
        }
        let mut trails: Vec<u64> = trails.iter().copied().chain(kept.fresh.values().copied()).collect();
        trails.sort_unstable();
        trails.dedup();
        let latest = members.iter().map(MemberEvent::at).max().unwrap_or_default();
        plan.groups.push(Group { trails, spans: resolve(&members), latest, last: seq });
    }

    fn opened(&self, trails: &[u64]) -> Result<Vec<Opened>, RecordError> {
        let unavailable = |error: crate::ledger::storage::reader::EntryUnreadable| RecordError::Unavailable { reason: error.to_string() };
        let entries = history::entries(&self.state, &self.reader, trails).map_err(unavailable)?;
        let keyring = self.keyring.lock();
        let part = |entry: &ReadEntry, second| match open_sealed(&keyring, entry, second).map_err(unavailable)? {
            Sealed::Opened(sealed) => Ok(*sealed),
            Sealed::Nothing | Sealed::Erased => Ok::<_, RecordError>(SealedPart::default()),
        };
        let open = |entry: ReadEntry| {
            Ok(Opened {
                keys: fold::keys(&entry.clear.identifiers, entry.header.link.trail),
                second_keys: fold::keys(&entry.clear.second_identifiers, entry.header.second.trail),
                sealed: part(&entry, false)?,
                second_sealed: part(&entry, true)?,
                entry,
            })
        };
        entries.into_iter().map(open).collect()
    }

    fn members_of(&self, batch: &Batch, opened: &[Opened], trails: &[u64]) -> Vec<MemberEvent> {
        let entries = || opened.iter().map(|opened| &opened.entry);
        let member = |entry: &ReadEntry| history::member(&self.state, entry).or_else(|| history::mention(entry, entries()));
        let mut members: Vec<MemberEvent> = entries().filter_map(member).collect();
        members.extend(self.state.erasures().members(trails));
        for (fact, keys, _) in &batch.erasing.erased {
            members.extend(keys.iter().map(|key| erased_member(*key, *fact)));
        }
        members
    }
}

impl Opened {
    /// Each identifier with its text.
    fn texts(&self) -> impl Iterator<Item = (IdentifierKey, &str)> {
        // The one box of a move within a trail holds both sides.
        let both = self.second_keys.iter().filter(|_| self.entry.header.second.trail == 0);
        let own = self.keys.iter().chain(both).zip(&self.sealed.identifiers);
        own.chain(self.second_keys.iter().zip(&self.second_sealed.identifiers)).map(|(key, text)| (*key, text.as_str()))
    }

    fn text(&self, key: IdentifierKey) -> Option<&str> {
        self.texts().find(|(known, _)| *known == key).map(|(_, text)| text)
    }

    /// The trails that hold its two lists of identifiers.
    const fn trails(&self) -> (u64, u64) {
        let (own, second) = (self.entry.header.link.trail, self.entry.header.second.trail);
        (own, if second == 0 { own } else { second })
    }

    /// The trail under which it uses an identifier.
    fn uses(&self, key: IdentifierKey) -> Option<u64> {
        let (own, second) = self.trails();
        if self.keys.contains(&key) { Some(own) } else { self.second_keys.contains(&key).then_some(second) }
    }
}

/// Whether the token of an identifier says no to whoever appears under it; else it only keeps out what is past.
const fn suppresses(held: &Held) -> bool {
    held.left.is_none() || !held.others
}

/// The text of every identifier in these entries.
fn texts(opened: &[Opened], contact: &Named) -> HashMap<IdentifierKey, Identifier> {
    let read = opened.iter().flat_map(Opened::texts).filter_map(|(key, text)| Some((key, text.parse().ok()?)));
    let own = contact.key.map(|key| (key, contact.identifier.clone()));
    read.chain(own).collect()
}
