//! The end of a stream that takes: reads items, parses them, has them recorded or tried.

use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use super::{Item, parse};
use crate::api::access::Caller;
use crate::api::limits::rate::Allowance;
use crate::api::status;
use crate::api::stopping::Stopping;
use crate::consent::time::Time;
use crate::ledger::Ledger;
use crate::ledger::writing::job::Recorded;
use crate::ledger::writing::queue::{Coming, TOGETHER_MAX};
use crate::ledger::writing::record::Record;
use crate::ledger::writing::rehearsal::Rehearsal;
use crate::proto::ItemError;
use crate::proto::record_stream_request::Event;

/// Where a chunk ends, in bytes as sent; it holds one event at least.
const CHUNK_BYTES: usize = 512 << 10;

/// What the intake hands to the answers.
pub enum Step {
    /// Items that were taken.
    Chunk(Chunk),
    /// Nothing more is taken, for this reason.
    End(Status),
}

/// Items that were taken together.
pub struct Chunk {
    /// How many.
    pub items: usize,
    /// Those that say nothing to record, by their places, ascending.
    pub refused: Vec<(usize, ItemError)>,
    /// What becomes of the others.
    pub others: Others,
}

/// What becomes of the items of a chunk that say something.
pub enum Others {
    /// It is known.
    Known(Vec<Recorded>),
    /// It comes once they are durable.
    Coming(Coming),
}

/// Where records go.
pub enum To {
    /// Into the log.
    Record(Ledger),
    /// To be tried.
    Rehearse(Box<Rehearsal>),
}

impl To {
    async fn hand_over(&mut self, records: Vec<Record>) -> Result<Others, Status> {
        match self {
            Self::Record(ledger) => ledger.record_in_turn(records).await.map(Others::Coming).map_err(|error| status::of_record(&error)),
            Self::Rehearse(rehearsal) => rehearsal.next(records).await.map(Others::Known).map_err(|error| status::of_rehearsal(&error)),
        }
    }
}

/// The end that takes.
pub struct Intake<Request> {
    ledger: Ledger,
    stopping: Stopping,
    caller: Caller,
    to: To,
    requests: Streaming<Request>,
    /// What each item is charged to.
    allowance: Allowance,
}

impl<Request: Item> Intake<Request> {
    /// Takes from `requests`.
    pub const fn new(
        ledger: Ledger,
        stopping: Stopping,
        caller: Caller,
        to: To,
        requests: Streaming<Request>,
        allowance: Allowance,
    ) -> Self {
        Self { ledger, stopping, caller, to, requests, allowance }
    }

    /// Takes until the client has sent everything, takes no more answers, or the server shuts down.
    pub async fn run(mut self, chunks: mpsc::Sender<Step>) {
        // Room first, then what goes into it. Where nobody takes answers any more, there is none.
        while let Ok(room) = chunks.reserve().await {
            let (taken, end) = self.take(&chunks).await;
            if taken.items > 0 {
                // Under a rate they wait their turn, and what is sent meanwhile waits with them.
                tokio::select! {
                    () = self.allowance.turn(taken.items) => {}
                    () = chunks.closed() => return,
                }
                // It may have waited for long.
                if let Err(ended) = self.caller.still(&self.ledger) {
                    return room.send(Step::End(ended));
                }
                match taken.hand_over(&mut self.to).await {
                    Ok(chunk) => room.send(Step::Chunk(chunk)),
                    Err(status) => return room.send(Step::End(status)),
                }
            }
            match end {
                None => {}
                Some(End::Finished) => return,
                Some(End::Because(status)) => {
                    if let Ok(room) = chunks.reserve().await {
                        room.send(Step::End(status));
                    }
                    return;
                }
            }
        }
    }

    /// Waits for an item and takes what has come with it.
    async fn take(&mut self, chunks: &mpsc::Sender<Step>) -> (Taken, Option<End>) {
        let mut taken = Taken::default();
        let first = tokio::select! {
            biased;
            () = self.stopping.wait() => return (taken, Some(End::Because(status::shutting_down()))),
            () = chunks.closed() => return (taken, Some(End::Finished)),
            first = self.requests.message() => first,
        };
        let now = self.ledger.now();
        if let Err(ended) = self.caller.still(&self.ledger) {
            return (taken, Some(End::Because(ended)));
        }
        let mut next = Some(first);
        while let Some(item) = next {
            match item {
                Ok(Some(request)) => taken.add(&self.caller, request.event(), now),
                Ok(None) => return (taken, Some(End::Finished)),
                Err(status) => return (taken, Some(End::Because(status))),
            }
            next = if taken.is_full() {
                None
            } else {
                tokio::select! {
                    biased;
                    item = self.requests.message() => Some(item),
                    () = std::future::ready(()) => None,
                }
            };
        }
        (taken, None)
    }
}

/// Why nothing more is taken.
enum End {
    /// The client has sent everything, or takes no answers.
    Finished,
    /// It is told.
    Because(Status),
}

/// Items taken so far.
#[derive(Default)]
struct Taken {
    items: usize,
    bytes: usize,
    refused: Vec<(usize, ItemError)>,
    records: Vec<Record>,
}

impl Taken {
    const fn is_full(&self) -> bool {
        self.items >= TOGETHER_MAX || self.bytes >= CHUNK_BYTES
    }

    fn add(&mut self, caller: &Caller, event: Option<Event>, now: Time) {
        self.bytes += event.as_ref().map(Event::encoded_len).unwrap_or_default();
        match parse(caller, event, now) {
            Ok(record) => self.records.push(record),
            Err(status) => self.refused.push((self.items, status::item_error(&status))),
        }
        self.items += 1;
    }

    async fn hand_over(self, to: &mut To) -> Result<Chunk, Status> {
        let others = if self.records.is_empty() { Others::Known(Vec::new()) } else { to.hand_over(self.records).await? };
        Ok(Chunk { items: self.items, refused: self.refused, others })
    }
}
