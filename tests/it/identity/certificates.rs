//! A principal that is known by its client certificate, and what the door makes of addresses.

use consent_ledger::api::access::admit_within;
use consent_ledger::api::connections::Peer;
use consent_ledger::api::limits::Limits;
use consent_ledger::consent::role::{Role, Roles};
use consent_ledger::ledger::principals::change::{Change, Ends, NewCredential};
use consent_ledger::ledger::writing::record::Actor;
use consent_ledger::ledger::{Ledger, Options};
use tonic::codegen::http::{Extensions, HeaderMap};

use super::reason;

const CHECK: &str = "/consent.v1.DecisionService/CheckSend";

fn peer(address: &str, certificate: Option<[u8; 32]>) -> Extensions {
    let mut extensions = Extensions::new();
    extensions.insert(Peer::new(Some(address.parse().unwrap()), certificate));
    extensions
}

fn asked(ledger: &Ledger, path: &str, extensions: &Extensions) -> String {
    match admit_within(&Limits::default(), ledger, path, &HeaderMap::new(), extensions) {
        Ok((_, Some(caller))) => format!("actor {}", caller.actor().number()),
        Ok((_, None)) => "anybody".to_owned(),
        Err(status) => reason(&status),
    }
}

fn add(ledger: &Ledger, role: Role, certificate: [u8; 32]) -> u32 {
    let change = Change::Add {
        name: "by certificate".into(),
        roles: Roles::NONE.with(role),
        accounts: Vec::new(),
        senders: Vec::new(),
        credential: NewCredential::Certificate(certificate),
        ends: Ends::Never,
    };
    ledger.change_principal_blocking(change, Actor::LOCAL).unwrap().principal
}

#[test]
fn a_principal_is_known_by_its_certificate_until_it_is_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&Options::new(dir.path().join("data"))).unwrap();
    let anywhere = "203.0.113.7:1";
    assert_eq!(asked(&ledger, CHECK, &peer("127.0.0.1:1", None)), "actor 1", "before anybody was added");
    assert_eq!(asked(&ledger, CHECK, &peer("[::ffff:127.0.0.1]:1", None)), "actor 1");
    assert_eq!(asked(&ledger, CHECK, &peer(anywhere, None)), "CREDENTIALS_MISSING", "another machine is nobody");
    assert_eq!(asked(&ledger, CHECK, &peer("127.0.0.1:1", Some([2; 32]))), "actor 1", "a certificate says nothing yet");
    assert_eq!(asked(&ledger, CHECK, &peer(anywhere, Some([2; 32]))), "CREDENTIALS_UNKNOWN");
    assert_eq!(asked(&ledger, CHECK, &Extensions::new()), "CREDENTIALS_MISSING", "nor is who comes from nowhere");
    assert_eq!((add(&ledger, Role::Operator, [1; 32]), add(&ledger, Role::Sender, [2; 32])), (256, 257));
    assert_eq!(asked(&ledger, CHECK, &peer("127.0.0.1:1", None)), "CREDENTIALS_MISSING");
    assert_eq!(asked(&ledger, CHECK, &peer(anywhere, Some([2; 32]))), "actor 257");
    assert_eq!(asked(&ledger, CHECK, &peer(anywhere, Some([1; 32]))), "ROLE_MISSING");
    assert_eq!(asked(&ledger, CHECK, &peer(anywhere, Some([3; 32]))), "CREDENTIALS_UNKNOWN");
    assert_eq!(asked(&ledger, "/grpc.health.v1.Health/Check", &peer(anywhere, Some([3; 32]))), "anybody");
    ledger.change_principal_blocking(Change::Revoke { principal: 257 }, Actor::from_number(256)).unwrap();
    assert_eq!(asked(&ledger, CHECK, &peer(anywhere, Some([2; 32]))), "CREDENTIALS_REVOKED");
    assert_eq!(add(&ledger, Role::Sender, [2; 32]), 258, "whose it was may have it again");
    assert_eq!(asked(&ledger, CHECK, &peer(anywhere, Some([2; 32]))), "actor 258");
    ledger.close();
}
