//! From what is asked to what is stored: the fact, the sealed part, and the content by which a second use of an event
//! id is compared.

use prost::Message;

use crate::consent::evidence;
use crate::consent::identifier::Identifier;
use crate::consent::keyword::{Keyword, Reading};
use crate::consent::policy::{Policy, Scope};
use crate::consent::sender::RestrictionKind;
use crate::consent::time::Time;
use crate::consent::words::{Categories, Method, Sender};
use crate::ledger::memory::fold::{category_numbers, store_policy};
use crate::ledger::writing::record::{Evidence, What};
use crate::proto::{self, ClearPart, SealedPart, clear_part::Fact};

/// The stored fact of an event, before a message is read for keywords; none for [`What::CreateAccount`],
/// [`What::AdoptPolicy`], [`What::Erase`] and [`What::IssueReceipt`], whose facts hold what only the committer has.
#[must_use]
pub fn fact(what: &What) -> Option<Fact> {
    let name = |sender: &Option<Sender>| sender.as_ref().map(|sender| sender.as_str().to_owned()).unwrap_or_default();
    Some(match what {
        What::OptIn { sender, categories, method, expires_at, evidence, .. } => Fact::OptedIn(proto::OptedIn {
            sender: name(sender),
            categories: category_numbers(*categories),
            method: method.number().into(),
            expires_at: end(*expires_at),
            has_evidence: proves(evidence),
        }),
        What::OptOut { sender, categories, method, .. } => Fact::OptedOut(proto::OptedOut {
            sender: name(sender),
            categories: category_numbers(*categories),
            method: method.number().into(),
            keyword_sender: String::new(),
        }),
        What::Inbound { sender, kind, .. } => Fact::InboundMessageReceived(proto::InboundMessageReceived {
            sender: sender.to_string(),
            kind: kind.number().into(),
            ..Default::default()
        }),
        What::Preference { sender, preference, .. } => Fact::PlatformPreferenceChanged(proto::PlatformPreferenceChanged {
            sender: sender.to_string(),
            preference: preference.number().into(),
        }),
        What::SendFailed { sender, code, .. } => Fact::SendFailed(proto::SendFailed { sender: sender.to_string(), code: *code }),
        What::ConfirmationSent { sender, .. } => Fact::ConfirmationSent(proto::ConfirmationSent { sender: sender.to_string() }),
        What::ResolvePossibleOptOut { seq, confirmed, .. } => {
            Fact::PossibleOptOutResolved(proto::PossibleOptOutResolved { seq: seq.number(), confirmed: *confirmed })
        }
        What::Link { .. } => Fact::IdentifiersLinked(proto::IdentifiersLinked {}),
        What::Move { from: Identifier::Phone(_), .. } => Fact::NumberChanged(proto::NumberChanged {}),
        What::Move { from: Identifier::UserId(_), .. } => Fact::UserIdChanged(proto::UserIdChanged {}),
        What::IdentityKeyChange { sender, .. } => Fact::IdentityKeyChanged(proto::IdentityKeyChanged { sender: sender.to_string() }),
        What::DeclareSender { sender, declaration } => Fact::SenderDeclared(proto::SenderDeclared {
            sender: sender.to_string(),
            automated: declaration.automated,
            retail: declaration.retail,
            weekly_templates: declaration.weekly_templates,
            escalation_paths: declaration.paths.iter().map(|path| path.number().into()).collect(),
        }),
        What::ReportQuality { sender, quality } => {
            Fact::SenderQualityReported(proto::SenderQualityReported { sender: sender.to_string(), quality: quality.number().into() })
        }
        What::Restrict { sender, restriction } => {
            let (sender, kinds) = (name(sender), kind_numbers(&restriction.kinds));
            Fact::SenderRestricted(proto::SenderRestricted { sender, kinds, until: end(restriction.until) })
        }
        What::Lift { sender, kinds } => {
            Fact::RestrictionsLifted(proto::RestrictionsLifted { sender: name(sender), kinds: kind_numbers(kinds) })
        }
        What::RegisterTemplate { key, template } => Fact::TemplateRegistered(proto::TemplateRegistered {
            name: key.name().to_owned(),
            language: key.language().to_owned(),
            category: template.category.number().into(),
            parameters: template.parameters,
            status: template.status.number().into(),
            opt_in_request: template.opt_in_request,
        }),
        What::ChangeTemplate { key, category, status, quality } => Fact::TemplateChanged(proto::TemplateChanged {
            name: key.name().to_owned(),
            language: key.language().to_owned(),
            category: category.map(|category| category.number().into()).unwrap_or_default(),
            status: status.map(|status| status.number().into()).unwrap_or_default(),
            quality: quality.map(|quality| quality.number().into()).unwrap_or_default(),
        }),
        What::ReadData(read) => read.fact(),
        What::Erasure(step) => return step.fact(),
        What::CreateAccount | What::AdoptPolicy { .. } | What::Erase { .. } | What::IssueReceipt { .. } => return None,
    })
}

/// Kinds of restriction as stored: ascending, each once.
fn kind_numbers(kinds: &[RestrictionKind]) -> Vec<i32> {
    let numbers: std::collections::BTreeSet<i32> = kinds.iter().map(|kind| kind.number().into()).collect();
    numbers.into_iter().collect()
}

/// An end as stored. Zero stands for never: an end at 1970 itself is over just as well a microsecond before.
fn end(at: Option<Time>) -> i64 {
    at.map(|at| if at.micros() == 0 { -1 } else { at.micros() }).unwrap_or_default()
}

/// The fact that an account adopted a policy.
#[must_use]
pub fn policy_adopted(preset: &str, policy: &Policy, version: u32) -> Fact {
    Fact::PolicyAdopted(proto::PolicyAdopted { version, policy: Some(store_policy(preset, policy)) })
}

/// Writes into a message's fact what was read out of its text.
pub fn note_reading(fact: &mut Fact, reading: &Reading) {
    if let Fact::InboundMessageReceived(inbound) = fact {
        let keyword = match reading.keyword {
            None => proto::Keyword::Unspecified,
            Some(Keyword::OptOut(_)) => proto::Keyword::OptOut,
            Some(Keyword::OptIn(_)) => proto::Keyword::OptIn,
        };
        inbound.keyword = keyword.into();
        inbound.holds_opt_out_word = reading.holds_opt_out_word;
        inbound.possible_opt_out = reading.possible_opt_out;
    }
}

/// What a record causes: the opt-out or opt-in that a message's keyword means, or the opt-out that a person confirmed,
/// for the receiving sender or, where the policy widens it, the account. What was confirmed is no keyword: no later message
/// lifts it.
#[must_use]
pub fn caused(what: &What, keyword: Option<Keyword>, scope: Scope) -> Option<Fact> {
    let (sender, keyword) = match (what, keyword) {
        (What::Inbound { sender, .. }, Some(keyword)) => (sender, Some(keyword)),
        (What::ResolvePossibleOptOut { sender, confirmed: true, .. }, _) => (sender, None),
        _ => return None,
    };
    let reach = match scope {
        Scope::Sender => sender.to_string(),
        Scope::Account => String::new(),
    };
    Some(match keyword {
        None => Fact::OptedOut(proto::OptedOut {
            sender: reach,
            categories: category_numbers(Categories::ALL),
            method: Method::Agent.number().into(),
            keyword_sender: String::new(),
        }),
        Some(Keyword::OptOut(categories)) => Fact::OptedOut(proto::OptedOut {
            sender: reach,
            categories: category_numbers(categories),
            method: Method::Keyword.number().into(),
            keyword_sender: sender.to_string(),
        }),
        Some(Keyword::OptIn(categories)) => Fact::OptedIn(proto::OptedIn {
            sender: reach,
            categories: category_numbers(categories),
            method: Method::Keyword.number().into(),
            expires_at: 0,
            has_evidence: false,
        }),
    })
}

/// The sealed part but for event id and content digest; the text of a message only where it is to be kept.
#[must_use]
pub fn sealed(what: &What, keeps_text: bool) -> SealedPart {
    let mut sealed = SealedPart { identifiers: texts(&identifiers(what)), ..Default::default() };
    match what {
        What::OptIn { evidence, .. } | What::OptOut { evidence, .. } => sealed.evidence = store_evidence(evidence),
        What::Inbound { message_id, .. }
        | What::SendFailed { message_id, .. }
        | What::Move { message_id, .. }
        | What::IdentityKeyChange { message_id, .. } => {
            sealed.message_id = message_id.clone().unwrap_or_default();
        }
        What::Preference { .. }
        | What::ConfirmationSent { .. }
        | What::ResolvePossibleOptOut { .. }
        | What::Link { .. }
        | What::Erase { .. }
        | What::IssueReceipt { .. }
        | What::Erasure(_)
        | What::ReadData(_)
        | What::CreateAccount
        | What::AdoptPolicy { .. }
        | What::DeclareSender { .. }
        | What::ReportQuality { .. }
        | What::Restrict { .. }
        | What::Lift { .. }
        | What::RegisterTemplate { .. }
        | What::ChangeTemplate { .. } => {}
    }
    if keeps_text {
        keep_text(&mut sealed, what);
    }
    sealed
}

/// Puts the text of a message into its sealed part.
pub fn keep_text(sealed: &mut SealedPart, what: &What) {
    if let What::Inbound { text: Some(text), .. } = what {
        sealed.text.clone_from(text);
    }
}

/// The identifiers that the event names, each once, in order; for a link or a move both sides.
#[must_use]
pub fn identifiers(what: &What) -> Vec<Identifier> {
    let mut identifiers: Vec<Identifier> = Vec::new();
    for identifier in named(what) {
        if !identifiers.contains(&identifier) {
            identifiers.push(identifier);
        }
    }
    identifiers
}

fn named(what: &What) -> Vec<Identifier> {
    match what {
        What::OptIn { contact, .. }
        | What::OptOut { contact, .. }
        | What::ConfirmationSent { contact, .. }
        | What::IssueReceipt { contact, .. }
        | What::Erase { contact, .. } => vec![contact.clone()],
        What::Inbound { contact, .. }
        | What::Preference { contact, .. }
        | What::SendFailed { contact, .. }
        | What::ResolvePossibleOptOut { contact, .. }
        | What::IdentityKeyChange { contact, .. } => contact.clone(),
        What::Erasure(step) => step.contact().cloned().into_iter().collect(),
        What::Link { a, b } => vec![a.clone(), b.clone()],
        What::Move { from, to, .. } => vec![from.clone(), to.clone()],
        What::CreateAccount
        | What::ReadData(_)
        | What::AdoptPolicy { .. }
        | What::DeclareSender { .. }
        | What::ReportQuality { .. }
        | What::Restrict { .. }
        | What::Lift { .. }
        | What::RegisterTemplate { .. }
        | What::ChangeTemplate { .. } => Vec::new(),
    }
}

/// The fact that erasure was asked for. In normalised content it also stands for an erasure itself, without a due time: what
/// was asked, not what it reached.
#[must_use]
pub const fn erasure_requested(due_at: i64, keep_suppression: bool) -> Fact {
    Fact::ErasureRequested(proto::ErasureRequested { due_at, keep_suppression })
}

/// What is stored of an event, as far as it does not depend on its account: measured and compared before it is planned.
pub struct Draft<'a> {
    what: &'a What,
    fact: Option<Fact>,
    sealed: SealedPart,
}

impl<'a> Draft<'a> {
    /// The draft of an event.
    #[must_use]
    pub fn of(what: &'a What) -> Self {
        let fact = match what {
            What::AdoptPolicy { preset, policy } => Some(policy_adopted(preset, policy, 0)),
            What::Erase { keep_suppression, .. } => Some(erasure_requested(0, *keep_suppression)),
            _ => fact(what),
        };
        Self { what, fact, sealed: sealed(what, false) }
    }

    /// What is stored: [`fact`] and [`sealed`], without the text of a message.
    #[must_use]
    pub fn into_parts(self) -> (Option<Fact>, SealedPart) {
        let stands_for_another = matches!(self.what, What::AdoptPolicy { .. } | What::Erase { .. });
        (self.fact.filter(|_| !stands_for_another), self.sealed)
    }

    /// The most bytes that an entry of this event can take, but for header and references.
    #[must_use]
    pub fn stored_bytes(&self) -> usize {
        let clear = |fact: Fact| ClearPart { fact: Some(fact), ..ClearPart::default() }.encoded_len();
        let fact = match (self.what, &self.fact) {
            (What::AdoptPolicy { preset, policy }, _) => clear(policy_adopted(preset, policy, u32::MAX)),
            (What::IssueReceipt { issued, .. }, _) => clear(Fact::DecisionReceiptIssued(issued.as_ref().clone())),
            // An erasure is not stored as the request that stands for it.
            (What::Erase { .. }, _) | (_, None) => 0,
            // A field's number and length take a few bytes beside the fact.
            (_, Some(fact)) => fact.encoded_len(),
        };
        let text = if let What::Inbound { text: Some(text), .. } = self.what { text.len() } else { 0 };
        fact + self.sealed.encoded_len() + text
    }

    /// The normalised content, by which a second use of an event id is compared; empty for what has none. Specified in
    /// `docs/ledger-format.md`.
    #[must_use]
    pub fn content(&self, file: FileCounts) -> Vec<u8> {
        let Some(fact) = &self.fact else { return Vec::new() };
        let without;
        let sealed = if file == FileCounts::No && self.names_file() {
            without = self.sealed_without_file();
            &without
        } else {
            &self.sealed
        };
        let mut content = Vec::with_capacity(8 + fact.encoded_len() + sealed.encoded_len());
        let mut part = |length: usize, encode: &dyn Fn(&mut Vec<u8>)| {
            content.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
            encode(&mut content);
        };
        part(fact.encoded_len(), &|content| fact.encode(content));
        part(sealed.encoded_len(), &|content| sealed.encode_raw(content));
        if let What::Inbound { text, payload, .. } = self.what {
            for said in [text, payload].map(|said| said.as_deref().unwrap_or_default()) {
                part(said.len(), &|content| content.extend_from_slice(said.as_bytes()));
            }
        }
        content
    }

    /// Whether it names the file that an act was imported from.
    #[must_use]
    pub fn names_file(&self) -> bool {
        let named =
            |evidence: &proto::Evidence| !evidence.file_name.is_empty() || evidence.file_line != 0 || !evidence.file_sha256.is_empty();
        self.sealed.evidence.as_ref().is_some_and(named)
    }

    fn sealed_without_file(&self) -> SealedPart {
        let mut sealed = self.sealed.clone();
        if let Some(evidence) = &mut sealed.evidence {
            evidence.file_name.clear();
            evidence.file_line = 0;
            evidence.file_sha256.clear();
        }
        sealed.evidence = sealed.evidence.filter(|evidence| *evidence != proto::Evidence::default());
        sealed
    }
}

/// Whether the file that an act was imported from is part of its content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileCounts {
    /// It is not: the same row in a renamed or a longer file says the same.
    No,
    /// It is, as in entries that were written before imports were.
    Yes,
}

/// Identifiers as the sealed part holds them.
#[must_use]
pub fn texts(identifiers: &[Identifier]) -> Vec<String> {
    identifiers.iter().map(|identifier| identifier.as_str().to_owned()).collect()
}

/// Evidence as stored; none where nothing is in it.
#[must_use]
pub fn store_evidence(evidence: &Evidence) -> Option<proto::Evidence> {
    if *evidence == Evidence::default() {
        return None;
    }
    let other = evidence.other.iter().map(|(name, value)| proto::EvidenceField { name: name.clone(), value: value.clone() });
    Some(proto::Evidence {
        text: evidence.text.clone(),
        text_version: evidence.text_version.clone(),
        locale: evidence.locale.clone(),
        url: evidence.url.clone(),
        ip_address: evidence.ip_address.map(|address| address.to_string()).unwrap_or_default(),
        user_agent: evidence.user_agent.clone(),
        file_name: evidence.file_name.clone(),
        file_line: evidence.file_line,
        file_sha256: evidence.file_sha256.clone(),
        other: other.collect(),
    })
}

/// Whether it proves an opt-in. The name, line and hash of a file do not, nor do a language or a browser.
fn proves(evidence: &Evidence) -> bool {
    let said = [&evidence.text, &evidence.text_version, &evidence.url].map(String::as_str);
    evidence.ip_address.is_some() || evidence::proves(said.into_iter().chain(evidence.other.iter().map(|(_, value)| value.as_str())))
}
