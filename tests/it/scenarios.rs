//! Scenario files on the ledger, and what is said where they differ. On the oracle they are played beside it.

use std::path::{Path, PathBuf};

use consent_ledger::proto::ErrorReason;
use consent_ledger::scenarios::format::{parse, read};
use consent_ledger::scenarios::real::RealEngine;
use consent_ledger::scenarios::report::Report;
use consent_ledger::scenarios::runner::{self, Verdict};

use crate::support::oracle::Oracle;

/// The given scenario files, in order of name.
pub fn files() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn the_ledger_gives_every_answer_of_the_scenario_files() {
    let play = |path: PathBuf| {
        let mut report = Report::default();
        report.play(&read(&path).unwrap(), RealEngine::new, |line| println!("{line}"));
        (report.ok(), report.failed())
    };
    let players: Vec<_> = files().into_iter().map(|path| std::thread::spawn(move || play(path))).collect();
    let counts: Vec<(usize, usize)> = players.into_iter().map(|player| player.join().unwrap()).collect();
    assert_eq!(counts.iter().map(|(_, failed)| failed).sum::<usize>(), 0);
    assert!(counts.iter().map(|(ok, _)| ok).sum::<usize>() >= 116, "{counts:?}");
}

#[test]
fn every_given_scenario_is_read_without_a_mistake() {
    for path in files() {
        for written in read(&path).unwrap().scenarios {
            assert!(written.scenario.is_ok(), "{}: {:?}", written.name, written.scenario);
        }
    }
}

/// Plays the steps of one scenario on the oracle.
fn play(scenario: &str) -> Verdict {
    let file = parse(&format!("scenarios:\n  - {scenario}"), Path::new("a.yaml")).unwrap();
    runner::run(file.scenarios[0].scenario.as_ref().unwrap(), || Ok(Oracle::new()))
}

fn differences(steps: &str) -> String {
    match play(&format!("{{name: s, steps: [{steps}]}}")) {
        Verdict::Failed(lines) => lines.join("\n"),
        Verdict::Ok => panic!("nothing differs"),
    }
}

const STOP: &str = r#"{inbound: {contact: "+447400123456", sender: "1", text: stop, at: 2026-03-01T10:00:00Z}}"#;
const CHECK: &str = r#"check: {contact: "+447400123456", sender: "1", at: 2026-03-01T11:00:00Z}"#;

#[test]
fn what_differs_is_said_with_its_step() {
    let said = differences(&format!(
        "{STOP}, {{{CHECK}, expect: {{permission: free_form, reasons: [WINDOW_OPEN, OPTED_IN], allowed_template_categories: [utility], \
         window_closes_at: 2026-03-01T10:00:00Z, valid_until: never}}}}"
    ));
    insta::assert_snapshot!(said, @r"
    step 2: expected permission free_form, was nothing [RECIPIENT_OPTED_OUT]
    step 2: expected WINDOW_OPEN to decide, was [RECIPIENT_OPTED_OUT]
    step 2: expected reason OPTED_IN, was [RECIPIENT_OPTED_OUT]
    step 2: expected allowed template categories [utility], was []
    step 2: expected window_closes_at 2026-03-01T10:00:00Z, was 2026-03-02T10:00:00Z
    ");
}

#[test]
fn a_refusal_that_was_not_expected_and_an_acceptance_that_was_not_are_differences() {
    let far = r#"opt_out: {contact: "+447400123456", at: 2026-03-02T10:00:00Z}, recorded_at: 2026-03-01T10:00:00Z"#;
    let too_far = "INVALID_ARGUMENT (OCCURRED_AT_IN_FUTURE): occurred_at 2026-03-02T10:00:00Z is more than 5 minutes ahead of the ledger's clock, 2026-03-01T10:00:00Z";
    assert_eq!(differences(&format!("{{{far}}}")), format!("step 1: refused: {too_far}"));
    let other_code = differences(&format!("{{{far}, expect: {{error: NOT_FOUND}}}}"));
    assert_eq!(other_code, format!("step 1: expected error NOT_FOUND, was {too_far}"));
    let other_reason = differences(&format!("{{{far}, expect: {{error: INVALID_ARGUMENT, reason: OTHER}}}}"));
    assert_eq!(other_reason, format!("step 1: expected reason OTHER, was {too_far}"));
    let near = r#"{opt_out: {contact: "+447400123456", at: 2026-03-01T10:00:00Z}, expect: {error: INVALID_ARGUMENT}}"#;
    assert_eq!(differences(near), "step 1: expected error INVALID_ARGUMENT, was accepted");
    let bad = r#"{opt_in: {contact: "447400123456", categories: all, at: 2026-03-01T10:00:00Z}}"#;
    assert!(differences(bad).starts_with("step 1: refused: INVALID_ARGUMENT (CONTACT_MALFORMED): contact: a phone number starts with '+'"));
}

#[test]
fn a_step_is_refused_for_the_reason_that_a_service_gives() {
    for (step, reason) in [
        (r#"platform_preference: {contact: "+447400123456", sender: "1", value: perhaps}"#, "PREFERENCE_UNKNOWN"),
        (r#"send_failed: {contact: "+447400123456", sender: "1", code: 0}"#, "CODE_MISSING"),
        (r#"quality: {sender: "1", rating: blue}"#, "QUALITY_UNKNOWN"),
        (r#"restriction: {sender: "1", kinds: []}"#, "RESTRICTION_MISSING"),
        (r#"restriction: {sender: "1", kinds: [some]}"#, "RESTRICTION_UNKNOWN"),
        (r#"declare_sender: {sender: "1", escalation_paths: [fax]}"#, "ESCALATION_PATH_UNKNOWN"),
        ("template: {name: '', language: en, category: utility}", "TEMPLATE_MALFORMED"),
        ("template: {name: a, language: en, category: service}", "CATEGORY_NOT_FOR_TEMPLATES"),
        ("template: {name: a, language: en, category: utility, status: lost}", "TEMPLATE_STATUS_UNKNOWN"),
    ] {
        let at = "recorded_at: 2026-03-01T10:00:00Z";
        let steps = format!("[{{{step}, {at}, expect: {{error: INVALID_ARGUMENT, reason: {reason}}}}}]");
        let verdict = play(&format!("{{name: s, steps: {steps}}}"));
        assert!(matches!(verdict, Verdict::Ok), "{step}: {verdict:?}");
        assert!(ErrorReason::from_str_name(&format!("ERROR_REASON_{reason}")).is_some(), "{reason}");
    }
}

#[test]
fn effects_duplicates_history_and_counts_are_compared() {
    let wrong = r#"{opt_out: {contact: "+447400123456", id: a, at: 2026-03-01T10:00:00Z}, expect: {effect: no_change, duplicate: true}}"#;
    insta::assert_snapshot!(differences(wrong), @r"
    step 1: expected effect no_change, was applied
    step 1: expected duplicate true, was false
    ");
    let history = r#"{history: {contact: "+447400123456"}, expect: {events: [inbound]}}, {verify: {}, expect: {entries: 7}}"#;
    insta::assert_snapshot!(differences(&format!("{STOP}, {history}, {{verify: {{}}, expect: {{ok: false}}}}")), @r"
    step 2: expected events [inbound], was [inbound, opt_out]
    step 3: expected entries 7, was 2
    step 4: verifies, and should not
    ");
}

#[test]
fn a_scenario_whose_order_matters_fails_when_it_claims_otherwise() {
    let policy = "{policy: {preset: meta, opt_out_keywords: [baja], at: 2026-03-01T09:00:00Z}}";
    let text = r#"{inbound: {contact: "+447400123456", sender: "1", text: baja, at: 2026-03-01T10:00:00Z}}"#;
    let steps = format!("steps: [{policy}, {text}, {{{CHECK}, expect: {{permission: nothing}}}}]");
    assert_eq!(play(&format!("{{name: s, {steps}}}")), Verdict::Ok);
    let Verdict::Failed(lines) = play(&format!("{{name: s, any_order: true, {steps}}}")) else { panic!() };
    assert_eq!(lines, ["arriving as 2 1: step 3: expected permission nothing, was free_form [WINDOW_OPEN]"]);
}
