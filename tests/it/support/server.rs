//! The real binary, serving on ports of its own.

#![allow(dead_code, reason = "each subject uses its part")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take until it is ready, or until it has stopped.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `consent-ledger serve`; killed when dropped.
pub struct Server {
    /// Where it speaks gRPC.
    pub grpc: SocketAddr,
    /// Where it takes webhooks.
    pub http: SocketAddr,
    child: Child,
    stderr: PathBuf,
}

impl Server {
    /// Starts it on `data_dir` and waits until it is ready. Its logs go to `stderr.log` beside the directory.
    pub fn start(data_dir: &Path, more: &[&str]) -> Self {
        Self::try_start(data_dir, more).unwrap_or_else(|said| panic!("the server did not become ready: {said}"))
    }

    /// The same; where it ends before it is ready, what it said.
    pub fn try_start(data_dir: &Path, more: &[&str]) -> Result<Self, String> {
        Self::try_start_with(data_dir, more, &[])
    }

    /// Starts it where another one spoke gRPC before.
    pub fn start_at(data_dir: &Path, grpc: SocketAddr) -> Self {
        Self::launch(data_dir, &grpc.to_string(), &[], &[]).unwrap_or_else(|said| panic!("the server did not become ready: {said}"))
    }

    /// The same with options.
    pub fn start_at_with(data_dir: &Path, grpc: SocketAddr, more: &[&str]) -> Self {
        Self::launch(data_dir, &grpc.to_string(), more, &[]).unwrap_or_else(|said| panic!("the server did not become ready: {said}"))
    }

    /// The same with variables of the environment.
    pub fn try_start_with(data_dir: &Path, more: &[&str], variables: &[(&str, &str)]) -> Result<Self, String> {
        Self::launch(data_dir, "127.0.0.1:0", more, variables)
    }

    fn launch(data_dir: &Path, grpc: &str, more: &[&str], variables: &[(&str, &str)]) -> Result<Self, String> {
        let stderr = data_dir.with_extension("stderr.log");
        let (mut child, told) = spawn(data_dir, grpc, more, variables, &stderr);
        let line = told.recv_timeout(PATIENCE).unwrap_or_else(|_| "nothing in time".to_owned());
        if let Some((grpc, http)) = read_ready(&line) {
            return Ok(Self { grpc, http, child, stderr });
        }
        let _ = child.kill();
        let status = child.wait().unwrap();
        Err(format!("{line:?}, {status}\n{}", std::fs::read_to_string(&stderr).unwrap_or_default()))
    }

    /// Its address for gRPC clients.
    pub fn url(&self) -> String {
        format!("http://{}", self.grpc)
    }

    /// Its address for webhooks.
    pub fn http_url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Asks it to stop and waits until it has. Gives its exit code and what it logged.
    pub fn terminate_and_read(self) -> (Option<i32>, String) {
        let stderr = self.stderr.clone();
        let code = self.terminate().code();
        (code, std::fs::read_to_string(stderr).unwrap_or_default())
    }

    /// Asks it to stop and waits until it has.
    pub fn terminate(mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let id = Pid::from_child(&self.child);
        let (stopped, wait) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            if wait.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = kill_process(id, Signal::KILL);
            }
        });
        let status = self.child.wait().unwrap();
        drop(stopped);
        status
    }

    /// Waits until it ends by itself, for three times as long.
    pub fn ended(mut self) -> ExitStatus {
        let (id, (stopped, wait)) = (Pid::from_child(&self.child), mpsc::channel::<()>());
        std::thread::spawn(move || {
            if wait.recv_timeout(PATIENCE * 3) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = kill_process(id, Signal::KILL);
            }
        });
        let status = self.child.wait().unwrap();
        drop(stopped);
        status
    }

    /// Kills it in the middle of whatever it does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What it logged so far.
    pub fn logs(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A `consent-ledger serve` whose ports answer and whose ledger is not open yet; killed when dropped.
pub struct Starting {
    grpc: SocketAddr,
    http: SocketAddr,
    child: Option<Child>,
    line: mpsc::Receiver<String>,
    stderr: PathBuf,
}

impl Starting {
    /// Starts it on `data_dir` and waits until its ports answer, which its log says.
    #[expect(clippy::disallowed_methods, reason = "a test waits by the machine's clock")]
    pub fn begin(data_dir: &Path) -> Self {
        let stderr = data_dir.with_extension("starting.log");
        let (child, line) = spawn(data_dir, "127.0.0.1:0", &["--json"], &[], &stderr);
        let begin = Instant::now();
        let (grpc, http) = loop {
            let logs = std::fs::read_to_string(&stderr).unwrap_or_default();
            let mut lines = logs.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
            if let Some(line) = lines.find(|line| line["message"] == "answering; opening the ledger") {
                let address = |name: &str| line[name].as_str().unwrap().parse().unwrap();
                break (address("grpc"), address("http"));
            }
            assert!(begin.elapsed() < PATIENCE, "the ports do not answer: {logs}");
            std::thread::yield_now();
        };
        Self { grpc, http, child: Some(child), line, stderr }
    }

    /// Its address for gRPC clients.
    pub fn url(&self) -> String {
        format!("http://{}", self.grpc)
    }

    /// Its address for webhooks.
    pub fn http_url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Waits until it is ready, on the ports that answered before.
    pub fn ready(mut self) -> Server {
        let line = self.line.recv_timeout(PATIENCE).unwrap();
        assert_eq!(read_ready(&line), Some((self.grpc, self.http)), "{line:?}");
        Server { grpc: self.grpc, http: self.http, child: self.child.take().unwrap(), stderr: self.stderr.clone() }
    }

    /// Asks it to stop and waits until it has. Gives what it logged, and how it ended.
    pub fn terminate(mut self) -> String {
        let child = self.child.take().unwrap();
        let server = Server { grpc: self.grpc, http: self.http, child, stderr: self.stderr.clone() };
        let status = server.terminate();
        format!("{}{status}", std::fs::read_to_string(&self.stderr).unwrap_or_default())
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Starts the binary; what it prints first comes through the receiver, its logs go to `stderr`.
fn spawn(data_dir: &Path, grpc: &str, more: &[&str], variables: &[(&str, &str)], stderr: &Path) -> (Child, mpsc::Receiver<String>) {
    let log = std::fs::File::options().create(true).append(true).open(stderr).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_consent-ledger"))
        .args(["serve", "--listen", grpc, "--http", "127.0.0.1:0", "--data-dir"])
        .arg(data_dir)
        .args(more)
        .env_remove("RUST_LOG")
        .env_remove("CONSENT_LEDGER_APP_SECRET")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(stdout).read_line(&mut line);
        let _ = tell.send(line);
    });
    (child, told)
}

/// Reads `ready grpc=ADDR http=ADDR`.
fn read_ready(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let (grpc, http) = line.trim_end().strip_prefix("ready grpc=")?.split_once(" http=")?;
    Some((grpc.parse().ok()?, http.parse().ok()?))
}

#[test]
fn the_ready_line_is_read_and_nothing_else_is() {
    let (grpc, http) = read_ready("ready grpc=127.0.0.1:50051 http=127.0.0.1:8080\n").unwrap();
    assert_eq!((grpc.port(), http.port()), (50051, 8080));
    assert_eq!(read_ready(""), None);
    assert_eq!(read_ready("ready grpc=127.0.0.1 http=127.0.0.1:8080"), None);
}
