//! The words that questions, facts and answers share: categories, methods, kinds, senders, permissions, reasons.

use std::fmt;

use super::nearest::nearest;

/// A closed list of words: the enum, its spelling for people, its number in the stored bytes, and the way back.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident = $number:literal $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant = $number),+ }

        impl $name {
            /// All of them, ascending by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its number in the stored bytes; never changes.
            #[must_use]
            pub const fn number(self) -> u8 { self as u8 }

            /// The word with this number.
            #[must_use]
            pub const fn from_number(number: i32) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }

            /// Its spelling.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(self.as_str()) }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::consent::words::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let wanted = text.trim().replace('-', "_");
                Self::ALL.iter().copied()
                    .find(|word| word.as_str().eq_ignore_ascii_case(&wanted))
                    .ok_or_else(|| $crate::consent::words::UnknownWord {
                        what: $what,
                        given: text.to_owned(),
                        known: Self::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", "),
                    })
            }
        }
    };
}

pub(super) use words;

/// A word that is not on its list.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{given:?} is no {what};{} known are {known}", self.meant())]
pub struct UnknownWord {
    pub(super) what: &'static str,
    pub(super) given: String,
    pub(super) known: String,
}

impl UnknownWord {
    /// A question to whoever wrote it, where a word on the list is near.
    fn meant(&self) -> String {
        nearest(&self.given, self.known.split(", ")).map(|word| format!(" did you mean {word}?")).unwrap_or_default()
    }
}

words! {
    /// What a message is for.
    Category, "category" {
        /// Offers, announcements, invitations.
        Marketing = 1 "marketing",
        /// About an order, an appointment, an account.
        Utility = 2 "utility",
        /// One-time codes.
        Authentication = 3 "authentication",
        /// Free-form conversation within the customer service window.
        Service = 4 "service",
    }
}

impl Category {
    /// The categories that templates have.
    pub const TEMPLATE: [Self; 3] = [Self::Marketing, Self::Utility, Self::Authentication];

    /// Its place in an array of four.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize - 1
    }
}

/// A set of categories.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Categories(u8);

impl Categories {
    /// No category.
    pub const NONE: Self = Self(0);
    /// All four.
    pub const ALL: Self = Self(0b1111);

    /// Whether `category` is in the set.
    #[must_use]
    pub const fn contains(self, category: Category) -> bool {
        self.0 & (1 << category.index()) != 0
    }

    /// The set with `category`.
    #[must_use]
    pub const fn with(self, category: Category) -> Self {
        Self(self.0 | (1 << category.index()))
    }

    /// Whether there is none in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its members, ascending.
    pub fn iter(self) -> impl Iterator<Item = Category> {
        Category::ALL.iter().copied().filter(move |category| self.contains(*category))
    }
}

impl FromIterator<Category> for Categories {
    fn from_iter<I: IntoIterator<Item = Category>>(categories: I) -> Self {
        categories.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Categories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

words! {
    /// How an opt-in or opt-out was captured.
    Method, "method" {
        /// A form or box on a web page.
        Website = 1 "website",
        /// A text message.
        Sms = 2 "sms",
        /// A keyword in a WhatsApp message.
        Keyword = 3 "keyword",
        /// Face to face.
        InPerson = 4 "in_person",
        /// A list from another system.
        Import = 5 "import",
        /// A WhatsApp conversation.
        Whatsapp = 6 "whatsapp",
        /// A phone call.
        PhoneCall = 7 "phone_call",
        /// Interactive voice response.
        Ivr = 8 "ivr",
        /// E-mail.
        Email = 9 "email",
        /// A paper form.
        Paper = 10 "paper",
        /// An app.
        App = 11 "app",
        /// A QR code.
        QrCode = 12 "qr_code",
        /// The platform's own sign-up.
        Platform = 13 "platform",
        /// A person of the business, on the contact's behalf.
        Agent = 14 "agent",
        /// None of these.
        Other = 15 "other",
    }
}

words! {
    /// What came in.
    InboundKind, "inbound kind" {
        /// A text message.
        Text = 1 "text",
        /// A picture.
        Image = 2 "image",
        /// A voice message or other audio.
        Audio = 3 "audio",
        /// A video.
        Video = 4 "video",
        /// A document.
        Document = 5 "document",
        /// A sticker.
        Sticker = 6 "sticker",
        /// A place.
        Location = 7 "location",
        /// Contact cards.
        Contacts = 8 "contacts",
        /// An order.
        Order = 9 "order",
        /// A template's quick reply button.
        Button = 10 "button",
        /// A button reply, list reply or flow reply.
        Interactive = 11 "interactive",
        /// A call by the contact, answered or not.
        Call = 12 "call",
        /// A call by the business that the contact accepted.
        CallAccepted = 13 "call_accepted",
        /// The answer to a request for permission to call.
        CallPermissionReply = 14 "call_permission_reply",
        /// A reaction, or its removal.
        Reaction = 15 "reaction",
        /// A message the platform could not hand on.
        Unsupported = 16 "unsupported",
        /// A message was edited.
        Edit = 17 "edit",
        /// A message was deleted.
        Revoke = 18 "revoke",
        /// A notice of the platform.
        System = 19 "system",
        /// A message in a group.
        Group = 20 "group",
        /// The contact opened the chat for the first time.
        Welcome = 21 "welcome",
        /// A message from before the business number came to the API.
        History = 22 "history",
    }
}

impl InboundKind {
    /// Whether the contact pressed a button or chose from a list: order flows put words such as "cancel" on those.
    #[must_use]
    pub const fn is_button(self) -> bool {
        matches!(self, Self::Button | Self::Interactive)
    }
}

words! {
    /// What the contact told the platform about marketing.
    PlatformPreference, "platform preference" {
        /// No marketing.
        Stop = 1 "stop",
        /// Marketing again.
        Resume = 2 "resume",
        /// Signed up for marketing: a resume and an opt-in.
        Signup = 3 "signup",
    }
}

words! {
    /// The answer to a check.
    Permission, "permission" {
        /// Any message.
        FreeForm = 1 "FREE_FORM",
        /// An approved template of an allowed category.
        TemplateOnly = 2 "TEMPLATE_ONLY",
        /// No message.
        Nothing = 3 "NOTHING",
    }
}

words! {
    /// Why a permission is what it is, in the order in which reasons decide.
    Reason, "reason" {
        /// The customer service window is open.
        WindowOpen = 1 "WINDOW_OPEN",
        /// The contact opted in to the category.
        OptedIn = 2 "OPTED_IN",
        /// An unknown contact may be asked to opt in.
        OptInRequestAllowed = 3 "OPT_IN_REQUEST_ALLOWED",
        /// One confirmation may follow an opt-out keyword.
        OptOutConfirmationAllowed = 4 "OPT_OUT_CONFIRMATION_ALLOWED",
        /// The contact was erased.
        ContactErased = 16 "CONTACT_ERASED",
        /// The contact moved to another number.
        ContactNumberChanged = 17 "CONTACT_NUMBER_CHANGED",
        /// The platform restricted the sender.
        SenderRestricted = 18 "SENDER_RESTRICTED",
        /// No such template is registered.
        TemplateUnknown = 19 "TEMPLATE_UNKNOWN",
        /// The template is paused, rejected or disabled.
        TemplateNotUsable = 20 "TEMPLATE_NOT_USABLE",
        /// The template takes more parameters.
        TemplateInsufficientParameters = 21 "TEMPLATE_INSUFFICIENT_PARAMETERS",
        /// The one confirmation was sent.
        OptOutConfirmationUsed = 22 "OPT_OUT_CONFIRMATION_USED",
        /// The contact opted out.
        RecipientOptedOut = 23 "RECIPIENT_OPTED_OUT",
        /// The contact stopped marketing at the platform.
        PlatformMarketingStopped = 24 "PLATFORM_MARKETING_STOPPED",
        /// The contact's identity key changed since it opted in.
        ContactIdentityChanged = 25 "CONTACT_IDENTITY_CHANGED",
        /// The opt-in ended.
        OptInExpired = 26 "OPT_IN_EXPIRED",
        /// The contact never opted in.
        RecipientNotOptedIn = 27 "RECIPIENT_NOT_OPTED_IN",
        /// The sender's quality is RED past its term.
        SenderQualityRed = 28 "SENDER_QUALITY_RED",
        /// The platform said that the window is closed.
        PlatformClosedWindow = 29 "PLATFORM_CLOSED_WINDOW",
        /// The window is not open.
        OutsideAllowedSendingWindow = 30 "OUTSIDE_ALLOWED_SENDING_WINDOW",
        /// One-time codes are templates always.
        FreeFormNotForAuthentication = 31 "FREE_FORM_NOT_FOR_AUTHENTICATION",
        /// There is no opt-out to confirm, and nothing else stands against a confirmation.
        OptOutConfirmationNotDue = 32 "OPT_OUT_CONFIRMATION_NOT_DUE",
        /// The sender is automated and has no accepted way to a human.
        SenderAtRisk = 48 "SENDER_AT_RISK",
    }
}

words! {
    /// What a record did to the folded facts.
    Effect, "effect" {
        /// A folded fact changed.
        Applied = 1 "applied",
        /// A later or stronger fact outranks it.
        HistoricalOnly = 2 "historical_only",
        /// This kind never affects a permission.
        NoChange = 3 "no_change",
    }
}

/// The position of an entry in the log: 1, 2, 3 … without gaps. Zero stands for "none".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Seq(u64);

impl Seq {
    /// No entry.
    pub const NONE: Self = Self(0);

    /// The position with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The position after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A business phone number, by its `phone_number_id`: 1 to 64 of A–Z, a–z, 0–9, `-`, `_`, `.`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Sender(Box<str>);

impl Sender {
    /// Its `phone_number_id`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl std::str::FromStr for Sender {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        check_name(text, "sender", |b| b.is_ascii_alphanumeric()).map(|()| Self(text.into()))
    }
}

/// One business (tenant): 1 to 64 of a–z, 0–9, `-`, `_`, `.`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Account(Box<str>);

impl Account {
    /// The account that every ledger has.
    #[must_use]
    pub fn default_account() -> Self {
        Self("default".into())
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl std::str::FromStr for Account {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        check_name(text, "account", |b| b.is_ascii_lowercase() || b.is_ascii_digit()).map(|()| Self(text.into()))
    }
}

/// Not a name that an account or a sender can have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NameError {
    /// Nothing was given.
    #[error("the {what} is empty")]
    Empty {
        /// What it should name.
        what: &'static str,
    },
    /// Too long, or a character that no name has.
    #[error("the {what} must be 1 to 64 letters, digits, '-', '_' or '.'")]
    Malformed {
        /// What it should name.
        what: &'static str,
    },
}

fn check_name(text: &str, what: &'static str, letter: fn(u8) -> bool) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty { what });
    }
    let well_formed = text.len() <= 64 && text.bytes().all(|b| letter(b) || matches!(b, b'-' | b'_' | b'.'));
    well_formed.then_some(()).ok_or(NameError::Malformed { what })
}
