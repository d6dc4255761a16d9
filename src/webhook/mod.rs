//! WhatsApp webhooks over HTTP: the provider's words become facts of the ledger. `src/http` serves them.
//!
//! ```text
//! GET  /webhooks/{account}   the provider's verification: echoes hub.challenge
//! POST /webhooks/{account}   a signed body; 200 once everything in it is durable
//! ```

mod account_update;
mod admin;
mod calls;
mod change;
mod contact;
mod content;
pub mod dead_letters;
mod echoes;
mod event_id;
mod fields;
mod handle;
mod history;
mod http;
mod json;
mod lenient;
mod messages;
mod metrics;
mod parse;
mod preferences;
mod quality;
mod recorder;
mod replay;
mod rescue;
pub mod signature;
mod statuses;
mod system;
mod templates;
mod update;

#[cfg(test)]
mod account_tests;
#[cfg(test)]
mod answer_key_tests;
#[cfg(test)]
mod doubt_tests;
#[cfg(test)]
mod http_tests;
#[cfg(test)]
mod parse_tests;
#[cfg(test)]
mod parse_total_tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use self::admin::LedgerDeadLetters;
pub use self::http::routes;
pub use self::metrics::{Held, Metrics};
pub use self::parse::parse;
pub use self::recorder::Recorder;
pub use self::replay::{Replayed, Which};
pub use self::update::{Fact, Item, Unplaceable, Unplaced, Update};

use self::dead_letters::DeadLetters;
use self::signature::AppSecret;
use crate::consent::words::Account;
use crate::ledger::Ledger;
use crate::ledger::writing::record::RecordError;

/// How often dead letters are looked for whose days are over, or whose time has come.
const SWEEP: Duration = Duration::from_secs(3_600);

/// Takes a body in as if it had come correctly signed, and blocks until its facts are durable; what cannot be placed is
/// not kept. For scenarios.
///
/// # Errors
/// Where a fact could not be recorded now.
pub fn take(ledger: &Ledger, account: &Account, body: &[u8]) -> Result<(), String> {
    let policy = Recorder::policy(ledger, account);
    for update in parse(body) {
        let fact = match update {
            Update::Record(fact) => Some(fact),
            Update::Words(fact) => Some(fact).filter(|fact| rescue::refuses(&fact.what, &policy)),
            Update::NoFact | Update::DeadLetter(_) => None,
        };
        if let Some(fact) = fact {
            match ledger.record_blocking(fact.into_record(account.clone()).0) {
                Ok(_) | Err(RecordError::TimeInFuture { .. } | RecordError::TooLong { .. } | RecordError::EventIdReused { .. }) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }
    Ok(())
}

/// Who may deliver webhooks.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// For every account that has no secrets of its own.
    pub common: Secrets,
    /// Accounts with secrets of their own; nothing in `common` counts for these.
    pub accounts: BTreeMap<Account, Secrets>,
}

impl Config {
    /// What counts for `account`.
    #[must_use]
    pub fn secrets(&self, account: &Account) -> &Secrets {
        self.accounts.get(account).unwrap_or(&self.common)
    }
}

/// What an account shares with the provider.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// Signs bodies; without it none is accepted.
    pub app_secret: Option<AppSecret>,
    /// Named by the provider when the webhook is set up; without it none can be.
    pub verify_token: Option<VerifyToken>,
}

/// The word that the provider names when a webhook is set up.
#[derive(Clone)]
pub struct VerifyToken(Zeroizing<String>);

impl VerifyToken {
    /// The token with this text; white space around it is left out. None where nothing remains.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// Whether `given` is it, in time that depends on its length only.
    #[must_use]
    pub fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

/// Never shows it.
impl std::fmt::Debug for VerifyToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VerifyToken(…)")
    }
}

/// Once an hour removes dead letters that are over, and tries those again that waited for their time. Never ends.
pub async fn look_after<R: Recorder>(recorder: &R, dead_letters: &Arc<DeadLetters>) {
    let mut hours = tokio::time::interval_at(tokio::time::Instant::now() + SWEEP, SWEEP);
    loop {
        hours.tick().await;
        let now = recorder.now();
        if let Err(error) = dead_letters.blocking(move |letters| letters.sweep(now)).await {
            tracing::error!(%error, "dead letters that are over were not removed");
        }
        match dead_letters.replay_due(recorder).await {
            Ok(0) => {}
            Ok(placed) => tracing::info!(placed, "dead letters whose time has come were placed"),
            Err(error) => tracing::error!(%error, "dead letters whose time has come were not tried again"),
        }
    }
}
