//! Reads a request's body, so much and so long at most, into the space there is.

use std::time::Duration;

use axum::body::{Body, Bytes};
use tokio_stream::StreamExt;

use super::space::Room;

/// How much of a body that is too large is still read, in its limits, so that its sender sees the answer.
const DRAIN: usize = 4;

/// Why there is no body.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BodyError {
    /// It is too long.
    #[error("the body has more than {most} bytes")]
    TooLarge {
        /// The most it may have, in bytes.
        most: usize,
    },
    /// It did not come in time.
    #[error("the body did not arrive within {} seconds", .within.as_secs())]
    TooSlow {
        /// How long it may take.
        within: Duration,
    },
    /// Its sender went away, or broke HTTP's rules.
    #[error("the body did not arrive whole")]
    Broken,
    /// Other bodies take all the space.
    #[error("too many bodies at once; send this one again")]
    NoSpace,
}

/// The whole body, of `most` bytes at most and arrived `within` this time, in the space of `room`. Without one it is read to
/// its end, for its sender to see the answer, and nothing is kept.
///
/// # Errors
/// Where it is longer, slower, does not arrive whole, or finds no space.
pub async fn read(body: Body, most: usize, within: Duration, room: Option<&mut Room>) -> Result<Bytes, BodyError> {
    tokio::time::timeout(within, collect(body, most, room)).await.map_err(|_| BodyError::TooSlow { within })?
}

async fn collect(body: Body, most: usize, mut room: Option<&mut Room>) -> Result<Bytes, BodyError> {
    let mut parts = body.into_data_stream();
    let mut whole = Vec::new();
    let mut seen = 0_usize;
    let mut no_space = false;
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| BodyError::Broken)?;
        seen = seen.saturating_add(part.len());
        if seen > most.saturating_mul(DRAIN) {
            break;
        }
        if let Some(held) = room.as_deref_mut() {
            if seen <= most && held.grow(seen) {
                whole.extend_from_slice(&part);
            } else {
                no_space = seen <= most;
                whole = Vec::new();
                held.free();
                room = None;
            }
        }
    }
    match (seen > most, no_space) {
        (true, _) => Err(BodyError::TooLarge { most }),
        (false, true) => Err(BodyError::NoSpace),
        (false, false) => Ok(whole.into()),
    }
}
