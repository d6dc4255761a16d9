//! A child process of this program that serves, and what it takes of the machine.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::clock::Stopwatch;
use super::error::BenchError;

/// How long a server may take until it is ready, or until it has stopped: ten million contacts without a snapshot take a while.
const PATIENCE: Duration = Duration::from_secs(900);

/// A server in a process of its own; killed when dropped.
pub struct Server {
    child: Child,
    command: &'static str,
    url: String,
    log: PathBuf,
    ready_after: Duration,
}

impl Server {
    /// Starts `serve` on a data directory and waits until it is ready. Its log goes beside the directory. Blocks.
    ///
    /// # Errors
    /// Where it does not get ready.
    pub fn serve(program: &Path, data_dir: &Path) -> Result<Self, BenchError> {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data-dir"]).arg(data_dir);
        Self::start("serve", command, data_dir.with_extension("log"))
    }

    /// Starts the services that answer constants. Blocks.
    ///
    /// # Errors
    /// Where it does not get ready.
    pub fn noop(program: &Path, home: &Path) -> Result<Self, BenchError> {
        let mut command = Command::new(program);
        command.arg("bench-noop");
        Self::start("bench-noop", command, home.join("noop.log"))
    }

    fn start(name: &'static str, mut command: Command, log: PathBuf) -> Result<Self, BenchError> {
        let not_ready = |said: String| BenchError::NotReady { command: name, said };
        // The program's own variables are meant for the user's server.
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("CONSENT_LEDGER_") || variable == "RUST_LOG" || variable == "NOTIFY_SOCKET" {
                command.env_remove(variable);
            }
        }
        let out = std::fs::File::create(&log).map_err(BenchError::io(&log))?;
        let watch = Stopwatch::start();
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(out).spawn();
        let mut child = spawned.map_err(|error| not_ready(error.to_string()))?;
        let (tell, told) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                let mut line = String::new();
                let _ = BufReader::new(stdout).read_line(&mut line);
                let _ = tell.send(line);
            });
        }
        let line = told.recv_timeout(PATIENCE).unwrap_or_default();
        let mut server = Self { child, command: name, url: String::new(), log, ready_after: watch.elapsed() };
        let address = line.trim_end().strip_prefix("ready grpc=").and_then(|rest| rest.split(' ').next());
        let Some(address) = address else { return Err(not_ready(server.said(&line))) };
        server.url = format!("http://{address}");
        Ok(server)
    }

    /// Where it answers gRPC.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How long it took from its start until it was ready.
    #[must_use]
    pub const fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// Its memory that is resident, in bytes.
    ///
    /// # Errors
    /// Where the system does not tell.
    pub fn resident_bytes(&self) -> Result<u64, BenchError> {
        let path = PathBuf::from(format!("/proc/{}/status", self.child.id()));
        let status = std::fs::read_to_string(&path).map_err(BenchError::io(&path))?;
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse::<u64>().ok());
        kib.map(|kib| kib * 1_024).ok_or_else(|| BenchError::io(&path)(std::io::Error::other("it names no VmRSS")))
    }

    /// Asks it to stop and waits until it has. Blocks.
    ///
    /// # Errors
    /// Where it ends in any other way.
    pub fn stop(mut self) -> Result<(), BenchError> {
        let failed = |said: String| BenchError::Failed { command: self.command, said };
        let id = Pid::from_child(&self.child);
        kill_process(id, Signal::TERM).map_err(|error| failed(error.to_string()))?;
        let (stopped, wait) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            if wait.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = kill_process(id, Signal::KILL);
            }
        });
        let ended = self.child.wait();
        drop(stopped);
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(failed(self.said(&status.to_string()))),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// What it said, with the end of its log.
    fn said(&self, line: &str) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(5).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        format!("{}\n{}", line.trim_end(), last.join("\n")).trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
