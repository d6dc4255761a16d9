//! kill -9 of the real binary at random moments, under load, while it starts, and while it stops: every acknowledged record
//! is there, nothing is there twice, there is no gap, both copies verify, and a snapshot says what a replay from zero says.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use consent_ledger::consent::decide::Asked;
use consent_ledger::consent::words::Category;
use consent_ledger::ledger::clock::{Clock, SystemClock};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::{Ledger, Options, Question};
use rustix::process::{Pid, Signal, kill_process};

use super::campaign::{Campaign, Counts};
use super::load::{CONTACTS, Callers, contact};
use crate::support::bench::{copy, question};
use crate::support::cli::verify;
use crate::support::client::{Client, runtime};
use crate::support::dice::Dice;
use crate::support::server::Server;

/// How many kills go with the other tests.
const SAMPLE: usize = 10;

/// How often one ledger is killed before it is looked at as a whole and the next one begins.
const LIVES: usize = 20;

/// Callers at once, over two connections.
const CALLERS: usize = 12;

/// A server that will be killed.
struct Life {
    child: Child,
}

/// When it is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So many milliseconds after its process began, whether it is ready or not.
    Starting(u64),
    /// So many after the callers began.
    Serving(u64),
    /// So many after it was asked to stop, under load.
    Stopping(u64),
}

impl Moment {
    fn of(dice: &mut Dice) -> Self {
        let below = |dice: &mut Dice, most: usize| dice.below(most) as u64;
        match dice.below(8) {
            0 => Self::Starting(below(dice, 400)),
            1 => Self::Stopping(below(dice, 150)),
            _ => Self::Serving(below(dice, 400)),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Starting(_) => "killed while it started",
            Self::Serving(_) => "killed under load",
            Self::Stopping(_) => "killed while it stopped",
        }
    }
}

impl Life {
    fn start(data: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_consent-ledger"))
            .args(["serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::options().create(true).append(true).open(data.with_extension("stderr.log")).unwrap())
            .spawn()
            .unwrap();
        Self { child }
    }

    /// Where it speaks gRPC, once it is ready; none: it ended before.
    fn ready(&mut self) -> Option<String> {
        let mut line = String::new();
        BufReader::new(self.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (grpc, _) = line.strip_prefix("ready grpc=")?.split_once(' ')?;
        Some(format!("http://{grpc}"))
    }

    fn id(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for its end; it must not have ended by itself.
    fn killed(mut self, data: &Path) {
        use std::os::unix::process::ExitStatusExt;
        let status = self.child.wait().unwrap();
        let said = std::fs::read_to_string(data.with_extension("stderr.log")).unwrap_or_default();
        assert!(status.signal() == Some(9) || status.success(), "it ended by itself, {status}:\n{said}");
    }
}

/// Kills it after so many milliseconds.
fn kill_after(id: Pid, milliseconds: u64) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(milliseconds));
        let _ = kill_process(id, Signal::KILL);
    })
}

/// One life: it starts, is held against what was acknowledged, serves, and dies.
fn live(data: &Path, callers: &Arc<Callers>, moment: Moment, dice: &mut Dice) {
    let mut life = Life::start(data);
    let id = life.id();
    if let Moment::Starting(milliseconds) = moment {
        kill_after(id, milliseconds).join().unwrap();
        life.killed(data);
        return;
    }
    let url = life
        .ready()
        .unwrap_or_else(|| panic!("it does not start: {}", std::fs::read_to_string(data.with_extension("stderr.log")).unwrap()));
    runtime().block_on(async {
        let first = Client::connect(&url).await;
        let second = Client::connect(&url).await;
        callers.book.examine(&first, false).await.unwrap();
        let (mut one, mut two) = (Dice::new(dice.below(1 << 40) as u64), Dice::new(dice.below(1 << 40) as u64));
        let milliseconds = match moment {
            Moment::Starting(milliseconds) | Moment::Serving(milliseconds) => milliseconds,
            Moment::Stopping(milliseconds) => {
                kill_after_stop(id, milliseconds);
                0
            }
        };
        let killer = (milliseconds > 0).then(|| kill_after(id, milliseconds));
        if killer.is_none() && !matches!(moment, Moment::Stopping(_)) {
            let _ = kill_process(id, Signal::KILL);
        }
        tokio::join!(callers.act(&first, &mut one, CALLERS / 2), callers.act(&second, &mut two, CALLERS / 2));
    });
    life.killed(data);
}

/// Asks it to stop while callers act, and kills it so many milliseconds later.
fn kill_after_stop(id: Pid, milliseconds: u64) {
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        let _ = kill_process(id, Signal::TERM);
        std::thread::sleep(Duration::from_millis(milliseconds));
        let _ = kill_process(id, Signal::KILL);
    });
}

fn open(data: &Path, small_bytes: u64) -> Ledger {
    let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), Arc::new(SystemClock));
    Ledger::open_with(&Options { small_bytes, ..Options::new(data) }, &disk, &clock).unwrap()
}

/// The state from the snapshot, where there is one, says what the state from the whole log says.
pub fn assert_snapshot_is_a_replay(data: &Path, people: &[String], counts: &mut Counts) {
    let from_snapshot = data.with_extension("from-snapshot");
    copy(data, &from_snapshot);
    counts.one(if data.join("snapshot").exists() {
        "ledgers held against a replay: from a snapshot"
    } else {
        "ledgers held against a replay: without a snapshot"
    });
    let (with, without) = (open(&from_snapshot, 0), open(data, u64::MAX));
    let now = without.now();
    for who in people {
        for asked in [Asked::Anything, Asked::For(Category::Marketing)] {
            let asked = Question { asked, sender: "100".parse().unwrap(), at: Some(now), ..question(who, Category::Marketing, None) };
            let [one, other] =
                [&with, &without].map(|ledger| ledger.check(&asked).map(|answer| (answer.decision.permission, answer.decision.reasons)));
            assert_eq!(format!("{one:?}"), format!("{other:?}"), "{who}: the snapshot and the log disagree");
        }
    }
    with.close();
    without.close();
    let _ = std::fs::remove_dir_all(from_snapshot);
}

/// The ledger as a whole, after its last life.
fn look_at(data: &Path, callers: &Callers, counts: &mut Counts) {
    let server = Server::start(data, &[]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        callers.book.examine(&client, true).await.unwrap();
    });
    server.kill();
    let people: Vec<String> = (0..CONTACTS).map(contact).chain((0..CONTACTS).map(|n| format!("GB.{n}"))).collect();
    assert_snapshot_is_a_replay(data, &people, counts);
    let report = verify(data, 0);
    assert_eq!((&report["ok"], &report["store_ok"]), (&true.into(), &true.into()), "{report}");
    counts.add("entries verified, in both copies", usize::try_from(report["entries"].as_u64().unwrap()).unwrap());
    counts.add("acknowledgements found again", callers.book.len());
    counts.one("ledgers");
    callers.book.add_to(counts);
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_however_often_the_server_is_killed() {
    let campaign = Campaign::or(SAMPLE);
    let mut counts = Counts::default();
    for first in (0..campaign.runs).step_by(LIVES) {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let callers = Callers::new();
        for run in first..campaign.runs.min(first + LIVES) {
            let mut dice = campaign.dice(run);
            let moment = Moment::of(&mut dice);
            live(&data, &callers, moment, &mut dice);
            counts.one(moment.word());
        }
        look_at(&data, &callers, &mut counts);
    }
    counts.print("kill -9", campaign);
    assert!(counts.of("acknowledgements found again") > 0);
}
