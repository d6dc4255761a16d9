//! Every method of the services stands in the table of `docs/reads.md`; each that is recorded leaves exactly the read it says.

use std::collections::BTreeSet;
use std::path::Path;

use consent_ledger::ledger::reading::reads::ReadMethod;
use consent_ledger::proto::{
    BatchCheckSendRequest, CheckSendRequest, DiffPolicyRequest, ExportEntriesRequest, GetCheckpointRequest, GetContactRequest,
    GetDriftRequest, GetEvidenceRequest, GetPolicyRequest, GetSenderStandingRequest, ListAccountsRequest, ListDeadLettersRequest,
    ListEntriesRequest, ListErasuresRequest, ListPossibleOptOutsRequest, ListReadsRequest, ListTemplatesRequest, PolicyChoice,
    ProveConsistencyRequest, ProveInclusionRequest, ReplayDeadLettersRequest, RequestErasureRequest, SetLegalHoldRequest,
    VerifyDecisionRequest, WatchEntriesRequest, WatchWindowsRequest,
};
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::{Status, Streaming};

use super::reads;
use crate::support::cli::cli;
use crate::support::client::{Client, opt_in, question, runtime, text};
use crate::support::server::Server;

const CONTACT: &str = "+447400123456";
const OTHER: &str = "+447400123457";
const SENDER: &str = "1001";

/// The rows of the table: the method, and whether it is recorded.
fn rows() -> Vec<(String, bool)> {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reads.md")).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.split('|').map(str::trim).collect();
        Some((cells[0].trim_end_matches('`').to_owned(), cells[2] != "no"))
    };
    page.lines().filter_map(row).collect()
}

#[test]
fn the_table_has_every_method_once_and_says_of_each_whether_it_is_recorded() {
    let protos = FileDescriptorSet::decode(consent_ledger::proto::DESCRIPTORS).unwrap();
    let services = protos.file.iter().filter(|file| file.package() == "consent.v1").flat_map(|file| &file.service);
    let methods = services.flat_map(|service| service.method.iter().map(|method| format!("{}.{}", service.name(), method.name())));
    let mut methods: Vec<String> = methods.collect();
    let mut told: Vec<String> = rows().into_iter().map(|(method, _)| method).collect();
    methods.sort();
    told.sort();
    assert_eq!(told, methods);
    let mut recorded: Vec<String> = rows().into_iter().filter(|(_, recorded)| *recorded).map(|(method, _)| method).collect();
    let mut known = ReadMethod::ALL.map(|method| method.as_str().to_owned()).to_vec();
    recorded.sort();
    known.sort();
    assert_eq!(recorded, known);
}

/// Reads until the stream ends by itself, or has said this much.
async fn take<T>(stream: Result<tonic::Response<Streaming<T>>, Status>, enough: impl Fn(&T) -> bool) {
    let mut stream = stream.unwrap().into_inner();
    while let Some(message) = stream.message().await.unwrap() {
        if enough(&message) {
            return;
        }
    }
}

/// Calls a method in some ways. Gives for each what it must leave: how many entries, and of whom.
async fn call(client: &Client, method: ReadMethod, way: usize) -> Option<(u64, Whose)> {
    use Whose::{Account, Contact, Everybody, Nobody};
    let mut audit = client.audit.clone();
    Some(match (method, way) {
        (ReadMethod::GetContact, 0 | 1) => {
            let known = way == 0;
            let contact = if known { CONTACT } else { "+447400999999" }.to_owned();
            audit.get_contact(GetContactRequest { contact, sender: SENDER.into(), ..Default::default() }).await.unwrap();
            if known { (3, Contact) } else { (0, Nobody) }
        }
        (ReadMethod::ListEntries, 0..=3) => {
            let request = ListEntriesRequest::default();
            let (request, left) = match way {
                0 => (ListEntriesRequest { contact: CONTACT.into(), ..request }, (3, Contact)),
                1 => (request, (6, Account)),
                2 => (ListEntriesRequest { all_accounts: true, ..request }, (7, Everybody)),
                _ => (ListEntriesRequest { from_seq: 10_000, ..request }, (0, Nobody)),
            };
            audit.list_entries(request).await.unwrap();
            left
        }
        (ReadMethod::ListPossibleOptOuts, 0) => {
            audit.list_possible_opt_outs(ListPossibleOptOutsRequest::default()).await.unwrap();
            (1, Account)
        }
        (ReadMethod::GetDrift, 0) => {
            assert_eq!(audit.get_drift(GetDriftRequest::default()).await.unwrap().into_inner().contradictions.len(), 1);
            (1, Account)
        }
        (ReadMethod::ExportEntries, 0..=3) => {
            let request = ExportEntriesRequest::default();
            let (request, left) = match way {
                0 => (ExportEntriesRequest { contacts: vec![CONTACT.into()], ..request }, (3, Contact)),
                1 => (ExportEntriesRequest { contacts: vec![CONTACT.into(), OTHER.into()], ..request }, (4, Account)),
                2 => (ExportEntriesRequest { all_accounts: true, ..request }, (7, Everybody)),
                _ => (ExportEntriesRequest { to_seq: 2, ..request }, (0, Nobody)),
            };
            take(audit.export_entries(request).await, |_| false).await;
            left
        }
        (ReadMethod::GetEvidence, 0) => {
            take(audit.get_evidence(GetEvidenceRequest { contact: CONTACT.into(), ..Default::default() }).await, |_| false).await;
            (3, Contact)
        }
        (ReadMethod::WatchEntries, 0..=2) => {
            let request = WatchEntriesRequest { from_seq: 1, with_sealed: way < 2, with_raw: true, ..Default::default() };
            let request = WatchEntriesRequest { all_accounts: way == 1, ..request };
            let seen = client.log().await.len() as u64;
            let reached = |response: &consent_ledger::proto::WatchEntriesResponse| response.position.as_ref().unwrap().seq >= seen;
            take(client.watch.clone().watch_entries(request).await, reached).await;
            [(6, Account), (7, Everybody), (0, Nobody)][way]
        }
        (ReadMethod::WatchWindows, 0) => {
            let request = WatchWindowsRequest { sender: SENDER.into(), ..Default::default() };
            take(client.watch.clone().watch_windows(request).await, |response| response.caught_up).await;
            (1, Account)
        }
        (ReadMethod::ListErasures, 0) => {
            client.identity.clone().list_erasures(ListErasuresRequest::default()).await.unwrap();
            (2, Account)
        }
        (ReadMethod::DiffPolicy, 0 | 1) => {
            let policy = Some(PolicyChoice { preset: "maxcontact".into(), ..Default::default() });
            let request = DiffPolicyRequest { policy, with_contacts: way == 0, ..Default::default() };
            let changes = client.admin.clone().diff_policy(request).await.unwrap().into_inner().changes.len() as u64;
            assert_eq!(changes > 0, way == 0);
            (changes, if way == 0 { Account } else { Nobody })
        }
        (ReadMethod::ListDeadLetters, 0 | 1) => {
            let request = ListDeadLettersRequest { with_payload: way == 0, ..Default::default() };
            client.admin.clone().list_dead_letters(request).await.unwrap();
            if way == 0 { (1, Account) } else { (0, Nobody) }
        }
        _ => return None,
    })
}

/// Whose read is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Whose {
    Contact,
    Account,
    Everybody,
    Nobody,
}

/// A server that has something of every kind: two contacts, a message in doubt, a contradiction, an erasure, a hold, a dead
/// letter, and an account with a contact of its own.
fn a_server(dir: &Path) -> Server {
    let server = Server::start(&dir.join("data"), &["--app-secret", "secret"]);
    let say = |line: &str| {
        let mut words: Vec<&str> = line.split(' ').collect();
        let url = server.url();
        words.extend(["--server", &url]);
        let said = cli(&words);
        assert_eq!(said.code, 0, "{line}: {said:?}");
    };
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        client.opt_in(opt_in(CONTACT, "")).await.unwrap();
        client.inbound(text(CONTACT, SENDER, "Stop. Thank you")).await.unwrap();
        client.opt_in(opt_in(OTHER, "")).await.unwrap();
    });
    say("record feedback --contact +447400123456 --sender 1001 --code 131050");
    say("account create shop");
    say("record opt-in --contact +447400123456 --category marketing --account shop");
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let mut identity = client.identity.clone();
        identity.request_erasure(RequestErasureRequest { contact: "GB.1".into(), ..Default::default() }).await.unwrap();
        let hold = SetLegalHoldRequest { contact: "GB.2".into(), hold: 1, ..Default::default() };
        identity.set_legal_hold(hold).await.unwrap();
    });
    let body = dir.join("unplaceable.json");
    std::fs::write(&body, r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":"1001"},"messages":[{"from":"0","id":"wamid.1","timestamp":"1","type":"text","text":{"body":"hi"}}]}}]}]}"#).unwrap();
    let replayed = cli(&["webhook", "replay", body.to_str().unwrap(), "--app-secret", "secret", "--server-http", &server.http_url()]);
    assert_eq!(replayed.code, 0, "{replayed:?}");
    server
}

#[test]
fn each_method_leaves_exactly_the_read_that_the_table_says() {
    let dir = tempfile::tempdir().unwrap();
    let server = a_server(dir.path());
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let (account, contact) = (client.log().await[1].trail, client.log().await[2].trail);
        for method in ReadMethod::ALL {
            let mut way = 0;
            loop {
                let before = client.log().await.len();
                let Some((entries, whose)) = call(&client, method, way).await else { break };
                let log = client.log().await;
                let left = reads(&log[before..]).into_iter().map(|(entry, read)| {
                    assert_eq!((entry.actor, entry.erased, entry.clear.as_ref().unwrap().effect), (1, false, 3), "{}", read.method);
                    assert_eq!(entry.raw[140..144], [0; 4], "nothing is sealed in it");
                    (entry.account, read.contact, read.entries, read.method)
                });
                let expected = match whose {
                    Whose::Contact => Some((account, contact)),
                    Whose::Account => Some((account, 0)),
                    Whose::Everybody => Some((0, 0)),
                    Whose::Nobody => None,
                };
                let expected: Vec<_> =
                    expected.into_iter().map(|(account, contact)| (account, contact, entries, method.as_str().to_owned())).collect();
                assert_eq!(left.collect::<Vec<_>>(), expected, "{} {way}", method.as_str());
                way += 1;
            }
            assert!(way > 0, "{} was never called", method.as_str());
        }
        let log = client.log().await;
        let trails: BTreeSet<(u64, u64)> = reads(&log).into_iter().map(|(entry, _)| (entry.account, entry.trail)).collect();
        assert_eq!(trails.len(), 2, "the account's reads stand in one trail, those across all accounts in another: {trails:?}");
        let others = log.iter().filter(|entry| entry.kind != "personal_data_read");
        assert!(others.into_iter().all(|entry| !trails.iter().any(|(_, trail)| *trail == entry.trail)));
    });
    assert_eq!(server.terminate().code(), Some(0));
    crate::support::cli::verify(&dir.path().join("data"), 0);
}

#[test]
fn what_names_nobody_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = a_server(dir.path());
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let receipt = CheckSendRequest { receipt: true, ..question(CONTACT, SENDER) };
        let receipt = client.decision.clone().check_send(receipt).await.unwrap().into_inner().receipt;
        let before = client.log().await.len();
        client.check(question(CONTACT, SENDER)).await.unwrap();
        let batch = BatchCheckSendRequest { contacts: vec![CONTACT.into(), OTHER.into()], sender: SENDER.into(), ..Default::default() };
        client.decision.clone().batch_check_send(batch).await.unwrap();
        let verify = VerifyDecisionRequest { receipt, contact: CONTACT.into() };
        client.decision.clone().verify_decision(verify).await.unwrap();
        let (mut audit, mut admin) = (client.audit.clone(), client.admin.clone());
        audit.get_checkpoint(GetCheckpointRequest { fresh: true }).await.unwrap();
        audit.prove_inclusion(ProveInclusionRequest { seq: 3, size: 0 }).await.unwrap();
        audit.prove_consistency(ProveConsistencyRequest { old_size: 1, size: 0 }).await.unwrap();
        audit.list_reads(ListReadsRequest { contact: CONTACT.into(), ..Default::default() }).await.unwrap();
        admin.list_accounts(ListAccountsRequest::default()).await.unwrap();
        admin.get_policy(GetPolicyRequest::default()).await.unwrap();
        admin.list_templates(ListTemplatesRequest::default()).await.unwrap();
        admin.get_sender_standing(GetSenderStandingRequest { sender: SENDER.into(), ..Default::default() }).await.unwrap();
        admin.replay_dead_letters(ReplayDeadLettersRequest::default()).await.unwrap();
        assert_eq!(client.log().await.len(), before);
    });
    assert_eq!(server.terminate().code(), Some(0));
}
