//! What the server refuses over gRPC, with which reason and field, and that nothing of it is stored.

use consent_ledger::proto::batch_check_send_item::Outcome;
use consent_ledger::proto::report_standing_request::Report;
use consent_ledger::proto::{
    BatchCheckSendRequest, ChangeNumberRequest, ChangeTemplateRequest, ChangeUserIdRequest, CheckSendRequest, CheckTemplate,
    CreateAccountRequest, DeclareSenderRequest, ErrorReason, Evidence, GetSenderStandingRequest, LinkIdentifiersRequest,
    ListEntriesRequest, ListTemplatesRequest, Permission, RecordConfirmationSentRequest, RecordInboundMessageRequest, RecordOptInRequest,
    RecordOptOutRequest, RecordPlatformPreferenceRequest, RecordProviderFeedbackRequest, RegisterTemplateRequest,
    ReportIdentityChangeRequest, ReportStandingRequest, Restriction, SenderDeclaration,
};
use prost_types::Timestamp;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::client::{Client, on_a_server, opt_in, question, text};

const CONTACT: &str = "+447400123456";
const USER_ID: &str = "GB.13491208655302741918";

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
fn feedback_and_moves_are_refused_by_field() {
    on_a_server(async |client| {
        let before = client.log().await.len();
        let recording = || client.recording.clone();
        let contacts = || vec![CONTACT.to_owned()];
        let feedback = || RecordProviderFeedbackRequest { contacts: contacts(), sender: "100".into(), code: 131_050, ..Default::default() };
        for (request, expected) in [
            (RecordProviderFeedbackRequest { code: 0, ..feedback() }, "code CODE_MISSING"),
            (RecordProviderFeedbackRequest { contacts: vec![], ..feedback() }, "contacts CONTACT_EMPTY"),
            (RecordProviderFeedbackRequest { sender: String::new(), ..feedback() }, "sender SENDER_EMPTY"),
            (RecordProviderFeedbackRequest { message_id: "m".repeat(513), ..feedback() }, "message_id MESSAGE_ID_TOO_LONG"),
        ] {
            assert_invalid(&recording().record_provider_feedback(request).await.unwrap_err(), &[expected]);
        }
        for (preference, expected) in [(0, "preference PREFERENCE_MISSING"), (4, "preference PREFERENCE_UNKNOWN")] {
            let request = RecordPlatformPreferenceRequest { contacts: contacts(), sender: "100".into(), preference, ..Default::default() };
            assert_invalid(&recording().record_platform_preference(request).await.unwrap_err(), &[expected]);
        }
        let sent = RecordConfirmationSentRequest { contact: "nobody".into(), sender: "1 0".into(), ..Default::default() };
        let status = recording().record_confirmation_sent(sent).await.unwrap_err();
        assert_invalid(&status, &["contact CONTACT_MALFORMED", "sender SENDER_MALFORMED"]);

        let identity = || client.identity.clone();
        for (contacts, expected) in [
            (vec![CONTACT], "contacts CONTACT_MISSING"),
            (vec![CONTACT, USER_ID, "GB.2"], "contacts TOO_MANY_CONTACTS"),
            (vec![CONTACT, "+447400123457"], "contacts TOO_MANY_CONTACTS"),
            (vec![CONTACT, "+44 7400 123456"], "contacts CONTACTS_EQUAL"),
            (vec![CONTACT, "GB."], "contacts[1] CONTACT_MALFORMED"),
        ] {
            let contacts = contacts.into_iter().map(str::to_owned).collect();
            let request = LinkIdentifiersRequest { contacts, ..Default::default() };
            assert_invalid(&identity().link_identifiers(request).await.unwrap_err(), &[expected]);
        }
        for (from, to, number, user_id) in [
            (CONTACT, CONTACT, "to CONTACTS_EQUAL", "from CONTACT_NOT_A_USER_ID"),
            (CONTACT, USER_ID, "to CONTACT_NOT_A_PHONE_NUMBER", "from CONTACT_NOT_A_USER_ID"),
            (USER_ID, CONTACT, "from CONTACT_NOT_A_PHONE_NUMBER", "to CONTACT_NOT_A_USER_ID"),
            (USER_ID, USER_ID, "from CONTACT_NOT_A_PHONE_NUMBER", "to CONTACTS_EQUAL"),
            ("", CONTACT, "from CONTACT_EMPTY", "from CONTACT_EMPTY"),
        ] {
            let (from, to) = (from.to_owned(), to.to_owned());
            let change = ChangeNumberRequest { from: from.clone(), to: to.clone(), ..Default::default() };
            let violations = refused(&identity().change_number(change).await.unwrap_err()).2;
            assert!(violations.iter().any(|violation| violation == number), "{violations:?}");
            let change = ChangeUserIdRequest { from, to, ..Default::default() };
            let violations = refused(&identity().change_user_id(change).await.unwrap_err()).2;
            assert!(violations.iter().any(|violation| violation == user_id), "{violations:?}");
        }
        let nobody = ReportIdentityChangeRequest::default();
        let status = identity().report_identity_change(nobody).await.unwrap_err();
        assert_invalid(&status, &["contacts CONTACT_EMPTY", "sender SENDER_EMPTY"]);
        assert_eq!(client.log().await.len(), before);
    });
}

#[test]
fn senders_and_templates_are_refused_by_field() {
    on_a_server(async |client| {
        let before = client.log().await.len();
        let admin = || client.admin.clone();
        let declare = |escalation_paths: &[i32]| {
            let declaration = Some(SenderDeclaration { escalation_paths: escalation_paths.to_vec(), ..Default::default() });
            DeclareSenderRequest { sender: "100".into(), declaration, ..Default::default() }
        };
        for (request, expected) in [
            (DeclareSenderRequest { declaration: None, ..declare(&[]) }, "declaration DECLARATION_MISSING"),
            (declare(&[0]), "declaration.escalation_paths[0] ESCALATION_PATH_MISSING"),
            (declare(&[2, 10]), "declaration.escalation_paths[1] ESCALATION_PATH_UNKNOWN"),
            (DeclareSenderRequest { sender: String::new(), ..declare(&[2]) }, "sender SENDER_EMPTY"),
        ] {
            assert_invalid(&admin().declare_sender(request).await.unwrap_err(), &[expected]);
        }
        let restrict = |kinds: &[i32], until| Some(Report::Restriction(Restriction { kinds: kinds.to_vec(), until }));
        let past = from_now(&client, -1_000_000).await;
        for (report, expected) in [
            (None, "report REPORT_MISSING"),
            (Some(Report::Quality(0)), "quality QUALITY_MISSING"),
            (Some(Report::Quality(4)), "quality QUALITY_UNKNOWN"),
            (restrict(&[], None), "restriction.kinds RESTRICTION_MISSING"),
            (restrict(&[1, 0], None), "restriction.kinds[1] RESTRICTION_MISSING"),
            (restrict(&[4], None), "restriction.kinds[0] RESTRICTION_UNKNOWN"),
            (restrict(&[1], past), "restriction.until UNTIL_NOT_LATER"),
        ] {
            let request = ReportStandingRequest { sender: "100".into(), report, ..Default::default() };
            assert_invalid(&admin().report_standing(request).await.unwrap_err(), &[expected]);
        }
        let asked = GetSenderStandingRequest { known_at: Some(Timestamp::default()), ..Default::default() };
        let status = admin().get_sender_standing(asked).await.unwrap_err();
        assert_invalid(&status, &["sender SENDER_EMPTY", "known_at TIME_OUT_OF_RANGE"]);

        let good = || RegisterTemplateRequest { name: "news".into(), language: "en".into(), category: 1, status: 1, ..Default::default() };
        for (request, expected) in [
            (RegisterTemplateRequest { name: String::new(), ..good() }, "name TEMPLATE_MALFORMED"),
            (RegisterTemplateRequest { language: "x".repeat(33), ..good() }, "language TEMPLATE_MALFORMED"),
            (RegisterTemplateRequest { category: 0, ..good() }, "category CATEGORY_MISSING"),
            (RegisterTemplateRequest { category: 4, ..good() }, "category CATEGORY_NOT_FOR_TEMPLATES"),
            (RegisterTemplateRequest { category: 5, ..good() }, "category CATEGORY_UNKNOWN"),
            (RegisterTemplateRequest { status: 0, ..good() }, "status TEMPLATE_STATUS_MISSING"),
            (RegisterTemplateRequest { status: 6, ..good() }, "status TEMPLATE_STATUS_UNKNOWN"),
        ] {
            assert_invalid(&admin().register_template(request).await.unwrap_err(), &[expected]);
        }
        let change = || ChangeTemplateRequest { name: "news".into(), language: "en".into(), ..Default::default() };
        for (request, expected) in [
            (change(), "category TEMPLATE_CHANGE_EMPTY"),
            (ChangeTemplateRequest { category: 4, ..change() }, "category CATEGORY_NOT_FOR_TEMPLATES"),
            (ChangeTemplateRequest { status: 6, ..change() }, "status TEMPLATE_STATUS_UNKNOWN"),
            (ChangeTemplateRequest { quality: 4, ..change() }, "quality QUALITY_UNKNOWN"),
        ] {
            assert_invalid(&admin().change_template(request).await.unwrap_err(), &[expected]);
        }
        let page = ListTemplatesRequest { page_token: "news".into(), page_size: 1_001, ..Default::default() };
        let status = admin().list_templates(page).await.unwrap_err();
        assert_invalid(&status, &["page_token PAGE_TOKEN_MALFORMED", "page_size PAGE_SIZE_TOO_LARGE"]);

        let template = Some(CheckTemplate { name: "news".into(), ..Default::default() });
        let both = CheckSendRequest { template, opt_out_confirmation: true, ..question(CONTACT, "100") };
        let expected = ["template.language TEMPLATE_MALFORMED", "template FIELDS_CONFLICT"];
        assert_invalid(&client.check(both).await.unwrap_err(), &expected);
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
