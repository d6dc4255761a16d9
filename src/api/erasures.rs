//! `IdentityService`, erasure in two steps: what a compliance officer asks for, and what waits.

use prost_types::Duration;
use tonic::Status;

use super::access::Caller;
use super::audit::{PAGE_DEFAULT, PAGE_MAX};
use super::envelope::record;
use super::parse::Fields;
use super::reads::Reading;
use super::{blocking, map, status};
use crate::consent::time::Time;
use crate::consent::words::{Account, Seq};
use crate::ledger::Ledger;
use crate::ledger::erasure::matters::{Matter, MatterKind};
use crate::ledger::erasure::step::{Delay, Step};
use crate::ledger::erasure::waiting_list::ListedMatter;
use crate::ledger::reading::reads::ReadMethod;
use crate::ledger::writing::record::{Record, What};
use crate::proto::{
    CancelErasureRequest, CancelErasureResponse, ContactHold, ErrorReason, LegalHold, ListErasuresRequest, ListErasuresResponse,
    RequestErasureRequest, RequestErasureResponse, SetLegalHoldRequest, SetLegalHoldResponse, WaitingErasure,
};

/// Answers `RequestErasure`.
pub(super) async fn request(ledger: &Ledger, caller: &Caller, asked: &RequestErasureRequest) -> Result<RequestErasureResponse, Status> {
    let acknowledgement = record(ledger, requested(caller, asked, ledger.now())?).await?;
    let request = Seq::new(acknowledgement.as_ref().map_or(0, |acknowledgement| acknowledgement.seq));
    let ledger = ledger.clone();
    let came_to = blocking(move || ledger.requested(request)).await?.map_err(|error| status::of_read(&error))?;
    let due_at = came_to.map(|request| map::timestamp(request.due_at));
    Ok(RequestErasureResponse { acknowledgement, due_at, waits: came_to.is_some_and(|request| request.waits) })
}

/// Answers `CancelErasure`.
pub(super) async fn cancel(ledger: &Ledger, caller: &Caller, asked: &CancelErasureRequest) -> Result<CancelErasureResponse, Status> {
    let acknowledgement = record(ledger, cancelled(caller, asked, ledger.now())?).await?;
    Ok(CancelErasureResponse { acknowledgement })
}

/// Answers `SetLegalHold`.
pub(super) async fn set_hold(ledger: &Ledger, caller: &Caller, asked: &SetLegalHoldRequest) -> Result<SetLegalHoldResponse, Status> {
    let acknowledgement = record(ledger, hold_changed(caller, asked, ledger.now())?).await?;
    Ok(SetLegalHoldResponse { acknowledgement })
}

/// Answers `ListErasures`.
pub(super) async fn list(ledger: &Ledger, caller: &Caller, asked: &ListErasuresRequest) -> Result<ListErasuresResponse, Status> {
    let (account, from, page_size) = page(caller, asked)?;
    let mut reading = Reading::of_many(ledger, caller.actor(), ReadMethod::ListErasures, Some(account.clone()));
    let ledger = ledger.clone();
    // One more than the page holds tells whether it is the last.
    let matters = blocking(move || ledger.matters(&account, from, page_size + 1)).await?;
    let page = cut(matters.map_err(|error| status::of_read(&error))?, page_size);
    reading.hand_out(page.erasures.len() + page.holds.len()).await?;
    Ok(page)
}

fn requested(caller: &Caller, request: &RequestErasureRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let envelope = fields.envelope(&request.account, &request.event_id, request.occurred_at.as_ref(), now);
    let contact = fields.contact("contact", &request.contact);
    let delay = fields.delay("delay", request.delay.as_ref());
    let keep_suppression = !request.forget_suppression;
    fields.finish(|| Some(envelope?.record(What::Erasure(Step::Request { contact: contact?, delay: delay?, keep_suppression }))))
}

fn cancelled(caller: &Caller, request: &CancelErasureRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let envelope = fields.envelope(&request.account, &request.event_id, None, now);
    let contact = fields.contact("contact", &request.contact);
    fields.finish(|| Some(envelope?.record(What::Erasure(Step::Cancel { contact: contact? }))))
}

fn hold_changed(caller: &Caller, request: &SetLegalHoldRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let envelope = fields.envelope(&request.account, &request.event_id, None, now);
    let contact = fields.contact("contact", &request.contact);
    let held = match LegalHold::try_from(request.hold) {
        Ok(LegalHold::Set) => Some(true),
        Ok(LegalHold::Released) => Some(false),
        Ok(LegalHold::Unspecified) => {
            fields.refuse("hold", ErrorReason::LegalHoldMissing, "say whether to set the legal hold or to release it");
            None
        }
        Err(_) => {
            let message = format!("{} is no change of a legal hold that this server knows", request.hold);
            fields.refuse("hold", ErrorReason::LegalHoldUnknown, message);
            None
        }
    };
    fields.finish(|| Some(envelope?.record(What::Erasure(Step::Hold { contact: contact?, held: held? }))))
}

fn page(caller: &Caller, request: &ListErasuresRequest) -> Result<(Account, Seq, usize), Status> {
    let mut fields = Fields::of(caller);
    let account = fields.account("account", &request.account);
    let page_size = fields.page_size("page_size", request.page_size, PAGE_DEFAULT, PAGE_MAX);
    fields.finish(|| Some((account?, Seq::new(request.from_seq), page_size)))
}

/// A page of at most `page_size`, and where the next begins.
fn cut(matters: Vec<ListedMatter>, page_size: usize) -> ListErasuresResponse {
    let next_seq = matters.get(page_size).map_or(0, |listed| listed.matter.seq.number());
    let mut page = ListErasuresResponse { next_seq, ..Default::default() };
    for listed in matters.into_iter().take(page_size) {
        let Matter { seq, met, kind, .. } = listed.matter;
        match kind {
            MatterKind::Hold => {
                page.holds.push(ContactHold { seq: seq.number(), contacts: listed.contacts, set_at: Some(map::timestamp(met.at)) });
            }
            MatterKind::Erasure { due_at, keeps_tokens } => page.erasures.push(WaitingErasure {
                seq: seq.number(),
                contacts: listed.contacts,
                occurred_at: Some(map::timestamp(met.at)),
                recorded_at: Some(map::timestamp(listed.recorded_at)),
                due_at: Some(map::timestamp(due_at)),
                forget_suppression: !keeps_tokens,
                held_by_seq: listed.held_by.unwrap_or_default().number(),
                failures: listed.failed.as_ref().map_or(0, |failed| failed.failures),
                last_failure: listed.failed.as_ref().map(|failed| failed.reason.clone()).unwrap_or_default(),
                next_try_at: listed.failed.map(|failed| map::timestamp(failed.again_at)),
            }),
        }
    }
    page
}

impl Fields<'_> {
    /// How long an erasure waits; absent is 24 hours.
    fn delay(&mut self, field: &str, duration: Option<&Duration>) -> Option<Delay> {
        let Some(duration) = duration else { return Some(Delay::DEFAULT) };
        // A part of a microsecond is cut off, but less than nothing is never nothing.
        let micros = duration.seconds.checked_mul(1_000_000).and_then(|micros| micros.checked_add((duration.nanos / 1_000).into()));
        let delay = micros.filter(|_| duration.nanos >= 0).and_then(Delay::from_micros);
        if delay.is_none() {
            self.refuse(field, ErrorReason::DelayOutOfRange, "a delay is 0 to 30 days");
        }
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::identity::{IdentifierKey, Met};
    use tonic_types::StatusExt;

    const NOW: Time = Time::from_micros(1_772_000_000_000_000);
    const DAY: i64 = 24 * 3600;

    fn reasons(status: &Status) -> Vec<String> {
        let details = status.get_error_details();
        details.bad_request().unwrap().field_violations.iter().map(|v| format!("{} {}", v.field, v.reason)).collect()
    }

    #[test]
    fn a_request_waits_a_day_and_leaves_a_token_unless_it_says_otherwise() {
        let request = RequestErasureRequest { contact: "+447400123456".into(), ..Default::default() };
        let What::Erasure(Step::Request { delay, keep_suppression, .. }) = requested(&Caller::local(), &request, NOW).unwrap().what else {
            panic!()
        };
        assert_eq!((delay, keep_suppression), (Delay::DEFAULT, true));
        let at_once = RequestErasureRequest { delay: Some(Duration::default()), forget_suppression: true, ..request };
        let What::Erasure(Step::Request { delay, keep_suppression, .. }) = requested(&Caller::local(), &at_once, NOW).unwrap().what else {
            panic!()
        };
        assert_eq!((delay.micros(), keep_suppression), (0, false));
    }

    #[test]
    fn a_delay_of_less_than_nothing_or_more_than_a_month_is_refused() {
        let request = |seconds, nanos| {
            let delay = Some(Duration { seconds, nanos });
            requested(&Caller::local(), &RequestErasureRequest { contact: "GB.1".into(), delay, ..Default::default() }, NOW)
        };
        assert!(request(30 * DAY, 0).is_ok() && request(0, 999).is_ok());
        for (seconds, nanos) in [(30 * DAY, 1_000), (-1, 0), (0, -1), (1, -1), (i64::MAX, 0), (i64::MIN, 0)] {
            assert_eq!(reasons(&request(seconds, nanos).unwrap_err()), ["delay DELAY_OUT_OF_RANGE"], "{seconds} {nanos}");
        }
    }

    #[test]
    fn a_hold_that_was_left_out_releases_none() {
        let status = hold_changed(&Caller::local(), &SetLegalHoldRequest::default(), NOW).unwrap_err();
        assert_eq!(reasons(&status), ["contact CONTACT_EMPTY", "hold LEGAL_HOLD_MISSING"]);
        let unknown = SetLegalHoldRequest { contact: "GB.1".into(), hold: 9, ..Default::default() };
        assert_eq!(reasons(&hold_changed(&Caller::local(), &unknown, NOW).unwrap_err()), ["hold LEGAL_HOLD_UNKNOWN"]);
        assert_eq!(reasons(&cancelled(&Caller::local(), &CancelErasureRequest::default(), NOW).unwrap_err()), ["contact CONTACT_EMPTY"]);
    }

    #[test]
    fn a_page_counts_erasures_and_holds_together() {
        let listed = |seq, kind| ListedMatter {
            matter: Matter {
                seq: Seq::new(seq),
                account: 1,
                trail: 2,
                met: Met { key: IdentifierKey { trail: 2, ordinal: 1 }, at: NOW },
                kind,
            },
            contacts: vec!["GB.1".into()],
            recorded_at: NOW,
            held_by: None,
            failed: None,
        };
        let erasure = MatterKind::Erasure { due_at: NOW, keeps_tokens: true };
        let matters = vec![listed(3, erasure), listed(4, MatterKind::Hold), listed(9, erasure)];
        let page = cut(matters.clone(), 2);
        assert_eq!((page.erasures.len(), page.holds.len(), page.next_seq), (1, 1, 9));
        assert_eq!((page.erasures[0].seq, page.holds[0].seq, page.erasures[0].forget_suppression), (3, 4, false));
        assert_eq!(cut(matters, 3).next_seq, 0);
    }
}
