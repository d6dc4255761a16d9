//! Python's grpcio over TLS and mutual TLS, and the examples.

use std::path::Path;
use std::process::{Command, Output};

use super::{Callers, World, word};
use crate::support::certificates::Authority;
use crate::support::python;

const MODULES: &str = "grpc, grpc_reflection.v1alpha.proto_reflection_descriptor_database, google.protobuf.message_factory";

fn run(python: &str, script: &Path, words: &[&str]) -> Output {
    Command::new(python).arg("-B").arg(script).args(words).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn grpcio_records_and_checks_over_tls_and_mutual_tls() {
    let Some(python) = python::with(MODULES) else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/grpc_client.py");
    for callers in [Callers::Anonymous, Callers::Known] {
        let world = World::start(callers);
        std::fs::write(world.file("authority.pem"), world.authority.pem()).unwrap();
        world.callers.caller("campaigns").write(world.dir.path(), "caller");
        let [ca, certificate, key] = ["authority.pem", "caller.pem", "caller.key"].map(|name| word(&world.file(name)));
        let address = world.server.grpc.to_string();
        let anonymous = run(&python, &script, &[&address, &ca]);
        assert_eq!(anonymous.status.success(), callers == Callers::Anonymous, "{}", said(&anonymous));
        if callers == Callers::Known {
            let known = run(&python, &script, &[&address, &ca, &certificate, &key]);
            assert!(known.status.success(), "{}", said(&known));
            Authority::new("of strangers").caller("a stranger").write(world.dir.path(), "caller");
            let stranger = run(&python, &script, &[&address, &ca, &certificate, &key]);
            assert!(!stranger.status.success() && said(&stranger).contains("UNAVAILABLE"), "{}", said(&stranger));
        }
    }
}

#[test]
fn the_examples_speak_tls_and_show_a_certificate() {
    let Some(python) = python::with("grpc, google.protobuf") else { return };
    let world = World::start(Callers::Known);
    std::fs::write(world.file("authority.pem"), world.authority.pem()).unwrap();
    world.callers.caller("campaigns").write(world.dir.path(), "caller");
    let [ca, certificate, key] = ["authority.pem", "caller.pem", "caller.key"].map(|name| word(&world.file(name)));
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/python");
    let address = world.url();
    let trust = ["--ca", &ca, "--client-cert", &certificate, "--client-key", &key];
    std::fs::copy(examples.join("captures.csv"), world.file("captures.csv")).unwrap();
    let captures = word(&world.file("captures.csv"));
    let synced = run(&python, &examples.join("crm_sync.py"), &[&[captures.as_str(), &address], &trust[..]].concat());
    let recorded = String::from_utf8_lossy(&synced.stdout).into_owned();
    assert!(recorded.lines().next().is_some_and(|line| !line.contains("UNAVAILABLE")), "{}", said(&synced));
    let recipients = word(&examples.join("recipients.csv"));
    let sent = run(&python, &examples.join("campaign_sender.py"), &[&[recipients.as_str(), "1001", &address], &trust[..]].concat());
    assert!(said(&sent).contains("2: ") && !said(&sent).contains("UNAVAILABLE"), "{}", said(&sent));
    let alone = run(&python, &examples.join("campaign_sender.py"), &[&recipients, "1001", &address, "--ca", &ca]);
    assert!(said(&alone).contains("not sent, UNAVAILABLE") && alone.status.code() == Some(2), "{}", said(&alone));
}
