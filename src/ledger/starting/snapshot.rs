//! Derived state on disk, to start fast. Deleting it costs time only; any mismatch discards it.
//!
//! ```text
//! 43 4C 4E 01 | fold version 7 | ledger_id 16 | seq 8 | entry_hash 32 | CRC-32C 4 | chunks
//! chunk: kind 1 | length 4 | CRC-32C 4 | content;  the last one: kind 0, length 0
//! ```
//!
//! It is written shard by shard while the ledger commits: everything up to `seq` is in it and some of what follows.
//! Folding that in again changes nothing, for every fact is a join by time and seq.

use std::io;
use std::path::Path;

use crossbeam_channel::bounded;

use crate::consent::identity::IdentifierKey;
use crate::consent::words::Seq;
use crate::ledger::bytes::entry::EntryHash;
use crate::ledger::erasure::erasures::{put_kept, take_kept};
use crate::ledger::erasure::matters::{MatterTurn, put_matter, take_matter};
use crate::ledger::keys::secrets::{InForce, LedgerId};
use crate::ledger::memory::packed::{FOLD_VERSION, Packed, put_varint, take_varint};
use crate::ledger::memory::state::State;
use crate::ledger::memory::trail::Trail;
use crate::ledger::principals::kept::{put_event, take_event};
use crate::ledger::reading::possible_opt_outs::{Doubt, Resolution};
use crate::ledger::storage::disk::{Disk, DiskFile};

/// "CLN", version 1.
const MAGIC: [u8; 4] = *b"CLN\x01";

/// Bytes before the chunks.
const HEADER_BYTES: usize = 68;

/// Where a chunk is cut, in bytes.
const CHUNK_BYTES: usize = 1 << 20;

/// Bytes before a chunk's content.
const CHUNK_HEAD_BYTES: usize = 9;

/// How many chunks wait to be taken while more are read.
const CHUNKS_WAITING: usize = 8;

const END: u8 = 0;
const ACCOUNT: u8 = 1;
const TRAILS: u8 = 3;
const IDENTIFIERS: u8 = 4;
const EVENT_IDS: u8 = 5;
const SENDERS: u8 = 6;
const ERASURES: u8 = 7;
const POSSIBLE_OPT_OUTS: u8 = 8;
const MATTERS: u8 = 9;
const IN_FORCE: u8 = 10;
const READS: u8 = 11;
const PRINCIPALS: u8 = 12;

/// What a snapshot is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SnapshotOf {
    /// Everything up to this entry is in it.
    pub seq: Seq,
    /// That entry's hash.
    pub hash: EntryHash,
}

/// A snapshot read back.
pub struct Snapshot {
    /// What it is of.
    pub of: SnapshotOf,
    /// The state.
    pub state: State,
    /// Each grouped trail and the lowest trail of its group.
    pub grouped: Vec<(u64, u64)>,
    /// The secrets that it was made with: its digests are theirs.
    pub in_force: InForce,
}

/// Writes the state to `path`, through a file beside it.
///
/// # Errors
/// Where a file does not do what is asked; the snapshot before it stays.
pub fn write(disk: &dyn Disk, path: &Path, ledger_id: LedgerId, state: &State, in_force: InForce) -> io::Result<SnapshotOf> {
    let head = state.head();
    let of = SnapshotOf { seq: head.seq, hash: head.hash };
    let new = path.with_extension("new");
    let file = disk.open(&new, true)?;
    file.set_len(0)?;
    let mut out = Writer { file: file.as_ref(), at: 0, chunk: Vec::new(), failed: None };
    out.put(&header(ledger_id, of))?;
    if in_force != InForce::FIRST {
        for number in [in_force.lookup.into(), in_force.checkpoint.number(), in_force.receipt.number()] {
            put_varint(&mut out.chunk, number);
        }
        out.cut(IN_FORCE);
    }
    // Taken first: whatever account they name is among those written below.
    let principals = state.principals().events().to_vec();
    for (name, account) in state.accounts() {
        put_varint(&mut out.chunk, account.trail);
        out.chunk.extend_from_slice(name.as_bytes());
        out.cut(ACCOUNT);
    }
    for event in principals {
        put_event(&mut out.chunk, &event);
        out.cut_if_full(PRINCIPALS);
    }
    out.cut(PRINCIPALS);
    state.each_trail(|number, trail| out.trail(number, trail, state.group(number).and_then(|group| group.trails.first().copied())));
    out.cut(TRAILS);
    state.each_identifier(|digest, key| {
        out.chunk.extend_from_slice(digest);
        put_varint(&mut out.chunk, key.trail);
        put_varint(&mut out.chunk, key.ordinal.into());
        out.cut_if_full(IDENTIFIERS);
    });
    out.cut(IDENTIFIERS);
    state.each_event_id(|digest, seq| {
        out.chunk.extend_from_slice(digest);
        put_varint(&mut out.chunk, seq.number());
        out.cut_if_full(EVENT_IDS);
    });
    out.cut(EVENT_IDS);
    state.erasures().each(|kept| {
        put_kept(&mut out.chunk, kept);
        out.cut_if_full(ERASURES);
    });
    out.cut(ERASURES);
    for (account, seq, found) in state.possible_opt_outs.read().all() {
        let (by, confirmed) = found.resolved.map_or((0, 0), |by| (by.seq.number(), by.confirmed.into()));
        for number in [account, seq.number(), found.trail, by, confirmed] {
            put_varint(&mut out.chunk, number);
        }
        out.cut_if_full(POSSIBLE_OPT_OUTS);
    }
    out.cut(POSSIBLE_OPT_OUTS);
    for matter in state.matters.read().all() {
        put_matter(&mut out.chunk, matter);
        out.cut_if_full(MATTERS);
    }
    out.cut(MATTERS);
    for (account, trail) in state.reads.read().iter() {
        put_varint(&mut out.chunk, *account);
        put_varint(&mut out.chunk, *trail);
    }
    out.cut(READS);
    // Last: facts written above may know senders that were new when they were.
    for name in state.senders().names() {
        put_varint(&mut out.chunk, name.len() as u64);
        out.chunk.extend_from_slice(name.as_bytes());
    }
    out.cut(SENDERS);
    out.end()?;
    file.sync()?;
    disk.rename(&new, path)?;
    disk.sync_dir(path.parent().unwrap_or(path))?;
    Ok(of)
}

/// Empties the snapshot at `path` and what was begun beside it, where they are.
///
/// # Errors
/// Where a file does not do what is asked.
pub fn discard(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    for path in [path.to_owned(), path.with_extension("new")] {
        match disk.open(&path, false) {
            Ok(file) => file.set_len(0).and_then(|()| file.sync())?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What the snapshot at `path` is of, by its header alone; none where there is none of this ledger.
#[must_use]
pub fn peek(disk: &dyn Disk, path: &Path, ledger_id: LedgerId) -> Option<SnapshotOf> {
    let mut header = [0; HEADER_BYTES];
    let file = disk.open(path, false).ok()?;
    (file.read_at(&mut header, 0).ok()? == HEADER_BYTES).then_some(())?;
    read_header(&header, ledger_id)
}

/// Reads the snapshot at `path`; none where there is none, or it is torn, damaged, another ledger's or of another fold.
#[must_use]
pub fn read(disk: &dyn Disk, path: &Path, ledger_id: LedgerId) -> Option<Snapshot> {
    let file = disk.open(path, false).ok()?;
    let mut header = [0; HEADER_BYTES];
    file.read_at(&mut header, 0).ok()?;
    let of = read_header(&header, ledger_id)?;
    let mut snapshot = Snapshot { of, state: State::default(), grouped: Vec::new(), in_force: InForce::FIRST };
    let (state, chunks) = (std::mem::take(&mut snapshot.state), bounded::<(u8, Vec<u8>)>(CHUNKS_WAITING));
    let (send, coming) = chunks;
    let most = file.len().ok()?;
    let grouped = std::thread::scope(|scope| {
        let take = |(kind, content): (u8, Vec<u8>)| take_many(&state, kind, &content, most);
        let takers = [coming.clone(), coming].map(|coming| scope.spawn(move || coming.into_iter().map(take).collect::<Option<Vec<_>>>()));
        let whole = each_chunk(file.as_ref(), |kind, content| match kind {
            TRAILS | IDENTIFIERS | EVENT_IDS => send.send((kind, content)).ok(),
            _ => snapshot.take(&state, kind, &content),
        });
        drop(send);
        let mut grouped = Vec::new();
        for taker in takers {
            grouped.extend(taker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?.into_iter().flatten());
        }
        whole.map(|()| grouped)
    });
    grouped.map(|grouped| Snapshot { state, grouped, ..snapshot })
}

/// Gives every chunk whose checksum holds, in order, up to the last; none where the file does not end behind that one.
fn each_chunk(file: &dyn DiskFile, mut chunk: impl FnMut(u8, Vec<u8>) -> Option<()>) -> Option<()> {
    let (end, mut at) = (file.len().ok()?, HEADER_BYTES as u64);
    loop {
        let mut head = [0; CHUNK_HEAD_BYTES];
        let read = file.read_at(&mut head, at).ok()?;
        let [kind, l0, l1, l2, l3, c0, c1, c2, c3] = head;
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        at += CHUNK_HEAD_BYTES as u64;
        if read < CHUNK_HEAD_BYTES || at + u64::from(length) > end {
            return None;
        }
        let mut content = vec![0; length as usize];
        let read = file.read_at(&mut content, at).ok()?;
        if read < content.len() || crc32c::crc32c(&content) != u32::from_be_bytes([c0, c1, c2, c3]) {
            return None;
        }
        at += u64::from(length);
        if kind == END {
            return (at == end).then_some(());
        }
        chunk(kind, content)?;
    }
}

/// Takes a chunk of what there is most of, from a file of so many bytes. Each stands by itself, so that their order does not matter.
/// Gives the grouped trails.
fn take_many(state: &State, kind: u8, mut content: &[u8], most: u64) -> Option<Vec<(u64, u64)>> {
    let (from, mut grouped) = (&mut content, Vec::new());
    while !from.is_empty() {
        match kind {
            TRAILS => {
                let (number, group) = take_trail(state, from, most)?;
                grouped.extend((group != 0).then_some((number, group)));
            }
            IDENTIFIERS => {
                let digest = take_digest(from)?;
                let key = IdentifierKey { trail: take_varint(from)?, ordinal: u32::try_from(take_varint(from)?).ok()? };
                state.add_identifier(digest, key);
            }
            _ => {
                let digest = take_digest(from)?;
                state.spend_event_id(digest, Seq::new(take_varint(from)?));
            }
        }
    }
    Some(grouped)
}

/// Takes a trail, and gives its number with that of the lowest trail of its group; zero where it has none. Numbers have no gaps, and
/// every trail takes bytes: a number beyond those of the file is no trail's.
fn take_trail(state: &State, from: &mut &[u8], most: u64) -> Option<(u64, u64)> {
    let number = take_varint(from).filter(|number| *number < most)?;
    let mut trail = Trail::new(take_varint(from)?);
    trail.go_on(Seq::new(take_varint(from)?), take_varint(from)?);
    trail.identifiers = u32::try_from(take_varint(from)?).ok()?;
    let group = take_varint(from)?;
    trail.grouped = group != 0;
    let length = usize::try_from(take_varint(from)?).ok()?;
    let (facts, rest) = from.split_at_checked(length)?;
    (trail.facts, *from) = (Packed::from_slice(facts), rest);
    state.put_trail(number, trail);
    Some((number, group))
}

fn header(ledger_id: LedgerId, of: SnapshotOf) -> Vec<u8> {
    let mut header = Vec::from(MAGIC);
    header.extend_from_slice(&FOLD_VERSION.to_be_bytes());
    header.extend_from_slice(&ledger_id.0);
    header.extend_from_slice(&of.seq.number().to_be_bytes());
    header.extend_from_slice(&of.hash.bytes());
    header.extend_from_slice(&crc32c::crc32c(&header).to_be_bytes());
    header
}

fn read_header(header: &[u8; HEADER_BYTES], ledger_id: LedgerId) -> Option<SnapshotOf> {
    let seq = u64::from_be_bytes(header.get(24..32)?.try_into().ok()?);
    let of = SnapshotOf { seq: Seq::new(seq), hash: EntryHash::from_bytes(header.get(32..64)?.try_into().ok()?) };
    (self::header(ledger_id, of) == header).then_some(of)
}

struct Writer<'a> {
    file: &'a dyn DiskFile,
    at: u64,
    chunk: Vec<u8>,
    failed: Option<io::Error>,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn trail(&mut self, number: u64, trail: &Trail, group: Option<u64>) {
        let numbers = [number, trail.account(), trail.last().number(), trail.count(), trail.identifiers.into(), group.unwrap_or_default()];
        for number in numbers {
            put_varint(&mut self.chunk, number);
        }
        put_varint(&mut self.chunk, trail.facts.len() as u64);
        self.chunk.extend_from_slice(&trail.facts);
        self.cut_if_full(TRAILS);
    }

    fn cut_if_full(&mut self, kind: u8) {
        if self.chunk.len() >= CHUNK_BYTES {
            self.cut(kind);
        }
    }

    /// Writes what was gathered. A failure is kept for [`Writer::end`].
    fn cut(&mut self, kind: u8) {
        let content = std::mem::take(&mut self.chunk);
        let mut chunk = vec![kind];
        chunk.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
        chunk.extend_from_slice(&crc32c::crc32c(&content).to_be_bytes());
        chunk.extend_from_slice(&content);
        if self.failed.is_none() {
            self.failed = self.put(&chunk).err();
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.cut(END);
        self.failed.take().map_or(Ok(()), Err)
    }
}

impl Snapshot {
    fn take(&mut self, state: &State, kind: u8, mut content: &[u8]) -> Option<()> {
        let from = &mut content;
        match kind {
            ACCOUNT => {
                let trail = take_varint(from)?;
                state.add_account(std::str::from_utf8(from).ok()?, trail);
            }
            PRINCIPALS => {
                while !from.is_empty() {
                    state.apply_principal(take_event(from)?);
                }
            }
            POSSIBLE_OPT_OUTS => {
                while !from.is_empty() {
                    let (account, seq, trail) = (take_varint(from)?, Seq::new(take_varint(from)?), take_varint(from)?);
                    let resolution = Resolution { seq: Seq::new(take_varint(from)?), confirmed: take_varint(from)? != 0 };
                    state.note_doubt(Doubt::Raised { account, seq, trail });
                    if resolution.seq != Seq::NONE {
                        state.note_doubt(Doubt::Resolved { account, seq, resolution });
                    }
                }
            }
            MATTERS => {
                while !from.is_empty() {
                    state.note_matter(MatterTurn::Opened(take_matter(from)?));
                }
            }
            IN_FORCE => {
                let lookup = u32::try_from(take_varint(from)?).ok()?;
                self.in_force = InForce { lookup, checkpoint: Seq::new(take_varint(from)?), receipt: Seq::new(take_varint(from)?) };
            }
            READS => {
                while !from.is_empty() {
                    state.note_reads(take_varint(from)?, take_varint(from)?);
                }
            }
            SENDERS => {
                while !from.is_empty() {
                    let length = usize::try_from(take_varint(from)?).ok()?;
                    let (name, rest) = from.split_at_checked(length)?;
                    state.sender_number(std::str::from_utf8(name).ok()?);
                    *from = rest;
                }
            }
            ERASURES => {
                while !from.is_empty() {
                    state.erasures_mut().keep(take_kept(from)?);
                }
            }
            _ => return None,
        }
        Some(())
    }
}

fn take_digest(from: &mut &[u8]) -> Option<[u8; 16]> {
    let (digest, rest) = from.split_first_chunk::<16>()?;
    *from = rest;
    Some(*digest)
}
