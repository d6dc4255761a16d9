//! A stream that is asked for again whenever it breaks off.
//!
//! ```text
//! the server went away: error reading a body from connection; trying again in 400 ms      on stderr
//! ```

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tonic::{Code, Status, Streaming};

use crate::cli::client::{CALL, Server};
use crate::cli::error::{CliError, Verdict};
use crate::cli::signals::Signals;
use crate::client::Channel;

/// How long it waits before it tries again: at first, and at most.
const WAITS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// A server that said nothing for so long is gone: three of the heartbeats that are asked for.
const SILENCE: Duration = Duration::from_secs(45);

/// Somebody who follows a stream of the server's.
pub trait Follower {
    /// What the server sends.
    type Response;

    /// Asks for the stream, from where it broke off.
    async fn ask(&mut self, channel: Channel) -> Result<Streaming<Self::Response>, Status>;

    /// Takes in what the server sent. Says whether somebody still reads.
    ///
    /// # Errors
    /// Where it cannot be printed.
    fn take(&mut self, response: Self::Response) -> Result<bool, CliError>;

    /// What to know after a signal ended it; empty: nothing.
    fn farewell(&self) -> String;
}

/// How a stream ended.
enum Ended {
    /// Nobody reads any more.
    Unread,
    /// The server refused it, or it broke off.
    Refused(Status),
    /// The server is not there any more.
    Gone(&'static str),
}

/// Follows until a signal ends it or nobody reads.
///
/// # Errors
/// Where the server is not there at first, or refuses.
pub async fn follow(server: &Server, mut follower: impl Follower) -> Result<Verdict, CliError> {
    let mut signals = Signals::new()?;
    let ended = tokio::select! {
        () = signals.next() => Ok(()),
        ended = again_and_again(server, &mut follower) => ended,
    };
    let farewell = follower.farewell();
    if ended.is_ok() && !farewell.is_empty() {
        eprintln!("{farewell}");
    }
    ended.map(|()| Verdict::Yes)
}

async fn again_and_again(server: &Server, follower: &mut impl Follower) -> Result<(), CliError> {
    let (first_wait, longest_wait) = WAITS;
    let (mut wait, mut begun) = (first_wait, false);
    loop {
        let mut heard = false;
        let ended = match server.connect(CALL).await {
            Ok(channel) => until_it_breaks(channel, follower, &mut heard).await?,
            Err(error) if !begun => return Err(error),
            Err(_) => Ended::Gone("it does not answer"),
        };
        if heard {
            (begun, wait) = (true, first_wait);
        }
        let why = match ended {
            Ended::Unread => return Ok(()),
            Ended::Refused(status) if !begun || !passes(status.code()) => return Err(status.into()),
            Ended::Refused(status) => status.message().to_owned(),
            Ended::Gone(why) => why.to_owned(),
        };
        eprintln!("the server went away: {why}; trying again in {} ms", wait.as_millis());
        sleep(wait).await;
        wait = (wait * 2).min(longest_wait);
    }
}

/// Takes in what comes; notes that something came.
async fn until_it_breaks(channel: Channel, follower: &mut impl Follower, heard: &mut bool) -> Result<Ended, CliError> {
    let mut stream = match follower.ask(channel).await {
        Ok(stream) => stream,
        Err(status) => return Ok(Ended::Refused(status)),
    };
    loop {
        match timeout(SILENCE, stream.message()).await {
            Ok(Ok(Some(response))) => {
                *heard = true;
                if !follower.take(response)? {
                    return Ok(Ended::Unread);
                }
            }
            Ok(Ok(None)) => return Ok(Ended::Gone("it ended the stream")),
            Ok(Err(status)) => return Ok(Ended::Refused(status)),
            Err(_) => return Ok(Ended::Gone("it said nothing any more")),
        }
    }
}

/// Whether a refusal passes by itself: the server stops, the connection broke, or too many watch.
const fn passes(code: Code) -> bool {
    matches!(code, Code::Unavailable | Code::Unknown | Code::Cancelled | Code::DeadlineExceeded | Code::Internal | Code::ResourceExhausted)
}
