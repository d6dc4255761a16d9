//! What the commands print that record feedback, moves, senders and templates, and what they change about an answer.

use crate::support::server::Server;

use super::{say, session};

#[test]
fn feedback_and_moves_change_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let said = session(
        &server,
        &[
            "record opt-in --contact +447400123456 --category marketing",
            "record feedback --contact +447400123456 --sender 1001 --code 131050 --message-id m1 --event-id f1",
            "check --contact +447400123456 --sender 1001 --category marketing",
            "check --contact +447400123456 --sender 1001 --category marketing --known-seq 3",
            "record preference --contact +447400123456 --sender 1001 --preference resume",
            "check --contact +447400123456 --sender 1001 --category marketing",
            "identity link --contact +447400123456 --contact GB.13491208655302741918",
            "identity change-number --from +447400123456 --to +447400123457",
            "check --contact +447400123456 --sender 1001",
            "identity change-user-id --from GB.13491208655302741918 --to GB.2",
            "identity key-changed --contact GB.2 --sender 1001",
            "record inbound --contact +447400123457 --sender 1001 --text STOP",
            "check --contact +447400123457 --sender 1001 --opt-out-confirmation",
            "record confirmation --contact +447400123457 --sender 1001",
            "check --contact +447400123457 --sender 1001 --opt-out-confirmation",
            "record feedback --contact +447400123457 --sender 1001 --code 0",
            "identity change-number --from +447400123457 --to GB.2",
        ],
    );
    insta::assert_snapshot!(said);
}

#[test]
fn senders_and_templates_change_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let said = session(
        &server,
        &[
            "sender standing --sender 1001",
            "sender declare --sender 1001 --automated --weekly-templates 5000 --path app-link,store-visit --at 2026-03-01T10:00:00Z",
            "sender rate --sender 1001 --quality red --at 2026-03-01T10:00:00Z",
            "sender standing --sender 1001 --at 2026-03-03T09:00:00Z",
            "sender standing --sender 1001 --at 2026-03-03T09:00:00Z --known-seq 3",
            "sender restrict --sender 1001 --kind business-initiated --at 2026-03-02T10:00:00Z --until 2026-03-09T10:00:00Z",
            "sender restrict --all-senders --kind customer-initiated --at 2026-03-02T10:00:00Z",
            "sender standing --sender 1001 --at 2026-03-09T09:00:00Z",
            "record opt-in --contact +447400123456 --category marketing --at 2026-03-01T10:00:00Z",
            "check --contact +447400123456 --sender 1001 --category marketing --at 2026-03-03T10:00:00Z --explain",
            "template list",
            "template register --name order_sent --language en --category utility --parameters 2",
            "check --contact +447400123456 --sender 2002 --template order_sent --language en --parameters 2",
            "template change --name order_sent --language en --category marketing --quality yellow",
            "check --contact +447400123456 --sender 2002 --template order_sent --language en --parameters 2",
            "check --contact +447400123456 --sender 2002 --template order_sent --language en",
            "template change --name order_sent --language en --status paused",
            "check --contact +447400123456 --sender 2002 --template order_sent --language en --parameters 2",
            "template list",
            "template register --name order_sent --language en --category service",
        ],
    );
    insta::assert_snapshot!(said);
}

#[test]
fn with_json_a_standing_and_a_template_are_values() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let acknowledged = say(&server, "sender rate --json --sender 1001 --quality red --at 2026-03-01T10:00:00Z").json().remove(0);
    assert_eq!((&acknowledged["seq"], &acknowledged["effect"]), (&3.into(), &"APPLIED".into()));
    let standing = say(&server, "sender standing --json --sender 1001 --at 2026-03-03T09:00:00Z").json().remove(0);
    assert_eq!((&standing["state"], &standing["quality"]), (&"FLAGGED".into(), &"red".into()));
    assert_eq!((&standing["deadline"], &standing["days_left"]), (&"2026-03-08T10:00:00Z".into(), &6.into()));
    let decision = say(&server, "check --json --explain --contact +447400123456 --sender 1001").json().remove(0);
    assert_eq!((&decision["sender_standing"]["state"], &decision["sender_standing"]["days_left"]), (&"FLAGGED".into(), &0.into()));
    say(&server, "template register --name news --language en --category marketing --opt-in-request");
    let template = say(&server, "template list --json").json().remove(0);
    let expected = serde_json::json!({
        "name": "news", "language": "en", "category": "marketing", "parameters": 0, "status": "approved", "opt_in_request": true, "quality": null,
    });
    assert_eq!(template, expected);
}
