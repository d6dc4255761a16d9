//! Whatever happened: what the ledger says a policy would change is what changes once it is adopted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::account::Known;
use consent_ledger::consent::decide::Asked;
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::policy::{InboundAfterOptOut, Policy, Scope};
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Category, InboundKind, Permission, Reason, Sender};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::diff::{Page, PolicyDiff, Proposal};
use consent_ledger::ledger::disk::{Disk, RealDisk};
use consent_ledger::ledger::record::{Actor, Record, What};
use consent_ledger::ledger::{Ledger, Options, Question};
use proptest::prelude::*;

use super::happened::{CONTACTS, record, time};
use crate::support::bench::who;
use crate::support::rules_alone::RulesAlone;

/// A sender that nothing ever names.
const NEVER: &str = "9";

/// A change as it was found: the contact's place in the list of contacts, sender, category, before, after.
type Found = (usize, String, Category, (Permission, Reason), (Permission, Reason));

fn policy(n: u8) -> Policy {
    let mut policy = match n % 3 {
        0 => Policy::meta(),
        1 => Policy::sinch(),
        _ => Policy::maxcontact(),
    };
    match n / 3 {
        1 => policy.platform_stop_scope = Scope::Sender,
        2 => (policy.identity_change_carries_opt_in, policy.suspend_on_identity_change) = (true, false),
        3 => (policy.opt_in_valid_days, policy.import_requires_evidence) = (Some(1), false),
        4 => policy.inbound_after_opt_out = InboundAfterOptOut::Ignore,
        5 => policy.set_window_kinds(&[InboundKind::Call]),
        6 => policy.window_hours = 6,
        _ => {}
    }
    policy
}

fn open(dir: &Path) -> (Ledger, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    clock.set(time(8));
    let (disk, theirs): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), clock.clone());
    (Ledger::open_with(&Options { keys_ahead: 16, ..Options::new(dir) }, &disk, &theirs).unwrap(), clock)
}

fn adopts(policy: &Policy, at: Time) -> Record {
    let what = What::AdoptPolicy { preset: "meta".to_owned(), policy: Box::new(policy.clone()) };
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
fn contact_of(contacts: &[Vec<Identifier>], place: usize) -> Option<usize> {
    let identifiers = contacts.iter().find(|identifiers| identifiers.contains(&who(CONTACTS[place])))?;
    CONTACTS.iter().position(|known| identifiers.contains(&who(known)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_policy_would_change_is_what_changes_once_it_is_adopted(
        (before, after) in (0u8..21, 0u8..21),
        dice in prop::collection::vec((0u8..12, 0u8..4, 0u8..4, 0u8..2, 0u8..8, 0u8..8), 1..12),
        later in prop::collection::vec((0u8..12, 0u8..4, 0u8..4, 0u8..2, 8u8..9, 0u8..8), 0..3),
        (asked, size) in (0u8..4, 1usize..5),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (ledger, clock) = open(dir.path());
        let mut rules = RulesAlone::default();
        for record in std::iter::once(adopts(&policy(before), time(0).plus_micros(-1))).chain(dice.into_iter().map(record)) {
            ledger.record_blocking(record.clone()).unwrap();
            rules.record(&record, time(8));
        }
        let sender: Option<Sender> = ["1", "2", NEVER].get(usize::from(asked)).map(|name| name.parse().unwrap());
        let proposal = Proposal { account: Account::default_account(), policy: policy(after), sender };
        let head = ledger.head();
        let first = ledger.diff_policy(&proposal, Some(&Page { from: None, size }), &|| true).unwrap();
        prop_assert_eq!(ledger.head(), head, "a difference writes nothing");
        let counted = ledger.diff_policy(&proposal, None, &|| true).unwrap();
        prop_assert_eq!((&counted.counts, counted.contacts), (&first.counts, first.contacts));
        let (at, contacts) = (first.at, rules.contacts());
        prop_assert_eq!(at, time(8));
        let senders: BTreeSet<String> = first.counts.keys().map(|(sender, _)| sender.clone()).collect();
        if let (Some(asked), true) = (&proposal.sender, first.contacts > 0) {
            prop_assert!(senders.contains(asked.as_str()));
        }

        // Checks under the old policy, then under the new one, which is not adopted before everything was asked.
        let old = answers(&ledger, &senders, at);
        let (counts, contacts_looked_at, contacts_changed) = (first.counts.clone(), first.contacts, first.contacts_changed);
        clock.set(time(9));
        let more = later.into_iter().map(record).map(|record| Record { occurred_at: Some(time(9)), ..record }).collect();
        let listed = pages(&ledger, &proposal, first, size, more);
        ledger.record_blocking(adopts(&policy(after), at)).unwrap();
        let new = answers(&ledger, &senders, at);
        ledger.close();

        let mut expected: BTreeSet<Found> = BTreeSet::new();
        for (question, before) in old {
            let after = new[&question];
            let (place, sender, category) = question;
            if before.0 != after.0 {
                let contact = contact_of(&contacts, place);
                prop_assert!(contact.is_some(), "an identifier that nobody has changes");
                expected.insert((contact.unwrap(), sender, category, before, after));
            }
        }
        let found: BTreeSet<Found> = listed.iter().cloned().map(|mut found| {
            found.0 = contact_of(&contacts, found.0).unwrap();
            found
        }).collect();
        prop_assert_eq!(found.len(), listed.len(), "a contact is listed once");
        prop_assert_eq!(&found, &expected);
        let mut summed: BTreeMap<(String, Category), BTreeMap<(Permission, Permission), u64>> = BTreeMap::new();
        for (_, sender, category, before, after) in &expected {
            *summed.entry((sender.clone(), *category)).or_default().entry((before.0, after.0)).or_default() += 1;
        }
        let changed = counts.into_iter().filter(|(_, counts)| !counts.changed.is_empty()).map(|(of, counts)| (of, counts.changed));
        prop_assert_eq!(changed.collect::<BTreeMap<_, _>>(), summed);
        prop_assert_eq!(usize::try_from(contacts_looked_at).unwrap(), contacts.len());
        let whoever = expected.iter().map(|found| found.0).collect::<BTreeSet<_>>().len();
        prop_assert_eq!(usize::try_from(contacts_changed).unwrap(), whoever);
    }
}
