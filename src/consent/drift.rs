//! Where the platform contradicts the ledger (rules 3 and 5): it refuses a message for a reason that the facts deny.
//!
//! ```text
//! 131047, the window is closed           while the ledger held it open
//! 131050, the contact stopped marketing  while the ledger held marketing opted in, and not stopped
//! ```

use super::decide::{Asked, Contact};
use super::event::{CODE_MARKETING_STOPPED, CODE_WINDOW_CLOSED, SenderNumber};
use super::facts::Fact;
use super::policy::Policy;
use super::time::Time;
use super::view::{Standing, View};
use super::words::Category;

/// What the ledger held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    /// What it went by: the act that opened the window, or the opt-in.
    pub fact: Fact,
    /// Until when it held; none: for good.
    pub until: Option<Time>,
}

/// What a refusal with this code answers; none: this code says nothing about the ledger's facts.
#[must_use]
pub const fn question(code: u32) -> Option<Asked> {
    match code {
        CODE_WINDOW_CLOSED => Some(Asked::For(Category::Service)),
        CODE_MARKETING_STOPPED => Some(Asked::For(Category::Marketing)),
        _ => None,
    }
}

/// What was held at the instant `at`, from facts none of which is later, that a refusal with this code contradicts; none:
/// they agree.
#[must_use]
pub fn contradicted(contact: Contact<'_>, sender: SenderNumber, policy: &Policy, code: u32, at: Time) -> Option<Held> {
    let Contact::Known(facts) = contact else { return None };
    let view = View::new(facts, sender, policy);
    match code {
        CODE_WINDOW_CLOSED => {
            let until = view.window(at).closes_at;
            until.and(view.act).map(|fact| Held { fact, until })
        }
        CODE_MARKETING_STOPPED => match view.standing(Category::Marketing, at) {
            Standing::OptedIn(opt_in) if view.stopped.is_none() => Some(Held { fact: opt_in.fact, until: view.expires_at(&opt_in) }),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::event::{Act, Event};
    use crate::consent::facts::Facts;
    use crate::consent::words::{Categories, InboundKind, PlatformPreference, Seq};

    const SENDER: SenderNumber = SenderNumber::new(1);
    const OTHER: SenderNumber = SenderNumber::new(2);
    const HOUR: i64 = 3_600_000_000;

    const fn hour(hour: i64) -> Time {
        Time::from_micros(hour * HOUR)
    }

    fn facts(acts: &[Act]) -> Facts {
        let mut facts = Facts::default();
        for (number, act) in (1..).zip(acts) {
            facts.apply(&Event { at: hour(number), seq: Seq::new(number.unsigned_abs()), act: *act });
        }
        facts
    }

    fn held(facts: &Facts, code: u32, at: i64) -> Option<(u64, Option<Time>)> {
        let held = contradicted(Contact::Known(facts), SENDER, &Policy::meta(), code, hour(at))?;
        Some((held.fact.seq.number(), held.until))
    }

    const fn wrote(sender: SenderNumber) -> Act {
        Act::Inbound { sender, kind: InboundKind::Text, holds_opt_out_word: false }
    }

    const OPT_IN: Act = Act::OptIn {
        sender: SenderNumber::ALL,
        categories: Categories::NONE.with(Category::Marketing),
        expires_at: Some(hour(100)),
        weak: false,
    };

    #[test]
    fn a_closed_window_contradicts_only_one_that_is_open_at_that_sender() {
        assert_eq!(held(&facts(&[wrote(SENDER)]), CODE_WINDOW_CLOSED, 5), Some((1, Some(hour(25)))));
        assert_eq!(held(&facts(&[wrote(SENDER)]), CODE_WINDOW_CLOSED, 25), None);
        assert_eq!(held(&facts(&[wrote(OTHER)]), CODE_WINDOW_CLOSED, 5), None);
        let told_before = facts(&[wrote(SENDER), Act::SendFailed { sender: SENDER, code: CODE_WINDOW_CLOSED }]);
        assert_eq!(held(&told_before, CODE_WINDOW_CLOSED, 5), None);
        let opted_out = Act::OptOut { sender: SENDER, categories: Categories::ALL, keyword_sender: None };
        assert_eq!(held(&facts(&[wrote(SENDER), opted_out]), CODE_WINDOW_CLOSED, 5), Some((1, Some(hour(25)))));
    }

    #[test]
    fn a_stop_contradicts_only_marketing_that_is_opted_in_and_not_stopped() {
        assert_eq!(held(&facts(&[OPT_IN]), CODE_MARKETING_STOPPED, 5), Some((1, Some(hour(100)))));
        assert_eq!(held(&facts(&[OPT_IN]), CODE_MARKETING_STOPPED, 100), None);
        assert_eq!(held(&facts(&[wrote(SENDER)]), CODE_MARKETING_STOPPED, 5), None);
        let stop = Act::Preference { sender: OTHER, preference: PlatformPreference::Stop };
        assert_eq!(held(&facts(&[OPT_IN, stop]), CODE_MARKETING_STOPPED, 5), None);
    }

    #[test]
    fn other_codes_and_contacts_that_are_gone_contradict_nothing() {
        let known = facts(&[wrote(SENDER), OPT_IN]);
        assert_eq!((held(&known, 131_026, 5), question(131_026)), (None, None));
        let moved = Contact::Moved(Fact { at: hour(1), seq: Seq::new(1) });
        for contact in [moved, Contact::Unknown] {
            assert_eq!(contradicted(contact, SENDER, &Policy::meta(), CODE_WINDOW_CLOSED, hour(5)), None);
        }
    }
}
