//! `watch entries`: entries as they are recorded.
//!
//! ```text
//!        3  2026-03-01T10:00:00Z         opted_in  categories=marketing method=website
//! ```

use clap::Args;
use tonic::{Status, Streaming};

use super::follow::{Follower, follow};
use crate::cli::client::{ANSWER_MAX_BYTES, Server};
use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;
use crate::cli::{json, trail};
use crate::client::Channel;
use crate::proto::watch_service_client::WatchServiceClient;
use crate::proto::{Position, WatchEntriesRequest, WatchEntriesResponse};

const EXAMPLES: &str = "\
Every entry comes once and in order. Whoever keeps the last seq goes on behind it: --from with the seq after it. --sender leaves \
out what concerns other senders alone; what holds for all of them is shown: policies, who is who, erasures, stops of marketing.

Examples:
  consent-ledger watch entries --new
  consent-ledger watch entries --from 1 --kind opted_in,opted_out --json";

/// Print entries: those that are there, then those that come.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Entries {
    /// From this entry on; without it, from the first
    #[arg(long, value_name = "SEQ")]
    from: Option<u64>,
    /// Only what is recorded from now on
    #[arg(long, conflicts_with = "from")]
    new: bool,
    /// Only what concerns these senders, by their `phone_number_id`
    #[arg(long, value_name = "SENDER,…", value_delimiter = ',')]
    sender: Vec<String>,
    /// Only entries of these kinds, as they are printed: `opted_out`, `inbound_message_received` …
    #[arg(long, value_name = "KIND,…", value_delimiter = ',')]
    kind: Vec<String>,
    /// Also what is personal, with --json: identifiers, event ids, evidence, texts
    #[arg(long)]
    with_sealed: bool,
    /// Every account, and the ledger's own entries
    #[arg(long, conflicts_with = "account")]
    all_accounts: bool,
    /// The account: one business, isolated from the others
    #[arg(long, value_name = "NAME", default_value = "default", help_heading = "Server")]
    account: String,
    #[command(flatten)]
    server: Server,
}

impl Entries {
    pub(super) async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let request = WatchEntriesRequest {
            account: if self.all_accounts { String::new() } else { self.account },
            all_accounts: self.all_accounts,
            from_seq: self.from.unwrap_or_default(),
            only_new: self.new,
            senders: self.sender,
            kinds: self.kind.iter().map(|kind| kind.replace('-', "_")).collect(),
            with_sealed: self.with_sealed,
            ..Default::default()
        };
        follow(&self.server, Following { request, position: None, output }).await
    }
}

struct Following {
    request: WatchEntriesRequest,
    position: Option<Position>,
    output: Output,
}

impl Follower for Following {
    type Response = WatchEntriesResponse;

    async fn ask(&mut self, channel: Channel) -> Result<Streaming<Self::Response>, Status> {
        if let Some(position) = &self.position {
            self.request.only_new = false;
            self.request.from_seq = position.seq + 1;
            self.request.previous_hash = position.hash.to_vec();
        }
        let mut client = WatchServiceClient::new(channel).max_decoding_message_size(ANSWER_MAX_BYTES);
        Ok(client.watch_entries(self.request.clone()).await?.into_inner())
    }

    fn take(&mut self, response: Self::Response) -> Result<bool, CliError> {
        for entry in &response.entries {
            if !self.output.tell(|| json::entry(entry), || trail::line(entry))? {
                return Ok(false);
            }
        }
        self.position = response.position.or(self.position.take());
        Ok(true)
    }

    fn farewell(&self) -> String {
        self.position.as_ref().map(|position| format!("to go on: --from {}", position.seq + 1)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_behind_the_last_position() {
        let request = WatchEntriesRequest { only_new: true, ..Default::default() };
        let mut following = Following { request, position: None, output: Output::new(false) };
        assert_eq!(following.farewell(), "");
        let heartbeat = WatchEntriesResponse { entries: Vec::new(), position: Some(Position { seq: 7, hash: vec![1; 32].into() }) };
        assert!(following.take(heartbeat).unwrap());
        assert_eq!(following.farewell(), "to go on: --from 8");
    }
}
