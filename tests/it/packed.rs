//! Facts packed for memory and snapshots come back as they were, and small.

use consent_ledger::consent::event::{Act, Event, SenderNumber};
use consent_ledger::consent::facts::{Fact, Facts, Predecessor};
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Categories, Category, InboundKind, PlatformPreference, Seq};
use consent_ledger::ledger::memory::packed::{pack, unpack};
use proptest::prelude::*;

fn sender() -> impl Strategy<Value = SenderNumber> {
    prop_oneof![Just(0), 1..5u32, Just(u32::MAX)].prop_map(SenderNumber::new)
}

fn categories() -> impl Strategy<Value = Categories> {
    proptest::collection::vec(0..4usize, 1..4).prop_map(|places| places.into_iter().map(|place| Category::ALL[place]).collect())
}

fn time() -> impl Strategy<Value = Time> {
    prop_oneof![1_700_000_000_000_000..1_800_000_000_000_000i64, any::<i64>()].prop_map(Time::from_micros)
}

fn act() -> impl Strategy<Value = Act> {
    let one = || (1..5u32).prop_map(SenderNumber::new);
    prop_oneof![
        (sender(), categories(), proptest::option::of(time()), any::<bool>())
            .prop_map(|(sender, categories, expires_at, weak)| Act::OptIn { sender, categories, expires_at, weak }),
        (sender(), categories(), proptest::option::of(one())).prop_map(|(sender, categories, keyword_sender)| Act::OptOut {
            sender,
            categories,
            keyword_sender
        }),
        (one(), 0..InboundKind::ALL.len(), any::<bool>()).prop_map(|(sender, kind, holds_opt_out_word)| Act::Inbound {
            sender,
            kind: InboundKind::ALL[kind],
            holds_opt_out_word
        }),
        (one(), 0..3usize).prop_map(|(sender, word)| Act::Preference { sender, preference: PlatformPreference::ALL[word] }),
        (one(), prop_oneof![Just(131_047), Just(131_050), Just(130_472)]).prop_map(|(sender, code)| Act::SendFailed { sender, code }),
        one().prop_map(|sender| Act::ConfirmationSent { sender }),
        Just(Act::IdentityKeyChanged),
    ]
}

fn folded() -> impl Strategy<Value = Facts> {
    proptest::collection::vec((time(), any::<u64>(), act()), 0..20).prop_map(|events| {
        let mut facts = Facts::default();
        for (at, seq, act) in events {
            facts.apply(&Event { at, seq: Seq::new(seq), act });
        }
        facts
    })
}

proptest! {
    #[test]
    fn facts_come_back_as_they_were(mut facts in folded(), before in proptest::collection::vec((time(), any::<u64>(), folded()), 0..3)) {
        facts.predecessors = before
            .into_iter()
            .map(|(at, seq, facts)| Predecessor { change: Fact { at, seq: Seq::new(seq) }, facts })
            .collect();
        prop_assert_eq!(unpack(&pack(&facts)), Some(facts));
    }

    #[test]
    fn bytes_that_are_no_packing_are_none_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = unpack(&bytes);
    }
}

#[test]
fn a_contact_lies_in_its_row_with_an_opt_in_for_two_categories_and_a_message_and_takes_few_bytes_more_once_it_stopped() {
    let mut facts = Facts::default();
    let (at, sender) = (Time::from_micros(1_790_000_000_000_000), SenderNumber::new(7));
    let categories = Categories::NONE.with(Category::Marketing).with(Category::Utility);
    let acts = [
        Act::OptIn { sender: SenderNumber::ALL, categories, expires_at: None, weak: false },
        Act::Inbound { sender, kind: InboundKind::Text, holds_opt_out_word: false },
        Act::OptOut { sender, categories: Categories::NONE.with(Category::Marketing), keyword_sender: None },
    ];
    let mut sizes = Vec::new();
    for (days, act) in (0..).zip(acts) {
        facts.apply(&Event { at: at.plus_hours(days * 24 * 100), seq: Seq::new(2_000_000_000 + u64::from(days)), act });
        let packed = pack(&facts);
        assert_eq!(unpack(&packed), Some(facts.clone()));
        sizes.push((packed.len(), packed.spilled()));
    }
    assert!(matches!(sizes[..], [(..30, false), (..48, false), (..72, _)]), "{sizes:?}");
}
