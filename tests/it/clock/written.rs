//! Times as they are written: leap seconds, and the ends of time.

use consent_ledger::consent::time::Time;
use serde_json::json;

use crate::support::cli::cli;
use crate::support::client::runtime;
use crate::support::http::call;
use crate::support::server::Server;

fn time(text: &str) -> Option<i64> {
    text.parse::<Time>().ok().map(Time::micros)
}

#[test]
fn a_leap_second_is_the_last_instant_of_the_second_before_it() {
    let leap = time("2016-12-31T23:59:60Z").unwrap();
    assert_eq!(leap, time("2016-12-31T23:59:59.999999Z").unwrap());
    assert_eq!(leap + 1, time("2017-01-01T00:00:00Z").unwrap());
    // Whoever stopped within it stopped after whatever came within the second before.
    for text in ["2016-12-31T23:59:60.000001Z", "2016-12-31T23:59:60.5Z", "2017-01-01T00:59:60+01:00", "2016-12-31t23:59:60z"] {
        assert_eq!(time(text), Some(leap), "{text}");
    }
    assert_eq!(time("2016-12-31T23:59:61Z"), None);
}

#[test]
fn times_at_the_ends_are_taken_or_refused_and_never_something_else() {
    assert_eq!(time("1970-01-01T00:00:00Z"), Some(0));
    assert_eq!(time("1969-12-31T23:59:59.999999Z"), Some(-1));
    assert_eq!(time("9999-12-30T21:59:59Z"), Some(253_402_207_199_000_000));
    assert_eq!(time("1969-12-31T23:59:60Z"), Some(-1));
    for text in ["10000-01-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "-1", ""] {
        assert_eq!(time(text), None, "{text}");
    }
}

#[test]
fn a_leap_second_on_the_command_line_in_a_list_and_in_json() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let on_the_line = |contact: &str, what: &str, at: &str| {
        let said = cli(&["record", what, "--contact", contact, "--category", "marketing", "--at", at, "--server", &server.url()]);
        assert_eq!(said.code, 0, "{said:?}");
    };
    let permission = |contact: &str| {
        let said = cli(&["check", "--contact", contact, "--sender", "1", "--category", "marketing", "--server", &server.url()]);
        said.first_word().to_owned()
    };
    // The opt-in's second is the one before.
    on_the_line("+447400123456", "opt-in", "2016-12-31T23:59:59.9Z");
    on_the_line("+447400123456", "opt-out", "2016-12-31T23:59:60.1Z");
    assert_eq!(permission("+447400123456"), "NOTHING");
    on_the_line("+447400123456", "opt-in", "2017-01-01T00:00:00Z");
    assert_eq!(permission("+447400123456"), "TEMPLATE_ONLY");
    // In a list, with and without an offset.
    let list = dir.path().join("list.csv");
    let rows = "contact,action,occurred_at,categories,evidence_text\n\
        +447400123457,opt-in,2016-12-31T23:59:59.9Z,marketing,yes\n+447400123457,opt-out,2016-12-31T23:59:60Z,marketing,\n\
        +447400123458,opt-in,2016-12-31 23:59:59.9,marketing,yes\n+447400123458,opt-out,2016-12-31 23:59:60,marketing,\n";
    std::fs::write(&list, rows).unwrap();
    let said = cli(&["import", list.to_str().unwrap(), "--time-zone", "UTC", "--server", &server.url()]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!((permission("+447400123457").as_str(), permission("+447400123458").as_str()), ("NOTHING", "NOTHING"));
    // In JSON.
    let opt_out = |at: &str| json!({ "contact": "+447400123459", "method": "METHOD_WEBSITE", "occurredAt": at });
    let sent = |body| runtime().block_on(call(&server, "/consent.v1.RecordingService/RecordOptOut", &body));
    on_the_line("+447400123459", "opt-in", "2016-12-31T23:59:59.9Z");
    assert_eq!(sent(opt_out("2016-12-31T23:59:60.1Z")).status, 200);
    assert_eq!(permission("+447400123459"), "NOTHING");
    for at in ["1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "2016-12-31T23:59:61Z"] {
        let answer = sent(opt_out(at));
        let (status, _, reason, fields) = answer.refused();
        assert_eq!(status, 400, "{at}: {answer:?}");
        assert!(["FIELD_MALFORMED", "TIME_OUT_OF_RANGE"].contains(&reason.as_str()), "{at}: {reason}");
        assert_eq!(fields.len(), 1, "{at}: {fields:?}");
    }
    assert_eq!(server.terminate().code(), Some(0));
}
