//! Maps by digest, in shards: one of ten million keys would stop the writer for a third of a second to grow. And what several shards hold,
//! looked at together.

use crate::ledger::keys::secrets::Digest16;
use crate::ledger::memory::maps::QuickMap;
use crate::sync::{RwLock, RwLockReadGuard};

/// How many shards there are of anything.
pub(super) const SHARDS: usize = 256;

/// A map in parts, each behind a lock of its own.
pub(super) struct Sharded<V>(Vec<RwLock<QuickMap<Digest16, V>>>);

impl<V> Default for Sharded<V> {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| RwLock::default()).collect())
    }
}

impl<V> Sharded<V> {
    /// The part that a digest belongs to.
    pub(super) fn of(&self, digest: &Digest16) -> &RwLock<QuickMap<Digest16, V>> {
        #[expect(clippy::indexing_slicing, reason = "there are as many shards as a byte has values")]
        &self.0[shard(digest)]
    }

    /// What each of these digests has, looked up together.
    pub(super) fn get_all(&self, digests: &[Digest16]) -> Vec<Option<V>>
    where
        V: Copy,
    {
        let held = Held::new(&self.0, digests.iter().map(shard));
        digests.iter().map(|digest| held.of(shard(digest))?.get(digest).copied()).collect()
    }

    /// All parts.
    pub(super) fn all(&self) -> &[RwLock<QuickMap<Digest16, V>>] {
        &self.0
    }
}

fn shard(digest: &Digest16) -> usize {
    let [first, second, ..] = digest;
    let part = usize::from(*first) << 4 | usize::from(*second) >> 4;
    #[expect(clippy::indexing_slicing, reason = "12 bits")]
    SHARD_OF[part].into()
}

/// Several shards, each held once, for whoever looks at much in them. With no lock to take between one row and the next, a processor
/// fetches several rows at a time, and waits for memory as long as for one of them.
pub(super) struct Held<'a, T> {
    held: Vec<RwLockReadGuard<'a, T>>,
    /// The place of each shard above; beyond it where it is not held.
    places: [usize; SHARDS],
}

impl<'a, T> Held<'a, T> {
    /// Holds these of `all`. They are taken in ascending order, so that nobody who does the same waits for this and is waited for.
    pub(super) fn new(all: &'a [RwLock<T>], shards: impl Iterator<Item = usize>) -> Self {
        let mut places = [usize::MAX; SHARDS];
        for shard in shards {
            if let Some(place) = places.get_mut(shard) {
                *place = 0;
            }
        }
        let mut held = Vec::new();
        for (place, shard) in places.iter_mut().zip(all).filter(|(place, _)| **place == 0) {
            *place = held.len();
            held.push(shard.read());
        }
        Self { held, places }
    }

    /// What one of them holds; none where it is not held.
    pub(super) fn of(&self, shard: usize) -> Option<&T> {
        self.held.get(*self.places.get(shard)?).map(|held| &**held)
    }
}

/// The shard of the digests that begin with these 12 bits. A map that is full doubles: if all shards held the same number of keys, all
/// would double at once, and for a while hold twice the memory that they need. So each gets a little more than the one before, the last
/// nearly twice what the first has, and they double one after the other.
static SHARD_OF: [u8; PARTS] = shard_of();

const PARTS: usize = 1 << 12;

#[expect(clippy::indexing_slicing, reason = "counted below the length")]
#[expect(clippy::cast_possible_truncation, reason = "there are 256 shards")]
const fn shard_of() -> [u8; PARTS] {
    /// 2 to the power of 1/256, and 1, as fractions of 2^24.
    const STEP: u64 = 16_822_704;
    const ONE: u64 = 1 << 24;
    let mut shard_of = [0; PARTS];
    let (mut shard, mut end, mut part) = (0, STEP, 0);
    while part < PARTS {
        // Shard n begins at 2^(n / 256) - 1 of all.
        while ONE + part as u64 * (ONE / PARTS as u64) >= end && shard < SHARDS - 1 {
            shard += 1;
            end = (end * STEP) >> 24;
        }
        shard_of[part] = shard as u8;
        part += 1;
    }
    shard_of
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_up_together_is_what_is_found_one_by_one() {
        let map = Sharded::default();
        let digests: Vec<Digest16> =
            (0..500_u64).map(|n| [n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes(); 2].concat().try_into().unwrap()).collect();
        for (n, digest) in digests.iter().enumerate().filter(|(n, _)| n % 3 > 0) {
            map.of(digest).write().insert(*digest, n);
        }
        let found: Vec<_> = digests.iter().map(|digest| map.of(digest).read().get(digest).copied()).collect();
        assert_eq!(map.get_all(&digests), found);
        assert_eq!(map.get_all(&[digests[1], digests[0], digests[1]]), [Some(1), None, Some(1)]);
        assert!(map.get_all(&[]).is_empty());
    }

    #[test]
    fn every_shard_has_a_little_more_than_the_one_before_and_the_last_twice_what_the_first_has() {
        let mut parts = [0; SHARDS];
        for shard in SHARD_OF {
            parts[usize::from(shard)] += 1;
        }
        assert!(SHARD_OF.is_sorted());
        assert!((10..=13).contains(&parts[0]) && (20..=24).contains(&parts[SHARDS - 1]), "{parts:?}");
        assert!(parts.windows(2).all(|pair| pair[1] + 1 >= pair[0]), "{parts:?}");
    }
}
