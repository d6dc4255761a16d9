//! Callers that record one act at a time and read their own writes.

use std::sync::Arc;
use std::time::Duration;

use consent_ledger::proto::{Acknowledgement, Category, Method, RecordInboundMessageRequest, RecordOptOutRequest};
use tonic::Status;

use super::Load;
use super::people::{self, Person, SENDER};
use super::principals::Who;
use super::warm::OWNER as OPTED_IN;
use crate::support::client::{Client, opt_in, text};
use crate::support::dice::Dice;
use crate::support::http::CHECK;

/// How many callers.
pub const CALLERS: usize = 4;

/// How long each pauses between two acts.
const PAUSE: Duration = Duration::from_millis(40);

/// What a contact does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    OptIn,
    OptOut,
    Message,
    Stop,
}

impl Act {
    /// One of them.
    pub fn at_random(dice: &mut Dice) -> Self {
        dice.pick(&[Self::OptIn, Self::OptIn, Self::OptIn, Self::OptOut, Self::Message, Self::Message, Self::Stop])
    }

    /// Notes what it did to a contact.
    pub fn apply(self, person: &mut Person) {
        match self {
            Self::OptIn => person.opted_in = true,
            Self::OptOut => person.opted_in = false,
            Self::Message => person.window = true,
            Self::Stop => (person.opted_in, person.window) = (false, true),
        }
    }

    /// Records it by a call of its own.
    async fn record(self, client: &Client, contact: &str, event_id: &str) -> Result<Acknowledgement, Status> {
        match self {
            Self::OptIn => client.opt_in(opt_in(contact, event_id)).await,
            Self::OptOut => {
                let response = client.recording.clone().record_opt_out(opt_out(contact, event_id)).await?;
                Ok(response.into_inner().acknowledgement.unwrap_or_default())
            }
            Self::Message => client.inbound(message(contact, event_id, "where is my order")).await,
            Self::Stop => client.inbound(message(contact, event_id, "STOP")).await,
        }
    }
}

/// An opt-out from marketing on a web page.
pub fn opt_out(contact: &str, event_id: &str) -> RecordOptOutRequest {
    RecordOptOutRequest {
        contact: contact.into(),
        event_id: event_id.into(),
        categories: vec![Category::Marketing.into()],
        method: Method::Website.into(),
        ..Default::default()
    }
}

/// A message to the sender.
pub fn message(contact: &str, event_id: &str, words: &str) -> RecordInboundMessageRequest {
    RecordInboundMessageRequest { event_id: event_id.into(), ..text(contact, SENDER, words) }
}

/// Acts, and asks after each; after an acknowledged opt-out no answer says yes.
pub async fn calls(load: Arc<Load>, owner: usize) -> Vec<Person> {
    let (client, mut dice) = (load.served.connect(), load.campaign.dice(owner));
    let mut people = people::of(owner);
    let mut number = 0;
    while load.pause(PAUSE).await {
        number += 1;
        let (person, act) = (&mut people[dice.below(people::EACH)], Act::at_random(&mut dice));
        let event_id = format!("call-{owner}-{number}");
        let acknowledgement = load.until_answered("records", || act.record(&client, &person.number, &event_id)).await;
        load.acknowledge(&acknowledgement);
        act.apply(person);
        person.seq = acknowledgement.caused_seq.max(acknowledgement.seq);
        let decision = load.until_answered("checks", || client.check(person.asked())).await;
        person.hold(&load, &format!("after {act:?}"), &decision);
    }
    people
}

/// How long it is paused between two checks in JSON.
const JSON_PAUSE: Duration = Duration::from_millis(10);

/// Asks in JSON about contacts who opted in before all else, and to whom nobody wrote since: always yes.
pub async fn asks_in_json(load: Arc<Load>) {
    let mut dice = load.campaign.dice(OPTED_IN);
    while load.pause(JSON_PAUSE).await {
        let contact = people::number(OPTED_IN, dice.below(people::EACH));
        let body = serde_json::json!({ "contact": contact, "sender": SENDER, "category": "CATEGORY_MARKETING" }).to_string();
        let key = load.served.principals.key(Who::Sends).bearer();
        let headers = [("content-type", "application/json"), ("authorization", key.as_str())];
        let Some(url) = load.served.http_url() else { continue };
        match load.served.https.ask("POST", &format!("{url}{CHECK}"), &headers, body.into_bytes()).await {
            Some((200, answer)) if answer.contains(r#""permission":"PERMISSION_TEMPLATE_ONLY""#) => {
                load.called("checks in JSON, all of them yes");
            }
            None | Some((503, _)) if load.served.is_away() => load.one("checks in JSON not answered: the server was away"),
            other => load.faults.wrong(format!("a check in JSON is answered {other:?}")),
        }
    }
}
