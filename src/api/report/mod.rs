//! `GetStatus`: how the server is, for whoever keeps it running. Nothing personal.
//!
//! What another part of the server knows about itself becomes a field of `ServerStatus`, and what a person should do about it a
//! rule in `concerns.rs`.

mod concerns;

use std::sync::Arc;

use super::admin::DeadLetterAdmin;
use super::map::timestamp;
use super::slots::Slots;
use crate::consent::time::Time;
use crate::ledger::Ledger;
use crate::ledger::reading::survey::Survey;
use crate::ledger::scrubbing::ScrubReport;
use crate::proto::{
    CheckpointStatus, DeadLetterStatus, DiskStatus, ErasureStatus, LogStatus, QueueStatus, ScrubStatus, ServerStatus, SnapshotStatus,
    StreamStatus,
};
use crate::readiness;
use crate::shutdown::Ending;

/// Knows how the server is.
#[derive(Clone)]
pub struct Report {
    ledger: Ledger,
    dead_letters: Option<Arc<dyn DeadLetterAdmin>>,
    ending: Ending,
    streams: Vec<(&'static str, Slots)>,
    started_at: Time,
}

impl Report {
    /// A server that is ready now, and the slots of its streams.
    #[must_use]
    pub fn new(
        ledger: Ledger,
        dead_letters: Option<Arc<dyn DeadLetterAdmin>>,
        ending: Ending,
        streams: Vec<(&'static str, Slots)>,
    ) -> Self {
        let started_at = ledger.now();
        Self { ledger, dead_letters, ending, streams, started_at }
    }

    /// How it is. Blocks.
    #[must_use]
    pub fn now(&self) -> ServerStatus {
        let survey = self.ledger.survey();
        let at = self.ledger.now();
        let dead_letters =
            self.dead_letters.as_ref().map(|letters| DeadLetterStatus { waiting: wide(letters.count()), kept: letters.keeps() });
        let kept = dead_letters.as_ref().is_none_or(|letters| letters.kept);
        let not_ready = readiness::why_not(self.ending.has_begun(), self.ledger.poisoned().is_none(), kept);
        let streams = self.streams.iter().map(|(kind, slots)| stream(kind, slots)).collect();
        let mut status = ServerStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: Some(timestamp(self.started_at)),
            at: Some(timestamp(at)),
            not_ready: not_ready.map(|reason| reason.to_string()).unwrap_or_default(),
            concerns: Vec::new(),
            streams,
            dead_letters,
            ..of_ledger(&survey)
        };
        status.concerns = concerns::of(&status);
        status
    }
}

fn stream(kind: &str, slots: &Slots) -> StreamStatus {
    let (open, open_max) = slots.taken();
    StreamStatus { kind: kind.to_owned(), open: narrow(open), open_max: narrow(open_max) }
}

fn of_ledger(survey: &Survey) -> ServerStatus {
    let seconds = |seconds: u64| timestamp(Time::from_micros(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000)));
    let (head, recorded_at) = survey.head;
    let (journal_bytes, journal_segments) = survey.journal;
    let published = survey.published.unwrap_or_default();
    let waits = survey.waits;
    ServerStatus {
        log: Some(LogStatus {
            head_seq: head.number(),
            head_recorded_at: Some(timestamp(recorded_at)),
            accounts: survey.accounts,
            contacts: survey.contacts,
            journal_bytes,
            journal_segments,
            sled_bytes: survey.sled_bytes,
            sled_behind: survey.sled_behind,
        }),
        snapshot: survey.snapshot.map(|(seq, at)| SnapshotStatus { seq: seq.number(), written_at: at.map(timestamp) }),
        checkpoint: survey.checkpoint.map(|signed| CheckpointStatus {
            size: signed.size,
            signed_at: Some(seconds(signed.seconds)),
            publishes: survey.published.is_some(),
            published_size: published.size,
            published_signed_at: (published.size > 0).then(|| seconds(published.seconds)),
        }),
        queue: Some(QueueStatus {
            calls: narrow(waits.calls),
            calls_max: narrow(waits.calls_max),
            streams: narrow(waits.streams),
            streams_max: narrow(waits.streams_max),
        }),
        erasures: Some(ErasureStatus {
            waiting: survey.erasures.waiting,
            overdue: survey.erasures.overdue,
            failed: survey.erasures.failed,
            holds: survey.erasures.holds,
        }),
        disk: survey.disk.map(|(free_bytes, total_bytes)| DiskStatus { free_bytes, total_bytes, min_free_bytes: survey.min_free }),
        scrub: survey.scrub.as_ref().map(scrub),
        ..ServerStatus::default()
    }
}

fn scrub(report: &ScrubReport) -> ScrubStatus {
    ScrubStatus {
        every: prost_types::Duration::try_from(report.every).ok(),
        passes: report.passes,
        completed_at: report.completed_at.map(timestamp),
        compared_to_seq: report.compared_to.number(),
        up_to_seq: report.up_to.number(),
        faults: report.faults,
        healed: report.healed,
        standing: report.standing,
        last_fault: report.last_fault.clone().unwrap_or_default(),
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
