//! Facts packed for memory and the snapshot: a contact with one sender takes about 40 bytes, which lie beside what is looked up with
//! them.
//!
//! ```text
//! numbers are LEB128 varints, signed ones zigzag; a fact is its time and its seq; an optional fact has a presence bit
//! latest | identity_changed? erased? | count of senders | each: sender, presence bits, facts present, acts, consent | predecessors
//! consent: bits of the categories known | where there are several, bits of those that are as the known one before | each other one
//! ```
//!
//! Times are stored as differences to `latest`, seqs as they are.

use smallvec::SmallVec;

use crate::consent::event::SenderNumber;
use crate::consent::facts::{Acts, CONTACTS_MAX, Consent, Fact, Facts, OptIn, Predecessor, Toward};
use crate::consent::time::Time;
use crate::consent::words::{InboundKind, Seq};

/// The version of this layout and of the fold behind it; a snapshot of another is discarded.
pub const FOLD_VERSION: u32 = 7;

/// Packed facts; those of most contacts need no place of their own.
pub type Packed = SmallVec<[u8; 48]>;

/// Packs facts.
#[must_use]
pub fn pack(facts: &Facts) -> Packed {
    pack_in(&mut Vec::with_capacity(128), facts)
}

/// The same, put together in `scratch`: for whoever packs many.
#[must_use]
pub fn pack_in(scratch: &mut Vec<u8>, facts: &Facts) -> Packed {
    scratch.clear();
    let mut out = Packer { bytes: std::mem::take(scratch), base: facts.latest.micros() };
    out.facts(facts);
    *scratch = out.bytes;
    Packed::from_slice(scratch)
}

/// Unpacks facts; none where the bytes are not a packing of this version.
#[must_use]
pub fn unpack(bytes: &[u8]) -> Option<Facts> {
    let mut from = Unpacker { bytes, base: 0 };
    from.facts(CONTACTS_MAX)
}

/// Appends a LEB128 varint.
pub fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while let low @ 0x80.. = number {
        bytes.push(low.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Takes a LEB128 varint off the front.
pub fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Whether more than one bit is set.
const fn is_several(bits: u64) -> bool {
    bits & bits.wrapping_sub(1) != 0
}

struct Packer {
    bytes: Vec<u8>,
    base: i64,
}

impl Packer {
    fn number(&mut self, number: u64) {
        put_varint(&mut self.bytes, number);
    }

    fn time(&mut self, time: Time) {
        let behind = self.base.wrapping_sub(time.micros());
        self.number(((behind << 1) ^ (behind >> 63)).cast_unsigned());
    }

    fn fact(&mut self, fact: Fact) {
        self.time(fact.at);
        self.number(fact.seq.number());
    }

    /// A presence byte, then the facts that are there.
    fn optional<const N: usize>(&mut self, facts: [Option<Fact>; N]) {
        let present = facts.iter().rev().fold(0, |bits, fact| (bits << 1) | u64::from(fact.is_some()));
        self.number(present);
        facts.into_iter().flatten().for_each(|fact| self.fact(fact));
    }

    fn facts(&mut self, facts: &Facts) {
        self.base = facts.latest.micros();
        self.bytes.extend_from_slice(&facts.latest.micros().to_be_bytes());
        self.optional([facts.identity_changed, facts.erased]);
        self.number(facts.toward.len() as u64);
        facts.toward.iter().for_each(|toward| self.toward(toward));
        self.number(facts.predecessors.len() as u64);
        for before in &facts.predecessors {
            self.base = facts.latest.micros();
            self.fact(before.change);
            self.facts(&before.facts);
        }
    }

    fn toward(&mut self, toward: &Toward) {
        self.number(toward.sender.number().into());
        self.optional([toward.closed, toward.stop, toward.resume, toward.confirmation, toward.outlived]);
        self.number(toward.acts.len() as u64);
        for acts in &toward.acts {
            self.number(acts.kind.number().into());
            // The usual case, the latest act being ordinary, takes one bit.
            let same = acts.ordinary == Some(acts.latest);
            self.number(u64::from(same));
            self.fact(acts.latest);
            if !same {
                self.optional([acts.ordinary]);
            }
        }
        self.all_consent(&toward.consent);
    }

    fn all_consent(&mut self, all: &[Consent]) {
        let (mut known, mut same) = (0, 0);
        let mut before = None;
        for (bit, consent) in all.iter().enumerate().filter(|(_, consent)| **consent != Consent::default()) {
            known |= 1 << bit;
            same |= u64::from(before == Some(consent)) << bit;
            before = Some(consent);
        }
        self.number(known);
        if is_several(known) {
            self.number(same);
        }
        for (_, consent) in all.iter().enumerate().filter(|(bit, _)| (known & !same) >> bit & 1 == 1) {
            self.consent(consent);
        }
    }

    fn consent(&mut self, consent: &Consent) {
        self.optional([consent.opted_out, consent.keyword, consent.wide_keyword]);
        self.number(consent.opt_ins.len() as u64);
        for opt_in in &consent.opt_ins {
            self.number(u64::from(opt_in.weak) | u64::from(opt_in.expires_at.is_some()) << 1);
            self.fact(opt_in.fact);
            if let Some(expires_at) = opt_in.expires_at {
                self.time(expires_at);
            }
        }
    }
}

struct Unpacker<'a> {
    bytes: &'a [u8],
    base: i64,
}

impl Unpacker<'_> {
    fn number(&mut self) -> Option<u64> {
        take_varint(&mut self.bytes)
    }

    fn time(&mut self) -> Option<Time> {
        let zigzag = self.number()?;
        let behind = (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed();
        Some(Time::from_micros(self.base.wrapping_sub(behind)))
    }

    /// Room for so many that follow, each of which has a byte at least.
    fn room_for<T>(&self, count: u64) -> Vec<T> {
        Vec::with_capacity(usize::try_from(count).map_or(self.bytes.len(), |count| count.min(self.bytes.len())))
    }

    fn fact(&mut self) -> Option<Fact> {
        Some(Fact { at: self.time()?, seq: Seq::new(self.number()?) })
    }

    fn optional<const N: usize>(&mut self) -> Option<[Option<Fact>; N]> {
        let present = self.number()?;
        let mut facts = [None; N];
        for (bit, fact) in facts.iter_mut().enumerate() {
            if present >> bit & 1 == 1 {
                *fact = Some(self.fact()?);
            }
        }
        Some(facts)
    }

    /// Facts in which so many predecessors may stand in each other, which bounds the stack.
    fn facts(&mut self, deep: usize) -> Option<Facts> {
        let (latest, rest) = self.bytes.split_first_chunk::<8>()?;
        let latest = i64::from_be_bytes(*latest);
        (self.bytes, self.base) = (rest, latest);
        let [identity_changed, erased] = self.optional()?;
        let mut facts = Facts { identity_changed, erased, latest: Time::from_micros(latest), ..Facts::default() };
        let senders = self.number()?;
        facts.toward = self.room_for(senders);
        for _ in 0..senders {
            // Filled in where it lies: it is half a kibibyte.
            facts.toward.push(Toward::new(SenderNumber::ALL));
            self.toward(facts.toward.last_mut()?)?;
        }
        for _ in 0..self.number()? {
            self.base = latest;
            let change = self.fact()?;
            facts.predecessors.push(Predecessor { change, facts: self.facts(deep.checked_sub(1)?)? });
        }
        Some(facts)
    }

    fn toward(&mut self, toward: &mut Toward) -> Option<()> {
        toward.sender = SenderNumber::new(u32::try_from(self.number()?).ok()?);
        [toward.closed, toward.stop, toward.resume, toward.confirmation, toward.outlived] = self.optional()?;
        let kinds = self.number()?;
        toward.acts = self.room_for(kinds);
        for _ in 0..kinds {
            let kind = InboundKind::from_number(i32::try_from(self.number()?).ok()?)?;
            let same = self.number()? == 1;
            let latest = self.fact()?;
            let [ordinary] = if same { [Some(latest)] } else { self.optional()? };
            toward.acts.push(Acts { kind, latest, ordinary });
        }
        self.all_consent(&mut toward.consent)
    }

    fn all_consent(&mut self, all: &mut [Consent]) -> Option<()> {
        let known = self.number()?;
        let same = if is_several(known) { self.number()? } else { 0 };
        let mut before: Option<usize> = None;
        for bit in (0..all.len()).filter(|bit| known >> bit & 1 == 1) {
            let consent = if same >> bit & 1 == 1 { all.get(before?)?.clone() } else { self.consent()? };
            *all.get_mut(bit)? = consent;
            before = Some(bit);
        }
        Some(())
    }

    fn consent(&mut self) -> Option<Consent> {
        let [opted_out, keyword, wide_keyword] = self.optional()?;
        let count = self.number()?;
        let mut opt_ins = self.room_for(count);
        for _ in 0..count {
            let bits = self.number()?;
            let fact = self.fact()?;
            let expires_at = if bits & 2 == 0 { None } else { Some(self.time()?) };
            opt_ins.push(OptIn { fact, expires_at, weak: bits & 1 == 1 });
        }
        Some(Consent { opt_ins, opted_out, keyword, wide_keyword })
    }
}
