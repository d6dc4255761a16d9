//! What the ledger does while the disk fails: it is made, records, erases, signs, closes, starts, recovers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use consent_ledger::consent::words::{Category, Permission};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::{Acknowledgement, What};
use consent_ledger::ledger::{CheckError, Filter, Ledger, OpenError, Options};
use consent_ledger::proto::clear_part::Fact;

use super::disk::{Fault, Happened, PlottedDisk};
use super::rows::Outcome;
use crate::support::bench::{as_after_a_crash, at, copy, event, link, may, opt_in, opt_out, question, says, who};

const STOPPED: &str = "+447400100000";

/// A part of the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum During {
    /// A start in an empty directory.
    Making,
    /// Records; the keyring is filled on the way, and segments of the journal end.
    Recording,
    Erasing,
    /// A checkpoint is signed and published.
    Signing,
    Closing,
    /// A start after a clean stop that reads the whole log.
    Starting,
    /// The same from the snapshot, as where the log is large.
    StartingFromSnapshot,
    /// A start after a crash: the last commit is torn, sled is gone, and so is a file of the keyring.
    Recovering,
    /// A start on a journal with a hole and a damaged header, which sled heals, and a damaged key slot.
    Healing,
}

impl During {
    pub const ALL: [Self; 9] = [
        Self::Making,
        Self::Recording,
        Self::Erasing,
        Self::Signing,
        Self::Closing,
        Self::Starting,
        Self::StartingFromSnapshot,
        Self::Recovering,
        Self::Healing,
    ];
}

/// Directories in which each part begins, and the log that each holds.
pub struct Prepared {
    dir: tempfile::TempDir,
    logs: Vec<(PathBuf, Vec<Vec<u8>>)>,
}

/// What a run came to.
pub struct Run {
    pub outcome: Outcome,
    pub acknowledged: Vec<Acknowledgement>,
    pub disk: PlottedDisk,
}

fn open(dir: &Path, disk: &PlottedDisk, small_bytes: u64) -> Result<Ledger, OpenError> {
    let clock = ManualClock::default();
    clock.set(at(3_600));
    let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(disk.clone()), Arc::new(clock));
    let checkpoint_dir = Some(dir.join("published"));
    let options = Options { keys_ahead: 4, segment_bytes: 1 << 10, small_bytes, checkpoint_dir, ..Options::new(dir.join("data")) };
    Ledger::open_with(&options, &disk, &clock)
}

fn records() -> Vec<What> {
    let contact = |n: u32| format!("+44740012{n:04}");
    let mut records = vec![opt_in(STOPPED), says(&[STOPPED], "stop"), link(STOPPED, "GB.1")];
    records.extend((0..5).map(|n| opt_in(&contact(n))));
    records.push(opt_out(&contact(1)));
    records
}

fn all(ledger: &Ledger) -> Result<Vec<Vec<u8>>, String> {
    let entries = ledger.entries(&Filter::default(), usize::MAX).map_err(|error| error.to_string())?;
    Ok(entries.into_iter().map(|entry| entry.bytes).collect())
}

impl Prepared {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let good = PlottedDisk::new(None);
        std::fs::create_dir(at("empty")).unwrap();
        open(&at("made"), &good, u64::MAX).unwrap().close();
        copy(&at("made"), &at("closed"));
        let ledger = open(&at("closed"), &good, u64::MAX).unwrap();
        for (seconds, what) in (100..).zip(records()) {
            ledger.record_blocking(event(seconds, what)).unwrap();
        }
        let (made, closed) = (all(&ledger).unwrap()[..2].to_vec(), all(&ledger).unwrap());
        ledger.close();
        drop(ledger);
        copy(&at("closed"), &at("recovering"));
        crash(&at("recovering"));
        copy(&at("closed"), &at("healing"));
        hurt(&at("healing"));
        let logs = [("empty", Vec::new()), ("made", made), ("closed", closed.clone()), ("recovering", closed.clone()), ("healing", closed)];
        let logs = logs.into_iter().map(|(name, log)| (at(name), log)).collect();
        Self { dir, logs }
    }

    fn name(during: During) -> &'static str {
        match during {
            During::Making => "empty",
            During::Recording | During::Closing => "made",
            During::Erasing | During::Signing | During::Starting | During::StartingFromSnapshot => "closed",
            During::Recovering => "recovering",
            During::Healing => "healing",
        }
    }

    /// Where this part begins.
    pub fn dir(&self, during: During) -> &Path {
        let at = self.dir.path().join(Self::name(during));
        self.logs.iter().find(|(dir, _)| *dir == at).map(|(dir, _)| dir.as_path()).unwrap()
    }

    /// The log that is there at its beginning.
    pub fn log(&self, during: During) -> &[Vec<u8>] {
        self.logs.iter().find(|(dir, _)| dir == self.dir(during)).map(|(_, log)| log.as_slice()).unwrap()
    }
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut segments: Vec<PathBuf> = std::fs::read_dir(dir.join("data/journal")).unwrap().map(|entry| entry.unwrap().path()).collect();
    segments.sort();
    segments
}

/// As a crash leaves it: half a frame behind the last commit, nothing that only a clean stop writes.
fn crash(dir: &Path) {
    as_after_a_crash(&dir.join("data"));
    let last = segments(dir).pop().unwrap();
    let mut bytes = std::fs::read(&last).unwrap();
    let torn = bytes[72..].to_vec();
    bytes.extend_from_slice(&torn[..torn.len() / 2]);
    std::fs::write(&last, bytes).unwrap();
    std::fs::remove_dir_all(dir.join("data/sled")).unwrap();
    std::fs::remove_file(dir.join("data/keyring/b")).unwrap();
    std::fs::remove_dir_all(dir.join("published")).unwrap();
}

/// A flipped bit in a block in the middle, one in a segment's header, one in a key slot.
fn hurt(dir: &Path) {
    let flip = |path: &Path, place: usize| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[place] ^= 4;
        std::fs::write(path, bytes).unwrap();
    };
    let segments = segments(dir);
    assert!(segments.len() > 2, "{segments:?}");
    flip(&segments[1], 72 + 44 + 100);
    flip(&segments[2], 20);
    flip(&dir.join("data/keyring/a"), 64 * 2 + 30);
}

/// What this part does, step by step.
pub fn steps(during: During, prepared: &Prepared) -> Vec<Happened> {
    let dir = tempfile::tempdir().unwrap();
    copy(prepared.dir(during), dir.path());
    let run = run(during, dir.path(), None);
    assert_eq!(run.outcome, Outcome::GoesOn, "{during:?} on a good disk");
    run.disk.steps()
}

/// Runs this part in `dir`, where one of its steps may fail.
pub fn run(during: During, dir: &Path, fault: Option<(usize, Fault)>) -> Run {
    let disk = PlottedDisk::new(fault);
    let small_bytes = if during == During::StartingFromSnapshot { 0 } else { u64::MAX };
    let opens = matches!(during, During::Making | During::Starting | During::StartingFromSnapshot | During::Recovering | During::Healing);
    disk.count(opens);
    if during == During::Recovering {
        // What was published is elsewhere; a ledger after its first crash begins to publish with its first checkpoint.
        let _ = std::fs::remove_dir_all(dir.join("published"));
    }
    let opened = open_first(dir, &disk, small_bytes, during);
    let ledger = match opened {
        Ok(ledger) => ledger,
        Err(error) => {
            assert!(opens && !error.to_string().is_empty(), "{during:?}: {error}");
            return Run { outcome: Outcome::Refuses, acknowledged: Vec::new(), disk };
        }
    };
    let mut acknowledged = Vec::new();
    let mut refused = false;
    let mut record = |what: What| match ledger.record_blocking(event(2_000, what)) {
        Ok(done) => acknowledged.push(done),
        Err(_) => refused = true,
    };
    match during {
        During::Recording => {
            disk.count(true);
            records().into_iter().for_each(record);
        }
        During::Erasing => {
            disk.count(true);
            record(What::Erase { contact: who("+447400120003"), keep_suppression: true });
        }
        During::Signing => {
            disk.count(true);
            refused = ledger.checkpoint(true).is_err();
        }
        During::Closing => records().into_iter().take(3).for_each(record),
        _ => {}
    }
    disk.count(during == During::Closing);
    let mut outcome = outcome(&ledger, refused);
    ledger.close();
    if during == During::Closing && outcome == Outcome::GoesOn && ledger.poisoned().is_some() {
        outcome = Outcome::Stops;
    }
    disk.count(false);
    Run { outcome, acknowledged, disk }
}

fn open_first(dir: &Path, disk: &PlottedDisk, small_bytes: u64, during: During) -> Result<Ledger, OpenError> {
    if during != During::Recovering {
        return open(dir, disk, small_bytes);
    }
    let clock = ManualClock::default();
    clock.set(at(3_600));
    let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(disk.clone()), Arc::new(clock));
    let options = Options { keys_ahead: 4, segment_bytes: 1 << 10, small_bytes, ..Options::new(dir.join("data")) };
    Ledger::open_with(&options, &disk, &clock)
}

/// What a caller sees. A ledger that stopped says so to whoever asks, and gives no permission.
fn outcome(ledger: &Ledger, refused: bool) -> Outcome {
    let answer = ledger.check(&question(STOPPED, Category::Marketing, None));
    match ledger.poisoned() {
        Some(_) => {
            assert!(matches!(answer, Err(CheckError::Unavailable { .. })), "a ledger that stopped answered: {answer:?}");
            let again = ledger.record_blocking(event(2_000, opt_out("+447400120004")));
            assert!(again.is_err(), "a ledger that stopped recorded: {again:?}");
            Outcome::Stops
        }
        None if refused => Outcome::RefusesOne,
        None => Outcome::GoesOn,
    }
}

/// A start on a good disk has the log that was there, everything acknowledged since, and every STOP with its opt-out.
pub fn holds(dir: &Path, acknowledged: &[Acknowledgement], before: &[Vec<u8>]) -> Result<(), String> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let clock = ManualClock::default();
    clock.set(at(3_600));
    let clock: Arc<dyn Clock> = Arc::new(clock);
    let options = Options { keys_ahead: 4, segment_bytes: 1 << 10, ..Options::new(dir.join("data")) };
    let ledger = Ledger::open_with(&options, &disk, &clock).map_err(|error| format!("it does not start on a good disk: {error}"))?;
    let entries = ledger.entries(&Filter::default(), usize::MAX).map_err(|error| error.to_string())?;
    let log: Vec<&[u8]> = entries.iter().map(|entry| entry.bytes.as_slice()).collect();
    if log.len() < before.len() || log.iter().zip(before).any(|(one, other)| one != other) {
        return Err(format!("of {} entries {} are there", before.len(), log.len()));
    }
    for done in acknowledged {
        let entry = entries.get(usize::try_from(done.seq.number()).unwrap() - 1);
        if entry.is_none_or(|entry| entry.entry_hash != done.entry_hash) {
            return Err(format!("entry {} was acknowledged and is not there", done.seq));
        }
    }
    let mut stops = 0;
    for (place, entry) in entries.iter().enumerate() {
        if matches!(entry.clear.fact, Some(Fact::InboundMessageReceived(_))) {
            stops += 1;
            let next = entries.get(place + 1).and_then(|entry| entry.clear.fact.as_ref());
            if !matches!(next, Some(Fact::OptedOut(_))) {
                return Err("a STOP without its opt-out".to_owned());
            }
        }
    }
    if stops > 0 && may(&ledger, STOPPED) != Permission::Nothing {
        return Err("whoever stopped is written to".to_owned());
    }
    ledger.record_blocking(event(2_100, opt_out("+447400120009"))).map_err(|error| error.to_string())?;
    ledger.close();
    Ok(())
}
