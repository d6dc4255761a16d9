//! An entry's bytes: a fixed header, the clear part, the sealed part. Specified in `docs/ledger-format.md`.
//!
//! ```text
//! 43 4C 45 01 | kind 2 | flags 2 | seq 8 | previous_hash 32 | recorded_at 8 | account 8 | actor 4 | secret_version 4
//! trail 8 | trail_seq 8 | previous_by_trail 8 | second trail, the same three | event_id_digest 16
//! clear_length 4 | sealed_length 4 | clear part | sealed part
//! ```

use prost::Message;
use sha2::{Digest, Sha256};

use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::bytes::kind::kind_of;
use crate::proto::ClearPart;

/// Bytes of the header.
pub const HEADER_BYTES: usize = 144;

/// The longest entry that a reader accepts, in bytes.
pub const ENTRY_MAX_BYTES: usize = 1 << 20;

/// "CLE", version 1.
const MAGIC: [u8; 4] = *b"CLE\x01";

/// The entry introduces an identifier among its `identifiers`.
pub const FLAG_INTRODUCES: u16 = 1;
/// The entry introduces an identifier among its `second_identifiers`.
pub const FLAG_INTRODUCES_SECOND: u16 = 2;
/// The entry was caused by the one before it, in the same commit.
pub const FLAG_CAUSED: u16 = 4;

/// SHA-256 of an entry: `SHA-256(0x00 ‖ entry)`, 32 bytes. The chain link, and the RFC 6962 leaf.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct EntryHash([u8; 32]);

impl EntryHash {
    /// What stands before the first entry.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of an entry's bytes.
    #[must_use]
    pub fn of(entry: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update([0]);
        hasher.update(entry);
        Self(hasher.finalize().into())
    }

    /// The hash with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 32] {
        self.0
    }
}

/// 64 hex digits.
impl std::fmt::Display for EntryHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for EntryHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// An entry's place in a trail.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TrailLink {
    /// The trail's number; 0: the ledger's own, or no second trail.
    pub trail: u64,
    /// Its place in that trail, counting from 1.
    pub trail_seq: u64,
    /// The trail's entry before it; none: it is the first.
    pub previous: Seq,
}

/// An entry's header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The number of the fact's field in `ClearPart`.
    pub kind: u16,
    /// See the `FLAG_` constants.
    pub flags: u16,
    /// Where it stands.
    pub seq: Seq,
    /// The hash of the entry before it.
    pub previous_hash: EntryHash,
    /// When it was committed.
    pub recorded_at: Time,
    /// The account's trail number; 0: the ledger itself.
    pub account: u64,
    /// Who recorded it.
    pub actor: u32,
    /// The version of the ledger secret behind identifier digests.
    pub secret_version: u32,
    /// Whose entry it is.
    pub link: TrailLink,
    /// The second trail of a join or a move.
    pub second: TrailLink,
    /// Keyed digest of the event id; zeros without one.
    pub event_id_digest: [u8; 16],
    /// Bytes of the clear part.
    pub clear_length: u32,
    /// Bytes of the sealed part.
    pub sealed_length: u32,
}

/// Why bytes are no entry of this version.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum EntryError {
    /// Fewer bytes than the header says.
    #[error("an entry is cut short: {have} bytes of {need}")]
    CutShort {
        /// Bytes there are.
        have: usize,
        /// Bytes it needs.
        need: usize,
    },
    /// Not the magic bytes of an entry.
    #[error("not an entry: it begins with {found}")]
    NotAnEntry {
        /// The first four bytes, in hex.
        found: String,
    },
    /// A version this program does not know.
    #[error("entry format version {version} is not known here; a newer release wrote it")]
    UnknownVersion {
        /// The version.
        version: u8,
    },
    /// A kind this program does not know.
    #[error("entry {seq} is of kind {kind}, which is not known here; a newer release wrote it")]
    UnknownKind {
        /// The kind.
        kind: u16,
        /// Where.
        seq: Seq,
    },
    /// Longer than any entry may be.
    #[error("an entry claims {length} bytes, more than {ENTRY_MAX_BYTES}")]
    TooLong {
        /// What it claims.
        length: usize,
    },
    /// The clear part is not in canonical form, or does not match the header.
    #[error("the clear part of entry {seq} is not canonical: {why}")]
    NotCanonical {
        /// Where.
        seq: Seq,
        /// What is wrong.
        why: &'static str,
    },
}

impl Header {
    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.kind.to_be_bytes());
        bytes.extend_from_slice(&self.flags.to_be_bytes());
        bytes.extend_from_slice(&self.seq.number().to_be_bytes());
        bytes.extend_from_slice(&self.previous_hash.0);
        bytes.extend_from_slice(&self.recorded_at.micros().to_be_bytes());
        bytes.extend_from_slice(&self.account.to_be_bytes());
        bytes.extend_from_slice(&self.actor.to_be_bytes());
        bytes.extend_from_slice(&self.secret_version.to_be_bytes());
        for link in [&self.link, &self.second] {
            bytes.extend_from_slice(&link.trail.to_be_bytes());
            bytes.extend_from_slice(&link.trail_seq.to_be_bytes());
            bytes.extend_from_slice(&link.previous.number().to_be_bytes());
        }
        bytes.extend_from_slice(&self.event_id_digest);
        bytes.extend_from_slice(&self.clear_length.to_be_bytes());
        bytes.extend_from_slice(&self.sealed_length.to_be_bytes());
        let mut header = [0; HEADER_BYTES];
        header.copy_from_slice(&bytes);
        header
    }

    /// Reads a header from the start of `bytes`.
    ///
    /// # Errors
    /// Where it is no header of this version.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        let mut rest = Reader { bytes, need: HEADER_BYTES };
        let [m, a, g, version] = rest.take()?;
        if [m, a, g] != [b'C', b'L', b'E'] {
            return Err(EntryError::NotAnEntry { found: hex::encode([m, a, g, version]) });
        }
        if version != 1 {
            return Err(EntryError::UnknownVersion { version });
        }
        let header = Self {
            kind: u16::from_be_bytes(rest.take()?),
            flags: u16::from_be_bytes(rest.take()?),
            seq: rest.seq()?,
            previous_hash: EntryHash(rest.take()?),
            recorded_at: Time::from_micros(i64::from_be_bytes(rest.take()?)),
            account: rest.u64()?,
            actor: rest.u32()?,
            secret_version: rest.u32()?,
            link: rest.link()?,
            second: rest.link()?,
            event_id_digest: rest.take()?,
            clear_length: rest.u32()?,
            sealed_length: rest.u32()?,
        };
        if header.entry_length() > ENTRY_MAX_BYTES {
            return Err(EntryError::TooLong { length: header.entry_length() });
        }
        Ok(header)
    }

    /// Bytes of the whole entry.
    #[must_use]
    pub const fn entry_length(&self) -> usize {
        HEADER_BYTES + self.clear_length as usize + self.sealed_length as usize
    }

    /// Whether the flag is set.
    #[must_use]
    pub const fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }
}

/// An entry as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry<'a> {
    /// Its header.
    pub header: Header,
    /// All its bytes.
    pub bytes: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Reads one entry from the start of `bytes`; gives it and what follows.
    ///
    /// # Errors
    /// Where no entry of this version stands there.
    pub fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), EntryError> {
        let header = Header::decode(bytes)?;
        let need = header.entry_length();
        let (own, rest) = bytes.split_at_checked(need).ok_or(EntryError::CutShort { have: bytes.len(), need })?;
        Ok((Self { header, bytes: own }, rest))
    }

    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> EntryHash {
        EntryHash::of(self.bytes)
    }

    /// The clear part's bytes.
    #[must_use]
    pub fn clear_bytes(&self) -> &'a [u8] {
        self.bytes.get(HEADER_BYTES..HEADER_BYTES + self.header.clear_length as usize).unwrap_or_default()
    }

    /// The clear part.
    ///
    /// # Errors
    /// Where its kind is not known, or its bytes are not canonical.
    pub fn clear(&self) -> Result<ClearPart, EntryError> {
        let seq = self.header.seq;
        let wrong = |why| EntryError::NotCanonical { seq, why };
        let bytes = self.clear_bytes();
        let clear = ClearPart::decode(bytes).map_err(|_| wrong("it does not decode"))?;
        let Some(fact) = &clear.fact else {
            return Err(EntryError::UnknownKind { kind: self.header.kind, seq });
        };
        if kind_of(fact) != self.header.kind {
            return Err(wrong("its fact is not the header's kind"));
        }
        if clear.encode_to_vec() != bytes {
            return Err(wrong("encoded again, its bytes differ"));
        }
        Ok(clear)
    }

    /// The sealed boxes: each with the length of what it is bound to. Empty where nothing is sealed.
    #[must_use]
    pub fn boxes(&self) -> Vec<SealedBox<'a>> {
        let mut boxes = Vec::new();
        let mut at = HEADER_BYTES + self.header.clear_length as usize;
        while let Some(length) = self.bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes) {
            at += 4;
            let Some(sealed) = self.bytes.get(at..at + length as usize) else { break };
            boxes.push(SealedBox { bound_to: self.bytes.get(..at).unwrap_or_default(), sealed });
            at += length as usize;
        }
        boxes
    }
}

/// A sealed box and the bytes it is bound to.
#[derive(Clone, Copy, Debug)]
pub struct SealedBox<'a> {
    /// All bytes of the entry before the nonce.
    pub bound_to: &'a [u8],
    /// Nonce, ciphertext, tag; empty where nothing was sealed for this trail.
    pub sealed: &'a [u8],
}

/// Takes fixed widths off the front.
struct Reader<'a> {
    bytes: &'a [u8],
    need: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], EntryError> {
        let (head, rest) = self.bytes.split_first_chunk::<N>().ok_or(EntryError::CutShort { have: self.bytes.len(), need: self.need })?;
        self.bytes = rest;
        Ok(*head)
    }

    fn u64(&mut self) -> Result<u64, EntryError> {
        self.take().map(u64::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, EntryError> {
        self.take().map(u32::from_be_bytes)
    }

    fn seq(&mut self) -> Result<Seq, EntryError> {
        self.u64().map(Seq::new)
    }

    fn link(&mut self) -> Result<TrailLink, EntryError> {
        Ok(TrailLink { trail: self.u64()?, trail_seq: self.u64()?, previous: self.seq()? })
    }
}
