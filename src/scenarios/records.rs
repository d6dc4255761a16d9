//! Steps as the ledger takes them: words are read, and what a service would refuse is refused the same way.

use serde_json::{Map, Value};

use super::expect::Refusal;
use super::format::Step;
use super::step::{Action, Check, CheckTemplate, OptIn, OptOut, Row};
use crate::api::choice;
use crate::api::status::{of_refused, spelling};
use crate::consent::account::Known;
use crate::consent::choice::ChoiceErrors;
use crate::consent::decide::Asked;
use crate::consent::identifier::Identifier;
use crate::consent::sender::{Declaration, EscalationPath, Restriction};
use crate::consent::template::{Template, TemplateAsked, TemplateKey};
use crate::consent::words::{Account, Categories, Category, Method, Sender};
use crate::ledger::writing::record::{Actor, Evidence, Record, RecordError, What};
use crate::ledger::{CheckError, Question};
use crate::proto::ErrorReason;

/// The record that a step makes; none for a step that makes no record of its own.
///
/// # Errors
/// Where a service would refuse a field.
pub fn record(step: &Step) -> Result<Option<Record>, Refusal> {
    let Some(what) = what(&step.action)? else { return Ok(None) };
    let fresh = || format!("scenario step {}", step.number);
    let event_id = field("event_id", &step.id.clone().unwrap_or_else(fresh))?;
    Ok(Some(Record { account: account(step)?, actor: Actor::LOCAL, event_id: Some(event_id), occurred_at: step.at, what }))
}

/// The record that a row of an import makes. It is an import whatever it says of itself, and it must have its time (rule 14).
///
/// # Errors
/// Where a service would refuse a field.
pub fn row(step: &Step, line: usize, row: &Row) -> Result<Record, Refusal> {
    let (what, occurred_at) = match row {
        Row::OptIn(row) => (opt_in(row, Method::Import)?, row.at),
        Row::OptOut(row) => (opt_out(row, Method::Import)?, row.at),
    };
    let missing = || Refusal { code: "INVALID_ARGUMENT", reason: "OCCURRED_AT_MISSING", message: "at: a row has its time".to_owned() };
    let occurred_at = Some(occurred_at.ok_or_else(missing)?);
    let name = step.id.clone().unwrap_or_else(|| format!("scenario step {}", step.number));
    let event_id = Some(field("event_id", &format!("{name} row {line}"))?);
    Ok(Record { account: account(step)?, actor: Actor::LOCAL, event_id, occurred_at, what })
}

fn opt_in(step: &OptIn, method: Method) -> Result<What, Refusal> {
    Ok(What::OptIn {
        contact: field("contact", &step.contact)?,
        sender: sender(step.sender.as_deref())?,
        categories: categories(&step.categories)?,
        method,
        expires_at: step.expires_at,
        evidence: evidence(&step.evidence)?,
    })
}

fn opt_out(step: &OptOut, method: Method) -> Result<What, Refusal> {
    Ok(What::OptOut {
        contact: field("contact", &step.contact)?,
        sender: sender(step.sender.as_deref())?,
        categories: step.categories.as_deref().map_or(Ok(Categories::ALL), categories)?,
        method,
        evidence: evidence(&step.evidence)?,
    })
}

/// The account that a step happens in.
///
/// # Errors
/// Where it is no name.
pub fn account(step: &Step) -> Result<Account, Refusal> {
    field("account", &step.account)
}

/// The question that a `check` asks.
///
/// # Errors
/// Where a service would refuse a field.
pub fn question(step: &Step, check: &Check) -> Result<Question, Refusal> {
    let asked = match check.category.as_deref() {
        None => Asked::Anything,
        Some("opt_out_confirmation") => Asked::OptOutConfirmation,
        Some(category) => Asked::For(field("category", category)?),
    };
    Ok(Question {
        account: account(step)?,
        contact: field("contact", &check.contact)?,
        sender: field("sender", &check.sender)?,
        asked,
        at: step.at,
        template: check.template.as_ref().map(template_asked).transpose()?,
        known: Known { at: check.known_at, seq: None },
        min_position: None,
    })
}

/// Reads one field.
///
/// # Errors
/// Where a service would refuse it.
pub fn field<T>(name: &str, text: &str) -> Result<T, Refusal>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| invalid(name, &error.to_string()))
}

fn refused_choice(errors: &ChoiceErrors) -> Refusal {
    let reason = errors.0.first().map_or("", |error| spelling(choice::reason(error)));
    Refusal { code: "INVALID_ARGUMENT", reason, message: errors.to_string() }
}

fn invalid(name: &str, message: &str) -> Refusal {
    let empty = message.contains("empty") || message.contains("needed");
    let reason = match (name, empty) {
        ("account", true) => ErrorReason::AccountEmpty,
        ("account", false) => ErrorReason::AccountMalformed,
        ("sender", true) => ErrorReason::SenderEmpty,
        ("sender", false) => ErrorReason::SenderMalformed,
        ("category" | "categories", true) => ErrorReason::CategoryMissing,
        ("category" | "categories", false) => ErrorReason::CategoryUnknown,
        ("method", _) => ErrorReason::MethodUnknown,
        ("kind", _) => ErrorReason::KindUnknown,
        ("value", _) => ErrorReason::PreferenceUnknown,
        ("code", _) => ErrorReason::CodeMissing,
        ("rating", _) => ErrorReason::QualityUnknown,
        ("kinds", true) => ErrorReason::RestrictionMissing,
        ("kinds", false) => ErrorReason::RestrictionUnknown,
        ("escalation_paths", _) => ErrorReason::EscalationPathUnknown,
        ("status", _) => ErrorReason::TemplateStatusUnknown,
        ("template", _) => ErrorReason::TemplateMalformed,
        ("template category", _) => ErrorReason::CategoryNotForTemplates,
        ("event_id", _) => ErrorReason::EventIdTooLong,
        ("evidence.ip" | "evidence.line" | "evidence.sha256", _) => ErrorReason::EvidenceMalformed,
        (_, true) => ErrorReason::ContactEmpty,
        (_, false) => ErrorReason::ContactMalformed,
    };
    Refusal { code: "INVALID_ARGUMENT", reason: spelling(reason), message: format!("{name}: {message}") }
}

impl From<RecordError> for Refusal {
    fn from(error: RecordError) -> Self {
        let (code, reason) = match &error {
            RecordError::TooLong { .. } => ("INVALID_ARGUMENT", "EVENT_TOO_LARGE"),
            RecordError::TimeInFuture { .. } => ("INVALID_ARGUMENT", "OCCURRED_AT_IN_FUTURE"),
            RecordError::EventIdReused { .. } => ("ALREADY_EXISTS", "EVENT_ID_REUSED"),
            RecordError::AccountUnknown { .. } => ("NOT_FOUND", "ACCOUNT_UNKNOWN"),
            RecordError::AccountExists { .. } => ("ALREADY_EXISTS", "ACCOUNT_EXISTS"),
            RecordError::PossibleOptOutUnknown { .. } => ("NOT_FOUND", "POSSIBLE_OPT_OUT_UNKNOWN"),
            RecordError::PossibleOptOutResolved { .. } => ("FAILED_PRECONDITION", "POSSIBLE_OPT_OUT_RESOLVED"),
            RecordError::Erasure(refused) => ("FAILED_PRECONDITION", spelling(of_refused(*refused))),
            RecordError::Overloaded { .. } => ("RESOURCE_EXHAUSTED", "OVERLOADED"),
            RecordError::DiskAlmostFull { .. } => ("RESOURCE_EXHAUSTED", "DISK_ALMOST_FULL"),
            RecordError::ClockBehind { .. } => ("UNAVAILABLE", "CLOCK_BEHIND"),
            RecordError::Unavailable { .. } => ("UNAVAILABLE", "LEDGER_UNAVAILABLE"),
        };
        Self { code, reason, message: error.to_string() }
    }
}

impl From<CheckError> for Refusal {
    fn from(error: CheckError) -> Self {
        let (code, reason) = match &error {
            CheckError::AccountUnknown { .. } => ("NOT_FOUND", "ACCOUNT_UNKNOWN"),
            CheckError::BehindPosition { .. } => ("UNAVAILABLE", "BEHIND_POSITION"),
            CheckError::ClockBehind { .. } => ("UNAVAILABLE", "CLOCK_BEHIND"),
            CheckError::Unavailable { .. } => ("UNAVAILABLE", "LEDGER_UNAVAILABLE"),
        };
        Self { code, reason, message: error.to_string() }
    }
}

fn what(action: &Action) -> Result<Option<What>, Refusal> {
    Ok(Some(match action {
        Action::OptIn(step) => opt_in(step, method(step.method.as_deref())?)?,
        Action::OptOut(step) => opt_out(step, method(step.method.as_deref())?)?,
        Action::Inbound(step) => What::Inbound {
            contact: contacts(&step.contact)?,
            sender: field("sender", &step.sender)?,
            kind: field("kind", step.kind.as_deref().unwrap_or("text"))?,
            text: step.text.clone(),
            payload: step.payload.clone(),
            message_id: None,
        },
        Action::PlatformPreference(step) => What::Preference {
            contact: contacts(&step.contact)?,
            sender: field("sender", &step.sender)?,
            preference: field("value", &step.value)?,
        },
        Action::SendFailed(step) => What::SendFailed {
            contact: contacts(&step.contact)?,
            sender: field("sender", &step.sender)?,
            code: if step.code == 0 { return Err(invalid("code", "the platform's error code is needed")) } else { step.code },
            message_id: None,
        },
        Action::ConfirmationSent(step) => {
            What::ConfirmationSent { contact: field("contact", &step.contact)?, sender: field("sender", &step.sender)? }
        }
        Action::Link(step) => {
            let [a, b] = &step.contacts;
            What::Link { a: field("contacts", a)?, b: field("contacts", b)? }
        }
        Action::NumberChanged(step) | Action::UserIdChanged(step) => {
            What::Move { from: field("from", &step.from)?, to: field("to", &step.to)?, message_id: None }
        }
        Action::IdentityChanged(step) => What::IdentityKeyChange {
            contact: vec![field("contact", &step.contact)?],
            sender: field("sender", &step.sender)?,
            message_id: None,
        },
        Action::Policy(choice) => {
            let policy = choice.policy().map_err(|errors| refused_choice(&errors))?;
            What::AdoptPolicy { preset: choice.preset.to_string(), policy: Box::new(policy) }
        }
        Action::DeclareSender(step) => What::DeclareSender {
            sender: field("sender", &step.sender)?,
            declaration: Declaration {
                automated: step.automated,
                retail: step.retail,
                weekly_templates: step.weekly_templates,
                paths: words::<EscalationPath>("escalation_paths", &step.escalation_paths)?.into_iter().collect(),
            },
        },
        Action::Quality(step) => What::ReportQuality { sender: field("sender", &step.sender)?, quality: field("rating", &step.rating)? },
        Action::Restriction(step) => What::Restrict {
            sender: sender(step.sender.as_deref())?,
            restriction: Restriction { kinds: some_words("kinds", &step.kinds)?, until: step.until },
        },
        Action::Lift(step) => What::Lift { sender: sender(step.sender.as_deref())?, kinds: some_words("kinds", &step.kinds)? },
        Action::Template(step) => What::RegisterTemplate {
            key: template_key(&step.name, &step.language)?,
            template: Template {
                category: template_category(&step.category)?,
                parameters: step.parameters,
                status: field("status", step.status.as_deref().unwrap_or("approved"))?,
                opt_in_request: step.opt_in_request,
            },
        },
        Action::Erase(step) => {
            What::Erase { contact: field("contact", &step.contact)?, keep_suppression: step.keep_suppression.unwrap_or(true) }
        }
        Action::Webhook(_) | Action::Import(_) | Action::Check(_) | Action::Standing(_) | Action::History(_) | Action::Verify(_) => {
            return Ok(None);
        }
    }))
}

fn template_asked(template: &CheckTemplate) -> Result<TemplateAsked, Refusal> {
    Ok(TemplateAsked { key: template_key(&template.name, &template.language)?, parameters: template.parameters })
}

fn template_key(name: &str, language: &str) -> Result<TemplateKey, Refusal> {
    TemplateKey::new(name, language).map_err(|error| invalid("template", &error.to_string()))
}

fn template_category(text: &str) -> Result<Category, Refusal> {
    let category = field("category", text)?;
    if category == Category::Service { Err(invalid("template category", "a template is never for service")) } else { Ok(category) }
}

fn words<T>(name: &str, texts: &[String]) -> Result<Vec<T>, Refusal>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    texts.iter().map(|text| field(name, text)).collect()
}

fn some_words<T>(name: &str, texts: &[String]) -> Result<Vec<T>, Refusal>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    if texts.is_empty() { Err(invalid(name, "at least one is needed")) } else { words(name, texts) }
}

fn sender(text: Option<&str>) -> Result<Option<Sender>, Refusal> {
    text.map(|text| field("sender", text)).transpose()
}

fn contacts(texts: &[String]) -> Result<Vec<Identifier>, Refusal> {
    if texts.is_empty() {
        return Err(invalid("contact", "at least one identifier is needed"));
    }
    texts.iter().map(|text| field("contact", text)).collect()
}

fn method(text: Option<&str>) -> Result<Method, Refusal> {
    text.map_or(Ok(Method::Other), |text| field("method", text))
}

fn categories(texts: &[String]) -> Result<Categories, Refusal> {
    if texts.iter().any(|text| text == "all") {
        return Ok(Categories::ALL);
    }
    if texts.is_empty() {
        return Err(invalid("categories", "at least one category is needed"));
    }
    texts.iter().map(|text| field::<Category>("categories", text)).collect()
}

/// Evidence by the names that scenarios use for it; others are kept under their names.
fn evidence(fields: &Map<String, Value>) -> Result<Evidence, Refusal> {
    let mut evidence = Evidence::default();
    for (name, value) in fields {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match name.as_str() {
            "text" => evidence.text = text,
            "version" => evidence.text_version = text,
            "locale" => evidence.locale = text,
            "url" => evidence.url = text,
            "ip" => evidence.ip_address = Some(field("evidence.ip", &text)?),
            "agent" => evidence.user_agent = text,
            "file" => evidence.file_name = text,
            "line" => evidence.file_line = field("evidence.line", &text)?,
            "sha256" => evidence.file_sha256 = hex::decode(&text).map_err(|error| invalid("evidence.sha256", &error.to_string()))?,
            _ => evidence.other.push((name.clone(), text)),
        }
    }
    Ok(evidence)
}
