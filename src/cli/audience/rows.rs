//! The rows of a list, read by a thread of its own while others are answered.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::pin::Pin;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use csv::ByteRecord;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_stream::Stream;

use super::list::{Form, List, Table, is_known, misquoted, same, unreadable};
use super::{NO_FILE, json};
use crate::cli::error::CliError;
use crate::cli::lists::csv_rows::{CELLS_MAX, CsvRow, CsvRows, ROW_MAX_BYTES};
use crate::cli::lists::json_rows::{JsonRow, JsonRows};
use crate::cli::lists::quotes::Looks;
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
    /// Begins to read; each row is asked about as `question` is, with its own contact. Bytes are counted in `read`.
    #[must_use]
    pub fn read(list: List, reading: Reading, question: CheckSendRequest, read: Arc<AtomicU64>) -> (Self, Failure) {
        let (send, chunks) = mpsc::channel(WAITING);
        std::thread::spawn(move || hand_on(&list, &reading, &read, &send));
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
fn hand_on(list: &List, reading: &Reading, read: &Arc<AtomicU64>, send: &mpsc::Sender<Result<Vec<Row>, CliError>>) {
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
    let ended = read_all(list, &reading.phones, read, each);
    let _ = send.blocking_send(Ok(chunk));
    if let Err(error) = ended {
        let _ = send.blocking_send(Err(error));
    }
}

fn read_all(list: &List, phones: &Phones, read: &Arc<AtomicU64>, each: impl FnMut(Row) -> bool) -> Result<(), CliError> {
    let opened = list.source.open(read).map_err(unreadable)?;
    match &list.form {
        Form::Csv(table) => read_csv(CsvRows::new(opened.text, table.delimiter, table.quote), table, phones, each)?,
        Form::JsonLines { member } => read_json(JsonRows::new(BufReader::new(opened.text)), member.as_deref(), phones, each)?,
    }
    if list.source.has_changed(&opened.read) {
        return Err(CliError::local(anyhow::anyhow!("the list was changed while it was read")).hint(NO_FILE));
    }
    Ok(())
}

fn read_csv(mut rows: CsvRows<impl Read>, table: &Table, phones: &Phones, mut each: impl FnMut(Row) -> bool) -> Result<(), CliError> {
    rows.expect(Looks { width: table.width, contact: table.contact });
    rows.skip_line(table.skip).map_err(unreadable)?;
    let (own, mut header) = (table.header.len(), table.has_header);
    while let Some((line, row)) = rows.next().map_err(unreadable)? {
        let cells = match row {
            CsvRow::Misquoted(why) => return Err(misquoted(why)),
            _ if std::mem::take(&mut header) => continue,
            CsvRow::TooLong => return Err(too_long(line)),
            CsvRow::Cells(cells) => cells,
        };
        let (contact, fault) = if cells.count() == table.width {
            contact(std::str::from_utf8(cells.at(table.contact)).ok(), phones)
        } else {
            let message = format!("it has {} cells, and the header has {}", cells.count(), table.width);
            (String::new(), Some(Fault { code: "ROW_MALFORMED", message }))
        };
        // As many as the header has; what was too much stands behind.
        let cells = (0..own).map(|place| cells.at(place)).chain(cells.all().skip(table.width)).collect();
        if !each(Row { cells: Cells::Csv(cells), fault, contact }) {
            break;
        }
    }
    Ok(())
}

fn read_json(
    mut rows: JsonRows<impl BufRead>,
    member: Option<&str>,
    phones: &Phones,
    mut each: impl FnMut(Row) -> bool,
) -> Result<(), CliError> {
    while let Some((line, row)) = rows.next().map_err(unreadable)? {
        let row = match row {
            JsonRow::TooLong => return Err(too_long(line)),
            JsonRow::Malformed(bytes) => malformed(&String::from_utf8_lossy(bytes)),
            JsonRow::Object(text, values) => match json::own(text, values) {
                None => malformed(text),
                Some(text) => {
                    let (contact, fault) = match json_contact(values, member) {
                        Ok(text) => contact(text, phones),
                        Err(fault) => (String::new(), Some(fault)),
                    };
                    Row { cells: Cells::Json(text.into_owned()), fault, contact }
                }
            },
        };
        if !each(row) {
            break;
        }
    }
    Ok(())
}

fn malformed(text: &str) -> Row {
    let message = "it is no JSON object, names something twice, or holds a member \"consent_check\" of another kind".to_owned();
    let fault = Some(Fault { code: "ROW_MALFORMED", message });
    Row { cells: Cells::Json(json::unread(text)), fault, contact: String::new() }
}

/// Nobody knows how many rows a quote that is never closed takes with it.
fn too_long(line: u64) -> CliError {
    let limit = format!("{ROW_MAX_BYTES} bytes or {CELLS_MAX} cells");
    CliError::usage(format!("the row at line {line} has more than {limit}: look for a quote that is not closed")).hint(NO_FILE)
}

/// What stands where the contact should; none where it is no text, a fault where it may be in two places.
fn json_contact<'a>(values: &'a [(String, Option<String>)], member: Option<&str>) -> Result<Option<&'a str>, Fault> {
    let mut found = values.iter().filter(|(name, _)| member.map_or_else(|| is_known(name), |member| same(name, member)));
    let first = found.next();
    if found.next().is_some() {
        let message = "two of its members may hold the contact: say with --column which, and spell it one way".to_owned();
        return Err(Fault { code: "ROW_MALFORMED", message });
    }
    Ok(first.map_or(Some(""), |(_, value)| value.as_deref()))
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
