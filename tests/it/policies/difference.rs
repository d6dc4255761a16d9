//! Whatever happened: what the ledger says a policy would change is what changes once it is adopted.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::account::Known;
use consent_ledger::consent::decide::Asked;
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Category, InboundKind, Permission, Reason};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::reading::diff::{Page, PolicyDiff, Proposal};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::{Actor, Record, What};
use consent_ledger::ledger::{Ledger, Options, Question};

use crate::support::bench::{adopts, who};
use crate::support::dice::Dice;
use crate::support::histories::{Arrival, CONTACTS, POLICIES, SENDERS, history, policy};
use crate::support::rules_alone::RulesAlone;

const HISTORIES: Range<u64> = 7_000_000..7_000_150;

/// A sender that nothing ever names.
const NEVER: &str = "9";

/// A change as it was found: the contact's place in the list of contacts, sender, category, before, after.
type Found = (usize, String, Category, (Permission, Reason), (Permission, Reason));

fn open(dir: &Path) -> (Ledger, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    let (disk, theirs): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), clock.clone());
    (Ledger::open_with(&Options { keys_ahead: 16, ..Options::new(dir) }, &disk, &theirs).unwrap(), clock)
}

fn event(at: Time, what: What) -> Record {
    Record { account: Account::default_account(), actor: Actor::LOCAL, event_id: None, occurred_at: Some(at), what }
}

fn check(ledger: &Ledger, contact: &str, sender: &str, category: Category, at: Time) -> (Permission, Reason) {
    let question = Question {
        account: Account::default_account(),
        contact: who(contact),
        sender: sender.parse().unwrap(),
        asked: Asked::For(category),
        template: None,
        at: Some(at),
        known: Known::default(),
        min_position: None,
    };
    let decision = ledger.check(&question).unwrap().decision;
    (decision.permission, decision.reasons[0])
}

/// What every identifier may be sent, by sender and category.
fn answers(ledger: &Ledger, senders: &BTreeSet<String>, at: Time) -> BTreeMap<(usize, String, Category), (Permission, Reason)> {
    let mut answers = BTreeMap::new();
    for (place, contact) in CONTACTS.iter().enumerate() {
        for sender in senders {
            for category in Category::ALL {
                let asked = if sender.is_empty() { NEVER } else { sender };
                answers.insert((place, sender.clone(), *category), check(ledger, contact, asked, *category, at));
            }
        }
    }
    answers
}

/// Every page of the list of changes. After the first, more happens.
fn pages(ledger: &Ledger, proposal: &Proposal, first: PolicyDiff, size: usize, mut more: Vec<Record>) -> Vec<Found> {
    let mut pages = vec![first];
    while let Some(from) = pages.last().and_then(|page| page.next.clone()) {
        for record in more.drain(..) {
            ledger.record_blocking(record).unwrap();
        }
        let page = ledger.diff_policy(proposal, Some(&Page { from: Some(from), size }), &|| true).unwrap();
        assert!(page.changes.len() == size || page.next.is_none());
        assert_eq!((page.contacts, page.counts.len()), (0, 0), "a later page counts nothing again");
        pages.push(page);
    }
    let place = |contact: &str| CONTACTS.iter().position(|known| *known == contact).unwrap();
    let changes = pages.into_iter().flat_map(|page| page.changes);
    let outcome = |(permission, reason): (Permission, Option<Reason>)| (permission, reason.unwrap());
    changes.map(|change| (place(&change.contact), change.sender, change.category, outcome(change.before), outcome(change.after))).collect()
}

/// The place of the first identifier of whoever has this one.
fn contact_of(contacts: &[Vec<Identifier>], place: usize) -> usize {
    let theirs = contacts.iter().find(|identifiers| identifiers.contains(&who(CONTACTS[place]))).expect("somebody has it");
    CONTACTS.iter().position(|known| theirs.contains(&who(known))).unwrap()
}

/// Now and then somebody is erased, as of now.
fn erasures(dice: &mut Dice, happened: &[Arrival]) -> Vec<Arrival> {
    let clock = happened.iter().map(|arrival| arrival.clock).max().unwrap();
    let mut erased = Vec::new();
    for _ in 0..dice.pick(&[0, 0, 1, 2]) {
        let what = What::Erase { contact: who(dice.pick(&CONTACTS)), keep_suppression: dice.one_in(2) };
        erased.push(Arrival { clock, record: event(clock, what) });
    }
    erased
}

/// A few messages of the last hours: a history that is over long ago has no window left to differ about.
fn recent(dice: &mut Dice, clock: Time) -> Vec<Arrival> {
    let message = |hours: u32| {
        let what = What::Inbound {
            contact: vec![who(dice.pick(&CONTACTS))],
            sender: dice.pick(&SENDERS).parse().unwrap(),
            kind: InboundKind::Text,
            text: Some(dice.pick(&["hello", "hello", "stop"]).to_owned()),
            payload: None,
            message_id: None,
        };
        let at = clock.plus_hours(hours);
        Arrival { clock: at, record: event(at, what) }
    };
    (0..3).map(message).collect()
}

/// Says how many contacts changed.
fn play(seed: u64) -> usize {
    let mut dice = Dice::new(seed);
    let dir = tempfile::tempdir().unwrap();
    let (ledger, clock) = open(dir.path());
    let mut alone = RulesAlone::default();
    let happened = history(&mut dice);
    let recent = recent(&mut dice, happened.iter().map(|arrival| arrival.clock).max().unwrap());
    let erased = erasures(&mut dice, &happened);
    for arrival in happened.into_iter().chain(erased).chain(recent) {
        clock.set(arrival.clock);
        ledger.record_blocking(arrival.record.clone()).unwrap();
        alone.record(&arrival.record, arrival.clock);
    }
    let contacts = alone.contacts();
    let sender = dice.pick(&[None, Some("1"), Some("2"), Some(NEVER)]).map(|name| name.parse().unwrap());
    let proposal = Proposal { account: Account::default_account(), policy: policy(dice.pick(&POLICIES)), sender };
    let size = 1 + dice.below(4);
    let head = ledger.head();
    let first = ledger.diff_policy(&proposal, Some(&Page { from: None, size }), &|| true).unwrap();
    assert_eq!(ledger.head(), head, "a difference writes nothing");
    let counted = ledger.diff_policy(&proposal, None, &|| true).unwrap();
    assert_eq!((&counted.counts, counted.contacts, counted.changes.len()), (&first.counts, first.contacts, 0));
    let at = first.at;
    let senders: BTreeSet<String> = first.counts.keys().map(|(sender, _)| sender.clone()).collect();
    if let (Some(asked), true) = (&proposal.sender, first.contacts > 0) {
        assert!(senders.contains(asked.as_str()));
    }

    // Checks under the policy in force, then under the other, which is not adopted before everything was asked.
    let old = answers(&ledger, &senders, at);
    let PolicyDiff { counts, contacts: looked_at, contacts_changed, .. } = counted;
    let later = at.plus_hours(1);
    clock.set(later);
    let more = history(&mut dice).into_iter().take(dice.below(4)).map(|arrival| Record {
        event_id: None,
        occurred_at: Some(later),
        ..arrival.record
    });
    let listed = pages(&ledger, &proposal, first, size, more.collect());
    ledger.record_blocking(event(at, adopts(proposal.policy.clone()))).unwrap();
    let new = answers(&ledger, &senders, at);
    ledger.close();

    let mut expected: BTreeSet<Found> = BTreeSet::new();
    for ((place, sender, category), before) in old {
        let after = new[&(place, sender.clone(), category)];
        if before.0 != after.0 {
            expected.insert((contact_of(&contacts, place), sender, category, before, after));
        }
    }
    let of_contact = |(place, sender, category, before, after): Found| (contact_of(&contacts, place), sender, category, before, after);
    let found: BTreeSet<Found> = listed.iter().cloned().map(of_contact).collect();
    assert_eq!(found.len(), listed.len(), "a contact is listed once");
    assert_eq!(found, expected);
    let mut summed: BTreeMap<(String, Category), BTreeMap<(Permission, Permission), u64>> = BTreeMap::new();
    for (_, sender, category, before, after) in &expected {
        *summed.entry((sender.clone(), *category)).or_default().entry((before.0, after.0)).or_default() += 1;
    }
    let changed = counts.into_iter().filter(|(_, counts)| !counts.changed.is_empty()).map(|(of, counts)| (of, counts.changed));
    assert_eq!(changed.collect::<BTreeMap<_, _>>(), summed);
    assert_eq!(usize::try_from(looked_at).unwrap(), contacts.len());
    let whoever = expected.iter().map(|found| found.0).collect::<BTreeSet<_>>().len();
    assert_eq!(usize::try_from(contacts_changed).unwrap(), whoever);
    whoever
}

#[test]
fn what_a_policy_would_change_is_what_changes_once_it_is_adopted() {
    let mut changed = 0;
    for seed in HISTORIES {
        let played = std::panic::catch_unwind(|| play(seed));
        changed += usize::from(played.unwrap_or_else(|_| panic!("seed {seed}")) > 0);
    }
    assert!(changed > 30, "too few of the histories change anybody: {changed}");
}
