//! What an operator that is bound to an account may give and change, and what it sees.

use consent_ledger::proto::admin_service_client::AdminServiceClient;
use consent_ledger::proto::audit_service_client::AuditServiceClient;
use consent_ledger::proto::decision_service_client::DecisionServiceClient;
use consent_ledger::proto::recording_service_client::RecordingServiceClient;
use consent_ledger::proto::{
    AddPrincipalRequest, CheckSendRequest, Entry, ListEntriesRequest, ListPrincipalsRequest, RecordOptInRequest, RevokePrincipalRequest,
    Role, RotatePrincipalRequest, VerifyDecisionRequest,
};
use prost_types::Timestamp;
use tonic::Code;

use super::{Guarded, add, assert_refused, on_a_guarded_server, reason};

/// An operator of `shop` that may also check and record there, until the year 2100.
async fn shopkeeper(server: &Guarded) -> String {
    let request = AddPrincipalRequest {
        name: "shopkeeper".into(),
        roles: [Role::Operator, Role::Sender, Role::Recorder].map(i32::from).to_vec(),
        accounts: vec!["shop".into()],
        expires_at: Some(Timestamp { seconds: 4_102_444_800, nanos: 0 }),
        ..Default::default()
    };
    server.admin().await.add_principal(request).await.unwrap().into_inner().api_key
}

#[test]
fn a_bound_operator_gives_no_more_than_it_has() {
    on_a_guarded_server(async |server| {
        let mut admin = AdminServiceClient::new(server.with(&shopkeeper(&server).await).await);
        let good = AddPrincipalRequest {
            name: "till".into(),
            roles: vec![Role::Sender.into()],
            accounts: vec!["shop".into()],
            expires_at: Some(Timestamp { seconds: 4_102_444_800, nanos: 0 }),
            ..Default::default()
        };
        admin.add_principal(good.clone()).await.unwrap();
        let denied = |change: fn(&mut AddPrincipalRequest)| {
            let (mut admin, mut request) = (admin.clone(), good.clone());
            change(&mut request);
            async move { reason(&admin.add_principal(request).await.unwrap_err()) }
        };
        assert_eq!(denied(|request| request.accounts.clear()).await, "ACCOUNT_NOT_ALLOWED");
        assert_eq!(denied(|request| request.accounts.push("other".into())).await, "ACCOUNT_NOT_ALLOWED");
        assert_eq!(denied(|request| request.roles.push(Role::Auditor.into())).await, "GRANT_NOT_ALLOWED");
        assert_eq!(denied(|request| request.roles = vec![Role::Eraser.into()]).await, "GRANT_NOT_ALLOWED");
        assert_eq!(denied(|request| request.expires_at = None).await, "GRANT_NOT_ALLOWED");
        assert_eq!(denied(|request| request.expires_at = Some(Timestamp { seconds: 4_102_444_801, nanos: 0 })).await, "GRANT_NOT_ALLOWED");
    });
}

#[test]
fn it_changes_and_sees_nobody_who_has_more() {
    on_a_guarded_server(async |server| {
        let mut ops = server.admin().await;
        add(&mut ops, "of other", &[Role::Sender], &["other"], &[]).await.unwrap();
        let mut admin = AdminServiceClient::new(server.with(&shopkeeper(&server).await).await);
        add(&mut ops, "auditor of shop", &[Role::Auditor], &["shop"], &[]).await.unwrap();
        let listed = admin.list_principals(ListPrincipalsRequest::default()).await.unwrap().into_inner();
        let names: Vec<&str> = listed.principals.iter().map(|principal| principal.name.as_str()).collect();
        assert_eq!(names, ["shopkeeper", "auditor of shop"]);
        // 256 is the operator of everything, 257 another account's: the same as a number that there is not.
        for principal in [256, 257, 999] {
            let rotate = RotatePrincipalRequest { principal, ..Default::default() };
            assert_refused(admin.rotate_principal(rotate).await, Code::NotFound, "PRINCIPAL_UNKNOWN");
            assert_refused(admin.revoke_principal(RevokePrincipalRequest { principal }).await, Code::NotFound, "PRINCIPAL_UNKNOWN");
        }
        // Of its own account, but with a role that it does not have.
        let rotate = RotatePrincipalRequest { principal: 259, ..Default::default() };
        assert_refused(admin.rotate_principal(rotate).await, Code::PermissionDenied, "GRANT_NOT_ALLOWED");
        // Itself, for longer than it lasts.
        let rotate = RotatePrincipalRequest { principal: 258, never_expires: true, ..Default::default() };
        assert_refused(admin.rotate_principal(rotate).await, Code::PermissionDenied, "GRANT_NOT_ALLOWED");
        assert_eq!(ops.list_principals(ListPrincipalsRequest::default()).await.unwrap().into_inner().principals.len(), 4);
    });
}

#[test]
fn every_entry_names_who_recorded_it_and_an_event_id_is_its_accounts_own() {
    on_a_guarded_server(async |server| {
        let mut ops = server.admin().await;
        let mut seqs = Vec::new();
        for account in ["shop", "other"] {
            let key = add(&mut ops, account, &[Role::Recorder, Role::Sender, Role::Auditor], &[account], &[]).await.unwrap();
            let channel = server.with(&key).await;
            let opt_in = RecordOptInRequest {
                account: account.into(),
                contact: "+447400123456".into(),
                categories: vec![1],
                method: 1,
                event_id: "one".into(),
                ..Default::default()
            };
            let recorded = RecordingServiceClient::new(channel.clone()).record_opt_in(opt_in).await.unwrap().into_inner();
            assert!(!recorded.acknowledgement.unwrap().duplicate, "another account's event id tells nothing");
            let check = CheckSendRequest {
                account: account.into(),
                contact: "+447400123456".into(),
                sender: "1001".into(),
                receipt: true,
                ..Default::default()
            };
            let receipt = DecisionServiceClient::new(channel.clone()).check_send(check).await.unwrap().into_inner().receipt.unwrap();
            let list = ListEntriesRequest { account: account.into(), ..Default::default() };
            let entries = AuditServiceClient::new(channel.clone()).list_entries(list).await.unwrap().into_inner().entries;
            let actors = |of: &[&str]| {
                entries.iter().filter(|entry: &&Entry| of.contains(&entry.kind.as_str())).map(|e| e.actor).collect::<Vec<_>>()
            };
            let number = 257 + u32::try_from(seqs.len()).unwrap();
            assert_eq!(actors(&["opted_in", "decision_receipt_issued"]), [number; 2]);
            assert!(entries.iter().filter(|entry| entry.actor == number).all(|entry| entry.actor_name == account));
            seqs.push((channel, receipt));
        }
        let [(shop, of_shop), (other, of_other)] = seqs.try_into().unwrap();
        for (channel, own, foreign) in [(shop, of_shop.clone(), of_other.clone()), (other, of_other, of_shop)] {
            let mut client = DecisionServiceClient::new(channel);
            let verify = |receipt| VerifyDecisionRequest { receipt: Some(receipt), contact: String::new() };
            client.verify_decision(verify(own)).await.unwrap();
            assert_refused(client.verify_decision(verify(foreign)).await, Code::PermissionDenied, "ACCOUNT_NOT_ALLOWED");
        }
    });
}

#[test]
fn the_name_of_who_reaches_further_is_not_shown() {
    on_a_guarded_server(async |server| {
        let mut ops = server.admin().await;
        let everywhere = add(&mut ops, "group office", &[Role::Recorder], &[], &[]).await.unwrap();
        let opt_in = RecordOptInRequest {
            account: "shop".into(),
            contact: "+447400123456".into(),
            categories: vec![1],
            method: 1,
            ..Default::default()
        };
        RecordingServiceClient::new(server.with(&everywhere).await).record_opt_in(opt_in).await.unwrap();
        for (accounts, name) in [(&["shop"][..], ""), (&[][..], "group office")] {
            let key = add(&mut ops, "officer", &[Role::Auditor], accounts, &[]).await.unwrap();
            let list = ListEntriesRequest { account: "shop".into(), ..Default::default() };
            let entries = AuditServiceClient::new(server.with(&key).await).list_entries(list).await.unwrap().into_inner().entries;
            let recorded = entries.iter().find(|entry| entry.kind == "opted_in").unwrap();
            assert_eq!((recorded.actor, recorded.actor_name.as_str()), (257, name));
        }
    });
}
