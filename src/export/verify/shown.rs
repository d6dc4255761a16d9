//! An entry that is shown. Step 4 of `docs/ledger-format.md`.

use prost::Message;
use serde_json::{Map, Value};

use super::line::EntryLine;
use super::problem::{Code, Problem, require};
use crate::export::derive::Decoded;
use crate::export::opened;
use crate::ledger::bytes::entry::{ENTRY_MAX_BYTES, Entry, FLAG_CAUSED, FLAG_INTRODUCES, FLAG_INTRODUCES_SECOND, HEADER_BYTES, Header};
use crate::ledger::bytes::kind;
use crate::ledger::bytes::seal::{self, Key};
use crate::proto::clear_part::Fact;
use crate::proto::{ClearPart, SealedPart};

/// An entry's bytes, taken apart.
pub(super) struct Shown {
    pub(super) header: Header,
    pub(super) hash: [u8; 32],
    /// None where its kind is unknown.
    pub(super) clear: Option<ClearPart>,
    /// For each of its trails: from where to where its box goes, nonce to tag.
    boxes: [Option<(usize, usize)>; 2],
    bytes: Vec<u8>,
}

/// A side of an entry: its trail, and what of the line is about it.
pub(super) struct Side<'a> {
    pub(super) trail: u64,
    pub(super) trail_seq: u64,
    pub(super) previous: u64,
    pub(super) commitment: Option<&'a [u8]>,
    bounds: Option<(usize, usize)>,
    member: &'static str,
    stated: Option<&'a Map<String, Value>>,
}

impl Shown {
    /// Takes the bytes apart.
    pub(super) fn read(bytes: Vec<u8>) -> Result<Self, Problem> {
        let malformed = |words: String| Problem::new(Code::EntryMalformed, words);
        require(bytes.len() <= ENTRY_MAX_BYTES, Code::EntryMalformed, || format!("an entry of {} bytes", bytes.len()))?;
        let (entry, rest) = Entry::split(&bytes).map_err(|error| malformed(error.to_string()))?;
        require(rest.is_empty(), Code::EntryMalformed, || format!("{} bytes stand behind the entry", rest.len()))?;
        let (header, hash) = (entry.header, entry.hash().bytes());
        require(is_sound(&header), Code::EntryMalformed, || "the entry's header is not as specified".to_owned())?;
        let boxes = boxes(&bytes, &header).ok_or_else(|| malformed("the boxes do not fill the sealed part".to_owned()))?;
        Ok(Self { header, hash, clear: None, boxes, bytes })
    }

    /// Reads the clear part, unless its kind is unknown.
    pub(super) fn interpret(&mut self) -> Result<(), Problem> {
        if kind::is_known(self.header.kind) {
            let entry = Entry { header: self.header, bytes: &self.bytes };
            self.clear = Some(entry.clear().map_err(|error| Problem::new(Code::NotCanonical, error.to_string()))?);
        }
        Ok(())
    }

    pub(super) fn fact(&self) -> Option<&Fact> {
        self.clear.as_ref()?.fact.as_ref()
    }

    /// For deriving answers.
    pub(super) fn decoded(&self) -> Option<Decoded> {
        Some(Decoded { header: self.header, clear: self.clear.clone()? })
    }

    /// What stands beside the bytes is what they say.
    pub(super) fn is_stated_by(&self, line: &EntryLine) -> Result<(), Problem> {
        let (header, seq) = (&self.header, self.header.seq);
        let entry = Entry { header: self.header, bytes: &self.bytes };
        let words = self.clear.as_ref().map(|_| opened::clear(entry.clear_bytes())).transpose();
        let words = words.map_err(|error| Problem::new(Code::NotCanonical, error.to_string()))?;
        let kind = self.fact().map(kind::field_name);
        let second = (header.second.trail != 0).then_some(header.second.trail);
        let same = [
            ("seq", line.seq == seq.number()),
            ("entry_hash", line.entry_hash.0 == self.hash),
            ("account", line.account == header.account),
            ("trail", line.trail == header.link.trail),
            ("second_trail", line.second_trail == second),
            ("kind", line.kind.as_deref() == kind),
            ("clear", line.clear.as_ref() == words.as_ref().and_then(Value::as_object)),
            ("recorded_at", line.recorded_at.time == header.recorded_at && !line.recorded_at.is_finer),
        ];
        match same.into_iter().find(|(_, same)| !same) {
            Some((name, _)) => Err(Problem::new(Code::StatedDiffers, format!("{name} is stated otherwise than entry {seq} says"))),
            None => Ok(()),
        }
    }

    /// Its trail's side, and its second trail's where it has one.
    pub(super) fn sides<'a>(&'a self, line: &'a EntryLine) -> impl Iterator<Item = Side<'a>> {
        let commitments = self.clear.as_ref().map(|clear| [clear.key_commitment.as_slice(), clear.second_key_commitment.as_slice()]);
        let of = |place: usize| commitments.and_then(|commitments| commitments.get(place).copied());
        let [own, second] = self.boxes;
        let side = |link: crate::ledger::bytes::entry::TrailLink, place, bounds, member, stated| Side {
            trail: link.trail,
            trail_seq: link.trail_seq,
            previous: link.previous.number(),
            commitment: of(place),
            bounds,
            member,
            stated,
        };
        let own = side(self.header.link, 0, own, "sealed", line.sealed.as_ref());
        let other = side(self.header.second, 1, second, "second_sealed", line.second_sealed.as_ref());
        std::iter::once(own).chain((self.header.second.trail != 0).then_some(other))
    }

    /// Opens a side's box and holds what is stated of it against what it says; none where there is no box.
    pub(super) fn open(&self, side: &Side<'_>, key: &Key) -> Result<Option<SealedPart>, Problem> {
        let seq = self.header.seq;
        let Some((from, to)) = side.bounds else { return Ok(None) };
        let differs = || {
            Problem::new(Code::SealedDiffers, format!("a sealed part of entry {seq} does not open with the key of trail {}", side.trail))
        };
        let (bound_to, sealed) = (self.bytes.get(..from).unwrap_or_default(), self.bytes.get(from..to).unwrap_or_default());
        let plain = seal::open(key, bound_to, sealed).map_err(|_| differs())?;
        let part = SealedPart::decode(plain.as_slice()).ok().filter(|part| part.encode_to_vec() == *plain).ok_or_else(differs)?;
        let words = opened::sealed(&plain).map_err(|_| differs())?;
        let same = side.stated == words.as_object();
        require(same, Code::StatedDiffers, || format!("{} is stated otherwise than entry {seq} seals", side.member))?;
        Ok(Some(part))
    }
}

impl Side<'_> {
    /// Whether something is sealed.
    pub(super) const fn is_sealed(&self) -> bool {
        self.bounds.is_some()
    }

    /// Whether something is said to be sealed.
    pub(super) const fn is_stated(&self) -> bool {
        self.stated.is_some()
    }

    /// Whether the identifiers that are said to be sealed hold one.
    pub(super) fn states(&self, identifier: &str) -> bool {
        let identifiers = self.stated.and_then(|sealed| sealed.get("identifiers")).and_then(Value::as_array);
        identifiers.is_some_and(|identifiers| identifiers.iter().any(|stated| stated == identifier))
    }

    pub(super) const fn member(&self) -> &'static str {
        self.member
    }
}

fn is_sound(header: &Header) -> bool {
    let (link, second) = (&header.link, &header.second);
    let flags = FLAG_INTRODUCES | FLAG_INTRODUCES_SECOND | FLAG_CAUSED;
    let whole = if second.trail == 0 {
        second.trail_seq == 0 && second.previous.number() == 0 && !header.has(FLAG_INTRODUCES_SECOND)
    } else {
        second.trail_seq > 0
    };
    header.flags & !flags == 0 && link.trail_seq > 0 && whole
}

/// Where the boxes stand; none where they do not fill the sealed part, or there are more than trails.
fn boxes(bytes: &[u8], header: &Header) -> Option<[Option<(usize, usize)>; 2]> {
    let mut boxes = [None; 2];
    let mut at = HEADER_BYTES + header.clear_length as usize;
    let most = if header.second.trail == 0 { 1 } else { 2 };
    let mut last = None;
    let mut count = 0;
    while at < bytes.len() {
        let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize;
        let (from, to) = (at + 4, at + 4 + length);
        if to > bytes.len() || (1..=seal::NONCE_BYTES + seal::TAG_BYTES).contains(&length) || count == most {
            return None;
        }
        last = (length > 0).then_some((from, to));
        *boxes.get_mut(count)? = last;
        (at, count) = (to, count + 1);
    }
    (count == 0 || last.is_some()).then_some(boxes)
}
