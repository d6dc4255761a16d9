//! Looks after the certificate while the server runs: takes new files into use, and warns before it expires.
//!
//! ```text
//! WARN  the certificate expires soon: renew it    expires_at=2026-03-01T10:00:00Z days=5
//! INFO  the TLS files were taken into use         expires_at=2026-06-01T10:00:00Z
//! ERROR the TLS files were not taken into use; what was in use stays, and a restart would fail
//! ```

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use super::validity::{Left, left};
use super::{Look, Tls};
use crate::consent::time::Time;
use crate::ledger::clock::Clock;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// How often what may go wrong is said again.
const DAILY: Duration = Duration::from_secs(24 * 60 * 60);

/// Looks after it for as long as it is polled; SIGHUP has it look at once.
///
/// # Errors
/// Where signals cannot be listened for.
pub async fn keep(tls: Arc<Tls>, clock: impl Clock) -> io::Result<Infallible> {
    let mut hangup = signal(SignalKind::hangup())?;
    let (mut look, mut daily) = (interval(EVERY), interval(DAILY));
    for every in [&mut look, &mut daily] {
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    loop {
        let looked = tokio::select! {
            _ = look.tick() => look_at(&tls, false).await,
            _ = hangup.recv() => look_at(&tls, true).await,
            _ = daily.tick() => {
                warn(&tls, clock.now());
                Look::Nothing
            }
        };
        match looked {
            Look::Nothing | Look::New => {}
            Look::Taken => {
                tracing::info!(expires_at = %tls.standing().expires_at, "the TLS files were taken into use");
                warn(&tls, clock.now());
            }
            Look::Refused(error) => tracing::error!(
                %error, in_use_expires_at = %tls.standing().expires_at,
                "the TLS files were not taken into use; what was in use stays, and a restart would fail"
            ),
        }
    }
}

/// Reads where it holds up nobody: the files may lie on a disk that hangs.
async fn look_at(tls: &Arc<Tls>, at_once: bool) -> Look {
    let tls = Arc::clone(tls);
    tokio::task::spawn_blocking(move || tls.look(at_once)).await.unwrap_or(Look::Nothing)
}

/// Says what is, or soon will be, wrong.
fn warn(tls: &Tls, now: Time) {
    let standing = tls.standing();
    match left(standing.expires_at, now) {
        Left::Enough => {}
        Left::Days(days) => tracing::warn!(expires_at = %standing.expires_at, days, "the certificate expires soon: renew it"),
        Left::Expired => {
            tracing::warn!(expires_at = %standing.expires_at, "the certificate has expired: clients refuse it; renew it");
        }
    }
    if standing.is_refusing {
        tracing::error!("the TLS files are still such that they cannot be taken into use: a restart would fail");
    }
}
