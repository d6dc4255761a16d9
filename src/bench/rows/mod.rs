//! The measurements, one a file: what each does stands at the head of its file, and shorter in its row.

mod batch;
mod check;
mod check_stream;
mod check_under_load;
mod disk;
mod memory;
mod record_many;
mod record_one;
mod record_stream;
mod size;
mod start;
mod verify;

use super::error::BenchError;
use super::figures::Row;
use super::stage::Stage;

/// Something that is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measurement {
    /// `CheckSend`, one contact a call.
    Check,
    /// `BatchCheckSend`.
    Batch,
    /// `StreamCheckSend`.
    CheckStream,
    /// `CheckSend` while records are committed.
    CheckUnderLoad,
    /// Durable records, one at a time.
    RecordOne,
    /// Durable records, 128 callers.
    RecordMany,
    /// Durable records through `RecordStream`.
    RecordStream,
    /// The same with a tenth of the contacts and with all.
    Size,
    /// Memory.
    Memory,
    /// Bytes on disk.
    Disk,
    /// `verify`.
    Verify,
    /// From the start of the process to the first answer.
    Start,
}

impl Measurement {
    /// All of them, in the order in which they are made: first what is asked of a ledger as it was loaded, then what records into it.
    pub const ALL: [Self; 12] = [
        Self::Memory,
        Self::Disk,
        Self::Verify,
        Self::Start,
        Self::Check,
        Self::Batch,
        Self::CheckStream,
        Self::CheckUnderLoad,
        Self::RecordOne,
        Self::RecordMany,
        Self::RecordStream,
        Self::Size,
    ];

    /// Its spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Batch => "batch",
            Self::CheckStream => "check-stream",
            Self::CheckUnderLoad => "check-under-load",
            Self::RecordOne => "record-one",
            Self::RecordMany => "record-many",
            Self::RecordStream => "record-stream",
            Self::Size => "size",
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::Verify => "verify",
            Self::Start => "start",
        }
    }

    /// What it measures, in words.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Check => "CheckSend, one contact a call, 4 connections with 32 calls in flight each",
            Self::Batch => "BatchCheckSend of 1,000 contacts, 4 connections with one call in flight each; percentiles are of whole batches",
            Self::CheckStream => "StreamCheckSend, one stream after the other, each as fast as it takes questions",
            Self::CheckUnderLoad => "CheckSend in an open loop, alone and while records are committed beside it",
            Self::RecordOne => "RecordOptIn, durable, each after the one before",
            Self::RecordMany => "RecordOptIn, durable, 4 connections with 32 calls in flight each",
            Self::RecordStream => "RecordStream into an empty ledger, durable, a third of the events in one stream",
            Self::Size => "the same checks and records with a tenth of contacts and events, and with all",
            Self::Memory => "resident memory of the server",
            Self::Disk => "bytes allocated in the data directory",
            Self::Verify => "`verify --data-dir`, both copies, server stopped",
            Self::Start => "from the start of `serve` until it is ready, files in the page cache",
        }
    }

    /// Measures.
    ///
    /// # Errors
    /// Where a server does not start or answers wrongly, or a file does not do what is asked.
    pub async fn measure(self, stage: &mut Stage) -> Result<Row, BenchError> {
        let row = Row::new(self.as_str(), self.what());
        match self {
            Self::Check => check::measure(stage, row).await,
            Self::Batch => batch::measure(stage, row).await,
            Self::CheckStream => check_stream::measure(stage, row).await,
            Self::CheckUnderLoad => check_under_load::measure(stage, row).await,
            Self::RecordOne => record_one::measure(stage, row).await,
            Self::RecordMany => record_many::measure(stage, row).await,
            Self::RecordStream => record_stream::measure(stage, row).await,
            Self::Size => size::measure(stage, row).await,
            Self::Memory => memory::measure(stage, row).await,
            Self::Disk => disk::measure(stage, row).await,
            Self::Verify => verify::measure(stage, row).await,
            Self::Start => start::measure(stage, row).await,
        }
    }
}

/// Not a measurement.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{given:?} is not measured; it is one of {}", Measurement::ALL.map(Measurement::as_str).join(", "))]
pub struct UnknownMeasurement {
    given: String,
}

impl std::str::FromStr for Measurement {
    type Err = UnknownMeasurement;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or_else(|| UnknownMeasurement { given: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measurement_is_found_by_its_spelling() {
        for known in Measurement::ALL {
            assert_eq!(known.as_str().parse(), Ok(known));
        }
        assert!("checks".parse::<Measurement>().unwrap_err().to_string().contains("check-under-load"));
    }
}
