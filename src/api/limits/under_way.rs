//! How many calls are under way: of all callers, and of one. Each costs memory for as long as its caller likes.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tonic::Status;

use super::key::Key;
use crate::api::status;

/// Of all callers together.
pub const ALL: usize = 16_384;

/// Of one caller: a quarter is left to the others.
pub const EACH: usize = 12_288;

/// The calls under way.
#[derive(Clone, Default, Debug)]
pub struct UnderWay(Arc<Mutex<Counts>>);

#[derive(Default, Debug)]
struct Counts {
    all: usize,
    each: HashMap<Key, usize>,
}

/// A call under way, until it is dropped.
#[derive(Debug)]
pub struct Way {
    of: UnderWay,
    caller: Key,
}

impl UnderWay {
    /// One more.
    ///
    /// # Errors
    /// Where there are as many as may be.
    pub fn enter(&self, caller: Key) -> Result<Way, Status> {
        let mut counts = self.0.lock();
        if counts.all >= ALL {
            return Err(status::too_many_calls(ALL));
        }
        let own = counts.each.entry(caller).or_default();
        if *own >= EACH {
            return Err(status::too_many_calls(EACH));
        }
        *own += 1;
        counts.all += 1;
        Ok(Way { of: self.clone(), caller })
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        let mut counts = self.of.0.lock();
        counts.all = counts.all.saturating_sub(1);
        if let Some(own) = counts.each.get_mut(&self.caller) {
            *own -= 1;
            if *own == 0 {
                counts.each.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_leaves_room_for_others_and_what_ends_is_given_back() {
        let (one, other) = (Key::Certificate([1; 32]), Key::Certificate([2; 32]));
        let under_way = UnderWay::default();
        let mut taken: Vec<Way> = (0..EACH).map(|_| under_way.enter(one).unwrap()).collect();
        assert_eq!(under_way.enter(one).unwrap_err().code(), tonic::Code::ResourceExhausted);
        let others: Vec<Way> = (EACH..ALL).map(|_| under_way.enter(other).unwrap()).collect();
        assert!(under_way.enter(other).is_err());
        taken.pop();
        assert!(under_way.enter(one).is_ok());
        drop((taken, others));
        assert!(under_way.0.lock().each.is_empty() && under_way.0.lock().all == 0);
    }
}
