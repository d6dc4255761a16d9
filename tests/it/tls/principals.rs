//! Principals that are known by the certificate of their connection.

use consent_ledger::client::{Channel, ClientError, Endpoint, Tls};
use consent_ledger::proto::ListAccountsRequest;
use tonic::{Code, Status};

use super::{Callers, PATIENCE, World, word};
use crate::support::certificates::Pair;
use crate::support::cli::cli;
use crate::support::client::{Client, question, runtime};

async fn connect(world: &World, tls: &Tls, key: Option<&str>) -> Client {
    let endpoint = Endpoint::new(&world.url(), tls).unwrap().connect_timeout(PATIENCE).timeout(PATIENCE);
    let endpoint = match key {
        Some(key) => endpoint.api_key(key.parse().unwrap()).unwrap(),
        None => endpoint,
    };
    let channel: Channel = endpoint.connect().await.unwrap();
    Client::over(channel)
}

fn reason(status: &Status) -> &'static str {
    ClientError::from(status).code()
}

/// Adds a principal by the command, which shows this certificate, and more; gives what it printed.
fn add(world: &World, shown: &Pair, words: &[&str]) -> String {
    std::fs::write(world.file("authority.pem"), world.authority.pem()).unwrap();
    shown.write(world.dir.path(), "shown");
    let [ca, certificate, key] = ["authority.pem", "shown.pem", "shown.key"].map(|name| word(&world.file(name)));
    let url = world.url();
    let shown = ["--server", &url, "--ca", &ca, "--client-cert", &certificate, "--client-key", &key];
    let added = cli(&[&["keys", "add"], words, &shown].concat());
    assert_eq!(added.code, 0, "{added:?}");
    added.out
}

#[test]
fn a_certificate_is_whose_it_was_given_to_over_grpc_and_in_json() {
    let world = World::start(Callers::Known);
    let (campaigns, other) = (world.callers.caller("campaigns"), world.callers.caller("other"));
    let (known, unknown) = (world.authority.trusted_by(&campaigns), world.authority.trusted_by(&other));
    let ops = add(&world, &other, &["--name", "ops", "--role", "operator"]);
    std::fs::write(world.file("ops.key"), &ops).unwrap();
    let (ops, file, fingerprint) = (ops.trim(), word(&world.file("ops.key")), hex::encode(campaigns.digest));
    let by_certificate = ["--name", "campaigns", "--role", "sender", "--certificate", &fingerprint, "--api-key-file", &file];
    add(&world, &other, &by_certificate);
    runtime().block_on(async {
        let campaigns = connect(&world, &known, None).await;
        campaigns.check(question("+447400123456", "1001")).await.unwrap();
        let refused = campaigns.admin.clone().list_accounts(ListAccountsRequest::default()).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused)), (Code::PermissionDenied, "ROLE_MISSING"));
        let (status, body) = world.json(&known).await.unwrap();
        assert_eq!(status, 200, "{body}");

        // The authority lets it connect, and the ledger knows nobody by it.
        let nobody = connect(&world, &unknown, None).await;
        let refused = nobody.check(question("+447400123456", "1001")).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused)), (Code::Unauthenticated, "CREDENTIALS_UNKNOWN"));
        let (status, body) = world.json(&unknown).await.unwrap();
        assert!(status == 401 && body.contains("CREDENTIALS_UNKNOWN"), "{status} {body}");

        // A key decides, whatever the certificate.
        let both = connect(&world, &known, Some(ops)).await;
        both.admin.clone().list_accounts(ListAccountsRequest::default()).await.unwrap();
        assert_eq!(reason(&both.check(question("+447400123456", "1001")).await.unwrap_err()), "ROLE_MISSING");
    });
}
