//! What needs a person, read off the status alone. Each says which field it is about, what is wrong, and what to do.

use prost_types::Timestamp;

use crate::proto::{Concern, ServerStatus};

/// A log that grew is signed within a minute, one that did not every hour: after so many seconds something is wrong.
const CHECKPOINT_OLD: i64 = 2 * 3_600;

/// A checkpoint is published with the one after it at the latest: so many seconds behind the last signature is no delay.
const PUBLISHED_BEHIND: i64 = 15 * 60;

/// A snapshot is written every hour in which something changed.
const SNAPSHOT_OLD: i64 = 3 * 3_600;

/// Less of the disk than this, in bytes, or than a fiftieth of it, is little.
const DISK_LITTLE: u64 = 1 << 30;
const DISK_SHARE: u64 = 50;

/// So many entries that sled lacks are more than it catches up with in passing.
const SLED_BEHIND: u64 = 200_000;

/// Of the room in the queue, so many hundredths are almost all.
const QUEUE_FULL: u64 = 80;

/// Every concern, in the order of the fields.
pub fn of(status: &ServerStatus) -> Vec<Concern> {
    let found = [not_ready(status), log(status), snapshot(status), checkpoint(status), queue(status), dead_letters(status)];
    let found = found.into_iter().chain([erasures(status), disk(status), scrub(status)]);
    found.flatten().map(|(about, message)| Concern { about: about.to_owned(), message }).collect()
}

/// The field, and what is wrong with it.
type Found = Option<(&'static str, String)>;

fn not_ready(status: &ServerStatus) -> Found {
    (!status.not_ready.is_empty()).then(|| ("not_ready", status.not_ready.clone()))
}

fn log(status: &ServerStatus) -> Found {
    let behind = status.log.as_ref()?.sled_behind;
    (behind > SLED_BEHIND)
        .then(|| ("log", format!("sled is {behind} entries behind the journal: the disk is slower than what is recorded")))
}

fn snapshot(status: &ServerStatus) -> Found {
    let (snapshot, log) = (status.snapshot.as_ref()?, status.log.as_ref()?);
    let age = seconds_between(snapshot.written_at.as_ref(), status.at.as_ref())?;
    let old = age > SNAPSHOT_OLD && snapshot.seq < log.head_seq;
    old.then(|| {
        ("snapshot", "none was written for hours although the log grew; the next start takes longer, the server's log says why".into())
    })
}

fn checkpoint(status: &ServerStatus) -> Found {
    let checkpoint = status.checkpoint.as_ref()?;
    if seconds_between(checkpoint.signed_at.as_ref(), status.at.as_ref())? > CHECKPOINT_OLD {
        return Some(("checkpoint", "none was signed for hours; the server's log says why".into()));
    }
    if !checkpoint.publishes || checkpoint.published_size >= checkpoint.size {
        return None;
    }
    let behind = seconds_between(checkpoint.published_signed_at.as_ref(), checkpoint.signed_at.as_ref());
    let message = "what was signed is not published: look at --checkpoint-dir, and at the server's log";
    behind.is_none_or(|behind| behind > PUBLISHED_BEHIND).then(|| ("checkpoint", message.into()))
}

fn queue(status: &ServerStatus) -> Found {
    let queue = status.queue.as_ref()?;
    let full = u64::from(queue.calls) * 100 >= u64::from(queue.calls_max.max(1)) * QUEUE_FULL;
    full.then(|| ("queue", format!("{} of {} records wait: more is recorded than the disk takes", queue.calls, queue.calls_max)))
}

fn dead_letters(status: &ServerStatus) -> Found {
    let letters = status.dead_letters.as_ref()?;
    let message = "webhooks brought what could not be placed; `dead-letters list` says what and why, it goes away after 30 days";
    (letters.waiting > 0).then(|| ("dead_letters", format!("{} wait: {message}", letters.waiting)))
}

fn erasures(status: &ServerStatus) -> Found {
    let erasures = status.erasures.as_ref()?;
    if erasures.failed > 0 {
        return Some(("erasures", format!("{} failed and are tried again; the server's log says why", erasures.failed)));
    }
    (erasures.overdue > 0).then(|| ("erasures", format!("{} are due and did not happen; `erase list` shows which", erasures.overdue)))
}

fn disk(status: &ServerStatus) -> Found {
    let disk = status.disk.as_ref()?;
    if disk.free_bytes < disk.min_free_bytes {
        let message = "almost full: only opt-outs, erasures and what else takes something back is recorded, and nothing once a quarter of --min-free is left; make room";
        return Some(("disk", message.into()));
    }
    let little = disk.free_bytes < DISK_LITTLE.max(disk.total_bytes / DISK_SHARE);
    little.then(|| ("disk", "little is free: give it more room before only opt-outs and erasures are recorded".into()))
}

fn scrub(status: &ServerStatus) -> Found {
    let scrub = status.scrub.as_ref()?;
    let message = || format!("{} faults stand, such as: {}", scrub.standing, scrub.last_fault);
    (scrub.standing > 0).then(|| ("scrub", message()))
}

/// Seconds from one moment to another; none where one is not known.
fn seconds_between(from: Option<&Timestamp>, to: Option<&Timestamp>) -> Option<i64> {
    Some(to?.seconds.saturating_sub(from?.seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{
        CheckpointStatus, DeadLetterStatus, DiskStatus, ErasureStatus, LogStatus, QueueStatus, ScrubStatus, SnapshotStatus,
    };

    const NOW: i64 = 1_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanos: 0 }
    }

    fn well() -> ServerStatus {
        ServerStatus {
            at: Some(at(NOW)),
            log: Some(LogStatus { head_seq: 100, ..Default::default() }),
            snapshot: Some(SnapshotStatus { seq: 90, written_at: Some(at(NOW - SNAPSHOT_OLD)) }),
            checkpoint: Some(CheckpointStatus {
                size: 100,
                signed_at: Some(at(NOW - CHECKPOINT_OLD)),
                publishes: true,
                published_size: 99,
                published_signed_at: Some(at(NOW - CHECKPOINT_OLD - PUBLISHED_BEHIND)),
            }),
            queue: Some(QueueStatus { calls: 79, calls_max: 100, ..Default::default() }),
            dead_letters: Some(DeadLetterStatus { waiting: 0, kept: true }),
            erasures: Some(ErasureStatus { waiting: 4, holds: 1, ..Default::default() }),
            disk: Some(DiskStatus { free_bytes: DISK_LITTLE, total_bytes: DISK_LITTLE * DISK_SHARE, min_free_bytes: DISK_LITTLE }),
            scrub: Some(ScrubStatus { faults: 3, healed: 3, ..Default::default() }),
            ..Default::default()
        }
    }

    /// The well server with one thing changed.
    fn but(change: impl FnOnce(&mut ServerStatus)) -> Vec<String> {
        let mut status = well();
        change(&mut status);
        of(&status).into_iter().map(|concern| concern.about).collect()
    }

    #[test]
    fn all_is_well_up_to_every_limit() {
        assert_eq!(but(|_| {}), Vec::<String>::new());
        assert_eq!(but(|status| *status = ServerStatus::default()), Vec::<String>::new(), "what is not known is no concern");
    }

    #[test]
    fn one_beyond_a_limit_is_named_alone() {
        assert_eq!(but(|status| status.not_ready = "draining".into()), ["not_ready"]);
        assert_eq!(but(|status| status.log.as_mut().unwrap().sled_behind = SLED_BEHIND + 1), ["log"]);
        assert_eq!(but(|status| status.snapshot.as_mut().unwrap().written_at = Some(at(NOW - SNAPSHOT_OLD - 1))), ["snapshot"]);
        assert_eq!(but(|status| status.checkpoint.as_mut().unwrap().signed_at = Some(at(NOW - CHECKPOINT_OLD - 1))), ["checkpoint"]);
        assert_eq!(but(|status| status.queue.as_mut().unwrap().calls = 80), ["queue"]);
        assert_eq!(but(|status| status.dead_letters.as_mut().unwrap().waiting = 1), ["dead_letters"]);
        assert_eq!(but(|status| status.erasures.as_mut().unwrap().overdue = 1), ["erasures"]);
        assert_eq!(but(|status| status.erasures.as_mut().unwrap().failed = 1), ["erasures"]);
        assert_eq!(but(|status| status.disk.as_mut().unwrap().free_bytes = DISK_LITTLE - 1), ["disk"]);
        assert_eq!(but(|status| status.disk.as_mut().unwrap().min_free_bytes = DISK_LITTLE + 1), ["disk"]);
        assert_eq!(but(|status| status.scrub.as_mut().unwrap().standing = 1), ["scrub"]);
    }

    #[test]
    fn what_is_not_published_counts_only_where_it_should_be_and_is_late() {
        let late = NOW - CHECKPOINT_OLD - PUBLISHED_BEHIND - 1;
        assert_eq!(but(|status| status.checkpoint.as_mut().unwrap().published_signed_at = Some(at(late))), ["checkpoint"]);
        assert_eq!(but(|status| status.checkpoint.as_mut().unwrap().published_signed_at = None), ["checkpoint"]);
        let none: Vec<String> = Vec::new();
        assert_eq!(
            but(|status| {
                let checkpoint = status.checkpoint.as_mut().unwrap();
                (checkpoint.publishes, checkpoint.published_signed_at) = (false, None);
            }),
            none
        );
        assert_eq!(but(|status| status.snapshot.as_mut().unwrap().written_at = Some(at(0))), ["snapshot"]);
        assert_eq!(
            but(|status| status.snapshot = Some(SnapshotStatus { seq: 100, written_at: Some(at(0)) })),
            none,
            "nothing happened since"
        );
    }
}
