//! Both verifiers, asked about the same case: the library's, and the one in Python that was written from the page alone.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use consent_ledger::export::verify::{self, About, Against, VerifyError};
use consent_ledger::proof::checkpoint;
use consent_ledger::proof::note::VerifierKey;
use serde_json::{Map, Value};

use crate::support::cli::cli;

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
    let text = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| String::from_utf8(bytes.clone()).unwrap());
    let (older, consistency) = (text(&case.older), text(&case.consistency));
    // An older checkpoint that does not hold itself is a mistake of whoever verifies: the command refuses it before anything else.
    let older = match older.map(|older| checkpoint::verify(&older, &key)) {
        Some(Err(_)) => return Verdict::CannotTell,
        older => older.and_then(Result::ok).map(|verified| verified.checkpoint),
    };
    let entry = case.entry.as_deref().map(About::Bytes);
    let against = Against { older: older.as_ref(), consistency: consistency.as_deref(), entry };
    match verify::verify(case.file.as_slice(), &key, &against, |_, _| {}) {
        Ok(_) => Verdict::Holds,
        Err(VerifyError::DoesNotHold(problem)) => {
            Verdict::Fails { code: problem.code.to_string(), line: Some(problem.line).filter(|line| *line > 0) }
        }
        Err(VerifyError::CannotTell(_)) => Verdict::CannotTell,
        Err(VerifyError::Io(error)) => panic!("{error}"),
    }
}

/// Set where a missing interpreter must fail a test instead of skipping it.
const REQUIRED: &str = "CONSENT_LEDGER_REQUIRE_PYTHON";

/// An interpreter that has `cryptography`: the one named by `CONSENT_LEDGER_PYTHON`, the one in `target/python`, or `python3`.
///
/// ```text
/// python3 -m venv target/python && target/python/bin/pip install cryptography
/// ```
static INTERPRETER: LazyLock<Option<String>> = LazyLock::new(|| {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("python").join("bin/python");
    let named = std::env::var("CONSENT_LEDGER_PYTHON").ok();
    let candidates = named.map_or_else(|| vec![own.display().to_string(), "python3".to_owned()], |named| vec![named]);
    let has_it =
        |python: &String| Command::new(python).args(["-c", "import cryptography"]).output().is_ok_and(|output| output.status.success());
    let found = candidates.into_iter().find(has_it);
    if found.is_none() {
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and no Python with cryptography was found");
        println!("skipped: no Python with cryptography; name one in CONSENT_LEDGER_PYTHON");
    }
    found
});

/// Writes a case's files into a directory; gives the words by which both command lines name them, the file itself first.
fn written(case: &Case, dir: &Path, n: usize) -> Vec<(&'static str, PathBuf)> {
    let parts = [
        ("file", Some(&case.file)),
        ("checkpoint", case.older.as_ref()),
        ("consistency", case.consistency.as_ref()),
        ("entry", case.entry.as_ref()),
    ];
    let write = |(name, bytes): (&'static str, Option<&Vec<u8>>)| {
        let path = dir.join(format!("{n}.{name}"));
        std::fs::write(&path, bytes?).unwrap();
        Some((name, path))
    };
    parts.into_iter().filter_map(write).collect()
}

/// The words of a command line that has a case verified.
fn command(case: &Case, dir: &Path) -> Vec<String> {
    let mut words = vec!["--json".to_owned(), "--key".to_owned(), case.key.clone()];
    for (name, path) in written(case, dir, 0) {
        if name != "file" {
            words.push(format!("--{name}"));
        }
        words.push(path.display().to_string());
    }
    words
}

/// What the verifier in Python says about each, from one run of it; none where there is no Python.
pub fn python(cases: &[&Case]) -> Option<Vec<Verdict>> {
    let python = INTERPRETER.as_ref()?;
    let dir = tempfile::tempdir().unwrap();
    let mut list = std::fs::File::create(dir.path().join("list")).unwrap();
    for (n, case) in cases.iter().enumerate() {
        let mut line: Map<String, Value> =
            written(case, dir.path(), n).into_iter().map(|(name, path)| (name.to_owned(), path.display().to_string().into())).collect();
        line.insert("key".to_owned(), case.key.clone().into());
        writeln!(list, "{}", Value::Object(line)).unwrap();
    }
    let output = Command::new(python).arg(script()).arg("--batch").arg(dir.path().join("list")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let verdicts: Vec<Verdict> = said.lines().map(|line| said_by(&serde_json::from_str(line).unwrap())).collect();
    assert_eq!(verdicts.len(), cases.len());
    Some(verdicts)
}

/// What the same says as a command of its own; its exit code must say so too.
pub fn python_alone(case: &Case) -> Option<Verdict> {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(INTERPRETER.as_ref()?).arg(script()).args(command(case, dir.path())).output().unwrap();
    let verdict = said_by(&serde_json::from_slice(&output.stdout).unwrap());
    assert_eq!(output.status.code(), Some(verdict.exit_code()));
    Some(verdict)
}

/// What the real binary says; its exit code must say so too.
pub fn binary(case: &Case) -> Verdict {
    let dir = tempfile::tempdir().unwrap();
    let said = cli(&[vec!["verify".to_owned()], command(case, dir.path())].concat());
    let verdict = if said.code == 2 { Verdict::CannotTell } else { said_by(&said.json()[0]) };
    assert_eq!(said.code, verdict.exit_code(), "{said:?}");
    verdict
}

/// What both print for people: the real binary, and where there is a Python the other.
pub fn printed(case: &Case) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let words: Vec<String> = command(case, dir.path()).into_iter().filter(|word| word != "--json").collect();
    let theirs = INTERPRETER.as_ref().map(|python| Command::new(python).arg(script()).args(&words).output().unwrap());
    let ours = cli(&[vec!["verify".to_owned()], words].concat()).out;
    std::iter::once(ours).chain(theirs.map(|output| String::from_utf8(output.stdout).unwrap())).collect()
}

/// The stored fields that the verifier in Python knows, as `tests/data/entry-proto.lock` has them.
pub fn python_schema() -> Option<BTreeSet<String>> {
    let output = Command::new(INTERPRETER.as_ref()?).arg(script()).arg("--schema").output().unwrap();
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verifier/verify.py")
}

fn said_by(line: &Value) -> Verdict {
    match &line["ok"] {
        Value::Bool(true) => Verdict::Holds,
        Value::Bool(false) => Verdict::Fails { code: line["code"].as_str().unwrap().to_owned(), line: line["line"].as_u64() },
        _ => Verdict::CannotTell,
    }
}
