//! Files as systems write them: encodings, delimiters, line ends, and rows that are broken.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::{Place, counts};

const LIST: &str = "phone,action,categories,occurred_at,evidence_text\n+447400000001,opt_in,marketing,2026-03-01T10:00:00Z,São Paulo: aceito\n+447400000002,opt_out,,2026-03-01T10:00:00Z,não\n";

fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
}

fn western(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect()
}

#[test]
fn a_list_is_the_same_in_every_encoding() {
    let place = Place::new();
    assert_eq!(counts(&place.import(&place.file("utf-8.csv", LIST), &[])), [2, 0, 0, 0, 0]);
    for (name, bytes) in [
        ("mark.csv", [b"\xef\xbb\xbf", LIST.as_bytes()].concat()),
        ("le.csv", wide(LIST, u16::to_le_bytes)),
        ("be.csv", wide(LIST, u16::to_be_bytes)),
        ("western.csv", western(LIST)),
    ] {
        let said = place.import(&place.file(name, bytes), &[]);
        assert_eq!((counts(&said), said.code), ([0, 0, 0, 2, 0], 0), "{name}: {said:?}");
        assert_eq!(said.err.contains("read as windows-1252"), name == "western.csv", "{name}: {}", said.err);
    }
    let unmarked = place.import(&place.file("unmarked.csv", &wide(LIST, u16::to_le_bytes)[2..]), &[]);
    assert!(unmarked.code == 2 && unmarked.err.contains("--encoding utf-16le"), "{unmarked:?}");
    let named = place.import(&place.file("unmarked.csv", &wide(LIST, u16::to_le_bytes)[2..]), &["--encoding", "utf-16le"]);
    assert_eq!(counts(&named), [0, 0, 0, 2, 0]);
}

#[test]
fn a_list_is_the_same_with_any_delimiter_and_line_end() {
    let place = Place::new();
    let quoted = LIST.replace("São Paulo: aceito", "\"São Paulo, sim;\n\t| \"\"aceito\"\"\"");
    assert_eq!(counts(&place.import(&place.file("a.csv", &quoted), &[])), [2, 0, 0, 0, 0]);
    let changed = |sign: &str| quoted.replace(",opt", &format!("{sign}opt")).replace(",action", &format!("{sign}action"));
    let with = |sign: &str| {
        let mut inside = false;
        let signs = quoted.chars().map(|letter| {
            inside ^= letter == '"';
            if letter == ',' && !inside { sign.to_owned() } else { letter.to_string() }
        });
        signs.collect::<String>()
    };
    assert_ne!(changed(";"), with(";"));
    for sign in [";", "\t", "|"] {
        let said = place.import(&place.file("b.csv", with(sign)), &[]);
        assert_eq!(counts(&said), [0, 0, 0, 2, 0], "{sign:?}: {said:?}");
    }
    let colons = place.file("c.csv", with("^"));
    assert_eq!(counts(&place.import(&colons, &["--delimiter", "^"])), [0, 0, 0, 2, 0]);
    let named = place.file("d.csv", format!("sep=;\r\n{}\n\n\n;;;;\n", with(";")));
    assert_eq!(counts(&place.import(&named, &[])), [0, 0, 0, 2, 0]);
}

#[test]
fn a_broken_row_is_refused_and_the_rows_around_it_are_not() {
    let place = Place::new();
    let mut bytes = b"phone,action,categories,occurred_at\n+447400000001,opt_in,marketing,2026-03-01T10:00:00Z\n".to_vec();
    bytes.extend_from_slice(b"+447400000002,opt_in\n+447400000003,opt_in,marketing,2026-03-01T10:00:00Z,more,and more\n");
    bytes.extend_from_slice(b"+4474000\x0000004,opt_in,marketing,2026-03-01T10:00:00Z\n4.474E+11,opt_in,marketing,2026-03-01T10:00:00Z\n");
    bytes.extend_from_slice(format!("\"{}\",opt_in,marketing,2026-03-01T10:00:00Z\n", "x".repeat(1_100_000)).as_bytes());
    bytes.extend_from_slice(b"+447400000005,opt_in,marketing,2099-03-01T10:00:00Z\n+447400000006,opt_in,marketing,2026-03-01T10:00:00Z");
    let report = place.dir.path().join("report.csv");
    let said = place.import(&place.file("a.csv", bytes), &["--report", report.to_str().unwrap()]);
    assert_eq!((counts(&said), said.code, said.err.as_str()), ([2, 0, 0, 0, 6], 1, ""), "{said:?}");
    let report = std::fs::read_to_string(report).unwrap();
    let found: Vec<Vec<&str>> = report.lines().skip(1).map(|line| line.split(',').skip(1).take(4).collect()).collect();
    let expected = [
        ["2", "applied", "", ""],
        ["3", "refused", "CELLS_DIFFER", ""],
        ["4", "refused", "CELLS_DIFFER", ""],
        ["5", "refused", "NOT_TEXT", ""],
        ["6", "refused", "CONTACT_MANGLED", "contact"],
        ["7", "refused", "ROW_TOO_LONG", ""],
        ["8", "refused", "OCCURRED_AT_IN_FUTURE", "occurred_at"],
        ["9", "applied", "", ""],
    ];
    assert_eq!(found, expected, "{report}");
}

#[test]
fn a_bad_line_of_json_is_refused_for_itself() {
    let place = Place::new();
    let good = |number: u32| {
        format!(
            "{{\"contact\":\"+44740000000{number}\",\"action\":\"opt_in\",\"categories\":\"marketing\",\"occurred_at\":\"2026-03-01T10:00:00Z\"}}"
        )
    };
    let lines = [good(1), "{\"contact\":".into(), "[]".into(), String::new(), good(2).replace("\"+44", "{}, \"x\": \"+44"), good(3)];
    let said = place.import(&place.file("a.jsonl", lines.join("\n")), &[]);
    assert_eq!((counts(&said), said.code), ([2, 0, 0, 0, 3], 1), "{said:?}");
    for place in ["line 2: refused: not a JSON object", "line 3: refused: not a JSON object", "line 5: refused"] {
        assert!(said.err.contains(place), "{}", said.err);
    }
}

#[test]
fn several_files_and_standard_input_are_read_one_after_the_other() {
    let place = Place::new();
    let file = place.file("a.csv", LIST);
    let mut command = Command::new(env!("CARGO_BIN_EXE_consent-ledger"));
    command.args(["import", file.to_str().unwrap(), "-", "--json", "--server", &place.server.url()]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let more = LIST.replace("+44740000000", "+44740000001");
    child.stdin.take().unwrap().write_all(more.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let counted: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&counted["applied"], &counted["rows"], &counted["files"]), (&4.into(), &4.into(), &serde_json::json!(["a.csv", "stdin"])));
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_file_with_a_stray_quote_is_refused_whole_and_says_nothing_of_anybody() {
    let place = Place::new();
    let header = "phone,name,action,categories,occurred_at\n";
    let rest = "marketing,2026-03-01T10:00:00Z\n";
    let merged = format!("{header}+447419500001,\"Bo,opt_out,{rest}+447419500002,\"Cy\",opt_in,{rest}");
    let swallowed = format!("{header}+447419500001,\"Bo,opt_out,{rest}+447419500002,Cy\",opt_in,{rest}");
    let open = format!("{header}+447419500001,Al,opt_in,{rest}+447419500002,\"Bo,opt_out,{rest}");
    for (text, line) in [(&merged, "line 2"), (&swallowed, "lines 3 to 3"), (&open, "line 3")] {
        let said = place.import(&place.file("a.csv", text), &[]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
        assert!(said.err.contains(line) && said.err.contains("nothing was imported") && !said.err.contains("4474195"), "{}", said.err);
    }
    assert!(place.known().is_empty());
    let plain = place.import(&place.file("a.csv", &merged), &["--quote", "none"]);
    assert_eq!((counts(&plain), plain.code), ([2, 0, 0, 0, 0], 0), "{plain:?}");
    assert_eq!(place.check("+447419500001"), "NOTHING");
}

#[test]
fn a_file_of_only_a_header_has_no_rows() {
    let place = Place::new();
    let said = place.import(&place.file("a.csv", "phone,action,categories,occurred_at\n"), &[]);
    assert!(said.code == 2 && said.err.contains("no rows"), "{said:?}");
}
