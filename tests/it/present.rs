//! An act of the present in a group of contacts: applying it alone is the same as working everything out again.

use std::collections::BTreeMap;

use consent_ledger::consent::event::{Act, Event, SenderNumber};
use consent_ledger::consent::facts::Fact;
use consent_ledger::consent::identity::{IdentifierKey, Member, MemberEvent, Span, apply_to_present, resolve};
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Categories, Category, InboundKind, Seq};
use proptest::prelude::*;

const IDENTIFIERS: u64 = 4;

fn key() -> impl Strategy<Value = IdentifierKey> {
    (1..=IDENTIFIERS).prop_map(|trail| IdentifierKey { trail, ordinal: 1 })
}

fn act() -> impl Strategy<Value = Act> {
    let sender = SenderNumber::new(1);
    let marketing = Categories::NONE.with(Category::Marketing);
    prop_oneof![
        Just(Act::OptIn { sender: SenderNumber::ALL, categories: marketing, expires_at: None, weak: false }),
        Just(Act::OptOut { sender, categories: Categories::ALL, keyword_sender: Some(sender) }),
        any::<bool>().prop_map(move |holds_opt_out_word| Act::Inbound { sender, kind: InboundKind::Text, holds_opt_out_word }),
    ]
}

fn member() -> impl Strategy<Value = (i64, Member)> {
    let nothing = Fact { at: Time::from_micros(0), seq: Seq::NONE };
    let what = prop_oneof![
        6 => (proptest::collection::vec(key(), 1..3), act()).prop_map(|(identifiers, act)| {
            Member::Act { event: Event { at: Time::from_micros(0), seq: Seq::NONE, act }, identifiers }
        }),
        1 => (key(), key()).prop_map(move |(a, b)| Member::Linked { fact: nothing, identifiers: vec![a, b] }),
        2 => (key(), key()).prop_map(move |(from, to)| Member::Moved { fact: nothing, from, to, second: to.trail }),
        1 => key().prop_map(move |identifier| Member::Erased { fact: nothing, identifier }),
    ];
    (1..12i64, what)
}

/// Gives events their times and, in order of arrival, their seqs.
fn recorded(events: Vec<(i64, Member)>) -> Vec<MemberEvent> {
    let stamp = |(seq, (at, mut what)): (u64, (i64, Member))| {
        let fact = Fact { at: Time::from_micros(at), seq: Seq::new(seq) };
        match &mut what {
            Member::Act { event, .. } => (event.at, event.seq) = (fact.at, fact.seq),
            Member::Linked { fact: own, .. } | Member::Moved { fact: own, .. } | Member::Erased { fact: own, .. } => *own = fact,
        }
        let trail = match &what {
            Member::Act { identifiers, .. } | Member::Linked { identifiers, .. } => identifiers[0].trail,
            Member::Moved { from, .. } => from.trail,
            Member::Erased { identifier, .. } => identifier.trail,
        };
        MemberEvent { trail, what }
    };
    (1..).zip(events).map(stamp).collect()
}

fn behind(spans: &BTreeMap<IdentifierKey, Vec<Span>>) -> Vec<String> {
    spans
        .iter()
        .map(|(key, spans)| format!("{key:?}: {:?}", spans.iter().map(|span| (span.until, &span.behind)).collect::<Vec<_>>()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn one_more_act_of_the_present_is_the_same_as_working_everything_out_again(
        events in proptest::collection::vec(member(), 1..14),
        last in (1..16i64, proptest::collection::vec(key(), 1..3), act()),
    ) {
        let (at, identifiers, act) = last;
        let before = recorded(events.clone());
        let last = Member::Act { event: Event { at: Time::from_micros(0), seq: Seq::NONE, act }, identifiers: identifiers.clone() };
        let after = recorded(events.into_iter().chain([(at, last)]).collect());
        let event = match &after[after.len() - 1].what {
            Member::Act { event, .. } => *event,
            other => panic!("{other:?}"),
        };
        if let Some(applied) = apply_to_present(&resolve(&before), &identifiers, &event) {
            prop_assert_eq!(behind(&applied), behind(&resolve(&after)));
        }
    }
}
