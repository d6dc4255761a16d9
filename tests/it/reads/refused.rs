//! Where a read cannot be recorded, nothing is handed out.

use std::sync::Arc;

use consent_ledger::api;
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::{Ledger, Options};
use consent_ledger::proto::{
    DiffPolicyRequest, ExportEntriesRequest, GetContactRequest, GetDriftRequest, GetEvidenceRequest, ListEntriesRequest,
    ListErasuresRequest, ListPossibleOptOutsRequest, PolicyChoice, RequestErasureRequest, WatchEntriesRequest, WatchWindowsRequest,
};
use consent_ledger::shutdown::Ending;
use consent_ledger::telemetry::calls::{Calls, Edge};
use tokio::net::TcpListener;
use tonic::{Code, Response, Status, Streaming};

use crate::errors::refused;
use crate::faults::{Fails, FaultyDisk};
use crate::support::bench::{at, open_on};
use crate::support::client::{Client, opt_in, question, runtime, seconds, text};

const CONTACT: &str = "+447400123456";

/// Serves a ledger within this process.
async fn served(ledger: &Ledger) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(api::serve(listener, ledger.clone(), None, Calls::of(Edge::Grpc), Ending::after(std::future::pending())));
    Client::connect(&url).await
}

/// How a stream ends, and whether any of its messages held something.
async fn end_of<T>(stream: Result<Response<Streaming<T>>, Status>, holds: impl Fn(&T) -> bool) -> Status {
    let mut stream = match stream {
        Ok(stream) => stream.into_inner(),
        Err(status) => return status,
    };
    loop {
        match stream.message().await {
            Ok(Some(message)) => assert!(!holds(&message), "something was handed out"),
            Ok(None) => panic!("it ended well"),
            Err(status) => return status,
        }
    }
}

/// Every method that hands out personal data, and how it was refused.
async fn all(client: &Client) -> Vec<(&'static str, Status)> {
    let (mut audit, mut watch) = (client.audit.clone(), client.watch.clone());
    let contact = || CONTACT.to_owned();
    let policy = Some(PolicyChoice { preset: "maxcontact".into(), ..Default::default() });
    // 2026-02-01 to 2026-04-01.
    let (from, to) = (Some(seconds(1_769_904_000)), Some(seconds(1_775_001_600)));
    let watched = WatchEntriesRequest { from_seq: 1, with_sealed: true, ..Default::default() };
    vec![
        ("GetContact", audit.get_contact(GetContactRequest { contact: contact(), ..Default::default() }).await.unwrap_err()),
        ("ListEntries", audit.list_entries(ListEntriesRequest::default()).await.unwrap_err()),
        ("ListPossibleOptOuts", audit.list_possible_opt_outs(ListPossibleOptOutsRequest::default()).await.unwrap_err()),
        ("GetDrift", audit.get_drift(GetDriftRequest { from, to, ..Default::default() }).await.unwrap_err()),
        ("ListErasures", client.identity.clone().list_erasures(ListErasuresRequest::default()).await.unwrap_err()),
        (
            "DiffPolicy",
            client.admin.clone().diff_policy(DiffPolicyRequest { policy, with_contacts: true, ..Default::default() }).await.unwrap_err(),
        ),
        ("ExportEntries", end_of(audit.export_entries(ExportEntriesRequest::default()).await, |_| true).await),
        ("GetEvidence", end_of(audit.get_evidence(GetEvidenceRequest { contact: contact(), ..Default::default() }).await, |_| true).await),
        ("WatchEntries", end_of(watch.watch_entries(watched).await, |message| !message.entries.is_empty()).await),
        ("WatchWindows", end_of(watch.watch_windows(WatchWindowsRequest::default()).await, |message| !message.events.is_empty()).await),
    ]
}

#[test]
fn while_the_clock_is_behind_every_method_is_refused_as_a_record_is_and_a_check_too() {
    let dir = tempfile::tempdir().unwrap();
    let (clock, disk) = (Arc::new(ManualClock::default()), Arc::new(RealDisk) as Arc<dyn Disk>);
    clock.set(at(3_600));
    let ledger = Ledger::open_with(&Options::new(dir.path()), &disk, &(clock.clone() as Arc<dyn Clock>)).unwrap();
    runtime().block_on(async {
        let client = served(&ledger).await;
        client.opt_in(opt_in(CONTACT, "")).await.unwrap();
        client.inbound(text(CONTACT, "1", "Stop. Thank you")).await.unwrap();
        let feedback = consent_ledger::proto::RecordProviderFeedbackRequest {
            contacts: vec![CONTACT.into()],
            sender: "1".into(),
            code: 131_050,
            ..Default::default()
        };
        client.recording.clone().record_provider_feedback(feedback).await.unwrap();
        let erasure = RequestErasureRequest { contact: CONTACT.into(), ..Default::default() };
        client.identity.clone().request_erasure(erasure).await.unwrap();
        // A bundle rests on recorded heads: these are there.
        let mut bundle =
            client.audit.clone().get_evidence(GetEvidenceRequest { contact: CONTACT.into(), ..Default::default() }).await.unwrap();
        while bundle.get_mut().message().await.unwrap().is_some() {}
        let head = ledger.head();
        clock.set(at(3_600 - 301));
        for (method, status) in all(&client).await {
            assert_eq!((refused(&status).0, refused(&status).1.as_str()), (Code::Unavailable, "CLOCK_BEHIND"), "{method}: {status:?}");
            assert!(!status.message().contains(&CONTACT[1..]));
        }
        assert_eq!(ledger.head(), head, "nothing was recorded");
        assert_eq!(refused(&client.check(question(CONTACT, "1")).await.unwrap_err()).1, "CLOCK_BEHIND");
        clock.set(at(3_600));
        client.check(question(CONTACT, "1")).await.unwrap();
        let page = client.audit.clone().list_entries(ListEntriesRequest::default()).await.unwrap().into_inner();
        assert!(page.entries.iter().any(|entry| entry.sealed.is_some()));
    });
    ledger.close();
}

#[test]
fn a_disk_that_fails_under_the_read_hands_out_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new(0, Fails::Undone);
    let ledger = open_on(dir.path(), at(3_600), &(Arc::new(disk.clone()) as Arc<dyn Disk>)).unwrap();
    runtime().block_on(async {
        let client = served(&ledger).await;
        client.opt_in(opt_in(CONTACT, "")).await.unwrap();
        disk.fail_in(1);
        let status = client.audit.clone().list_entries(ListEntriesRequest::default()).await.unwrap_err();
        assert_eq!((refused(&status).0, refused(&status).1.as_str()), (Code::Unavailable, "LEDGER_UNAVAILABLE"), "{status:?}");
    });
    assert!(ledger.poisoned().is_some());
    ledger.close();
}
