//! Dead letters once more, with today's parser.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dead_letters::{DeadLetterError, DeadLetters, LetterId};
use super::parse::parse;
use super::recorder::Recorder;
use super::rescue::refuses;
use super::update::Update;
use crate::consent::words::Account;
use crate::ledger::writing::record::RecordError;

/// How the reason of a letter begins that only waits for its time.
pub(super) const AHEAD: &str = "dated ahead, tried again every hour: ";

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

    /// Tries those again that only wait for their time; says how many were placed.
    ///
    /// # Errors
    /// Where the letters cannot be read, or not be marked.
    pub async fn replay_due<R: Recorder>(self: &Arc<Self>, recorder: &R) -> Result<usize, DeadLetterError> {
        let mut due: BTreeMap<Account, Vec<LetterId>> = BTreeMap::new();
        for letter in self.blocking(|letters| letters.waiting(|letter| letter.reason.starts_with(AHEAD))).await? {
            due.entry(letter.account).or_default().push(letter.id);
        }
        let mut placed = 0;
        for (account, ids) in due {
            let replayed = self.replay(&account, Which::These(ids), recorder).await?;
            placed += replayed.iter().filter(|(_, replayed)| matches!(replayed, Replayed::Placed { .. })).count();
        }
        Ok(placed)
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
    let policy = recorder.policy(account);
    let (mut records, mut words, mut unplaced) = (Vec::new(), Vec::new(), None);
    for update in parse(payload) {
        match update {
            Update::Record(fact) => records.push(fact.into_record(account.clone()).0),
            Update::Words(fact) if refuses(&fact.what, &policy) => words.push(fact.into_record(account.clone()).0),
            Update::NoFact | Update::Words(_) => {}
            Update::DeadLetter(left) => unplaced = unplaced.or(Some(left.reason)),
        }
    }
    let facts = records.len();
    let asked = if unplaced.is_some() { words } else { records };
    let refused = recorder.record_all(asked).await.into_iter().find_map(Result::err);
    match unplaced.or_else(|| refused.as_ref().map(refusal)) {
        Some(reason) => Replayed::Stays { reason },
        None => Replayed::Placed { facts },
    }
}

/// A refusal in words that name nobody.
pub(super) fn refusal(error: &RecordError) -> String {
    error.to_string()
}
