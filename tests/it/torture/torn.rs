//! Frames of one commit are lost, half-written or in each other's places, in every combination: the commit comes back whole
//! or nothing of it does, and a STOP never without its opt-out.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use consent_ledger::consent::policy::Policy;
use consent_ledger::consent::words::{Permission, Seq};
use consent_ledger::ledger::bytes::block::Block;
use consent_ledger::ledger::bytes::entry::EntryHash;
use consent_ledger::ledger::storage::disk::RealDisk;
use consent_ledger::ledger::storage::journal::{Frame, Journal, Piece, Resume, Segment, ledger_id_of, read_segment, segments};
use consent_ledger::ledger::{Filter, Ledger};
use consent_ledger::proto::clear_part::Fact;

use crate::support::bench::{adopts, as_after_a_crash, copy, may, open, opt_in, opt_out, put, says};

const STOPPING: &str = "+447400100000";
const OTHER: &str = "+447400100001";

/// What became of a frame on its way to the disk.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Written {
    Whole,
    Not,
    /// The first half of it.
    Front,
    /// The second half of it.
    Back,
}

const WRITTEN: [Written; 4] = [Written::Whole, Written::Not, Written::Front, Written::Back];

/// A ledger whose last commit is about to be torn.
struct Before {
    dir: tempfile::TempDir,
    segment: Segment,
    /// Where the commit begins.
    start: usize,
    /// Its frames, as they were written.
    frames: Vec<Vec<u8>>,
    /// The last entry before it, and its own last.
    kept: Seq,
    last: Seq,
}

fn frames(segment: &Segment) -> Vec<Frame> {
    let id = ledger_id_of(&RealDisk, segment).unwrap();
    let pieces = read_segment(&RealDisk, segment, id).unwrap().0;
    pieces.into_iter().filter_map(|piece| if let Piece::Frame(frame) = piece { Some(frame) } else { None }).collect()
}

fn segment(dir: &Path) -> Segment {
    segments(&RealDisk, &dir.join("journal"), ".journal").unwrap().remove(0)
}

impl Before {
    /// The last commit holds the STOP of a message that fills a block, the opt-out it caused, and before them, where there
    /// are three frames, somebody else's message.
    fn new(count: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ledger = open(dir.path());
        let mut policy = Policy::meta();
        policy.keep_message_text = true;
        put(&ledger, 1, adopts(policy));
        put(&ledger, 2, opt_in(STOPPING));
        put(&ledger, 3, opt_in(OTHER));
        put(&ledger, 4, says(&[OTHER], &"hello ".repeat(700)));
        put(&ledger, 5, says(&[STOPPING], &format!("stop{}", " ".repeat(5_000))));
        ledger.close();
        drop(ledger);
        as_after_a_crash(dir.path());
        std::fs::remove_dir_all(dir.path().join("sled")).unwrap();
        let segment = segment(dir.path());
        let written = frames(&segment);
        let (kept, torn) = written.split_at(written.len() - count);
        let start = write_as_one_commit(dir.path(), &segment, kept.last().unwrap(), torn);
        let torn = frames(&segment).split_off(kept.len());
        assert!(torn.len() == count && torn.iter().all(|frame| frame.commit_first == torn[0].block.first()));
        let bytes = std::fs::read(&segment.path).unwrap();
        let at = |frame: &Frame| usize::try_from(frame.offset).unwrap();
        let ends = torn.iter().skip(1).map(at).chain([bytes.len()]);
        let frames = torn.iter().zip(ends).map(|(frame, end)| bytes[at(frame)..end].to_vec()).collect();
        let (last_kept, last) = (kept.last().unwrap().block.last(), torn.last().unwrap().block.last());
        std::fs::write(&segment.path, &bytes[..start]).unwrap();
        Self { dir, segment, start, frames, kept: last_kept, last }
    }

    /// The ledger with this behind the last whole commit.
    fn torn(&self, tail: &[u8]) -> tempfile::TempDir {
        let torn = tempfile::tempdir().unwrap();
        copy(self.dir.path(), torn.path());
        let path = torn.path().join("journal").join(self.segment.path.file_name().unwrap());
        let mut bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len(), self.start);
        bytes.extend_from_slice(tail);
        std::fs::write(path, bytes).unwrap();
        torn
    }

    /// It opens with the commit or without it, and goes on from there with what is recorded next, with sled or without it.
    fn assert_whole_or_nothing(&self, tail: &[u8], is_whole: bool, case: &str) {
        let torn = self.torn(tail);
        let head = if is_whole { self.last } else { self.kept };
        let permission = if is_whole { Permission::Nothing } else { Permission::TemplateOnly };
        let ledger = open(torn.path());
        self.assert_holds(&ledger, head, permission, case);
        assert_eq!(put(&ledger, 10, opt_out(OTHER)).seq, head.next(), "{case}");
        ledger.close();
        drop(ledger);
        std::fs::remove_dir_all(torn.path().join("sled")).unwrap();
        let ledger = open(torn.path());
        self.assert_holds(&ledger, head.next(), permission, case);
        assert_eq!(may(&ledger, OTHER), Permission::Nothing, "{case}");
    }

    fn assert_holds(&self, ledger: &Ledger, head: Seq, permission: Permission, case: &str) {
        assert_eq!((ledger.head().seq, may(ledger, STOPPING)), (head, permission), "{case}");
        let entries = ledger.entries(&Filter::default(), usize::MAX).unwrap();
        let fact = |seq: u64| entries.get(usize::try_from(seq).unwrap() - 1).and_then(|entry| entry.clear.fact.as_ref());
        for entry in entries.iter().filter(|entry| entry.seq > self.kept) {
            let is_stop = matches!(&entry.clear.fact, Some(Fact::InboundMessageReceived(message)) if message.keyword != 0);
            let next = fact(entry.seq.number() + 1);
            assert!(!is_stop || matches!(next, Some(Fact::OptedOut(_))), "{case}: a STOP without its opt-out");
        }
    }
}

/// Writes these frames' blocks again as one commit behind the frame before them; says where it begins.
fn write_as_one_commit(dir: &Path, segment: &Segment, before: &Frame, torn: &[Frame]) -> usize {
    let start = torn[0].offset;
    let hash = before.block.entries().last().map_or(EntryHash::ZERO, |entry| entry.hash());
    let resume = Resume { tail: Some((segment.clone(), start)), last: before.block.last(), last_hash: hash };
    let id = ledger_id_of(&RealDisk, segment).unwrap();
    let mut journal = Journal::resume(Arc::new(RealDisk), &dir.join("journal"), id, &resume).unwrap();
    let blocks: Vec<Block> = torn.iter().map(|frame| frame.block.clone()).collect();
    journal.append(&blocks, hash).unwrap();
    journal.close().unwrap();
    usize::try_from(start).unwrap()
}

fn orders(count: usize) -> Vec<Vec<usize>> {
    match count {
        2 => vec![vec![0, 1], vec![1, 0]],
        _ => [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].map(Vec::from).to_vec(),
    }
}

/// Frames in this order, each as far as it was written; zeros where it was not.
fn tail(frames: &[Vec<u8>], order: &[usize], written: &[Written]) -> Vec<u8> {
    let mut tail = Vec::new();
    for (place, written) in order.iter().zip(written) {
        let mut bytes = frames[*place].clone();
        let half = bytes.len() / 2;
        match written {
            Written::Whole => {}
            Written::Not => bytes.fill(0),
            Written::Front => bytes[half..].fill(0),
            Written::Back => bytes[..half].fill(0),
        }
        tail.extend(bytes);
    }
    tail
}

/// Every order of the frames, and in each every way in which each was written. Says how many cases there were.
fn every_combination(count: usize) -> usize {
    let before = Before::new(count);
    let ways = WRITTEN.len().pow(u32::try_from(count).unwrap());
    let cases: Vec<(Vec<usize>, Vec<Written>)> = orders(count)
        .into_iter()
        .flat_map(|order| (0..ways).map(move |way| (order.clone(), way)))
        .map(|(order, way)| {
            let written = (0..count).map(|place| WRITTEN[way / WRITTEN.len().pow(u32::try_from(place).unwrap()) % WRITTEN.len()]);
            (order, written.collect())
        })
        .collect();
    let whole = AtomicUsize::new(0);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((order, written)) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let is_whole = order.is_sorted() && written.iter().all(|written| *written == Written::Whole);
                    whole.fetch_add(usize::from(is_whole), Ordering::SeqCst);
                    let tail = tail(&before.frames, order, written);
                    before.assert_whole_or_nothing(&tail, is_whole, &format!("frames {order:?}, {written:?}"));
                }
            });
        }
    });
    assert_eq!(whole.into_inner(), 1);
    cases.len()
}

#[test]
fn a_commit_of_two_frames_comes_back_whole_or_not_at_all_however_it_was_torn() {
    assert_eq!(every_combination(2), 32);
}

#[test]
fn a_commit_of_three_frames_comes_back_whole_or_not_at_all_however_it_was_torn() {
    assert_eq!(every_combination(3), 384);
}

#[test]
fn whichever_pages_of_a_commit_reached_the_disk_it_comes_back_whole_or_not_at_all() {
    let before = Before::new(3);
    let whole: Vec<u8> = before.frames.concat();
    let page = |place: usize| (before.start + place) / 4_096;
    let pages: Vec<usize> = (page(0)..=page(whole.len() - 1)).collect();
    assert!(pages.len() >= 3, "{pages:?}");
    for some in 0..1_usize << pages.len() {
        let mut tail = whole.clone();
        for (place, byte) in tail.iter_mut().enumerate() {
            if some >> (page(place) - pages[0]) & 1 == 0 {
                *byte = 0;
            }
        }
        before.assert_whole_or_nothing(&tail, tail == whole, &format!("of the pages {pages:?} those in {some:b}"));
    }
}
