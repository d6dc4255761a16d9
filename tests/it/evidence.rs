//! Exports and evidence bundles from the real server, written as files and verified without it.

use std::path::Path;

use consent_ledger::export::jsonl::Jsonl;
use consent_ledger::export::pieces::Pieces;
use consent_ledger::export::verify::{Against, Code, Report, VerifyError, verify};
use consent_ledger::proof::checkpoint::{self, Checkpoint};
use consent_ledger::proof::note::VerifierKey;
use consent_ledger::proto::{
    ChangeNumberRequest, CheckSendRequest, ExportEntriesRequest, ExportPiece, GetCheckpointRequest, GetEvidenceRequest,
    LinkIdentifiersRequest,
};
use serde_json::Value;
use tonic::{Code as GrpcCode, Status};

use crate::errors::refused;
use crate::support::cli::cli;
use crate::support::client::{Client, opt_in, question, runtime, text};
use crate::support::server::Server;

const ADA: &str = "+447400123456";
const ADAS_ID: &str = "GB.13491208655302741918";
const GRACE: &str = "+447400999999";

/// Runs a test on a server whose key is pinned.
fn on_a_server<F: Future<Output = ()>>(test: impl FnOnce(Client, VerifierKey) -> F) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let key = key_of(&dir.path().join("data"));
    runtime().block_on(async { test(Client::connect(&server.url()).await, key).await });
    assert_eq!(server.terminate().code(), Some(0));
}

fn key_of(data_dir: &Path) -> VerifierKey {
    let said = cli(&["keys", "public", "--data-dir", data_dir.to_str().unwrap()]);
    said.out.trim().parse().unwrap()
}

fn file(pieces: Vec<ExportPiece>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut form = Pieces::new(Jsonl::new(&mut bytes));
    for piece in pieces {
        form.take(piece).unwrap();
    }
    form.finish().unwrap();
    bytes
}

async fn export(client: &Client, request: ExportEntriesRequest) -> Vec<u8> {
    let mut stream = client.audit.clone().export_entries(request).await.unwrap().into_inner();
    let mut pieces = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        pieces.extend(message.pieces);
    }
    file(pieces)
}

async fn try_evidence(client: &Client, request: GetEvidenceRequest) -> Result<Vec<u8>, Status> {
    let mut stream = client.audit.clone().get_evidence(request).await?.into_inner();
    let mut pieces = Vec::new();
    while let Some(message) = stream.message().await? {
        pieces.extend(message.pieces);
    }
    Ok(file(pieces))
}

async fn evidence(client: &Client, contact: &str) -> Vec<u8> {
    try_evidence(client, GetEvidenceRequest { contact: contact.into(), ..Default::default() }).await.unwrap()
}

/// How many entries there are but for those that say who was handed what.
async fn but_for_reads(client: &Client) -> usize {
    client.log().await.iter().filter(|entry| entry.kind != "personal_data_read").count()
}

fn holds(file: &[u8], key: &VerifierKey, older: Option<&Checkpoint>) -> Report {
    verify(file, key, &Against { older, ..Default::default() }, |_, _| {})
        .unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(file)))
}

fn fails(file: &[u8], key: &VerifierKey, older: Option<&Checkpoint>) -> Code {
    match verify(file, key, &Against { older, ..Default::default() }, |_, _| {}) {
        Err(VerifyError::DoesNotHold(problem)) => problem.code,
        other => panic!("{other:?}"),
    }
}

fn lines(file: &[u8]) -> Vec<Value> {
    String::from_utf8(file.to_vec()).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn seqs(file: &[u8]) -> Vec<u64> {
    lines(file).iter().filter_map(|line| line.get("seq")?.as_u64()).collect()
}

/// What Ada and Grace did: entries 3 to 8.
async fn history(client: &Client) {
    client.opt_in(opt_in(ADA, "ada-1")).await.unwrap();
    client.opt_in(opt_in(GRACE, "grace-1")).await.unwrap();
    client.inbound(text(ADA, "1001", "Is it there in blue?")).await.unwrap();
    client.inbound(text(GRACE, "1001", "Hello")).await.unwrap();
    client.inbound(text(ADA, "1001", "STOP")).await.unwrap();
}

#[test]
fn an_export_of_everything_holds_every_entry_and_claims_so() {
    on_a_server(async |client, key| {
        history(&client).await;
        let all = export(&client, ExportEntriesRequest { all_accounts: true, ..Default::default() }).await;
        assert_eq!(seqs(&all), (1..=8).collect::<Vec<_>>());
        assert_eq!(holds(&all, &key, None).holds[0], "claim: every entry from 1 to 8 is here");
        let part = ExportEntriesRequest { all_accounts: true, from_seq: 3, to_seq: 5, ..Default::default() };
        let part = export(&client, part).await;
        assert_eq!(seqs(&part), [3, 4, 5]);
        assert_eq!(holds(&part, &key, None).holds[0], "claim: every entry from 3 to 5 is here");
    });
}

#[test]
fn filters_hand_out_what_they_let_through_and_claim_no_more_than_inclusion() {
    on_a_server(async |client, key| {
        history(&client).await;
        let contact = ExportEntriesRequest { contacts: vec![ADA.into()], ..Default::default() };
        let sender = ExportEntriesRequest { sender: "1001".into(), ..Default::default() };
        let both =
            ExportEntriesRequest { contacts: vec![GRACE.into(), ADA.into()], sender: "1001".into(), from_seq: 6, ..Default::default() };
        let nobody = ExportEntriesRequest { contacts: vec!["+447400555555".into()], ..Default::default() };
        let account = ExportEntriesRequest::default();
        let cases: [(ExportEntriesRequest, &[u64]); 5] =
            [(account, &[2, 3, 4, 5, 6, 7, 8]), (contact, &[3, 5, 7, 8]), (sender, &[5, 6, 7, 8]), (both, &[6, 7, 8]), (nobody, &[])];
        for (request, expected) in cases {
            let file = export(&client, request).await;
            assert_eq!(seqs(&file), expected);
            let report = holds(&file, &key, None);
            assert!(report.holds[0].ends_with("entries are in the log; nothing is said about others"), "{:?}", report.holds);
        }
    });
}

fn moment(entry: &consent_ledger::proto::Entry) -> (i64, i32) {
    entry.recorded_at.map(|at| (at.seconds, at.nanos)).unwrap()
}

#[test]
fn time_filters_go_by_when_something_was_recorded() {
    on_a_server(async |client, key| {
        history(&client).await;
        let log = client.log().await;
        let request = ExportEntriesRequest {
            all_accounts: true,
            recorded_from: log[3].recorded_at,
            recorded_to: log[6].recorded_at,
            ..Default::default()
        };
        let file = export(&client, request).await;
        let expected: Vec<u64> =
            log.iter().filter(|entry| moment(entry) >= moment(&log[3]) && moment(entry) < moment(&log[6])).map(|entry| entry.seq).collect();
        assert_eq!(seqs(&file), expected);
        holds(&file, &key, None);
        let never = ExportEntriesRequest {
            all_accounts: true,
            recorded_from: Some(crate::support::client::seconds(4_000_000_000)),
            ..Default::default()
        };
        assert!(seqs(&export(&client, never).await).is_empty());
    });
}

#[test]
fn a_bundle_is_complete_opens_its_contact_and_nobody_else() {
    on_a_server(async |client, key| {
        history(&client).await;
        let bundle = evidence(&client, ADA).await;
        let report = holds(&bundle, &key, None);
        assert_eq!(report.holds[0], "claim: complete up to entry 8: trails 2 and account 1");
        assert_eq!(seqs(&bundle), [1, 2, 3, 5, 7, 8, 9]);
        assert_eq!(report.holds[1], format!("about: {ADA} in the account default, named in a sealed part that opens here"));
        assert!(report.holds[2].starts_with("as of: where trails ended was recorded as entry 9, 20"), "{:?}", report.holds);
        assert_eq!(report.holds[3], "not covered: what came after entry 8; the checkpoint goes on to entry 9");
        let text = String::from_utf8(bundle.clone()).unwrap();
        assert!(text.contains(ADA) && !text.contains(GRACE));
        assert_eq!(lines(&bundle)[0]["keys"].as_array().unwrap().len(), 1);
        // Nothing grew: the same heads serve again, and another contact too.
        evidence(&client, ADA).await;
        let other = evidence(&client, GRACE).await;
        assert_eq!(holds(&other, &key, None).holds[0], "claim: complete up to entry 8: trails 3 and account 1");
        assert_eq!(but_for_reads(&client).await, 9);
        client.inbound(text_of_grace()).await.unwrap();
        evidence(&client, ADA).await;
        assert_eq!(but_for_reads(&client).await, 10);
        evidence(&client, GRACE).await;
        assert_eq!(but_for_reads(&client).await, 11);
    });
}

fn text_of_grace() -> consent_ledger::proto::RecordInboundMessageRequest {
    text(GRACE, "1001", "Again")
}

#[test]
fn a_bundle_covers_joined_trails_and_where_a_person_came_from() {
    on_a_server(async |client, key| {
        history(&client).await;
        client.inbound(text(ADAS_ID, "1001", "By my name")).await.unwrap();
        let link = LinkIdentifiersRequest { contacts: vec![ADA.into(), ADAS_ID.into()], ..Default::default() };
        client.identity.clone().link_identifiers(link).await.unwrap();
        let bundle = evidence(&client, ADAS_ID).await;
        assert_eq!(holds(&bundle, &key, None).holds[0], "claim: complete up to entry 10: trails 2, 4 and account 1");
        let moved = ChangeNumberRequest { from: ADA.into(), to: "+447400777777".into(), ..Default::default() };
        client.identity.clone().change_number(moved).await.unwrap();
        client.inbound(text("+447400777777", "1001", "My new number")).await.unwrap();
        let bundle = evidence(&client, "+447400777777").await;
        assert_eq!(holds(&bundle, &key, None).holds[0], "claim: complete up to entry 14: trails 2, 4, 6 and account 1");
    });
}

#[test]
fn a_trail_that_is_shared_with_others_keeps_its_key_and_is_not_claimed_complete() {
    on_a_server(async |client, key| {
        history(&client).await;
        // Learned late: what Ada's number did from then on was somebody else's.
        let at = client.log().await[3].recorded_at;
        let moved = ChangeNumberRequest { from: ADA.into(), to: "+447400777777".into(), occurred_at: at, ..Default::default() };
        client.identity.clone().change_number(moved).await.unwrap();
        let bundle = evidence(&client, ADA).await;
        let report = holds(&bundle, &key, None);
        let shared = report.holds.iter().any(|line| line.starts_with("NOT complete: trails 2, which others share"));
        assert!(shared, "{:?}", report.holds);
        assert!(lines(&bundle)[0]["keys"].as_array().into_iter().flatten().all(|key| key["trail"] != 2));
        // Ada's own opt-in was before the change: it is not the new owner's.
        assert!(!seqs(&bundle).contains(&3), "{:?}", seqs(&bundle));
        let adas = evidence(&client, "+447400777777").await;
        holds(&adas, &key, None);
        assert!(seqs(&adas).contains(&3) && !seqs(&adas).contains(&5), "{:?}", seqs(&adas));
    });
}

#[test]
fn a_file_is_held_against_an_older_checkpoint_that_it_was_made_for() {
    on_a_server(async |client, key| {
        history(&client).await;
        let fresh = GetCheckpointRequest { fresh: true };
        let note = client.audit.clone().get_checkpoint(fresh).await.unwrap().into_inner().checkpoint.unwrap().note;
        let older = checkpoint::verify(&note, &key).unwrap().checkpoint;
        for n in 0..40 {
            client.opt_in(opt_in(&format!("+4474002000{n:02}"), "")).await.unwrap();
        }
        let request = GetEvidenceRequest { contact: ADA.into(), old_sizes: vec![older.size, 5], ..Default::default() };
        let bundle = try_evidence(&client, request).await.unwrap();
        let report = holds(&bundle, &key, Some(&older));
        assert_eq!(report.holds.last().unwrap(), &format!("the log only grew since the older checkpoint over {} entries", older.size));
        let other = Checkpoint { root: [7; 32], ..older.clone() };
        assert_eq!(fails(&bundle, &key, Some(&other)), Code::OlderContradicted);
        let newer = Checkpoint { size: 1_000, ..older.clone() };
        assert_eq!(fails(&bundle, &key, Some(&newer)), Code::OlderIsNewer);
    });
}

#[test]
fn receipts_in_a_bundle_are_derived_again() {
    on_a_server(async |client, key| {
        history(&client).await;
        for category in [0, 1, 2, 4] {
            let asked = CheckSendRequest { receipt: true, category, ..question(ADA, "1001") };
            client.decision.clone().check_send(asked).await.unwrap();
        }
        let stranger = CheckSendRequest { receipt: true, ..question("+447400555555", "1001") };
        client.decision.clone().check_send(stranger).await.unwrap();
        let report = holds(&evidence(&client, ADA).await, &key, None);
        let expected =
            "decision receipts: 5 signed with the ledger's key, the answers of 4 follow, 1 of them not derived from what is here";
        assert!(report.holds.iter().any(|line| line == expected), "{:?}", report.holds);
    });
}

#[test]
fn many_trails_have_their_heads_proved_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data, &[]);
    let key = key_of(&data);
    let number = |n: u32| format!("+44740020{n:04}");
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let all = (0..600).map(|n| {
            let client = client.clone();
            async move { client.opt_in(opt_in(&number(n), "")).await.unwrap() }
        });
        let mut set = tokio::task::JoinSet::new();
        all.for_each(|one| drop(set.spawn(one)));
        set.join_all().await;
        for n in [0, 254, 255, 256, 511, 599] {
            holds(&evidence(&client, &number(n)).await, &key, None);
        }
    });
    assert_eq!(server.terminate().code(), Some(0));
    let server = Server::start(&data, &[]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let before = but_for_reads(&client).await;
        holds(&evidence(&client, &number(300)).await, &key, None);
        assert_eq!(but_for_reads(&client).await, before, "the heads of before the restart serve again");
        let ids: Vec<String> = (0..1_000).map(number).collect();
        let file = export(&client, ExportEntriesRequest { contacts: ids, ..Default::default() }).await;
        assert_eq!(seqs(&file).len(), 600);
        holds(&file, &key, None);
    });
}

#[test]
fn what_cannot_be_handed_out_is_refused_by_field() {
    on_a_server(async |client, _key| {
        history(&client).await;
        let asked = async |request: ExportEntriesRequest| refused(&client.audit.clone().export_entries(request).await.unwrap_err());
        let (code, _, violations) = asked(ExportEntriesRequest {
            all_accounts: true,
            account: "default".into(),
            contacts: vec!["0740".into()],
            sender: "a b".into(),
            recorded_from: Some(crate::support::client::seconds(20)),
            recorded_to: Some(crate::support::client::seconds(10)),
            from_seq: 5,
            to_seq: 4,
            old_sizes: vec![1, 0, 1, 1, 1, 1, 1, 1, 1],
        })
        .await;
        assert_eq!(code, GrpcCode::InvalidArgument);
        let expected = [
            "account FIELDS_CONFLICT",
            "contacts FIELDS_CONFLICT",
            "contacts[0] CONTACT_MALFORMED",
            "sender SENDER_MALFORMED",
            "recorded_to PERIOD_EMPTY",
            "to_seq RANGE_EMPTY",
            "old_sizes TOO_MANY_SIZES",
            "old_sizes[1] SIZE_MISSING",
        ];
        assert_eq!(violations, expected);
        let many = ExportEntriesRequest { contacts: vec![ADA.into(); 1_001], ..Default::default() };
        assert_eq!(asked(many).await.2, ["contacts TOO_MANY_CONTACTS"]);
        let behind = ExportEntriesRequest { old_sizes: vec![1_000], ..Default::default() };
        assert_eq!(
            (asked(behind).await.0, asked(ExportEntriesRequest { account: "none".into(), ..Default::default() }).await.1),
            (GrpcCode::FailedPrecondition, "ACCOUNT_UNKNOWN".to_owned())
        );
        let unknown =
            try_evidence(&client, GetEvidenceRequest { contact: "+447400555555".into(), ..Default::default() }).await.unwrap_err();
        assert_eq!((refused(&unknown).0, refused(&unknown).1.as_str()), (GrpcCode::NotFound, "CONTACT_UNKNOWN"));
        assert_eq!(client.log().await.len(), 8, "nothing was recorded");
    });
}
