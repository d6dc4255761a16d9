//! `WatchService.WatchWindows`: which windows are open, then what changes.

use std::time::Duration;

use tonic::Status;

use super::feed::{Look, Looked};
use crate::api::access::Caller;
use crate::api::parse::Fields;
use crate::api::reads::Reading;
use crate::api::{map, status};
use crate::ledger::Ledger;
use crate::ledger::reading::reads::ReadMethod;
use crate::ledger::watching::windows::{Change, Ended, WindowChange, WindowWatch, WindowsAsked};
use crate::proto::{ErrorReason, WatchWindowsRequest, WatchWindowsResponse, WindowEnd, WindowEvent, WindowEventKind};

/// About how many events one message has.
const EVENTS: usize = 500;

/// The longest time before its end at which a window may be told to be closing soon.
const CLOSING_WITHIN_MAX: Duration = Duration::from_secs(24 * 3_600);

/// Begins to follow windows.
pub(super) fn begin(ledger: &Ledger, caller: &Caller, request: &WatchWindowsRequest) -> Result<(Windows, Reading, Duration), Status> {
    let (asked, heartbeat) = parse(caller, request)?;
    let reading = Reading::of_many(ledger, caller.actor(), ReadMethod::WatchWindows, Some(asked.account.clone()));
    let watch = ledger.watch_windows(asked).map_err(|error| status::of_read(&error))?;
    Ok((Windows(watch), reading, heartbeat))
}

/// One who follows windows.
pub(super) struct Windows(WindowWatch);

impl Look for Windows {
    type Message = WatchWindowsResponse;

    fn look(&mut self, go_on: &dyn Fn() -> bool) -> Result<Looked<Self::Message>, Status> {
        // A change may be two events.
        let seen = self.0.look(EVENTS - 1, go_on).map_err(|error| status::of_check(&error))?;
        let due_in = seen.due_in.map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or_default()));
        let opens = seen.changes.iter().filter(|change| !change.contact.is_empty()).count();
        let looked = |message| Looked { message, tells: !seen.changes.is_empty(), more: !seen.caught_up, due_in, opens };
        Ok(looked(WatchWindowsResponse {
            events: seen.changes.iter().map(event).collect(),
            caught_up: seen.caught_up,
            position: Some(map::position(seen.position)),
            at: Some(map::timestamp(seen.at)),
        }))
    }
}

fn parse(caller: &Caller, request: &WatchWindowsRequest) -> Result<(WindowsAsked, Duration), Status> {
    let mut fields = Fields::of(caller);
    let account = fields.account("account", &request.account);
    let sender = fields.optional_sender("sender", &request.sender);
    let closing_within = request.closing_within.map_or(Some(Duration::ZERO), |asked| Duration::try_from(asked).ok());
    let closing_within =
        closing_within.filter(|found| *found <= CLOSING_WITHIN_MAX).and_then(|found| i64::try_from(found.as_micros()).ok());
    if closing_within.is_none() {
        fields.refuse("closing_within", ErrorReason::ClosingWithinOutOfRange, "not 0 to 24 hours");
    }
    let heartbeat = fields.heartbeat("heartbeat", request.heartbeat.as_ref());
    fields.finish(|| Some((WindowsAsked { account: account?, sender, closing_within: closing_within? }, heartbeat)))
}

fn event(change: &WindowChange) -> WindowEvent {
    let (kind, counts_from, closes_at, end) = match change.change {
        Change::Open(open) => (WindowEventKind::Open, Some(open.counts_from), open.closes_at, None),
        Change::Opened(open) => (WindowEventKind::Opened, Some(open.counts_from), open.closes_at, None),
        Change::Changed(open) => (WindowEventKind::Changed, Some(open.counts_from), open.closes_at, None),
        Change::ClosingSoon(open) => (WindowEventKind::ClosingSoon, Some(open.counts_from), open.closes_at, None),
        Change::Closed(ended, closes_at) => (WindowEventKind::Closed, None, closes_at, Some(ended)),
    };
    let end = match end {
        None => WindowEnd::Unspecified,
        Some(Ended::Term) => WindowEnd::Term,
        Some(Ended::Platform) => WindowEnd::Platform,
        Some(Ended::Policy) => WindowEnd::Policy,
        Some(Ended::Identity) => WindowEnd::Identity,
        Some(Ended::Erased) => WindowEnd::Erased,
    };
    WindowEvent {
        kind: kind.into(),
        window: change.window.clone(),
        contacts: change.contact.clone(),
        sender: change.sender.clone(),
        counts_from: counts_from.map(map::timestamp),
        closes_at: Some(map::timestamp(closes_at)),
        end: end.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::Duration as Given;
    use tonic_types::StatusExt;

    fn reason(status: &Status) -> String {
        status.get_error_details().bad_request().unwrap().field_violations[0].reason.clone()
    }

    #[test]
    fn a_window_closes_soon_within_a_day() {
        let within = |seconds, nanos| {
            let request = WatchWindowsRequest { closing_within: Some(Given { seconds, nanos }), ..Default::default() };
            parse(&Caller::local(), &request).map(|(asked, _)| asked.closing_within).map_err(|status| reason(&status))
        };
        assert_eq!((within(1_800, 0).unwrap(), within(86_400, 0).unwrap(), within(0, 0).unwrap()), (1_800_000_000, 86_400_000_000, 0));
        for (seconds, nanos) in [(-1, 0), (86_400, 1), (i64::MAX, 0)] {
            assert_eq!(within(seconds, nanos).unwrap_err(), "CLOSING_WITHIN_OUT_OF_RANGE");
        }
        assert_eq!(parse(&Caller::local(), &WatchWindowsRequest::default()).unwrap().0.closing_within, 0);
    }
}
