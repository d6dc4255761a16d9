//! `serve`: runs the ledger.
//!
//! ```text
//! ready grpc=127.0.0.1:50051 http=127.0.0.1:8080      the one line on stdout, once it answers from the whole log
//! ```
//!
//! Before that both ports say that it starts, and how far it is. With TLS, SIGHUP has it read its certificate again. SIGTERM or
//! SIGINT ends it: health and readiness say no, after `--drain-delay` the ports close, calls under way finish within
//! `--drain-timeout`, the ledger closes, exit code 0. A second one cuts off what is under way; the ledger closes all the same. A
//! ledger that stopped writing ends it too, with exit code 2: a restart recovers what a running process must not guess.

mod callers;
mod check_config;
pub mod configuration;
mod disk;
mod limits;
mod logs;
mod opening;
mod service_manager;
mod stop;
mod tls;
mod traces;
mod webhooks;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;

use crate::api;
use crate::api::admin::DeadLetterAdmin;
use crate::api::connections::Listener;
use crate::cli::error::{CliError, Verdict};
use crate::cli::master_key::MasterKeyArgs;
use crate::cli::open_files;
use crate::cli::output::Output;
use crate::cli::signals::Signals;
use crate::http;
use crate::ledger::clock::SystemClock;
use crate::ledger::{Ledger, Options};
use crate::shutdown::Ending;
use crate::telemetry::calls::{Calls, Edge};
use crate::telemetry::metrics::{Certificate, Metrics};
use crate::telemetry::traces::Exporter;
use crate::tls::{Port, Tls, keeper};
use crate::webhook;
use crate::webhook::dead_letters::DeadLetters;
use configuration::Settings;
use disk::Disk;
use limits::LimitArgs;
use logs::Logs;
use opening::Opened;
use stop::{Servers, Stop};
use tls::Transport;
use traces::Traces;
use webhooks::Webhooks;

const EXAMPLES: &str = "\
Prints `ready grpc=ADDR http=ADDR` on stdout once it answers; logs go to stderr (--log-level and --log-format).

Example:
  consent-ledger serve --data-dir ./ledger --app-secret-file ./app-secret
  consent-ledger serve --config serve.toml --check-config";

/// Run the ledger: gRPC and JSON for checks and records, the provider's webhooks.
///
/// A new data directory is set up on first start, its secrets readable by its owner only. One process serves one data directory.
/// Other addresses than loopback ones are served only with a certificate or --insecure, and once somebody has credentials.
/// Until `keys add` gives the first ones, programs on this machine call without; from then on every call needs them.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Serve {
    /// A file with settings, in TOML: each flag is a key. A flag counts before the environment, that before the file
    #[arg(long, value_name = "FILE", env = "CONSENT_LEDGER_CONFIG")]
    config: Option<PathBuf>,
    /// Print every setting and where it came from, look at all that is named, and do not serve; exit code 0 or 1
    #[arg(long)]
    check_config: bool,
    /// Where the ledger lives; created where it is missing
    #[arg(long, value_name = "DIR", env = "CONSENT_LEDGER_DATA_DIR")]
    data_dir: PathBuf,
    /// Where to answer gRPC; port 0 takes a free one
    #[arg(long, value_name = "ADDR", env = "CONSENT_LEDGER_LISTEN", default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// Where to take webhooks and calls in JSON over HTTP; port 0 takes a free one
    #[arg(long, value_name = "ADDR", env = "CONSENT_LEDGER_HTTP", default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    #[command(flatten)]
    master_key: MasterKeyArgs,
    #[command(flatten)]
    webhooks: Webhooks,
    #[command(flatten)]
    disk: Disk,
    #[command(flatten)]
    stop: Stop,
    /// Where to publish signed checkpoints, outside the data directory, where whoever changes that cannot reach; made where it
    /// is missing. A log that is not what was signed there is not served
    #[arg(long, value_name = "DIR", env = "CONSENT_LEDGER_CHECKPOINT_DIR")]
    checkpoint_dir: Option<PathBuf>,
    /// Begin to publish although the ledger has entries and --checkpoint-dir holds no checkpoint
    #[arg(long, env = "CONSENT_LEDGER_FIRST_CHECKPOINT", requires = "checkpoint_dir")]
    first_checkpoint: bool,
    #[command(flatten)]
    transport: Transport,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    logs: Logs,
    #[command(flatten)]
    traces: Traces,
    /// All of these, and where each came from
    #[arg(skip)]
    pub settings: Settings,
}

impl Serve {
    /// Runs until a signal ends it.
    ///
    /// # Errors
    /// Where an address cannot be served, the ledger does not open, or it stops writing.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        if self.check_config {
            return check_config::run(&self, output);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| CliError::local(error).context("starting the runtime"))?;
        let (exporter, spans) = {
            let _entered = runtime.enter();
            self.traces.start()?.unzip()
        };
        // Before anything is logged.
        self.logs.start(output.is_json(), spans)?;
        open_files::raise();
        for warning in self.settings.warnings() {
            tracing::warn!("{warning}");
        }
        let tls = self.transport.open(&[self.listen, self.http])?;
        let ended = runtime.block_on(async {
            let ended = Box::pin(self.serve(tls, exporter.as_ref())).await;
            if let Some(exporter) = exporter {
                exporter.finish().await;
            }
            ended
        });
        runtime.shutdown_timeout(Duration::from_secs(1));
        ended
    }

    async fn serve(self, tls: Option<Arc<Tls>>, exporter: Option<&Exporter>) -> Result<Verdict, CliError> {
        let webhooks = self.webhooks.config()?;
        let (grpc, grpc_address) = bind(self.listen, "--listen").await?;
        let (http_listener, http_address) = bind(self.http, "--http").await?;
        let mut signals = Signals::new()?;
        let limits = self.limits.limits();
        let grpc = listener(grpc, tls.as_ref(), Port::Grpc).limited(limits.clone());
        let http_listener = listener(http_listener, tls.as_ref(), Port::Http).limited(limits);
        let (shutdown, ending) = self.stop.begin();
        let mut servers = Servers::new();
        let (calls, mut metrics) = (Calls::of(Edge::Grpc), Metrics::default());
        metrics.join(calls.clone());
        metrics.join(Certificate(tls.clone()));
        if let Some(exporter) = exporter {
            metrics.join(exporter.counted());
        }
        // Before the ledger is open, since SIGHUP ends a process that does not listen for it.
        if let Some(tls) = tls {
            servers.spawn(look_after(tls, ending.clone()));
        }
        let options = Options {
            checkpoint_dir: self.checkpoint_dir.clone(),
            first_checkpoint: self.first_checkpoint,
            min_free: self.disk.min_free(),
            scrub_every: self.disk.scrub_every(),
            master_key: self.master_key.read()?,
            ..Options::new(&self.data_dir)
        };
        tracing::info!(grpc = %grpc_address, http = %http_address, "answering; opening the ledger");
        let Opened { ledger, dead_letters } = tokio::select! {
            opened = opening::open(options, &grpc, &http_listener) => opened?,
            () = signals.next() => return Ok(Verdict::Yes),
        };

        if let Err(error) = callers::known(&ledger, &[grpc_address, http_address]) {
            close_ledger(ledger).await;
            return Err(error);
        }
        metrics.join(ledger.clone());
        servers.spawn(start_grpc(grpc, ledger.clone(), dead_letters.clone(), calls, ending.clone()));
        servers.spawn(start_http(http_listener, ledger.clone(), dead_letters, webhooks, metrics, ending));
        Output::line(&format!("ready grpc={grpc_address} http={http_address}"))?;
        service_manager::ready();
        tracing::info!(grpc = %grpc_address, http = %http_address, head = %ledger.head().seq, "ready");

        let ended = self.stop.after_signal(shutdown, servers, &mut signals).await;
        close_ledger(ledger).await;
        ended.map(|()| Verdict::Yes)
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

fn flatten(ended: Result<Result<(), CliError>, tokio::task::JoinError>) -> Result<(), CliError> {
    ended.unwrap_or_else(|error| Err(CliError::local(error).context("a server failed")))
}

fn listener(tcp: TcpListener, tls: Option<&Arc<Tls>>, port: Port) -> Listener {
    match tls {
        Some(tls) => Listener::over_tls(tcp, Arc::clone(tls), port),
        None => tcp.into(),
    }
}

/// Keeps the certificate up to date until the servers stop.
async fn look_after(tls: Arc<Tls>, mut ending: Ending) -> Result<(), CliError> {
    let failed = |error: std::io::Error| CliError::local(error).context("listening for SIGHUP");
    tokio::select! {
        ended = keeper::keep(tls, SystemClock) => ended.map(|never| match never {}).map_err(failed),
        () = ending.stopping() => Ok(()),
    }
}

async fn start_grpc(
    listener: Listener,
    ledger: Ledger,
    dead_letters: Arc<DeadLetters>,
    calls: Arc<Calls>,
    ending: Ending,
) -> Result<(), CliError> {
    let hint = "look at the log above; starting again recovers what was acknowledged";
    let dead_letters: Arc<dyn DeadLetterAdmin> = Arc::new(webhook::LedgerDeadLetters { letters: dead_letters, ledger: ledger.clone() });
    api::serve(listener, ledger, Some(dead_letters), calls, ending).await.map_err(|error| CliError::local(error).hint(hint))
}

async fn start_http(
    listener: Listener,
    ledger: Ledger,
    dead_letters: Arc<DeadLetters>,
    webhooks: webhook::Config,
    metrics: Metrics,
    ending: Ending,
) -> Result<(), CliError> {
    let served = http::serve(listener, ledger, dead_letters, webhooks, metrics, ending).await;
    served.map_err(|error| CliError::local(error).context("serving HTTP"))
}

async fn close_ledger(ledger: Ledger) {
    let _ = tokio::task::spawn_blocking(move || ledger.close()).await;
}
