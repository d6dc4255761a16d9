//! A long export takes no more memory than a short one.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use consent_ledger::proto::ExportPiece;
use consent_ledger::proto::export_piece::Piece;
use consent_ledger::proto::{Evidence, ExportEnd, SealedPart};

use super::fake_server::FakeServer;
use super::made::{begin, entry, opted_in, sealed};

fn pieces(count: u64) -> impl Iterator<Item = ExportPiece> + Send {
    let evidence = Evidence { text: "x".repeat(500), ..Default::default() };
    let like = entry(1, 0, opted_in("1001", &[1]), SealedPart { evidence: Some(evidence), ..sealed() });
    let entries = (1..=count).map(move |seq| Piece::Entry(consent_ledger::proto::Entry { seq, ..like.clone() }));
    let pieces = std::iter::once(Piece::Begin(begin(count))).chain(entries);
    pieces.chain([Piece::End(ExportEnd { entries: count, left_out: 0 })]).map(|piece| ExportPiece { piece: Some(piece) })
}

/// The most memory that the export of so many entries took, in KiB.
fn peak(count: u64, format: &str) -> u64 {
    let server = FakeServer::start(move || Box::new(pieces(count).map(Ok)));
    let mut child = Command::new(env!("CARGO_BIN_EXE_consent-ledger"))
        .args(["export", "--server", &server.url, "--format", format, "--out", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let (mut peak, mut lines) = (0, 0_u64);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        assert!(!line.unwrap().is_empty());
        lines += 1;
        if lines % 500 == 0 {
            let status = std::fs::read_to_string(&status).unwrap_or_default();
            let high = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(|rest| rest.trim().strip_suffix(" kB"));
            peak = high.map_or(peak, |high| high.parse::<u64>().unwrap().max(peak));
        }
    }
    assert!(child.wait().unwrap().success());
    assert!(lines > count);
    peak
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn thirty_times_the_entries_take_the_same_memory() {
    for format in ["jsonl", "csv"] {
        let (short, long) = (peak(1_000, format), peak(30_000, format));
        assert!(short > 0 && long < short + 8 * 1_024, "{format}: {short} KiB, then {long} KiB");
    }
}
