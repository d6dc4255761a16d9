//! A data directory whose keys were all rotated, written once: it opens for ever.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use consent_ledger::consent::words::{Category, Permission, Reason, Seq};
use consent_ledger::export::receipt;
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::evidence::rederive::Verdict;
use consent_ledger::ledger::keys::rotate_lookup::rotate_lookup;
use consent_ledger::ledger::keys::rotate_master::{MasterRotation, NewKey};
use consent_ledger::ledger::keys::secrets::{InForce, Secrets};
use consent_ledger::ledger::proving::verify::verify_data_dir;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::{Actor, What};
use consent_ledger::ledger::{Ledger, Options};
use consent_ledger::proof::checkpoint;
use consent_ledger::proof::note::VerifierKey;
use consent_ledger::proto::SigningKeyUse;

use crate::support::bench::{answer, at, copy, event, may, named, open, opt_in, opt_out, put, question, who};

/// The receipts, one before and one after each change of a signing key.
const RECEIPTS: [u64; 2] = [8, 11];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ledger-v1-rotated")
}

fn issue(ledger: &Ledger) -> Seq {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let asked = question("+447400123456", Category::Marketing, None);
    runtime.block_on(ledger.check_and_record(&asked, Actor::LOCAL)).unwrap().1.seq
}

#[test]
fn a_data_directory_whose_keys_were_all_rotated_opens_and_answers_as_it_did() {
    let dir = tempfile::tempdir().unwrap();
    copy(&golden(), dir.path());
    assert_eq!(std::fs::read(dir.path().join("secrets/ledger.secrets")).unwrap()[..4], *b"CLS\x02");
    let report = verify_data_dir(dir.path(), |_, _| ()).unwrap();
    assert!(report.journal_ok, "{:?}", report.problems);
    let secrets = Secrets::open(&RealDisk, &dir.path().join("secrets"), false).unwrap();
    let InForce { lookup, checkpoint: changed, receipt: receipts } = secrets.in_force();
    assert_eq!((lookup, changed.number(), receipts.number()), (2, 9, 10));
    assert_eq!(secrets.wrapper().master_key_id(), 2);
    let ledger = open(dir.path());
    assert_eq!((ledger.head().seq.number(), ledger.head().hash), (report.entries, report.head.hash));
    assert_eq!(may(&ledger, "+447400123456"), Permission::TemplateOnly);
    let reasons = |contact| answer(&ledger, contact, None).decision.reasons[0];
    assert_eq!(reasons("+447400123457"), Reason::RecipientOptedOut);
    assert_eq!(reasons("+447400123458"), Reason::ContactErased);
    assert!(ledger.record_blocking(named("first", event(10, opt_in("+447400123456")))).unwrap().duplicate);
    for (seq, brings_key) in RECEIPTS.into_iter().zip([false, true]) {
        let issued = ledger.receipt(Seq::new(seq)).unwrap().unwrap();
        assert_eq!(issued.key_changed.is_some(), brings_key);
        receipt::verify(&issued, ledger.checkpoint_key()).unwrap();
        assert!(matches!(ledger.verify_decision(&issued, None).unwrap(), Verdict::Follows(_)));
    }
    let keys = secrets.public_keys(SigningKeyUse::Checkpoint);
    let former = VerifierKey::new(ledger.checkpoint_key().name(), &keys[0].1).unwrap();
    let vouched = ledger.prove_inclusion(changed, Some(changed.number())).unwrap().checkpoint.note;
    assert_eq!(checkpoint::verify(&vouched, &former).unwrap().checkpoint.size, changed.number());
    ledger.close();
}

#[test]
#[ignore = "writes the golden directory; run once"]
fn the_golden_directory_is_written() {
    let dir = golden();
    assert!(!dir.exists(), "it is written once");
    let ledger = open(&dir);
    ledger.record_blocking(named("first", event(10, opt_in("+447400123456")))).unwrap();
    put(&ledger, 11, opt_out("+447400123457"));
    put(&ledger, 12, opt_in("+447400123458"));
    put(&ledger, 13, What::Erase { contact: who("+447400123458"), keep_suppression: true });
    put(&ledger, 14, opt_in("+447400123459"));
    assert_eq!(issue(&ledger).number(), RECEIPTS[0]);
    ledger.change_signing_key(SigningKeyUse::Checkpoint).unwrap();
    ledger.close();
    drop(ledger);
    let ledger = open(&dir);
    ledger.change_signing_key(SigningKeyUse::Receipt).unwrap();
    assert_eq!(issue(&ledger).number(), RECEIPTS[1]);
    ledger.close();
    drop(ledger);
    let (disk, clock) = (Arc::new(RealDisk) as Arc<dyn Disk>, ManualClock::default());
    clock.set(at(3600));
    let clock: Arc<dyn Clock> = Arc::new(clock);
    rotate_lookup(&Options { keys_ahead: 8, ..Options::new(&dir) }, &disk, &clock).unwrap();
    let rotation = MasterRotation::begin(disk, &dir, None, NewKey::Made).unwrap();
    rotation.rewrap().unwrap();
    rotation.finish().unwrap();
    std::fs::remove_dir_all(dir.join("sled")).unwrap();
}
