//! How fast one caller may ask: a bucket of tokens each, filled at the rate and holding the burst.
//!
//! ```text
//! rate 500:1000   1,000 calls at once, then 500 a second; a call takes one token, and so does each item of a batch or stream
//! ```
//!
//! Kept as the time at which the bucket would be full again (GCRA), so that a caller costs 16 bytes and a refusal knows when the
//! next call is taken. A batch is let in where there is a token for the call, and owes the others.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tonic::Status;

use super::key::Key;
use crate::api::status;

/// So many callers are told apart; those beyond share one bucket.
const CALLERS: usize = 16_384;

/// How fast.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateLimit {
    /// Calls and items a second.
    per_second: NonZeroU32,
    /// At once, after a pause.
    burst: NonZeroU32,
}

/// No rate.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{given:?} is no rate such as 500, or 500:1000 with what may come at once; both are at least 1")]
pub struct NoRate {
    given: String,
}

impl FromStr for RateLimit {
    type Err = NoRate;

    /// `RATE` or `RATE:BURST`; without a burst, what a second brings.
    fn from_str(text: &str) -> Result<Self, NoRate> {
        let no_rate = || NoRate { given: text.to_owned() };
        let (rate, burst) = text.split_once(':').unwrap_or((text, text));
        let number = |text: &str| text.parse().map_err(|_| no_rate());
        Ok(Self { per_second: number(rate)?, burst: number(burst)? })
    }
}

/// The buckets of all callers.
#[derive(Debug)]
pub struct Rate {
    /// What one token takes to come.
    token: Duration,
    /// What a full bucket takes to come.
    full: Duration,
    /// When each caller's bucket is full again.
    full_at: Mutex<HashMap<Key, Instant>>,
}

impl Rate {
    /// Buckets that are full.
    #[must_use]
    pub fn new(limit: RateLimit) -> Self {
        let token = Duration::from_secs(1) / limit.per_second.get();
        Self { token, full: token * limit.burst.get(), full_at: Mutex::default() }
    }

    /// Takes one token.
    ///
    /// # Errors
    /// When there is one.
    fn take(&self, caller: Key, now: Instant) -> Result<(), Duration> {
        self.with(caller, now, |full_at| {
            let next = *full_at + self.token;
            let wait = next.saturating_duration_since(now + self.full);
            if wait.is_zero() {
                *full_at = next;
                Ok(())
            } else {
                Err(wait)
            }
        })
    }

    /// Takes so many tokens, also where there are fewer; tells how long until nothing is owed.
    fn owe(&self, caller: Key, tokens: u32, now: Instant) -> Duration {
        self.with(caller, now, |full_at| {
            *full_at += self.token.saturating_mul(tokens).min(MOST_OWED);
            full_at.saturating_duration_since(now + self.full)
        })
    }

    fn with<T>(&self, caller: Key, now: Instant, change: impl FnOnce(&mut Instant) -> T) -> T {
        let mut callers = self.full_at.lock();
        if callers.len() >= CALLERS && !callers.contains_key(&caller) {
            // Whose bucket is full needs none.
            callers.retain(|_, full_at| *full_at > now);
        }
        let key = if callers.len() >= CALLERS && !callers.contains_key(&caller) { Key::Others } else { caller };
        let full_at = callers.entry(key).or_insert(now);
        *full_at = (*full_at).max(now);
        change(full_at)
    }
}

/// No caller owes more than an hour.
const MOST_OWED: Duration = Duration::from_secs(60 * 60);

/// What the items of a call are charged to. Where there is a rate, every request carries it among its extensions.
#[derive(Clone, Debug)]
pub struct Allowance {
    rate: Option<Arc<Rate>>,
    caller: Key,
}

impl Allowance {
    /// This caller's.
    #[must_use]
    pub const fn new(rate: Option<Arc<Rate>>, caller: Key) -> Self {
        Self { rate, caller }
    }

    /// Whether there is a rate.
    #[must_use]
    pub const fn is_limited(&self) -> bool {
        self.rate.is_some()
    }

    /// That of a request; one that came past the limits has none.
    #[must_use]
    pub fn of<T>(request: &tonic::Request<T>) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or(Self { rate: None, caller: Key::Others })
    }

    /// Takes what a call costs.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED`, with the time until the next call is taken.
    pub fn call(&self) -> Result<(), Status> {
        let Some(rate) = &self.rate else { return Ok(()) };
        rate.take(self.caller, Instant::now()).map_err(status::rate_limited)
    }

    /// Charges so many items; tells how long the next must wait.
    #[must_use]
    pub fn charge(&self, items: usize) -> Duration {
        let Some(rate) = &self.rate else { return Duration::ZERO };
        rate.owe(self.caller, u32::try_from(items).unwrap_or(u32::MAX), Instant::now())
    }

    /// Charges so many items and waits until it is their turn.
    pub async fn turn(&self, items: usize) {
        let wait = self.charge(items);
        // A sleep of no time takes some.
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Key = Key::Certificate([1; 32]);

    fn rate(text: &str) -> Rate {
        Rate::new(text.parse().unwrap())
    }

    #[test]
    fn the_burst_is_taken_at_once_and_then_the_rate_and_the_refusal_tells_when() {
        let (rate, start) = (rate("10:3"), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        for _ in 0..3 {
            assert_eq!(rate.take(ONE, at(0)), Ok(()));
        }
        assert_eq!(rate.take(ONE, at(0)), Err(Duration::from_millis(100)));
        assert_eq!(rate.take(ONE, at(40)), Err(Duration::from_millis(60)));
        assert_eq!(rate.take(ONE, at(100)), Ok(()), "what it was told is true");
        assert_eq!(rate.take(ONE, at(100)), Err(Duration::from_millis(100)));
        assert_eq!(rate.take(Key::Certificate([2; 32]), at(100)), Ok(()), "another has its own");
        for _ in 0..3 {
            assert_eq!(rate.take(ONE, at(60_000)), Ok(()), "full again, and no fuller");
        }
        assert!(rate.take(ONE, at(60_000)).is_err());
    }

    #[test]
    fn a_batch_owes_what_it_took_beyond_the_burst() {
        let (rate, start) = (rate("100:10"), Instant::now());
        assert_eq!(rate.take(ONE, start), Ok(()));
        assert_eq!(rate.owe(ONE, 999, start), Duration::from_millis(9_900));
        assert_eq!(rate.take(ONE, start), Err(Duration::from_millis(9_910)));
        assert_eq!(rate.take(ONE, start + Duration::from_millis(9_910)), Ok(()));
    }

    #[test]
    fn callers_beyond_those_that_are_told_apart_share_one_bucket_and_cost_no_memory() {
        let (rate, now) = (rate("1:1"), Instant::now());
        let key = |number: usize| Key::Address(std::net::Ipv4Addr::from(u32::try_from(number).unwrap()).into());
        for number in 0..CALLERS {
            assert_eq!(rate.take(key(number), now), Ok(()));
        }
        assert_eq!(rate.take(key(CALLERS), now), Ok(()));
        assert!(rate.take(key(CALLERS + 1), now).is_err(), "one bucket");
        assert!(rate.full_at.lock().len() <= CALLERS + 1);
        let later = now + Duration::from_secs(10);
        assert_eq!(rate.take(key(CALLERS + 2), later), Ok(()));
        assert_eq!(rate.full_at.lock().len(), 1, "full buckets are forgotten");
    }

    #[test]
    fn a_rate_is_a_number_or_two() {
        assert_eq!("500".parse::<RateLimit>(), "500:500".parse());
        for bad in ["", "0", "1:0", "0:1", "-1", "1:", ":1", "1:2:3", "1.5", "fast"] {
            assert!(bad.parse::<RateLimit>().is_err(), "{bad}");
        }
    }
}
