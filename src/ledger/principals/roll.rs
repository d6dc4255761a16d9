//! The roll of principals, folded from the entries of the ledger's own trail.
//!
//! ```text
//! PrincipalAdded 256         known by its credential from here on
//! PrincipalAdded 256 again   known by the new one; earlier ones end at earlier_until, or here
//! PrincipalRevoked 256       all of its credentials ended
//! ```

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use subtle::ConstantTimeEq;

use crate::consent::role::{Role, Roles};
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender, Seq};
use crate::ledger::principals::api_key::PresentedKey;
use crate::ledger::principals::principal::{Credential, Holder, Principal, Reach};
use crate::proto::clear_part::Fact;
use crate::proto::{PrincipalAdded, PrincipalRevoked};

/// What an entry says about a principal.
#[derive(Clone, PartialEq, Debug)]
pub enum Told {
    /// It has these credentials.
    Added(PrincipalAdded),
    /// It has none any more.
    Revoked(PrincipalRevoked),
}

impl Told {
    /// What a fact says about a principal; none where it says nothing.
    #[must_use]
    pub fn of(fact: &Fact) -> Option<Self> {
        match fact {
            Fact::PrincipalAdded(added) => Some(Self::Added(added.clone())),
            Fact::PrincipalRevoked(revoked) => Some(Self::Revoked(*revoked)),
            _ => None,
        }
    }

    /// The fact.
    #[must_use]
    pub fn fact(&self) -> Fact {
        match self {
            Self::Added(added) => Fact::PrincipalAdded(added.clone()),
            Self::Revoked(revoked) => Fact::PrincipalRevoked(*revoked),
        }
    }
}

/// The same with where and when it was told.
#[derive(Clone, PartialEq, Debug)]
pub struct PrincipalEvent {
    /// The entry.
    pub seq: Seq,
    /// When it happened.
    pub at: Time,
    /// What it says.
    pub told: Told,
}

/// The roll.
#[derive(Default)]
pub struct Roll {
    principals: BTreeMap<u32, Arc<Principal>>,
    certificates: HashMap<[u8; 32], u32>,
    /// All that was told, in order.
    events: Vec<PrincipalEvent>,
}

impl Roll {
    /// Folds an event in; one that was folded in before changes nothing. `account` names an account by its trail.
    pub fn apply(&mut self, event: PrincipalEvent, account: &dyn Fn(u64) -> Option<Account>) {
        if self.events.last().is_some_and(|last| event.seq <= last.seq) {
            return;
        }
        match &event.told {
            Told::Added(added) => self.add(added, event.at, account),
            Told::Revoked(revoked) => {
                if let Some(principal) = self.principals.get_mut(&revoked.principal) {
                    principal.credentials.iter().for_each(|credential| credential.end(None));
                    Arc::make_mut(principal).revoked_at = Some(event.at);
                }
            }
        }
        self.events.push(event);
    }

    fn add(&mut self, added: &PrincipalAdded, at: Time, account: &dyn Fn(u64) -> Option<Account>) {
        let mut credentials = Vec::new();
        let mut added_at = at;
        if let Some(known) = self.principals.get(&added.principal) {
            let until = (added.earlier_until != 0).then(|| Time::from_micros(added.earlier_until));
            known.credentials.iter().for_each(|earlier| earlier.end(until));
            credentials.clone_from(&known.credentials);
            added_at = known.added_at;
        }
        let expires_at = (added.expires_at != 0).then(|| Time::from_micros(added.expires_at));
        if let Ok(digest) = <[u8; 32]>::try_from(added.credential_digest.as_slice()) {
            if added.is_certificate {
                self.certificates.insert(digest, added.principal);
            }
            credentials.push(Arc::new(Credential::new(digest, added.is_certificate, at, expires_at)));
        }
        // What is named and not known here reaches nothing; only what was never named is everything.
        let accounts = match added.accounts.as_slice() {
            [] => Reach::All,
            trails => Reach::Only(trails.iter().filter_map(|trail| account(*trail)).collect()),
        };
        let senders = match added.senders.as_slice() {
            [] => Reach::All,
            names => Reach::Only(names.iter().filter_map(|name| name.parse::<Sender>().ok()).collect()),
        };
        let principal = Principal {
            number: added.principal,
            name: added.name.clone(),
            roles: added.roles.iter().filter_map(|role| Role::from_number(*role)).collect::<Roles>(),
            accounts,
            account_trails: added.accounts.clone(),
            senders,
            credentials,
            added_at,
            revoked_at: None,
        };
        self.principals.insert(added.principal, Arc::new(principal));
    }

    /// Whether nobody was ever added.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// All of them, ascending by number.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Principal>> {
        self.principals.values().cloned().collect()
    }

    /// The one with this number.
    #[must_use]
    pub fn principal(&self, number: u32) -> Option<Arc<Principal>> {
        self.principals.get(&number).cloned()
    }

    /// The highest number; none: there is nobody.
    #[must_use]
    pub fn highest(&self) -> Option<u32> {
        self.principals.keys().next_back().copied()
    }

    /// All that was told, in order.
    #[must_use]
    pub fn events(&self) -> &[PrincipalEvent] {
        &self.events
    }

    /// Whose key that is: of the principal that it names each key is compared in constant time.
    #[must_use]
    pub fn holder_of_key(&self, key: &PresentedKey) -> Option<Holder> {
        let principal = self.principals.get(&key.principal)?;
        let keys = principal.credentials.iter().rev().filter(|credential| !credential.is_certificate);
        // Each is compared, whichever it is.
        let found = keys.fold(
            None,
            |found, credential| if bool::from(credential.digest.ct_eq(&key.digest)) { found.or(Some(credential)) } else { found },
        );
        let credential = found?;
        Some(Holder { principal: Arc::clone(principal), credential: Arc::clone(credential) })
    }

    /// Whose certificate that is.
    #[must_use]
    pub fn holder_of_certificate(&self, digest: &[u8; 32]) -> Option<Holder> {
        let principal = self.principals.get(self.certificates.get(digest)?)?;
        let mut certificates = principal.credentials.iter().rev().filter(|credential| credential.is_certificate);
        let credential = certificates.find(|credential| credential.digest == *digest)?;
        Some(Holder { principal: Arc::clone(principal), credential: Arc::clone(credential) })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ledger::principals::api_key::{ApiKey, KeySecret};

    fn added(key: &ApiKey, earlier_until: i64) -> Told {
        Told::Added(PrincipalAdded {
            principal: 256,
            name: "crm".into(),
            roles: vec![2],
            accounts: vec![7, 9],
            credential_digest: key.digest().to_vec(),
            earlier_until,
            ..Default::default()
        })
    }

    fn event(seq: u64, told: Told) -> PrincipalEvent {
        PrincipalEvent { seq: Seq::new(seq), at: Time::from_micros(i64::try_from(seq).unwrap() * 100), told }
    }

    /// Somebody with credentials, for tests of what asks for them.
    pub(crate) fn holder() -> Holder {
        let key = ApiKey::new(256, &KeySecret::random().unwrap());
        let mut roll = Roll::default();
        roll.apply(event(1, added(&key, 0)), &named);
        roll.holder_of_key(&PresentedKey::read(key.text()).unwrap()).unwrap()
    }

    fn named(trail: u64) -> Option<Account> {
        (trail == 7).then(|| "shop".parse().unwrap())
    }

    fn is_live(roll: &Roll, key: &ApiKey, at: i64) -> Option<bool> {
        let presented = PresentedKey::read(key.text()).unwrap();
        roll.holder_of_key(&presented).map(|holder| holder.credential.is_live(Time::from_micros(at)))
    }

    #[test]
    fn a_rotated_key_is_taken_until_its_end_and_a_revoked_one_no_more() {
        let [first, second, third] = [(); 3].map(|()| ApiKey::new(256, &KeySecret::random().unwrap()));
        let mut roll = Roll::default();
        let events = [event(1, added(&first, 0)), event(2, added(&second, 500)), event(3, added(&third, 0))];
        roll.apply(events[0].clone(), &named);
        assert_eq!((is_live(&roll, &first, 100), is_live(&roll, &second, 100)), (Some(true), None));
        roll.apply(events[1].clone(), &named);
        assert_eq!(
            (is_live(&roll, &first, 499), is_live(&roll, &first, 500), is_live(&roll, &second, 500)),
            (Some(true), Some(false), Some(true))
        );
        assert_eq!(roll.principal(256).unwrap().earlier_until(Time::from_micros(499)), Some(Time::from_micros(500)));
        roll.apply(events[2].clone(), &named);
        assert_eq!(
            (is_live(&roll, &second, 300), is_live(&roll, &third, 300)),
            (Some(false), Some(true)),
            "without an overlap it ends at once"
        );
        let held = roll.holder_of_key(&PresentedKey::read(third.text()).unwrap()).unwrap();
        roll.apply(event(4, Told::Revoked(PrincipalRevoked { principal: 256 })), &named);
        assert!(!held.credential.is_live(Time::from_micros(0)), "whoever holds it sees the end");
        assert_eq!(roll.principal(256).unwrap().revoked_at(), Some(Time::from_micros(400)));
        for again in events {
            roll.apply(again, &named);
        }
        assert_eq!((is_live(&roll, &third, 300), roll.events().len()), (Some(false), 4), "what comes again changes nothing");
    }

    #[test]
    fn an_account_that_is_not_known_widens_nothing() {
        let key = ApiKey::new(256, &KeySecret::random().unwrap());
        let mut roll = Roll::default();
        roll.apply(event(1, added(&key, 0)), &named);
        assert_eq!(roll.principal(256).unwrap().accounts(), &Reach::Only(vec!["shop".parse().unwrap()]));
        let mut roll = Roll::default();
        roll.apply(event(1, added(&key, 0)), &|_| None);
        assert_eq!(roll.principal(256).unwrap().accounts(), &Reach::Only(Vec::new()));
    }
}
