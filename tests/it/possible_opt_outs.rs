//! Possible opt-outs: listed until a person decides, and what a decision does.

use std::path::Path;

use consent_ledger::consent::policy::{InboundAfterOptOut, Policy, Scope};
use consent_ledger::consent::words::{Account, Category, Effect, Permission, Reason, Seq};
use consent_ledger::ledger::record::{Acknowledgement, Actor, Record, RecordError, What};
use consent_ledger::ledger::{Filter, Ledger, Options};
use consent_ledger::proto::clear_part::Fact;
use consent_ledger::proto::{
    ListPossibleOptOutsRequest, Method, PossibleOptOut, PossibleOptOutResolved, PossibleOptOutVerdict, RecordInboundMessageRequest,
    ResolvePossibleOptOutRequest,
};
use prost_types::Timestamp;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::bench::{
    adopts, answer, as_after_a_crash, at, event, link, may, moves, named, open, opt_in as opts_in, opt_out as opts_out, put, question,
    says, who,
};
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

        let log = client.log().await;
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
        let create = consent_ledger::proto::CreateAccountRequest { account: "shop".into(), ..Default::default() };
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

/// Decides in process.
fn decide(ledger: &Ledger, message: Seq, confirmed: bool) -> Result<Acknowledgement, RecordError> {
    let account = Account::default_account();
    let what = ledger.resolution(&account, message, confirmed)?;
    ledger.record_blocking(Record { account, actor: Actor::LOCAL, event_id: None, occurred_at: None, what })
}

fn waiting(ledger: &Ledger) -> Vec<u64> {
    let messages = ledger.possible_opt_outs(&Account::default_account(), Seq::NONE, 100).unwrap();
    messages.into_iter().map(|message| message.seq.number()).collect()
}

/// Opens it as one whose journal is too long to be read.
fn open_from_the_snapshot(dir: &Path) -> Ledger {
    Ledger::open(&Options { small_bytes: 0, keys_ahead: 8, ..Options::new(dir) }).unwrap()
}

#[test]
fn a_start_from_the_snapshot_keeps_the_list_and_every_decision() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let of = |n: u32| format!("+44740012345{n}");
    let seqs: Vec<Seq> = (0..4).map(|n| put(&ledger, 10, says(&[of(n).as_str()], SAID)).seq).collect();
    decide(&ledger, seqs[0], true).unwrap();
    let dismissed = decide(&ledger, seqs[1], false).unwrap();
    ledger.close();
    drop(ledger);
    let ledger = open_from_the_snapshot(dir.path());
    assert_eq!(waiting(&ledger), [seqs[2].number(), seqs[3].number()]);
    let Err(RecordError::PossibleOptOutResolved { seq, by }) = decide(&ledger, seqs[1], false) else { panic!("decided twice") };
    assert_eq!((seq, by.seq, by.confirmed), (seqs[1], dismissed.seq, false));
    assert!(decide(&ledger, seqs[0], false).is_err());
    decide(&ledger, seqs[1], true).unwrap();
    assert_eq!(may(&ledger, &of(1)), Permission::Nothing);
}

#[test]
fn an_opt_in_given_after_the_message_outlives_its_confirmation() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let message = put(&ledger, 100, says(&[CONTACT], SAID));
    put(&ledger, 200, opts_in(CONTACT));
    assert_eq!(decide(&ledger, message.seq, true).unwrap().effect, Effect::Applied);
    assert_eq!(answer(&ledger, CONTACT, None).decision.reasons, [Reason::WindowOpen, Reason::OptedIn]);
    assert_eq!(answer(&ledger, CONTACT, Some(150)).decision.reasons[0], Reason::RecipientOptedOut);
}

#[test]
fn a_decision_has_the_effect_of_the_opt_out_it_records() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let message = put(&ledger, 100, says(&[CONTACT], SAID));
    let What::OptOut { contact, categories, method, evidence, .. } = opts_out(CONTACT) else { unreachable!() };
    put(&ledger, 200, What::OptOut { contact, categories, method, evidence, sender: Some("1".parse().unwrap()) });
    let confirmed = decide(&ledger, message.seq, true).unwrap();
    assert_eq!(confirmed.effect, Effect::HistoricalOnly, "a later opt-out outranks it");
    let entries = ledger.entries(&Filter { from: Some(confirmed.seq), ..Filter::default() }, 2).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.clear.effect).collect::<Vec<_>>(), [2, 2]);
}

/// Decisions about every category at several times, without the entries they rest on.
fn decisions(ledger: &Ledger, contacts: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for contact in contacts {
        for category in Category::ALL {
            for seconds in [Some(90), Some(100), Some(101), Some(160), Some(260), None] {
                let d = ledger.check(&question(contact, *category, seconds)).unwrap().decision;
                all.push(format!(
                    "{contact} {category} {seconds:?} {:?} {:?} {:?} {:?}",
                    d.permission, d.reasons, d.allowed, d.valid_until
                ));
            }
        }
    }
    all
}

#[test]
fn a_confirmation_decides_as_an_opt_out_recorded_when_the_message_came_whoever_is_who_by_then() {
    let (new, id) = ("+447400123457", "GB.1");
    let histories: [&[(i64, What)]; 5] = [
        &[],
        &[(150, link(CONTACT, id))],
        &[(150, moves(CONTACT, new)), (250, opts_in(new))],
        // A recycled number: the message is of whoever had it then.
        &[(150, moves(CONTACT, new)), (250, opts_in(CONTACT))],
        // Heard of late: the number had moved before the message.
        &[(50, moves(CONTACT, new)), (60, opts_in(CONTACT)), (70, link(new, id))],
    ];
    for (number, history) in histories.iter().enumerate() {
        let mut seen = Vec::new();
        for by_decision in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            let ledger = open(dir.path());
            put(&ledger, 10, opts_in(CONTACT));
            let message = put(&ledger, 100, says(&[CONTACT], SAID));
            for (seconds, what) in *history {
                put(&ledger, *seconds, what.clone());
            }
            if by_decision {
                decide(&ledger, message.seq, true).unwrap();
            } else {
                let What::OptOut { contact, categories, method, evidence, .. } = opts_out(CONTACT) else { unreachable!() };
                put(&ledger, 100, What::OptOut { contact, categories, method, evidence, sender: Some("1".parse().unwrap()) });
            }
            seen.push(decisions(&ledger, &[CONTACT, new, id]));
            ledger.close();
            drop(ledger);
            as_after_a_crash(dir.path());
            seen.push(decisions(&open(dir.path()), &[CONTACT, new, id]));
        }
        assert!(seen.iter().all(|decisions| *decisions == seen[0]), "history {number}: {seen:#?}");
        let opted_out = seen[0].iter().any(|decision| decision.contains("Some(101)") && decision.contains("RecipientOptedOut"));
        assert!(opted_out, "history {number} {:#?}", seen[0]);
    }
}

#[test]
fn a_decision_about_a_former_owner_is_not_shown_to_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let message = put(&ledger, 100, says(&[CONTACT], SAID));
    put(&ledger, 150, moves(CONTACT, "+447400123457"));
    put(&ledger, 200, opts_in(CONTACT));
    let decision = decide(&ledger, message.seq, true).unwrap();
    let shown = |contact: &str| {
        let filter = Filter { from: None, account: Some(Account::default_account()), contact: Some(who(contact)) };
        ledger.entries(&filter, 100).unwrap().into_iter().map(|entry| entry.seq).collect::<Vec<_>>()
    };
    assert!(!shown(CONTACT).contains(&decision.seq), "the new owner's");
    assert!(shown("+447400123457").contains(&message.seq) == shown("+447400123457").contains(&decision.seq));
}

#[test]
fn the_policy_says_how_far_it_reaches_and_a_later_message_lifts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let mut policy = Policy::meta();
    policy.keyword_scope = Scope::Account;
    policy.inbound_after_opt_out = InboundAfterOptOut::Lifts;
    policy.keep_message_text = true;
    put(&ledger, 1, adopts(policy));
    put(&ledger, 10, opts_in(CONTACT));
    let message = put(&ledger, 100, says(&[CONTACT], SAID));
    let kept = ledger.possible_opt_outs(&Account::default_account(), Seq::NONE, 9).unwrap().remove(0);
    assert_eq!((kept.text.as_str(), kept.occurred_at, kept.contact), (SAID, at(100), vec![who(CONTACT)]));
    let decision = decide(&ledger, message.seq, true).unwrap();
    put(&ledger, 200, says(&[CONTACT], "what time do you open?"));
    assert_eq!(may(&ledger, CONTACT), Permission::Nothing);
    let elsewhere = consent_ledger::ledger::Question { sender: "2".parse().unwrap(), ..question(CONTACT, Category::Marketing, None) };
    let answer = ledger.check(&elsewhere).unwrap().decision;
    assert_eq!((answer.permission, answer.deciding_seqs.contains(&decision.caused.unwrap())), (Permission::Nothing, true));
}

#[test]
fn a_decision_prepared_before_another_is_refused_when_it_comes() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let message = put(&ledger, 100, says(&[CONTACT], SAID));
    let account = Account::default_account();
    let prepared = |confirmed| Record { occurred_at: None, ..event(0, ledger.resolution(&account, message.seq, confirmed).unwrap()) };
    // One commit, as far as it can be: the second sees the first although it is not yet in the state.
    let records = vec![prepared(false), prepared(true), prepared(true), named("again", prepared(false))];
    let answers = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(ledger.record_all(records));
    let done: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(done, [true, true, false, false], "{answers:?}");
    assert_eq!(waiting(&ledger), Vec::<u64>::new());
}

#[test]
fn a_message_whose_key_is_damaged_is_listed_without_its_contact_and_the_others_with_theirs() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let damaged = put(&ledger, 100, says(&[CONTACT], SAID));
    let whole = put(&ledger, 100, says(&["+447400123457"], SAID));
    let trail = ledger.entries(&Filter { from: Some(damaged.seq), ..Filter::default() }, 1).unwrap()[0].trail;
    ledger.close();
    drop(ledger);
    for file in ["a", "b"] {
        flip(&dir.path().join("keyring").join(file), 64 * trail + 20);
    }
    // A start that reads the whole log would refuse.
    let ledger = open_from_the_snapshot(dir.path());
    let messages = ledger.possible_opt_outs(&Account::default_account(), Seq::NONE, 9).unwrap();
    let contacts: Vec<_> = messages.iter().map(|message| (message.seq, message.contact.len())).collect();
    assert_eq!(contacts, [(damaged.seq, 0), (whole.seq, 1)]);
    assert!(matches!(decide(&ledger, damaged.seq, true), Err(RecordError::Unavailable { .. })));
    decide(&ledger, whole.seq, true).unwrap();
}

fn flip(path: &Path, place: u64) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[usize::try_from(place).unwrap()] ^= 1;
    std::fs::write(path, bytes).unwrap();
}
