//! Drift: refusals of the platform held against what the ledger said just before each.

use std::fmt::Write;

use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Permission, Reason, Seq};
use consent_ledger::ledger::reading::drift::{Drift, DriftTotal, Period};
use consent_ledger::ledger::writing::record::{Record, What};
use consent_ledger::ledger::{Ledger, ReadError};
use consent_ledger::proto::GetDriftRequest;
use serde_json::json;
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::bench::{at, event, link, moves, open, opt_in, opt_out, put, says, try_open, who};
use crate::support::cli::{Said, cli};
use crate::support::client::{Client, runtime, seconds};
use crate::support::server::Server;

const CONTACT: &str = "+447400123456";
const CLOSED: u32 = 131_047;
const STOPPED: u32 = 131_050;
const SECRET: &str = "s";

/// The platform refused a message of a sender.
fn refused(contact: &str, sender: &str, code: u32) -> What {
    What::SendFailed { contact: vec![who(contact)], sender: sender.parse().unwrap(), code, message_id: Some("wamid.1".into()) }
}

/// Everything from the start on.
fn period() -> Period {
    Period { account: Account::default_account(), sender: None, from: at(0), to: at(100_000), from_seq: None }
}

fn seqs(drift: &Drift) -> Vec<Seq> {
    drift.contradictions.iter().map(|found| found.seq).collect()
}

fn total(drift: &Drift, sender: &str, code: u32) -> (u64, u64) {
    let total = drift.totals.get(&(sender.to_owned(), code)).copied().unwrap_or_default();
    (total.contradictions, total.agreed)
}

#[test]
fn a_window_that_the_platform_holds_closed_contradicts_one_that_the_ledger_held_open() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let wrote = put(&ledger, 100, says(&[CONTACT], "hello"));
    put(&ledger, 150, refused(CONTACT, "2", CLOSED));
    let refusal = put(&ledger, 200, refused(CONTACT, "1", CLOSED));
    put(&ledger, 300, refused(CONTACT, "1", CLOSED));
    put(&ledger, 300, refused(CONTACT, "1", 131_026));
    let drift = ledger.drift(&period(), 100).unwrap();
    assert_eq!(seqs(&drift), [refusal.seq], "after the first refusal the ledger knows");
    let found = &drift.contradictions[0];
    assert_eq!((found.held.fact.seq, found.held.until), (wrote.seq, Some(at(100).plus_hours(24))));
    assert_eq!((found.sender.as_str(), found.code, found.occurred_at, found.message_id.as_str()), ("1", CLOSED, at(200), "wamid.1"));
    assert_eq!(found.contact, [who(CONTACT)]);
    let decision = &found.answer.decision;
    assert_eq!((decision.permission, decision.reasons[0], found.answer.at), (Permission::FreeForm, Reason::WindowOpen, at(200)));
    assert_eq!((total(&drift, "1", CLOSED), total(&drift, "2", CLOSED), drift.totals.len()), ((1, 1), (0, 1), 2));
}

#[test]
fn a_stop_that_the_ledger_never_heard_of_contradicts_an_opt_in() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let (stopped, unknown) = ("+447400123457", "+447400123458");
    let opted_in = put(&ledger, 100, opt_in(CONTACT));
    let refusal = put(&ledger, 200, refused(CONTACT, "1", STOPPED));
    put(&ledger, 250, refused(CONTACT, "2", STOPPED));
    put(&ledger, 100, opt_in(stopped));
    put(&ledger, 150, opt_out(stopped));
    put(&ledger, 200, refused(stopped, "1", STOPPED));
    put(&ledger, 200, refused(unknown, "1", STOPPED));
    let drift = ledger.drift(&period(), 100).unwrap();
    assert_eq!(seqs(&drift), [refusal.seq]);
    let found = &drift.contradictions[0];
    assert_eq!((found.held.fact.seq, found.held.until), (opted_in.seq, None));
    assert_eq!(found.answer.decision.reasons[0], Reason::OptedIn);
    assert_eq!((total(&drift, "1", STOPPED), total(&drift, "2", STOPPED)), ((1, 2), (0, 1)));
}

#[test]
fn what_came_in_later_was_not_known() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 200, refused(CONTACT, "1", CLOSED));
    put(&ledger, 100, says(&[CONTACT], "a webhook that came late"));
    let other = "+447400123457";
    put(&ledger, 100, says(&[other], "hello"));
    // Heard of before the message was, in order of arrival; it happened before the message too.
    put(&ledger, 90, refused(other, "1", CLOSED));
    // A stop that the ledger heard of only after the refusal.
    put(&ledger, 100, opt_in(other));
    let contradiction = put(&ledger, 300, refused(other, "1", STOPPED));
    put(&ledger, 200, opt_out(other));
    let drift = ledger.drift(&period(), 100).unwrap();
    assert_eq!(seqs(&drift), [contradiction.seq]);
    assert_eq!((total(&drift, "1", CLOSED), total(&drift, "1", STOPPED)), ((0, 2), (1, 0)));
}

#[test]
fn it_is_the_contact_that_the_message_went_to_then() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let (new, id) = ("+447400123457", "GB.1");
    put(&ledger, 100, says(&[CONTACT], "hello"));
    put(&ledger, 110, link(CONTACT, id));
    let linked = put(&ledger, 120, refused(id, "1", CLOSED));
    put(&ledger, 130, moves(CONTACT, new));
    put(&ledger, 140, refused(CONTACT, "1", CLOSED));
    put(&ledger, 150, says(&[new], "my new number"));
    let moved = put(&ledger, 160, refused(new, "1", CLOSED));
    let drift = ledger.drift(&period(), 100).unwrap();
    assert_eq!(seqs(&drift), [linked.seq, moved.seq]);
    assert_eq!(total(&drift, "1", CLOSED), (2, 1));
}

/// Ten contacts who wrote and were then refused, five at each of two senders; every second one agrees.
fn ten(ledger: &Ledger) -> Vec<Seq> {
    let mut contradictions = Vec::new();
    for n in 0..10 {
        let contact = format!("+44740012345{n}");
        if n % 2 == 0 {
            put(ledger, 100, says(&[&contact], "hello"));
        }
        let refusal = put(ledger, 200 + n, refused(&contact, "1", CLOSED));
        if n % 2 == 0 {
            contradictions.push(refusal.seq);
        }
    }
    contradictions
}

#[test]
fn pages_go_on_where_they_ended_and_their_totals_add_up() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let contradictions = ten(&ledger);
    for limit in [1, 2, 3, 100] {
        let (mut found, mut sum, mut read) = (Vec::new(), DriftTotal::default(), 0);
        let mut asked = period();
        loop {
            let page = ledger.drift(&asked, limit).unwrap();
            assert!(page.contradictions.len() <= limit);
            found.extend(seqs(&page));
            for total in page.totals.values() {
                sum.contradictions += total.contradictions;
                sum.agreed += total.agreed;
            }
            read += page.entries_read;
            asked.from_seq = page.next;
            if page.next.is_none() {
                break;
            }
        }
        assert_eq!((found, sum.contradictions, sum.agreed, sum.erased), (contradictions.clone(), 5, 5, 0), "{limit} a page");
        assert_eq!(read, ledger.head().seq.number(), "each entry once");
    }
}

#[test]
fn only_the_period_the_sender_and_the_account_asked_about_count() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let contradictions = ten(&ledger);
    let asked = |from, to| Period { from: at(from), to: at(to), ..period() };
    assert_eq!(seqs(&ledger.drift(&asked(202, 206), 100).unwrap()), contradictions[1..3], "its end is not in it");
    let nobody = Period { sender: Some("2".parse().unwrap()), ..period() };
    assert!(ledger.drift(&nobody, 100).unwrap().totals.is_empty());
    let shop: Account = "shop".parse().unwrap();
    assert_eq!(
        ledger.drift(&Period { account: shop.clone(), ..period() }, 1).unwrap_err(),
        ReadError::AccountUnknown { account: "shop".into() }
    );
    ledger.record_blocking(Record { account: shop.clone(), ..event(0, What::CreateAccount) }).unwrap();
    assert!(ledger.drift(&Period { account: shop, ..period() }, 100).unwrap().totals.is_empty());
}

#[test]
fn entries_recorded_before_the_period_are_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ten(&ledger);
    let before = ledger.head().seq.number();
    ledger.close();
    drop(ledger);
    let ledger = try_open(dir.path(), at(7_200)).unwrap();
    let refusal = put(&ledger, 7_000, refused(CONTACT, "1", CLOSED));
    put(&ledger, 300, refused(CONTACT, "1", CLOSED));
    let drift = ledger.drift(&Period { from: at(3_601), ..period() }, 100).unwrap();
    assert_eq!((drift.entries_read, total(&drift, "1", CLOSED)), (2, (0, 1)), "the contact's trail still counts");
    let everything = ledger.drift(&Period { from: at(3_600), ..period() }, 100).unwrap();
    assert_eq!((everything.entries_read, seqs(&everything)), (before + 2, Vec::<Seq>::new()));
    let later = ledger.drift(&Period { from: at(7_201), ..period() }, 100).unwrap();
    assert_eq!((later.entries_read, later.next, refusal.seq.number()), (0, None, before + 1));
}

/// A server with one contradiction among three refusals, told by webhook.
fn a_server_that_was_contradicted(dir: &std::path::Path) -> Server {
    let server = Server::start(&dir.join("data"), &["--app-secret", SECRET]);
    let at = |time: &str| time.parse::<Time>().unwrap().micros() / 1_000_000;
    let failed = |number: u32, code: u32, time: &str| {
        json!({
            "id": format!("wamid.{number}"), "status": "failed", "timestamp": at(time).to_string(), "recipient_id": "447400123456",
            "errors": [{ "code": code }],
        })
    };
    let statuses =
        [failed(1, CLOSED, "2026-03-01T12:00:00Z"), failed(2, CLOSED, "2026-03-01T13:00:00Z"), failed(3, STOPPED, "2026-03-01T14:00:00Z")];
    let value = json!({
        "messaging_product": "whatsapp", "metadata": { "display_phone_number": "15550783881", "phone_number_id": "1001" },
        "statuses": statuses,
    });
    let body =
        json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] });
    let path = dir.join("failed.json");
    std::fs::write(&path, body.to_string()).unwrap();
    let wrote = say(&server, "record inbound --contact +447400123456 --sender 1001 --text hello --at 2026-03-01T10:00:00Z");
    assert_eq!(wrote.code, 0, "{wrote:?}");
    let http = server.http_url();
    let told = cli(&["webhook", "replay", path.to_str().unwrap(), "--app-secret", SECRET, "--server-http", &http]);
    assert_eq!(told.code, 0, "{told:?}");
    server
}

fn say(server: &Server, line: &str) -> Said {
    let words: Vec<String> = line.split(' ').chain(["--server"]).map(str::to_owned).chain([server.url()]).collect();
    cli(&words)
}

const MARCH: &str = "drift --from 2026-03-01T00:00:00Z --to 2026-04-01T00:00:00Z";

#[test]
fn the_command_shows_each_contradiction_and_answers_by_its_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let server = a_server_that_was_contradicted(dir.path());
    let lines = [
        MARCH.to_owned(),
        format!("{MARCH} --sender 1002"),
        "drift --from 2026-03-02T00:00:00Z --to 2026-03-01T00:00:00Z".to_owned(),
        format!("{MARCH} --account nobody"),
    ];
    let mut session = String::new();
    for line in lines {
        let said = say(&server, &line);
        let _ = writeln!(session, "$ {line}\n{}{}[{}]", said.out, said.err, said.code);
    }
    insta::assert_snapshot!(session);
    let json = say(&server, &format!("{MARCH} --json")).json();
    assert_eq!((&json[0]["seq"], &json[0]["message_id"], &json[0]["held_by_seq"]), (&4.into(), &"wamid.1".into(), &3.into()));
    assert_eq!((&json[0]["decision"]["permission"], &json[0]["contacts"]), (&"FREE_FORM".into(), &vec![CONTACT].into()));
    let total = json!({ "sender": "1001", "code": CLOSED, "contradictions": 1, "agreed": 1, "erased": 0 });
    assert_eq!((&json[1]["contradictions"], &json[1]["refusals"], &json[1]["totals"][0]), (&1.into(), &3.into(), &total));
    let week = say(&server, "drift");
    assert_eq!((week.code, week.out.lines().count()), (0, 1), "the last seven days: {week:?}");
    let url = server.url();
    assert_eq!(server.terminate().code(), Some(0));
    assert_eq!(cli(&["drift", "--server", &url]).code, 2);
}

#[test]
fn over_grpc_a_refusal_of_the_question_names_its_field() {
    let dir = tempfile::tempdir().unwrap();
    let server = a_server_that_was_contradicted(dir.path());
    runtime().block_on(async {
        let mut audit = Client::connect(&server.url()).await.audit;
        let (from, to) = (Some(seconds(1_772_323_200)), Some(seconds(1_772_409_600)));
        let page = audit.get_drift(GetDriftRequest { from, to, ..Default::default() }).await.unwrap().into_inner();
        assert_eq!((page.from, page.to, page.next_seq, page.entries_read), (from, to, 0, 6));
        let found = &page.contradictions[0];
        assert_eq!((found.seq, found.held_by_seq, found.message_id.as_str()), (4, 3, "wamid.1"));
        assert_eq!((found.contacts.as_slice(), found.decision.as_ref().unwrap().permission), ([CONTACT.to_owned()].as_slice(), 1));
        assert_eq!(
            page.totals.iter().map(|total| (total.code, total.contradictions, total.agreed)).collect::<Vec<_>>(),
            [(CLOSED, 1, 1), (STOPPED, 0, 1)]
        );
        for (request, code, reason) in [
            (GetDriftRequest { from, to: from, ..Default::default() }, Code::InvalidArgument, "PERIOD_EMPTY"),
            (GetDriftRequest { page_size: 1_001, ..Default::default() }, Code::InvalidArgument, "PAGE_SIZE_TOO_LARGE"),
            (GetDriftRequest { sender: "a b".into(), ..Default::default() }, Code::InvalidArgument, "SENDER_MALFORMED"),
            (GetDriftRequest { account: "nobody".into(), ..Default::default() }, Code::NotFound, "ACCOUNT_UNKNOWN"),
        ] {
            let status = audit.get_drift(request).await.unwrap_err();
            let info = status.get_error_details().error_info().cloned().unwrap();
            assert_eq!((status.code(), info.reason.as_str()), (code, reason));
        }
    });
}
