//! Why nothing was measured.

use std::path::{Path, PathBuf};

use crate::client::ClientError;
use crate::ledger::storage::journal::JournalError;

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A file or directory did not do what was asked.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// A child process did not start, or did not get ready.
    #[error("`{command}` did not get ready: {said}")]
    NotReady {
        /// The subcommand.
        command: &'static str,
        /// What it said, or what happened.
        said: String,
    },
    /// A child process ended badly.
    #[error("`{command}` failed: {said}")]
    Failed {
        /// The subcommand.
        command: &'static str,
        /// What it said, or what happened.
        said: String,
    },
    /// A server refused a call.
    #[error("a call was refused: {0}")]
    Refused(Box<tonic::Status>),
    /// A server could not be reached.
    #[error(transparent)]
    Unreachable(#[from] tonic::transport::Error),
    /// The address of a server is none.
    #[error(transparent)]
    NoEndpoint(#[from] ClientError),
    /// A server's answer is not the one that follows from what it was told.
    #[error("a wrong answer: {what}")]
    WrongAnswer {
        /// What is wrong with it.
        what: String,
    },
    /// The journal does not read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A task ended by a panic.
    #[error(transparent)]
    Task(#[from] tokio::task::JoinError),
    /// The directory holds a ledger of other sizes, or one that was not loaded to its end.
    #[error("{} holds a ledger of other sizes, or one that was not loaded to its end", path.display())]
    OtherSizes {
        /// Where.
        path: PathBuf,
    },
}

impl BenchError {
    /// What happened to this file or directory.
    pub fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_owned(), source }
    }

    /// An answer that does not follow from what the server was told.
    pub fn wrong_answer(what: impl Into<String>) -> Self {
        Self::WrongAnswer { what: what.into() }
    }
}

impl From<tonic::Status> for BenchError {
    fn from(status: tonic::Status) -> Self {
        Self::Refused(Box::new(status))
    }
}
