//! Auditors: exports and bundles, verified as they come, pages, summaries, who read what.

use std::sync::Arc;
use std::time::Duration;

use consent_ledger::export::jsonl::Jsonl;
use consent_ledger::export::pieces::Pieces;
use consent_ledger::export::verify::{Against, verify};
use consent_ledger::proto::{
    ExportEntriesRequest, ExportPiece, GetContactRequest, GetDriftRequest, GetEvidenceRequest, ListEntriesRequest, ListReadsRequest,
};
use tonic::Status;

use super::Load;
use super::people::{EACH, SENDER, number};
use crate::support::client::{Client, question};

/// How long it is paused between two rounds.
const PAUSE: Duration = Duration::from_secs(5);

/// How many of the latest entries an export holds.
const LATEST: u64 = 1_000;

async fn export(client: &Client, request: ExportEntriesRequest) -> Result<Vec<ExportPiece>, Status> {
    let mut stream = client.audit.clone().export_entries(request).await?.into_inner();
    let mut pieces = Vec::new();
    while let Some(message) = stream.message().await? {
        pieces.extend(message.pieces);
    }
    Ok(pieces)
}

async fn bundle(client: &Client, contact: &str) -> Result<Vec<ExportPiece>, Status> {
    let request = GetEvidenceRequest { contact: contact.to_owned(), ..Default::default() };
    let mut stream = client.audit.clone().get_evidence(request).await?.into_inner();
    let mut pieces = Vec::new();
    while let Some(message) = stream.message().await? {
        pieces.extend(message.pieces);
    }
    Ok(pieces)
}

/// The file of these pieces holds, offline.
fn hold(load: &Load, what: &str, pieces: Vec<ExportPiece>) {
    let mut file = Vec::new();
    let mut form = Pieces::new(Jsonl::new(&mut file));
    for piece in pieces {
        form.take(piece).unwrap();
    }
    form.finish().unwrap();
    match verify(file.as_slice(), &load.served.key, &Against::default(), |_, _| {}) {
        Ok(_) => load.one(&format!("{what} verified")),
        Err(error) => load.faults.wrong(format!("{what}: {error}")),
    }
}

/// Goes round until the load is over.
pub async fn audits(load: Arc<Load>) {
    let (client, mut dice) = (load.served.connect(), load.campaign.dice(100));
    while load.pause(PAUSE).await {
        let contact = number(1 + dice.below(5), dice.below(EACH));
        let known = load
            .until_answered("contacts summed up", || {
                let request = GetContactRequest { contact: contact.clone(), sender: SENDER.into(), ..Default::default() };
                let mut audit = client.audit.clone();
                async move { audit.get_contact(request).await }
            })
            .await
            .into_inner()
            .contact
            .unwrap();
        if known.entries > 0 {
            let pieces = load.until_answered("bundles", || bundle(&client, &contact)).await;
            hold(&load, "bundles", pieces);
        }
        let request = ExportEntriesRequest { contacts: vec![contact.clone()], ..Default::default() };
        hold(&load, "exports of a contact", load.until_answered("exports", || export(&client, request.clone())).await);
        let head = load.until_answered("checks", || client.check(question("GB.nobody", SENDER))).await.position.unwrap().seq;
        let from_seq = head.saturating_sub(LATEST) + 1;
        let request = ExportEntriesRequest { all_accounts: true, from_seq, to_seq: head, ..Default::default() };
        hold(&load, "exports of a range", load.until_answered("exports", || export(&client, request.clone())).await);
        let page = load
            .until_answered("pages of entries", || {
                let request = ListEntriesRequest { contact: contact.clone(), page_size: 1_000, ..Default::default() };
                let mut audit = client.audit.clone();
                async move { audit.list_entries(request).await }
            })
            .await
            .into_inner();
        if page.next_seq == 0 && (page.entries.len() as u64) < known.entries {
            load.faults.wrong(format!("{contact} had {} entries and has {}", known.entries, page.entries.len()));
        }
        if known.entries > 0 {
            let reads = load
                .until_answered("lists of reads", || {
                    let request = ListReadsRequest { contact: contact.clone(), page_size: 10, ..Default::default() };
                    let mut audit = client.audit.clone();
                    async move { audit.list_reads(request).await }
                })
                .await
                .into_inner()
                .reads;
            if !reads.iter().any(|read| read.method == "AuditService.ListEntries") {
                load.faults.wrong(format!("a read of {contact} is not listed: {reads:?}"));
            }
        }
    }
}

/// At the end: no drift, since nobody reported a refusal.
pub async fn last(load: &Load) {
    let client = load.served.connect();
    let drift = load
        .until_answered("drift", || {
            let mut audit = client.audit.clone();
            async move { audit.get_drift(GetDriftRequest::default()).await }
        })
        .await
        .into_inner();
    assert!(drift.contradictions.is_empty(), "{:?}", drift.contradictions);
}
