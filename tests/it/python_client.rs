//! A gRPC client that this project did not write: Python's grpcio, which learns the messages by reflection.

use std::path::Path;
use std::process::Command;

use crate::support::server::Server;

/// Set where a missing interpreter must fail the test instead of skipping it.
const REQUIRED: &str = "CONSENT_LEDGER_REQUIRE_PYTHON";

/// An interpreter that has grpcio and its reflection: the one named by `CONSENT_LEDGER_PYTHON`, the one in `target/python`, or
/// `python3`.
///
/// ```text
/// python3 -m venv target/python && target/python/bin/pip install grpcio grpcio-reflection
/// ```
fn interpreter() -> Option<String> {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("python").join("bin/python");
    let named = std::env::var("CONSENT_LEDGER_PYTHON").ok();
    let candidates = named.map_or_else(|| vec![own.display().to_string(), "python3".to_owned()], |named| vec![named]);
    let imports = "import grpc, grpc_reflection.v1alpha.proto_reflection_descriptor_database, google.protobuf.message_factory";
    let has_them = |python: &String| Command::new(python).args(["-c", imports]).output().is_ok_and(|output| output.status.success());
    candidates.into_iter().find(has_them)
}

#[test]
fn a_python_client_with_reflection_records_and_checks() {
    let Some(python) = interpreter() else {
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and no Python with grpcio and grpcio-reflection was found");
        println!("skipped: no Python with grpcio and grpcio-reflection; name one in CONSENT_LEDGER_PYTHON");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/grpc_client.py");
    let output = Command::new(python).arg(script).arg(server.grpc.to_string()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let permissions: Vec<&str> = said.lines().collect();
    assert_eq!(permissions, ["PERMISSION_NOTHING", "PERMISSION_TEMPLATE_ONLY", "PERMISSION_FREE_FORM", "PERMISSION_NOTHING"]);
}
