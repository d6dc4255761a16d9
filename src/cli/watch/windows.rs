//! `watch windows`: which customer service windows are open, then what changes.
//!
//! ```text
//! open          1001              closes 2026-03-02T10:00:00Z         +447400123456
//! 1 window is open at 2026-03-01T10:00:00Z, entry 4
//! closing soon  1001              closes 2026-03-02T10:00:00Z         +447400123456
//! closed        1001              its term is over                    +447400123456
//! ```

use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Value, json};
use tonic::{Status, Streaming};

use super::follow::{Follower, follow};
use crate::cli::client::{Connection, Server};
use crate::cli::error::{CliError, Verdict};
use crate::cli::length::Length;
use crate::cli::output::Output;
use crate::cli::{json, words};
use crate::client::Channel;
use crate::proto::watch_service_client::WatchServiceClient;
use crate::proto::{WatchWindowsRequest, WatchWindowsResponse, WindowEnd, WindowEvent, WindowEventKind};

const EXAMPLES: &str = "\
First come the windows that are open, and how many that are; then what changes. Where the server went away, they come again from \
the start. With --json a line with \"windows\" says when all of them were told. What it prints is personal data.

Example:
  consent-ledger watch windows --sender 106540352242922 --closing-within 30m";

/// Print which windows are open, and from then on which open, are about to close, and have closed.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Windows {
    /// Only those toward this sender, by its `phone_number_id`
    #[arg(long, value_name = "SENDER", default_value = "", hide_default_value = true)]
    sender: String,
    /// Also say so this long before a window closes: up to 24 hours, as in 90s, 30m or 2h
    #[arg(long, value_name = "TIME")]
    closing_within: Option<Length>,
    #[command(flatten)]
    connection: Connection,
}

impl Windows {
    pub(super) async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let Connection { server, account } = self.connection;
        let closing_within = self.closing_within.map(Length::duration);
        let request = WatchWindowsRequest { account, sender: self.sender, closing_within, heartbeat: None };
        let server: Server = server;
        follow(&server, Following { request, open: BTreeSet::new(), all_told: false, output }).await
    }
}

struct Following {
    request: WatchWindowsRequest,
    /// The windows that are open, until all were told.
    open: BTreeSet<String>,
    all_told: bool,
    output: Output,
}

impl Follower for Following {
    type Response = WatchWindowsResponse;

    async fn ask(&mut self, channel: Channel) -> Result<Streaming<Self::Response>, Status> {
        (self.all_told, self.open) = (false, BTreeSet::new());
        Ok(WatchServiceClient::new(channel).watch_windows(self.request.clone()).await?.into_inner())
    }

    fn take(&mut self, response: Self::Response) -> Result<bool, CliError> {
        for event in &response.events {
            if !self.output.tell(|| value(event), || line(event))? {
                return Ok(false);
            }
            if !self.all_told {
                match event.kind() {
                    WindowEventKind::Closed => drop(self.open.remove(&event.window)),
                    _ => drop(self.open.insert(event.window.clone())),
                }
            }
        }
        if response.caught_up && !self.all_told {
            self.all_told = true;
            let count = std::mem::take(&mut self.open).len();
            return self.output.tell(|| all_told(count, &response), || all_told_line(count, &response));
        }
        Ok(true)
    }

    fn farewell(&self) -> String {
        String::new()
    }
}

fn all_told(count: usize, response: &WatchWindowsResponse) -> Value {
    json!({
        "windows": count,
        "position": response.position.as_ref().map(json::position),
        "at": words::time(response.at.as_ref()).map(|at| at.to_string()),
    })
}

fn all_told_line(count: usize, response: &WatchWindowsResponse) -> String {
    let windows = words::counted(count as u64, "window is", "windows are");
    let seq = response.position.as_ref().map_or(0, |position| position.seq);
    format!("{windows} open at {}, entry {seq}", words::time_or(response.at.as_ref(), "?"))
}

fn line(event: &WindowEvent) -> String {
    let (word, what) = match event.kind() {
        WindowEventKind::Closed => ("closed", ended(event.end()).to_owned()),
        kind => (spelling(kind), format!("closes {}", words::time_or(event.closes_at.as_ref(), "?"))),
    };
    let contacts = if event.contacts.is_empty() { "(erased or unreadable)".to_owned() } else { event.contacts.join(", ") };
    format!("{word:<12}  {:<16}  {what:<34}  {contacts}", event.sender)
}

fn value(event: &WindowEvent) -> Value {
    let time = |time: Option<&prost_types::Timestamp>| words::time(time).map(|time| time.to_string());
    let end = event.end();
    json!({
        "kind": spelling(event.kind()).replace(' ', "_"),
        "window": event.window,
        "contacts": event.contacts,
        "sender": event.sender,
        "counts_from": time(event.counts_from.as_ref()),
        "closes_at": time(event.closes_at.as_ref()),
        "end": (end != WindowEnd::Unspecified).then(|| end.as_str_name().trim_start_matches("WINDOW_END_")),
    })
}

const fn spelling(kind: WindowEventKind) -> &'static str {
    match kind {
        WindowEventKind::Unspecified => "?",
        WindowEventKind::Open => "open",
        WindowEventKind::Opened => "opened",
        WindowEventKind::Changed => "changed",
        WindowEventKind::ClosingSoon => "closing soon",
        WindowEventKind::Closed => "closed",
    }
}

const fn ended(end: WindowEnd) -> &'static str {
    match end {
        WindowEnd::Unspecified => "?",
        WindowEnd::Term => "its term is over",
        WindowEnd::Platform => "the platform said so",
        WindowEnd::Policy => "the policy is another",
        WindowEnd::Identity => "the contact moved or joined another",
        WindowEnd::Erased => "the contact was erased",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let event = WindowEvent {
            kind: WindowEventKind::ClosingSoon.into(),
            window: "2.1.1001".into(),
            contacts: vec!["+447400123456".into(), "GB.1".into()],
            sender: "1001".into(),
            closes_at: Some(prost_types::Timestamp { seconds: 1_772_359_200, nanos: 0 }),
            ..Default::default()
        };
        assert_eq!(line(&event), "closing soon  1001              closes 2026-03-01T10:00:00Z         +447400123456, GB.1");
        let erased = WindowEvent { kind: WindowEventKind::Closed.into(), end: WindowEnd::Erased.into(), contacts: Vec::new(), ..event };
        assert_eq!(line(&erased), "closed        1001              the contact was erased              (erased or unreadable)");
        assert_eq!(value(&erased)["end"], "ERASED");
    }
}
