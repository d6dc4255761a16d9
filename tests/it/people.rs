//! What the platform says about a person, and who is who: over gRPC, on the real binary.

use consent_ledger::proto::{
    ChangeNumberRequest, ChangeUserIdRequest, CheckSendRequest, Decision, Effect, LinkIdentifiersRequest, Permission, PlatformPreference,
    Reason, RecordConfirmationSentRequest, RecordInboundMessageRequest, RecordOptInRequest, RecordPlatformPreferenceRequest,
    RecordProviderFeedbackRequest, ReportIdentityChangeRequest,
};

use crate::support::client::{Client, on_a_server, opt_in, question, text};

const CONTACT: &str = "+447400123456";
const USER_ID: &str = "GB.13491208655302741918";
const SENDER: &str = "100";

async fn ask(client: &Client, contact: &str, category: i32) -> Decision {
    client.check(CheckSendRequest { category, ..question(contact, SENDER) }).await.unwrap()
}

/// The permission and the decisive reason.
fn said(decision: &Decision) -> (Permission, Reason) {
    (decision.permission(), decision.reasons().next().unwrap())
}

fn feedback(code: u32) -> RecordProviderFeedbackRequest {
    RecordProviderFeedbackRequest { contacts: vec![CONTACT.into()], sender: SENDER.into(), code, ..Default::default() }
}

#[test]
fn a_send_error_131050_stops_marketing_until_the_contact_resumes_it() {
    on_a_server(async |client| {
        client.opt_in(opt_in(CONTACT, "")).await.unwrap();
        assert_eq!(said(&ask(&client, CONTACT, 1).await), (Permission::TemplateOnly, Reason::OptedIn));
        let mut recording = client.recording.clone();
        let named = RecordProviderFeedbackRequest { event_id: "e".into(), message_id: "wamid.1".into(), ..feedback(131_050) };
        let stopped = recording.record_provider_feedback(named.clone()).await.unwrap().into_inner().acknowledgement.unwrap();
        assert_eq!(stopped.effect(), Effect::Applied);
        let again = recording.record_provider_feedback(named).await.unwrap().into_inner().acknowledgement.unwrap();
        assert_eq!((again.seq, again.duplicate), (stopped.seq, true));
        client.opt_in(opt_in(CONTACT, "")).await.unwrap();
        let decision = ask(&client, CONTACT, 1).await;
        assert_eq!(said(&decision), (Permission::Nothing, Reason::PlatformMarketingStopped));
        assert!(decision.deciding_seqs.contains(&stopped.seq));
        let resume = RecordPlatformPreferenceRequest {
            contacts: vec![CONTACT.into()],
            sender: SENDER.into(),
            preference: PlatformPreference::Resume.into(),
            ..Default::default()
        };
        let resumed = recording.record_platform_preference(resume).await.unwrap().into_inner().acknowledgement.unwrap();
        assert_eq!(resumed.effect(), Effect::Applied);
        assert_eq!(said(&ask(&client, CONTACT, 1).await), (Permission::TemplateOnly, Reason::OptedIn));
    });
}

#[test]
fn a_send_error_131047_closes_the_window_and_others_are_only_kept() {
    on_a_server(async |client| {
        client.inbound(text(CONTACT, SENDER, "hello")).await.unwrap();
        let mut recording = client.recording.clone();
        let other = recording.record_provider_feedback(feedback(131_049)).await.unwrap().into_inner().acknowledgement.unwrap();
        assert_eq!(other.effect(), Effect::NoChange);
        assert_eq!(said(&ask(&client, CONTACT, 0).await), (Permission::FreeForm, Reason::WindowOpen));
        let closed = recording.record_provider_feedback(feedback(131_047)).await.unwrap().into_inner().acknowledgement.unwrap();
        assert_eq!(closed.effect(), Effect::Applied);
        let decision = ask(&client, CONTACT, 0).await;
        assert!(decision.permission() == Permission::Nothing && decision.reasons().any(|reason| reason == Reason::PlatformClosedWindow));
        client.inbound(text(CONTACT, SENDER, "are you there?")).await.unwrap();
        assert_eq!(said(&ask(&client, CONTACT, 0).await), (Permission::FreeForm, Reason::WindowOpen));
    });
}

#[test]
fn the_confirmation_of_a_stop_is_sent_once() {
    on_a_server(async |client| {
        client.inbound(text(CONTACT, SENDER, "STOP")).await.unwrap();
        let asked = || CheckSendRequest { opt_out_confirmation: true, ..question(CONTACT, SENDER) };
        assert_eq!(said(&client.check(asked()).await.unwrap()), (Permission::FreeForm, Reason::OptOutConfirmationAllowed));
        let sent = RecordConfirmationSentRequest { contact: CONTACT.into(), sender: SENDER.into(), ..Default::default() };
        client.recording.clone().record_confirmation_sent(sent).await.unwrap();
        let decision = client.check(asked()).await.unwrap();
        assert_eq!(said(&decision), (Permission::Nothing, Reason::OptOutConfirmationUsed));
    });
}

#[test]
fn linked_identifiers_are_one_contact_and_refusals_follow_a_changed_number() {
    on_a_server(async |client| {
        client.opt_in(opt_in(CONTACT, "")).await.unwrap();
        assert_eq!(ask(&client, USER_ID, 1).await.permission(), Permission::Nothing);
        let link = LinkIdentifiersRequest { contacts: vec![CONTACT.into(), USER_ID.into()], ..Default::default() };
        client.identity.clone().link_identifiers(link).await.unwrap();
        assert_eq!(said(&ask(&client, USER_ID, 1).await), (Permission::TemplateOnly, Reason::OptedIn));

        let utility = RecordOptInRequest { categories: vec![2], ..opt_in("+447400123457", "") };
        client.opt_in(utility).await.unwrap();
        client.inbound(text(CONTACT, SENDER, "STOP MARKETING")).await.unwrap();
        let change = ChangeNumberRequest { from: CONTACT.into(), to: "+447400123457".into(), ..Default::default() };
        let moved = client.identity.clone().change_number(change).await.unwrap().into_inner().acknowledgement.unwrap();
        assert_eq!(said(&ask(&client, CONTACT, 0).await), (Permission::Nothing, Reason::ContactNumberChanged));
        let marketing = ask(&client, "+447400123457", 1).await;
        assert_eq!(said(&marketing), (Permission::Nothing, Reason::RecipientOptedOut));
        assert!(marketing.deciding_seqs.contains(&moved.seq));
        // What the new number had stays.
        assert_eq!(said(&ask(&client, "+447400123457", 2).await), (Permission::TemplateOnly, Reason::OptedIn));
        // Whoever writes from the old number now is somebody else.
        client.inbound(text(CONTACT, SENDER, "hello")).await.unwrap();
        assert_eq!(said(&ask(&client, CONTACT, 0).await), (Permission::FreeForm, Reason::WindowOpen));
    });
}

#[test]
fn a_rotated_user_id_and_a_changed_key_leave_no_opt_in_behind() {
    on_a_server(async |client| {
        client.opt_in(opt_in(USER_ID, "")).await.unwrap();
        let change = ChangeUserIdRequest { from: USER_ID.into(), to: "GB.2".into(), ..Default::default() };
        client.identity.clone().change_user_id(change).await.unwrap();
        assert_eq!(said(&ask(&client, USER_ID, 1).await), (Permission::Nothing, Reason::ContactNumberChanged));
        assert_eq!(said(&ask(&client, "GB.2", 1).await), (Permission::Nothing, Reason::RecipientNotOptedIn));
        client.opt_in(opt_in("GB.2", "")).await.unwrap();
        assert_eq!(said(&ask(&client, "GB.2", 1).await), (Permission::TemplateOnly, Reason::OptedIn));
        let key = ReportIdentityChangeRequest { contacts: vec!["GB.2".into()], sender: SENDER.into(), ..Default::default() };
        client.identity.clone().report_identity_change(key).await.unwrap();
        assert_eq!(said(&ask(&client, "GB.2", 1).await), (Permission::Nothing, Reason::ContactIdentityChanged));
    });
}

#[test]
fn known_seq_answers_as_the_ledger_would_have_when_it_had_recorded_no_more() {
    on_a_server(async |client| {
        let first = client.opt_in(opt_in(CONTACT, "")).await.unwrap().seq;
        let stopped = client.inbound(text(CONTACT, SENDER, "STOP")).await.unwrap();
        let message = RecordInboundMessageRequest { contacts: vec![CONTACT.into(), USER_ID.into()], ..text(CONTACT, SENDER, "hello") };
        let joined = client.inbound(message).await.unwrap().seq;
        let at = async |contact: &str, known_seq| {
            let request = CheckSendRequest { category: 1, known_seq, ..question(contact, SENDER) };
            said(&client.check(request).await.unwrap())
        };
        assert_eq!(at(CONTACT, first - 1).await, (Permission::Nothing, Reason::RecipientNotOptedIn));
        assert_eq!(at(CONTACT, first).await, (Permission::TemplateOnly, Reason::OptedIn));
        // The message without the opt-out that it caused.
        assert_eq!(at(CONTACT, stopped.seq).await, (Permission::FreeForm, Reason::WindowOpen));
        assert_eq!(at(CONTACT, stopped.caused_seq).await, (Permission::Nothing, Reason::RecipientOptedOut));
        assert_eq!(at(USER_ID, stopped.caused_seq).await, (Permission::Nothing, Reason::RecipientNotOptedIn));
        for seq in [0, joined, u64::MAX] {
            assert_eq!(at(USER_ID, seq).await, (Permission::Nothing, Reason::RecipientOptedOut), "{seq}");
        }
        let batch = consent_ledger::proto::BatchCheckSendRequest {
            contacts: vec![CONTACT.into(), USER_ID.into()],
            sender: SENDER.into(),
            category: 1,
            known_seq: first,
            ..Default::default()
        };
        let items = client.decision.clone().batch_check_send(batch).await.unwrap().into_inner().items;
        let permissions: Vec<Permission> = items
            .into_iter()
            .map(|item| match item.outcome {
                Some(consent_ledger::proto::batch_check_send_item::Outcome::Decision(decision)) => decision.permission(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(permissions, [Permission::TemplateOnly, Permission::Nothing]);
    });
}
