//! The caller's own name for an event.

/// The longest event id, in bytes.
pub const EVENT_ID_MAX_BYTES: usize = 128;

/// The caller's own name for an event, unique in its account: 1 to 128 bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EventId(Box<str>);

impl EventId {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Never shows it: an event id may hold a message id, which holds a phone number.
impl std::fmt::Debug for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EventId(…)")
    }
}

impl std::str::FromStr for EventId {
    type Err = EventIdError;
    fn from_str(text: &str) -> Result<Self, EventIdError> {
        if text.is_empty() {
            return Err(EventIdError::Empty);
        }
        if text.len() > EVENT_ID_MAX_BYTES {
            return Err(EventIdError::TooLong { bytes: text.len() });
        }
        Ok(Self(text.into()))
    }
}

/// Not an event id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EventIdError {
    /// Nothing was given.
    #[error("the event id is empty")]
    Empty,
    /// Over the limit.
    #[error("the event id has {bytes} bytes, at most {EVENT_ID_MAX_BYTES} are allowed")]
    TooLong {
        /// How many it has.
        bytes: usize,
    },
}
