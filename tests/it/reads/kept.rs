//! What reads leave in the log: no bundle shows them, no erasure minds them, every start finds them.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::Account;
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::reading::reads::{DataRead, ReadMethod, ReadsAsked, RecordedRead, Whose};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::{Actor, Record, What};
use consent_ledger::ledger::{Ledger, Options};
use consent_ledger::proto::{GetContactRequest, ListReadsRequest, ReadReach};

use super::reads;
use crate::errors::refused;
use crate::support::bench::{at, opt_in as opts_in, put, who};
use crate::support::cli::{cli, verify};
use crate::support::client::{Client, opt_in, runtime};
use crate::support::forger::judges::{self, Case};
use crate::support::server::Server;

const ANN: &str = "+447400123456";
const BOB: &str = "+447400123457";

async fn read(client: &Client, contact: &str) {
    let request = GetContactRequest { contact: contact.into(), ..Default::default() };
    client.audit.clone().get_contact(request).await.unwrap();
}

#[test]
fn a_bundle_shows_no_read_and_both_verifiers_take_it() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data, &[]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        for contact in [ANN, BOB] {
            client.opt_in(opt_in(contact, "")).await.unwrap();
            read(&client, contact).await;
        }
        client.opened_log().await;
    });
    let url = server.url();
    let (bundle, whole) = (dir.path().join("bundle.jsonl"), dir.path().join("whole.jsonl"));
    for (more, out) in [(["--contact", ANN, "--evidence"].as_slice(), &bundle), (["--all-accounts"].as_slice(), &whole)] {
        let args = [&["export", "--out", out.to_str().unwrap(), "--server", &url], more].concat();
        let said = cli(&args);
        assert_eq!(said.code, 0, "{said:?}");
    }
    assert_eq!(server.terminate().code(), Some(0));
    let key = cli(&["keys", "public", "--data-dir", data.to_str().unwrap()]).out.trim().to_owned();
    for (file, shows) in [(&bundle, 0), (&whole, 4)] {
        let text = std::fs::read_to_string(file).unwrap();
        assert_eq!(text.matches("personal_data_read\":").count(), shows, "{text}");
        let case = Case::new(text, &key);
        assert_eq!(judges::rust(&case).code(), "HOLDS");
        if let Some(verdict) = judges::python_alone(&case) {
            assert_eq!(verdict.code(), "HOLDS");
        }
    }
    verify(&data, 0);
}

#[test]
fn an_erasure_leaves_reads_that_name_nobody_and_are_not_the_next_owners() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data, &[]);
    let runtime = runtime();
    let client = runtime.block_on(Client::connect(&server.url()));
    let before = runtime.block_on(async {
        client.opt_in(opt_in(ANN, "")).await.unwrap();
        read(&client, ANN).await;
        client.log().await.len()
    });
    let erased = cli(&["erase", "request", "--contact", ANN, "--delay", "0s", "--server", &server.url()]);
    assert_eq!(erased.code, 0, "{erased:?}");
    runtime.block_on(async {
        for _ in 0..2_000 {
            if client.log().await.last().unwrap().kind == "contact_erased" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let of = |contact: &str| ListReadsRequest { contact: contact.into(), ..Default::default() };
        let status = client.audit.clone().list_reads(of(ANN)).await.unwrap_err();
        assert_eq!(refused(&status).1, "CONTACT_UNKNOWN");
        let kept = client.audit.clone().list_reads(of("")).await.unwrap().into_inner().reads;
        assert_eq!(kept.iter().map(|read| (read.reach(), read.entries)).collect::<Vec<_>>(), [(ReadReach::Contact, 1)]);
        read(&client, ANN).await;
        client.opt_in(opt_in(ANN, "")).await.unwrap();
        let log = client.log().await;
        assert_eq!(reads(&log).len(), 1, "nothing is known of who was erased; {before} entries came before");
        assert_ne!(log.last().unwrap().trail, kept[0].trail);
        assert_eq!(client.audit.clone().list_reads(of(ANN)).await.unwrap().into_inner().reads, []);
    });
    assert_eq!(server.terminate().code(), Some(0));
    verify(&data, 0);
}

fn open(dir: &Path, small_bytes: u64) -> Ledger {
    let clock = Arc::new(ManualClock::default());
    clock.set(at(3_600));
    let options = Options { small_bytes, keys_ahead: 8, ..Options::new(dir) };
    Ledger::open_with(&options, &(Arc::new(RealDisk) as Arc<dyn Disk>), &(clock as Arc<dyn Clock>)).unwrap()
}

fn records(ledger: &Ledger, entries: u64, whose: Whose) {
    let what = What::ReadData(DataRead { method: ReadMethod::ListEntries, entries, whose });
    let record = Record { account: Account::default_account(), actor: Actor::from_number(300), event_id: None, occurred_at: None, what };
    ledger.record_blocking(record).unwrap();
}

fn listed(ledger: &Ledger) -> Vec<RecordedRead> {
    let asked = ReadsAsked { account: Account::default_account(), contact: None, recorded_from: None::<Time>, place: None };
    ledger.reads(&asked, usize::MAX).unwrap().0
}

#[test]
fn a_start_from_a_snapshot_and_one_from_the_whole_log_find_the_same_trails_of_reads() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path(), 0);
    put(&ledger, 100, opts_in(ANN));
    let ann = ledger.whose(&Account::default_account(), &who(ANN)).unwrap();
    records(&ledger, 1, ann);
    records(&ledger, 2, Whose::Everybody);
    ledger.close();
    assert!(dir.path().join("snapshot").exists());
    let mut count = 2;
    for (small_bytes, forget) in [(0, false), (u64::MAX, false), (0, true)] {
        if forget {
            std::fs::remove_file(dir.path().join("snapshot")).unwrap();
        }
        let ledger = open(dir.path(), small_bytes);
        assert_eq!(listed(&ledger).len(), count);
        records(&ledger, 3, ann);
        records(&ledger, 4, Whose::Everybody);
        count += 2;
        let found = listed(&ledger);
        assert_eq!(found.len(), count, "they go on in the trails of before");
        assert!(found.iter().all(|read| read.actor == 300));
        ledger.close();
    }
    verify(dir.path(), 0);
}
