//! What recording an event did to the facts that permissions rest on.

use super::event::{Act, CODE_MARKETING_STOPPED, CODE_WINDOW_CLOSED, Event};
use super::facts::Facts;
use super::policy::Policy;
use super::view::{Standing, View};
use super::words::Effect;

/// What an event did, seen through the policy: `before` and `after` are the facts around it, `changed` says whether
/// folding it in changed one.
#[must_use]
pub fn effect(before: &Facts, after: &Facts, changed: bool, event: &Event, policy: &Policy) -> Effect {
    let applied = match event.act {
        Act::Inbound { kind, .. } if !policy.opens_window(kind) => return Effect::NoChange,
        Act::SendFailed { code, .. } if code != CODE_MARKETING_STOPPED && code != CODE_WINDOW_CLOSED => return Effect::NoChange,
        Act::Inbound { sender, .. } => {
            let (before, after) = (View::new(before, sender, policy), View::new(after, sender, policy));
            (before.act, before.ordinary) != (after.act, after.ordinary)
        }
        Act::OptIn { sender, categories, .. } => {
            let view = View::new(after, sender, policy);
            changed
                && categories.iter().any(|category| !matches!(view.standing(category, event.at), Standing::Unknown | Standing::OptedOut(_)))
        }
        Act::OptOut { .. } | Act::Preference { .. } | Act::SendFailed { .. } | Act::ConfirmationSent { .. } | Act::IdentityKeyChanged => {
            changed
        }
    };
    if applied { Effect::Applied } else { Effect::HistoricalOnly }
}
