//! What `serve` does until the ledger is open: both ports answer that it starts, and how far it is.

use std::sync::Arc;

use super::service_manager;
use crate::api;
use crate::api::connections::Listener;
use crate::cli::error::CliError;
use crate::http::{listen, starting};
use crate::ledger::keys::secrets::SecretsError;
use crate::ledger::proving::checkpoints::CheckpointsError;
use crate::ledger::starting::progress::{Phase, Progress};
use crate::ledger::{Ledger, OpenError, Options};
use crate::webhook::dead_letters::DeadLetters;

/// What is served.
pub struct Opened {
    /// The ledger.
    pub ledger: Ledger,
    /// What webhooks brought and could not be placed.
    pub dead_letters: Arc<DeadLetters>,
}

/// Opens the ledger. Until it is open, both ports say how far it is; then they are the caller's again.
///
/// # Errors
/// Where the ledger does not open.
pub async fn open(options: Options, grpc: &Listener, http: &Listener) -> Result<Opened, CliError> {
    let progress = Arc::clone(&options.progress);
    let opening = async {
        let ledger = open_ledger(options).await?;
        let dead_letters = open_dead_letters(&ledger, &progress).await?;
        Ok(Opened { ledger, dead_letters })
    };
    tokio::select! {
        opened = answering(grpc, http, &progress, opening) => opened,
        () = service_manager::starting(&progress) => std::future::pending().await,
    }
}

/// Answers on both ports that the ledger starts, while `opening` goes on.
pub async fn answering<T>(grpc: &Listener, http: &Listener, progress: &Arc<Progress>, opening: impl Future<Output = T>) -> T {
    let over_http = listen::serve_while(http, starting::routes(Arc::clone(progress)), opening);
    listen::serve_while(grpc, api::starting::routes(Arc::clone(progress)).await, over_http).await
}

async fn open_dead_letters(ledger: &Ledger, progress: &Arc<Progress>) -> Result<Arc<DeadLetters>, CliError> {
    let (ledger, progress) = (ledger.clone(), Arc::clone(progress));
    let open = move || DeadLetters::open_naming(ledger.data_dir(), ledger.master_key(), ledger.dead_letter_ids(), ledger.now());
    let opened = tokio::task::spawn_blocking(move || progress.phase(Phase::DeadLetters, open)).await;
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
            OpenError::Secrets(SecretsError::Rotating { .. }) => "give both keys; nothing is lost, and what is done already stays done",
            OpenError::Secrets(SecretsError::DoesNotOpen { .. }) => "give the master key that belongs to this data directory",
            _ => "nothing was changed that was acknowledged; `consent-ledger verify --data-dir` tells more",
        };
        CliError::local(error).context(format!("opening the ledger in {}", data_dir.display())).hint(hint)
    })
}
