//! Reads are recorded under the principal that made them, and listed to whom its accounts are.

use consent_ledger::proto::audit_service_client::AuditServiceClient;
use consent_ledger::proto::recording_service_client::RecordingServiceClient;
use consent_ledger::proto::{ListEntriesRequest, ListReadsRequest, Role};
use tonic::Code;

use super::{add, assert_refused, on_a_guarded_server};
use crate::support::client::opt_in;

#[test]
fn a_read_is_its_principals() {
    on_a_guarded_server(async |server| {
        let mut admin = server.admin().await;
        let recorder = add(&mut admin, "crm", &[Role::Recorder], &["shop"], &[]).await.unwrap();
        let auditor = add(&mut admin, "auditor", &[Role::Auditor], &["shop"], &[]).await.unwrap();
        let everywhere = add(&mut admin, "group", &[Role::Auditor], &[], &[]).await.unwrap();
        let mut record = opt_in("+447400123456", "signup-1");
        record.account = "shop".into();
        RecordingServiceClient::new(server.with(&recorder).await).record_opt_in(record).await.unwrap();

        let mut auditor = AuditServiceClient::new(server.with(&auditor).await);
        let entries = |account: &str, all_accounts| ListEntriesRequest { account: account.into(), all_accounts, ..Default::default() };
        let reads = |account: &str| ListReadsRequest { account: account.into(), ..Default::default() };
        auditor.list_entries(entries("shop", false)).await.unwrap();
        assert_refused(auditor.list_entries(entries("", true)).await, Code::PermissionDenied, "ACCOUNT_NOT_ALLOWED");
        assert_refused(auditor.list_reads(reads("other")).await, Code::PermissionDenied, "ACCOUNT_NOT_ALLOWED");
        let mut everywhere = AuditServiceClient::new(server.with(&everywhere).await);
        everywhere.list_entries(entries("", true)).await.unwrap();

        let listed = auditor.list_reads(reads("shop")).await.unwrap().into_inner().reads;
        let mut actors: Vec<u32> = listed.iter().map(|read| read.actor).collect();
        actors.sort_unstable();
        assert_eq!(actors, [258, 259], "operator 256, recorder 257: {listed:?}");
    });
}
