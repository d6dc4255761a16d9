//! `AuditService.ExportEntries` and `GetEvidence`: an export, piece by piece, as fast as its reader takes it.

use tonic::Status;

use super::access::Caller;
use super::parse::Fields;
use super::reads::Reading;
use super::slots::Slots;
use super::stream::{Pieces, stream};
use super::{blocking, map, proofs, status};
use crate::consent::identifier::Identifier;
use crate::consent::time::Time;
use crate::consent::words::{Account, Seq};
use crate::ledger::Ledger;
use crate::ledger::evidence::bundle::Evidence;
use crate::ledger::evidence::export::{Claim, Export, ExportError, Selection};
use crate::ledger::reading::reads::ReadMethod;
use crate::proto::export_begin::Claim as ClaimMessage;
use crate::proto::{
    CompleteClaim, ErrorReason, ExportBegin, ExportEntriesRequest, ExportEntriesResponse, ExportSelection, GetEvidenceRequest,
    GetEvidenceResponse, IncludedClaim, RangeClaim, TrailHead, TrailKey,
};

/// The most contacts of one export.
const CONTACTS_MAX: usize = 1_000;

/// The most older checkpoints that one export is cut at.
const OLD_SIZES_MAX: usize = 8;

/// Answers `ExportEntries`.
pub(super) async fn entries(
    ledger: &Ledger,
    caller: &Caller,
    slots: &Slots,
    request: ExportEntriesRequest,
) -> Result<Pieces<ExportEntriesResponse>, Status> {
    let selection = selection(caller, &request)?;
    let asked = asked(&selection);
    let slot = slots.take(caller)?;
    let reading = match (&selection.account, selection.contacts.as_slice()) {
        (Some(account), [contact]) => Reading::of_contact(ledger, caller.actor(), ReadMethod::ExportEntries, account, contact),
        (account, _) => Reading::of_many(ledger, caller.actor(), ReadMethod::ExportEntries, account.clone()),
    };
    let ledger = ledger.clone();
    let started = blocking(move || {
        let export = ledger.export(&selection)?;
        Ok((slot, begin(&ledger, asked, &export), export))
    });
    let (slot, begin, export) = started.await?.map_err(|error: ExportError| status::of_export(&error))?;
    Ok(stream(slot, begin, export, Some(reading), |pieces| ExportEntriesResponse { pieces }))
}

/// Answers `GetEvidence`.
pub(super) async fn evidence(
    ledger: &Ledger,
    caller: &Caller,
    slots: &Slots,
    request: &GetEvidenceRequest,
) -> Result<Pieces<GetEvidenceResponse>, Status> {
    let (account, contact, old_sizes) = of_whom(caller, request)?;
    let slot = slots.take(caller)?;
    let mut reading = Reading::of_contact(ledger, caller.actor(), ReadMethod::GetEvidence, &account, &contact);
    let asked =
        ExportSelection { account: account.to_string(), contacts: map::identifiers(std::slice::from_ref(&contact)), ..Default::default() };
    let ledger = ledger.clone();
    let started = blocking(move || {
        let Evidence { export, keys, heads, opens } = ledger.evidence(&account, &contact, &old_sizes)?;
        let keys = keys.iter().map(|(trail, key)| TrailKey { trail: *trail, key: key.bytes().to_vec() }).collect();
        let heads = heads.into_iter().map(|head| TrailHead {
            trail: head.trail,
            trail_seq: head.trail_seq,
            last_seq: head.last.number(),
            blind: head.blind.to_vec(),
            path: head.path.iter().map(|hash| hash.to_vec()).collect(),
        });
        let begin = ExportBegin { keys, heads: heads.collect(), ..begin(&ledger, asked, &export) };
        Ok((slot, begin, export, opens))
    });
    let (slot, begin, export, opens) = started.await?.map_err(|error: ExportError| status::of_export(&error))?;
    // Its first piece brings the keys, which open all of it.
    reading.hand_out(opens).await?;
    Ok(stream(slot, begin, export, None, |pieces| GetEvidenceResponse { pieces }))
}

fn selection(caller: &Caller, request: &ExportEntriesRequest) -> Result<Selection, Status> {
    let mut fields = Fields::of(caller);
    // What is for all senders is part of what one sender's entries mean.
    fields.all_senders("the export");
    let account = if request.all_accounts {
        fields.whole_ledger("all_accounts");
        for (field, given) in [("account", !request.account.is_empty()), ("contacts", !request.contacts.is_empty())] {
            if given {
                fields.refuse(field, ErrorReason::FieldsConflict, "all_accounts is set");
            }
        }
        None
    } else {
        fields.account("account", &request.account)
    };
    if request.contacts.len() > CONTACTS_MAX {
        let message = format!("{} contacts, at most {CONTACTS_MAX} are allowed", request.contacts.len());
        fields.refuse("contacts", ErrorReason::TooManyContacts, message);
    }
    let contacts = request.contacts.iter().take(CONTACTS_MAX).enumerate();
    let contacts: Vec<_> = contacts.map(|(place, text)| fields.contact(&format!("contacts[{place}]"), text)).collect();
    let sender = fields.optional_sender("sender", &request.sender);
    let recorded_from = fields.time("recorded_from", request.recorded_from.as_ref());
    let recorded_to = fields.time("recorded_to", request.recorded_to.as_ref());
    if let (Some(from), Some(to)) = (recorded_from, recorded_to)
        && to <= from
    {
        fields.refuse("recorded_to", ErrorReason::PeriodEmpty, format!("{to} is not later than recorded_from, {from}"));
    }
    let seq = |number: u64| (number != 0).then(|| Seq::new(number));
    if request.to_seq != 0 && request.to_seq < request.from_seq {
        fields.refuse("to_seq", ErrorReason::RangeEmpty, format!("{} lies before from_seq, {}", request.to_seq, request.from_seq));
    }
    let old_sizes = old_sizes(&mut fields, &request.old_sizes);
    let (from, to) = (seq(request.from_seq), seq(request.to_seq));
    fields.finish(|| {
        let contacts = contacts.into_iter().collect::<Option<Vec<Identifier>>>()?;
        Some(Selection { account, contacts, sender, recorded_from, recorded_to, from, to, old_sizes })
    })
}

fn of_whom(caller: &Caller, request: &GetEvidenceRequest) -> Result<(Account, Identifier, Vec<u64>), Status> {
    let mut fields = Fields::of(caller);
    let account = fields.account("account", &request.account);
    let contact = fields.contact("contact", &request.contact);
    let old_sizes = old_sizes(&mut fields, &request.old_sizes);
    fields.finish(|| Some((account?, contact?, old_sizes)))
}

fn old_sizes(fields: &mut Fields, sizes: &[u64]) -> Vec<u64> {
    if sizes.len() > OLD_SIZES_MAX {
        let message = format!("{} sizes, at most {OLD_SIZES_MAX} are allowed", sizes.len());
        fields.refuse("old_sizes", ErrorReason::TooManySizes, message);
    }
    if let Some(place) = sizes.iter().position(|size| *size == 0) {
        fields.refuse(format!("old_sizes[{place}]"), ErrorReason::SizeMissing, "a checkpoint covers at least one entry");
    }
    sizes.to_vec()
}

fn asked(selection: &Selection) -> ExportSelection {
    ExportSelection {
        account: selection.account.as_ref().map(ToString::to_string).unwrap_or_default(),
        all_accounts: selection.account.is_none(),
        contacts: map::identifiers(&selection.contacts),
        sender: selection.sender.as_ref().map(ToString::to_string).unwrap_or_default(),
        recorded_from: selection.recorded_from.map(map::timestamp),
        recorded_to: selection.recorded_to.map(map::timestamp),
        from_seq: selection.from.unwrap_or_default().number(),
        to_seq: selection.to.unwrap_or_default().number(),
    }
}

fn begin(ledger: &Ledger, selection: ExportSelection, export: &Export) -> ExportBegin {
    let claim = match &export.claim {
        Claim::Included => ClaimMessage::Included(IncludedClaim {}),
        Claim::Range(from, to) => ClaimMessage::Range(RangeClaim { from_seq: from.number(), to_seq: to.number() }),
        Claim::Complete(complete) => ClaimMessage::Complete(CompleteClaim {
            as_of: complete.as_of.number(),
            account: complete.account,
            contact_trails: complete.contact_trails.clone(),
            shared_trails: complete.shared_trails.clone(),
        }),
    };
    ExportBegin {
        ledger_id: ledger.id().to_vec(),
        origin: ledger.checkpoint_key().name().to_owned(),
        made_at: Some(map::timestamp(ledger.now().max(Time::from_micros(0)))),
        selection: Some(selection),
        claim: Some(claim),
        checkpoint: Some(proofs::message(export.checkpoint.clone())),
        keys: Vec::new(),
        heads: Vec::new(),
    }
}
