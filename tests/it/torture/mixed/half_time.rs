//! Half time, under load and without a restart: the certificate is renewed, one key is rotated and one revoked, and the ledger is
//! backed up.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tonic::Code;

use super::Load;
use super::people::number;
use super::principals::Who;
use super::served::word;
use super::warm::OWNER;
use crate::support::cli::{Said, cli};
use crate::support::client::opt_in;
use crate::support::connection::Key;

/// How long the key before a rotation is still taken, and how much later it must be refused at the latest.
const OVERLAP: Duration = Duration::from_secs(6);
const REFUSED_WITHIN: Duration = Duration::from_secs(30);

/// Does it all.
pub async fn half_time(load: Arc<Load>) {
    tokio::join!(renew(&load), rotate(&load), load.revoke(), back_up(&load));
}

async fn renew(load: &Load) {
    load.served.renew().await;
    load.one("certificates renewed on the disk, shown without a restart");
}

/// Whoever records is given a new key; the old one is taken beside it for a while, and then no more.
async fn rotate(load: &Arc<Load>) {
    let key = load.served.principals.key(Who::Records);
    let old = load.served.connect_with(&Key::new(&key.text()));
    let rotating = load.clone();
    let rotated = move || rotating.served.principals.rotate(Who::Records, OVERLAP, &rotating.served.reached());
    let new = tokio::task::spawn_blocking(rotated).await.unwrap();
    let begun = Instant::now();
    // The same event again and again: it is recorded once.
    let request = opt_in(&number(OWNER, 0), "rotated");
    let (mut taken, mut changed) = (0, false);
    loop {
        match old.opt_in(request.clone()).await {
            Ok(_) => taken += 1,
            Err(status) if status.code() == Code::Unauthenticated => break,
            Err(status) => load.faults.note("a record with the key before", &status, load.served.is_away()),
        }
        if !changed {
            key.change(&new);
            changed = true;
        }
        assert!(begun.elapsed() < OVERLAP + REFUSED_WITHIN, "the key before is still taken");
        sleep(Duration::from_millis(200)).await;
    }
    if taken == 0 || begun.elapsed() + Duration::from_secs(2) < OVERLAP {
        load.faults.wrong(format!("the key before was taken {taken} times, and refused after {:?}", begun.elapsed()));
    }
    load.one("keys rotated: both taken, then the new one alone");
}

/// The second backup copies what is new.
async fn back_up(load: &Load) {
    let dir = tempfile::tempdir().unwrap();
    let to = word(dir.path());
    for _ in 0..2 {
        let acknowledged = load.acknowledged.lock().iter().map(|(seq, _)| *seq).max().unwrap_or_default();
        let made =
            run(vec!["backup".into(), "--json".into(), "--data-dir".into(), word(&load.served.data()), "--to".into(), to.clone()]).await;
        let checked = run(vec!["restore".into(), "--json".into(), "--check".into(), "--from".into(), to.clone()]).await;
        let (made, checked) = (made.json().remove(0), checked.json().remove(0));
        assert_eq!(made["head"], checked["head"], "{made} {checked}");
        let seq = made["head"]["seq"].as_u64().unwrap();
        assert!(seq >= acknowledged, "entry {acknowledged} was acknowledged before the backup, which ends with {seq}");
        // Whoever follows must have seen the same entry there.
        let hash = hex::decode(made["head"]["hash"].as_str().unwrap()).unwrap();
        load.acknowledged.lock().push((seq, hash[..8].try_into().unwrap()));
        load.one("backups made under load and verified");
        load.pause(Duration::from_secs(1)).await;
    }
}

async fn run(args: Vec<String>) -> Said {
    let said = tokio::task::spawn_blocking(move || cli(&args)).await.unwrap();
    assert_eq!(said.code, 0, "{said:?}");
    said
}
