//! The steps of a scenario as they are written. Words are read where a step is played: one that a service would
//! refuse must be able to stand in a scenario that expects the refusal.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::business::{DeclareSender, Lift, Quality, Restriction, Template};
use crate::consent::choice::PolicyChoice;
use crate::consent::time::Time;

/// What a step does: one variant a step name.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A contact opts in.
    OptIn(OptIn),
    /// A contact opts out.
    OptOut(OptOut),
    /// A contact writes, calls or presses a button.
    Inbound(Inbound),
    /// A contact tells the platform whether it wants marketing.
    PlatformPreference(Preference),
    /// The platform refuses a message.
    SendFailed(SendFailed),
    /// Two identifiers are one contact.
    Link(Link),
    /// A contact moves to another phone number.
    NumberChanged(Change),
    /// The platform rotates a user ID.
    UserIdChanged(Change),
    /// The identity key of a device changes.
    IdentityChanged(AtSender),
    /// A contact is erased.
    Erase(Erase),
    /// A business says what one of its senders is.
    DeclareSender(DeclareSender),
    /// The platform rates a sender.
    Quality(Quality),
    /// The platform restricts a sender or an account.
    Restriction(Restriction),
    /// Restrictions of a sender or of an account are over.
    Lift(Lift),
    /// A template is registered.
    Template(Template),
    /// An account adopts a policy.
    Policy(PolicyChoice),
    /// The one confirmation after an opt-out was sent.
    ConfirmationSent(AtSender),
    /// A provider's webhook body arrives.
    Webhook(Webhook),
    /// Rows of another system's list.
    Import(Import),
    /// May this sender write to this contact?
    Check(Check),
    /// How does this sender stand?
    Standing(Standing),
    /// What is recorded of this contact?
    History(History),
    /// Does the chain hold?
    Verify(Verify),
}

impl Action {
    /// Whether it writes to the ledger.
    #[must_use]
    pub const fn records(&self) -> bool {
        !matches!(self, Self::Check(_) | Self::Standing(_) | Self::History(_) | Self::Verify(_))
    }

    /// Whether it can happen at a time of its own, `at`.
    #[must_use]
    pub const fn has_time(&self) -> bool {
        !matches!(self, Self::Webhook(_) | Self::Import(_) | Self::History(_) | Self::Verify(_))
    }
}

/// `opt_in`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptIn {
    /// Who.
    pub contact: String,
    /// For this sender; absent: for all.
    pub sender: Option<String>,
    /// For these categories, or `all`.
    #[serde(default, deserialize_with = "one_or_many")]
    pub categories: Vec<String>,
    /// How it was captured; absent: `other`.
    pub method: Option<String>,
    /// What proves it.
    #[serde(default)]
    pub evidence: Map<String, Value>,
    /// Until then; absent: for good.
    #[serde(default, deserialize_with = "maybe_word")]
    pub expires_at: Option<Time>,
    /// When; only in rows of an import, other steps have it beside them.
    #[serde(default, deserialize_with = "maybe_word")]
    pub at: Option<Time>,
}

/// `opt_out`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptOut {
    /// Who.
    pub contact: String,
    /// For this sender; absent: for all.
    pub sender: Option<String>,
    /// For these categories; absent: for all.
    #[serde(default, deserialize_with = "maybe_one_or_many")]
    pub categories: Option<Vec<String>>,
    /// How it was captured; absent: `other`.
    pub method: Option<String>,
    /// What proves it.
    #[serde(default)]
    pub evidence: Map<String, Value>,
    /// When; only in rows of an import.
    #[serde(default, deserialize_with = "maybe_word")]
    pub at: Option<Time>,
}

/// `inbound`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbound {
    /// Who: one identifier, or a list of those seen in one provider message.
    #[serde(deserialize_with = "one_or_many")]
    pub contact: Vec<String>,
    /// The sender that received it.
    pub sender: String,
    /// What came in; absent: `text`.
    pub kind: Option<String>,
    /// Its body or caption, or the button's text.
    pub text: Option<String>,
    /// The button's payload.
    pub payload: Option<String>,
}

/// `platform_preference`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preference {
    /// Who.
    #[serde(deserialize_with = "one_or_many")]
    pub contact: Vec<String>,
    /// The sender it was told for.
    pub sender: String,
    /// `stop`, `resume` or `signup`.
    pub value: String,
}

/// `send_failed`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendFailed {
    /// Who it was for.
    #[serde(deserialize_with = "one_or_many")]
    pub contact: Vec<String>,
    /// The sender that tried.
    pub sender: String,
    /// The platform's error code.
    pub code: u32,
}

/// `link`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The two identifiers.
    pub contacts: [String; 2],
}

/// `number_changed`, `user_id_changed`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// From this identifier.
    pub from: String,
    /// To this one.
    pub to: String,
}

/// `identity_changed`, `confirmation_sent`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtSender {
    /// Who.
    pub contact: String,
    /// The sender.
    pub sender: String,
}

/// `erase`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erase {
    /// Who.
    pub contact: String,
    /// Whether a suppression token stays; absent: yes.
    pub keep_suppression: Option<bool>,
}

/// `webhook`: exactly one of the two.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The provider's JSON as a map.
    pub body: Option<Value>,
    /// A file next to the scenario file.
    pub file: Option<String>,
    /// What is sent; filled in when the file is read.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// `import`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// The rows.
    pub rows: Vec<Row>,
    /// Report effects and write nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// A row of an import.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Row {
    /// An opt-in.
    OptIn(OptIn),
    /// An opt-out.
    OptOut(OptOut),
}

impl Row {
    /// When it happened.
    #[must_use]
    pub const fn at(&self) -> Option<Time> {
        match self {
            Self::OptIn(row) => row.at,
            Self::OptOut(row) => row.at,
        }
    }
}

/// `check`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The recipient.
    pub contact: String,
    /// The sender.
    pub sender: String,
    /// A category or `opt_out_confirmation`; absent: anything.
    pub category: Option<String>,
    /// The template to be sent.
    pub template: Option<CheckTemplate>,
    /// What was known then.
    #[serde(default, deserialize_with = "maybe_word")]
    pub known_at: Option<Time>,
}

/// The template of a `check`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckTemplate {
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// How many parameters the caller has.
    #[serde(default)]
    pub parameters: u32,
}

/// `standing`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The sender.
    pub sender: String,
}

/// `history`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Whose.
    pub contact: String,
}

/// `verify`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verify {}

/// A word of some closed list, or a time.
pub(super) fn word<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

/// The same where it may be absent.
pub(super) fn maybe_word<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    word(from).map(Some)
}

/// A list, or one that stands without brackets.
fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    match Value::deserialize(from)? {
        Value::String(one) => Ok(vec![one]),
        other => inner(other).map_err(D::Error::custom),
    }
}

fn maybe_one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    one_or_many(from).map(Some)
}

fn inner<T: DeserializeOwned>(value: Value) -> Result<T, serde_json::Error> {
    serde_json::from_value(value)
}
