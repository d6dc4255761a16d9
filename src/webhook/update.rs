//! What one item of a webhook body comes to: a fact to record, no fact, or a dead letter.

use crate::consent::identifier::IdentifierError;
use crate::consent::template::TemplateKeyError;
use crate::consent::time::Time;
use crate::consent::words::Account;
use crate::ledger::writing::event_id::EventId;
use crate::ledger::writing::record::{Actor, Record, What};

/// One item of a body, read.
#[derive(Debug)]
pub enum Update {
    /// It says something that is recorded.
    Record(Box<Fact>),
    /// It is known and says nothing about a permission: a receipt, an echo of our own message, a ringing phone.
    NoFact,
    /// It cannot be placed and is kept.
    DeadLetter(Unplaced),
    /// Words of a message that cannot be placed, which stands behind it: recorded only where they opt out.
    Words(Box<Fact>),
}

/// What an item says.
#[derive(Debug)]
pub struct Fact {
    /// Its name for the ledger; equal for a redelivery.
    pub event_id: EventId,
    /// When the person acted; none: nobody knows, so it counts from when it is recorded.
    pub occurred_at: Option<Time>,
    /// What happened.
    pub what: What,
    /// The item itself, should the ledger refuse it.
    pub item: Item,
}

impl Fact {
    /// The record of it in `account`, and the item it came from.
    #[must_use]
    pub fn into_record(self, account: Account) -> (Record, Item) {
        let Self { event_id, occurred_at, what, item } = self;
        (Record { account, actor: Actor::PROVIDER, event_id: Some(event_id), occurred_at, what }, item)
    }
}

/// An item that cannot be placed.
#[derive(Debug)]
pub struct Unplaced {
    /// Why.
    pub reason: String,
    /// The item itself.
    pub item: Item,
}

/// One item as it came, in a body of its own: what is needed to read it again, and nothing of its neighbours.
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    /// The change's `field`; empty where the body has none.
    pub field: String,
    /// A webhook body that holds this one item; the raw bytes where they are not JSON.
    pub payload: Vec<u8>,
}

/// Never shows the payload: it is somebody's message.
impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Item({:?}, {} bytes)", self.field, self.payload.len())
    }
}

/// Why an item cannot be placed. Names what the provider sent only where it is a word of its format, never a value.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unplaceable {
    /// The body is not JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// The body is another product's.
    #[error("the body's object is not whatsapp_business_account")]
    OtherObject,
    /// Something is not there.
    #[error("{what} is missing")]
    Missing {
        /// Its name.
        what: &'static str,
    },
    /// Something has another shape.
    #[error("{what} is not {expected}")]
    Shape {
        /// Its name.
        what: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A field that this version does not know.
    #[error("field {field:?} is not known")]
    UnknownField {
        /// Its name.
        field: String,
    },
    /// A word that this version does not know.
    #[error("{what} {word:?} is not known")]
    UnknownWord {
        /// What the word should name.
        what: &'static str,
        /// The word, cut to 64 characters.
        word: String,
    },
    /// Nothing known in it.
    #[error("there is nothing in it that is known")]
    NothingKnown,
    /// `metadata.phone_number_id` is missing or malformed.
    #[error("the sender cannot be read: metadata.phone_number_id is missing or malformed")]
    Sender,
    /// Nobody is named.
    #[error("the contact is missing")]
    NoContact,
    /// Somebody is named in a way that is no identifier.
    #[error("the contact cannot be read: {error}")]
    Contact {
        /// Why.
        error: IdentifierError,
    },
    /// What would open a window, and does not show that the person did it.
    #[error("nothing in it shows that the person did it")]
    NotTheirs,
    /// No time.
    #[error("the time is not seconds since 1970")]
    Time,
    /// A message of before that is neither from us nor from the one it was written with.
    #[error("the message of before is neither ours nor of the person it was written with")]
    NeitherSide,
    /// Not what a template is found by.
    #[error("the template cannot be found: {error}")]
    Template {
        /// Why.
        error: TemplateKeyError,
    },
    /// A template as it was before, which is not told.
    #[error("the template is no longer archived, but its status is not told: name it with `consent-ledger template change`")]
    Unarchived,
    /// A number that is flagged no longer.
    #[error("the number is no longer flagged, but its rating is not told: name it with `consent-ledger sender rate`")]
    Unflagged,
    /// A sender by its display number.
    #[error("the sender is named by its display number, not its phone_number_id: rate it with `consent-ledger sender rate`")]
    DisplayNumber,
    /// A text that no message has.
    #[error("{what} has more than {limit} bytes")]
    TooLong {
        /// Its name.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A failed status whose errors have no code.
    #[error("a failed status without a numeric error code")]
    NoErrorCode,
    /// A failed message to a group.
    #[error("a failed message to a group: no single contact")]
    GroupFailed,
    /// A move that ends where it began.
    #[error("the contact moved to the identifier it had")]
    MovedNowhere,
}

impl Unplaceable {
    /// A word that is not known.
    #[must_use]
    pub fn word(what: &'static str, word: &str) -> Self {
        Self::UnknownWord { what, word: cut(word) }
    }

    /// A field that is not known.
    #[must_use]
    pub fn field(field: &str) -> Self {
        Self::UnknownField { field: cut(field) }
    }
}

fn cut(word: &str) -> String {
    word.chars().take(64).collect()
}
