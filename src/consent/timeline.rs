//! One contact's windows and consent over time, for people: what the rules say at every instant, not only now.
//!
//! ```text
//!   acts toward the sender    W1      W2          131047     W3
//!   the window                ├───────┼───────────┤          ├────────────────┤
//!                             open    longer      the platform said closed    its term is over
//! ```

use std::sync::Arc;

pub use super::view::Standing;

use super::event::{Act, CODE_WINDOW_CLOSED, Event, SenderNumber};
use super::facts::{Fact, Facts};
use super::policy::Policy;
use super::time::Time;
use super::view::{View, window_toward};
use super::words::Category;

/// A policy and since when it holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InForce {
    /// Since when.
    pub since: Time,
    /// The policy.
    pub policy: Arc<Policy>,
}

/// The policy in force at an instant; before the first that was adopted it is the preset meta (rule 16).
#[must_use]
pub fn policy_at(policies: &[InForce], at: Time) -> Arc<Policy> {
    let adopted = policies.iter().rfind(|policy| policy.since <= at);
    adopted.map_or_else(|| Arc::new(Policy::meta()), |policy| Arc::clone(&policy.policy))
}

/// A time during which the window was open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Open {
    /// The act that opened it.
    pub by: Fact,
    /// Since when it was open.
    pub from: Time,
    /// When it closed, or will.
    pub until: Time,
    /// Why it closed there.
    pub end: End,
}

/// Why a window closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Its term was over, counted from the latest act that opens one.
    Term,
    /// The platform said that it was closed (send error 131047).
    Platform,
    /// The account adopted a policy under which it was not open.
    Policy,
    /// The contact moved to another identifier.
    Left,
}

/// A window at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WindowAt {
    /// The latest act that opens one, from which its term counts.
    pub by: Fact,
    /// When it closes, where it is open.
    pub closes_at: Option<Time>,
    /// Whether it would be open had the platform not said otherwise.
    pub closed_by_platform: bool,
}

/// The window of a contact at `sender` and the instant `at`, from facts none of which is later, as [`decide`] sees it (rule 3);
/// none where no act opened any.
///
/// [`decide`]: super::decide::decide
#[must_use]
pub fn window(facts: &Facts, sender: SenderNumber, policy: &Policy, at: Time) -> Option<WindowAt> {
    let (by, window) = window_toward(facts.toward(sender)?, policy, at)?;
    Some(WindowAt { by, closes_at: window.closes_at, closed_by_platform: window.closed_by_platform })
}

/// When the window of one contact at `sender` was open (rule 3), from its acts as they are known today, in any order.
/// `policies` ascend; `left` is when the contact left its identifiers.
#[must_use]
pub fn windows(acts: &[Event], sender: SenderNumber, policies: &[InForce], left: Option<Time>) -> Vec<Open> {
    let bears = |act: &Act| match act {
        Act::Inbound { sender: toward, .. } => *toward == sender,
        Act::SendFailed { sender: toward, code } => *toward == sender && *code == CODE_WINDOW_CLOSED,
        _ => false,
    };
    let mut acts: Vec<&Event> = acts.iter().filter(|event| bears(&event.act) && left.is_none_or(|left| event.at <= left)).collect();
    acts.sort_by_key(|event| (event.at, event.seq));
    let mut moments: Vec<Time> = acts.iter().map(|event| event.at).chain(policies.iter().map(|policy| policy.since)).collect();
    moments.sort_unstable();
    moments.dedup();
    let mut acts = acts.into_iter().peekable();
    let (mut facts, mut open, mut closed) = (Facts::default(), None::<Open>, Vec::new());
    for at in moments {
        if let Some(over) = open.take_if(|open| open.until <= at) {
            closed.push(over);
        }
        while let Some(event) = acts.next_if(|event| event.at <= at) {
            facts.apply(event);
        }
        let policy = policy_at(policies, at);
        let view = View::new(&facts, sender, &policy);
        let window = view.window(at);
        match (window.closes_at, view.act, open.take()) {
            (Some(until), _, Some(before)) => open = Some(Open { until, ..before }),
            (Some(until), Some(by), None) => open = Some(Open { by, from: at, until, end: End::Term }),
            (None, _, Some(before)) => {
                let end = if window.closed_by_platform { End::Platform } else { End::Policy };
                closed.push(Open { until: at, end, ..before });
            }
            (_, _, None) => {}
        }
    }
    closed.extend(open);
    closed.into_iter().filter_map(|open| cut(open, left)).collect()
}

/// The part of it before the contact left.
fn cut(open: Open, left: Option<Time>) -> Option<Open> {
    match left {
        Some(left) if left <= open.from => None,
        Some(left) if left < open.until => Some(Open { until: left, end: End::Left, ..open }),
        _ => Some(open),
    }
}

/// What consent to `category` comes to at `sender` and the instant `at`, from facts none of which is later (rule 4).
#[must_use]
pub fn standing(facts: &Facts, sender: SenderNumber, policy: &Policy, category: Category, at: Time) -> Standing {
    View::new(facts, sender, policy).standing(category, at)
}

/// The platform's stop of marketing that is in force at `sender` (rule 5).
#[must_use]
pub fn stopped(facts: &Facts, sender: SenderNumber, policy: &Policy) -> Option<Fact> {
    View::new(facts, sender, policy).stopped
}

/// When an opt-in ends by itself under a policy; none: never (rule 4).
#[must_use]
pub fn ends_at(given_at: Time, expires_at: Option<Time>, policy: &Policy) -> Option<Time> {
    let by_age = policy.opt_in_valid_days.map(|days| given_at.plus_days(days));
    match (expires_at, by_age) {
        (Some(own), Some(by_age)) => Some(own.min(by_age)),
        (own, by_age) => own.or(by_age),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::words::{InboundKind, Seq};

    const SENDER: SenderNumber = SenderNumber::new(1);

    const fn hour(hour: i64) -> Time {
        Time::from_micros(hour * 3_600_000_000)
    }

    fn at(when: i64, act: Act) -> Event {
        Event { at: hour(when), seq: Seq::new(when.unsigned_abs()), act }
    }

    fn wrote(when: i64, kind: InboundKind) -> Event {
        at(when, Act::Inbound { sender: SENDER, kind, holds_opt_out_word: false })
    }

    fn refused(when: i64, sender: u32) -> Event {
        at(when, Act::SendFailed { sender: SenderNumber::new(sender), code: CODE_WINDOW_CLOSED })
    }

    fn of(acts: &[Event], policies: &[InForce], left: Option<i64>) -> Vec<(i64, i64, End)> {
        let open = windows(acts, SENDER, policies, left.map(hour));
        open.iter().map(|open| (open.from.micros() / 3_600_000_000, open.until.micros() / 3_600_000_000, open.end)).collect()
    }

    #[test]
    fn a_later_act_prolongs_a_window_and_one_after_its_term_opens_another() {
        let acts = [wrote(60, InboundKind::Call), wrote(10, InboundKind::Text), wrote(20, InboundKind::Image)];
        assert_eq!(of(&acts, &[], None), [(10, 44, End::Term), (60, 84, End::Term)]);
        let to_the_end = [wrote(10, InboundKind::Text), wrote(34, InboundKind::Text)];
        assert_eq!(of(&to_the_end, &[], None), [(10, 34, End::Term), (34, 58, End::Term)]);
    }

    #[test]
    fn what_opens_no_window_and_what_another_sender_heard_draw_none() {
        assert_eq!(of(&[wrote(10, InboundKind::Reaction)], &[], None), []);
        let acts = [at(10, Act::Inbound { sender: SenderNumber::new(2), kind: InboundKind::Text, holds_opt_out_word: false })];
        assert_eq!(of(&acts, &[], None), []);
    }

    #[test]
    fn the_platform_closes_a_window_until_a_later_act() {
        let acts = [wrote(10, InboundKind::Text), refused(15, 1), refused(12, 2), wrote(20, InboundKind::Text)];
        assert_eq!(of(&acts, &[], None), [(10, 15, End::Platform), (20, 44, End::Term)]);
        let tie = [wrote(10, InboundKind::Text), refused(10, 1)];
        assert_eq!(of(&tie, &[], None), []);
    }

    #[test]
    fn a_policy_shortens_and_reopens_what_older_acts_opened() {
        let mut short = Policy::meta();
        short.window_hours = 2;
        let policies =
            [InForce { since: hour(15), policy: Arc::new(short) }, InForce { since: hour(20), policy: Arc::new(Policy::meta()) }];
        assert_eq!(of(&[wrote(10, InboundKind::Text)], &policies, None), [(10, 15, End::Policy), (20, 34, End::Term)]);
    }

    #[test]
    fn a_contact_that_leaves_leaves_its_window() {
        assert_eq!(of(&[wrote(10, InboundKind::Text), wrote(31, InboundKind::Text)], &[], Some(30)), [(10, 30, End::Left)]);
    }

    #[test]
    fn the_drawn_windows_are_those_that_a_check_at_each_instant_finds() {
        use crate::consent::decide::{Asked, Contact, Send, decide};
        use proptest::prelude::*;
        let act = (0..80_i64, 0..3_usize).prop_map(|(when, what)| match what {
            0 => wrote(when, InboundKind::Text),
            1 => wrote(when, InboundKind::Reaction),
            _ => refused(when, 1),
        });
        let policy = (0..80_i64, 1..24_u32).prop_map(|(since, hours)| {
            let mut policy = Policy::meta();
            policy.window_hours = hours;
            InForce { since: hour(since), policy: Arc::new(policy) }
        });
        let limits = crate::consent::account::AccountFacts::default();
        proptest!(|(acts in prop::collection::vec(act, 0..6), mut policies in prop::collection::vec(policy, 0..3))| {
            policies.sort_by_key(|policy| policy.since);
            policies.dedup_by_key(|policy| policy.since);
            let drawn = windows(&acts, SENDER, &policies, None);
            for instant in (0..110).map(hour) {
                let mut facts = Facts::default();
                for event in acts.iter().filter(|event| event.at <= instant) {
                    facts.apply(event);
                }
                let policy = policy_at(&policies, instant);
                let as_of = crate::consent::account::AsOf { at: instant, known: crate::consent::account::Known::default() };
                let send: Send = limits.send(SENDER, Asked::Anything, None, &policy, as_of);
                let asked = decide(Contact::Known(&facts), &send, &policy, instant).window_closes_at.is_some();
                let shown = drawn.iter().any(|open| open.from <= instant && instant < open.until);
                prop_assert_eq!(shown, asked, "at {:?}: {:?}", instant, drawn);
            }
        });
    }
}
