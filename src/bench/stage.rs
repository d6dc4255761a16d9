//! Where measurements happen: the directories, the servers that run, and the ledgers that are loaded.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::error::BenchError;
use super::loading::Loaded;
use super::people::People;
use super::plan::{Effort, Plan, Sizes};
use super::server::Server;

/// Where ledgers and files lie.
#[derive(Debug)]
pub enum Home {
    /// They are removed afterwards.
    Temporary(TempDir),
    /// They stay, and a later run uses the ledgers again.
    Kept(PathBuf),
}

impl Home {
    /// Among the system's temporary files.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn temporary() -> Result<Self, BenchError> {
        let parent = std::env::temp_dir();
        tempfile::Builder::new().prefix("consent-ledger-bench-").tempdir_in(&parent).map(Self::Temporary).map_err(BenchError::io(&parent))
    }

    /// In this directory, made where it is missing.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn kept(path: PathBuf) -> Result<Self, BenchError> {
        std::fs::create_dir_all(&path).map_err(BenchError::io(&path))?;
        Ok(Self::Kept(path))
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Temporary(dir) => dir.path(),
            Self::Kept(path) => path,
        }
    }
}

/// Which ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// The one of all contacts.
    All,
    /// The one of a tenth of them.
    Tenth,
}

/// A ledger, loaded when it is first needed.
struct Ledger {
    data_dir: PathBuf,
    sizes: Sizes,
    loaded: Option<Loaded>,
    server: Option<Server>,
}

impl Ledger {
    const fn new(data_dir: PathBuf, sizes: Sizes) -> Self {
        Self { data_dir, sizes, loaded: None, server: None }
    }
}

/// Where measurements happen.
pub struct Stage {
    program: PathBuf,
    effort: Effort,
    tell: Box<dyn Fn(&str) + Send + Sync>,
    all: Ledger,
    tenth: Ledger,
    noop: Option<Server>,
    run: u64,
    named: u64,
    /// Dropped last: a server that still runs writes into it.
    home: Home,
}

impl Stage {
    /// A stage for a plan: `program` is started as a server, `tell` hears what goes on, `run` tells this run's events from those of
    /// other runs.
    #[must_use]
    pub fn new(program: PathBuf, home: Home, plan: &Plan, run: u64, tell: Box<dyn Fn(&str) + Send + Sync>) -> Self {
        let (all, tenth) = (home.path().join("all"), home.path().join("tenth"));
        let (all, tenth) = (Ledger::new(all, plan.sizes), Ledger::new(tenth, plan.sizes.tenth()));
        Self { program, effort: plan.effort, tell, all, tenth, noop: None, run, named: 0, home }
    }

    /// Says what goes on.
    pub fn tell(&self, what: &str) {
        (self.tell)(what);
    }

    /// How long and how often is measured.
    #[must_use]
    pub const fn effort(&self) -> Effort {
        self.effort
    }

    /// Where files may be written, on the disk that is measured.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A beginning of event ids that no other event has.
    pub fn event_ids(&mut self) -> String {
        self.named += 1;
        format!("{:016x}-{}", self.run, self.named)
    }

    /// How many contacts and events a ledger was loaded with.
    #[must_use]
    pub const fn sizes(&self, which: Which) -> Sizes {
        self.ledger(which).sizes
    }

    /// The contacts of a ledger.
    #[must_use]
    pub const fn people(&self, which: Which) -> People {
        People::new(self.sizes(which).contacts())
    }

    /// Where a ledger lies.
    #[must_use]
    pub fn data_dir(&self, which: Which) -> &Path {
        &self.ledger(which).data_dir
    }

    const fn ledger(&self, which: Which) -> &Ledger {
        match which {
            Which::All => &self.all,
            Which::Tenth => &self.tenth,
        }
    }

    const fn ledger_mut(&mut self, which: Which) -> &mut Ledger {
        match which {
            Which::All => &mut self.all,
            Which::Tenth => &mut self.tenth,
        }
    }

    /// Where the services answer that do nothing; started where they do not run.
    ///
    /// # Errors
    /// Where they do not start.
    pub async fn noop(&mut self) -> Result<String, BenchError> {
        if let Some(noop) = &self.noop {
            return Ok(noop.url().to_owned());
        }
        let (program, home) = (self.program.clone(), self.home().to_owned());
        let noop = tokio::task::spawn_blocking(move || Server::noop(&program, &home)).await??;
        Ok(self.noop.insert(noop).url().to_owned())
    }

    /// Starts a server on any data directory.
    ///
    /// # Errors
    /// Where it does not get ready.
    pub async fn serve(&self, data_dir: &Path) -> Result<Server, BenchError> {
        let (program, data_dir) = (self.program.clone(), data_dir.to_owned());
        tokio::task::spawn_blocking(move || Server::serve(&program, &data_dir)).await?
    }

    /// Runs `verify` on a data directory. Gives what it printed with `--json`.
    ///
    /// # Errors
    /// Where it does not end well.
    pub async fn verify(&self, data_dir: &Path) -> Result<serde_json::Value, BenchError> {
        let mut command = std::process::Command::new(&self.program);
        command.args(["verify", "--json", "--data-dir"]).arg(data_dir);
        let failed = |said: String| BenchError::Failed { command: "verify", said };
        let ended = tokio::task::spawn_blocking(move || command.output()).await?.map_err(|error| failed(error.to_string()))?;
        let said = || failed(String::from_utf8_lossy(&[ended.stdout.as_slice(), &ended.stderr].concat()).into_owned());
        if ended.status.success() { serde_json::from_slice(&ended.stdout).map_err(|_| said()) } else { Err(said()) }
    }

    /// The running server of a ledger; started where it does not run, the ledger loaded where it is new.
    ///
    /// # Errors
    /// Where it cannot be started or loaded.
    pub async fn server(&mut self, which: Which) -> Result<&Server, BenchError> {
        if self.ledger(which).server.is_none() {
            let (data_dir, sizes) = (self.data_dir(which).to_owned(), self.sizes(which));
            let found = Loaded::found(&data_dir, sizes)?;
            let server = self.serve(&data_dir).await?;
            let loaded = if let Some(found) = found {
                found
            } else {
                self.tell(&format!("loading {} events of {} contacts", sizes.events(), sizes.contacts()));
                Loaded::load(&server, &data_dir, sizes).await?
            };
            let ledger = self.ledger_mut(which);
            (ledger.loaded, ledger.server) = (Some(loaded), Some(server));
        }
        self.ledger(which).server.as_ref().ok_or_else(|| BenchError::wrong_answer("the server is gone"))
    }

    /// Where the server of a ledger answers.
    ///
    /// # Errors
    /// As [`Stage::server`].
    pub async fn url(&mut self, which: Which) -> Result<String, BenchError> {
        self.server(which).await.map(|server| server.url().to_owned())
    }

    /// What is known of a ledger's loading.
    ///
    /// # Errors
    /// As [`Stage::server`].
    pub async fn loaded(&mut self, which: Which) -> Result<Loaded, BenchError> {
        self.server(which).await?;
        self.ledger(which).loaded.ok_or_else(|| BenchError::wrong_answer("the ledger was not loaded"))
    }

    /// Stops the server of a ledger, where it runs; a ledger that is new is loaded before.
    ///
    /// # Errors
    /// As [`Stage::server`], and where it does not stop well.
    pub async fn stop(&mut self, which: Which) -> Result<(), BenchError> {
        if self.ledger(which).loaded.is_none() {
            self.server(which).await?;
        }
        match self.ledger_mut(which).server.take() {
            Some(server) => tokio::task::spawn_blocking(move || server.stop()).await?,
            None => Ok(()),
        }
    }

    /// Stops all servers that run.
    ///
    /// # Errors
    /// Where one of them does not stop well.
    pub async fn end(&mut self) -> Result<(), BenchError> {
        self.noop = None;
        for which in [Which::All, Which::Tenth] {
            if self.ledger(which).server.is_some() {
                self.stop(which).await?;
            }
        }
        Ok(())
    }
}
