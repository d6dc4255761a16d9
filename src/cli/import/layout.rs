//! How well-known lists are laid out: which columns say what. A layout takes what is about WhatsApp or says nothing of a channel; what
//! is about another channel it leaves, by name.

use super::field::Field;
use crate::cli::lists::key;

/// A known layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// Our own, and what other systems call the same things.
    Generic,
    /// `HubSpot`: contact exports, and subscription statuses of its API.
    Hubspot,
    /// Salesforce: consent objects and messaging users, as Data Loader or a report exports them.
    Salesforce,
}

type Columns = &'static [(Field, &'static [&'static str])];

const GENERIC: Columns = &[
    (Field::Contact, &["contact", "phone", "phone_number", "whatsapp", "whatsapp_number", "user_id"]),
    (Field::Channel, &["channel"]),
    (Field::Action, &["action"]),
    (Field::OptedOut, &["opted_out"]),
    (Field::Categories, &["categories", "category"]),
    (Field::Sender, &["sender", "phone_number_id"]),
    (Field::Method, &["method"]),
    (Field::OccurredAt, &["occurred_at"]),
    (Field::StartsAt, &["starts_at"]),
    (Field::ExpiresAt, &["expires_at"]),
    (Field::EventId, &["event_id"]),
    (Field::EvidenceText, &["evidence_text"]),
    (Field::EvidenceTextVersion, &["evidence_text_version"]),
    (Field::EvidenceLocale, &["evidence_locale"]),
    (Field::EvidenceUrl, &["evidence_url"]),
    (Field::EvidenceIp, &["evidence_ip", "evidence_ip_address"]),
    (Field::EvidenceUserAgent, &["evidence_user_agent"]),
];

const HUBSPOT: Columns = &[
    (
        Field::Contact,
        &[
            "WhatsApp Phone Number",
            "hs_whatsapp_phone_number",
            "properties.hs_whatsapp_phone_number",
            "subscriberIdString",
            "Mobile Phone Number",
            "mobilephone",
            "properties.mobilephone",
            "Phone Number",
            "phone",
            "properties.phone",
        ],
    ),
    (Field::Channel, &["channel"]),
    (Field::Action, &["status"]),
    (Field::OccurredAt, &["timestamp"]),
    (Field::EvidenceText, &["legalBasisExplanation"]),
];

const SALESFORCE: Columns = &[
    (
        Field::Contact,
        &["MessagingPlatformKey", "Messaging Platform Key", "MobilePhone", "Mobile", "Mobile Phone", "TelephoneNumber", "Telephone Number"],
    ),
    (
        Field::Channel,
        &["EngagementChannelType.Name", "Engagement Channel Type: Name", "Engagement Channel Type", "MessageType", "Message Type"],
    ),
    (Field::Action, &["PrivacyConsentStatus", "Privacy Consent Status", "MessagingConsentStatus", "Messaging Consent Status"]),
    (Field::OccurredAt, &["CaptureDate", "Capture Date"]),
    (Field::StartsAt, &["EffectiveFrom", "Effective From"]),
    (Field::ExpiresAt, &["EffectiveTo", "Effective To"]),
];

impl Layout {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Generic, Self::Hubspot, Self::Salesforce];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Hubspot => "hubspot",
            Self::Salesforce => "salesforce",
        }
    }

    /// The layout with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.as_str().eq_ignore_ascii_case(name.trim()))
    }

    /// The columns that it takes for a field, the first that is there before the others.
    #[must_use]
    pub fn columns(self, field: Field) -> &'static [&'static str] {
        let columns = match self {
            Self::Generic => GENERIC,
            Self::Hubspot => HUBSPOT,
            Self::Salesforce => SALESFORCE,
        };
        columns.iter().find(|(known, _)| *known == field).map(|(_, names)| *names).unwrap_or_default()
    }

    /// Whether its own column for opt-ins and opt-outs covers other channels too, so that another column must say which.
    #[must_use]
    pub const fn is_of_many_channels(self) -> bool {
        match self {
            Self::Generic => false,
            Self::Hubspot | Self::Salesforce => true,
        }
    }

    /// What to do where it has no column for a field that every row needs.
    #[must_use]
    pub const fn advice(self, field: Field) -> &'static str {
        match (self, field) {
            (Self::Hubspot, Field::Action) => {
                "HubSpot's contact export holds no choice about WhatsApp: name the property that you keep it in, as in --map 'action=WhatsApp consent'"
            }
            (Self::Hubspot, Field::OccurredAt) => {
                "name the property that holds when the person chose, as in --map 'occurred_at=WhatsApp consent date'; when a record was created or changed is another time"
            }
            (Self::Salesforce, Field::OccurredAt) => {
                "messaging users do not hold when the person chose: name a column that does, as in --map occurred_at=Consent_Date__c"
            }
            (_, Field::Channel) => {
                "its consents are about e-mail and calls too: export the column that says which, or, where all of them are about WhatsApp, say --map channel==whatsapp"
            }
            (_, Field::Contact) => "as in --map 'contact=Mobile Phone Number'",
            (_, Field::Action) => "as in --map 'action=WhatsApp consent', or --map action==opt_out where every row is one",
            _ => "as in --map 'occurred_at=Consent date'; every row of an import has the time at which the person acted",
        }
    }
}

/// Why a column is not about WhatsApp although it is about consent; none where it may be, or is about something else.
#[must_use]
pub fn foreign(column: &str) -> Option<&'static str> {
    let column: String = key(column).chars().filter(|sign| sign.is_alphanumeric()).collect();
    let about = |channel: &str| column.contains(channel) && ["opt", "consent", "subscri"].iter().any(|word| column.contains(word));
    if column.contains("whatsapp") {
        None
    } else if about("email") {
        Some("a choice about e-mail says nothing about WhatsApp")
    } else if about("sms") {
        Some("a choice about SMS says nothing about WhatsApp")
    } else if about("fax") || column.contains("donotcall") {
        Some("a choice about calls or faxes says nothing about WhatsApp")
    } else if column.contains("marketingcontactstatus") || column.contains("hsmarketablestatus") {
        Some("it says whom the CRM counts for billing, not what the person chose")
    } else if column.contains("legalbasis") && !column.contains("explanation") {
        Some("a legal basis is no act of the person")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_another_channel_is_told() {
        for column in [
            "Opted out of email: Newsletter",
            "hs_email_optout_17312015",
            "HasOptedOutOfEmail",
            "Unsubscribed from all email",
            "Email Opt Out",
            "SMS consent",
            "DoNotCall",
            "Do Not Call",
            "HasOptedOutOfFax",
            "Marketing contact status",
            "hs_legal_basis",
            "Legal basis for processing contact's data",
        ] {
            assert!(foreign(column).is_some(), "{column}");
        }
        for column in [
            "WhatsApp opt-in",
            "WhatsApp and e-mail consent",
            "Email",
            "action",
            "PrivacyConsentStatus",
            "legalBasisExplanation",
            "First name",
        ] {
            assert_eq!(foreign(column), None, "{column}");
        }
    }

    #[test]
    fn no_layout_takes_what_is_about_another_channel() {
        for layout in Layout::ALL {
            let taken = Field::ALL.into_iter().flat_map(|field| layout.columns(field));
            assert!(taken.into_iter().all(|column| foreign(column).is_none()));
            assert!(!layout.columns(Field::Contact).is_empty() && !layout.columns(Field::Action).is_empty());
        }
    }
}
