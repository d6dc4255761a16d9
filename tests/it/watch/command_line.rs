//! `watch` as it is used: by the real binary, through a server that goes away and comes back.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::cli::cli;
use crate::support::server::Server;

/// A command that runs until it is stopped.
struct Running {
    child: Child,
    lines: Option<BufReader<ChildStdout>>,
}

impl Running {
    fn start(server: &Server, words: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_consent-ledger"))
            .args(words)
            .args(["--server", &server.url()])
            .env_remove("CONSENT_LEDGER_SERVER")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = child.stdout.take().map(BufReader::new);
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.lines.as_mut().unwrap().read_line(&mut line).unwrap(), 0, "it ended");
        line.trim_end().to_owned()
    }

    fn json(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Ctrl-C; gives its exit code, and what it said on stderr.
    fn interrupt(mut self) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        self.ended()
    }

    fn ended(&mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn record(server: &Server, words: &[&str]) {
    let said = cli(&[&["record"], words, &["--server", &server.url()]].concat());
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn entries_go_on_where_they_were_after_the_server_was_killed_and_ctrl_c_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data, &[]);
    record(&server, &["opt-in", "--contact", "+447400123456", "--category", "marketing"]);
    let mut watching = Running::start(&server, &["watch", "entries", "--from", "3", "--with-sealed", "--json"]);
    let first = watching.json();
    assert_eq!((&first["seq"], &first["kind"]), (&3.into(), &"opted_in".into()));
    assert_eq!((&first["sealed"]["identifiers"][0], &first["raw"]), (&"+447400123456".into(), &serde_json::Value::Null));
    // That it was shown is an entry itself.
    let read = watching.json();
    assert_eq!((&read["seq"], &read["kind"]), (&4.into(), &"personal_data_read".into()));
    let stop = ["inbound", "--contact", "+447400123456", "--sender", "1001", "--text", "STOP"];
    record(&server, &stop);
    assert_eq!([watching.json()["seq"].as_u64(), watching.json()["seq"].as_u64()], [Some(5), Some(6)]);
    let address = server.grpc;
    server.kill();
    let server = Server::start_at(&data, address);
    record(&server, &stop);
    assert_eq!([watching.json()["seq"].as_u64(), watching.json()["seq"].as_u64()], [Some(7), Some(8)]);
    assert_eq!(watching.json()["kind"], "personal_data_read", "asked again, it reads anew");
    let (code, said) = watching.interrupt();
    assert_eq!(code, Some(0));
    assert!(said.contains("the server went away") && said.ends_with("to go on: --from 10\n"), "{said}");
}

#[test]
fn windows_are_told_in_words_and_begin_again_after_the_server_was_away() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data, &[]);
    let inbound = ["inbound", "--contact", "+447400123456", "--sender", "1001", "--text", "hello"];
    record(&server, &inbound);
    let mut watching = Running::start(&server, &["watch", "windows", "--closing-within", "24h"]);
    let words = |line: &str| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let open = watching.line();
    assert!(open.starts_with("open          1001              closes ") && open.ends_with("  +447400123456"), "{open}");
    assert_eq!(words(&watching.line()), "closing soon");
    assert!(watching.line().starts_with("1 window is open at "));
    record(&server, &["feedback", "--contact", "+447400123456", "--sender", "1001", "--code", "131047"]);
    assert_eq!(watching.line(), "closed        1001              the platform said so                +447400123456");
    record(&server, &inbound);
    assert_eq!([words(&watching.line()), words(&watching.line())], ["opened 1001", "closing soon"]);
    let address = server.grpc;
    assert_eq!(server.terminate().code(), Some(0));
    let server = Server::start_at(&data, address);
    assert_eq!([words(&watching.line()), words(&watching.line())], ["open 1001", "closing soon"]);
    assert!(watching.line().starts_with("1 window is open at "));
    assert_eq!(watching.interrupt().0, Some(0));
    drop(server);
}

#[test]
fn it_ends_where_nobody_reads_or_the_server_is_not_there_or_has_another_log() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let mut watching = Running::start(&server, &["watch", "entries", "--all-accounts"]);
    assert!(watching.line().contains("ledger_created"));
    watching.lines = None;
    record(&server, &["opt-in", "--contact", "+447400123456", "--category", "marketing"]);
    assert_eq!(watching.ended().0, Some(0));
    let behind = cli(&["watch", "entries", "--from", "9", "--server", &server.url()]);
    assert_eq!(behind.code, 2);
    assert!(behind.err.contains("another log was followed"), "{behind:?}");
    let url = server.url();
    server.kill();
    let gone = cli(&["watch", "windows", "--server", &url]);
    assert_eq!(gone.code, 2);
    assert!(gone.err.contains("does not answer"), "{gone:?}");
}

#[test]
fn help_says_what_is_followed_and_how_it_goes_on() {
    let help = |part: &[&str]| {
        let said = cli(&[&["watch"], part, &["--help"]].concat());
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        let text = said.out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        format!("$ watch {}\n{text}\n", part.join(" "))
    };
    let parts: [&[&str]; 3] = [&[], &["entries"], &["windows"]];
    insta::assert_snapshot!(parts.map(help).join("\n"));
}
