//! The one error of the command line: what went wrong, what to do next, and how the process ends.
//!
//! ```text
//! error: contact: a phone number starts with '+' and its country code, as in +447400123456
//! hint: nothing was recorded; correct the value and run the command again
//! ```

use std::fmt;
use std::process::ExitCode;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::client::{ClientError, TlsFault};
use crate::proto::ErrorReason;

/// What to do where no server answers.
pub const UNREACHABLE_HINT: &str = "check --server (https:// where it has a certificate), and that `consent-ledger serve` runs there";

/// How a command that ran to its end answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Yes, or done: exit code 0.
    Yes,
    /// No: exit code 1.
    No,
    /// It ran to its end and could not tell: exit code 2.
    CannotTell,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Yes => Self::SUCCESS,
            Verdict::No => Self::from(1),
            Verdict::CannotTell => Self::from(2),
        }
    }
}

/// What kind of thing went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// What was typed cannot be done.
    Usage,
    /// The server does not answer.
    Unreachable,
    /// The server refused.
    Refused,
    /// Something on this machine failed: a file, a port, the ledger.
    Local,
}

impl Kind {
    /// Its spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Local => "local",
        }
    }
}

/// Why a command could not tell.
#[derive(Debug)]
pub struct CliError {
    kind: Kind,
    error: anyhow::Error,
    hint: Option<String>,
}

impl CliError {
    /// An error of this kind.
    pub fn new(kind: Kind, error: impl Into<anyhow::Error>) -> Self {
        Self { kind, error: error.into(), hint: None }
    }

    /// What was typed cannot be done.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, anyhow::Error::msg(message.into()))
    }

    /// The server answered with something that this program does not understand.
    pub fn unexpected(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, anyhow::Error::msg(message.into())).hint("use the program of the server's own version")
    }

    /// Something on this machine failed.
    pub fn local(error: impl Into<anyhow::Error>) -> Self {
        Self::new(Kind::Local, error)
    }

    /// The same with what was being done.
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display + Send + Sync + 'static) -> Self {
        self.error = self.error.context(doing);
        self
    }

    /// The same with what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What went wrong, with its causes.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{:#}", self.error)
    }

    /// As a line of JSON: `{"error": …, "kind": …, "hint": …}`.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({ "error": format!("{:#}", self.error), "kind": self.kind.as_str(), "hint": self.hint })
    }

    /// How the process ends: 2, it could not tell, whatever the kind. 1 is an answer.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self.kind {
            Kind::Usage | Kind::Unreachable | Kind::Refused | Kind::Local => ExitCode::from(2),
        }
    }
}

/// On several lines: the error with its causes, then the hint.
impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {:#}", self.error)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
    }
}

impl From<Status> for CliError {
    fn from(status: Status) -> Self {
        if let Some(fault) = std::error::Error::source(&status).and_then(TlsFault::of) {
            return Self::new(Kind::Unreachable, fault).hint(fault.hint());
        }
        let reason = status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default();
        let away = matches!(status.code(), Code::Unavailable | Code::Cancelled | Code::DeadlineExceeded | Code::Unknown);
        // What has a cause came from the transport, and not from a server.
        let unreachable = reason.is_empty() && (away || std::error::Error::source(&status).is_some());
        let kind = if unreachable { Kind::Unreachable } else { Kind::Refused };
        let message =
            if status.message().is_empty() { format!("the server answered {:?}", status.code()) } else { status.message().to_owned() };
        let not_http2 = reason.is_empty() && message.starts_with("h2 protocol error");
        let error = Self::new(kind, anyhow::Error::msg(message));
        if not_http2 {
            return error.hint(
                "what answers there speaks no gRPC in plain text: where the server has a certificate, give --server as https://HOST:PORT",
            );
        }
        match hint_for(&reason, kind) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl From<ClientError> for CliError {
    fn from(error: ClientError) -> Self {
        let kind = match &error {
            ClientError::Untrusted(fault) => return Self::new(Kind::Unreachable, *fault).hint(fault.hint()),
            ClientError::NoEndpoint { .. } | ClientError::NoTls { .. } | ClientError::NoKey | ClientError::KeyInClear => Kind::Usage,
            ClientError::Unavailable { reason: ErrorReason::Unspecified, .. } | ClientError::OutOfTime { .. } => Kind::Unreachable,
            ClientError::Refused { .. } | ClientError::Unavailable { .. } => Kind::Refused,
            ClientError::Garbled { what } => return Self::unexpected(format!("the server's answer is not understood: {what}")),
            ClientError::NoRandomNumbers { .. } => Kind::Local,
        };
        let hint = hint_for(error.code(), kind);
        let error = Self::new(kind, error);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// What to do about a reason of the server's.
fn hint_for(reason: &str, kind: Kind) -> Option<&'static str> {
    match reason {
        "EVENT_ID_REUSED" => Some("give the event an id of its own, or send exactly what was sent first"),
        "ACCOUNT_UNKNOWN" => Some("check --account; every ledger has the account 'default'"),
        "POSSIBLE_OPT_OUT_UNKNOWN" => Some("`possible-opt-outs list` shows the messages that wait"),
        "POSSIBLE_OPT_OUT_RESOLVED" => Some("nothing was recorded; what was dismissed may still be confirmed, what was confirmed stays"),
        "LEGAL_HOLD_IN_FORCE" => Some("`erase list` shows the holds; `erase release` releases one"),
        "ERASURE_WAITS" => Some("nothing more is needed; to change it, `erase cancel` it first"),
        "NO_ERASURE_WAITS" => Some("`erase list` shows what waits, and by which numbers and user IDs each contact is found now"),
        "CONTACT_ALREADY_ERASED" => Some("nothing is left to erase; what the contact does from now on begins anew"),
        "NO_LEGAL_HOLD" => Some("`erase list` shows the holds in force"),
        "ENTRY_UNKNOWN" => Some("`trail` shows the seqs of a contact's entries"),
        "LOG_BEHIND" => {
            Some("keep what was seen, or the signed checkpoint: it shows that entries are gone, or that this is another ledger")
        }
        "LOG_DIFFERS" => Some("keep what was seen: it shows that the log was rewritten, or that this is another ledger"),
        "TOO_MANY_WATCHERS" => Some("try again once another watch has ended"),
        "OVERLOADED" => Some("try again in a moment; nothing was recorded"),
        "DISK_ALMOST_FULL" => {
            Some("make room on the disk of the server's data directory; opt-outs and erasures are the last to be refused")
        }
        "BEHIND_POSITION" => Some("lower --min-position, or ask the server that recorded the entry"),
        "CLOCK_BEHIND" => Some("set the server's clock right"),
        "LEDGER_STARTING" => Some("try again once it is ready; `GET /readyz` on its HTTP port says how far it is"),
        "LEDGER_UNAVAILABLE" => Some("look at the server's log"),
        "CREDENTIALS_MISSING" => Some("give --api-key-file FILE, or set CONSENT_LEDGER_API_KEY; `keys add` makes keys"),
        "CREDENTIALS_MALFORMED" => Some("check that the key is whole"),
        "CREDENTIALS_UNKNOWN" => Some("check that the key or the certificate was added to this server's ledger: `keys list` shows who was"),
        "CREDENTIALS_EXPIRED" | "CREDENTIALS_REVOKED" => Some("ask whoever runs the ledger for a new key: `keys rotate` or `keys add`"),
        "ROLE_MISSING" | "ACCOUNT_NOT_ALLOWED" | "SENDER_NOT_ALLOWED" => {
            Some("use a key for it, or ask whoever runs the ledger for one; `keys list` shows what each is for")
        }
        "FIRST_PRINCIPAL_NOT_OPERATOR" => Some("begin with `keys add --role operator`, then add the others with its key"),
        "OCCURRED_AT_IN_FUTURE" => Some("check the time and its offset; nothing was recorded"),
        _ if kind == Kind::Unreachable => Some(UNREACHABLE_HINT),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::status;
    use crate::ledger::writing::record::RecordError;

    #[test]
    fn an_error_prints_its_causes_and_what_to_do_next() {
        let error = CliError::local(anyhow::Error::msg("permission denied")).context("reading keys").hint("run as the ledger's owner");
        assert_eq!(error.to_string(), "error: reading keys: permission denied\nhint: run as the ledger's owner");
    }

    #[test]
    fn a_refusal_is_told_from_a_server_that_is_not_there() {
        assert_eq!(CliError::from(status::of_record(&RecordError::Overloaded { waiting: 1 })).kind, Kind::Refused);
        assert_eq!(CliError::from(Status::unavailable("tcp connect error")).kind, Kind::Unreachable);
    }
}
