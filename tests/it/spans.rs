//! Spans of the real server, as a collector gets them: whose trace they belong to, and what they do not say.

#![allow(clippy::float_cmp, clippy::cast_precision_loss, reason = "counts are whole and small")]

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use parking_lot::Mutex;
use prost::Message;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

use crate::support::client::{Client, opt_in, question, runtime};
use crate::support::load;
use crate::support::metrics::{Scrape, scrape};
use crate::support::server::Server;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// How often it is looked until something has come about, and how long between two looks, in milliseconds.
const LOOKS: (usize, u64) = (1_000, 10);

/// Every attribute that a span may have.
const ATTRIBUTES: [&str; 12] = [
    "rpc.system",
    "rpc.service",
    "rpc.method",
    "rpc.grpc.status_code",
    "request_id",
    "records",
    "entries",
    "bytes",
    "sync_us",
    "level",
    "target",
    "code.namespace",
];

/// A collector that keeps what it gets.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(&self, request: Request<ExportTraceServiceRequest>) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    /// Starts one, and tells its address.
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = TraceServiceServer::new(collector.clone());
        let server = tonic::transport::Server::builder().add_service(service);
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        (collector, url)
    }

    fn spans(&self) -> Vec<Span> {
        let requests = self.0.lock();
        let scopes = requests.iter().flat_map(|request| &request.resource_spans).flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// Waits until there is a span of each of these names.
    async fn until(&self, names: &[&str]) -> Vec<Span> {
        let spans = || self.spans();
        for _ in 0..LOOKS.0 {
            let spans = spans();
            if names.iter().all(|name| spans.iter().any(|span| span.name == *name)) {
                return spans;
            }
            tokio::time::sleep(std::time::Duration::from_millis(LOOKS.1)).await;
        }
        panic!("{names:?} did not all come: {:?}", spans().iter().map(|span| span.name.clone()).collect::<Vec<_>>())
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().iter().flat_map(Message::encode_to_vec).collect()
    }
}

fn attribute(span: &Span, name: &str) -> Option<Value> {
    span.attributes.iter().find(|attribute| attribute.key == name)?.value.clone()?.value
}

fn start(dir: &tempfile::TempDir, collector: &str, sample: &str) -> Server {
    let flags = ["--otlp-endpoint", collector, "--trace-sample", sample, "--app-secret", load::SECRET];
    Server::start(&dir.path().join("data"), &flags)
}

#[test]
fn calls_join_the_trace_of_their_caller_and_say_nothing_of_whom_they_are_about() {
    let dir = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let (collector, url) = Collector::start().await;
        // Of its own it keeps none: what comes is what the caller keeps.
        let server = start(&dir, &url, "0");
        load::act(&server, Some(&format!("00-{TRACE}-{PARENT}-01"))).await;
        let record = "consent.v1.RecordingService/RecordOptIn";
        let names = [record, "consent.v1.RecordingService/RecordStream", "consent.v1.DecisionService/CheckSend", "unknown/unknown"];
        let spans = collector.until(&names).await;
        for span in &spans {
            assert_eq!((hex::encode(&span.trace_id).as_str(), hex::encode(&span.parent_span_id).as_str()), (TRACE, PARENT), "{span:?}");
            assert!(span.end_time_unix_nano >= span.start_time_unix_nano && span.trace_state.is_empty() && span.events.is_empty());
            assert!(span.attributes.iter().all(|attribute| ATTRIBUTES.contains(&attribute.key.as_str())), "{span:?}");
            let Some(Value::StringValue(id)) = attribute(span, "request_id") else { panic!("{span:?}") };
            assert_eq!(id.len(), 16, "{span:?}");
        }
        let codes = spans.iter().filter(|span| span.name == record).map(|span| attribute(span, "rpc.grpc.status_code").unwrap());
        let codes: Vec<i64> = codes.map(|code| if let Value::IntValue(code) = code { code } else { panic!("{code:?}") }).collect();
        for code in [0, 3, 5, 6] {
            assert!(codes.contains(&code), "{code} is none of {codes:?}");
        }
        let bytes = collector.bytes();
        assert_eq!(load::needles().found_in(&bytes), Vec::<String>::new());
        assert!(bytes.windows(14).any(|window| window == b"consent-ledger"), "the service is named");
        let told = until(&server, "exported", spans.len() as f64).await;
        assert_eq!(told.value("consent_ledger_spans_total", &[("outcome", "dropped")]), 0.0);
    });
}

#[test]
fn a_start_and_every_commit_have_spans_where_all_are_kept_and_a_stop_sends_the_last() {
    let dir = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let (collector, url) = Collector::start().await;
        let server = start(&dir, &url, "1");
        let client = Client::connect(&server.url()).await;
        client.opt_in(opt_in("+447400123456", "")).await.unwrap();
        let (code, log) = tokio::task::spawn_blocking(|| server.terminate_and_read()).await.unwrap();
        assert_eq!(code, Some(0), "{log}");
        let names = ["start", "recovery", "keyring", "checkpoints", "commit", "consent.v1.RecordingService/RecordOptIn"];
        let spans = collector.spans();
        for name in names {
            assert!(spans.iter().any(|span| span.name == name), "{name} is none of {:?}", spans.iter().map(|span| &span.name));
        }
        let commit = spans.iter().find(|span| span.name == "commit").unwrap();
        assert_eq!(["records", "entries"].map(|name| attribute(commit, name)), [Some(Value::IntValue(1)), Some(Value::IntValue(1))]);
        let Some(Value::IntValue(bytes)) = attribute(commit, "bytes") else { panic!("{commit:?}") };
        assert!(bytes > 100);
        let call = spans.iter().find(|span| span.name == "consent.v1.RecordingService/RecordOptIn").unwrap();
        assert_eq!(commit.links.iter().map(|link| &link.span_id).collect::<Vec<_>>(), [&call.span_id], "it names whom it was for");
        let (begun, recovery) = (spans.iter().find(|span| span.name == "start"), spans.iter().find(|span| span.name == "recovery"));
        assert_eq!(begun.unwrap().span_id, recovery.unwrap().parent_span_id);
        let found = load::needles().found_in(&collector.bytes());
        assert_eq!(found, Vec::<String>::new());
    });
}

/// Waits until so many spans came to this.
async fn until(server: &Server, outcome: &str, spans: f64) -> Scrape {
    for _ in 0..LOOKS.0 {
        let told = scrape(server).await;
        if told.value("consent_ledger_spans_total", &[("outcome", outcome)]) >= spans {
            return told;
        }
        tokio::time::sleep(std::time::Duration::from_millis(LOOKS.1)).await;
    }
    panic!("{spans} spans were never {outcome}: {}", server.logs())
}

#[test]
fn a_collector_that_is_not_there_holds_up_nobody_and_is_said_once() {
    let dir = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        // Bound and let go: nobody listens there.
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let server = start(&dir, &format!("http://{gone}"), "1");
        let client = Client::connect(&server.url()).await;
        for _ in 0..500 {
            client.check(question("+447400123456", "1")).await.unwrap();
        }
        until(&server, "failed", 1.0).await;
        client.check(question("+447400123456", "1")).await.unwrap();
        let (code, log) = tokio::task::spawn_blocking(|| server.terminate_and_read()).await.unwrap();
        assert_eq!((code, log.matches("spans do not reach the collector").count()), (Some(0), 1), "{log}");
    });
}

#[test]
fn what_is_no_collector_is_refused_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    for endpoint in ["https://127.0.0.1:4317", "127.0.0.1:4317", "http://"] {
        let Err(said) = Server::try_start(&dir.path().join("data"), &["--otlp-endpoint", endpoint]) else { panic!("{endpoint}") };
        assert!(said.contains("--otlp-endpoint"), "{said}");
    }
    let Err(said) = Server::try_start(&dir.path().join("data"), &["--trace-sample", "2"]) else { panic!("2 is no share") };
    assert!(said.contains("not between 0 and 1"), "{said}");
}
