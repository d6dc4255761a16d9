//! The status for a person: a line a part, below it what is wrong with it.

use std::fmt::Write as _;
use std::time::Duration;

use indicatif::{HumanBytes, HumanDuration};
use prost_types::Timestamp;

use crate::cli::words::{counted, time_or};
use crate::proto::ServerStatus;

/// All of it.
pub fn text(status: &ServerStatus) -> String {
    let lines: Vec<(&str, String)> = lines(status);
    let width = lines.iter().map(|(about, _)| about.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (about, line) in &lines {
        let name = about.replace('_', " ");
        let _ = writeln!(text, "{name:width$}  {line}");
        // Said on its own line already.
        for concern in status.concerns.iter().filter(|concern| concern.about == *about && *about != "not_ready") {
            let _ = writeln!(text, "  ! {}", concern.message);
        }
    }
    // Of parts that this program does not know.
    for concern in status.concerns.iter().filter(|concern| !lines.iter().any(|(about, _)| *about == concern.about)) {
        let _ = writeln!(text, "  ! {}: {}", concern.about.replace('_', " "), concern.message);
    }
    let about: Vec<String> = status.concerns.iter().map(|concern| concern.about.replace('_', " ")).collect();
    text + &if about.is_empty() { "all is well".to_owned() } else { format!("needs a person: {}", about.join(", ")) }
}

/// The parts that are there, each by the name of its field.
fn lines(status: &ServerStatus) -> Vec<(&'static str, String)> {
    let now = status.at.as_ref();
    let ready = if status.not_ready.is_empty() {
        ("ready", format!("yes, since {} (version {})", time_or(status.started_at.as_ref(), "?"), status.version))
    } else {
        ("not_ready", format!("{} (version {})", status.not_ready, status.version))
    };
    let parts = [Some(ready), log(status, now), copies(status), Some(snapshot(status, now)), Some(checkpoint(status, now)), queue(status)];
    let parts = parts.into_iter().chain([streams(status), dead_letters(status), erasures(status), disk(status), scrub(status, now)]);
    parts.flatten().collect()
}

type Line = Option<(&'static str, String)>;

fn log(status: &ServerStatus, now: Option<&Timestamp>) -> Line {
    let log = status.log.as_ref()?;
    let of = format!("{}, {}", counted(log.accounts, "account", "accounts"), counted(log.contacts, "contact", "contacts"));
    Some(("log", format!("entry {}, recorded {}; {of}", log.head_seq, ago(log.head_recorded_at.as_ref(), now))))
}

fn copies(status: &ServerStatus) -> Line {
    let log = status.log.as_ref()?;
    let segments = counted(log.journal_segments, "segment", "segments");
    let behind = counted(log.sled_behind, "entry", "entries");
    let line = format!("journal {} in {segments}, sled {}, {behind} behind", HumanBytes(log.journal_bytes), HumanBytes(log.sled_bytes));
    Some(("copies", line))
}

fn snapshot(status: &ServerStatus, now: Option<&Timestamp>) -> (&'static str, String) {
    let line = status.snapshot.as_ref().map_or_else(
        || "none yet".to_owned(),
        |snapshot| format!("up to entry {}, written {}", snapshot.seq, ago(snapshot.written_at.as_ref(), now)),
    );
    ("snapshot", line)
}

fn checkpoint(status: &ServerStatus, now: Option<&Timestamp>) -> (&'static str, String) {
    let Some(checkpoint) = &status.checkpoint else { return ("checkpoint", "none yet".to_owned()) };
    let published = match (checkpoint.publishes, checkpoint.published_size) {
        (false, _) => "published nowhere".to_owned(),
        (true, 0) => "none published".to_owned(),
        (true, size) if size == checkpoint.size => "published".to_owned(),
        (true, size) => format!("published over {size}"),
    };
    let of = counted(checkpoint.size, "entry", "entries");
    ("checkpoint", format!("over {of}, signed {}, {published}", ago(checkpoint.signed_at.as_ref(), now)))
}

fn queue(status: &ServerStatus) -> Line {
    let queue = status.queue.as_ref()?;
    let line = format!("{} of {} records of calls, {} of {} of streams", queue.calls, queue.calls_max, queue.streams, queue.streams_max);
    Some(("queue", line))
}

fn streams(status: &ServerStatus) -> Line {
    let streams: Vec<String> =
        status.streams.iter().map(|stream| format!("{} {} of {}", stream.kind, stream.open, stream.open_max)).collect();
    (!streams.is_empty()).then(|| ("streams", streams.join(", ")))
}

fn dead_letters(status: &ServerStatus) -> Line {
    let letters = status.dead_letters.as_ref()?;
    let kept = if letters.kept { "" } else { ", and no more are kept" };
    Some(("dead_letters", format!("{}{kept}", if letters.waiting == 0 { "none".to_owned() } else { letters.waiting.to_string() })))
}

fn erasures(status: &ServerStatus) -> Line {
    let erasures = status.erasures.as_ref()?;
    let holds = counted(erasures.holds, "legal hold", "legal holds");
    Some(("erasures", format!("{} waiting, {} overdue, {} failed; {holds}", erasures.waiting, erasures.overdue, erasures.failed)))
}

fn disk(status: &ServerStatus) -> Line {
    let disk = status.disk.as_ref()?;
    Some(("disk", format!("{} of {} free", HumanBytes(disk.free_bytes), HumanBytes(disk.total_bytes))))
}

fn scrub(status: &ServerStatus, now: Option<&Timestamp>) -> Line {
    let scrub = status.scrub.as_ref()?;
    let last = scrub.completed_at.as_ref().map_or_else(|| "no pass complete yet".into(), |at| format!("complete {}", ago(Some(at), now)));
    let faults = format!("{} faults found, {} healed, {} stand", scrub.faults, scrub.healed, scrub.standing);
    Some(("scrub", format!("entry {} of {}, {last}; {faults}", scrub.compared_to_seq, scrub.up_to_seq)))
}

/// How long before `now` something was: `12 seconds ago`.
fn ago(then: Option<&Timestamp>, now: Option<&Timestamp>) -> String {
    let (Some(then), Some(now)) = (then, now) else { return "at a time that is not known".to_owned() };
    let seconds = u64::try_from(now.seconds.saturating_sub(then.seconds)).unwrap_or_default();
    format!("{} ago", HumanDuration(Duration::from_secs(seconds)))
}
