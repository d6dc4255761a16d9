//! Requests as the wire has them, up to what the domain makes of them. The first byte says which.

use std::fmt::Debug;

use consent_ledger::api::access::Caller;
use consent_ledger::api::{choice, decision, parse, record_stream, senders, templates};
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::time::CLOCK_TOLERANCE_MICROS;
use consent_ledger::ledger::writing::record::{Record, What};
use consent_ledger::proto::{
    ChangeTemplateRequest, CheckSendRequest, DeclareSenderRequest, GetSenderStandingRequest, ListTemplatesRequest, PolicyChoice,
    RecordStreamRequest, RegisterTemplateRequest, ReportStandingRequest,
};
use prost::Message;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::caller::{CALLER, NOW};

/// What a client's library takes of a status, as gRPC for Python does: more, and the call fails for that instead.
const STATUS_MAX_BYTES: usize = 8 << 10;

/// Every message is taken or refused with a reason, twice the same; what is taken lies within its bounds, and a refusal is small
/// however long the list of what is wrong.
pub fn check(bytes: &[u8]) {
    let Some((which, message)) = bytes.split_first() else { return };
    match which % 9 {
        0 => records(message, |caller, request: RecordStreamRequest| record_stream::parse(caller, request.event, NOW)),
        1 => asks(message, |caller, request: CheckSendRequest| decision::question(caller, &request)),
        2 => records(message, |caller, request: DeclareSenderRequest| senders::declaration(caller, &request, NOW)),
        3 => records(message, |caller, request: ReportStandingRequest| senders::report(caller, &request, NOW)),
        4 => asks(message, |caller, request: GetSenderStandingRequest| senders::StandingAsked::parse(caller, &request).map(drop)),
        5 => records(message, |caller, request: RegisterTemplateRequest| templates::registration(caller, &request, NOW)),
        6 => records(message, |caller, request: ChangeTemplateRequest| templates::change(caller, &request, NOW)),
        7 => asks(message, |caller, request: ListTemplatesRequest| templates::Page::parse(caller, &request).map(drop)),
        _ => asks(message, |caller, request: PolicyChoice| {
            let mut fields = parse::Fields::of(caller);
            let read = choice::read(&mut fields, "policy", Some(request));
            fields.finish(|| read)
        }),
    }
}

fn asks<M: Message + Default + Clone + PartialEq, T: Debug>(bytes: &[u8], parse: impl Fn(&Caller, M) -> Result<T, Status>) {
    drop(parsed(bytes, parse));
}

fn parsed<M: Message + Default + Clone + PartialEq, T: Debug>(bytes: &[u8], parse: impl Fn(&Caller, M) -> Result<T, Status>) -> Option<T> {
    let message = M::decode(bytes).ok()?;
    assert!(M::decode(message.encode_to_vec().as_slice()).as_ref() == Ok(&message), "what was read is written the same");
    let parsed = parse(&CALLER, message.clone());
    if let Err(status) = &parsed {
        let size = status.message().len() + status.details().len();
        let details = status.get_error_details();
        let reason = details.error_info().map(|info| info.reason.as_str()).unwrap_or_default();
        assert!(status.code() == Code::InvalidArgument && !reason.is_empty(), "{status:?}");
        assert!(size <= STATUS_MAX_BYTES, "a refusal of {size} bytes: {:.300}", status.message());
    }
    let again = parse(&CALLER, message);
    assert_eq!(format!("{parsed:?}"), format!("{again:?}"));
    parsed.ok()
}

fn records<M: Message + Default + Clone + PartialEq>(bytes: &[u8], parse: impl Fn(&Caller, M) -> Result<Record, Status>) {
    let Some(record) = parsed(bytes, parse) else { return };
    assert!(record.occurred_at.is_none_or(|at| at.micros() > 0 && at <= NOW.plus_micros(CLOCK_TOLERANCE_MICROS)), "{record:?}");
    assert_eq!(record.account.as_str().parse().as_ref(), Ok(&record.account));
    for contact in contacts(&record.what) {
        assert_eq!(contact.as_str().parse().as_ref(), Ok(contact), "{contact:?} is canonical");
    }
}

fn contacts(what: &What) -> Vec<&Identifier> {
    match what {
        What::OptIn { contact, .. } | What::OptOut { contact, .. } | What::ConfirmationSent { contact, .. } => vec![contact],
        What::Inbound { contact, .. } | What::Preference { contact, .. } | What::SendFailed { contact, .. } => contact.iter().collect(),
        What::Link { a, b } => vec![a, b],
        What::Move { from, to, .. } => vec![from, to],
        _ => Vec::new(),
    }
}
