//! `WatchService`: what changes, told as it happens.

mod entries;
mod feed;
mod windows;

use std::time::Duration;

use tonic::{Request, Response, Status};

use self::feed::Responses;
use super::access::Caller;
use super::parse::Fields;
use super::slots::Slots;
use super::status;
use super::stopping::Stopping;
use crate::ledger::Ledger;
use crate::proto::watch_service_server::WatchService;
use crate::proto::{ErrorReason, WatchEntriesRequest, WatchEntriesResponse, WatchWindowsRequest, WatchWindowsResponse};

/// How many follow entries at a time.
pub const ENTRY_WATCHERS: usize = 64;

/// How many follow windows at a time: each keeps those that are open in memory.
pub const WINDOW_WATCHERS: usize = 16;

/// After what time something is said where nothing was asked for.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The shortest and the longest that may be asked for.
const HEARTBEATS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// Tells what changes.
#[derive(Clone)]
pub struct Watch {
    ledger: Ledger,
    stopping: Stopping,
    entries: Slots,
    windows: Slots,
}

impl Watch {
    /// Follows this ledger until the server ends.
    #[must_use]
    pub fn new(ledger: Ledger, stopping: Stopping) -> Self {
        let slots = |at_a_time| Slots::new(at_a_time, status::too_many_watchers);
        Self { ledger, stopping, entries: slots(ENTRY_WATCHERS), windows: slots(WINDOW_WATCHERS) }
    }

    /// The slots of its streams, by kind.
    #[must_use]
    pub fn slots(&self) -> Vec<(&'static str, Slots)> {
        vec![("watches of entries", self.entries.clone()), ("watches of windows", self.windows.clone())]
    }
}

#[tonic::async_trait]
impl WatchService for Watch {
    type WatchEntriesStream = Responses<WatchEntriesResponse>;

    async fn watch_entries(&self, request: Request<WatchEntriesRequest>) -> Result<Response<Self::WatchEntriesStream>, Status> {
        let (look, reading, heartbeat) = entries::begin(&self.ledger, &Caller::of(&request)?, request.get_ref()).await?;
        let slot = self.entries.take(&Caller::of(&request)?)?;
        Ok(Response::new(feed::start(slot, look, reading, &self.ledger, self.stopping.clone(), heartbeat)))
    }

    type WatchWindowsStream = Responses<WatchWindowsResponse>;

    async fn watch_windows(&self, request: Request<WatchWindowsRequest>) -> Result<Response<Self::WatchWindowsStream>, Status> {
        let (look, reading, heartbeat) = windows::begin(&self.ledger, &Caller::of(&request)?, request.get_ref())?;
        let slot = self.windows.take(&Caller::of(&request)?)?;
        Ok(Response::new(feed::start(slot, look, reading, &self.ledger, self.stopping.clone(), heartbeat)))
    }
}

impl Fields<'_> {
    /// After what time something is said; absent: the usual time.
    fn heartbeat(&mut self, field: &str, asked: Option<&prost_types::Duration>) -> Duration {
        let Some(asked) = asked else { return HEARTBEAT };
        let (shortest, longest) = HEARTBEATS;
        let found = Duration::try_from(*asked).ok().filter(|found| (shortest..=longest).contains(found));
        found.unwrap_or_else(|| {
            self.refuse(field, ErrorReason::HeartbeatOutOfRange, "not 1 second to 5 minutes");
            HEARTBEAT
        })
    }
}
