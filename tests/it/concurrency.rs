//! Many callers at once: an acknowledgement counts for every question that is asked after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use consent_ledger::proto::{Category, CheckSendRequest, Permission, Reason};

use crate::support::client::{Client, opt_in, question, runtime, text};
use crate::support::server::Server;

const CONTACTS: usize = 24;
const ROUNDS: usize = 12;

fn marketing(contact: &str) -> CheckSendRequest {
    CheckSendRequest { category: Category::Marketing.into(), ..question(contact, "100") }
}

/// Opts in and stops again and again, and counts its turns: odd is stopped. What is asked after an acknowledgement, over whichever connection, knows of it.
async fn person(contact: String, clients: Vec<Client>, turns: Arc<AtomicUsize>) {
    for round in 0..ROUNDS {
        let (writer, readers) = (&clients[round % clients.len()], &clients);
        turns.store(round * 2, Ordering::SeqCst);
        let seq = writer.opt_in(opt_in(&contact, &format!("{contact}-{round}"))).await.unwrap().seq;
        for reader in readers {
            let decision = reader.check(marketing(&contact)).await.unwrap();
            assert_ne!(decision.permission(), Permission::Nothing, "after opt-in {seq}: {decision:?}");
            assert!(decision.position.as_ref().unwrap().seq >= seq, "{decision:?}");
        }
        let seq = writer.inbound(text(&contact, "100", "STOP")).await.unwrap().seq;
        turns.store(round * 2 + 1, Ordering::SeqCst);
        for reader in readers {
            let decision = reader.check(marketing(&contact)).await.unwrap();
            assert_eq!(decision.permission(), Permission::Nothing, "after STOP {seq}: {decision:?}");
            assert_eq!(decision.reasons().next(), Some(Reason::RecipientOptedOut));
            assert_eq!(decision.deciding_seqs.last(), Some(&(seq + 1)), "the opt-out that the STOP caused decides");
        }
    }
}

/// Asks without pause; whenever the contact had stopped before the question and took no turn until the answer, that is no.
async fn watcher(contact: String, client: Client, turns: Arc<AtomicUsize>, over: Arc<AtomicBool>) -> usize {
    let mut refused = 0;
    while !over.load(Ordering::SeqCst) {
        let before = turns.load(Ordering::SeqCst);
        let decision = client.check(marketing(&contact)).await.unwrap();
        if before % 2 == 1 && turns.load(Ordering::SeqCst) == before {
            assert_eq!(decision.permission(), Permission::Nothing, "{decision:?}");
            refused += 1;
        }
    }
    refused
}

#[test]
fn after_an_acknowledged_stop_no_later_question_is_answered_yes() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async {
        let mut clients = Vec::new();
        for _ in 0..3 {
            clients.push(Client::connect(&server.url()).await);
        }
        let over = Arc::new(AtomicBool::new(false));
        let (mut people, mut watchers) = (tokio::task::JoinSet::new(), tokio::task::JoinSet::new());
        for number in 0..CONTACTS {
            let contact = format!("+4474002{number:05}");
            let turns = Arc::new(AtomicUsize::new(0));
            watchers.spawn(watcher(contact.clone(), clients[number % 3].clone(), turns.clone(), over.clone()));
            people.spawn(person(contact, clients.clone(), turns));
        }
        while let Some(done) = people.join_next().await {
            done.unwrap();
        }
        over.store(true, Ordering::SeqCst);
        let mut refused = 0;
        while let Some(done) = watchers.join_next().await {
            refused += done.unwrap();
        }
        assert!(refused > 0, "somebody asked meanwhile");
        let log = clients[0].log().await;
        assert_eq!(log.len(), 2 + CONTACTS * ROUNDS * 3);
    });
    assert_eq!(server.terminate().code(), Some(0));
}
