//! Checkpoints and proofs, as `AuditService` hands them out.

use tonic::Status;

use super::access::Caller;
use super::parse::Fields;
use super::{blocking, map, status};
use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::Ledger;
use crate::ledger::proving::proofs::SignedCheckpoint;
use crate::proto::{
    Checkpoint, ErrorReason, GetCheckpointRequest, GetCheckpointResponse, ProveConsistencyRequest, ProveConsistencyResponse,
    ProveInclusionRequest, ProveInclusionResponse,
};

/// The latest checkpoint, or a fresh one.
///
/// # Errors
/// Where none can be signed.
pub async fn checkpoint(ledger: &Ledger, caller: &Caller, request: GetCheckpointRequest) -> Result<GetCheckpointResponse, Status> {
    let mut fields = Fields::of(caller);
    fields.of_nobody();
    let ledger = fields.finish(|| Some(ledger.clone()))?;
    let signed = blocking(move || ledger.checkpoint(request.fresh)).await?;
    let signed = signed.map_err(|error| status::of_proof(&error))?;
    Ok(GetCheckpointResponse { checkpoint: Some(message(signed)) })
}

/// That an entry is in the log.
///
/// # Errors
/// Where there is no such entry or no such checkpoint.
pub async fn inclusion(ledger: &Ledger, caller: &Caller, request: ProveInclusionRequest) -> Result<ProveInclusionResponse, Status> {
    let (seq, size) = at_size(caller, "seq", request.seq, ErrorReason::SeqMissing, request.size)?;
    let mut fields = Fields::of(caller);
    // A hash is none of the business of whoever may not see what it is of.
    if caller.accounts().is_all() {
        fields.of_nobody();
    } else {
        let asked = ledger.clone();
        let account = blocking(move || asked.account_of_entry(Seq::new(seq))).await?.map_err(|error| status::of_read(&error))?;
        fields.numbered_account("seq", account.unwrap_or(u64::MAX));
        fields.of_no_sender();
    }
    let ledger = fields.finish(|| Some(ledger.clone()))?;
    let proved = blocking(move || ledger.prove_inclusion(Seq::new(seq), size)).await?;
    let proved = proved.map_err(|error| status::of_proof(&error))?;
    Ok(ProveInclusionResponse {
        proof: proved.proof.to_string(),
        entry_hash: proved.entry_hash.to_vec(),
        path: proved.proof.path.iter().map(|hash| hash.to_vec()).collect(),
        checkpoint: Some(message(proved.checkpoint)),
    })
}

/// That the log only grew.
///
/// # Errors
/// Where it did not, or there is no such checkpoint.
pub async fn consistency(ledger: &Ledger, caller: &Caller, request: ProveConsistencyRequest) -> Result<ProveConsistencyResponse, Status> {
    let (old, size) = at_size(caller, "old_size", request.old_size, ErrorReason::SizeMissing, request.size)?;
    let ledger = ledger.clone();
    let proved = blocking(move || ledger.prove_consistency(old, size)).await?;
    let proved = proved.map_err(|error| status::of_proof(&error))?;
    Ok(ProveConsistencyResponse {
        proof: proved.proof.to_string(),
        path: proved.proof.path.iter().map(|hash| hash.to_vec()).collect(),
        checkpoint: Some(message(proved.checkpoint)),
    })
}

/// A number that must be there, and the size of a checkpoint that reaches so far; none: whichever does.
fn at_size(caller: &Caller, field: &str, number: u64, missing: ErrorReason, size: u64) -> Result<(u64, Option<u64>), Status> {
    let mut fields = Fields::of(caller);
    // How many entries there are and what their hashes come to is the same for everybody.
    fields.of_nobody();
    if number == 0 {
        fields.refuse(field, missing, "it counts from 1");
    }
    if size != 0 && size < number {
        fields.refuse("size", ErrorReason::SizeTooSmall, format!("a checkpoint over {size} entries does not reach {number}"));
    }
    fields.finish(|| Some((number, (size != 0).then_some(size))))
}

pub(super) fn message(signed: SignedCheckpoint) -> Checkpoint {
    let micros = i64::try_from(signed.seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    let signed_at = Some(map::timestamp(Time::from_micros(micros)));
    Checkpoint { note: signed.note, size: signed.size, root: signed.root.to_vec(), signed_at }
}
