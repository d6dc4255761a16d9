//! Files of `import`. The first byte says how the command was called.

use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

use clap::Parser;
use consent_ledger::api::record_stream;
use consent_ledger::api::status::reason;
use consent_ledger::cli::import::Import;
use tempfile::TempDir;

use super::caller::{CALLER, NOW};
use super::scratch::directory;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    import: Import,
}

struct Stage {
    _dir: TempDir,
    file: PathBuf,
    imports: Vec<Import>,
}

/// How it is called: what the layouts need, and what leaves most to be found out.
const CALLS: [&[&str]; 8] = [
    &[],
    &["--region", "GB", "--time-zone", "Europe/London"],
    &["--region", "BR", "--time-zone", "America/Sao_Paulo", "--date-format", "dmy", "--map", "categories==marketing"],
    &[
        "--map",
        "hubspot",
        "--map",
        "action=WhatsApp consent",
        "--map",
        "occurred_at=WhatsApp consent date",
        "--map",
        "categories==marketing",
    ],
    &["--map", "salesforce", "--map", "categories==marketing"],
    &["--format", "jsonl", "--region", "GB", "--time-zone", "UTC"],
    &["--encoding", "utf-16le", "--time-zone", "UTC"],
    &["--quote", "none", "--delimiter", "tab", "--map", "action==opt_out", "--map", "occurred_at==2026-02-01T10:00:00Z"],
];

static STAGE: LazyLock<Mutex<Stage>> = LazyLock::new(|| {
    let dir = directory();
    let file = dir.path().join("list");
    let called = |call: &&[&str]| {
        let words = [["import"].as_slice(), *call].concat();
        let words = words.iter().map(|word| (*word).into()).chain([file.clone().into_os_string()]);
        Command::try_parse_from(words).unwrap_or_else(|error| panic!("{call:?}: {error}")).import
    };
    let imports = CALLS.iter().map(called).collect();
    Mutex::new(Stage { imports, file, _dir: dir })
});

/// What only the server refuses: times that are none to it.
const LEFT_TO_THE_SERVER: [&str; 2] = ["OCCURRED_AT_IN_FUTURE", "TIME_OUT_OF_RANGE"];

/// Every file is read or refused, its rows in order; what is read twice is the same, and what the command would send the server takes,
/// but for times.
pub fn check(bytes: &[u8]) {
    let stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let (call, list) = bytes.split_first().unwrap_or((&0, &[]));
    let import = &stage.imports[usize::from(*call) % CALLS.len()];
    if let Err(error) = std::fs::write(&stage.file, list) {
        panic!("{error}");
    }
    let first = rows(import);
    assert_eq!(rows(import), first);
}

fn rows(import: &Import) -> (Vec<(u64, String)>, bool) {
    let mut rows: Vec<(u64, String)> = Vec::new();
    let ended = import.read(NOW, |line, row| {
        assert!(rows.last().is_none_or(|(before, _)| *before < line), "line {line} after {:?}", rows.last());
        if let Ok(row) = row {
            let taken = record_stream::parse(&CALLER, row.request.event.clone(), NOW);
            let is_known = |status: &tonic::Status| reason(status).is_some_and(|reason| LEFT_TO_THE_SERVER.contains(&reason));
            assert!(taken.as_ref().err().is_none_or(is_known), "line {line}: {taken:?}");
        }
        rows.push((line, format!("{row:?}")));
    });
    (rows, ended.is_ok())
}
