//! The rows of a list, read by a thread of its own while others are answered.

use std::collections::HashSet;
use std::io::BufRead;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use csv::ByteRecord;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_stream::Stream;

use super::json;
use super::list::{CONTACT_COLUMNS, Form, Opened, Room, Table, unreadable};
use crate::cli::error::CliError;
use crate::cli::phone::Phones;
use crate::client::Question;
use crate::proto::CheckSendRequest;

/// Rows that are handed on together.
const TOGETHER: usize = 256;

/// How many times that many wait to be asked about.
const WAITING: usize = 4;

/// A row of a list.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// What stands in it.
    pub cells: Cells,
    /// Why it cannot be asked about; whatever is answered, it is refused.
    pub fault: Option<Fault>,
    /// How many bytes of the list were read with it.
    pub read: u64,
    contact: String,
}

/// What stands in a row.
#[derive(Clone, PartialEq, Debug)]
pub enum Cells {
    /// Cells, as many as the header has names; what was too much stands behind.
    Csv(ByteRecord),
    /// An object without what an earlier check added, as it was written.
    Json(String),
}

/// What is wrong with a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// For programs.
    pub code: &'static str,
    /// For people; never shows the contact.
    pub message: String,
}

/// How rows are read.
pub struct Reading {
    /// Reads contacts.
    pub phones: Phones,
    /// Whether a contact that came before is refused.
    pub unique: bool,
}

/// The rows with their questions, as they are read. An error ends them, and is kept.
pub struct Rows {
    chunks: mpsc::Receiver<Result<Vec<Row>, CliError>>,
    chunk: std::vec::IntoIter<Row>,
    question: CheckSendRequest,
    failed: Arc<Mutex<Option<CliError>>>,
}

/// Why rows ended early; none while they did not.
#[derive(Clone)]
pub struct Failure(Arc<Mutex<Option<CliError>>>);

impl Failure {
    /// Takes it.
    #[must_use]
    pub fn take(&self) -> Option<CliError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Rows {
    /// Begins to read; each row is asked about as `question` is, with its own contact.
    #[must_use]
    pub fn read(list: Opened, reading: Reading, question: CheckSendRequest) -> (Self, Failure) {
        let (send, chunks) = mpsc::channel(WAITING);
        std::thread::spawn(move || hand_on(list, &reading, &send));
        let failed = Arc::default();
        let failure = Failure(Arc::clone(&failed));
        (Self { chunks, chunk: Vec::new().into_iter(), question, failed }, failure)
    }
}

impl Stream for Rows {
    type Item = (Row, Question);

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(row) = this.chunk.next() {
                // A row that cannot be asked about keeps its place: the question without a contact has no answer.
                let question = CheckSendRequest { contact: row.contact.clone(), ..this.question.clone() };
                return Poll::Ready(Some((row, question.into())));
            }
            match ready!(this.chunks.poll_recv(cx)) {
                None => return Poll::Ready(None),
                Some(Ok(chunk)) => this.chunk = chunk.into_iter(),
                Some(Err(error)) => {
                    *this.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    return Poll::Ready(None);
                }
            }
        }
    }
}

/// Reads on while somebody takes the rows.
fn hand_on(list: Opened, reading: &Reading, send: &mpsc::Sender<Result<Vec<Row>, CliError>>) {
    let mut seen = Seen::default();
    let mut chunk = Vec::with_capacity(TOGETHER);
    let each = |mut row: Row| {
        if reading.unique && row.fault.is_none() && !seen.is_new(&row.contact) {
            row.fault = Some(Fault { code: "REPEATED", message: "the contact stands in an earlier row".to_owned() });
        }
        chunk.push(row);
        let full = chunk.len() == TOGETHER;
        !full || send.blocking_send(Ok(std::mem::replace(&mut chunk, Vec::with_capacity(TOGETHER)))).is_ok()
    };
    let ended = match &list.form {
        Form::Csv(table) => read_csv(list.rest, &list.room, table, &reading.phones, each),
        Form::JsonLines { member } => read_json(list.rest, &list.room, member.as_deref(), &reading.phones, each),
    };
    let _ = send.blocking_send(Ok(chunk));
    if let Err(error) = ended {
        let _ = send.blocking_send(Err(error));
    }
}

fn read_csv(from: impl BufRead, room: &Room, table: &Table, phones: &Phones, mut each: impl FnMut(Row) -> bool) -> Result<(), CliError> {
    let mut reader = csv::ReaderBuilder::new().delimiter(table.delimiter).has_headers(table.has_header).flexible(true).from_reader(from);
    let mut record = ByteRecord::new();
    // A list without a header is a contact a line: nothing in it is a delimiter.
    let own = table.header.len();
    while reader.read_byte_record(&mut record).map_err(|error| unreadable(error.into()))? {
        room.renew();
        let text = record.get(table.contact).unwrap_or_default();
        let (contact, fault) = if record.len() == table.width {
            contact(std::str::from_utf8(text).ok(), phones)
        } else {
            let message = format!("it has {} cells, and the header has {}", record.len(), table.width);
            (String::new(), Some(Fault { code: "ROW_MALFORMED", message }))
        };
        let padding = std::iter::repeat_n(b"".as_slice(), own.saturating_sub(record.len()));
        let cells = record.iter().take(own).chain(padding).chain(record.iter().skip(table.width)).collect();
        if !each(Row { cells: Cells::Csv(cells), fault, read: reader.position().byte(), contact }) {
            break;
        }
    }
    Ok(())
}

fn read_json(
    mut from: impl BufRead,
    room: &Room,
    member: Option<&str>,
    phones: &Phones,
    mut each: impl FnMut(Row) -> bool,
) -> Result<(), CliError> {
    let (mut line, mut read) = (Vec::new(), 0);
    loop {
        line.clear();
        let bytes = from.read_until(b'\n', &mut line).map_err(unreadable)?;
        if bytes == 0 {
            return Ok(());
        }
        room.renew();
        read += bytes as u64;
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let row = if let Some((text, object)) = json::own(text) {
            let (contact, fault) = contact(json_contact(&object, member).as_deref(), phones);
            Row { cells: Cells::Json(text), fault, read, contact }
        } else {
            let message = "it is no JSON object, or holds a member \"consent_check\" of another kind".to_owned();
            let fault = Some(Fault { code: "ROW_MALFORMED", message });
            Row { cells: Cells::Json(json::unread(text)), fault, read, contact: String::new() }
        };
        if !each(row) {
            return Ok(());
        }
    }
}

fn json_contact(object: &Map<String, Value>, member: Option<&str>) -> Option<String> {
    let value = match member {
        Some(member) => object.get(member),
        None => CONTACT_COLUMNS.iter().find_map(|name| object.get(*name)),
    };
    match value {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        None => Some(String::new()),
        Some(_) => None,
    }
}

/// Whom to ask about; or why not.
fn contact(text: Option<&str>, phones: &Phones) -> (String, Option<Fault>) {
    match text.map(|text| phones.read(text)) {
        Some(Ok(contact)) => (contact.as_str().to_owned(), None),
        Some(Err(error)) => (String::new(), Some(Fault { code: error.code(), message: error.to_string() })),
        None => (String::new(), Some(Fault { code: "CONTACT_MALFORMED", message: "the contact is no text".to_owned() })),
    }
}

/// The contacts that came before, 16 bytes each.
#[derive(Default)]
struct Seen(HashSet<[u8; 16]>);

impl Seen {
    fn is_new(&mut self, contact: &str) -> bool {
        let digest: [u8; 32] = Sha256::digest(contact).into();
        let mut short = [0; 16];
        short.copy_from_slice(digest.get(..16).unwrap_or(&[0; 16]));
        self.0.insert(short)
    }
}
