//! `check FILE`: whole lists, split into those who may be written to and those who may not.

mod broken_off;
mod forms;
mod memory;
mod split;

use std::path::Path;

use crate::support::cli::{Said, cli};
use crate::support::client::{Client, opt_in, runtime, text};
use crate::support::server::Server;

/// Opted in to marketing.
const OPTED_IN: &str = "+447400000001";

/// Opted in, and wrote.
const WROTE: &str = "+447400000002";

/// Said stop.
const STOPPED: &str = "+447400000003";

/// The columns that the check adds.
const ADDED: &str = "permission,reason,other_reasons,allowed_templates,window_closes_at,valid_until,checked_at,position,problem";

/// A server with three people, and the directory it lies in.
fn with_people() -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        for contact in [OPTED_IN, WROTE, STOPPED] {
            client.opt_in(opt_in(contact, "")).await.unwrap();
        }
        client.inbound(text(WROTE, "1001", "hello")).await.unwrap();
        client.inbound(text(STOPPED, "1001", "STOP")).await.unwrap();
    });
    (dir, server)
}

/// Checks a list about marketing by sender 1001.
fn check(url: &str, list: &Path, more: &[&str]) -> Said {
    cli(&[&["check", list.to_str().unwrap(), "--server", url, "--sender", "1001", "--category", "marketing"], more].concat())
}

/// Writes a list, checks it, and gives what was said with the lines of both files.
fn checked(url: &str, name: &str, list: impl AsRef<[u8]>, more: &[&str]) -> (Said, Vec<String>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, list).unwrap();
    let (out, refused) = (dir.path().join("out"), dir.path().join("out.refused"));
    let said = check(url, &path, &[&["--out", out.to_str().unwrap()], more].concat());
    (said, lines(&out), lines(&refused))
}

fn lines(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}

/// What lies in a directory, by name.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
