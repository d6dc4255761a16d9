//! How fast is a list imported, durably, and does memory grow? The real server and the real command; then the same list again.
//!
//! ```text
//! cargo bench --bench import -- 1000000
//! {"rows":1000000,"file_mib":…,"first":{"rows_per_s":…,"counts":{…},"client_rss_mib":[…],"server_rss_mib":[…]},"again":{…}}
//! ```
//!
//! `rows_per_s` counts from the start of the command to its end: the file is hashed, read, sent, and every row answered, which means
//! that it is on disk. `…_rss_mib` is the resident memory at each tenth of that time. The server's grows with the contacts it learns of.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark that panics has failed")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures are for people")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(20);

fn main() {
    let rows: u64 = std::env::args().filter_map(|arg| arg.parse().ok()).next_back().unwrap_or(100_000);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("list.csv");
    let bytes = generate(&file, rows);
    let mut server = Command::new(env!("CARGO_BIN_EXE_consent-ledger"))
        .args(["serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data-dir"])
        .arg(dir.path().join("data"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let url = format!("http://{}", ready.split_once("grpc=").unwrap().1.split(' ').next().unwrap());
    let first = import(&file, &url, rows, &server);
    let again = import(&file, &url, rows, &server);
    server.kill().unwrap();
    server.wait().unwrap();
    println!("{}", json!({ "rows": rows, "file_mib": bytes >> 20, "first": first, "again": again }));
}

/// Writes a list of so many rows, each of another contact, every tenth an opt-out. Gives its bytes.
fn generate(file: &Path, rows: u64) -> u64 {
    let mut out = BufWriter::new(std::fs::File::create(file).unwrap());
    writeln!(out, "phone,action,categories,sender,occurred_at,evidence_text,evidence_url").unwrap();
    for row in 0..rows {
        let action = if row % 10 == 0 { "opt_out" } else { "opt_in" };
        let (hour, minute, second) = (row / 3_600 % 24, row / 60 % 60, row % 60);
        writeln!(
            out,
            "+4915{row:09},{action},\"marketing,utility\",1001,2026-03-01T{hour:02}:{minute:02}:{second:02}Z,\"Yes, send me offers\",https://shop.example/checkout"
        )
        .unwrap();
    }
    out.into_inner().unwrap().metadata().unwrap().len()
}

/// Imports the list; how fast, what came of it, and how much memory it took.
fn import(file: &Path, url: &str, rows: u64, server: &Child) -> Value {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_consent-ledger"))
        .args(["import", file.to_str().unwrap(), "--json", "--server", url])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut looks = Vec::new();
    let status = loop {
        looks.push((resident_mib(child.id()), resident_mib(server.id())));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(LOOK);
    };
    let seconds = began.elapsed().as_secs_f64();
    let mut counts = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut counts).unwrap();
    let counts: Value = serde_json::from_str(&counts).unwrap();
    assert!(status.success(), "{status}: {counts}");
    // The last look is at a process that has ended.
    looks.pop();
    let tenth = |tenth: usize| looks[(looks.len() * tenth / 10).min(looks.len()) - 1];
    let (client, server): (Vec<u64>, Vec<u64>) = (1..=10).filter(|n| looks.len() * n >= 10).map(tenth).unzip();
    json!({
        "rows_per_s": (rows as f64 / seconds) as u64,
        "counts": { "applied": counts["applied"], "duplicate": counts["duplicate"], "refused": counts["refused"] },
        "client_rss_mib": client,
        "server_rss_mib": server,
    })
}

/// Resident memory of a process, in MiB; 0 where it has ended.
fn resident_mib(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
}
