//! The state from the log: entry by entry, and at the end accounts and who is who.

use std::collections::HashMap;

use crate::consent::account::{AccountEvent, Known, Noted};
use crate::consent::event::Event;
use crate::consent::facts::{Fact as Folded, Facts};
use crate::consent::identifier::Identifier;
use crate::consent::identity::{IdentifierKey, MemberEvent, resolve};
use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::bytes::entry::{FLAG_INTRODUCES, FLAG_INTRODUCES_SECOND, TrailLink};
use crate::ledger::erasure::matters::MatterTurn;
use crate::ledger::keys::in_order::Slots;
use crate::ledger::keys::secrets::Secrets;
use crate::ledger::memory::fold;
use crate::ledger::memory::packed::{pack, unpack};
use crate::ledger::memory::state::{Group, Position, State};
use crate::ledger::principals::roll::{PrincipalEvent, Told};
use crate::ledger::reading::possible_opt_outs::Doubt;
use crate::ledger::storage::reader::{EntryUnreadable, ReadEntry, Reader, Sealed, open_with};
use crate::proto::clear_part::Fact;
use crate::proto::{ContactErased, IdentifierReference, SigningKeyChanged};

/// What a replay found and needs at its end.
#[derive(Default)]
pub struct Found {
    /// Each grouped trail and the lowest trail of its group.
    pub grouped: HashMap<u64, u64>,
    /// Trails whose identifiers could not be read, and why: each must turn out to be erased.
    pub unread: Vec<(u64, EntryUnreadable)>,
    /// Whether an erasure was among the entries.
    pub erasures: bool,
    /// The signing keys that entries name, each with its entry.
    pub signing_keys: Vec<(Seq, SigningKeyChanged)>,
}

/// Rebuilds the state; entries may come again, which changes nothing.
pub struct Replay<'a, Keys> {
    /// The state.
    pub state: &'a State,
    /// Digests of identifiers.
    pub secrets: &'a Secrets,
    /// Opens the entries that introduce identifiers.
    pub keyring: &'a Keys,
    /// What was found so far.
    pub found: Found,
}

impl<Keys: Slots> Replay<'_, Keys> {
    /// Applies an entry.
    ///
    /// # Errors
    /// Where what it introduces cannot be read.
    pub fn apply(&mut self, entry: &ReadEntry, position: Position) -> Result<(), EntryUnreadable> {
        let header = &entry.header;
        let (at, seq) = (Time::from_micros(entry.clear.occurred_at), header.seq);
        self.extend(entry, header.link)?;
        self.extend(entry, header.second)?;
        if header.event_id_digest != [0; 16] {
            self.state.spend_event_id(header.event_id_digest, seq);
        }
        let doubt = entry.clear.fact.as_ref().and_then(|fact| Doubt::of(header.account, header.link.trail, seq, fact));
        if let Some(doubt) = doubt {
            self.state.note_doubt(doubt);
        }
        let keys = fold::keys(&entry.clear.identifiers, header.link.trail);
        let of = |fact| MatterTurn::of(header.account, header.link.trail, seq, at, &keys, fact);
        if let Some(turn) = entry.clear.fact.as_ref().and_then(of) {
            self.state.note_matter(turn);
        }
        match &entry.clear.fact {
            Some(Fact::ContactErased(erased)) => {
                erased.trails.iter().try_for_each(|trail| self.is_due(entry, *trail))?;
                self.erased(entry, erased);
            }
            Some(Fact::SigningKeyChanged(changed)) => self.found.signing_keys.push((seq, changed.clone())),
            Some(Fact::AccountCreated(created)) => self.state.add_account(&created.name, header.link.trail),
            Some(Fact::PersonalDataRead(_)) => self.state.note_reads(header.account, header.link.trail),
            Some(fact @ (Fact::PrincipalAdded(_) | Fact::PrincipalRevoked(_))) => {
                if let Some(told) = Told::of(fact) {
                    self.state.apply_principal(PrincipalEvent { seq, at, told });
                }
            }
            // What a contact did was folded into its trail above.
            Some(_) | None => {}
        }
        self.introduce(entry, false)?;
        self.introduce(entry, true)?;
        self.note_group(entry);
        self.state.publish(position);
        Ok(())
    }

    /// Folds what happened to every account from its own trail, and works out who is who in every group.
    ///
    /// # Errors
    /// Where an entry cannot be read.
    pub fn finish(self, reader: &Reader) -> Result<(), EntryUnreadable> {
        let unread = |(trail, error): &(u64, EntryUnreadable)| (!self.state.erasures().is_void(*trail)).then(|| error.clone());
        if let Some(error) = self.found.unread.iter().find_map(unread) {
            return Err(error);
        }
        if self.found.erasures {
            self.state.erasures_mut().sweep();
            self.state.forget_erased_identifiers();
        }
        for (_, account) in self.state.accounts() {
            self.fold_account(reader, account.trail)?;
        }
        let mut groups: HashMap<u64, Vec<u64>> = HashMap::new();
        for trail in self.found.grouped.keys() {
            groups.entry(self.root(*trail)).or_default().push(*trail);
        }
        for mut trails in groups.into_values() {
            trails.sort_unstable();
            put_group(self.state, reader, trails)?;
        }
        Ok(())
    }

    fn fold_account(&self, reader: &Reader, account: u64) -> Result<(), EntryUnreadable> {
        let Some(trail) = self.state.trail(account) else { return Ok(()) };
        for entry in reader.trail(account, trail.last())? {
            let act = entry.clear.fact.as_ref().and_then(|fact| fold::account_act(fact, &mut |name| self.state.sender_number(name)));
            if let Some(act) = act {
                let at = Time::from_micros(entry.clear.occurred_at);
                let noted = Noted { at, recorded_at: entry.header.recorded_at, seq: entry.header.seq };
                self.state.apply_account(account, AccountEvent { noted, act });
            }
        }
        Ok(())
    }

    /// Extends a trail by an entry, and where it is the entry's own folds what the contact did: the trail is looked up once.
    fn extend(&self, entry: &ReadEntry, link: TrailLink) -> Result<(), EntryUnreadable> {
        let (header, clear) = (&entry.header, &entry.clear);
        if link.trail_seq == 0 {
            return Ok(());
        }
        self.is_due(entry, link.trail)?;
        let stored = clear.fact.as_ref().filter(|_| link == header.link);
        let act = stored.and_then(|fact| fold::act(fact, &mut |name| self.state.sender_number(name)));
        self.state.change_trail(link.trail, header.account, |trail| {
            if trail.last() < header.seq {
                trail.go_on(header.seq, link.trail_seq);
                let own = [(&clear.identifiers, header.link.trail), (&clear.second_identifiers, header.second.trail)];
                let own = own.into_iter().flat_map(|(references, of)| fold::ordinals(references, of, link.trail));
                trail.identifiers = own.fold(trail.identifiers, u32::max);
            }
            if let Some(act) = act
                && let Some(mut facts) = unpack(&trail.facts).filter(|_| !trail.grouped)
            {
                facts.apply(&Event { at: Time::from_micros(clear.occurred_at), seq: header.seq, act });
                trail.facts = pack(&facts);
            }
        });
        Ok(())
    }

    /// Trails are numbered without gaps, and an entry begins two at most: another number is of no trail, and of no slot of the keyring.
    fn is_due(&self, entry: &ReadEntry, trail: u64) -> Result<(), EntryUnreadable> {
        let highest = self.state.highest_trail();
        if trail <= highest.saturating_add(2) {
            return Ok(());
        }
        Err(EntryUnreadable { seq: entry.header.seq, reason: format!("it names trail {trail}, and the highest so far is {highest}") })
    }

    fn introduce(&mut self, entry: &ReadEntry, second: bool) -> Result<(), EntryUnreadable> {
        let header = &entry.header;
        let (flag, references, own) = if second {
            (FLAG_INTRODUCES_SECOND, &entry.clear.second_identifiers, header.second.trail)
        } else {
            (FLAG_INTRODUCES, &entry.clear.identifiers, header.link.trail)
        };
        if !header.has(flag) {
            return Ok(());
        }
        let unread = |reason: String| EntryUnreadable { seq: header.seq, reason };
        match open_with(self.keyring, entry, second) {
            Ok(Sealed::Opened(sealed)) => {
                for (key, text) in fold::keys(references, own).into_iter().zip(&sealed.identifiers) {
                    let identifier: Identifier = text.parse().map_err(|error| unread(format!("{error}")))?;
                    self.introduce_identifier(header.account, own, key, &identifier);
                }
            }
            Ok(Sealed::Nothing) => {}
            Ok(Sealed::Erased) => {
                let reason = format!("the key of trail {own} was erased, and the log does not say so; the keyring is newer than the log");
                self.found.unread.push((own, unread(reason)));
            }
            Err(error) => self.found.unread.push((own, error)),
        }
        Ok(())
    }

    /// Makes an identifier known, and what an erasure left of it.
    fn introduce_identifier(&self, account: u64, trail: u64, key: IdentifierKey, identifier: &Identifier) {
        self.state.erasures_mut().introduced(key, trail);
        self.state.introduce_identifier(self.secrets.identifier_digest(account, identifier), key);
        let remembered = self.state.remembered(self.secrets, account, identifier);
        for erased in &remembered.erased {
            self.state.erasures_mut().suppress(key, *erased);
        }
        if let Some(erased) = remembered.latest() {
            self.suppress(trail, erased);
        }
    }

    fn suppress(&self, number: u64, erased: Folded) {
        if let Some(mut trail) = self.state.trail(number)
            && let Some(mut facts) = unpack(&trail.facts).filter(|_| !trail.grouped)
        {
            facts.suppress(erased);
            trail.facts = pack(&facts);
            self.state.put_trail(number, trail);
        }
    }

    /// Notes an erasure. Of the trails that it voids only that is left.
    fn erased(&mut self, entry: &ReadEntry, erased: &ContactErased) {
        self.found.erasures = true;
        let fact = Folded { at: Time::from_micros(entry.clear.occurred_at), seq: entry.header.seq };
        self.state.erasures_mut().note(fact, &fold::keys(&entry.clear.identifiers, entry.header.link.trail), erased);
        for number in &erased.trails {
            self.state.forget_possible_opt_outs(*number);
            self.state.forget_matters(*number);
            if let Some(mut trail) = self.state.trail(*number) {
                trail.facts = pack(&Facts { erased: Some(fact), ..Facts::default() });
                self.state.put_trail(*number, trail);
            }
        }
    }

    /// Notes which trails the entry holds together: those of a join or a move, and those whose identifiers it uses.
    fn note_group(&mut self, entry: &ReadEntry) {
        let own = entry.header.link.trail;
        if is_of_one_trail(entry) {
            return;
        }
        let keys =
            [fold::keys(&entry.clear.identifiers, own), fold::keys(&entry.clear.second_identifiers, entry.header.second.trail)].concat();
        let mut trails: Vec<u64> = keys.iter().map(|key| key.trail).filter(|trail| *trail != own).collect();
        if entry.header.second.trail != 0 {
            trails.push(entry.header.second.trail);
        }
        let says_who_is_who =
            matches!(entry.clear.fact, Some(Fact::IdentifiersLinked(_) | Fact::NumberChanged(_) | Fact::UserIdChanged(_)))
                || matches!(entry.clear.fact, Some(Fact::ContactErased(_))) && !keys.is_empty();
        if trails.is_empty() && !says_who_is_who {
            return;
        }
        for trail in std::iter::once(own).chain(trails) {
            let (a, b) = (self.root(own), self.root(trail));
            self.found.grouped.entry(own).or_insert(own);
            self.found.grouped.entry(trail).or_insert(trail);
            self.found.grouped.insert(a.max(b), a.min(b));
        }
    }

    fn root(&self, mut trail: u64) -> u64 {
        while let Some(parent) = self.found.grouped.get(&trail).filter(|parent| **parent != trail) {
            trail = *parent;
        }
        trail
    }
}

/// Whether an entry plainly says nothing of who is who, as nearly all do.
fn is_of_one_trail(entry: &ReadEntry) -> bool {
    let (header, clear) = (&entry.header, &entry.clear);
    let is_own = |reference: &IdentifierReference| reference.trail == 0 || reference.trail == header.link.trail;
    let may_join =
        matches!(clear.fact, Some(Fact::IdentifiersLinked(_) | Fact::NumberChanged(_) | Fact::UserIdChanged(_) | Fact::ContactErased(_)));
    !may_join && header.second.trail == 0 && clear.second_identifiers.is_empty() && clear.identifiers.iter().all(is_own)
}

/// Works out who is who in a group of trails and puts it into the state.
///
/// # Errors
/// Where an entry cannot be read.
pub fn put_group(state: &State, reader: &Reader, trails: Vec<u64>) -> Result<(), EntryUnreadable> {
    let members = crate::ledger::reading::history::members(state, reader, &trails, Known::default())
        .map_err(|reason| EntryUnreadable { seq: Seq::NONE, reason })?;
    let latest = members.iter().map(MemberEvent::at).max().unwrap_or_default();
    let last = trails.iter().filter_map(|trail| state.trail(*trail)).map(|trail| trail.last()).max().unwrap_or_default();
    state.put_group(Group { trails, spans: resolve(&members), latest, last });
    Ok(())
}
