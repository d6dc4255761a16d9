//! Rule 14, through the real command: an import never resurrects an opt-out.

use super::{Place, counts};
use crate::support::cli::cli;

const CONTACT: &str = "+447400123456";

fn list(place: &Place, rows: &str) -> std::path::PathBuf {
    place.file("list.csv", format!("phone,action,categories,occurred_at,method,evidence_text\n{rows}\n"))
}

/// An opt-out of marketing on 10 March.
fn opt_out(place: &Place) {
    let said = cli(&[
        "record",
        "opt-out",
        "--contact",
        CONTACT,
        "--category",
        "marketing",
        "--at",
        "2026-03-10T10:00:00Z",
        "--server",
        &place.server.url(),
    ]);
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn an_older_opt_in_does_not_undo_an_opt_out_whatever_proves_it() {
    let place = Place::new();
    opt_out(&place);
    let rows =
        format!("{CONTACT},opt_in,marketing,2026-03-09T10:00:00Z,website,Yes\n{CONTACT},opt_in,marketing,2026-03-10T10:00:00Z,website,Yes");
    let said = place.import(&list(&place, &rows), &[]);
    assert_eq!((counts(&said), said.code), ([0, 2, 0, 0, 0], 0), "{said:?}");
    assert_eq!(place.check(CONTACT), "NOTHING");
}

#[test]
fn a_later_opt_in_without_proof_does_not_either_whatever_method_it_names() {
    let place = Place::new();
    opt_out(&place);
    for method in ["", "website", "in_person"] {
        let said = place.import(&list(&place, &format!("{CONTACT},opt_in,marketing,2026-03-12T10:00:00Z,{method},")), &[]);
        assert_eq!(counts(&said)[0], 0, "{method}: {said:?}");
        assert_eq!(place.check(CONTACT), "NOTHING", "{method}");
    }
}

#[test]
fn a_later_opt_in_with_proof_counts() {
    let place = Place::new();
    opt_out(&place);
    let said = place.import(&list(&place, &format!("{CONTACT},opt_in,marketing,2026-03-12T10:00:00Z,website,Yes")), &[]);
    assert_eq!(counts(&said), [1, 0, 0, 0, 0], "{said:?}");
    assert_eq!(place.check(CONTACT), "TEMPLATE_ONLY");
}

#[test]
fn an_imported_opt_out_counts_like_any_other() {
    let place = Place::new();
    let opt_in = [
        "record",
        "opt-in",
        "--contact",
        CONTACT,
        "--category",
        "marketing",
        "--at",
        "2026-03-01T10:00:00Z",
        "--server",
        &place.server.url(),
    ];
    assert_eq!(cli(&opt_in).code, 0);
    let said = place.import(&list(&place, &format!("{CONTACT},no,,2026-03-12T10:00:00Z,,")), &[]);
    assert_eq!(counts(&said), [1, 0, 0, 0, 0], "{said:?}");
    assert_eq!(place.check(CONTACT), "NOTHING");
}

#[test]
fn on_a_day_without_a_time_an_opt_out_outranks_an_opt_in() {
    let place = Place::new();
    let rows = format!("{CONTACT},opt_out,marketing,2026-03-12,,\n{CONTACT},opt_in,marketing,2026-03-12,website,Yes");
    let said = place.import(&list(&place, &rows), &["--time-zone", "Europe/London"]);
    assert_eq!((counts(&said), said.code), ([1, 1, 0, 0, 0], 0), "{said:?}");
    assert_eq!(place.check(CONTACT), "NOTHING");
}
