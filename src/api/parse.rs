//! From a request's fields to domain types, once: below this, nothing is checked again.
//!
//! Every violation is collected, not just the first; of many the first are told and the rest is counted:
//!
//! ```text
//! let mut fields = Fields::of(&caller);                              account and sender are held against the caller
//! let account = fields.account("account", &request.account);
//! let contact = fields.contact("contact", &request.contact);
//! fields.finish(|| Some((account?, contact?)))      every value, or INVALID_ARGUMENT with all that was wrong
//! ```

use std::str::FromStr;

use prost::Message;
use prost_types::Timestamp;
use tonic::Status;

use super::access::Caller;
use super::access::bounds::Held;
use super::status::{self, Violation, Violations};
use crate::consent::account::Known;
use crate::consent::identifier::{Identifier, IdentifierError};
use crate::consent::time::{CLOCK_TOLERANCE_MICROS, Time};
use crate::consent::words::{Categories, Category, InboundKind, Method, NameError, Seq};
use crate::ledger::writing::event_id::{EVENT_ID_MAX_BYTES, EventId};
use crate::ledger::writing::record::{EVIDENCE_MAX_BYTES, Evidence, TEXT_MAX_BYTES};
use crate::proto::{self, ErrorReason};

/// The longest provider's message id, in bytes.
pub const MESSAGE_ID_MAX_BYTES: usize = 512;

/// The most identifiers that one provider message shows: a phone number, user IDs of the business and its parent, one spare.
pub const MESSAGE_CONTACTS_MAX: usize = 4;

/// The first second of the year 10000: RFC 3339 ends before it.
const YEAR_10000: i64 = 253_402_300_800;

/// What was wrong with a request's fields so far.
#[derive(Debug)]
pub struct Fields<'a> {
    pub(super) caller: &'a Caller,
    pub(super) held: Held,
    violations: Violations,
}

impl<'a> Fields<'a> {
    /// The fields of a request of this caller.
    #[must_use]
    pub fn of(caller: &'a Caller) -> Self {
        Self { caller, held: Held::default(), violations: Violations::default() }
    }

    /// The values, where nothing was wrong.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` where the caller is bound to other accounts or senders, whatever else is wrong; `INVALID_ARGUMENT`
    /// with the violations.
    pub fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<T, Status> {
        if let Some(denied) = self.denied() {
            return Err(status::denied(&denied));
        }
        if self.violations.is_empty() { build().ok_or_else(|| status::invalid(&[])) } else { Err(self.violations.status()) }
    }

    /// Notes that a field is wrong.
    pub fn refuse(&mut self, field: impl Into<String>, reason: ErrorReason, message: impl Into<String>) {
        self.violations.add(field, reason, message);
    }

    /// A contact.
    pub fn contact(&mut self, field: &str, text: &str) -> Option<Identifier> {
        contact(field, text).map_err(|wrong| self.violations.add(wrong.field, wrong.reason, wrong.message)).ok()
    }

    /// The identifiers that one provider message showed: one to four, at most one of them a phone number.
    pub fn message_contacts(&mut self, field: &str, texts: &[String]) -> Vec<Identifier> {
        if texts.is_empty() {
            self.refuse(field, ErrorReason::ContactEmpty, "at least one contact is needed");
        }
        if texts.len() > MESSAGE_CONTACTS_MAX {
            self.refuse(
                field,
                ErrorReason::TooManyContacts,
                format!("{} contacts, at most {MESSAGE_CONTACTS_MAX} are allowed", texts.len()),
            );
            return Vec::new();
        }
        let mut contacts = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            if let Some(contact) = self.contact(&format!("{field}[{index}]"), text)
                && !contacts.contains(&contact)
            {
                contacts.push(contact);
            }
        }
        if contacts.iter().filter(|contact| matches!(contact, Identifier::Phone(_))).count() > 1 {
            self.refuse(field, ErrorReason::TooManyContacts, "two phone numbers in one message; at most one is allowed");
        }
        contacts
    }

    /// A category; unspecified is none.
    pub fn optional_category(&mut self, field: &str, number: i32) -> Option<Category> {
        if number == 0 { None } else { self.word(field, number, Category::from_number, ErrorReason::CategoryUnknown, "category") }
    }

    /// Categories, none of them unspecified; the list may be empty.
    pub fn categories(&mut self, field: &str, numbers: &[i32]) -> Categories {
        let mut categories = Categories::NONE;
        for (index, number) in numbers.iter().enumerate() {
            let field = format!("{field}[{index}]");
            if *number == 0 {
                self.refuse(field, ErrorReason::CategoryMissing, "the category is unspecified");
            } else if let Some(category) = self.word(&field, *number, Category::from_number, ErrorReason::CategoryUnknown, "category") {
                categories = categories.with(category);
            }
        }
        categories
    }

    /// Categories, at least one.
    pub fn some_categories(&mut self, field: &str, numbers: &[i32]) -> Categories {
        if numbers.is_empty() {
            self.refuse(field, ErrorReason::CategoryMissing, "at least one category is needed");
        }
        self.categories(field, numbers)
    }

    /// A method.
    pub fn method(&mut self, field: &str, number: i32) -> Option<Method> {
        if number == 0 {
            self.refuse(field, ErrorReason::MethodMissing, "the method is unspecified");
            return None;
        }
        self.word(field, number, Method::from_number, ErrorReason::MethodUnknown, "method")
    }

    /// What came in.
    pub fn kind(&mut self, field: &str, number: i32) -> Option<InboundKind> {
        if number == 0 {
            self.refuse(field, ErrorReason::KindMissing, "the kind is unspecified");
            return None;
        }
        self.word(field, number, InboundKind::from_number, ErrorReason::KindUnknown, "kind")
    }

    /// The caller's name for an event; empty is none.
    pub fn event_id(&mut self, field: &str, text: &str) -> Option<EventId> {
        if text.is_empty() {
            return None;
        }
        let message = format!("{} bytes, at most {EVENT_ID_MAX_BYTES} are allowed", text.len());
        text.parse().map_err(|_| self.refuse(field, ErrorReason::EventIdTooLong, message)).ok()
    }

    /// The provider's message id; empty is none.
    pub fn message_id(&mut self, field: &str, text: String) -> Option<String> {
        self.bounded(field, text, MESSAGE_ID_MAX_BYTES, ErrorReason::MessageIdTooLong)
    }

    /// A message's text; empty is none.
    pub fn text(&mut self, field: &str, text: String) -> Option<String> {
        self.bounded(field, text, TEXT_MAX_BYTES, ErrorReason::TextTooLong)
    }

    /// A time; absent is none.
    pub fn time(&mut self, field: &str, timestamp: Option<&Timestamp>) -> Option<Time> {
        let time = timestamp.map(time)?;
        if time.is_none() {
            self.refuse(field, ErrorReason::TimeOutOfRange, "not a time after 1970 and before the year 10000");
        }
        time
    }

    /// What the ledger knew then: `known_at` and `known_seq`; without both, everything.
    pub fn known(&mut self, at: Option<&Timestamp>, seq: u64) -> Known {
        Known { at: self.time("known_at", at), seq: (seq != 0).then(|| Seq::new(seq)) }
    }

    /// When the person acted; absent is none. `now` is the ledger's clock.
    pub fn occurred_at(&mut self, field: &str, timestamp: Option<&Timestamp>, now: Time) -> Option<Time> {
        let at = self.time(field, timestamp)?;
        if at > now.plus_micros(CLOCK_TOLERANCE_MICROS) {
            self.refuse(field, ErrorReason::OccurredAtInFuture, format!("{at} is more than 5 minutes ahead of the ledger's clock, {now}"));
        }
        Some(at)
    }

    /// When an opt-in ends, later than it began; absent is none.
    pub fn expires_at(&mut self, field: &str, timestamp: Option<&Timestamp>, occurred_at: Time) -> Option<Time> {
        let ends = self.time(field, timestamp)?;
        if ends <= occurred_at {
            self.refuse(field, ErrorReason::ExpiresAtNotLater, format!("{ends} is not later than occurred_at, {occurred_at}"));
        }
        Some(ends)
    }

    /// What proves an act; absent is none of it.
    pub fn evidence(&mut self, field: &str, evidence: Option<proto::Evidence>) -> Evidence {
        let evidence = evidence.unwrap_or_default();
        let bytes = evidence.encoded_len();
        if bytes > EVIDENCE_MAX_BYTES {
            self.refuse(field, ErrorReason::EvidenceTooLarge, format!("{bytes} bytes, at most {EVIDENCE_MAX_BYTES} are allowed"));
        }
        let ip_address = if evidence.ip_address.is_empty() { None } else { evidence.ip_address.parse().ok() };
        if ip_address.is_none() && !evidence.ip_address.is_empty() {
            self.refuse(format!("{field}.ip_address"), ErrorReason::EvidenceMalformed, "not an IPv4 or IPv6 address");
        }
        if !matches!(evidence.file_sha256.len(), 0 | 32) {
            self.refuse(format!("{field}.file_sha256"), ErrorReason::EvidenceMalformed, "not 32 bytes");
        }
        Evidence {
            text: evidence.text,
            text_version: evidence.text_version,
            locale: evidence.locale,
            url: evidence.url,
            ip_address,
            user_agent: evidence.user_agent,
            file_name: evidence.file_name,
            file_line: evidence.file_line,
            file_sha256: evidence.file_sha256,
            other: evidence.other.into_iter().map(|field| (field.name, field.value)).collect(),
        }
    }

    /// How many to hand out: `default` where nothing was asked for.
    pub fn page_size(&mut self, field: &str, asked: u32, default: usize, most: usize) -> usize {
        let size = usize::try_from(asked).unwrap_or(usize::MAX);
        if size > most {
            self.refuse(field, ErrorReason::PageSizeTooLarge, format!("{asked}, at most {most} are allowed"));
        }
        if size == 0 { default } else { size }
    }

    pub(super) fn name<T: FromStr<Err = NameError>>(
        &mut self,
        field: &str,
        text: &str,
        empty: ErrorReason,
        malformed: ErrorReason,
    ) -> Option<T> {
        let reason = |error: &NameError| match error {
            NameError::Empty { .. } => empty,
            NameError::Malformed { .. } => malformed,
        };
        text.parse().map_err(|error| self.refuse(field, reason(&error), error.to_string())).ok()
    }

    pub(super) fn word<T>(
        &mut self,
        field: &str,
        number: i32,
        from_number: fn(i32) -> Option<T>,
        reason: ErrorReason,
        what: &str,
    ) -> Option<T> {
        let word = from_number(number);
        if word.is_none() {
            self.refuse(field, reason, format!("{number} is no {what} that this server knows"));
        }
        word
    }

    fn bounded(&mut self, field: &str, text: String, most: usize, reason: ErrorReason) -> Option<String> {
        if text.len() > most {
            self.refuse(field, reason, format!("{} bytes, at most {most} are allowed", text.len()));
        }
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
impl Default for Fields<'static> {
    /// The fields of somebody who may do everything.
    fn default() -> Self {
        static LOCAL: Caller = Caller::local();
        Self::of(&LOCAL)
    }
}

/// Reads a contact.
///
/// # Errors
/// What is wrong with it, without showing it.
pub fn contact(field: &str, text: &str) -> Result<Identifier, Violation> {
    text.parse().map_err(|error: IdentifierError| {
        let reason = match error {
            IdentifierError::Empty => ErrorReason::ContactEmpty,
            IdentifierError::WithoutCountryCode | IdentifierError::NotAPhoneNumber | IdentifierError::NotAUserId => {
                ErrorReason::ContactMalformed
            }
        };
        Violation { field: field.into(), reason, message: error.to_string() }
    })
}

/// To the microsecond; what is finer is cut off.
fn time(timestamp: &Timestamp) -> Option<Time> {
    if !(0..YEAR_10000).contains(&timestamp.seconds) || !(0..1_000_000_000).contains(&timestamp.nanos) {
        return None;
    }
    let micros = timestamp.seconds * 1_000_000 + i64::from(timestamp.nanos / 1_000);
    (micros > 0).then(|| Time::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt;

    const NOW: Time = Time::from_micros(1_772_000_000_000_000);

    fn reasons(fields: Fields) -> Vec<(String, String)> {
        let status = fields.finish(|| Some(())).unwrap_err();
        let details = status.get_error_details();
        details.bad_request().unwrap().field_violations.iter().map(|v| (v.field.clone(), v.reason.clone())).collect()
    }

    #[test]
    fn every_bad_field_is_named_in_its_order() {
        let mut fields = Fields::default();
        fields.contact("contact", " ");
        fields.some_categories("categories", &[1, 0, 99]);
        fields.method("method", 0);
        fields.event_id("event_id", &"x".repeat(129));
        fields.evidence(
            "evidence",
            Some(proto::Evidence { text: "x".repeat(16 * 1024), ip_address: "nowhere".into(), ..Default::default() }),
        );
        let expected = [
            ("contact", "CONTACT_EMPTY"),
            ("categories[1]", "CATEGORY_MISSING"),
            ("categories[2]", "CATEGORY_UNKNOWN"),
            ("method", "METHOD_MISSING"),
            ("event_id", "EVENT_ID_TOO_LONG"),
            ("evidence", "EVIDENCE_TOO_LARGE"),
            ("evidence.ip_address", "EVIDENCE_MALFORMED"),
        ];
        assert_eq!(reasons(fields), expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
    }

    #[test]
    fn a_malformed_contact_is_not_repeated_in_the_error() {
        let mut fields = Fields::default();
        fields.contact("contact", "447911000001");
        let status = fields.finish(|| Some(())).unwrap_err();
        assert!(!status.message().contains("447911000001"));
        assert_eq!(status.get_error_details().error_info().unwrap().reason, "CONTACT_MALFORMED");
    }

    #[test]
    fn five_minutes_ahead_is_let_through_and_a_microsecond_more_is_not() {
        let at = |micros: i64| Timestamp {
            seconds: micros.div_euclid(1_000_000),
            nanos: i32::try_from(micros.rem_euclid(1_000_000)).unwrap() * 1_000,
        };
        let limit = NOW.micros() + CLOCK_TOLERANCE_MICROS;
        let mut fields = Fields::default();
        assert_eq!(fields.occurred_at("occurred_at", Some(&at(limit)), NOW), Some(Time::from_micros(limit)));
        assert!(fields.violations.is_empty());
        fields.occurred_at("occurred_at", Some(&at(limit + 1)), NOW);
        assert_eq!(reasons(fields), [("occurred_at".to_owned(), "OCCURRED_AT_IN_FUTURE".to_owned())]);
    }

    #[test]
    fn a_time_is_after_1970_and_whole() {
        for (seconds, nanos) in [(0, 0), (-1, 0), (YEAR_10000, 0), (1, -1), (1, 1_000_000_000), (0, 999)] {
            let mut fields = Fields::default();
            assert_eq!(fields.time("at", Some(&Timestamp { seconds, nanos })), None);
            assert_eq!(reasons(fields), [("at".to_owned(), "TIME_OUT_OF_RANGE".to_owned())]);
        }
        assert_eq!(time(&Timestamp { seconds: 1, nanos: 1_999 }), Some(Time::from_micros(1_000_001)));
    }

    #[test]
    fn an_opt_in_ends_after_it_began() {
        let mut fields = Fields::default();
        fields.expires_at("expires_at", Some(&Timestamp { seconds: NOW.micros() / 1_000_000, nanos: 0 }), NOW);
        assert_eq!(reasons(fields), [("expires_at".to_owned(), "EXPIRES_AT_NOT_LATER".to_owned())]);
    }

    #[test]
    fn one_message_shows_one_phone_number_and_the_same_contact_once() {
        let mut fields = Fields::default();
        let contacts = ["+447400123456", "US.13491208655302741918", "+44 7400 123456"].map(str::to_owned);
        assert_eq!(fields.message_contacts("contacts", &contacts).len(), 2);
        assert!(fields.violations.is_empty());
        fields.message_contacts("contacts", &["+447400123456", "+447400123457"].map(str::to_owned));
        assert_eq!(reasons(fields), [("contacts".to_owned(), "TOO_MANY_CONTACTS".to_owned())]);
    }
}
