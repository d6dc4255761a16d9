//! How `serve` ends once it is told to.

use std::time::Duration;

use clap::Args;
use tokio::task::JoinSet;

use super::{flatten, service_manager};
use crate::cli::error::CliError;
use crate::cli::length::Length;
use crate::cli::signals::Signals;
use crate::shutdown::{Ending, Shutdown};

/// How much longer than the drain both servers may take.
const GRACE: Duration = Duration::from_secs(2);

/// How long who calls may take to turn away, and calls to finish.
#[derive(Args, Debug)]
pub struct Stop {
    /// How long to go on answering, not ready any more, before the ports close: what a load balancer takes to notice
    #[arg(long, value_name = "TIME", env = "CONSENT_LEDGER_DRAIN_DELAY", default_value = "0s")]
    drain_delay: Length,
    /// How long calls under way may then take to finish; what has not finished is cut off
    #[arg(long, value_name = "TIME", env = "CONSENT_LEDGER_DRAIN_TIMEOUT", default_value = "10s")]
    drain_timeout: Length,
}

/// The servers of both ports.
pub type Servers = JoinSet<Result<(), CliError>>;

impl Stop {
    /// A server that serves, and what its ports watch.
    pub fn begin(&self) -> (Shutdown, Ending) {
        Shutdown::new(self.drain_timeout.time())
    }

    /// Serves until a signal, or a server, ends it; then ends the servers step by step. A second signal ends the steps.
    ///
    /// # Errors
    /// Where a server ended by itself, or failed.
    pub async fn after_signal(&self, shutdown: Shutdown, mut servers: Servers, signals: &mut Signals) -> Result<(), CliError> {
        let early = tokio::select! {
            () = signals.next() => None,
            ended = servers.join_next() => ended,
        };
        let mut result = Ok(());
        let mut hurried = false;
        if let Some(ended) = early {
            result = flatten(ended).and(Err(CliError::local(anyhow::Error::msg("a server ended by itself"))));
        } else {
            tracing::info!(drain_delay_seconds = self.drain_delay.time().as_secs(), "told to stop; not ready any more");
            shutdown.leave();
            service_manager::stopping(self.drain_delay.time() + self.drain_timeout.time());
            tokio::select! {
                () = tokio::time::sleep(self.drain_delay.time()) => {}
                () = signals.next() => hurried = true,
                Some(ended) = servers.join_next() => result = flatten(ended),
            }
        }
        tracing::info!("stopping");
        shutdown.stop();
        if hurried {
            hurry(&shutdown);
        }
        let over = tokio::time::sleep(self.drain_timeout.time() + GRACE);
        tokio::pin!(over);
        loop {
            tokio::select! {
                ended = servers.join_next() => match ended.map(flatten) {
                    Some(ended) => result = result.and(ended),
                    None => return result,
                },
                () = &mut over => {
                    tracing::warn!("a server did not end in time");
                    servers.abort_all();
                    return result;
                }
                () = signals.next() => hurry(&shutdown),
            }
        }
    }
}

fn hurry(shutdown: &Shutdown) {
    tracing::warn!("told to stop again; calls under way are cut off");
    shutdown.end();
}
