//! The command against the real server: filters, what does not go together, files.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use consent_ledger::export::csv::COLUMNS;
use serde_json::{Value, json};

use super::{CONTACT, OTHER, export, names, with_people};
use crate::support::cli::{Said, cli};
use crate::support::server::Server;

/// The seqs of the entries in an export with these options.
fn seqs(server: &Server, more: &[&str]) -> Vec<u64> {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.jsonl");
    let said = export(&server.url(), &out, more);
    assert_eq!(said.code, 0, "{said:?}");
    lines(&out).iter().filter_map(|line| line["seq"].as_u64()).collect()
}

fn lines(path: &Path) -> Vec<Value> {
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn filters_let_through_what_they_name() {
    // 1 the ledger, 2 the account, 3 an opt-in, 4 a message, 5 somebody else's, 6 a message to another sender, 7 its opt-out.
    let (_dir, server) = with_people();
    assert_eq!(seqs(&server, &["--all-accounts"]), [1, 2, 3, 4, 5, 6, 7]);
    // What was read of all accounts, entry 8, is not of this one.
    assert_eq!(seqs(&server, &[]), [2, 3, 4, 5, 6, 7]);
    assert_eq!(seqs(&server, &["--contact", CONTACT]), [3, 4, 6, 7]);
    assert_eq!(seqs(&server, &["--contact", CONTACT, "--contact", OTHER]), [3, 4, 5, 6, 7]);
    assert_eq!(seqs(&server, &["--contact", CONTACT, "--sender", "1002"]), [6, 7]);
    assert_eq!(seqs(&server, &["--sender", "1001"]), [4, 5]);
    assert_eq!(seqs(&server, &["--all-accounts", "--from-seq", "3", "--to-seq", "5"]), [3, 4, 5]);
    assert_eq!(seqs(&server, &["--from", "2099-01-01T00:00:00Z"]), Vec::<u64>::new());
    assert_eq!(seqs(&server, &["--to", "2000-01-01T00:00:00Z"]), Vec::<u64>::new());
    assert_eq!(seqs(&server, &["--contact", "+447400999999"]), Vec::<u64>::new());
}

#[test]
fn a_file_is_its_owners_alone_replaced_only_by_force_and_verified() {
    let (dir, server) = with_people();
    let out = dir.path().join("evidence.jsonl");
    let bundle = ["--contact", CONTACT, "--evidence"];
    let said = export(&server.url(), &out, &bundle);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "no progress in a pipe: {said:?}");
    let told: Vec<&str> = said.out.lines().collect();
    assert!(told[0].ends_with("evidence.jsonl: 7 entries, 1 left out, over the checkpoint of 8 entries"), "{told:?}");
    assert_eq!(told[1], "claim: every entry of this contact and of the account up to entry 7 is there");
    assert!(told[2].contains("cannot be called back"), "{told:?}");
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);

    let again = export(&server.url(), &out, &bundle);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("is there already") && again.err.contains("--force"), "{}", again.err);
    assert_eq!(export(&server.url(), &out, &[&bundle[..], &["--force"]].concat()).code, 0);
    assert!(!names(dir.path()).iter().any(|name| name.contains(".part")), "{:?}", names(dir.path()));

    let data = dir.path().join("data");
    let key = cli(&["keys", "public", "--data-dir", data.to_str().unwrap()]).out;
    for more in [&[][..], &["--all-accounts"], &["--contact", CONTACT], &bundle] {
        assert_eq!(export(&server.url(), &out, &[more, &["--force"]].concat()).code, 0);
        let verified = cli(&["verify", out.to_str().unwrap(), "--key", key.trim()]);
        assert_eq!(verified.code, 0, "{more:?}: {verified:?}");
    }
}

#[test]
fn the_summary_is_json_where_it_is_asked_for_and_keeps_out_of_stdout_s_way() {
    let (dir, server) = with_people();
    let out = dir.path().join("a.csv");
    let said = export(&server.url(), &out, &["--format", "csv", "--to-seq", "7", "--json"]);
    let summary = &said.json()[0];
    assert_eq!((&summary["entries"], &summary["left_out"], &summary["format"]), (&json!(6), &json!(1), &json!("csv")));
    assert_eq!((&summary["claim"], &summary["opens_sealed_data"]), (&json!({ "kind": "included" }), &json!(false)));
    let piped = cli(&["export", "--server", &server.url(), "--format", "csv", "--to-seq", "7", "--out", "-"]);
    assert_eq!(piped.code, 0);
    assert_eq!(piped.out, std::fs::read_to_string(&out).unwrap());
    assert!(piped.err.starts_with("stdout: 6 entries, 2 left out"), "{}", piped.err);
}

#[test]
fn an_older_checkpoint_becomes_a_line_that_ends_there_and_another_file_is_refused() {
    let (dir, server) = with_people();
    let old = dir.path().join("old.checkpoint");
    std::fs::write(&old, cli(&["checkpoint", "--fresh", "--server", &server.url()]).out).unwrap();
    let more = ["record", "inbound", "--contact", OTHER, "--sender", "1001", "--text", "more", "--server", &server.url()];
    assert_eq!(cli(&more).code, 0);
    assert_eq!(cli(&more).code, 0);
    let out = dir.path().join("since.jsonl");
    let said = export(&server.url(), &out, &["--from-seq", "9", "--all-accounts", "--checkpoint", old.to_str().unwrap()]);
    assert_eq!(said.code, 0, "{said:?}");
    let mut covered = 0;
    let ends = lines(&out).into_iter().skip(1).map(|line| {
        covered += line["left_out"].as_u64().unwrap_or(1);
        covered
    });
    assert!(ends.collect::<Vec<_>>().contains(&7));
    let key = cli(&["keys", "public", "--data-dir", dir.path().join("data").to_str().unwrap()]).out;
    let held = cli(&["verify", out.to_str().unwrap(), "--key", key.trim(), "--checkpoint", old.to_str().unwrap()]);
    assert_eq!(held.code, 0, "{held:?}");

    std::fs::write(&old, "not a checkpoint").unwrap();
    let refused = export(&server.url(), &dir.path().join("b"), &["--checkpoint", old.to_str().unwrap()]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("--checkpoint") && refused.err.contains("old.checkpoint"), "{}", refused.err);
}

#[test]
fn options_that_do_not_go_together_are_refused_by_name_before_anything_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    // Nobody listens there: whatever is asked is another error.
    let ask = |more: &[&str]| -> Said { export("http://127.0.0.1:1", &dir.path().join("out"), more) };
    for (more, named) in [
        (&["--format", "html"][..], "--format html is of one contact"),
        (&["--format", "consent-record", "--contact", CONTACT, "--contact", OTHER], "--format consent-record is of one contact"),
        (&["--evidence"], "--evidence is of one contact"),
        (&["--evidence", "--contact", CONTACT, "--sender", "1"], "it does not go with --sender"),
        (&["--evidence", "--contact", CONTACT, "--from", "2026-01-01T00:00:00Z"], "it does not go with --from"),
        (&["--format", "html", "--contact", CONTACT, "--to-seq", "9"], "it does not go with --to-seq"),
        (&["--evidence", "--contact", CONTACT, "--format", "csv"], "--evidence is JSON Lines"),
        (&["--all-accounts", "--contact", CONTACT], "--all-accounts does not go with --contact"),
        (&["--all-accounts", "--account", "shop"], "--all-accounts does not go with --account"),
        (&["--from", "2026-01-02T00:00:00Z", "--to", "2026-01-02T00:00:00Z"], "--to is not later than --from"),
        (&["--from-seq", "5", "--to-seq", "4"], "--to-seq lies before --from-seq"),
        (&["--controller", "x"], "--controller does not go with --format jsonl"),
        (&["--format", "csv", "--checkpoint", "x"], "--checkpoint is for what proves"),
    ] {
        let said = ask(more);
        assert_eq!(said.code, 2, "{more:?}");
        assert!(said.err.contains(named) && said.err.contains("nothing was asked"), "{more:?}: {}", said.err);
        assert!(!said.err.contains(CONTACT), "{}", said.err);
    }
    assert!(ask(&["--from-seq", "0"]).err.contains("--from-seq"));
    assert!(ask(&["--contact", CONTACT]).err.contains("does not answer"));
    assert_eq!(names(dir.path()), Vec::<String>::new());
}

#[test]
fn the_page_of_the_formats_names_every_column() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/exports.md")).unwrap();
    for column in COLUMNS {
        assert!(page.contains(&format!("`{column}`")), "docs/exports.md does not name the column {column}");
    }
}

#[test]
fn help_says_what_each_form_is_for_and_what_goes_together() {
    let said = cli(&["export", "--help"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    insta::assert_snapshot!(said.out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"));
}
