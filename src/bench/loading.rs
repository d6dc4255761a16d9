//! Loads a ledger in bulk, through `RecordStream`, as a migration would.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::clock::Stopwatch;
use super::error::BenchError;
use super::people::People;
use super::plan::Sizes;
use super::server::Server;
use crate::client::{Endpoint, Tls};
use crate::proto::RecordStreamRequest;
use crate::proto::record_stream_response::Outcome;
use crate::proto::recording_service_client::RecordingServiceClient;

/// What is known of a ledger that was loaded. Kept beside it, so that a later run may use it again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Loaded {
    /// How many contacts it knows.
    pub contacts: u64,
    /// How many events were loaded.
    pub events: u64,
    /// The server's resident memory before the first, in bytes.
    pub empty_bytes: u64,
    /// The same once every contact has one event.
    pub introduced_bytes: u64,
    /// The same once all are loaded.
    pub loaded_bytes: u64,
}

impl Loaded {
    /// The file that says what the ledger in `data_dir` was loaded with.
    fn path(data_dir: &Path) -> PathBuf {
        data_dir.with_extension("loaded.json")
    }

    /// What the ledger in `data_dir` was loaded with; none where there is none.
    ///
    /// # Errors
    /// Where there is one of other sizes, or one that was not loaded to its end.
    pub fn found(data_dir: &Path, sizes: Sizes) -> Result<Option<Self>, BenchError> {
        let known = std::fs::read(Self::path(data_dir)).ok().and_then(|text| serde_json::from_slice::<Self>(&text).ok());
        match known {
            Some(loaded) if (loaded.contacts, loaded.events) == (sizes.contacts(), sizes.events()) => Ok(Some(loaded)),
            None if !data_dir.exists() => Ok(None),
            _ => Err(BenchError::OtherSizes { path: data_dir.to_owned() }),
        }
    }

    /// Loads the ledger that `server` serves, and notes it beside `data_dir`.
    ///
    /// # Errors
    /// Where an event is refused, or memory is not told.
    pub async fn load(server: &Server, data_dir: &Path, sizes: Sizes) -> Result<Self, BenchError> {
        let (people, contacts, events) = (People::new(sizes.contacts()), sizes.contacts(), sizes.events());
        let empty_bytes = server.resident_bytes()?;
        stream(server.url(), people, 0..contacts, Known::No).await?;
        let introduced_bytes = server.resident_bytes()?;
        stream(server.url(), people, contacts..events, Known::No).await?;
        let loaded = Self { contacts, events, empty_bytes, introduced_bytes, loaded_bytes: server.resident_bytes()? };
        let path = Self::path(data_dir);
        std::fs::write(&path, serde_json::json!(loaded).to_string()).map_err(BenchError::io(&path))?;
        Ok(loaded)
    }
}

/// Whether events were recorded before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known {
    /// They are new.
    No,
    /// The same events were recorded before: each counts once.
    Before,
}

/// Records these events in one stream, as fast as it takes them; every answer is looked at. Gives the seconds of each tenth.
///
/// # Errors
/// Where one is refused, or is not as new as it should be.
pub async fn stream(url: &str, people: People, events: Range<u64>, known: Known) -> Result<Vec<f64>, BenchError> {
    let count = events.end - events.start;
    let items = tokio_stream::iter(events.map(move |k| RecordStreamRequest { event: Some(people.event(k)) }));
    let mut client = RecordingServiceClient::new(Endpoint::new(url, &Tls::default())?.connect().await?);
    let mut watch = Stopwatch::start();
    let mut answers = client.record_stream(items).await?.into_inner();
    let (mut answered, mut tenths) = (0, Vec::new());
    while let Some(answer) = answers.message().await? {
        match answer.outcome {
            Some(Outcome::Acknowledgement(acknowledgement)) if acknowledgement.duplicate == (known == Known::Before) => answered += 1,
            other => return Err(BenchError::wrong_answer(format!("to an event, known {known:?}: {other:?}"))),
        }
        // The last tenth has whatever ten do not divide.
        if answered == count || (tenths.len() < 9 && answered == count / 10 * (tenths.len() as u64 + 1)) {
            tenths.push(watch.seconds());
            watch = Stopwatch::start();
        }
    }
    if answered == count { Ok(tenths) } else { Err(BenchError::wrong_answer(format!("{answered} answers to {count} events"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_of_other_sizes_or_half_loaded_is_not_taken_for_the_one_that_is_wanted() {
        let home = tempfile::tempdir().unwrap();
        let (dir, sizes) = (home.path().join("all"), Sizes::new(1_000, 3_000).unwrap());
        assert_eq!(Loaded::found(&dir, sizes).unwrap(), None);
        std::fs::create_dir(&dir).unwrap();
        assert!(matches!(Loaded::found(&dir, sizes), Err(BenchError::OtherSizes { .. })));
        let loaded = Loaded { contacts: 1_000, events: 3_000, empty_bytes: 1, introduced_bytes: 2, loaded_bytes: 3 };
        std::fs::write(home.path().join("all.loaded.json"), serde_json::json!(loaded).to_string()).unwrap();
        assert_eq!(Loaded::found(&dir, sizes).unwrap(), Some(loaded));
        assert!(Loaded::found(&dir, Sizes::new(1_000, 4_000).unwrap()).is_err());
    }
}
