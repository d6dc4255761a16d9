//! Reads a request's body, so much and so long at most.

use std::time::Duration;

use axum::body::{Body, Bytes};
use tokio_stream::StreamExt;

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
}

/// The whole body, of `most` bytes at most and arrived `within` this time.
///
/// # Errors
/// Where it is longer, slower, or does not arrive whole.
pub async fn read(body: Body, most: usize, within: Duration) -> Result<Bytes, BodyError> {
    tokio::time::timeout(within, collect(body, most)).await.map_err(|_| BodyError::TooSlow { within })?
}

async fn collect(body: Body, most: usize) -> Result<Bytes, BodyError> {
    let mut parts = body.into_data_stream();
    let mut whole = Vec::new();
    let mut seen = 0_usize;
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| BodyError::Broken)?;
        seen = seen.saturating_add(part.len());
        if seen > most.saturating_mul(DRAIN) {
            break;
        }
        if seen <= most {
            whole.extend_from_slice(&part);
        }
    }
    if seen > most { Err(BodyError::TooLarge { most }) } else { Ok(whole.into()) }
}
