//! Exports while they are streamed, and for how long a reader may take nothing.
//!
//! ```text
//! slot ── blocking: the next piece ── a few messages wait ── the reader
//! ```
//!
//! Each takes a thread and some memory until its reader is done, gone, or has shown no interest for a while.

use std::time::Duration;

use prost::Message;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::reads::Reading;
use super::slots::{Slot, Slots};
use super::{map, status};
use crate::ledger::evidence::export::{Export, Piece};
use crate::proto::export_piece::Piece as PieceMessage;
use crate::proto::{ExportBegin, ExportEnd, ExportPiece, LeftOut};

/// How many exports and bundles are handed out at a time.
const AT_A_TIME: usize = 16;

/// For how long a reader may take nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many bytes of pieces go into one message.
const MESSAGE_BYTES: usize = 64 * 1024;

/// How many messages wait for the reader.
const MESSAGES_WAITING: usize = 4;

/// What a call streams.
pub type Pieces<T> = ReceiverStream<Result<T, Status>>;

/// Where exports and bundles get their slots.
#[must_use]
pub fn slots() -> Slots {
    Slots::new(AT_A_TIME, status::too_many_exports)
}

/// Reads on while the other end takes what was read; ends when it is gone or takes nothing more. What it opens is recorded as
/// `reading`; none: it was recorded before.
pub(super) fn stream<T: Send + 'static>(
    slot: Slot,
    begin: ExportBegin,
    export: Export,
    mut reading: Option<Reading>,
    message: fn(Vec<ExportPiece>) -> T,
) -> Pieces<T> {
    let (send, pieces) = mpsc::channel(MESSAGES_WAITING + 1);
    tokio::task::spawn_blocking(move || {
        // Kept free, so that a reader that comes back learns why there is no more.
        let last = send.clone().try_reserve_owned();
        if let Err(Ended::Because(status)) = hand_out(&send, begin, export, reading.as_mut(), message)
            && let Ok(last) = last
        {
            last.send(Err(*status));
        }
        if let Some(reading) = reading {
            Handle::current().block_on(reading.end());
        }
        drop(slot);
    });
    ReceiverStream::new(pieces)
}

/// Why an export ended early.
#[derive(Debug)]
enum Ended {
    /// Its reader is gone.
    Gone,
    /// The reader is to be told.
    Because(Box<Status>),
}

fn hand_out<T: Send + 'static>(
    send: &mpsc::Sender<Result<T, Status>>,
    begin: ExportBegin,
    mut export: Export,
    mut reading: Option<&mut Reading>,
    message: fn(Vec<ExportPiece>) -> T,
) -> Result<(), Ended> {
    let mut waiting = Batch::default();
    waiting.add(PieceMessage::Begin(begin));
    let mut opened = 0;
    let mut record = |opened: &mut usize| {
        let opened = std::mem::take(opened);
        let Some(reading) = reading.as_mut() else { return Ok(()) };
        Handle::current().block_on(reading.hand_out(opened)).map_err(|status| Ended::Because(status.into()))
    };
    let mut end = ExportEnd::default();
    while let Some(piece) = export.next_piece().map_err(|error| Ended::Because(status::of_export(&error).into()))? {
        waiting.add(match piece {
            Piece::Entry(entry) => {
                end.entries += 1;
                opened += usize::from(entry.is_open());
                PieceMessage::Entry(map::entry(*entry))
            }
            Piece::LeftOut(count, root) => {
                end.left_out += count;
                PieceMessage::LeftOut(LeftOut { count, root: root.to_vec() })
            }
        });
        if waiting.bytes >= MESSAGE_BYTES {
            record(&mut opened)?;
            hand(send, message(waiting.take()), PATIENCE)?;
        }
    }
    waiting.add(PieceMessage::End(end));
    record(&mut opened)?;
    hand(send, message(waiting.take()), PATIENCE)
}

/// Hands a message on, within the reader's time.
fn hand<T: Send>(send: &mpsc::Sender<Result<T, Status>>, message: T, patience: Duration) -> Result<(), Ended> {
    match Handle::current().block_on(send.send_timeout(Ok(message), patience)) {
        Ok(()) => Ok(()),
        Err(mpsc::error::SendTimeoutError::Closed(_)) => Err(Ended::Gone),
        Err(mpsc::error::SendTimeoutError::Timeout(_)) => Err(Ended::Because(status::not_taken(patience).into())),
    }
}

/// Pieces of the next message.
#[derive(Default)]
struct Batch {
    pieces: Vec<ExportPiece>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, piece: PieceMessage) {
        let piece = ExportPiece { piece: Some(piece) };
        self.bytes += piece.encoded_len();
        self.pieces.push(piece);
    }

    fn take(&mut self) -> Vec<ExportPiece> {
        self.bytes = 0;
        std::mem::take(&mut self.pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_takes_nothing_ends_its_export_and_one_that_is_gone_too() {
        let (send, receive) = mpsc::channel::<Result<u8, Status>>(1);
        let patience = Duration::from_millis(10);
        let handed = tokio::task::spawn_blocking(move || {
            let handed = [hand(&send, 1, patience), hand(&send, 2, patience)];
            drop(receive);
            (handed, hand(&send, 3, patience))
        });
        let ([first, second], third) = handed.await.unwrap();
        assert!(first.is_ok() && matches!(third, Err(Ended::Gone)));
        let Err(Ended::Because(status)) = second else { panic!("{second:?}") };
        assert_eq!(status.code(), tonic::Code::Aborted);
    }
}
