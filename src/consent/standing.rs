//! How a sender stands (rule 10), for a person: in one word, why, and what becomes of it by itself.

use super::account::AsOf;
use super::policy::{Policy, RedQuality};
use super::sender::{Declaration, EscalationPaths, Quality, RED_TERM_DAYS, Restriction, SenderFacts, SenderState};
use super::time::Time;

/// How a sender stands, for a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SenderStanding {
    /// In one word.
    pub state: SenderState,
    /// What the business last declared; none: nothing.
    pub declaration: Option<Declaration>,
    /// The platform's latest rating; none: none was reported.
    pub quality: Option<Quality>,
    /// Since when it is that.
    pub quality_since: Option<Time>,
    /// When RED closes templates under a policy that says so; none: it does not, or the sender is not RED.
    pub deadline: Option<Time>,
    /// The restrictions in force.
    pub restrictions: Vec<Restriction>,
}

impl SenderStanding {
    /// The standing of a sender with these facts, and with those of all senders of its account, as of an instant.
    #[must_use]
    pub fn new(own: Option<&SenderFacts>, all: Option<&SenderFacts>, policy: &Policy, as_of: AsOf) -> Self {
        let restrictions: Vec<Restriction> =
            [own, all].into_iter().flatten().flat_map(|facts| facts.restrictions(as_of)).map(|(_, restriction)| restriction).collect();
        let declaration = own.and_then(|own| own.declaration(as_of)).map(|(_, declaration)| declaration);
        let latest = own.and_then(|own| own.quality(as_of));
        let red_since = own.and_then(|own| own.red_since(as_of));
        let reachable = declaration.is_some_and(|declared| !declared.accepted_paths().is_empty());
        let small = declaration.is_some_and(Declaration::is_small);
        let deadline = red_since.filter(|_| !reachable && !small).map(|red| red.at.plus_days(RED_TERM_DAYS));
        let closed = policy.red_quality == RedQuality::DenyTemplates && deadline.is_some_and(|deadline| as_of.at >= deadline);
        let state = if closed || !restrictions.is_empty() {
            SenderState::Restricted
        } else if red_since.is_some() {
            SenderState::Flagged
        } else if declaration.is_some_and(|declared| declared.automated) && !reachable {
            SenderState::AtRisk
        } else {
            SenderState::Ok
        };
        let quality_since = red_since.or(latest.map(|(fact, _)| fact)).map(|fact| fact.at);
        Self { state, declaration, quality: latest.map(|(_, quality)| quality), quality_since, deadline, restrictions }
    }

    /// The ways to a human that count.
    #[must_use]
    pub fn accepted_paths(&self) -> EscalationPaths {
        self.declaration.map(Declaration::accepted_paths).unwrap_or_default()
    }

    /// Whether it is automated without an accepted way to a human: advice, whatever else holds.
    #[must_use]
    pub fn is_at_risk(&self) -> bool {
        self.declaration.is_some_and(|declared| declared.automated) && self.accepted_paths().is_empty()
    }

    /// Whole days left until the deadline, a day begun counted as one; none without a deadline.
    #[must_use]
    pub fn days_left(&self, at: Time) -> Option<u32> {
        const DAY: i64 = 86_400_000_000;
        let left = self.deadline?.micros().saturating_sub(at.micros()).max(0);
        u32::try_from(left / DAY + i64::from(left % DAY != 0)).ok()
    }
}
