//! The log and what is derived from it: one writer, two copies on disk, keys, state.

pub mod record;
pub mod seal;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::consent::decide::{Asked, Decision};
use crate::consent::identifier::Identifier;
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender, Seq};
use record::{Acknowledgement, Record, RecordError};

/// A running ledger; clones share it.
#[derive(Clone)]
pub struct Ledger {
    shared: Arc<()>,
}

/// How to open a ledger.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory; created where it is missing.
    pub data_dir: PathBuf,
}

/// The head of the log at some moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// The last entry's seq.
    pub seq: Seq,
    /// Its SHA-256.
    pub hash: [u8; 32],
}

/// A question to the ledger.
#[derive(Clone, Debug)]
pub struct Question {
    /// The account.
    pub account: Account,
    /// The recipient.
    pub contact: Identifier,
    /// The sender.
    pub sender: Sender,
    /// What it wants to do.
    pub asked: Asked,
    /// At this time; none: now.
    pub at: Option<Time>,
    /// Answer only once the log has reached this entry.
    pub min_position: Option<Seq>,
}

/// An answer of the ledger.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The decision.
    pub decision: Decision,
    /// The time it is for.
    pub at: Time,
    /// The policy's version.
    pub policy_version: u32,
    /// The head it was answered at.
    pub position: Position,
}

/// Why a question was not answered. Never a permission.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum CheckError {
    /// No such account.
    #[error("the account {account:?} does not exist")]
    AccountUnknown {
        /// The name given.
        account: String,
    },
    /// The log has not reached the position asked for.
    #[error("the ledger stands at seq {head}, before the position asked for, {wanted}")]
    BehindPosition {
        /// Where the ledger stands.
        head: Seq,
        /// What was asked for.
        wanted: Seq,
    },
    /// The state is not whole, or the history could not be read.
    #[error("the ledger cannot answer: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
}

/// An entry as a reader sees it: its header's fields, its facts, and what its contact's key opens.
#[derive(Clone, Debug)]
pub struct OpenedEntry {
    /// Where it stands.
    pub seq: Seq,
    /// SHA-256 of the stored bytes.
    pub entry_hash: [u8; 32],
    /// SHA-256 of the entry before it.
    pub previous_hash: [u8; 32],
    /// When the ledger committed it.
    pub recorded_at: Time,
    /// The account's trail number; 0: the ledger itself.
    pub account: u64,
    /// Who recorded it.
    pub actor: u32,
    /// The trail it belongs to.
    pub trail: u64,
    /// Its place in that trail, counting from 1.
    pub trail_seq: u64,
    /// The facts.
    pub clear: crate::proto::ClearPart,
    /// What is personal; none where nothing was sealed or the key is gone.
    pub sealed: Option<crate::proto::SealedPart>,
    /// Whether something was sealed whose key is gone.
    pub erased: bool,
    /// The stored bytes.
    pub bytes: Vec<u8>,
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// From this seq on; none: from the first.
    pub from: Option<Seq>,
    /// Only this account's.
    pub account: Option<Account>,
    /// Only this contact's trail (and of contacts joined with it).
    pub contact: Option<Identifier>,
}

/// Why entries could not be read.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// No such account.
    #[error("the account {account:?} does not exist")]
    AccountUnknown {
        /// The name given.
        account: String,
    },
    /// The store does not give it.
    #[error("the log could not be read: {reason}")]
    Unreadable {
        /// Why.
        reason: String,
    },
}

impl Ledger {
    /// Records an event; answers once it is durable.
    pub async fn record(&self, record: Record) -> Result<Acknowledgement, RecordError> {
        let _ = (&self.shared, record);
        Err(RecordError::Unavailable { reason: "skeleton".into() })
    }

    /// Records several events, in order, in as few commits as possible; answers once all are durable. One that is
    /// refused does not touch its neighbours.
    pub async fn record_all(&self, records: Vec<Record>) -> Vec<Result<Acknowledgement, RecordError>> {
        let mut out = Vec::new();
        for record in records {
            out.push(self.record(record).await);
        }
        out
    }

    /// Answers a question. Fast and in memory, except for times before the contact's latest event, which are
    /// answered from its trail on disk: then the call blocks.
    pub fn check(&self, question: &Question) -> Result<Answer, CheckError> {
        let _ = question;
        Err(CheckError::Unavailable { reason: "skeleton".into() })
    }

    /// The head of the log.
    pub fn head(&self) -> Position {
        Position { seq: Seq::NONE, hash: [0; 32] }
    }

    /// Entries in order of seq, at most `limit`, opened. Blocks.
    pub fn entries(&self, filter: &Filter, limit: usize) -> Result<Vec<OpenedEntry>, ReadError> {
        let _ = (filter, limit);
        Err(ReadError::Unreadable { reason: "skeleton".into() })
    }

    /// Why the ledger no longer writes; none while it does.
    pub fn poisoned(&self) -> Option<String> {
        None
    }

    /// The key that wraps other keys.
    pub fn master_key(&self) -> &seal::Key {
        unimplemented!()
    }

    /// The data directory.
    pub fn data_dir(&self) -> &Path {
        unimplemented!()
    }

    /// The ledger's clock.
    pub fn now(&self) -> Time {
        unimplemented!()
    }
}
