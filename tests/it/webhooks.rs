//! The provider's recorded webhooks, replayed on the real server: what each body says, and what may be sent afterwards.

mod about_accounts;
mod answer_key;
mod stops;

use std::path::{Path, PathBuf};

use answer_key::{ANSWER_KEY, Says};
use consent_ledger::consent::sender::{Quality, RestrictionKind};
use consent_ledger::consent::template::TemplateStatus;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{self, InboundKind, PlatformPreference};
use consent_ledger::proto::clear_part::Fact;
use consent_ledger::proto::{Category, CheckSendRequest, Entry, ListEntriesRequest, Permission, Reason};

use crate::support::cli::{Said, cli, verify};
use crate::support::client::{Client, runtime};
use crate::support::server::Server;

const SECRET: &str = "the app secret";

fn bodies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wa_webhooks")
}

fn replay(server: &Server, secret: &str, path: &Path) -> Said {
    cli(&["webhook", "replay", path.to_str().unwrap(), "--app-secret", secret, "--server-http", &server.http_url()])
}

fn start(dir: &tempfile::TempDir) -> Server {
    Server::start(&dir.path().join("data"), &["--app-secret", SECRET])
}

/// What the provider's bodies left in the account, in order.
fn recorded(server: &Server) -> Vec<Entry> {
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let mut entries = client.entries(ListEntriesRequest::default()).await;
        entries.retain(|entry| entry.actor == 2);
        entries
    })
}

/// An entry as the answer key writes it.
fn says(entry: &Entry) -> String {
    let clear = entry.clear.as_ref().unwrap();
    let fact = match clear.fact.as_ref().unwrap() {
        Fact::InboundMessageReceived(fact) => {
            assert!(fact.keyword == 0 && !fact.holds_opt_out_word && !fact.possible_opt_out);
            format!("{} at {}", InboundKind::from_number(fact.kind).unwrap(), fact.sender)
        }
        Fact::SendFailed(fact) => format!("failed {} at {}", fact.code, fact.sender),
        Fact::IdentityKeyChanged(fact) => format!("identity key at {}", fact.sender),
        Fact::NumberChanged(_) => "moved".to_owned(),
        Fact::PlatformPreferenceChanged(fact) => {
            format!("{} at {}", PlatformPreference::from_number(fact.preference).unwrap(), fact.sender)
        }
        Fact::SenderRestricted(fact) => {
            assert_eq!(fact.sender, "", "a webhook restricts the whole account");
            let kinds: Vec<&str> = fact.kinds.iter().filter_map(|kind| Some(RestrictionKind::from_number(*kind)?.as_str())).collect();
            format!("restriction {} until {}", kinds.join(" "), Time::from_micros(fact.until))
        }
        Fact::RestrictionsLifted(fact) => {
            assert_eq!(fact.sender, "", "a webhook lifts what was reported of the whole account");
            let kinds: Vec<&str> = fact.kinds.iter().filter_map(|kind| Some(RestrictionKind::from_number(*kind)?.as_str())).collect();
            format!("lifted {}", kinds.join(" "))
        }
        Fact::TemplateChanged(fact) => {
            let category = words::Category::from_number(fact.category).map(words::Category::as_str);
            let status = TemplateStatus::from_number(fact.status).map(TemplateStatus::as_str);
            let quality = Quality::from_number(fact.quality).map(Quality::as_str);
            let said: Vec<&str> = [category, status, quality].into_iter().flatten().collect();
            format!("template {} {} {}", fact.name, fact.language, said.join(" "))
        }
        other => panic!("{other:?}"),
    };
    let who = entry.sealed.as_ref().map(|sealed| sealed.identifiers.join(" ")).unwrap_or_default();
    format!("{fact}, {}, {who}", Time::from_micros(clear.occurred_at))
}

fn dead_letters(server: &Server) -> Vec<serde_json::Value> {
    cli(&["dead-letters", "list", "--json", "--server", &server.url()]).json()
}

#[test]
fn every_recorded_body_is_answered_200_and_says_what_the_answer_key_says() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(&dir);
    let said = replay(&server, SECRET, &bodies());
    assert_eq!((said.code, said.out.lines().last()), (0, Some("41 bodies: 41 answered 200")), "{said:?}");
    let sent: Vec<&str> = said.out.lines().take(41).map(|line| line.rsplit('/').next().unwrap()).collect();
    assert_eq!(sent, ANSWER_KEY.map(|(body, _)| format!("{body}.json")));

    let expected: Vec<&str> = ANSWER_KEY.iter().filter_map(|(_, says)| says.recorded()).collect();
    let found: Vec<String> = recorded(&server).iter().map(says).collect();
    assert_eq!(found, expected);
    let letters = dead_letters(&server);
    let expected: Vec<&str> = ANSWER_KEY.iter().filter_map(|(_, says)| says.dead_letter()).collect();
    assert_eq!(letters.iter().map(|letter| letter["reason"].as_str().unwrap()).collect::<Vec<_>>(), expected);
    let nothing = ANSWER_KEY.iter().filter(|(_, says)| matches!(says, Says::Nothing)).count();
    assert_eq!((found.len(), nothing, letters.len()), (29, 10, 2));

    // Twice adds nothing: neither entries nor dead letters.
    assert_eq!(replay(&server, SECRET, &bodies()).code, 0);
    assert_eq!(recorded(&server).len(), 29);
    assert_eq!(dead_letters(&server), letters);
    let replayed = cli(&["dead-letters", "replay", "--server", &server.url()]);
    assert_eq!((replayed.code, replayed.out.as_str()), (0, "tried 2, placed 0, kept 2\n"));
    assert_eq!(dead_letters(&server), letters);
    assert_eq!(server.terminate().code(), Some(0));
    verify(&dir.path().join("data"), 0);
}

#[test]
fn every_contact_in_them_is_answered_right_at_every_turn() {
    use Category::{Marketing, Unspecified, Utility};
    use Permission::{FreeForm, Nothing, TemplateOnly};
    use Reason::{
        ContactNumberChanged as Moved, OptedIn, OutsideAllowedSendingWindow as Outside, RecipientNotOptedIn as Never, WindowOpen,
    };
    const PHONE: &str = "+972987654321";
    const USER: &str = "US.13491208655302741918";
    let dir = tempfile::tempdir().unwrap();
    let server = start(&dir);
    assert_eq!(replay(&server, SECRET, &bodies()).code, 0);
    let (text, call, consumer) = ("1122334455667", "743897493242", "106540352242922");
    let mut questions = vec![
        ("+972912345678", text, "now", Unspecified, Nothing, vec![Never, Outside]),
        ("+972912345678", call, "2025-07-15T20:00:00Z", Unspecified, Nothing, vec![Never, Outside]),
        ("+16505551234", consumer, "now", Marketing, TemplateOnly, vec![OptedIn, Outside]),
        ("+16505551234", consumer, "now", Unspecified, TemplateOnly, vec![OptedIn, Outside]),
        ("+16505551234", consumer, "now", Utility, Nothing, vec![Never, Outside]),
        // A signup is for all senders of the account.
        ("+16505551234", text, "now", Marketing, TemplateOnly, vec![OptedIn, Outside]),
        ("+16505551234", consumer, "2024-11-15T21:22:00.999999Z", Marketing, Nothing, vec![Never]),
        ("+16505551234", consumer, "2024-11-15T21:22:01Z", Marketing, TemplateOnly, vec![OptedIn, Outside]),
        // An edit opens nothing.
        ("+16505551234", consumer, "2025-06-13T22:43:00Z", Unspecified, TemplateOnly, vec![OptedIn, Outside]),
    ];
    for contact in [PHONE, USER, "US.ENT.11815799212886844830"] {
        questions.extend([
            (contact, text, "2023-10-11T16:53:42.999999Z", Unspecified, Nothing, vec![Never, Outside]),
            (contact, text, "2023-10-11T16:53:43Z", Unspecified, FreeForm, vec![WindowOpen]),
            (contact, text, "2023-10-12T17:23:19.999999Z", Unspecified, FreeForm, vec![WindowOpen]),
            (contact, text, "2023-10-12T17:23:20Z", Unspecified, Nothing, vec![Never, Outside]),
            (contact, text, "2023-10-25T21:00:00Z", Unspecified, FreeForm, vec![WindowOpen]),
            (contact, text, "2023-10-25T21:00:00Z", Utility, FreeForm, vec![WindowOpen]),
            (contact, text, "2023-10-25T21:00:00Z", Marketing, Nothing, vec![Never]),
            (contact, text, "2023-10-26T21:23:46.999999Z", Unspecified, FreeForm, vec![WindowOpen]),
            (contact, text, "2023-10-26T21:23:47Z", Unspecified, Nothing, vec![Never, Outside]),
            (contact, text, "2023-11-21T18:38:13Z", Unspecified, FreeForm, vec![WindowOpen]),
            // A window is one sender's; a permission to call opens none.
            (contact, call, "2023-10-25T21:00:00Z", Unspecified, Nothing, vec![Never, Outside]),
            (contact, text, "2025-07-15T12:30:00Z", Unspecified, Nothing, vec![Never, Outside]),
            (contact, call, "2025-07-16T12:38:26Z", Unspecified, FreeForm, vec![WindowOpen]),
            (contact, call, "2025-07-16T12:38:27Z", Unspecified, Nothing, vec![Never, Outside]),
        ]);
    }
    // Only the phone number is named as moved; the platform rotates the user ID with it.
    for contact in [PHONE, USER] {
        questions.extend([
            (contact, text, "2025-07-30T04:55:14.999999Z", Unspecified, Nothing, vec![Never, Outside]),
            (contact, text, "2025-07-30T04:55:15Z", Unspecified, Nothing, vec![Moved]),
            (contact, text, "now", Unspecified, Nothing, vec![Moved]),
            (contact, call, "now", Marketing, Nothing, vec![Moved]),
        ]);
    }
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        for (contact, sender, at, category, permission, reasons) in questions {
            let time: Option<Time> = (at != "now").then(|| at.parse().unwrap());
            let request = CheckSendRequest {
                contact: contact.into(),
                sender: sender.into(),
                at: time.map(consent_ledger::api::map::timestamp),
                category: category.into(),
                ..Default::default()
            };
            let decision = client.check(request).await.unwrap();
            let asked = format!("{contact} at {sender}, {at}, {category:?}");
            assert_eq!((decision.permission(), decision.reasons().collect::<Vec<_>>()), (permission, reasons), "{asked}");
        }
    });
}

#[test]
fn a_wrong_secret_is_refused_for_every_body_and_nothing_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(&dir);
    let said = replay(&server, "another secret", &bodies());
    assert_eq!((said.code, said.out.lines().last()), (2, Some("41 bodies: 41 answered 401")), "{said:?}");
    assert!(said.err.contains("hint: "), "{said:?}");
    assert_eq!((recorded(&server).len(), dead_letters(&server).len()), (0, 0));
}

#[test]
fn one_unknown_message_never_drops_its_neighbours() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(&dir);
    let message = |id: &str, rest: serde_json::Value| {
        let mut message = serde_json::json!({ "from": "447400123456", "id": id, "timestamp": "1772359200" });
        message.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        message
    };
    let body = serde_json::json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": {
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550783881", "phone_number_id": "100" },
        "contacts": [{ "wa_id": "447400123456" }],
        "messages": [
            message("wamid.A", serde_json::json!({ "type": "text", "text": { "body": "hello" } })),
            message("wamid.B", serde_json::json!({ "type": "order_flow", "order_flow": { "step": 3 } })),
            message("wamid.C", serde_json::json!({ "type": "text", "text": { "body": "STOP" } })),
        ],
    } }] }] });
    let path = dir.path().join("order_flow.json");
    std::fs::write(&path, body.to_string()).unwrap();
    assert_eq!(replay(&server, SECRET, &path).code, 0);
    let kinds: Vec<String> = recorded(&server).into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds[..2], ["inbound_message_received", "inbound_message_received"]);
    let letters = cli(&["dead-letters", "list", "--json", "--with-payload", "--server", &server.url()]).json();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0]["reason"].as_str().unwrap().contains("order_flow"), "{letters:?}");
    assert!(letters[0]["payload"]["text"].as_str().unwrap().contains("wamid.B"), "{letters:?}");
    let check = cli(&["check", "--contact", "+447400123456", "--sender", "100", "--server", &server.url()]);
    assert_eq!((check.code, check.first_word()), (1, "NOTHING"));
}
