//! Those who follow: entries as they are recorded, windows as they open and close.

mod command_line;
mod entries;
mod served;
mod windows;
mod windows_oracle;
mod windows_served;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::time::Time;
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::watching::windows::{Change, Ended, WindowWatch, WindowsAsked};
use consent_ledger::ledger::{Ledger, Options};

use crate::support::bench::at;

/// How long before its end a window closes soon in these tests: 30 minutes, in microseconds.
const SOON: i64 = 1_800_000_000;

/// A ledger whose clock stands where it is set, at first a second before the start.
fn open(dir: &Path) -> (Ledger, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    clock.set(at(-1));
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let shown: Arc<dyn Clock> = clock.clone();
    (Ledger::open_with(&Options { keys_ahead: 8, ..Options::new(dir) }, &disk, &shown).unwrap(), clock)
}

/// What somebody who follows windows holds open.
struct Believer {
    watch: WindowWatch,
    open: BTreeMap<String, Believed>,
}

/// A window held open.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Believed {
    contact: Vec<String>,
    sender: String,
    closes_at: Time,
    soon: bool,
}

impl Believer {
    /// Follows the account `default`.
    fn new(ledger: &Ledger, sender: Option<&str>) -> Self {
        let asked = WindowsAsked {
            account: consent_ledger::consent::words::Account::default_account(),
            sender: sender.map(|sender| sender.parse().unwrap()),
            closing_within: SOON,
        };
        Self { watch: ledger.watch_windows(asked).unwrap(), open: BTreeMap::new() }
    }

    /// Looks, in portions of about two changes, until it has caught up; gives what it was told, and the time it is for.
    fn look(&mut self) -> (Vec<(String, Change)>, Time) {
        let mut told = Vec::new();
        loop {
            let seen = self.watch.look(2, &|| true).unwrap();
            for change in seen.changes {
                self.believe(&change.window, &change.contact, &change.sender, change.change);
                told.push((change.contact.first().cloned().unwrap_or_default(), change.change));
            }
            if seen.caught_up {
                return (told, seen.at);
            }
        }
    }

    fn believe(&mut self, window: &str, contact: &[String], sender: &str, change: Change) {
        let known = self.open.get(window).cloned();
        let believed = |closes_at, soon| Believed { contact: contact.to_vec(), sender: sender.to_owned(), closes_at, soon };
        match change {
            Change::Open(open) | Change::Opened(open) => {
                assert_eq!(known, None, "it opens twice");
                self.open.insert(window.to_owned(), believed(open.closes_at, false));
            }
            Change::Changed(open) => {
                let known = known.expect("what changes is open");
                assert!(known.closes_at != open.closes_at || known.contact != contact, "nothing changed");
                let soon = known.soon && known.closes_at == open.closes_at;
                self.open.insert(window.to_owned(), believed(open.closes_at, soon));
            }
            Change::ClosingSoon(open) => {
                let known = known.expect("what closes soon is open");
                assert_eq!((known.closes_at, known.soon), (open.closes_at, false), "a stale notice, or a second one");
                self.open.insert(window.to_owned(), believed(open.closes_at, true));
            }
            Change::Closed(ended, closes_at) => {
                let known = self.open.remove(window).expect("what closes was open");
                assert_eq!(known.closes_at, closes_at);
                assert!(contact.is_empty() || ended != Ended::Erased, "somebody erased is named");
            }
        }
    }
}
