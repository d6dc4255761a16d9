//! A value behind a lock, and beside it the seq of the last entry in it.
//!
//! Every reader of a lock writes to it. What all answers ask for is read off the seq alone, whose cache line only commits write: threads that
//! answer do not hand it to and fro.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering;

use crate::consent::words::Seq;
use crate::sync::{AtomicU64, RwLock, RwLockWriteGuard};

/// A value, and the last entry in it.
pub struct Marked<T> {
    value: RwLock<T>,
    seq: AtomicU64,
    last: fn(&T) -> Seq,
}

impl<T> Marked<T> {
    /// This value, whose last entry is found so.
    pub fn new(value: T, last: fn(&T) -> Seq) -> Self {
        Self { seq: AtomicU64::new(last(&value).number()), value: RwLock::new(value), last }
    }

    /// The last entry in it. Known before anybody reads what was written with it.
    pub fn seq(&self) -> Seq {
        Seq::new(self.seq.load(Ordering::Acquire))
    }

    /// To read.
    pub fn read(&self) -> impl Deref<Target = T> + '_ {
        self.value.read()
    }

    /// To write.
    pub fn write(&self) -> impl DerefMut<Target = T> + '_ {
        Writing { value: self.value.write(), of: self }
    }
}

/// The value while it is written.
struct Writing<'a, T> {
    value: RwLockWriteGuard<'a, T>,
    of: &'a Marked<T>,
}

impl<T> Deref for Writing<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Writing<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T> Drop for Writing<'_, T> {
    /// The lock is given back afterwards.
    fn drop(&mut self) {
        self.of.seq.store((self.of.last)(&self.value).number(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seq_is_that_of_the_value_once_it_is_written() {
        let marked = Marked::new(vec![Seq::new(3)], |seqs: &Vec<Seq>| seqs.last().copied().unwrap_or_default());
        assert_eq!(marked.seq(), Seq::new(3));
        let mut writing = marked.write();
        writing.push(Seq::new(7));
        assert_eq!(marked.seq(), Seq::new(3), "nobody reads it yet");
        drop(writing);
        assert_eq!((marked.seq(), marked.read().len()), (Seq::new(7), 2));
    }

    #[test]
    fn whoever_reads_what_was_written_finds_its_seq() {
        let marked = Marked::new(0, |number: &u64| Seq::new(*number));
        std::thread::scope(|threads| {
            threads.spawn(|| (1..=2_000).for_each(|number| *marked.write() = number));
            threads.spawn(|| {
                while marked.seq() < Seq::new(2_000) {
                    let read = *marked.read();
                    assert!(Seq::new(read) <= marked.seq());
                }
            });
        });
    }
}
