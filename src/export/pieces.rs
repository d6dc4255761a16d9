//! The pieces of an export, in their order, and what takes them.
//!
//! ```text
//! begin · (entry | left out)* · end         entries + left out = the size of the begin's checkpoint
//! ```
//!
//! A stream that ends early was cut short: whoever writes a file from it must throw the file away.

use std::io;

use super::opened::OpenedError;
use crate::proto::export_piece::Piece;
use crate::proto::{Entry, ExportBegin, ExportEnd, ExportPiece, LeftOut};

/// A form in which an export is written: it is handed the pieces in their order.
pub trait Format {
    /// The first piece.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn begin(&mut self, begin: ExportBegin) -> Result<(), ExportError>;

    /// An entry.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn entry(&mut self, entry: Entry) -> Result<(), ExportError>;

    /// Entries that were left out. Forms that prove nothing pass over them.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn left_out(&mut self, left_out: LeftOut) -> Result<(), ExportError>;

    /// The last piece.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn end(&mut self, end: ExportEnd) -> Result<(), ExportError>;
}

/// Why an export is not whole.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The stream ended before its last piece.
    #[error("the export was cut short after {covered} of {size} entries; ask again")]
    CutShort {
        /// Up to which entry it came.
        covered: u64,
        /// How many the checkpoint covers.
        size: u64,
    },
    /// A piece came where none of its kind may.
    #[error("a piece of the export is out of order: {found} where {expected} was due")]
    OutOfOrder {
        /// What came.
        found: String,
        /// What should have come.
        expected: String,
    },
    /// The last piece counts otherwise.
    #[error("the export says that it holds {said} entries, and it holds {found}")]
    CountsDiffer {
        /// What the last piece says.
        said: u64,
        /// What came.
        found: u64,
    },
    /// Stored bytes that this program cannot put in words.
    #[error("entry {seq} cannot be put in words")]
    Unreadable {
        /// Which entry.
        seq: u64,
        /// Why.
        source: OpenedError,
    },
    /// The file cannot be written.
    #[error("writing failed")]
    Io(#[from] io::Error),
}

/// What came of an export.
#[derive(Clone, PartialEq, Debug)]
pub struct Written {
    /// What it is of, what it claims, and over which checkpoint; without the keys.
    pub begin: ExportBegin,
    /// How many entries it holds.
    pub entries: u64,
    /// How many entries it leaves out.
    pub left_out: u64,
}

/// Hands pieces to a form and holds them to their order.
#[derive(Debug)]
pub struct Pieces<F> {
    form: F,
    begin: Option<ExportBegin>,
    ended: bool,
    entries: u64,
    left_out: u64,
}

impl<F: Format> Pieces<F> {
    /// Hands pieces to this form.
    pub const fn new(form: F) -> Self {
        Self { form, begin: None, ended: false, entries: 0, left_out: 0 }
    }

    /// Up to which entry the pieces came, and how many the checkpoint covers.
    pub fn progress(&self) -> (u64, u64) {
        (self.covered(), self.size())
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// Where it is not one that may come now, or cannot be written.
    pub fn take(&mut self, piece: ExportPiece) -> Result<(), ExportError> {
        match (piece.piece, self.begin.is_some(), self.ended) {
            (Some(Piece::Begin(begin)), false, _) => {
                self.begin = Some(ExportBegin { keys: Vec::new(), heads: Vec::new(), ..begin.clone() });
                self.form.begin(begin)
            }
            (Some(Piece::Entry(entry)), true, false) => {
                let expected = self.covered() + 1;
                if entry.seq != expected || entry.seq > self.size() {
                    return Err(out_of_order(&format!("entry {}", entry.seq), &format!("entry {expected} of {}", self.size())));
                }
                self.entries += 1;
                self.form.entry(entry)
            }
            (Some(Piece::LeftOut(left_out)), true, false) => {
                if left_out.count == 0 || left_out.count > self.size().saturating_sub(self.covered()) {
                    let expected = format!("at most {}", self.size().saturating_sub(self.covered()));
                    return Err(out_of_order(&format!("{} entries left out", left_out.count), &expected));
                }
                self.left_out += left_out.count;
                self.form.left_out(left_out)
            }
            (Some(Piece::End(end)), true, false) => {
                if self.covered() != self.size() {
                    return Err(self.cut_short());
                }
                if (end.entries, end.left_out) != (self.entries, self.left_out) {
                    return Err(ExportError::CountsDiffer { said: end.entries, found: self.entries });
                }
                self.ended = true;
                self.form.end(end)
            }
            (piece, begun, ended) => Err(out_of_order(name(piece.as_ref()), due(begun, ended))),
        }
    }

    /// The form and what it holds, after the last piece.
    ///
    /// # Errors
    /// Where the last piece never came.
    pub fn finish(self) -> Result<(F, Written), ExportError> {
        let cut_short = self.cut_short();
        let Some(begin) = self.begin.filter(|_| self.ended) else { return Err(cut_short) };
        Ok((self.form, Written { begin, entries: self.entries, left_out: self.left_out }))
    }

    const fn covered(&self) -> u64 {
        self.entries.saturating_add(self.left_out)
    }

    fn size(&self) -> u64 {
        self.begin.as_ref().and_then(|begin| begin.checkpoint.as_ref()).map_or(0, |checkpoint| checkpoint.size)
    }

    fn cut_short(&self) -> ExportError {
        ExportError::CutShort { covered: self.covered(), size: self.size() }
    }
}

fn out_of_order(found: &str, expected: &str) -> ExportError {
    ExportError::OutOfOrder { found: found.to_owned(), expected: expected.to_owned() }
}

const fn name(piece: Option<&Piece>) -> &'static str {
    match piece {
        Some(Piece::Begin(_)) => "another beginning",
        Some(Piece::Entry(_)) => "an entry",
        Some(Piece::LeftOut(_)) => "entries left out",
        Some(Piece::End(_)) => "the end",
        None => "something that this program does not know",
    }
}

const fn due(begun: bool, ended: bool) -> &'static str {
    match (begun, ended) {
        (false, _) => "the beginning",
        (true, false) => "an entry, entries left out or the end",
        (true, true) => "nothing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Checkpoint;

    #[derive(Default, Debug)]
    struct Names(Vec<String>);

    impl Format for Names {
        fn begin(&mut self, begin: ExportBegin) -> Result<(), ExportError> {
            self.0.push(format!("begin {} keys", begin.keys.len()));
            Ok(())
        }

        fn entry(&mut self, entry: Entry) -> Result<(), ExportError> {
            self.0.push(format!("entry {}", entry.seq));
            Ok(())
        }

        fn left_out(&mut self, left_out: LeftOut) -> Result<(), ExportError> {
            self.0.push(format!("left out {}", left_out.count));
            Ok(())
        }

        fn end(&mut self, end: ExportEnd) -> Result<(), ExportError> {
            self.0.push(format!("end {}", end.entries));
            Ok(())
        }
    }

    fn begin(size: u64) -> Piece {
        let checkpoint = Some(Checkpoint { size, ..Default::default() });
        Piece::Begin(ExportBegin { checkpoint, keys: vec![crate::proto::TrailKey::default()], ..Default::default() })
    }

    fn entry(seq: u64) -> Piece {
        Piece::Entry(Entry { seq, ..Default::default() })
    }

    const fn left_out(count: u64) -> Piece {
        Piece::LeftOut(LeftOut { count, root: Vec::new() })
    }

    const fn end(entries: u64, left_out: u64) -> Piece {
        Piece::End(ExportEnd { entries, left_out })
    }

    fn play(pieces: Vec<Piece>) -> Result<(Names, Written), ExportError> {
        let mut taking = Pieces::new(Names::default());
        for piece in pieces {
            taking.take(ExportPiece { piece: Some(piece) })?;
        }
        taking.finish()
    }

    #[test]
    fn a_whole_export_is_handed_on_in_order_and_counted_and_its_keys_are_not_kept() {
        let (names, written) = play(vec![begin(4), left_out(2), entry(3), entry(4), end(2, 2)]).unwrap();
        assert_eq!(names.0, ["begin 1 keys", "left out 2", "entry 3", "entry 4", "end 2"]);
        assert_eq!((written.entries, written.left_out, written.begin.keys), (2, 2, vec![]));
    }

    #[test]
    fn a_stream_that_ends_early_is_cut_short_wherever_it_ends() {
        let whole = [begin(4), left_out(2), entry(3), entry(4), end(2, 2)];
        for length in 0..whole.len() {
            let error = play(whole[..length].to_vec()).unwrap_err();
            assert!(matches!(error, ExportError::CutShort { .. }), "{length}: {error}");
        }
        assert!(matches!(play(vec![begin(4), left_out(2), entry(3), end(1, 2)]), Err(ExportError::CutShort { covered: 3, size: 4 })));
    }

    #[test]
    fn a_piece_out_of_its_place_and_a_count_that_differs_are_refused() {
        let out_of_place = [
            vec![entry(1)],
            vec![end(0, 0)],
            vec![begin(1), begin(1)],
            vec![begin(4), entry(2)],
            vec![begin(1), entry(1), entry(2)],
            vec![begin(4), left_out(0)],
            vec![begin(4), left_out(8)],
            vec![begin(1), entry(1), end(1, 0), entry(2)],
        ];
        for pieces in out_of_place {
            let error = play(pieces.clone()).unwrap_err();
            assert!(matches!(error, ExportError::OutOfOrder { .. }), "{pieces:?}: {error}");
        }
        assert!(matches!(play(vec![begin(1), entry(1), end(2, 0)]), Err(ExportError::CountsDiffer { said: 2, found: 1 })));
    }
}
