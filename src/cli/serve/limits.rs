//! What `serve` is told about limits.

use clap::Args;

use crate::api::limits::Limits;
use crate::api::limits::rate::RateLimit;

/// What callers may take.
#[derive(Args, Debug)]
pub struct LimitArgs {
    /// How many calls each caller may send in a second, and after a colon how many at once, as in 500:1000; each item of a batch or a
    /// stream counts as one. Without it there is no limit to the rate
    #[arg(long, value_name = "RATE[:BURST]", env = "CONSENT_LEDGER_RATE_LIMIT")]
    rate_limit: Option<RateLimit>,
}

impl LimitArgs {
    /// The limits of both ports together.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits::new(self.rate_limit)
    }
}
