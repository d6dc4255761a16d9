//! `docs/reliability.md`: the table on the page is the table that is tried.

use super::disk::{Fault, Of, Step};
use super::rows::{Outcome, ROWS, Row};
use super::script::During;

const fn during(during: During) -> &'static str {
    match during {
        During::Making => "made",
        During::Recording => "recording",
        During::Erasing => "erasing",
        During::Signing => "signing",
        During::Closing => "closing",
        During::Starting => "starting",
        During::StartingFromSnapshot => "starting from the snapshot",
        During::Recovering => "starting after a crash",
        During::Healing => "starting on damage",
    }
}

const fn of(of: Of) -> &'static str {
    match of {
        Of::Secrets => "`secrets/`",
        Of::Journal => "`journal/`",
        Of::Keyring => "`keyring/`",
        Of::Snapshot => "`snapshot`",
        Of::Checkpoints => "`checkpoints`",
        Of::Tree => "`tree`",
        Of::Published => "published",
        Of::DataDir => "the directory",
    }
}

const fn step(step: Step) -> &'static str {
    match step {
        Step::Create => "create",
        Step::Write => "write",
        Step::Sync => "sync",
        Step::SetLen => "cut or grow",
        Step::Rename => "rename",
        Step::SyncDir => "sync of the directory",
        Step::Look => "open, list, length",
        Step::Read => "read",
    }
}

const fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::Fails => "error",
        Fault::FailsButDone => "error, but done",
        Fault::Half => "short",
        Fault::NoSpace => "ENOSPC",
        Fault::WrongBytes => "wrong bytes",
    }
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::GoesOn => "goes on",
        Outcome::RefusesOne => "refuses the call",
        Outcome::Stops => "stops",
        Outcome::Refuses => "does not start",
    }
}

fn list<T: Copy>(items: &[T], word: impl Fn(T) -> &'static str, between: &str) -> String {
    items.iter().map(|item| word(*item)).collect::<Vec<_>>().join(between)
}

fn shown(row: &Row) -> String {
    let steps = if row.steps.len() > 2 { "any change".to_owned() } else { list(row.steps, step, ", ") };
    let faults = if row.faults.len() > 2 { "any error".to_owned() } else { list(row.faults, fault, ", ") };
    let parts = if row.during.len() == 4 { "any start".to_owned() } else { list(row.during, during, ", ") };
    format!("| {parts} | {} | {steps} | {faults} | {} | {} |", list(row.of, of, ", "), list(row.outcomes, outcome, " or "), row.why)
}

#[test]
fn the_fault_table_on_the_page_is_the_one_that_is_tried() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reliability.md")).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with("Fault table\n")).expect("a section `Fault table`");
    let found: Vec<&str> = section.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    let rows: Vec<String> = ROWS.iter().map(shown).collect();
    assert!(found == rows, "the table is to be:\n{}", rows.join("\n"));
}
