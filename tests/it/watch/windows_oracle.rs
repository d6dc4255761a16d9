//! Whatever happens, and at every instant: the windows that a watch holds open are those that a check says are open.

use std::collections::BTreeSet;
use std::sync::Arc;

use consent_ledger::consent::decide::Asked;
use consent_ledger::consent::time::Time;
use consent_ledger::ledger::clock::ManualClock;
use consent_ledger::ledger::writing::record::What;
use consent_ledger::ledger::{Ledger, Question};

use super::{Believer, SOON, open};
use crate::support::bench::{self, at, event, put, says};
use crate::support::dice::Dice;
use crate::support::histories::{Arrival, CONTACTS, SENDERS, history, with_erasures};

/// What checks say: for which contact and sender a window is open, and until when.
fn checked(ledger: &Ledger, contacts: &[&str], sender: Option<&str>) -> BTreeSet<(String, String, Time)> {
    let mut open = BTreeSet::new();
    for contact in contacts {
        for to in SENDERS.iter().filter(|to| sender.is_none_or(|only| only == **to)) {
            let asked = Question {
                asked: Asked::Anything,
                sender: to.parse().unwrap(),
                ..bench::question(contact, consent_ledger::consent::words::Category::Service, None)
            };
            let closes_at = ledger.check(&asked).unwrap().decision.window_closes_at;
            open.extend(closes_at.map(|closes_at| ((*contact).to_owned(), (*to).to_owned(), closes_at)));
        }
    }
    open
}

/// What a watch holds open, by each identifier that it was told.
fn believed(believer: &Believer) -> BTreeSet<(String, String, Time)> {
    let each = |held: &super::Believed| {
        let (sender, closes_at) = (held.sender.clone(), held.closes_at);
        held.contact.iter().map(|contact| (contact.clone(), sender.clone(), closes_at)).collect::<Vec<_>>()
    };
    believer.open.values().flat_map(each).collect()
}

/// A ledger and three who follow it: all senders, one of them, and one that begins anew at every look.
struct Table {
    ledger: Ledger,
    clock: Arc<ManualClock>,
    all: Believer,
    one: Believer,
    now: Time,
}

impl Table {
    fn look(&mut self, seed: usize) {
        let all = checked(&self.ledger, &CONTACTS, None);
        let (_, at) = self.all.look();
        assert_eq!(believed(&self.all), all, "seed {seed} at {}", self.now);
        assert!(self.all.open.values().all(|held| !held.contact.is_empty()), "seed {seed}");
        for held in self.all.open.values() {
            assert_eq!(held.soon, held.closes_at.plus_micros(-SOON) <= at, "seed {seed} at {}: {held:?}", self.now);
        }
        self.one.look();
        assert_eq!(believed(&self.one), checked(&self.ledger, &CONTACTS, Some("2")), "seed {seed} at {}, one sender", self.now);
        let mut anew = Believer::new(&self.ledger, None);
        anew.look();
        assert_eq!(anew.open, self.all.open, "seed {seed} at {}, begun anew", self.now);
    }

    fn set(&mut self, now: Time) {
        self.now = self.now.max(now);
        self.clock.set(self.now);
    }
}

fn play(seed: usize, dice: &mut Dice, history: &[Arrival]) {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, clock) = open(dir.path());
    let (all, one) = (Believer::new(&ledger, None), Believer::new(&ledger, Some("2")));
    let mut table = Table { ledger, clock, all, one, now: Time::from_micros(i64::MIN) };
    for arrival in history {
        // Between arrivals too: at the ends of windows, just before and just after.
        let ends: BTreeSet<Time> = table.all.open.values().flat_map(|held| [held.closes_at, held.closes_at.plus_micros(-SOON)]).collect();
        for end in ends.into_iter().filter(|end| *end < arrival.clock) {
            if end > table.now && dice.one_in(2) {
                table.set(dice.around(end));
                table.look(seed);
            }
        }
        table.set(arrival.clock);
        let recorded = table.ledger.record_blocking(arrival.record.clone());
        assert!(recorded.is_ok() || matches!(arrival.record.what, What::Erase { .. }), "seed {seed}: {recorded:?}");
        // Now and then several entries come between two looks.
        if !dice.one_in(3) {
            table.look(seed);
        }
    }
    table.look(seed);
    while let Some(end) = table.all.open.values().map(|held| held.closes_at).min() {
        for moment in [end.plus_micros(-1), end, end.plus_micros(1)] {
            table.set(moment);
            table.look(seed);
        }
    }
    assert_eq!(checked(&table.ledger, &CONTACTS, None), BTreeSet::new());
}

#[test]
fn a_watch_holds_open_what_a_check_says_is_open() {
    for seed in 0..60 {
        let mut dice = Dice::new(seed as u64);
        let history = history(&mut dice);
        play(seed, &mut dice, &history);
    }
}

#[test]
fn a_watch_holds_open_what_a_check_says_is_open_where_people_are_erased() {
    for seed in 1_000..1_060 {
        let mut dice = Dice::new(seed as u64);
        let history = with_erasures(&mut dice);
        play(seed, &mut dice, &history);
    }
}

#[test]
fn looks_while_others_record_come_to_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, clock) = open(dir.path());
    clock.set(at(3_600));
    let contacts: Vec<String> = (0..20).map(|n| format!("+4474001234{n:02}")).collect();
    for contact in &contacts {
        put(&ledger, 0, says(&[contact], "hello"));
    }
    let writers: Vec<_> = (0..3_u64)
        .map(|seed| {
            let (ledger, contacts) = (ledger.clone(), contacts.clone());
            std::thread::spawn(move || {
                let mut dice = Dice::new(seed);
                for _ in 0..150 {
                    let contact = dice.pick(&contacts);
                    let second = i64::try_from(dice.below(3_000)).unwrap();
                    let what = match dice.below(4) {
                        0 => What::SendFailed {
                            contact: vec![contact.parse().unwrap()],
                            sender: "1".parse().unwrap(),
                            code: 131_047,
                            message_id: None,
                        },
                        1 => bench::moves(&contact, &dice.pick(&contacts)),
                        _ => says(&[&contact], "hello"),
                    };
                    // Two of them may move one person at a time.
                    let _ = ledger.record_blocking(event(second, what));
                }
            })
        })
        .collect();
    let mut believers: Vec<Believer> = (0..2).map(|_| Believer::new(&ledger, None)).collect();
    while writers.iter().any(|writer| !writer.is_finished()) {
        for believer in &mut believers {
            believer.look();
        }
    }
    for writer in writers {
        writer.join().unwrap();
    }
    let contacts: Vec<&str> = contacts.iter().map(String::as_str).collect();
    let expected = checked(&ledger, &contacts, None);
    assert!(!expected.is_empty());
    for believer in &mut believers {
        believer.look();
        assert_eq!(believed(believer), expected);
    }
}
