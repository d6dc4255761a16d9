//! How many streams of a kind are open at a time: each holds memory, or a thread, for as long as its caller likes.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

use crate::api::access::Caller;
use crate::ledger::writing::record::Actor;

/// The slots of one kind of stream.
#[derive(Clone, Debug)]
pub struct Slots {
    free: Arc<Semaphore>,
    at_a_time: usize,
    /// How many each principal has.
    held: Arc<Mutex<HashMap<u32, usize>>>,
    refusal: fn(usize) -> Status,
}

/// A slot, given back when it is dropped.
#[derive(Debug)]
pub struct Slot {
    _permit: OwnedSemaphorePermit,
    _share: Option<Share>,
}

/// One that a principal holds.
#[derive(Debug)]
struct Share {
    held: Arc<Mutex<HashMap<u32, usize>>>,
    principal: u32,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.held.lock();
        if let Some(count) = held.get_mut(&self.principal) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.principal);
            }
        }
    }
}

impl Slots {
    /// So many at a time; one more is refused with `refusal`, which is told how many.
    #[must_use]
    pub fn new(at_a_time: usize, refusal: fn(usize) -> Status) -> Self {
        Self { free: Arc::new(Semaphore::new(at_a_time)), at_a_time, held: Arc::default(), refusal }
    }

    /// How many are taken, and how many there are.
    #[must_use]
    pub fn taken(&self) -> (usize, usize) {
        (self.at_a_time.saturating_sub(self.free.available_permits()), self.at_a_time)
    }

    /// Takes a slot for a caller. A principal has three quarters of them at most: no key takes them all from the others.
    ///
    /// # Errors
    /// Where all are taken, or all that it may have.
    pub fn take(&self, caller: &Caller) -> Result<Slot, Status> {
        self.take_as(caller.actor())
    }

    fn take_as(&self, actor: Actor) -> Result<Slot, Status> {
        let share = if actor == Actor::LOCAL { None } else { Some(self.share(actor.number())?) };
        let permit = self.free.clone().try_acquire_owned().map_err(|_| (self.refusal)(self.at_a_time))?;
        Ok(Slot { _permit: permit, _share: share })
    }

    fn share(&self, principal: u32) -> Result<Share, Status> {
        let most = (self.at_a_time * 3 / 4).max(1);
        let mut held = self.held.lock();
        let count = held.entry(principal).or_default();
        if *count >= most {
            return Err((self.refusal)(most));
        }
        *count += 1;
        Ok(Share { held: Arc::clone(&self.held), principal })
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
        let taken: Vec<Slot> = (0..2).map(|_| slots.take_as(Actor::LOCAL).unwrap()).collect();
        assert_eq!(slots.taken(), (2, 2));
        assert_eq!(slots.clone().take_as(Actor::LOCAL).unwrap_err().code(), tonic::Code::ResourceExhausted);
        drop(taken);
        assert!(slots.take_as(Actor::LOCAL).is_ok());
    }

    #[test]
    fn a_principal_leaves_a_quarter_to_the_others() {
        let (slots, one, other) = (Slots::new(8, status::too_many_streams), Actor::from_number(256), Actor::from_number(257));
        let mut taken: Vec<Slot> = (0..6).map(|_| slots.take_as(one).unwrap()).collect();
        assert_eq!(slots.take_as(one).unwrap_err().code(), tonic::Code::ResourceExhausted);
        let others = [slots.take_as(other).unwrap(), slots.take_as(other).unwrap()];
        assert!(slots.take_as(other).is_err(), "all are taken");
        taken.pop();
        assert!(slots.take_as(one).is_ok());
        drop((taken, others));
        assert!(slots.held.lock().is_empty());
    }
}
