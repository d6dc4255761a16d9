//! Contacts, and what may be sent to each: known exactly, since only one task writes to it.

use std::collections::HashSet;

use consent_ledger::proto::batch_check_send_item::Outcome;
use consent_ledger::proto::{BatchCheckSendRequest, Category, CheckSendRequest, Decision, Permission};

use super::Load;
use crate::support::client::{Client, question};

/// The sender that messages come to.
pub const SENDER: &str = "100";

/// How many contacts an owner has.
pub const EACH: usize = 200;

/// A contact.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their number.
    pub number: String,
    /// Whether they opted in to marketing, and did not opt out since.
    pub opted_in: bool,
    /// Whether they wrote to [`SENDER`]; nobody's window closes within the load.
    pub window: bool,
    /// The last entry about them.
    pub seq: u64,
}

/// The number of an owner's contact.
pub fn number(owner: usize, place: usize) -> String {
    format!("+447400{owner}{place:05}")
}

/// The numbers of an owner's contacts.
pub fn numbers(owner: usize) -> impl Iterator<Item = String> {
    (0..EACH).map(move |place| number(owner, place))
}

/// An owner's contacts, of whom nothing is known yet.
pub fn of(owner: usize) -> Vec<Person> {
    numbers(owner).map(|number| Person { number, opted_in: false, window: false, seq: 0 }).collect()
}

impl Person {
    /// May the sender market to them, once their own last entry is seen?
    pub fn asked(&self) -> CheckSendRequest {
        CheckSendRequest { category: Category::Marketing.into(), min_position: self.seq, ..question(&self.number, SENDER) }
    }

    /// Holds an answer against what is known.
    pub fn hold(&self, load: &Load, how: &str, decision: &Decision) {
        let may = decision.permission() != Permission::Nothing;
        let window = decision.window_closes_at.is_some();
        if (may, window) != (self.opted_in, self.window) {
            load.faults.wrong(format!("{how}: {self:?} is answered {decision:?}"));
        }
        load.one("answers held against what is known");
    }
}

/// Asks about all of these at once.
pub async fn batch(client: &Client, people: &[Person]) -> Result<Vec<Decision>, tonic::Status> {
    let request = BatchCheckSendRequest {
        contacts: people.iter().map(|person| person.number.clone()).collect(),
        sender: SENDER.into(),
        category: Category::Marketing.into(),
        min_position: people.iter().map(|person| person.seq).max().unwrap_or_default(),
        ..Default::default()
    };
    let items = client.decision.clone().batch_check_send(request).await?.into_inner().items;
    let decision = |item: consent_ledger::proto::BatchCheckSendItem| match item.outcome {
        Some(Outcome::Decision(decision)) => decision,
        other => panic!("{other:?}"),
    };
    Ok(items.into_iter().map(decision).collect())
}

/// At the end every answer is what is known.
pub async fn hold(load: &Load, people: &[Person]) {
    let numbers: HashSet<&str> = people.iter().map(|person| person.number.as_str()).collect();
    assert_eq!(numbers.len(), people.len(), "each contact is one owner's");
    let client = load.served.connect();
    for some in people.chunks(1_000) {
        let answers = load.until_answered("batch checks", || batch(&client, some)).await;
        for (person, decision) in some.iter().zip(&answers) {
            person.hold(load, "at the end", decision);
        }
    }
}
