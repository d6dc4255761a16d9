//! What commands print on stdout: lines for people, or one JSON value a line with `--json`.

use std::io::{ErrorKind, Write};

use super::error::CliError;

/// Where a command's answer goes.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    /// JSON, or lines for people.
    #[must_use]
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether JSON was asked for.
    #[must_use]
    pub const fn is_json(self) -> bool {
        self.json
    }

    /// Prints one of two: the value as a line of JSON, or the text.
    ///
    /// # Errors
    /// Where stdout cannot be written to. A reader that went away is no error.
    pub fn print(self, value: impl FnOnce() -> serde_json::Value, text: impl FnOnce() -> String) -> Result<(), CliError> {
        Self::line(&if self.json { value().to_string() } else { text() })
    }

    /// Prints a line, whatever was asked for.
    ///
    /// # Errors
    /// Where stdout cannot be written to.
    pub fn line(line: &str) -> Result<(), CliError> {
        write_line(line).map(|_| ())
    }

    /// Prints one of two as [`Output::print`] does, and says whether somebody still reads.
    ///
    /// # Errors
    /// Where stdout cannot be written to.
    pub fn tell(self, value: impl FnOnce() -> serde_json::Value, text: impl FnOnce() -> String) -> Result<bool, CliError> {
        write_line(&if self.json { value().to_string() } else { text() })
    }
}

/// Writes a line; says whether somebody still reads.
fn write_line(line: &str) -> Result<bool, CliError> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{}", line.trim_end()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(CliError::local(error).context("writing to stdout")),
    }
}
