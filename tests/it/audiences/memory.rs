//! A long list takes no more memory than a short one.

use std::io::Write as _;
use std::process::{Command, Stdio};

use consent_ledger::proto::stream_check_send_response::Outcome;

use crate::support::fake_ledger::{FakeLedger, Script, decision};

/// The most memory that a check of so many rows took, in KiB.
fn peak(rows: usize) -> u64 {
    let items = |_: usize, _: usize, _: &_| Some(Ok(Outcome::Decision(decision(2, 2))));
    let server = FakeLedger::start(Script { items: Box::new(items), ..Default::default() });
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_consent-ledger"))
        .args(["check", "-", "--server", &server.url, "--sender", "1001", "--out"])
        .arg(dir.path().join("out.csv"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut stdin = std::io::BufWriter::new(child.stdin.take().unwrap());
    writeln!(stdin, "phone,note").unwrap();
    let (note, mut peak) = ("x".repeat(200), 0);
    for n in 0..rows {
        writeln!(stdin, "+4474{n:08},{note}").unwrap();
        if n % 1_000 == 999 {
            let status = std::fs::read_to_string(&status).unwrap_or_default();
            let high = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(|rest| rest.trim().strip_suffix(" kB"));
            peak = high.map_or(peak, |high| high.parse::<u64>().unwrap().max(peak));
        }
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
    peak
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn ten_times_the_rows_take_the_same_memory() {
    let (short, long) = (peak(20_000), peak(200_000));
    assert!(short > 0 && long < short + 8 * 1_024, "{short} KiB, then {long} KiB");
}
