//! The file that proves: JSON Lines, as `docs/ledger-format.md` specifies them under "Exports and evidence bundles".
//!
//! ```text
//! {"format":"consent-ledger/export/v1","ledger_id":"…","origin":"…","made_at":"…","selection":{…},"claim":{…},"checkpoint":"…"}
//! {"left_out":2,"root":"…"}
//! {"seq":3,"entry_hash":"…","recorded_at":"…","account":1,"trail":2,"kind":"opted_in","entry":"…","clear":{…},"sealed":{…}}
//! {"entries":1,"left_out":2}
//! ```

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use serde::Serialize;

use super::opened::Opened;
use super::pieces::{ExportError, Format};
use super::time;
use crate::ledger::bytes::entry::Entry as StoredEntry;
use crate::proto::export_begin::Claim;
use crate::proto::{Entry, ExportBegin, ExportEnd, ExportSelection, LeftOut, SealedPart};

/// The format's name and version, as the first line has it.
pub const FORMAT: &str = "consent-ledger/export/v1";

/// Writes the file that proves.
#[derive(Debug)]
pub struct Jsonl<W> {
    out: W,
}

impl<W: Write> Jsonl<W> {
    /// Writes to `out`.
    pub const fn new(out: W) -> Self {
        Self { out }
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), ExportError> {
        serde_json::to_writer(&mut self.out, line).map_err(std::io::Error::from)?;
        Ok(self.out.write_all(b"\n")?)
    }
}

impl<W: Write> Format for Jsonl<W> {
    fn begin(&mut self, begin: ExportBegin) -> Result<(), ExportError> {
        let complete = matches!(begin.claim, Some(Claim::Complete(_)));
        let keys = begin.keys.iter().map(|key| Key { trail: key.trail, key: STANDARD.encode(&key.key) });
        let heads = begin.heads.iter().map(|head| Head {
            trail: head.trail,
            trail_seq: head.trail_seq,
            last_seq: head.last_seq,
            blind: STANDARD.encode(&head.blind),
            path: head.path.iter().map(|hash| STANDARD.encode(hash)).collect(),
        });
        self.line(&Begin {
            format: FORMAT,
            ledger_id: hex::encode(&begin.ledger_id),
            origin: &begin.origin,
            made_at: time::text(begin.made_at.as_ref()),
            selection: begin.selection.as_ref().map(Selection::of).unwrap_or_default(),
            claim: ClaimLine::of(begin.claim.as_ref()),
            checkpoint: begin.checkpoint.as_ref().map(|checkpoint| checkpoint.note.as_str()).unwrap_or_default(),
            keys: (!begin.keys.is_empty()).then(|| keys.collect()),
            heads: complete.then(|| heads.collect()),
        })
    }

    fn entry(&mut self, entry: Entry) -> Result<(), ExportError> {
        let unreadable = |source| ExportError::Unreadable { seq: entry.seq, source };
        let sealed = |part: &Option<SealedPart>| part.as_ref().map(|part| Opened::sealed(&part.encode_to_vec())).transpose();
        let known = !entry.kind.is_empty();
        let clear = StoredEntry::split(&entry.raw).ok().filter(|_| known).map(|(stored, _)| Opened::clear(stored.clear_bytes()));
        let line = EntryLine {
            seq: entry.seq,
            entry_hash: hex::encode(&entry.entry_hash),
            recorded_at: time::text(entry.recorded_at.as_ref()),
            account: entry.account,
            trail: entry.trail,
            second_trail: (entry.second_trail != 0).then_some(entry.second_trail),
            kind: known.then_some(&entry.kind),
            entry: STANDARD.encode(&entry.raw),
            clear: clear.transpose().map_err(unreadable)?,
            sealed: sealed(&entry.sealed).map_err(unreadable)?,
            second_sealed: sealed(&entry.second_sealed).map_err(unreadable)?,
            erased: entry.erased.then_some(true),
        };
        self.line(&line)
    }

    fn left_out(&mut self, left_out: LeftOut) -> Result<(), ExportError> {
        self.line(&LeftOutLine { left_out: left_out.count, root: STANDARD.encode(&left_out.root) })
    }

    fn end(&mut self, end: ExportEnd) -> Result<(), ExportError> {
        self.line(&EndLine { entries: end.entries, left_out: end.left_out })?;
        Ok(self.out.flush()?)
    }
}

#[derive(Serialize)]
struct Begin<'a> {
    format: &'static str,
    ledger_id: String,
    origin: &'a str,
    made_at: String,
    selection: Selection<'a>,
    claim: ClaimLine<'a>,
    checkpoint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<Key>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heads: Option<Vec<Head>>,
}

#[derive(Serialize, Default)]
struct Selection<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    account: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    all_accounts: Option<bool>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    contacts: &'a [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    sender: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_seq: Option<u64>,
}

impl<'a> Selection<'a> {
    fn of(selection: &'a ExportSelection) -> Self {
        Self {
            account: &selection.account,
            all_accounts: selection.all_accounts.then_some(true),
            contacts: &selection.contacts,
            sender: &selection.sender,
            recorded_from: selection.recorded_from.as_ref().map(|at| time::text(Some(at))),
            recorded_to: selection.recorded_to.as_ref().map(|at| time::text(Some(at))),
            from_seq: (selection.from_seq != 0).then_some(selection.from_seq),
            to_seq: (selection.to_seq != 0).then_some(selection.to_seq),
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum ClaimLine<'a> {
    Included,
    Range { from: u64, to: u64 },
    Complete { as_of: u64, account: u64, contact_trails: &'a [u64], shared_trails: &'a [u64] },
}

impl<'a> ClaimLine<'a> {
    /// A server that claims nothing claims what is claimed least.
    fn of(claim: Option<&'a Claim>) -> Self {
        match claim {
            Some(Claim::Complete(complete)) => Self::Complete {
                as_of: complete.as_of,
                account: complete.account,
                contact_trails: &complete.contact_trails,
                shared_trails: &complete.shared_trails,
            },
            Some(Claim::Range(range)) => Self::Range { from: range.from_seq, to: range.to_seq },
            Some(Claim::Included(_)) | None => Self::Included,
        }
    }
}

#[derive(Serialize)]
struct Key {
    trail: u64,
    key: String,
}

#[derive(Serialize)]
struct Head {
    trail: u64,
    trail_seq: u64,
    last_seq: u64,
    blind: String,
    path: Vec<String>,
}

#[derive(Serialize)]
struct EntryLine<'a> {
    seq: u64,
    entry_hash: String,
    recorded_at: String,
    account: u64,
    trail: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_trail: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'a String>,
    entry: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    clear: Option<Opened>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<Opened>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_sealed: Option<Opened>,
    #[serde(skip_serializing_if = "Option::is_none")]
    erased: Option<bool>,
}

#[derive(Serialize)]
struct LeftOutLine {
    left_out: u64,
    root: String,
}

#[derive(Serialize)]
struct EndLine {
    entries: u64,
    left_out: u64,
}
