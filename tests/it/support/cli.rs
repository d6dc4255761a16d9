//! The real binary's client commands, run to their end.

use std::path::Path;
use std::time::Duration;

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a command printed, and how it ended.
#[derive(Debug)]
pub struct Said {
    /// 0 yes, 1 no, 2 could not tell.
    pub code: i32,
    /// Its answer.
    pub out: String,
    /// Everything else.
    pub err: String,
}

impl Said {
    /// The first word of the answer.
    pub fn first_word(&self) -> &str {
        self.out.split_whitespace().next().unwrap_or_default()
    }

    /// Every line of the answer as JSON.
    pub fn json(&self) -> Vec<serde_json::Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }
}

/// Runs `consent-ledger` with these arguments.
pub fn cli<S: AsRef<str>>(args: &[S]) -> Said {
    cli_with(args, &[])
}

/// The same with variables of the environment.
pub fn cli_with<S: AsRef<str>>(args: &[S], variables: &[(&str, &str)]) -> Said {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_consent-ledger"));
    let certificates = ["CONSENT_LEDGER_CA", "CONSENT_LEDGER_CLIENT_CERT", "CONSENT_LEDGER_CLIENT_KEY"];
    for variable in certificates.into_iter().chain([
        "CONSENT_LEDGER_MASTER_KEY",
        "CONSENT_LEDGER_SERVER",
        "CONSENT_LEDGER_SERVER_HTTP",
        "CONSENT_LEDGER_APP_SECRET",
        "CONSENT_LEDGER_API_KEY",
        "CONSENT_LEDGER_API_KEY_FILE",
        "RUST_LOG",
        "COLUMNS",
    ]) {
        command.env_remove(variable);
    }
    let output = command.envs(variables.iter().copied()).args(args.iter().map(AsRef::as_ref)).timeout(PATIENCE).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Said { code: output.status.code().expect("it ended by itself"), out: text(&output.stdout), err: text(&output.stderr) }
}

/// Runs `verify --data-dir` and gives its report; the exit code must be this one.
pub fn verify(data_dir: &Path, code: i32) -> serde_json::Value {
    let said = cli(&["verify", "--json", "--data-dir", data_dir.to_str().unwrap()]);
    assert_eq!(said.code, code, "{said:?}");
    said.json().remove(0)
}
