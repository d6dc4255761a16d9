//! Settings from a file, the environment and flags: which counts, what is refused and where, and what `--check-config` tells.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::support::server::Server;

/// A directory with a configuration in it.
struct Configured {
    dir: tempfile::TempDir,
}

/// What `serve --check-config` said.
#[derive(Debug)]
struct Checked {
    code: i32,
    out: String,
    err: String,
}

impl Configured {
    fn new(text: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("serve.toml"), text).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn file(&self) -> String {
        self.path("serve.toml").to_str().unwrap().to_owned()
    }

    fn check(&self, more: &[&str], variables: &[(&str, &str)]) -> Checked {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_consent-ledger"));
        // Nothing of whoever runs the tests counts.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CONSENT_LEDGER_")) {
            command.env_remove(name);
        }
        command.args(["serve", "--check-config", "--config", &self.file()]).args(more).envs(variables.iter().copied());
        let output = command.current_dir(self.dir.path()).timeout(Duration::from_secs(60)).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Checked { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    fn json(&self, more: &[&str], variables: &[(&str, &str)]) -> Value {
        let checked = self.check(&[&["--json"], more].concat(), variables);
        serde_json::from_str(&checked.out).unwrap_or_else(|error| panic!("{error}: {checked:?}"))
    }
}

/// A setting's value, the layer it came from, and where exactly.
fn setting<'a>(checked: &'a Value, key: &str) -> (&'a Value, &'a str, &'a str) {
    let settings = checked["settings"].as_array().unwrap();
    let found = settings.iter().find(|setting| setting["key"] == key).unwrap_or_else(|| panic!("no {key} in {checked}"));
    (&found["value"], found["origin"].as_str().unwrap(), found["from"].as_str().unwrap())
}

fn problems(checked: &Value) -> Vec<&str> {
    checked["problems"].as_array().unwrap().iter().map(|problem| problem["key"].as_str().unwrap()).collect()
}

#[test]
fn a_flag_counts_before_the_environment_that_before_the_file_and_that_before_the_default() {
    let configured = Configured::new("data-dir = 'd'\n# why not\ndrain-delay = '3s'\ndrain-timeout = '4s'\nlisten = '127.0.0.1:1'\n");
    let variables = [("CONSENT_LEDGER_DRAIN_TIMEOUT", "5s"), ("CONSENT_LEDGER_LISTEN", "127.0.0.1:2")];
    let checked = configured.json(&["--listen", "127.0.0.1:3"], &variables);
    assert_eq!(checked["ok"], true, "{checked}");
    assert_eq!(setting(&checked, "listen"), (&"127.0.0.1:3".into(), "flag", "flag"));
    assert_eq!(setting(&checked, "drain-timeout"), (&"5s".into(), "environment", "environment CONSENT_LEDGER_DRAIN_TIMEOUT"));
    let from = format!("file {} line 3", configured.file());
    assert_eq!(setting(&checked, "drain-delay"), (&"3s".into(), "file", from.as_str()));
    assert_eq!(setting(&checked, "http"), (&"127.0.0.1:8080".into(), "default", "default"));
    assert_eq!(setting(&checked, "checkpoint-dir"), (&Value::Null, "not set", "not set"));
}

#[test]
fn what_excludes_each_other_follows_the_same_precedence() {
    let configured = Configured::new("data-dir = 'd'\napp-secret-file = 'of the file'\n");
    let checked = configured.json(&[], &[("CONSENT_LEDGER_APP_SECRET", "s3cret")]);
    assert_eq!((checked["ok"].clone(), setting(&checked, "app-secret-file").1), (true.into(), "not set"), "{checked}");
    assert_eq!(setting(&checked, "app-secret"), (&"(secret)".into(), "environment", "environment CONSENT_LEDGER_APP_SECRET"));
}

#[test]
fn switches_are_true_or_false_and_may_be_turned_off_above() {
    let configured = Configured::new("data-dir = 'd'\ninsecure = true\nhttp = '0.0.0.0:1'\n");
    assert_eq!(setting(&configured.json(&[], &[]), "insecure"), (&"true".into(), "file", &*format!("file {} line 2", configured.file())));
    let checked = configured.json(&[], &[("CONSENT_LEDGER_INSECURE", "false")]);
    assert_eq!((setting(&checked, "insecure").0, problems(&checked)), (&"false".into(), vec!["http"]));
}

#[test]
fn all_that_is_wrong_in_a_file_is_told_with_its_line() {
    let text = "data-dir = 'd'\nlistn = '127.0.0.1:1'\ndrain_delay = '1s'\napp-secret = 's3cret'\nhttp = 8080\ninsecure = 'yes'\n\
                checkpoint-dir = ['a', 'b']\nconfig = 'x'\nwhen = 2026-01-01\n[listen]\n";
    let configured = Configured::new(text);
    let checked = configured.check(&[], &[]);
    let told: Vec<&str> = checked.err.lines().filter_map(|line| line.split_once("serve.toml ").map(|(_, told)| told)).collect();
    let expected = [
        "line 2: listn: no such key, did you mean listen?",
        "line 3: drain_delay: no such key, did you mean drain-delay?",
        "line 4: app-secret: a secret has no place in this file; put it into a file of its own and name that with app-secret-file",
        "line 5: http: invalid socket address syntax",
        "line 6: insecure: takes true or false",
        "line 7: checkpoint-dir: takes one value, not an array",
        "line 8: config: no such key; every flag of `serve` is one, without its dashes in front",
        "line 9: when: no such key; every flag of `serve` is one, without its dashes in front",
        "line 10: listen: takes text in quotes, a number, or true or false",
    ];
    assert_eq!((checked.code, told), (1, expected.to_vec()), "{checked:?}");
    assert!(!checked.err.contains("s3cret") && checked.out.is_empty(), "{checked:?}");
    // A server is not started with it either.
    let said = Server::try_start(&configured.path("data"), &["--config", &configured.file()]).err().unwrap();
    assert!(said.contains("line 2: listn") && said.contains("exit status: 2"), "{said}");
}

#[test]
fn what_needs_another_setting_is_refused_with_its_line_and_what_is_no_toml_too() {
    for (text, told) in [
        ("data-dir = 'd'\nhttp = \n", "serve.toml line 2: "),
        ("data-dir = 'd'\nhttp = '127.0.0.1:1'\nhttp = '127.0.0.1:2'\n", "serve.toml line 3: "),
    ] {
        let checked = Configured::new(text).check(&[], &[]);
        assert!(checked.code == 1 && checked.err.contains(told), "{checked:?}");
    }
    let configured = Configured::new("data-dir = 'd'\nfirst-checkpoint = true\n");
    let checked = configured.check(&[], &[]);
    assert!(checked.code == 2 && checked.err.contains("--checkpoint-dir"), "{checked:?}");
    assert_eq!(configured.json(&["--checkpoint-dir", "c"], &[])["ok"], true);
    // A file that is not there.
    let checked = configured.check(&["--config", "nowhere.toml"], &[]);
    assert!(checked.code != 0, "{checked:?}");
}

#[test]
fn a_check_looks_at_all_that_is_named_and_makes_nothing() {
    let configured = Configured::new(
        "data-dir = 'serve.toml/data'\nlisten = '0.0.0.0:7'\nhttp = '127.0.0.1:7'\ncheckpoint-dir = 'serve.toml/data/c'\n\
         app-secret-file = 'missing'\nverify-token-file = 'empty'\n",
    );
    std::fs::write(configured.path("empty"), "\n").unwrap();
    let checked = configured.json(&[], &[("CONSENT_LEDGER_DATADIR", "1")]);
    let expected = ["listen", "data-dir", "checkpoint-dir", "checkpoint-dir", "app-secret-file", "verify-token-file"];
    assert_eq!((checked["ok"].clone(), problems(&checked)), (false.into(), expected.to_vec()), "{checked}");
    assert_eq!(checked["warnings"][0], "the variable CONSENT_LEDGER_DATADIR is not read; did you mean CONSENT_LEDGER_DATA_DIR?");
    let well = configured.check(&["--data-dir", "new/data", "--listen", "127.0.0.1:0", "--checkpoint-dir", "c"], &[]);
    assert_eq!(well.code, 1, "{well:?}");
    assert!(well.out.contains("app-secret-file: reading missing: No such file") && well.out.contains("is empty"), "{well:?}");
    std::fs::write(configured.path("missing"), "s3cret").unwrap();
    std::fs::write(configured.path("empty"), "t0ken").unwrap();
    let well = configured.check(&["--data-dir", "new/data", "--listen", "127.0.0.1:0", "--checkpoint-dir", "c"], &[]);
    assert_eq!((well.code, well.out.lines().last()), (0, Some("ok")), "{well:?}");
    assert!(!well.out.contains("s3cret") && !well.out.contains("t0ken"), "{well:?}");
    assert!(!Path::new(&configured.path("new")).exists() && !configured.path("c").exists(), "it made something");
}

#[test]
fn a_server_starts_from_its_file_alone() {
    let configured = Configured::new("");
    let data = configured.path("data");
    std::fs::write(configured.path("serve.toml"), "drain-timeout = '7s'\napp-secret-file = 'nowhere'\n").unwrap();
    let variables = [("CONSENT_LEDGER_CONFIG", configured.file())];
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let said = Server::try_start_with(&data, &[], &variables).err().unwrap();
    assert!(said.contains("reading nowhere"), "the file is not read: {said}");
    std::fs::write(configured.path("serve.toml"), "drain-timeout = '7s'\n").unwrap();
    let server = Server::try_start_with(&data, &[], &variables).unwrap();
    assert_eq!(server.terminate().code(), Some(0));
}
