//! How many decisions a second, by unary calls, batches and a stream, against the same calls to a service that decides nothing? A
//! real server and client in one process, on one machine.
//!
//! ```text
//! cargo bench --bench check_stream -- 1000000
//! {"contacts":1000000,"unary_per_s":…,"batch_per_s":…,"stream_per_s":…,"noop_unary_per_s":…,…,"stream_to_noop_ratio":…}
//! ```
//!
//! Unary calls: 4 connections with 32 calls in flight each. Batches: 1,000 contacts each, 4 in flight. Stream: one, as fast as it
//! goes. Every contact has opted in to marketing; every answer is looked at. What records the opt-ins first is not timed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark that panics has failed")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures are for people")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::pin::Pin;
use std::time::Instant;

use consent_ledger::api;
use consent_ledger::consent::words::{Account, Categories, Category, Method};
use consent_ledger::ledger::writing::record::{Actor, Evidence, Record, What};
use consent_ledger::ledger::{Ledger, Options};
use consent_ledger::proto::batch_check_send_item::Outcome as ItemOutcome;
use consent_ledger::proto::decision_service_client::DecisionServiceClient;
use consent_ledger::proto::decision_service_server::{DecisionService, DecisionServiceServer};
use consent_ledger::proto::stream_check_send_response::Outcome;
use consent_ledger::proto::{
    BatchCheckSendItem, BatchCheckSendRequest, BatchCheckSendResponse, CheckSendRequest, CheckSendResponse, Decision, Position,
    StreamCheckSendRequest, StreamCheckSendResponse, VerifyDecisionRequest, VerifyDecisionResponse,
};
use consent_ledger::shutdown::Ending;
use consent_ledger::telemetry::calls::{Calls, Edge};
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::Channel;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

/// Connections of the unary calls.
const CONNECTIONS: u64 = 4;

/// Unary calls in flight on each.
const IN_FLIGHT: u64 = 32;

/// Contacts of a batch.
const BATCH: u64 = 1_000;

/// Records that wait for one another.
const TOGETHER: u64 = 8_192;

fn main() {
    let contacts: u64 = std::env::args().filter_map(|arg| arg.parse().ok()).next_back().unwrap_or(100_000);
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&Options::new(dir.path().join("ledger"))).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(record(&ledger, contacts));
    let real = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(api::serve(listener, ledger.clone(), None, Calls::of(Edge::Grpc), Ending::after(std::future::pending())));
        measure(&url, contacts).await
    });
    let floor = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tonic::transport::Server::builder().add_service(DecisionServiceServer::new(Noop));
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))));
        measure(&url, contacts).await
    });
    let report = serde_json::json!({
        "contacts": contacts,
        "unary_per_s": real.unary as u64,
        "batch_per_s": real.batch as u64,
        "stream_per_s": real.stream as u64,
        "noop_unary_per_s": floor.unary as u64,
        "noop_batch_per_s": floor.batch as u64,
        "noop_stream_per_s": floor.stream as u64,
        "unary_to_noop_ratio": real.unary / floor.unary,
        "batch_to_noop_ratio": real.batch / floor.batch,
        "stream_to_noop_ratio": real.stream / floor.stream,
    });
    println!("{report}");
    ledger.close();
}

fn contact(n: u64) -> String {
    format!("+4915{n:09}")
}

async fn record(ledger: &Ledger, contacts: u64) {
    let mut next = 0;
    while next < contacts {
        let records = (next..contacts.min(next + TOGETHER)).map(|n| Record {
            account: Account::default_account(),
            actor: Actor::LOCAL,
            event_id: None,
            occurred_at: None,
            what: What::OptIn {
                contact: contact(n).parse().unwrap(),
                sender: Some("1001".parse().unwrap()),
                categories: Categories::NONE.with(Category::Marketing),
                method: Method::Website,
                expires_at: None,
                evidence: Evidence::default(),
            },
        });
        assert!(ledger.record_all(records.collect()).await.iter().all(Result::is_ok));
        next += TOGETHER;
    }
}

/// Decisions a second.
struct Figures {
    unary: f64,
    batch: f64,
    stream: f64,
}

async fn measure(url: &str, contacts: u64) -> Figures {
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(DecisionServiceClient::connect(url.to_owned()).await.unwrap().max_decoding_message_size(64 << 20));
    }
    // Unary calls are the slowest by far: a tenth of the contacts is enough.
    let unary = timed(contacts / 10, unary(&clients, contacts / 10)).await;
    let batch = timed(contacts, batches(&clients, contacts)).await;
    let stream = timed(contacts, stream(clients[0].clone(), contacts)).await;
    Figures { unary, batch, stream }
}

async fn timed(count: u64, work: impl Future<Output = u64>) -> f64 {
    let began = Instant::now();
    assert_eq!(work.await, count);
    count as f64 / began.elapsed().as_secs_f64()
}

async fn unary(clients: &[DecisionServiceClient<Channel>], count: u64) -> u64 {
    let lanes = CONNECTIONS * IN_FLIGHT;
    let mut tasks = tokio::task::JoinSet::new();
    for lane in 0..lanes {
        let mut client = clients[(lane % CONNECTIONS) as usize].clone();
        tasks.spawn(async move {
            let mut yes = 0;
            for n in (lane..count).step_by(lanes as usize) {
                yes += u64::from(is_yes(client.check_send(question(n)).await.unwrap().into_inner().decision.as_ref()));
            }
            yes
        });
    }
    tasks.join_all().await.into_iter().sum()
}

async fn batches(clients: &[DecisionServiceClient<Channel>], count: u64) -> u64 {
    let mut tasks = tokio::task::JoinSet::new();
    for (lane, client) in (0..).zip(clients) {
        let mut client = client.clone();
        tasks.spawn(async move {
            let mut yes = 0;
            for first in (lane * BATCH..count).step_by((CONNECTIONS * BATCH) as usize) {
                let request = BatchCheckSendRequest {
                    sender: "1001".into(),
                    category: 1,
                    contacts: (first..count.min(first + BATCH)).map(contact).collect(),
                    ..Default::default()
                };
                for item in client.batch_check_send(request).await.unwrap().into_inner().items {
                    yes += u64::from(matches!(&item.outcome, Some(ItemOutcome::Decision(decision)) if is_yes(Some(decision))));
                }
            }
            yes
        });
    }
    tasks.join_all().await.into_iter().sum()
}

async fn stream(mut client: DecisionServiceClient<Channel>, count: u64) -> u64 {
    let questions = tokio_stream::iter(0..count).map(|n| StreamCheckSendRequest { check: Some(question(n)) });
    let mut answers = client.stream_check_send(questions).await.unwrap().into_inner();
    let mut yes = 0;
    while let Some(answer) = answers.message().await.unwrap() {
        yes += u64::from(matches!(&answer.outcome, Some(Outcome::Decision(decision)) if is_yes(Some(decision))));
    }
    yes
}

fn question(n: u64) -> CheckSendRequest {
    CheckSendRequest { contact: contact(n), sender: "1001".into(), category: 1, ..Default::default() }
}

fn is_yes(decision: Option<&Decision>) -> bool {
    decision.is_some_and(|decision| decision.permission == 2)
}

/// Decides nothing: says yes to everybody, in an answer as long as a real one.
struct Noop;

fn yes() -> Decision {
    Decision {
        permission: 2,
        reasons: vec![2, 30],
        allowed_template_categories: vec![1],
        deciding_seqs: vec![500_000],
        position: Some(Position { seq: 1_000_000, hash: vec![7; 32] }),
        at: Some(prost_types::Timestamp { seconds: 1_772_000_000, nanos: 1_000 }),
        ..Default::default()
    }
}

#[tonic::async_trait]
impl DecisionService for Noop {
    type StreamCheckSendStream = Pin<Box<dyn Stream<Item = Result<StreamCheckSendResponse, Status>> + Send>>;

    async fn check_send(&self, _: Request<CheckSendRequest>) -> Result<Response<CheckSendResponse>, Status> {
        Ok(Response::new(CheckSendResponse { decision: Some(yes()), receipt: None }))
    }

    async fn batch_check_send(&self, request: Request<BatchCheckSendRequest>) -> Result<Response<BatchCheckSendResponse>, Status> {
        let item = |_: &String| BatchCheckSendItem { outcome: Some(ItemOutcome::Decision(yes())) };
        Ok(Response::new(BatchCheckSendResponse { items: request.get_ref().contacts.iter().map(item).collect(), position: None }))
    }

    async fn stream_check_send(
        &self,
        request: Request<Streaming<StreamCheckSendRequest>>,
    ) -> Result<Response<Self::StreamCheckSendStream>, Status> {
        let answer = |question: Result<_, Status>| question.map(|_| StreamCheckSendResponse { outcome: Some(Outcome::Decision(yes())) });
        Ok(Response::new(Box::pin(request.into_inner().map(answer))))
    }

    async fn verify_decision(&self, _: Request<VerifyDecisionRequest>) -> Result<Response<VerifyDecisionResponse>, Status> {
        Ok(Response::new(VerifyDecisionResponse::default()))
    }
}
