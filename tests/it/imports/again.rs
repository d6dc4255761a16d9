//! What was imported before changes nothing, wherever it stands.

use super::{Place, counts, example};

const HEADER: &str = "phone,action,categories,occurred_at,event_id\n";

#[test]
fn the_same_file_twice_changes_nothing() {
    let place = Place::new();
    let first = place.import(&example("generic.csv"), &[]);
    assert_eq!((counts(&first), first.code), ([4, 0, 0, 1, 2], 1), "{first:?}");
    let known = place.known();
    let again = place.import(&example("generic.csv"), &[]);
    assert_eq!((counts(&again), again.code), ([0, 0, 0, 5, 2], 1), "{again:?}");
    assert_eq!(place.known(), known);
    assert_eq!(known.len(), 4);
}

#[test]
fn a_renamed_file_changes_nothing_and_a_longer_one_brings_its_new_rows_only() {
    let place = Place::new();
    let rows = "+447400000001,opt_in,marketing,2026-03-01T10:00:00Z,\n+447400000002,opt_out,,2026-03-01T10:00:00Z,out-2\n";
    assert_eq!(counts(&place.import(&place.file("a.csv", format!("{HEADER}{rows}")), &[])), [2, 0, 0, 0, 0]);
    assert_eq!(counts(&place.import(&place.file("b.csv", format!("{HEADER}{rows}")), &[])), [0, 0, 0, 2, 0]);
    let longer = format!(
        "{HEADER}+447400000003,opt_in,marketing,2026-03-01T10:00:00Z,\n{rows}+447400000004,opt_in,marketing,2026-03-01T10:00:00Z,in-4\n"
    );
    assert_eq!(counts(&place.import(&place.file("b.csv", longer), &[])), [2, 0, 0, 2, 0], "on top and at the end");
    assert_eq!(place.known().len(), 4);
}

#[test]
fn a_row_that_comes_twice_in_one_file_is_one_statement() {
    let place = Place::new();
    let row = "+447400000001,opt_in,marketing,2026-03-01T10:00:00Z,\n";
    let said = place.import(&place.file("a.csv", format!("{HEADER}{row}{row}{row}")), &[]);
    assert_eq!((counts(&said), said.code), ([1, 0, 0, 2, 0], 0));
}

#[test]
fn the_same_rows_in_another_form_are_the_same_statements() {
    let place = Place::new();
    let csv = place.file("a.csv", format!("{HEADER}+447400000001,opt_in,marketing,2026-03-01T10:00:00Z,\n"));
    let json = place
        .file("a.jsonl", "{\"phone\":\"+44 7400 000001\",\"action\":true,\"categories\":[\"marketing\"],\"occurred_at\":1772359200000}\n");
    let semicolons = place.file("b.csv", "Contact;Action;Category;Occurred_At\r\n+447400000001;yes;MARKETING;2026-03-01 10:00\r\n");
    assert_eq!(counts(&place.import(&csv, &[])), [1, 0, 0, 0, 0]);
    assert_eq!(counts(&place.import(&json, &[])), [0, 0, 0, 1, 0]);
    assert_eq!(counts(&place.import(&semicolons, &["--time-zone", "UTC"])), [0, 0, 0, 1, 0]);
}

#[test]
fn an_own_event_id_that_says_something_else_is_refused_for_its_row() {
    let place = Place::new();
    let first = place.file("a.csv", format!("{HEADER}+447400000001,opt_in,marketing,2026-03-01T10:00:00Z,row-1\n"));
    assert_eq!(counts(&place.import(&first, &[])), [1, 0, 0, 0, 0]);
    let other = place.file("a.csv", format!("{HEADER}+447400000001,opt_in,utility,2026-03-01T10:00:00Z,row-1\n"));
    let said = place.import(&other, &[]);
    assert_eq!((counts(&said), said.code), ([0, 0, 0, 0, 1], 1));
    assert!(said.err.contains("a.csv line 2: refused") && said.err.contains("EVENT_ID_REUSED"), "{}", said.err);
}

#[test]
fn what_was_recorded_over_grpc_under_an_id_is_known_when_it_is_imported() {
    use crate::support::client::{Client, opt_in, runtime, seconds};
    use consent_ledger::proto::{Evidence, Method, RecordOptInRequest};
    let place = Place::new();
    let evidence = Evidence { file_name: "elsewhere.csv".into(), file_line: 9, file_sha256: vec![1; 32], ..Default::default() };
    let request = RecordOptInRequest {
        method: Method::Import.into(),
        occurred_at: Some(seconds(1_772_359_200)),
        evidence: Some(evidence),
        ..opt_in("+447400000001", "row-1")
    };
    runtime().block_on(async { Client::connect(&place.server.url()).await.opt_in(request).await.unwrap() });
    let file = place.file("a.csv", format!("{HEADER}+447400000001,opt_in,marketing,2026-03-01T10:00:00Z,row-1\n"));
    assert_eq!(counts(&place.import(&file, &[])), [0, 0, 0, 1, 0]);
}
