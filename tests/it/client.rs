//! The client library: it fails closed, tries again, and records once.

use std::sync::Arc;
use std::time::Duration;

use consent_ledger::client::{Client, ClientError, MaySend, Options, Question, WhyNot};
use consent_ledger::consent::words::Category;
use consent_ledger::proto::record_stream_request::Event;
use consent_ledger::proto::stream_check_send_response::Outcome;
use consent_ledger::proto::{Acknowledgement, Decision, ErrorReason};
use tonic::{Code, Status};

use crate::support::client::{Client as Raw, opt_in, runtime, text};
use crate::support::fake_ledger::{FakeLedger, Script, decision, refused};
use crate::support::server::Server;

const CONTACT: &str = "+447400123456";

fn asked() -> Question {
    Question::new(CONTACT, "1001").category(Category::Marketing)
}

/// Times for tests in which nothing will ever come.
fn hasty() -> Options {
    let millis = Duration::from_millis;
    Options { connect: millis(500), attempt: millis(200), total: millis(600), decide: millis(600) }
}

/// What a server that answers the nth single question so says to one.
fn permission(
    answer: impl Fn(usize) -> Option<Result<Option<Decision>, Status>> + Send + Sync + 'static,
    options: Options,
) -> (MaySend, usize) {
    let server = FakeLedger::start(Script { checks: Box::new(answer), ..Default::default() });
    let may = runtime().block_on(async { Client::connect_with(&server.url, options).unwrap().permission(&asked()).await });
    (may, server.checks())
}

fn acknowledged() -> Acknowledgement {
    Acknowledgement { seq: 3, entry_hash: vec![1; 32], duplicate: false, effect: 1, caused_seq: 0 }
}

#[test]
fn a_server_that_is_away_for_a_while_is_asked_again() {
    let (may, times) = permission(
        |nth| match nth {
            0 => Some(Err(Status::unavailable("away"))),
            1 => Some(Err(Status::resource_exhausted("busy"))),
            _ => Some(Ok(Some(decision(2, 2)))),
        },
        Options::default(),
    );
    assert!(matches!(&may, MaySend::TemplateOnly(answer) if answer.position() == 7), "{may:?}");
    assert!(may.template(Category::Marketing) && !may.free_form());
    assert_eq!(times, 3);
}

/// What the server says; none: nothing.
type Said = Option<Result<Option<Decision>, Status>>;

/// Whether it is the error that is expected.
type Why = fn(&ClientError) -> bool;

#[test]
fn whatever_goes_wrong_is_a_no_that_says_why() {
    let garbled: Why = |answer| matches!(answer, ClientError::Garbled { .. });
    let unavailable: Why = |error| matches!(error, ClientError::Unavailable { .. });
    let cases: Vec<(&str, Said, Why, bool)> = vec![
        ("away for good", Some(Err(Status::unavailable("away"))), unavailable, true),
        ("no answer", None, |error| matches!(error, ClientError::OutOfTime { .. }), true),
        ("refused", Some(Err(Status::invalid_argument("no"))), |error| matches!(error, ClientError::Refused { .. }), false),
        ("broken", Some(Err(Status::internal("no"))), |error| matches!(error, ClientError::Refused { .. }), false),
        ("no decision", Some(Ok(None)), garbled, false),
        ("nothing in it", Some(Ok(Some(Decision::default()))), garbled, false),
        ("unspecified", Some(Ok(Some(decision(0, 1)))), garbled, false),
        ("not known", Some(Ok(Some(decision(99, 1)))), garbled, false),
        ("without reasons", Some(Ok(Some(Decision { reasons: vec![], ..decision(1, 1) }))), garbled, false),
        ("without position", Some(Ok(Some(Decision { position: None, ..decision(1, 1) }))), garbled, false),
    ];
    for (name, answer, why, again) in cases {
        let (may, times) = permission(move |_| answer.clone(), hasty());
        assert!(!may.free_form() && Category::ALL.iter().all(|category| !may.template(*category)), "{name}: {may:?}");
        assert!(matches!(&may, MaySend::No(WhyNot::Unanswered(error)) if why(error)), "{name}: {may:?}");
        assert_eq!(times > 1, again, "{name}: asked {times} times");
    }
}

#[test]
fn nobody_there_is_a_no_and_no_address_is_an_error_at_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    runtime().block_on(async {
        let may = Client::connect_with(&url, hasty()).unwrap().permission(&asked()).await;
        assert!(matches!(&may, MaySend::No(WhyNot::Unanswered(ClientError::Unavailable { .. }))), "{may:?}");
        for url in ["", "localhost:1", "ftp://localhost:1", "http://"] {
            assert!(matches!(Client::connect(url), Err(ClientError::NoEndpoint { .. })), "{url:?}");
        }
    });
}

#[test]
fn every_try_of_a_record_has_the_same_event_id() {
    let fails = |nth: usize| if nth % 3 == 2 { Some(Ok(Some(acknowledged()))) } else { Some(Err(Status::unavailable("away"))) };
    let server = FakeLedger::start(Script { opt_ins: Box::new(fails), ..Default::default() });
    runtime().block_on(async {
        let client = Client::connect(&server.url).unwrap();
        let own = client.record_opt_in(opt_in(CONTACT, "signup-1")).await.unwrap();
        let [first, second] =
            [client.record_opt_in(opt_in(CONTACT, "")).await.unwrap(), client.record_opt_in(opt_in(CONTACT, "")).await.unwrap()];
        assert_eq!((own.event_id.as_str(), own.acknowledgement.seq), ("signup-1", 3));
        assert_eq!(first.event_id.len(), 32);
        assert_ne!(first.event_id, second.event_id);
        let expected = [&own, &first, &second].iter().flat_map(|recorded| vec![recorded.event_id.clone(); 3]).collect::<Vec<_>>();
        assert_eq!(server.event_ids(), expected);
    });
}

#[test]
fn a_record_that_is_refused_is_not_sent_again() {
    let server =
        FakeLedger::start(Script { opt_ins: Box::new(|_| Some(Err(Status::new(Code::AlreadyExists, "used")))), ..Default::default() });
    let error = runtime().block_on(async { Client::connect(&server.url).unwrap().record_opt_in(opt_in(CONTACT, "e")).await.unwrap_err() });
    assert!(matches!(error, ClientError::Refused { .. }), "{error:?}");
    assert_eq!(server.event_ids().len(), 1);
}

#[test]
fn the_real_server_is_asked_recorded_with_and_gone() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async {
        let client = Client::connect_with(&server.url(), hasty()).unwrap();
        let may = client.permission(&asked()).await;
        assert!(
            matches!(&may, MaySend::No(WhyNot::Decided(answer)) if answer.reasons()[0].as_str() == "RECIPIENT_NOT_OPTED_IN"),
            "{may:?}"
        );
        let recorded = client.record_opt_in(opt_in(CONTACT, "")).await.unwrap();
        let seq = recorded.acknowledgement.seq;
        let again = client.record_opt_in(opt_in(CONTACT, &recorded.event_id)).await.unwrap();
        assert!(again.acknowledgement.duplicate && again.acknowledgement.seq == seq);
        let may = client.permission(&asked().min_position(seq)).await;
        assert!(matches!(&may, MaySend::TemplateOnly(answer) if answer.position() >= seq), "{may:?}");
        client.record_inbound_message(text(CONTACT, "1001", "hello")).await.unwrap();
        assert!(client.permission(&asked()).await.free_form());
        let unknown = client.permission(&asked().account("nobody")).await;
        assert!(
            matches!(&unknown, MaySend::No(WhyNot::Unanswered(ClientError::Refused { reason: ErrorReason::AccountUnknown, .. }))),
            "{unknown:?}"
        );
        server.kill();
        let may = client.permission(&asked()).await;
        assert!(matches!(&may, MaySend::No(WhyNot::Unanswered(_))), "{may:?}");
    });
}

/// Questions about so many contacts, each with its number.
fn audience(count: usize) -> impl tokio_stream::Stream<Item = (usize, Question)> + Unpin {
    tokio_stream::iter((0..count).map(|n| (n, Question::new(format!("+4474{n:08}"), "1001"))))
}

#[test]
fn a_stream_that_breaks_again_and_again_answers_everybody_once_and_in_order() {
    const PEOPLE: usize = 20_000;
    // Every other stream ends with a status, every other without one; each after 1,700 answers. Who is odd may be written to.
    let items = |stream: usize, nth: usize, request: &consent_ledger::proto::CheckSendRequest| {
        if nth == 1_700 {
            return stream.is_multiple_of(2).then(|| Err(Status::unavailable("going away")));
        }
        let number: usize = request.contact.trim_start_matches("+4474").parse().unwrap();
        Some(Ok(Outcome::Decision(if number % 2 == 1 { decision(1, 1) } else { decision(3, 25) })))
    };
    let server = FakeLedger::start(Script { items: Box::new(items), ..Default::default() });
    runtime().block_on(async {
        let client = Client::connect(&server.url).unwrap();
        let mut answers = client.check_stream(audience(PEOPLE));
        for expected in 0..PEOPLE {
            let (number, may) = answers.next().await.unwrap().unwrap();
            assert_eq!((number, may.free_form()), (expected, expected % 2 == 1));
        }
        assert!(answers.next().await.is_none());
    });
    assert_eq!(server.streams(), PEOPLE.div_ceil(1_700));
}

#[test]
fn a_stream_that_cannot_go_on_says_so_once_and_an_item_error_is_that_items() {
    let items = |_: usize, nth: usize, _: &_| match nth {
        0 => Some(Ok(refused("contact"))),
        1 => Some(Ok(Outcome::Decision(decision(99, 1)))),
        _ => Some(Err(Status::permission_denied("no"))),
    };
    let server = FakeLedger::start(Script { items: Box::new(items), ..Default::default() });
    runtime().block_on(async {
        let client = Client::connect(&server.url).unwrap();
        let mut answers = client.check_stream(audience(5));
        let (_, bad) = answers.next().await.unwrap().unwrap();
        assert!(matches!(&bad, MaySend::No(WhyNot::Unanswered(ClientError::Refused { field, .. })) if field == "contact"), "{bad:?}");
        let (_, lie) = answers.next().await.unwrap().unwrap();
        assert!(matches!(lie, MaySend::No(WhyNot::Unanswered(ClientError::Garbled { .. }))));
        assert!(matches!(answers.next().await, Some(Err(ClientError::Refused { .. }))));
        assert!(answers.next().await.is_none());
    });
}

#[test]
fn questions_that_come_one_at_a_time_are_answered_as_they_come() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async {
        let raw = Raw::connect(&server.url()).await;
        raw.opt_in(opt_in(CONTACT, "")).await.unwrap();
        let client = Client::connect(&server.url()).unwrap();
        let (send, questions) = tokio::sync::mpsc::channel(1);
        let mut answers = client.check_stream(tokio_stream::wrappers::ReceiverStream::new(questions));
        let name: Arc<str> = "Ann".into();
        for _ in 0..3 {
            send.send((Arc::clone(&name), asked())).await.unwrap();
            let (who, may) = answers.next().await.unwrap().unwrap();
            assert!(who == name && may.template(Category::Marketing));
        }
        drop(send);
        assert!(answers.next().await.is_none());
    });
}

#[test]
fn a_stream_of_records_goes_on_where_it_broke_and_counts_each_once() {
    const PEOPLE: usize = 600;
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async {
        let raw = Raw::connect(&server.url()).await;
        let breaking = Breaking::start(&server.url(), 12_000).await;
        let patient = Options { total: Duration::from_secs(60), ..Options::default() };
        let client = Client::connect_with(&breaking.url, patient).unwrap();
        let events = |ids: bool| {
            tokio_stream::iter((0..PEOPLE).map(move |n| {
                let contact = if n == 7 { "0740".to_owned() } else { format!("+4474{n:08}") };
                (n, Event::OptIn(opt_in(&contact, &if ids { format!("own-{n}") } else { String::new() })))
            }))
        };
        for ids in [true, false] {
            let before = raw.log().await.len();
            let mut records = client.record_stream(events(ids)).unwrap();
            for expected in 0..PEOPLE {
                let (n, recorded) = records.next().await.unwrap().unwrap();
                assert_eq!(n, expected);
                match recorded {
                    Ok(recorded) if ids => assert_eq!(recorded.event_id, format!("own-{n}")),
                    Ok(recorded) => assert!(recorded.event_id.ends_with(&format!("-{}", n + 1)), "{}", recorded.event_id),
                    Err(error) => assert_eq!((n, error.code()), (7, "CONTACT_MALFORMED")),
                }
            }
            assert!(records.next().await.is_none());
            let opted_in = |entry: &&consent_ledger::proto::Entry| entry.kind == "opted_in";
            assert_eq!(raw.log().await[before..].iter().filter(opted_in).count(), PEOPLE - 1);
        }
        assert!(breaking.broke() > 2, "{} connections broke", breaking.broke());
    });
}

/// Passes connections on to a server, and breaks each once so many bytes came back.
struct Breaking {
    url: String,
    broke: Arc<std::sync::atomic::AtomicUsize>,
}

impl Breaking {
    async fn start(to: &str, after: u64) -> Self {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let to = to.trim_start_matches("http://").to_owned();
        let broke = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = Arc::clone(&broke);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = tokio::net::TcpStream::connect(&to).await.unwrap();
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    let (mut from_client, mut to_client) = client.into_split();
                    let (from_server, mut to_server) = server.into_split();
                    let there = tokio::spawn(async move {
                        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
                    });
                    let _ = tokio::io::copy(&mut from_server.take(after), &mut to_client).await;
                    let _ = to_client.shutdown().await;
                    there.abort();
                    count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                });
            }
        });
        Self { url, broke }
    }

    fn broke(&self) -> usize {
        self.broke.load(std::sync::atomic::Ordering::SeqCst)
    }
}
