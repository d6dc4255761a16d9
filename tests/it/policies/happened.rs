//! What happened, rolled: a few dice become an event of one of four identifiers at one of two senders.

use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Categories, Category, InboundKind, Method, PlatformPreference, Sender};
use consent_ledger::ledger::record::{Actor, Evidence, Record, What};

pub const CONTACTS: [&str; 4] = ["+447400123456", "+447400123457", "GB.1", "GB.2"];
const SENDERS: [&str; 2] = ["1", "2"];
const TEXTS: [&str; 5] = ["hello", "stop", "start", "stop marketing", "please stop it"];
const START: i64 = 1_772_323_200_000_000;
const STEP: i64 = 6 * 3_600_000_000;

fn contact(n: u8) -> Identifier {
    CONTACTS[usize::from(n) % CONTACTS.len()].parse().unwrap()
}

fn sender(n: u8) -> Sender {
    SENDERS[usize::from(n) % SENDERS.len()].parse().unwrap()
}

pub fn time(n: u8) -> Time {
    Time::from_micros(START + i64::from(n) * STEP)
}

/// A few dice become an event: its kind, two contacts, a sender, a time and a choice.
pub fn record((kind, a, b, s, at, choice): (u8, u8, u8, u8, u8, u8)) -> Record {
    let from = || vec![contact(a)];
    let everywhere = (choice & 1 == 0).then(|| sender(s));
    let categories = match choice % 3 {
        0 => Categories::ALL,
        1 => Categories::NONE.with(Category::Marketing),
        _ => Categories::NONE.with(Category::Utility).with(Category::Service),
    };
    let what = match kind {
        0 | 1 => What::OptIn {
            contact: contact(a),
            sender: everywhere,
            categories,
            method: if choice > 6 { Method::Import } else { Method::Website },
            expires_at: (choice > 3).then(|| time(at + choice)),
            evidence: Evidence::default(),
        },
        2 => What::OptOut { contact: contact(a), sender: everywhere, categories, method: Method::Website, evidence: Evidence::default() },
        3..=5 => What::Inbound {
            contact: if choice == 7 && a != b { vec![contact(a), contact(b)] } else { from() },
            sender: sender(s),
            kind: InboundKind::Text,
            text: Some(TEXTS[usize::from(choice) % TEXTS.len()].to_owned()),
            payload: None,
            message_id: None,
        },
        6 => {
            let preference = [PlatformPreference::Stop, PlatformPreference::Resume, PlatformPreference::Signup][usize::from(choice) % 3];
            What::Preference { contact: from(), sender: sender(s), preference }
        }
        7 => What::SendFailed {
            contact: from(),
            sender: sender(s),
            code: [131_050, 131_047, 131_026][usize::from(choice) % 3],
            message_id: None,
        },
        8 => What::Link { a: contact(a), b: contact(b) },
        9 => What::Move { from: contact(a), to: contact(b), message_id: None },
        10 => What::IdentityKeyChange { contact: from(), sender: sender(s), message_id: None },
        _ => What::ConfirmationSent { contact: contact(a), sender: sender(s) },
    };
    Record { account: Account::default_account(), actor: Actor::LOCAL, event_id: None, occurred_at: Some(time(at)), what }
}
