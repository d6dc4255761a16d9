//! Rows by their numbers, which have no gaps: no keys, and no copying as they become more.

/// So many rows are made at a time.
const CHUNK: usize = 128;

/// The rows of one shard.
pub(super) struct Rows<T>(Vec<Box<[Option<T>]>>);

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Rows<T> {
    /// A row, if there is something in it.
    pub(super) fn get(&self, row: usize) -> Option<&T> {
        self.0.get(row / CHUNK)?.get(row % CHUNK)?.as_ref()
    }

    /// The same, to change it.
    pub(super) fn get_mut(&mut self, row: usize) -> Option<&mut T> {
        self.0.get_mut(row / CHUNK)?.get_mut(row % CHUNK)?.as_mut()
    }

    /// A row, which is there from now on.
    pub(super) fn slot(&mut self, row: usize) -> &mut Option<T> {
        while self.0.len() <= row / CHUNK {
            self.0.push((0..CHUNK).map(|_| None).collect());
        }
        #[expect(clippy::indexing_slicing, reason = "the lines above put it there")]
        &mut self.0[row / CHUNK][row % CHUNK]
    }

    /// The rows in order, also those with nothing in them.
    pub(super) fn iter(&self) -> impl Iterator<Item = Option<&T>> {
        self.0.iter().flatten().map(Option::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_where_it_was_put_and_nothing_beside_it() {
        let mut rows = Rows::default();
        for row in [0, 5, CHUNK - 1, CHUNK, 3 * CHUNK + 1] {
            *rows.slot(row) = Some(row);
        }
        *rows.get_mut(5).unwrap() += 1;
        let there: Vec<_> = rows.iter().enumerate().filter_map(|(row, there)| Some((row, *there?))).collect();
        assert_eq!(there, [(0, 0), (5, 6), (CHUNK - 1, CHUNK - 1), (CHUNK, CHUNK), (3 * CHUNK + 1, 3 * CHUNK + 1)]);
        assert_eq!([rows.get(5), rows.get(6), rows.get(2 * CHUNK), rows.get(99 * CHUNK)], [Some(&6), None, None, None]);
    }
}
