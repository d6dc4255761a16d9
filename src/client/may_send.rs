//! Whether a message may be sent: a type out of which no error can be taken for a yes.

use std::fmt;

use super::error::ClientError;
use crate::consent::time::Time;
use crate::consent::words::{Categories, Category, Permission, Reason};
use crate::proto::Decision;

/// Whether a message may be sent now.
#[derive(Clone, PartialEq, Debug)]
#[must_use = "nothing may be sent unless this says so"]
pub enum MaySend {
    /// A free-form message may be sent, and a template of a category that [`Answer::allowed`] holds.
    FreeForm(Answer),
    /// Only a template may be sent: the one asked about, or one of a category that [`Answer::allowed`] holds.
    TemplateOnly(Answer),
    /// Nothing may be sent.
    No(WhyNot),
}

/// Why nothing may be sent.
#[derive(Clone, PartialEq, Debug)]
pub enum WhyNot {
    /// The ledger says so, and why.
    Decided(Answer),
    /// Nobody could tell.
    Unanswered(ClientError),
}

/// What the ledger answered.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    decision: Decision,
    reasons: Vec<Reason>,
    allowed: Categories,
}

impl MaySend {
    /// What a decision comes to. Whatever in it is not understood is a no.
    pub(super) fn of(decision: Option<Decision>) -> Self {
        match Answer::of(decision) {
            Ok((Permission::FreeForm, answer)) => Self::FreeForm(answer),
            Ok((Permission::TemplateOnly, answer)) => Self::TemplateOnly(answer),
            Ok((Permission::Nothing, answer)) => Self::No(WhyNot::Decided(answer)),
            Err(error) => Self::No(WhyNot::Unanswered(error)),
        }
    }

    /// Whether a free-form message may be sent.
    #[must_use]
    pub const fn free_form(&self) -> bool {
        matches!(self, Self::FreeForm(_))
    }

    /// Whether a template of this category may be sent. The one template that asks an unknown contact to opt in is of no allowed
    /// category: [`MaySend::TemplateOnly`] says yes to it where it was asked about.
    #[must_use]
    pub const fn template(&self, category: Category) -> bool {
        match self {
            Self::FreeForm(answer) | Self::TemplateOnly(answer) => answer.allowed.contains(category),
            Self::No(_) => false,
        }
    }

    /// What the ledger answered; none where nobody could tell.
    #[must_use]
    pub const fn answer(&self) -> Option<&Answer> {
        match self {
            Self::FreeForm(answer) | Self::TemplateOnly(answer) | Self::No(WhyNot::Decided(answer)) => Some(answer),
            Self::No(WhyNot::Unanswered(_)) => None,
        }
    }
}

impl Answer {
    fn of(decision: Option<Decision>) -> Result<(Permission, Self), ClientError> {
        let decision = decision.ok_or_else(|| ClientError::garbled("it holds no decision"))?;
        let permission = Permission::from_number(decision.permission)
            .ok_or_else(|| ClientError::garbled(format!("the permission {} is none that this program knows", decision.permission)))?;
        if decision.reasons.is_empty() {
            return Err(ClientError::garbled("it names no reason"));
        }
        if decision.position.as_ref().is_none_or(|position| position.seq == 0) {
            return Err(ClientError::garbled("it names no position in the log"));
        }
        let reasons = decision.reasons.iter().filter_map(|number| Reason::from_number(*number)).collect();
        let allowed = decision.allowed_template_categories.iter().filter_map(|number| Category::from_number(*number)).collect();
        Ok((permission, Self { decision, reasons, allowed }))
    }

    /// Why, the decisive one first. One that this program does not know is left out.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The template categories that may be sent, whatever was asked.
    #[must_use]
    pub const fn allowed(&self) -> Categories {
        self.allowed
    }

    /// The earliest moment at which the answer changes by itself; none: never. A new event may change it sooner: ask again before
    /// every message.
    #[must_use]
    pub fn valid_until(&self) -> Option<Time> {
        self.decision.valid_until.as_ref().map(time)
    }

    /// When the customer service window closes; none: it is not open.
    #[must_use]
    pub fn window_closes_at(&self) -> Option<Time> {
        self.decision.window_closes_at.as_ref().map(time)
    }

    /// The time that the answer is for.
    #[must_use]
    pub fn at(&self) -> Option<Time> {
        self.decision.at.as_ref().map(time)
    }

    /// The entry that the ledger stood at.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.decision.position.as_ref().map_or(0, |position| position.seq)
    }

    /// All of it.
    #[must_use]
    pub const fn decision(&self) -> &Decision {
        &self.decision
    }
}

/// The reasons, the decisive one first; or why nobody could tell.
impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decided(answer) => {
                let reasons: Vec<&str> = answer.reasons.iter().map(|reason| reason.as_str()).collect();
                f.write_str(&reasons.join(" "))
            }
            Self::Unanswered(error) => error.fmt(f),
        }
    }
}

fn time(timestamp: &prost_types::Timestamp) -> Time {
    Time::from_micros(timestamp.seconds.saturating_mul(1_000_000).saturating_add(i64::from(timestamp.nanos / 1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Position;

    fn decision(permission: i32) -> Decision {
        let position = Some(Position { seq: 7, hash: vec![0; 32].into() });
        Decision { permission, reasons: vec![1], allowed_template_categories: vec![1], position, ..Default::default() }
    }

    #[test]
    fn only_a_permission_that_is_known_is_a_yes() {
        assert!(MaySend::of(Some(decision(1))).free_form());
        assert!(MaySend::of(Some(decision(1))).template(Category::Marketing));
        let template = MaySend::of(Some(decision(2)));
        assert!(!template.free_form() && template.template(Category::Marketing) && !template.template(Category::Utility));
        for number in [0, 3, 4, -1, 99] {
            let answer = MaySend::of(Some(decision(number)));
            assert!(!answer.free_form() && !answer.template(Category::Marketing), "{number}");
            assert_eq!(matches!(answer, MaySend::No(WhyNot::Decided(_))), number == 3, "{number}");
        }
    }

    #[test]
    fn an_answer_that_is_not_whole_is_none() {
        let whole = decision(1);
        let without_reasons = Decision { reasons: Vec::new(), ..whole.clone() };
        let without_position = Decision { position: None, ..whole };
        for broken in [None, Some(Decision::default()), Some(without_reasons), Some(without_position)] {
            assert!(matches!(MaySend::of(broken), MaySend::No(WhyNot::Unanswered(ClientError::Garbled { .. }))));
        }
    }
}
