//! Every step on every file x every way in which a disk fails: what comes of it stands in one table, and each row is tried.

mod disk;
mod page;
mod rows;
mod script;

use std::collections::{BTreeMap, BTreeSet};

use consent_ledger::ledger::proving::verify::verify_data_dir;

use crate::support::bench::copy;
use disk::{Fault, Happened};
use rows::{Outcome, ROWS, row};
use script::{During, Prepared};

/// How many steps of one kind are tried: the first ones, and the last besides.
const OF_A_KIND: usize = 3;

/// The steps that are tried: some of each kind on each file, and in the long campaign all.
fn tried(steps: &[Happened]) -> Vec<(usize, Happened)> {
    let mut seen: BTreeMap<Happened, usize> = BTreeMap::new();
    let last: BTreeMap<Happened, usize> = steps.iter().enumerate().map(|(place, step)| (*step, place)).collect();
    let all = std::env::var_os("TORTURE_RUNS").is_some();
    let is_tried = |(place, step): &(usize, Happened)| {
        let count = seen.entry(*step).or_default();
        *count += 1;
        all || *count <= OF_A_KIND || last[step] == *place
    };
    steps.iter().copied().enumerate().filter(is_tried).collect()
}

/// What differs from the table, and how much was tried.
#[derive(Default)]
struct Tried {
    faults: usize,
    wrong: Vec<String>,
}

/// Each step of one part of the script fails in each way.
fn each_step_fails(during: During, prepared: &Prepared) -> Tried {
    let steps = script::steps(during, prepared);
    let mut tried_here = Tried::default();
    for (place, step) in tried(&steps) {
        for fault in Fault::of(step.step) {
            let case = format!("{during:?}: step {place}, {:?} of {:?}, {fault:?}", step.step, step.of);
            let Some(number) = row(during, step, fault) else {
                let outcome = try_one(during, prepared, (place, step), fault);
                tried_here.wrong.push(format!("{case}: no row says what comes of it: {outcome:?}"));
                continue;
            };
            tried_here.faults += 1;
            match try_one(during, prepared, (place, step), fault) {
                Ok(outcome) if ROWS[number].outcomes.contains(&outcome) => {}
                Ok(outcome) => tried_here.wrong.push(format!("{case}: {outcome:?} instead of {:?}", ROWS[number].outcomes)),
                Err(never) => tried_here.wrong.push(format!("{case}: {never}")),
            }
        }
    }
    tried_here
}

/// How often a run is begun anew in which a thread of its own, such as that of snapshots, came between and failed instead.
const TRIES: usize = 5;

/// One step fails: what came of it, and that a start on a good disk afterwards has everything acknowledged.
fn try_one(during: During, prepared: &Prepared, (place, step): (usize, Happened), fault: Fault) -> Result<Outcome, String> {
    let run = || {
        let dir = tempfile::tempdir().unwrap();
        copy(prepared.dir(during), dir.path());
        let run = script::run(during, dir.path(), Some((place, fault)));
        (run.disk.failed() == Some(step)).then_some((dir, run))
    };
    let (dir, run) = (0..TRIES).find_map(|_| run()).ok_or("the step was not reached")?;
    if run.outcome == Outcome::Stops && run.disk.touched_after_failure() > 0 {
        return Err("the disk was written to after it failed".to_owned());
    }
    if run.disk.synced_again() {
        return Err(format!("a failed sync of {step:?} was tried again"));
    }
    if during == During::Recovering {
        // What it wrote again stands alone.
        let alone = tempfile::tempdir().unwrap();
        copy(dir.path(), alone.path());
        let _ = std::fs::remove_dir_all(alone.path().join("data/sled"));
        script::holds(alone.path(), &run.acknowledged, prepared.log(during)).map_err(|error| format!("without sled: {error}"))?;
    }
    script::holds(dir.path(), &run.acknowledged, prepared.log(during))?;
    let report = verify_data_dir(&dir.path().join("data"), |_, _| ()).map_err(|error| error.to_string())?;
    if report.ok() { Ok(run.outcome) } else { Err(format!("it does not verify: {:?}", report.problems)) }
}

/// The parts of the script, shared out over tests so that they run side by side.
fn as_the_table_says(parts: &[During]) {
    let prepared = Prepared::new();
    let mut wrong = Vec::new();
    for during in parts {
        let tried = each_step_fails(*during, &prepared);
        println!("{during:?}: {} faults", tried.faults);
        wrong.extend(tried.wrong);
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_fault_while_a_ledger_is_made_is_as_the_table_says() {
    as_the_table_says(&[During::Making]);
}

#[test]
fn a_fault_while_it_serves_is_as_the_table_says() {
    as_the_table_says(&[During::Recording, During::Erasing, During::Signing, During::Closing]);
}

#[test]
fn a_fault_while_it_starts_is_as_the_table_says() {
    as_the_table_says(&[During::Starting, During::StartingFromSnapshot]);
}

#[test]
fn a_fault_while_it_starts_after_a_crash_is_as_the_table_says() {
    as_the_table_says(&[During::Recovering, During::Healing]);
}

#[test]
fn every_row_of_the_table_is_met_by_a_step() {
    let prepared = Prepared::new();
    let mut met = BTreeSet::new();
    for during in During::ALL {
        for step in script::steps(during, &prepared) {
            met.extend(Fault::of(step.step).into_iter().filter_map(|fault| row(during, step, fault)));
        }
    }
    let never: Vec<_> = (0..ROWS.len()).filter(|number| !met.contains(number)).map(|number| &ROWS[number]).collect();
    assert!(never.is_empty(), "{never:#?}");
}
