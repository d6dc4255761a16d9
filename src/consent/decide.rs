//! Answers: may this sender write to this contact now, free-form, by template only, or not at all, and why?
//!
//! The order of work is that of the rules: the window (3), consent by category (4), the platform's preference (5),
//! what an ordinary message does after an opt-out (7), the permission (8), the one confirmation (11), and last the
//! moment until which all of this holds by itself (15).

use super::event::{Act, CODE_MARKETING_STOPPED, CODE_WINDOW_CLOSED, Event, SenderNumber};
use super::facts::{Fact, Facts};
use super::policy::Policy;
use super::time::Time;
use super::view::{Confirmation, Standing, View};
use super::words::{Categories, Category, Effect, Permission, Reason, Seq};

/// What a sender wants to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// Send anything: the most it may.
    Anything,
    /// Send a message of this category.
    For(Category),
    /// Send the one confirmation that may follow an opt-out keyword.
    OptOutConfirmation,
}

/// What is known of whoever stands behind an identifier.
#[derive(Clone, Copy, Debug)]
pub enum Contact<'a> {
    /// Nothing.
    Unknown,
    /// Its facts.
    Known(&'a Facts),
    /// The contact moved away from this identifier, and nobody acted under it since.
    Moved(Fact),
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Free-form, template only, or nothing.
    pub permission: Permission,
    /// Why, the decisive one first.
    pub reasons: Vec<Reason>,
    /// The template categories that may be sent, whatever was asked.
    pub allowed: Categories,
    /// When the customer service window closes, where it is open.
    pub window_closes_at: Option<Time>,
    /// The earliest moment at which permission or allowed categories change by themselves; none: never.
    pub valid_until: Option<Time>,
    /// The entries it rests on, ascending.
    pub deciding_seqs: Vec<Seq>,
}

/// Answers at the instant `at`, from facts none of which is later.
#[must_use]
pub fn decide(contact: Contact<'_>, sender: SenderNumber, asked: Asked, policy: &Policy, at: Time) -> Decision {
    static NOBODY: Facts =
        Facts { toward: Vec::new(), identity_changed: None, predecessors: Vec::new(), latest: Time::from_micros(i64::MIN) };
    let facts = match contact {
        Contact::Moved(change) => return moved(change),
        Contact::Known(facts) => facts,
        Contact::Unknown => &NOBODY,
    };
    let view = View::new(facts, sender, policy);
    let now = view.answer(asked, at);
    let valid_until = view.next_change(asked, at, now);
    let deciding_seqs = view.deciding_seqs(asked, at);
    Decision {
        permission: now.permission,
        reasons: view.reasons(asked, at, now),
        allowed: now.allowed,
        window_closes_at: view.window(at).closes_at,
        valid_until,
        deciding_seqs,
    }
}

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

fn moved(change: Fact) -> Decision {
    Decision {
        permission: Permission::Nothing,
        reasons: vec![Reason::ContactNumberChanged],
        allowed: Categories::NONE,
        window_closes_at: None,
        valid_until: None,
        deciding_seqs: vec![change.seq],
    }
}

/// Permission and allowed categories at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Answer {
    permission: Permission,
    allowed: Categories,
}

impl View<'_> {
    // Rule 8.
    fn answer(&self, asked: Asked, at: Time) -> Answer {
        let allowed = self.allowed(at);
        let free = self.free_until(at).is_some();
        let permission = match asked {
            Asked::OptOutConfirmation => {
                if matches!(self.confirmation(at), Confirmation::Allowed { .. }) {
                    Permission::FreeForm
                } else {
                    Permission::Nothing
                }
            }
            Asked::Anything | Asked::For(Category::Service) => {
                if free {
                    Permission::FreeForm
                } else if allowed.is_empty() {
                    Permission::Nothing
                } else {
                    Permission::TemplateOnly
                }
            }
            Asked::For(Category::Authentication) => template_or_nothing(allowed.contains(Category::Authentication)),
            Asked::For(category @ (Category::Marketing | Category::Utility)) => match self.standing(category, at) {
                Standing::OptedOut(_) => Permission::Nothing,
                _ if category == Category::Marketing && self.stopped().is_some() => Permission::Nothing,
                Standing::OptedIn(_) if free => Permission::FreeForm,
                Standing::OptedIn(_) => template_or_nothing(allowed.contains(category)),
                _ if category == Category::Utility && free => Permission::FreeForm,
                _ => Permission::Nothing,
            },
        };
        Answer { permission, allowed }
    }

    fn reasons(&self, asked: Asked, at: Time, answer: Answer) -> Vec<Reason> {
        let mut against = self.against(asked, at);
        let for_it = |reasons: &[Reason]| reasons.to_vec();
        match (answer.permission, asked) {
            (Permission::FreeForm, Asked::OptOutConfirmation) => for_it(&[Reason::OptOutConfirmationAllowed]),
            (Permission::FreeForm, Asked::For(category)) if matches!(self.standing(category, at), Standing::OptedIn(_)) => {
                for_it(&[Reason::WindowOpen, Reason::OptedIn])
            }
            (Permission::FreeForm, _) => for_it(&[Reason::WindowOpen]),
            (Permission::TemplateOnly, _) => {
                against.retain(|reason| self.is_against_free_form(*reason, asked, at));
                against.insert(0, Reason::OptedIn);
                against
            }
            (Permission::Nothing, _) => against,
        }
    }

    /// Every reason against, in the order in which they decide.
    fn against(&self, asked: Asked, at: Time) -> Vec<Reason> {
        let window = self.window(at);
        let mut reasons = Vec::with_capacity(4);
        let categories: &[Category] = match asked {
            Asked::Anything | Asked::For(Category::Service) | Asked::OptOutConfirmation => Category::ALL,
            // For marketing that the contact did not agree to, free-form conversation would change nothing.
            Asked::For(Category::Marketing) if matches!(self.standing(Category::Marketing, at), Standing::OptedIn(_)) => {
                &[Category::Marketing, Category::Service]
            }
            Asked::For(Category::Marketing) => &[Category::Marketing],
            Asked::For(Category::Utility) => &[Category::Utility, Category::Service],
            Asked::For(Category::Authentication) => &[Category::Authentication],
        };
        for category in categories {
            let concerns_template = *category != Category::Service;
            match self.standing(*category, at) {
                Standing::OptedOut(_) if concerns_template || self.free_until(at).is_none() => reasons.push(Reason::RecipientOptedOut),
                Standing::Suspended(_) if concerns_template => reasons.push(Reason::ContactIdentityChanged),
                Standing::Expired(_) if concerns_template => reasons.push(Reason::OptInExpired),
                Standing::Unknown if concerns_template => reasons.push(Reason::RecipientNotOptedIn),
                _ => {}
            }
            if *category == Category::Marketing && self.stopped().is_some() {
                reasons.push(Reason::PlatformMarketingStopped);
            }
        }
        if asked == Asked::OptOutConfirmation && matches!(self.confirmation(at), Confirmation::Used(_)) {
            reasons.push(Reason::OptOutConfirmationUsed);
        }
        // Nor would an open window.
        let window_matters = match asked {
            Asked::For(Category::Authentication) => false,
            Asked::For(Category::Marketing) => matches!(self.standing(Category::Marketing, at), Standing::OptedIn(_)),
            _ => true,
        };
        if window_matters && window.closed_by_platform {
            reasons.push(Reason::PlatformClosedWindow);
        } else if window_matters && window.closes_at.is_none() {
            reasons.push(Reason::OutsideAllowedSendingWindow);
        }
        if asked == Asked::For(Category::Authentication) && matches!(self.standing(Category::Authentication, at), Standing::OptedIn(_)) {
            reasons.push(Reason::FreeFormNotForAuthentication);
        }
        reasons.sort_unstable();
        reasons.dedup();
        reasons
    }

    /// Whether `reason` is one why a permitted template may not be a free-form message.
    fn is_against_free_form(&self, reason: Reason, asked: Asked, at: Time) -> bool {
        match reason {
            Reason::PlatformClosedWindow | Reason::OutsideAllowedSendingWindow => asked != Asked::For(Category::Authentication),
            Reason::FreeFormNotForAuthentication => true,
            Reason::RecipientOptedOut => {
                asked != Asked::For(Category::Authentication)
                    && matches!(self.standing(Category::Service, at), Standing::OptedOut(_))
                    && self.free_until(at).is_none()
            }
            _ => false,
        }
    }

    // Rule 15: every moment at which something ends by itself is a candidate; the first that changes the answer is it.
    fn next_change(&self, asked: Asked, at: Time, now: Answer) -> Option<Time> {
        let hours = self.policy.window_hours;
        let mut ends: Vec<Time> = [self.act, self.ordinary].into_iter().flatten().map(|act| act.at.plus_hours(hours)).collect();
        if let Confirmation::Allowed { closes_at, .. } = self.confirmation(at) {
            ends.push(closes_at);
        }
        for category in Category::TEMPLATE {
            ends.extend(self.opt_ins(category).filter_map(|opt_in| self.expires_at(&opt_in)));
        }
        ends.retain(|end| *end > at);
        ends.sort_unstable();
        ends.into_iter().find(|end| self.answer(asked, *end) != now)
    }

    fn deciding_seqs(&self, asked: Asked, at: Time) -> Vec<Seq> {
        let mut facts: Vec<Fact> = Vec::with_capacity(6);
        let categories: Categories = match asked {
            Asked::Anything | Asked::OptOutConfirmation => Categories::ALL,
            Asked::For(category) => Categories::NONE.with(category).with(Category::Service),
        };
        for category in categories.iter() {
            match self.standing(category, at) {
                Standing::Unknown => {}
                Standing::OptedOut(out) => facts.push(out),
                Standing::OptedIn(opt_in) | Standing::Expired(opt_in) => facts.push(opt_in.fact),
                Standing::Suspended(opt_in) => {
                    facts.push(opt_in.fact);
                    facts.extend(self.facts.identity_changed);
                }
            }
        }
        if asked != Asked::For(Category::Authentication) {
            facts.extend(self.act);
            facts.extend(self.own.and_then(|own| own.closed));
        }
        if categories.contains(Category::Marketing) {
            facts.extend(self.stopped());
        }
        if asked == Asked::OptOutConfirmation {
            match self.confirmation(at) {
                Confirmation::Allowed { keyword, .. } => facts.push(keyword),
                Confirmation::Used(sent) => facts.push(sent),
                Confirmation::None => {}
            }
        }
        let mut seqs: Vec<Seq> = facts.into_iter().map(|fact| fact.seq).collect();
        seqs.sort_unstable();
        seqs.dedup();
        seqs
    }
}

const fn template_or_nothing(allowed: bool) -> Permission {
    if allowed { Permission::TemplateOnly } else { Permission::Nothing }
}
