//! Rotations that were begun: a start completes them, and refuses secrets that are older than the log.

use tokio::sync::oneshot;

use crate::consent::words::Seq;
use crate::ledger::Options;
use crate::ledger::keys::secrets::{Secrets, SecretsError};
use crate::ledger::memory::state::State;
use crate::ledger::memory::trail::Trail;
use crate::ledger::proving::checkpoints::{Checkpoints, Log};
use crate::ledger::starting::open::OpenError;
use crate::ledger::starting::replay::Found;
use crate::ledger::storage::reader::{EntryUnreadable, Reader};
use crate::ledger::writing::job::Recorded;
use crate::ledger::writing::record::RecordError;
use crate::proto::clear_part::Fact;
use crate::proto::{SecretRotated, SigningKeyUse};

const USES: [SigningKeyUse; 2] = [SigningKeyUse::Checkpoint, SigningKeyUse::Receipt];

/// Whether the secrets know what the log says of them.
///
/// # Errors
/// Where the log names a key, or a version of the look-up secret, that they do not hold.
pub(in crate::ledger) fn belongs_to(secrets: &Secrets, state: &State, reader: &Reader, found: &Found) -> Result<(), OpenError> {
    for (seq, changed) in &found.signing_keys {
        let known = secrets.public_keys(changed.r#use()).into_iter().map(|(_, key)| key).chain(secrets.next_public_key(changed.r#use()));
        if !known.into_iter().any(|key| key.as_slice() == changed.public_key) {
            let what = format!("entry {seq} names a signing key that it does not hold");
            return Err(SecretsError::OlderThanLog { what }.into());
        }
    }
    let (held, written) = (secrets.in_force().lookup, last_version(state, reader)?);
    if written > held {
        let what = format!("it holds version {held} of the look-up secret, the last entry was written under version {written}");
        return Err(SecretsError::OlderThanLog { what }.into());
    }
    Ok(())
}

/// Opens the checkpoints of a log whose signing keys are those that it names.
///
/// # Errors
/// Where the log is not what was signed, does not read, or the disk fails.
pub(in crate::ledger) fn checkpoints(log: &Log, options: &Options) -> Result<Checkpoints, OpenError> {
    let open = |first| Checkpoints::open(log.clone(), &options.data_dir, options.checkpoint_dir.clone(), first);
    let checkpoints = open(options.first_checkpoint)?;
    if complete(log, &checkpoints)? { Ok(open(true)?) } else { Ok(checkpoints) }
}

/// Completes the rotations of signing keys that the log says were begun: the key before signs that it was, then the next one
/// signs. One that the log does not know is forgotten. Says whether anything was done.
///
/// # Errors
/// Where the log does not read, nothing can be signed or the disk fails.
fn complete(log: &Log, checkpoints: &Checkpoints) -> Result<bool, OpenError> {
    let secrets = &log.secrets;
    let begun: Vec<_> = USES.into_iter().filter_map(|of| Some((of, secrets.next_public_key(of)?))).collect();
    for (of, key) in &begun {
        let Some(seq) = named_at(&log.state, &log.reader, *of, key)? else { continue };
        if checkpoints.latest().is_none_or(|latest| latest.size < seq.number()) {
            checkpoints.sign()?;
        }
        secrets.promote(*of, seq);
    }
    if !begun.is_empty() {
        secrets.settle(log.disk.as_ref())?;
    }
    Ok(!begun.is_empty())
}

/// The entry that names a signing key; looked for from the end of the ledger's own trail.
fn named_at(state: &State, reader: &Reader, of: SigningKeyUse, key: &[u8; 32]) -> Result<Option<Seq>, EntryUnreadable> {
    let mut next = state.with_trail(0, Trail::last).unwrap_or_default();
    while next != Seq::NONE {
        let entry = reader.entry(next)?;
        if let Some(Fact::SigningKeyChanged(changed)) = &entry.clear.fact
            && changed.r#use() == of
            && changed.public_key == key
        {
            return Ok(Some(next));
        }
        next = entry.header.link.previous;
    }
    Ok(None)
}

/// What is to be recorded where the secrets hold a newer version of the look-up secret than the log knows.
///
/// # Errors
/// Where the last entry does not read.
pub(in crate::ledger) fn lookup(secrets: &Secrets, state: &State, reader: &Reader) -> Result<Option<Fact>, EntryUnreadable> {
    let secret_version = secrets.in_force().lookup;
    let is_new = last_version(state, reader)? < secret_version;
    Ok(is_new.then_some(Fact::SecretRotated(SecretRotated { secret_version })))
}

/// Waits for what was to be recorded.
///
/// # Errors
/// Where it was not.
pub(in crate::ledger) fn is_recorded(waiting: Option<Result<oneshot::Receiver<Recorded>, RecordError>>) -> Result<(), OpenError> {
    let Some(waiting) = waiting else { return Ok(()) };
    let gone = || RecordError::Unavailable { reason: "the committer ended".to_owned() };
    let recorded = waiting.and_then(|waiting| waiting.blocking_recv().unwrap_or_else(|_| Err(gone())));
    recorded.map(drop).map_err(|error| OpenError::NotRecorded { reason: error.to_string() })
}

/// The version of the look-up secret that the last entry was written under.
fn last_version(state: &State, reader: &Reader) -> Result<u32, EntryUnreadable> {
    match state.head().seq {
        Seq::NONE => Ok(0),
        head => Ok(reader.entry(head)?.header.secret_version),
    }
}
