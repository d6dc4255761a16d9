//! `bench` measures the real server: a quick run gives every row with figures that can be true, and a kept ledger is used again.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::cli::{Said, cli};

/// How long a run may take on a machine that does much else; by itself it takes seconds.
const PATIENCE: Duration = Duration::from_secs(240);

/// Runs `bench --quick` with these arguments, temporary files in `temporary`.
fn quick(temporary: &Path, args: &[&str]) -> Said {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_consent-ledger"));
    let ran = command.args(["bench", "--quick"]).args(args).env("TMPDIR", temporary).timeout(PATIENCE);
    let output = ran.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Said { code: output.status.code().expect("it ended by itself"), out: text(&output.stdout), err: text(&output.stderr) }
}

/// Every measurement, with a ratio that must be among its figures.
const ROWS: [(&str, &str); 12] = [
    ("memory", "started_to_loaded_ratio"),
    ("disk", "both_copies_to_entries_ratio"),
    ("verify", "to_sha256_ratio"),
    ("start", "without_snapshot_to_read_and_sha256_ratio"),
    ("check", "to_noop_ratio"),
    ("batch", "to_noop_ratio"),
    ("check-stream", "to_noop_ratio"),
    ("check-under-load", "p99_to_idle_ratio"),
    ("record-one", "p50_over_noop_to_fdatasync_ratio"),
    ("record-many", "to_noop_ratio"),
    ("record-stream", "last_to_first_tenth_ratio"),
    ("size", "records_all_to_tenth_ratio"),
];

/// What a server of so few people did not need more memory for is nothing.
const MAY_BE_NOTHING: [&str; 2] = ["bytes_per_contact", "bytes_per_event"];

/// Every figure of a row is a number above nothing, and figures beside each other make sense.
fn sane(row: &Value) {
    let figures = row.as_object().unwrap().iter().filter(|(key, _)| !["measurement", "what", "targets"].contains(&key.as_str()));
    for (key, value) in figures {
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        assert!(!values.is_empty(), "{row}");
        for value in values {
            let value = value.as_f64().unwrap_or_else(|| panic!("{key} is no finite number: {row}"));
            assert!(value > 0.0 || (value == 0.0 && MAY_BE_NOTHING.contains(&key.as_str())), "{key}: {row}");
        }
    }
    let number = |key: &str| row[key].as_f64();
    for prefix in ["", "noop_", "idle_", "records_", "fdatasync_"] {
        let percentiles = ["p50_us", "p99_us", "p999_us"].map(|key| number(&format!("{prefix}{key}")));
        assert!(percentiles.iter().any(Option::is_none) || percentiles.is_sorted(), "{prefix}: {row}");
    }
    if let Some(targets) = row["targets"].as_object() {
        assert!(targets.iter().all(|(key, target)| row.get(key).is_some() && target["met"].is_boolean()), "{row}");
    }
}

#[test]
fn a_quick_run_measures_everything_and_a_kept_ledger_is_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let home = home.to_str().unwrap();

    let said = quick(dir.path(), &["--json", "--data-dir", home]);
    assert_eq!(said.code, 0, "{said:?}");
    let report = said.json().remove(0);
    assert_eq!((&report["about"]["quick"], &report["about"]["contacts"]), (&true.into(), &2_000.into()));
    assert!(report["about"]["machine"]["cores"].as_u64().unwrap() > 0);
    let rows = report["rows"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["measurement"].as_str().unwrap()).collect();
    assert_eq!(names, ROWS.map(|(name, _)| name));
    for (row, (_, ratio)) in rows.iter().zip(ROWS) {
        assert!(row.get(ratio).is_some(), "{ratio}: {row}");
        sane(row);
    }
    let figure = |name: &str, key: &str| rows.iter().find(|row| row["measurement"] == name).unwrap()[key].as_f64().unwrap();
    // 6,000 events, what a new ledger begins with, and at most a head commitment or two.
    assert!((6_002.0..6_010.0).contains(&figure("disk", "entries")));
    assert!((1_999.5..2_000.5).contains(&figure("record-stream", "events")));
    // Two copies of everything take at least twice the entries.
    assert!(figure("disk", "both_copies_to_entries_ratio") > 2.0);
    assert!(said.err.contains("loading 6000 events"), "{}", said.err);

    let said = quick(dir.path(), &["--only", "check,batch", "--data-dir", home]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!said.err.contains("loading"), "{}", said.err);
    assert!(said.out.starts_with("check: CheckSend") && said.out.contains("\nbatch: ") && !said.out.contains("\nmemory: "), "{}", said.out);
    assert!(said.out.contains("to_noop_ratio") && said.out.contains("a quick run"), "{}", said.out);

    let said = cli(&["bench", "--contacts", "1000", "--events", "2000", "--only", "check", "--data-dir", home]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains("holds a ledger of other sizes") && said.err.contains(home), "{}", said.err);
}

#[test]
fn tables_are_printed_in_markdown_and_nothing_stays_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let said = quick(temporary.path(), &["--only", "record-one", "--markdown"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("\n### record-one\n") && said.out.contains("| `p50_over_noop_to_fdatasync_ratio` | "), "{}", said.out);
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[test]
fn sizes_that_cannot_be_measured_are_refused_before_anything_starts() {
    for (contacts, events, why) in [("10", "100", "10 contacts"), ("1000", "1500", "at least two for each")] {
        let said = cli(&["bench", "--contacts", contacts, "--events", events, "--json"]);
        assert_eq!((said.code, said.out.as_str()), (2, ""));
        assert!(said.err.contains(why) && said.err.contains("usage"), "{}", said.err);
    }
}
