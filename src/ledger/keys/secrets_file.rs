//! The file `secrets/ledger.secrets`, sealed under the master key.
//!
//! ```text
//! version 1:  43 4C 53 01 | ledger_id 16 | master_key_id 2 | box of ledger secret 32, checkpoint seed 32, receipt seed 32
//! version 2:  43 4C 53 02 | ledger_id 16 | master_key_id 2 | box of records
//! record:     what 1 | number 8 | 32 bytes                   ascending by what, then by number
//! ```
//!
//! Version 1 is what a new ledger has; the first rotation writes version 2.

use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use crate::consent::words::Seq;
use crate::ledger::bytes::seal::{self, Key, SealError};
use crate::ledger::keys::secrets::LedgerId;
use crate::proto::SigningKeyUse;

/// "CLS".
const MAGIC: [u8; 3] = *b"CLS";

/// Bytes before the box.
const HEAD_BYTES: usize = 22;

/// Bytes of a record.
const RECORD_BYTES: usize = 41;

const LEDGER_SECRET: u8 = 1;
const LOOKUP_SECRET: u8 = 2;
const DEAD_LETTER_IDS: u8 = 3;
/// The checkpoint keys: in force, next, former. Those of receipts follow.
const CHECKPOINT: u8 = 4;
const RECEIPT: u8 = 7;

/// What the file holds.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) ledger_id: LedgerId,
    /// The number of the master key that it is sealed under.
    pub(super) master_key_id: u16,
    /// The ledger secret.
    pub(super) secret: Key,
    /// The version of the secret behind identifier look-ups, and that secret; version 1 is the ledger secret.
    pub(super) lookup: (u32, Key),
    /// What names dead letters; none: it is derived from the master key.
    pub(super) dead_letter_ids: Option<Key>,
    /// Signs checkpoints.
    pub(super) checkpoint: SigningKeys,
    /// Signs receipts.
    pub(super) receipt: SigningKeys,
}

/// The keys of one use, over time.
#[derive(Clone)]
pub(super) struct SigningKeys {
    /// The key in force, and the entry that names it.
    pub(super) current: (Seq, SigningKey),
    /// The key that takes its place once an entry names it.
    pub(super) next: Option<SigningKey>,
    /// Those before, ascending: each with the entry that names it. Their seeds are gone.
    pub(super) former: Vec<(Seq, [u8; 32])>,
}

impl SigningKeys {
    /// The first key of its use: `LedgerCreated` names it.
    pub(super) fn first(seed: &[u8; 32]) -> Self {
        Self { current: (Seq::new(1), SigningKey::from_bytes(seed)), next: None, former: Vec::new() }
    }

    /// The next key takes the place of the one in force, from this entry on.
    pub(super) fn promote(&mut self, from: Seq) {
        if let Some(next) = self.next.take() {
            let (since, before) = std::mem::replace(&mut self.current, (from, next));
            self.former.push((since, before.verifying_key().to_bytes()));
        }
    }

    fn is_first(&self) -> bool {
        self.current.0 == Seq::new(1) && self.next.is_none() && self.former.is_empty()
    }

    fn put(&self, out: &mut Records, what: u8) {
        out.put(what, self.current.0.number(), self.current.1.as_bytes());
        if let Some(next) = &self.next {
            out.put(what + 1, 0, next.as_bytes());
        }
        for (seq, key) in &self.former {
            out.put(what + 2, seq.number(), key);
        }
    }

    fn take(records: &[Record<'_>], first: u8) -> Option<Self> {
        let of = |what: u8| records.iter().filter(move |record| record.what == first + what);
        let current = of(0).next()?;
        Some(Self {
            current: (Seq::new(current.number), SigningKey::from_bytes(current.bytes)),
            next: of(1).next().map(|next| SigningKey::from_bytes(next.bytes)),
            former: of(2).map(|former| (Seq::new(former.number), *former.bytes)).collect(),
        })
    }
}

struct Records(Zeroizing<Vec<u8>>);

impl Records {
    fn put(&mut self, what: u8, number: u64, bytes: &[u8; 32]) {
        self.0.push(what);
        self.0.extend_from_slice(&number.to_be_bytes());
        self.0.extend_from_slice(bytes);
    }
}

struct Record<'a> {
    what: u8,
    number: u64,
    bytes: &'a [u8; 32],
}

impl Held {
    /// The secrets of a new ledger.
    pub(super) fn random() -> Result<Self, SealError> {
        let id = Key::random()?;
        let secret = Key::random()?;
        Ok(Self {
            ledger_id: LedgerId(id.bytes().first_chunk().copied().unwrap_or_default()),
            master_key_id: 1,
            lookup: (1, secret.clone()),
            secret,
            dead_letter_ids: None,
            checkpoint: SigningKeys::first(Key::random()?.bytes()),
            receipt: SigningKeys::first(Key::random()?.bytes()),
        })
    }

    /// The signing keys of a use.
    pub(super) const fn keys(&self, of: SigningKeyUse) -> Option<&SigningKeys> {
        match of {
            SigningKeyUse::Checkpoint => Some(&self.checkpoint),
            SigningKeyUse::Receipt => Some(&self.receipt),
            SigningKeyUse::Unspecified => None,
        }
    }

    /// The same, to change them.
    pub(super) const fn keys_mut(&mut self, of: SigningKeyUse) -> Option<&mut SigningKeys> {
        match of {
            SigningKeyUse::Checkpoint => Some(&mut self.checkpoint),
            SigningKeyUse::Receipt => Some(&mut self.receipt),
            SigningKeyUse::Unspecified => None,
        }
    }

    /// The file, sealed.
    pub(super) fn seal(&self, master: &Key) -> Result<Vec<u8>, SealError> {
        let is_first = self.lookup.0 == 1 && self.dead_letter_ids.is_none() && self.checkpoint.is_first() && self.receipt.is_first();
        // Room for all of it from the start: what is grown leaves copies behind.
        let former = self.checkpoint.former.len() + self.receipt.former.len();
        let mut plain = Records(Zeroizing::new(Vec::with_capacity(RECORD_BYTES * (7 + former))));
        if is_first {
            for part in [self.secret.bytes(), self.checkpoint.current.1.as_bytes(), self.receipt.current.1.as_bytes()] {
                plain.0.extend_from_slice(part);
            }
        } else {
            plain.put(LEDGER_SECRET, 0, self.secret.bytes());
            plain.put(LOOKUP_SECRET, self.lookup.0.into(), self.lookup.1.bytes());
            if let Some(key) = &self.dead_letter_ids {
                plain.put(DEAD_LETTER_IDS, 0, key.bytes());
            }
            self.checkpoint.put(&mut plain, CHECKPOINT);
            self.receipt.put(&mut plain, RECEIPT);
        }
        let mut file = Vec::from(MAGIC);
        file.push(if is_first { 1 } else { 2 });
        file.extend_from_slice(&self.ledger_id.0);
        file.extend_from_slice(&self.master_key_id.to_be_bytes());
        let sealed = seal::seal(master, &bound_to(&file), &plain.0)?;
        file.extend_from_slice(&sealed);
        Ok(file)
    }

    /// Opens the file; none where it does not open or read.
    pub(super) fn open(master: &Key, file: &[u8]) -> Option<Self> {
        let (head, sealed) = file.split_at_checked(HEAD_BYTES)?;
        let (version, rest) = head.strip_prefix(&MAGIC)?.split_first()?;
        let (id, number) = rest.split_first_chunk::<16>()?;
        let (ledger_id, master_key_id) = (LedgerId(*id), u16::from_be_bytes(number.try_into().ok()?));
        let plain = seal::open(master, &bound_to(head), sealed).ok()?;
        match version {
            1 => Self::first_version(ledger_id, master_key_id, &plain),
            2 => Self::second_version(ledger_id, master_key_id, &plain),
            _ => None,
        }
    }

    fn first_version(ledger_id: LedgerId, master_key_id: u16, plain: &[u8]) -> Option<Self> {
        let (secret, rest) = plain.split_first_chunk::<32>()?;
        let (checkpoint, rest) = rest.split_first_chunk::<32>()?;
        let secret = Key::from_bytes(*secret);
        Some(Self {
            ledger_id,
            master_key_id,
            lookup: (1, secret.clone()),
            secret,
            dead_letter_ids: None,
            checkpoint: SigningKeys::first(checkpoint),
            receipt: SigningKeys::first(rest.try_into().ok()?),
        })
    }

    fn second_version(ledger_id: LedgerId, master_key_id: u16, plain: &[u8]) -> Option<Self> {
        let mut records = Vec::new();
        for record in plain.chunks(RECORD_BYTES) {
            let (what, rest) = record.split_first()?;
            let (number, bytes) = rest.split_first_chunk::<8>()?;
            records.push(Record { what: *what, number: u64::from_be_bytes(*number), bytes: bytes.try_into().ok()? });
        }
        // A record that is not known here would be lost with the next rotation.
        let is_known = |record: &Record<'_>| (LEDGER_SECRET..RECEIPT + 3).contains(&record.what);
        if !records.iter().all(is_known) || !records.is_sorted_by_key(|record| (record.what, record.number)) {
            return None;
        }
        let find = |what: u8| records.iter().find(|record| record.what == what);
        let lookup = find(LOOKUP_SECRET)?;
        Some(Self {
            ledger_id,
            master_key_id,
            secret: Key::from_bytes(*find(LEDGER_SECRET)?.bytes),
            lookup: (u32::try_from(lookup.number).ok()?, Key::from_bytes(*lookup.bytes)),
            dead_letter_ids: find(DEAD_LETTER_IDS).map(|record| Key::from_bytes(*record.bytes)),
            checkpoint: SigningKeys::take(&records, CHECKPOINT)?,
            receipt: SigningKeys::take(&records, RECEIPT)?,
        })
    }
}

fn bound_to(head: &[u8]) -> Vec<u8> {
    [b"consent-ledger/v1 secrets".as_slice(), head].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_of_the_first_version_until_something_is_rotated_and_says_the_same_in_the_second() {
        let master = Key::from_bytes([7; 32]);
        let mut held = Held::random().unwrap();
        let first = held.seal(&master).unwrap();
        assert_eq!((first.len(), first[3]), (146, 1));
        let same = |a: &Held, b: &Held| {
            let keys = |keys: &SigningKeys| {
                (keys.current.0, keys.current.1.to_bytes(), keys.next.as_ref().map(SigningKey::to_bytes), keys.former.clone())
            };
            let all = |held: &Held| (held.ledger_id, held.master_key_id, *held.secret.bytes(), held.lookup.0, *held.lookup.1.bytes());
            all(a) == all(b)
                && keys(&a.checkpoint) == keys(&b.checkpoint)
                && keys(&a.receipt) == keys(&b.receipt)
                && a.dead_letter_ids.as_ref().map(Key::bytes) == b.dead_letter_ids.as_ref().map(Key::bytes)
        };
        assert!(same(&held, &Held::open(&master, &first).unwrap()));
        held.checkpoint.next = Some(SigningKey::from_bytes(&[9; 32]));
        assert!(same(&held, &Held::open(&master, &held.seal(&master).unwrap()).unwrap()));
        held.checkpoint.promote(Seq::new(12));
        held.dead_letter_ids = Some(Key::from_bytes([3; 32]));
        (held.lookup, held.master_key_id) = ((2, Key::from_bytes([5; 32])), 3);
        let second = held.seal(&master).unwrap();
        assert_eq!(second[3], 2);
        let opened = Held::open(&master, &second).unwrap();
        assert!(same(&held, &opened));
        assert_eq!((opened.checkpoint.former.len(), opened.checkpoint.current.1.to_bytes()), (1, [9; 32]));
        for flipped in 0..second.len() {
            let mut other = second.clone();
            other[flipped] ^= 1;
            assert!(Held::open(&master, &other).is_none(), "byte {flipped}");
        }
        assert!(Held::open(&Key::from_bytes([8; 32]), &second).is_none());
    }
}
