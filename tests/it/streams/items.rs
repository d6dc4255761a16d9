//! What is answered to each item.

use consent_ledger::proto::record_stream_request::Event;
use consent_ledger::proto::{
    Acknowledgement, ChangeNumberRequest, ChangeUserIdRequest, Effect, Entry, ErrorReason, Evidence, ItemError, LinkIdentifiersRequest,
    RecordConfirmationSentRequest, RecordInboundMessageRequest, RecordOptInRequest, RecordOptOutRequest, RecordPlatformPreferenceRequest,
    RecordProviderFeedbackRequest, RecordStreamRequest, ReportIdentityChangeRequest,
};
use tonic::Status;
use tonic_types::StatusExt;

use super::{item, record};
use crate::errors::from_now;
use crate::support::client::{Client, on_a_server, opt_in, seconds, text};

const CONTACT: &str = "+447400123456";

#[test]
fn answers_come_in_the_order_of_the_items_and_a_bad_item_answers_for_itself() {
    on_a_server(async |client| {
        let contact = |n: u32| format!("+4474001{n:05}");
        // Every seventh is refused before it reaches the ledger, every eleventh by it: more than several chunks hold.
        let items = (0..3_000).map(|n| {
            let mut event = opt_in(&contact(n), &format!("event-{n}"));
            if n % 7 == 3 {
                event.contact = "nobody".into();
            }
            if n % 11 == 5 {
                event.account = "elsewhere".into();
            }
            item(Event::OptIn(event))
        });
        let answers = record(&client, items.collect()).await;
        assert_eq!(answers.len(), 3_000);
        let mut seq = 2;
        for (n, answer) in answers.iter().enumerate() {
            match (n % 7 == 3, n % 11 == 5, answer) {
                (true, _, Err(error)) => assert_eq!((error.reason(), error.field.as_str()), (ErrorReason::ContactMalformed, "contact")),
                (false, true, Err(error)) => assert_eq!((error.reason(), error.field.as_str()), (ErrorReason::AccountUnknown, "")),
                (false, false, Ok(acknowledgement)) => {
                    seq += 1;
                    assert_eq!((acknowledgement.seq, acknowledgement.duplicate), (seq, false));
                }
                other => panic!("item {n}: {other:?}"),
            }
        }
        assert_eq!(client.log().await.last().unwrap().seq, seq);
        let log = client.opened_log().await;
        for (n, acknowledgement) in answers.iter().enumerate().filter_map(|(n, answer)| Some((n, answer.as_ref().ok()?))) {
            let entry = &log[usize::try_from(acknowledgement.seq).unwrap() - 1];
            let event_id = entry.sealed.as_ref().unwrap().event_id.as_str();
            assert_eq!((event_id, &entry.entry_hash), (format!("event-{n}").as_str(), &acknowledgement.entry_hash));
        }
    });
}

#[test]
fn known_event_ids_are_duplicates_and_other_content_is_refused() {
    on_a_server(async |client| {
        let good = || item(Event::OptIn(opt_in(CONTACT, "signup-1")));
        let other = item(Event::OptIn(RecordOptInRequest { categories: vec![2], ..opt_in(CONTACT, "signup-1") }));
        let answers = record(&client, vec![good(), good(), other.clone()]).await;
        let first = answers[0].clone().unwrap();
        let duplicate = Acknowledgement { duplicate: true, ..first.clone() };
        assert_eq!(answers[1], Ok(duplicate.clone()));
        assert_eq!(answers[2].as_ref().unwrap_err().reason(), ErrorReason::EventIdReused);
        // In a stream of its own it is found in the log.
        let again = record(&client, vec![other, good()]).await;
        assert_eq!(
            again[0].as_ref().unwrap_err().message,
            format!("the event id was used at seq {} for an event with other content", first.seq)
        );
        assert_eq!(again[1], Ok(duplicate));
    });
}

#[test]
fn a_stop_in_a_stream_causes_the_opt_out_it_means() {
    on_a_server(async |client| {
        let says = |text_said: &str| item(Event::InboundMessage(text(CONTACT, "1001", text_said)));
        let answers = record(&client, vec![says("hello"), says("STOP"), says("hello")]).await;
        let seqs: Vec<(u64, u64)> = answers.iter().map(|answer| answer.as_ref().unwrap()).map(|a| (a.seq, a.caused_seq)).collect();
        assert_eq!(seqs, [(3, 0), (4, 5), (6, 0)]);
    });
}

#[test]
fn an_item_without_an_event_says_so() {
    on_a_server(async |client| {
        let answers = record(&client, vec![RecordStreamRequest::default(), item(Event::OptIn(opt_in(CONTACT, "")))]).await;
        let error = answers[0].as_ref().unwrap_err();
        assert_eq!((error.reason(), error.field.as_str()), (ErrorReason::EventMissing, "event"));
        assert_eq!(answers[1].as_ref().unwrap().seq, 3);
    });
}

/// What a call of its own answers.
async fn call(client: &Client, item: RecordStreamRequest) -> Result<Acknowledgement, Status> {
    let (mut recording, mut identity) = (client.recording.clone(), client.identity.clone());
    let acknowledgement = match item.event.unwrap() {
        Event::OptIn(event) => recording.record_opt_in(event).await?.into_inner().acknowledgement,
        Event::OptOut(event) => recording.record_opt_out(event).await?.into_inner().acknowledgement,
        Event::InboundMessage(event) => recording.record_inbound_message(event).await?.into_inner().acknowledgement,
        Event::ProviderFeedback(event) => recording.record_provider_feedback(event).await?.into_inner().acknowledgement,
        Event::PlatformPreference(event) => recording.record_platform_preference(event).await?.into_inner().acknowledgement,
        Event::ConfirmationSent(event) => recording.record_confirmation_sent(event).await?.into_inner().acknowledgement,
        Event::LinkIdentifiers(event) => identity.link_identifiers(event).await?.into_inner().acknowledgement,
        Event::ChangeNumber(event) => identity.change_number(event).await?.into_inner().acknowledgement,
        Event::ChangeUserId(event) => identity.change_user_id(event).await?.into_inner().acknowledgement,
        Event::IdentityChange(event) => identity.report_identity_change(event).await?.into_inner().acknowledgement,
    };
    Ok(acknowledgement.unwrap())
}

/// An event of each kind, some of them bad, many of one person: joins and moves in the middle.
async fn of_every_kind(client: &Client) -> Vec<RecordStreamRequest> {
    let (user_id, new_user_id) = ("GB.13491208655302741918", "GB.23491208655302741918");
    let (at, sender) = (Some(seconds(1_700_000_000)), "1001".to_owned());
    let later = |n: i64| Some(seconds(1_700_000_000 + n));
    let events = vec![
        Event::OptIn(RecordOptInRequest { occurred_at: at, ..opt_in(CONTACT, "kind-1") }),
        Event::InboundMessage(RecordInboundMessageRequest { occurred_at: later(1), ..text(CONTACT, "1001", "hello") }),
        Event::LinkIdentifiers(LinkIdentifiersRequest {
            contacts: vec![CONTACT.into(), user_id.into()],
            occurred_at: later(2),
            ..Default::default()
        }),
        Event::InboundMessage(RecordInboundMessageRequest { occurred_at: later(3), ..text(user_id, "1001", "stop") }),
        Event::ConfirmationSent(RecordConfirmationSentRequest {
            contact: CONTACT.into(),
            sender: sender.clone(),
            occurred_at: later(4),
            ..Default::default()
        }),
        Event::ChangeNumber(ChangeNumberRequest {
            from: CONTACT.into(),
            to: "+447400123457".into(),
            occurred_at: later(5),
            event_id: "kind-2".into(),
            ..Default::default()
        }),
        Event::ChangeUserId(ChangeUserIdRequest {
            from: user_id.into(),
            to: new_user_id.into(),
            occurred_at: later(6),
            ..Default::default()
        }),
        Event::IdentityChange(ReportIdentityChangeRequest {
            contacts: vec![new_user_id.into()],
            sender: sender.clone(),
            occurred_at: later(7),
            ..Default::default()
        }),
        Event::ProviderFeedback(RecordProviderFeedbackRequest {
            contacts: vec!["+447400123457".into()],
            sender: sender.clone(),
            code: 131_050,
            occurred_at: later(8),
            ..Default::default()
        }),
        Event::PlatformPreference(RecordPlatformPreferenceRequest {
            contacts: vec!["+447400123457".into()],
            sender,
            preference: 2,
            occurred_at: later(9),
            ..Default::default()
        }),
        Event::OptOut(RecordOptOutRequest { contact: CONTACT.into(), method: 1, occurred_at: later(10), ..Default::default() }),
        // The rest is refused, at the edge or by the ledger.
        Event::OptOut(RecordOptOutRequest { contact: "447".into(), ..Default::default() }),
        Event::OptIn(RecordOptInRequest { occurred_at: from_now(client, 360_000_000).await, ..opt_in(CONTACT, "") }),
        Event::OptIn(RecordOptInRequest { account: "elsewhere".into(), ..opt_in(CONTACT, "") }),
        Event::OptIn(RecordOptInRequest { categories: vec![], method: 77, ..opt_in("", "") }),
        Event::OptIn(RecordOptInRequest { event_id: "kind-2".into(), ..opt_in(CONTACT, "") }),
        Event::OptIn(RecordOptInRequest { occurred_at: at, ..opt_in(CONTACT, "kind-1") }),
        Event::OptIn(RecordOptInRequest {
            evidence: Some(Evidence { text: "x".repeat(17_000), ..Default::default() }),
            ..opt_in(CONTACT, "")
        }),
        Event::ChangeNumber(ChangeNumberRequest { from: CONTACT.into(), to: CONTACT.into(), ..Default::default() }),
    ];
    events.into_iter().map(item).collect()
}

/// What is the same in the logs of two ledgers: all but hashes, keys, and the time of recording.
fn facts(log: &[Entry]) -> Vec<Entry> {
    let strip = |entry: &Entry| {
        let mut entry = Entry { entry_hash: Vec::new(), previous_hash: Vec::new(), recorded_at: None, raw: Vec::new(), ..entry.clone() };
        if let Some(clear) = &mut entry.clear {
            clear.key_commitment.clear();
            clear.second_key_commitment.clear();
        }
        for sealed in entry.sealed.iter_mut().chain(&mut entry.second_sealed) {
            sealed.content_digest.clear();
        }
        entry
    };
    // The first two, the ledger's own, name it and say when it was made.
    log.iter().skip(2).map(strip).collect()
}

#[test]
fn a_stream_records_and_answers_what_calls_do() {
    on_a_server(async |called| {
        on_another(called).await;
    });
}

async fn on_another(called: Client) {
    let dir = tempfile::tempdir().unwrap();
    let server = crate::support::server::Server::start(&dir.path().join("data"), &[]);
    let streamed = Client::connect(&server.url()).await;
    let items = of_every_kind(&called).await;
    let answers = record(&streamed, items.clone()).await;
    assert_eq!(answers.len(), items.len());
    for (place, (item, answer)) in items.into_iter().zip(answers).enumerate() {
        match (call(&called, item).await, answer) {
            (Ok(one), Ok(other)) => {
                let one = Acknowledgement { entry_hash: other.entry_hash.clone(), ..one };
                assert_eq!(one, other, "item {place}");
                assert_ne!(one.effect(), Effect::Unspecified);
            }
            (Err(status), Err(error)) => assert_eq!(same_refusal(&status), without_clock(error), "item {place}"),
            other => panic!("item {place}: {other:?}"),
        }
    }
    let (called, streamed) = (called.log().await, streamed.log().await);
    assert_eq!(facts(&called), facts(&streamed));
    assert!(called.len() > 12);
}

/// A status as the error of an item, from the details that clients read.
fn same_refusal(status: &Status) -> ItemError {
    let details = status.get_error_details();
    let reason = ErrorReason::from_str_name(&format!("ERROR_REASON_{}", details.error_info().unwrap().reason)).unwrap();
    let field = details.bad_request().map(|bad| bad.field_violations[0].field.clone()).unwrap_or_default();
    without_clock(ItemError { reason: reason.into(), message: status.message().to_owned(), field })
}

/// The ledger's clock goes on between the two.
fn without_clock(error: ItemError) -> ItemError {
    let message = error.message.split(", 20").next().unwrap().to_owned();
    ItemError { message, ..error }
}
