//! What one caller may take of the server, so that the others have theirs.
//!
//! ```text
//! request ──▶ rate: a bucket a caller ── under_way: calls a caller, and all ── deadline ──▶ the service
//!               └ messages: size, no compression, in time, in the room there is      answers: kept for a minute, in that room ◀┘
//! ```
//!
//! The door of `access` comes before: a caller is a principal where there is one, else a certificate or an address. What the door
//! refuses is charged to the certificate or address.
//!
//! `http2` holds what the transport takes before there is a call at all. Every number stands in docs/limits.md.

mod answers;
pub mod deadline;
pub mod http2;
pub mod key;
pub mod layer;
mod messages;
pub mod rate;
mod under_way;

use std::sync::Arc;

use tonic::Status;

use self::key::Key;
use self::rate::{Allowance, Rate, RateLimit};
use self::under_way::{UnderWay, Way};
use crate::http::space::Space;

/// The limits of a server, over both its ports; clones share them.
#[derive(Clone, Debug)]
pub struct Limits(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    rate: Option<Arc<Rate>>,
    under_way: UnderWay,
    requests: Space,
    answers: Space,
}

/// A call that was let in, for as long as it is held.
#[derive(Debug)]
pub struct Admitted {
    /// What its items are charged to.
    pub allowance: Allowance,
    _way: Way,
}

/// No limit to the rate.
impl Default for Limits {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Limits {
    /// With this rate for each caller; none: no limit.
    #[must_use]
    pub fn new(rate: Option<RateLimit>) -> Self {
        let rate = rate.map(|limit| Arc::new(Rate::new(limit)));
        Self(Arc::new(Shared { rate, under_way: UnderWay::default(), requests: Space::default(), answers: Space::default() }))
    }

    /// Lets a call of this caller in.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED` where it asks too fast, or too much is under way.
    pub fn admit(&self, caller: Key) -> Result<Admitted, Status> {
        let way = self.0.under_way.enter(caller)?;
        let allowance = Allowance::new(self.0.rate.clone(), caller);
        allowance.call()?;
        Ok(Admitted { allowance, _way: way })
    }

    /// Lets a probe in: it asks nobody who they are, costs nothing to answer, and whoever asks from where others guess is told.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED` where too much is under way.
    pub fn admit_probe(&self, caller: Key) -> Result<Admitted, Status> {
        let way = self.0.under_way.enter(caller)?;
        Ok(Admitted { allowance: Allowance::new(None, caller), _way: way })
    }

    /// Charges a call that is refused to where it came from, so that guessing is no faster than calling.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED` where refused calls come too fast.
    pub fn charge_refused(&self, from: Key) -> Result<(), Status> {
        Allowance::new(self.0.rate.clone(), from).call()
    }
}
