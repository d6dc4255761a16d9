//! Compliance officers over gRPC and at the command line, on the real binary.

use consent_ledger::proto::{
    CancelErasureRequest, Effect, GetContactRequest, LegalHold, ListErasuresRequest, ListErasuresResponse, RequestErasureRequest,
    RequestErasureResponse, SetLegalHoldRequest,
};
use prost_types::{Duration, Timestamp};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::command_line::session;
use crate::errors::{assert_invalid, from_now, refused};
use crate::support::cli::cli;
use crate::support::client::{Client, on_a_server, opt_in};
use crate::support::server::Server;

const CONTACT: &str = "+447400123456";
const OTHER: &str = "+447400123457";

fn request(contact: &str) -> RequestErasureRequest {
    RequestErasureRequest { contact: contact.into(), ..Default::default() }
}

async fn ask(client: &Client, request: RequestErasureRequest) -> Result<RequestErasureResponse, Status> {
    client.identity.clone().request_erasure(request).await.map(tonic::Response::into_inner)
}

async fn cancel(client: &Client, contact: &str) -> Result<(), Status> {
    let request = CancelErasureRequest { contact: contact.into(), ..Default::default() };
    client.identity.clone().cancel_erasure(request).await.map(drop)
}

async fn hold(client: &Client, contact: &str, hold: LegalHold) -> Result<u64, Status> {
    let request = SetLegalHoldRequest { contact: contact.into(), hold: hold.into(), ..Default::default() };
    let response = client.identity.clone().set_legal_hold(request).await?.into_inner();
    Ok(response.acknowledgement.unwrap().seq)
}

async fn list(client: &Client, from_seq: u64, page_size: u32) -> ListErasuresResponse {
    let request = ListErasuresRequest { from_seq, page_size, ..Default::default() };
    client.identity.clone().list_erasures(request).await.unwrap().into_inner()
}

/// Refused for this reason, with these metadata.
fn assert_refused(status: &Status, reason: &str, metadata: &[(&str, String)]) {
    assert_eq!(refused(status), (Code::FailedPrecondition, reason.to_owned(), Vec::new()));
    let given = status.get_error_details().error_info().unwrap().metadata.clone();
    let wanted = metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    assert_eq!(given, wanted, "{status:?}");
    assert!(!status.message().contains(&CONTACT[1..]));
}

#[test]
fn what_waits_and_what_is_held_is_listed_and_shown_with_the_contact() {
    on_a_server(async |client| {
        client.opt_in(opt_in(CONTACT, "")).await.unwrap();
        let asked = ask(&client, request(CONTACT)).await.unwrap();
        let acknowledgement = asked.acknowledgement.unwrap();
        assert_eq!((acknowledgement.effect(), asked.waits), (Effect::NoChange, true));
        let held = hold(&client, OTHER, LegalHold::Set).await.unwrap();
        let without_token =
            RequestErasureRequest { forget_suppression: true, delay: Some(Duration { seconds: 60, nanos: 0 }), ..request("GB.1") };
        let last = ask(&client, without_token).await.unwrap().acknowledgement.unwrap().seq;
        let page = list(&client, 0, 0).await;
        assert_eq!((page.erasures.len(), page.holds.len(), page.next_seq), (2, 1, 0));
        let [first, second] = page.erasures.as_slice() else { panic!() };
        assert_eq!(
            (first.seq, first.contacts.as_slice(), first.forget_suppression),
            (acknowledgement.seq, &[CONTACT.to_owned()][..], false)
        );
        assert_eq!(first.due_at, asked.due_at);
        let recorded_at = first.recorded_at.unwrap();
        assert_eq!(first.due_at, Some(Timestamp { seconds: recorded_at.seconds + 24 * 3600, ..recorded_at }));
        assert_eq!((second.seq, second.forget_suppression, second.held_by_seq, second.failures), (last, true, 0, 0));
        assert_eq!((page.holds[0].seq, page.holds[0].contacts.as_slice()), (held, &[OTHER.to_owned()][..]));
        let pages = [list(&client, 0, 2).await, list(&client, last, 2).await];
        assert_eq!(pages.each_ref().map(|page| (page.erasures.len(), page.holds.len(), page.next_seq)), [(1, 1, last), (1, 0, 0)]);

        let contact = async |contact: &str| {
            let request = GetContactRequest { contact: contact.into(), ..Default::default() };
            client.audit.clone().get_contact(request).await.unwrap().into_inner().contact.unwrap()
        };
        let (waits, kept) = (contact(CONTACT).await, contact(OTHER).await);
        assert_eq!((waits.erasure_due_at, waits.held_since), (asked.due_at, None));
        assert!(kept.erasure_due_at.is_none() && kept.held_since == page.holds[0].set_at);
        assert_eq!(contact("+447400999999").await.held_since, None);
    });
}

#[test]
fn every_refusal_has_its_reason_and_nothing_of_it_is_stored() {
    on_a_server(async |client| {
        let before = client.log().await.len();
        assert_refused(&cancel(&client, CONTACT).await.unwrap_err(), "NO_ERASURE_WAITS", &[]);
        assert_refused(&hold(&client, CONTACT, LegalHold::Released).await.unwrap_err(), "NO_LEGAL_HOLD", &[]);
        let too_long = RequestErasureRequest { delay: Some(Duration { seconds: 31 * 24 * 3600, nanos: 0 }), ..request("Ada") };
        assert_invalid(&ask(&client, too_long).await.unwrap_err(), &["contact CONTACT_MALFORMED", "delay DELAY_OUT_OF_RANGE"]);
        let ahead = RequestErasureRequest { occurred_at: from_now(&client, 360_000_000).await, ..request(CONTACT) };
        assert_invalid(&ask(&client, ahead).await.unwrap_err(), &["occurred_at OCCURRED_AT_IN_FUTURE"]);
        let forgotten = SetLegalHoldRequest { contact: CONTACT.into(), ..Default::default() };
        assert_invalid(&client.identity.clone().set_legal_hold(forgotten.clone()).await.unwrap_err(), &["hold LEGAL_HOLD_MISSING"]);
        let unknown = SetLegalHoldRequest { hold: 7, ..forgotten };
        assert_invalid(&client.identity.clone().set_legal_hold(unknown).await.unwrap_err(), &["hold LEGAL_HOLD_UNKNOWN"]);
        let page = ListErasuresRequest { page_size: 1_001, ..Default::default() };
        assert_invalid(&client.identity.clone().list_erasures(page).await.unwrap_err(), &["page_size PAGE_SIZE_TOO_LARGE"]);
        let nowhere = ListErasuresRequest { account: "shop".into(), ..Default::default() };
        let status = client.identity.clone().list_erasures(nowhere).await.unwrap_err();
        assert_eq!(refused(&status), (Code::NotFound, "ACCOUNT_UNKNOWN".into(), Vec::new()));
        assert_eq!(client.log().await.len(), before);

        let held = hold(&client, CONTACT, LegalHold::Set).await.unwrap();
        let metadata = [("hold_seq", held.to_string())];
        assert_refused(&ask(&client, request(CONTACT)).await.unwrap_err(), "LEGAL_HOLD_IN_FORCE", &metadata);
        assert_refused(&hold(&client, CONTACT, LegalHold::Set).await.unwrap_err(), "LEGAL_HOLD_IN_FORCE", &metadata);
        hold(&client, CONTACT, LegalHold::Released).await.unwrap();

        let named = RequestErasureRequest { event_id: "ticket-1".into(), ..request(CONTACT) };
        let first = ask(&client, named.clone()).await.unwrap();
        let again = ask(&client, named.clone()).await.unwrap();
        let [seq, duplicate] = [&first, &again].map(|response| response.acknowledgement.as_ref().unwrap().seq);
        assert!(seq == duplicate && again.acknowledgement.unwrap().duplicate && again.due_at == first.due_at && again.waits);
        let status = ask(&client, request(CONTACT)).await.unwrap_err();
        let metadata = &status.get_error_details().error_info().unwrap().metadata.clone();
        assert_refused(&status, "ERASURE_WAITS", &[("request_seq", seq.to_string()), ("due_at", metadata["due_at"].clone())]);
        cancel(&client, CONTACT).await.unwrap();
        let again = ask(&client, named).await.unwrap();
        assert!(again.acknowledgement.unwrap().duplicate && !again.waits);

        let at_once = RequestErasureRequest { delay: Some(Duration::default()), ..request(CONTACT) };
        ask(&client, at_once.clone()).await.unwrap();
        // Within seconds, by itself: asked until nothing waits.
        let mut looks = 0;
        while !list(&client, 0, 0).await.erasures.is_empty() {
            looks += 1;
            assert!(looks < 100_000, "it is not carried out");
        }
        let erasure = client.log().await.iter().rfind(|entry| entry.kind == "contact_erased").unwrap().seq;
        let metadata = [("erasure_seq", erasure.to_string())];
        for status in
            [ask(&client, at_once).await.map(drop), cancel(&client, CONTACT).await, hold(&client, CONTACT, LegalHold::Set).await.map(drop)]
        {
            assert_refused(&status.unwrap_err(), "CONTACT_ALREADY_ERASED", &metadata);
        }
    });
}

#[test]
fn an_officer_asks_holds_releases_and_cancels_at_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    insta::assert_snapshot!(session(
        &server,
        &[
            "record opt-in --contact +447400123456 --category marketing",
            "erase request --contact +447400123456 --event-id ticket-1",
            "erase request --contact +447400123456 --event-id ticket-1",
            "erase request --contact +447400123456",
            "check --contact +447400123456 --sender 1001 --category marketing",
            "erase hold --contact +447400123456",
            "erase request --contact +447400777777 --delay 7d --forget-suppression",
            "erase list",
            "trail --contact +447400123456",
            "erase hold --contact +447400123456",
            "erase release --contact +447400123456",
            "erase release --contact +447400123456",
            "erase cancel --contact +447400123456",
            "erase cancel --contact +447400123456",
            "erase request --contact +447400123456 --event-id ticket-1",
            "erase request --contact +447400123456 --delay 31d",
            "erase list",
            "trail --contact +447400123456",
        ]
    ));
    let url = server.url();
    let json = |words: &[&str]| {
        let said = cli(&[words, &["--json", "--server", &url]].concat());
        assert_eq!(said.code, 0, "{said:?}");
        said.json()
    };
    let listed = json(&["erase", "list"]).remove(0);
    assert_eq!((&listed["erasure"]["contacts"][0], &listed["erasure"]["forget_suppression"]), (&"+447400777777".into(), &true.into()));
    let asked = json(&["erase", "request", "--contact", CONTACT]).remove(0);
    assert!(asked["waits"] == true && asked["due_at"].is_string() && asked["effect"] == "NO_CHANGE", "{asked}");
    assert_eq!(json(&["erase", "hold", "--contact", CONTACT]).remove(0)["duplicate"], false);
    assert_eq!(json(&["erase", "list"]).len(), 3);
}

#[test]
fn help_says_what_each_step_does() {
    let help = |part: &[&str]| {
        let said = cli(&[&["erase"], part, &["--help"]].concat());
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        let text = said.out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        format!("$ erase {}\n{text}\n", part.join(" "))
    };
    let parts: [&[&str]; 6] = [&[], &["request"], &["cancel"], &["hold"], &["release"], &["list"]];
    insta::assert_snapshot!(parts.map(help).join("\n"));
}
