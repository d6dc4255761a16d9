//! How much of memory the bodies that are under way at one edge may take together.
//!
//! A body is read whole before anything of it is believed, so whoever reaches the port could fill the memory with many at
//! once. Space is taken as bytes arrive, not as they are announced: a slow sender holds no more than it sent.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is taken at a time, in bytes.
const BLOCK_BYTES: usize = 64 * 1024;

/// All there is, in bytes.
#[cfg(not(test))]
const ALL_BYTES: usize = 32 * 1024 * 1024;
#[cfg(test)]
const ALL_BYTES: usize = 4 * 1024 * 1024;

/// The space for bodies under way.
#[derive(Clone, Debug)]
pub struct Space(Arc<Semaphore>);

impl Default for Space {
    /// All of it, free.
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ALL_BYTES / BLOCK_BYTES)))
    }
}

impl Space {
    /// Room for a body of which nothing has arrived; it is given back when this is dropped.
    #[must_use]
    pub fn room(&self) -> Room {
        Room { of: self.clone(), blocks: 0, held: Vec::new() }
    }

    /// How many bytes are taken, in whole blocks.
    #[must_use]
    pub fn taken(&self) -> usize {
        ALL_BYTES.saturating_sub(self.0.available_permits().saturating_mul(BLOCK_BYTES))
    }
}

/// The space that one body holds.
#[derive(Debug)]
pub struct Room {
    of: Space,
    blocks: usize,
    held: Vec<OwnedSemaphorePermit>,
}

impl Room {
    /// Holds space for so many bytes in all; false where there is no more.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let needed = bytes.div_ceil(BLOCK_BYTES).saturating_sub(self.blocks);
        let Ok(more) = u32::try_from(needed) else { return false };
        match Arc::clone(&self.of.0).try_acquire_many_owned(more) {
            Ok(permit) => {
                self.blocks += needed;
                self.held.push(permit);
                true
            }
            Err(_) => false,
        }
    }

    /// Gives back what it holds.
    pub fn free(&mut self) {
        self.held.clear();
        self.blocks = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_is_taken_as_it_is_needed_and_given_back_at_the_end() {
        let space = Space::default();
        let mut one = space.room();
        assert!(one.grow(1) && one.grow(BLOCK_BYTES));
        assert_eq!(space.taken(), BLOCK_BYTES);
        assert!(one.grow(ALL_BYTES));
        let mut other = space.room();
        assert!(!other.grow(1));
        one.free();
        assert!(other.grow(ALL_BYTES));
        assert!(!one.grow(1), "what was given back is another's");
        drop(other);
        assert_eq!(space.taken(), 0);
    }
}
