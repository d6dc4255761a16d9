//! How fast does somebody who follows catch up, what do those who follow cost those who record, and what does a watch of windows
//! keep? A real server and clients in one process.
//!
//! ```text
//! cargo bench --bench watch -- 1000000
//! {"entries":1000000,"contacts":100000,"catch_up_per_s":…,"catch_up_sealed_per_s":…,"live":[{"watchers":0,"records_per_s":…},…],
//!  "windows":{"open":…,"told_per_s":…,"bytes_each":…}}
//! ```
//!
//! What records the entries first is not timed. `live`: as many records at once as half a commit takes, while so many follow and
//! every one of them has seen each by the end. `bytes_each`: how much the process grew for each open window, once all were told.

#![allow(clippy::unwrap_used, reason = "a benchmark that panics has failed")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures are for people")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod messages;

use std::time::Instant;

use consent_ledger::api;
use consent_ledger::ledger::{Ledger, Options};
use consent_ledger::proto::watch_service_client::WatchServiceClient;
use consent_ledger::proto::{WatchEntriesRequest, WatchWindowsRequest};
use consent_ledger::shutdown::Ending;
use consent_ledger::telemetry::calls::{Calls, Edge};
use tokio::net::TcpListener;
use tonic::transport::Channel;

use self::messages::{EACH, record, resident_kib};

/// Records that wait for one another.
const TOGETHER: u64 = 2_048;

/// How many follow while others record.
const FOLLOW: [usize; 4] = [0, 1, 8, 64];

fn main() {
    let entries: u64 = std::env::args().filter_map(|arg| arg.parse().ok()).next_back().unwrap_or(200_000);
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&Options::new(dir.path().join("ledger"))).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(record(&ledger, entries, TOGETHER));
    let report = runtime.block_on(measure(&ledger, entries));
    println!("{report}");
    ledger.close();
}

async fn measure(ledger: &Ledger, entries: u64) -> serde_json::Value {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let ending = Ending::after(async { drop(stopped.await) });
    let server = tokio::spawn(api::serve(listener, ledger.clone(), None, Calls::of(Edge::Grpc), ending));
    let client = WatchServiceClient::connect(url).await.unwrap();
    let bare = WatchEntriesRequest::default();
    let catch_up = catch_up(&client, bare.clone(), ledger.head().seq.number()).await;
    let sealed = self::catch_up(&client, WatchEntriesRequest { with_sealed: true, ..bare }, ledger.head().seq.number()).await;
    let windows = windows(&client).await;
    let mut live = Vec::new();
    for watchers in FOLLOW {
        let per_s = beside(ledger, &client, watchers, entries / 5).await;
        live.push(serde_json::json!({ "watchers": watchers, "records_per_s": per_s as u64 }));
    }
    drop((client, stop));
    server.await.unwrap().unwrap();
    serde_json::json!({
        "entries": entries,
        "contacts": entries.div_ceil(EACH),
        "catch_up_per_s": catch_up as u64,
        "catch_up_sealed_per_s": sealed as u64,
        "windows": windows,
        "live": live,
    })
}

/// Entries a second, from the first to `head`.
async fn catch_up(client: &WatchServiceClient<Channel>, request: WatchEntriesRequest, head: u64) -> f64 {
    let began = Instant::now();
    let mut stream = client.clone().watch_entries(request).await.unwrap().into_inner();
    let mut seen = 0;
    while let Some(response) = stream.message().await.unwrap() {
        seen += response.entries.len() as u64;
        if response.position.unwrap().seq >= head {
            break;
        }
    }
    seen as f64 / began.elapsed().as_secs_f64()
}

/// Records a second while so many follow, each of whom has seen all of them before it counts.
async fn beside(ledger: &Ledger, client: &WatchServiceClient<Channel>, watchers: usize, entries: u64) -> f64 {
    let mut following = tokio::task::JoinSet::new();
    for _ in 0..watchers {
        let request = WatchEntriesRequest { only_new: true, ..Default::default() };
        let mut stream = client.clone().watch_entries(request).await.unwrap().into_inner();
        assert!(stream.message().await.unwrap().is_some());
        following.spawn(async move {
            let mut seen = 0;
            while seen < entries {
                seen += stream.message().await.unwrap().unwrap().entries.len() as u64;
            }
        });
    }
    let began = Instant::now();
    record(ledger, entries, TOGETHER).await;
    let recorded = entries as f64 / began.elapsed().as_secs_f64();
    while let Some(done) = following.join_next().await {
        done.unwrap();
    }
    recorded
}

/// How many windows are open, how fast they are told, and what each keeps in memory.
async fn windows(client: &WatchServiceClient<Channel>) -> serde_json::Value {
    let (before, began) = (resident_kib(), Instant::now());
    let mut stream = client.clone().watch_windows(WatchWindowsRequest::default()).await.unwrap().into_inner();
    let mut open = 0;
    while let Some(response) = stream.message().await.unwrap() {
        open += response.events.len();
        if response.caught_up {
            break;
        }
    }
    let grown = resident_kib().saturating_sub(before) * 1_024;
    let per_s = open as f64 / began.elapsed().as_secs_f64();
    serde_json::json!({ "open": open, "told_per_s": per_s as u64, "bytes_each": grown / open as u64 })
}
