//! For a spreadsheet: a row an entry, the columns described in `docs/exports.md`.
//!
//! ```text
//! seq,recorded_at,occurred_at,effect,kind,contact,sender,categories,method,…
//! 3,2026-03-01T10:00:00Z,2026-03-01T09:59:58Z,applied,opted_in,'+447400123456,,marketing,website,…
//! ```
//!
//! RFC 4180 in UTF-8 with a byte order mark and CRLF, so that spreadsheets open it cleanly; every cell is defused
//! (`defuse.rs`). It is for reading: it holds no stored bytes and proves nothing.

use std::io::Write;

use csv::{Terminator, Writer, WriterBuilder};

use super::defuse::cell;
use super::facts;
use super::opened::Opened;
use super::pieces::{ExportError, Format};
use super::time;
use crate::consent::time::Time;
use crate::consent::words::Effect;
use crate::ledger::bytes::entry::Entry as StoredEntry;
use crate::proto::{Entry, Evidence, ExportBegin, ExportEnd, LeftOut, SealedPart};

/// The columns, in order.
pub const COLUMNS: [&str; 35] = [
    "seq",
    "recorded_at",
    "occurred_at",
    "claimed_at",
    "effect",
    "kind",
    "contact",
    "second_contact",
    "sender",
    "categories",
    "method",
    "message_kind",
    "keyword",
    "preference",
    "error_code",
    "expires_at",
    "other_facts",
    "evidence_text",
    "evidence_text_version",
    "evidence_locale",
    "evidence_url",
    "evidence_ip_address",
    "evidence_user_agent",
    "evidence_file_name",
    "evidence_file_line",
    "evidence_file_sha256",
    "evidence_other",
    "message_text",
    "message_id",
    "event_id",
    "erased",
    "account",
    "trail",
    "trail_seq",
    "entry_hash",
];

/// Writes rows for a spreadsheet.
#[derive(Debug)]
pub struct Csv<W: Write> {
    out: Writer<W>,
}

impl<W: Write> Csv<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out: WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out) }
    }

    /// What was written to.
    ///
    /// # Errors
    /// Where the last rows cannot be written.
    pub fn into_inner(self) -> std::io::Result<W> {
        self.out.into_inner().map_err(|error| std::io::Error::new(error.error().kind(), error.error().to_string()))
    }
}

impl<W: Write> Format for Csv<W> {
    fn begin(&mut self, _: ExportBegin) -> Result<(), ExportError> {
        let mut header = COLUMNS.map(str::to_owned);
        if let Some(first) = header.first_mut() {
            first.insert(0, '\u{feff}');
        }
        Ok(self.out.write_record(&header).map_err(std::io::Error::from)?)
    }

    fn entry(&mut self, entry: Entry) -> Result<(), ExportError> {
        let row = row(&entry)?;
        Ok(self.out.write_record(row.iter().map(|text| cell(text).into_owned())).map_err(std::io::Error::from)?)
    }

    fn left_out(&mut self, _: LeftOut) -> Result<(), ExportError> {
        Ok(())
    }

    fn end(&mut self, _: ExportEnd) -> Result<(), ExportError> {
        Ok(self.out.flush()?)
    }
}

/// The cells of an entry, before they are defused.
fn row(entry: &Entry) -> Result<[String; COLUMNS.len()], ExportError> {
    let clear = entry.clear.clone().unwrap_or_default();
    let mut facts = pairs(entry)?;
    let mut fact = |name: &str| {
        let place = facts.iter().position(|(known, _)| known == name);
        place.map(|place| facts.remove(place).1).unwrap_or_default()
    };
    let columns = ["sender", "categories", "method", "keyword", "preference", "code", "expires_at"].map(&mut fact);
    let [sender, categories, method, keyword, preference, code, expires_at] = columns;
    // Of a message only: restrictions have kinds of their own, under another name.
    let message_kind = if entry.kind == "inbound_message_received" { fact("kind") } else { String::new() };
    let sealed = entry.sealed.clone().unwrap_or_default();
    let second = entry.second_sealed.clone().unwrap_or_default();
    let evidence = sealed.evidence.clone().unwrap_or_default();
    let or = |one: &str, other: &str| if one.is_empty() { other.to_owned() } else { one.to_owned() };
    Ok([
        entry.seq.to_string(),
        time::text(entry.recorded_at.as_ref()),
        instant(clear.occurred_at),
        instant(clear.claimed_at),
        Effect::from_number(clear.effect).map(|effect| effect.to_string()).unwrap_or_default(),
        entry.kind.clone(),
        contacts(&sealed),
        contacts(&second),
        sender,
        categories,
        method,
        message_kind,
        keyword,
        preference,
        code,
        expires_at,
        facts.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("; "),
        evidence.text.clone(),
        evidence.text_version.clone(),
        evidence.locale.clone(),
        evidence.url.clone(),
        evidence.ip_address.clone(),
        evidence.user_agent.clone(),
        evidence.file_name.clone(),
        if evidence.file_line == 0 { String::new() } else { evidence.file_line.to_string() },
        hex::encode(&evidence.file_sha256),
        other(&evidence),
        sealed.text.clone(),
        or(&sealed.message_id, &second.message_id),
        or(&sealed.event_id, &second.event_id),
        if entry.erased { "yes".into() } else { String::new() },
        entry.account.to_string(),
        entry.trail.to_string(),
        entry.trail_seq.to_string(),
        hex::encode(&entry.entry_hash),
    ])
}

fn pairs(entry: &Entry) -> Result<Vec<(String, String)>, ExportError> {
    let Ok((stored, _)) = StoredEntry::split(&entry.raw) else { return Ok(Vec::new()) };
    let clear = Opened::clear(stored.clear_bytes()).map_err(|source| ExportError::Unreadable { seq: entry.seq, source })?;
    Ok(facts::pairs(&clear))
}

/// Microseconds since 1970; zero is absent.
fn instant(micros: i64) -> String {
    if micros == 0 { String::new() } else { Time::from_micros(micros).to_string() }
}

fn contacts(sealed: &SealedPart) -> String {
    sealed.identifiers.join("; ")
}

fn other(evidence: &Evidence) -> String {
    evidence.other.iter().map(|field| format!("{}: {}", field.name, field.value)).collect::<Vec<_>>().join("; ")
}
