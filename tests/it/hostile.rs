//! Clients that break the rules, or keep them and mean harm. Beside each of them an honest one is answered in time, and the server's
//! memory stays within what is stated.

mod callers;
mod deadlines;
mod floods;
mod framing;
mod half_closed;
mod hoards;
mod http2;
mod liars;
mod messages;
mod rates;
mod senseless;
mod slow;
mod small_frames;

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;

use crate::support::client::{Client, question, runtime};
use crate::support::server::Server;

/// How long an honest call may take beside an attack, on a busy machine and in a debug build.
const IN_TIME: Duration = Duration::from_secs(10);

/// A server, an honest client that keeps asking, and the server's memory, looked at all the time.
struct World {
    _dir: TempDir,
    server: Server,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    honest: Option<JoinHandle<()>>,
    memory: Option<JoinHandle<u64>>,
    before: u64,
}

impl World {
    fn new(more: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(&dir.path().join("data"), more);
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (url, id) = (server.url(), server.id());
        let honest = std::thread::spawn({
            let (stop, answered) = (stop.clone(), answered.clone());
            move || runtime().block_on(ask(&url, &stop, &answered))
        });
        while answered.load(Ordering::SeqCst) == 0 && !honest.is_finished() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let before = resident_mib(id);
        let memory = std::thread::spawn({
            let stop = stop.clone();
            move || {
                let mut most = 0;
                while !stop.load(Ordering::SeqCst) {
                    most = most.max(resident_mib(id));
                    std::thread::sleep(Duration::from_millis(10));
                }
                most
            }
        });
        Self { _dir: dir, server, stop, answered, honest: Some(honest), memory: Some(memory), before }
    }

    fn grpc(&self) -> SocketAddr {
        self.server.grpc
    }

    /// Waits until the honest client got so many answers more.
    fn goes_on(&self) {
        let from = self.answered.load(Ordering::SeqCst);
        while self.answered.load(Ordering::SeqCst) < from + 20 {
            assert!(!self.honest.as_ref().unwrap().is_finished(), "the honest client was let down");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it: the honest client was answered all the time, nothing panicked, and the memory grew by so many MiB at most.
    fn held(self, most_mib: u64) {
        self.held_between(0, most_mib);
    }

    /// The same, where an attack that takes less is none.
    fn held_between(mut self, least_mib: u64, most_mib: u64) {
        self.goes_on();
        self.stop.store(true, Ordering::SeqCst);
        self.honest.take().unwrap().join().expect("the honest client was answered in time");
        let most = self.memory.take().unwrap().join().unwrap();
        let grown = most.saturating_sub(self.before);
        println!("{grown} MiB more than {} MiB before, {most_mib} MiB are allowed", self.before);
        assert!(grown <= most_mib, "{grown} MiB more than before, {most_mib} MiB are allowed");
        assert!(grown >= least_mib, "{grown} MiB more than before: it took nothing to speak of");
        let logs = self.server.logs();
        assert!(!logs.contains("panicked"), "{logs}");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

/// Asks over one connection that stays, and now and then over a new one.
async fn ask(url: &str, stop: &AtomicBool, answered: &AtomicU64) {
    let stays = Client::connect(url).await;
    while !stop.load(Ordering::SeqCst) {
        let number = answered.load(Ordering::SeqCst);
        let client = if number % 20 == 19 { timeout(IN_TIME, Client::connect(url)).await.expect("let in in time") } else { stays.clone() };
        let answer = timeout(IN_TIME, client.check(question("+447400123456", "1001"))).await.expect("answered in time");
        answer.expect("answered");
        answered.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What a process holds in memory.
fn resident_mib(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// A connection that gives up after a while.
fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(IN_TIME)).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}
