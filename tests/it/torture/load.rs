//! What callers do while the server dies: records, STOPs, duplicates, streams, imports, moves, erasures, exports, checkpoints.
//! Another kind of load is another [`Act`].

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use consent_ledger::proto::{
    Acknowledgement, Category, ChangeNumberRequest, Evidence, ExportEntriesRequest, GetCheckpointRequest, LinkIdentifiersRequest, Method,
    RecordInboundMessageRequest, RecordOptInRequest, RecordOptOutRequest, RequestErasureRequest,
};
use tonic::{Code, Status};

use super::book::{Book, Sent};
use crate::streams::answer;
use crate::support::client::{Client, opt_in, seconds, text};
use crate::support::dice::Dice;

/// How many records a stream has, how many lists there are, and rows of each.
const STREAM: usize = 40;
const LISTS: usize = 20;
const ROWS: usize = 60;

/// Contacts that everything happens to.
pub const CONTACTS: usize = 40;

/// Something a caller does.
#[derive(Clone, Copy, Debug)]
enum Act {
    OptIn,
    OptOut,
    Message,
    /// A contact that is new opts in and stops for good.
    StopForGood,
    /// What was sent before is sent again.
    Again,
    /// Records on one stream, those behind a break sent again in a later life.
    Stream,
    /// A list is imported from its beginning, as after a crash of the importer: what was recorded of it before is a duplicate.
    Import,
    Link,
    Move,
    Erase,
    Export,
    Checkpoint,
}

/// How often each comes, of as many as there are.
const ACTS: [(Act, usize); 12] = [
    (Act::OptIn, 12),
    (Act::OptOut, 4),
    (Act::Message, 8),
    (Act::StopForGood, 12),
    (Act::Again, 8),
    (Act::Stream, 3),
    (Act::Import, 2),
    (Act::Link, 2),
    (Act::Move, 2),
    (Act::Erase, 2),
    (Act::Export, 1),
    (Act::Checkpoint, 1),
];

/// Callers of one ledger, over all its lives.
pub struct Callers {
    /// What they were told.
    pub book: Arc<Book>,
    next: AtomicUsize,
    /// What was acknowledged of each list's rows.
    lists: parking_lot::Mutex<HashMap<String, Acknowledgement>>,
}

pub fn contact(number: usize) -> String {
    format!("+4474001{:05}", number % CONTACTS)
}

impl Callers {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { book: Arc::default(), next: AtomicUsize::new(0), lists: parking_lot::Mutex::default() })
    }

    /// So many callers act until the server is gone; each over the connection given, with dice of its own.
    pub async fn act(self: &Arc<Self>, client: &Client, dice: &mut Dice, callers: usize) {
        let mut acting = tokio::task::JoinSet::new();
        for _ in 0..callers {
            let (callers, client, dice) = (self.clone(), client.clone(), Dice::new(dice.below(usize::MAX) as u64));
            acting.spawn(async move { callers.caller(client, dice).await });
        }
        while let Some(ended) = acting.join_next().await {
            ended.unwrap();
        }
    }

    async fn caller(&self, client: Client, mut dice: Dice) {
        loop {
            let act = pick(&mut dice);
            match self.one(act, &client, &mut dice).await {
                Ok(()) => self.book.one(&format!("done: {act:?}")),
                // Refused, and the server lives: nothing was recorded.
                Err(status) if is_refusal(&status) => self.book.one(&format!("refused: {act:?}")),
                Err(_) => return,
            }
        }
    }

    async fn one(&self, act: Act, client: &Client, dice: &mut Dice) -> Result<(), Status> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (who, event_id) = (contact(dice.below(CONTACTS)), format!("event-{number}"));
        match act {
            Act::OptIn => self.record(client, Sent::OptIn(opt_in(&who, &event_id))).await,
            Act::OptOut => {
                let categories = vec![Category::Marketing.into()];
                let method = Method::Website.into();
                self.record(client, Sent::OptOut(RecordOptOutRequest { contact: who, event_id, categories, method, ..Default::default() }))
                    .await
            }
            Act::Message => self.record(client, Sent::Inbound(with_id(text(&who, "100", "where is my order"), event_id))).await,
            Act::StopForGood => {
                let who = format!("+4474002{:05}", number % 100_000);
                self.record(client, Sent::OptIn(opt_in(&who, &event_id))).await?;
                self.record(client, Sent::Inbound(with_id(text(&who, "100", "STOP"), format!("{event_id}-stop")))).await?;
                self.book.stopped(who);
                Ok(())
            }
            Act::Again => self.again(client, dice).await,
            Act::Stream => {
                let sent = |n: usize| match dice.below(3) {
                    0 => Sent::Inbound(with_id(text(&contact(dice.below(CONTACTS)), "100", "STOP"), format!("{event_id}-{n}"))),
                    _ => Sent::OptIn(opt_in(&contact(dice.below(CONTACTS)), &format!("{event_id}-{n}"))),
                };
                self.stream(client, (0..STREAM).map(sent).collect(), |sent, acknowledgement| {
                    assert!(!acknowledgement.duplicate, "{sent} is no duplicate: {acknowledgement:?}");
                    self.book.may_come_again(sent, acknowledgement);
                })
                .await
            }
            Act::Import => {
                let list = dice.below(LISTS);
                self.stream(client, (0..ROWS).map(|row| row_of(list, row)).collect(), |sent, acknowledgement| {
                    let known = self.lists.lock().insert(sent.to_string(), acknowledgement.clone());
                    let told = (acknowledgement.seq, acknowledgement.entry_hash);
                    assert!(known.is_none_or(|known| (known.seq, known.entry_hash) == told), "{sent} was imported before");
                })
                .await
            }
            Act::Link => {
                let contacts = vec![who, format!("GB.{}", dice.below(CONTACTS))];
                let request = LinkIdentifiersRequest { contacts, event_id, ..Default::default() };
                let response = client.identity.clone().link_identifiers(request).await?.into_inner();
                self.book.acknowledged(&response.acknowledgement.unwrap());
                Ok(())
            }
            Act::Move => {
                let request = ChangeNumberRequest { from: who, to: contact(dice.below(CONTACTS)), event_id, ..Default::default() };
                let response = client.identity.clone().change_number(request).await?.into_inner();
                self.book.acknowledged(&response.acknowledgement.unwrap());
                Ok(())
            }
            Act::Erase => {
                let delay = Some(prost_types::Duration::default());
                let request = RequestErasureRequest { contact: who, event_id, delay, ..Default::default() };
                let response = client.identity.clone().request_erasure(request).await?.into_inner();
                self.book.acknowledged(&response.acknowledgement.unwrap());
                Ok(())
            }
            Act::Export => {
                let request = ExportEntriesRequest { all_accounts: true, ..Default::default() };
                let mut pieces = client.audit.clone().export_entries(request).await?.into_inner();
                while pieces.message().await?.is_some() {}
                Ok(())
            }
            Act::Checkpoint => client.audit.clone().get_checkpoint(GetCheckpointRequest { fresh: true }).await.map(drop),
        }
    }

    async fn record(&self, client: &Client, sent: Sent) -> Result<(), Status> {
        let acknowledgement = sent.send(client).await?;
        assert!(!acknowledgement.duplicate, "{sent} is no duplicate: {acknowledgement:?}");
        self.book.acknowledged(&acknowledgement);
        self.book.may_come_again(sent, acknowledgement);
        Ok(())
    }

    /// Sends everything on one stream and notes each answer as it comes: those that came before a break stand.
    async fn stream(&self, client: &Client, sent: Vec<Sent>, note: impl Fn(Sent, Acknowledgement)) -> Result<(), Status> {
        let items: Vec<_> = sent.iter().map(Sent::item).collect();
        let mut answers = client.recording.clone().record_stream(tokio_stream::iter(items)).await?.into_inner();
        for sent in sent {
            let Some(response) = answers.message().await? else { return Err(Status::unavailable("the stream ended early")) };
            match answer(response) {
                Ok(acknowledgement) => {
                    self.book.acknowledged(&acknowledgement);
                    note(sent, acknowledgement);
                }
                Err(error) => panic!("{sent}: {error:?}"),
            }
        }
        Ok(())
    }

    /// What was acknowledged before is answered with the same entry, whatever happened since.
    async fn again(&self, client: &Client, dice: &mut Dice) -> Result<(), Status> {
        let Some((sent, first)) = self.book.sent(dice.below(1 << 20)) else { return Ok(()) };
        let second = sent.send(client).await?;
        let told = (second.duplicate, second.seq, second.entry_hash);
        assert_eq!(told, (true, first.seq, first.entry_hash), "{sent} was recorded before");
        Ok(())
    }
}

/// A row of a list; two importers may send the same one at a time.
fn row_of(list: usize, row: usize) -> Sent {
    let request = opt_in(&format!("+4474003{:05}", list * ROWS + row), &format!("list-{list}-{row}"));
    let evidence = Some(Evidence { file_name: format!("list-{list}.csv"), file_line: row as u64 + 2, ..Default::default() });
    Sent::OptIn(RecordOptInRequest { method: Method::Import.into(), evidence, occurred_at: Some(seconds(1_767_225_600)), ..request })
}

fn with_id(request: RecordInboundMessageRequest, event_id: String) -> RecordInboundMessageRequest {
    RecordInboundMessageRequest { event_id, ..request }
}

fn pick(dice: &mut Dice) -> Act {
    let mut left = dice.below(ACTS.iter().map(|(_, often)| often).sum());
    for (act, often) in ACTS {
        if left < often {
            return act;
        }
        left -= often;
    }
    Act::Message
}

/// A server that answers so is there.
fn is_refusal(status: &Status) -> bool {
    let by_the_server = status.metadata().contains_key("grpc-status-details-bin") || !status.details().is_empty();
    by_the_server && !matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Internal | Code::Cancelled)
}
