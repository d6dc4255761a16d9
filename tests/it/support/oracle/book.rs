//! What the oracle keeps: every event of an account, as it came.

use consent_ledger::consent::account::Known;
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::keyword::{Keyword, Reading};
use consent_ledger::consent::policy::{Policy, Scope};
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Categories, InboundKind, Sender, Seq};
use consent_ledger::ledger::writing::record::What;

use super::erasure::{Left, rule_17_left};
use super::words::rule_6_reading;

/// An event as it was recorded.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What happened.
    pub what: What,
    /// When it happened.
    pub at: Time,
    /// When it was recorded.
    pub recorded_at: Time,
    /// Where it stands in the log.
    pub seq: Seq,
    /// What a message meant to the policy in force at its commit (rule 6).
    pub said: Said,
}

/// What a message meant at its commit.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    /// What its words say.
    pub reading: Reading,
    /// How far its keyword reaches.
    pub reach: Scope,
}

impl Kept {
    /// The identifiers that the event happened to.
    pub fn identifiers(&self) -> Vec<&Identifier> {
        identifiers(&self.what)
    }

    /// The opt-out keyword that a message to `received` was: which categories, and whether it reaches `sender`.
    pub fn keyword_opt_out(&self, sender: &Sender) -> Option<(&Sender, Categories)> {
        let What::Inbound { sender: received, .. } = &self.what else { return None };
        let Some(Keyword::OptOut(categories)) = self.said.reading.keyword else { return None };
        self.keyword_reaches(received, sender).then_some((received, categories))
    }

    /// The same of an opt-in keyword.
    pub fn keyword_opt_in(&self, sender: &Sender) -> Option<Categories> {
        let What::Inbound { sender: received, .. } = &self.what else { return None };
        let Some(Keyword::OptIn(categories)) = self.said.reading.keyword else { return None };
        self.keyword_reaches(received, sender).then_some(categories)
    }

    /// Whether a person read a message to this event's sender as an opt-out, of everything, that reaches `sender`.
    pub fn confirmed_opt_out(&self, sender: &Sender) -> bool {
        match &self.what {
            What::ResolvePossibleOptOut { sender: received, confirmed: true, .. } => self.keyword_reaches(received, sender),
            _ => false,
        }
    }

    fn keyword_reaches(&self, received: &Sender, sender: &Sender) -> bool {
        received == sender || self.said.reach == Scope::Account
    }
}

/// Every event of an account.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// The events, in order of arrival.
    pub events: Vec<Kept>,
}

impl Book {
    /// What was known of what had happened by `at`.
    pub fn until(&self, at: Time, known: Known) -> Left<'_> {
        let mut left = rule_17_left(&self.events);
        left.events.retain(|event| event.at <= at && known.holds(event.recorded_at, event.seq));
        left
    }

    /// What a message means, recorded now.
    pub fn read(&self, what: &What, now: Time) -> Said {
        let policy = policy(&self.until(now, Known::default()).events);
        let mut reading = Reading::default();
        if let What::Inbound { kind, text, payload, .. } = what {
            let button = matches!(kind, InboundKind::Button | InboundKind::Interactive);
            reading = rule_6_reading(&policy.keywords, text.as_deref(), payload.as_deref(), button);
            // What opens no window, such as a message in a group, is not said to the sender: doubt means no.
            if !policy.opens_window(*kind) && matches!(reading.keyword, Some(Keyword::OptIn(_))) {
                reading.keyword = None;
            }
        }
        Said { reading, reach: policy.keyword_scope }
    }
}

/// The policy in force after `events`: the latest that was adopted (rule 16).
pub fn policy(events: &[&Kept]) -> Policy {
    let mut latest: Option<(Time, Seq, &Policy)> = None;
    for event in events {
        if let What::AdoptPolicy { policy, .. } = &event.what
            && latest.is_none_or(|(at, seq, _)| (at, seq) < (event.at, event.seq))
        {
            latest = Some((event.at, event.seq, policy));
        }
    }
    latest.map_or_else(Policy::meta, |(_, _, policy)| policy.clone())
}

/// The identifiers that something happened to. A change from one to another is neither's: it stands between them. An
/// erasure is nobody's: it takes the contact away.
pub fn identifiers(what: &What) -> Vec<&Identifier> {
    match what {
        What::OptIn { contact, .. } | What::OptOut { contact, .. } | What::ConfirmationSent { contact, .. } => vec![contact],
        What::Inbound { contact, .. }
        | What::Preference { contact, .. }
        | What::SendFailed { contact, .. }
        | What::ResolvePossibleOptOut { contact, .. }
        | What::IdentityKeyChange { contact, .. } => contact.iter().collect(),
        What::Link { a, b } => vec![a, b],
        What::Move { .. }
        | What::Erase { .. }
        | What::IssueReceipt { .. }
        | What::ReadData(_)
        | What::Erasure(_)
        | What::AdoptPolicy { .. }
        | What::DeclareSender { .. }
        | What::ReportQuality { .. }
        | What::Restrict { .. }
        | What::Lift { .. }
        | What::RegisterTemplate { .. }
        | What::ChangeTemplate { .. }
        | What::CreateAccount => Vec::new(),
    }
}
