//! Windows, one rule at a time.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::policy::Policy;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::InboundKind;
use consent_ledger::ledger::Ledger;
use consent_ledger::ledger::clock::ManualClock;
use consent_ledger::ledger::watching::windows::{Change, Ended};
use consent_ledger::ledger::writing::record::What;

use super::{Believer, open};
use crate::support::bench::{adopts, at, event, link, moves, put, says, who};

const HOUR: i64 = 3600;
const ANN: &str = "+447400123456";
const BEN: &str = "+447400123457";

/// A ledger an hour after the start.
fn hour(dir: &Path) -> (Ledger, Arc<ManualClock>) {
    let (ledger, clock) = open(dir);
    clock.set(at(HOUR));
    (ledger, clock)
}

/// What was told, with times in seconds after the start.
fn told(believer: &mut Believer) -> Vec<(String, String)> {
    let seconds = |time: Time| (time.micros() - at(0).micros()) / 1_000_000;
    let word = |change| match change {
        Change::Open(open) => format!("open until {}", seconds(open.closes_at)),
        Change::Opened(open) => format!("opened until {}", seconds(open.closes_at)),
        Change::Changed(open) => format!("changed until {}", seconds(open.closes_at)),
        Change::ClosingSoon(open) => format!("soon {}", seconds(open.closes_at)),
        Change::Closed(ended, _) => format!("closed {ended:?}"),
    };
    believer.look().0.into_iter().map(|(contact, change)| (contact, word(change))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(contact, word)| ((*contact).to_owned(), (*word).to_owned())).collect()
}

fn refused(contact: &str) -> What {
    What::SendFailed { contact: vec![who(contact)], sender: "1".parse().unwrap(), code: 131_047, message_id: None }
}

#[test]
fn it_opens_is_renewed_closes_soon_and_closes_at_its_last_instant() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, clock) = hour(dir.path());
    let mut believer = Believer::new(&ledger, None);
    assert_eq!(told(&mut believer), []);
    put(&ledger, 1000, says(&[ANN], "hello"));
    assert_eq!(told(&mut believer), pairs(&[(ANN, "opened until 87400")]));
    put(&ledger, 2000, says(&[ANN], "hello"));
    assert_eq!(told(&mut believer), pairs(&[(ANN, "changed until 88400")]));
    // A message that comes late renews nothing.
    put(&ledger, 1500, says(&[ANN], "hello"));
    assert_eq!(told(&mut believer), []);
    clock.set(at(88_400 - 1_801));
    assert_eq!(told(&mut believer), []);
    clock.set(at(88_400 - 1_800));
    assert_eq!(told(&mut believer), pairs(&[(ANN, "soon 88400")]));
    clock.set(at(88_400).plus_micros(-1));
    assert_eq!(told(&mut believer), []);
    clock.set(at(88_400));
    assert_eq!(told(&mut believer), pairs(&[(ANN, "closed Term")]));
    assert!(believer.open.is_empty());
    put(&ledger, 88_399, says(&[ANN], "hello"));
    assert_eq!(told(&mut believer), pairs(&[(ANN, "opened until 174799")]));
}

#[test]
fn a_watch_begins_with_the_windows_that_are_open() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, clock) = hour(dir.path());
    put(&ledger, 0, says(&[ANN], "hello"));
    put(&ledger, 1800, says(&[BEN], "hello"));
    clock.set(at(24 * HOUR));
    assert_eq!(told(&mut Believer::new(&ledger, None)), pairs(&[(BEN, "open until 88200"), (BEN, "soon 88200")]));
    assert_eq!(told(&mut Believer::new(&ledger, Some("1"))).len(), 2);
    let mut other = Believer::new(&ledger, Some("never-mentioned"));
    assert_eq!(told(&mut other), []);
    let mut to_it = says(&[ANN], "hello");
    if let What::Inbound { sender, .. } = &mut to_it {
        *sender = "never-mentioned".parse().unwrap();
    }
    put(&ledger, 24 * HOUR, to_it);
    assert_eq!(told(&mut other), pairs(&[(ANN, "opened until 172800")]));
}

#[test]
fn the_platform_closes_it_and_a_message_too_late_does_not_open_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = hour(dir.path());
    let mut believer = Believer::new(&ledger, None);
    put(&ledger, 1000, says(&[ANN], "hello"));
    told(&mut believer);
    put(&ledger, 2000, refused(ANN));
    assert_eq!(told(&mut believer), pairs(&[(ANN, "closed Platform")]));
    put(&ledger, 1999, says(&[ANN], "hello"));
    assert_eq!(told(&mut believer), []);
    put(&ledger, 2001, says(&[ANN], "hello"));
    assert_eq!(told(&mut believer), pairs(&[(ANN, "opened until 88401")]));
}

#[test]
fn a_policy_closes_shortens_and_opens_windows() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, clock) = hour(dir.path());
    let reacts = What::Inbound {
        contact: vec![who(BEN)],
        sender: "1".parse().unwrap(),
        kind: InboundKind::Reaction,
        text: None,
        payload: None,
        message_id: None,
    };
    let mut believer = Believer::new(&ledger, None);
    told(&mut believer);
    put(&ledger, 0, says(&[ANN], "hello"));
    put(&ledger, 1000, reacts);
    assert_eq!(told(&mut believer), pairs(&[(ANN, "opened until 86400")]));
    let mut policy = Policy::meta();
    policy.window_hours = 2;
    policy.set_window_kinds(&[InboundKind::Text, InboundKind::Reaction]);
    put(&ledger, 3600, adopts(policy.clone()));
    let expected = [(ANN, "changed until 7200"), (BEN, "opened until 8200")];
    assert_eq!(told(&mut believer), pairs(&expected));
    policy.set_window_kinds(&[InboundKind::Reaction]);
    put(&ledger, 3600, adopts(policy));
    assert_eq!(told(&mut believer), pairs(&[(ANN, "closed Policy")]));
    clock.set(at(7000));
    assert_eq!(told(&mut believer), pairs(&[(BEN, "soon 8200")]));
}

#[test]
fn whoever_moves_leaves_the_window_and_whoever_is_one_has_one() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = hour(dir.path());
    let mut believer = Believer::new(&ledger, None);
    put(&ledger, 1000, says(&[ANN], "hello"));
    told(&mut believer);
    put(&ledger, 2000, moves(ANN, BEN));
    assert_eq!(told(&mut believer), pairs(&[(ANN, "closed Identity")]));
    put(&ledger, 2500, says(&[BEN], "hello"));
    put(&ledger, 2400, says(&["GB.1"], "hello"));
    assert_eq!(told(&mut believer), pairs(&[(BEN, "opened until 88900"), ("GB.1", "opened until 88800")]));
    put(&ledger, 2600, link("GB.1", BEN));
    assert_eq!(told(&mut believer), pairs(&[(BEN, "changed until 88900"), ("GB.1", "closed Identity")]));
    let held: Vec<_> = believer.open.values().map(|held| held.contact.clone()).collect();
    assert_eq!(held, [vec![BEN.to_owned(), "GB.1".to_owned()]]);
}

#[test]
fn whoever_is_erased_has_no_window_and_is_named_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = hour(dir.path());
    let mut believer = Believer::new(&ledger, None);
    put(&ledger, 1000, says(&[ANN], "hello"));
    told(&mut believer);
    ledger.record_blocking(event(2000, What::Erase { contact: who(ANN), keep_suppression: true })).unwrap();
    assert_eq!(told(&mut believer), pairs(&[("", "closed Erased")]));
    // Erased before it was told.
    put(&ledger, 2500, says(&[BEN], "hello"));
    ledger.record_blocking(event(3000, What::Erase { contact: who(BEN), keep_suppression: false })).unwrap();
    assert_eq!(told(&mut believer), []);
}

#[test]
fn a_clock_that_is_set_back_opens_nothing_again() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, clock) = hour(dir.path());
    let mut believer = Believer::new(&ledger, None);
    put(&ledger, 0, says(&[ANN], "hello"));
    told(&mut believer);
    clock.set(at(24 * HOUR));
    assert_eq!(told(&mut believer), pairs(&[(ANN, "closed Term")]));
    clock.set(at(24 * HOUR - 60));
    assert_eq!(told(&mut believer), []);
    assert_eq!(believer.look().1, at(24 * HOUR));
}

#[test]
fn what_is_told_of_a_window_shows_nobody_in_a_log() {
    let change = consent_ledger::ledger::watching::windows::WindowChange {
        window: "2.1.1".into(),
        contact: vec![ANN.into()],
        sender: "1".into(),
        change: Change::Closed(Ended::Term, at(0)),
    };
    assert_eq!(format!("{change:?}"), "WindowChange(2.1.1 … Closed(Term, 2026-03-01T00:00:00Z))");
}

#[test]
fn an_account_that_does_not_exist_is_not_watched() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = hour(dir.path());
    let asked =
        consent_ledger::ledger::watching::windows::WindowsAsked { account: "nobody".parse().unwrap(), sender: None, closing_within: 0 };
    assert!(ledger.watch_windows(asked).is_err());
}
