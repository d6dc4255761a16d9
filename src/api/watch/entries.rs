//! `WatchService.WatchEntries`: entries in order of seq, each exactly once.

use std::time::Duration;

use tonic::Status;

use super::feed::{Look, Looked};
use crate::api::access::Caller;
use crate::api::parse::Fields;
use crate::api::reads::Reading;
use crate::api::{blocking, map, principals, status};
use crate::consent::nearest::nearest;
use crate::consent::words::{Sender, Seq};
use crate::ledger::Ledger;
use crate::ledger::bytes::kind::KINDS;
use crate::ledger::reading::browse::Parts;
use crate::ledger::reading::reads::ReadMethod;
use crate::ledger::watching::entries::{Begin, EntryWatch, Passing};
use crate::proto::{ErrorReason, WatchEntriesRequest, WatchEntriesResponse};

/// The most senders of one watch.
const SENDERS_MAX: usize = 100;

/// Begins to follow entries.
pub(super) async fn begin(ledger: &Ledger, caller: &Caller, request: &WatchEntriesRequest) -> Result<(Entries, Reading, Duration), Status> {
    let (begin, passing, heartbeat) = parse(caller, request)?;
    let reading = Reading::of_many(ledger, caller.actor(), ReadMethod::WatchEntries, passing.account.clone());
    let named = ledger.clone();
    let ledger = ledger.clone();
    let watch = blocking(move || ledger.watch_entries(begin, passing)).await?;
    let watch = watch.map_err(|error| status::of_watch(&error))?;
    Ok((Entries { watch, begun: false, caller: caller.clone(), ledger: named }, reading, heartbeat))
}

/// One who follows entries.
pub(super) struct Entries {
    watch: EntryWatch,
    /// Whether it was told where it begins.
    begun: bool,
    caller: Caller,
    /// Where the names of actors are.
    ledger: Ledger,
}

impl Look for Entries {
    type Message = WatchEntriesResponse;

    fn look(&mut self, _go_on: &dyn Fn() -> bool) -> Result<Looked<Self::Message>, Status> {
        if !std::mem::replace(&mut self.begun, true) {
            let message = WatchEntriesResponse { entries: Vec::new(), position: Some(map::position(self.watch.position())) };
            return Ok(Looked { message, tells: true, more: true, due_in: None, opens: 0 });
        }
        let found = self.watch.look().map_err(|error| status::of_read(&error))?;
        let (tells, more) = (!found.entries.is_empty(), found.more);
        let opens = found.entries.iter().filter(|entry| entry.is_open()).count();
        let named = |entry| principals::with_name(&self.ledger, &self.caller, map::entry(entry));
        let entries = found.entries.into_iter().map(named).collect();
        let message = WatchEntriesResponse { entries, position: Some(map::position(found.position)) };
        Ok(Looked { message, tells, more, due_in: None, opens })
    }
}

fn parse(caller: &Caller, request: &WatchEntriesRequest) -> Result<(Begin, Passing, Duration), Status> {
    let mut fields = Fields::of(caller);
    // What is for all senders is told whichever are followed.
    fields.all_senders("the watch");
    let account = if request.all_accounts {
        fields.whole_ledger("all_accounts");
        if !request.account.is_empty() {
            fields.refuse("account", ErrorReason::FieldsConflict, "all_accounts is set");
        }
        None
    } else {
        fields.account("account", &request.account)
    };
    let begin = place(&mut fields, request);
    let senders = senders(&mut fields, &request.senders);
    let kinds = kinds(&mut fields, &request.kinds);
    let heartbeat = fields.heartbeat("heartbeat", request.heartbeat.as_ref());
    let parts = Parts { sealed: request.with_sealed, raw: request.with_raw };
    fields.finish(|| Some((begin, Passing { account, senders, kinds, parts }, heartbeat)))
}

fn place(fields: &mut Fields<'_>, request: &WatchEntriesRequest) -> Begin {
    let previous: Option<[u8; 32]> = request.previous_hash.as_slice().try_into().ok();
    if previous.is_none() && !request.previous_hash.is_empty() {
        fields.refuse("previous_hash", ErrorReason::HashMalformed, format!("{} bytes, not 32", request.previous_hash.len()));
    }
    if !request.only_new {
        return Begin::From(Seq::new(request.from_seq), previous);
    }
    for (field, given) in [("from_seq", request.from_seq != 0), ("previous_hash", previous.is_some())] {
        if given {
            fields.refuse(field, ErrorReason::FieldsConflict, "only_new is set");
        }
    }
    Begin::New
}

fn senders(fields: &mut Fields<'_>, texts: &[String]) -> Vec<Sender> {
    if texts.len() > SENDERS_MAX {
        fields.refuse("senders", ErrorReason::TooManySenders, format!("{} senders, at most {SENDERS_MAX} are allowed", texts.len()));
        return Vec::new();
    }
    texts.iter().enumerate().filter_map(|(index, text)| fields.sender(&format!("senders[{index}]"), text)).collect()
}

fn kinds(fields: &mut Fields<'_>, names: &[String]) -> Vec<u16> {
    let mut kinds = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match KINDS.iter().find(|(_, known)| known == name) {
            Some((number, _)) if kinds.contains(number) => {}
            Some((number, _)) => kinds.push(*number),
            None => {
                let meant = nearest(name, KINDS.iter().map(|(_, known)| *known)).map(|known| format!("; did you mean {known}?"));
                let message = format!("no kind of entry has that name{}", meant.unwrap_or_default());
                fields.refuse(format!("kinds[{index}]"), ErrorReason::KindUnknown, message);
                // A long list of what does not exist needs no more words.
                if kinds.is_empty() && index > KINDS.len() {
                    break;
                }
            }
        }
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::Duration as Given;
    use tonic_types::StatusExt;

    fn violations(request: &WatchEntriesRequest) -> Vec<(String, String)> {
        let details = parse(&Caller::local(), request).map(|_| ()).unwrap_err().get_error_details();
        let violations = details.bad_request().unwrap().field_violations.iter();
        violations.map(|violation| (violation.field.clone(), violation.reason.clone())).collect()
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let request = WatchEntriesRequest {
            account: "a".into(),
            all_accounts: true,
            from_seq: 3,
            only_new: true,
            previous_hash: vec![0; 31],
            senders: vec!["1".into(), "a b".into()],
            kinds: vec!["opted_in".into(), "opted-out".into()],
            heartbeat: Some(Given { seconds: 0, nanos: 999_999_999 }),
            ..Default::default()
        };
        let expected = [
            ("account", "FIELDS_CONFLICT"),
            ("previous_hash", "HASH_MALFORMED"),
            ("from_seq", "FIELDS_CONFLICT"),
            ("senders[1]", "SENDER_MALFORMED"),
            ("kinds[1]", "KIND_UNKNOWN"),
            ("heartbeat", "HEARTBEAT_OUT_OF_RANGE"),
        ];
        assert_eq!(violations(&request), expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
        let hash = WatchEntriesRequest { only_new: true, previous_hash: vec![0; 32], ..Default::default() };
        assert_eq!(violations(&hash), [("previous_hash".to_owned(), "FIELDS_CONFLICT".to_owned())]);
        let many = WatchEntriesRequest { senders: vec!["1".into(); SENDERS_MAX + 1], ..Default::default() };
        assert_eq!(violations(&many), [("senders".to_owned(), "TOO_MANY_SENDERS".to_owned())]);
    }

    #[test]
    fn an_unknown_kind_is_told_the_nearest() {
        let request = WatchEntriesRequest { kinds: vec!["opted-out".into()], ..Default::default() };
        let status = parse(&Caller::local(), &request).map(|_| ()).unwrap_err();
        assert_eq!(status.message(), "kinds[0]: no kind of entry has that name; did you mean opted_out?");
    }

    #[test]
    fn a_heartbeat_has_limits_and_a_usual_length() {
        let heartbeat = |given| {
            parse(&Caller::local(), &WatchEntriesRequest { heartbeat: given, ..Default::default() }).map(|(_, _, heartbeat)| heartbeat)
        };
        assert_eq!(heartbeat(None).unwrap(), Duration::from_secs(15));
        for (seconds, nanos, good) in [(1, 0, true), (300, 0, true), (300, 1, false), (0, 0, false), (-1, 0, false)] {
            assert_eq!(heartbeat(Some(Given { seconds, nanos })).is_ok(), good, "{seconds}.{nanos}");
        }
    }

    #[test]
    fn kinds_are_found_by_name_once_each() {
        let request =
            WatchEntriesRequest { kinds: ["opted_out", "opted_in", "opted_out"].map(String::from).to_vec(), ..Default::default() };
        assert_eq!(parse(&Caller::local(), &request).unwrap().1.kinds, [49, 48]);
    }
}
