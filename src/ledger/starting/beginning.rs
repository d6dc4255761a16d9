//! How a log begins: the first entries of a new ledger, and what an old one's says.

use std::path::Path;

use crate::consent::words::Seq;
use crate::ledger::Options;
use crate::ledger::bytes::block::Block;
use crate::ledger::clock::Clock;
use crate::ledger::keys::secrets::Secrets;
use crate::ledger::memory::state::State;
use crate::ledger::starting::open::OpenError;
use crate::ledger::storage::journal::Journal;
use crate::ledger::storage::reader::Reader;
use crate::ledger::writing::accounts::ledger_created;
use crate::ledger::writing::batch::{Batch, Sealer};
use crate::proto;
use crate::proto::clear_part::Fact;

/// Writes the first entries of a new ledger.
///
/// # Errors
/// Where they cannot be put together or written.
pub(in crate::ledger) fn create(
    state: &State,
    sealer: &Sealer,
    secrets: &Secrets,
    options: &Options,
    clock: &dyn Clock,
    journal: &mut Journal,
) -> Result<Vec<Block>, OpenError> {
    let not_created = |reason: String| OpenError::NotCreated { reason };
    let head = state.head();
    let mut batch = Batch::new(head, clock.now(), 0);
    let created = proto::LedgerCreated {
        ledger_id: secrets.ledger_id().0.to_vec(),
        origin: options.origin.clone().unwrap_or_else(|| format!("consent-ledger.invalid/{}", secrets.ledger_id())),
        format: 1,
        checkpoint_public_key: secrets.checkpoint_public_key().to_vec(),
        receipt_public_key: secrets.receipt_public_key().to_vec(),
    };
    ledger_created(&mut batch, state, sealer, created).map_err(|error| not_created(error.to_string()))?;
    let blocks = batch.finish();
    journal.append(&blocks, head.hash)?;
    batch.publish(state);
    Ok(blocks)
}

/// The origin that the log's first entry names.
///
/// # Errors
/// Where it is another ledger's.
pub(in crate::ledger) fn begins_as(reader: &Reader, secrets: &Secrets, data_dir: &Path) -> Result<String, OpenError> {
    let first = reader.entry(Seq::new(1))?;
    match first.clear.fact {
        Some(Fact::LedgerCreated(created)) if created.ledger_id == secrets.ledger_id().0 && created.format == 1 => Ok(created.origin),
        _ => Err(OpenError::Foreign { path: data_dir.to_owned(), ledger_id: secrets.ledger_id().to_string() }),
    }
}
