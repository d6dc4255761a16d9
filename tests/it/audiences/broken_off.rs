//! Servers that break off, go away, or lie: the files are whole, or there are none.

use std::io::Write as _;
use std::process::{Command, Stdio};

use consent_ledger::proto::CheckSendRequest;
use consent_ledger::proto::stream_check_send_response::Outcome;
use tonic::Status;

use super::{check, checked, lines, names, with_people};
use crate::support::fake_ledger::{FakeLedger, Script, decision, refused};

/// How many rows the long list has.
const ROWS: usize = 100_000;

/// Every tenth row is malformed, every third of the others may be written to.
fn long_list() -> String {
    let row = |n: usize| if n.is_multiple_of(10) { format!("{n},0740{n}\n") } else { format!("{n},+4474{n:08}\n") };
    std::iter::once("id,phone\n".to_owned()).chain((0..ROWS).map(row)).collect()
}

fn by_number(request: &CheckSendRequest) -> Outcome {
    match request.contact.strip_prefix("+4474").map(|digits| digits.parse::<usize>().unwrap()) {
        None => refused("contact"),
        Some(number) if number.is_multiple_of(3) => Outcome::Decision(decision(2, 2)),
        Some(_) => Outcome::Decision(decision(3, 23)),
    }
}

#[test]
fn a_long_list_is_split_row_for_row_although_the_stream_breaks_again_and_again() {
    let items = |_: usize, nth: usize, request: &CheckSendRequest| {
        if nth == 15_000 { Some(Err(Status::unavailable("going away"))) } else { Some(Ok(by_number(request))) }
    };
    let server = FakeLedger::start(Script { items: Box::new(items), ..Default::default() });
    let (said, allowed, refused) = checked(&server.url, "list.csv", long_list(), &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(server.streams(), ROWS.div_ceil(15_000));
    let ids = |lines: &[String]| -> Vec<usize> { lines[1..].iter().map(|line| line.split(',').next().unwrap().parse().unwrap()).collect() };
    let may = |n: &usize| !n.is_multiple_of(10) && n.is_multiple_of(3);
    assert_eq!(ids(&allowed), (0..ROWS).filter(may).collect::<Vec<_>>());
    assert_eq!(ids(&refused), (0..ROWS).filter(|n| !may(n)).collect::<Vec<_>>());
    assert_eq!(refused.iter().filter(|line| line.contains(",NO_ANSWER,CONTACT_MALFORMED,")).count(), ROWS / 10);
    assert_eq!(
        said.out.lines().last(),
        Some(&*format!(
            "FREE_FORM 0, TEMPLATE_ONLY {}, NOTHING {}, NO_ANSWER 10000 of 100000 rows",
            allowed.len() - 1,
            refused.len() - 1 - ROWS / 10
        ))
    );
}

#[test]
fn a_server_that_says_what_nobody_understands_allows_nobody() {
    let items = |_: usize, nth: usize, _: &CheckSendRequest| Some(Ok(Outcome::Decision(decision([0, 4, 99][nth % 3], 1))));
    let server = FakeLedger::start(Script { items: Box::new(items), ..Default::default() });
    let (said, allowed, refused) = checked(&server.url, "list", "+447400000001\n+447400000002\n+447400000003\n", &[]);
    assert_eq!((said.code, allowed.len(), refused.len()), (2, 1, 4), "{said:?}");
    assert!(refused[1].contains(",NO_ANSWER,ANSWER_NOT_UNDERSTOOD,"), "{refused:?}");
}

#[test]
fn a_row_that_is_no_contact_is_refused_although_the_server_says_yes() {
    let items = |_: usize, _: usize, _: &CheckSendRequest| Some(Ok(Outcome::Decision(decision(1, 1))));
    let server = FakeLedger::start(Script { items: Box::new(items), ..Default::default() });
    let (said, allowed, refused) = checked(&server.url, "list.csv", "phone\n0740\n\"\"\n", &[]);
    assert_eq!((said.code, allowed.len(), refused.len()), (2, 1, 3), "{said:?}");
}

#[test]
fn a_server_that_refuses_the_stream_or_is_not_there_leaves_no_file() {
    let refuses = FakeLedger::start(Script { items: Box::new(|_, _, _| Some(Err(Status::permission_denied("no")))), ..Default::default() });
    let ends = FakeLedger::start(Script::default());
    for url in [&refuses.url, &ends.url, "http://127.0.0.1:1"] {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("list");
        std::fs::write(&list, "+447400000001\n").unwrap();
        let said = check(url, &list, &["--out", dir.path().join("out.csv").to_str().unwrap(), "--patience", "1"]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{url}: {said:?}");
        assert_eq!(names(dir.path()), ["list"], "{url}");
    }
}

#[test]
fn a_server_that_is_killed_in_the_middle_leaves_no_file_and_what_was_there_stays() {
    let (dir, server) = with_people();
    let (out, url) = (dir.path().join("out.csv"), server.url());
    std::fs::write(&out, "older").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_consent-ledger"))
        .args(["check", "-", "--server", &url, "--sender", "1001", "--patience", "1", "--force", "--out"])
        .arg(&out)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for n in 0..20_000 {
        writeln!(stdin, "+4474{n:08}").unwrap();
    }
    stdin.flush().unwrap();
    // More rows are to come: it has begun and is not done.
    while !names(dir.path()).iter().any(|name| is_part(name)) {
        std::thread::yield_now();
    }
    server.kill();
    let more = std::thread::spawn(move || {
        for n in 0..20_000 {
            if writeln!(stdin, "+4475{n:08}").is_err() {
                break;
            }
        }
    });
    let output = child.wait_with_output().unwrap();
    more.join().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the list was not checked to its end") && said.contains("no file was written"), "{said}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "older");
    assert!(names(dir.path()).iter().all(|name| !is_part(name) && name != "out.refused.csv"), "{:?}", names(dir.path()));
    assert_eq!(lines(&out), ["older"]);
}

/// Whether it is a file that is not done.
fn is_part(name: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|extension| extension == "part")
}
