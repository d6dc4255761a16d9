//! What the ledger is asked to record, and what it answers.

use std::net::IpAddr;

use crate::consent::identifier::Identifier;
use crate::consent::policy::Policy;
use crate::consent::sender::{Declaration, Quality, Restriction, RestrictionKind};
use crate::consent::template::{Template, TemplateKey, TemplateStatus};
use crate::consent::time::Time;
use crate::consent::words::{Account, Categories, Category, Effect, InboundKind, Method, PlatformPreference, Sender, Seq};
use crate::ledger::erasure::step::{Step, StepRefused};
use crate::ledger::reading::possible_opt_outs::Resolution;
use crate::ledger::reading::reads::DataRead;
use crate::ledger::writing::event_id::EventId;
use crate::proto::DecisionReceiptIssued;

/// The most evidence, in bytes as encoded.
pub const EVIDENCE_MAX_BYTES: usize = 16 * 1024;

/// The most bytes an event may take as stored; an entry, which adds header, references and seal, is read up to 1 MiB.
pub const RECORD_MAX_BYTES: usize = 512 * 1024;

/// The longest message text, in bytes; the platform's own limit is 4,096 characters.
pub const TEXT_MAX_BYTES: usize = 64 * 1024;

/// Who asks: the number that an entry's header carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Actor(u32);

impl Actor {
    /// The ledger itself.
    pub const LEDGER: Self = Self(0);
    /// A caller on loopback, without credentials.
    pub const LOCAL: Self = Self(1);
    /// The provider, by a webhook with a valid signature.
    pub const PROVIDER: Self = Self(2);

    /// Whoever has this number.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Its number: below 256 one of the fixed ones, else a principal that the ledger added.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// One event to record.
#[derive(Clone, Debug)]
pub struct Record {
    /// The account it belongs to.
    pub account: Account,
    /// Who records it.
    pub actor: Actor,
    /// The caller's name for it; the same again is a duplicate.
    pub event_id: Option<EventId>,
    /// When the person acted; none: now.
    pub occurred_at: Option<Time>,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// A contact opted in.
    OptIn {
        /// Who.
        contact: Identifier,
        /// For this sender; none: for all.
        sender: Option<Sender>,
        /// For these categories; not empty.
        categories: Categories,
        /// How it was captured.
        method: Method,
        /// Until then; none: for good.
        expires_at: Option<Time>,
        /// What proves it.
        evidence: Evidence,
    },
    /// A contact opted out.
    OptOut {
        /// Who.
        contact: Identifier,
        /// For this sender; none: for all.
        sender: Option<Sender>,
        /// For these categories; not empty.
        categories: Categories,
        /// How it was captured.
        method: Method,
        /// What proves it.
        evidence: Evidence,
    },
    /// A contact wrote, called or pressed a button.
    Inbound {
        /// Who: one identifier, or several seen together in one provider message; not empty.
        contact: Vec<Identifier>,
        /// The sender that received it.
        sender: Sender,
        /// What came in.
        kind: InboundKind,
        /// Its body or caption, or the button's text.
        text: Option<String>,
        /// The button's payload.
        payload: Option<String>,
        /// The provider's message id.
        message_id: Option<String>,
    },
    /// A contact told the platform whether it wants marketing.
    Preference {
        /// Who: one identifier, or several seen together.
        contact: Vec<Identifier>,
        /// The sender it was told for.
        sender: Sender,
        /// What it told.
        preference: PlatformPreference,
    },
    /// The platform refused a message.
    SendFailed {
        /// Who it was for: one identifier, or several seen together.
        contact: Vec<Identifier>,
        /// The sender that tried.
        sender: Sender,
        /// The platform's error code.
        code: u32,
        /// The provider's message id.
        message_id: Option<String>,
    },
    /// The one confirmation after an opt-out keyword was sent.
    ConfirmationSent {
        /// Who it was for.
        contact: Identifier,
        /// The sender that sent it.
        sender: Sender,
    },
    /// Two identifiers are one contact.
    Link {
        /// One.
        a: Identifier,
        /// The other.
        b: Identifier,
    },
    /// A contact moved to another phone number or user ID.
    Move {
        /// From this identifier.
        from: Identifier,
        /// To this one.
        to: Identifier,
        /// The provider's message id.
        message_id: Option<String>,
    },
    /// The identity key of a contact's device changed.
    IdentityKeyChange {
        /// Who.
        contact: Vec<Identifier>,
        /// The sender that was told.
        sender: Sender,
        /// The provider's message id.
        message_id: Option<String>,
    },
    /// A contact is erased, with all its identifiers, as of when this happened.
    Erase {
        /// Who.
        contact: Identifier,
        /// Whether a keyed token of each identifier stays: an opt-out of everything for whoever appears under it.
        keep_suppression: bool,
    },
    /// A step of an erasure, or a legal hold.
    Erasure(Step),
    /// A person confirmed or dismissed a possible opt-out; [`crate::ledger::Ledger::resolution`] makes one.
    ResolvePossibleOptOut {
        /// The message.
        seq: Seq,
        /// The identifiers it came under; not empty.
        contact: Vec<Identifier>,
        /// The sender that received it.
        sender: Sender,
        /// When the person wrote it.
        said_at: Time,
        /// Whether it was an opt-out.
        confirmed: bool,
    },
    /// An answer was given, and is recorded with its signature before it is handed out.
    IssueReceipt {
        /// Whom it is about.
        contact: Identifier,
        /// Question and answer, but for digest and signature.
        issued: Box<DecisionReceiptIssued>,
    },
    /// Personal data is about to be handed out.
    ReadData(DataRead),
    /// An account adopts a policy.
    AdoptPolicy {
        /// The preset it was made from.
        preset: String,
        /// The policy.
        policy: Box<Policy>,
    },
    /// A business declares what one of its senders is.
    DeclareSender {
        /// Which one.
        sender: Sender,
        /// What it is.
        declaration: Declaration,
    },
    /// The platform rates a sender.
    ReportQuality {
        /// Which one.
        sender: Sender,
        /// How.
        quality: Quality,
    },
    /// The platform restricts a sender or an account.
    Restrict {
        /// Which one; none: all of the account's.
        sender: Option<Sender>,
        /// What is forbidden, and until when.
        restriction: Restriction,
    },
    /// Restrictions of a sender or of an account are over.
    Lift {
        /// Whose; none: those of the account.
        sender: Option<Sender>,
        /// Of which kinds; at least one.
        kinds: Vec<RestrictionKind>,
    },
    /// A template is registered, or registered anew.
    RegisterTemplate {
        /// Which one.
        key: TemplateKey,
        /// All of it.
        template: Template,
    },
    /// Some of a template changes; what is none stays.
    ChangeTemplate {
        /// Which one.
        key: TemplateKey,
        /// Its new category.
        category: Option<Category>,
        /// Its new status.
        status: Option<TemplateStatus>,
        /// Its new quality; kept for people.
        quality: Option<Quality>,
    },
    /// An account is created. [`Record::account`] is its name.
    CreateAccount,
}

/// What proves an act. Every field may be empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Evidence {
    /// The text the person saw and agreed to.
    pub text: String,
    /// The version of that text.
    pub text_version: String,
    /// The language it was shown in.
    pub locale: String,
    /// The page or form.
    pub url: String,
    /// The address the act came from.
    pub ip_address: Option<IpAddr>,
    /// The browser or app.
    pub user_agent: String,
    /// The file an imported row came from.
    pub file_name: String,
    /// The row's line, counting from 1; 0: none.
    pub file_line: u64,
    /// SHA-256 of that file; empty or 32 bytes.
    pub file_sha256: Vec<u8>,
    /// Anything else, by name.
    pub other: Vec<(String, String)>,
}

/// The ledger has it, synced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Acknowledgement {
    /// Where it stands.
    pub seq: Seq,
    /// SHA-256 of the entry, 32 bytes.
    pub entry_hash: [u8; 32],
    /// Whether it was there before.
    pub duplicate: bool,
    /// What it did to the folded facts.
    pub effect: Effect,
    /// The entry that it caused in the same commit: the opt-out or opt-in that a keyword or a decision means.
    pub caused: Option<Seq>,
}

/// Why an event was not recorded. Nothing of it was stored.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum RecordError {
    /// The claimed time lies too far ahead.
    #[error("occurred_at {occurred_at} is more than 5 minutes ahead of the ledger's clock, {now}")]
    TimeInFuture {
        /// The claimed time.
        occurred_at: Time,
        /// The ledger's clock.
        now: Time,
    },
    /// Longer than an entry may be.
    #[error("the event takes {bytes} bytes, at most {RECORD_MAX_BYTES} are allowed")]
    TooLong {
        /// How many it takes.
        bytes: usize,
    },
    /// The event id was used for something else.
    #[error("the event id was used at seq {seq} for an event with other content")]
    EventIdReused {
        /// Where it was used.
        seq: Seq,
    },
    /// No such account.
    #[error("the account {account:?} does not exist")]
    AccountUnknown {
        /// The name given.
        account: String,
    },
    /// The account is there already.
    #[error("the account {account:?} exists")]
    AccountExists {
        /// The name given.
        account: String,
    },
    /// No message of the account that may be an opt-out, or one that was erased.
    #[error("entry {seq} is no possible opt-out of the account")]
    PossibleOptOutUnknown {
        /// What was given.
        seq: Seq,
    },
    /// A person decided before.
    #[error("the possible opt-out at seq {seq} was {} at seq {}", if by.confirmed { "confirmed" } else { "dismissed" }, by.seq)]
    PossibleOptOutResolved {
        /// The message.
        seq: Seq,
        /// What was decided, and where.
        by: Resolution,
    },
    /// A step of an erasure that is not to be taken.
    #[error(transparent)]
    Erasure(#[from] StepRefused),
    /// Too much is waiting; nothing was queued.
    #[error("the ledger is busy: {waiting} events wait to be committed; try again shortly")]
    Overloaded {
        /// How many wait.
        waiting: usize,
    },
    /// There is not enough room on the disk.
    #[error("the disk is almost full: {free} bytes are free where {needed} must be; nothing was recorded, try again once there is room")]
    DiskAlmostFull {
        /// How many bytes are free.
        free: u64,
        /// How many must be for this to be recorded.
        needed: u64,
    },
    /// The clock stands more than 5 minutes behind the last entry.
    #[error("the clock, {now}, is more than 5 minutes behind the last entry, {last}; writing stops until it is right")]
    ClockBehind {
        /// The clock.
        now: Time,
        /// The last entry's `recorded_at`.
        last: Time,
    },
    /// The ledger no longer writes: a write or sync failed, or it is shutting down.
    #[error("the ledger does not accept records: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
}
