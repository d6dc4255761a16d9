//! What is kept of a trail.

use crate::consent::facts::Facts;
use crate::consent::words::Seq;
use crate::ledger::memory::narrow::Narrow;
use crate::ledger::memory::packed::{Packed, pack, unpack};

/// What is kept of a trail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trail {
    account: Narrow,
    last: Narrow,
    count: Narrow,
    /// How many identifiers it introduced.
    pub identifiers: u32,
    /// Whether identity events hold it together with others: then its facts are those of its group.
    pub grouped: bool,
    /// Its facts, packed.
    pub facts: Packed,
}

impl Trail {
    /// An empty trail of an account.
    #[must_use]
    pub fn new(account: u64) -> Self {
        let account = Narrow::new(account);
        Self { account, last: Narrow::default(), count: Narrow::default(), identifiers: 0, grouped: false, facts: pack(&Facts::default()) }
    }

    /// The account it belongs to, by trail number.
    #[must_use]
    pub const fn account(&self) -> u64 {
        self.account.get()
    }

    /// Its last entry.
    #[must_use]
    pub const fn last(&self) -> Seq {
        Seq::new(self.last.get())
    }

    /// How many entries it has.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count.get()
    }

    /// Goes on to an entry, its last from now on, with which it has so many.
    pub const fn go_on(&mut self, last: Seq, count: u64) {
        self.last = Narrow::new(last.number());
        self.count = Narrow::new(count);
    }

    /// Its facts, unpacked; none where it is grouped.
    #[must_use]
    pub fn unpacked(&self) -> Option<Facts> {
        if self.grouped { None } else { unpack(&self.facts) }
    }

    /// The same with other facts.
    #[must_use]
    pub fn with_facts(&self, facts: Packed) -> Self {
        Self { facts, ..*self }
    }
}
