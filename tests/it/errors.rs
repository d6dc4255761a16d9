//! What the server refuses over gRPC, with which reason and field, and that nothing of it is stored.

use consent_ledger::proto::batch_check_send_item::Outcome;
use consent_ledger::proto::{
    BatchCheckSendRequest, CheckSendRequest, CreateAccountRequest, ErrorReason, Evidence, ListEntriesRequest, Permission,
    RecordInboundMessageRequest, RecordOptInRequest, RecordOptOutRequest,
};
use prost_types::Timestamp;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::client::{Client, opt_in, question, runtime, text};
use crate::support::server::Server;

const CONTACT: &str = "+447400123456";

/// Runs a test on a server of its own.
pub fn on_a_server<F: Future<Output = ()>>(test: impl FnOnce(Client) -> F) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async { test(Client::connect(&server.url()).await).await });
    assert_eq!(server.terminate().code(), Some(0));
}

/// The code, the reason, and every violation as `field REASON`.
pub fn refused(status: &Status) -> (Code, String, Vec<String>) {
    let details = status.get_error_details();
    let info = details.error_info().expect("an ErrorInfo");
    assert_eq!(info.domain, "consent-ledger");
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    assert!(violations.iter().all(|violation| !violation.description.is_empty()));
    let violations = violations.into_iter().map(|violation| format!("{} {}", violation.field, violation.reason)).collect();
    (status.code(), info.reason.clone(), violations)
}

/// `INVALID_ARGUMENT` with exactly these violations; the first gives the reason.
pub fn assert_invalid(status: &Status, expected: &[&str]) {
    let (code, reason, violations) = refused(status);
    assert_eq!((code, violations), (Code::InvalidArgument, expected.iter().map(|text| (*text).to_owned()).collect()), "{status:?}");
    assert!(expected[0].ends_with(&format!(" {reason}")), "{reason}");
}

/// A time so many microseconds after the server's own.
pub async fn from_now(client: &Client, micros: i64) -> Option<Timestamp> {
    let now = client.check(question(CONTACT, "100")).await.unwrap().at.unwrap();
    let at = now.seconds * 1_000_000 + i64::from(now.nanos / 1_000) + micros;
    Some(Timestamp { seconds: at.div_euclid(1_000_000), nanos: i32::try_from(at.rem_euclid(1_000_000)).unwrap() * 1_000 })
}

#[test]
fn an_opt_in_that_is_none_is_refused_by_field_and_nothing_is_stored() {
    on_a_server(async |client| {
        let before = client.log().await.len();
        let good = || opt_in(CONTACT, "");
        let long = |bytes: usize| Some(Evidence { text: "x".repeat(bytes), ..Default::default() });
        let cases: Vec<(RecordOptInRequest, &[&str])> = vec![
            (RecordOptInRequest { contact: String::new(), ..good() }, &["contact CONTACT_EMPTY"]),
            (RecordOptInRequest { contact: "  ".into(), ..good() }, &["contact CONTACT_EMPTY"]),
            (RecordOptInRequest { contact: "447400123456".into(), ..good() }, &["contact CONTACT_MALFORMED"]),
            (RecordOptInRequest { contact: "+44".into(), ..good() }, &["contact CONTACT_MALFORMED"]),
            (RecordOptInRequest { contact: "US.".into(), ..good() }, &["contact CONTACT_MALFORMED"]),
            (RecordOptInRequest { contact: "Ada".into(), ..good() }, &["contact CONTACT_MALFORMED"]),
            (RecordOptInRequest { categories: vec![], ..good() }, &["categories CATEGORY_MISSING"]),
            (RecordOptInRequest { categories: vec![0], ..good() }, &["categories[0] CATEGORY_MISSING"]),
            (RecordOptInRequest { categories: vec![1, 99], ..good() }, &["categories[1] CATEGORY_UNKNOWN"]),
            (RecordOptInRequest { method: 0, ..good() }, &["method METHOD_MISSING"]),
            (RecordOptInRequest { method: 99, ..good() }, &["method METHOD_UNKNOWN"]),
            (RecordOptInRequest { event_id: "x".repeat(129), ..good() }, &["event_id EVENT_ID_TOO_LONG"]),
            (RecordOptInRequest { sender: "one hundred".into(), ..good() }, &["sender SENDER_MALFORMED"]),
            (RecordOptInRequest { account: "Shop!".into(), ..good() }, &["account ACCOUNT_MALFORMED"]),
            (RecordOptInRequest { evidence: long(16 * 1024 + 1), ..good() }, &["evidence EVIDENCE_TOO_LARGE"]),
            (RecordOptInRequest { occurred_at: from_now(&client, 360_000_000).await, ..good() }, &["occurred_at OCCURRED_AT_IN_FUTURE"]),
            (RecordOptInRequest { occurred_at: Some(Timestamp::default()), ..good() }, &["occurred_at TIME_OUT_OF_RANGE"]),
            (RecordOptInRequest { expires_at: from_now(&client, -1_000_000).await, ..good() }, &["expires_at EXPIRES_AT_NOT_LATER"]),
            (
                RecordOptInRequest { event_id: "é".repeat(65), evidence: long(17_000), ..RecordOptInRequest::default() },
                &[
                    "event_id EVENT_ID_TOO_LONG",
                    "contact CONTACT_EMPTY",
                    "categories CATEGORY_MISSING",
                    "method METHOD_MISSING",
                    "evidence EVIDENCE_TOO_LARGE",
                ],
            ),
        ];
        for (request, expected) in cases {
            assert_invalid(&client.opt_in(request).await.unwrap_err(), expected);
        }
        assert_eq!(client.log().await.len(), before);
        // What lies at the limits is taken.
        let within = RecordOptInRequest {
            event_id: "x".repeat(128),
            evidence: long(16_000),
            occurred_at: from_now(&client, 240_000_000).await,
            ..good()
        };
        client.opt_in(within).await.unwrap();
        assert_eq!(client.log().await.len(), before + 1);
    });
}

#[test]
fn opt_outs_messages_and_questions_are_refused_by_field_too() {
    on_a_server(async |client| {
        let before = client.log().await.len();
        let opt_out = RecordOptOutRequest { contact: CONTACT.into(), categories: vec![77], ..Default::default() };
        let status = client.recording.clone().record_opt_out(opt_out).await.unwrap_err();
        assert_invalid(&status, &["categories[0] CATEGORY_UNKNOWN", "method METHOD_MISSING"]);

        let empty = client.inbound(RecordInboundMessageRequest::default()).await.unwrap_err();
        assert_invalid(&empty, &["contacts CONTACT_EMPTY", "sender SENDER_EMPTY", "kind KIND_MISSING"]);
        let mut two = text(CONTACT, "100", &"x".repeat(65_537));
        two.contacts.push("+447400123457".into());
        two.message_id = "m".repeat(513);
        let status = client.inbound(two).await.unwrap_err();
        assert_invalid(&status, &["contacts TOO_MANY_CONTACTS", "text TEXT_TOO_LONG", "message_id MESSAGE_ID_TOO_LONG"]);
        let mut malformed = text(CONTACT, "100", "hello");
        malformed.contacts.push("nobody".into());
        malformed.occurred_at = from_now(&client, 360_000_000).await;
        let status = client.inbound(malformed).await.unwrap_err();
        assert_invalid(&status, &["contacts[1] CONTACT_MALFORMED", "occurred_at OCCURRED_AT_IN_FUTURE"]);

        let unknown = CheckSendRequest { category: 99, ..question("", "") };
        let expected = ["contact CONTACT_EMPTY", "sender SENDER_EMPTY", "category CATEGORY_UNKNOWN"];
        assert_invalid(&client.check(unknown).await.unwrap_err(), &expected);
        let both = CheckSendRequest { category: 1, opt_out_confirmation: true, ..question(CONTACT, "100") };
        assert_invalid(&client.check(both).await.unwrap_err(), &["category FIELDS_CONFLICT"]);
        let page = ListEntriesRequest { all_accounts: true, contact: CONTACT.into(), page_size: 1_001, ..Default::default() };
        let status = client.audit.clone().list_entries(page).await.unwrap_err();
        assert_invalid(&status, &["contact FIELDS_CONFLICT", "page_size PAGE_SIZE_TOO_LARGE"]);
        assert_eq!(client.log().await.len(), before);
    });
}

#[test]
fn an_event_id_stands_for_one_content() {
    on_a_server(async |client| {
        let first = client.opt_in(opt_in(CONTACT, "order-1")).await.unwrap();
        let again = client.opt_in(opt_in(CONTACT, "order-1")).await.unwrap();
        assert_eq!((again.seq, &again.entry_hash, again.duplicate), (first.seq, &first.entry_hash, true));
        let message = RecordInboundMessageRequest { event_id: "order-1".into(), ..text(CONTACT, "100", "hello") };
        let other = RecordOptInRequest { categories: vec![2], ..opt_in(CONTACT, "order-1") };
        let earlier = RecordOptInRequest { occurred_at: from_now(&client, -3_600_000_000).await, ..opt_in(CONTACT, "order-1") };
        for status in [
            client.opt_in(opt_in("+447400123457", "order-1")).await.unwrap_err(),
            client.opt_in(other).await.unwrap_err(),
            client.opt_in(earlier).await.unwrap_err(),
            client.inbound(message).await.unwrap_err(),
        ] {
            assert_eq!(refused(&status), (Code::AlreadyExists, "EVENT_ID_REUSED".into(), Vec::new()));
        }
        assert_eq!(client.log().await.last().unwrap().seq, first.seq);
    });
}

#[test]
fn a_batch_has_a_most_and_one_bad_contact_answers_for_itself() {
    on_a_server(async |client| {
        client.opt_in(opt_in("+447400100007", "")).await.unwrap();
        let batch = |contacts| BatchCheckSendRequest { contacts, sender: "100".into(), ..Default::default() };
        let mut contacts: Vec<String> = (0..10_001).map(|number| format!("+4474001{number:05}")).collect();
        let status = client.decision.clone().batch_check_send(batch(contacts.clone())).await.unwrap_err();
        assert_invalid(&status, &["contacts TOO_MANY_CONTACTS"]);
        contacts.truncate(10_000);
        contacts[5_000] = "nobody".into();
        let items = client.decision.clone().batch_check_send(batch(contacts)).await.unwrap().into_inner().items;
        assert_eq!(items.len(), 10_000);
        for (place, item) in items.into_iter().enumerate() {
            match item.outcome.unwrap() {
                Outcome::Decision(decision) if place == 7 => assert_eq!(decision.permission(), Permission::TemplateOnly),
                Outcome::Decision(decision) => assert_eq!(decision.permission(), Permission::Nothing, "{place}"),
                Outcome::Error(error) => {
                    assert_eq!((place, error.reason(), error.field.as_str()), (5_000, ErrorReason::ContactMalformed, "contacts[5000]"));
                    assert!(!error.message.contains("nobody"));
                }
            }
        }
    });
}

#[test]
fn a_position_ahead_of_the_log_is_no_permission() {
    on_a_server(async |client| {
        let seq = client.inbound(text(CONTACT, "100", "hello")).await.unwrap().seq;
        let at = |min_position| CheckSendRequest { min_position, ..question(CONTACT, "100") };
        let decision = client.check(at(seq)).await.unwrap();
        assert_eq!((decision.permission(), decision.position.unwrap().seq), (Permission::FreeForm, seq));
        assert_eq!(refused(&client.check(at(seq + 1)).await.unwrap_err()), (Code::Unavailable, "BEHIND_POSITION".into(), Vec::new()));
        let batch =
            BatchCheckSendRequest { contacts: vec![CONTACT.into()], sender: "100".into(), min_position: u64::MAX, ..Default::default() };
        let status = client.decision.clone().batch_check_send(batch).await.unwrap_err();
        assert_eq!(refused(&status), (Code::Unavailable, "BEHIND_POSITION".into(), Vec::new()));
    });
}

#[test]
fn accounts_are_created_once_and_know_nothing_of_each_other() {
    on_a_server(async |client| {
        let in_shop = || RecordOptInRequest { account: "shop".into(), ..opt_in(CONTACT, "order-1") };
        let ask_shop = || CheckSendRequest { account: "shop".into(), ..question(CONTACT, "100") };
        let unknown = (Code::NotFound, "ACCOUNT_UNKNOWN".to_owned(), Vec::new());
        assert_eq!(refused(&client.opt_in(in_shop()).await.unwrap_err()), unknown);
        assert_eq!(refused(&client.check(ask_shop()).await.unwrap_err()), unknown);
        let list = ListEntriesRequest { account: "shop".into(), contact: CONTACT.into(), ..Default::default() };
        assert_eq!(refused(&client.audit.clone().list_entries(list.clone()).await.unwrap_err()), unknown);

        let mut admin = client.admin.clone();
        for (account, violation) in [("", "account ACCOUNT_EMPTY"), ("Shop", "account ACCOUNT_MALFORMED")] {
            assert_invalid(&admin.create_account(CreateAccountRequest { account: account.into() }).await.unwrap_err(), &[violation]);
        }
        admin.create_account(CreateAccountRequest { account: "shop".into() }).await.unwrap();
        for account in ["shop", "default"] {
            let status = admin.create_account(CreateAccountRequest { account: account.into() }).await.unwrap_err();
            assert_eq!(refused(&status), (Code::AlreadyExists, "ACCOUNT_EXISTS".into(), Vec::new()));
        }
        let first = client.opt_in(in_shop()).await.unwrap();
        assert_eq!(client.check(ask_shop()).await.unwrap().permission(), Permission::TemplateOnly);
        assert_eq!(client.check(question(CONTACT, "100")).await.unwrap().permission(), Permission::Nothing);
        // The same event id with other content, in another account: another event.
        let second = client.opt_in(RecordOptInRequest { categories: vec![2], ..opt_in(CONTACT, "order-1") }).await.unwrap();
        assert!(!first.duplicate && !second.duplicate && first.seq != second.seq);
        let stop = RecordInboundMessageRequest { account: "shop".into(), ..text(CONTACT, "100", "STOP") };
        client.inbound(stop).await.unwrap();
        assert_eq!(client.check(ask_shop()).await.unwrap().permission(), Permission::Nothing);
        assert_eq!(client.check(question(CONTACT, "100")).await.unwrap().permission(), Permission::TemplateOnly);
        let trail = client.entries(list).await;
        let other = client.entries(ListEntriesRequest { contact: CONTACT.into(), ..Default::default() }).await;
        assert_eq!((trail.len(), other.len()), (3, 1));
        assert_ne!(trail[0].trail, other[0].trail);
    });
}
