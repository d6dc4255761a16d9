//! The endpoints over a real socket, before a ledger that tests hold in their hands.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::dead_letters::DeadLetters;
use super::signature::{AppSecret, HEADER, sign};
use super::{Config, Recorder, Replayed, Secrets, VerifyToken, Which};
use crate::consent::policy::Policy;
use crate::consent::time::Time;
use crate::consent::words::{Account, Effect, Seq};
use crate::http::serve_into;
use crate::ledger::bytes::seal::Key;
use crate::ledger::writing::record::{Acknowledgement, Record, RecordError, What};
use crate::telemetry::metrics::Metrics;

/// What the ledger answers instead of recording.
type Answer = fn(&Record) -> Option<RecordError>;

/// Keeps records by event id; refuses what it is told to refuse.
#[derive(Clone, Default)]
struct Fake {
    recorded: Arc<Mutex<HashMap<String, Seq>>>,
    refuses: Arc<Mutex<Option<Answer>>>,
    /// Whether the disk is almost full.
    full: Arc<AtomicBool>,
}

impl Recorder for Fake {
    async fn record_all(&self, records: Vec<Record>) -> Vec<Result<Acknowledgement, RecordError>> {
        let mut recorded = self.recorded.lock();
        let record = |record: Record| {
            if let Some(error) = self.refuses.lock().and_then(|refuses| refuses(&record)) {
                return Err(error);
            }
            let next = Seq::new(recorded.len() as u64 + 1);
            let seq = *recorded.entry(record.event_id.unwrap().as_str().to_owned()).or_insert(next);
            Ok(Acknowledgement { seq, entry_hash: [0; 32], duplicate: seq != next, effect: Effect::Applied, caused: None })
        };
        records.into_iter().map(record).collect()
    }

    fn knows(&self, account: &Account) -> bool {
        account.as_str() == "default" || account.as_str() == "acme"
    }

    fn policy(&self, _: &Account) -> Arc<Policy> {
        Arc::new(Policy::meta())
    }

    fn head(&self) -> Seq {
        Seq::new(self.recorded.lock().len() as u64)
    }

    fn writes(&self) -> bool {
        self.refuses.lock().is_none()
    }

    fn has_room(&self) -> bool {
        !self.full.load(Ordering::SeqCst)
    }

    fn now(&self) -> Time {
        "2026-11-20T10:00:00Z".parse().unwrap()
    }
}

struct Server {
    url: String,
    ledger: Fake,
    letters: Arc<DeadLetters>,
    _dir: tempfile::TempDir,
    _stop: tokio::sync::oneshot::Sender<()>,
}

fn secret() -> AppSecret {
    AppSecret::new("s3cret").unwrap()
}

fn secrets() -> Secrets {
    Secrets { app_secret: Some(secret()), verify_token: VerifyToken::new("t0ken") }
}

async fn server(config: Config) -> Server {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Fake::default();
    let letters = Arc::new(DeadLetters::open(dir.path(), &Key::from_bytes([1; 32]), ledger.now()).unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let stopped = crate::shutdown::Ending::after(async move { drop(stopped.await) });
    let (json, told) = (axum::Router::new(), (Metrics::default(), crate::http::Door::open()));
    tokio::spawn(serve_into(listener, ledger.clone(), Arc::clone(&letters), config, json, told, stopped));
    Server { url, ledger, letters, _dir: dir, _stop: stop }
}

impl Server {
    async fn post(&self, account: &str, body: &[u8], header: Option<&str>) -> (StatusCode, String) {
        let mut request = reqwest::Client::new().post(format!("{}/webhooks/{account}", self.url)).body(body.to_vec());
        if let Some(header) = header {
            request = request.header(HEADER, header);
        }
        let response = request.send().await.unwrap();
        let again = response.headers().get("retry-after").is_some();
        assert_eq!(again, response.status() == StatusCode::SERVICE_UNAVAILABLE, "only 'not now' asks to come again");
        (response.status(), response.text().await.unwrap())
    }

    async fn deliver(&self, body: &Value) -> StatusCode {
        let body = body.to_string();
        self.post("default", body.as_bytes(), Some(&sign(&secret(), body.as_bytes()))).await.0
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let response = reqwest::get(format!("{}{path}", self.url)).await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    fn letters(&self) -> Vec<String> {
        self.letters.list(&Account::default_account()).unwrap().into_iter().map(|letter| letter.reason).collect()
    }
}

fn body(messages: &[Value]) -> Value {
    let value = json!({"metadata": {"phone_number_id": "100"}, "messages": messages});
    json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": value}]}]})
}

fn text(words: &str) -> Value {
    json!({"from": "447400123456", "id": "wamid.A", "timestamp": "1768212000", "type": "text", "text": {"body": words}})
}

fn hologram() -> Value {
    json!({"from": "447400123456", "id": "wamid.H", "timestamp": "1768212000", "type": "hologram"})
}

#[tokio::test]
async fn a_body_without_its_signature_is_401_and_nothing_is_stored() {
    let server = server(Config { common: secrets(), ..Config::default() }).await;
    let bytes = body(&[text("hi"), hologram()]).to_string().into_bytes();
    let wrong = sign(&AppSecret::new("another").unwrap(), &bytes);
    for header in [None, Some(wrong.as_str()), Some("sha256=00"), Some("")] {
        assert_eq!(server.post("default", &bytes, header).await.0, StatusCode::UNAUTHORIZED, "{header:?}");
    }
    assert_eq!((server.ledger.head(), server.letters()), (Seq::NONE, Vec::new()));
}

#[tokio::test]
async fn a_signed_body_is_200_once_facts_are_recorded_and_the_rest_is_kept() {
    let server = server(Config { common: secrets(), ..Config::default() }).await;
    let sent = body(&[text("hi"), hologram(), text("other words under the same id")]);
    assert_eq!(server.deliver(&sent).await, StatusCode::OK);
    assert_eq!(server.ledger.head(), Seq::new(2));
    assert_eq!(server.letters(), ["message type \"hologram\" is not known"]);
    assert_eq!(server.deliver(&sent).await, StatusCode::OK);
    assert_eq!((server.ledger.head(), server.letters().len()), (Seq::new(2), 1), "a redelivery adds nothing");
    let (_, metrics) = server.get("/metrics").await;
    for line in ["{outcome=\"recorded\"} 2", "{outcome=\"duplicate\"} 3", "{outcome=\"dead_letter\"} 1", "{status=\"200\"} 2"] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    for personal in ["447400123456", "wamid", "default"] {
        assert!(!metrics.contains(personal), "{personal} in {metrics}");
    }
}

#[tokio::test]
async fn a_signed_body_that_is_not_json_is_200_and_kept() {
    let server = server(Config { common: secrets(), ..Config::default() }).await;
    assert_eq!(server.post("default", b"\xFFnot json", Some(&sign(&secret(), b"\xFFnot json"))).await.0, StatusCode::OK);
    assert_eq!(server.letters(), ["the body is not JSON"]);
}

#[tokio::test]
async fn three_mebibytes_are_read_and_one_byte_more_is_413() {
    let server = server(Config { common: secrets(), ..Config::default() }).await;
    let mut bytes = vec![b' '; super::http::BODY_MAX_BYTES];
    assert_eq!(server.post("default", &bytes, Some(&sign(&secret(), &bytes))).await.0, StatusCode::OK);
    bytes.push(b' ');
    let (status, words) = server.post("default", &bytes, Some(&sign(&secret(), &bytes))).await;
    assert_eq!((status, words.as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "the body has more than 3145728 bytes\n"));
}

#[tokio::test]
async fn a_compressed_body_is_415_for_its_signature_is_over_other_bytes() {
    let server = server(Config { common: secrets(), ..Config::default() }).await;
    let post = |encoding: &'static str| {
        let request = reqwest::Client::new().post(format!("{}/webhooks/default", server.url)).body("{}");
        let request = request.header(HEADER, sign(&secret(), b"{}")).header("content-encoding", encoding);
        async { request.send().await.unwrap().status() }
    };
    assert_eq!((post("gzip").await, post("identity").await), (StatusCode::UNSUPPORTED_MEDIA_TYPE, StatusCode::OK));
}

#[tokio::test]
async fn bodies_that_would_take_too_much_memory_together_are_503_and_what_is_not_signed_takes_none() {
    let server = server(Config { common: secrets(), ..Config::default() }).await;
    let full = vec![b' '; super::http::BODY_MAX_BYTES];
    let signature = sign(&secret(), &full);
    // A sender that waits before its last byte.
    let slow = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    let head = format!("POST /webhooks/default HTTP/1.1\r\nhost: x\r\n{HEADER}: {signature}\r\ncontent-length: {}\r\n\r\n", full.len());
    write(&slow, &[head.as_bytes(), &full[1..]].concat()).await;
    let taken = format!("consent_ledger_webhook_body_bytes {}\n", super::http::BODY_MAX_BYTES);
    let mut looked = 0;
    while !server.get("/metrics").await.1.contains(&taken) {
        looked += 1;
        assert!(looked < 100_000, "the body did not arrive");
    }
    assert_eq!(server.post("default", &full, Some(&signature)).await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.post("default", &full, None).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(server.deliver(&body(&[text("hi")])).await, StatusCode::OK, "there is room for a small one");
    write(&slow, b" ").await;
    slow.readable().await.unwrap();
    let mut answer = [0; 12];
    slow.try_read(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert!(server.get("/metrics").await.1.contains("consent_ledger_webhook_body_bytes 0\n"));
    assert_eq!(server.post("default", &full, Some(&signature)).await.0, StatusCode::OK);
}

async fn write(stream: &TcpStream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        stream.writable().await.unwrap();
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
    }
}

#[tokio::test]
async fn what_a_message_of_the_future_refuses_counts_now_and_the_message_once_its_time_has_come() {
    let server = server(Config { common: secrets(), ..Config::default() }).await;
    *server.ledger.refuses.lock() =
        Some(|record| record.occurred_at.map(|occurred_at| RecordError::TimeInFuture { occurred_at, now: occurred_at }));
    assert_eq!(server.deliver(&body(&[text("hi"), text("STOP"), text("Stop. Thanks")])).await, StatusCode::OK);
    let waiting = |letter: &String| letter.starts_with("dated ahead, tried again every hour: ");
    assert_eq!((server.ledger.head(), server.letters().iter().filter(|letter| waiting(letter)).count()), (Seq::new(2), 3));
    assert_eq!(server.letters.replay_due(&server.ledger).await.unwrap(), 0);
    *server.ledger.refuses.lock() = None;
    assert_eq!(server.deliver(&body(&[hologram()])).await, StatusCode::OK);
    assert_eq!(server.letters.replay_due(&server.ledger).await.unwrap(), 3);
    assert_eq!((server.ledger.head(), server.letters().len()), (Seq::new(5), 1), "what does not wait for a clock stays");
    assert!(server.get("/metrics").await.1.contains("consent_ledger_dead_letters 1"));
}

#[tokio::test]
async fn words_of_a_message_that_is_kept_are_recorded_where_they_opt_out_and_nowhere_else() {
    let server = server(Config { common: secrets(), ..Config::default() }).await;
    let shown = |words: &str| {
        let mut message = hologram();
        message["hologram"] = json!({ "caption": words });
        message
    };
    assert_eq!(server.deliver(&body(&[shown("STOP"), shown("a nice one"), shown("START")])).await, StatusCode::OK);
    assert_eq!((server.ledger.head(), server.letters().len()), (Seq::new(1), 3));
    let again = server.letters.replay(&Account::default_account(), Which::All, &server.ledger).await.unwrap();
    assert!(again.iter().all(|(_, replayed)| matches!(replayed, Replayed::Stays { .. })));
    assert_eq!(server.ledger.head(), Seq::new(1), "they are recorded once");
}

#[tokio::test]
async fn unknown_accounts_and_paths_are_404() {
    let server = server(Config { common: secrets(), ..Config::default() }).await;
    let bytes = body(&[text("hi")]).to_string().into_bytes();
    for account in ["nobody", "NOT-A-NAME"] {
        assert_eq!(server.post(account, &bytes, Some(&sign(&secret(), &bytes))).await.0, StatusCode::NOT_FOUND, "{account}");
    }
    assert_eq!(server.get("/webhooks").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_an_app_secret_no_body_is_accepted() {
    let server = server(Config::default()).await;
    let (status, words) = server.post("default", b"{}", Some(&sign(&secret(), b"{}"))).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(words.contains("app secret"), "{words}");
}

#[tokio::test]
async fn an_account_with_secrets_of_its_own_takes_no_others() {
    let own = Secrets { app_secret: AppSecret::new("acmes"), verify_token: None };
    let server = server(Config { common: secrets(), accounts: [("acme".parse().unwrap(), own)].into() }).await;
    assert_eq!(server.post("acme", b"{}", Some(&sign(&secret(), b"{}"))).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(server.post("acme", b"{}", Some(&sign(&AppSecret::new("acmes").unwrap(), b"{}"))).await.0, StatusCode::OK);
    assert_eq!(server.get("/webhooks/acme?hub.mode=subscribe&hub.verify_token=t0ken&hub.challenge=1").await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn verification_echoes_the_challenge_to_whoever_knows_the_token() {
    let server = server(Config { common: secrets(), ..Config::default() }).await;
    let get = async |query: &str| server.get(&format!("/webhooks/default{query}")).await;
    let right = get("?hub.mode=subscribe&hub.challenge=11582%2001444&hub.verify_token=t0ken").await;
    assert_eq!(right, (StatusCode::OK, "11582 01444".to_owned()));
    for wrong in [
        "",
        "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=t0keN",
        "?hub.challenge=1&hub.verify_token=t0ken",
        "?hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=t0ken",
        "?hub.mode=subscribe&hub.verify_token=t0ken",
    ] {
        assert_eq!(get(wrong).await.0, StatusCode::FORBIDDEN, "{wrong}");
    }
}

#[tokio::test]
async fn a_busy_ledger_is_503_and_the_next_delivery_completes_what_is_missing() {
    let server = server(Config { common: secrets(), ..Config::default() }).await;
    *server.ledger.refuses.lock() = Some(|_| Some(RecordError::Overloaded { waiting: 9 }));
    assert_eq!(server.deliver(&body(&[text("hi"), hologram()])).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.get("/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.get("/healthz").await.0, StatusCode::OK, "a restart would help nobody");
    *server.ledger.refuses.lock() = None;
    assert_eq!(server.deliver(&body(&[text("hi"), hologram()])).await, StatusCode::OK);
    assert_eq!((server.ledger.head(), server.letters().len()), (Seq::new(1), 1));
    assert_eq!(server.get("/readyz").await, (StatusCode::OK, "ready\n".to_owned()));
}

#[tokio::test]
async fn on_a_disk_that_is_almost_full_nothing_is_kept_among_dead_letters_and_the_provider_comes_again() {
    let server = server(Config { common: secrets(), ..Config::default() }).await;
    server.ledger.full.store(true, Ordering::SeqCst);
    *server.ledger.refuses.lock() = Some(|record| {
        let stop = matches!(&record.what, What::Inbound { text: Some(text), .. } if text == "stop");
        (!stop).then_some(RecordError::DiskAlmostFull { free: 1, needed: 2 })
    });
    assert_eq!(server.deliver(&body(&[hologram()])).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.deliver(&body(&[text("hi")])).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((server.ledger.head(), server.letters().len()), (Seq::new(0), 0));
    assert_eq!(server.deliver(&body(&[text("stop")])).await, StatusCode::OK);
    assert_eq!(server.deliver(&body(&[text("hi"), text("stop")])).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.ledger.head(), Seq::new(1), "the STOP was taken in once");
    server.ledger.full.store(false, Ordering::SeqCst);
    *server.ledger.refuses.lock() = None;
    assert_eq!(server.deliver(&body(&[hologram(), text("hi")])).await, StatusCode::OK);
    assert_eq!((server.ledger.head(), server.letters().len()), (Seq::new(2), 1));
}

#[tokio::test]
async fn a_dead_letter_that_breaks_on_its_way_to_disk_is_503_until_a_restart_and_health_says_so() {
    let server = server(Config { common: secrets(), ..Config::default() }).await;
    assert_eq!(server.deliver(&body(&[hologram()])).await, StatusCode::OK);
    assert!(server.get("/metrics").await.1.contains("consent_ledger_dead_letters_poisoned 0\n"));
    server.letters.break_the_disk();
    let mut other = hologram();
    other["hologram"] = json!({ "caption": "another" });
    assert_eq!(server.deliver(&body(&[other])).await, StatusCode::SERVICE_UNAVAILABLE);
    let (status, said) = server.get("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(said.starts_with("not ready: dead letters not kept: "), "{said}");
    assert!(server.get("/metrics").await.1.contains("consent_ledger_dead_letters_poisoned 1\n"));
    assert_eq!(server.deliver(&body(&[text("hi")])).await, StatusCode::OK, "what can be placed is");
}

#[tokio::test]
async fn what_the_ledger_refuses_for_what_it_is_is_kept_and_placed_by_a_replay() {
    let server = server(Config { common: secrets(), ..Config::default() }).await;
    *server.ledger.refuses.lock() =
        Some(|record| record.occurred_at.map(|occurred_at| RecordError::TimeInFuture { occurred_at, now: occurred_at }));
    assert_eq!(server.deliver(&body(&[text("hi")])).await, StatusCode::OK);
    assert_eq!(server.letters().len(), 1);
    *server.ledger.refuses.lock() = Some(|_| Some(RecordError::EventIdReused { seq: Seq::new(1) }));
    assert_eq!(server.deliver(&body(&[text("ho"), hologram()])).await, StatusCode::OK);
    let (_, metrics) = server.get("/metrics").await;
    assert!(metrics.contains("{outcome=\"conflict\"} 1"), "{metrics}");
    *server.ledger.refuses.lock() = None;
    let account = Account::default_account();
    let replayed = server.letters.replay(&account, Which::All, &server.ledger).await.unwrap();
    assert_eq!(replayed.iter().filter(|(_, replayed)| *replayed == Replayed::Placed { facts: 1 }).count(), 2);
    assert_eq!(server.letters(), ["message type \"hologram\" is not known"]);
    assert_eq!(server.deliver(&body(&[text("hi"), text("ho")])).await, StatusCode::OK);
    assert_eq!(server.ledger.head(), Seq::new(2), "a replay and a redelivery are one event");
    let strangers = server.letters.replay(&"acme".parse().unwrap(), Which::These(vec![replayed[0].0]), &server.ledger).await.unwrap();
    assert_eq!(strangers[0].1, Replayed::Unknown);
}
