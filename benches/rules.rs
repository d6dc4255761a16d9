//! How long the rules take: folding an event in, and answering from what was folded.
//!
//! The contact has ten senders and 640 events behind it: messages of several kinds, opt-ins for one sender and for all,
//! some with an end, opt-outs by keyword and otherwise, stops and resumes, contradictions of the platform. The account
//! has templates, ratings and restrictions. Run with `cargo bench --bench rules`.

#![allow(clippy::unwrap_used, reason = "a benchmark that panics has failed")]

use std::sync::Arc;

use consent_ledger::consent::account::{AccountAct, AccountEvent, AccountFacts, AsOf, Known, Noted};
use consent_ledger::consent::decide::{Asked, Contact, decide};
use consent_ledger::consent::event::{Act, CODE_WINDOW_CLOSED, Event, SenderNumber};
use consent_ledger::consent::facts::Facts;
use consent_ledger::consent::policy::Policy;
use consent_ledger::consent::sender::{Declaration, EscalationPath, Quality, Restriction, RestrictionKind};
use consent_ledger::consent::template::{Template, TemplateAsked, TemplateKey, TemplateStatus};
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Categories, Category, InboundKind, PlatformPreference, Seq};
use consent_ledger::ledger::memory::packed::{pack, unpack};
use divan::{Bencher, black_box};

const SENDERS: u32 = 10;
const EVENTS: u64 = 640;
const MINUTE: i64 = 60_000_000;
const START: i64 = 1_772_323_200_000_000;

fn main() {
    divan::main();
}

fn time(minute: u64) -> Time {
    Time::from_micros(START + i64::try_from(minute).unwrap() * MINUTE)
}

fn now() -> Time {
    time(EVENTS + 1)
}

fn event(n: u64) -> Event {
    let sender = SenderNumber::new(u32::try_from(n).unwrap() % SENDERS + 1);
    let everywhere = SenderNumber::ALL;
    let marketing = Categories::NONE.with(Category::Marketing);
    let act = match n % 16 {
        0 => Act::OptIn { sender: everywhere, categories: Categories::ALL, expires_at: Some(time(n + 100_000)), weak: false },
        1 => Act::OptIn { sender, categories: marketing, expires_at: None, weak: false },
        2 => Act::OptOut { sender, categories: marketing, keyword_sender: Some(sender) },
        3 => Act::OptOut { sender: everywhere, categories: Categories::NONE.with(Category::Utility), keyword_sender: None },
        4 => Act::Preference { sender, preference: PlatformPreference::Stop },
        5 => Act::Preference { sender, preference: PlatformPreference::Resume },
        6 => Act::SendFailed { sender, code: CODE_WINDOW_CLOSED },
        7 => Act::ConfirmationSent { sender },
        8..=10 => Act::Inbound { sender, kind: InboundKind::Image, holds_opt_out_word: false },
        _ => Act::Inbound { sender, kind: InboundKind::Text, holds_opt_out_word: n.is_multiple_of(3) },
    };
    Event { at: time(n), seq: Seq::new(n + 1), act }
}

fn contact() -> Facts {
    let mut facts = Facts::default();
    for n in 0..EVENTS {
        facts.apply(&event(n));
    }
    facts
}

fn account() -> AccountFacts {
    let mut account = AccountFacts::default();
    let mut apply = |n: u64, act| {
        let noted = Noted { at: time(n), recorded_at: time(n), seq: Seq::new(10_000 + n) };
        account.apply(AccountEvent { noted, act });
    };
    apply(0, AccountAct::PolicyAdopted { version: 1, preset: "escalation-2020".into(), policy: Arc::new(Policy::escalation_2020()) });
    for n in 1..=u64::from(SENDERS) {
        let sender = SenderNumber::new(u32::try_from(n).unwrap());
        let paths = [EscalationPath::Phone].into_iter().collect();
        apply(n, AccountAct::SenderDeclared { sender, declaration: Declaration { automated: true, paths, ..Declaration::default() } });
        apply(n + 100, AccountAct::SenderRated { sender, quality: Quality::Green });
    }
    let restriction = Restriction { kinds: vec![RestrictionKind::BusinessInitiated], until: Some(time(400)) };
    apply(300, AccountAct::SenderRestricted { sender: SenderNumber::ALL, restriction });
    for n in 0..200 {
        let template = Template { category: Category::Marketing, parameters: 2, status: TemplateStatus::Approved, opt_in_request: false };
        apply(500 + n, AccountAct::TemplateRegistered { key: key(n), template });
    }
    account
}

fn key(n: u64) -> TemplateKey {
    TemplateKey::new(&format!("offer_{n}"), "en").unwrap()
}

const ASKED: [Asked; 4] = [Asked::Anything, Asked::For(Category::Marketing), Asked::For(Category::Utility), Asked::OptOutConfirmation];

/// The facts at hand, as the rules take them.
#[divan::bench(args = ASKED)]
fn decide_from_facts(bencher: Bencher<'_, '_>, asked: Asked) {
    let (facts, account) = (contact(), account());
    let as_of = AsOf { at: now(), known: Known::default() };
    let policy = account.policy(as_of).policy;
    let send = account.send(SenderNumber::new(4), asked, None, &policy, as_of);
    bencher.bench(|| decide(Contact::Known(black_box(&facts)), black_box(&send), &policy, now()));
}

/// The same with what a check does around it: unpack the facts, find policy, limits and template.
#[divan::bench]
fn check_from_packed_facts(bencher: Bencher<'_, '_>) {
    let (packed, account) = (pack(&contact()), account());
    let as_of = AsOf { at: now(), known: Known::default() };
    let template = TemplateAsked { key: key(7), parameters: 2 };
    bencher.bench(|| {
        let facts = unpack(black_box(&packed)).unwrap();
        let policy = account.policy(as_of).policy;
        let send = account.send(SenderNumber::new(4), Asked::Anything, Some(&template), &policy, as_of);
        decide(Contact::Known(&facts), &send, &policy, now())
    });
}

/// A contact as most are: one sender, an opt-in, a message.
#[divan::bench]
fn decide_for_a_usual_contact(bencher: Bencher<'_, '_>) {
    let mut facts = Facts::default();
    facts.apply(&event(0));
    facts.apply(&event(11));
    let (policy, account) = (Policy::meta(), AccountFacts::default());
    let as_of = AsOf { at: now(), known: Known::default() };
    let send = account.send(SenderNumber::new(2), Asked::For(Category::Marketing), None, &policy, as_of);
    bencher.bench(|| decide(Contact::Known(black_box(&facts)), black_box(&send), &policy, now()));
}

/// Folding one more event in.
#[divan::bench]
fn apply(bencher: Bencher<'_, '_>) {
    let facts = contact();
    let message = Event { at: now(), seq: Seq::new(EVENTS + 1), act: event(11).act };
    bencher.with_inputs(|| facts.clone()).bench_values(|mut facts| {
        facts.apply(black_box(&message));
        facts
    });
}
