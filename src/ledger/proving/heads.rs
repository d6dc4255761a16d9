//! Where every trail ends: a Merkle tree whose root is recorded now and then, so that a trail that is handed out can be
//! shown to be complete up to then.
//!
//! ```text
//! leaf n = SHA-256(0x00 ‖ "consent-ledger/v1 head" ‖ trail (8) ‖ trail_seq (8) ‖ last_seq (8) ‖ blind (32))   of trail n
//! ```

use std::sync::Arc;

use parking_lot::Mutex;

use crate::consent::words::Seq;
use crate::ledger::keys::secrets::Secrets;
use crate::ledger::memory::state::State;
use crate::ledger::memory::trail::Trail;
use crate::ledger::proving::nodes::{Kept, LastRead, Leaves, WIDTH};
use crate::ledger::storage::reader::{EntryUnreadable, Reader};
use crate::ledger::writing::record::{Acknowledgement, RecordError};
use crate::proof::head;
use crate::proof::merkle::{self, Hash};
use crate::proto::HeadsCommitted;
use crate::proto::clear_part::Fact;

/// For how many entries recorded heads serve again.
const REUSED_FOR: u64 = 10_000;

/// Why heads were not recorded.
#[derive(Debug, thiserror::Error)]
pub enum HeadsError {
    /// The log failed.
    #[error(transparent)]
    Unreadable(#[from] EntryUnreadable),
    /// The ledger does not record now.
    #[error(transparent)]
    NotRecorded(#[from] RecordError),
}

/// Where a trail ends, and what proves it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProvedHead {
    /// The trail.
    pub trail: u64,
    /// How many entries it has.
    pub trail_seq: u64,
    /// The last of them.
    pub last: Seq,
    /// Keeps the leaf from being guessed.
    pub blind: Hash,
    /// From the leaf to the root.
    pub path: Vec<Hash>,
}

/// The heads as they were recorded.
pub struct Committed {
    /// The entry that recorded them.
    pub seq: Seq,
    /// Up to where they were read.
    pub as_of: Seq,
    trails: u64,
    nodes: Kept,
}

/// Works out heads.
pub struct Heads {
    /// Knows where trails end now.
    pub state: Arc<State>,
    /// Knows where they ended.
    pub reader: Arc<Reader>,
    /// Makes the blinds.
    pub secrets: Arc<Secrets>,
    latest: Mutex<Option<Arc<Committed>>>,
}

/// The leaves as they stood at a seq.
struct AsOf<'a> {
    heads: &'a Heads,
    as_of: Seq,
}

impl Heads {
    /// Of this log.
    #[must_use]
    pub const fn new(state: Arc<State>, reader: Arc<Reader>, secrets: Arc<Secrets>) -> Self {
        Self { state, reader, secrets, latest: Mutex::new(None) }
    }

    /// Those that were recorded last, where they still hold for all of these trails. Blocks.
    ///
    /// # Errors
    /// Where an entry cannot be read.
    pub fn latest(&self, trails: &[u64]) -> Result<Option<Arc<Committed>>, EntryUnreadable> {
        let Some(latest) = self.known()? else { return Ok(None) };
        // Proofs read back from where neighbouring trails end now.
        if self.state.head().seq.number().saturating_sub(latest.as_of.number()) > REUSED_FOR {
            return Ok(None);
        }
        let grew = |trail: &u64| self.state.with_trail(*trail, |trail| trail.last() > latest.as_of) != Some(false);
        Ok((!trails.iter().any(grew)).then_some(latest))
    }

    /// Whether anything was recorded since the heads were, but for them.
    ///
    /// # Errors
    /// As [`Heads::latest`].
    pub fn are_behind(&self) -> Result<bool, EntryUnreadable> {
        Ok(self.known()?.is_none_or(|latest| latest.seq < self.state.head().seq))
    }

    /// Works out where every trail ends now and has it recorded. Blocks.
    ///
    /// # Errors
    /// Where an entry cannot be read, or the ledger does not record.
    pub fn commit(
        &self,
        record: impl FnOnce(HeadsCommitted) -> Result<Acknowledgement, RecordError>,
    ) -> Result<Arc<Committed>, HeadsError> {
        let asked = self.state.head().seq;
        let mut latest = self.latest.lock();
        // Whoever waited for another's takes it where it is late enough.
        if let Some(committed) = latest.as_ref().filter(|latest| latest.as_of >= asked) {
            return Ok(committed.clone());
        }
        let as_of = self.state.head().seq;
        let (trails, nodes) = self.tree(as_of)?;
        let root = AsOf { heads: self, as_of }.root(trails, &nodes)?;
        let acknowledged = record(HeadsCommitted { as_of: as_of.number(), root: root.to_vec(), trails })?;
        let committed = Arc::new(Committed { seq: acknowledged.seq, as_of, trails, nodes });
        *latest = Some(committed.clone());
        Ok(committed)
    }

    /// Proves where a trail ended.
    ///
    /// # Errors
    /// Where an entry cannot be read, or the trail was not there yet.
    pub fn prove(&self, committed: &Committed, trail: u64) -> Result<ProvedHead, EntryUnreadable> {
        let as_of = AsOf { heads: self, as_of: committed.as_of };
        let unknown = || EntryUnreadable { seq: committed.as_of, reason: format!("trail {trail} was not there yet") };
        let (trail_seq, last) = self.head_at(trail, committed.as_of)?.ok_or_else(unknown)?;
        let read = LastRead::default();
        let path = merkle::prove_inclusion(&committed.nodes.with(&as_of, &read), trail, committed.trails)?;
        Ok(ProvedHead { trail, trail_seq, last, blind: self.secrets.blind(committed.as_of.number(), trail), path })
    }

    /// Those that were recorded last; after a start worked out again, once.
    fn known(&self) -> Result<Option<Arc<Committed>>, EntryUnreadable> {
        let mut latest = self.latest.lock();
        if latest.is_none()
            && let Some((seq, recorded)) = self.recorded()?
        {
            let as_of = Seq::new(recorded.as_of);
            let (trails, nodes) = self.tree(as_of)?;
            let root = AsOf { heads: self, as_of }.root(trails, &nodes)?;
            if (root.as_slice(), trails) == (recorded.root.as_slice(), recorded.trails) {
                *latest = Some(Arc::new(Committed { seq, as_of, trails, nodes }));
            } else {
                tracing::error!(%seq, "the heads recorded there are not those of the log; they are recorded anew");
            }
        }
        Ok(latest.clone())
    }

    /// The last `HeadsCommitted` of the log.
    fn recorded(&self) -> Result<Option<(Seq, HeadsCommitted)>, EntryUnreadable> {
        let mut next = self.state.with_trail(0, Trail::last).unwrap_or_default();
        while next != Seq::NONE {
            let entry = self.reader.entry(next)?;
            if let Some(Fact::HeadsCommitted(heads)) = entry.clear.fact {
                return Ok(Some((next, heads)));
            }
            next = entry.header.link.previous;
        }
        Ok(None)
    }

    /// The tree over all trails as they stood at `as_of`, and how many there were.
    fn tree(&self, as_of: Seq) -> Result<(u64, Kept), EntryUnreadable> {
        let mut nodes = Kept::default();
        let mut trails = 0;
        while trails <= self.state.highest_trail()
            && let Some((trail_seq, last)) = self.head_at(trails, as_of)?
        {
            nodes.push(self.leaf(trails, trail_seq, last, as_of));
            trails += 1;
        }
        Ok((trails, nodes))
    }

    /// How many entries a trail had at `as_of`, and the last of them; none: it had none.
    fn head_at(&self, trail: u64, as_of: Seq) -> Result<Option<(u64, Seq)>, EntryUnreadable> {
        let Some((mut trail_seq, mut last)) = self.state.with_trail(trail, |known| (known.count(), known.last())) else { return Ok(None) };
        while last > as_of {
            let entry = self.reader.entry(last)?;
            let link = [entry.header.link, entry.header.second].into_iter().find(|link| link.trail == trail && link.trail_seq == trail_seq);
            let broken = || EntryUnreadable { seq: last, reason: format!("it is not linked into trail {trail}") };
            last = link.filter(|link| link.previous < last).ok_or_else(broken)?.previous;
            trail_seq -= 1;
        }
        Ok((last != Seq::NONE).then_some((trail_seq, last)))
    }

    fn leaf(&self, trail: u64, trail_seq: u64, last: Seq, as_of: Seq) -> Hash {
        head::leaf(trail, trail_seq, last.number(), &self.secrets.blind(as_of.number(), trail))
    }
}

impl AsOf<'_> {
    fn root(&self, trails: u64, nodes: &Kept) -> Result<Hash, EntryUnreadable> {
        merkle::root(&nodes.with(self, &LastRead::default()), trails)
    }
}

impl Leaves for AsOf<'_> {
    fn leaves(&self, group: u64) -> Result<Vec<Hash>, EntryUnreadable> {
        let first = group * WIDTH as u64;
        let mut leaves = Vec::with_capacity(WIDTH);
        for trail in first..first + WIDTH as u64 {
            if let Some((trail_seq, last)) = self.heads.head_at(trail, self.as_of)? {
                leaves.push(self.heads.leaf(trail, trail_seq, last, self.as_of));
            }
        }
        Ok(leaves)
    }
}
