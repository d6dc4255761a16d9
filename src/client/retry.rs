//! Trying again: when, after what pause, and for how long.
//!
//! ```text
//! 50 ms, 100 ms, 200 ms … 2 s, each shortened by up to half at random; not before the time that the server names
//! ```

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tonic::{Response, Status};
use tonic_types::StatusExt;

use super::error::{ClientError, is_passing};
use crate::proto::ErrorReason;

/// The first pause.
const FIRST: Duration = Duration::from_millis(50);

/// The longest pause that the server did not ask for.
const LONGEST: Duration = Duration::from_secs(2);

/// How long one try may take, and all together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Patience {
    pub(super) attempt: Duration,
    pub(super) total: Duration,
}

/// Why a try came to nothing.
#[derive(Debug)]
pub(super) enum Failed {
    /// It was said.
    Status(Box<Status>),
    /// It took too long.
    OutOfTime(Duration),
    /// A stream ended before everything was answered.
    Ended,
    /// What came cannot be made sense of.
    Garbled(ClientError),
}

impl Failed {
    fn is_passing(&self) -> bool {
        match self {
            Self::Status(status) => is_passing(status),
            Self::OutOfTime(_) | Self::Ended => true,
            Self::Garbled(_) => false,
        }
    }

    /// When the server wants to be asked again.
    fn named_pause(&self) -> Option<Duration> {
        let Self::Status(status) = self else { return None };
        status.get_error_details().retry_info()?.retry_delay
    }
}

impl From<Failed> for ClientError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Status(status) => Self::from(&*status),
            Failed::OutOfTime(after) => Self::OutOfTime { after },
            Failed::Ended => Self::Unavailable {
                reason: ErrorReason::Unspecified,
                message: "the server ended the stream before everything was answered".to_owned(),
            },
            Failed::Garbled(error) => error,
        }
    }
}

/// The pauses between tries, until the time is up.
#[derive(Debug)]
pub(super) struct Pauses {
    next: Duration,
    until: Instant,
    /// The latest failure that says more than that the time is up.
    told: Option<ClientError>,
}

impl Pauses {
    /// From now on, for so long.
    pub(super) fn new(total: Duration) -> Self {
        Self::since(Instant::now(), total)
    }

    /// From an earlier moment on, for so long.
    pub(super) fn since(moment: Instant, total: Duration) -> Self {
        Self { next: FIRST, until: moment + total, told: None }
    }

    /// How long is left.
    pub(super) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// How long to wait before the next try.
    ///
    /// # Errors
    /// Where another try would not help, or there is no time for one. Where the last try was only cut short, what the one before
    /// it came to.
    pub(super) fn after(&mut self, failed: Failed) -> Result<Duration, ClientError> {
        let pause = jittered(self.next).max(failed.named_pause().unwrap_or_default());
        let is_passing = failed.is_passing();
        let out_of_time = matches!(failed, Failed::OutOfTime(_));
        let error = ClientError::from(failed);
        if !is_passing || pause >= self.left() {
            return Err(self.told.take().filter(|_| out_of_time).unwrap_or(error));
        }
        if !out_of_time {
            self.told = Some(error);
        }
        self.next = (self.next * 2).min(LONGEST);
        Ok(pause)
    }
}

/// Calls until it is answered, refused for good, or the time is up.
///
/// # Errors
/// What the last try came to.
pub(super) async fn retrying<T, F>(patience: Patience, mut call: impl FnMut() -> F) -> Result<T, ClientError>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    let mut pauses = Pauses::new(patience.total);
    loop {
        let time = patience.attempt.min(pauses.left());
        let failed = match timeout(time, call()).await {
            Ok(Ok(response)) => return Ok(response.into_inner()),
            Ok(Err(status)) => Failed::Status(status.into()),
            Err(_) => Failed::OutOfTime(time),
        };
        sleep(pauses.after(failed)?).await;
    }
}

/// Between half of it and all of it, so that many clients do not come back at once.
fn jittered(pause: Duration) -> Duration {
    let half = pause / 2;
    // Without random numbers there is no jitter, which only makes it ruder.
    half + half.mul_f64(f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::{ErrorDetails, StatusExt};

    fn unavailable() -> Failed {
        Failed::Status(Box::new(Status::unavailable("away")))
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_shrink_by_half_at_most() {
        let mut pauses = Pauses::new(Duration::from_secs(600));
        let mut expected = FIRST;
        for _ in 0..10 {
            let pause = pauses.after(unavailable()).unwrap();
            assert!(expected / 2 <= pause && pause <= expected, "{pause:?} of {expected:?}");
            expected = (expected * 2).min(LONGEST);
        }
        assert_eq!(expected, LONGEST);
    }

    #[test]
    fn the_server_is_not_asked_before_the_time_it_named() {
        let mut details = ErrorDetails::new();
        details.set_retry_info(Some(Duration::from_secs(7)));
        let busy = || Failed::Status(Box::new(Status::with_error_details(tonic::Code::ResourceExhausted, "busy", details.clone())));
        assert_eq!(Pauses::new(Duration::from_secs(600)).after(busy()).unwrap(), Duration::from_secs(7));
        assert!(matches!(Pauses::new(Duration::from_secs(5)).after(busy()), Err(ClientError::Unavailable { .. })), "no time for it");
    }

    #[test]
    fn a_last_try_that_is_cut_short_does_not_hide_why() {
        let cut_short = || Failed::OutOfTime(Duration::from_millis(1));
        let mut pauses = Pauses::new(Duration::from_secs(600));
        pauses.after(unavailable()).unwrap();
        pauses.until = Instant::now();
        assert!(matches!(pauses.after(cut_short()), Err(ClientError::Unavailable { .. })));
        assert!(matches!(Pauses::new(Duration::ZERO).after(cut_short()), Err(ClientError::OutOfTime { .. })));
    }

    #[test]
    fn what_does_not_pass_is_not_tried_again() {
        let refused = Failed::Status(Box::new(Status::invalid_argument("no")));
        assert!(matches!(Pauses::new(Duration::from_secs(600)).after(refused), Err(ClientError::Refused { .. })));
        assert!(Pauses::new(Duration::ZERO).after(unavailable()).is_err());
    }
}
