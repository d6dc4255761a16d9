//! Policies: adopted, shown for any time, compared before they are adopted. On the real binary.

mod batches;
mod commands;
mod difference;

use consent_ledger::proto::report_standing_request::Report;
use consent_ledger::proto::{
    AdoptPolicyRequest, AdoptPolicyResponse, Category, CreateAccountRequest, DiffPolicyRequest, DiffPolicyResponse, GetPolicyRequest,
    InboundAfterOptOut, InboundKinds, ListAccountsRequest, Permission, PolicyChoice, PolicyVersion, Quality, Reason, RecordOptInRequest,
    RedQuality, ReportStandingRequest, UnknownContact, clear_part::Fact,
};
use prost_types::Timestamp;
use tonic::{Code, Status};

use crate::errors::{assert_invalid, from_now, refused};
use crate::support::client::{Client, on_a_server, opt_in, seconds, text};

const CONTACT: &str = "+447400123456";
const SENDER: &str = "1001";

fn choice(preset: &str) -> PolicyChoice {
    PolicyChoice { preset: preset.into(), ..Default::default() }
}

async fn adopt(client: &Client, policy: PolicyChoice, event_id: &str, at: Option<Timestamp>) -> Result<AdoptPolicyResponse, Status> {
    let request = AdoptPolicyRequest { policy: Some(policy), event_id: event_id.into(), occurred_at: at, ..Default::default() };
    client.admin.clone().adopt_policy(request).await.map(tonic::Response::into_inner)
}

async fn in_force(client: &Client, at: Option<Timestamp>) -> (PolicyVersion, Vec<PolicyVersion>) {
    let request = GetPolicyRequest { at, ..Default::default() };
    let response = client.admin.clone().get_policy(request).await.unwrap().into_inner();
    (response.in_force.unwrap(), response.history)
}

async fn diff(client: &Client, request: DiffPolicyRequest) -> Result<DiffPolicyResponse, Status> {
    client.admin.clone().diff_policy(request).await.map(tonic::Response::into_inner)
}

#[test]
fn every_version_is_kept_and_the_latest_by_its_time_is_in_force() {
    on_a_server(async |client| {
        let (first, none) = in_force(&client, None).await;
        assert_eq!((first.version, first.preset.as_str(), first.seq, first.since, none.len()), (0, "meta", 0, None, 0));
        let meta = first.policy.unwrap();
        assert_eq!((meta.window_hours, meta.opt_out_keywords.len(), meta.suspend_on_identity_change), (24, 15, true));

        let differing = PolicyChoice { window_hours: Some(12), opt_out_keywords: vec!["  BAJA! ".into()], ..choice("sinch") };
        let now = adopt(&client, differing, "policy-1", None).await.unwrap();
        let acknowledgement = now.acknowledgement.unwrap();
        assert_eq!((now.version, acknowledgement.duplicate, acknowledgement.effect), (1, false, 1));
        // It holds since an earlier time than the one before it: both are kept, the other stays in force.
        let earlier = seconds(1_735_689_600);
        let late = adopt(&client, choice("maxcontact"), "", Some(earlier)).await.unwrap();
        assert_eq!((late.version, late.acknowledgement.unwrap().effect), (2, 2));

        let (current, history) = in_force(&client, None).await;
        assert_eq!((current.version, current.preset.as_str(), current.seq), (1, "sinch", acknowledgement.seq));
        let policy = current.policy.clone().unwrap();
        assert_eq!((policy.window_hours, policy.inbound_after_opt_out()), (12, InboundAfterOptOut::Lifts));
        assert_eq!(policy.opt_out_keywords, ["baja", "detener", "sair", "salir", "stop"]);
        assert_eq!(history.iter().map(|version| version.version).collect::<Vec<_>>(), [2, 1]);
        assert!(
            history.iter().all(|version| version.policy.is_none() && version.recorded_at.is_some_and(|at| at.seconds > earlier.seconds))
        );
        assert_eq!(history[1], PolicyVersion { policy: None, ..current });
        let at = |second: i64| in_force(&client, Some(seconds(second)));
        assert_eq!(at(1_735_689_600).await.0.policy.unwrap().unknown_contact(), UnknownContact::OptInRequest);
        assert_eq!((at(1_735_689_600).await.0.version, at(1_735_689_599).await.0.version), (2, 0));

        // What is shown is what is stored.
        let log = client.log().await;
        let stored = log.iter().find(|entry| entry.seq == acknowledgement.seq).unwrap();
        let Some(Fact::PolicyAdopted(adopted)) = &stored.clear.as_ref().unwrap().fact else { panic!("{stored:?}") };
        assert_eq!((adopted.version, adopted.policy.as_ref()), (1, Some(&policy)));
    });
}

#[test]
fn an_event_id_stands_for_one_policy() {
    on_a_server(async |client| {
        let first = adopt(&client, choice("sinch"), "policy-1", None).await.unwrap();
        adopt(&client, choice("meta"), "policy-2", None).await.unwrap();
        let spelled_out = PolicyChoice { inbound_after_opt_out: Some(2), ..choice("sinch") };
        let again = adopt(&client, spelled_out, "policy-1", None).await.unwrap();
        let (before, after) = (first.acknowledgement.unwrap(), again.acknowledgement.unwrap());
        assert_eq!((again.version, after.seq, after.duplicate), (1, before.seq, true));
        let other = adopt(&client, choice("maxcontact"), "policy-1", None).await.unwrap_err();
        assert_eq!(refused(&other), (Code::AlreadyExists, "EVENT_ID_REUSED".into(), Vec::new()));
        assert_eq!(in_force(&client, None).await.1.len(), 2);
    });
}

#[test]
fn what_is_no_policy_is_refused_by_field_and_nothing_is_stored() {
    on_a_server(async |client| {
        let before = client.log().await.len();
        let bad = PolicyChoice {
            window_hours: Some(25),
            window_kinds: Some(InboundKinds { kinds: vec![1, 99] }),
            unknown_contact: Some(0),
            red_quality: Some(7),
            opt_out_keywords: vec!["?".into()],
            opt_in_keywords: vec!["STOP".into()],
            ..choice("meta")
        };
        let expected = [
            "policy.window_kinds.kinds[1] KIND_UNKNOWN",
            "policy.unknown_contact SETTING_VALUE_UNKNOWN",
            "policy.red_quality SETTING_VALUE_UNKNOWN",
            "policy.window_hours SETTING_OUT_OF_RANGE",
            "policy.opt_out_keywords[0] KEYWORD_MALFORMED",
            "policy.opt_in_keywords[0] KEYWORD_ON_BOTH_LISTS",
        ];
        assert_invalid(&adopt(&client, bad.clone(), "", None).await.unwrap_err(), &expected);
        let asked = DiffPolicyRequest { policy: Some(bad), sender: "10 01".into(), page_size: 1_001, ..Default::default() };
        let expected = [&["sender SENDER_MALFORMED"], expected.as_slice(), &["page_size PAGE_SIZE_TOO_LARGE"]].concat();
        assert_invalid(&diff(&client, asked).await.unwrap_err(), &expected);

        let metta = adopt(&client, choice("metta"), &"x".repeat(129), None).await.unwrap_err();
        assert_invalid(&metta, &["event_id EVENT_ID_TOO_LONG", "policy.preset PRESET_UNKNOWN"]);
        assert!(metta.message().contains("did you mean meta?"), "{metta:?}");
        assert_invalid(&diff(&client, DiffPolicyRequest::default()).await.unwrap_err(), &["policy POLICY_MISSING"]);
        let future = from_now(&client, 360_000_000).await;
        assert_invalid(&adopt(&client, choice("meta"), "", future).await.unwrap_err(), &["occurred_at OCCURRED_AT_IN_FUTURE"]);

        let token = DiffPolicyRequest { policy: Some(choice("meta")), page_token: "x".into(), ..Default::default() };
        let status = diff(&client, token.clone()).await.unwrap_err();
        assert_invalid(&status, &["page_token PAGE_TOKEN_MALFORMED", "page_token FIELDS_CONFLICT"]);
        let nowhere = || "shop".to_owned();
        let asked = DiffPolicyRequest { account: nowhere(), policy: Some(choice("meta")), ..Default::default() };
        let unknown = (Code::NotFound, "ACCOUNT_UNKNOWN".to_owned(), Vec::new());
        assert_eq!(refused(&diff(&client, asked).await.unwrap_err()), unknown);
        let asked = GetPolicyRequest { account: nowhere(), at: None };
        assert_eq!(refused(&client.admin.clone().get_policy(asked).await.unwrap_err()), unknown);
        assert_eq!(client.log().await.len(), before);
    });
}

#[test]
fn accounts_are_listed_by_page_with_the_policy_in_force() {
    on_a_server(async |client| {
        let mut admin = client.admin.clone();
        for account in ["shop", "bar"] {
            admin.create_account(CreateAccountRequest { account: account.into() }).await.unwrap();
        }
        let adopt = AdoptPolicyRequest { account: "shop".into(), policy: Some(choice("sinch")), ..Default::default() };
        admin.adopt_policy(adopt).await.unwrap();
        let mut request = ListAccountsRequest { page_size: 2, ..Default::default() };
        let mut found = Vec::new();
        loop {
            let page = admin.list_accounts(request.clone()).await.unwrap().into_inner();
            found.extend(
                page.accounts.into_iter().map(|account| format!("{} {} {}", account.account, account.policy_version, account.preset)),
            );
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        assert_eq!(found, ["bar 0 meta", "default 0 meta", "shop 1 sinch"]);
        request.page_token = "Not A Name".into();
        assert_invalid(&admin.list_accounts(request).await.unwrap_err(), &["page_token PAGE_TOKEN_MALFORMED"]);
    });
}

#[test]
fn a_token_goes_with_its_question_and_pages_keep_to_their_instant() {
    on_a_server(async |client| {
        for n in 0..5 {
            client.inbound(text(&format!("+44740012345{n}"), SENDER, "STOP")).await.unwrap();
        }
        let asked = |page_token: &str| DiffPolicyRequest {
            policy: Some(PolicyChoice { window_hours: Some(1), window_implies_opt_in: Some(true), ..choice("meta") }),
            with_contacts: true,
            page_size: 2,
            page_token: page_token.into(),
            ..Default::default()
        };
        let none = diff(&client, asked("")).await.unwrap();
        assert_eq!((none.contacts, none.contacts_changed, none.changes.len(), none.next_page_token.as_str()), (5, 0, 0, ""));
        assert!(none.diffs.iter().all(|diff| diff.changes.is_empty() && diff.unchanged == 5), "a STOP opens nothing");

        for n in 0..5 {
            client.inbound(text(&format!("+44740012345{n}"), SENDER, "hello")).await.unwrap();
        }
        let head = client.log().await.last().map(|entry| entry.seq);
        let first = diff(&client, asked("")).await.unwrap();
        assert_eq!((first.contacts_changed, first.changes.len()), (5, 2));
        assert_eq!(first.position.as_ref().map(|position| position.seq), head);
        let other = DiffPolicyRequest { policy: Some(choice("sinch")), ..asked(&first.next_page_token) };
        assert_invalid(&diff(&client, other).await.unwrap_err(), &["page_token PAGE_TOKEN_MALFORMED"]);
        // Another sender's number in it would tell whose that is.
        let forged = asked(&format!("{},1", first.next_page_token));
        assert_invalid(&diff(&client, forged).await.unwrap_err(), &["page_token PAGE_TOKEN_MALFORMED"]);
        // What happens in between changes no page: all are of one instant.
        for n in 0..5 {
            client.inbound(text(&format!("+44740012345{n}"), SENDER, "stop")).await.unwrap();
        }
        let (mut changes, mut token) = (first.changes.clone(), first.next_page_token.clone());
        while !token.is_empty() {
            let page = diff(&client, asked(&token)).await.unwrap();
            assert_eq!((page.at, page.contacts, page.diffs.len()), (first.at, 0, 0));
            changes.extend(page.changes);
            token = page.next_page_token;
        }
        let named =
            |category: Category| changes.iter().filter(move |change| change.category() == category).map(|change| change.contact.as_str());
        let everybody: Vec<String> = (0..5).map(|n| format!("+44740012345{n}")).collect();
        for category in [Category::Marketing, Category::Utility, Category::Authentication] {
            assert_eq!(named(category).collect::<Vec<_>>(), everybody);
        }
        let marketing = changes.iter().find(|change| change.category() == Category::Marketing).unwrap();
        let [before, after] = [marketing.before.unwrap(), marketing.after.unwrap()];
        assert_eq!((before.permission(), before.reason()), (Permission::Nothing, Reason::RecipientOptedOut));
        assert_eq!((after.permission(), after.reason(), marketing.sender.as_str()), (Permission::FreeForm, Reason::WindowOpen, SENDER));
        assert_eq!(diff(&client, asked("")).await.unwrap().contacts_changed, 0, "asked anew, the latest stop counts");
    });
}

#[test]
fn an_account_without_a_sender_is_asked_about_any() {
    on_a_server(async |client| {
        let january = Some(seconds(1_735_689_600));
        client.opt_in(RecordOptInRequest { occurred_at: january, ..opt_in(CONTACT, "") }).await.unwrap();
        let asked = || DiffPolicyRequest {
            policy: Some(PolicyChoice {
                opt_in_valid_days: Some(1),
                red_quality: Some(RedQuality::DenyTemplates.into()),
                ..choice("meta")
            }),
            ..Default::default()
        };
        let any = diff(&client, asked()).await.unwrap();
        assert_eq!((any.contacts_changed, any.diffs[0].sender.as_str(), any.changes.len()), (1, "", 0));
        assert_eq!(any.diffs[0].changes[0].contacts, 1);
        let named = diff(&client, DiffPolicyRequest { sender: "new".into(), with_contacts: true, ..asked() }).await.unwrap();
        assert!(named.diffs.iter().all(|diff| diff.sender == "new"), "{named:?}");
        assert_eq!((named.changes[0].contact.as_str(), named.changes[0].sender.as_str()), (CONTACT, "new"));
        assert_eq!(named.changes[0].after.unwrap().reason(), Reason::OptInExpired);
    });
}

#[test]
fn a_sender_that_becomes_known_between_pages_is_asked_about_once() {
    on_a_server(async |client| {
        for n in 0..3 {
            let long_ago = Some(seconds(1_735_689_600));
            client.opt_in(RecordOptInRequest { occurred_at: long_ago, ..opt_in(&format!("+44740012345{n}"), "") }).await.unwrap();
        }
        let mut request = DiffPolicyRequest {
            policy: Some(PolicyChoice { opt_in_valid_days: Some(1), ..choice("meta") }),
            sender: "new".into(),
            with_contacts: true,
            page_size: 1,
            ..Default::default()
        };
        let mut changes = Vec::new();
        loop {
            let page = diff(&client, request.clone()).await.unwrap();
            changes.extend(page.changes.into_iter().map(|change| (change.contact, change.sender, change.category)));
            if page.next_page_token.is_empty() {
                break;
            }
            client.inbound(text("+447400123451", "new", "hello")).await.unwrap();
            request.page_token = page.next_page_token;
        }
        // Marketing, and service: what may be sent at all.
        let expected = (0..3).flat_map(|n| [1, 4].map(|category| (format!("+44740012345{n}"), "new".to_owned(), category)));
        assert_eq!(changes, expected.collect::<Vec<_>>());
    });
}

#[test]
fn a_sender_that_was_rated_red_long_ago_is_compared_under_both_policies() {
    on_a_server(async |client| {
        client.opt_in(opt_in(CONTACT, "")).await.unwrap();
        let eight_days_ago = from_now(&client, -8 * 86_400_000_000).await;
        let report = Some(Report::Quality(Quality::Red.into()));
        let red = ReportStandingRequest { sender: "red".into(), report, occurred_at: eight_days_ago, ..Default::default() };
        client.admin.clone().report_standing(red).await.unwrap();
        let policy = Some(choice("escalation-2020"));
        let asked = DiffPolicyRequest { policy, sender: "green".into(), with_contacts: true, ..Default::default() };
        let found = diff(&client, asked).await.unwrap();
        let changes: Vec<_> =
            found.changes.iter().map(|change| (change.sender.as_str(), change.category, change.after.unwrap().reason())).collect();
        assert_eq!(changes, [("red", 1, Reason::SenderQualityRed), ("red", 4, Reason::RecipientNotOptedIn)]);
        assert!(found.diffs.iter().any(|diff| diff.sender == "green" && diff.unchanged == 1));
    });
}
