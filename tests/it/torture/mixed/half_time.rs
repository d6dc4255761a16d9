//! Half time, under load and without a restart: the certificate is renewed, and the ledger is backed up.

use std::sync::Arc;
use std::time::Duration;

use super::Load;
use super::served::word;
use crate::support::cli::{Said, cli};

/// Does it all.
pub async fn half_time(load: Arc<Load>) {
    load.served.renew().await;
    load.one("certificates renewed on the disk, shown without a restart");
    let dir = tempfile::tempdir().unwrap();
    let to = word(dir.path());
    // The second copies what is new.
    for _ in 0..2 {
        let acknowledged = load.acknowledged.lock().iter().map(|(seq, _)| *seq).max().unwrap_or_default();
        let made = run(vec!["backup".into(), "--json".into(), "--data-dir".into(), word(&load.served.data()), "--to".into(), to.clone()]).await;
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
