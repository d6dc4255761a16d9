//! A backup held against checkpoints that were published.

use consent_ledger::ledger::Ledger;
use consent_ledger::ledger::Options;

use super::{Place, contact};
use crate::support::bench::{event, opt_in};
use crate::support::cli::cli;

/// A ledger that publishes, by the real clock.
fn open(place: &Place, first: bool) -> Ledger {
    let checkpoint_dir = Some(place.dir.path().join("published"));
    Ledger::open(&Options { checkpoint_dir, first_checkpoint: first, ..Options::new(place.data()) }).unwrap()
}

#[test]
fn a_backup_older_than_what_was_published_says_which_entries_are_missing() {
    let place = Place::new();
    let ledger = open(&place, true);
    ledger.record_blocking(event(1, opt_in(&contact(1)))).unwrap();
    place.back_up();
    for number in 2..6 {
        ledger.record_blocking(event(1, opt_in(&contact(number)))).unwrap();
    }
    let (held, signed) = (3, ledger.head().seq.number());
    ledger.close();
    drop(ledger);
    let (to, again, published, key) =
        (place.to(), place.again(), place.dir.path().join("published"), place.data().join("secrets/master.key"));
    let [to, again, published, key] = [&to, &again, &published, &key].map(|path| path.to_str().unwrap());
    let refused = cli(&["restore", "--from", to, "--data-dir", again, "--checkpoint-dir", published]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains(&format!("entries {} to {signed} are not in it", held + 1)), "{}", refused.err);
    assert!(!place.again().exists());

    let lossy =
        ["restore", "--from", to, "--data-dir", again, "--checkpoint-dir", published, "--accept-loss", "--master-key", key, "--json"];
    let restored = cli(&lossy);
    assert_eq!(restored.code, 0, "{}", restored.err);
    let missing = serde_json::json!({ "from": held + 1, "to": signed });
    assert_eq!((&restored.json()[0]["missing"], &restored.json()[0]["head"]["seq"]), (&missing, &held.into()));
    // As it says, the old directory is refused and a new one is not.
    let reopened = |dir: &str| {
        let checkpoint_dir = Some(place.dir.path().join(dir));
        Ledger::open(&Options { checkpoint_dir, first_checkpoint: true, ..Options::new(place.again()) }).map(|ledger| ledger.close())
    };
    assert!(reopened("published").unwrap_err().to_string().contains("an older copy of the data directory was put back"));
    reopened("published-anew").unwrap();
}

#[test]
fn a_backup_of_all_that_was_published_is_held_against_it_and_another_ledgers_is_not_taken() {
    let place = Place::new();
    let ledger = open(&place, true);
    ledger.record_blocking(event(1, opt_in(&contact(1)))).unwrap();
    ledger.close();
    drop(ledger);
    let made = place.back_up();
    assert!(made.manifest.checkpoint.is_some());
    let (to, published) = (place.to(), place.dir.path().join("published"));
    let [to, published] = [&to, &published].map(|path| path.to_str().unwrap());
    let said = cli(&["restore", "--from", to, "--check", "--checkpoint-dir", published]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("every file and every entry verified"), "{}", said.out);
    let other = Place::new();
    open(&other, true).close();
    let theirs = other.dir.path().join("published");
    let said = cli(&["restore", "--from", to, "--check", "--checkpoint-dir", theirs.to_str().unwrap()]);
    assert!(said.code == 2 && said.err.contains("is no checkpoint of this ledger"), "{}", said.err);
}
