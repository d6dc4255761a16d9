//! Sends rows and hands on what became of them, in the order of the file. What is sent and unanswered is bounded, and sent again where
//! the connection breaks: event ids make that harmless.
//!
//! The client library's streams carry what must all be sent, and go on for ever after a break. An import keeps its own way, since rows
//! that were refused before they were sent have their turn among the answers, a server that is too busy for one row is asked again,
//! a dry run must not go on after a break, and after Ctrl-C only what was sent is waited for, and counted.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;

use super::reading::{BATCH, GO_ON, Item};
use super::refused::Refused;
use super::stream::{Outcome, Silence, Stream};
use crate::cli::client::{CALL, Server};
use crate::cli::error::{CliError, Kind};
use crate::client::is_passing;
use crate::proto::{Acknowledgement, ErrorReason, ItemError};

/// The most rows that are sent and not answered.
pub const WINDOW: usize = 8_192;

/// How long the first try of a new connection waits; each further one twice as long, up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How long answers are waited for after an interrupt.
const GRACE: Duration = Duration::from_secs(30);

/// Where rows go.
#[derive(Clone, Debug)]
pub struct Way {
    /// The server.
    pub server: Server,
    /// Only try them.
    pub dry_run: bool,
    /// How long to wait for a server that went away.
    pub patience: Duration,
}

/// What became of a row.
pub type Answered = Result<Acknowledgement, Refused>;

/// How it ended.
pub enum Ended {
    /// Every row that was read is answered.
    Whole,
    /// Somebody interrupted.
    Interrupted {
        /// How many rows were sent and have no answer.
        unanswered: usize,
    },
    /// It cannot go on.
    Broken(CliError),
}

/// Sends every row and tells `each` what became of it, in order.
pub async fn send(way: &Way, rows: mpsc::Receiver<Vec<Item>>, each: impl FnMut(&Item, &Answered) -> Result<(), CliError>) -> Ended {
    match open(way).await {
        Err((error, _)) => Ended::Broken(error),
        Ok(stream) => {
            let sending = Sending { way, rows, stream, unanswered: VecDeque::with_capacity(WINDOW), waited: Duration::ZERO, each };
            sending.run().await
        }
    }
}

/// Opens a connection and a stream; says too whether trying again may help.
async fn open(way: &Way) -> Result<Stream, (CliError, bool)> {
    let channel = way.server.connect(CALL).await.map_err(|error| (error, true))?;
    Stream::open(channel, way.dry_run, WINDOW + BATCH).await.map_err(|status| {
        let passing = is_passing(&status);
        (CliError::from(status), passing)
    })
}

struct Sending<'a, F> {
    way: &'a Way,
    rows: mpsc::Receiver<Vec<Item>>,
    stream: Stream,
    /// In the order of the file; the first is never one that is refused already.
    unanswered: VecDeque<Item>,
    /// How long nobody answered, while it was tried again.
    waited: Duration,
    each: F,
}

impl<F: FnMut(&Item, &Answered) -> Result<(), CliError>> Sending<'_, F> {
    async fn run(mut self) -> Ended {
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        let working = async {
            let mut more = true;
            while more || !self.unanswered.is_empty() {
                more = self.step(more).await?;
            }
            Ok(())
        };
        let ended = tokio::select! {
            biased;
            worked = working => Some(worked),
            _ = &mut interrupt => None,
        };
        match ended {
            Some(Ok(())) => Ended::Whole,
            Some(Err(error)) => Ended::Broken(error),
            None => {
                // Nothing more is read; what was sent is answered or not within the grace, or until the next interrupt.
                self.rows.close();
                let answers = async {
                    while !self.unanswered.is_empty() {
                        let Ok(Ok(outcome)) = self.stream.answer().await else { break };
                        if self.take(outcome).is_err() {
                            break;
                        }
                    }
                };
                tokio::select! {
                    () = answers => {}
                    () = tokio::time::sleep(GRACE) => {}
                    _ = tokio::signal::ctrl_c() => {}
                }
                Ended::Interrupted { unanswered: self.unanswered.iter().filter(|item| item.row.is_ok()).count() }
            }
        }
    }

    /// Sends what was read, or takes an answer; whether there is more to read.
    async fn step(&mut self, more: bool) -> Result<bool, CliError> {
        let room = more && self.unanswered.len() < WINDOW;
        let waiting = !self.unanswered.is_empty();
        tokio::select! {
            biased;
            batch = self.rows.recv(), if room => {
                let Some(batch) = batch else { return Ok(false) };
                for item in batch {
                    if let Ok(row) = &item.row {
                        self.stream.send(row.request.clone());
                    }
                    self.unanswered.push_back(item);
                }
                self.hand_on_refused()?;
            }
            answer = self.stream.answer(), if waiting => match answer {
                Ok(outcome) => {
                    if let Some(busy) = self.take(outcome?)? {
                        self.again(CliError::new(Kind::Refused, anyhow::Error::msg(busy.message))).await?;
                    }
                }
                Err(Silence::Ended) => self.again(CliError::new(Kind::Unreachable, anyhow::anyhow!("the server ended the stream"))).await?,
                Err(Silence::Status(status)) if is_passing(&status) => self.again(CliError::from(status)).await?,
                Err(Silence::Status(status)) => return Err(CliError::from(status).hint(GO_ON)),
            },
        }
        Ok(more)
    }

    /// Takes the answer to the first row; gives it back where it says nothing of the row, only that the server cannot take it now.
    fn take(&mut self, outcome: Outcome) -> Result<Option<ItemError>, CliError> {
        let answered = match outcome {
            Outcome::Taken(acknowledgement) => Ok(acknowledgement),
            Outcome::Refused(error) => match ErrorReason::try_from(error.reason) {
                Ok(ErrorReason::Overloaded | ErrorReason::ClockBehind | ErrorReason::LedgerUnavailable) => return Ok(Some(error)),
                Ok(ErrorReason::AccountUnknown | ErrorReason::AccountMalformed) => {
                    return Err(CliError::new(Kind::Refused, anyhow::Error::msg(error.message))
                        .hint("check --account; every ledger has the account 'default'"));
                }
                _ => Err(Refused::by_server(error)),
            },
        };
        self.waited = Duration::ZERO;
        if let Some(item) = self.unanswered.pop_front() {
            (self.each)(&item, &answered)?;
        }
        self.hand_on_refused()?;
        Ok(None)
    }

    /// Rows that were refused before they were sent are told in their turn.
    fn hand_on_refused(&mut self) -> Result<(), CliError> {
        while let Some(Item { row: Err(refused), .. }) = self.unanswered.front() {
            let answered = Err(refused.clone());
            if let Some(item) = self.unanswered.pop_front() {
                (self.each)(&item, &answered)?;
            }
        }
        Ok(())
    }

    /// Connects again, and sends again what was not answered.
    async fn again(&mut self, mut why: CliError) -> Result<(), CliError> {
        if self.way.dry_run {
            return Err(why.hint("a dry run does not go on after a break, since what it tried before is forgotten: run it again"));
        }
        let mut wait = FIRST_WAIT;
        loop {
            if self.waited >= self.way.patience {
                let seconds = self.way.patience.as_secs();
                return Err(why.context(format!("the server did not take rows for {seconds} s")).hint(GO_ON));
            }
            tokio::time::sleep(wait).await;
            self.waited += wait;
            wait = LONGEST_WAIT.min(wait * 2);
            match open(self.way).await {
                Ok(stream) => {
                    self.stream = stream;
                    let rows = self.unanswered.iter().filter_map(|item| item.row.as_ref().ok());
                    rows.for_each(|row| self.stream.send(row.request.clone()));
                    return Ok(());
                }
                Err((error, true)) => why = error,
                Err((error, false)) => return Err(error.hint(GO_ON)),
            }
        }
    }
}
