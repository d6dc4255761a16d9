//! Whose permission a policy would change, before anyone adopts it.
//!
//! Every contact is asked about at one instant, through the same [`decide`] as a check, once under the policy in force
//! and once under the one proposed. The walk goes by trail number and reads one trail at a time: no lock is held for
//! longer than that, and memory does not grow with the contacts.
//!
//! Which senders a contact is asked about under: those that its facts name, and where a fact holds for all senders every
//! sender of the account. Under any other it has neither opt-in nor window, whatever the policy: nothing can change there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::consent::account::{AsOf, Known};
use crate::consent::decide::{Asked, Contact, Send, decide};
use crate::consent::event::SenderNumber;
use crate::consent::facts::Facts;
use crate::consent::identity::{Behind, IdentifierKey, Span, Spans, resolve, span_asked};
use crate::consent::policy::Policy;
use crate::consent::time::Time;
use crate::consent::words::{Account, Category, Permission, Reason, Sender};
use crate::ledger::memory::packed::unpack;
use crate::ledger::memory::state::AccountState;
use crate::ledger::memory::trail::Trail;
use crate::ledger::reading::history;
use crate::ledger::reading::naming::Members;
use crate::ledger::reading::policies::AdoptedPolicy;
use crate::ledger::{CheckError, Ledger, Position};

/// The sender that stands for one that was never mentioned.
const NOBODY: SenderNumber = SenderNumber::new(u32::MAX);

/// After how many trails the caller is asked whether to go on.
const BREATH: u64 = 256;

/// A policy to compare with the one in force.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The account.
    pub account: Account,
    /// The policy.
    pub policy: Policy,
    /// A sender to ask about for every contact.
    pub sender: Option<Sender>,
}

/// Where in the list of changes a page begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The instant that everybody is asked about.
    pub at: Time,
    /// The trail to go on with.
    pub trail: u64,
    /// How many of its contacts' changes were handed out.
    pub skip: usize,
    /// The account's senders, as the first page saw them.
    pub senders: Vec<SenderNumber>,
}

/// A page of the list of changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Where it begins; none: with the first, and then everything is counted too.
    pub from: Option<Place>,
    /// How many changes it holds at most.
    pub size: usize,
}

/// What a policy would change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyDiff {
    /// The instant that everybody was asked about.
    pub at: Time,
    /// The head when the walk began.
    pub position: Position,
    /// The policy in force then.
    pub in_force: AdoptedPolicy,
    /// How many contacts were looked at; 0 on a later page.
    pub contacts: u64,
    /// How many of them change anywhere; 0 on a later page.
    pub contacts_changed: u64,
    /// How many change, by sender and category; nothing on a later page.
    pub counts: BTreeMap<(String, Category), Counts>,
    /// Which change, where a page was asked for.
    pub changes: Vec<ContactChange>,
    /// Where the next page begins; none: there is none.
    pub next: Option<Place>,
}

/// How many contacts change, from which permission to which.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Those that change; both permissions differ.
    pub changed: BTreeMap<(Permission, Permission), u64>,
    /// Those that keep theirs.
    pub unchanged: u64,
}

/// What a policy answers: the permission, and the reason that decides.
pub type Outcome = (Permission, Option<Reason>);

/// A contact whose permission would change. Holds personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactChange {
    /// One of its identifiers.
    pub contact: String,
    /// The sender; empty: any.
    pub sender: String,
    /// The category.
    pub category: Category,
    /// Under the policy in force.
    pub before: Outcome,
    /// Under the one proposed.
    pub after: Outcome,
}

/// Never shows who it is.
impl std::fmt::Debug for ContactChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { sender, category, before, after, .. } = self;
        write!(f, "ContactChange(… {sender} {category} {before:?} {after:?})")
    }
}

impl Ledger {
    /// Compares a policy with the one in force, contact by contact. Writes nothing. Blocks; ends early where `go_on` says so.
    ///
    /// # Errors
    /// Where there is no such account, a contact's history cannot be read, or the caller does not go on.
    pub fn diff_policy(&self, proposal: &Proposal, page: Option<&Page>, go_on: &dyn Fn() -> bool) -> Result<PolicyDiff, CheckError> {
        if let Some(reason) = self.poisoned() {
            return Err(CheckError::Unavailable { reason });
        }
        let state = &self.shared.state;
        let from = page.and_then(|page| page.from.as_ref());
        let position = self.head();
        let at = from.map_or_else(|| self.latest_instant(), |from| from.at);
        let unknown = || CheckError::AccountUnknown { account: proposal.account.to_string() };
        let account = state.account(proposal.account.as_str()).ok_or_else(unknown)?;
        let in_force = self.policies(&proposal.account, Some(at), 0)?.in_force;
        // A sender that the first page did not know stays unknown on the others.
        let was_nobody = from.is_some_and(|from| from.senders.contains(&NOBODY));
        let number = |sender: &Sender| state.senders().number(sender.as_str()).filter(|_| !was_nobody).unwrap_or(NOBODY);
        let asked = proposal.sender.as_ref().map(number);
        let senders = match from {
            Some(from) => from.senders.clone(),
            None => self.senders_of(&account, asked, go_on)?,
        };
        let sides = [in_force.policy.policy.clone(), Arc::new(proposal.policy.clone())];
        let mut comparison = Comparison { account, at, sides, asked, senders, sends: HashMap::new(), counts: BTreeMap::new() };
        let mut list = List { wanted: page.map_or(0, |page| page.size), skip: from.map_or(0, |from| from.skip), ..List::default() };
        let (mut contacts, mut contacts_changed) = (0, 0);
        for trail in from.map_or(1, |from| from.trail)..=state.highest_trail() {
            if trail % BREATH == 0 {
                breathe(go_on)?;
            }
            list.begin(trail);
            for (members, facts) in self.contacts_at(trail, comparison.account.trail, at)? {
                contacts += 1;
                let mut changes = false;
                comparison.compare(&facts, |change| {
                    changes = true;
                    list.add(&members, change);
                });
                contacts_changed += u64::from(changes);
            }
            if from.is_some() && list.next.is_some() {
                break;
            }
        }
        let name = |number| self.sender_name(number, proposal);
        let mut counts = BTreeMap::new();
        if from.is_some() {
            (contacts, contacts_changed) = (0, 0);
        } else {
            counts.extend(comparison.counts.into_iter().map(|((sender, category), counts)| ((name(sender), category), counts)));
        }
        let next = list.next.map(|(trail, skip)| Place { at, trail, skip, senders: comparison.senders });
        let mut changes = Vec::with_capacity(list.taken.len());
        for (members, change) in list.taken {
            let contact = self.name_of(&members).map_err(|error| CheckError::Unavailable { reason: error.to_string() })?;
            // A key that went while the walk went on: an erased contact does not count.
            let Some(contact) = contact else { continue };
            let Change { sender, category, before, after } = change;
            changes.push(ContactChange { contact, sender: name(sender), category, before, after });
        }
        Ok(PolicyDiff { at, position, in_force, contacts, contacts_changed, counts, changes, next })
    }

    /// Every sender of the account: those that something was declared or reported of, those that contacts' facts name, and
    /// the one asked for. Never empty.
    fn senders_of(
        &self,
        account: &AccountState,
        asked: Option<SenderNumber>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Vec<SenderNumber>, CheckError> {
        let state = &self.shared.state;
        let mut senders: BTreeSet<SenderNumber> = account.facts.senders().chain(asked).collect();
        for number in 1..=state.highest_trail() {
            if number % BREATH == 0 {
                breathe(go_on)?;
            }
            let mut name = |facts: &Facts| senders.extend(named(facts).filter(|sender| *sender != SenderNumber::ALL));
            let theirs = |trail: &Trail| (trail.account() == account.trail).then(|| unpack(&trail.facts));
            match state.with_trail(number, theirs).flatten() {
                Some(Some(facts)) => name(&facts),
                Some(None) => {
                    let group = state.group(number).filter(|group| group.trails.first() == Some(&number));
                    let spans = group.iter().flat_map(|group| group.spans.values().flatten());
                    spans.filter_map(|span| if let Behind::Contact(facts) = &span.behind { Some(facts) } else { None }).for_each(name);
                }
                None => {}
            }
        }
        if senders.is_empty() {
            senders.insert(NOBODY);
        }
        Ok(senders.into_iter().collect())
    }

    /// The contacts of a trail as they stand at an instant. One that has identifiers from several trails belongs to that of
    /// the first, whatever joined them since: so a page goes on where the one before it ended.
    fn contacts_at(&self, number: u64, account: u64, at: Time) -> Result<Vec<(Members, Facts)>, CheckError> {
        let state = &self.shared.state;
        let theirs = |trail: &Trail| (trail.account() == account && number != account).then(|| (trail.grouped, unpack(&trail.facts)));
        let is_void = state.erasures().is_void(number);
        let contacts = match state.with_trail(number, theirs).flatten() {
            None => Vec::new(),
            // Nobody is left there.
            Some((false, _)) if is_void => Vec::new(),
            Some((false, Some(facts))) if facts.latest <= at => vec![(Members::Trail(number), facts)],
            Some((false, Some(_))) => self.contacts_then(&[number], number, at)?,
            Some((false, None)) => return Err(CheckError::Unavailable { reason: format!("trail {number} has no facts") }),
            Some((true, _)) => match state.group(number) {
                None => return Err(CheckError::Unavailable { reason: format!("trail {number} has no facts") }),
                Some(group) if group.latest <= at => contacts_of(&group.spans, number, at),
                Some(group) => self.contacts_then(&group.trails, number, at)?,
            },
        };
        Ok(contacts.into_iter().filter(|(_, facts)| is_known(facts)).collect())
    }

    /// The same from the history of these trails.
    fn contacts_then(&self, trails: &[u64], number: u64, at: Time) -> Result<Vec<(Members, Facts)>, CheckError> {
        let members = history::members(&self.shared.state, &self.shared.reader, trails, Known::default());
        let members = members.map_err(|reason| CheckError::Unavailable { reason })?;
        let then: Vec<_> = members.into_iter().filter(|member| member.bears_on(at)).collect();
        Ok(contacts_of(&resolve(&then), number, at))
    }

    fn sender_name(&self, number: SenderNumber, proposal: &Proposal) -> String {
        let known = self.shared.state.senders().name(number).map(str::to_owned);
        known.unwrap_or_else(|| proposal.sender.as_ref().map(ToString::to_string).unwrap_or_default())
    }
}

/// A permission that changes.
struct Change {
    sender: SenderNumber,
    category: Category,
    before: Outcome,
    after: Outcome,
}

/// Two policies, and what came of comparing them so far.
struct Comparison {
    account: AccountState,
    at: Time,
    /// The policy in force, and the one proposed.
    sides: [Arc<Policy>; 2],
    asked: Option<SenderNumber>,
    senders: Vec<SenderNumber>,
    /// The questions of each sender, category by category, under both.
    sends: HashMap<SenderNumber, Vec<(Category, [Send; 2])>>,
    counts: BTreeMap<(SenderNumber, Category), Counts>,
}

impl Comparison {
    fn compare(&mut self, facts: &Facts, mut changed: impl FnMut(Change)) {
        let mut senders: BTreeSet<SenderNumber> = named(facts).chain(self.asked).collect();
        if senders.remove(&SenderNumber::ALL) {
            senders.extend(&self.senders);
        }
        let contact = Contact::Known(facts);
        let [in_force, proposed] = &self.sides;
        for sender in senders {
            let sends = self.sends.entry(sender).or_insert_with(|| questions(&self.account, sender, &self.sides, self.at));
            for (category, [now, then]) in sends.iter() {
                let before = decide(contact, now, in_force, self.at);
                let after = decide(contact, then, proposed, self.at);
                let counts = self.counts.entry((sender, *category)).or_default();
                if before.permission == after.permission {
                    counts.unchanged += 1;
                    continue;
                }
                *counts.changed.entry((before.permission, after.permission)).or_default() += 1;
                let [before, after] = [before, after].map(|decision| (decision.permission, decision.reasons.first().copied()));
                changed(Change { sender, category: *category, before, after });
            }
        }
    }
}

fn questions(account: &AccountState, sender: SenderNumber, sides: &[Arc<Policy>; 2], at: Time) -> Vec<(Category, [Send; 2])> {
    let as_of = AsOf { at, known: Known::default() };
    let under = |category, policy: &Arc<Policy>| account.facts.send(sender, Asked::For(category), None, policy, as_of);
    Category::ALL.iter().map(|category| (*category, sides.each_ref().map(|policy| under(*category, policy)))).collect()
}

/// A page of changes while the walk goes on.
#[derive(Default)]
struct List {
    wanted: usize,
    skip: usize,
    taken: Vec<(Members, Change)>,
    next: Option<(u64, usize)>,
    trail: u64,
    seen: usize,
}

impl List {
    fn begin(&mut self, trail: u64) {
        // What was handed out before is of the first trail of the page.
        if self.trail != 0 {
            self.skip = 0;
        }
        (self.trail, self.seen) = (trail, 0);
    }

    fn add(&mut self, members: &Members, change: Change) {
        let place = self.seen;
        self.seen += 1;
        if place < self.skip || self.wanted == 0 {
            return;
        }
        if self.taken.len() < self.wanted {
            self.taken.push((members.clone(), change));
        } else {
            self.next.get_or_insert((self.trail, place));
        }
    }
}

/// The senders that facts name, those of the contact's former identifiers too; [`SenderNumber::ALL`] where one holds for all.
fn named(facts: &Facts) -> impl Iterator<Item = SenderNumber> {
    let mut senders: Vec<SenderNumber> = facts.toward.iter().map(|toward| toward.sender).collect();
    for before in &facts.predecessors {
        senders.extend(named(&before.facts).collect::<Vec<_>>());
    }
    senders.into_iter()
}

/// Whether more is known than that the contact was erased.
fn is_known(facts: &Facts) -> bool {
    !facts.toward.is_empty() || !facts.predecessors.is_empty() || facts.identity_changed.is_some()
}

/// The contacts of a group at an instant whose first identifier this trail introduced, each with its identifiers. Facts
/// name the entries they rest on: two contacts never have the same.
pub(in crate::ledger) fn contacts_of(spans: &Spans, trail: u64, at: Time) -> Vec<(Members, Facts)> {
    let key = |ordinal| IdentifierKey { trail, ordinal };
    let mut contacts = Vec::new();
    for (first, life) in spans.range(key(0)..=key(u32::MAX)) {
        let Some(facts) = behind(life, at) else { continue };
        if spans.range(..first).all(|(_, life)| behind(life, at) != Some(facts)) {
            let theirs = spans.range(first..).filter(|(_, life)| behind(life, at) == Some(facts));
            contacts.push((Members::Identifiers(theirs.map(|(key, _)| *key).collect()), facts.clone()));
        }
    }
    contacts
}

fn behind(life: &[Span], at: Time) -> Option<&Facts> {
    match span_asked(life, at).map(|span| &span.behind) {
        Some(Behind::Contact(facts)) => Some(facts),
        Some(Behind::Moved(_) | Behind::Nobody) | None => None,
    }
}

fn breathe(go_on: &dyn Fn() -> bool) -> Result<(), CheckError> {
    if go_on() { Ok(()) } else { Err(CheckError::Unavailable { reason: "whoever asked went away".into() }) }
}
