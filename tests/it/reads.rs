//! Reads of personal data: each is recorded before anything is handed out, as `docs/reads.md` says.

mod kept;
mod listed;
mod refused;
mod table;

use consent_ledger::proto::clear_part::Fact;
use consent_ledger::proto::{Entry, PersonalDataRead};

/// The reads among entries: actor, account, trail and fact of each.
fn reads(entries: &[Entry]) -> Vec<(&Entry, PersonalDataRead)> {
    let read = |entry| match of(entry) {
        Some(Fact::PersonalDataRead(read)) => Some((entry, read)),
        _ => None,
    };
    entries.iter().filter_map(read).collect()
}

fn of(entry: &Entry) -> Option<Fact> {
    entry.clear.as_ref()?.fact.clone()
}
