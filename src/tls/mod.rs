//! TLS of both ports: what the server shows, whose certificates it takes, and how both change while it runs.
//!
//! ```text
//! files ── read, parsed, fitted together ──▶ Setup ──▶ in use: every handshake takes what is in use then
//!   ▲                                          └──▶ does not fit: refused, ERROR, what was in use stays
//!   └── looked at every two seconds, and on SIGHUP (`keeper`)
//! ```
//!
//! TLS 1.2 and 1.3, by rustls. A connection keeps what it began with.

pub mod files;
pub mod handshake;
pub mod keeper;
mod setup;
pub mod validity;

use std::sync::Arc;

use parking_lot::Mutex;
use rustls::ServerConfig;

use crate::consent::time::Time;
use files::{Contents, Files, TlsError};
use setup::Setup;

/// Which of the two ports: each speaks protocols of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Port {
    /// gRPC: HTTP/2 alone.
    Grpc,
    /// Webhooks and JSON: HTTP/1.1 and HTTP/2.
    Http,
}

/// The TLS of a server.
#[derive(Debug)]
pub struct Tls {
    files: Files,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    in_use: Setup,
    /// What the files held then.
    digest: Digest,
    /// What they held when they were refused last, until they hold something else.
    refused: Option<Digest>,
    /// What they held a moment ago, where that was something new: perhaps half of it.
    seen: Option<Digest>,
    reloads: u64,
    refusals: u64,
}

/// SHA-256 of all files together; a file that cannot be read counts by its error.
type Digest = [u8; 32];

/// How things stand, for those who watch over the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Until when the certificate in use is valid.
    pub expires_at: Time,
    /// How many times other files were taken into use since the start.
    pub reloads: u64,
    /// How many times files were refused since the start.
    pub refusals: u64,
    /// Whether the files hold something that was refused, so that a restart would fail.
    pub is_refusing: bool,
}

/// What became of a look at the files.
#[derive(Debug)]
pub enum Look {
    /// They hold what is in use, or what was refused already.
    Nothing,
    /// They hold something new, which may be only half written.
    New,
    /// They were taken into use.
    Taken,
    /// They do not do; what is in use stays.
    Refused(TlsError),
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// Where one cannot be read, holds nothing of its kind, or they do not fit together.
    pub fn open(files: Files) -> Result<Self, TlsError> {
        let contents = files.read()?;
        let in_use = Setup::new(&files, &contents)?;
        let state = State { in_use, digest: contents.digest(), refused: None, seen: None, reloads: 0, refusals: 0 };
        Ok(Self { files, state: Mutex::new(state) })
    }

    /// What a handshake on this port begins with now.
    #[must_use]
    pub fn config(&self, port: Port) -> Arc<ServerConfig> {
        self.state.lock().in_use.config(port)
    }

    /// Whether a client's certificate is asked for, and whether there must be one.
    #[must_use]
    pub fn clients(&self) -> &'static str {
        self.files.clients.as_ref().map_or("not asked for", |clients| if clients.required { "required" } else { "optional" })
    }

    /// How things stand.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let state = self.state.lock();
        Standing {
            expires_at: state.in_use.expires_at,
            reloads: state.reloads,
            refusals: state.refusals,
            is_refusing: state.refused.is_some(),
        }
    }

    /// Looks at the files. What is new is taken at once, or, where it may still be being written, once it was seen twice.
    pub fn look(&self, at_once: bool) -> Look {
        let contents = self.files.read();
        let digest = contents.as_ref().map_or_else(TlsError::digest, Contents::digest);
        {
            let mut state = self.state.lock();
            if digest == state.digest || Some(digest) == state.refused && !at_once {
                state.seen = None;
                state.refused = state.refused.filter(|_| digest != state.digest);
                return Look::Nothing;
            }
            if state.seen.replace(digest) != Some(digest) && !at_once {
                return Look::New;
            }
        }
        match contents.and_then(|contents| Setup::new(&self.files, &contents)) {
            Ok(setup) => {
                let mut state = self.state.lock();
                let reloads = state.reloads + 1;
                *state = State { in_use: setup, digest, refused: None, seen: None, reloads, refusals: state.refusals };
                Look::Taken
            }
            Err(error) => {
                let mut state = self.state.lock();
                state.refusals += 1;
                state.refused = Some(digest);
                Look::Refused(error)
            }
        }
    }
}
