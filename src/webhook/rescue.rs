//! A STOP must not be lost in a message that cannot be placed: of an unknown type, or with a time that does not read.
//!
//! ```text
//! {"from": "16505551234", "type": "hologram", "hologram": {"caption": "Stop"}, "timestamp": "1749416383"}
//!     -> a dead letter, and beside it: unsupported, "Stop"
//! ```
//!
//! What is recorded beside the dead letter is of a kind that opens no window and cannot opt in, and only where it opts out.
//! Its time is the message's own; else when the provider told it; else when it is recorded: later than the act, so that no
//! opt-in outranks it that the person gave before.

use super::change::Change;
use super::contact::FROM;
use super::content::Content;
use super::event_id::event_id;
use super::json::{Object, text};
use super::messages::message_id;
use super::update::{Fact, Item};
use crate::consent::keyword::Keyword;
use crate::consent::policy::Policy;
use crate::consent::words::{InboundKind, PlatformPreference};
use crate::ledger::writing::event_id::EventId;
use crate::ledger::writing::record::{TEXT_MAX_BYTES, What};

/// In place of the list in the event id: should a later version place the message itself, that is another event.
const LIST: &str = "messages/words";

/// What is said in a message that was not placed; none where nothing is said, or nobody knows by whom or to whom.
pub(super) fn words_of(change: &Change<'_>, message: &Object, item: Item) -> Option<Fact> {
    // What the platform tells of a person is not what the person says.
    let kind = text(message, "type").filter(|kind| kind != "system").or_else(|| (!message.contains_key("system")).then(String::new))?;
    let content = Content::read(&kind, message).unwrap_or_else(|_| Content::of_no_known_shape(message));
    content.text.as_ref().or(content.payload.as_ref())?;
    let occurred_at = change.refused_at(message);
    let what = What::Inbound {
        sender: change.sender().ok()?.clone(),
        contact: change.contact(message, &FROM).ok()?,
        kind: InboundKind::Unsupported,
        text: content.text.map(cut),
        payload: content.payload.map(cut),
        // One that is too long is left out.
        message_id: message_id(message).ok().flatten(),
    };
    let event_id = event_id(change.sender().ok()?, LIST, message, 0, occurred_at, &what)?;
    Some(Fact { event_id, occurred_at, what, item })
}

/// As much of a text as is kept.
fn cut(mut text: String) -> String {
    if text.len() > TEXT_MAX_BYTES {
        text.truncate((0..=TEXT_MAX_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default());
    }
    text
}

/// Whether an event takes something back under these rules: of a message, whether its words opt out, or may.
pub(super) fn refuses(what: &What, policy: &Policy) -> bool {
    let What::Inbound { text, payload, kind, .. } = what else { return true };
    let reading = policy.keywords.read(text.as_deref(), payload.as_deref(), kind.is_button());
    matches!(reading.keyword, Some(Keyword::OptOut(_))) || reading.possible_opt_out
}

/// What a fact that is dated ahead of the ledger's clock refuses already now: a STOP in a message, a preference, what the
/// platform refused or forbids, and that a number, a user ID or an identity key is no longer the person's. The fact itself
/// waits for its time.
pub(super) fn refusal_of(fact: &Fact) -> Option<(EventId, What)> {
    let what = match &fact.what {
        What::Inbound { text: None, payload: None, .. } => return None,
        What::Inbound { sender, contact, text, payload, message_id, .. } => What::Inbound {
            sender: sender.clone(),
            contact: contact.clone(),
            kind: InboundKind::Unsupported,
            text: text.clone(),
            payload: payload.clone(),
            message_id: message_id.clone(),
        },
        What::Preference { preference: PlatformPreference::Stop, .. }
        | What::SendFailed { .. }
        | What::Move { .. }
        | What::IdentityKeyChange { .. }
        | What::Restrict { .. } => fact.what.clone(),
        _ => return None,
    };
    Some((format!("{}:now", fact.event_id.as_str()).parse().ok()?, what))
}
