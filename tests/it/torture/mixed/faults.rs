//! What calls failed with: counted by code and reason, and whether it was to be expected.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::Load;

/// After what time a call that failed is made again.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a call is made again before that is a fault itself.
const PATIENCE: Duration = Duration::from_secs(90);

/// What went wrong.
#[derive(Default)]
pub struct Faults {
    expected: Mutex<BTreeMap<String, usize>>,
    unexpected: Mutex<Vec<String>>,
}

impl Faults {
    /// Notes what a call failed with.
    pub fn note(&self, call: &str, status: &Status, is_away: bool) {
        let details = status.get_error_details();
        let reason = details.error_info().map_or("no answer", |info| info.reason.as_str()).to_owned();
        let named = format!("{:?} {reason}", status.code());
        let expected = match status.code() {
            // Too much at once, and when to ask again.
            Code::ResourceExhausted => details.retry_info().is_some(),
            Code::Unavailable => is_away,
            // The connection broke.
            Code::Unknown | Code::Internal | Code::Cancelled => is_away && details.error_info().is_none(),
            _ => false,
        };
        if expected {
            *self.expected.lock().entry(named).or_default() += 1;
        } else {
            self.wrong(format!("{call}: {named}: {}", status.message()));
        }
    }

    /// Notes what must not be.
    pub fn wrong(&self, what: String) {
        self.unexpected.lock().push(what);
    }

    /// Fails where anything was that must not be.
    pub fn assert_expected(&self) {
        let unexpected = self.unexpected.lock();
        let first: Vec<&String> = unexpected.iter().take(20).collect();
        assert!(unexpected.is_empty(), "{} times something that must not be: {first:#?}", unexpected.len());
    }

    /// Prints what was expected.
    pub fn print(&self) {
        println!("expected failures, each made again until it was answered:");
        for (named, count) in self.expected.lock().iter() {
            println!("{count:>10}  {named}");
        }
    }
}

impl Load {
    /// Makes a call until it is answered: what failed while the server was away may have been done, and is asked for again.
    pub async fn until_answered<T, F: Future<Output = Result<T, Status>>>(&self, call: &str, mut make: impl FnMut() -> F) -> T {
        let begun = tokio::time::Instant::now();
        loop {
            match make().await {
                Ok(answer) => {
                    self.called(call);
                    return answer;
                }
                Err(status) => self.faults.note(call, &status, self.served.is_away()),
            }
            assert!(begun.elapsed() < PATIENCE, "{call} is not answered; {:?}", self.faults.unexpected.lock().last());
            tokio::time::sleep(PAUSE).await;
        }
    }
}
