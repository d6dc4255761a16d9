//! The real server, recorded into by many, and backed up meanwhile by the real command.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use consent_ledger::proto::record_stream_request::Event;
use consent_ledger::proto::{Acknowledgement, RequestErasureRequest};
use parking_lot::Mutex;

use super::Place;
use crate::streams::{item, record};
use crate::support::cli::{cli, verify};
use crate::support::client::{Client, opt_in, runtime};
use crate::support::server::Server;

/// New contacts at a time; more than the keys that are made ahead come in one second.
const BATCH: usize = 512;

/// What was acknowledged.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    next: AtomicUsize,
    acknowledged: Mutex<Vec<Acknowledgement>>,
}

impl Load {
    /// New contacts, all the time; every batch erases one of them.
    async fn run(&self, client: Client) {
        while !self.stop.load(Ordering::Relaxed) {
            let first = self.next.fetch_add(BATCH, Ordering::Relaxed);
            let who = |number: usize| format!("+447{:09}", 400_000_000 + number);
            let items = (first..first + BATCH).map(|number| item(Event::OptIn(opt_in(&who(number), "")))).collect();
            let acknowledged = record(&client, items).await;
            self.acknowledged.lock().extend(acknowledged.into_iter().map(Result::unwrap));
            let delay = Some(prost_types::Duration::default());
            let request = RequestErasureRequest { contact: who(first), delay, ..Default::default() };
            let answer = client.identity.clone().request_erasure(request).await.unwrap().into_inner();
            self.acknowledged.lock().push(answer.acknowledgement.unwrap());
        }
    }
}

#[test]
fn a_backup_under_load_has_all_that_was_acknowledged_before_it_and_serves() {
    let place = Place::new();
    let server = Server::start(&place.data(), &["--app-secret", "s"]);
    let letter = place.dir.path().join("letter.json");
    let strange = serde_json::json!({ "object": "whatsapp_business_account",
        "entry": [{ "id": "1", "changes": [{ "field": "strange", "value": { "a": 1 } }] }] });
    std::fs::write(&letter, strange.to_string()).unwrap();
    let sent = cli(&["webhook", "replay", letter.to_str().unwrap(), "--app-secret", "s", "--server-http", &server.http_url()]);
    assert_eq!(sent.code, 0, "{sent:?}");
    let letters = |server: &Server| cli(&["dead-letters", "list", "--json", "--with-payload", "--server", &server.url()]).json();
    assert_eq!(letters(&server).len(), 1);

    let (runtime, load) = (runtime(), Arc::new(Load::default()));
    let running: Vec<_> = (0..3)
        .map(|_| {
            let (load, client) = (load.clone(), runtime.block_on(Client::connect(&server.url())));
            runtime.spawn(async move { load.run(client).await })
        })
        .collect();
    let mut before = Vec::new();
    let mut contacts = 0;
    for _ in 0..3 {
        while load.next.load(Ordering::Relaxed) < contacts + 4 * BATCH {
            std::thread::yield_now();
        }
        contacts = load.next.load(Ordering::Relaxed);
        before = load.acknowledged.lock().clone();
        let said = cli(&["backup", "--data-dir", place.data().to_str().unwrap(), "--to", place.to().to_str().unwrap()]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains("MASTER KEY: NOT IN THIS BACKUP") && !said.out.contains("note:"), "{}", said.out);
    }
    load.stop.store(true, Ordering::Relaxed);
    for running in running {
        runtime.block_on(running).unwrap();
    }
    assert!(load.next.load(Ordering::Relaxed) > 4_096 && before.len() > 4_096, "{} acknowledged before", before.len());
    let kept = runtime.block_on(async { Client::connect(&server.url()).await.log().await });
    server.kill();

    let key = place.data().join("secrets/master.key");
    let (from, to) = (place.to(), place.again());
    let [from, to, key] = [&from, &to, &key].map(|path| path.to_str().unwrap());
    let said = cli(&["restore", "--from", from, "--data-dir", to, "--master-key", key, "--json"]);
    assert_eq!(said.code, 0, "{said:?}");
    let head = said.json()[0]["head"]["seq"].as_u64().unwrap();
    assert!(before.iter().all(|acknowledged| acknowledged.seq <= head), "what was acknowledged before the backup began is in it");
    assert_eq!(verify(&place.again(), 0)["entries"], head);
    let again = Server::start(&place.again(), &["--app-secret", "s"]);
    assert_eq!(letters(&again).len(), 1, "the dead letter came back");
    let log = runtime.block_on(async { Client::connect(&again.url()).await.log().await });
    let hashes = |log: &[consent_ledger::proto::Entry]| log.iter().map(|entry| entry.entry_hash.clone()).collect::<Vec<_>>();
    let head = usize::try_from(head).unwrap();
    assert_eq!(hashes(&log[..head]), hashes(&kept[..head]), "the same log up to the backup's head");
    let (code, logged) = again.terminate_and_read();
    assert!(code == Some(0) && !logged.contains("ERROR"), "{logged}");
    assert_eq!(verify(&place.again(), 0)["store_ok"], true);
}
