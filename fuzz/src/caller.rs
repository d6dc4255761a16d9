//! Whoever calls: let in by the door itself, as a program on the machine of a ledger that is new.

use std::sync::LazyLock;

use consent_ledger::api::access::{Caller, admit_within};
use consent_ledger::api::connections::Peer;
use consent_ledger::api::limits::Limits;
use consent_ledger::consent::time::Time;
use consent_ledger::ledger::{Ledger, Options};
use tonic::codegen::http::{Extensions, HeaderMap};

use super::scratch::directory;

/// When it is: the first of March 2026, ten o'clock.
pub const NOW: Time = Time::from_micros(1_772_359_200_000_000);

/// A caller who may do everything.
pub static CALLER: LazyLock<Caller> = LazyLock::new(|| {
    let dir = directory();
    let Ok(ledger) = Ledger::open(&Options { keys_ahead: 1, ..Options::new(dir.path()) }) else { panic!("a new ledger opens") };
    let mut extensions = Extensions::new();
    extensions.insert(Peer::new(Some(([127, 0, 0, 1], 1).into()), None));
    let path = "/consent.v1.DecisionService/CheckSend";
    let admitted = admit_within(&Limits::default(), &ledger, path, &HeaderMap::new(), &extensions);
    ledger.close();
    let Ok((_, Some(caller))) = admitted else { panic!("the machine's own programs are let in") };
    caller
});
