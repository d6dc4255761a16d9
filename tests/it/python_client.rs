//! A gRPC client that this project did not write: Python's grpcio, which learns the messages by reflection.

use std::path::Path;
use std::process::Command;

use crate::support::python;
use crate::support::server::Server;

#[test]
fn a_python_client_with_reflection_records_and_checks() {
    let modules = "grpc, grpc_reflection.v1alpha.proto_reflection_descriptor_database, google.protobuf.message_factory";
    let Some(python) = python::with(modules) else { return };
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/grpc_client.py");
    let output = Command::new(python).arg(script).arg(server.grpc.to_string()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let permissions: Vec<&str> = said.lines().collect();
    assert_eq!(permissions, ["PERMISSION_NOTHING", "PERMISSION_TEMPLATE_ONLY", "PERMISSION_FREE_FORM", "PERMISSION_NOTHING"]);
}
