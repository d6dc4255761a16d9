//! A master key from a file, a variable or a command: exactly one of them, never shown, and named where it is the wrong one.

use std::path::{Path, PathBuf};

use crate::support::cli::{Said, cli, cli_with};
use crate::support::server::Server;

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const OTHER: &str = "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const VARIABLE: &str = "CONSENT_LEDGER_MASTER_KEY";

fn key_file(dir: &Path, name: &str, key: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, format!("{key}\n")).unwrap();
    path
}

fn public(data: &Path, more: &[&str], variables: &[(&str, &str)]) -> Said {
    cli_with(&[&["keys", "public", "--data-dir", data.to_str().unwrap()], more].concat(), variables)
}

#[test]
fn a_new_ledger_under_a_key_from_elsewhere_holds_none_itself_and_opens_with_it_from_every_source() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), key_file(dir.path(), "key", KEY));
    let file = file.to_str().unwrap();
    let server = Server::start(&data, &["--master-key-file", file]);
    let said = cli(&["record", "opt-in", "--contact", "+447400123456", "--category", "marketing", "--server", &server.url()]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(server.terminate().success());
    assert!(data.join("secrets/ledger.secrets").exists() && !data.join("secrets/master.key").exists());
    let from_file = public(&data, &["--master-key-file", file], &[]);
    assert_eq!(from_file.code, 0, "{from_file:?}");
    let command = format!("sh -c 'cat {file}'");
    for (more, variables) in [
        (vec![], vec![(VARIABLE, KEY)]),
        (vec!["--master-key-command", command.as_str()], vec![]),
        (vec![], vec![("CONSENT_LEDGER_MASTER_KEY_FILE", file)]),
        (vec![], vec![("CONSENT_LEDGER_MASTER_KEY_COMMAND", command.as_str())]),
    ] {
        let said = public(&data, &more, &variables);
        assert_eq!((said.code, &said.out), (0, &from_file.out), "{said:?}");
    }
    let server = Server::try_start_with(&data, &[], &[(VARIABLE, KEY)]).unwrap();
    let said = cli(&["check", "--contact", "+447400123456", "--sender", "1", "--category", "marketing", "--server", &server.url()]);
    assert_eq!(said.first_word(), "TEMPLATE_ONLY", "{said:?}");
}

#[test]
fn a_wrong_key_is_refused_with_the_name_of_its_source_and_without_itself() {
    let dir = tempfile::tempdir().unwrap();
    let (data, right) = (dir.path().join("data"), key_file(dir.path(), "right", KEY));
    let wrong = key_file(dir.path(), "wrong", OTHER);
    assert!(Server::start(&data, &["--master-key-file", right.to_str().unwrap()]).terminate().success());
    let before = std::fs::read(data.join("secrets/ledger.secrets")).unwrap();
    let from_command = format!("cat {}", wrong.display());
    for (more, variables, named) in [
        (vec!["--master-key-file", wrong.to_str().unwrap()], vec![], format!("--master-key-file {}", wrong.display())),
        (vec![], vec![(VARIABLE, OTHER)], format!("the variable {VARIABLE}")),
        (vec!["--master-key-command", &from_command], vec![], "--master-key-command".to_owned()),
    ] {
        let said = public(&data, &more, &variables);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains(&format!("does not open with the master key of {named}: ")), "{said:?}");
        let refused = Server::try_start_with(&data, &more, &variables).err().expect("it does not start");
        assert!(refused.contains(&named) && refused.contains("give the master key that belongs to this data directory"), "{refused}");
        assert!(![&said.err, &refused].iter().any(|said| said.contains(OTHER)));
    }
    let said = public(&data, &[], &[]);
    assert!(said.code == 2 && said.err.contains("secrets/master.key is missing"), "{said:?}");
    assert_eq!(std::fs::read(data.join("secrets/ledger.secrets")).unwrap(), before, "nothing was changed");
}

#[test]
fn two_sources_and_a_source_without_a_key_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (file, torn) = (key_file(dir.path(), "key", KEY), key_file(dir.path(), "torn", &KEY[1..]));
    let (file, torn) = (file.to_str().unwrap(), torn.to_str().unwrap());
    let failing = format!("sh -c 'echo {KEY}; echo key {KEY} is locked >&2; exit 3'");
    for (more, variables, expected) in [
        (vec!["--master-key-file", file], vec![(VARIABLE, KEY)], "more than one of them was given"),
        (vec!["--master-key-file", file, "--master-key-command", "true"], vec![], "cannot be used with"),
        (vec!["--master-key-file", file], vec![("CONSENT_LEDGER_MASTER_KEY_COMMAND", "true")], "cannot be used with"),
        (vec!["--master-key-file", torn], vec![], "does not hold 64 hex digits"),
        (vec![], vec![(VARIABLE, "")], "the variable CONSENT_LEDGER_MASTER_KEY does not hold 64 hex digits"),
        (vec!["--master-key-file", "/nowhere/key"], vec![], "reading --master-key-file /nowhere/key: "),
        (vec!["--master-key-command", &failing], vec![], "sh failed with exit code 3; it said: key … is locked"),
        (vec!["--master-key-command", "true"], vec![], "--master-key-command does not hold 64 hex digits"),
    ] {
        let said = public(&data, &more, &variables);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains(expected), "{expected}: {said:?}");
        assert!(!said.err.contains(KEY) && !said.err.contains(&KEY[1..]), "{said:?}");
    }
    assert!(!data.exists());
}

#[test]
fn a_command_sees_no_variable_that_holds_a_key() {
    let dir = tempfile::tempdir().unwrap();
    let (data, seen, file) = (dir.path().join("data"), dir.path().join("seen"), key_file(dir.path(), "key", OTHER));
    assert!(Server::try_start_with(&data, &[], &[(VARIABLE, KEY)]).unwrap().terminate().success());
    let command = format!("sh -c 'env > {}; cat {}'", seen.display(), file.display());
    let said = cli_with(
        &["keys", "rotate-master", "--data-dir", data.to_str().unwrap(), "--new-master-key-command", &command],
        &[(VARIABLE, KEY)],
    );
    assert_eq!(said.code, 0, "{said:?}");
    let seen = std::fs::read_to_string(seen).unwrap();
    assert!(seen.contains("PATH=") && !seen.contains(KEY) && !seen.contains(VARIABLE), "{seen}");
    assert_eq!(public(&data, &["--master-key-file", file.to_str().unwrap()], &[]).code, 0);
}
