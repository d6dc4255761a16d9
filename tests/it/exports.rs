//! Exports in every form: for programs, spreadsheets, readers and auditors, from hand-made pieces and from the real server.

mod broken_off;
mod command_line;
mod consent_records;
mod fake_server;
mod formats;
mod histories;
mod limits;
mod made;
mod memory;
mod pages;
mod privacy;

use std::path::Path;

use consent_ledger::proto::{Evidence, EvidenceField, RecordOptInRequest};

use crate::support::cli::{Said, cli};
use crate::support::client::{Client, opt_in, runtime, text};
use crate::support::server::Server;

/// Whom most exports are of.
const CONTACT: &str = "+447400123456";

/// Somebody else.
const OTHER: &str = "+447400123457";

/// What a spreadsheet or a page might take for something else than text.
const HOSTILE: &str =
    "=HYPERLINK(\"http://evil.example\";\"click\")\0\u{202e}\u{200f}<script>alert(1)</script>\r\nsecond; =1+1, 'quoted' & \"so\"";

/// A server with two people, and the directory it lies in.
fn with_people() -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let evidence = Evidence {
            text: HOSTILE.into(),
            url: "https://example.com/?a=<b>".into(),
            other: vec![EvidenceField { name: "<i>".into(), value: "@SUM(A1)".into() }],
            ..Default::default()
        };
        client.opt_in(RecordOptInRequest { evidence: Some(evidence), ..opt_in(CONTACT, "first") }).await.unwrap();
        client.inbound(text(CONTACT, "1001", "hello")).await.unwrap();
        client.inbound(text(OTHER, "1001", "hello")).await.unwrap();
        client.inbound(text(CONTACT, "1002", "STOP")).await.unwrap();
    });
    (dir, server)
}

/// Runs `export` against a server.
fn export(url: &str, out: &Path, more: &[&str]) -> Said {
    cli(&[&["export", "--server", url, "--out", out.to_str().unwrap()], more].concat())
}

/// What lies in a directory, by name.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
