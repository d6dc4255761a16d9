//! What the ledger answered, and what the contact consented to, as tables.

use maud::{Markup, html};

use super::Answers;
use crate::consent::event::SenderNumber;
use crate::consent::facts::Fact;
use crate::consent::policy::Policy;
use crate::consent::timeline::{self, Standing, policy_at};
use crate::consent::words::{Category, Permission, Reason};
use crate::export::person::{Life, Person};
use crate::export::time;
use crate::proto::{CategoryDecision, Contact};

/// A sender that no entry names: what holds for all senders.
const ANY: SenderNumber = SenderNumber::new(u32::MAX);

/// What each sender might do when the report was made.
pub(super) fn answered(answers: &Answers) -> Markup {
    html! {
        section {
            h2 { "What each sender might do" }
            @if answers.is_empty() {
                p { "No entry names a sender, so none was asked about." }
            } @else {
                div.wide { table {
                    thead { tr { th scope="col" { "Sender" } @for category in Category::ALL { th scope="col" { (category) } } } }
                    tbody {
                        @for (sender, contact) in answers {
                            tr {
                                th scope="row" { (sender) }
                                @for category in Category::ALL { td { (decision(contact, *category)) } }
                            }
                        }
                    }
                } }
                @if let Some(when) = asked_at(answers) { p.small { (when) } }
            }
        }
    }
}

fn of(contact: &Contact, category: Category) -> Option<&CategoryDecision> {
    contact.decisions.iter().find(|item| Category::from_number(item.category) == Some(category))
}

fn decision(contact: &Contact, category: Category) -> Markup {
    let decision = of(contact, category).and_then(|item| item.decision.as_ref());
    let Some(decision) = decision else { return html! { "not answered" } };
    let permission = Permission::from_number(decision.permission);
    let reasons = decision.reasons.iter().map(|reason| Reason::from_number(*reason).map_or("?", Reason::as_str));
    html! {
        strong class=[permission.map(|permission| permission.as_str().to_lowercase())] { (permission.map_or("?", Permission::as_str)) }
        @for reason in reasons { br; span.small { @for word in reason.split_inclusive('_') { (word) wbr; } } }
    }
}

/// When, and at which entry, the answers were given.
fn asked_at(answers: &Answers) -> Option<String> {
    let given = answers.iter().filter_map(|(_, contact)| contact.decisions.first()?.decision.as_ref());
    let given: Vec<(String, u64)> =
        given.map(|decision| (time::text(decision.at.as_ref()), decision.position.as_ref().map_or(0, |position| position.seq))).collect();
    let ((from, _), (to, seq)) = given.first().zip(given.last())?;
    Some(if from == to {
        format!("The ledger's own answers for {to}, at entry {seq}.")
    } else {
        format!("The ledger's own answers, given from {from} to {to}; the last of them at entry {seq}.")
    })
}

/// What the contact consented to, worked out from the entries by the rules.
pub(super) fn consent(person: &Person, answers: &Answers) -> Markup {
    let Some(life) = person.asked() else {
        return html! { section { h2 { "Consent" } p { "Nothing is known of this contact." } } };
    };
    let policy = policy_at(&person.policies, person.at);
    let senders = person.senders.iter().map(|(number, name)| (*number, name.as_str()));
    html! {
        section {
            h2 { "Consent" }
            @if let Some(left) = life.left.filter(|left| *left <= person.at) {
                p { "The contact left this identifier at " (left.to_string()) ". What it had consented to until then:" }
            }
            div.wide { table {
                thead { tr { th scope="col" { "Sender" } @for category in Category::ALL { th scope="col" { (category) } } } }
                tbody {
                    @for (number, name) in senders.chain([(ANY, "any other")]) {
                        tr {
                            th scope="row" { (name) }
                            @for category in Category::ALL {
                                td { (standing(life, person, number, &policy, *category, is_erased(answers, name, *category))) }
                            }
                        }
                    }
                }
            } }
            p.small { "Worked out from the entries below by rules 4, 5 and 13, for " (person.at.to_string()) "." }
        }
    }
}

/// Whether the ledger answered that the contact was erased: of that no entry is left to tell.
fn is_erased(answers: &Answers, sender: &str, category: Category) -> bool {
    let decisions = answers.iter().filter(|(name, _)| name == sender || sender == "any other");
    let reasons = decisions.filter_map(|(_, contact)| of(contact, category)?.decision.as_ref()).flat_map(|decision| &decision.reasons);
    reasons.into_iter().any(|reason| Reason::from_number(*reason) == Some(Reason::ContactErased))
}

fn standing(life: &Life, person: &Person, sender: SenderNumber, policy: &Policy, category: Category, erased: bool) -> Markup {
    let fact = |word: &str, fact: Fact| html! { strong { (word) } br; span.small { "since " (fact.at.to_string()) ", entry " (fact.seq) } };
    let stopped = timeline::stopped(&life.facts, sender, policy).filter(|_| category == Category::Marketing);
    html! {
        @match timeline::standing(&life.facts, sender, policy, category, person.at) {
            _ if erased => { strong { "opted out" } br; span.small { "by an erasure" } }
            Standing::Unknown => "unknown",
            Standing::OptedOut(out) => (fact("opted out", out)),
            Standing::OptedIn(opt_in) => {
                (fact("opted in", opt_in.fact))
                @if let Some(end) = timeline::ends_at(opt_in.fact.at, opt_in.expires_at, policy) {
                    br; span.small { "until " (end.to_string()) }
                }
            }
            Standing::Expired(opt_in) => (fact("expired opt-in", opt_in.fact)),
            Standing::Suspended(opt_in) => (fact("suspended opt-in", opt_in.fact)),
        }
        @if let Some(stop) = stopped { br; (fact("stopped in WhatsApp", stop)) }
    }
}
