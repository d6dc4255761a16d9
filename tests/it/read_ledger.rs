//! A reader that this project's code had no part in: Python's standard library and `docs/ledger-format.md`.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::server::Server;

/// Set where a missing interpreter must fail the test instead of skipping it.
const REQUIRED: &str = "CONSENT_LEDGER_REQUIRE_PYTHON";

/// An interpreter: the one named by `CONSENT_LEDGER_PYTHON`, else `python3`.
pub fn interpreter() -> Option<String> {
    let python = std::env::var("CONSENT_LEDGER_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", "import struct, hashlib, datetime"]).output();
    found.is_ok_and(|output| output.status.success()).then_some(python)
}

/// Reads the ledger in `data_dir` with it.
pub fn read(python: &str, data_dir: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/read_ledger.py");
    Command::new(python).arg(script).arg(data_dir).output().unwrap()
}

/// The real binary, asked by `words`; it must answer yes.
fn ask(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_consent-ledger")).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A ledger with every way in which an entry can look: one trail, two trails, caused, with and without an event id.
fn fill(server: &Server) {
    let (url, http) = (server.url(), server.http_url());
    let record = |words: &[&str]| ask(&[&["record"], words, &["--server", &url]].concat());
    let contact = ["--contact", "+447400123456"];
    record(&[&["opt-in", "--category", "marketing,utility", "--event-id", "signup-1", "--evidence-text", "Yes"], &contact[..]].concat());
    record(&[&["inbound", "--sender", "1001", "--text", "STOP"], &contact[..]].concat());
    record(&[&["inbound", "--sender", "1001", "--contact", "US.13491208655302741918"], &contact[..]].concat());
    record(&["opt-out", "--contact", "US.13491208655302741919", "--at", "2026-03-01T10:00:00Z"]);
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wa_webhooks");
    ask(&["webhook", "replay", samples, "--app-secret", "try-me", "--server-http", &http]);
    // A join of two contacts that were known apart: an entry of two trails.
    record(&["inbound", "--sender", "1001", "--contact", "US.13491208655302741919", "--contact", "+447400123457"]);
    record(&["opt-in", "--contact", "+447400123458", "--category", "service"]);
    record(&["inbound", "--sender", "1001", "--contact", "+447400123458", "--contact", "US.13491208655302741920"]);
    record(&["opt-in", "--contact", "+447400123459", "--category", "service"]);
    record(&["opt-in", "--contact", "US.13491208655302741921", "--category", "service"]);
    record(&["inbound", "--sender", "1001", "--contact", "+447400123459", "--contact", "US.13491208655302741921"]);
}

#[test]
fn a_reader_written_from_the_format_alone_finds_the_same_chain() {
    let Some(python) = interpreter() else {
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and no Python was found");
        println!("skipped: no python3; name one in CONSENT_LEDGER_PYTHON");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().join("data");
    let server = Server::start(&data_dir, &["--app-secret", "try-me"]);
    fill(&server);

    // Zeros stand ahead of a running writer, none behind one that stopped: both are read.
    let running = read(&python, &data_dir);
    assert!(server.terminate().success());
    let stopped = read(&python, &data_dir);
    let said = String::from_utf8_lossy(&stopped.stdout).into_owned();
    assert!(running.status.success() && stopped.status.success(), "{said}\n{}", String::from_utf8_lossy(&stopped.stderr));
    assert_eq!(running.stdout, stopped.stdout);
    for kind in ["LedgerCreated", "OptedIn", "OptedOut", "InboundMessageReceived", "NumberChanged", "IdentifiersLinked"] {
        assert!(said.contains(&format!(" {kind} ")), "no {kind} in\n{said}");
    }

    let report: serde_json::Value = serde_json::from_str(&ask(&["verify", "--data-dir", data_dir.to_str().unwrap(), "--json"])).unwrap();
    let last = format!("entries {} head {}", report["entries"], report["head"]["hash"].as_str().unwrap());
    assert_eq!(said.lines().last(), Some(last.as_str()));

    changed_bytes_are_found(&python, &data_dir);
}

/// A reader that finds nothing proves nothing: one bit of an entry's sealed part, then the same with both checksums made
/// right again.
fn changed_bytes_are_found(python: &str, data_dir: &Path) {
    let segment = data_dir.join("journal/00000000000000000001.journal");
    let whole = std::fs::read(&segment).unwrap();
    let frame = |bytes: &[u8], at: usize| at + 44 + u32::from_be_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
    let second = frame(&whole, 72);
    let end = frame(&whole, second);

    let mut changed = whole.clone();
    changed[end - 1] ^= 1;
    std::fs::write(&segment, &changed).unwrap();
    let found = read(python, data_dir);
    assert_eq!(found.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&found.stderr).contains("fails its checksum"));

    let entries = crc32c::crc32c(&changed[second + 64..end]);
    changed[second + 60..second + 64].copy_from_slice(&entries.to_be_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(&changed[second..second + 40]), &changed[second + 44..end]);
    changed[second + 40..second + 44].copy_from_slice(&crc.to_be_bytes());
    std::fs::write(&segment, &changed).unwrap();
    let found = read(python, data_dir);
    assert_eq!(found.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&found.stderr).contains("does not follow from the one before it"));
}
