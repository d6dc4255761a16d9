//! What a row of an import can say, by name: what stands on the left of `--map FIELD=COLUMN`.

use crate::consent::nearest::nearest;

/// Something that a row says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// Who: a phone number or a user ID.
    Contact,
    /// The channel that the choice is about; only WhatsApp is taken.
    Channel,
    /// Opt-in or opt-out.
    Action,
    /// A box that is ticked where the person opted out.
    OptedOut,
    /// For which categories.
    Categories,
    /// For which sender.
    Sender,
    /// How it was captured.
    Method,
    /// When the person acted.
    OccurredAt,
    /// When it is to begin.
    StartsAt,
    /// When it ends.
    ExpiresAt,
    /// The file's own name for the event.
    EventId,
    /// The text that was agreed to.
    EvidenceText,
    /// Its version.
    EvidenceTextVersion,
    /// Its language.
    EvidenceLocale,
    /// The page or form.
    EvidenceUrl,
    /// The address it came from.
    EvidenceIp,
    /// The browser or app.
    EvidenceUserAgent,
    /// Any other piece of evidence, which `--map` names.
    EvidenceOther,
}

/// How many fields there are that a file can have once.
pub const SINGLE: usize = 17;

impl Field {
    /// All that a file can have once, in the order of their places.
    pub const ALL: [Self; SINGLE] = [
        Self::Contact,
        Self::Channel,
        Self::Action,
        Self::OptedOut,
        Self::Categories,
        Self::Sender,
        Self::Method,
        Self::OccurredAt,
        Self::StartsAt,
        Self::ExpiresAt,
        Self::EventId,
        Self::EvidenceText,
        Self::EvidenceTextVersion,
        Self::EvidenceLocale,
        Self::EvidenceUrl,
        Self::EvidenceIp,
        Self::EvidenceUserAgent,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Channel => "channel",
            Self::Action => "action",
            Self::OptedOut => "opted_out",
            Self::Categories => "categories",
            Self::Sender => "sender",
            Self::Method => "method",
            Self::OccurredAt => "occurred_at",
            Self::StartsAt => "starts_at",
            Self::ExpiresAt => "expires_at",
            Self::EventId => "event_id",
            Self::EvidenceText => "evidence_text",
            Self::EvidenceTextVersion => "evidence_text_version",
            Self::EvidenceLocale => "evidence_locale",
            Self::EvidenceUrl => "evidence_url",
            Self::EvidenceIp => "evidence_ip",
            Self::EvidenceUserAgent => "evidence_user_agent",
            Self::EvidenceOther => "evidence_other",
        }
    }

    /// Its place among those that a file can have once.
    #[must_use]
    pub const fn place(self) -> usize {
        self as usize
    }

    /// The field with this name; else the one that was most likely meant.
    ///
    /// # Errors
    /// Where there is none.
    pub fn named(name: &str) -> Result<Self, Option<&'static str>> {
        let wanted = name.trim().replace('-', "_");
        let found = Self::ALL.into_iter().find(|field| field.as_str().eq_ignore_ascii_case(&wanted));
        found.ok_or_else(|| nearest(&wanted, Self::ALL.map(Self::as_str)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_stands_in_its_place_and_is_found_by_its_name() {
        for (place, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field.place(), place);
            assert_eq!(Field::named(&field.as_str().to_uppercase().replace('_', "-")), Ok(field));
        }
    }

    #[test]
    fn a_name_that_is_no_field_finds_the_nearest() {
        assert_eq!(Field::named("ocurred_at"), Err(Some("occurred_at")));
        assert_eq!(Field::named("category"), Err(Some("categories")));
        assert_eq!(Field::named("shoe size"), Err(None));
    }
}
