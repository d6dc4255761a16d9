//! Who may import what, and how long a file may grow. The rules are read off the sources.

use std::path::Path;

/// What the pure core may not know.
const FOREIGN_TO_THE_CORE: [&str; 23] = [
    "tokio",
    "tonic",
    "sled",
    "axum",
    "prost",
    "std::fs",
    "std::net",
    "std::thread",
    "std::time",
    "SystemTime",
    "Instant",
    "async fn",
    "crate::ledger",
    "crate::api",
    "crate::http",
    "crate::json",
    "crate::webhook",
    "crate::cli",
    "crate::scenarios",
    "crate::proto",
    "crate::export",
    "crate::measure",
    "crate::telemetry",
];

/// What the ledger may not know: the edges, and in what form its numbers are told.
const FOREIGN_TO_THE_LEDGER: [&str; 10] = [
    "crate::api",
    "crate::http",
    "crate::json",
    "crate::webhook",
    "crate::cli",
    "crate::scenarios",
    "crate::export",
    "crate::telemetry",
    "prometheus_client",
    "opentelemetry",
];

/// What the client library may not know: everything that a server is made of.
const FOREIGN_TO_THE_CLIENT: [&str; 9] = [
    "crate::api",
    "crate::cli",
    "crate::export",
    "crate::ledger",
    "crate::proof",
    "crate::scenarios",
    "crate::telemetry",
    "crate::webhook",
    "sled",
];

/// What the bench may not know: whoever serves. It measures from outside, and reads the journal's files.
const FOREIGN_TO_THE_BENCH: [&str; 10] = [
    "crate::api",
    "crate::cli",
    "crate::consent",
    "crate::export",
    "crate::http",
    "crate::json",
    "crate::ledger::Ledger",
    "crate::scenarios",
    "crate::webhook",
    "sled",
];

/// The one file that makes a `tonic::Status`.
const STATUS_FILE: &str = "src/api/status.rs";

/// More lines than this need a reason.
const LINES: usize = 400;

/// Files that are longer, and why.
const LONG: [(&str, &str); 1] = [("src/consent/words.rs", "closed lists of words, mostly their documentation")];

/// What is wrong with one file.
fn faults(path: &str, source: &str) -> Vec<String> {
    let code = code(source);
    let mut faults = Vec::new();
    let mut forbid = |foreign: &[&str]| {
        for name in foreign.iter().filter(|name| names(&code, name)) {
            faults.push(format!("{path} names {name}"));
        }
    };
    if path.starts_with("src/consent/") {
        forbid(&FOREIGN_TO_THE_CORE);
    }
    if path.starts_with("src/ledger/") {
        forbid(&FOREIGN_TO_THE_LEDGER);
    }
    if path.starts_with("src/client/") {
        forbid(&FOREIGN_TO_THE_CLIENT);
    }
    if path.starts_with("src/bench/") {
        forbid(&FOREIGN_TO_THE_BENCH);
    }
    if path.starts_with("src/") && path != STATUS_FILE && makes_a_status(without_tests(&code)) {
        faults.push(format!("{path} makes a tonic::Status; only {STATUS_FILE} does"));
    }
    if source.lines().count() > LINES && !LONG.iter().any(|(long, _)| *long == path) {
        faults.push(format!("{path} has {} lines: split it, or list it with a reason", source.lines().count()));
    }
    faults
}

/// What is wrong with all files together: sled is named in one file at most, and it lies in src/ledger.
fn faults_together(files: &[(String, String)]) -> Vec<String> {
    let naming: Vec<&str> = files.iter().filter(|(_, source)| names(&code(source), "sled")).map(|(path, _)| path.as_str()).collect();
    match naming.as_slice() {
        [] => Vec::new(),
        [only] if only.starts_with("src/ledger/") => Vec::new(),
        several => vec![format!("sled is named in {}; it belongs in one file of src/ledger", several.join(", "))],
    }
}

/// The source without comments, strings and white space at both ends of lines; grouped imports from the crate's root
/// and paths through `super::super` are written out.
fn code(source: &str) -> String {
    let lines = source.lines().map(|line| without_strings(line.split("//").next().unwrap_or_default()).trim().to_owned());
    let mut code = lines.collect::<Vec<_>>().join("\n");
    let mut from = 0;
    while let Some(start) = code.get(from..).and_then(|rest| rest.find("crate::{")).map(|place| from + place) {
        from = start + "crate::{".len();
        let end = code[from..].find(';').map_or(code.len(), |place| from + place);
        let modules: Vec<String> = code[from..end].split([',', '{', '}']).map(|name| format!("\ncrate::{}", name.trim())).collect();
        code.push_str(&modules.concat());
    }
    code.replace("super::super::", "crate::")
}

fn without_strings(line: &str) -> String {
    line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// Whether `name` stands in `code` as a word of its own, and not as a field or local of the same name.
fn names(code: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(start, found)| {
        let before = code[..start].chars().next_back();
        let after = &code[start + found.len()..];
        let continues = before.is_some_and(|c| is_word(c) || c == '.') || after.chars().next().is_some_and(is_word);
        let is_path = after.starts_with("::") || code[..start].ends_with("use ");
        !continues && (name.contains([':', ' ']) || name.starts_with(char::is_uppercase) || is_path)
    })
}

/// A file's code without its tests, which may make what they look at.
fn without_tests(code: &str) -> &str {
    code.split_once("#[cfg(test)]\nmod tests").map_or(code, |(served, _)| served)
}

/// Whether a constructor of `Status` is called: `Status::new(`, `Status::internal(` …
fn makes_a_status(code: &str) -> bool {
    code.match_indices("Status::").any(|(start, found)| {
        let begins = !code[..start].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        let called = code[start + found.len()..].trim_start_matches(|c: char| c.is_lowercase() || c == '_');
        begins && called.starts_with('(') && called.len() < code.len() - start - found.len()
    })
}

fn sources(dir: &Path, into: &mut Vec<(String, String)>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            into.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn every_file_keeps_to_its_side() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut src, mut tests) = (Vec::new(), Vec::new());
    sources(&root.join("src"), &mut src);
    sources(&root.join("tests"), &mut tests);
    assert!(src.iter().any(|(path, _)| path == "src/consent/decide.rs"));
    let mut found: Vec<String> = src.iter().chain(&tests).flat_map(|(path, source)| faults(path, source)).collect();
    found.extend(faults_together(&src));
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn an_import_that_the_core_may_not_have_is_found() {
    for bad in [
        "use tokio::sync::Mutex;",
        "use std::fs;",
        "use std::net::IpAddr;",
        "    let now = SystemTime::now();",
        "use std::{time::Instant, fmt};",
        "use crate::ledger::record::Record;",
        "use crate::{consent, ledger};",
        "use crate::{\n    consent::time::Time,\n    api,\n};",
        "use super::super::ledger;",
        "pub async fn decide() {}",
        "let db = sled::open(path);",
    ] {
        assert_eq!(faults("src/consent/decide.rs", bad).len(), 1, "{bad}");
    }
}

#[test]
fn what_only_looks_like_an_import_is_let_through() {
    for good in [
        "//! knows no tokio, tonic or sled: use std::fs elsewhere",
        "let said = \"use std::fs\";",
        "/// An instant.",
        "let tonic = 1;",
        "use super::time::Time;",
        "use crate::consent::{event, time};",
    ] {
        assert_eq!(faults("src/consent/decide.rs", good), Vec::<String>::new(), "{good}");
    }
    assert!(faults("src/ledger/storage/journal.rs", "use std::fs;\nuse crate::consent::time;").is_empty());
}

#[test]
fn a_ledger_that_knows_its_edges_is_found() {
    assert_eq!(faults("src/ledger/mod.rs", "use crate::api::status;").len(), 1);
    assert_eq!(faults("src/ledger/mod.rs", "use crate::{cli, consent};").len(), 1);
}

#[test]
fn a_client_that_knows_its_server_is_found() {
    assert_eq!(faults("src/client/mod.rs", "use crate::ledger::Position;").len(), 1);
    assert_eq!(faults("src/client/mod.rs", "use crate::{api, consent};").len(), 1);
    assert!(faults("src/client/mod.rs", "use crate::consent::time::Time;\nuse crate::proto::Decision;").is_empty());
}

#[test]
fn a_bench_that_knows_its_server_is_found() {
    assert_eq!(faults("src/bench/stage.rs", "use crate::ledger::Ledger;").len(), 1);
    assert_eq!(faults("src/bench/stage.rs", "use crate::{api, client};").len(), 1);
    assert!(faults("src/bench/commits.rs", "use crate::ledger::storage::journal::segments;\nuse crate::client::endpoint;").is_empty());
}

#[test]
fn a_status_made_elsewhere_is_found() {
    assert_eq!(faults("src/api/decision.rs", "return Err(Status::internal(\"no\"));").len(), 1);
    assert_eq!(faults("src/api/decision.rs", "tonic::Status::new(code, text)").len(), 1);
    assert!(faults(STATUS_FILE, "Status::internal(\"no\")").is_empty());
    assert!(faults("src/api/decision.rs", "fn a() -> Result<(), Status> { ServingStatus::from(1); StatusCode::OK }").is_empty());
    assert!(faults("src/api/decision.rs", "TemplateStatus::parse(1)").is_empty());
    assert!(faults("src/cli/error.rs", "#[cfg(test)]\nmod tests { fn a() { Status::internal(\"no\"); } }").is_empty());
}

#[test]
fn sled_in_a_second_file_or_outside_the_ledger_is_found() {
    let file = |path: &str| (path.to_owned(), "use sled::Db;".to_owned());
    assert!(faults_together(&[file("src/ledger/storage/store.rs")]).is_empty());
    assert_eq!(faults_together(&[file("src/ledger/storage/store.rs"), file("src/ledger/starting/recovery.rs")]).len(), 1);
    assert_eq!(faults_together(&[file("src/cli/serve.rs")]).len(), 1);
}

#[test]
fn a_long_file_without_a_reason_is_found() {
    let long = "// line\n".repeat(LINES + 1);
    assert_eq!(faults("src/ledger/storage/journal.rs", &long).len(), 1);
    assert_eq!(faults("src/consent/words.rs", &long), Vec::<String>::new());
    assert!(LONG.iter().all(|(_, reason)| !reason.is_empty()));
}

#[test]
fn the_image_is_built_from_all_that_the_manifest_names() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let (docker, manifest) =
        (std::fs::read_to_string(root.join("Dockerfile")).unwrap(), std::fs::read_to_string(root.join("Cargo.toml")).unwrap());
    let copied: Vec<&str> = docker.lines().filter_map(|line| line.strip_prefix("COPY ")).flat_map(str::split_whitespace).collect();
    let named = manifest.lines().filter(|line| *line == "[[bench]]").map(|_| "benches");
    for needed in ["Cargo.toml", "Cargo.lock", "build.rs", "proto", "src"].into_iter().chain(named) {
        assert!(copied.contains(&needed), "the Dockerfile does not copy {needed}");
    }
}
