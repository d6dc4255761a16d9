//! Maps by digest, in shards: one of ten million keys would stop the writer for a third of a second to grow.

use crate::ledger::keys::secrets::Digest16;
use crate::ledger::memory::maps::QuickMap;
use crate::sync::RwLock;

const SHARDS: usize = 256;

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
        let [first, second, ..] = digest;
        let part = usize::from(*first) << 4 | usize::from(*second) >> 4;
        #[expect(clippy::indexing_slicing, reason = "12 bits, and there are as many shards as a byte has values")]
        &self.0[usize::from(SHARD_OF[part])]
    }

    /// All parts.
    pub(super) fn all(&self) -> &[RwLock<QuickMap<Digest16, V>>] {
        &self.0
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
