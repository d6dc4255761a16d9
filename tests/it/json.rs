//! The calls as JSON over HTTP, on the real server: the same answers and errors as over gRPC, and nothing let through that is
//! not exactly a request.

mod limits;
mod same;
mod total;

use serde_json::json;

use crate::support::client::runtime;
use crate::support::http::{CHECK, OPT_IN, call, post, send};
use crate::support::server::Server;

/// Runs a test on a server of its own.
pub fn on_a_server<F: Future<Output = ()>>(more: &[&str], test: impl FnOnce(Server) -> F) {
    let dir = tempfile::tempdir().unwrap();
    runtime().block_on(test(Server::start(&dir.path().join("data"), more)));
}

#[test]
fn a_crm_records_and_asks_without_grpc() {
    on_a_server(&[], async |server| {
        let question = json!({ "contact": "+447400123456", "sender": "1001", "category": "CATEGORY_MARKETING" });
        let no = call(&server, CHECK, &question).await;
        assert_eq!((no.status, &no.json()["decision"]["permission"]), (200, &json!("PERMISSION_NOTHING")), "no is an answer");
        let opt_in = json!({
            "contact": "+447400123456", "categories": ["CATEGORY_MARKETING"], "method": "METHOD_WEBSITE", "eventId": "signup-1",
            "occurredAt": "2026-01-15T09:00:00Z", "evidence": { "text": "Yes, send me offers" },
        });
        let recorded = call(&server, OPT_IN, &opt_in).await.json();
        let said = &recorded["acknowledgement"];
        let expected = (&json!("3"), &json!(false), &json!("EFFECT_APPLIED"), &json!("0"));
        assert_eq!((&said["seq"], &said["duplicate"], &said["effect"], &said["causedSeq"]), expected);
        let again = call(&server, OPT_IN, &opt_in).await.json();
        assert_eq!((&again["acknowledgement"]["seq"], &again["acknowledgement"]["duplicate"]), (&json!("3"), &json!(true)));
        let decision = call(&server, CHECK, &question).await.json()["decision"].clone();
        let expected = json!({
            "permission": "PERMISSION_TEMPLATE_ONLY",
            "reasons": ["REASON_OPTED_IN", "REASON_OUTSIDE_ALLOWED_SENDING_WINDOW"],
            "allowedTemplateCategories": ["CATEGORY_MARKETING"],
            "decidingSeqs": ["3"],
            "policyVersion": 0,
            "position": { "seq": "3", "hash": said["entryHash"] },
            "at": decision["at"],
        });
        assert_eq!(decision, expected);
    });
}

#[test]
fn what_was_recorded_and_asked_is_counted_without_a_word_of_it() {
    on_a_server(&[], async |server| {
        call(&server, CHECK, &json!({ "contact": "+447400987654", "sender": "1001" })).await;
        call(&server, CHECK, &json!({ "contact": "+447400987654" })).await;
        // Where a person may end up in a name, a value of another type, a path.
        for body in [r#"{"+447400987654":"x"}"#, r#"{"contact":447400987654}"#, r#"{"contact":"447400987654","sender":"+447400987654"}"#] {
            let refused = post(&server, OPT_IN, body).await;
            assert!(refused.status == 400 && !refused.body.contains("7400987654"), "{refused:?}");
        }
        send(&server, "POST", "/447400987654", &[], Vec::new()).await;
        send(&server, "GET", CHECK, &[], Vec::new()).await;
        let metrics = send(&server, "GET", "/metrics", &[], Vec::new()).await.body;
        for line in [
            r#"{rpc="CheckSend",code="OK"} 1"#,
            r#"{rpc="CheckSend",code="INVALID_ARGUMENT"} 1"#,
            r#"{rpc="CheckSend",code="UNIMPLEMENTED"} 1"#,
            r#"{rpc="RecordOptIn",code="INVALID_ARGUMENT"} 3"#,
            r#"{rpc="none",code="NOT_FOUND"} 1"#,
        ] {
            assert!(metrics.contains(line), "{line} in {metrics}");
        }
        assert!(!metrics.contains("7400987654") && !server.logs().contains("7400987654"));
    });
}
