//! `StreamCheckSend` on the real server: order, bad items, readers who do not read, and servers that stop; and full batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use consent_ledger::api;
use consent_ledger::ledger::storage::disk::Disk;
use consent_ledger::proto::batch_check_send_item::Outcome as ItemOutcome;
use consent_ledger::proto::decision_service_client::DecisionServiceClient;
use consent_ledger::proto::stream_check_send_response::Outcome;
use consent_ledger::proto::{
    BatchCheckSendItem, BatchCheckSendRequest, Category, CheckSendRequest, Decision, ErrorReason, RecordOptInRequest,
    StreamCheckSendRequest, StreamCheckSendResponse,
};
use consent_ledger::shutdown::Ending;
use consent_ledger::telemetry::calls::{Calls, Edge};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;
use tonic::{Code, Streaming};

use crate::errors::refused;
use crate::faults::{Fails, FaultyDisk};
use crate::support::bench;
use crate::support::client::{Client, on_a_server, opt_in, question, runtime, seconds, text};
use crate::support::server::Server;

const CONTACT: &str = "+447400123456";

/// How many streams are open at a time.
const AT_A_TIME: usize = 256;

type Asking = tokio::sync::mpsc::Sender<StreamCheckSendRequest>;

async fn open(client: &Client) -> Result<(Asking, Streaming<StreamCheckSendResponse>), tonic::Status> {
    let (send, questions) = tokio::sync::mpsc::channel(16);
    let answers = client.decision.clone().stream_check_send(ReceiverStream::new(questions)).await?.into_inner();
    Ok((send, answers))
}

async fn ask(send: &Asking, check: CheckSendRequest) {
    send.send(StreamCheckSendRequest { check: Some(check) }).await.unwrap();
}

/// The answers to these questions, asked in one stream.
async fn streamed(client: &Client, questions: Vec<CheckSendRequest>) -> Vec<Outcome> {
    let questions = tokio_stream::iter(questions.into_iter().map(|check| StreamCheckSendRequest { check: Some(check) }));
    let answers = client.decision.clone().stream_check_send(questions).await.unwrap().into_inner();
    answers.map(|answer| answer.unwrap().outcome.unwrap()).collect().await
}

fn marketing(contact: &str) -> CheckSendRequest {
    CheckSendRequest { category: Category::Marketing.into(), ..question(contact, "1001") }
}

#[test]
fn each_question_is_answered_in_its_place_and_as_a_call_of_its_own_would_be() {
    on_a_server(async |client| {
        client.opt_in(opt_in(CONTACT, "")).await.unwrap();
        client.inbound(text(CONTACT, "1001", "hello")).await.unwrap();
        let seq = client.inbound(text("+447400123457", "1001", "STOP")).await.unwrap().seq;
        let past = Some(seconds(1_700_000_000));
        let good = || marketing(CONTACT);
        let cases = vec![
            good(),
            CheckSendRequest::default(),
            marketing("07400123456"),
            marketing("+447400123457"),
            CheckSendRequest { account: "nobody".into(), ..good() },
            CheckSendRequest { account: "No!".into(), sender: "no no".into(), ..good() },
            CheckSendRequest { category: 99, ..good() },
            CheckSendRequest { at: past, ..good() },
            CheckSendRequest { known_seq: 2, ..good() },
            CheckSendRequest { known_at: past, ..good() },
            CheckSendRequest { min_position: seq, ..good() },
            CheckSendRequest { min_position: seq + 1_000, ..good() },
            CheckSendRequest { opt_out_confirmation: true, ..good() },
            CheckSendRequest { opt_out_confirmation: true, ..question("+447400123457", "1001") },
            CheckSendRequest { at: Some(seconds(0)), ..good() },
            good(),
        ];
        let outcomes = streamed(&client, cases.clone()).await;
        assert_eq!(outcomes.len(), cases.len());
        for (place, (case, outcome)) in cases.into_iter().zip(outcomes).enumerate() {
            match (client.check(case.clone()).await, outcome) {
                (Ok(mut alone), Outcome::Decision(decision)) => {
                    // Now is later now; a past time is the same.
                    alone.at = if case.at.is_some() { alone.at } else { decision.at };
                    assert_eq!(alone, decision, "{place}");
                }
                (Err(status), Outcome::Error(item)) => {
                    let (_, reason, violations) = refused(&status);
                    assert_eq!(item.reason().as_str_name(), format!("ERROR_REASON_{reason}"), "{place}");
                    assert_eq!(item.message, status.message(), "{place}");
                    assert_eq!(item.field, violations.first().and_then(|text| text.split(' ').next()).unwrap_or_default(), "{place}");
                }
                (alone, outcome) => panic!("{place}: {alone:?} alone, {outcome:?} in the stream"),
            }
        }
    });
}

#[test]
fn a_stream_gives_no_receipts() {
    on_a_server(async |client| {
        let before = client.log().await.len();
        let outcomes = streamed(&client, vec![CheckSendRequest { receipt: true, ..marketing(CONTACT) }, marketing(CONTACT)]).await;
        let Outcome::Error(item) = &outcomes[0] else { panic!("{outcomes:?}") };
        assert_eq!((item.reason(), item.field.as_str()), (ErrorReason::FieldsConflict, "receipt"));
        assert!(matches!(outcomes[1], Outcome::Decision(_)));
        assert_eq!(client.log().await.len(), before);
    });
}

#[test]
fn a_question_that_waits_for_a_position_holds_up_its_own_stream_and_no_other() {
    on_a_server(async |client| {
        let head = client.opt_in(opt_in(CONTACT, "")).await.unwrap().seq;
        let (waiting, mut waited) = open(&client).await.unwrap();
        ask(&waiting, CheckSendRequest { min_position: head + 1, ..marketing(CONTACT) }).await;
        let (send, mut answers) = open(&client).await.unwrap();
        ask(&send, marketing(CONTACT)).await;
        assert!(matches!(answers.message().await.unwrap().unwrap().outcome, Some(Outcome::Decision(_))));
        let seq = client.inbound(text(CONTACT, "1001", "STOP")).await.unwrap().seq;
        let Some(Outcome::Decision(decision)) = waited.message().await.unwrap().unwrap().outcome else { panic!() };
        assert!(decision.position.unwrap().seq >= seq && decision.permission == 3);
    });
}

#[test]
fn what_is_acknowledged_counts_for_the_next_question_of_an_open_stream() {
    on_a_server(async |client| {
        let (send, mut answers) = open(&client).await.unwrap();
        for _ in 0..20 {
            client.opt_in(opt_in(CONTACT, "")).await.unwrap();
            ask(&send, marketing(CONTACT)).await;
            let Some(Outcome::Decision(yes)) = answers.message().await.unwrap().unwrap().outcome else { panic!() };
            client.inbound(text(CONTACT, "1001", "STOP")).await.unwrap();
            ask(&send, marketing(CONTACT)).await;
            let Some(Outcome::Decision(no)) = answers.message().await.unwrap().unwrap().outcome else { panic!() };
            assert_eq!((yes.permission == 3, no.permission), (false, 3));
        }
    });
}

#[test]
fn a_client_that_reads_nothing_is_read_from_no_further_and_gets_every_answer_later() {
    const QUESTIONS: usize = 300_000;
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        // A connection of its own that takes little unread.
        let endpoint =
            Endpoint::from_shared(server.url()).unwrap().initial_stream_window_size(65_535).initial_connection_window_size(65_535);
        let mut slow = DecisionServiceClient::new(endpoint.connect().await.unwrap());
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        let questions = tokio_stream::iter((0..QUESTIONS).map(move |n| {
            counter.fetch_add(1, Ordering::SeqCst);
            // Told apart by their errors: every seventh has none.
            let contact = if n % 7 == 0 { CONTACT.to_owned() } else { String::new() };
            StreamCheckSendRequest { check: Some(marketing(&contact)) }
        }));
        let mut answers = slow.stream_check_send(questions).await.unwrap().into_inner();
        // Whoever else asks is answered meanwhile; a thousand answers without another question taken: it stands still.
        let (mut before, mut still) = (0, 0);
        while still < 1_000 {
            client.check(marketing(CONTACT)).await.unwrap();
            let now = taken.load(Ordering::SeqCst);
            still = if now == before { still + 1 } else { 0 };
            before = now;
        }
        assert!(before < QUESTIONS / 3, "{before} questions were taken of somebody who reads nothing");
        for n in 0..QUESTIONS {
            let outcome = answers.message().await.unwrap().unwrap().outcome.unwrap();
            assert_eq!(matches!(outcome, Outcome::Decision(_)), n % 7 == 0, "answer {n}");
        }
        assert!(answers.message().await.unwrap().is_none());
    });
}

#[test]
fn one_stream_too_many_is_told_when_to_come_back_and_one_that_ends_makes_room() {
    on_a_server(async |client| {
        let mut streams = Vec::new();
        for _ in 0..AT_A_TIME {
            streams.push(open(&client).await.unwrap());
        }
        let status = open(&client).await.map(|_| ()).unwrap_err();
        assert_eq!((refused(&status).0, refused(&status).1.as_str()), (Code::ResourceExhausted, "TOO_MANY_STREAMS"));
        let (send, mut answers) = streams.pop().unwrap();
        drop(send);
        assert!(answers.message().await.unwrap().is_none());
        drop(answers);
        while open(&client).await.is_err() {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_server_that_stops_ends_open_streams_at_once_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let logs = dir.path().join("data.stderr.log");
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let (_idle, mut nothing) = open(&client).await.unwrap();
        let (send, mut answers) = open(&client).await.unwrap();
        ask(&send, marketing(CONTACT)).await;
        answers.message().await.unwrap().unwrap();
        ask(&send, CheckSendRequest { min_position: 1_000, ..marketing(CONTACT) }).await;
        assert_eq!(tokio::task::spawn_blocking(move || server.terminate()).await.unwrap().code(), Some(0));
        for stream in [&mut nothing, &mut answers] {
            let status = stream.message().await.unwrap_err();
            assert_eq!((status.code(), refused(&status).1.as_str()), (Code::Unavailable, "SHUTTING_DOWN"));
        }
    });
    let logged = std::fs::read_to_string(logs).unwrap();
    assert!(!logged.contains("cut off") && !logged.contains("did not end in time"), "{logged}");
}

/// A client that was told nothing about sizes: 4 MB either way.
async fn plain(url: &str) -> DecisionServiceClient<tonic::transport::Channel> {
    DecisionServiceClient::connect(url.to_owned()).await.unwrap()
}

#[test]
fn the_largest_batch_fits_and_each_contact_is_answered_as_alone() {
    const BATCH: usize = 10_000;
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let longest = |n: usize| format!("US.{n:0128}");
        for category in [1, 2, 3] {
            let opt_in = RecordOptInRequest { categories: vec![category], ..opt_in(&longest(0), "") };
            client.opt_in(opt_in).await.unwrap();
        }
        client.inbound(text(&longest(0), "1001", "hello")).await.unwrap();
        client.inbound(text(&longest(0), "1001", "STOP")).await.unwrap();
        let batch = |contacts: Vec<String>| BatchCheckSendRequest { contacts, sender: "1001".into(), ..Default::default() };
        let full = [
            (0..BATCH).map(|_| longest(0)).collect::<Vec<_>>(),
            (0..BATCH).map(longest).collect(),
            (0..BATCH).map(|n| format!("{n} {}", "x".repeat(300))).collect(),
        ];
        for contacts in full {
            let response = plain(&server.url()).await.batch_check_send(batch(contacts.clone())).await.unwrap().into_inner();
            assert_eq!(response.items.len(), BATCH);
            for place in [0, 1, BATCH - 1] {
                let alone = client.check(question(&contacts[place], "1001")).await;
                match (&response.items[place].outcome, alone) {
                    (Some(ItemOutcome::Decision(decision)), Ok(alone)) => {
                        assert_eq!((&response.position, response.at.is_some()), (&alone.position, true));
                        assert_eq!(*decision, Decision { position: None, at: None, ..alone }, "said once, for the batch");
                    }
                    (Some(ItemOutcome::Error(error)), Err(status)) => {
                        assert_eq!((error.field.clone(), status.code()), (format!("contacts[{place}]"), Code::InvalidArgument));
                    }
                    differ => panic!("{place}: {differ:?}"),
                }
            }
        }
    });
}

#[test]
fn what_a_batch_says_behind_an_entry_recorded_meanwhile_names_its_own_place_in_the_log() {
    on_a_server(async |client| {
        client.opt_in(opt_in(CONTACT, "")).await.unwrap();
        let writing = client.clone();
        let writer = tokio::spawn(async move {
            loop {
                writing.inbound(text(CONTACT, "1001", "hello")).await.unwrap();
            }
        });
        let request = || BatchCheckSendRequest { contacts: vec![CONTACT.into(); 10_000], sender: "1001".into(), ..Default::default() };
        let decided = |item: &BatchCheckSendItem| match &item.outcome {
            Some(ItemOutcome::Decision(decision)) => decision.clone(),
            other => panic!("{other:?}"),
        };
        let overtaken = async {
            loop {
                let response = client.decision.clone().batch_check_send(request()).await.unwrap().into_inner();
                let decisions: Vec<Decision> = response.items.iter().map(decided).collect();
                if decisions.iter().any(|decision| decision.position.is_some()) {
                    break (response, decisions);
                }
            }
        };
        let overtaken = tokio::time::timeout(Duration::from_secs(60), overtaken).await;
        let (response, decisions) = overtaken.expect("nothing is ever recorded while a batch is answered");
        writer.abort();
        let log = client.log().await;
        let (first, at) = (response.position.unwrap(), response.at.unwrap());
        let (mut last, mut last_at) = (first.seq, at);
        assert!(decisions[0].position.is_none() && decisions[0].at.is_none(), "the batch's are the first decision's");
        for decision in decisions {
            let position = decision.position.inspect(|own| assert!(own.seq > first.seq)).unwrap_or_else(|| first.clone());
            assert!(position.seq >= last, "a batch never forgets");
            assert_eq!(position.hash, log[usize::try_from(position.seq).unwrap() - 1].entry_hash);
            assert!(decision.deciding_seqs.iter().all(|seq| *seq <= position.seq), "no answer rests on what it does not know");
            let own_at = decision.at.unwrap_or(at);
            assert!((own_at.seconds, own_at.nanos) >= (last_at.seconds, last_at.nanos));
            (last, last_at) = (position.seq, own_at);
        }
    });
}

#[test]
fn a_ledger_that_no_longer_writes_ends_the_stream_and_answers_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let faulty = Arc::new(FaultyDisk::new(0, Fails::Undone));
    let disk: Arc<dyn Disk> = faulty.clone();
    let ledger = bench::open_on(dir.path(), bench::at(3600), &disk).unwrap();
    runtime().block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(api::serve(listener, ledger.clone(), None, Calls::of(Edge::Grpc), Ending::after(std::future::pending())));
        let client = Client::connect(&url).await;
        let (send, mut answers) = open(&client).await.unwrap();
        ask(&send, marketing(CONTACT)).await;
        assert!(matches!(answers.message().await.unwrap().unwrap().outcome, Some(Outcome::Decision(_))));
        faulty.fail_in(1);
        client.opt_in(opt_in(CONTACT, "")).await.unwrap_err();
        ask(&send, marketing(CONTACT)).await;
        let status = answers.message().await.unwrap_err();
        assert_eq!((status.code(), answers.message().await.unwrap().is_none()), (Code::Unavailable, true));
        assert!(server.await.unwrap().is_err());
    });
}
