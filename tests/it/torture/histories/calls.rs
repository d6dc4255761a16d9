//! What clients send: few contacts, one sender, event ids by number.

use consent_ledger::proto::{Category, CheckSendRequest, Method, RecordInboundMessageRequest, RecordOptOutRequest};

use super::contact::{Act, Asked};
use crate::support::client::{opt_in, question, text};
use crate::support::dice::Dice;
use crate::torture::book::Sent;

/// The sender.
pub const SENDER: &str = "100";

/// A contact's number.
pub fn contact(number: usize) -> String {
    format!("+4474008{number:05}")
}

/// What a contact does, under the id of an event.
pub fn sent(who: usize, event: usize, act: Act) -> Sent {
    let (who, event_id) = (contact(who), format!("event-{event}"));
    let message = |words: &str| Sent::Inbound(RecordInboundMessageRequest { event_id: event_id.clone(), ..text(&who, SENDER, words) });
    match act {
        Act::OptIn => Sent::OptIn(opt_in(&who, &event_id)),
        Act::OptOut => {
            let (categories, method) = (vec![Category::Marketing.into()], Method::Website.into());
            Sent::OptOut(RecordOptOutRequest { contact: who, event_id, categories, method, ..Default::default() })
        }
        Act::Message => message("where is my order"),
        Act::Stop => message("STOP"),
    }
}

/// What is asked about a contact.
pub fn check(who: usize, asked: Asked, min_position: u64) -> CheckSendRequest {
    let category = if asked == Asked::Marketing { Category::Marketing } else { Category::Unspecified };
    CheckSendRequest { category: category.into(), min_position, ..question(&contact(who), SENDER) }
}

/// One of them, opt-ins more often.
pub fn random_act(dice: &mut Dice) -> Act {
    dice.pick(&[Act::OptIn, Act::OptIn, Act::OptOut, Act::Message, Act::Stop])
}
