//! The journal is torn, damaged, lost; sled is behind, ahead, gone: what was acknowledged comes back, or is refused by name.

use std::path::{Path, PathBuf};

use consent_ledger::consent::policy::Policy;
use consent_ledger::consent::words::{Account, Permission, Seq};
use consent_ledger::ledger::starting::recovery::RecoveryError;
use consent_ledger::ledger::storage::disk::RealDisk;
use consent_ledger::ledger::storage::journal::{Frame, Piece, Segment, ledger_id_of, read_segment, segments};
use consent_ledger::ledger::{Filter, OpenError};

use crate::support::bench::{adopts, as_after_a_crash, at, copy, event, may, open, opt_in, opt_out, put, says, try_open, who};

const FIRST: &str = "journal/00000000000000000001.journal";

fn journal(dir: &Path) -> Vec<Segment> {
    segments(&RealDisk, &dir.join("journal"), ".journal").unwrap()
}

fn frames(dir: &Path) -> Vec<Frame> {
    let segments = journal(dir);
    let id = ledger_id_of(&RealDisk, &segments[0]).unwrap();
    let pieces = segments.iter().flat_map(|segment| read_segment(&RealDisk, segment, id).unwrap().0);
    pieces.filter_map(|piece| if let Piece::Frame(frame) = piece { Some(frame) } else { None }).collect()
}

fn frame_bytes(frame: &Frame) -> usize {
    44 + frame.block.bytes().len()
}

fn without_sled(dir: &Path) {
    std::fs::remove_dir_all(dir.join("sled")).unwrap();
}

fn contact(n: u32) -> String {
    format!("+4474001{n:05}")
}

/// Something that happens to a file's bytes.
type Change = Box<dyn Fn(&mut Vec<u8>)>;

/// A ledger with ten opt-ins, one commit each.
fn ten(dir: &Path) {
    let ledger = open(dir);
    for n in 0..10 {
        put(&ledger, i64::from(n), opt_in(&contact(n)));
    }
    ledger.close();
    as_after_a_crash(dir);
}

/// A ledger whose last commit has two frames: a STOP so long that its message fills a block, and the opt-out it caused.
fn two_frames(dir: &Path) -> Vec<Frame> {
    ten(dir);
    let ledger = open(dir);
    let mut policy = Policy::meta();
    policy.keep_message_text = true;
    put(&ledger, 50, adopts(policy));
    put(&ledger, 100, says(&[&contact(0)], &format!("stop{}", " ".repeat(5_000))));
    ledger.close();
    as_after_a_crash(dir);
    let frames = frames(dir);
    let last = frames.last().unwrap();
    assert_eq!(frames.iter().filter(|frame| frame.commit_first == last.commit_first).count(), 2);
    frames
}

fn damaged(from: &Path, change: impl Fn(&mut Vec<u8>)) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(from, dir.path());
    let path = dir.path().join(FIRST);
    let mut bytes = std::fs::read(&path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
    dir
}

#[test]
fn a_torn_last_commit_comes_back_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let frames = two_frames(dir.path());
    without_sled(dir.path());
    let [one, two] = [&frames[frames.len() - 2], &frames[frames.len() - 1]];
    let (start, mid) = (usize::try_from(one.offset).unwrap(), usize::try_from(two.offset).unwrap());
    let (middle_of_one, middle_of_two) = (usize::midpoint(start, mid), mid + frame_bytes(two) / 2);
    let end = mid + frame_bytes(two);
    let zero = |from: usize, to: usize| -> Change { Box::new(move |bytes| bytes[from..to].fill(0)) };
    let noise = |from: usize, to: usize| -> Change { Box::new(move |bytes| bytes[from..to].iter_mut().for_each(|byte| *byte ^= 0xA5)) };
    let changes: Vec<Change> = vec![
        zero(start, mid),
        zero(mid, end),
        zero(start, end),
        zero(middle_of_one, mid),
        zero(middle_of_two, end),
        zero(start, middle_of_two),
        noise(start, mid),
        noise(mid, end),
        noise(start, end),
        noise(middle_of_one, middle_of_two),
        noise(end - 1, end),
        noise(start, start + 1),
        zero(start, start + 44),
        zero(mid, mid + 44),
        Box::new(move |bytes| bytes[start..end].rotate_left(mid - start)),
        Box::new(move |bytes| bytes.truncate(mid)),
        Box::new(move |bytes| bytes.extend_from_slice(&[0x5A; 700])),
        Box::new(|_| ()),
    ];
    for (place, change) in changes.iter().enumerate() {
        let torn = damaged(dir.path(), change);
        for _ in 0..2 {
            let ledger = open(torn.path());
            let head = ledger.head().seq;
            assert!(head == two.block.last() || head.next() == one.commit_first, "change {place}: the head is {head}");
            ledger.close();
            drop(ledger);
        }
    }
}

#[test]
fn a_journal_cut_anywhere_in_its_last_bytes_opens_with_whole_commits() {
    let dir = tempfile::tempdir().unwrap();
    ten(dir.path());
    let frames = frames(dir.path());
    without_sled(dir.path());
    let len = usize::try_from(frames.last().unwrap().offset).unwrap() + frame_bytes(frames.last().unwrap());
    for cut in (len - 400..=len).step_by(3) {
        let torn = damaged(dir.path(), |bytes| bytes.truncate(cut));
        let ledger = open(torn.path());
        let whole = frames.iter().filter(|frame| usize::try_from(frame.offset).unwrap() + frame_bytes(frame) <= cut);
        assert_eq!(ledger.head().seq, whole.map(|frame| frame.block.last()).max().unwrap(), "cut at {cut} of {len}");
        put(&ledger, 50, says(&[&contact(0)], "stop"));
        ledger.close();
        drop(ledger);
        without_sled(torn.path());
        assert_eq!(may(&open(torn.path()), &contact(0)), Permission::Nothing, "cut at {cut} of {len}");
    }
}

#[test]
fn damage_in_the_middle_is_healed_from_sled_and_stays_healed() {
    let dir = tempfile::tempdir().unwrap();
    ten(dir.path());
    let hit = usize::try_from(frames(dir.path())[4].offset).unwrap() + 100;
    let torn = damaged(dir.path(), |bytes| bytes[hit] ^= 1);
    let head = {
        let ledger = open(torn.path());
        ledger.close();
        ledger.head()
    };
    let repairs = segments(&RealDisk, &torn.path().join("journal"), ".repair").unwrap();
    assert_eq!(repairs.len(), 1);
    without_sled(torn.path());
    let ledger = open(torn.path());
    assert_eq!(ledger.head(), head);
    assert_eq!(may(&ledger, &contact(3)), Permission::TemplateOnly);
}

#[test]
fn damage_that_neither_copy_can_heal_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    ten(dir.path());
    let frame = &frames(dir.path())[4];
    let hit = usize::try_from(frame.offset).unwrap() + 100;
    let torn = damaged(dir.path(), |bytes| bytes[hit] ^= 1);
    without_sled(torn.path());
    match try_open(torn.path(), at(3600)) {
        Err(OpenError::Recovery(RecoveryError::Lost { from, to })) => assert_eq!((from, to), (frame.block.first(), frame.block.last())),
        other => panic!("{:?}", other.map(|ledger| ledger.head())),
    }
}

#[test]
fn sled_behind_ahead_or_gone_makes_no_difference() {
    let dir = tempfile::tempdir().unwrap();
    ten(dir.path());
    let older = tempfile::tempdir().unwrap();
    copy(dir.path(), older.path());
    let ledger = open(dir.path());
    put(&ledger, 60, opt_out(&contact(1)));
    let head = ledger.head();
    ledger.close();
    drop(ledger);
    let swap = |part: &str, keep: &Path, take: &Path| -> tempfile::TempDir {
        let mixed = tempfile::tempdir().unwrap();
        copy(keep, mixed.path());
        std::fs::remove_dir_all(mixed.path().join(part)).unwrap();
        copy(&take.join(part), &mixed.path().join(part));
        mixed
    };
    for mixed in [swap("sled", dir.path(), older.path()), swap("journal", dir.path(), older.path())] {
        let ledger = open(mixed.path());
        assert_eq!(ledger.head(), head);
        assert_eq!(may(&ledger, &contact(1)), Permission::Nothing);
        ledger.close();
    }
    let foreign = tempfile::tempdir().unwrap();
    ten(foreign.path());
    assert!(try_open(swap("sled", dir.path(), foreign.path()).path(), at(3600)).is_err());
    assert!(try_open(swap("journal", dir.path(), foreign.path()).path(), at(3600)).is_err());
    assert!(try_open(swap("keyring", dir.path(), foreign.path()).path(), at(3600)).is_err());
    assert!(try_open(swap("secrets", dir.path(), foreign.path()).path(), at(3600)).is_err());
}

/// A segment as a crash while it is made leaves it.
fn new_segment(dir: &Path, bytes: usize) -> PathBuf {
    let next = frames(dir).last().unwrap().block.last().next().number();
    let header = std::fs::read(dir.join(FIRST)).unwrap();
    let path = dir.join(format!("journal/{next:020}.journal"));
    std::fs::write(&path, &header[..bytes]).unwrap();
    path
}

#[test]
fn what_is_recorded_after_a_crash_while_a_segment_was_made_is_in_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    ten(dir.path());
    for bytes in [72, 0, 40] {
        let torn = damaged(dir.path(), |_| ());
        new_segment(torn.path(), bytes);
        let ledger = open(torn.path());
        put(&ledger, 60, opt_out(&contact(1)));
        let head = ledger.head();
        ledger.close();
        drop(ledger);
        without_sled(torn.path());
        let ledger = open(torn.path());
        assert_eq!((bytes, ledger.head().seq), (bytes, head.seq));
        assert_eq!(may(&ledger, &contact(1)), Permission::Nothing);
    }
}

#[test]
fn a_later_segment_vouches_for_the_end_of_the_one_before_it() {
    let dir = tempfile::tempdir().unwrap();
    ten(dir.path());
    let last = frames(dir.path()).pop().unwrap();
    new_segment(dir.path(), 72);
    let hit = usize::try_from(last.offset).unwrap() + 100;
    let torn = damaged(dir.path(), |bytes| bytes[hit] ^= 1);
    without_sled(torn.path());
    match try_open(torn.path(), at(3600)) {
        Err(OpenError::Recovery(RecoveryError::Lost { from, .. })) => assert_eq!(from, last.block.first()),
        other => panic!("an acknowledged commit was cut: {:?}", other.map(|ledger| ledger.head().seq)),
    }
}

#[test]
fn a_ledger_that_was_not_quite_made_opens() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).close();
    as_after_a_crash(dir.path());
    // The log is noted in `lock` only once it is durable.
    std::fs::write(dir.path().join("lock"), "").unwrap();
    for part in ["sled", "journal", "keyring"] {
        std::fs::remove_dir_all(dir.path().join(part)).unwrap();
    }
    let ledger = open(dir.path());
    assert_eq!(ledger.head().seq, Seq::new(2));
    ledger.close();
}

#[test]
fn a_keyring_damaged_in_one_file_serves_and_in_both_or_missing_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    ten(dir.path());
    let hurt = |files: &[&str]| {
        let torn = damaged(dir.path(), |_| ());
        for file in files {
            let path = torn.path().join("keyring").join(file);
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[64 * 3 + 20] ^= 1;
            std::fs::write(path, bytes).unwrap();
        }
        torn
    };
    for file in ["a", "b"] {
        let torn = hurt(&[file]);
        let ledger = open(torn.path());
        put(&ledger, 60, opt_out(&contact(1)));
        ledger.close();
    }
    assert!(try_open(hurt(&["a", "b"]).path(), at(3600)).is_err());
    let missing = damaged(dir.path(), |_| ());
    std::fs::remove_dir_all(missing.path().join("keyring")).unwrap();
    assert!(try_open(missing.path(), at(3600)).is_err());
    let one = damaged(dir.path(), |_| ());
    std::fs::remove_file(one.path().join("keyring/a")).unwrap();
    assert!(try_open(one.path(), at(3600)).is_ok(), "one whole file of two is enough");
}

#[test]
fn a_log_that_is_gone_is_refused_and_its_keys_are_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    ten(dir.path());
    let aside = tempfile::tempdir().unwrap();
    for part in ["sled", "journal"] {
        std::fs::rename(dir.path().join(part), aside.path().join(part)).unwrap();
    }
    let keys = std::fs::read(dir.path().join("keyring/a")).unwrap();
    for _ in 0..2 {
        let refused = try_open(dir.path(), at(3600)).err().unwrap();
        assert!(matches!(refused, OpenError::LogGone { .. }), "{refused}");
    }
    assert_eq!(std::fs::read(dir.path().join("keyring/a")).unwrap(), keys);
    for part in ["sled", "journal"] {
        std::fs::remove_dir_all(dir.path().join(part)).unwrap();
        std::fs::rename(aside.path().join(part), dir.path().join(part)).unwrap();
    }
    let ledger = open(dir.path());
    assert_eq!(may(&ledger, &contact(1)), Permission::TemplateOnly);
    ledger.close();
}

#[test]
fn one_contact_s_damaged_key_refuses_that_contact_and_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    ten(dir.path());
    let ledger = open(dir.path());
    let trail = ledger.entries(&Filter { contact: Some(who(&contact(1))), ..filter() }, 1).unwrap()[0].trail;
    for file in ["a", "b"] {
        let path = dir.path().join("keyring").join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[64 * usize::try_from(trail).unwrap() + 20] ^= 1;
        std::fs::write(path, bytes).unwrap();
    }
    let refused = ledger.record_blocking(event(60, opt_out(&contact(1)))).unwrap_err();
    assert!(refused.to_string().contains(&format!("the key of trail {trail} is damaged")), "{refused}");
    put(&ledger, 61, opt_out(&contact(2)));
    assert_eq!((ledger.poisoned(), may(&ledger, &contact(2))), (None, Permission::Nothing));
    ledger.close();
}

fn filter() -> Filter {
    Filter { account: Some(Account::default_account()), ..Filter::default() }
}

#[test]
fn a_healthy_sled_is_never_put_aside_because_another_handle_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    put(&first, 1, opt_in(&contact(1)));
    first.close();
    let second = try_open(dir.path(), at(3600));
    assert!(!dir.path().join("sled.damaged-1").exists(), "a healthy sled was put aside");
    drop((first, second));
    open(dir.path()).close();
}
