//! What is not taken, with which status and reason, and that nothing of it is recorded.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::on_a_server;
use crate::support::cli::cli;
use crate::support::http::{CHECK, OPT_IN, call, head, post, send};

const JSON: (&str, &str) = ("content-type", "application/json");

/// An opt-in that is taken where nothing else is wrong.
const GOOD: &str = r#"{"contact":"+447400123456","categories":["CATEGORY_MARKETING"],"method":"METHOD_WEBSITE"}"#;

/// 4 MiB.
const BODY_MAX: usize = 4 * 1024 * 1024;

#[test]
fn what_is_not_exactly_a_request_is_refused_by_field_and_nothing_is_recorded() {
    on_a_server(&[], async |server| {
        let before = head(&server).await;
        for (change, violations) in [
            (json!({ "contct": "+447400123456" }), vec!["contct FIELD_UNKNOWN"]),
            (json!({ "sendr": "100", "categories": "CATEGORY_MARKETING" }), vec!["categories FIELD_MALFORMED", "sendr FIELD_UNKNOWN"]),
            (json!({ "categories": ["MARKETING"] }), vec!["categories[0] FIELD_MALFORMED"]),
            (json!({ "categories": ["CATEGORY_MARKETING", null] }), vec!["categories[1] FIELD_MALFORMED"]),
            (json!({ "evidence": { "txt": "Yes" } }), vec!["evidence.txt FIELD_UNKNOWN"]),
            (json!({ "evidence": [] }), vec!["evidence FIELD_MALFORMED"]),
            (json!({ "occurredAt": 1_772_359_200 }), vec!["occurred_at FIELD_MALFORMED"]),
            (
                json!({ "occurredAt": "yesterday", "occurred_at": "2026-03-01T10:00:00Z" }),
                vec!["occurred_at FIELD_MALFORMED", "occurred_at FIELD_REPEATED"],
            ),
            (json!({ "sender": 100 }), vec!["sender FIELD_MALFORMED"]),
        ] {
            let mut body: serde_json::Value = serde_json::from_str(GOOD).unwrap();
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let refused = call(&server, OPT_IN, &body).await.refused();
            let reason = violations[0].rsplit(' ').next().unwrap().to_owned();
            assert_eq!(refused, (400, 3, reason, violations.into_iter().map(str::to_owned).collect()), "{body}");
        }
        let deep = format!("{{\"evidence\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let twice = GOOD.replacen('{', "{\"contact\":\"+447400123457\",", 1);
        let huge = GOOD.replacen('{', "{\"method\":1e400,", 1);
        let cut = &GOOD[..GOOD.len() - 1];
        for body in ["", "null", "[]", "{}{}", "\u{feff}{}", &deep, &twice, &huge, cut] {
            assert_eq!(post(&server, OPT_IN, body).await.refused(), (400, 3, "BODY_MALFORMED".to_owned(), Vec::new()), "{body:.40}");
        }
        let not_utf8 = GOOD.as_bytes().iter().map(|byte| if *byte == b'7' { 0xff } else { *byte }).collect::<Vec<u8>>();
        assert_eq!(post(&server, OPT_IN, not_utf8).await.refused().2, "BODY_MALFORMED");
        assert_eq!(head(&server).await, before);
        assert_eq!(post(&server, OPT_IN, GOOD).await.status, 200, "what the others were made from is taken");
    });
}

#[test]
fn a_typo_never_widens_a_question() {
    on_a_server(&[], async |server| {
        let yes = json!({ "contact": "+447400123456", "categories": [1], "method": 1 });
        assert_eq!(call(&server, OPT_IN, &yes).await.status, 200);
        // Without its category this question would be answered TEMPLATE_ONLY.
        let asked = json!({ "contact": "+447400123456", "sender": "100", "catgory": "CATEGORY_UTILITY" });
        let refused = call(&server, CHECK, &asked).await;
        assert_eq!(refused.refused(), (400, 3, "FIELD_UNKNOWN".to_owned(), vec!["catgory FIELD_UNKNOWN".to_owned()]));
        assert!(refused.json()["message"].as_str().unwrap().contains("\"category\" is one"), "{refused:?}");
        // Nor without a value for it.
        for zero in [json!(0), json!("CATEGORY_UNSPECIFIED")] {
            let asked = json!({ "contact": "+447400123456", "sender": "100", "category": zero });
            let refused = call(&server, CHECK, &asked).await.refused();
            assert_eq!(refused, (400, 3, "FIELD_MALFORMED".to_owned(), vec!["category FIELD_MALFORMED".to_owned()]));
        }
    });
}

#[test]
fn a_body_has_a_most_and_one_byte_more_is_413() {
    on_a_server(&[], async |server| {
        let before = head(&server).await;
        let mut body = GOOD.to_owned();
        body.push_str(&" ".repeat(BODY_MAX + 1 - body.len()));
        let refused = post(&server, OPT_IN, body.clone()).await;
        assert_eq!(refused.refused(), (413, 3, "BODY_TOO_LARGE".to_owned(), Vec::new()));
        assert_eq!(head(&server).await, before);
        body.pop();
        assert_eq!(post(&server, OPT_IN, body).await.status, 200);
        // The largest batch goes through, and is answered whole.
        let contacts: Vec<String> = (0..10_000).map(|number| format!("+4474001{number:05}")).collect();
        let batch = json!({ "contacts": contacts, "sender": "100" });
        let answer = call(&server, "/consent.v1.DecisionService/BatchCheckSend", &batch).await;
        assert_eq!((answer.status, answer.json()["items"].as_array().unwrap().len()), (200, 10_000));
    });
}

#[test]
fn a_body_of_many_small_values_is_refused_and_so_is_its_like_beside_it() {
    on_a_server(&[], async |server| {
        let body = format!("{{\"contacts\":[{}]}}", vec![r#"{"a":1}"#; 520_000].join(","));
        assert!(body.len() <= BODY_MAX);
        let batch = "/consent.v1.DecisionService/BatchCheckSend";
        let both = tokio::join!(post(&server, batch, body.clone()), post(&server, batch, body.clone()));
        for refused in [both.0, both.1] {
            assert_eq!(refused.refused(), (400, 3, "BODY_MALFORMED".to_owned(), Vec::new()));
            assert!(refused.json()["message"].as_str().unwrap().contains("more than 50000"), "{refused:?}");
        }
    });
}

#[test]
fn other_methods_paths_and_types_have_their_statuses() {
    on_a_server(&[], async |server| {
        let before = head(&server).await;
        for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let refused = send(&server, method, OPT_IN, &[JSON], GOOD.into()).await;
            assert_eq!((refused.refused().0, &refused.headers["allow"]), (405, &"POST".parse().unwrap()), "{method}");
            assert_eq!(refused.refused().2, "HTTP_METHOD_NOT_ALLOWED");
        }
        let refused = send(&server, "POST", "/openapi.json", &[JSON], GOOD.into()).await;
        assert_eq!((refused.refused().0, &refused.headers["allow"]), (405, &"GET,HEAD".parse().unwrap()));
        for path in ["/", "/RecordOptIn", "/consent.v1.RecordingService", &format!("{OPT_IN}/"), "/consent.v1.AdminService/CreateAccount"] {
            assert_eq!(post(&server, path, GOOD).await.refused(), (404, 5, "PATH_UNKNOWN".to_owned(), Vec::new()), "{path}");
        }
        for headers in [
            vec![],
            vec![("content-type", "text/plain")],
            vec![("content-type", "application/x-www-form-urlencoded")],
            vec![("content-type", "application/json; charset=iso-8859-1")],
            vec![JSON, ("content-encoding", "gzip")],
        ] {
            let refused = send(&server, "POST", OPT_IN, &headers, GOOD.into()).await;
            assert_eq!(refused.refused(), (415, 3, "CONTENT_TYPE_UNSUPPORTED".to_owned(), Vec::new()), "{headers:?}");
        }
        assert_eq!(head(&server).await, before);
    });
}

#[test]
fn a_web_page_a_rebound_name_and_a_proxy_are_refused() {
    on_a_server(&[], async |server| {
        let before = head(&server).await;
        for header in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "same-origin"),
            ("host", "evil.example"),
            ("x-forwarded-for", "203.0.113.7"),
            ("forwarded", "for=203.0.113.7"),
            ("via", "1.1 proxy"),
        ] {
            for path in [OPT_IN, CHECK] {
                let refused = send(&server, "POST", path, &[JSON, header], GOOD.into()).await;
                assert_eq!(refused.refused(), (403, 7, "CALLER_REFUSED".to_owned(), Vec::new()), "{header:?}");
            }
        }
        assert_eq!(head(&server).await, before);
        for header in [("origin", "null"), ("sec-fetch-site", "none")] {
            let refused = send(&server, "GET", "/metrics", &[header], Vec::new()).await;
            assert!(refused.status == 403 && !refused.body.contains("consent_ledger_"), "{refused:?}");
            assert_eq!(send(&server, "GET", "/healthz", &[header], Vec::new()).await.status, 200);
        }
    });
}

#[test]
fn credentials_let_others_in_but_no_web_page() {
    on_a_server(&[], async |server| {
        let key = cli(&["keys", "add", "--name", "ops", "--role", "operator,recorder", "--server", &server.url()]).out;
        let bearer = format!("Bearer {}", key.trim());
        for header in [("host", "ledger.internal"), ("x-forwarded-for", "10.0.0.7")] {
            let headers = [JSON, header, ("authorization", bearer.as_str())];
            assert_eq!(send(&server, "POST", OPT_IN, &headers, GOOD.into()).await.status, 200, "{header:?}");
        }
        let headers = [JSON, ("origin", "https://evil.example"), ("authorization", bearer.as_str())];
        let refused = send(&server, "POST", OPT_IN, &headers, GOOD.into()).await;
        assert_eq!(refused.refused().2, "CALLER_REFUSED");
    });
}

/// What the server sends until it closes the connection, or has answered `answers` times.
fn read_answers(stream: &mut TcpStream, answers: usize) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut said = Vec::new();
    let mut part = [0; 4_096];
    while String::from_utf8_lossy(&said).matches("HTTP/1.1 ").count() < answers || !said.ends_with(b"\n") {
        match stream.read(&mut part).unwrap() {
            0 => break,
            read => said.extend_from_slice(&part[..read]),
        }
    }
    String::from_utf8(said).unwrap()
}

fn request(body: &str, length: usize) -> String {
    format!("POST {OPT_IN} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
}

#[test]
fn a_body_that_does_not_arrive_is_408_and_one_that_breaks_off_is_nothing() {
    on_a_server(&[], async |server| {
        let before = head(&server).await;
        let mut broken = TcpStream::connect(server.http).unwrap();
        broken.write_all(request(GOOD, GOOD.len() + 1).as_bytes()).unwrap();
        drop(broken);
        // A whole message, and one more byte that never comes.
        let mut slow = TcpStream::connect(server.http).unwrap();
        slow.write_all(request(GOOD, GOOD.len() + 1).as_bytes()).unwrap();
        let said = read_answers(&mut slow, 1);
        assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("\"BODY_TOO_SLOW\""), "{said}");
        assert_eq!(head(&server).await, before);
    });
}

#[test]
fn a_connection_that_says_nothing_more_is_closed_on_both_ports() {
    on_a_server(&[], async |server| {
        let asked = request(GOOD, GOOD.len());
        let said = [(server.http, ""), (server.http, "GET / HT"), (server.http, "PRI * HT"), (server.http, &asked), (server.grpc, "")];
        let open: Vec<TcpStream> = said
            .map(|(address, words)| {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(words.as_bytes()).unwrap();
                stream
            })
            .into();
        for (mut stream, said) in open.into_iter().zip(said) {
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap_or_else(|error| panic!("{said:?} stays open: {error}"));
        }
    });
}

#[test]
fn one_connection_serves_many_calls_and_an_old_http_version_none() {
    on_a_server(&[], async |server| {
        let mut stream = TcpStream::connect(server.http).unwrap();
        stream.write_all(request(GOOD, GOOD.len()).repeat(3).as_bytes()).unwrap();
        let said = read_answers(&mut stream, 3);
        assert_eq!(said.matches("HTTP/1.1 200 OK").count(), 3, "{said}");
        let mut old = TcpStream::connect(server.http).unwrap();
        old.write_all(request(GOOD, GOOD.len()).replacen("HTTP/1.1", "HTTP/1.0", 1).as_bytes()).unwrap();
        let said = read_answers(&mut old, 1);
        assert!(said.contains(" 403 ") && said.contains("through a proxy"), "{said}");
    });
}
