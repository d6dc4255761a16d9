//! Streams and calls of those who are let in no more.

use std::time::{Duration, SystemTime};

use consent_ledger::proto::admin_service_client::AdminServiceClient;
use consent_ledger::proto::decision_service_client::DecisionServiceClient;
use consent_ledger::proto::recording_service_client::RecordingServiceClient;
use consent_ledger::proto::watch_service_client::WatchServiceClient;
use consent_ledger::proto::{
    AddPrincipalRequest, CheckSendRequest, GetStatusRequest, RecordOptInRequest, RecordStreamRequest, RevokePrincipalRequest, Role,
    RotatePrincipalRequest, StreamCheckSendRequest, WatchEntriesRequest, record_stream_request::Event,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use super::{Guarded, add, assert_refused, channel, on_a_guarded_server, reason};
use crate::support::client::runtime;
use crate::support::server::Server;

/// How long a stream may take to end, with room for a busy machine.
const WITHIN: Duration = Duration::from_secs(10);

async fn ended<T>(mut stream: Streaming<T>) -> Status {
    timeout(WITHIN, async {
        loop {
            match stream.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it ended as if nothing had happened"),
                Err(status) => return status,
            }
        }
    })
    .await
    .expect("the stream ends")
}

#[test]
fn open_streams_end_when_their_caller_is_revoked() {
    on_a_guarded_server(async |server| {
        let mut admin = server.admin().await;
        let key = add(&mut admin, "crm", &[Role::Auditor, Role::Sender, Role::Recorder], &["shop"], &[]).await.unwrap();
        let channel = server.with(&key).await;
        let watch = WatchEntriesRequest { account: "shop".into(), ..Default::default() };
        let mut watching = WatchServiceClient::new(channel.clone()).watch_entries(watch).await.unwrap().into_inner();
        watching.message().await.unwrap().unwrap();
        let (ask, questions) = tokio::sync::mpsc::channel(4);
        let mut answers =
            DecisionServiceClient::new(channel.clone()).stream_check_send(ReceiverStream::new(questions)).await.unwrap().into_inner();
        let check =
            CheckSendRequest { account: "shop".into(), contact: "+447400123456".into(), sender: "1001".into(), ..Default::default() };
        ask.send(StreamCheckSendRequest { check: Some(check) }).await.unwrap();
        answers.message().await.unwrap().unwrap();
        let (record, records) = tokio::sync::mpsc::channel(4);
        let mut recorded =
            RecordingServiceClient::new(channel.clone()).record_stream(ReceiverStream::new(records)).await.unwrap().into_inner();
        let opt_in = RecordOptInRequest {
            account: "shop".into(),
            contact: "+447400123456".into(),
            categories: vec![1],
            method: 1,
            ..Default::default()
        };
        let item = RecordStreamRequest { event: Some(Event::OptIn(opt_in)) };
        record.send(item.clone()).await.unwrap();
        recorded.message().await.unwrap().unwrap();

        admin.revoke_principal(RevokePrincipalRequest { principal: 257 }).await.unwrap();
        let _ = record.send(item).await;
        for status in [ended(watching).await, ended(answers).await, ended(recorded).await] {
            assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "CREDENTIALS_REVOKED"));
        }
        let again =
            WatchServiceClient::new(channel).watch_entries(WatchEntriesRequest { account: "shop".into(), ..Default::default() }).await;
        assert_refused(again, Code::Unauthenticated, "CREDENTIALS_REVOKED");
        assert_refused(
            admin.revoke_principal(RevokePrincipalRequest { principal: 257 }).await,
            Code::FailedPrecondition,
            "PRINCIPAL_REVOKED",
        );
        let rotate = RotatePrincipalRequest { principal: 257, ..Default::default() };
        assert_refused(admin.rotate_principal(rotate).await, Code::FailedPrecondition, "PRINCIPAL_REVOKED");
    });
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the real server goes by the machine's clock")]
fn a_stream_ends_when_its_key_expires() {
    on_a_guarded_server(async |server| {
        let expires_at = Some(prost_types::Timestamp::from(SystemTime::now() + Duration::from_secs(3)));
        let request = AddPrincipalRequest { name: "brief".into(), roles: vec![Role::Auditor.into()], expires_at, ..Default::default() };
        let key = server.admin().await.add_principal(request).await.unwrap().into_inner().api_key;
        let channel = server.with(&key).await;
        let mut watching = WatchServiceClient::new(channel).watch_entries(WatchEntriesRequest::default()).await.unwrap().into_inner();
        watching.message().await.unwrap().unwrap();
        assert_eq!(reason(&ended(watching).await), "CREDENTIALS_EXPIRED");
    });
}

#[test]
fn a_rotated_key_is_taken_for_a_while_and_not_at_all_where_it_is_so_wanted() {
    on_a_guarded_server(async |server| {
        let mut admin = server.admin().await;
        let first = add(&mut admin, "campaigns", &[Role::Sender], &[], &[]).await.unwrap();
        let check = || CheckSendRequest { contact: "+447400123456".into(), sender: "1001".into(), ..Default::default() };
        let ask = async |key: &str| DecisionServiceClient::new(server.with(key).await).check_send(check()).await;
        let rotate = RotatePrincipalRequest { principal: 257, ..Default::default() };
        let rotated = admin.rotate_principal(rotate.clone()).await.unwrap().into_inner();
        assert!(rotated.principal.unwrap().earlier_until.is_some());
        assert!(ask(&first).await.is_ok() && ask(&rotated.api_key).await.is_ok());
        let at_once = RotatePrincipalRequest { overlap: Some(prost_types::Duration::default()), ..rotate };
        let last = admin.rotate_principal(at_once).await.unwrap().into_inner();
        for old in [&first, &rotated.api_key] {
            assert_refused(ask(old).await, Code::Unauthenticated, "CREDENTIALS_REVOKED");
        }
        assert!(ask(&last.api_key).await.is_ok());
    });
}

#[test]
fn a_call_whose_message_comes_after_its_caller_was_revoked_is_refused() {
    on_a_guarded_server(async |server| {
        let mut admin = server.admin().await;
        let key = add(&mut admin, "crm", &[Role::Recorder], &["shop"], &[]).await.unwrap();
        let body = r#"{"account":"shop","contact":"+447400123456","method":"METHOD_WEBSITE","categories":["CATEGORY_MARKETING"]}"#;
        let (first, rest) = body.split_at(20);
        let mut late = tokio::net::TcpStream::connect(server.server.http).await.unwrap();
        let head = format!(
            "POST /consent.v1.RecordingService/RecordOptIn HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             authorization: Bearer {key}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{first}",
            body.len()
        );
        late.write_all(head.as_bytes()).await.unwrap();
        // Meanwhile it passes the door, with a whole call of somebody else's.
        let before = admin_head(&server).await;
        admin.revoke_principal(RevokePrincipalRequest { principal: 257 }).await.unwrap();
        late.write_all(rest.as_bytes()).await.unwrap();
        let mut answer = String::new();
        late.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("CREDENTIALS_REVOKED"), "{answer}");
        assert_eq!(admin_head(&server).await, before + 1, "the revocation alone was recorded");
    });
}

/// The last entry there is.
async fn admin_head(server: &Guarded) -> u64 {
    let status = server.admin().await.get_status(GetStatusRequest {}).await.unwrap().into_inner().status.unwrap();
    status.log.unwrap().head_seq
}

#[test]
fn streams_that_were_opened_without_credentials_end_when_the_first_principal_is_added() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async {
        let anybody = channel(&server, None).await;
        let watching = WatchServiceClient::new(anybody.clone()).watch_entries(WatchEntriesRequest::default()).await.unwrap().into_inner();
        let (record, records) = tokio::sync::mpsc::channel(4);
        let recorded = RecordingServiceClient::new(anybody.clone()).record_stream(ReceiverStream::new(records)).await.unwrap().into_inner();
        add(&mut AdminServiceClient::new(anybody), "ops", &[Role::Operator], &[], &[]).await.unwrap();
        for status in [ended(watching).await, ended(recorded).await] {
            assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "CREDENTIALS_MISSING"));
        }
        drop(record);
    });
}
