//! Does an export of many entries grow in memory, and how fast is it? A real server and client in one process; the file is
//! verified while it is written.
//!
//! ```text
//! cargo bench --bench export -- 10000000
//! {"entries":10000000,"contacts":1000000,"export_per_s":…,"bytes_per_entry":…,"rss_mib":[…],"last_to_first_tenth_rss_ratio":…}
//! ```
//!
//! `rss_mib` is the process's resident memory after each tenth of the export. What records the entries first is not timed.

#![allow(clippy::unwrap_used, reason = "a benchmark that panics has failed")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures are for people")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod messages;

use std::io::{BufReader, BufWriter};
use std::time::Instant;

use consent_ledger::api;
use consent_ledger::export::jsonl::Jsonl;
use consent_ledger::export::pieces::Pieces;
use consent_ledger::export::verify::{Against, verify};
use consent_ledger::ledger::{Ledger, Options};
use consent_ledger::proto::ExportEntriesRequest;
use consent_ledger::proto::audit_service_client::AuditServiceClient;
use consent_ledger::shutdown::Ending;
use consent_ledger::telemetry::calls::{Calls, Edge};
use tokio::net::TcpListener;

use self::messages::{EACH, record, resident_kib};

/// Records that wait for one another.
const TOGETHER: u64 = 8_192;

fn main() {
    let entries: u64 = std::env::args().filter_map(|arg| arg.parse().ok()).next_back().unwrap_or(200_000);
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&Options::new(dir.path().join("ledger"))).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(record(&ledger, entries, TOGETHER));
    let (rss, bytes, seconds) = runtime.block_on(export(&ledger, entries));
    let (first, last) = (rss.first().copied().unwrap_or_default(), rss.last().copied().unwrap_or_default());
    let report = serde_json::json!({
        "entries": entries,
        "contacts": entries.div_ceil(EACH),
        "export_per_s": (entries as f64 / seconds) as u64,
        "bytes_per_entry": bytes / entries,
        "rss_mib": rss,
        "last_to_first_tenth_rss_ratio": last as f64 / first as f64,
    });
    println!("{report}");
    ledger.close();
}

/// Exports everything and verifies it on the way. Gives the resident memory after each tenth, the bytes written, the seconds.
async fn export(ledger: &Ledger, entries: u64) -> (Vec<u64>, u64, f64) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let ending = Ending::after(async { drop(stopped.await) });
    let server = tokio::spawn(api::serve(listener, ledger.clone(), None, Calls::of(Edge::Grpc), ending));
    let (reader, writer) = std::io::pipe().unwrap();
    let key = ledger.checkpoint_key().clone();
    let verified = std::thread::spawn(move || verify(BufReader::with_capacity(1 << 20, reader), &key, &Against::default(), |_, _| {}));
    let mut client = AuditServiceClient::connect(url).await.unwrap();
    let began = Instant::now();
    let request = ExportEntriesRequest { all_accounts: true, ..Default::default() };
    let mut stream = client.export_entries(request).await.unwrap().into_inner();
    let counted = Counted { out: BufWriter::with_capacity(1 << 20, writer), bytes: 0 };
    let (mut pieces, mut rss) = (Pieces::new(Jsonl::new(counted)), Vec::new());
    while let Some(message) = stream.message().await.unwrap() {
        message.pieces.into_iter().for_each(|piece| pieces.take(piece).unwrap());
        if pieces.progress().0 >= entries / 10 * (rss.len() as u64 + 1) {
            rss.push(resident_kib() / 1_024);
        }
    }
    let (form, _) = pieces.finish().unwrap();
    let bytes = form.into_inner().bytes;
    verified.join().unwrap().unwrap();
    let seconds = began.elapsed().as_secs_f64();
    drop((client, stop));
    server.await.unwrap().unwrap();
    (rss, bytes, seconds)
}

struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: std::io::Write> std::io::Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}
