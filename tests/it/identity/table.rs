//! Every method of the server that runs has a row, and every row is of something that runs.

use std::collections::BTreeSet;

use consent_ledger::api::access::methods::{For, METHODS, Needs, Of};
use prost::Message;
use prost_types::FileDescriptorProto;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use super::expected::EXPECTED;
use super::{Guarded, channel, on_a_guarded_server, reason};
use crate::support::http::{call, send};

async fn reflect(server: &Guarded, ask: MessageRequest) -> MessageResponse {
    let mut client = ServerReflectionClient::new(server.with(&server.ops).await);
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(ask) };
    let mut answers = client.server_reflection_info(tokio_stream::once(request)).await.unwrap().into_inner();
    let ServerReflectionResponse { message_response, .. } = answers.message().await.unwrap().unwrap();
    message_response.unwrap()
}

/// Path and whether it answers with a stream, of every method that reflection tells of.
async fn served(server: &Guarded) -> BTreeSet<(String, bool)> {
    let MessageResponse::ListServicesResponse(services) = reflect(server, MessageRequest::ListServices(String::new())).await else {
        panic!()
    };
    let mut methods = BTreeSet::new();
    for service in services.service {
        let MessageResponse::FileDescriptorResponse(files) =
            reflect(server, MessageRequest::FileContainingSymbol(service.name.clone())).await
        else {
            panic!("{}", service.name)
        };
        for file in files.file_descriptor_proto {
            let file = FileDescriptorProto::decode(file.as_slice()).unwrap();
            for found in file.service.iter().filter(|found| format!("{}.{}", file.package(), found.name()) == service.name) {
                methods
                    .extend(found.method.iter().map(|method| (format!("/{}/{}", service.name, method.name()), method.server_streaming())));
            }
        }
    }
    methods
}

#[test]
fn every_method_has_a_row_and_every_row_a_method() {
    on_a_guarded_server(async |server| {
        let grpc = |path: &str| path.starts_with("/consent.") || path.starts_with("/grpc.");
        let mut rows: BTreeSet<(String, bool)> =
            METHODS.iter().filter(|row| grpc(row.path)).map(|row| (row.path.to_owned(), row.streams)).collect();
        let served = served(&server).await;
        assert!(served.len() > 50, "{served:?}");
        // Reflection does not tell of its own former version.
        assert!(rows.remove(&("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo".to_owned(), true)));
        assert_eq!(served, rows);
        let expected: BTreeSet<String> = EXPECTED.iter().map(|row| format!("/consent.v1.{}", row.method)).collect();
        let own: BTreeSet<String> = served.into_iter().map(|(path, _)| path).filter(|path| path.starts_with("/consent.")).collect();
        assert_eq!(own, expected, "the expectations are of every method");
    });
}

#[test]
fn the_page_says_what_the_table_says() {
    let page = include_str!("../../../docs/security.md");
    let own: Vec<_> = METHODS.iter().filter(|row| row.path.starts_with("/consent.v1.")).collect();
    for row in &own {
        let Needs::Role(roles) = row.needs else { panic!("{} needs no role", row.path) };
        let begins = format!("| `{}` | {roles} | ", row.path.trim_start_matches("/consent.v1."));
        let line = page.lines().find(|line| line.starts_with(&begins)).unwrap_or_else(|| panic!("docs/security.md has no {begins}"));
        let account = match row.account {
            Of::Field | Of::Item | Of::Entry | Of::Principal => "| own",
            Of::Ledger => "| ledger",
            Of::NoAccount => "| none",
            Of::Path => panic!("{}", row.path),
        };
        let sender = match row.sender {
            For::Named => "| named |",
            For::All => "| all |",
            For::Nobody => "| any |",
        };
        assert!(line.contains(account) && line.ends_with(sender), "{line}");
    }
    assert_eq!(page.lines().filter(|line| line.contains("Service/") && line.starts_with("| `")).count(), own.len());
}

#[test]
fn every_path_over_http_has_a_row() {
    on_a_guarded_server(async |server| {
        let described = send(&server.server, "GET", "/openapi.json", &[], Vec::new()).await.json();
        for path in described["paths"].as_object().unwrap().keys() {
            assert!(METHODS.iter().any(|row| row.path == path), "{path}");
            let refused = call(&server.server, path, &serde_json::json!({})).await;
            assert_eq!(refused.refused(), (401, 16, "CREDENTIALS_MISSING".to_owned(), Vec::new()), "{path}");
            assert_eq!(refused.headers["www-authenticate"], "Bearer realm=\"consent-ledger\"");
        }
        let others: Vec<&str> =
            METHODS.iter().map(|row| row.path).filter(|path| path.matches('/').count() == 1 || path.contains('{')).collect();
        assert_eq!(others, ["/healthz", "/readyz", "/openapi.json", "/metrics", "/webhooks/{account}"]);
        let key = format!("Bearer {}", server.ops);
        assert_eq!(send(&server.server, "GET", "/healthz", &[], Vec::new()).await.status, 200);
        assert_eq!(send(&server.server, "GET", "/readyz", &[], Vec::new()).await.status, 200);
        assert_eq!(send(&server.server, "GET", "/metrics", &[], Vec::new()).await.status, 401);
        assert_eq!(send(&server.server, "GET", "/metrics", &[("authorization", &key)], Vec::new()).await.status, 200);
    });
}

#[test]
fn health_asks_nobody_and_a_bad_key_is_refused_all_the_same() {
    on_a_guarded_server(async |server| {
        let health = |key: Option<String>| {
            let server = &server.server;
            async move {
                let mut client = tonic_health::pb::health_client::HealthClient::new(channel(server, key.as_deref()).await);
                client.check(tonic_health::pb::HealthCheckRequest { service: String::new() }).await
            }
        };
        assert!(health(None).await.is_ok());
        assert!(health(Some(server.ops.clone())).await.is_ok());
        let unknown = format!("clk_256_{}", "A".repeat(43));
        assert_eq!(reason(&health(Some(unknown)).await.unwrap_err()), "CREDENTIALS_UNKNOWN");
        assert!(METHODS.iter().filter(|row| row.needs == Needs::Nothing).all(|row| !row.path.starts_with("/consent.")));
    });
}

#[test]
fn a_method_that_there_is_not_is_served_to_nobody() {
    on_a_guarded_server(async |server| {
        let mut client = tonic::client::Grpc::new(server.with(&server.ops).await);
        client.ready().await.unwrap();
        let path = "/consent.v1.AdminService/DropEverything".parse().unwrap();
        let codec = tonic_prost::ProstCodec::<consent_ledger::proto::CheckSendRequest, consent_ledger::proto::CheckSendResponse>::default();
        let refused = client.unary(tonic::Request::new(consent_ledger::proto::CheckSendRequest::default()), path, codec).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (tonic::Code::Unimplemented, "PATH_UNKNOWN"));
    });
}
