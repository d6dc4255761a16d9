//! How many streams of a kind are open at a time: each holds memory, or a thread, for as long as its caller likes.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

/// The slots of one kind of stream.
#[derive(Clone, Debug)]
pub struct Slots {
    free: Arc<Semaphore>,
    at_a_time: usize,
    refusal: fn(usize) -> Status,
}

/// A slot, given back when it is dropped.
#[derive(Debug)]
pub struct Slot {
    _permit: OwnedSemaphorePermit,
}

impl Slots {
    /// So many at a time; one more is refused with `refusal`, which is told how many.
    #[must_use]
    pub fn new(at_a_time: usize, refusal: fn(usize) -> Status) -> Self {
        Self { free: Arc::new(Semaphore::new(at_a_time)), at_a_time, refusal }
    }

    /// How many are taken, and how many there are.
    #[must_use]
    pub fn taken(&self) -> (usize, usize) {
        (self.at_a_time.saturating_sub(self.free.available_permits()), self.at_a_time)
    }

    /// Takes a slot.
    ///
    /// # Errors
    /// Where all are taken.
    pub fn take(&self) -> Result<Slot, Status> {
        let permit = self.free.clone().try_acquire_owned().map_err(|_| (self.refusal)(self.at_a_time))?;
        Ok(Slot { _permit: permit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::status;

    #[test]
    fn a_slot_is_given_back() {
        let slots = Slots::new(2, status::too_many_streams);
        assert_eq!(slots.taken(), (0, 2));
        let taken: Vec<Slot> = (0..2).map(|_| slots.take().unwrap()).collect();
        assert_eq!(slots.taken(), (2, 2));
        assert_eq!(slots.clone().take().unwrap_err().code(), tonic::Code::ResourceExhausted);
        drop(taken);
        assert!(slots.take().is_ok());
    }
}
