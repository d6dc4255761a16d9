//! The ledger's numbers under the names they have outside.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Families, Source};
use crate::consent::words::{Permission, Reason};
use crate::ledger::Ledger;
use crate::ledger::numbers::{DiskUse, Gauges, Numbers, Unanswered};
use crate::ledger::scrubbing::ScrubReport;
use crate::ledger::storage::space::{Room, SpaceReport};

impl Source for Ledger {
    fn tell(&self, families: &mut Families<'_>) -> fmt::Result {
        let numbers = self.numbers();
        checks(numbers, families)?;
        records(numbers, families)?;
        commits(numbers, families)?;
        let gauges = self.gauges();
        log(&gauges, families)?;
        waiting(numbers, &gauges, families)?;
        proof(numbers, &gauges, families)?;
        erasures(&gauges, families)?;
        room(&self.space(), families)?;
        scrub(&self.scrub().unwrap_or_default(), families)?;
        match self.disk_use() {
            Ok(disk) => storage(&disk, families),
            Err(error) => {
                tracing::warn!(%error, "what the data directory takes cannot be told");
                Ok(())
            }
        }
    }
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn checks(numbers: &Numbers, families: &mut Families<'_>) -> fmt::Result {
    let answers = Permission::ALL.iter().flat_map(|permission| {
        let reasons = Reason::ALL.iter().map(move |reason| (permission, reason, numbers.checked.read(*permission, *reason)));
        let seen = reasons.filter(|(_, _, count)| *count > 0);
        seen.map(|(permission, reason, count)| (vec![("permission", permission.as_str()), ("reason", reason.as_str())], count))
    });
    let help = "Questions answered, by the permission and the reason that decides.";
    families.counters("consent_ledger_check_results_total", help, answers)?;
    let unanswered = Unanswered::ALL.iter().map(|(why, name)| (vec![("cause", *name)], numbers.checked.read_unanswered(*why)));
    families.counters("consent_ledger_check_failures_total", "Questions that were not answered, by the cause.", unanswered)
}

fn records(numbers: &Numbers, families: &mut Families<'_>) -> fmt::Result {
    let outcomes = &numbers.records;
    let outcomes = [("recorded", &outcomes.recorded), ("duplicate", &outcomes.duplicates), ("refused", &outcomes.refused)];
    let outcomes = outcomes.map(|(outcome, counter)| (vec![("outcome", outcome)], read(counter)));
    families.counters("consent_ledger_records_total", "Records that reached the committer, by what became of them.", outcomes)?;
    let entries = numbers.entries().map(|(kind, count)| (vec![("kind", kind)], count));
    families.counters("consent_ledger_entries_total", "Entries committed, by kind.", entries)?;
    families.counter("consent_ledger_entry_bytes_total", "Bytes of the entries committed.", read(&numbers.entry_bytes))
}

fn commits(numbers: &Numbers, families: &mut Families<'_>) -> fmt::Result {
    let help = "A commit: from its first record to the answers.";
    families.histogram("consent_ledger_commit_seconds", help, &numbers.commits.read())?;
    let parts = [
        ("plan", &numbers.planning),
        ("journal_write", &numbers.writing),
        ("journal_sync", &numbers.syncing),
        ("apply", &numbers.applying),
    ];
    let parts = parts.map(|(part, times)| (vec![("part", part)], times.read()));
    families.histograms("consent_ledger_commit_part_seconds", "The parts of a commit.", parts)?;
    families.histogram("consent_ledger_commit_records", "Records a commit.", &numbers.batches.read())
}

fn log(gauges: &Gauges, families: &mut Families<'_>) -> fmt::Result {
    families.gauge("consent_ledger_poisoned", "1 where the ledger stopped writing until a restart, else 0.", one(gauges.poisoned))?;
    families.whole("consent_ledger_log_head_seq", "The seq of the log's last entry.", gauges.head.number())?;
    let help = "When the log's last entry was recorded, in seconds since 1970.";
    families.gauge("consent_ledger_last_recorded_timestamp_seconds", help, seconds(gauges.recorded_at.micros()))?;
    families.whole("consent_ledger_accounts", "Accounts.", gauges.accounts)?;
    families.whole("consent_ledger_trails", "Trails: one a contact and one an account, erased ones too.", gauges.trails)
}

fn waiting(numbers: &Numbers, gauges: &Gauges, families: &mut Families<'_>) -> fmt::Result {
    let queue = gauges.queue;
    let depth = [(vec![("of", "calls")], float(queue.calls)), (vec![("of", "streams")], float(queue.streams))];
    families.gauges("consent_ledger_queue_records", "Records that wait to be committed.", depth)?;
    let most = [(vec![("of", "calls")], float(queue.calls_max)), (vec![("of", "streams")], float(queue.streams_max))];
    families.gauges("consent_ledger_queue_capacity_records", "How many may wait.", most)?;
    let help = "Records refused because too many wait.";
    families.counter("consent_ledger_queue_refused_total", help, read(&numbers.overloaded))?;
    families.gauge(
        "consent_ledger_sled_lag_commits",
        "Commits that are durable in the journal and wait for sled.",
        float(gauges.lag.commits),
    )?;
    families.gauge("consent_ledger_sled_lag_bytes", "Their bytes, held in memory.", float(gauges.lag.bytes))
}

fn proof(numbers: &Numbers, gauges: &Gauges, families: &mut Families<'_>) -> fmt::Result {
    let (size, signed_at) = gauges.checkpoint.unwrap_or_default();
    families.whole("consent_ledger_checkpoint_entries", "Entries that the latest checkpoint covers; 0: none was signed.", size)?;
    let help = "When the latest checkpoint was signed, in seconds since 1970; 0: none was.";
    families.whole("consent_ledger_checkpoint_timestamp_seconds", help, signed_at)?;
    let help = "When a checkpoint was published last since the start, in seconds since 1970; 0: none was.";
    let published = u64::try_from(numbers.published_at().unwrap_or_default()).unwrap_or_default();
    families.whole("consent_ledger_checkpoint_published_timestamp_seconds", help, published)?;
    let failures = [(vec![("step", "sign")], read(&numbers.unsigned)), (vec![("step", "publish")], read(&numbers.unpublished))];
    families.counters("consent_ledger_checkpoint_failures_total", "Checkpoints that were not signed, not published.", failures)
}

fn erasures(gauges: &Gauges, families: &mut Families<'_>) -> fmt::Result {
    let overdue = gauges.erasures_due.saturating_sub(gauges.erasures_held);
    families.whole("consent_ledger_erasures_waiting", "Erasures asked for and not carried out.", gauges.erasures_waiting)?;
    families.whole("consent_ledger_erasures_overdue", "Those whose time has come and that no legal hold keeps back.", overdue)?;
    families.whole("consent_ledger_erasures_held", "Those whose time has come and that a legal hold keeps back.", gauges.erasures_held)?;
    families.whole("consent_ledger_erasures_failing", "Those that failed and are tried again.", gauges.erasures_failing)?;
    families.whole("consent_ledger_legal_holds", "Legal holds in force.", gauges.legal_holds)?;
    families.whole("consent_ledger_keyring_keys_ahead", "Keys that are made and wait for new trails.", gauges.keys_ahead)
}

fn room(space: &SpaceReport, families: &mut Families<'_>) -> fmt::Result {
    let help = "Bytes of the disk that must be free for everything to be recorded; 0: that is not looked at.";
    families.whole("consent_ledger_disk_min_free_bytes", help, space.min_free)?;
    let refuses = match space.room {
        Room::Plenty => 0,
        Room::AlmostFull => 1,
        Room::Last => 2,
    };
    let help = "What is refused for want of room on the disk. 0: nothing. 1: all but what takes something back. 2: every record.";
    families.whole("consent_ledger_disk_refuses", help, refuses)
}

fn scrub(scrub: &ScrubReport, families: &mut Families<'_>) -> fmt::Result {
    let completed_at = scrub.completed_at.map_or(0.0, |at| seconds(at.micros()));
    let help = "When the scrub last completed a pass since the start, in seconds since 1970; 0: it did not.";
    families.gauge("consent_ledger_scrub_completed_timestamp_seconds", help, completed_at)?;
    families.gauge("consent_ledger_scrub_interval_seconds", "How long a pass takes; 0: there is no scrub.", scrub.every.as_secs_f64())?;
    families.counter("consent_ledger_scrub_passes_total", "Passes that it completed.", scrub.passes)?;
    let help = "The last entry that the pass under way compared in both copies.";
    families.whole("consent_ledger_scrub_compared_seq", help, scrub.compared_to.number())?;
    families.counter("consent_ledger_scrub_faults_total", "Faults found; one that stays is found in every pass.", scrub.faults)?;
    families.counter("consent_ledger_scrub_healed_total", "Faults that were healed.", scrub.healed)?;
    families.whole("consent_ledger_scrub_standing_faults", "Faults that stand, not healed.", scrub.standing)
}

fn storage(disk: &DiskUse, families: &mut Families<'_>) -> fmt::Result {
    families.whole("consent_ledger_journal_bytes", "Bytes of the journal.", disk.journal_bytes)?;
    families.whole("consent_ledger_journal_segments", "Segments of the journal.", disk.segments)?;
    families.whole("consent_ledger_sled_bytes", "Bytes of sled's directory.", disk.store_bytes)?;
    families.whole("consent_ledger_keyring_bytes", "Bytes of both files of keys.", disk.keyring_bytes)?;
    let (bytes, written_at) = disk.snapshot.unwrap_or_default();
    families.whole("consent_ledger_snapshot_bytes", "Bytes of the snapshot; 0: there is none.", bytes)?;
    let help = "When the snapshot was written, in seconds since 1970; 0: there is none.";
    families.whole("consent_ledger_snapshot_timestamp_seconds", help, written_at)?;
    families.whole("consent_ledger_disk_free_bytes", "Bytes that the data directory's disk has left.", disk.free_bytes)?;
    families.whole("consent_ledger_disk_size_bytes", "The size of that disk, in bytes.", disk.size_bytes)
}

fn one(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

#[expect(clippy::cast_precision_loss, reason = "what waits is far below 2^52")]
fn float(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "a reading is for charts")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}
