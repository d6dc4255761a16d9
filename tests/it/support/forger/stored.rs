//! An entry that is being forged: header, clear part, and what its boxes hold.

use consent_ledger::ledger::bytes::entry::{Entry, EntryHash, HEADER_BYTES, Header, SealedBox};
use consent_ledger::ledger::bytes::seal;
use consent_ledger::proto::{ClearPart, SealedPart};
use prost::Message;

use super::goods::Keys;

/// An entry taken apart.
#[derive(Clone)]
pub struct Stored {
    /// Its header; the lengths are put right when it becomes bytes.
    pub header: Header,
    /// Its clear part.
    pub clear: Vec<u8>,
    /// Its sealed part, as it is.
    pub sealed: Vec<u8>,
    /// What its boxes hold; none where there is no box.
    pub plain: Vec<Option<Vec<u8>>>,
    /// Whether all of them were opened.
    opens: bool,
}

impl Stored {
    /// Takes an entry's bytes apart, opening what `keys` open.
    pub fn read(bytes: &[u8], keys: &Keys) -> Self {
        let (entry, rest) = Entry::split(bytes).unwrap();
        assert!(rest.is_empty());
        let trails = [entry.header.link.trail, entry.header.second.trail];
        let boxes = entry.boxes();
        let open = |(of, trail): (&SealedBox<'_>, u64)| {
            let key = keys.get(&trail).filter(|_| !of.sealed.is_empty())?;
            seal::open(key, of.bound_to, of.sealed).ok().map(|plain| plain.to_vec())
        };
        let plain: Vec<Option<Vec<u8>>> = boxes.iter().zip(trails).map(open).collect();
        let opens = boxes.iter().zip(&plain).all(|(of, plain)| plain.is_some() || of.sealed.is_empty());
        let sealed = bytes[HEADER_BYTES + entry.header.clear_length as usize..].to_vec();
        Self { header: entry.header, clear: entry.clear_bytes().to_vec(), sealed, plain, opens }
    }

    /// Its clear part, decoded.
    pub fn decoded(&self) -> ClearPart {
        ClearPart::decode(self.clear.as_slice()).unwrap()
    }

    /// Changes its clear part.
    pub fn edit(&mut self, change: impl FnOnce(&mut ClearPart)) {
        let mut clear = self.decoded();
        change(&mut clear);
        self.clear = clear.encode_to_vec();
    }

    /// Changes what its first box holds.
    pub fn edit_sealed(&mut self, change: impl FnOnce(&mut SealedPart)) {
        let plain = self.plain[0].as_mut().unwrap();
        let mut sealed = SealedPart::decode(plain.as_slice()).unwrap();
        change(&mut sealed);
        *plain = sealed.encode_to_vec();
    }

    /// Its bytes with lengths that fit, its sealed part as it was.
    pub fn bytes(&self) -> Vec<u8> {
        let mut header = self.header;
        header.clear_length = self.clear.len().try_into().unwrap();
        header.sealed_length = self.sealed.len().try_into().unwrap();
        [header.encode().as_slice(), &self.clear, &self.sealed].concat()
    }

    /// Its bytes, everything sealed anew: only the owner has the keys for that. What did not open stays as it is.
    pub fn resealed(&self, keys: &Keys) -> Vec<u8> {
        if !self.opens {
            return self.bytes();
        }
        let lengths = self.plain.iter().map(|plain| plain.as_ref().map_or(0, |plain| seal::NONCE_BYTES + seal::TAG_BYTES + plain.len()));
        let sealed_length: usize = lengths.clone().map(|length| 4 + length).sum();
        let mut header = self.header;
        header.clear_length = self.clear.len().try_into().unwrap();
        header.sealed_length = sealed_length.try_into().unwrap();
        let mut bytes = [header.encode().as_slice(), &self.clear].concat();
        let trails = [header.link.trail, header.second.trail];
        for ((plain, length), trail) in self.plain.iter().zip(lengths).zip(trails) {
            bytes.extend(u32::try_from(length).unwrap().to_be_bytes());
            if let Some(plain) = plain {
                let sealed = seal::seal(&keys[&trail], &bytes, plain).unwrap();
                bytes.extend(sealed);
            }
        }
        bytes
    }

    /// The hash of these bytes.
    pub fn hash(bytes: &[u8]) -> EntryHash {
        EntryHash::of(bytes)
    }
}
