//! Bits flipped, pages zeroed, files cut, swapped, deleted, restored from yesterday: healed from the other copy, or refused
//! by name. Never a silent loss, never a panic, never a start that hangs, never a permission that should not be.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::decide::Asked;
use consent_ledger::consent::words::Category;
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::What;
use consent_ledger::ledger::{Filter, Ledger, OpenError, Options, Question};

use super::campaign::{Campaign, Counts, bounded};
use super::damages::hurt;
use crate::support::bench::{at, copy, event, link, moves, opt_in, opt_out, put, question, says, who};

/// How many runs go with the other tests.
const SAMPLE: usize = 24;

const CONTACTS: u32 = 24;

fn contact(n: u32) -> String {
    format!("+4474001{n:05}")
}

fn open(dir: &Path, small_bytes: u64, publish: bool) -> Result<Ledger, OpenError> {
    let clock = ManualClock::default();
    clock.set(at(3_600));
    let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), Arc::new(clock));
    let checkpoint_dir = publish.then(|| dir.join("published"));
    let options = Options { small_bytes, checkpoint_dir, segment_bytes: 12 << 10, keys_ahead: 16, ..Options::new(dir.join("data")) };
    Ledger::open_with(&options, &disk, &clock)
}

/// Half of the contacts: opt-ins, messages, stops, links, moves, an erasure.
fn a_day(ledger: &Ledger, contacts: std::ops::Range<u32>) {
    for n in contacts.clone() {
        let seconds = i64::from(n) * 10;
        put(ledger, seconds, opt_in(&contact(n)));
        put(ledger, seconds + 1, says(&[&contact(n)], if n % 3 == 0 { "STOP" } else { "hello" }));
        match n % 6 {
            1 => drop(put(ledger, seconds + 2, link(&contact(n), &format!("GB.{n}")))),
            2 => drop(put(ledger, seconds + 2, moves(&contact(n), &contact(n + 500)))),
            4 => drop(put(ledger, seconds + 2, opt_out(&contact(n)))),
            _ => {}
        }
    }
    put(ledger, i64::from(contacts.end) * 10, What::Erase { contact: who(&contact(contacts.start + 5)), keep_suppression: true });
}

fn questions() -> Vec<Question> {
    let all = (0..CONTACTS).chain((0..CONTACTS).map(|n| n + 500));
    let ask = |n: u32| {
        let about = |category| question(&contact(n), category, Some(3_000));
        let anything = Question { asked: Asked::Anything, ..about(Category::Marketing) };
        [about(Category::Marketing), Question { at: None, ..about(Category::Utility) }, anything]
    };
    all.flat_map(ask).collect()
}

/// What the ledger held and answered before anything happened to it.
struct Whole {
    dir: tempfile::TempDir,
    log: Vec<Vec<u8>>,
    answers: Vec<String>,
}

impl Whole {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let today = dir.path().join("today");
        let ledger = open(&today, u64::MAX, true).unwrap();
        a_day(&ledger, 0..CONTACTS / 2);
        ledger.close();
        drop(ledger);
        copy(&today, &dir.path().join("yesterday"));
        let ledger = open(&today, u64::MAX, true).unwrap();
        a_day(&ledger, CONTACTS / 2..CONTACTS);
        let answers = questions().iter().map(|question| format!("{:?}", ledger.check(question).unwrap())).collect();
        let log = log(&ledger).unwrap();
        ledger.close();
        Self { dir, log, answers }
    }
}

fn log(ledger: &Ledger) -> Result<Vec<Vec<u8>>, String> {
    let entries = ledger.entries(&Filter::default(), usize::MAX).map_err(|error| error.to_string())?;
    Ok(entries.into_iter().map(|entry| entry.bytes).collect())
}

/// How it went.
enum Went {
    /// It does not start, and says why.
    Refused(String),
    /// It starts and holds everything; so many questions were answered with an error.
    Served(usize),
}

/// Opens it and holds it against what it was. An error tells what must never be.
fn examine(dir: &Path, small_bytes: u64, publish: bool, was: &Whole) -> Result<Went, String> {
    let ledger = match open(dir, small_bytes, publish) {
        Ok(ledger) => ledger,
        Err(error) => return Ok(Went::Refused(error.to_string())),
    };
    let mut told = 0;
    match log(&ledger) {
        Ok(log) if log == was.log => {}
        Ok(log) if was.log.starts_with(&log) => {
            return Err(format!("{} of {} entries are gone, silently", was.log.len() - log.len(), was.log.len()));
        }
        Ok(_) => return Err("another log".to_owned()),
        Err(_) => told += 1,
    }
    for (question, before) in questions().iter().zip(&was.answers) {
        match ledger.check(question) {
            Ok(answer) if format!("{answer:?}") == *before => {}
            Ok(answer) => return Err(format!("another answer: {answer:?} instead of {before}")),
            Err(_) => told += 1,
        }
    }
    let recorded = ledger.record_blocking(event(3_000, opt_out("+447400199999")));
    ledger.close();
    drop(ledger);
    let Ok(recorded) = recorded else { return Ok(Went::Served(told + 1)) };
    // What was healed stays healed.
    let again = match open(dir, u64::MAX - small_bytes, publish) {
        Ok(again) => again,
        // A start from the snapshot looks at less: what it did not need is told by the start that reads the whole log.
        Err(error) if small_bytes == 0 => return Ok(Went::Refused(error.to_string())),
        Err(error) => return Err(format!("it started once and then no more: {error}")),
    };
    match log(&again) {
        Ok(log) if log.starts_with(&was.log) && again.head().seq >= recorded.seq => {}
        Ok(_) => return Err("what was served is not there after a restart".to_owned()),
        Err(_) => told += 1,
    }
    again.close();
    Ok(Went::Served(told))
}

/// A refusal names what is wrong: a file, an entry or a trail.
fn is_by_name(said: &str, dir: &Path) -> bool {
    said.contains(&dir.display().to_string()) || said.contains("entr") || said.contains("trail ")
}

#[test]
fn whatever_is_damaged_is_healed_or_refused_by_name_and_never_lost_in_silence() {
    let campaign = Campaign::or(SAMPLE);
    let was = Arc::new(Whole::new());
    let (mut counts, mut broken) = (Counts::default(), Vec::new());
    for run in 0..campaign.runs {
        let mut dice = campaign.dice(run);
        let dir = tempfile::tempdir().unwrap();
        let here = dir.path().join("today");
        copy(&was.dir.path().join("today"), &here);
        let (publish, small_bytes) = (dice.one_in(2), dice.pick(&[0, u64::MAX]));
        let mut done = Vec::new();
        for _ in 0..=dice.below(3) {
            let (damage, what) = hurt(&mut dice, &here.join("data"), &was.dir.path().join("yesterday/data"));
            counts.one(format!("damage: {damage:?}"));
            done.push(what);
        }
        let (theirs, before) = (here.clone(), was.clone());
        match bounded(move || examine(&theirs, small_bytes, publish, &before)).and_then(|went| went) {
            Ok(Went::Served(0)) => counts.one("healed: everything is there, every answer as before"),
            Ok(Went::Served(_)) => counts.one("served: everything is there, some questions are answered with an error"),
            Ok(Went::Refused(said)) if is_by_name(&said, &here) => counts.one("refused by name"),
            Ok(Went::Refused(said)) => broken.push(format!("run {run}: {done:?}: refused without a name: {said}")),
            Err(never) => broken.push(format!("run {run}: {done:?}, published {publish}, small {small_bytes}: {never}")),
        }
    }
    counts.print("corruption", campaign);
    assert!(broken.is_empty(), "seed {}\n{}", campaign.seed, broken.join("\n"));
}
