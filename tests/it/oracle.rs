//! The rules that serve against the oracle: the same histories, the same questions, the same answers.

use std::ops::Range;
use std::path::Path;

use consent_ledger::consent::decide::Decision;
use consent_ledger::ledger::Question;
use consent_ledger::scenarios::Engine;
use consent_ledger::scenarios::format::{ScenarioFile, read};
use consent_ledger::scenarios::real::RealEngine;
use consent_ledger::scenarios::report::Report;

use crate::scenarios::files;
use crate::support::as_scenario::scenario;
use crate::support::dice::Dice;
use crate::support::histories::{Arrival, erased_at_last, erased_in_between, history, questions};
use crate::support::oracle::Oracle;
use crate::support::rules_alone::RulesAlone;

/// How many random histories the rules are compared on, and how many questions about each.
const HISTORIES: Range<u64> = 0..20_000;
const QUESTIONS: usize = 10;

/// The same where people are erased, and on a ledger on disk.
const ERASED: Range<u64> = 5_000_000..5_002_000;
const ON_DISK: Range<u64> = 1_000_000..1_000_300;
const ERASED_ON_DISK: Range<u64> = 1_100_000..1_100_060;
const QUESTIONS_ON_DISK: usize = 30;

/// Plays of histories at the same time.
const THREADS: usize = 2;

/// What makes a history.
type Happens = fn(&mut Dice) -> Vec<Arrival>;

/// What somebody answers to questions after a history.
type Says = fn(&[Arrival], &[Question]) -> Vec<Decision>;

#[test]
fn the_rules_answer_as_the_oracle_does() {
    compare(HISTORIES, QUESTIONS, history, rules_say);
}

#[test]
fn the_rules_erase_as_the_oracle_does() {
    compare(ERASED, QUESTIONS, erased_in_between, rules_say);
    compare(ERASED, QUESTIONS, erased_at_last, rules_say);
}

#[test]
fn the_ledger_answers_as_the_oracle_does() {
    compare(ON_DISK, QUESTIONS_ON_DISK, history, ledger_says);
}

#[test]
fn the_ledger_erases_as_the_oracle_does() {
    compare(ERASED_ON_DISK, QUESTIONS_ON_DISK, erased_in_between, ledger_says);
    compare(ERASED_ON_DISK, QUESTIONS_ON_DISK, erased_at_last, ledger_says);
}

#[test]
fn the_oracle_gives_every_answer_of_the_scenario_files() {
    let mut report = Report::default();
    for path in files() {
        report.play(&playable(read(&path).unwrap()), || Ok(Oracle::new()), |line| println!("{line}"));
    }
    assert_eq!(report.failed(), 0, "{}", report.total());
    assert!(report.ok() >= 100, "{}", report.total());
}

#[test]
fn differences_that_were_found_stay_settled() {
    for name in ["differences.yaml", "lifts.yaml"] {
        let found = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/found").join(name)).unwrap();
        let (mut plain, mut real) = (Report::default(), Report::default());
        plain.play(&found, || Ok(Oracle::new()), |line| println!("{line}"));
        real.play(&found, RealEngine::new, |line| println!("{line}"));
        assert_eq!((plain.ok(), real.ok()), (found.scenarios.len(), found.scenarios.len()), "{name}");
    }
}

/// Those of a file's scenarios that the oracle can play: it reads no webhooks.
fn playable(mut file: ScenarioFile) -> ScenarioFile {
    file.scenarios
        .retain(|written| written.scenario.as_ref().is_ok_and(|scenario| scenario.steps.iter().all(|step| step.name != "webhook")));
    file
}

/// Holds what `says` answers against the oracle, for one random history after the other.
fn compare(seeds: Range<u64>, count: usize, happens: Happens, says: Says) {
    let asked: usize = std::thread::scope(|scope| {
        let share = |first: usize| {
            let seeds = seeds.clone().skip(first).step_by(THREADS);
            scope.spawn(move || seeds.map(|seed| compare_one(seed, count, happens, says)).sum::<usize>())
        };
        let players: Vec<_> = (0..THREADS).map(share).collect();
        players.into_iter().map(|player| player.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).sum()
    });
    println!("{} histories, {asked} questions", seeds.end - seeds.start);
    assert!(asked > 0);
}

/// Plays the history of a seed; panics with the smallest scenario that shows a difference.
fn compare_one(seed: u64, count: usize, happens: Happens, says: Says) -> usize {
    let mut dice = Dice::new(seed);
    let history = happens(&mut dice);
    let asked = questions(&mut dice, &history, count);
    let (wanted, given) = (oracle_says(&history, &asked), says(&history, &asked));
    for ((question, wanted), given) in asked.iter().zip(&wanted).zip(&given) {
        if wanted != given {
            let small = smallest(history, question, says);
            let asked = std::slice::from_ref(question);
            let (wanted, given) = (oracle_says(&small, asked), says(&small, asked));
            let name = format!("a difference at seed {seed}");
            panic!("{}\n    # was {:?}", scenario(&name, &small, question, &wanted[0]), given[0]);
        }
    }
    asked.len()
}

/// Leaves out one event after the other as long as the difference stays.
fn smallest(mut history: Vec<Arrival>, question: &Question, says: Says) -> Vec<Arrival> {
    let asked = std::slice::from_ref(question);
    let mut place = 0;
    while place < history.len() {
        let mut fewer = history.clone();
        fewer.remove(place);
        if oracle_says(&fewer, asked) == says(&fewer, asked) {
            place += 1;
        } else {
            history = fewer;
            place = 0;
        }
    }
    history
}

fn oracle_says(history: &[Arrival], asked: &[Question]) -> Vec<Decision> {
    answers_of(Oracle::new(), history, asked)
}

fn ledger_says(history: &[Arrival], asked: &[Question]) -> Vec<Decision> {
    answers_of(RealEngine::new().unwrap(), history, asked)
}

fn rules_say(history: &[Arrival], asked: &[Question]) -> Vec<Decision> {
    let mut rules = RulesAlone::default();
    for arrival in history {
        rules.record(&arrival.record, arrival.clock);
    }
    asked.iter().map(|question| without_seqs(rules.check(question))).collect()
}

fn answers_of(mut engine: impl Engine, history: &[Arrival], asked: &[Question]) -> Vec<Decision> {
    for arrival in history {
        engine.set_clock(arrival.clock);
        engine.record(arrival.record.clone()).unwrap();
    }
    asked.iter().map(|question| without_seqs(engine.check(question).unwrap().decision)).collect()
}

/// The oracle names no entries.
pub fn without_seqs(decision: Decision) -> Decision {
    Decision { deciding_seqs: Vec::new(), ..decision }
}
