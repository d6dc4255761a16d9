//! Entries, at the engine: where a watch begins, what it lets through, what it shows.

use std::path::Path;

use consent_ledger::consent::words::{Account, Seq};
use consent_ledger::ledger::reading::browse::Parts;
use consent_ledger::ledger::watching::entries::{Begin, EntryWatch, NotWatched, Passing};
use consent_ledger::ledger::writing::record::What;
use consent_ledger::ledger::{Filter, Ledger, OpenedEntry, Position};

use super::open;
use crate::support::bench::{at, event, opt_in, opt_out, put, says, who};

const ANN: &str = "+447400123456";

/// A ledger an hour after the start.
fn an_hour_on(dir: &Path) -> Ledger {
    let (ledger, clock) = open(dir);
    clock.set(at(3600));
    ledger
}

/// Everything from here on, up to the head.
fn rest(watch: &mut EntryWatch) -> (Vec<OpenedEntry>, Position) {
    let mut entries = Vec::new();
    loop {
        let found = watch.look().unwrap();
        entries.extend(found.entries);
        if !found.more {
            return (entries, found.position);
        }
    }
}

/// The position up to which there is nothing.
fn nothing(watch: &mut EntryWatch) -> Position {
    let (entries, position) = rest(watch);
    assert_eq!(seqs(&entries), Vec::<u64>::new());
    position
}

fn seqs(entries: &[OpenedEntry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq.number()).collect()
}

fn from(ledger: &Ledger, seq: u64, passing: Passing) -> EntryWatch {
    ledger.watch_entries(Begin::From(Seq::new(seq), None), passing).unwrap()
}

#[test]
fn a_watch_goes_on_from_its_position_and_begins_where_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = an_hour_on(dir.path());
    let mut all = from(&ledger, 0, Passing::default());
    let mut new = ledger.watch_entries(Begin::New, Passing::default()).unwrap();
    assert_eq!((seqs(&rest(&mut all).0), seqs(&rest(&mut new).0)), (vec![1, 2], vec![]));
    for _ in 0..3 {
        put(&ledger, 0, says(&[ANN], "hello"));
    }
    let (entries, position) = rest(&mut all);
    assert_eq!((seqs(&entries), position), (vec![3, 4, 5], ledger.head()));
    assert_eq!(seqs(&rest(&mut new).0), [3, 4, 5]);
    assert_eq!(seqs(&rest(&mut all).0), Vec::<u64>::new());
    assert_eq!(seqs(&rest(&mut from(&ledger, 4, Passing::default())).0), [4, 5]);
    // The one after the last is still to come.
    assert_eq!(nothing(&mut from(&ledger, 6, Passing::default())), ledger.head());
}

#[test]
fn what_is_shown_is_what_a_list_shows_and_parts_are_left_out_where_nobody_asks() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = an_hour_on(dir.path());
    put(&ledger, 0, says(&[ANN], "hello"));
    put(&ledger, 0, opt_in("GB.1"));
    ledger.record_blocking(event(0, What::Erase { contact: who(ANN), keep_suppression: true })).unwrap();
    let parts = Parts { sealed: true, raw: true };
    let shown = |entries: &[OpenedEntry]| format!("{entries:?}");
    let listed = ledger.entries(&Filter::default(), 1_000).unwrap();
    assert_eq!(shown(&rest(&mut from(&ledger, 1, Passing { parts, ..Passing::default() })).0), shown(&listed));
    let bare = rest(&mut from(&ledger, 1, Passing::default())).0;
    assert!(bare.iter().all(|entry| entry.sealed.is_none() && entry.second_sealed.is_none() && entry.bytes.is_empty()));
    // Whether a key is gone is told without it.
    let erased = |entries: &[OpenedEntry]| entries.iter().map(|entry| entry.erased).collect::<Vec<_>>();
    assert_eq!(erased(&bare), erased(&listed));
    assert!(erased(&bare).contains(&true));
}

#[test]
fn a_log_that_was_put_back_or_rewritten_is_not_followed_on() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = an_hour_on(dir.path());
    let head = ledger.head();
    let refused = |begin| ledger.watch_entries(begin, Passing::default()).map(|_| ()).unwrap_err();
    let behind = NotWatched::LogBehind { head: head.seq, from: Seq::new(4) };
    assert_eq!(refused(Begin::From(Seq::new(4), Some(head.hash))), behind);
    assert_eq!(refused(Begin::From(Seq::new(3), Some([7; 32]))), NotWatched::LogDiffers { seq: Seq::new(2) });
    assert_eq!(refused(Begin::From(Seq::new(1), Some([7; 32]))), NotWatched::LogDiffers { seq: Seq::NONE });
    for begin in [Begin::From(Seq::new(3), Some(head.hash)), Begin::From(Seq::new(1), Some([0; 32]))] {
        assert!(ledger.watch_entries(begin, Passing::default()).is_ok());
    }
}

#[test]
fn whoever_follows_one_sender_is_told_of_what_holds_for_all() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = an_hour_on(dir.path());
    let to = |sender: &str, code| What::SendFailed { contact: vec![who(ANN)], sender: sender.parse().unwrap(), code, message_id: None };
    let one = says(&[ANN], "hello");
    for what in [one, to("2", 131_047), opt_out(ANN), to("2", 131_050), opt_in(ANN), to("1", 131_047)] {
        put(&ledger, 0, what);
    }
    let passing = |senders: &[&str], kinds: &[u16]| Passing {
        account: Some(Account::default_account()),
        senders: senders.iter().map(|sender| sender.parse().unwrap()).collect(),
        kinds: kinds.to_vec(),
        ..Passing::default()
    };
    let found = |passing| seqs(&rest(&mut from(&ledger, 3, passing)).0);
    assert_eq!(found(passing(&["1"], &[])), [3, 5, 6, 7, 8]);
    assert_eq!(found(passing(&["2"], &[])), [4, 5, 6, 7]);
    assert_eq!(found(passing(&["1", "2"], &[])), [3, 4, 5, 6, 7, 8]);
    assert_eq!(found(passing(&[], &[48, 49])), [5, 7]);
    assert_eq!(found(passing(&["1"], &[52])), [6, 8]);
    // The position goes on where entries are left out.
    assert_eq!(nothing(&mut from(&ledger, 1, passing(&[], &[96]))), ledger.head());
}

#[test]
fn looks_end_in_the_middle_of_a_block_and_go_on_there() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = an_hour_on(dir.path());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..3 {
        let records = (0..400).map(|_| event(0, says(&[ANN], "hello"))).collect();
        assert!(runtime.block_on(ledger.record_all(records)).iter().all(Result::is_ok));
    }
    let mut watch = from(&ledger, 1, Passing::default());
    let mut looks = Vec::new();
    let mut all = Vec::new();
    loop {
        let found = watch.look().unwrap();
        assert_eq!(found.entries.last().map(|entry| (entry.seq, entry.entry_hash)), Some((found.position.seq, found.position.hash)));
        all.extend(seqs(&found.entries));
        looks.push(found.entries.len());
        if !found.more {
            break;
        }
    }
    assert!(looks.len() > 3, "{looks:?}");
    assert_eq!(all, (1..=ledger.head().seq.number()).collect::<Vec<_>>());
}

#[test]
fn an_account_that_does_not_exist_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = open(dir.path());
    let passing = Passing { account: Some("nobody".parse().unwrap()), ..Passing::default() };
    assert!(matches!(ledger.watch_entries(Begin::New, passing), Err(NotWatched::Read(_))));
}
