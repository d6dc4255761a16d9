//! Imports of lists, with the real command on the real server.

mod again;
mod broken;
mod command_line;
mod dry_run;
mod files;
mod layouts;
mod rules;
mod written_before;

use std::path::{Path, PathBuf};

use consent_ledger::proto::clear_part::Fact;
use consent_ledger::proto::{BatchCheckSendRequest, Category, ListEntriesRequest};

use crate::support::cli::{Said, cli};
use crate::support::client::{Client, runtime};
use crate::support::server::Server;

/// A server, and the directory it lies in.
struct Place {
    dir: tempfile::TempDir,
    server: Server,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(&dir.path().join("data"), &[]);
        Self { dir, server }
    }

    /// Writes a file beside the ledger.
    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Imports it.
    fn import(&self, file: &Path, more: &[&str]) -> Said {
        import(&self.server.url(), file, more)
    }

    /// The first word of the answer to a check for marketing.
    fn check(&self, contact: &str) -> String {
        let said = cli(&["check", "--server", &self.server.url(), "--contact", contact, "--sender", "1001", "--category", "marketing"]);
        said.first_word().to_owned()
    }

    fn known(&self) -> Vec<Known> {
        known(&self.server.url())
    }
}

fn import(url: &str, file: &Path, more: &[&str]) -> Said {
    cli(&[&["import", file.to_str().unwrap(), "--server", url], more].concat())
}

/// A list that lies beside the tests.
fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/imports").join(name)
}

/// The last lines: how many rows were applied, historical only, without change, duplicates, refused.
fn counts(said: &Said) -> [u64; 5] {
    let lines: Vec<&str> = said.out.lines().rev().take(5).collect();
    let verdicts = ["applied", "historical_only", "no_change", "duplicate", "refused"];
    std::array::from_fn(|place| {
        let (verdict, count) = lines.get(4 - place).and_then(|line| line.split_once(' ')).unwrap_or_else(|| panic!("{said:?}"));
        assert_eq!(verdict, verdicts[place], "{said:?}");
        count.trim().parse().unwrap()
    })
}

/// What the ledger knows of one act: who, when, what, under which event id.
type Known = (String, i64, String, String);

/// Everything that was recorded of contacts, but for when and where it stands, in a fixed order.
fn known(url: &str) -> Vec<Known> {
    let entries = runtime().block_on(async {
        let client = Client::connect(url).await;
        client.entries(ListEntriesRequest { page_size: 1_000, ..Default::default() }).await
    });
    let mut known: Vec<Known> = entries
        .into_iter()
        .filter_map(|entry| {
            let (clear, sealed) = (entry.clear?, entry.sealed?);
            let fact = clear.fact.filter(|fact| matches!(fact, Fact::OptedIn(_) | Fact::OptedOut(_) | Fact::InboundMessageReceived(_)))?;
            Some((sealed.identifiers.join(","), clear.occurred_at, format!("{fact:?}"), sealed.event_id))
        })
        .collect();
    known.sort();
    known
}

/// What a sender may send to each of them.
fn answers(url: &str, contacts: &[String]) -> Vec<(i32, Vec<i32>)> {
    let request = BatchCheckSendRequest {
        sender: "1001".into(),
        category: Category::Marketing.into(),
        contacts: contacts.to_vec(),
        ..Default::default()
    };
    let items = runtime().block_on(async {
        let client = Client::connect(url).await;
        client.decision.clone().batch_check_send(request).await.unwrap().into_inner().items
    });
    let decisions = items.into_iter().map(|item| match item.outcome.unwrap() {
        consent_ledger::proto::batch_check_send_item::Outcome::Decision(decision) => (decision.permission, decision.reasons),
        consent_ledger::proto::batch_check_send_item::Outcome::Error(error) => panic!("{error:?}"),
    });
    decisions.collect()
}

/// The contact of a row of [`list`].
fn contact(row: usize) -> String {
    format!("+4479{:08}", row / 2)
}

/// A list of so many rows: two of each contact, every fifth an opt-out, some refused.
fn list(rows: usize) -> String {
    std::iter::once(HEADER.to_owned()).chain((0..rows).map(row)).collect()
}

/// The first line of [`list`].
const HEADER: &str = "phone,action,categories,occurred_at,evidence_url\n";

/// One line of it.
fn row(row: usize) -> String {
    let action = if row.is_multiple_of(5) { "opt_out" } else { "opt_in" };
    let contact = if row % 1_000 == 999 { "nobody".to_owned() } else { contact(row) };
    let evidence = if row.is_multiple_of(3) { "https://shop.example" } else { "" };
    format!("{contact},{action},marketing,2026-0{}-01T10:00:{:02}Z,{evidence}\n", 1 + row % 3, row % 60)
}
