//! The command line as scripts and people meet it: words, exit codes, what to do next. On the real binary.

mod help;
mod possible_opt_outs;
mod records;

use std::path::Path;

use consent_ledger::consent::time::Time;
use serde_json::Value;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::support::cli::{Said, cli};
use crate::support::client::{Client, runtime};
use crate::support::server::Server;

const CONTACT: &str = "+447400123456";
const SENDER: &str = "106540352242922";

/// A client command, as it is typed.
fn say(server: &Server, line: &str) -> Said {
    let words: Vec<&str> = line.split(' ').chain(["--server"]).collect();
    cli(&words.into_iter().map(str::to_owned).chain([server.url()]).collect::<Vec<_>>())
}

/// Times and hashes by their names.
fn masked(text: &str) -> String {
    let mask = |word: &str| {
        // A fact is shown as `name=value`.
        let bare = word.trim_end_matches(',').rsplit('=').next().unwrap_or_default();
        let name = match bare {
            _ if bare.parse::<Time>().is_ok() => "TIME",
            _ if bare.len() == 64 && bare.bytes().all(|byte| byte.is_ascii_hexdigit()) => "HASH",
            _ => return word.to_owned(),
        };
        word.replace(bare, name)
    };
    // A time is padded to the width of the longest.
    let line = |line: &str| {
        let line = line.split(' ').map(mask).collect::<Vec<_>>().join(" ");
        match line.split_once("TIME  ") {
            Some((before, after)) => format!("{before}TIME  {}", after.trim_start()),
            None => line.trim_end().to_owned(),
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Answers of a session, each under the line that was typed, with its exit code.
pub fn session(server: &Server, lines: &[&str]) -> String {
    let answer = |line: &&str| {
        let said = say(server, line);
        format!("$ {line}\n{}\n[{}]\n", masked(&(said.out + &said.err)), said.code)
    };
    lines.iter().map(answer).collect()
}

#[test]
fn an_opt_in_a_message_and_a_stop_change_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let said = session(
        &server,
        &[
            "check --contact +447400123456 --sender 106540352242922",
            "record opt-in --contact +447400123456 --category marketing --event-id e1",
            "record opt-in --contact +447400123456 --category marketing --event-id e1",
            "check --contact +447400123456 --sender 106540352242922 --explain",
            "record inbound --contact +447400123456 --sender 106540352242922 --text hello",
            "check --contact +447400123456 --sender 106540352242922",
            "record inbound --contact +447400123456 --sender 106540352242922 --text STOP",
            "check --contact +447400123456 --sender 106540352242922",
            "trail --contact +447400123456 --sender 106540352242922",
        ],
    );
    insta::assert_snapshot!(said);
}

#[test]
fn what_cannot_be_told_ends_with_2_and_what_to_do_next() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    for (line, said) in [
        ("check --contact 447400123456 --sender 1", "error: contact: a phone number starts with '+'"),
        ("check --contact +447400123456 --sender 1 --account shop", "hint: check --account; every ledger has the account 'default'"),
        ("check --contact +447400123456 --sender 1 --min-position 999", "hint: lower --min-position"),
        ("check --contact +447400123456", "--sender <SENDER>"),
        ("check --contact +447400123456 --sender 1 --at yesterday", "--at"),
        ("record opt-in --contact +447400123456 --category news", "--category"),
        ("record opt-in --contact +447400123456 --category marketing --at 2100-01-01T00:00:00Z", "hint: check the time and its offset"),
        ("dance", "unrecognized subcommand"),
    ] {
        let answer = say(&server, line);
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{line}");
        assert!(answer.err.contains(said), "{line}: {}", answer.err);
    }
    let url = server.url();
    assert_eq!(server.terminate().code(), Some(0));
    let nobody = cli(&["check", "--contact", CONTACT, "--sender", SENDER, "--server", &url]);
    assert_eq!((nobody.code, nobody.out.as_str()), (2, ""));
    assert!(nobody.err.contains(&format!("error: the server at {url} does not answer")) && nobody.err.contains("hint: "), "{nobody:?}");
    let nobody = cli(&["check", "--json", "--contact", CONTACT, "--sender", SENDER, "--server", &url]);
    let error: Value = serde_json::from_str(&nobody.err).unwrap();
    assert_eq!((nobody.code, &error["kind"]), (2, &"unreachable".into()));
}

#[test]
fn with_json_every_line_is_a_value() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &["--app-secret", "s"]);
    let acknowledged = say(&server, "record inbound --json --contact +447400123456 --sender 1 --text hello").json().remove(0);
    assert_eq!((&acknowledged["seq"], &acknowledged["effect"], &acknowledged["duplicate"]), (&3.into(), &"APPLIED".into(), &false.into()));
    let decision = say(&server, "check --json --explain --contact +447400123456 --sender 1").json().remove(0);
    assert_eq!((&decision["permission"], &decision["reasons"][0]), (&"FREE_FORM".into(), &"WINDOW_OPEN".into()));
    assert_eq!((&decision["deciding_seqs"], &decision["position"]["hash"]), (&vec![3].into(), &acknowledged["entry_hash"]));
    assert!(decision["explanation"][0]["means"].as_str().is_some_and(|means| means.contains("24 hours")), "{decision}");
    let trail = say(&server, "trail --json --contact +447400123456 --sender 1").json();
    assert_eq!((trail.len(), &trail[1]["entry_hash"]), (2, &acknowledged["entry_hash"]));
    assert_eq!(trail[0]["contact"]["decisions"]["service"]["permission"], "FREE_FORM");
    let body = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wa_webhooks/deleted_message__revoke.json");
    let http = server.http_url();
    let replayed = cli(&["webhook", "replay", "--json", body.to_str().unwrap(), "--app-secret", "s", "--server-http", &http]);
    assert_eq!((replayed.json()[0]["status"].as_str(), &replayed.json()[1]["bodies"]), (Some("200"), &1.into()));
    assert_eq!(say(&server, "dead-letters list --json").json()[0]["field"], "messages");
    assert_eq!(say(&server, "dead-letters replay --json").json(), [serde_json::json!({ "tried": 1, "placed": 0, "kept": 1 })]);
}

#[test]
fn verify_reads_the_journal_alone_beside_a_server_and_both_copies_without_one() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let path = data.to_str().unwrap();
    let server = Server::start(&data, &[]);
    let acknowledged = say(&server, "record opt-in --json --contact +447400123456 --category marketing").json().remove(0);
    let running = cli(&["verify", "--data-dir", path]);
    assert!(running.code == 0 && running.out.starts_with("ok\n") && running.out.contains("store: not read\n"), "{running:?}");
    assert!(running.out.contains("note: the ledger is in use: the journal was verified alone"), "{running:?}");
    let key = cli(&["keys", "public", "--data-dir", path]);
    assert_eq!(server.terminate().code(), Some(0));
    let stopped = cli(&["verify", "--data-dir", path]);
    assert!(stopped.code == 0 && stopped.out.contains("journal: whole\nstore: whole\n"), "{stopped:?}");
    assert!(stopped.out.contains(&format!("head: 3 {}\n", acknowledged["entry_hash"].as_str().unwrap())), "{stopped:?}");
    // A C2SP verifier key: name+hash+base64 of 0x01 and an Ed25519 public key; the same beside a server and without.
    assert_eq!(key.out, cli(&["keys", "public", "--data-dir", path]).out);
    let parts: Vec<&str> = key.out.trim_end().splitn(3, '+').collect();
    assert!(key.code == 0 && parts[1].len() == 8 && parts[2].len() == 44 && parts[2].starts_with('A'), "{key:?}");
    let none = cli(&["verify", "--data-dir", dir.path().join("none").to_str().unwrap()]);
    assert!(none.code == 2 && none.err.contains("holds no ledger") && !dir.path().join("none").exists(), "{none:?}");
}

#[test]
fn scenarios_end_with_0_1_or_2() {
    let given = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios/windows.yaml");
    let good = cli(&["scenarios", given.to_str().unwrap()]);
    assert!(good.code == 0 && good.out.ends_with("14 ok, 0 failed\n"), "{good:?}");
    assert!(good.out.lines().filter(|line| line.starts_with("ok ")).count() == 14);
    let dir = tempfile::tempdir().unwrap();
    let wrong = dir.path().join("wrong.yaml");
    let check = r#"check: {contact: "+447400123456", sender: "1", at: 2026-03-01T11:00:00Z}"#;
    std::fs::write(&wrong, format!("scenarios:\n  - name: a\n    steps:\n      - {check}\n        expect: {{permission: free_form}}\n"))
        .unwrap();
    let failed = cli(&["scenarios", wrong.to_str().unwrap()]);
    assert_eq!(failed.code, 1);
    assert!(failed.out.starts_with("FAIL a: step 1: expected permission free_form, was nothing"), "{failed:?}");
    assert!(failed.out.ends_with("\n0 ok, 1 failed\n"), "{failed:?}");
    assert_eq!(cli(&["scenarios", dir.path().join("missing.yaml").to_str().unwrap()]).code, 2);
}

#[test]
fn only_loopback_is_served_unless_insecure_is_meant() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    for addresses in [["--listen", "0.0.0.0:0", "--http", "127.0.0.1:0"], ["--listen", "127.0.0.1:0", "--http", "0.0.0.0:0"]] {
        let refused = cli(&[&["serve", "--data-dir", data.to_str().unwrap()], addresses.as_slice()].concat());
        assert_eq!((refused.code, refused.out.as_str()), (2, ""));
        assert!(refused.err.contains("not a loopback address") && refused.err.contains("--insecure"), "{refused:?}");
        assert!(!data.exists(), "nothing is set up by a server that does not serve");
    }
}

#[test]
fn what_a_server_makes_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let _server = Server::start(&data, &[]);
    let mode = |path: &str| std::fs::metadata(data.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(["", "secrets/master.key", "secrets/ledger.secrets"].map(mode), [0o700, 0o600, 0o600]);
}

#[test]
fn sigterm_ends_a_server_that_somebody_watches() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let runtime = runtime();
    let client = runtime.block_on(Client::connect(&server.url()));
    let mut watch = runtime.block_on(async {
        let request = HealthCheckRequest { service: "consent.v1.DecisionService".into() };
        HealthClient::new(client.channel.clone()).watch(request).await.unwrap().into_inner()
    });
    let first = runtime.block_on(watch.message()).unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    let watched = runtime.spawn(async move {
        let mut seen = Vec::new();
        while let Ok(Some(change)) = watch.message().await {
            seen.push(change.status());
        }
        seen
    });
    assert_eq!(server.terminate().code(), Some(0));
    let seen = runtime.block_on(watched).unwrap();
    assert!(!seen.contains(&ServingStatus::Serving), "{seen:?}");
}
