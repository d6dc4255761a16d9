//! What recording an event did to the facts that permissions rest on.

use super::event::{Act, CODE_MARKETING_STOPPED, CODE_WINDOW_CLOSED, Event};
use super::facts::{Fact, Facts};
use super::policy::Policy;
use super::view::{Standing, View};
use super::words::Effect;

/// What an event did, seen through the policy: `before` and `after` are the facts around it, `changed` says whether
/// folding it in changed one.
#[must_use]
pub fn effect(before: &Facts, after: &Facts, changed: bool, event: &Event, policy: &Policy) -> Effect {
    Before::of(before, event, policy).effect(after, changed, event, policy)
}

/// What has to be known of the facts before an event to tell what it did: nearly nothing, so that they need not be kept.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    /// The latest act that opens a window, and the latest without an opt-out word; none: the event is none that opens one.
    acts: Option<(Option<Fact>, Option<Fact>)>,
}

impl Before {
    /// Before this event is folded in.
    #[must_use]
    pub fn of(facts: &Facts, event: &Event, policy: &Policy) -> Self {
        let acts = if let Act::Inbound { sender, .. } = event.act {
            let view = View::new(facts, sender, policy);
            Some((view.act, view.ordinary))
        } else {
            None
        };
        Self { acts }
    }

    /// What the event did; as [`effect`].
    #[must_use]
    pub fn effect(self, after: &Facts, changed: bool, event: &Event, policy: &Policy) -> Effect {
        effect_after(self, after, changed, event, policy)
    }
}

fn effect_after(before: Before, after: &Facts, changed: bool, event: &Event, policy: &Policy) -> Effect {
    let applied = match event.act {
        Act::Inbound { kind, .. } if !policy.opens_window(kind) => return Effect::NoChange,
        Act::SendFailed { code, .. } if code != CODE_MARKETING_STOPPED && code != CODE_WINDOW_CLOSED => return Effect::NoChange,
        Act::Inbound { sender, .. } => {
            let after = View::new(after, sender, policy);
            before.acts != Some((after.act, after.ordinary))
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
