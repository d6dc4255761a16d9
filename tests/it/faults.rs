//! The disk fails at every step in turn: what was acknowledged is kept, nothing is half there, a failed sync is never
//! tried again.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use consent_ledger::consent::words::{Category, Permission, Seq};
use consent_ledger::ledger::proving::verify::verify_data_dir;
use consent_ledger::ledger::storage::disk::{Disk, DiskFile, RealDisk};
use consent_ledger::ledger::writing::record::{Acknowledgement, RecordError, What};
use consent_ledger::ledger::{CheckError, Filter, Ledger};
use consent_ledger::proto::clear_part::Fact;

use crate::support::bench::{at, event, link, may, moves, open, open_on, opt_in, opt_out, question, says};

/// How a step fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fails {
    /// Nothing of it was done.
    Undone,
    /// All of it was done, and an error told.
    Done,
    /// Half of a write was done.
    Half,
}

#[derive(Default)]
struct Steps {
    done: AtomicUsize,
    fail_at: AtomicUsize,
    failed: AtomicBool,
    after_failure: AtomicUsize,
}

/// A disk of which one step fails: a write, a sync, a change of length, a rename, a directory's sync, a new file.
#[derive(Clone)]
pub struct FaultyDisk {
    steps: Arc<Steps>,
    fails: Fails,
}

impl FaultyDisk {
    pub fn new(fail_at: usize, fails: Fails) -> Self {
        let steps = Arc::new(Steps::default());
        steps.fail_at.store(fail_at, Ordering::SeqCst);
        Self { steps, fails }
    }

    /// Lets the `nth` step from here on fail.
    pub fn fail_in(&self, nth: usize) {
        self.steps.fail_at.store(self.steps.done.load(Ordering::SeqCst) + nth, Ordering::SeqCst);
    }

    /// Whether a step failed.
    pub fn failed(&self) -> bool {
        self.steps.failed.load(Ordering::SeqCst)
    }

    fn step(&self, act: impl Fn() -> io::Result<()>, half: impl Fn() -> io::Result<()>) -> io::Result<()> {
        let steps = &self.steps;
        if steps.failed.load(Ordering::SeqCst) {
            steps.after_failure.fetch_add(1, Ordering::SeqCst);
        }
        if steps.done.fetch_add(1, Ordering::SeqCst) + 1 != steps.fail_at.load(Ordering::SeqCst) {
            return act();
        }
        steps.failed.store(true, Ordering::SeqCst);
        match self.fails {
            Fails::Undone => {}
            Fails::Done => act()?,
            Fails::Half => half()?,
        }
        Err(io::Error::other("the disk fails here"))
    }
}

impl Disk for FaultyDisk {
    fn open(&self, path: &Path, create: bool) -> io::Result<Box<dyn DiskFile>> {
        if create && !path.exists() {
            self.step(|| RealDisk.open(path, true).map(drop), || RealDisk.open(path, true).map(drop))?;
        }
        Ok(Box::new(FaultyFile { file: RealDisk.open(path, create)?, disk: self.clone() }))
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(dir)
    }
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        RealDisk.create_dir(dir)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(|| RealDisk.rename(from, to), || Ok(()))
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.step(|| RealDisk.sync_dir(dir), || Ok(()))
    }
}

struct FaultyFile {
    file: Box<dyn DiskFile>,
    disk: FaultyDisk,
}

impl DiskFile for FaultyFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.step(|| self.file.write_at(bytes, offset), || self.file.write_at(&bytes[..bytes.len() / 2], offset))
    }
    fn sync(&self) -> io::Result<()> {
        self.disk.step(|| self.file.sync(), || Ok(()))
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.step(|| self.file.set_len(len), || Ok(()))
    }
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
}

/// What is recorded while the disk fails; with nine keys ahead the keyring grows on the way.
fn script() -> Vec<What> {
    let contact = |n: i64| format!("+44740012{n:04}");
    let mut script = vec![opt_in("+447400123456"), says(&["+447400123456"], "stop"), link("+447400123456", "GB.1")];
    script.extend((0..9).map(|n| opt_in(&contact(n))));
    script.extend([moves("+447400120001", "+447400129999"), opt_out("+447400120002"), says(&["+447400120003"], "sair")]);
    script
}

fn run(ledger: &Ledger) -> Vec<Result<Acknowledgement, RecordError>> {
    (100..).zip(script()).map(|(seconds, what)| ledger.record_blocking(event(seconds, what))).collect()
}

/// The ledger reopened on a good disk holds what was acknowledged, and every STOP with its opt-out.
fn holds(dir: &Path, done: &[Result<Acknowledgement, RecordError>], case: &str) {
    let ledger = open(dir);
    let entries = ledger.entries(&Filter::default(), usize::MAX).unwrap();
    for done in done.iter().flatten() {
        let place = usize::try_from(done.seq.number()).unwrap() - 1;
        assert_eq!(entries[place].entry_hash, done.entry_hash, "{case}: entry {} was acknowledged", done.seq);
    }
    for entry in &entries {
        if let Some(Fact::InboundMessageReceived(_)) = entry.clear.fact {
            let next = &entries[usize::try_from(entry.seq.number()).unwrap()];
            assert!(matches!(next.clear.fact, Some(Fact::OptedOut(_))), "{case}: a STOP without its opt-out");
        }
    }
    if done.get(1).is_some_and(Result::is_ok) {
        assert_eq!(may(&ledger, "+447400123456"), Permission::Nothing, "{case}");
    }
    ledger.record_blocking(event(300, opt_out("+447400120005"))).unwrap();
    ledger.close();
    drop(ledger);
    let report = verify_data_dir(dir, |_, _| ()).unwrap();
    assert!(report.ok(), "{case}: {:?}", report.problems);
}

#[test]
fn a_failed_step_while_recording_poisons_and_loses_nothing_acknowledged() {
    let prepared = tempfile::tempdir().unwrap();
    open(prepared.path()).close();
    for fails in [Fails::Undone, Fails::Done, Fails::Half] {
        for nth in 1.. {
            let dir = tempfile::tempdir().unwrap();
            crate::support::bench::copy(prepared.path(), dir.path());
            let disk = FaultyDisk::new(0, fails);
            let ledger = open_on(dir.path(), at(3600), &(Arc::new(disk.clone()) as Arc<dyn Disk>)).unwrap();
            disk.steps.fail_at.store(disk.steps.done.load(Ordering::SeqCst) + nth, Ordering::SeqCst);
            let done = run(&ledger);
            let case = format!("step {nth} fails {fails:?}");
            let failed = disk.steps.failed.load(Ordering::SeqCst);
            let first = done.iter().position(Result::is_err);
            assert_eq!(failed, first.is_some(), "{case}");
            if let Some(first) = first {
                assert!(done[first..].iter().all(|done| matches!(done, Err(RecordError::Unavailable { .. }))), "{case}");
                let check = ledger.check(&question("+447400123456", Category::Marketing, None));
                assert!(matches!(check, Err(CheckError::Unavailable { .. })), "{case}: a poisoned ledger answered");
            }
            ledger.close();
            drop(ledger);
            if failed {
                assert_eq!(disk.steps.after_failure.load(Ordering::SeqCst), 0, "{case}: the disk was touched again");
            }
            holds(dir.path(), &done, &case);
            if !failed {
                break;
            }
        }
    }
}

#[test]
fn a_failed_step_while_opening_refuses_and_the_next_open_serves() {
    let prepared = tempfile::tempdir().unwrap();
    let ledger = open(prepared.path());
    let done = run(&ledger);
    ledger.close();
    drop(ledger);
    for fails in [Fails::Undone, Fails::Half] {
        for nth in 1.. {
            let dir = tempfile::tempdir().unwrap();
            crate::support::bench::copy(prepared.path(), dir.path());
            let disk = FaultyDisk::new(nth, fails);
            let opened = open_on(dir.path(), at(3600), &(Arc::new(disk.clone()) as Arc<dyn Disk>));
            let failed = disk.steps.failed.load(Ordering::SeqCst);
            assert_eq!(failed, opened.is_err(), "step {nth} fails {fails:?}");
            if let Ok(ledger) = opened {
                ledger.close();
            }
            holds(dir.path(), &done, &format!("opening, step {nth} fails {fails:?}"));
            if !failed {
                break;
            }
        }
    }
}

#[test]
fn a_failed_step_while_the_ledger_is_made_leaves_a_directory_that_opens_later() {
    for fails in [Fails::Undone, Fails::Half, Fails::Done] {
        let mut stuck = Vec::new();
        for nth in 1.. {
            let dir = tempfile::tempdir().unwrap();
            let disk = FaultyDisk::new(nth, fails);
            let opened = open_on(dir.path(), at(3600), &(Arc::new(disk.clone()) as Arc<dyn Disk>));
            if let Ok(ledger) = opened {
                ledger.close();
                break;
            }
            match crate::support::bench::try_open(dir.path(), at(3600)) {
                Ok(ledger) => {
                    assert_eq!(ledger.head().seq, Seq::new(2));
                    ledger.close();
                }
                Err(error) => stuck.push(format!("step {nth}: {error}")),
            }
        }
        assert!(stuck.is_empty(), "{fails:?}: {stuck:?}");
    }
}
