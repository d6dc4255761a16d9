//! A gRPC client that this project did not write: Python's grpcio, which learns the messages by reflection.

use std::path::Path;
use std::process::Command;

use crate::support::server::Server;

/// Set where a missing interpreter must fail the test instead of skipping it.
const REQUIRED: &str = "CONSENT_LEDGER_REQUIRE_PYTHON";

/// An interpreter that has grpcio and its reflection: the one named by `CONSENT_LEDGER_PYTHON`, else `python3`.
fn interpreter() -> Option<String> {
    let python = std::env::var("CONSENT_LEDGER_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let imports = "import grpc, grpc_reflection.v1alpha.proto_reflection_descriptor_database, google.protobuf.message_factory";
    let found = Command::new(&python).args(["-c", imports]).output();
    found.is_ok_and(|output| output.status.success()).then_some(python)
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
