//! An entry in a sentence, true to `docs/rules.md`.

use super::facts;
use super::opened::Opened;
use crate::consent::event::{CODE_MARKETING_STOPPED, CODE_WINDOW_CLOSED};
use crate::consent::policy::Policy;
use crate::consent::time::Time;
use crate::consent::words::{Category, Effect, InboundKind, Method, Permission, Reason};
use crate::ledger::bytes::entry::Entry as StoredEntry;
use crate::proto::clear_part::Fact;
use crate::proto::{
    DecisionReceiptIssued, Entry, InboundMessageReceived, OptedIn, OptedOut, PlatformPreference, PlatformPreferenceChanged, SendFailed,
};

/// What an entry says. `policy` is the one in force when it happened.
#[must_use]
pub fn sentence(entry: &Entry, policy: &Policy) -> String {
    let Some(fact) = entry.clear.as_ref().and_then(|clear| clear.fact.as_ref()) else {
        return "Something that this program does not know; a newer release recorded it.".to_owned();
    };
    match fact {
        Fact::OptedIn(fact) => opted_in(fact, policy),
        Fact::OptedOut(fact) => opted_out(fact),
        Fact::InboundMessageReceived(fact) => inbound(fact, policy),
        Fact::PlatformPreferenceChanged(fact) => preference(fact),
        Fact::SendFailed(fact) => send_failed(fact),
        Fact::ConfirmationSent(fact) => format!("Sender {} sent the one confirmation that may follow an opt-out keyword.", fact.sender),
        Fact::PossibleOptOutResolved(fact) if fact.confirmed => {
            format!("A person confirmed that the message of entry {} was an opt-out; the next entry records it.", fact.seq)
        }
        Fact::PossibleOptOutResolved(fact) => format!("A person decided that the message of entry {} was no opt-out.", fact.seq),
        Fact::IdentifiersLinked(_) => "These identifiers are one contact, with everything recorded under any of them.".to_owned(),
        Fact::NumberChanged(_) => moved("phone number", policy),
        Fact::UserIdChanged(_) => moved("user ID", policy),
        Fact::IdentityKeyChanged(fact) => {
            let effect = if policy.suspend_on_identity_change {
                "Opt-ins not later than it are suspended, each category until a new opt-in names it."
            } else {
                "Under the account's policy this suspends nothing."
            };
            format!("The identity key of the contact's device changed, as sender {} was told. {effect}", fact.sender)
        }
        Fact::ErasureRequested(fact) => format!("An erasure was asked for, due at {}.", Time::from_micros(fact.due_at)),
        Fact::ErasureCancelled(_) => "The erasure that waited was cancelled.".to_owned(),
        Fact::ContactErased(_) => "A contact was erased: its keys are gone, and what they sealed with them.".to_owned(),
        Fact::LegalHoldChanged(fact) if fact.held => "A legal hold was set.".to_owned(),
        Fact::LegalHoldChanged(_) => "The legal hold was released.".to_owned(),
        Fact::DecisionReceiptIssued(fact) => receipt(fact),
        Fact::LedgerCreated(_) => told("The ledger was created", entry),
        Fact::SigningKeyChanged(_) => told("A signing key was replaced", entry),
        Fact::SecretRotated(_) => told("The secret behind identifier look-ups was replaced", entry),
        Fact::HeadsCommitted(_) => told("The ledger committed to where every trail ends", entry),
        Fact::PrincipalAdded(_) => told("A caller was given credentials", entry),
        Fact::PrincipalRevoked(_) => told("A caller's credentials ended", entry),
        Fact::AccountCreated(_) => told("The account was created", entry),
        Fact::PolicyAdopted(_) => told("The account adopted a policy", entry),
        Fact::SenderDeclared(_) => told("The business declared what a sender is", entry),
        Fact::SenderQualityReported(_) => told("The platform rated a sender", entry),
        Fact::SenderRestricted(_) => told("The platform restricted a sender or the account", entry),
        Fact::RestrictionsLifted(_) => told("Restrictions of a sender or the account were lifted", entry),
        Fact::TemplateRegistered(_) => told("A template was registered", entry),
        Fact::TemplateChanged(_) => told("A template changed", entry),
        Fact::PersonalDataRead(_) => told("Personal data was handed out", entry),
    }
}

/// What recording an entry did.
#[must_use]
pub const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Applied => "It changed what is known.",
        Effect::HistoricalOnly => "It changed nothing: something later or stronger outranked it when it was recorded.",
        Effect::NoChange => "This never affects a permission.",
    }
}

fn opted_in(fact: &OptedIn, policy: &Policy) -> String {
    let until = if fact.expires_at == 0 { String::new() } else { format!(", until {}", Time::from_micros(fact.expires_at)) };
    let method = Method::from_number(fact.method);
    let weak = method == Some(Method::Import) && !fact.has_evidence && policy.import_requires_evidence;
    let weak = if weak { " Imported without evidence, it counts only where no opt-out was ever recorded for the category." } else { "" };
    format!("Opted in to {} at {}{until} (method: {}).{weak}", categories(&fact.categories), sender(&fact.sender), method_name(fact.method))
}

fn opted_out(fact: &OptedOut) -> String {
    let how = if fact.keyword_sender.is_empty() {
        format!("method: {}", method_name(fact.method))
    } else {
        format!("by a keyword in a message to sender {}", fact.keyword_sender)
    };
    format!("Opted out of {} at {} ({how}).", categories(&fact.categories), sender(&fact.sender))
}

fn inbound(fact: &InboundMessageReceived, policy: &Policy) -> String {
    let kind = InboundKind::from_number(fact.kind);
    let what = kind.map_or_else(|| format!("something of kind {}", fact.kind), |kind| kind.as_str().replace('_', " "));
    let opens = kind.is_some_and(|kind| policy.opens_window(kind));
    let window = if opens { "opens the customer service window" } else { "opens no window" };
    let mut text = format!("Came in at sender {}: {what}, which {window}.", fact.sender);
    match fact.keyword {
        1 => text.push_str(" It was an opt-out keyword, standing alone."),
        2 => text.push_str(" It was an opt-in keyword, standing alone."),
        _ if fact.possible_opt_out => {
            text.push_str(" An opt-out keyword is a whole sentence or line of it: a possible opt-out, for a person to decide about.");
        }
        _ if fact.holds_opt_out_word => text.push_str(" It holds an opt-out word, so it reopens nothing after an opt-out."),
        _ => {}
    }
    text
}

fn preference(fact: &PlatformPreferenceChanged) -> String {
    let told = match fact.preference() {
        PlatformPreference::Stop => "to stop marketing messages. Only a later resume or signup in WhatsApp ends that",
        PlatformPreference::Resume => "to resume marketing messages. That ends an older stop and undoes no opt-out",
        PlatformPreference::Signup => "that they sign up for marketing messages: a resume, and an opt-in to marketing at all senders",
        PlatformPreference::Unspecified => "something about marketing that this program does not know",
    };
    format!("Told WhatsApp, in the chat with sender {}, {told}.", fact.sender)
}

fn send_failed(fact: &SendFailed) -> String {
    let means = match fact.code {
        CODE_WINDOW_CLOSED => "the platform says that the window is closed, and it stays so until a later act opens it",
        CODE_MARKETING_STOPPED => "the contact stopped marketing messages in WhatsApp",
        _ => "this means nothing for a permission",
    };
    format!("A message of sender {} came back with error {}: {means}.", fact.sender, fact.code)
}

fn moved(what: &str, policy: &Policy) -> String {
    let opt_ins = if policy.identity_change_carries_opt_in { "Opt-ins in force follow too" } else { "Opt-ins stay behind" };
    format!("The contact's {what} changed. Refusals in force follow to the new one. {opt_ins}; windows stay behind.")
}

fn receipt(fact: &DecisionReceiptIssued) -> String {
    let category = Category::from_number(fact.category).map_or_else(|| "anything".to_owned(), |category| category.to_string());
    let answer = Permission::from_number(fact.permission).map_or("an answer that this program does not know", Permission::as_str);
    let reasons: Vec<&str> = fact.reasons.iter().filter_map(|reason| Reason::from_number(*reason)).map(Reason::as_str).collect();
    let asked_at = Time::from_micros(fact.asked_at);
    format!(
        "A signed answer was handed out: might sender {} send {category} at {asked_at}? {answer} ({}).",
        fact.sender,
        reasons.join(", ")
    )
}

/// What entries of accounts and of the ledger itself say: their facts, as they are named.
fn told(what: &str, entry: &Entry) -> String {
    let clear = StoredEntry::split(&entry.raw).ok().and_then(|(stored, _)| Opened::clear(stored.clear_bytes()).ok());
    let facts = clear.as_ref().map(facts::pairs).unwrap_or_default();
    let facts: Vec<String> = facts.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if facts.is_empty() { format!("{what}.") } else { format!("{what}; {}.", facts.join(", ")) }
}

fn sender(name: &str) -> String {
    if name.is_empty() { "all senders of the account".to_owned() } else { format!("sender {name}") }
}

fn categories(numbers: &[i32]) -> String {
    let words: Vec<String> = numbers
        .iter()
        .map(|number| Category::from_number(*number).map_or_else(|| format!("category {number}"), |category| category.to_string()))
        .collect();
    match words.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn method_name(number: i32) -> String {
    Method::from_number(number).map_or_else(|| format!("method {number}"), |method| method.as_str().replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{ClearPart, IdentityKeyChanged, PossibleOptOutResolved};

    fn of(fact: Fact) -> String {
        let entry = Entry { clear: Some(ClearPart { fact: Some(fact), ..Default::default() }), ..Default::default() };
        sentence(&entry, &Policy::meta())
    }

    #[test]
    fn an_opt_in_says_to_what_where_and_how() {
        let fact = OptedIn { categories: vec![1, 2, 3], method: 4, ..Default::default() };
        assert_eq!(
            of(Fact::OptedIn(fact)),
            "Opted in to marketing, utility and authentication at all senders of the account (method: in person)."
        );
        let weak = OptedIn { sender: "1".into(), categories: vec![1], method: 5, expires_at: 1, ..Default::default() };
        assert!(of(Fact::OptedIn(weak.clone())).contains("counts only where no opt-out was ever recorded"));
        assert!(!of(Fact::OptedIn(OptedIn { has_evidence: true, ..weak })).contains("counts only"));
    }

    #[test]
    fn a_message_says_whether_it_opens_the_window_and_what_its_words_mean() {
        let inbound = |kind, keyword, holds_opt_out_word, possible_opt_out| {
            let sender = "1".into();
            of(Fact::InboundMessageReceived(InboundMessageReceived { sender, kind, keyword, holds_opt_out_word, possible_opt_out }))
        };
        assert_eq!(inbound(1, 0, false, false), "Came in at sender 1: text, which opens the customer service window.");
        assert_eq!(inbound(15, 0, false, false), "Came in at sender 1: reaction, which opens no window.");
        assert!(inbound(1, 1, true, false).ends_with("It was an opt-out keyword, standing alone."));
        assert!(inbound(1, 0, true, true).contains("possible opt-out"));
        assert!(inbound(1, 0, true, false).contains("reopens nothing"));
    }

    #[test]
    fn refusals_of_the_platform_mean_what_the_rules_say() {
        let failed = |code| of(Fact::SendFailed(SendFailed { sender: "1".into(), code }));
        assert!(failed(131_047).contains("the window is closed"));
        assert!(failed(131_050).contains("stopped marketing"));
        assert!(failed(131_049).contains("means nothing"));
    }

    #[test]
    fn decisions_of_people_and_changed_keys_are_told() {
        assert!(of(Fact::PossibleOptOutResolved(PossibleOptOutResolved { seq: 7, confirmed: true })).contains("entry 7 was an opt-out"));
        assert!(of(Fact::PossibleOptOutResolved(PossibleOptOutResolved { seq: 7, confirmed: false })).contains("no opt-out"));
        assert!(of(Fact::IdentityKeyChanged(IdentityKeyChanged { sender: "1".into() })).contains("suspended"));
    }
}
