//! A record with what it is planned with, and the entries that follow from it wherever it goes.

use crate::consent::identity::IdentifierKey;
use crate::consent::keyword::{Keyword, Reading};
use crate::consent::policy::Policy;
use crate::consent::words::Effect;
use crate::ledger::writing::batch::Planned;
use crate::ledger::writing::draft;
use crate::ledger::writing::plan::{Named, When};
use crate::ledger::writing::prepared::Prepared;
use crate::ledger::writing::record::What;
use crate::proto::SealedPart;
use crate::proto::clear_part::Fact as Stored;

/// A record, and what it is planned with.
pub(in crate::ledger) struct Asked<'a> {
    pub(in crate::ledger) prepared: &'a Prepared,
    pub(in crate::ledger) account: u64,
    pub(in crate::ledger) when: When,
    pub(in crate::ledger) policy: &'a Policy,
}

impl Asked<'_> {
    /// The record's own entry and the one it causes; in `trail`.
    pub(super) fn entries(&self, trail: u64, keys: &[IdentifierKey], introduces: bool) -> Vec<Planned> {
        let Some(mut fact) = self.prepared.fact().cloned() else { return Vec::new() };
        let reading = self.reading();
        draft::note_reading(&mut fact, &reading);
        let own = Planned {
            keys: keys.to_vec(),
            introduces,
            occurred_at: self.when.decided_at.unwrap_or(self.when.at),
            effect: Some(Effect::NoChange),
            sealed: self.prepared.sealed(self.policy.keep_message_text),
            ..self.entry(trail, fact)
        };
        let caused = draft::caused(&self.prepared.record().what, reading.keyword, self.policy.keyword_scope).map(|fact| Planned {
            fact,
            caused: true,
            introduces: false,
            occurred_at: self.when.at,
            claimed_at: None,
            sealed: SealedPart { identifiers: own.sealed.identifiers.clone(), ..SealedPart::default() },
            ..own.clone()
        });
        std::iter::once(own).chain(caused).collect()
    }

    /// What the message says. One that opens no window, such as a group message, can opt out and cannot opt in.
    fn reading(&self) -> Reading {
        let What::Inbound { kind, .. } = &self.prepared.record().what else { return Reading::default() };
        let mut reading = self.policy.keywords.read_said(self.prepared.said(), kind.is_button());
        if !self.policy.opens_window(*kind) {
            reading.keyword = reading.keyword.filter(|keyword| matches!(keyword, Keyword::OptOut(_)));
        }
        reading
    }

    /// A join: the elder's next entry, the younger's last.
    pub(super) fn join(&self, elder: (u64, &[&Named]), younger: (u64, &[&Named])) -> Planned {
        let keys = |named: &[&Named]| named.iter().filter_map(|named| named.key).collect();
        let sealed = |named: &[&Named]| {
            let identifiers = named.iter().map(|named| named.identifier.as_str().to_owned()).collect();
            SealedPart { identifiers, ..SealedPart::default() }
        };
        Planned {
            second: younger.0,
            keys: keys(elder.1),
            second_keys: keys(younger.1),
            sealed: sealed(elder.1),
            second_sealed: sealed(younger.1),
            ..self.entry(elder.0, Stored::IdentifiersLinked(crate::proto::IdentifiersLinked {}))
        }
    }

    pub(in crate::ledger) fn entry(&self, trail: u64, fact: Stored) -> Planned {
        Planned { claimed_at: self.when.claimed, ..Planned::new(self.account, self.prepared.record().actor, self.when.at, trail, fact) }
    }
}
