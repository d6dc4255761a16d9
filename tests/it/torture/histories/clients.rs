//! Clients that get in each other's way: few contacts, many connections, the same event ids from two of them at once, an erasure, and
//! a server that is stopped or killed in the middle.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use consent_ledger::proto::batch_check_send_item::Outcome as InBatch;
use consent_ledger::proto::stream_check_send_response::Outcome as InStream;
use consent_ledger::proto::{BatchCheckSendRequest, CheckSendRequest, Entry, ErrorReason, RequestErasureRequest, StreamCheckSendRequest};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::calls::{SENDER, check, contact, random_act, sent};
use super::contact::{Act, Asked, Checked, Recorded};
use super::recorder::{Recorder, Told, acknowledged, decided};
use crate::streams::answer;
use crate::support::client::{Client, question};
use crate::support::dice::Dice;
use crate::support::server::Server;
use crate::torture::campaign::Counts;

/// So few that everybody meets.
pub const CONTACTS: usize = 4;

/// Connections, each used by one client, and by others for what is sent twice at once.
const CLIENTS: usize = 8;

/// How often each client acts.
const ACTS: usize = 40;

/// How many items a stream has.
const STREAM: usize = 6;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the server ends in the middle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It does not.
    None,
    /// It is asked to stop.
    Stop,
    /// It is killed.
    Kill,
}

/// A server, its clients, and what they were told.
pub struct World {
    data: PathBuf,
    grpc: SocketAddr,
    server: Mutex<Option<Server>>,
    there: watch::Sender<bool>,
    clients: Vec<Client>,
    recorder: Recorder,
    ending: Ending,
    /// Whether a call may go without an answer.
    breaks: AtomicBool,
    events: Mutex<Vec<(usize, Act)>>,
    done: AtomicUsize,
    counts: Mutex<Counts>,
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

impl World {
    /// A server on a new ledger.
    pub fn start(data: PathBuf, ending: Ending) -> Arc<Self> {
        let server = Server::start(&data, &[]);
        let endpoint = Endpoint::from_shared(server.url()).unwrap().timeout(PATIENCE).tcp_nodelay(true);
        let clients = (0..CLIENTS).map(|_| Client::over(endpoint.connect_lazy())).collect();
        Arc::new(Self {
            data,
            grpc: server.grpc,
            server: Mutex::new(Some(server)),
            there: watch::Sender::new(true),
            clients,
            recorder: Recorder::new(CONTACTS),
            ending,
            breaks: AtomicBool::new(false),
            events: Mutex::default(),
            done: AtomicUsize::new(0),
            counts: Mutex::default(),
        })
    }

    /// Everybody acts, and then what had no answer is sent again. Gives who was told what, the whole log, and what was counted.
    pub async fn run(self: Arc<Self>, dice: &mut Dice) -> (Recorder, Vec<Entry>, Counts) {
        let mut acting = tokio::task::JoinSet::new();
        for number in 0..CLIENTS {
            let (world, dice) = (self.clone(), Dice::new(dice.below(usize::MAX) as u64));
            acting.spawn(async move { world.client(number, dice).await });
        }
        while let Some(ended) = acting.join_next().await {
            ended.unwrap();
        }
        for (who, event, act) in self.recorder.unanswered() {
            assert!(self.record(0, who, event, act).await, "the server is back and does not answer");
            self.one("records without an answer, sent again");
        }
        for who in 0..CONTACTS {
            self.check(0, who, Asked::Anything, self.recorder.latest(who)).await;
        }
        let log = self.clients[0].log().await;
        let world = Arc::into_inner(self).expect("everybody is done");
        let (code, logs) = world.server.into_inner().expect("it is there").terminate_and_read();
        assert_eq!(code, Some(0), "{logs}");
        assert!(!logs.contains("panicked") && !logs.contains("ERROR"), "{logs}");
        (world.recorder, log, world.counts.into_inner())
    }

    async fn client(&self, number: usize, mut dice: Dice) {
        for _ in 0..ACTS {
            self.act(number, &mut dice).await;
            match self.done.fetch_add(1, Ordering::SeqCst) + 1 {
                done if done == CLIENTS * ACTS / 4 => self.erase(number).await,
                done if done == CLIENTS * ACTS / 2 => self.restart().await,
                _ => {}
            }
        }
    }

    async fn act(&self, number: usize, dice: &mut Dice) {
        let (who, asked) = (dice.below(CONTACTS), dice.pick(&[Asked::Marketing, Asked::Marketing, Asked::Anything]));
        let other = (number + 1 + dice.below(CLIENTS - 1)) % CLIENTS;
        let act = random_act(dice);
        match dice.below(20) {
            0..6 => {
                self.record(number, who, self.new_event(who, act), act).await;
            }
            6..8 => {
                let event = self.new_event(who, act);
                tokio::join!(self.record(number, who, event, act), self.record(other, who, event, act));
                self.one("records sent over two connections at once");
            }
            8..10 => {
                let (event, different) = (self.new_event(who, act), random_act(dice));
                tokio::join!(self.record(number, who, event, act), self.record(other, who, event, different));
                self.one("event ids sent over two connections at once, with contents that may differ");
            }
            10..12 => {
                let Some((event, (who, first))) = self.known_event(dice) else { return };
                let act = if dice.one_in(3) { act } else { first };
                self.record(number, who, event, act).await;
            }
            12..14 => self.check(number, who, asked, 0).await,
            14..17 => self.check(number, who, asked, self.recorder.latest(who)).await,
            17 => self.batch(number, asked, dice.one_in(2)).await,
            18 => self.check_stream(number, asked, dice).await,
            _ => self.record_stream(number, dice).await,
        }
    }

    fn new_event(&self, who: usize, act: Act) -> usize {
        let mut events = self.events.lock();
        events.push((who, act));
        events.len() - 1
    }

    fn known_event(&self, dice: &mut Dice) -> Option<(usize, (usize, Act))> {
        let events = self.events.lock();
        (!events.is_empty()).then(|| dice.below(events.len())).map(|event| (event, events[event]))
    }

    /// Records; whether there was an answer.
    async fn record(&self, number: usize, who: usize, event: usize, act: Act) -> bool {
        let begun = self.recorder.tick();
        let answer = match sent(who, event, act).send(&self.clients[number]).await {
            Ok(acknowledgement) => Some(acknowledged(&acknowledgement)),
            Err(status) if reason(&status) == "EVENT_ID_REUSED" => Some(Recorded::IdReused),
            Err(status) => self.broken(&status),
        };
        self.note_record(who, begun, event, act, answer);
        if answer.is_none() {
            self.back().await;
        }
        answer.is_some()
    }

    fn note_record(&self, who: usize, begun: u64, event: usize, act: Act, answer: Option<Recorded>) {
        self.recorder.note(who, begun, Told::Record { event, act, answer });
        self.one(match answer {
            Some(Recorded::Acknowledged { duplicate: Some(true), .. }) => "records answered: duplicates",
            Some(Recorded::IdReused) => "records answered: refused, their event id has other content",
            Some(_) => "records answered: new",
            None => "records without an answer",
        });
    }

    async fn record_stream(&self, number: usize, dice: &mut Dice) {
        let items: Vec<(usize, usize, Act)> = (0..STREAM)
            .map(|_| {
                let (who, act) = (dice.below(CONTACTS), random_act(dice));
                (who, self.new_event(who, act), act)
            })
            .collect();
        let (begun, mut answered) = (items.iter().map(|_| self.recorder.tick()).collect::<Vec<u64>>(), 0);
        let stream = tokio_stream::iter(items.iter().map(|(who, event, act)| sent(*who, *event, *act).item()).collect::<Vec<_>>());
        let ended: Result<(), Status> = async {
            let mut answers = self.clients[number].recording.clone().record_stream(stream).await?.into_inner();
            while let Some(response) = answers.message().await? {
                let (who, event, act) = items[answered];
                let told = match answer(response) {
                    Ok(acknowledgement) => acknowledged(&acknowledgement),
                    Err(error) if error.reason() == ErrorReason::EventIdReused => Recorded::IdReused,
                    Err(error) => panic!("{error:?}"),
                };
                self.note_record(who, begun[answered], event, act, Some(told));
                answered += 1;
            }
            Ok(())
        }
        .await;
        for (place, (who, event, act)) in items.into_iter().enumerate().skip(answered) {
            self.note_record(who, begun[place], event, act, None);
        }
        self.end_of(ended).await;
    }

    async fn check(&self, number: usize, who: usize, asked: Asked, min_position: u64) {
        let begun = self.recorder.tick();
        let answer = match self.clients[number].check(check(who, asked, min_position)).await {
            Ok(decision) => decided(&decision),
            Err(status) if reason(&status) == "BEHIND_POSITION" => Checked::Behind,
            Err(status) => return self.end_of(Err(status)).await,
        };
        self.note_check(who, begun, asked, min_position, answer);
    }

    fn note_check(&self, who: usize, begun: u64, asked: Asked, min_position: u64, answer: Checked) {
        self.recorder.note(who, begun, Told::Check { asked, min_position, answer });
        self.one(if min_position == 0 { "checks answered" } else { "checks answered that waited for a position" });
    }

    /// Everybody at once.
    async fn batch(&self, number: usize, asked: Asked, waits: bool) {
        let min_position = if waits { self.recorder.latest_of_all() } else { 0 };
        let contacts = (0..CONTACTS).map(contact).collect();
        let CheckSendRequest { sender, category, .. } = check(0, asked, 0);
        let request = BatchCheckSendRequest { contacts, sender, category, min_position, ..Default::default() };
        let begun: Vec<u64> = (0..CONTACTS).map(|_| self.recorder.tick()).collect();
        match self.clients[number].decision.clone().batch_check_send(request).await {
            Ok(response) => {
                let response = response.into_inner();
                for (who, item) in response.items.into_iter().enumerate() {
                    let Some(InBatch::Decision(mut decision)) = item.outcome else { panic!("{item:?}") };
                    decision.position = decision.position.or_else(|| response.position.clone());
                    self.note_check(who, begun[who], asked, min_position, decided(&decision));
                }
            }
            Err(status) => self.end_of(Err(status)).await,
        }
    }

    async fn check_stream(&self, number: usize, asked: Asked, dice: &mut Dice) {
        let whom: Vec<(usize, u64)> = (0..STREAM)
            .map(|_| {
                let who = dice.below(CONTACTS);
                (who, if dice.one_in(2) { self.recorder.latest(who) } else { 0 })
            })
            .collect();
        let begun: Vec<u64> = whom.iter().map(|_| self.recorder.tick()).collect();
        let stream = |(who, min_position): &(usize, u64)| StreamCheckSendRequest { check: Some(check(*who, asked, *min_position)) };
        let stream = tokio_stream::iter(whom.iter().map(stream).collect::<Vec<_>>());
        let ended: Result<(), Status> = async {
            let mut answers = self.clients[number].decision.clone().stream_check_send(stream).await?.into_inner();
            let mut answered = 0;
            while let Some(response) = answers.message().await? {
                let (who, min_position) = whom[answered];
                let answer = match response.outcome {
                    Some(InStream::Decision(decision)) => decided(&decision),
                    Some(InStream::Error(error)) if error.reason() == ErrorReason::BehindPosition => Checked::Behind,
                    other => panic!("{other:?}"),
                };
                self.note_check(who, begun[answered], asked, min_position, answer);
                answered += 1;
            }
            Ok(())
        }
        .await;
        self.end_of(ended).await;
    }

    /// Has the first contact erased at once, and waits until it is.
    async fn erase(&self, number: usize) {
        let begun = self.recorder.tick();
        let delay = Some(prost_types::Duration::default());
        let request = RequestErasureRequest { contact: contact(0), event_id: "erasure".into(), delay, ..Default::default() };
        let deadline = Instant::now() + PATIENCE;
        while let Err(status) = self.clients[number].identity.clone().request_erasure(request.clone()).await {
            self.end_of(Err(status)).await;
        }
        while !self.is_erased(number).await {
            assert!(Instant::now() < deadline, "an erasure that is due does not happen");
            sleep(Duration::from_millis(20)).await;
        }
        self.recorder.note(0, begun, Told::Erased);
        self.one("erasures");
    }

    async fn is_erased(&self, number: usize) -> bool {
        let client = &self.clients[number];
        let Ok(decision) = client.check(question("GB.nobody", SENDER)).await else { return false };
        let head = decision.position.unwrap_or_default().seq;
        let request = consent_ledger::proto::WatchEntriesRequest { all_accounts: true, from_seq: 1, ..Default::default() };
        let Ok(answer) = client.watch.clone().watch_entries(request).await else { return false };
        let mut entries = answer.into_inner();
        while let Ok(Some(response)) = entries.message().await {
            if response.entries.iter().any(|entry| entry.kind == "contact_erased") {
                return true;
            }
            if response.position.is_some_and(|position| position.seq >= head) {
                return false;
            }
        }
        false
    }

    async fn restart(&self) {
        if self.ending == Ending::None {
            return;
        }
        self.breaks.store(true, Ordering::SeqCst);
        self.there.send_replace(false);
        let server = self.server.lock().take().expect("it is there");
        let (data, grpc, ending) = (self.data.clone(), self.grpc, self.ending);
        let again = tokio::task::spawn_blocking(move || {
            if ending == Ending::Kill {
                server.kill();
            } else {
                assert_eq!(server.terminate().code(), Some(0));
            }
            Server::start_at(&data, grpc)
        });
        *self.server.lock() = Some(again.await.unwrap());
        self.there.send_replace(true);
        self.one(if ending == Ending::Kill { "kills" } else { "graceful restarts" });
    }

    /// Nothing but a server that goes away leaves a call without an answer.
    fn broken<T>(&self, status: &Status) -> Option<T> {
        let expected = match status.code() {
            Code::Unavailable => true,
            Code::Unknown | Code::Internal | Code::Cancelled => reason(status).is_empty(),
            _ => false,
        };
        assert!(expected && self.breaks.load(Ordering::SeqCst), "{status:?}");
        None
    }

    async fn end_of(&self, ended: Result<(), Status>) {
        if let Err(status) = ended {
            let _: Option<()> = self.broken(&status);
            self.one("calls broken off");
            self.back().await;
        }
    }

    /// Waits until the server is there.
    async fn back(&self) {
        let there = tokio::time::timeout(PATIENCE, self.there.subscribe().wait_for(|there| *there)).await.is_ok_and(|there| there.is_ok());
        assert!(there, "the server does not come back");
    }

    fn one(&self, what: &str) {
        self.counts.lock().one(what);
    }
}
