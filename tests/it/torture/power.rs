//! The power goes: what the disk has at that moment is all there is.
//!
//! ```text
//! writer ── ext4 (data=ordered) ── loop device ── image      SIGSTOP the writer, copy the image, SIGCONT: one cut
//! ```
//!
//! The image holds what the kernel has written to the device and nothing of what waits in the page cache. A copy of it is
//! what a disk without a volatile cache shows after a power cut; ext4 then recovers from its own journal when the copy is
//! mounted. Whatever was acknowledged before the writer was stopped must be on it. The copy is taken twice, until both are
//! the same: then nothing was written meanwhile. Needs root, loop devices and mkfs.ext4; elsewhere it says so and ends.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::campaign::{Campaign, Counts};
use super::load::Callers;
use crate::support::cli::verify;
use crate::support::client::{Client, runtime};
use crate::support::dice::Dice;
use crate::support::server::Server;

/// How many cuts go with the other tests.
const SAMPLE: usize = 4;

/// Cuts of one writer, before the next begins on a new file system.
const CUTS: usize = 20;

/// Callers at once.
const CALLERS: usize = 8;

/// The image's size, in bytes.
const IMAGE_BYTES: u64 = 48 << 20;

/// A mounted image; unmounted when dropped.
struct Mounted {
    at: PathBuf,
}

fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let done = Command::new(program).args(args).output().map_err(|error| format!("{program}: {error}"))?;
    if done.status.success() { Ok(()) } else { Err(format!("{program} {args:?}: {}", String::from_utf8_lossy(&done.stderr).trim())) }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

impl Mounted {
    fn new(image: &Path, at: PathBuf) -> Result<Self, String> {
        std::fs::create_dir_all(&at).map_err(|error| error.to_string())?;
        run("mount", &["-o", "loop", text(image), text(&at)])?;
        Ok(Self { at })
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Err(error) = run("umount", &[text(&self.at)]) {
            eprintln!("{error}");
        }
    }
}

/// A new file system in a file of its own.
fn file_system(dir: &Path) -> Result<PathBuf, String> {
    let image = dir.join("disk.img");
    let file = std::fs::File::create(&image).map_err(|error| error.to_string())?;
    file.set_len(IMAGE_BYTES).map_err(|error| error.to_string())?;
    run("mkfs.ext4", &["-q", "-F", text(&image)])?;
    Ok(image)
}

/// Copies the image as it is at one moment: again and again, until nothing was written while it was copied.
fn cut(image: &Path, to: &Path) {
    let read = || std::fs::read(image).unwrap();
    let mut first = read();
    for _ in 0..50 {
        let second = read();
        if first == second {
            let copy = std::fs::File::create(to).unwrap();
            copy.set_len(IMAGE_BYTES).unwrap();
            let is_full = |piece: &[u8]| piece.iter().any(|byte| *byte != 0);
            for (place, piece) in second.chunks(1 << 16).enumerate().filter(|(_, piece)| is_full(piece)) {
                copy.write_all_at(piece, (place as u64) << 16).unwrap();
            }
            return;
        }
        first = second;
    }
    panic!("the image never stands still");
}

/// Whether the machine can do it; says why where it cannot.
fn is_possible() -> bool {
    let dir = tempfile::tempdir().unwrap();
    let tried = if rustix::process::geteuid().is_root() {
        file_system(dir.path()).and_then(|image| Mounted::new(&image, dir.path().join("mnt")).map(drop))
    } else {
        Err("not root".to_owned())
    };
    if let Err(why) = &tried {
        eprintln!("skipped: the power cannot be cut here: {why}");
    }
    tried.is_ok()
}

/// Stops a process while `do_it` goes on.
fn while_stopped(id: Pid, do_it: impl FnOnce()) {
    kill_process(id, Signal::STOP).unwrap();
    do_it();
    kill_process(id, Signal::CONT).unwrap();
}

/// A process that is killed when dropped.
struct Writer(Child);

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The real server on the image, so many cuts under load; each copy must start with everything that was acknowledged.
fn cut_the_server(campaign: Campaign, runs: std::ops::Range<usize>, counts: &mut Counts) {
    let dir = tempfile::tempdir().unwrap();
    let image = file_system(dir.path()).unwrap();
    let mounted = Mounted::new(&image, dir.path().join("mnt")).unwrap();
    let server = Server::start(&mounted.at.join("data"), &[]);
    let id = Pid::from_raw(i32::try_from(server.id()).unwrap()).unwrap();
    let callers = Callers::new();
    let runtime = runtime();
    let url = server.url();
    let acting = {
        let (callers, mut dice) = (callers.clone(), campaign.dice(runs.start));
        runtime.spawn(async move { callers.act(&Client::connect(&url).await, &mut dice, CALLERS).await })
    };
    for run in runs {
        let mut dice = campaign.dice(run);
        std::thread::sleep(Duration::from_millis(20 + dice.below(300) as u64));
        let copy = dir.path().join("cut.img");
        let mut noted = None;
        while_stopped(id, || {
            // What was acknowledged by now, and nothing later.
            noted = Some(callers.book.copy());
            cut(&image, &copy);
        });
        let noted = noted.unwrap();
        let cut = Mounted::new(&copy, dir.path().join("cut")).unwrap();
        let data = cut.at.join("data");
        let again = Server::start(&data, &[]);
        let checking = crate::support::client::runtime();
        checking.block_on(async { noted.examine(&Client::connect(&again.url()).await, true).await.unwrap() });
        assert_eq!(again.terminate().code(), Some(0));
        let report = verify(&data, 0);
        assert_eq!((&report["ok"], &report["store_ok"]), (&true.into(), &true.into()), "{report}");
        counts.one("cuts");
        counts.add("acknowledgements found again", noted.len());
        drop(cut);
    }
    server.kill();
    runtime.block_on(acting).unwrap();
    callers.book.add_to(counts);
    drop(mounted);
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    if !is_possible() {
        return;
    }
    let campaign = Campaign::or(SAMPLE);
    let mut counts = Counts::default();
    for first in (0..campaign.runs).step_by(CUTS) {
        cut_the_server(campaign, first..campaign.runs.min(first + CUTS), &mut counts);
    }
    counts.print("power cut", campaign);
}

/// What the test below runs as a process of its own: sled and its `flush`, as its documentation says, and a line for each
/// acknowledgement.
#[test]
#[ignore = "a writer for the test after it"]
fn writes_into_sled_alone() {
    let Some(dir) = std::env::var_os("TORTURE_SLED") else { return };
    let db = sled::Config::new().path(dir).flush_every_ms(None).open().unwrap();
    let mut out = std::io::stdout();
    for number in 0..u64::MAX {
        db.insert(number.to_be_bytes(), vec![7; 300]).unwrap();
        db.flush().unwrap();
        if writeln!(out, "acknowledged {number}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// How many of the acknowledged numbers the sled on this image does not have.
fn lost_by_sled(dir: PathBuf, acknowledged: u64) -> u64 {
    let opened = super::campaign::bounded(move || {
        let Ok(db) = sled::Config::new().path(dir).flush_every_ms(None).open() else { return acknowledged };
        (0..acknowledged).filter(|number| !matches!(db.get(number.to_be_bytes()), Ok(Some(_)))).count() as u64
    });
    opened.unwrap_or(acknowledged)
}

#[test]
fn the_same_cuts_show_that_the_flush_of_sled_alone_loses_what_it_acknowledged() {
    if !is_possible() {
        return;
    }
    let campaign = Campaign::or(SAMPLE);
    let campaign = Campaign { runs: campaign.runs.min(24), ..campaign };
    let (mut counts, mut runs_that_lost) = (Counts::default(), 0);
    for run in 0..campaign.runs {
        let mut dice: Dice = campaign.dice(run);
        let dir = tempfile::tempdir().unwrap();
        let image = file_system(dir.path()).unwrap();
        let mounted = Mounted::new(&image, dir.path().join("mnt")).unwrap();
        let writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "torture::power::writes_into_sled_alone", "--ignored", "--nocapture"])
            .env("TORTURE_SLED", mounted.at.join("sled"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut writer = Writer(writer.unwrap());
        let acknowledged = Arc::new(AtomicU64::new(0));
        let (told, lines) = (acknowledged.clone(), BufReader::new(writer.0.stdout.take().unwrap()));
        let reading = std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if line.starts_with("acknowledged ") {
                    told.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        while acknowledged.load(Ordering::SeqCst) < 20 && !reading.is_finished() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(dice.below(200) as u64));
        let copy = dir.path().join("cut.img");
        let mut count = 0;
        while_stopped(Pid::from_child(&writer.0), || {
            count = acknowledged.load(Ordering::SeqCst);
            cut(&image, &copy);
        });
        let cut = Mounted::new(&copy, dir.path().join("cut")).unwrap();
        let lost = lost_by_sled(cut.at.join("sled"), count);
        counts.add("acknowledged by sled's flush", usize::try_from(count).unwrap());
        counts.add("of these lost", usize::try_from(lost).unwrap());
        runs_that_lost += usize::from(lost > 0);
        drop(writer);
        reading.join().unwrap();
        drop((cut, mounted));
    }
    counts.add("cuts that lost something", runs_that_lost);
    counts.print("power cut, sled's flush alone", campaign);
    assert!(runs_that_lost > 0, "no cut lost anything: the harness cannot fail");
}
