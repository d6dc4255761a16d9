//! `serve`: runs the ledger.
//!
//! ```text
//! ready grpc=127.0.0.1:50051 http=127.0.0.1:8080      the one line on stdout, once it answers
//! ```
//!
//! SIGTERM or SIGINT ends it: health says `NOT_SERVING`, calls under way finish, the ledger closes, exit code 0. A ledger that
//! stopped writing ends it too, with exit code 2: a restart recovers what a running process must not guess.

mod logs;
mod traces;
mod webhooks;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::api;
use crate::api::admin::DeadLetterAdmin;
use crate::cli::error::{CliError, Verdict};
use crate::cli::open_files;
use crate::cli::output::Output;
use crate::cli::signals::Signals;
use crate::http;
use crate::json::Callers;
use crate::ledger::proving::checkpoints::CheckpointsError;
use crate::ledger::{Ledger, OpenError, Options};
use crate::telemetry::calls::{Calls, Edge};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::Exporter;
use crate::webhook;
use crate::webhook::dead_letters::DeadLetters;
use logs::Logs;
use traces::Traces;
use webhooks::Webhooks;

const EXAMPLES: &str = "\
Prints `ready grpc=ADDR http=ADDR` on stdout once it answers; logs go to stderr.

Example:
  consent-ledger serve --data-dir ./ledger --app-secret-file ./app-secret";

/// How long both servers may take to end, the drain of calls under way included.
const STOP: Duration = Duration::from_secs(12);

/// Run the ledger: gRPC and JSON for checks and records, the provider's webhooks.
///
/// A new data directory is set up on first start, its secrets readable by its owner only. One process serves one data directory.
/// Only loopback addresses are served without credentials.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Serve {
    /// Where the ledger lives; created where it is missing
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// Where to answer gRPC; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// Where to take webhooks and calls in JSON over HTTP; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    #[command(flatten)]
    webhooks: Webhooks,
    #[command(flatten)]
    logs: Logs,
    #[command(flatten)]
    traces: Traces,
    /// Where to publish signed checkpoints, outside the data directory, where whoever changes that cannot reach; made where it
    /// is missing. A log that is not what was signed there is not served
    #[arg(long, value_name = "DIR", env = "CONSENT_LEDGER_CHECKPOINT_DIR")]
    checkpoint_dir: Option<PathBuf>,
    /// Begin to publish although the ledger has entries and --checkpoint-dir holds no checkpoint
    #[arg(long, env = "CONSENT_LEDGER_FIRST_CHECKPOINT", requires = "checkpoint_dir")]
    first_checkpoint: bool,
    /// Serve other addresses than loopback although callers need no credentials and nothing is encrypted
    #[arg(long)]
    insecure: bool,
}

impl Serve {
    /// Runs until a signal ends it.
    ///
    /// # Errors
    /// Where an address cannot be served, the ledger does not open, or it stops writing.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| CliError::local(error).context("starting the runtime"))?;
        let (exporter, spans) = {
            let _entered = runtime.enter();
            self.traces.start()?.unzip()
        };
        self.logs.start(output.is_json(), spans)?;
        open_files::raise();
        for address in [self.listen, self.http] {
            if !address.ip().is_loopback() && !self.insecure {
                return Err(CliError::usage(format!("{address} is not a loopback address, and callers need no credentials"))
                    .hint("serve a loopback address, or give --insecure where the network itself keeps others out"));
            }
        }
        let ended = runtime.block_on(async {
            let ended = self.serve(exporter.as_ref()).await;
            if let Some(exporter) = exporter {
                exporter.finish().await;
            }
            ended
        });
        runtime.shutdown_timeout(Duration::from_secs(1));
        ended
    }

    async fn serve(self, exporter: Option<&Exporter>) -> Result<Verdict, CliError> {
        let webhooks = self.webhooks.config()?;
        let callers = if self.insecure { Callers::Anybody } else { Callers::Direct };
        let (grpc, grpc_address) = bind(self.listen, "--listen").await?;
        let (http_listener, http_address) = bind(self.http, "--http").await?;
        let mut signals = Signals::new()?;
        let options = Options {
            checkpoint_dir: self.checkpoint_dir.clone(),
            first_checkpoint: self.first_checkpoint,
            ..Options::new(&self.data_dir)
        };
        let ledger = tokio::select! {
            opened = open_ledger(options) => opened?,
            () = signals.next() => return Ok(Verdict::Yes),
        };

        let dead_letters = open_dead_letters(&ledger).await?;
        let (stop, stopped) = watch::channel(false);
        let mut servers = JoinSet::new();
        let (calls, mut metrics) = (Calls::of(Edge::Grpc), Metrics::default());
        metrics.join(ledger.clone());
        metrics.join(calls.clone());
        if let Some(exporter) = exporter {
            metrics.join(exporter.counted());
        }
        servers.spawn(start_grpc(grpc, ledger.clone(), dead_letters.clone(), calls, stopping(stopped.clone())));
        servers.spawn(start_http(http_listener, ledger.clone(), dead_letters, webhooks, callers, metrics, stopping(stopped)));
        Output::line(&format!("ready grpc={grpc_address} http={http_address}"))?;
        tracing::info!(grpc = %grpc_address, http = %http_address, head = %ledger.head().seq, "ready");

        let early = tokio::select! {
            () = signals.next() => None,
            ended = servers.join_next() => ended,
        };
        tracing::info!("stopping");
        let _ = stop.send(true);
        let mut result =
            early.map_or(Ok(()), |ended| flatten(ended).and(Err(CliError::local(anyhow::Error::msg("a server ended by itself")))));
        let rest = async {
            while let Some(ended) = servers.join_next().await {
                let ended = flatten(ended);
                if result.is_ok() {
                    result = ended;
                }
            }
        };
        if tokio::time::timeout(STOP, rest).await.is_err() {
            tracing::warn!("a server did not end in time");
            servers.abort_all();
        }
        close_ledger(ledger).await;
        result.map(|()| Verdict::Yes)
    }
}

async fn bind(address: SocketAddr, flag: &str) -> Result<(TcpListener, SocketAddr), CliError> {
    let bound = TcpListener::bind(address).await.and_then(|listener| listener.local_addr().map(|address| (listener, address)));
    bound.map_err(|error| {
        CliError::local(error)
            .context(format!("listening on {address}"))
            .hint(format!("give {flag} another address; port 0 takes a free one"))
    })
}

/// Ends when the servers are to stop.
async fn stopping(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

fn flatten(ended: Result<Result<(), CliError>, tokio::task::JoinError>) -> Result<(), CliError> {
    ended.unwrap_or_else(|error| Err(CliError::local(error).context("a server failed")))
}

async fn start_grpc(
    listener: TcpListener,
    ledger: Ledger,
    dead_letters: Arc<DeadLetters>,
    calls: Arc<Calls>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), CliError> {
    let hint = "look at the log above; starting again recovers what was acknowledged";
    let dead_letters: Arc<dyn DeadLetterAdmin> = Arc::new(webhook::LedgerDeadLetters { letters: dead_letters, ledger: ledger.clone() });
    api::serve(listener, ledger, Some(dead_letters), calls, shutdown).await.map_err(|error| CliError::local(error).hint(hint))
}

async fn start_http(
    listener: TcpListener,
    ledger: Ledger,
    dead_letters: Arc<DeadLetters>,
    webhooks: webhook::Config,
    callers: Callers,
    metrics: Metrics,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), CliError> {
    let served = http::serve(listener, ledger, dead_letters, webhooks, callers, metrics, shutdown).await;
    served.map_err(|error| CliError::local(error).context("serving HTTP"))
}

async fn open_dead_letters(ledger: &Ledger) -> Result<Arc<DeadLetters>, CliError> {
    let ledger = ledger.clone();
    let opened = tokio::task::spawn_blocking(move || DeadLetters::open(ledger.data_dir(), ledger.master_key(), ledger.now())).await;
    let opened = opened.map_err(|error| CliError::local(error).context("opening the dead letters"))?;
    opened.map(Arc::new).map_err(|error| CliError::local(error).context("opening the dead letters"))
}

async fn open_ledger(options: Options) -> Result<Ledger, CliError> {
    let data_dir = options.data_dir.clone();
    let opened = tokio::task::spawn_blocking(move || Ledger::open(&options)).await;
    let opened = opened.map_err(|error| CliError::local(error).context("opening the ledger"))?;
    opened.map_err(|error| {
        let hint = match &error {
            OpenError::InUse { .. } => "stop the other server, or give --data-dir another directory",
            OpenError::Checkpoints(CheckpointsError::NothingPublished { .. }) => {
                "check --checkpoint-dir; with --first-checkpoint this log becomes the one that is published"
            }
            OpenError::Checkpoints(error) if error.is_contradiction() => {
                "keep both as they are; the data directory that belongs to the checkpoints is the right one"
            }
            _ => "nothing was changed that was acknowledged; `consent-ledger verify --data-dir` tells more",
        };
        CliError::local(error).context(format!("opening the ledger in {}", data_dir.display())).hint(hint)
    })
}

async fn close_ledger(ledger: Ledger) {
    let _ = tokio::task::spawn_blocking(move || ledger.close()).await;
}
