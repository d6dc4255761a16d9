//! A history and a question as a scenario file writes them, so that a difference that was found can become a scenario.

use consent_ledger::consent::decide::{Asked, Decision};
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::policy::Policy;
use consent_ledger::consent::sender::{Declaration, EscalationPath};
use consent_ledger::consent::words::{Categories, Category, Reason, Sender};
use consent_ledger::ledger::Question;
use consent_ledger::ledger::writing::record::{Evidence, What};

use super::histories::{Arrival, POLICIES, policy};

/// The scenario in which `question` is asked after `history` and `expected` is the answer.
pub fn scenario(name: &str, history: &[Arrival], question: &Question, expected: &Decision) -> String {
    let mut lines = vec![format!("  - name: {name}"), "    steps:".to_owned()];
    for arrival in history {
        lines.push(format!("      - {}", step(arrival)));
        lines.push(format!("        recorded_at: {}", arrival.clock));
    }
    lines.push(format!("      - check: {{{}}}", check(question)));
    lines.push(format!("        expect: {{{}}}", expect(expected)));
    lines.join("\n")
}

fn step(arrival: &Arrival) -> String {
    let at = arrival.record.occurred_at.unwrap_or(arrival.clock);
    let fields = match &arrival.record.what {
        What::OptIn { contact, sender, categories, method, expires_at, evidence } => {
            let until = expires_at.map_or_else(String::new, |until| format!(", expires_at: {until}"));
            let (evidence, categories) = (self::evidence(evidence), names(*categories));
            format!(
                "opt_in: {{contact: {}{}, categories: [{categories}], method: {method}{evidence}{until}",
                one(contact),
                at_sender(sender.as_ref())
            )
        }
        What::OptOut { contact, sender, categories, method, .. } => {
            let categories = names(*categories);
            format!("opt_out: {{contact: {}{}, categories: [{categories}], method: {method}", one(contact), at_sender(sender.as_ref()))
        }
        What::Inbound { contact, sender, kind, text, .. } => {
            let text = text.as_ref().map_or_else(String::new, |text| format!(", text: \"{text}\""));
            format!("inbound: {{contact: {}{}, kind: {kind}{text}", several(contact), at_sender(Some(sender)))
        }
        What::Preference { contact, sender, preference } => {
            format!("platform_preference: {{contact: {}{}, value: {preference}", several(contact), at_sender(Some(sender)))
        }
        What::SendFailed { contact, sender, code, .. } => {
            format!("send_failed: {{contact: {}{}, code: {code}", several(contact), at_sender(Some(sender)))
        }
        What::ConfirmationSent { contact, sender } => {
            format!("confirmation_sent: {{contact: {}{}", one(contact), at_sender(Some(sender)))
        }
        What::Link { a, b } => format!("link: {{contacts: [{}, {}]", one(a), one(b)),
        What::Move { from, to, .. } => format!("number_changed: {{from: {}, to: {}", one(from), one(to)),
        What::IdentityKeyChange { contact, sender, .. } => {
            format!("identity_changed: {{contact: {}{}", several(contact), at_sender(Some(sender)))
        }
        What::Erase { contact, keep_suppression } => format!("erase: {{contact: {}, keep_suppression: {keep_suppression}", one(contact)),
        What::AdoptPolicy { policy, .. } => format!("policy: {{{}", overrides(policy)),
        What::DeclareSender { sender, declaration } => {
            let Declaration { automated, retail, weekly_templates, paths } = declaration;
            let paths: Vec<&str> = paths.iter().map(EscalationPath::as_str).collect();
            format!(
                "declare_sender: {{sender: \"{sender}\", automated: {automated}, retail: {retail}, weekly_templates: {weekly_templates}, \
                 escalation_paths: [{}]",
                paths.join(", ")
            )
        }
        What::ReportQuality { sender, quality } => format!("quality: {{sender: \"{sender}\", rating: {quality}"),
        What::Restrict { sender, restriction } => {
            let kinds: Vec<&str> = restriction.kinds.iter().map(|kind| kind.as_str()).collect();
            let sender = sender.as_ref().map_or_else(String::new, |sender| format!(", sender: \"{sender}\""));
            let until = restriction.until.map_or_else(String::new, |until| format!(", until: {until}"));
            format!("restriction: {{kinds: [{}]{sender}{until}", kinds.join(", "))
        }
        What::Lift { sender, kinds } => {
            let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
            let sender = sender.as_ref().map_or_else(String::new, |sender| format!(", sender: \"{sender}\""));
            format!("lift: {{kinds: [{}]{sender}", kinds.join(", "))
        }
        What::RegisterTemplate { key, template } => format!(
            "template: {{name: {}, language: {}, category: {}, parameters: {}, status: {}, opt_in_request: {}",
            key.name(),
            key.language(),
            template.category,
            template.parameters,
            template.status,
            template.opt_in_request
        ),
        // No step does these: webhooks and people do.
        What::ChangeTemplate { key, category, status, .. } => {
            format!("template_changed: {{name: {}, language: {}, category: {category:?}, status: {status:?}", key.name(), key.language())
        }
        What::ResolvePossibleOptOut { contact, confirmed, .. } => {
            format!("possible_opt_out_resolved: {{contact: {}, confirmed: {confirmed}", several(contact))
        }
        What::IssueReceipt { contact, .. } => format!("receipt: {{contact: {}", one(contact)),
        What::Erasure(step) => format!("erasure: {{step: {step:?}"),
        What::ReadData(read) => format!("read: {{method: {}", read.method.as_str()),
        What::CreateAccount => "account: {".to_owned(),
    };
    format!("{fields}, at: {at}}}")
}

fn check(question: &Question) -> String {
    let category = match question.asked {
        Asked::Anything => String::new(),
        Asked::OptOutConfirmation => ", category: opt_out_confirmation".to_owned(),
        Asked::For(category) => format!(", category: {category}"),
    };
    let at = question.at.map_or_else(String::new, |at| format!(", at: {at}"));
    let known_at = question.known.at.map_or_else(String::new, |at| format!(", known_at: {at}"));
    let template = question.template.as_ref().map_or_else(String::new, |asked| {
        format!(", template: {{name: {}, language: {}, parameters: {}}}", asked.key.name(), asked.key.language(), asked.parameters)
    });
    format!("contact: {}{}{category}{template}{at}{known_at}", one(&question.contact), at_sender(Some(&question.sender)))
}

fn expect(decision: &Decision) -> String {
    let reasons: Vec<&str> = decision.reasons.iter().copied().map(Reason::as_str).collect();
    let closes_at = decision.window_closes_at.map_or_else(String::new, |at| format!(", window_closes_at: {at}"));
    let until = decision.valid_until.map_or_else(|| "never".to_owned(), |until| until.to_string());
    format!(
        "permission: {}, reasons: [{}], allowed_template_categories: [{}]{closes_at}, valid_until: {until}",
        decision.permission.as_str().to_lowercase(),
        reasons.join(", "),
        names(decision.allowed)
    )
}

fn evidence(evidence: &Evidence) -> &'static str {
    match (evidence.text.is_empty(), evidence.file_name.is_empty()) {
        (false, _) => ", evidence: {text: \"yes\"}",
        (true, false) => ", evidence: {file: list.csv, line: 2}",
        (true, true) => "",
    }
}

fn overrides(adopted: &Policy) -> String {
    let choice =
        POLICIES.iter().find(|choice| policy(choice) == *adopted).map_or("\"preset\": \"?\"", |choice| choice.trim_matches(['{', '}']));
    choice.replace('"', "")
}

fn at_sender(sender: Option<&Sender>) -> String {
    sender.map_or_else(String::new, |sender| format!(", sender: \"{sender}\""))
}

fn one(identifier: &Identifier) -> String {
    format!("\"{}\"", identifier.as_str())
}

fn several(identifiers: &[Identifier]) -> String {
    let named: Vec<String> = identifiers.iter().map(one).collect();
    if let [one] = named.as_slice() { one.clone() } else { format!("[{}]", named.join(", ")) }
}

fn names(categories: Categories) -> String {
    categories.iter().map(Category::as_str).collect::<Vec<_>>().join(", ")
}
