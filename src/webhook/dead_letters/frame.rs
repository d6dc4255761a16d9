//! The bytes of a day's file: framed, checksummed, sealed (`docs/dead-letters.md`).
//!
//! ```text
//! file  = "CLDLLOG1" ‖ frame*
//! frame = "dltr" ‖ length u32 ‖ CRC-32C u32 over (length ‖ rest) ‖ rest
//! rest  = kind u8 ‖ id (16) ‖ at i64 µs ‖ box            integers big endian
//! ```

use crate::consent::time::Time;

/// How a day's file begins.
pub(super) const FILE_MAGIC: &[u8; 8] = b"CLDLLOG1";

const FRAME_MAGIC: &[u8; 4] = b"dltr";
const HEAD_BYTES: usize = 12;
const FIXED_BYTES: usize = 1 + 16 + 8;
/// The longest `rest`: four times the largest body.
const REST_MAX_BYTES: usize = 12 * 1024 * 1024;

/// What a frame says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A letter.
    Letter = 1,
    /// The letter of this id was placed.
    Resolved = 2,
}

/// A frame's clear part, and where its box lies in the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Frame {
    pub kind: Kind,
    pub id: [u8; 16],
    pub at: Time,
    /// Where the box begins.
    pub offset: u64,
    /// How many bytes it has.
    pub length: usize,
}

/// What a day's file holds.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub frames: Vec<Frame>,
    /// Where the last whole frame ends; what follows was never acknowledged.
    pub end: u64,
    /// Bytes between whole frames that are none.
    pub damaged: u64,
}

/// The frame of these.
pub(super) fn encode(kind: Kind, id: [u8; 16], at: Time, sealed: &[u8]) -> Option<Vec<u8>> {
    let rest = FIXED_BYTES + sealed.len();
    let length = u32::try_from(rest).ok().filter(|_| rest <= REST_MAX_BYTES)?.to_be_bytes();
    let mut out = Vec::with_capacity(HEAD_BYTES + rest);
    out.extend_from_slice(FRAME_MAGIC);
    out.extend_from_slice(&length);
    out.extend_from_slice(&[0; 4]);
    out.push(kind as u8);
    out.extend_from_slice(&id);
    out.extend_from_slice(&at.micros().to_be_bytes());
    out.extend_from_slice(sealed);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&length), out.get(HEAD_BYTES..)?).to_be_bytes();
    out.get_mut(8..HEAD_BYTES)?.copy_from_slice(&crc);
    Some(out)
}

/// What the frame's box is bound to: a box moved to another day, id or time does not open.
pub(super) fn bound_to(day: &str, kind: Kind, id: [u8; 16], at: Time) -> Vec<u8> {
    let mut out = b"consent-ledger v1 dead letter ".to_vec();
    out.extend_from_slice(day.as_bytes());
    out.push(kind as u8);
    out.extend_from_slice(&id);
    out.extend_from_slice(&at.micros().to_be_bytes());
    out
}

/// Reads a whole file; none where it does not begin as one.
pub(super) fn scan(file: &[u8]) -> Option<Scan> {
    file.strip_prefix(FILE_MAGIC)?;
    let mut scan = Scan { end: FILE_MAGIC.len() as u64, ..Scan::default() };
    let mut at = FILE_MAGIC.len();
    while let Some(rest) = file.get(at..).filter(|rest| !rest.is_empty()) {
        let whole = decode(rest, at as u64);
        let Some((frame, length)) = whole else {
            // Either the torn tail, or damage with whole frames behind it: those are kept.
            let next = rest.get(1..)?.windows(FRAME_MAGIC.len()).position(|window| window == FRAME_MAGIC);
            let Some(next) = next else { break };
            at += 1 + next;
            continue;
        };
        scan.damaged += at as u64 - scan.end;
        scan.frames.push(frame);
        at += length;
        scan.end = at as u64;
    }
    Some(scan)
}

/// The frame that `bytes` begin with, and its length.
fn decode(bytes: &[u8], offset: u64) -> Option<(Frame, usize)> {
    let (length, after) = bytes.strip_prefix(FRAME_MAGIC)?.split_first_chunk::<4>()?;
    let (crc, after) = after.split_first_chunk::<4>()?;
    let rest_bytes = usize::try_from(u32::from_be_bytes(*length)).ok().filter(|bytes| *bytes <= REST_MAX_BYTES)?;
    let rest = after.get(..rest_bytes)?;
    if crc32c::crc32c_append(crc32c::crc32c(length), rest) != u32::from_be_bytes(*crc) {
        return None;
    }
    let (kind, rest) = rest.split_first()?;
    let kind = [Kind::Letter, Kind::Resolved].into_iter().find(|known| *known as u8 == *kind)?;
    let (id, rest) = rest.split_first_chunk::<16>()?;
    let (at, sealed) = rest.split_first_chunk::<8>()?;
    let at = Time::from_micros(i64::from_be_bytes(*at));
    let offset = offset + (HEAD_BYTES + FIXED_BYTES) as u64;
    Some((Frame { kind, id: *id, at, offset, length: sealed.len() }, HEAD_BYTES + rest_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(frames: &[Vec<u8>]) -> Vec<u8> {
        [FILE_MAGIC.to_vec(), frames.concat()].concat()
    }

    fn frame(id: u8) -> Vec<u8> {
        encode(Kind::Letter, [id; 16], Time::from_micros(i64::from(id)), b"sealed").unwrap()
    }

    fn ids(file: &[u8]) -> Vec<u8> {
        scan(file).unwrap().frames.iter().map(|frame| frame.id[0]).collect()
    }

    #[test]
    fn a_torn_tail_is_no_frame_wherever_it_is_torn() {
        let whole = file(&[frame(1), frame(2)]);
        let first = file(&[frame(1)]).len();
        for cut in first..whole.len() {
            let scan = scan(&whole[..cut]).unwrap();
            assert_eq!((scan.frames.len(), scan.end, scan.damaged), (1, first as u64, 0), "cut at {cut}");
        }
        assert_eq!(scan(&whole).unwrap().end, whole.len() as u64);
    }

    #[test]
    fn damage_in_the_middle_costs_one_frame() {
        let whole = file(&[frame(1), frame(2), frame(3)]);
        for place in 0..frame(2).len() {
            let mut damaged = whole.clone();
            damaged[FILE_MAGIC.len() + frame(1).len() + place] ^= 0x40;
            assert_eq!(ids(&damaged), [1, 3], "byte {place}");
            assert_eq!(scan(&damaged).unwrap().damaged, frame(2).len() as u64);
        }
    }

    #[test]
    fn the_bytes_of_a_frame_never_change() {
        let bytes = encode(Kind::Resolved, [7; 16], Time::from_micros(1), &[0xAB]).unwrap();
        assert_eq!(hex::encode(bytes), "646c74720000001af8c7715002070707070707070707070707070707070000000000000001ab");
    }
}
