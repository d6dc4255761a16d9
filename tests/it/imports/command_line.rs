//! What is refused before anything is sent, what is printed and what is written.

use std::os::unix::fs::PermissionsExt as _;

use super::{Place, counts, example, import};
use crate::support::cli::cli;

const LIST: &str = "phone,action,categories,occurred_at\n+447400123456,opt_in,marketing,2026-03-01T10:00:00Z\n";

#[test]
fn what_cannot_be_imported_is_refused_by_name_before_anything_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let list = file("list.csv", LIST);
    // Nobody listens there: whatever is asked is another error.
    let nowhere = |file: &std::path::Path, more: &[&str]| import("http://127.0.0.1:1", file, more);
    for (more, said) in [
        (&["--map", "contct=phone"][..], "did you mean contact?"),
        (&["--map", "hubspott"], "no layout"),
        (&["--map", "contact=Phone Number"], "there is no column \"Phone Number\" for contact"),
        (&["--map", "contact=phone", "--map", "contact=action"], "contact is mapped twice"),
        (&["--map", "hubspot", "--map", "salesforce"], "two layouts"),
        (&["--map", "salesforce"], "no column says contact in the layout salesforce"),
        (&["--region", "XX"], "no country"),
        (&["--time-zone", "Mars/Olympus"], "no time zone"),
        (&["--delimiter", "::"], "give one sign"),
        (&["--encoding", "klingon"], "no encoding"),
        (&["--sender", "10 01"], "the sender must be"),
    ] {
        let refused = nowhere(&list, more);
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{more:?}");
        assert!(refused.err.contains(said), "{more:?}: {}", refused.err);
    }
    for (name, text, said) in [
        ("empty.csv", "", "begins with no header"),
        ("twice.csv", "phone,phone,action,occurred_at\n", "two columns are called \"phone\""),
        ("e-mail.csv", "phone,HasOptedOutOfEmail,occurred_at\n", "no column says action"),
        ("broken.jsonl", "{\"phone\": \n", "begins with no header and no JSON object"),
    ] {
        let refused = nowhere(&file(name, text), &[]);
        assert!(refused.code == 2 && refused.err.contains(said) && refused.err.contains(name), "{name}: {refused:?}");
        assert!(refused.err.contains("nothing was imported"), "{}", refused.err);
    }
    assert!(nowhere(dir.path(), &[]).err.contains("no regular file"));
    assert!(nowhere(&dir.path().join("not there"), &[]).err.contains("not there"));
    let unreachable = nowhere(&list, &[]);
    assert!(unreachable.code == 2 && unreachable.err.contains("does not answer"), "{unreachable:?}");
}

#[test]
fn an_account_that_does_not_exist_ends_it_at_once() {
    let place = Place::new();
    let said = place.import(&place.file("list.csv", LIST), &["--account", "shop"]);
    assert_eq!((said.code, counts(&said)), (2, [0; 5]), "{said:?}");
    assert!(said.err.contains("\"shop\" does not exist") && said.err.contains("--account"), "{}", said.err);
}

#[test]
fn refused_rows_are_shown_up_to_twenty_and_no_number_is() {
    let place = Place::new();
    let rows: Vec<String> = (0..30).map(|row| format!("07400123{row:03},opt_in,marketing,2026-03-01T10:00:00Z\n")).collect();
    let rows = rows.concat();
    let file = place.file("list.csv", format!("phone,action,categories,occurred_at\n{rows}{}", LIST.lines().last().unwrap()));
    let report = place.dir.path().join("report.csv");
    let said = place.import(&file, &[]);
    assert_eq!((said.err.lines().count(), said.code), (21, 1), "{}", said.err);
    assert_eq!(said.err.lines().last().unwrap(), "… and 10 more; --report FILE lists all");
    let with_report = place.import(&file, &["--report", report.to_str().unwrap()]);
    assert_eq!(with_report.err, "");
    let written = std::fs::read_to_string(&report).unwrap();
    assert_eq!(written.lines().count(), 32);
    assert_eq!(std::fs::metadata(&report).unwrap().permissions().mode() & 0o777, 0o600);
    for text in [said.out, said.err, with_report.out, written, place.server.logs()] {
        assert!(!text.contains("07400123") && !text.contains("447400123"), "{text}");
    }
    let refused = place.import(&file, &["--report", report.to_str().unwrap()]);
    assert!(refused.code == 2 && refused.err.contains("is there already") && refused.out.is_empty(), "{refused:?}");
    assert_eq!(place.import(&file, &["--report", report.to_str().unwrap(), "--force"]).code, 1);
}

#[test]
fn the_last_lines_are_counts_and_json_is_one_value() {
    let place = Place::new();
    let said = place.import(&example("generic.csv"), &[]);
    let lines: Vec<&str> = said.out.lines().collect();
    let expected = [
        "7 rows of generic.csv",
        "applied          4",
        "historical_only  0",
        "no_change        0",
        "duplicate        1",
        "refused          2",
    ];
    assert_eq!(lines, expected);
    let said = place.import(&example("generic.csv"), &["--json"]);
    let expected = serde_json::json!({
        "files": ["generic.csv"], "rows": 7, "dry_run": false, "finished": true,
        "applied": 0, "historical_only": 0, "no_change": 0, "duplicate": 5, "refused": 2,
    });
    assert_eq!(said.json(), [expected]);
    let refused: serde_json::Value = serde_json::from_str(said.err.lines().next().unwrap()).unwrap();
    assert_eq!((&refused["line"], &refused["reason"]), (&7.into(), &"ACTION_UNKNOWN".into()));
}

#[test]
fn the_file_is_evidence() {
    let place = Place::new();
    assert_eq!(place.import(&place.file("list.csv", LIST), &[]).code, 0);
    let trail = cli(&["trail", "--contact", "+447400123456", "--json", "--server", &place.server.url()]).out;
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(LIST));
    assert!(trail.contains("list.csv") && trail.contains("import:"), "{trail}");
    assert!(trail.contains(&hash) || trail.contains("file_sha256"), "{trail}");
}

#[test]
fn the_page_names_every_layout_field_word_and_reason() {
    let page = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/imports.md")).unwrap();
    let help = cli(&["import", "--help"]).out;
    let fields = help.split("Fields:").nth(1).unwrap().split("\n\n").next().unwrap();
    let named: Vec<&str> = fields
        .split([',', ' ', '\n'])
        .map(str::trim)
        .filter(|word| word.contains('_') || *word == "contact" || *word == "action")
        .collect();
    assert!(named.len() > 10, "{named:?}");
    for field in named {
        assert!(page.contains(&format!("`{field}`")), "docs/imports.md does not name {field}");
    }
}

#[test]
fn help_says_what_an_import_takes() {
    let said = cli(&["import", "--help"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    insta::assert_snapshot!(said.out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"));
}
