//! Where each trail ended so far, while a log is read from its beginning.
//!
//! Trails are numbered as they begin, without gaps: nearly all of them stand in one row, 16 bytes each. In a map they took three times
//! that, and a fifth of a verification's time.

use crate::consent::words::Seq;
use crate::ledger::memory::maps::QuickMap;

/// The last entry of each trail, and its place.
#[derive(Default)]
pub(super) struct TrailEnds {
    /// Of the trails from 0 on.
    row: Vec<(Seq, u64)>,
    /// Of those that began before one with a lower number. Whoever forges a log chooses the numbers, and not the seed of the hash.
    beyond: QuickMap<u64, (Seq, u64)>,
}

impl TrailEnds {
    /// Where a trail ended; a trail that is new ended nowhere, at place 0.
    pub(super) fn of(&mut self, trail: u64) -> &mut (Seq, u64) {
        if trail == self.row.len() as u64 {
            self.row.push((Seq::NONE, 0));
            // What comes after it in the row began before it.
            while let Some(next) = self.beyond.remove(&(self.row.len() as u64)) {
                self.row.push(next);
            }
        }
        let place = usize::try_from(trail).unwrap_or(usize::MAX);
        match self.row.get_mut(place) {
            Some(end) => end,
            None => self.beyond.entry(trail).or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn in_whatever_order_trails_begin_each_keeps_its_end(trails in prop::collection::vec(prop_oneof![0..12_u64, Just(u64::MAX)], 0..60)) {
            let (mut ends, mut known) = (TrailEnds::default(), std::collections::HashMap::new());
            for (seq, trail) in (1..).map(Seq::new).zip(trails) {
                let end = ends.of(trail);
                let (_, place) = known.get(&trail).copied().unwrap_or((Seq::NONE, 0));
                prop_assert_eq!(*end, known.get(&trail).copied().unwrap_or_default());
                *end = (seq, place + 1);
                known.insert(trail, (seq, place + 1));
            }
        }
    }
}
