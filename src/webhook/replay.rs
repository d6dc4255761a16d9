//! Dead letters once more, with today's parser.

use std::sync::Arc;

use super::dead_letters::{DeadLetterError, DeadLetters, LetterId};
use super::parse::parse;
use super::recorder::Recorder;
use super::update::Update;
use crate::consent::words::Account;
use crate::ledger::writing::record::RecordError;

/// Which letters to try again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which {
    /// All that are still to be placed.
    All,
    /// These.
    These(Vec<LetterId>),
}

/// What became of a letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Replayed {
    /// It says so many facts, and all of them are in the ledger; with zero it is known now and says nothing.
    Placed {
        /// How many.
        facts: usize,
    },
    /// It stays.
    Stays {
        /// Why.
        reason: String,
    },
    /// There is no such letter in this account.
    Unknown,
}

impl DeadLetters {
    /// Tries letters of `account` again. Those that are placed are listed no longer; trying one twice records nothing twice.
    ///
    /// # Errors
    /// Where the letters cannot be read, or not be marked.
    pub async fn replay<R: Recorder>(
        self: &Arc<Self>,
        account: &Account,
        which: Which,
        recorder: &R,
    ) -> Result<Vec<(LetterId, Replayed)>, DeadLetterError> {
        let ids = match which {
            Which::These(ids) => ids,
            Which::All => {
                let account = account.clone();
                self.blocking(move |letters| letters.list(&account)).await?.into_iter().map(|letter| letter.id).collect()
            }
        };
        let mut results = Vec::with_capacity(ids.len());
        for id in ids {
            let asked = account.clone();
            let payload = self.blocking(move |letters| letters.payload(&asked, id)).await?;
            let replayed = match payload {
                Some(payload) => again(account, &payload, recorder).await,
                None => Replayed::Unknown,
            };
            results.push((id, replayed));
        }
        let placed: Vec<LetterId> =
            results.iter().filter(|(_, replayed)| matches!(replayed, Replayed::Placed { .. })).map(|(id, _)| *id).collect();
        let now = recorder.now();
        self.blocking(move |letters| letters.resolve(&placed, now)).await?;
        Ok(results)
    }

    /// Runs what blocks away from the async threads.
    pub(super) async fn blocking<T, F>(self: &Arc<Self>, work: F) -> Result<T, DeadLetterError>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T, DeadLetterError> + Send + 'static,
    {
        let letters = Arc::clone(self);
        match tokio::task::spawn_blocking(move || work(&letters)).await {
            Ok(done) => done,
            Err(stopped) => Err(DeadLetterError::Io(std::io::Error::other(stopped))),
        }
    }
}

async fn again<R: Recorder>(account: &Account, payload: &[u8], recorder: &R) -> Replayed {
    let mut records = Vec::new();
    for update in parse(payload) {
        match update {
            Update::Record(fact) => records.push(fact.into_record(account.clone()).0),
            Update::NoFact => {}
            Update::DeadLetter(unplaced) => return Replayed::Stays { reason: unplaced.reason },
        }
    }
    let facts = records.len();
    let answers = recorder.record_all(records).await;
    match answers.into_iter().find_map(Result::err) {
        Some(error) => Replayed::Stays { reason: refusal(&error) },
        None => Replayed::Placed { facts },
    }
}

/// A refusal in words that name nobody.
pub(super) fn refusal(error: &RecordError) -> String {
    error.to_string()
}
