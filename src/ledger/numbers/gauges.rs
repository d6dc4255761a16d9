//! How the ledger stands at the moment.

use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::Ledger;
use crate::ledger::erasure::eraser::Tried;
use crate::ledger::storage::store_writer::Lag;
use crate::ledger::writing::queue::Waits;

/// How the ledger stands at some moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gauges {
    /// Whether it stopped writing for good.
    pub poisoned: bool,
    /// The last entry.
    pub head: Seq,
    /// When it was recorded.
    pub recorded_at: Time,
    /// What waits for the committer.
    pub queue: Waits,
    /// What waits for sled.
    pub lag: Lag,
    /// The latest checkpoint: how many entries it covers and when it was signed, in seconds since 1970.
    pub checkpoint: Option<(u64, u64)>,
    /// Keys that are made and wait for new trails.
    pub keys_ahead: u64,
    /// Erasures that were asked for and not carried out.
    pub erasures_waiting: u64,
    /// Those of them whose time has come.
    pub erasures_due: u64,
    /// Those of them that a legal hold keeps back.
    pub erasures_held: u64,
    /// Those of them that failed, and are tried again.
    pub erasures_failing: u64,
    /// Legal holds in force.
    pub legal_holds: u64,
    /// Accounts.
    pub accounts: u64,
    /// Trails: contacts and accounts, erased ones too.
    pub trails: u64,
}

impl Ledger {
    /// How it stands. May wait for a key that is being made: blocks.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        let shared = &self.shared;
        let head = shared.state.head();
        let (mut waiting, mut holds) = (0_u64, 0_u64);
        let due: Vec<Seq> = {
            let matters = shared.state.matters.read();
            for matter in matters.all() {
                *(if matter.is_hold() { &mut holds } else { &mut waiting }) += 1;
            }
            matters.due(self.present()).map(|matter| matter.seq).collect()
        };
        let tried: Vec<Tried> = due.iter().filter_map(|request| shared.erasing.tried(*request)).collect();
        let trails = shared.state.highest_trail();
        Gauges {
            poisoned: self.poisoned().is_some(),
            head: head.seq,
            recorded_at: head.recorded_at,
            queue: shared.queue.waits(),
            lag: shared.reader.pending.lag(),
            checkpoint: shared.checkpoints.latest().map(|latest| (latest.size, latest.seconds)),
            keys_ahead: shared.keyring.lock().filled().saturating_sub(trails),
            erasures_waiting: waiting,
            erasures_due: due.len() as u64,
            erasures_held: tried.iter().filter(|tried| tried.is_held()).count() as u64,
            erasures_failing: tried.iter().filter(|tried| tried.failures > 0).count() as u64,
            legal_holds: holds,
            accounts: shared.state.accounts().len() as u64,
            trails,
        }
    }
}
