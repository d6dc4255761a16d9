//! The ledger against a model that is simple enough to be believed: random records, restarts and moves of the clock, and every
//! answer equal.
//!
//! The model keeps a list of what was recorded and reads all of it again for every answer ([`simple`], with the rules of
//! `support/oracle`). The ledger lives on a disk, is closed, killed, opened from a snapshot, from an older one or from the
//! whole log, without sled; its clock goes forward and back. After each step both are asked the same.

mod life;
mod officers;
mod questions;
mod simple;
mod steps;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::campaign::{Campaign, Counts};
use life::live;
use steps::{Step, steps};

/// How many lives go with the other tests.
const SAMPLE: usize = 4;

#[test]
fn whatever_happens_the_ledger_answers_as_the_model_does() {
    let campaign = Campaign::or(SAMPLE);
    let mut counts = Counts::default();
    for run in 0..campaign.runs {
        let all = steps(&mut campaign.dice(run));
        if let Err(difference) = lived(&all, &mut counts) {
            let (few, difference) = fewest(all, difference);
            counts.print("model", campaign);
            for step in &few {
                println!("  {step}");
            }
            panic!("seed {}, run {run}: {difference}", campaign.seed);
        }
        counts.one("lives");
    }
    counts.print("model", campaign);
    for what in ["records acknowledged", "answers compared", "restarts", "clock moved forward"] {
        assert!(counts.of(what) > 0, "no {what}");
    }
}

/// Lives through these steps; a panic is a difference too.
fn lived(steps: &[Step], counts: &mut Counts) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| live(steps, counts))).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()));
        Err(format!("it panicked: {}", said.unwrap_or_default()))
    })
}

/// Leaves out one step after the other as long as there is a difference.
fn fewest(mut steps: Vec<Step>, mut difference: String) -> (Vec<Step>, String) {
    let mut place = steps.len();
    while place > 0 {
        place -= 1;
        let mut fewer = steps.clone();
        fewer.remove(place);
        if let Err(other) = lived(&fewer, &mut Counts::default()) {
            (steps, difference) = (fewer, other);
            place = place.min(steps.len());
        }
    }
    (steps, difference)
}
