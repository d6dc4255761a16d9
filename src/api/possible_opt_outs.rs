//! `AuditService`, possible opt-outs: messages that a person decides about.

use prost::Message;
use tonic::Status;

use super::access::Caller;
use super::audit::{PAGE_BYTES, PAGE_DEFAULT, PAGE_MAX};
use super::parse::Fields;
use super::reads::Reading;
use super::{blocking, map, status};
use crate::consent::time::Time;
use crate::consent::words::{Account, Seq};
use crate::ledger::Ledger;
use crate::ledger::reading::possible_opt_outs::DoubtfulMessage;
use crate::ledger::reading::reads::ReadMethod;
use crate::ledger::writing::event_id::EventId;
use crate::ledger::writing::record::Record;
use crate::proto::{
    ErrorReason, ListPossibleOptOutsRequest, ListPossibleOptOutsResponse, PossibleOptOut, PossibleOptOutVerdict,
    ResolvePossibleOptOutRequest, ResolvePossibleOptOutResponse,
};

/// Microseconds of a day.
const DAY: i64 = 24 * 3_600_000_000;

/// Answers `ListPossibleOptOuts`.
pub(super) async fn list(
    ledger: &Ledger,
    caller: &Caller,
    request: &ListPossibleOptOutsRequest,
) -> Result<ListPossibleOptOutsResponse, Status> {
    let mut fields = Fields::of(caller);
    let account = fields.account("account", &request.account);
    let page_size = fields.page_size("page_size", request.page_size, PAGE_DEFAULT, PAGE_MAX);
    let account = fields.finish(|| account)?;
    let mut reading = Reading::of_many(ledger, caller.actor(), ReadMethod::ListPossibleOptOuts, Some(account.clone()));
    let (from, now, ledger) = (Seq::new(request.from_seq), ledger.now(), ledger.clone());
    // One more than the page holds tells whether it is the last.
    let messages = blocking(move || ledger.possible_opt_outs(&account, from, page_size + 1)).await?;
    let messages = messages.map_err(|error| status::of_read(&error))?;
    let page = cut(messages.into_iter().map(|message| listed(message, now)), page_size, PAGE_BYTES);
    reading.hand_out(page.possible_opt_outs.len()).await?;
    Ok(page)
}

/// Answers `ResolvePossibleOptOut`.
pub(super) async fn resolve(
    ledger: &Ledger,
    caller: &Caller,
    request: ResolvePossibleOptOutRequest,
) -> Result<ResolvePossibleOptOutResponse, Status> {
    let Decided { account, event_id, seq, confirmed } = Decided::parse(caller, &request)?;
    let (reading, of) = (ledger.clone(), account.clone());
    let what = blocking(move || reading.resolution(&of, seq, confirmed)).await?.map_err(|error| status::of_record(&error))?;
    let record = Record { account, actor: caller.actor(), event_id, occurred_at: None, what };
    let acknowledgement = ledger.record(record).await.map_err(|error| status::of_record(&error))?;
    Ok(ResolvePossibleOptOutResponse { acknowledgement: Some(map::acknowledgement(acknowledgement)) })
}

/// What a person decided.
#[derive(Debug)]
struct Decided {
    account: Account,
    event_id: Option<EventId>,
    seq: Seq,
    confirmed: bool,
}

impl Decided {
    fn parse(caller: &Caller, request: &ResolvePossibleOptOutRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(caller);
        let account = fields.account("account", &request.account);
        let event_id = fields.event_id("event_id", &request.event_id);
        if request.seq == 0 {
            fields.refuse("seq", ErrorReason::SeqMissing, "the message's seq is needed, as ListPossibleOptOuts gives it");
        }
        let confirmed = match PossibleOptOutVerdict::try_from(request.verdict) {
            Ok(PossibleOptOutVerdict::Confirmed) => Some(true),
            Ok(PossibleOptOutVerdict::Dismissed) => Some(false),
            Ok(PossibleOptOutVerdict::Unspecified) => {
                fields.refuse("verdict", ErrorReason::VerdictMissing, "the verdict is unspecified");
                None
            }
            Err(_) => {
                fields.refuse("verdict", ErrorReason::VerdictUnknown, format!("{} is no verdict that this server knows", request.verdict));
                None
            }
        };
        fields.finish(|| Some(Self { account: account?, event_id, seq: Seq::new(request.seq), confirmed: confirmed? }))
    }
}

fn listed(message: DoubtfulMessage, now: Time) -> PossibleOptOut {
    let waited = now.micros().saturating_sub(message.recorded_at.micros()) / DAY;
    PossibleOptOut {
        seq: message.seq.number(),
        occurred_at: Some(map::timestamp(message.occurred_at)),
        recorded_at: Some(map::timestamp(message.recorded_at)),
        sender: message.sender.to_string(),
        contacts: map::identifiers(&message.contact),
        text: message.text,
        message_id: message.message_id,
        days_waiting: u64::try_from(waited).unwrap_or_default(),
    }
}

/// A page of at most `page_size` messages and about `bytes`, one message at least, and where the next begins.
fn cut(messages: impl Iterator<Item = PossibleOptOut>, page_size: usize, bytes: usize) -> ListPossibleOptOutsResponse {
    let mut page = ListPossibleOptOutsResponse::default();
    let mut size = 0;
    for message in messages {
        size += message.encoded_len();
        if page.possible_opt_outs.len() == page_size || (size > bytes && !page.possible_opt_outs.is_empty()) {
            page.next_seq = message.seq;
            break;
        }
        page.possible_opt_outs.push(message);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt;

    fn message(seq: u64, recorded_at: i64) -> DoubtfulMessage {
        DoubtfulMessage {
            seq: Seq::new(seq),
            occurred_at: Time::from_micros(1),
            recorded_at: Time::from_micros(recorded_at),
            sender: "1001".parse().unwrap(),
            contact: vec!["+447400123456".parse().unwrap()],
            text: "Stop. Thank you".to_owned(),
            message_id: String::new(),
        }
    }

    #[test]
    fn a_decision_that_was_forgotten_is_none() {
        let status = Decided::parse(&Caller::local(), &ResolvePossibleOptOutRequest::default()).unwrap_err();
        let details = status.get_error_details();
        let reasons: Vec<_> = details.bad_request().unwrap().field_violations.iter().map(|violation| violation.reason.as_str()).collect();
        assert_eq!(reasons, ["SEQ_MISSING", "VERDICT_MISSING"]);
        let request = |verdict| ResolvePossibleOptOutRequest { seq: 7, verdict, ..Default::default() };
        assert_eq!(
            Decided::parse(&Caller::local(), &request(9)).unwrap_err().get_error_details().error_info().unwrap().reason,
            "VERDICT_UNKNOWN"
        );
        assert!(
            Decided::parse(&Caller::local(), &request(1)).unwrap().confirmed
                && !Decided::parse(&Caller::local(), &request(2)).unwrap().confirmed
        );
    }

    #[test]
    fn whole_days_count_from_when_it_was_recorded() {
        let waited = |now| listed(message(7, DAY), Time::from_micros(now)).days_waiting;
        assert_eq!((waited(DAY), waited(2 * DAY - 1), waited(2 * DAY), waited(0)), (0, 0, 1, 0));
    }

    #[test]
    fn a_page_ends_by_count_or_by_bytes_and_names_the_next_seq() {
        let page = |page_size, bytes| {
            let page = cut([3, 5, 9].map(|seq| listed(message(seq, 0), Time::from_micros(0))).into_iter(), page_size, bytes);
            (page.possible_opt_outs.iter().map(|message| message.seq).collect::<Vec<_>>(), page.next_seq)
        };
        assert_eq!(page(2, usize::MAX), (vec![3, 5], 9));
        assert_eq!(page(10, 1), (vec![3], 5));
        assert_eq!(page(3, usize::MAX), (vec![3, 5, 9], 0));
    }
}
