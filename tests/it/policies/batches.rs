//! Whatever happened: what `DiffPolicy` counts is what `BatchCheckSend` answers otherwise once the policy is adopted.

use std::cell::Cell;
use std::collections::BTreeMap;

use consent_ledger::proto::batch_check_send_item::Outcome;
use consent_ledger::proto::{
    AdoptPolicyRequest, BatchCheckSendRequest, CreateAccountRequest, DiffPolicyRequest, ListEntriesRequest, Permission, PolicyChoice,
    RecordInboundMessageRequest, RecordOptInRequest,
};
use proptest::test_runner::{Config, TestRunner};
use prost_types::Timestamp;

use super::{CONTACT, choice, diff};
use crate::errors::from_now;
use crate::support::client::{Client, opt_in, question, runtime, seconds, text};
use crate::support::server::Server;

/// Who has which identifier after messages that showed several: the first identifier of each one's contact.
fn contacts_of(messages: &[Vec<usize>]) -> Vec<usize> {
    let mut first: Vec<usize> = (0..IDENTIFIERS.len()).collect();
    for message in messages {
        let joined: Vec<usize> = message.iter().map(|place| first[*place]).collect();
        let least = *joined.iter().min().unwrap();
        first.iter_mut().filter(|first| joined.contains(first)).for_each(|first| *first = least);
    }
    first
}

const IDENTIFIERS: [&str; 4] = ["+447400123456", "+447400123457", "GB.1", "GB.2"];

/// What everybody may be sent at an instant.
async fn checks(client: &Client, account: &str, at: Option<Timestamp>) -> BTreeMap<(String, i32, usize), i32> {
    let mut permissions = BTreeMap::new();
    for sender in ["1", "2"] {
        for category in 1..=4 {
            let contacts = IDENTIFIERS.map(str::to_owned).to_vec();
            let batch =
                BatchCheckSendRequest { account: account.into(), contacts, sender: sender.into(), category, at, ..Default::default() };
            let items = client.decision.clone().batch_check_send(batch).await.unwrap().into_inner().items;
            for (place, item) in items.into_iter().enumerate() {
                let Some(Outcome::Decision(decision)) = item.outcome else { panic!("{item:?}") };
                permissions.insert((sender.to_owned(), category, place), decision.permission);
            }
        }
    }
    permissions
}

/// Opt-ins and messages of a few contacts; compared, adopted, checked.
async fn play(client: &Client, account: &str, before: PolicyChoice, after: PolicyChoice, dice: &[(u8, usize, usize, u8, u8)]) {
    let mut admin = client.admin.clone();
    admin.create_account(CreateAccountRequest { account: account.into() }).await.unwrap();
    let adopt =
        |policy, occurred_at| AdoptPolicyRequest { account: account.into(), policy: Some(policy), occurred_at, ..Default::default() };
    admin.adopt_policy(adopt(before, Some(seconds(1_700_000_000)))).await.unwrap();
    let (mut joins, mut known) = (Vec::new(), Vec::new());
    for (kind, a, b, sender, hours) in dice.iter().copied() {
        let at = from_now(client, -i64::from(hours) * 3 * 3_600_000_000).await;
        let sender = if sender == 0 { "1" } else { "2" };
        known.push(a);
        if kind < 2 {
            let sender = if kind == 0 { String::new() } else { sender.to_owned() };
            let record = RecordOptInRequest { account: account.into(), sender, occurred_at: at, ..opt_in(IDENTIFIERS[a], "") };
            client.opt_in(record).await.unwrap();
        } else {
            let said = ["hello", "STOP", "start", "stop marketing"][usize::from(kind) - 2];
            let mut message =
                RecordInboundMessageRequest { account: account.into(), occurred_at: at, ..text(IDENTIFIERS[a], sender, said) };
            if a < 2 && b >= 2 {
                message.contacts.push(IDENTIFIERS[b].into());
                joins.push(vec![a, b]);
                known.push(b);
            }
            client.inbound(message).await.unwrap();
        }
    }
    let contacts = contacts_of(&joins);
    let head = client.log().await.len();
    let request = DiffPolicyRequest { account: account.into(), policy: Some(after.clone()), sender: "1".into(), ..Default::default() };
    let found = diff(client, request).await.unwrap();
    assert_eq!(client.log().await.len(), head, "a difference writes nothing");
    let old = checks(client, account, found.at).await;
    admin.adopt_policy(adopt(after, found.at)).await.unwrap();
    let new = checks(client, account, found.at).await;

    let mut expected: BTreeMap<(String, i32, i32, i32), Vec<usize>> = BTreeMap::new();
    for ((sender, category, place), from) in old {
        let to = new[&(sender.clone(), category, place)];
        // Under a sender that nobody named nothing is compared.
        if from != to && found.diffs.iter().any(|diff| diff.sender == sender) {
            expected.entry((sender, category, from, to)).or_default().push(contacts[place]);
        }
    }
    let distinct = |mut places: Vec<usize>| {
        places.sort_unstable();
        places.dedup();
        places.len()
    };
    let expected: BTreeMap<_, _> = expected.into_iter().map(|(of, places)| (of, distinct(places))).collect();
    let counted = found.diffs.iter().flat_map(|diff| diff.changes.iter().map(move |change| (diff, change)));
    let counted = counted
        .map(|(diff, change)| ((diff.sender.clone(), diff.category, change.from, change.to), usize::try_from(change.contacts).unwrap()));
    assert_eq!(counted.collect::<BTreeMap<_, _>>(), expected);
    assert_eq!(usize::try_from(found.contacts).unwrap(), distinct(known.into_iter().map(|place| contacts[place]).collect()));
}

#[test]
fn what_is_counted_is_what_batches_of_checks_answer_after_the_policy_is_adopted() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let runtime = runtime();
    let client = runtime.block_on(Client::connect(&server.url()));
    let policies = [
        choice("meta"),
        choice("sinch"),
        choice("maxcontact"),
        PolicyChoice { opt_in_valid_days: Some(1), ..choice("meta") },
        PolicyChoice { window_hours: Some(4), inbound_after_opt_out: Some(3), ..choice("meta") },
    ];
    let accounts = Cell::new(0);
    let act = (0u8..6, 0usize..4, 0usize..4, 0u8..2, 0u8..12);
    let strategy = (0..policies.len(), 0..policies.len(), proptest::collection::vec(act, 1..10));
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&strategy, |(before, after, dice)| {
            accounts.set(accounts.get() + 1);
            runtime.block_on(play(&client, &format!("case-{}", accounts.get()), policies[before].clone(), policies[after].clone(), &dice));
            Ok(())
        })
        .unwrap();
    let list = ListEntriesRequest { account: "case-1".into(), ..Default::default() };
    assert!(!runtime.block_on(client.entries(list)).is_empty());
    let answer = runtime.block_on(client.check(question(CONTACT, "1"))).unwrap();
    assert_eq!(answer.permission(), Permission::Nothing, "accounts know nothing of each other");
    assert_eq!(server.terminate().code(), Some(0));
}
