//! The status for scripts.

use prost_types::Timestamp;
use serde_json::{Value, json};

use crate::cli::words::time;
use crate::proto::ServerStatus;

/// As one value.
pub fn value(status: &ServerStatus) -> Value {
    let concerns = status.concerns.iter().map(|concern| json!({ "about": concern.about, "message": concern.message }));
    let streams = status.streams.iter().map(|stream| json!({ "kind": stream.kind, "open": stream.open, "open_max": stream.open_max }));
    json!({
        "version": status.version,
        "started_at": at(status.started_at.as_ref()),
        "at": at(status.at.as_ref()),
        "ready": status.not_ready.is_empty(),
        "not_ready": (!status.not_ready.is_empty()).then_some(&status.not_ready),
        "concerns": concerns.collect::<Vec<_>>(),
        "log": status.log.as_ref().map(|log| json!({
            "head_seq": log.head_seq,
            "head_recorded_at": at(log.head_recorded_at.as_ref()),
            "accounts": log.accounts,
            "contacts": log.contacts,
            "journal_bytes": log.journal_bytes,
            "journal_segments": log.journal_segments,
            "sled_bytes": log.sled_bytes,
            "sled_behind": log.sled_behind,
        })),
        "snapshot": status.snapshot.as_ref().map(|snapshot| json!({ "seq": snapshot.seq, "written_at": at(snapshot.written_at.as_ref()) })),
        "checkpoint": status.checkpoint.as_ref().map(|checkpoint| json!({
            "size": checkpoint.size,
            "signed_at": at(checkpoint.signed_at.as_ref()),
            "publishes": checkpoint.publishes,
            "published_size": checkpoint.published_size,
            "published_signed_at": at(checkpoint.published_signed_at.as_ref()),
        })),
        "queue": status.queue.as_ref().map(|queue| json!({
            "calls": queue.calls, "calls_max": queue.calls_max, "streams": queue.streams, "streams_max": queue.streams_max,
        })),
        "streams": streams.collect::<Vec<_>>(),
        "dead_letters": status.dead_letters.as_ref().map(|letters| json!({ "waiting": letters.waiting, "kept": letters.kept })),
        "erasures": status.erasures.as_ref().map(|erasures| json!({
            "waiting": erasures.waiting, "overdue": erasures.overdue, "failed": erasures.failed, "holds": erasures.holds,
        })),
        "disk": status.disk.as_ref().map(|disk| json!({ "free_bytes": disk.free_bytes, "total_bytes": disk.total_bytes })),
    })
}

fn at(timestamp: Option<&Timestamp>) -> Option<String> {
    time(timestamp).map(|time| time.to_string())
}
