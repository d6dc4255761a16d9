//! Entries from a real server: to many at once, while it records, stops, is killed; to those who do not read.

use std::collections::BTreeSet;
use std::time::Duration;

use consent_ledger::proto::{
    Entry, Position, RecordOptInRequest, RequestErasureRequest, WatchEntriesRequest, WatchEntriesResponse, WatchWindowsRequest,
};
use prost_types::Duration as Length;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt;

use crate::errors::refused;
use crate::support::client::{Client, on_a_server, opt_in, runtime, text};
use crate::support::dice::Dice;
use crate::support::server::Server;

/// How many follow entries, and windows, at a time.
const WATCHERS: (usize, usize) = (64, 16);

/// How often it is asked whether there is room again.
const PATIENCE: usize = 2_000;

async fn watch(client: &Client, request: WatchEntriesRequest) -> Result<Streaming<WatchEntriesResponse>, Status> {
    Ok(client.watch.clone().watch_entries(request).await?.into_inner())
}

/// Entries up to this seq, and the position then.
async fn up_to(stream: &mut Streaming<WatchEntriesResponse>, seq: u64) -> (Vec<Entry>, Position) {
    let mut entries = Vec::new();
    loop {
        let response = stream.message().await.unwrap().expect("it has no end");
        entries.extend(response.entries);
        let position = response.position.unwrap();
        assert!(entries.last().is_none_or(|entry| entry.seq <= position.seq));
        if position.seq >= seq {
            return (entries, position);
        }
    }
}

fn seqs(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq).collect()
}

/// How somebody follows at random.
fn at_random(dice: &mut Dice, head: u64) -> WatchEntriesRequest {
    let kinds: &[&[&str]] = &[&[], &["opted_in"], &["inbound_message_received", "opted_out"]];
    let senders: &[&[&str]] = &[&[], &["1001"], &["1001", "1002"]];
    let texts = |of: &[&str]| of.iter().map(|text| (*text).to_owned()).collect();
    let only_new = dice.one_in(3);
    WatchEntriesRequest {
        all_accounts: dice.one_in(2),
        from_seq: if only_new { 0 } else { dice.below(usize::try_from(head).unwrap() + 2) as u64 },
        only_new,
        kinds: texts(dice.pick(kinds)),
        senders: texts(dice.pick(senders)),
        with_sealed: dice.one_in(2),
        heartbeat: Some(Length { seconds: 1, nanos: 0 }),
        ..Default::default()
    }
}

/// Whether an entry is among those asked for; those recorded here say of which sender they are.
fn passes(request: &WatchEntriesRequest, entry: &Entry) -> bool {
    use consent_ledger::proto::clear_part::Fact;
    let sender = match entry.clear.as_ref().unwrap().fact.as_ref().unwrap() {
        Fact::InboundMessageReceived(fact) => fact.sender.as_str(),
        Fact::OptedOut(fact) => fact.sender.as_str(),
        Fact::PersonalDataRead(_) => "nobody's",
        _ => "",
    };
    (request.all_accounts || entry.account != 0)
        && (request.kinds.is_empty() || request.kinds.contains(&entry.kind))
        && (request.senders.is_empty() || sender.is_empty() || request.senders.iter().any(|asked| asked == sender))
}

#[test]
fn whoever_begins_while_others_record_sees_each_entry_once_and_in_order() {
    on_a_server(|client| async move {
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..3 {
            let client = client.clone();
            writers.spawn(async move {
                for n in 0..80 {
                    let contact = format!("+44740{writer}{:06}", n % 20);
                    if n % 4 == 0 {
                        client.opt_in(opt_in(&contact, "")).await.unwrap();
                    } else {
                        let words = if n % 7 == 0 { "STOP" } else { "hello" };
                        client.inbound(text(&contact, ["1001", "1002", "1003"][n % 3], words)).await.unwrap();
                    }
                }
            });
        }
        let mut dice = Dice::new(7);
        let (tell, last) = tokio::sync::watch::channel(u64::MAX);
        let mut readers = tokio::task::JoinSet::new();
        while !writers.is_empty() {
            if readers.len() < 40 {
                let head = client.log().await.len() as u64;
                let request = at_random(&mut dice, head);
                let mut stream = watch(&client, request.clone()).await.unwrap();
                let first = stream.message().await.unwrap().unwrap();
                let last = last.clone();
                readers.spawn(async move {
                    let begun = first.position.clone().unwrap().seq;
                    let mut seen = first.entries;
                    loop {
                        let response = stream.message().await.unwrap().unwrap();
                        seen.extend(response.entries);
                        let position = response.position.unwrap();
                        if position.seq >= *last.borrow() {
                            return (request, begun, seen, position.seq);
                        }
                    }
                });
            } else if let Some(done) = writers.join_next().await {
                done.unwrap();
            }
            while let Some(done) = writers.try_join_next() {
                done.unwrap();
            }
        }
        let log = client.log().await;
        tell.send_replace(log.len() as u64);
        let count = readers.len();
        assert!(count >= 5, "{count}");
        while let Some(done) = readers.join_next().await {
            let (request, begun, mut seen, until) = done.unwrap();
            // Whoever leaves is recorded as having read.
            seen.retain(|entry| entry.seq <= log.len() as u64);
            let from = if request.only_new { begun + 1 } else { request.from_seq };
            let wanted: Vec<u64> =
                log.iter().filter(|entry| (from..=until).contains(&entry.seq) && passes(&request, entry)).map(|entry| entry.seq).collect();
            assert_eq!(seqs(&seen), wanted, "{request:?}");
            assert!(seen.iter().all(|entry| entry.raw.is_empty() && (request.with_sealed || entry.sealed.is_none())));
        }
    });
}

#[test]
fn the_first_response_comes_at_once_and_a_sparse_filter_learns_its_position_from_heartbeats() {
    on_a_server(|client| async move {
        let seq = client.opt_in(opt_in("+447400123456", "")).await.unwrap().seq;
        let request = WatchEntriesRequest {
            kinds: vec!["number_changed".into()],
            heartbeat: Some(Length { seconds: 1, nanos: 0 }),
            ..Default::default()
        };
        let mut stream = watch(&client, request.clone()).await.unwrap();
        let first = stream.message().await.unwrap().unwrap();
        assert_eq!((seqs(&first.entries), first.position.unwrap()), (vec![], Position { seq: 0, hash: vec![0; 32].into() }));
        assert_eq!(seqs(&up_to(&mut stream, seq).await.0), Vec::<u64>::new());
        let more = client.inbound(text("+447400123456", "1001", "hello")).await.unwrap().seq;
        let (entries, position) = up_to(&mut stream, more).await;
        assert_eq!((seqs(&entries), position.seq), (vec![], more));
        let log = client.log().await;
        assert_eq!(position.hash, log.last().unwrap().entry_hash);
        // From there it goes on, on another stream too.
        let resumed = WatchEntriesRequest { from_seq: position.seq + 1, previous_hash: position.hash.to_vec(), ..request };
        assert!(watch(&client, resumed).await.is_ok());
    });
}

/// Everything after what was seen.
fn on_from(seen: &Position) -> WatchEntriesRequest {
    WatchEntriesRequest { all_accounts: true, from_seq: seen.seq + 1, previous_hash: seen.hash.to_vec(), ..Default::default() }
}

#[test]
fn a_reader_resumes_after_a_kill_and_sees_every_entry_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut server = Server::start(&data, &[]);
    let (mut seen, mut position) = (Vec::new(), Position { seq: 0, hash: vec![0; 32].into() });
    runtime().block_on(async {
        for round in 0..3 {
            let client = Client::connect(&server.url()).await;
            let mut stream = watch(&client, on_from(&position)).await.unwrap();
            let mut last = 0;
            for n in 0..10 {
                last = client.opt_in(opt_in(&format!("+4474001{round}{n:04}"), "")).await.unwrap().seq;
            }
            // Of what came after, some was seen and some was not.
            let half = client.opt_in(opt_in("+447400200000", "")).await.unwrap().seq;
            let (entries, at) = up_to(&mut stream, if round % 2 == 0 { last } else { half }).await;
            seen.extend(seqs(&entries));
            position = at;
            server.kill();
            assert_eq!(broken(&mut stream, &mut seen, &mut position).await.code(), Code::Unavailable);
            server = Server::start(&data, &[]);
        }
        let client = Client::connect(&server.url()).await;
        let log = client.log().await;
        let (entries, _) = up_to(&mut watch(&client, on_from(&position)).await.unwrap(), log.len() as u64).await;
        seen.extend(seqs(&entries));
        assert!(seen.starts_with(&seqs(&log)), "{seen:?}");
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
    });
}

/// Reads on until the stream breaks off.
async fn broken(stream: &mut Streaming<WatchEntriesResponse>, seen: &mut Vec<u64>, position: &mut Position) -> Status {
    loop {
        match stream.message().await {
            Ok(response) => {
                let response = response.expect("it has no end of its own");
                seen.extend(seqs(&response.entries));
                *position = response.position.unwrap();
            }
            // What the connection says when it is cut is the client's word.
            Err(status) if status.code() == Code::Unavailable || status.code() == Code::Unknown => {
                return Status::unavailable(status.message());
            }
            Err(status) => return status,
        }
    }
}

/// An opt-in with much evidence.
fn long(n: usize) -> RecordOptInRequest {
    let evidence = consent_ledger::proto::Evidence { text: "x".repeat(16_000), ..Default::default() };
    RecordOptInRequest { evidence: Some(evidence), ..opt_in(&format!("+4474003{n:05}"), "") }
}

#[test]
fn who_does_not_read_holds_up_nobody_and_reads_everything_later() {
    on_a_server(|client| async move {
        let reader = client.clone();
        let request = WatchEntriesRequest { with_sealed: true, with_raw: true, all_accounts: true, ..Default::default() };
        let mut unread = watch(&reader, request).await.unwrap();
        let mut recorded = tokio::task::JoinSet::new();
        for n in 0..200 {
            let client = client.clone();
            recorded.spawn(async move { client.opt_in(long(n)).await.unwrap().seq });
        }
        // 6 MB, many times what waits for a reader.
        let last = recorded.join_all().await.into_iter().max().unwrap();
        let (entries, _) = up_to(&mut unread, last).await;
        let up_to_last = |entries: Vec<Entry>| entries.into_iter().filter(|entry| entry.seq <= last).collect::<Vec<_>>();
        assert_eq!(up_to_last(entries), up_to_last(client.opened_log().await));
    });
}

#[test]
fn what_is_erased_meanwhile_is_told_so() {
    on_a_server(|client| async move {
        let request = WatchEntriesRequest { with_sealed: true, ..Default::default() };
        let mut stream = watch(&client, request.clone()).await.unwrap();
        let seq = client.inbound(text("+447400123456", "1001", "Stop. Thank you")).await.unwrap().seq;
        let (entries, _) = up_to(&mut stream, seq).await;
        let message = entries.last().unwrap();
        assert_eq!(message.sealed.as_ref().unwrap().identifiers, ["+447400123456"]);
        // A message in doubt says so without what is sealed.
        let clear = message.clear.clone().unwrap().fact.unwrap();
        let consent_ledger::proto::clear_part::Fact::InboundMessageReceived(fact) = clear else { panic!("{clear:?}") };
        assert!(fact.possible_opt_out);
        let erasure = RequestErasureRequest { contact: "+447400123456".into(), delay: Some(Length::default()), ..Default::default() };
        client.identity.clone().request_erasure(erasure).await.unwrap();
        loop {
            let response = stream.message().await.unwrap().unwrap();
            if response.entries.iter().any(|entry| entry.kind == "contact_erased") {
                break;
            }
        }
        for with_sealed in [true, false] {
            let mut again = watch(&client, WatchEntriesRequest { from_seq: seq, with_sealed, ..Default::default() }).await.unwrap();
            let (entries, _) = up_to(&mut again, seq).await;
            assert!(entries[0].seq == seq && entries[0].erased && entries[0].sealed.is_none());
        }
    });
}

#[test]
fn one_watcher_too_many_is_told_when_to_come_back_and_one_that_goes_makes_room() {
    on_a_server(|client| async move {
        let mut streams = Vec::new();
        for _ in 0..WATCHERS.0 {
            streams.push(watch(&client, WatchEntriesRequest::default()).await.unwrap());
        }
        let status = watch(&client, WatchEntriesRequest::default()).await.unwrap_err();
        assert_eq!((refused(&status).0, refused(&status).1.as_str()), (Code::ResourceExhausted, "TOO_MANY_WATCHERS"));
        let retry = status.get_error_details().retry_info().and_then(|info| info.retry_delay);
        assert_eq!(retry, Some(Duration::from_secs(1)));
        let mut windows = Vec::new();
        for _ in 0..WATCHERS.1 {
            windows.push(client.watch.clone().watch_windows(WatchWindowsRequest::default()).await.unwrap());
        }
        let status = client.watch.clone().watch_windows(WatchWindowsRequest::default()).await.unwrap_err();
        assert_eq!(refused(&status).1, "TOO_MANY_WATCHERS");
        drop(streams.pop());
        let mut again = None;
        for _ in 0..PATIENCE {
            again = watch(&client, WatchEntriesRequest::default()).await.ok();
            if again.is_some() {
                break;
            }
        }
        assert!(again.is_some(), "there is no room");
    });
}

#[test]
fn a_stop_ends_those_who_follow_and_does_not_wait_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let log = dir.path().join("data.stderr.log");
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let mut entries = watch(&client, WatchEntriesRequest::default()).await.unwrap();
        let mut windows = client.watch.clone().watch_windows(WatchWindowsRequest::default()).await.unwrap().into_inner();
        entries.message().await.unwrap().unwrap();
        windows.message().await.unwrap().unwrap();
        let stopped = tokio::task::spawn_blocking(move || server.terminate());
        let status = loop {
            match entries.message().await {
                Ok(response) => drop(response.expect("it has no end of its own")),
                Err(status) => break status,
            }
        };
        assert_eq!((refused(&status).0, refused(&status).1.as_str()), (Code::Unavailable, "SHUTTING_DOWN"));
        assert_eq!(refused(&windows.message().await.unwrap_err()).1, "SHUTTING_DOWN");
        drop(client);
        assert_eq!(stopped.await.unwrap().code(), Some(0));
        let said = std::fs::read_to_string(log).unwrap();
        assert!(!said.contains("cut off"), "{said}");
    });
}

#[test]
fn a_log_that_is_not_the_one_followed_before_is_refused() {
    on_a_server(|client| async move {
        let head = client.log().await.len() as u64;
        let behind = watch(&client, WatchEntriesRequest { from_seq: head + 2, ..Default::default() }).await.unwrap_err();
        assert_eq!((refused(&behind).0, refused(&behind).1.as_str()), (Code::FailedPrecondition, "LOG_BEHIND"));
        let request = WatchEntriesRequest { from_seq: head + 1, previous_hash: vec![9; 32], ..Default::default() };
        let differs = watch(&client, request).await.unwrap_err();
        assert_eq!((refused(&differs).0, refused(&differs).1.as_str()), (Code::FailedPrecondition, "LOG_DIFFERS"));
        let unknown = watch(&client, WatchEntriesRequest { account: "nobody".into(), ..Default::default() }).await.unwrap_err();
        assert_eq!((refused(&unknown).0, refused(&unknown).1.as_str()), (Code::NotFound, "ACCOUNT_UNKNOWN"));
        let kind = watch(&client, WatchEntriesRequest { kinds: vec!["opt_out".into()], ..Default::default() }).await.unwrap_err();
        assert_eq!((refused(&kind).0, refused(&kind).1.as_str()), (Code::InvalidArgument, "KIND_UNKNOWN"));
    });
}
