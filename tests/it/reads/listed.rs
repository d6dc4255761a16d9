//! Who read whose data is listed, of a contact too, and streams are counted while they go on.

use std::time::Duration;

use consent_ledger::proto::{
    ChangeNumberRequest, CreateAccountRequest, DataRead, LinkIdentifiersRequest, ListEntriesRequest, ListReadsRequest, ReadReach,
    WatchEntriesRequest,
};
use tonic::Status;

use super::reads;
use crate::errors::{assert_invalid, refused};
use crate::support::cli::cli;
use crate::support::client::{Client, on_a_server, opt_in, runtime};
use crate::support::server::Server;

const ANN: &str = "+447400123456";
const BOB: &str = "+447400123457";

async fn list(client: &Client, request: ListReadsRequest) -> Result<Vec<DataRead>, Status> {
    let mut request = request;
    let mut found = Vec::new();
    loop {
        let page = client.audit.clone().list_reads(request.clone()).await?.into_inner();
        assert!(request.page_size == 0 || page.reads.len() <= request.page_size as usize);
        found.extend(page.reads);
        if page.next_page_token.is_empty() {
            return Ok(found);
        }
        request.page_token = page.next_page_token;
    }
}

async fn of(client: &Client, contact: &str) -> Vec<u64> {
    let reads = list(client, ListReadsRequest { contact: contact.into(), ..Default::default() }).await.unwrap();
    reads.into_iter().map(|read| read.seq).collect()
}

/// Reads a contact, or everybody; gives the seq of the read.
async fn read(client: &Client, request: ListEntriesRequest) -> u64 {
    client.audit.clone().list_entries(request).await.unwrap();
    client.log().await.last().unwrap().seq
}

fn contact(contact: &str) -> ListEntriesRequest {
    ListEntriesRequest { contact: contact.into(), ..Default::default() }
}

#[test]
fn a_contact_is_told_of_their_own_reads_and_of_those_that_may_have_come_upon_them() {
    on_a_server(async |client| {
        let everybody = || ListEntriesRequest { all_accounts: true, ..Default::default() };
        client.opt_in(opt_in(ANN, "")).await.unwrap();
        let before_bob = [read(&client, ListEntriesRequest::default()).await, read(&client, everybody()).await];
        client.opt_in(opt_in(BOB, "")).await.unwrap();
        let ann = read(&client, contact(ANN)).await;
        let bob = read(&client, contact(BOB)).await;
        let (account, all) = (read(&client, ListEntriesRequest::default()).await, read(&client, everybody()).await);
        assert_eq!(of(&client, ANN).await, [all, account, ann, before_bob[1], before_bob[0]]);
        assert_eq!(of(&client, BOB).await, [all, account, bob]);
        let listed = list(&client, ListReadsRequest { page_size: 1, ..Default::default() }).await.unwrap();
        assert_eq!(listed.iter().map(|read| read.seq).collect::<Vec<_>>(), [all, account, bob, ann, before_bob[1], before_bob[0]]);
        assert_eq!(
            listed.iter().map(DataRead::reach).collect::<Vec<_>>(),
            [
                ReadReach::AllAccounts,
                ReadReach::Account,
                ReadReach::Contact,
                ReadReach::Contact,
                ReadReach::AllAccounts,
                ReadReach::Account
            ]
        );
        assert!(listed.iter().all(|read| read.actor == 1 && read.entries > 0 && (read.trail > 0) == (read.reach() == ReadReach::Contact)));
        let from = listed[2].recorded_at;
        let since = list(&client, ListReadsRequest { recorded_from: from, page_size: 2, ..Default::default() }).await.unwrap();
        assert_eq!(since.iter().map(|read| read.seq).collect::<Vec<_>>(), [all, account, bob]);
    });
}

#[test]
fn reads_follow_a_joined_contact_and_not_the_next_owner_of_a_number() {
    on_a_server(async |client| {
        client.opt_in(opt_in(ANN, "")).await.unwrap();
        client.opt_in(opt_in("GB.1", "")).await.unwrap();
        let (phone, user) = (read(&client, contact(ANN)).await, read(&client, contact("GB.1")).await);
        let link = LinkIdentifiersRequest { contacts: vec![ANN.into(), "GB.1".into()], ..Default::default() };
        client.identity.clone().link_identifiers(link).await.unwrap();
        let joined = read(&client, contact(ANN)).await;
        for either in [ANN, "GB.1"] {
            assert_eq!(of(&client, either).await, [joined, user, phone]);
        }
        // The number changes hands: what was read of who had it is not its next owner's.
        let change = ChangeNumberRequest { from: BOB.into(), to: "+447400123458".into(), ..Default::default() };
        client.opt_in(opt_in(BOB, "")).await.unwrap();
        let before = read(&client, contact(BOB)).await;
        client.identity.clone().change_number(change).await.unwrap();
        client.opt_in(opt_in(BOB, "")).await.unwrap();
        let after = read(&client, contact(BOB)).await;
        assert!(after > before);
        assert_eq!(of(&client, BOB).await, [after]);
    });
}

#[test]
fn a_list_of_reads_that_cannot_be_given_names_the_field() {
    on_a_server(async |client| {
        client.opt_in(opt_in(ANN, "")).await.unwrap();
        read(&client, contact(ANN)).await;
        client.admin.clone().create_account(CreateAccountRequest { account: "shop".into() }).await.unwrap();
        let asked = ListReadsRequest { contact: "x".into(), page_token: "x".into(), page_size: 1_001, ..Default::default() };
        let fields = ["contact CONTACT_MALFORMED", "page_token PAGE_TOKEN_MALFORMED", "page_size PAGE_SIZE_TOO_LARGE"];
        assert_invalid(&list(&client, asked).await.unwrap_err(), &fields);
        for token in ["3:0", "99:0", "4:4", "4:-1", "4"] {
            let asked = ListReadsRequest { page_token: token.into(), ..Default::default() };
            assert_invalid(&list(&client, asked).await.unwrap_err(), &["page_token PAGE_TOKEN_MALFORMED"]);
        }
        assert_eq!(list(&client, ListReadsRequest { page_token: "4:0".into(), ..Default::default() }).await.unwrap().len(), 1);
        let elsewhere = ListReadsRequest { account: "shop".into(), page_token: "4:0".into(), ..Default::default() };
        assert_invalid(&list(&client, elsewhere).await.unwrap_err(), &["page_token PAGE_TOKEN_MALFORMED"]);
        let unknown = list(&client, ListReadsRequest { contact: BOB.into(), ..Default::default() }).await.unwrap_err();
        assert_eq!(refused(&unknown).1, "CONTACT_UNKNOWN");
        let unknown = list(&client, ListReadsRequest { account: "nobody".into(), ..Default::default() }).await.unwrap_err();
        assert_eq!(refused(&unknown).1, "ACCOUNT_UNKNOWN");
    });
}

#[test]
fn going_through_a_list_ends_however_small_its_pages_are() {
    on_a_server(async |client| {
        for contact in [ANN, BOB, "GB.1"] {
            client.opt_in(opt_in(contact, "")).await.unwrap();
        }
        for all_accounts in [false, true] {
            let before = reads(&client.log().await).len();
            let entries = client.entries(ListEntriesRequest { all_accounts, page_size: 1, ..Default::default() }).await;
            assert_eq!(entries.iter().filter(|entry| entry.sealed.is_some()).count(), 3);
            assert_eq!(reads(&client.log().await).len() - before, 3, "no more reads than entries that they opened");
        }
    });
}

#[test]
fn a_stream_is_recorded_before_its_first_entry_and_with_the_rest_when_its_reader_leaves() {
    on_a_server(async |client| {
        client.opt_in(opt_in(ANN, "")).await.unwrap();
        let request = WatchEntriesRequest { from_seq: 1, with_sealed: true, ..Default::default() };
        let mut stream = client.watch.clone().watch_entries(request).await.unwrap().into_inner();
        let mut opened = 0;
        let mut next = async || loop {
            let response = stream.message().await.unwrap().unwrap();
            let found = response.entries.iter().filter(|entry| entry.sealed.is_some()).count();
            if found > 0 {
                opened += found;
                return opened;
            }
        };
        assert_eq!(next().await, 1);
        let counts = async |client: &Client| reads(&client.log().await).into_iter().map(|(_, read)| read.entries).collect::<Vec<_>>();
        assert_eq!(counts(&client).await, [1]);
        for contact in [BOB, "GB.1", "GB.2"] {
            client.opt_in(opt_in(contact, "")).await.unwrap();
        }
        while next().await < 4 {}
        assert_eq!(counts(&client).await, [1], "what follows waits for the hour or the end");
        drop(stream);
        for _ in 0..2_000 {
            if counts(&client).await == [1, 3] {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{:?}", counts(&client).await);
    });
}

#[test]
fn a_stop_of_the_server_records_what_streams_opened() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let runtime = runtime();
    let mut stream = runtime.block_on(async {
        let client = Client::connect(&server.url()).await;
        client.opt_in(opt_in(ANN, "")).await.unwrap();
        let request = WatchEntriesRequest { from_seq: 1, with_sealed: true, ..Default::default() };
        let mut stream = client.watch.clone().watch_entries(request).await.unwrap().into_inner();
        while stream.message().await.unwrap().unwrap().entries.iter().all(|entry| entry.sealed.is_none()) {}
        client.opt_in(opt_in(BOB, "")).await.unwrap();
        while stream.message().await.unwrap().unwrap().entries.iter().all(|entry| entry.sealed.is_none()) {}
        stream
    });
    assert_eq!(server.terminate().code(), Some(0));
    assert_eq!(refused(&runtime.block_on(stream.message()).unwrap_err()).1, "SHUTTING_DOWN");
    let server = Server::start(&dir.path().join("data"), &[]);
    let log = runtime.block_on(async { Client::connect(&server.url()).await.log().await });
    assert_eq!(reads(&log).into_iter().map(|(_, read)| read.entries).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(server.terminate().code(), Some(0));
}

#[test]
fn the_command_shows_who_read_a_contact_the_latest_first() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let url = server.url();
    let say = |line: &str| {
        let mut words: Vec<&str> = line.split(' ').collect();
        words.extend(["--server", &url]);
        cli(&words)
    };
    assert_eq!(say(&format!("record opt-in --contact {ANN} --category marketing")).code, 0);
    assert_eq!(say("reads").out, "0 reads\n");
    assert_eq!(say(&format!("trail --contact {ANN}")).code, 0);
    let said = say(&format!("reads --contact {ANN}"));
    let columns: Vec<Vec<&str>> = said.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(columns.len(), 4, "{}", said.out);
    assert_eq!((columns[1][0], &columns[1][2..]), ("5", &["1", "1", "trail", "2", "AuditService.ListEntries"][..]));
    assert_eq!((columns[2][0], &columns[2][2..]), ("4", &["1", "1", "trail", "2", "AuditService.GetContact"][..]));
    assert_eq!(columns[3], ["2", "reads"]);
    let json = say(&format!("reads --contact {ANN} --json")).json();
    assert_eq!((json.len(), json[0]["method"].as_str(), json[0]["reach"].as_str()), (2, Some("AuditService.ListEntries"), Some("contact")));
    assert_eq!((json[0]["trail"].as_u64(), json[0]["entries"].as_u64(), json[0]["actor"].as_u64()), (Some(2), Some(1), Some(1)));
    assert_eq!(say("reads --from 2100-01-01T00:00:00Z").out, "0 reads\n");
    assert_eq!(say("reads --contact GB.9").code, 2);
    assert_eq!(server.terminate().code(), Some(0));
}
