//! Whether somebody waits for sled for too long. Where a thread of sled's ends by a panic, whoever waits for it waits for ever;
//! a call into sled cannot be broken off, so that all that is left is to say so and end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

/// How often it is looked.
pub const LOOK: Duration = Duration::from_secs(1);

/// Counts calls as they begin and end.
#[derive(Default)]
pub struct Watch {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Watch {
    /// A call that is watched.
    pub fn during<T>(&self, call: impl FnOnce() -> T) -> T {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let done = call();
        self.ended.fetch_add(1, Ordering::SeqCst);
        done
    }

    /// How many calls came back, while one is under way; none: none is.
    fn waits(&self) -> Option<u64> {
        let ended = self.ended.load(Ordering::SeqCst);
        (self.begun.load(Ordering::SeqCst) > ended).then_some(ended)
    }

    /// Does something on a thread of its own, and gives up after so many looks at one call that does not come back: none. The
    /// thread is left behind.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn give_up_after<T: Send + 'static>(&self, looks: u32, act: impl FnOnce() -> T + Send + 'static) -> io::Result<Option<T>> {
        let (tell, told) = bounded(1);
        let thread = std::thread::Builder::new().name("start".into()).spawn(move || drop(tell.send(act())))?;
        let mut patience = Patience::new(looks);
        loop {
            match told.recv_timeout(LOOK) {
                Ok(done) => {
                    let _ = thread.join();
                    return Ok(Some(done));
                }
                Err(RecvTimeoutError::Timeout) if patience.is_over(self) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => match thread.join() {
                    Err(panic) => std::panic::resume_unwind(panic),
                    Ok(()) => return Ok(None),
                },
            }
        }
    }
}

/// Looks again and again at one watch.
pub struct Patience {
    most: u32,
    looks: u32,
    seen: Option<u64>,
}

impl Patience {
    /// So many looks at the same call.
    #[must_use]
    pub const fn new(most: u32) -> Self {
        Self { most, looks: 0, seen: None }
    }

    /// Looks; whether the same call was under way at all of the last looks.
    pub fn is_over(&mut self, watch: &Watch) -> bool {
        let waits = watch.waits();
        if waits.is_some() && waits == self.seen {
            self.looks += 1;
        } else {
            (self.seen, self.looks) = (waits, 0);
        }
        self.looks >= self.most
    }
}

/// A thread that looks until this is dropped.
pub struct Watcher {
    _stop: Sender<()>,
}

impl Watcher {
    /// Starts the thread; `stuck` is called after every so many looks at one call.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(watch: Arc<Watch>, looks: u32, mut stuck: impl FnMut() + Send + 'static) -> io::Result<Self> {
        let (stop, stopped) = bounded::<()>(1);
        std::thread::Builder::new().name("store-watch".into()).spawn(move || {
            let mut patience = Patience::new(looks);
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                if patience.is_over(&watch) {
                    stuck();
                    patience = Patience::new(looks);
                }
            }
        })?;
        Ok(Self { _stop: stop })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_with_one_call_that_does_not_come_back_and_not_with_many_that_do() {
        let (watch, mut patience) = (Watch::default(), Patience::new(3));
        for _ in 0..10 {
            watch.during(|| assert!(!patience.is_over(&watch)));
            assert!(!patience.is_over(&watch), "nobody waits");
        }
        watch.during(|| {
            assert_eq!([(); 4].map(|()| patience.is_over(&watch)), [false, false, false, true]);
        });
        assert!(!patience.is_over(&watch), "it came back");
    }

    #[test]
    fn what_does_not_come_back_is_given_up_and_what_does_is_given() {
        let watch = Arc::new(Watch::default());
        assert_eq!(watch.give_up_after(1, || 7).unwrap(), Some(7));
        let (never, waits) = bounded::<()>(1);
        let theirs = watch.clone();
        let stuck = watch.give_up_after(1, move || theirs.during(|| waits.recv())).unwrap();
        assert_eq!(stuck, None);
        drop(never);
    }
}
