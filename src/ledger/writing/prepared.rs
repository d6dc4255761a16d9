//! A record made ready where it is submitted: all that follows from it and from the number of its account alone.
//!
//! ```text
//! submitted ──▶ fact, sealed part, words normalised, digests ──▶ the committer: whose trail, which seq, sealed and linked
//! ```
//!
//! There is one committer, and as many as submit. What they work out each for themselves was a fifth of its time for opt-ins with
//! evidence, and two fifths of it for messages.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::consent::identifier::Identifier;
use crate::consent::keyword::Said;
use crate::ledger::keys::secrets::{Digest16, Secrets};
use crate::ledger::memory::state::State;
use crate::ledger::writing::draft::{self, Draft, FileCounts};
use crate::ledger::writing::record::{Record, What};
use crate::proto::SealedPart;
use crate::proto::clear_part::Fact;

/// A record, and what follows from it.
pub struct Prepared {
    record: Record,
    stored_bytes: usize,
    /// The digest of its content, where it has an event id.
    content: Option<Digest16>,
    fact: Option<Fact>,
    sealed: SealedPart,
    identifiers: Vec<Identifier>,
    said: Said,
    /// Made with the first account number that is asked for: the number behind an account's name never changes.
    digests: OnceCell<Digests>,
}

/// Keyed digests of a record, with its account in them.
pub(in crate::ledger) struct Digests {
    /// Of its event id and of its content; none: it has no event id.
    pub(in crate::ledger) event: Option<(Digest16, Digest16)>,
    /// Of its identifiers, in their order.
    pub(in crate::ledger) identifiers: Vec<Digest16>,
}

/// Prepares records.
pub struct Preparer {
    state: Arc<State>,
    secrets: Arc<Secrets>,
}

impl Preparer {
    /// Prepares for the ledger with this state and these keys.
    #[must_use]
    pub const fn new(state: Arc<State>, secrets: Arc<Secrets>) -> Self {
        Self { state, secrets }
    }

    /// Prepares a record. Where its account is not known yet, the digests are left to the committer: the account may be created
    /// before it.
    #[must_use]
    pub fn prepare(&self, record: Record) -> Prepared {
        let prepared = Prepared::of(record, &self.secrets);
        if let Some(account) = self.state.with_account(prepared.record.account.as_str(), |account| account.trail) {
            prepared.digests(account, &self.secrets);
        }
        prepared
    }
}

impl Prepared {
    fn of(record: Record, secrets: &Secrets) -> Self {
        let what = &record.what;
        let draft = Draft::of(what);
        let stored_bytes = draft.stored_bytes();
        let content = record.event_id.as_ref().map(|_| secrets.content_digest(&[&draft.content(FileCounts::No)]));
        let said = match what {
            What::Inbound { text, payload, .. } => Said::of(text.as_deref(), payload.as_deref()),
            _ => Said::default(),
        };
        let (identifiers, (fact, sealed)) = (draft::identifiers(what), draft.into_parts());
        Self { record, stored_bytes, content, fact, sealed, identifiers, said, digests: OnceCell::new() }
    }

    /// The record itself.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// The most bytes that its entry can take, but for header and references.
    #[must_use]
    pub const fn stored_bytes(&self) -> usize {
        self.stored_bytes
    }

    /// [`draft::fact`] of it.
    #[must_use]
    pub const fn fact(&self) -> Option<&Fact> {
        self.fact.as_ref()
    }

    /// [`draft::sealed`] of it, with the text of a message where `keeps_text`.
    #[must_use]
    pub fn sealed(&self, keeps_text: bool) -> SealedPart {
        let mut sealed = self.sealed.clone();
        if keeps_text {
            draft::keep_text(&mut sealed, &self.record.what);
        }
        sealed
    }

    /// [`draft::identifiers`] of it.
    #[must_use]
    pub fn identifiers(&self) -> &[Identifier] {
        &self.identifiers
    }

    /// What a message says; nothing of anything else.
    #[must_use]
    pub const fn said(&self) -> &Said {
        &self.said
    }

    /// Its digests; `account` is the number of its account.
    pub(in crate::ledger) fn digests(&self, account: u64, secrets: &Secrets) -> &Digests {
        self.digests.get_or_init(|| {
            let event_id = self.record.event_id.as_ref().map(|id| secrets.event_id_digest(account, id.as_str()));
            Digests {
                event: event_id.zip(self.content),
                identifiers: self.identifiers.iter().map(|identifier| secrets.identifier_digest(account, identifier)).collect(),
            }
        })
    }

    /// The digest of its content with the file that an act was imported from; none where it names none.
    pub(in crate::ledger) fn content_with_file(&self, secrets: &Secrets) -> Option<Digest16> {
        let draft = Draft::of(&self.record.what);
        draft.names_file().then(|| secrets.content_digest(&[&draft.content(FileCounts::Yes)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::words::{Account, InboundKind};
    use crate::ledger::storage::disk::RealDisk;
    use crate::ledger::writing::record::Actor;

    fn message() -> Record {
        let what = What::Inbound {
            contact: vec!["+4915123456789".parse().unwrap(), "DE.1".parse().unwrap()],
            sender: "106540352242922".parse().unwrap(),
            kind: InboundKind::Text,
            text: Some("Olá. SAIR!".to_owned()),
            payload: None,
            message_id: Some("wamid.1".to_owned()),
        };
        let event_id = Some("m-1".parse().unwrap());
        Record { account: Account::default_account(), actor: Actor::PROVIDER, event_id, occurred_at: None, what }
    }

    #[test]
    fn what_is_prepared_is_what_the_record_alone_gives() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Arc::new(Secrets::open(&RealDisk, dir.path(), true).unwrap());
        let state = Arc::new(State::default());
        let preparer = Preparer::new(state.clone(), secrets.clone());
        let (record, what) = (message(), message().what);
        let not_known_yet = preparer.prepare(record.clone());
        assert!(not_known_yet.digests.get().is_none());
        state.add_account("default", 7);
        let ready = preparer.prepare(record);
        assert!(ready.digests.get().is_some());
        for prepared in [ready, not_known_yet] {
            let digests = prepared.digests(7, &secrets);
            let content = secrets.content_digest(&[&Draft::of(&what).content(FileCounts::No)]);
            assert_eq!(digests.event, Some((secrets.event_id_digest(7, "m-1"), content)));
            let identifiers = draft::identifiers(&what);
            let of = |identifier| secrets.identifier_digest(7, identifier);
            assert_eq!(digests.identifiers, identifiers.iter().map(of).collect::<Vec<_>>());
            assert_eq!((prepared.identifiers(), prepared.fact()), (identifiers.as_slice(), draft::fact(&what).as_ref()));
            assert_eq!((prepared.sealed(true), prepared.sealed(false)), (draft::sealed(&what, true), draft::sealed(&what, false)));
            assert_eq!(prepared.content_with_file(&secrets), None);
        }
    }
}
