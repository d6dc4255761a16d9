//! Both verifiers, asked about the same case: the library's, and the one in Python that was written from the page alone.

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use consent_ledger::export::receipt_file::ReceiptFile;
use consent_ledger::export::verify::{self, VerifyError};
use consent_ledger::ledger::entry::{Entry, EntryHash};
use consent_ledger::proof::checkpoint::{self, Checkpoint, CheckpointError};
use consent_ledger::proof::consistency::{ConsistencyProof, ConsistencyProofError};
use consent_ledger::proof::note::VerifierKey;
use consent_ledger::proof::tlog_proof::{TlogProof, TlogProofError};
use serde_json::{Value, json};

/// A file with what whoever verifies it has brought.
#[derive(Clone)]
pub struct Case {
    /// The file.
    pub file: Vec<u8>,
    /// The pinned key.
    pub key: String,
    /// An older checkpoint.
    pub older: Option<Vec<u8>>,
    /// A proof that leads from it to the file's.
    pub consistency: Option<Vec<u8>>,
    /// The entry that a proof of inclusion is of.
    pub entry: Option<Vec<u8>>,
}

impl Case {
    /// A file and a pinned key.
    pub fn new(file: impl Into<Vec<u8>>, key: &str) -> Self {
        Self { file: file.into(), key: key.to_owned(), older: None, consistency: None, entry: None }
    }

    /// Held against an older checkpoint too.
    pub fn with_older(mut self, older: &[u8]) -> Self {
        self.older = Some(older.to_vec());
        self
    }

    /// With a proof of consistency beside it.
    pub fn with_consistency(mut self, proof: &[u8]) -> Self {
        self.consistency = Some(proof.to_vec());
        self
    }

    /// About this entry.
    pub fn about(mut self, entry: &[u8]) -> Self {
        self.entry = Some(entry.to_vec());
        self
    }
}

/// What a verifier says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It does not.
    Fails {
        /// The name of the reason, in capitals.
        code: String,
        /// In which line of an export.
        line: Option<u64>,
    },
    /// What was brought was not enough.
    CannotTell,
}

impl Verdict {
    fn of(code: &str) -> Self {
        Self::Fails { code: code.to_owned(), line: None }
    }

    /// The code, or what else was said.
    pub fn code(&self) -> &str {
        match self {
            Self::Holds => "HOLDS",
            Self::Fails { code, .. } => code,
            Self::CannotTell => "CANNOT_TELL",
        }
    }

    /// The exit code of a command that says so.
    pub const fn exit_code(&self) -> i32 {
        match self {
            Self::Holds => 0,
            Self::Fails { .. } => 1,
            Self::CannotTell => 2,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fails { code, line: Some(line) } => write!(f, "{code} line {line}"),
            other => f.write_str(other.code()),
        }
    }
}

/// What the library says.
pub fn rust(case: &Case) -> Verdict {
    let Ok(key) = case.key.parse::<VerifierKey>() else { return Verdict::CannotTell };
    let older = case.older.as_deref().map(|older| note(older).ok().and_then(|text| checkpoint::verify(&text, &key).ok()));
    let older = match older {
        Some(None) => return Verdict::CannotTell,
        older => older.flatten().map(|verified| verified.checkpoint),
    };
    let first = case.file.split(|byte| *byte == b'\n').next().unwrap();
    let is_receipt = || serde_json::from_slice::<Value>(first).is_ok_and(|first| first["format"] == "consent-ledger/receipt/v1");
    if first.starts_with(b"{") && first != b"{" && !is_receipt() {
        return export(case, &key, older.as_ref());
    }
    let Ok(text) = note(&case.file) else {
        return Verdict::of(if first.starts_with(b"{") { "UNREADABLE" } else { "CHECKPOINT_MALFORMED" });
    };
    let held = if first.starts_with(b"{") {
        ReceiptFile::parse(&text).and_then(|file| file.verify(&key)).map_err(|error| Verdict::of(error.name()))
    } else if first == b"c2sp.org/tlog-proof@v1" {
        inclusion(&text, case.entry.as_deref(), &key)
    } else if first == b"consent-ledger/consistency-proof@v1" {
        return grown(&text, older.as_ref(), &key).map_or_else(|verdict| verdict, |_| Verdict::Holds);
    } else {
        checkpoint::verify(&text, &key).map_err(|error| Verdict::of(of_checkpoint(&error)))
    };
    match (held, older) {
        (Err(verdict), _) => verdict,
        (Ok(_), None) => Verdict::Holds,
        (Ok(verified), Some(older)) => follows(case, &older, &verified.checkpoint, &key),
    }
}

fn note(bytes: &[u8]) -> Result<String, std::string::FromUtf8Error> {
    String::from_utf8(bytes.to_vec())
}

fn export(case: &Case, key: &VerifierKey, older: Option<&Checkpoint>) -> Verdict {
    match verify::verify(case.file.as_slice(), key, older, |_, _| {}) {
        Ok(report) => match older {
            Some(older) if report.root_at_older.is_none() => follows(case, older, &report.verified.checkpoint, key),
            _ => Verdict::Holds,
        },
        Err(VerifyError::Problem(problem)) => Verdict::Fails { code: problem.code.to_string(), line: Some(problem.line) },
        Err(VerifyError::Io(error)) => panic!("{error}"),
    }
}

fn inclusion(text: &str, entry: Option<&[u8]>, key: &VerifierKey) -> Result<checkpoint::Verified, Verdict> {
    let proof: TlogProof = text.parse().map_err(|_| Verdict::of("UNREADABLE"))?;
    let bytes = entry.ok_or(Verdict::CannotTell)?;
    let (entry, rest) = Entry::split(bytes).map_err(|_| Verdict::of("ENTRY_MALFORMED"))?;
    if !rest.is_empty() {
        return Err(Verdict::of("ENTRY_MALFORMED"));
    }
    let verified = proof.verify(&EntryHash::of(bytes).bytes(), key).map_err(|error| match error {
        TlogProofError::Malformed => Verdict::of("UNREADABLE"),
        TlogProofError::Checkpoint(error) => Verdict::of(of_checkpoint(&error)),
        TlogProofError::NotIncluded { .. } => Verdict::of("NOT_INCLUDED"),
    })?;
    if entry.header.seq.number() == proof.index + 1 { Ok(verified) } else { Err(Verdict::of("NOT_INCLUDED")) }
}

fn grown(text: &str, older: Option<&Checkpoint>, key: &VerifierKey) -> Result<checkpoint::Verified, Verdict> {
    let proof: ConsistencyProof = text.parse().map_err(|_| Verdict::of("UNREADABLE"))?;
    let newer = checkpoint::verify(&proof.checkpoint, key).map_err(|error| Verdict::of(of_checkpoint(&error)))?;
    let older = older.ok_or(Verdict::CannotTell)?;
    if newer.checkpoint.size < older.size {
        return Err(Verdict::of("OLDER_IS_NEWER"));
    }
    proof.verify(older, key).map_err(|error| match error {
        ConsistencyProofError::Malformed => Verdict::of("UNREADABLE"),
        ConsistencyProofError::Checkpoint(error) => Verdict::of(of_checkpoint(&error)),
        ConsistencyProofError::OtherSize { .. } => Verdict::CannotTell,
        ConsistencyProofError::NotConsistent { .. } => Verdict::of("OLDER_CONTRADICTED"),
    })
}

/// Step 6 of the page, for a file that shows no root at the older size.
fn follows(case: &Case, older: &Checkpoint, newer: &Checkpoint, key: &VerifierKey) -> Verdict {
    if older.size > newer.size {
        return Verdict::of("OLDER_IS_NEWER");
    }
    if older.size == newer.size {
        return if older.root == newer.root { Verdict::Holds } else { Verdict::of("OLDER_CONTRADICTED") };
    }
    let Some(proof) = &case.consistency else { return Verdict::CannotTell };
    match grown(&note(proof).unwrap(), Some(older), key) {
        Ok(proved) if proved.checkpoint == *newer => Verdict::Holds,
        Ok(proved) if proved.checkpoint.size == newer.size => Verdict::of("OLDER_CONTRADICTED"),
        Err(Verdict::Fails { code, .. }) if code == "OLDER_CONTRADICTED" => Verdict::of("OLDER_CONTRADICTED"),
        _ => Verdict::CannotTell,
    }
}

const fn of_checkpoint(error: &CheckpointError) -> &'static str {
    match error {
        CheckpointError::Note(_) | CheckpointError::Malformed => "CHECKPOINT_MALFORMED",
        CheckpointError::OtherOrigin { .. } => "WRONG_ORIGIN",
        CheckpointError::OtherKey | CheckpointError::NotCosigned => "WRONG_KEY",
        CheckpointError::Signature => "BAD_SIGNATURE",
    }
}

/// Set where a missing interpreter must fail a test instead of skipping it.
const REQUIRED: &str = "CONSENT_LEDGER_REQUIRE_PYTHON";

/// An interpreter that has `cryptography`: the one named by `CONSENT_LEDGER_PYTHON`, the one in `target/python`, or `python3`.
///
/// ```text
/// python3 -m venv target/python && target/python/bin/pip install cryptography
/// ```
pub fn interpreter() -> Option<String> {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("python").join("bin/python");
    let named = std::env::var("CONSENT_LEDGER_PYTHON").ok();
    let candidates = named.map_or_else(|| vec![own.display().to_string(), "python3".to_owned()], |named| vec![named]);
    let has_it = |python: &String| Command::new(python).args(["-c", "import cryptography"]).output().is_ok_and(|output| output.status.success());
    let found = candidates.into_iter().find(has_it);
    if found.is_none() {
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and no Python with cryptography was found");
        println!("skipped: no Python with cryptography; name one in CONSENT_LEDGER_PYTHON");
    }
    found
}

/// What the verifier in Python says about each, from one run of it; none where there is no Python.
pub fn python(cases: &[&Case]) -> Option<Vec<Verdict>> {
    let python = interpreter()?;
    let dir = tempfile::tempdir().unwrap();
    let mut list = std::fs::File::create(dir.path().join("list")).unwrap();
    for (n, case) in cases.iter().enumerate() {
        let file = |name: &str, bytes: &Option<Vec<u8>>| {
            bytes.as_ref().map(|bytes| {
                let path = dir.path().join(format!("{n}.{name}"));
                std::fs::write(&path, bytes).unwrap();
                path
            })
        };
        let line = json!({
            "file": file("file", &Some(case.file.clone())),
            "key": case.key,
            "checkpoint": file("older", &case.older),
            "consistency": file("consistency", &case.consistency),
            "entry": file("entry", &case.entry),
        });
        writeln!(list, "{line}").unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verifier/verify.py");
    let output = Command::new(python).arg(script).arg("--batch").arg(dir.path().join("list")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let verdicts: Vec<Verdict> = said.lines().map(|line| said_by(&serde_json::from_str(line).unwrap())).collect();
    assert_eq!(verdicts.len(), cases.len());
    Some(verdicts)
}

fn said_by(line: &Value) -> Verdict {
    match &line["ok"] {
        Value::Bool(true) => Verdict::Holds,
        Value::Bool(false) => Verdict::Fails { code: line["code"].as_str().unwrap().to_owned(), line: line["line"].as_u64() },
        _ => Verdict::CannotTell,
    }
}
