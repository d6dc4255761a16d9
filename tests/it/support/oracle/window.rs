//! Rules 3 and 7: windows, and what an ordinary act does after an opt-out.

use consent_ledger::consent::policy::InboundAfterOptOut;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Category, Sender};
use consent_ledger::ledger::writing::record::What;

use super::case::{Case, Inbound};
use super::consent::{latest_opt_out, rule_4_consent};

/// The platform's word that a window is closed (rule 3).
const WINDOW_CLOSED: u32 = 131_047;

/// When the window closes that is open.
pub fn rule_3_window(case: &Case<'_>) -> Option<Time> {
    let mut closes_at = None;
    for act in opening_acts(case, case.sender) {
        if is_open_from(case, act.event.at) {
            closes_at = closes_at.max(Some(act.event.at.plus_hours(case.policy.window_hours)));
        }
    }
    closes_at
}

/// Whether the platform said that the last window is closed which would be open but for that.
pub fn rule_3_closed_by_platform(case: &Case<'_>) -> bool {
    let mut fresh = opening_acts(case, case.sender).into_iter().filter(|act| is_fresh(case, act.event.at));
    rule_3_window(case).is_none() && fresh.any(|act| is_closed_since(case, act.event.at))
}

/// Whether free-form is allowed as far as SERVICE goes: not opted out, or answered since by an ordinary act whose
/// window is open.
pub fn rule_7_service(case: &Case<'_>) -> bool {
    if !rule_4_consent(case, Category::Service).is_refused() {
        return true;
    }
    let Some(opted_out_at) = latest_opt_out(case, Category::Service) else { return true };
    let answers = |act: &Inbound<'_>| act.event.at > opted_out_at && is_open_from(case, act.event.at);
    case.policy.inbound_after_opt_out != InboundAfterOptOut::Ignore && ordinary_acts(case, case.sender).iter().any(answers)
}

/// Whether a keyword opt-out that `received` got at `at` is undone: under `lifts`, by a later ordinary act at that sender.
pub fn rule_7_lifted(case: &Case<'_>, received: &Sender, at: Time) -> bool {
    case.policy.inbound_after_opt_out == InboundAfterOptOut::Lifts && ordinary_acts(case, received).iter().any(|act| act.event.at > at)
}

/// Whether a window that opened at `at` is open: not yet over, and the platform did not say *closed* since.
pub fn is_open_from(case: &Case<'_>, at: Time) -> bool {
    is_fresh(case, at) && !is_closed_since(case, at)
}

/// The acts toward `sender` that open a window and hold no opt-out word.
pub fn ordinary_acts<'a>(case: &Case<'a>, sender: &Sender) -> Vec<Inbound<'a>> {
    opening_acts(case, sender).into_iter().filter(|act| !act.event.said.reading.holds_opt_out_word).collect()
}

/// The acts toward `sender` that open a window.
pub fn opening_acts<'a>(case: &Case<'a>, sender: &Sender) -> Vec<Inbound<'a>> {
    case.inbound().into_iter().filter(|act| act.sender == sender && case.policy.opens_window(act.kind)).collect()
}

fn is_fresh(case: &Case<'_>, at: Time) -> bool {
    at <= case.now && case.now < at.plus_hours(case.policy.window_hours)
}

fn is_closed_since(case: &Case<'_>, at: Time) -> bool {
    case.events().iter().any(|event| match &event.what {
        What::SendFailed { sender, code: WINDOW_CLOSED, .. } => sender == case.sender && event.at >= at,
        _ => false,
    })
}
