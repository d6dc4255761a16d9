//! Whether a history is linearizable: whether each call can be given one instant between its begin and its answer, so that all of
//! them, one after the other, do what a sequential model says.
//!
//! ```text
//! client 1  |--- opt-out, seq 7 ---|
//! client 2        |--- check: yes ---|                 fine: it may have been looked at before the opt-out
//! client 3                            |- check: yes -|  never: the opt-out was acknowledged before it began
//! ```
//!
//! The search is that of Wing and Gong (1993). Which calls were placed, with the model's state after them, is remembered, as Lowe
//! (2017) does it: nothing is tried twice. A call without an answer may have happened at any moment after its begin, or never.

use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;

/// What calls do one after the other.
pub trait Model: Clone + Eq + Hash {
    /// A call with its answer.
    type Call;

    /// The state after a call; none where it could not be answered so.
    fn after(&self, call: &Self::Call) -> Option<Self>;

    /// Where among the others a call probably happened. It decides what is tried first, and nothing else.
    fn probably(call: &Self::Call) -> u64;
}

/// A call as it was seen from outside.
#[derive(Clone, Debug)]
pub struct Called<C> {
    /// The tick at which it began.
    pub begun: u64,
    /// The tick at which its answer was there; none: it had none.
    pub answered: Option<u64>,
    /// What was asked, and what was answered.
    pub call: C,
}

/// A history that is not linearizable, and how far it could be explained.
#[derive(Debug)]
pub struct Contradiction {
    /// The calls of the longest explanation, in its order.
    pub explained: Vec<usize>,
    /// Those of which one would have to be next, and none can be.
    pub stuck_at: Vec<usize>,
}

/// How far an explanation has come.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Reached<M> {
    /// Every call before this one is placed, this one is not.
    first: usize,
    /// What is placed behind it.
    beyond: BTreeSet<usize>,
    state: M,
}

/// One step of an explanation, and what else could have been it.
struct Step<M> {
    reached: Reached<M>,
    placed: Option<usize>,
    left: Vec<usize>,
}

/// The order of all answered calls, and of those unanswered ones that must have happened.
///
/// # Errors
/// Where there is none.
pub fn explain<M: Model>(start: M, history: &[Called<M::Call>]) -> Result<Vec<usize>, Contradiction> {
    let begins = history.is_sorted_by_key(|called| called.begun);
    assert!(begins, "a history is sorted by when its calls began");
    let answered = history.iter().filter(|called| called.answered.is_some()).count();
    if answered == 0 {
        return Ok(Vec::new());
    }
    let start = Reached { first: 0, beyond: BTreeSet::new(), state: start };
    let mut tried = HashSet::from([start.clone()]);
    let mut path = vec![start.step(None, history)];
    let mut longest = Contradiction { explained: Vec::new(), stuck_at: path[0].left.clone() };
    while let Some(step) = path.last_mut() {
        let Some(next) = step.left.pop() else {
            path.pop();
            continue;
        };
        let Some(reached) = step.reached.place(next, history).filter(|reached| tried.insert(reached.clone())) else { continue };
        path.push(reached.step(Some(next), history));
        let explained = || path.iter().filter_map(|step| step.placed);
        if explained().filter(|place| history[*place].answered.is_some()).count() == answered {
            return Ok(explained().collect());
        }
        if path.len() > longest.explained.len() + 1 {
            longest = Contradiction { explained: explained().collect(), stuck_at: path[path.len() - 1].left.clone() };
        }
    }
    Err(longest)
}

impl<M: Model> Reached<M> {
    fn is_placed(&self, place: usize) -> bool {
        place < self.first || self.beyond.contains(&place)
    }

    /// With one call more; none where the model says that it cannot be.
    fn place(&self, next: usize, history: &[Called<M::Call>]) -> Option<Self> {
        let mut reached = Self { state: self.state.after(&history[next].call)?, first: self.first, beyond: self.beyond.clone() };
        reached.beyond.insert(next);
        while reached.beyond.remove(&reached.first) {
            reached.first += 1;
        }
        Some(reached)
    }

    /// Which calls may be next: those that began before any that is not placed was answered. The likeliest last.
    fn step(self, placed: Option<usize>, history: &[Called<M::Call>]) -> Step<M> {
        let (mut left, mut until) = (Vec::new(), u64::MAX);
        for (place, called) in history.iter().enumerate().skip(self.first).filter(|(place, _)| !self.is_placed(*place)) {
            if called.begun > until {
                break;
            }
            left.push(place);
            until = until.min(called.answered.unwrap_or(u64::MAX));
        }
        left.retain(|place| history[*place].begun <= until);
        left.sort_by_key(|place| std::cmp::Reverse(M::probably(&history[*place].call)));
        Step { reached: self, placed, left }
    }
}
