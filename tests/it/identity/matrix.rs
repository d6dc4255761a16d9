//! Role × method × account × sender, on the server that runs: exactly what `expected` says, over gRPC and in JSON.

use std::collections::BTreeMap;

use consent_ledger::client::Channel;
use consent_ledger::proto::audit_service_client::AuditServiceClient;
use consent_ledger::proto::{ListEntriesRequest, Role};
use prost_reflect::SerializeOptions;

use super::anyone::{About, methods, path, refusal, request};
use super::expected::{EXPECTED, Expected};
use super::{Guarded, add, on_a_guarded_server};
use crate::support::http::send;

const ROLES: [(char, Role); 5] =
    [('s', Role::Sender), ('r', Role::Recorder), ('a', Role::Auditor), ('o', Role::Operator), ('e', Role::Eraser)];

/// How a caller is bound.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Bound {
    Nowhere,
    ToShop,
    ToASender,
}

/// Whom a caller asks about.
const ACCOUNTS: [&str; 3] = ["shop", "other", "ghost"];

fn expected(row: Expected, role: char, bound: Bound, account: &str, sender: &str) -> &'static str {
    if !row.roles.contains(role) {
        return "ROLE_MISSING";
    }
    if bound == Bound::ToShop && (row.account == "whole" || row.account == "held" && account != "shop") {
        return "ACCOUNT_NOT_ALLOWED";
    }
    if bound == Bound::ToASender && (row.sender == "whole" || row.sender == "held" && sender != "1001") {
        return "SENDER_NOT_ALLOWED";
    }
    ""
}

async fn keys(server: &Guarded) -> BTreeMap<(char, Bound), String> {
    let mut admin = server.admin().await;
    let mut keys = BTreeMap::new();
    for (letter, role) in ROLES {
        for (bound, accounts, senders) in
            [(Bound::Nowhere, &[][..], &[][..]), (Bound::ToShop, &["shop"][..], &[][..]), (Bound::ToASender, &[][..], &["1001"][..])]
        {
            keys.insert((letter, bound), add(&mut admin, "matrix", &[role], accounts, senders).await.unwrap());
        }
    }
    keys
}

/// An entry of each account: the one that created it.
async fn entries(channel: &Channel) -> BTreeMap<String, u64> {
    let request = ListEntriesRequest { all_accounts: true, page_size: 10, ..Default::default() };
    let page = AuditServiceClient::new(channel.clone()).list_entries(request).await.unwrap().into_inner();
    let created = page.entries.into_iter().filter_map(|entry| match entry.clear?.fact? {
        consent_ledger::proto::clear_part::Fact::AccountCreated(created) => Some((created.name, entry.seq)),
        _ => None,
    });
    created.collect()
}

#[test]
fn the_matrix_is_the_table() {
    on_a_guarded_server(async |server| {
        let keys = keys(&server).await;
        let seqs = entries(&server.with(&keys[&('a', Bound::Nowhere)]).await).await;
        let described = send(&server.server, "GET", "/openapi.json", &[], Vec::new()).await.json();
        let (mut wrong, mut asked, mut over_http) = (Vec::new(), 0, 0);
        for ((role, bound), key) in &keys {
            let channel = server.with(key).await;
            for method in methods() {
                let path = path(&method);
                let row = EXPECTED.iter().find(|row| path.ends_with(row.method)).copied().unwrap();
                let senders = if *bound == Bound::ToASender { &["1001", "2002"][..] } else { &["2002"][..] };
                for (account, sender) in ACCOUNTS.iter().flat_map(|account| senders.iter().map(move |sender| (*account, *sender))) {
                    // Nobody creates the account that there must not be.
                    if *bound != Bound::ToShop && account == "ghost" {
                        continue;
                    }
                    let about = About { account, sender, seq: seqs.get(account).copied().unwrap_or(1) };
                    let wanted = expected(row, *role, *bound, account, sender);
                    let found = refusal(&channel, &method, about).await;
                    asked += 1;
                    if found != wanted {
                        wrong.push(format!("{path} {role} {bound:?} {account} {sender}: {found:?}, expected {wanted:?}"));
                    }
                    if described["paths"].get(&path).is_some() {
                        over_http += 1;
                        let in_json = json(&server, key, &path, &method, about).await;
                        if in_json != wanted {
                            wrong.push(format!("{path} {role} {bound:?} {account} {sender} in JSON: {in_json:?}, expected {wanted:?}"));
                        }
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(asked > 1_500 && over_http > 300, "{asked} calls, {over_http} of them in JSON too");
    });
}

/// The same over HTTP: why the caller was refused; empty where it was not.
async fn json(server: &Guarded, key: &str, path: &str, method: &prost_reflect::MethodDescriptor, about: About<'_>) -> String {
    let options = SerializeOptions::new();
    let body = request(method, about).serialize_with_options(serde_json::value::Serializer, &options).unwrap();
    let headers = [("content-type", "application/json"), ("authorization", &format!("Bearer {key}"))];
    let answer = send(&server.server, "POST", path, &headers, body.to_string().into()).await;
    if matches!(answer.status, 401 | 403) { answer.refused().2 } else { String::new() }
}

#[test]
fn whoever_shows_nothing_or_a_wrong_key_is_refused_everywhere() {
    on_a_guarded_server(async |server| {
        let (nobody, stranger) = (super::channel(&server.server, None).await, server.with(&format!("clk_256_{}", "A".repeat(43))).await);
        let about = About { account: "shop", sender: "1001", seq: 1 };
        for method in methods() {
            assert_eq!(refusal(&nobody, &method, about).await, "CREDENTIALS_MISSING", "{}", path(&method));
            assert_eq!(refusal(&stranger, &method, about).await, "CREDENTIALS_UNKNOWN", "{}", path(&method));
        }
    });
}

#[test]
fn another_account_is_refused_in_the_same_words_whether_it_exists_or_not() {
    on_a_guarded_server(async |server| {
        let mut admin = server.admin().await;
        let roles: Vec<Role> = ROLES.iter().map(|(_, role)| *role).collect();
        let key = add(&mut admin, "all of shop", &roles, &["shop"], &[]).await.unwrap();
        let channel = server.with(&key).await;
        for method in methods() {
            let row = EXPECTED.iter().find(|row| path(&method).ends_with(row.method)).unwrap();
            if row.account != "held" {
                continue;
            }
            let said = |account: &'static str, seq| {
                let (channel, method) = (&channel, &method);
                async move {
                    let about = About { account, sender: "1001", seq };
                    match super::anyone::answer(channel, method, about).await {
                        Err(status) => (status.code(), status.message().to_owned(), status.details().to_vec()),
                        Ok(bytes) => (tonic::Code::Ok, String::new(), bytes.unwrap_or_default()),
                    }
                }
            };
            // The entry that created `default`, and one that is not there.
            assert_eq!(said("other", 2).await, said("ghost", 1 << 40).await, "{}", path(&method));
        }
    });
}
