//! A command that prints the master key. It is run without a shell; a shell may be the command: `sh -c '…'`.
//!
//! It has 30 seconds and may print 4 KiB. What it prints on stdout is never shown. Its stderr is, where it fails, with every long
//! run of hex digits or base64 struck out.

use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use zeroize::Zeroizing;

use super::{READ_MAX_BYTES, VARIABLES};

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked whether it has ended, once it has closed its output.
const LOOK: Duration = Duration::from_millis(5);

/// From this many characters on a word may be a key.
const KEY_CHARACTERS: usize = 24;

/// Why a command gave no key.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The words cannot be told apart.
    #[error("the command is empty, or a quote in it is not closed")]
    Words,
    /// It does not start.
    #[error("{program} does not start: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// It did not end.
    #[error("{program} did not end within {} seconds and was stopped", PATIENCE.as_secs())]
    Slow {
        /// The program.
        program: String,
    },
    /// It printed too much.
    #[error("{program} printed more than {READ_MAX_BYTES} bytes; a key is 64 hex digits")]
    Long {
        /// The program.
        program: String,
    },
    /// It failed.
    #[error("{program} failed with {status}{}{said}", if said.is_empty() { "" } else { "; it said: " })]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: String,
        /// What it wrote on stderr.
        said: String,
    },
    /// It could not be waited for.
    #[error("{program}: {source}")]
    Io {
        /// The program.
        program: String,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Runs a command and gives what it printed on stdout.
///
/// # Errors
/// Where it does not start, fails, takes too long or prints too much.
pub fn run(line: &str) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    run_within(line, PATIENCE)
}

fn run_within(line: &str, patience: Duration) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    let words = shlex::split(line).filter(|words| !words.is_empty()).ok_or(CommandError::Words)?;
    let mut words = words.into_iter();
    let program = words.next().ok_or(CommandError::Words)?;
    let mut command = Command::new(&program);
    // In a group of its own, so that what it started goes with it.
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    let mut child = command.spawn().map_err(|source| CommandError::Start { program: program.clone(), source })?;
    let done = wait(&mut child, &program, patience);
    if done.is_err() {
        let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
        let _ = child.wait();
    }
    let (status, stdout, stderr) = done?;
    if !status.success() {
        return Err(CommandError::Failed { program, status: ended(status), said: struck_out(&String::from_utf8_lossy(&stderr)) });
    }
    Ok(stdout)
}

type Read1 = std::io::Result<Zeroizing<Vec<u8>>>;

/// How it ended, and what it wrote to stdout and stderr.
type Ended = (ExitStatus, Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>);

/// Waits until it has closed both outputs and ended.
fn wait(child: &mut Child, program: &str, patience: Duration) -> Result<Ended, CommandError> {
    let io = |source| CommandError::Io { program: program.to_owned(), source };
    #[expect(clippy::disallowed_methods, reason = "an edge: how long another program takes")]
    let end = Instant::now() + patience;
    let (out, err) = (bounded(child.stdout.take()), bounded(child.stderr.take()));
    let stdout = within(&out, end, program)?.map_err(io)?;
    if stdout.len() as u64 > READ_MAX_BYTES {
        return Err(CommandError::Long { program: program.to_owned() });
    }
    let stderr = within(&err, end, program)?.map_err(io)?;
    loop {
        if let Some(status) = child.try_wait().map_err(io)? {
            return Ok((status, stdout, stderr));
        }
        #[expect(clippy::disallowed_methods, reason = "an edge: how long another program takes")]
        if Instant::now() >= end {
            return Err(CommandError::Slow { program: program.to_owned() });
        }
        std::thread::sleep(LOOK);
    }
}

fn within(read: &Receiver<Read1>, end: Instant, program: &str) -> Result<Read1, CommandError> {
    #[expect(clippy::disallowed_methods, reason = "an edge: how long another program takes")]
    let left = end.saturating_duration_since(Instant::now());
    match read.recv_timeout(left) {
        Ok(read) => Ok(read),
        Err(RecvTimeoutError::Timeout) => Err(CommandError::Slow { program: program.to_owned() }),
        Err(RecvTimeoutError::Disconnected) => Ok(Ok(Zeroizing::new(Vec::new()))),
    }
}

/// Reads an output to its end, or one byte more than is allowed, in a thread of its own.
fn bounded(output: Option<impl Read + Send + 'static>) -> Receiver<Read1> {
    let (tell, told) = channel();
    if let Some(output) = output {
        std::thread::spawn(move || {
            let most = READ_MAX_BYTES + 1;
            let mut text = Zeroizing::new(Vec::with_capacity(usize::try_from(most).unwrap_or_default() + 1));
            let read = output.take(most).read_to_end(&mut text);
            let _ = tell.send(read.map(|_| text));
        });
    }
    told
}

fn ended(status: ExitStatus) -> String {
    status.code().map_or_else(|| format!("signal {}", status.signal().unwrap_or_default()), |code| format!("exit code {code}"))
}

/// The text on one line, with every word in it struck out that may be a key.
fn struck_out(text: &str) -> String {
    let is_of_a_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-');
    let mut said = String::new();
    let mut word = String::new();
    for c in text.trim().chars().chain(['\n']) {
        if is_of_a_key(c) {
            word.push(c);
            continue;
        }
        said.push_str(if word.len() >= KEY_CHARACTERS { "…" } else { &word });
        word.clear();
        said.push(if c.is_control() { ' ' } else { c });
    }
    said.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(line: &str) -> String {
        run_within(line, Duration::from_secs(20)).unwrap_err().to_string()
    }

    #[test]
    fn what_a_command_prints_is_its_answer_and_no_shell_reads_its_words() {
        assert_eq!(run("printf '%s %s' $HOME '*'").unwrap().as_slice(), b"$HOME *");
        assert_eq!(run("sh -c 'echo \"$0\" | tr a b' aa").unwrap().as_slice(), b"bb\n");
    }

    #[test]
    fn a_command_that_fails_is_told_with_its_exit_code_and_without_any_key() {
        let key = "0123456789abcdef".repeat(4);
        let said = fails(&format!("sh -c 'echo {key}; echo \"no access to vault {key}: denied\" >&2; exit 7'"));
        assert_eq!(said, "sh failed with exit code 7; it said: no access to vault …: denied");
        assert_eq!(fails("sh -c 'kill -9 $$'"), "sh failed with signal 9");
        assert_eq!(fails("false"), "false failed with exit code 1");
        assert!(fails("no-such-program-here x").starts_with("no-such-program-here does not start: "));
        assert_eq!(fails("sh -c 'x"), "the command is empty, or a quote in it is not closed");
        assert_eq!(fails(" "), "the command is empty, or a quote in it is not closed");
    }

    #[test]
    fn a_command_that_prints_without_end_or_never_ends_is_stopped() {
        assert_eq!(fails("yes"), "yes printed more than 4096 bytes; a key is 64 hex digits");
        for line in ["sleep 600", "sh -c 'sleep 600 & echo 00'", "sh -c 'exec >&- 2>&-; sleep 600'"] {
            let refused = run_within(line, Duration::from_millis(200)).unwrap_err();
            assert!(matches!(refused, CommandError::Slow { .. }), "{line}: {refused}");
        }
    }
}
