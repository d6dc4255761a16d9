//! Those who follow: each entry once and in order over all lives, and the windows that are open.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use consent_ledger::proto::{Entry, WatchEntriesRequest, WatchWindowsRequest, WindowEventKind};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use super::Load;
use super::people::{Person, SENDER};
use super::principals::Who;
use crate::support::client::Client;

/// After what time whoever was cut off asks again.
const PAUSE: Duration = Duration::from_millis(100);

/// How long those who follow may take to see the last entry.
const BEHIND: Duration = Duration::from_secs(60);

/// What those who follow have seen.
#[derive(Default)]
struct Seen {
    /// Of every entry the first bytes of its hash, in order of seq from 1.
    hashes: Mutex<Vec<[u8; 8]>>,
    /// The hash of the last.
    last: Mutex<Vec<u8>>,
    /// Those of them that are of an account.
    of_accounts: Mutex<Vec<u64>>,
    /// How many entries of accounts each actor recorded.
    actors: Mutex<BTreeMap<u32, usize>>,
    /// The entries of the account that the other has seen, and up to where.
    account: Mutex<Vec<u64>>,
    account_position: AtomicU64,
    /// Whose windows are open; up to where.
    open: Mutex<HashMap<String, Vec<String>>>,
    windows_position: AtomicU64,
}

/// Those who follow.
pub struct Followers {
    seen: Arc<Seen>,
    following: JoinSet<()>,
}

/// Begins to follow.
pub fn start(load: &Arc<Load>) -> Followers {
    let seen: Arc<Seen> = Arc::default();
    let mut following = JoinSet::new();
    following.spawn(everything(load.clone(), load.served.connect(), seen.clone()));
    following.spawn(account(load.clone(), load.served.connect(), seen.clone()));
    following.spawn(windows(load.clone(), load.served.connect(), seen.clone()));
    Followers { seen, following }
}

impl Followers {
    /// The last entry seen.
    pub fn head(&self) -> u64 {
        self.seen.hashes.lock().len() as u64
    }

    /// Waits until all have seen everything, and holds it against what was acknowledged and what is known of contacts.
    pub async fn end(mut self, load: &Load, people: &[Person]) {
        let (client, seen) = (load.served.connect(), self.seen.clone());
        let nobody = crate::support::client::question("GB.nobody", SENDER);
        let head = load.until_answered("checks", || client.check(nobody.clone())).await.position.unwrap().seq;
        let begun = tokio::time::Instant::now();
        let reached = |position: &AtomicU64| position.load(Ordering::SeqCst) >= head;
        while self.head() < head || !reached(&seen.account_position) || !reached(&seen.windows_position) {
            assert!(begun.elapsed() < BEHIND, "those who follow are behind entry {head}");
            tokio::time::sleep(PAUSE).await;
        }
        self.following.shutdown().await;
        let hashes = seen.hashes.lock();
        for (seq, hash) in load.acknowledged.lock().iter() {
            assert_eq!(hashes.get(usize::try_from(*seq).unwrap() - 1), Some(hash), "entry {seq} is another than was acknowledged");
        }
        load.add("acknowledgements found again", load.acknowledged.lock().len());
        load.add("entries followed, each once and in order", hashes.len());
        load.hold_actors(&seen.actors.lock());
        let up_to_head = |seqs: &Mutex<Vec<u64>>| seqs.lock().iter().copied().filter(|seq| *seq <= head).collect::<Vec<_>>();
        assert!(up_to_head(&seen.account) == up_to_head(&seen.of_accounts), "whoever follows the account sees all of it and nothing else");
        let open: HashSet<String> = seen.open.lock().values().flatten().cloned().collect();
        for person in people {
            assert_eq!(open.contains(&person.number), person.window, "{person:?}");
        }
        load.add("windows followed that are open at the end", open.len());
    }
}

/// Numbers of actors that are no principals: the ledger, and the provider by its webhooks.
const LEDGER: u32 = 0;
const PROVIDER: u32 = 2;

impl Load {
    /// Each entry of the account names who recorded it, and everybody who was to record did.
    fn hold_actors(&self, actors: &BTreeMap<u32, usize>) {
        let writing = [Who::Records, Who::Audits, Who::Operates, Who::Erases].map(|who| self.served.principals.number(who));
        assert!(writing.iter().chain(&[PROVIDER]).all(|actor| actors.contains_key(actor)), "{writing:?} of {actors:?}");
        // Whoever followed windows before its key was revoked left that it read.
        let others = [LEDGER, PROVIDER, self.served.principals.number(Who::Former)];
        let known = |actor: &u32| others.contains(actor) || writing.contains(actor);
        assert!(actors.keys().all(known), "others than {writing:?} recorded: {actors:?}");
    }
}

/// Every entry there is: the chain, worked out from the stored bytes, without a gap, over every restart.
async fn everything(load: Arc<Load>, client: Client, seen: Arc<Seen>) {
    *seen.last.lock() = vec![0; 32];
    loop {
        let from_seq = seen.hashes.lock().len() as u64 + 1;
        let previous_hash = seen.last.lock().clone();
        let request = WatchEntriesRequest { all_accounts: true, from_seq, previous_hash, with_raw: true, ..Default::default() };
        let ended = async {
            let mut stream = client.watch.clone().watch_entries(request).await?.into_inner();
            while let Some(response) = stream.message().await? {
                response.entries.iter().for_each(|entry| next(&seen, entry));
            }
            Ok::<(), tonic::Status>(())
        };
        if let Err(status) = ended.await {
            load.faults.note("watching entries", &status, load.served.is_away());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn next(seen: &Seen, entry: &Entry) {
    let (mut hashes, mut last) = (seen.hashes.lock(), seen.last.lock());
    assert_eq!(entry.seq, hashes.len() as u64 + 1, "each once and in order");
    assert_eq!(&entry.raw[16..48], last.as_slice(), "entry {} does not follow from the one before it", entry.seq);
    *last = Sha256::new().chain_update([0]).chain_update(&entry.raw).finalize().to_vec();
    assert_eq!(entry.entry_hash, *last, "entry {}", entry.seq);
    hashes.push(last[..8].try_into().unwrap());
    if entry.account != 0 {
        seen.of_accounts.lock().push(entry.seq);
        *seen.actors.lock().entry(entry.actor).or_default() += 1;
    }
}

/// The account's entries, opened.
async fn account(load: Arc<Load>, client: Client, seen: Arc<Seen>) {
    let mut from_seq = 1;
    loop {
        let request = WatchEntriesRequest { from_seq, with_sealed: true, ..Default::default() };
        let ended = async {
            let mut stream = client.watch.clone().watch_entries(request).await?.into_inner();
            while let Some(response) = stream.message().await? {
                seen.account.lock().extend(response.entries.iter().map(|entry| entry.seq));
                let position = response.position.unwrap().seq;
                from_seq = position + 1;
                seen.account_position.store(position, Ordering::SeqCst);
            }
            Ok::<(), tonic::Status>(())
        };
        if let Err(status) = ended.await {
            load.faults.note("watching the account", &status, load.served.is_away());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The windows that are open: told anew after each break.
async fn windows(load: Arc<Load>, client: Client, seen: Arc<Seen>) {
    loop {
        let request = WatchWindowsRequest { sender: SENDER.into(), ..Default::default() };
        let ended = async {
            let mut stream = client.watch.clone().watch_windows(request).await?.into_inner();
            seen.open.lock().clear();
            seen.windows_position.store(0, Ordering::SeqCst);
            while let Some(response) = stream.message().await? {
                let mut open = seen.open.lock();
                for event in response.events {
                    match event.kind() {
                        WindowEventKind::Closed => drop(open.remove(&event.window)),
                        _ => drop(open.insert(event.window, event.contacts)),
                    }
                }
                drop(open);
                if response.caught_up {
                    seen.windows_position.store(response.position.unwrap().seq, Ordering::SeqCst);
                }
            }
            Ok::<(), tonic::Status>(())
        };
        if let Err(status) = ended.await {
            load.faults.note("watching windows", &status, load.served.is_away());
        }
        tokio::time::sleep(PAUSE).await;
    }
}
