//! kill -9 of the client or of the server in the middle of a list, and what comes after.

use std::io::{BufWriter, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex};

use consent_ledger::proto::ListEntriesRequest;
use tokio::net::{TcpListener, TcpStream};

use super::{HEADER, Known, answers, contact, counts, import, known, list, row};
use crate::support::cli::verify;
use crate::support::client::{Client, runtime};
use crate::support::server::Server;

/// Rows of the list, and how many entries there are when it is broken off.
const ROWS: usize = 12_000;
const BROKEN_AFTER: u64 = 1_500;

/// Starts an import that nobody waits for.
fn begin(url: &str, file: &Path, more: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_consent-ledger"));
    command.args(["import", file.to_str().unwrap(), "--server", url]).args(more);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Asks the server until it has so many entries.
fn until_broken(url: &str) {
    runtime().block_on(async {
        let client = Client::connect(url).await;
        let request = ListEntriesRequest { all_accounts: true, from_seq: BROKEN_AFTER, page_size: 1, ..Default::default() };
        while client.audit.clone().list_entries(request.clone()).await.unwrap().into_inner().entries.is_empty() {}
    });
}

/// What the list leaves behind: what is known, and what is answered.
type Left = (Vec<Known>, Vec<(i32, Vec<i32>)>);

/// The same after an undisturbed import.
static UNDISTURBED: LazyLock<Left> = LazyLock::new(undisturbed);

fn undisturbed() -> Left {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let file = dir.path().join("list.csv");
    std::fs::write(&file, list(ROWS)).unwrap();
    assert_eq!(counts(&import(&server.url(), &file, &[]))[4], 12);
    (known(&server.url()), answers(&server.url(), &contacts()))
}

fn contacts() -> Vec<String> {
    (0..ROWS).step_by(2).map(contact).collect()
}

/// The server's state is what it is after an undisturbed import.
fn assert_undisturbed(server: Server, data: &Path) {
    let (expected, expected_answers) = &*UNDISTURBED;
    assert_eq!(expected.len(), ROWS - 12);
    assert!(known(&server.url()) == *expected, "not the same acts");
    assert!(answers(&server.url(), &contacts()) == *expected_answers, "not the same answers");
    assert_eq!(server.terminate().code(), Some(0));
    verify(data, 0);
}

#[test]
fn a_client_that_is_killed_is_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let file = dir.path().join("list.csv");
    std::fs::write(&file, list(ROWS)).unwrap();
    let server = Server::start(&data, &[]);
    let mut child = begin(&server.url(), &file, &[]);
    until_broken(&server.url());
    child.kill().unwrap();
    child.wait().unwrap();
    let before = known(&server.url()).len();
    assert!(before < ROWS - 12, "it was over before it was killed");
    let said = import(&server.url(), &file, &[]);
    let counted = counts(&said);
    assert_eq!((counted.iter().sum::<u64>(), counted[4], said.code), (ROWS as u64, 12, 1), "{said:?}");
    assert!(counted[3] >= BROKEN_AFTER - 10, "{said:?}");
    assert_undisturbed(server, &data);
}

#[test]
fn a_server_that_is_killed_and_stays_away_ends_the_import_which_is_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let file = dir.path().join("list.csv");
    std::fs::write(&file, list(ROWS)).unwrap();
    let server = Server::start(&data, &[]);
    let child = begin(&server.url(), &file, &["--patience", "1"]);
    until_broken(&server.url());
    server.kill();
    let ended = child.wait_with_output().unwrap();
    let (out, err) = (String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap());
    assert_eq!(ended.status.code(), Some(2), "{err}");
    assert!(err.contains("the server did not take rows for 1 s") && err.contains("run the same command again"), "{err}");
    assert!(out.lines().last().unwrap().starts_with("refused"), "counts are printed all the same: {out}");
    let server = Server::start(&data, &[]);
    assert_eq!(import(&server.url(), &file, &[]).code, 1);
    assert_undisturbed(server, &data);
}

/// Hands connections on to wherever the server is now.
fn door(to: Arc<Mutex<SocketAddr>>) -> (String, tokio::runtime::Runtime) {
    let runtime = runtime();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let to = *to.lock().unwrap();
            tokio::spawn(async move {
                if let Ok(mut to) = TcpStream::connect(to).await {
                    let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                }
            });
        }
    });
    (url, runtime)
}

#[test]
fn a_server_that_comes_back_is_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let file = dir.path().join("list.csv");
    std::fs::write(&file, list(ROWS)).unwrap();
    let server = Server::start(&data, &[]);
    let now = Arc::new(Mutex::new(server.grpc));
    let (url, _runtime) = door(Arc::clone(&now));
    let child = begin(&url, &file, &[]);
    until_broken(&server.url());
    server.kill();
    let server = Server::start(&data, &[]);
    *now.lock().unwrap() = server.grpc;
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_undisturbed(server, &data);
}

#[test]
fn an_interrupt_ends_it_with_what_was_sent_answered() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let report = dir.path().join("report.csv");
    let mut child = begin(&server.url(), Path::new("-"), &["--report", report.to_str().unwrap()]);
    // A list without an end: it cannot be over before it is interrupted, however slow the machine.
    let mut to = BufWriter::new(child.stdin.take().unwrap());
    let endless = std::thread::spawn(move || {
        std::iter::once(HEADER.to_owned()).chain((0..).map(row)).try_for_each(|line| to.write_all(line.as_bytes()))
    });
    until_broken(&server.url());
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(endless.join().unwrap().is_err(), "it reads no more");
    let err = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(2), "{err}");
    assert!(err.contains("run the same command again"), "{err}");
    let unanswered = err.split_once("interrupted; ").and_then(|(_, rest)| rest.split_once(' ')).unwrap().0.parse::<usize>().unwrap();
    // What is recorded was reported, or is told to be in doubt.
    let reported = std::fs::read_to_string(dir.path().join("report.csv.partial"))
        .unwrap()
        .lines()
        .skip(1)
        .filter(|line| !line.contains(",refused,"))
        .count();
    let known = known(&server.url()).len();
    assert!((reported..=reported + unanswered).contains(&known), "{reported} reported, {unanswered} unanswered, {known} known");
    assert!(reported > 0, "{err}");
}
