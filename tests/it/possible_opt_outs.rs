//! Possible opt-outs: listed until a person decides, and what a decision does.

mod decisions;

use consent_ledger::consent::words::{Permission, Reason};
use consent_ledger::proto::clear_part::Fact;
use consent_ledger::proto::{
    ListPossibleOptOutsRequest, Method, PossibleOptOut, PossibleOptOutResolved, PossibleOptOutVerdict, RecordInboundMessageRequest,
    ResolvePossibleOptOutRequest,
};
use prost_types::Timestamp;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::client::{self, Client, opt_in, runtime, seconds, text};
use crate::support::server::Server;

const CONTACT: &str = "+447400123456";
const SENDER: &str = "1001";
const SAID: &str = "Stop. Thank you";

/// 2026-03-01T10:00:00Z.
const TEN: Timestamp = seconds(1_772_359_200);

/// Runs a test on a server of its own.
fn on_a_server<F: Future<Output = ()>>(test: impl FnOnce(Client) -> F) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async { test(Client::connect(&server.url()).await).await });
    assert_eq!(server.terminate().code(), Some(0));
}

async fn listed(client: &Client) -> Vec<PossibleOptOut> {
    let mut request = ListPossibleOptOutsRequest { page_size: 1, ..Default::default() };
    let mut all = Vec::new();
    loop {
        let page = client.audit.clone().list_possible_opt_outs(request.clone()).await.unwrap().into_inner();
        all.extend(page.possible_opt_outs);
        if page.next_seq == 0 {
            return all;
        }
        request.from_seq = page.next_seq;
    }
}

async fn resolve(
    client: &Client,
    seq: u64,
    verdict: PossibleOptOutVerdict,
    event_id: &str,
) -> Result<consent_ledger::proto::Acknowledgement, Status> {
    let request = ResolvePossibleOptOutRequest { seq, verdict: verdict.into(), event_id: event_id.into(), ..Default::default() };
    let response = client.audit.clone().resolve_possible_opt_out(request).await?.into_inner();
    Ok(response.acknowledgement.unwrap())
}

fn said(words: &str) -> RecordInboundMessageRequest {
    RecordInboundMessageRequest { occurred_at: Some(TEN), ..text(CONTACT, SENDER, words) }
}

async fn may_market(client: &Client) -> (Permission, Option<Reason>) {
    let asked = consent_ledger::proto::CheckSendRequest { category: 1, ..client::question(CONTACT, SENDER) };
    let decision = client.check(asked).await.unwrap();
    (Permission::from_number(decision.permission).unwrap(), Reason::from_number(decision.reasons[0]))
}

const STOPPED: (Permission, Option<Reason>) = (Permission::Nothing, Some(Reason::RecipientOptedOut));
const ALLOWED: (Permission, Option<Reason>) = (Permission::TemplateOnly, Some(Reason::OptedIn));

#[test]
fn a_confirmed_one_is_an_opt_out_from_when_the_message_was_written() {
    on_a_server(async |client| {
        let early = seconds(TEN.seconds - 3_600);
        client.opt_in(consent_ledger::proto::RecordOptInRequest { occurred_at: Some(early), ..opt_in(CONTACT, "") }).await.unwrap();
        let message = client.inbound(said(SAID)).await.unwrap();
        client.inbound(said("hello")).await.unwrap();
        assert_eq!(may_market(&client).await, ALLOWED);

        let waiting = listed(&client).await.remove(0);
        assert_eq!((waiting.seq, waiting.occurred_at, waiting.sender.as_str()), (message.seq, Some(TEN), SENDER));
        assert_eq!((waiting.contacts, waiting.text.as_str(), waiting.days_waiting), (vec![CONTACT.to_owned()], "", 0));

        let resolution = resolve(&client, message.seq, PossibleOptOutVerdict::Confirmed, "").await.unwrap();
        assert_eq!((resolution.duplicate, resolution.caused_seq, resolution.effect), (false, resolution.seq + 1, 1));
        assert_eq!(may_market(&client).await, STOPPED);
        assert_eq!(listed(&client).await, []);

        let log = client.opened_log().await;
        let [.., decision, opt_out] = log.as_slice() else { panic!("two entries at least") };
        let facts = |entry: &consent_ledger::proto::Entry| entry.clear.clone().unwrap();
        assert_eq!(facts(decision).fact, Some(Fact::PossibleOptOutResolved(PossibleOptOutResolved { seq: message.seq, confirmed: true })));
        let Some(Fact::OptedOut(fact)) = facts(opt_out).fact else { panic!("an opt-out") };
        assert_eq!((fact.sender.as_str(), fact.categories.as_slice(), fact.method()), (SENDER, [1, 2, 3, 4].as_slice(), Method::Agent));
        assert_eq!(fact.keyword_sender, "", "a person confirmed it: no later message lifts it");
        let ten = TEN.seconds * 1_000_000;
        assert!((facts(opt_out).occurred_at, facts(decision).occurred_at > ten) == (ten, true));
        assert_eq!((decision.raw[7] & 4, opt_out.raw[7] & 4), (0, 4), "the second is caused by the first");
        assert_eq!((decision.trail, opt_out.trail), (log[3].trail, log[3].trail));
        assert_eq!(opt_out.sealed.as_ref().unwrap().identifiers, [CONTACT]);
    });
}

#[test]
fn a_dismissed_one_leaves_the_answer_and_may_be_confirmed_later() {
    on_a_server(async |client| {
        let early = seconds(TEN.seconds - 3_600);
        client.opt_in(consent_ledger::proto::RecordOptInRequest { occurred_at: Some(early), ..opt_in(CONTACT, "") }).await.unwrap();
        let seq = client.inbound(said(SAID)).await.unwrap().seq;
        let dismissed = resolve(&client, seq, PossibleOptOutVerdict::Dismissed, "d").await.unwrap();
        assert_eq!((dismissed.caused_seq, dismissed.effect), (0, 3));
        assert_eq!((may_market(&client).await, listed(&client).await), (ALLOWED, Vec::new()));

        let again = resolve(&client, seq, PossibleOptOutVerdict::Dismissed, "").await.unwrap_err();
        assert_resolved(&again, dismissed.seq, "DISMISSED");
        let duplicate = resolve(&client, seq, PossibleOptOutVerdict::Dismissed, "d").await.unwrap();
        assert_eq!((duplicate.seq, duplicate.duplicate), (dismissed.seq, true));

        let confirmed = resolve(&client, seq, PossibleOptOutVerdict::Confirmed, "c").await.unwrap();
        assert_eq!(may_market(&client).await, STOPPED);
        let duplicate = resolve(&client, seq, PossibleOptOutVerdict::Confirmed, "c").await.unwrap();
        assert_eq!((duplicate.seq, duplicate.caused_seq, duplicate.duplicate), (confirmed.seq, confirmed.caused_seq, true));
        for verdict in [PossibleOptOutVerdict::Dismissed, PossibleOptOutVerdict::Confirmed] {
            assert_resolved(&resolve(&client, seq, verdict, "").await.unwrap_err(), confirmed.seq, "CONFIRMED");
        }
        let reused = resolve(&client, seq, PossibleOptOutVerdict::Dismissed, "c").await.unwrap_err();
        assert_eq!((reused.code(), reason(&reused).as_str()), (Code::AlreadyExists, "EVENT_ID_REUSED"));
    });
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().unwrap().reason.clone()
}

fn assert_resolved(status: &Status, seq: u64, verdict: &str) {
    assert_eq!((status.code(), reason(status).as_str()), (Code::FailedPrecondition, "POSSIBLE_OPT_OUT_RESOLVED"), "{status:?}");
    let details = status.get_error_details();
    let metadata = &details.error_info().unwrap().metadata;
    assert_eq!((metadata["resolution_seq"].as_str(), metadata["verdict"].as_str()), (seq.to_string().as_str(), verdict));
}

#[test]
fn what_is_no_possible_opt_out_of_the_account_is_not_found() {
    on_a_server(async |client| {
        let create = consent_ledger::proto::CreateAccountRequest { account: "shop".into() };
        client.admin.clone().create_account(create).await.unwrap();
        let elsewhere = client.inbound(RecordInboundMessageRequest { account: "shop".into(), ..said(SAID) }).await.unwrap().seq;
        let stop = client.inbound(said("STOP")).await.unwrap().seq;
        let before = client.log().await.len();
        assert_eq!(listed(&client).await, [], "another account's, and a keyword that stands alone");
        for seq in [1, 2, elsewhere, stop, stop + 1, 999, u64::MAX] {
            let status = resolve(&client, seq, PossibleOptOutVerdict::Confirmed, "").await.unwrap_err();
            assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "POSSIBLE_OPT_OUT_UNKNOWN"), "{seq}");
        }
        let request =
            |account: &str, seq, verdict| ResolvePossibleOptOutRequest { account: account.into(), seq, verdict, ..Default::default() };
        for (request, code, expected) in [
            (request("", 0, 1), Code::InvalidArgument, "SEQ_MISSING"),
            (request("", elsewhere, 0), Code::InvalidArgument, "VERDICT_MISSING"),
            (request("", elsewhere, 3), Code::InvalidArgument, "VERDICT_UNKNOWN"),
            (request("nobody", elsewhere, 1), Code::NotFound, "ACCOUNT_UNKNOWN"),
        ] {
            let status = client.audit.clone().resolve_possible_opt_out(request).await.unwrap_err();
            assert_eq!((status.code(), reason(&status).as_str()), (code, expected));
        }
        let list = |account: &str, page_size| ListPossibleOptOutsRequest { account: account.into(), page_size, ..Default::default() };
        for (request, expected) in [(list("nobody", 0), "ACCOUNT_UNKNOWN"), (list("", 1_001), "PAGE_SIZE_TOO_LARGE")] {
            assert_eq!(reason(&client.audit.clone().list_possible_opt_outs(request).await.unwrap_err()), expected);
        }
        assert_eq!(client.log().await.len(), before);
    });
}

#[test]
fn of_many_who_decide_at_once_one_does() {
    on_a_server(async |client| {
        let seq = client.inbound(said(SAID)).await.unwrap().seq;
        let deciding: Vec<_> = (0..16)
            .map(|n| {
                let client = client.clone();
                tokio::spawn(async move {
                    let verdict = if n % 2 == 0 { PossibleOptOutVerdict::Confirmed } else { PossibleOptOutVerdict::Dismissed };
                    (verdict, resolve(&client, seq, verdict, "").await)
                })
            })
            .collect();
        let mut confirmed = 0;
        for decided in deciding {
            match decided.await.unwrap() {
                (PossibleOptOutVerdict::Confirmed, Ok(_)) => confirmed += 1,
                (_, Ok(_)) => {}
                (_, Err(status)) => assert_eq!(reason(&status), "POSSIBLE_OPT_OUT_RESOLVED"),
            }
        }
        assert_eq!(confirmed, 1);
        let log = client.log().await;
        assert_eq!(log.iter().filter(|entry| entry.kind == "opted_out").count(), 1);
        // A dismissal may have come first, and none after the confirmation.
        assert!(matches!(log.iter().filter(|entry| entry.kind == "possible_opt_out_resolved").count(), 1 | 2));
    });
}

#[test]
fn the_list_outlives_restarts_without_snapshot_and_sled() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data, &[]);
    let runtime = runtime();
    let before = runtime.block_on(async {
        let client = Client::connect(&server.url()).await;
        let first = client.inbound(said(SAID)).await.unwrap().seq;
        client.inbound(text("+447400123457", SENDER, "stop!\nplease")).await.unwrap();
        let third = client.inbound(text("+447400123458", "1002", "no. STOP")).await.unwrap().seq;
        resolve(&client, first, PossibleOptOutVerdict::Confirmed, "").await.unwrap();
        resolve(&client, third, PossibleOptOutVerdict::Dismissed, "").await.unwrap();
        listed(&client).await
    });
    assert_eq!(before.iter().map(|message| message.seq).collect::<Vec<_>>(), [4]);
    assert_eq!(server.terminate().code(), Some(0));
    std::fs::remove_file(data.join("snapshot")).unwrap();
    std::fs::remove_dir_all(data.join("sled")).unwrap();
    let server = Server::start(&data, &[]);
    runtime.block_on(async {
        let client = Client::connect(&server.url()).await;
        assert_eq!(listed(&client).await, before);
        assert_resolved(&resolve(&client, 3, PossibleOptOutVerdict::Dismissed, "").await.unwrap_err(), 6, "CONFIRMED");
        assert_resolved(&resolve(&client, 5, PossibleOptOutVerdict::Dismissed, "").await.unwrap_err(), 8, "DISMISSED");
    });
}
