//! Checkpoints: kept, published, held against the log at every start; proofs of what lies under them.

mod command_line;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use consent_ledger::consent::words::Seq;
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::proving::checkpoints::CheckpointsError;
use consent_ledger::ledger::proving::proofs::ProofError;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::{Filter, Ledger, OpenError, Options};
use consent_ledger::proof::checkpoint::verify;
use consent_ledger::proof::merkle::Frontier;
use consent_ledger::proof::tlog_proof::TlogProofError;

use crate::faults::{Fails, FaultyDisk};
use crate::support::bench::{at, copy, event, opt_in, opt_out, put};

fn contact(n: u32) -> String {
    format!("+4474001{n:05}")
}

fn open_on(options: &Options, disk: impl Disk + 'static) -> Result<Ledger, OpenError> {
    let clock = Arc::new(ManualClock::default());
    clock.set(at(3600));
    let clock: Arc<dyn Clock> = clock;
    let disk: Arc<dyn Disk> = Arc::new(disk);
    Ledger::open_with(options, &disk, &clock)
}

fn options(dir: &Path, published: Option<&Path>) -> Options {
    Options { keys_ahead: 8, checkpoint_dir: published.map(Path::to_owned), ..Options::new(dir) }
}

fn open(dir: &Path, published: Option<&Path>) -> Result<Ledger, OpenError> {
    open_on(&options(dir, published), RealDisk)
}

fn refused(opened: Result<Ledger, OpenError>) -> CheckpointsError {
    match opened {
        Err(OpenError::Checkpoints(error)) => error,
        Err(error) => panic!("refused for another reason: {error}"),
        Ok(ledger) => panic!("opened at {}", ledger.head().seq),
    }
}

/// A directory for the data, one to publish to, and one for copies.
struct Dirs {
    all: tempfile::TempDir,
}

impl Dirs {
    fn new() -> Self {
        Self { all: tempfile::tempdir().unwrap() }
    }
    fn data(&self) -> PathBuf {
        self.all.path().join("data")
    }
    fn published(&self) -> PathBuf {
        self.all.path().join("published")
    }
    fn copy(&self, from: &Path, name: &str) -> PathBuf {
        let to = self.all.path().join(name);
        copy(from, &to);
        to
    }
}

/// Records opt-ins of the contacts with these numbers.
fn record(ledger: &Ledger, numbers: std::ops::Range<u32>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let records = numbers.map(|n| event(1, opt_in(&contact(n)))).collect();
    assert!(runtime.block_on(ledger.record_all(records)).iter().all(Result::is_ok));
}

#[test]
fn a_checkpoint_is_published_at_the_start_at_a_clean_stop_and_when_asked_for() {
    let dirs = Dirs::new();
    let ledger = open(&dirs.data(), Some(&dirs.published())).unwrap();
    let latest = || {
        let note = std::fs::read_to_string(dirs.published().join("checkpoint")).unwrap();
        let verified = verify(&note, ledger.checkpoint_key()).unwrap();
        assert_eq!(note, std::fs::read_to_string(dirs.published().join("2026-03-01.checkpoint")).unwrap());
        (verified.checkpoint.size, verified.cosigned_at)
    };
    let now = u64::try_from(at(3600).micros()).unwrap() / 1_000_000;
    assert_eq!(latest(), (2, now));
    record(&ledger, 0..5);
    assert_eq!(ledger.checkpoint(false).unwrap().size, 2);
    assert_eq!((ledger.checkpoint(true).unwrap().size, latest()), (7, (7, now)));
    // They are for everybody to read.
    let mode = |path: &Path| std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777;
    assert_eq!((mode(&dirs.published()), mode(&dirs.published().join("checkpoint"))), (0o755, 0o644));
    record(&ledger, 5..6);
    ledger.close();
    assert_eq!(latest(), (8, now));
    assert!(matches!(ledger.checkpoint(true), Err(ProofError::Checkpoints(CheckpointsError::Stopped { .. }))));
}

#[test]
fn an_older_copy_of_the_data_directory_is_refused() {
    let dirs = Dirs::new();
    let ledger = open(&dirs.data(), Some(&dirs.published())).unwrap();
    record(&ledger, 0..5);
    ledger.close();
    drop(ledger);
    let older = dirs.copy(&dirs.data(), "older");
    let ledger = open(&dirs.data(), Some(&dirs.published())).unwrap();
    record(&ledger, 5..9);
    ledger.close();
    drop(ledger);
    let error = refused(open(&older, Some(&dirs.published())));
    assert!(matches!(error, CheckpointsError::Behind { head: 7, signed: 11, .. }), "{error}");
    // The signatures of today beside the log of yesterday say the same without a directory.
    std::fs::copy(dirs.data().join("checkpoints"), older.join("checkpoints")).unwrap();
    assert!(matches!(refused(open(&older, None)), CheckpointsError::Behind { .. }));
    open(&dirs.data(), Some(&dirs.published())).unwrap().close();
}

#[test]
fn a_log_that_was_written_otherwise_is_refused() {
    let dirs = Dirs::new();
    let ledger = open(&dirs.data(), Some(&dirs.published())).unwrap();
    record(&ledger, 0..5);
    ledger.close();
    drop(ledger);
    // The owner, with every key, goes back to an earlier day and records another history, longer than the one signed for.
    let other = dirs.copy(&dirs.data(), "other");
    let ledger = open(&dirs.data(), Some(&dirs.published())).unwrap();
    put(&ledger, 5, opt_out(&contact(1)));
    ledger.close();
    drop(ledger);
    let ledger = open(&other, None).unwrap();
    record(&ledger, 5..20);
    ledger.close();
    drop(ledger);
    let error = refused(open(&other, Some(&dirs.published())));
    assert!(matches!(error, CheckpointsError::Beside { size: 8, .. }), "{error}");
    std::fs::copy(dirs.data().join("checkpoints"), other.join("checkpoints")).unwrap();
    assert!(matches!(refused(open(&other, None)), CheckpointsError::Beside { size: 8, .. }));
}

#[test]
fn a_log_with_entries_begins_to_publish_only_where_that_is_said() {
    let dirs = Dirs::new();
    let ledger = open(&dirs.data(), None).unwrap();
    record(&ledger, 0..1);
    ledger.close();
    drop(ledger);
    let error = refused(open(&dirs.data(), Some(&dirs.published())));
    assert!(matches!(error, CheckpointsError::NothingPublished { head: 3, .. }), "{error}");
    assert!(error.to_string().contains("--first-checkpoint"), "{error}");
    let first = Options { first_checkpoint: true, ..options(&dirs.data(), Some(&dirs.published())) };
    open_on(&first, RealDisk).unwrap().close();
    open(&dirs.data(), Some(&dirs.published())).unwrap().close();
    let stranger = open(&dirs.all.path().join("stranger"), Some(&dirs.published()));
    assert!(matches!(refused(stranger), CheckpointsError::Foreign { .. }));
}

#[test]
fn a_torn_end_that_a_kept_checkpoint_covers_is_damage_and_not_cut() {
    let dirs = Dirs::new();
    let ledger = open(&dirs.data(), None).unwrap();
    record(&ledger, 0..1);
    record(&ledger, 1..2);
    ledger.close();
    drop(ledger);
    std::fs::remove_dir_all(dirs.data().join("sled")).unwrap();
    std::fs::remove_file(dirs.data().join("snapshot")).unwrap();
    let journal = dirs.data().join("journal").join(format!("{:020}.journal", 1));
    let mut bytes = std::fs::read(&journal).unwrap();
    let last = bytes.len() - 10;
    bytes[last] ^= 1;
    std::fs::write(&journal, &bytes).unwrap();
    let report = consent_ledger::ledger::proving::verify::verify_data_dir(&dirs.data(), |_, _| {}).unwrap();
    assert!(!report.journal_ok && report.problems.iter().any(|problem| problem.contains("durable up to 4")), "{:?}", report.problems);
    let error = open(&dirs.data(), None).err().unwrap().to_string();
    assert!(error.contains('4'), "{error}");
    assert_eq!(std::fs::read(&journal).unwrap(), bytes, "nothing was cut");
    // Nothing signed for it, nothing vouches for it: then it is the end of a commit that was never acknowledged.
    std::fs::remove_file(dirs.data().join("checkpoints")).unwrap();
    assert_eq!(open(&dirs.data(), None).unwrap().head().seq, Seq::new(3));
}

#[test]
fn what_was_kept_and_not_published_is_published_at_the_next_start() {
    let dirs = Dirs::new();
    let ledger = open(&dirs.data(), Some(&dirs.published())).unwrap();
    let before = dirs.copy(&dirs.published(), "before");
    record(&ledger, 0..5);
    ledger.close();
    drop(ledger);
    std::fs::write(before.join("checkpoint.new"), "torn").unwrap();
    let ledger = open(&dirs.data(), Some(&before)).unwrap();
    for name in ["checkpoint", "2026-03-01.checkpoint"] {
        assert_eq!(std::fs::read(before.join(name)).unwrap(), std::fs::read(dirs.published().join(name)).unwrap());
    }
    assert_eq!(ledger.checkpoint(false).unwrap().size, 7);
    ledger.close();
}

#[test]
fn a_disk_that_fails_at_any_step_of_a_signature_leaves_a_ledger_that_starts() {
    for fails in [Fails::Undone, Fails::Done, Fails::Half] {
        for nth in 1.. {
            let dirs = Dirs::new();
            let disk = FaultyDisk::new(0, fails);
            let ledger = open_on(&options(&dirs.data(), Some(&dirs.published())), disk.clone()).unwrap();
            record(&ledger, 0..3);
            disk.fail_in(nth);
            let signed = ledger.checkpoint(true);
            let (failed, published) = (disk.failed(), std::fs::read_to_string(dirs.published().join("checkpoint")).unwrap());
            assert_eq!(signed.is_err(), ledger.poisoned().is_some(), "{fails:?} at {nth}");
            assert!(verify(&published, ledger.checkpoint_key()).is_ok(), "{fails:?} at {nth}");
            if let Err(error) = signed {
                assert!(matches!(error, ProofError::Checkpoints(CheckpointsError::Io { .. })), "{error}");
                let size = verify(&published, ledger.checkpoint_key()).unwrap().checkpoint.size;
                assert_eq!(size, 2, "{fails:?} at {nth}: published before it was kept");
                let again = ledger.checkpoint(true).unwrap_err();
                assert!(matches!(again, ProofError::Checkpoints(CheckpointsError::Stopped { .. })), "{again}");
            }
            ledger.close();
            drop(ledger);
            let ledger = open(&dirs.data(), Some(&dirs.published())).unwrap();
            assert_eq!(ledger.checkpoint(true).unwrap().size, 5, "{fails:?} at {nth}");
            ledger.close();
            if !failed {
                break;
            }
        }
    }
}

#[test]
fn a_torn_last_signature_is_cut_and_one_damaged_before_it_is_refused() {
    let dirs = Dirs::new();
    let ledger = open(&dirs.data(), None).unwrap();
    for n in 0..3 {
        record(&ledger, n..n + 1);
        ledger.checkpoint(true).unwrap();
    }
    ledger.close();
    drop(ledger);
    let path = dirs.data().join("checkpoints");
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(whole.len(), 20 + 3 * 180);
    let reopened = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        open(&dirs.data(), None).map(|ledger| ledger.checkpoint(false).unwrap().size)
    };
    for cut in [1, 100, 179] {
        assert_eq!(reopened(&whole[..whole.len() - cut]).unwrap(), 4, "cut by {cut}");
        assert_eq!(std::fs::read(&path).unwrap(), whole[..20 + 2 * 180]);
    }
    let flipped = |place: usize| {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        bytes
    };
    assert_eq!(reopened(&flipped(20 + 2 * 180 + 30)).unwrap(), 4);
    for (place, record) in [(20 + 30, 1), (20 + 180 + 170, 2), (5, 0), (0, 0)] {
        match reopened(&flipped(place)) {
            Err(OpenError::Checkpoints(CheckpointsError::Damaged { record: named, .. })) => assert_eq!(named, record),
            other => panic!("{other:?}"),
        }
    }
}

/// A ledger of 602 entries with a checkpoint every 40, and the entries' hashes.
fn six_hundred(dir: &Path) -> (Ledger, Vec<u64>, Vec<[u8; 32]>) {
    let ledger = open(dir, None).unwrap();
    let sizes = (0..15).map(|n| {
        record(&ledger, n * 40..(n + 1) * 40);
        ledger.checkpoint(true).unwrap().size
    });
    let sizes = sizes.collect();
    let hashes = ledger.entries(&Filter::default(), usize::MAX).unwrap().iter().map(|entry| entry.entry_hash).collect();
    (ledger, sizes, hashes)
}

#[test]
fn every_entry_is_proved_in_its_checkpoint_and_in_no_other() {
    let dirs = Dirs::new();
    let (ledger, sizes, hashes) = six_hundred(&dirs.data());
    let key = ledger.checkpoint_key();
    let older = ledger.prove_inclusion(Seq::new(1), Some(sizes[5])).unwrap().checkpoint;
    for (seq, hash) in (1..).zip(&hashes) {
        let proved = ledger.prove_inclusion(Seq::new(seq), None).unwrap();
        assert_eq!((proved.entry_hash, proved.checkpoint.size, proved.proof.index), (*hash, 602, seq - 1));
        assert_eq!(proved.proof.verify(hash, key).unwrap().checkpoint.root, proved.checkpoint.root);
        let mut other = proved.proof.clone();
        other.checkpoint.clone_from(&older.note);
        assert!(matches!(other.verify(hash, key), Err(TlogProofError::NotIncluded { .. })), "{seq}");
        if seq <= sizes[5] {
            let at_older = ledger.prove_inclusion(Seq::new(seq), Some(sizes[5])).unwrap();
            assert!(at_older.proof.verify(hash, key).is_ok(), "{seq}");
            assert!(at_older.proof.verify(&hashes[600 - usize::try_from(seq).unwrap()], key).is_err() || seq == 300, "{seq}");
        }
    }
    let error = ledger.prove_inclusion(Seq::new(603), None).unwrap_err();
    assert!(matches!(error, ProofError::EntryUnknown { head: 602, .. }), "{error}");
    let error = ledger.prove_inclusion(Seq::new(9), Some(sizes[5] + 1)).unwrap_err();
    assert!(matches!(error, ProofError::CheckpointUnknown { .. }), "{error}");
    let error = ledger.prove_inclusion(Seq::new(600), Some(sizes[5])).unwrap_err();
    assert!(matches!(error, ProofError::BeyondSize { .. }), "{error}");
    ledger.close();
}

#[test]
fn every_checkpoint_is_the_beginning_of_every_later_one() {
    let dirs = Dirs::new();
    let (ledger, sizes, hashes) = six_hundred(&dirs.data());
    let checkpoint = |size| {
        let note = ledger.prove_inclusion(Seq::new(1), Some(size)).unwrap().checkpoint.note;
        verify(&note, ledger.checkpoint_key()).unwrap().checkpoint
    };
    let mut frontier = Frontier::default();
    for hash in &hashes {
        frontier.push(*hash);
        if sizes.contains(&frontier.size()) {
            assert_eq!(checkpoint(frontier.size()).root, frontier.root());
        }
    }
    for old in &sizes {
        for new in sizes.iter().filter(|new| *new >= old) {
            let proof = ledger.prove_consistency(*old, Some(*new)).unwrap().proof;
            assert_eq!(proof.verify(&checkpoint(*old), ledger.checkpoint_key()).unwrap().checkpoint, checkpoint(*new));
            let mut wrong = checkpoint(*old);
            wrong.root[0] ^= 1;
            assert!(proof.verify(&wrong, ledger.checkpoint_key()).is_err());
        }
    }
    assert_eq!(ledger.prove_consistency(100, None).unwrap().checkpoint.size, 602);
    let error = ledger.prove_consistency(700, None).unwrap_err();
    assert!(matches!(error, ProofError::LogBehind { head: 602, old: 700 }), "{error}");
    ledger.close();
}

#[test]
fn a_tree_file_that_is_gone_cut_or_changed_is_made_again() {
    let dirs = Dirs::new();
    let (ledger, ..) = six_hundred(&dirs.data());
    let root = ledger.checkpoint(false).unwrap().root;
    ledger.close();
    drop(ledger);
    let path = dirs.data().join("tree");
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(whole.len(), 20 + 2 * 32);
    let flipped = |place: usize| {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        Some(bytes)
    };
    let longer = [whole.as_slice(), &[7; 64]].concat();
    for bytes in
        [None, Some(Vec::new()), Some(whole[..50].to_vec()), Some(longer), flipped(2), flipped(30), flipped(83), Some(whole.clone())]
    {
        match &bytes {
            None => std::fs::remove_file(&path).unwrap(),
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
        }
        let ledger = open(&dirs.data(), None).unwrap();
        assert_eq!(ledger.checkpoint(true).unwrap().root, root, "{bytes:?}");
        assert!(ledger.prove_inclusion(Seq::new(3), None).unwrap().proof.index == 2);
        ledger.close();
        drop(ledger);
        assert_eq!(std::fs::read(&path).unwrap(), whole, "{bytes:?}");
    }
}
