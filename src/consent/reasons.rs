//! Why an answer is what it is: the reasons for, or every reason against in the order in which they decide.

use super::decide::{Asked, Moment};
use super::facts::Fact;
use super::template::Finding;
use super::view::{Confirmation, Standing};
use super::words::{Category, Permission, Reason};

impl Moment<'_> {
    pub(super) fn reasons(&self) -> Vec<Reason> {
        let mut reasons = match (self.permission, self.send.asked) {
            (Permission::FreeForm, Asked::OptOutConfirmation) => vec![Reason::OptOutConfirmationAllowed],
            (Permission::FreeForm, Asked::For(category)) if self.opted_in(category) => vec![Reason::WindowOpen, Reason::OptedIn],
            (Permission::FreeForm, _) => vec![Reason::WindowOpen],
            (Permission::TemplateOnly, _) => {
                let allowed = if self.by_consent() == Permission::Nothing { Reason::OptInRequestAllowed } else { Reason::OptedIn };
                let mut reasons = self.against();
                reasons.retain(|reason| self.is_against_free_form(*reason));
                reasons.insert(0, allowed);
                reasons
            }
            (Permission::Nothing, _) => self.against(),
        };
        if self.send.limits.at_risk().is_some() {
            reasons.push(Reason::SenderAtRisk);
        }
        reasons
    }

    /// Whether templates can be an answer to what is asked, and whether free-form messages can.
    pub(super) fn concerns(&self) -> (bool, bool) {
        match self.send.asked {
            Asked::OptOutConfirmation => (false, true),
            Asked::For(Category::Authentication) => (true, false),
            // For marketing that the contact did not agree to, free-form conversation would change nothing.
            Asked::For(Category::Marketing) => (true, self.opted_in(Category::Marketing)),
            Asked::Anything | Asked::For(Category::Utility | Category::Service) => (true, true),
        }
    }

    /// Every reason against, in the order in which they decide.
    fn against(&self) -> Vec<Reason> {
        let mut reasons = Vec::with_capacity(8);
        let (templates, free_form) = self.concerns();
        let categories: &[Category] = match self.send.asked {
            Asked::Anything | Asked::For(Category::Service) | Asked::OptOutConfirmation => Category::ALL,
            Asked::For(Category::Marketing) if free_form => &[Category::Marketing, Category::Service],
            Asked::For(Category::Marketing) => &[Category::Marketing],
            Asked::For(Category::Utility) => &[Category::Utility, Category::Service],
            Asked::For(Category::Authentication) => &[Category::Authentication],
        };
        for category in categories {
            let concerns_template = *category != Category::Service;
            match self.standing(*category) {
                Standing::OptedOut(out) if concerns_template || self.service_closed => reasons.push(self.opted_out(out)),
                Standing::Suspended(_) if concerns_template => reasons.push(Reason::ContactIdentityChanged),
                Standing::Expired(_) if concerns_template => reasons.push(Reason::OptInExpired),
                Standing::Unknown if concerns_template => reasons.push(Reason::RecipientNotOptedIn),
                _ => {}
            }
            if *category == Category::Marketing && self.view.stopped.is_some() {
                reasons.push(Reason::PlatformMarketingStopped);
            }
        }
        let limits = &self.send.limits;
        if (templates && limits.no_templates(self.at).is_some()) || (free_form && limits.no_free_form(self.at).is_some()) {
            reasons.push(Reason::SenderRestricted);
        }
        if templates && limits.red(self.at).is_some() {
            reasons.push(Reason::SenderQualityRed);
        }
        match self.send.template {
            Some(Finding::Unknown) => reasons.push(Reason::TemplateUnknown),
            Some(Finding::NotUsable(_)) => reasons.push(Reason::TemplateNotUsable),
            Some(Finding::InsufficientParameters(_)) => reasons.push(Reason::TemplateInsufficientParameters),
            Some(Finding::Usable { .. }) | None => {}
        }
        if self.send.asked == Asked::OptOutConfirmation && matches!(self.view.confirmation(self.at), Confirmation::Used(_)) {
            reasons.push(Reason::OptOutConfirmationUsed);
        }
        if free_form && self.window.closed_by_platform {
            reasons.push(Reason::PlatformClosedWindow);
        } else if free_form && self.window.closes_at.is_none() {
            reasons.push(Reason::OutsideAllowedSendingWindow);
        }
        if self.send.asked == Asked::For(Category::Authentication) && self.opted_in(Category::Authentication) {
            reasons.push(Reason::FreeFormNotForAuthentication);
        }
        // Who agreed to everything and may be written to has nothing to confirm.
        if reasons.is_empty() && self.send.asked == Asked::OptOutConfirmation {
            reasons.push(Reason::OptOutConfirmationNotDue);
        }
        reasons.sort_unstable();
        reasons.dedup();
        reasons
    }

    fn opted_out(&self, out: Fact) -> Reason {
        if self.view.facts.erased == Some(out) { Reason::ContactErased } else { Reason::RecipientOptedOut }
    }

    /// Whether `reason` is one why a permitted template may not be a free-form message.
    fn is_against_free_form(&self, reason: Reason) -> bool {
        let (_, free_form) = self.concerns();
        match reason {
            Reason::PlatformClosedWindow | Reason::OutsideAllowedSendingWindow | Reason::FreeFormNotForAuthentication => true,
            Reason::SenderRestricted => free_form && self.send.limits.no_free_form(self.at).is_some(),
            Reason::RecipientOptedOut | Reason::ContactErased => {
                let service = self.standing(Category::Service);
                free_form && self.service_closed && matches!(service, Standing::OptedOut(out) if self.opted_out(out) == reason)
            }
            _ => false,
        }
    }
}
