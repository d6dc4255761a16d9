//! Logs of the real server: their forms, how much is said, which call failed, and that nobody is named.

use std::path::Path;

use serde_json::Value;

use crate::support::client::{Client, opt_in, runtime};
use crate::support::load;
use crate::support::server::Server;

fn start(dir: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Server {
    Server::try_start_with(&dir.join("data"), &[flags, &["--app-secret", load::SECRET]].concat(), variables).unwrap()
}

fn stopped(server: Server) -> String {
    let (code, log) = server.terminate_and_read();
    assert_eq!(code, Some(0), "{log}");
    log
}

fn lines(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn a_file_gets_json_and_whoever_asks_for_text_gets_that() {
    let dir = tempfile::tempdir().unwrap();
    let json = lines(&stopped(start(dir.path(), &[], &[])));
    let ready = json.iter().find(|line| line["message"] == "ready").expect("it says when it is ready");
    assert_eq!((&ready["level"], &ready["head"]), (&Value::from("INFO"), &Value::from("2")));
    assert!(ready["timestamp"].is_string() && ready["target"].as_str().unwrap().starts_with("consent_ledger"), "{ready}");

    let dir = tempfile::tempdir().unwrap();
    for (flags, variables) in [(&["--log-format", "text"][..], &[][..]), (&[], &[("CONSENT_LEDGER_LOG_FORMAT", "text")])] {
        let text = stopped(start(dir.path(), flags, variables));
        let ready = text.lines().rfind(|line| line.contains("ready")).unwrap();
        assert!(ready.contains(" INFO consent_ledger") && ready.contains("head=2") && !ready.contains('\u{1b}'), "{ready}");
    }
}

#[test]
fn a_call_that_fails_is_a_line_with_its_rpc_and_the_id_that_its_caller_got_and_nobody_is_named() {
    for (flags, variables) in [(&["--log-level", "debug"][..], &[][..]), (&[], &[("RUST_LOG", "trace")])] {
        let dir = tempfile::tempdir().unwrap();
        let server = start(dir.path(), flags, variables);
        let id = runtime().block_on(async {
            load::act(&server, None).await;
            let refused = Client::connect(&server.url()).await.opt_in(opt_in("nobody", "")).await.unwrap_err();
            refused.metadata().get("x-request-id").unwrap().to_str().unwrap().to_owned()
        });
        let log = stopped(server);
        let lines = lines(&log);
        let line = lines.iter().find(|line| line["request_id"] == *id).unwrap_or_else(|| panic!("{id} is not in {log}"));
        let said = ["level", "message", "edge", "service", "rpc", "code", "reason"].map(|field| line[field].as_str().unwrap());
        let service = "consent.v1.RecordingService";
        assert_eq!(said, ["DEBUG", "a call was refused", "grpc", service, "RecordOptIn", "InvalidArgument", "CONTACT_MALFORMED"]);
        for (edge, rpc) in [("json", "RecordOptIn"), ("json", "unknown"), ("grpc", "unknown"), ("grpc", "WatchEntries")] {
            assert!(lines.iter().any(|line| line["edge"] == edge && line["rpc"] == rpc), "{edge} {rpc} is not in {log}");
        }
        let mut needles = load::needles().found_in(log.as_bytes());
        // It belongs to the business, and stands in no line either.
        needles.sort();
        assert_eq!(needles, Vec::<String>::new(), "{log}");
        assert!(!lines.iter().any(|line| line["target"].as_str().unwrap().starts_with("h2") && line["level"] == "DEBUG"), "{log}");
    }
}

#[test]
fn how_much_is_said_is_set_by_a_flag_before_rust_log_and_a_level_that_is_none_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let quiet = stopped(start(dir.path(), &["--log-level", "error"], &[("RUST_LOG", "debug")]));
    assert_eq!(quiet, "");
    let loud = stopped(start(dir.path(), &[], &[("RUST_LOG", "debug")]));
    assert!(lines(&loud).iter().any(|line| line["level"] == "DEBUG" && line["message"] == "a phase of the start is done"), "{loud}");
    let Err(said) = Server::try_start(&dir.path().join("data"), &["--log-level", "a=b=c"]) else { panic!("it started") };
    assert!(said.contains("--log-level"), "{said}");
}
