//! Erasure (rule 17): what goes, what stays, and that neither a restart nor the order of arrival changes it.

mod carried_out;
mod desk;
mod disk;
mod known;
mod officers;
mod order;
mod people;
mod restart;
mod two_steps;
mod whom;

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::words::{Account, Reason};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::What;
use consent_ledger::ledger::{Filter, Ledger, OpenedEntry, Options};

use crate::support::bench::{answer, at, who};

/// An erasure that leaves tokens.
fn erase(contact: &str) -> What {
    What::Erase { contact: who(contact), keep_suppression: true }
}

/// An erasure that leaves nothing.
fn forget(contact: &str) -> What {
    What::Erase { contact: who(contact), keep_suppression: false }
}

/// Opens the ledger in `dir` an hour after the start, from its snapshot where it has one.
fn open_from_snapshot(dir: &Path) -> Ledger {
    let clock = ManualClock::default();
    clock.set(at(3600));
    let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), Arc::new(clock));
    Ledger::open_with(&Options { keys_ahead: 8, small_bytes: 0, ..Options::new(dir) }, &disk, &clock).unwrap()
}

/// What is shown of a contact.
fn trail(ledger: &Ledger, contact: &str) -> Vec<OpenedEntry> {
    let filter = Filter { account: Some(Account::default_account()), contact: Some(who(contact)), from: None };
    ledger.entries(&filter, usize::MAX).unwrap()
}

/// Why marketing may not be sent, the decisive reason first.
fn why(ledger: &Ledger, contact: &str) -> Reason {
    answer(ledger, contact, None).decision.reasons[0]
}
