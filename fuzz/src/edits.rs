//! Edits of files that are right: what a forger, or a disk, does to them. Whatever bytes there are, they are edits.
//!
//! ```text
//! which file 1 | what 1 | place 2 | length 1 | length bytes      what: 0 write over, 1 insert, 2 remove, 3 cut, 4 copy from the place
//! ```

/// The files after the edits.
#[must_use]
pub fn edited<const N: usize>(files: [&[u8]; N], mut edits: &[u8]) -> [Vec<u8>; N] {
    let mut files = files.map(<[u8]>::to_vec);
    while let Some(([which, what, high, low, length], rest)) = edits.split_first_chunk::<5>() {
        let file = &mut files[usize::from(*which) % N];
        let (at, length) = (usize::from(u16::from_be_bytes([*high, *low])).min(file.len()), usize::from(*length));
        edits = rest;
        let end = (at + length).min(file.len());
        match what % 5 {
            0 | 1 => {
                let (new, rest) = edits.split_at(length.min(edits.len()));
                edits = rest;
                let end = if what % 5 == 0 { (at + new.len()).min(file.len()) } else { at };
                file.splice(at..end, new.iter().copied());
            }
            2 => drop(file.drain(at..end)),
            3 => file.truncate(at),
            _ => {
                let (to, rest) = edits.split_first_chunk::<2>().unwrap_or((&[0, 0], &[]));
                edits = rest;
                let (to, copied) = (usize::from(u16::from_be_bytes(*to)).min(file.len()), file[at..end].to_vec());
                let until = (to + copied.len()).min(file.len());
                file.splice(to..until, copied);
            }
        }
    }
    files
}

/// Makes the checksums of a journal's segment right, as far as it is laid out like one: damage becomes forgery.
pub fn mend_segment(file: &mut [u8]) {
    checksum(file, 0..68, 68);
    let mut at = 72;
    while let Some(length) = number(file, at + 4) {
        let (block, end) = (at + 44, at + 44 + length);
        if end > file.len() || length < 20 {
            return;
        }
        checksum(file, block + 20..end, block + 16);
        let crc = crc32c::crc32c_append(crc32c::crc32c(&file[at..at + 40]), &file[block..end]);
        file[at + 40..at + 44].copy_from_slice(&crc.to_be_bytes());
        at = end;
    }
}

/// The same of a snapshot: its header, then its chunks.
pub fn mend_snapshot(file: &mut [u8]) {
    checksum(file, 0..64, 64);
    let mut at = 68;
    while let Some(length) = number(file, at + 1) {
        let (content, end) = (at + 9, at + 9 + length);
        if end > file.len() {
            return;
        }
        checksum(file, content..end, at + 5);
        at = end;
    }
}

/// The same of a file of dead letters: whatever is laid out like a frame, wherever it lies.
pub fn mend_letters(file: &mut [u8]) {
    for at in 0..file.len() {
        if file[at..].starts_with(b"dltr")
            && let Some(length) = number(file, at + 4)
            && let Some(rest) = file.get(at + 12..at + 12 + length)
        {
            let crc = crc32c::crc32c_append(crc32c::crc32c(&file[at + 4..at + 8]), rest);
            file[at + 8..at + 12].copy_from_slice(&crc.to_be_bytes());
        }
    }
}

fn checksum(file: &mut [u8], of: std::ops::Range<usize>, at: usize) {
    let Some(crc) = file.get(of).map(crc32c::crc32c) else { return };
    if let Some(place) = file.get_mut(at..at + 4) {
        place.copy_from_slice(&crc.to_be_bytes());
    }
}

fn number(file: &[u8], at: usize) -> Option<usize> {
    let bytes = file.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}
