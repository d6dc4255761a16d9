//! Templates: registered, changed by the platform, named by a check, listed by page. Over gRPC, on the real binary.

use consent_ledger::proto::batch_check_send_item::Outcome;
use consent_ledger::proto::{
    BatchCheckSendRequest, Category, ChangeTemplateRequest, CheckSendRequest, CheckTemplate, Decision, ListTemplatesRequest, Permission,
    Quality, Reason, RegisterTemplateRequest, TemplateStatus,
};

use crate::support::client::{Client, on_a_server, opt_in, question};

const CONTACT: &str = "+447400123456";
const SENDER: &str = "100";

fn registration(name: &str) -> RegisterTemplateRequest {
    RegisterTemplateRequest {
        name: name.into(),
        language: "en".into(),
        category: Category::Utility.into(),
        parameters: 2,
        status: TemplateStatus::Approved.into(),
        ..Default::default()
    }
}

async fn register(client: &Client, request: RegisterTemplateRequest) -> u64 {
    client.admin.clone().register_template(request).await.unwrap().into_inner().acknowledgement.unwrap().seq
}

async fn change(client: &Client, request: ChangeTemplateRequest) -> u64 {
    let request = ChangeTemplateRequest { name: "order_sent".into(), language: "en".into(), ..request };
    client.admin.clone().change_template(request).await.unwrap().into_inner().acknowledgement.unwrap().seq
}

/// The permission and the decisive reason.
fn said(decision: &Decision) -> (Permission, Reason) {
    (decision.permission(), decision.reasons().next().unwrap())
}

fn named(name: &str, language: &str, parameters: u32) -> CheckSendRequest {
    let template = Some(CheckTemplate { name: name.into(), language: language.into(), parameters });
    CheckSendRequest { category: Category::Utility.into(), template, ..question(CONTACT, SENDER) }
}

#[test]
fn a_template_that_the_platform_moved_counts_in_its_new_category() {
    on_a_server(async |client| {
        client.opt_in(opt_in(CONTACT, "")).await.unwrap();
        let ask = async |request| said(&client.check(request).await.unwrap());
        // Nothing is registered: the name says nothing, the category that was asked about counts.
        let asked = CheckSendRequest { category: Category::Marketing.into(), ..named("order_sent", "en", 0) };
        assert_eq!(ask(asked).await, (Permission::TemplateOnly, Reason::OptedIn));

        let registered = register(&client, registration("order_sent")).await;
        assert_eq!(ask(named("order_sent", "en", 2)).await, (Permission::Nothing, Reason::RecipientNotOptedIn));
        let moved = change(&client, ChangeTemplateRequest { category: Category::Marketing.into(), ..Default::default() }).await;
        let decision = client.check(named("order_sent", "en", 2)).await.unwrap();
        assert_eq!(said(&decision), (Permission::TemplateOnly, Reason::OptedIn));
        assert!(decision.deciding_seqs.contains(&moved));
        let before = CheckSendRequest { known_seq: registered, ..named("order_sent", "en", 2) };
        assert_eq!(ask(before).await, (Permission::Nothing, Reason::RecipientNotOptedIn));

        assert_eq!(ask(named("order_sent", "en", 1)).await, (Permission::Nothing, Reason::TemplateInsufficientParameters));
        assert_eq!(ask(named("order_sent", "pt_BR", 2)).await, (Permission::Nothing, Reason::TemplateUnknown));
        let batch = BatchCheckSendRequest {
            contacts: vec![CONTACT.into()],
            sender: SENDER.into(),
            template: named("order_sent", "en", 2).template,
            ..Default::default()
        };
        let items = client.decision.clone().batch_check_send(batch).await.unwrap().into_inner().items;
        let Some(Outcome::Decision(decision)) = &items[0].outcome else { panic!("{items:?}") };
        assert_eq!(said(decision), (Permission::TemplateOnly, Reason::OptedIn));

        change(&client, ChangeTemplateRequest { status: TemplateStatus::Paused.into(), ..Default::default() }).await;
        assert_eq!(ask(named("order_sent", "en", 2)).await, (Permission::Nothing, Reason::TemplateNotUsable));
        assert_eq!(ask(question(CONTACT, SENDER)).await, (Permission::TemplateOnly, Reason::OptedIn));
    });
}

#[test]
fn templates_are_listed_by_page_as_they_are_now() {
    on_a_server(async |client| {
        let list = async |page_token: String, page_size| {
            let request = ListTemplatesRequest { page_token, page_size, ..Default::default() };
            client.admin.clone().list_templates(request).await.unwrap().into_inner()
        };
        assert_eq!(list(String::new(), 0).await.templates.len(), 0);
        for name in ["reminder", "order_sent", "code"] {
            register(&client, registration(name)).await;
        }
        register(&client, RegisterTemplateRequest { language: "de".into(), opt_in_request: true, ..registration("order_sent") }).await;
        change(&client, ChangeTemplateRequest { quality: Quality::Yellow.into(), ..Default::default() }).await;
        let first = list(String::new(), 3).await;
        let names = |page: &consent_ledger::proto::ListTemplatesResponse| {
            page.templates.iter().map(|template| format!("{} {}", template.name, template.language)).collect::<Vec<_>>()
        };
        assert_eq!(names(&first), ["code en", "order_sent de", "order_sent en"]);
        assert!(first.templates[1].opt_in_request && first.templates[1].quality() == Quality::Unspecified);
        let changed = &first.templates[2];
        assert_eq!((changed.category(), changed.quality()), (Category::Utility, Quality::Yellow));
        assert_eq!((changed.parameters, changed.status()), (2, TemplateStatus::Approved));
        let rest = list(first.next_page_token, 3).await;
        assert_eq!((names(&rest), rest.next_page_token.as_str()), (vec!["reminder en".to_owned()], ""));
    });
}
