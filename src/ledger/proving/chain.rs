//! Whether a log holds together: every entry hashed again and held against the link of the one after it, trails and times
//! too, the whole against checkpoints, each block against sled where that is at hand.

use std::collections::VecDeque;

use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::Position;
use crate::ledger::bytes::entry::{Entry, EntryError, EntryHash, TrailLink};
use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::proving::looked::{Looked, Stored};
use crate::ledger::proving::trail_ends::TrailEnds;
use crate::ledger::proving::verify::VerifyReport;
use crate::proof::checkpoint::Checkpoint;
use crate::proof::merkle::Frontier;

/// How many problems are told one by one.
const PROBLEMS_MAX: usize = 20;

/// The check of one log, block by block.
pub(in crate::ledger) struct Chain {
    report: VerifyReport,
    /// Where sled ends, while it is compared.
    in_store: Option<Seq>,
    expected: Seq,
    hash: Option<EntryHash>,
    recorded_at: Time,
    trails: TrailEnds,
    more_problems: u64,
    uninterpreted: u64,
    /// What the log is held against, the smallest first.
    checkpoints: VecDeque<Checkpoint>,
    frontier: Frontier,
}

impl Chain {
    /// Nothing was read yet; what will be is held against these checkpoints, whose signatures were verified.
    pub fn new(ledger_id: LedgerId, mut checkpoints: Vec<Checkpoint>) -> Self {
        checkpoints.sort_by_key(|checkpoint| checkpoint.size);
        let report = VerifyReport {
            ledger_id: ledger_id.to_string(),
            entries: 0,
            head: Position { seq: Seq::NONE, hash: [0; 32] },
            journal_ok: true,
            store_ok: None,
            store_last: None,
            problems: Vec::new(),
            notes: Vec::new(),
        };
        Self {
            report,
            in_store: None,
            expected: Seq::new(1),
            hash: Some(EntryHash::ZERO),
            recorded_at: Time::from_micros(i64::MIN),
            trails: TrailEnds::default(),
            more_problems: 0,
            uninterpreted: 0,
            checkpoints: checkpoints.into(),
            frontier: Frontier::default(),
        }
    }

    /// Checks the next block.
    pub fn block(&mut self, looked: Looked) {
        let Looked { block, clear, stored } = looked;
        for (entry, clear) in block.entries().zip(clear) {
            self.entry(&entry, clear);
        }
        let (first, last) = (block.first(), block.last());
        match stored {
            Stored::NotCompared | Stored::Same => {}
            Stored::Differs => self.store_problem(format!("entries {first} to {last} differ between journal and sled")),
            Stored::Behind => {
                // A server that did not stop cleanly leaves sled behind; that is no damage.
                let ends = self.in_store.unwrap_or_default();
                let note = format!("sled ends at entry {ends}; the next start fills it from the journal");
                if !self.report.notes.contains(&note) {
                    self.report.notes.push(note);
                }
            }
            Stored::Missing => self.store_problem(format!("entries {first} to {last} are missing from sled")),
            Stored::Damaged(source) => self.store_problem(format!("in sled, {source}")),
            Stored::Unreadable(error) => {
                self.store_problem(format!("sled does not read at entry {first}: {error}"));
                self.in_store = None;
            }
        }
    }

    /// Its blocks are compared with sled, which ends here.
    pub const fn compared_up_to(&mut self, last: Seq) {
        self.report.store_ok = Some(true);
        self.report.store_last = Some(last);
        self.in_store = Some(last);
    }

    /// Tells something that is no problem.
    pub fn note(&mut self, note: String) {
        self.report.notes.push(note);
    }

    /// Entries that nothing gives.
    pub fn missing(&mut self, from: Seq, to: Seq) {
        self.problem(format!("entries {from} to {to} are missing from the journal"), to.next());
    }

    fn entry(&mut self, entry: &Entry<'_>, clear: Result<bool, EntryError>) {
        let header = &entry.header;
        let seq = header.seq;
        if seq != self.expected {
            self.problem(format!("entry {seq} stands where {} should", self.expected), seq);
        }
        if let Some(hash) = self.hash.filter(|hash| *hash != header.previous_hash) {
            self.problem(
                format!(
                    "entry {seq} does not follow from the one before it: it names hash {}, that entry has {hash}",
                    header.previous_hash
                ),
                seq,
            );
        }
        if header.recorded_at < self.recorded_at {
            self.problem(format!("entry {seq} was recorded before the entry before it"), seq);
        }
        match clear {
            Ok(false) if seq == Seq::new(1) => self.problem("entry 1 is not LedgerCreated".into(), seq),
            Ok(_) => {}
            Err(EntryError::UnknownKind { .. }) => self.uninterpreted += 1,
            Err(error) => self.problem(error.to_string(), seq),
        }
        self.link(seq, header.link, true);
        self.link(seq, header.second, false);
        let hash = entry.hash();
        if !self.checkpoints.is_empty() {
            self.frontier.push(hash.bytes());
            self.hold(seq);
        }
        (self.hash, self.expected, self.recorded_at) = (Some(hash), seq.next(), header.recorded_at);
        self.report.entries += 1;
        self.report.head = Position { seq, hash: hash.bytes() };
    }

    /// A trail's links: each entry names the one before it, places count up.
    fn link(&mut self, seq: Seq, link: TrailLink, own: bool) {
        if link.trail == 0 && !own {
            return;
        }
        let end = self.trails.of(link.trail);
        let (previous, count) = std::mem::replace(end, (seq, link.trail_seq));
        if (link.previous, link.trail_seq) != (previous, count + 1) {
            let found = format!(
                "names entry {} and place {}, the trail's last is entry {previous} at place {count}",
                link.previous, link.trail_seq
            );
            self.problem(format!("entry {seq} is not linked into trail {}: it {found}", link.trail), seq);
        }
    }

    /// The log ended.
    pub fn tail(&mut self, torn: bool, synced: Seq) {
        if synced >= self.expected {
            self.problem(format!("entries from {} on are missing, but were durable up to {synced}", self.expected), self.expected);
        } else if torn {
            self.report.notes.push(
                "the journal ends in a commit that was not finished; nobody was told that it was durable, the next start cuts it".into(),
            );
        }
        if let Some(to) = self.in_store.filter(|last| *last >= self.expected) {
            let from = self.expected;
            self.problem(
                format!("the journal ends at entry {}, sled goes on to {to}; the next start completes the journal", from.number() - 1),
                from,
            );
        }
    }

    fn problem(&mut self, text: String, resume_at: Seq) {
        self.report.journal_ok = false;
        (self.expected, self.hash) = (resume_at, None);
        self.tell(text);
    }

    /// Tells what is wrong with sled.
    pub fn store_problem(&mut self, text: String) {
        self.report.store_ok = Some(false);
        self.tell(text);
    }

    fn tell(&mut self, text: String) {
        if self.report.problems.len() < PROBLEMS_MAX {
            self.report.problems.push(text);
        } else {
            self.more_problems += 1;
        }
    }

    /// Holds what was read up to `seq` against the checkpoints over so many entries.
    fn hold(&mut self, seq: Seq) {
        while self.checkpoints.front().is_some_and(|checkpoint| checkpoint.size <= seq.number()) {
            let Some(Checkpoint { size, root, .. }) = self.checkpoints.pop_front() else { return };
            if self.frontier.size() == size && self.frontier.root() == root {
                self.note(format!("the first {size} entries are those that the checkpoint was signed over"));
            } else {
                self.report.journal_ok = false;
                self.tell(format!("the first {size} entries are not those that the checkpoint was signed over: the log was rewritten"));
            }
        }
    }

    /// What the log does not reach.
    fn hold_behind(&mut self) {
        let head = self.report.head.seq;
        for Checkpoint { size, .. } in std::mem::take(&mut self.checkpoints) {
            self.report.journal_ok = false;
            self.tell(format!(
                "the log ends at entry {head}, the checkpoint was signed over {size}: an older copy of the log was put back"
            ));
        }
    }

    /// What came of it.
    pub fn finish(mut self) -> VerifyReport {
        self.hold_behind();
        if self.more_problems > 0 {
            self.report.problems.push(format!("and {} more", self.more_problems));
        }
        if self.uninterpreted > 0 {
            let note =
                format!("{} entries are of kinds not known here; their hashes were verified, their meaning was not", self.uninterpreted);
            self.report.notes.push(note);
        }
        if self.report.entries == 0 {
            self.problem("the journal holds no whole entry".into(), Seq::new(1));
        }
        self.report
    }
}
