//! Orders of arrival for scenarios whose answers must not depend on it: always the same ones.

/// How many orders a scenario is played in besides the written one.
pub const ORDERS: u64 = 6;

/// The `n`th order of `items`: first the reverse of the written one, then pseudo-random ones.
#[must_use]
pub fn order<T: Clone>(items: &[T], n: u64) -> Vec<T> {
    let mut items = items.to_vec();
    items.reverse();
    let mut state = n;
    for last in (1..items.len()).rev().take_while(|_| n > 0) {
        let place = next(&mut state) % (last as u64 + 1);
        items.swap(last, usize::try_from(place).unwrap_or(0));
    }
    items
}

/// One step of the generator `SplitMix64`.
const fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_holds_every_item_once_and_is_always_the_same() {
        let items: Vec<u32> = (0..20).collect();
        for n in 0..ORDERS {
            let shuffled = order(&items, n);
            assert_ne!(shuffled, items);
            assert_eq!(shuffled, order(&items, n));
            let mut sorted = shuffled;
            sorted.sort_unstable();
            assert_eq!(sorted, items);
        }
        assert_ne!(order(&items, 1), order(&items, 2));
    }
}
