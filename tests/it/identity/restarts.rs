//! Principals outlive the server, whichever way its state comes back.

use consent_ledger::consent::role::{Role, Roles};
use consent_ledger::ledger::principals::api_key::{KeySecret, PresentedKey};
use consent_ledger::ledger::principals::change::{Change, ChangeError, Ends, NewCredential};
use consent_ledger::ledger::principals::principal::Reach;
use consent_ledger::ledger::writing::record::{Actor, Record, What};
use consent_ledger::ledger::{Ledger, Options};

use crate::support::cli::verify;

fn key() -> NewCredential {
    NewCredential::Key(KeySecret::random().unwrap())
}

fn add(role: Role, accounts: &[&str]) -> Change {
    let accounts = accounts.iter().map(|name| name.parse().unwrap()).collect();
    Change::Add { name: "crm".into(), roles: Roles::NONE.with(role), accounts, senders: Vec::new(), credential: key(), ends: Ends::Never }
}

fn make(ledger: &Ledger, change: Change) -> String {
    ledger.change_principal_blocking(change, Actor::LOCAL).unwrap().key.unwrap().text().to_owned()
}

/// Whose key it is, and whether it is taken.
fn held(ledger: &Ledger, key: &str) -> Option<(u32, bool)> {
    let holder = ledger.holder_of_key(&PresentedKey::read(key).unwrap())?;
    Some((holder.principal.number(), holder.credential.is_live(ledger.now())))
}

#[test]
fn keys_are_the_same_after_a_start_from_the_log_and_from_the_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    // Above this size it starts from the snapshot: always, or never.
    let open = |small_bytes| Ledger::open(&Options { small_bytes, ..Options::new(&data) }).unwrap();
    let ledger = open(0);
    assert_eq!(ledger.change_principal_blocking(add(Role::Sender, &[]), Actor::LOCAL).unwrap_err(), ChangeError::FirstNotOperator);
    let bound = ledger.change_principal_blocking(add(Role::Operator, &["default"]), Actor::LOCAL);
    assert_eq!(bound.unwrap_err(), ChangeError::FirstNotOperator);
    assert!(!ledger.has_principals());
    let operator = make(&ledger, add(Role::Operator, &[]));
    let unknown = ledger.change_principal_blocking(add(Role::Sender, &["ghost"]), Actor::LOCAL).unwrap_err();
    assert_eq!(unknown, ChangeError::AccountUnknown { account: "ghost".into() });
    let account = "shop".parse().unwrap();
    ledger.record_blocking(Record { account, actor: Actor::LOCAL, event_id: None, occurred_at: None, what: What::CreateAccount }).unwrap();
    let rotated = make(&ledger, add(Role::Recorder, &["shop"]));
    let day = 24 * 3_600_000_000;
    let new = make(&ledger, Change::Rotate { principal: 257, credential: key(), ends: Ends::AsBefore, overlap_micros: day });
    let revoked = make(&ledger, add(Role::Auditor, &["default", "shop"]));
    ledger.change_principal_blocking(Change::Revoke { principal: 258 }, Actor::LOCAL).unwrap();
    let look = |ledger: &Ledger| {
        let all = [&operator, &rotated, &new, &revoked].map(|key| held(ledger, key));
        let principals = ledger.principals();
        let reach: Vec<Reach<_>> = principals.iter().map(|principal| principal.accounts().clone()).collect();
        (all, reach, principals.iter().map(|principal| principal.revoked_at()).collect::<Vec<_>>())
    };
    let before = look(&ledger);
    assert_eq!(before.0, [Some((256, true)), Some((257, true)), Some((257, true)), Some((258, false))]);
    assert_eq!(before.1[1], Reach::Only(vec!["shop".parse().unwrap()]));
    ledger.close();
    for small_bytes in [0, u64::MAX, 0] {
        let ledger = open(small_bytes);
        assert_eq!(look(&ledger), before, "small_bytes {small_bytes}");
        ledger.close();
    }
    assert_eq!(verify(&data, 0)["ok"], true);
}
