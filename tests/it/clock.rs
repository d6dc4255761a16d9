//! Clocks that are wrong: ahead, behind, jumping, a second that comes twice. `recorded_at` never goes back, nothing that somebody
//! said is outranked by a clock, and where the ledger cannot know what time it is, it says so and permits nothing.

mod served;
mod written;

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::words::{Effect, Permission, Reason};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::{Acknowledgement, Record, RecordError, What};
use consent_ledger::ledger::{CheckError, Filter, Ledger, Options};

use crate::support::bench::{answer, at, event, may, opt_in, opt_out, put, says};

const PHONE: &str = "+447400123456";
const OTHER: &str = "+447400123457";
const HOUR: i64 = 3_600;

/// A ledger whose clock the test sets.
struct Node {
    ledger: Ledger,
    clock: Arc<ManualClock>,
}

impl Node {
    /// Opens it, `seconds` after the start.
    fn open(dir: &Path, seconds: i64) -> Self {
        let clock = Arc::new(ManualClock::default());
        clock.set(at(seconds));
        let (disk, theirs): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), clock.clone());
        Self { ledger: Ledger::open_with(&Options { keys_ahead: 8, ..Options::new(dir) }, &disk, &theirs).unwrap(), clock }
    }

    fn clock(&self, seconds: i64) {
        self.clock.set(at(seconds));
    }

    /// Records what comes without a time.
    fn now(&self, what: What) -> Result<Acknowledgement, RecordError> {
        self.ledger.record_blocking(Record { occurred_at: None, ..event(0, what) })
    }

    /// When each entry was recorded, in seconds after the start.
    fn recorded(&self) -> Vec<i64> {
        let log = self.ledger.entries(&Filter::default(), usize::MAX).unwrap();
        log.iter().map(|entry| (entry.recorded_at.micros() - at(0).micros()) / 1_000_000).collect()
    }

    fn is_stopped(&self) -> bool {
        let head = self.ledger.head();
        let refused = matches!(self.now(opt_out(PHONE)), Err(RecordError::ClockBehind { .. }));
        let question = crate::support::bench::question(PHONE, consent_ledger::consent::words::Category::Marketing, None);
        let unanswered = matches!(self.ledger.check(&question), Err(CheckError::ClockBehind { .. }));
        assert_eq!((refused, self.ledger.head()), (unanswered, head), "it records and answers, or neither");
        refused
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.ledger.close();
    }
}

#[test]
fn a_clock_that_jumped_hours_ahead_and_back_stops_writing_and_answering_until_it_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::open(dir.path(), 100);
    put(&node.ledger, 10, opt_in(PHONE));
    node.clock(5 * HOUR);
    node.now(opt_in(OTHER)).unwrap();
    node.clock(200);
    assert!(node.is_stopped(), "nobody can opt out, so nobody is written to");
    // What was true then can still be told.
    assert_eq!(answer(&node.ledger, PHONE, Some(150)).decision.permission, Permission::TemplateOnly);
    drop(node);
    let node = Node::open(dir.path(), 300);
    assert!(node.is_stopped(), "a restart does not help");
    node.clock(5 * HOUR - 301);
    assert!(node.is_stopped(), "up to five minutes before what was recorded last");
    node.clock(5 * HOUR - 300);
    assert_eq!(may(&node.ledger, PHONE), Permission::TemplateOnly);
    assert_eq!(node.now(opt_out(PHONE)).unwrap().effect, Effect::Applied);
    node.clock(6 * HOUR);
    node.now(opt_out(OTHER)).unwrap();
    let recorded = node.recorded();
    assert!(recorded.is_sorted() && recorded.ends_with(&[100, 5 * HOUR, 5 * HOUR, 6 * HOUR]), "it never goes back: {recorded:?}");
    assert_eq!((may(&node.ledger, PHONE), may(&node.ledger, OTHER)), (Permission::Nothing, Permission::Nothing));
}

#[test]
fn a_clock_a_little_behind_records_as_of_the_last_entry_and_never_looks_past_a_stop() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::open(dir.path(), HOUR);
    put(&node.ledger, 10, opt_in(PHONE));
    node.now(opt_out(PHONE)).unwrap();
    for behind in [1, 60, 299, 300] {
        node.clock(HOUR - behind);
        assert_eq!(may(&node.ledger, PHONE), Permission::Nothing, "{behind} seconds behind");
        // As late as the STOP, and a tie denies.
        assert_eq!(node.now(opt_in(PHONE)).unwrap().effect, Effect::HistoricalOnly);
        assert_eq!(may(&node.ledger, PHONE), Permission::Nothing);
    }
    assert!(node.recorded().ends_with(&[HOUR; 5]));
    node.clock(HOUR + 1);
    node.now(opt_in(PHONE)).unwrap();
    assert_eq!(may(&node.ledger, PHONE), Permission::TemplateOnly);
}

#[test]
fn a_second_that_comes_twice_ties_and_a_tie_denies() {
    for stop_first in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let node = Node::open(dir.path(), 0);
        let (first, second) = if stop_first { (opt_out(PHONE), opt_in(PHONE)) } else { (opt_in(PHONE), opt_out(PHONE)) };
        node.clock.set(at(100).plus_micros(900_000));
        node.now(first).unwrap();
        node.clock.set(at(100).plus_micros(100_000));
        node.now(second).unwrap();
        assert_eq!(may(&node.ledger, PHONE), Permission::Nothing, "the opt-out came first: {stop_first}");
    }
}

#[test]
fn an_opt_out_that_a_fast_node_dated_is_outranked_by_nothing_before_its_time_has_come() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::open(dir.path(), 5 * HOUR);
    node.now(opt_out(PHONE)).unwrap();
    // The right time is an hour after the start. Whoever opts in now has done so before, to this ledger.
    assert_eq!(put(&node.ledger, HOUR, opt_in(PHONE)).effect, Effect::HistoricalOnly);
    assert_eq!(may(&node.ledger, PHONE), Permission::Nothing);
    put(&node.ledger, 5 * HOUR, opt_in(PHONE));
    assert_eq!(may(&node.ledger, PHONE), Permission::Nothing, "a tie denies");
    node.clock(5 * HOUR + 1);
    put(&node.ledger, 5 * HOUR + 1, opt_in(PHONE));
    assert_eq!(may(&node.ledger, PHONE), Permission::TemplateOnly);
}

#[test]
fn a_message_opens_its_window_by_its_own_time_on_a_node_that_is_hours_ahead() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::open(dir.path(), 5 * HOUR);
    put(&node.ledger, 0, opt_in(PHONE));
    put(&node.ledger, 0, says(&[PHONE], "hello"));
    let decision = answer(&node.ledger, PHONE, None).decision;
    assert_eq!((decision.permission, decision.window_closes_at), (Permission::FreeForm, Some(at(24 * HOUR))));
    // To a clock that is ahead it is over sooner, never later.
    node.clock(24 * HOUR);
    assert_eq!(may(&node.ledger, PHONE), Permission::TemplateOnly);
    let late = put(&node.ledger, -HOUR, says(&[OTHER], "hello"));
    assert_eq!((late.effect, may(&node.ledger, OTHER)), (Effect::Applied, Permission::Nothing), "a day old");
}

#[test]
fn a_slow_node_refuses_what_is_dated_rightly_and_permits_nothing_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::open(dir.path(), 0);
    for what in [says(&[PHONE], "hello"), opt_in(PHONE), opt_out(PHONE)] {
        let refused = node.ledger.record_blocking(event(3 * HOUR, what));
        assert!(matches!(refused, Err(RecordError::TimeInFuture { .. })), "{refused:?}");
    }
    let decision = answer(&node.ledger, PHONE, None).decision;
    assert_eq!((decision.permission, decision.reasons[0]), (Permission::Nothing, Reason::RecipientNotOptedIn));
    // Set right, it takes them.
    node.clock(3 * HOUR);
    put(&node.ledger, 3 * HOUR, opt_in(PHONE));
    put(&node.ledger, 3 * HOUR, says(&[PHONE], "hello"));
    assert_eq!(answer(&node.ledger, PHONE, None).decision.window_closes_at, Some(at(27 * HOUR)));
}

#[test]
fn a_callers_clock_that_is_ahead_cannot_date_an_opt_in_behind_a_stop() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::open(dir.path(), 100);
    assert!(matches!(node.ledger.record_blocking(event(401, opt_in(PHONE))), Err(RecordError::TimeInFuture { .. })));
    put(&node.ledger, 400, opt_in(PHONE));
    assert_eq!(may(&node.ledger, PHONE), Permission::TemplateOnly);
    node.clock(101);
    node.now(opt_out(PHONE)).unwrap();
    node.clock(500);
    assert_eq!(may(&node.ledger, PHONE), Permission::Nothing, "it counts as of 100, whatever it claimed");
}

#[test]
fn what_comes_without_a_time_counts_as_of_the_ledgers_own_clock_however_wrong() {
    // What is not promised: see docs/reliability.md.
    let dir = tempfile::tempdir().unwrap();
    let node = Node::open(dir.path(), 5 * HOUR);
    node.now(opt_in(PHONE)).unwrap();
    put(&node.ledger, HOUR, opt_out(PHONE));
    // Whoever tells when it happened is not touched by it.
    put(&node.ledger, 10, opt_in(OTHER));
    put(&node.ledger, HOUR, opt_out(OTHER));
    assert_eq!((may(&node.ledger, PHONE), may(&node.ledger, OTHER)), (Permission::TemplateOnly, Permission::Nothing));
}

#[test]
fn a_year_that_was_skipped_ends_what_ends_and_begins_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::open(dir.path(), 0);
    put(&node.ledger, 0, opt_in(PHONE));
    put(&node.ledger, 0, says(&[PHONE], "hello"));
    node.clock(365 * 24 * HOUR);
    let decision = answer(&node.ledger, PHONE, None).decision;
    assert_eq!((decision.permission, decision.window_closes_at), (Permission::TemplateOnly, None));
    // Nothing was recorded meanwhile, so it may go back as if nothing had been.
    node.clock(60);
    assert_eq!(may(&node.ledger, PHONE), Permission::FreeForm);
}
