//! The Python examples do on the real server what their words say, and their stubs are those that the protos give.

use std::collections::BTreeMap;
use std::io::copy;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::cli::cli;
use crate::support::client::{Client, opt_in, runtime, text};
use crate::support::python;
use crate::support::server::Server;

const MODULES: &str = "grpc, google.protobuf";

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/python")
}

/// Runs one of them; nobody's number may be in what it prints.
fn run(python: &str, script: &str, words: &[&str]) -> (Option<i32>, Vec<String>, String) {
    let output: Output = Command::new(python).arg("-B").arg(examples().join(script)).args(words).output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    // The server's words give an example, which is nobody's.
    let out = out.replace(", as in +447400123456", "");
    assert!(!out.contains("7400123") && !err.contains("7400123") && !err.contains("Traceback"), "{out}\n{err}");
    (output.status.code(), out.lines().map(str::to_owned).collect(), err)
}

#[test]
fn both_examples_show_a_key_where_one_is_needed() {
    let Some(python) = python::with(MODULES) else { return };
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let key = cli(&["keys", "add", "--name", "all", "--role", "operator,sender,recorder", "--server", &server.url()]).out;
    let captures = dir.path().join("captures.csv");
    std::fs::copy(file("captures.csv"), &captures).unwrap();
    let (recipients, captures, grpc) = (file("recipients.csv"), captures.display().to_string(), server.grpc.to_string());
    let with = |variable: &str, value: &str, script: &str, words: &[&str]| {
        let mut command = Command::new(&python);
        command.arg("-B").arg(examples().join(script)).args(words).env_remove("CONSENT_LEDGER_API_KEY_FILE").env(variable, value);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let refused = with("CONSENT_LEDGER_API_KEY", "", "campaign_sender.py", &[&recipients, "1001", &grpc]);
    assert!(refused.starts_with("2: not sent, UNAUTHENTICATED\n"), "{refused}");
    let key_file = dir.path().join("key");
    std::fs::write(&key_file, &key).unwrap();
    let recorded = with("CONSENT_LEDGER_API_KEY_FILE", key_file.to_str().unwrap(), "crm_sync.py", &[&captures, &grpc]);
    assert!(recorded.contains("recorded as entry"), "{recorded}");
    let sent = with("CONSENT_LEDGER_API_KEY", &key, "campaign_sender.py", &[&recipients, "1001", &grpc]);
    assert!(!sent.contains("UNAUTHENTICATED") && sent.starts_with("2: "), "{sent}");
    let far = with("CONSENT_LEDGER_API_KEY", &key, "campaign_sender.py", &[&recipients, "1001", "192.0.2.1:1"]);
    assert_eq!(far, "", "nothing is asked where the key would be read");
}

fn file(name: &str) -> String {
    examples().join(name).display().to_string()
}

#[test]
fn the_campaign_sender_sends_what_it_may_and_nothing_where_it_cannot_tell() {
    let Some(python) = python::with(MODULES) else { return };
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let ask = |server: SocketAddr| run(&python, "campaign_sender.py", &[&file("recipients.csv"), "1001", &server.to_string()]);
    let no = "not sent, REASON_RECIPIENT_NOT_OPTED_IN";
    let malformed = "4: not sent, INVALID_ARGUMENT".to_owned();
    assert_eq!(ask(server.grpc).1, [format!("2: {no}"), format!("3: {no}"), malformed.clone()]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        for contact in ["+447400123456", "+447400123457"] {
            client.opt_in(opt_in(contact, "")).await.unwrap();
        }
        client.inbound(text("+447400123456", "1001", "Is it there in blue?")).await.unwrap();
    });
    let (code, said, _) = ask(server.grpc);
    assert_eq!(said, ["2: text, Your size is back in stock.", "3: template, back_in_stock", malformed.as_str()]);
    assert_eq!(code, Some(2), "the malformed one was not answered");
    runtime().block_on(async {
        let stop = text("+447400123456", "1001", "STOP");
        Client::connect(&server.url()).await.inbound(stop).await.unwrap();
    });
    assert_eq!(ask(server.grpc).1[0], "2: not sent, REASON_RECIPIENT_OPTED_OUT");
    let grpc = server.grpc;
    assert_eq!(server.terminate().code(), Some(0));
    let (code, said, _) = ask(grpc);
    assert_eq!((code, said), (Some(2), [2, 3, 4].map(|line| format!("{line}: not sent, UNAVAILABLE")).to_vec()));
}

/// A way to `server` that breaks the first connection off.
fn unreliable(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        drop(listener.accept());
        while let Ok((theirs, _)) = listener.accept() {
            let Ok(ours) = TcpStream::connect(server) else { return };
            let ways = [(theirs.try_clone().unwrap(), ours.try_clone().unwrap()), (ours, theirs)];
            for (mut from, mut to) in ways {
                std::thread::spawn(move || copy(&mut from, &mut to));
            }
        }
    });
    address
}

#[test]
fn the_crm_sync_records_each_row_once_whatever_happens_on_the_way() {
    let Some(python) = python::with(MODULES) else { return };
    let dir = tempfile::tempdir().unwrap();
    let captures = dir.path().join("captures.csv");
    std::fs::copy(examples().join("captures.csv"), &captures).unwrap();
    let captures = captures.to_str().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, said, err) = run(&python, "crm_sync.py", &[captures, &nobody.to_string()]);
    assert_eq!((code, said.len(), err.as_str()), (Some(2), 0, "1001: the ledger did not answer, UNAVAILABLE; run this again\n"));

    let (code, said, _) = run(&python, "crm_sync.py", &[captures, &unreliable(server.grpc).to_string()]);
    let recorded = |seq: u32| format!("{}: recorded as entry {seq}, EFFECT_APPLIED", 998 + seq);
    assert_eq!((code, &said[..3]), (Some(1), &[recorded(3), recorded(4), recorded(5)][..]));
    assert!(said[3].starts_with("1004: refused, INVALID_ARGUMENT contact: "), "{said:?}");

    let grpc = server.grpc.to_string();
    let (code, said, _) = run(&python, "crm_sync.py", &[captures, &grpc]);
    assert_eq!((code, said.len()), (Some(1), 1), "what was answered is not sent again: {said:?}");
    std::fs::remove_file(format!("{captures}.done")).unwrap();
    let (_, said, _) = run(&python, "crm_sync.py", &[captures, &grpc]);
    assert_eq!(said[0], "1001: known before as entry 3, EFFECT_APPLIED");
    let log = runtime().block_on(async { Client::connect(&server.url()).await.log().await });
    assert_eq!(log.len(), 5, "no row counts twice");

    let rows = [
        "id,act,contact,categories,method,occurred_at,text,url",
        "7,opt_up,+447400123456,,EMAIL,2026-02-01T08:00:00Z,,",
        "8,opt_in,+447400123456,MARKETING,EMAIL,yesterday,,",
        "9,opt_in,+447400123456,OFFERS,EMAIL,2026-02-01T08:00:00Z,,",
    ];
    std::fs::write(captures, rows.join("\n")).unwrap();
    let (code, said, _) = run(&python, "crm_sync.py", &[captures, &grpc]);
    assert!(code == Some(1) && said.len() == 3 && said.iter().all(|line| line.contains(": refused, ")), "{said:?}");
}

/// Every file below a directory, by its path in it.
fn tree(root: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut dirs = vec![root.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("__pycache__") {
                dirs.push(path);
            } else if path.is_file() {
                files.insert(path.strip_prefix(root).unwrap().display().to_string(), std::fs::read_to_string(path).unwrap());
            }
        }
    }
    files
}

#[test]
fn the_stubs_are_those_that_the_protos_give() {
    let Some(python) = python::with("grpc_tools.protoc") else { return };
    let version = Command::new(&python).args(["-c", "import importlib.metadata as m; print(m.version('grpcio-tools'))"]).output().unwrap();
    let version = format!("'grpcio-tools=={}'", String::from_utf8(version.stdout).unwrap().trim());
    if !std::fs::read_to_string(examples().join("generate")).unwrap().contains(&version) {
        assert!(std::env::var_os(python::REQUIRED).is_none(), "examples/python/generate asks for another version than {version}");
        println!("skipped: examples/python/generate asks for another version than {version}");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let made = Command::new(examples().join("generate")).arg(dir.path()).env("PYTHON", &python).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (made, kept) = (tree(&dir.path().join("consent")), tree(&examples().join("consent")));
    assert!(made.len() > 30, "{:?}", made.keys());
    let differs: Vec<&String> = made.keys().chain(kept.keys()).filter(|path| made.get(*path) != kept.get(*path)).collect();
    assert!(differs.is_empty(), "make them anew with examples/python/generate: {differs:?}");
}
