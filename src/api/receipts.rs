//! Answers with a receipt, and what became of receipts.

use tonic::Status;

use super::access::Caller;
use super::parse::Fields;
use super::{blocking, map, status};
use crate::consent::identifier::Identifier;
use crate::export::receipt::{from_message, message};
use crate::ledger::evidence::receipt::Receipt;
use crate::ledger::evidence::rederive::{Derived, Verdict};
use crate::ledger::writing::record::Actor;
use crate::ledger::{Ledger, Question};
use crate::proto::{
    CheckSendRequest, CheckSendResponse, ErrorReason, NotDerivable, ReceiptVerdict, VerifyDecisionRequest, VerifyDecisionResponse,
};

/// A receipt is of an answer given now: notes what asks for another.
pub fn refuse_other_times(fields: &mut Fields, request: &CheckSendRequest) {
    let asked = [("at", request.at.is_some()), ("known_at", request.known_at.is_some()), ("known_seq", request.known_seq != 0)];
    for (field, _) in asked.into_iter().filter(|(_, is_asked)| request.receipt && *is_asked) {
        fields.refuse(field, ErrorReason::FieldsConflict, "a receipt is of an answer given now");
    }
}

/// Answers, records the answer, and hands out its receipt.
///
/// # Errors
/// Where there is no answer or it cannot be recorded. Then nothing should be sent.
pub async fn check(ledger: &Ledger, question: Question, actor: Actor) -> Result<CheckSendResponse, Status> {
    let answered = ledger.check_and_record(&question, actor).await;
    let (answer, recorded) = answered.map_err(|error| status::of_receipt(&error))?;
    let ledger = ledger.clone();
    let receipt = blocking(move || ledger.receipt(recorded.seq)).await?;
    let receipt = receipt.map_err(|error| status::of_proof(&error))?;
    Ok(CheckSendResponse { decision: Some(map::decision(answer)), receipt: receipt.as_ref().map(message) })
}

/// Says whether a receipt's answer still follows.
///
/// # Errors
/// Where the ledger cannot tell.
pub async fn verify(ledger: &Ledger, caller: &Caller, request: &VerifyDecisionRequest) -> Result<VerifyDecisionResponse, Status> {
    let (receipt, contact) = parse(caller, request)?;
    let ledger = ledger.clone();
    let verdict = blocking(move || ledger.verify_decision(&receipt, contact.as_ref())).await?;
    Ok(response(verdict.map_err(|error| status::of_check(&error))?))
}

fn parse(caller: &Caller, request: &VerifyDecisionRequest) -> Result<(Receipt, Option<Identifier>), Status> {
    let mut fields = Fields::of(caller);
    let receipt = match request.receipt.as_ref().map(from_message) {
        None => {
            fields.refuse("receipt", ErrorReason::ReceiptMissing, "a receipt is needed");
            None
        }
        Some(Err(error)) => {
            fields.refuse("receipt", ErrorReason::ReceiptMalformed, error.to_string());
            None
        }
        Some(Ok(receipt)) => {
            // Whose it is stands in the receipt, and is held against the log later: here it says who may ask.
            fields.numbered_account("receipt.account", receipt.account);
            fields.sender("receipt.sender", &receipt.issued.sender);
            Some(receipt)
        }
    };
    let contact = (!request.contact.is_empty()).then(|| fields.contact("contact", &request.contact)).flatten();
    fields.finish(|| Some((receipt?, contact)))
}

fn response(verdict: Verdict) -> VerifyDecisionResponse {
    let only = |verdict: ReceiptVerdict| VerifyDecisionResponse { verdict: verdict.into(), ..VerifyDecisionResponse::default() };
    let underivable = |why: NotDerivable| VerifyDecisionResponse { not_derivable: why.into(), ..only(ReceiptVerdict::NotDerivable) };
    let derived = |verdict: ReceiptVerdict, derived: Derived| VerifyDecisionResponse {
        verdict: verdict.into(),
        decision: Some(map::decision(derived.then)),
        hindsight: Some(map::decision(derived.hindsight)),
        ..VerifyDecisionResponse::default()
    };
    match verdict {
        Verdict::Follows(follows) => derived(ReceiptVerdict::Follows, *follows),
        Verdict::Differs(follows, fields) => {
            let differing_fields = fields.into_iter().map(str::to_owned).collect();
            VerifyDecisionResponse { differing_fields, ..derived(ReceiptVerdict::Differs, *follows) }
        }
        Verdict::NotRecorded => only(ReceiptVerdict::NotRecorded),
        Verdict::SignatureInvalid => only(ReceiptVerdict::SignatureInvalid),
        Verdict::Foreign => only(ReceiptVerdict::Foreign),
        Verdict::OtherContact => only(ReceiptVerdict::OtherContact),
        Verdict::Erased => underivable(NotDerivable::Erased),
        Verdict::ContactNeeded => underivable(NotDerivable::ContactNeeded),
    }
}
