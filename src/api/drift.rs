//! `AuditService.GetDrift`: where the platform contradicted the ledger.

use tonic::Status;

use super::access::Caller;
use super::audit::{PAGE_DEFAULT, PAGE_MAX};
use super::parse::Fields;
use super::reads::Reading;
use super::{blocking, map, status};
use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::Ledger;
use crate::ledger::reading::drift::{Contradiction, Drift, Period};
use crate::ledger::reading::reads::ReadMethod;
use crate::proto::{self, ErrorReason, GetDriftRequest, GetDriftResponse};

/// How far a period without a beginning goes back: 7 days, in microseconds.
const PERIOD: i64 = 7 * 24 * 3_600_000_000;

/// Answers `GetDrift`.
pub(super) async fn get(ledger: &Ledger, caller: &Caller, request: &GetDriftRequest) -> Result<GetDriftResponse, Status> {
    let (period, page_size) = parse(caller, request, ledger.now())?;
    let mut reading = Reading::of_many(ledger, caller.actor(), ReadMethod::GetDrift, Some(period.account.clone()));
    let (ledger, asked) = (ledger.clone(), period.clone());
    let drift = blocking(move || ledger.drift(&asked, page_size)).await?;
    let page = response(drift.map_err(|error| status::of_read(&error))?, &period);
    reading.hand_out(page.contradictions.len()).await?;
    Ok(page)
}

fn parse(caller: &Caller, request: &GetDriftRequest, now: Time) -> Result<(Period, usize), Status> {
    let mut fields = Fields::of(caller);
    let account = fields.account("account", &request.account);
    let from = fields.time("from", request.from.as_ref());
    let to = fields.time("to", request.to.as_ref()).unwrap_or(now);
    let from = from.unwrap_or_else(|| to.plus_micros(-PERIOD));
    if to <= from {
        fields.refuse("to", ErrorReason::PeriodEmpty, format!("{to} is not later than from, {from}"));
    }
    let sender = fields.optional_sender("sender", &request.sender);
    let page_size = fields.page_size("page_size", request.page_size, PAGE_DEFAULT, PAGE_MAX);
    let from_seq = (request.from_seq != 0).then(|| Seq::new(request.from_seq));
    fields.finish(|| Some((Period { account: account?, sender, from, to, from_seq }, page_size)))
}

fn response(drift: Drift, period: &Period) -> GetDriftResponse {
    let total = |((sender, code), total): ((String, u32), crate::ledger::reading::drift::DriftTotal)| proto::DriftTotal {
        sender,
        code,
        contradictions: total.contradictions,
        agreed: total.agreed,
        erased: total.erased,
    };
    GetDriftResponse {
        contradictions: drift.contradictions.into_iter().map(contradiction).collect(),
        totals: drift.totals.into_iter().map(total).collect(),
        from: Some(map::timestamp(period.from)),
        to: Some(map::timestamp(period.to)),
        entries_read: drift.entries_read,
        next_seq: drift.next.unwrap_or_default().number(),
    }
}

fn contradiction(found: Contradiction) -> proto::Contradiction {
    proto::Contradiction {
        seq: found.seq.number(),
        occurred_at: Some(map::timestamp(found.occurred_at)),
        recorded_at: Some(map::timestamp(found.recorded_at)),
        sender: found.sender,
        contacts: map::identifiers(&found.contact),
        code: found.code,
        message_id: found.message_id,
        held_by_seq: found.held.fact.seq.number(),
        held_until: found.held.until.map(map::timestamp),
        decision: Some(map::decision(found.answer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::Timestamp;
    use tonic_types::StatusExt;

    const NOW: Time = Time::from_micros(1_772_000_000_000_000);

    const MOMENT: Option<Timestamp> = Some(Timestamp { seconds: 1_700_000_000, nanos: 0 });

    #[test]
    fn a_period_is_the_seven_days_before_its_end_and_its_end_is_now() {
        let period = |request: &GetDriftRequest| parse(&Caller::local(), request, NOW).map(|(period, _)| (period.from, period.to)).unwrap();
        let week = |to: Time| (to.plus_micros(-PERIOD), to);
        assert_eq!(period(&GetDriftRequest::default()), week(NOW));
        let to = Time::from_micros(1_700_000_000_000_000);
        assert_eq!(period(&GetDriftRequest { to: MOMENT, ..Default::default() }), week(to));
        assert_eq!(period(&GetDriftRequest { from: MOMENT, ..Default::default() }), (to, NOW));
    }

    #[test]
    fn a_period_that_holds_no_moment_is_refused() {
        let request = GetDriftRequest { from: MOMENT, to: MOMENT, sender: "a b".into(), page_size: 1_001, ..Default::default() };
        let details = parse(&Caller::local(), &request, NOW).unwrap_err().get_error_details();
        let reasons: Vec<_> = details.bad_request().unwrap().field_violations.iter().map(|violation| violation.reason.as_str()).collect();
        assert_eq!(reasons, ["PERIOD_EMPTY", "SENDER_MALFORMED", "PAGE_SIZE_TOO_LARGE"]);
    }
}
