//! Why a row is refused: a reason for programs, the field, words for people. Never what a cell holds: a cell in the wrong
//! column may be a phone number.

use std::borrow::Cow;

use super::field::Field;
use crate::api::status::spelling;
use crate::cli::phone::PhoneError;
use crate::proto::{ErrorReason, ItemError};

/// What is wrong with a row before it is sent, but for its contact ([`PhoneError`]). Where the server has a word for it, it is the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// More or fewer cells than the header has columns.
    CellsDiffer,
    /// Longer than a row may be.
    RowTooLong,
    /// Not text in the file's encoding, or with a NUL byte in it.
    NotText,
    /// Not a JSON object.
    NotAnObject,
    /// Of another channel than WhatsApp.
    OtherChannel,
    /// Not a word that stands for an opt-in or an opt-out.
    ActionUnknown,
    /// The row says neither yes nor no.
    NoAct,
    /// An opt-in that names no category.
    CategoryMissing,
    /// Not a category.
    CategoryUnknown,
    /// Not a `phone_number_id`.
    SenderMalformed,
    /// Not a method.
    MethodUnknown,
    /// No time.
    OccurredAtMissing,
    /// Not a time in a form that is read.
    TimeMalformed,
    /// Day and month cannot be told apart.
    TimeAmbiguous,
    /// A local time, and nobody said where.
    TimeWithoutZone,
    /// A local time that clocks skipped.
    TimeNotOnClocks,
    /// It ends before it begins.
    ExpiresAtNotLater,
    /// It is to begin after it was given.
    StartsLater,
    /// Longer than 128 bytes.
    EventIdTooLong,
    /// Not an address.
    EvidenceMalformed,
    /// More than 16 KiB.
    EvidenceTooLarge,
}

impl Reason {
    /// Its spelling in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CellsDiffer => "CELLS_DIFFER",
            Self::RowTooLong => "ROW_TOO_LONG",
            Self::NotText => "NOT_TEXT",
            Self::NotAnObject => "NOT_AN_OBJECT",
            Self::OtherChannel => "OTHER_CHANNEL",
            Self::ActionUnknown => "ACTION_UNKNOWN",
            Self::NoAct => "NO_ACT",
            Self::CategoryMissing => "CATEGORY_MISSING",
            Self::CategoryUnknown => "CATEGORY_UNKNOWN",
            Self::SenderMalformed => "SENDER_MALFORMED",
            Self::MethodUnknown => "METHOD_UNKNOWN",
            Self::OccurredAtMissing => "OCCURRED_AT_MISSING",
            Self::TimeMalformed => "TIME_MALFORMED",
            Self::TimeAmbiguous => "TIME_AMBIGUOUS",
            Self::TimeWithoutZone => "TIME_WITHOUT_ZONE",
            Self::TimeNotOnClocks => "TIME_NOT_ON_CLOCKS",
            Self::ExpiresAtNotLater => "EXPIRES_AT_NOT_LATER",
            Self::StartsLater => "STARTS_LATER",
            Self::EventIdTooLong => "EVENT_ID_TOO_LONG",
            Self::EvidenceMalformed => "EVIDENCE_MALFORMED",
            Self::EvidenceTooLarge => "EVIDENCE_TOO_LARGE",
        }
    }
}

/// Why a row was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// For programs.
    pub reason: Cow<'static, str>,
    /// The field at fault; empty where it is the row.
    pub field: Cow<'static, str>,
    /// For people.
    pub message: Cow<'static, str>,
}

impl Refused {
    /// A field of the row is at fault.
    pub fn field(field: Field, reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: reason.as_str().into(), field: field.as_str().into(), message: message.into() }
    }

    /// The row as a whole is at fault.
    pub fn row(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: reason.as_str().into(), field: "".into(), message: message.into() }
    }

    /// What the server refused.
    #[must_use]
    pub fn by_server(error: ItemError) -> Self {
        let reason =
            ErrorReason::try_from(error.reason).map_or_else(|_| format!("REASON_{}", error.reason).into(), |known| spelling(known).into());
        Self { reason, field: error.field.into(), message: error.message.into() }
    }
}

/// The contact is at fault.
impl From<PhoneError> for Refused {
    fn from(error: PhoneError) -> Self {
        Self { reason: error.code().into(), field: Field::Contact.as_str().into(), message: error.to_string().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Reason; 21] = [
        Reason::CellsDiffer,
        Reason::RowTooLong,
        Reason::NotText,
        Reason::NotAnObject,
        Reason::OtherChannel,
        Reason::ActionUnknown,
        Reason::NoAct,
        Reason::CategoryMissing,
        Reason::CategoryUnknown,
        Reason::SenderMalformed,
        Reason::MethodUnknown,
        Reason::OccurredAtMissing,
        Reason::TimeMalformed,
        Reason::TimeAmbiguous,
        Reason::TimeWithoutZone,
        Reason::TimeNotOnClocks,
        Reason::ExpiresAtNotLater,
        Reason::StartsLater,
        Reason::EventIdTooLong,
        Reason::EvidenceMalformed,
        Reason::EvidenceTooLarge,
    ];

    #[test]
    fn the_page_names_every_reason() {
        let page = include_str!("../../../docs/imports.md");
        for (place, reason) in ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place, "listed in its place");
            assert!(page.contains(&format!("`{}`", reason.as_str())), "docs/imports.md does not name {}", reason.as_str());
        }
    }
}
