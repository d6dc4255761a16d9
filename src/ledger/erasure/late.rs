//! Events that an erasure outranks (rule 17): nothing of them is stored, and whoever turns out to be the erased person by
//! them is written to no more.

use std::cmp::Reverse;

use crate::consent::facts::Fact;
use crate::consent::identity::span_at;
use crate::consent::time::Time;
use crate::consent::words::Effect;
use crate::ledger::bytes::entry::EntryHash;
use crate::ledger::erasure::erase::Reach;
use crate::ledger::writing::asked::Asked;
use crate::ledger::writing::batch::Batch;
use crate::ledger::writing::plan::{Named, NotPlanned, Plan, Planner};
use crate::ledger::writing::record::{Acknowledgement, RecordError};

/// The erasure that outranks an event, and the identifiers the event shows to be the erased person's.
pub(in crate::ledger) struct Outranked<'a> {
    erased: Fact,
    others: Vec<&'a Named>,
}

/// The end of somebody's having an identifier, and the erasure of whoever had it until then.
#[derive(Clone, Copy)]
struct Ended {
    at: Time,
    erased: Fact,
}

impl Ended {
    /// The first end behind an event is that of the person it was of: later ones are of others, or of what began anew. Of two
    /// ends at one instant the later erasure closes more.
    fn first(ends: impl Iterator<Item = Self>) -> Option<Self> {
        ends.min_by_key(|end| (end.at, Reverse(end.erased.at), end.erased.seq))
    }
}

impl Planner {
    /// Whether an erasure outranks the event: it names an identifier that was erased at that time or later.
    pub(in crate::ledger) fn outranked<'a>(&self, asked: &Asked<'_>, named: &'a [Named]) -> Option<Outranked<'a>> {
        let by: Vec<Option<Ended>> = named.iter().map(|named| self.outranks(named, asked.when.at)).collect();
        let Ended { erased, .. } = Ended::first(by.iter().flatten().copied())?;
        let suppressed = |named: &Named| named.remembered.latest().is_some_and(|known| known.at >= erased.at);
        let others = named.iter().zip(&by).filter(|(named, by)| by.is_none() && !suppressed(named)).map(|(named, _)| named);
        Some(Outranked { erased, others: others.collect() })
    }

    /// The erasure of whoever had the identifier at an instant: of several the one whose person had it first. A change known to
    /// lie between the two says that somebody else had it.
    fn outranks(&self, named: &Named, at: Time) -> Option<Ended> {
        let group = named.key.and_then(|key| self.state.group(key.trail));
        let spans = group.as_ref().zip(named.key).and_then(|(group, key)| group.spans.get(&key));
        let until = |time: Time| spans.and_then(|spans| span_at(spans, time)).and_then(|span| span.until);
        let covers = |end: &Ended| at <= end.at && until(at) == until(end.at);
        let erased = named.remembered.erased.iter().map(|erased| Ended { at: erased.at, erased: *erased });
        let former = named.remembered.former.iter().map(|former| Ended { at: former.until, erased: former.erased });
        Ended::first(erased.chain(former).filter(covers))
    }

    /// What is recorded instead of an event that an erasure outranks: nothing, or that its other identifiers are the erased
    /// person's too, who asked before anybody knew of them.
    pub(in crate::ledger) fn kept_out(&self, batch: &mut Batch, asked: &Asked<'_>, outranked: Outranked<'_>) -> Result<Plan, NotPlanned> {
        let Outranked { erased, others } = outranked;
        let entry = self.reader.entry(erased.seq);
        let entry = entry.map_err(|error| NotPlanned::Refused(RecordError::Unavailable { reason: error.to_string() }))?;
        let acknowledgement = Acknowledgement {
            seq: erased.seq,
            entry_hash: EntryHash::of(&entry.bytes).bytes(),
            duplicate: false,
            effect: Effect::HistoricalOnly,
            caused: None,
        };
        if others.is_empty() {
            return Err(NotPlanned::Outranked(acknowledgement));
        }
        if !batch.is_empty() {
            return Err(NotPlanned::Alone);
        }
        let mut plan = Plan { outranked: Some(acknowledgement), ..Plan::new(Vec::new()) };
        let reach = Reach { at: erased.at, keeps_tokens: true, destroys: false, request: None };
        for other in others {
            let token = self.secrets.suppression_token(asked.account, &other.identifier);
            if !batch.erasing.leaves(token) {
                self.reach(batch, asked, other, reach, &mut plan).map_err(NotPlanned::Refused)?;
            }
        }
        Ok(plan)
    }
}
