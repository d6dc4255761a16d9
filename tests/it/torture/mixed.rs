//! A mixed load for half an hour: everybody at once on the real binary, which is stopped and started twice. It must end with no
//! error but the expected ones, with memory that grows by what was recorded alone, and with a verified ledger.
//!
//! ```text
//! callers, writers, followers, auditors ──TLS, keys──▶ the server  every few seconds: memory, open files, counters, readiness
//!                                           │ a third │ a third │ a third │ verified, snapshot = whole log
//!                                                SIGTERM  ▲  SIGTERM
//!                                                half time: a new certificate, one key rotated, one revoked, a backup
//! ```
//!
//! Every contact is written to by one task alone, so what may be sent to it is known at every moment, and each answer is held
//! against that.

mod auditors;
mod callers;
mod faults;
mod followers;
mod former;
mod gauge;
mod half_time;
mod https;
mod imports;
mod people;
mod principals;
mod probes;
mod served;
mod warm;
mod writers;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use self::faults::Faults;
use self::gauge::Gauge;
use self::people::Person;
use self::served::Served;
use super::campaign::{Campaign, Counts};
use super::kills::assert_snapshot_is_a_replay;
use crate::support::cli::verify;
use crate::support::client::runtime;

/// How long the sample takes that goes with the other tests.
const SAMPLE: Duration = Duration::from_secs(20);

/// How often the server is stopped and started again.
const RESTARTS: u32 = 2;

/// How many passes of the scrub there is time for, in all lives together.
const SCRUBS: u32 = 20;

/// What all tasks share.
struct Load {
    served: Served,
    faults: Faults,
    former: former::Standing,
    counts: parking_lot::Mutex<Counts>,
    calls: AtomicU64,
    /// What was acknowledged: seq and the first bytes of the hash.
    acknowledged: parking_lot::Mutex<Vec<(u64, [u8; 8])>>,
    over: tokio::sync::watch::Sender<bool>,
    campaign: Campaign,
}

impl Load {
    fn one(&self, what: &str) {
        self.counts.lock().one(what);
    }

    fn add(&self, what: &str, count: usize) {
        self.counts.lock().add(what, count);
    }

    /// A call that was answered.
    fn called(&self, what: &str) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.one(what);
    }

    fn acknowledge(&self, acknowledgement: &consent_ledger::proto::Acknowledgement) {
        let hash = acknowledgement.entry_hash[..8].try_into().unwrap();
        self.acknowledged.lock().push((acknowledgement.seq, hash));
        self.one("acknowledgements");
    }

    fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// Waits a while; says whether to go on.
    async fn pause(&self, pause: Duration) -> bool {
        let mut over = self.over.subscribe();
        let _ = tokio::time::timeout(pause, over.wait_for(|over| *over)).await;
        !self.is_over()
    }
}

/// The tasks that write, each with the contacts that are its own, and those that read.
struct Tasks {
    writing: JoinSet<Vec<Person>>,
    reading: JoinSet<()>,
}

impl Tasks {
    fn start(load: &Arc<Load>) -> Self {
        let (mut writing, mut reading) = (JoinSet::new(), JoinSet::new());
        for owner in 1..=callers::CALLERS {
            writing.spawn(callers::calls(load.clone(), owner));
        }
        writing.spawn(writers::streams(load.clone()));
        writing.spawn(imports::imports(load.clone()));
        writing.spawn(writers::webhooks(load.clone()));
        writing.spawn(writers::erasures(load.clone()));
        reading.spawn(writers::policies(load.clone()));
        reading.spawn(callers::asks_in_json(load.clone()));
        reading.spawn(auditors::audits(load.clone()));
        reading.spawn(former::asks(load.clone()));
        reading.spawn(probes::probes(load.clone()));
        Self { writing, reading }
    }

    /// Lets each end what it has begun. Gives everybody's contacts.
    async fn end(mut self, load: &Load) -> Vec<Person> {
        load.over.send_replace(true);
        let mut people = Vec::new();
        while let Some(ended) = self.writing.join_next().await {
            people.extend(ended.unwrap());
        }
        while let Some(ended) = self.reading.join_next().await {
            ended.unwrap();
        }
        people
    }
}

/// How long: `TORTURE_RUNS` minutes, or a sample.
fn duration(campaign: Campaign) -> Duration {
    if campaign.runs == 0 { SAMPLE } else { Duration::from_secs(60 * campaign.runs as u64) }
}

#[test]
fn a_mixed_load_ends_with_no_error_but_the_expected_flat_memory_and_a_verified_ledger() {
    let campaign = Campaign::or(0);
    let whole = duration(campaign);
    let dir = tempfile::tempdir().unwrap();
    let runtime = runtime();
    let load = Arc::new(Load {
        served: Served::start(dir.path(), whole / SCRUBS),
        faults: Faults::default(),
        former: former::Standing::default(),
        counts: parking_lot::Mutex::default(),
        calls: AtomicU64::new(0),
        acknowledged: parking_lot::Mutex::default(),
        over: tokio::sync::watch::Sender::new(false),
        campaign,
    });
    let gauge = runtime.block_on(all_lives(&load, whole));
    load.faults.assert_expected();
    let load = Arc::into_inner(load).expect("every task ended");
    let logs = load.served.stop();
    let data = load.served.data();
    let report = verify(&data, 0);
    assert_eq!((&report["ok"], &report["store_ok"]), (&true.into(), &true.into()), "{report}");
    let mut counts = load.counts.into_inner();
    counts.add("entries verified, in both copies", usize::try_from(report["entries"].as_u64().unwrap()).unwrap());
    counts.add("passes of the scrub, which found nothing", logs.matches("the scrub compared everything").count());
    assert!(counts.of(former::REFUSED) > 0, "whose key was revoked did not ask again");
    assert!(counts.of("passes of the scrub, which found nothing") > 0, "no pass of the scrub was complete");
    let people: Vec<String> = (1..=callers::CALLERS).flat_map(people::numbers).collect();
    assert_snapshot_is_a_replay(&data, &people, &mut counts);
    counts.print("mixed load", campaign);
    load.faults.print();
    gauge.print();
    gauge.assert_flat();
}

/// The load over all lives of the server, to its end; what was measured meanwhile.
async fn all_lives(load: &Arc<Load>, whole: Duration) -> Gauge {
    let followers = followers::start(load);
    warm::fill(load).await;
    let mut gauge = Gauge::new(whole);
    let tasks = Tasks::start(load);
    let begun = Instant::now();
    for life in 0..=RESTARTS {
        warm::read(load).await;
        let (born, third) = (Instant::now(), whole / (RESTARTS + 1));
        let mut half_time = None;
        while born.elapsed() < third {
            if life == RESTARTS / 2 && born.elapsed() > third / 2 && half_time.is_none() {
                half_time = Some(tokio::spawn(half_time::half_time(load.clone())));
            }
            let done = (followers.head(), load.calls.load(Ordering::Relaxed));
            gauge.look(life, begun.elapsed(), load.served.id(), done);
            sleep(gauge.every()).await;
        }
        if let Some(half_time) = half_time {
            half_time.await.unwrap();
        }
        if life < RESTARTS {
            load.served.restart().await;
            load.one("graceful restarts");
        }
    }
    let people = tasks.end(load).await;
    people::hold(load, &people).await;
    followers.end(load, &people).await;
    auditors::last(load).await;
    gauge
}
