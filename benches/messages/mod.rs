//! Messages of many people, recorded before something is measured; and what the process takes for it.

use consent_ledger::consent::words::{Account, InboundKind};
use consent_ledger::ledger::Ledger;
use consent_ledger::ledger::writing::record::{Actor, Record, What};

/// Entries of one contact.
pub const EACH: u64 = 10;

/// Records so many messages, those of one contact one after the other; `together` wait for one another.
pub async fn record(ledger: &Ledger, entries: u64, together: u64) {
    let mut next = 0;
    while next < entries {
        let records = (next..entries.min(next + together)).map(|n| Record {
            account: Account::default_account(),
            actor: Actor::LOCAL,
            event_id: None,
            occurred_at: None,
            what: What::Inbound {
                contact: vec![format!("+4915{:09}", n / EACH).parse().unwrap()],
                sender: "1001".parse().unwrap(),
                kind: InboundKind::Text,
                text: Some("Is it there in blue?".into()),
                payload: None,
                message_id: Some(format!("wamid.{n:032}")),
            },
        });
        assert!(ledger.record_all(records.collect()).await.iter().all(Result::is_ok));
        next += together;
    }
}

/// Resident memory of this process, in KiB.
pub fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
