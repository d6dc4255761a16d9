//! Numbers in six bytes, for what there are millions of in memory.

use crate::consent::identity::IdentifierKey;

/// A number below 2^48. A greater one counts as the greatest, which nothing has: so many entries, at a hundred bytes each, would be 28 petabytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(in crate::ledger) struct Narrow([u8; 6]);

impl Narrow {
    const GREATEST: u64 = (1 << 48) - 1;

    /// The number in six bytes.
    pub(in crate::ledger) const fn new(number: u64) -> Self {
        let number = if number > Self::GREATEST { Self::GREATEST } else { number };
        let [n0, n1, n2, n3, n4, n5, ..] = number.to_le_bytes();
        Self([n0, n1, n2, n3, n4, n5])
    }

    /// The number.
    pub(in crate::ledger) const fn get(self) -> u64 {
        let [n0, n1, n2, n3, n4, n5] = self.0;
        u64::from_le_bytes([n0, n1, n2, n3, n4, n5, 0, 0])
    }
}

/// The key of an identifier in ten bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::ledger) struct NarrowKey {
    trail: Narrow,
    ordinal: [u8; 4],
}

impl NarrowKey {
    /// The key in ten bytes.
    pub(in crate::ledger) const fn new(key: IdentifierKey) -> Self {
        Self { trail: Narrow::new(key.trail), ordinal: key.ordinal.to_le_bytes() }
    }

    /// The key.
    pub(in crate::ledger) const fn get(self) -> IdentifierKey {
        IdentifierKey { trail: self.trail.get(), ordinal: u32::from_le_bytes(self.ordinal) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_comes_back_and_one_that_is_too_great_as_the_greatest() {
        for number in [0, 1, 255, 256, 30_000_000, 0x1234_5678_9ABC, Narrow::GREATEST] {
            assert_eq!(Narrow::new(number).get(), number);
        }
        assert_eq!(Narrow::new(Narrow::GREATEST + 1).get(), Narrow::GREATEST);
        assert_eq!(Narrow::new(u64::MAX).get(), Narrow::GREATEST);
        let key = IdentifierKey { trail: 70_000, ordinal: u32::MAX };
        assert_eq!(NarrowKey::new(key).get(), key);
    }
}
