//! The journal goes on in a new segment when one is full: nothing is lost between two, with sled or without it.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::words::{Permission, Seq};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::proving::verify::verify_data_dir;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::storage::journal::segments;
use consent_ledger::ledger::{Filter, Ledger, Options};

use crate::support::bench::{at, event, may, opt_in, opt_out, put};

const CONTACTS: usize = 600;

fn open(dir: &Path) -> Ledger {
    let clock = ManualClock::default();
    clock.set(at(3600));
    let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), Arc::new(clock));
    Ledger::open_with(&Options { segment_bytes: 16 << 10, keys_ahead: 64, ..Options::new(dir) }, &disk, &clock).unwrap()
}

fn contact(n: usize) -> String {
    format!("+44740{n:07}")
}

#[test]
fn a_journal_in_many_segments_is_one_log() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for start in (0..CONTACTS).step_by(20) {
        let records = (start..start + 20).map(|n| event(1, opt_in(&contact(n)))).collect();
        runtime.block_on(ledger.record_all(records)).into_iter().for_each(|answer| assert!(!answer.unwrap().duplicate));
    }
    put(&ledger, 2, opt_out(&contact(0)));
    put(&ledger, 2, opt_out(&contact(CONTACTS - 1)));
    let head = ledger.head();
    ledger.close();
    let made = segments(&RealDisk, &dir.path().join("journal"), ".journal").unwrap();
    assert!(made.len() > 5, "{made:?}");
    let report = verify_data_dir(dir.path(), |_, _| ()).unwrap();
    assert!(report.ok() && report.entries == head.seq.number(), "{:?}", report.problems);
    for lost in ["", "sled", "journal"] {
        if !lost.is_empty() {
            std::fs::remove_dir_all(dir.path().join(lost)).unwrap();
        }
        let ledger = open(dir.path());
        assert_eq!(ledger.head(), head, "without {lost:?}");
        let answers = [0, 1, CONTACTS - 2, CONTACTS - 1].map(|n| may(&ledger, &contact(n)));
        assert_eq!(answers, [Permission::Nothing, Permission::TemplateOnly, Permission::TemplateOnly, Permission::Nothing]);
        for segment in made.iter().skip(1) {
            let around = Filter { from: Some(Seq::new(segment.first.number() - 1)), ..Filter::default() };
            let entries = ledger.entries(&around, 2).unwrap();
            assert_eq!((entries[1].seq, entries[1].previous_hash), (segment.first, entries[0].entry_hash));
        }
        ledger.close();
    }
}
