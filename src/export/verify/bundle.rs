//! What a bundle may hold, and what it must: the claimed trails, the account that they are of, and what an erasure took out.
//! Steps 4.11 and 5 of `docs/ledger-format.md`.

use std::collections::BTreeMap;

use super::first::Begun;
use super::line::Complete;
use super::problem::{Code, Problem, require};
use super::shown::Shown;
use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::proto::clear_part::Fact;
use crate::proto::{ContactErased, HeadsCommitted};

/// What is known of a bundle after the lines so far.
#[derive(Default)]
pub(super) struct Bundle {
    /// Where the ledger recorded where trails end.
    pub(super) recorded: Option<Recorded>,
    /// The account's name.
    account: Option<String>,
    /// Trails of shown entries that are in none of the lists, and the last such entry.
    elsewhere: BTreeMap<u64, Seq>,
    /// Trails that shown erasures voided, and the last that did.
    void: BTreeMap<u64, Seq>,
    /// The shown erasures.
    pub(super) erasures: Vec<Seq>,
}

/// Heads as they were recorded.
pub(super) struct Recorded {
    /// The entry that did.
    seq: Seq,
    /// When.
    at: Time,
    /// What it says.
    pub(super) heads: HeadsCommitted,
}

impl Bundle {
    /// Whether a bundle with this claim may hold the entry; takes in what it says.
    pub(super) fn take(&mut self, shown: &Shown, complete: &Complete) -> Result<(), Problem> {
        let header = &shown.header;
        let (seq, trails) = (header.seq, [header.link.trail, header.second.trail]);
        let foreign = || Problem::new(Code::ClaimUnfounded, format!("entry {seq} is of no trail that the bundle is about"));
        if trails == [0, 0] && header.account == 0 {
            return match shown.fact() {
                Some(Fact::LedgerCreated(_) | Fact::SigningKeyChanged(_)) => Ok(()),
                Some(Fact::HeadsCommitted(heads)) if heads.as_of == complete.as_of => self.heads(seq, header.recorded_at, heads),
                _ => Err(foreign()),
            };
        }
        let listed = |trail: u64| complete.trails().any(|of| of == trail);
        let erased = match shown.fact() {
            Some(Fact::ContactErased(erased)) => Some(erased),
            _ => None,
        };
        require(trails.into_iter().any(listed) || erased.is_some(), Code::ClaimUnfounded, || foreign().words)?;
        let of_account = header.account == complete.account;
        require(of_account, Code::ClaimUnfounded, || format!("entry {seq} is of account {}, not of the claimed one", header.account))?;
        if header.link.trail == complete.account && header.link.trail_seq == 1 {
            self.begins(shown)?;
        }
        if let Some(erased) = erased {
            self.erasure(seq, erased);
            return Ok(());
        }
        self.elsewhere.extend(trails.into_iter().filter(|trail| *trail != 0 && !listed(*trail)).map(|trail| (trail, seq)));
        Ok(())
    }

    fn heads(&mut self, seq: Seq, at: Time, heads: &HeadsCommitted) -> Result<(), Problem> {
        let first = self.recorded.is_none() && heads.as_of < seq.number();
        require(first, Code::ClaimUnfounded, || format!("entry {seq} records the heads of that time again, or of a time to come"))?;
        self.recorded = Some(Recorded { seq, at, heads: heads.clone() });
        Ok(())
    }

    /// The account's trail begins with its name.
    fn begins(&mut self, shown: &Shown) -> Result<(), Problem> {
        let Some(Fact::AccountCreated(created)) = shown.fact() else {
            return Err(Problem::new(Code::ClaimUnfounded, format!("entry {} creates no account", shown.header.seq)));
        };
        self.account = Some(created.name.clone());
        Ok(())
    }

    fn erasure(&mut self, seq: Seq, erased: &ContactErased) {
        self.erasures.push(seq);
        self.void.extend(erased.trails.iter().map(|trail| (*trail, seq)));
    }

    /// What can be told only when everything was read.
    pub(super) fn at_the_end(&self, begun: &Begun, complete: &Complete) -> Result<(), Problem> {
        let unfounded = |holds, words: &dyn Fn() -> String| require(holds, Code::ClaimUnfounded, words);
        for (trail, seq) in &self.elsewhere {
            let is_void = self.void.get(trail).is_some_and(|erasure| erasure >= seq);
            unfounded(is_void, &|| format!("trail {trail}, which entry {seq} is of too, is not in the bundle, and no erasure says why"))?;
        }
        let void = complete.trails().find(|trail| self.void.contains_key(trail));
        unfounded(void.is_none(), &|| format!("trail {} was voided by an erasure", void.unwrap_or_default()))?;
        let right = begun.account.is_none() || begun.account == self.account;
        unfounded(right, &|| "the account is of another name than the one that was asked about".to_owned())
    }

    /// What holds, in words.
    pub(super) fn report(&self, complete: &Complete, size: u64) -> Vec<String> {
        let shared: Vec<String> = complete.shared_trails.iter().map(u64::to_string).collect();
        let mut holds = Vec::new();
        if !shared.is_empty() {
            let shared = shared.join(", ");
            holds.push(format!("NOT complete: trails {shared}, which others share: nothing shows what was left out of them"));
        }
        if let Some(Recorded { seq, at, .. }) = &self.recorded {
            let as_of = complete.as_of;
            holds.push(format!("as of: where trails ended was recorded as entry {seq}, {at} by the ledger's clock"));
            holds.push(format!("not covered: what came after entry {as_of}; the checkpoint goes on to entry {size}"));
        }
        if !self.erasures.is_empty() {
            let erasures: Vec<String> = self.erasures.iter().map(Seq::to_string).collect();
            holds.push(format!("erasures took out what is not here: entries {}", erasures.join(", ")));
        }
        holds
    }

    /// The account, by its name where that is known.
    pub(super) fn account(&self) -> &str {
        self.account.as_deref().unwrap_or("no name")
    }
}
