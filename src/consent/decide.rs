//! Answers: may this sender write to this contact now, free-form, by template only, or not at all, and why?
//!
//! The order of work is that of the rules: the window (3), consent by category (4), the platform's preference (5),
//! what an ordinary message does after an opt-out (7), the permission (8) with what the sender may not do (10) and what
//! its template is (12), first contact (9), the one confirmation (11), and last the moment until which all of this holds
//! by itself (15).

use super::event::SenderNumber;
use super::facts::{Fact, Facts};
use super::policy::{Policy, UnknownContact};
use super::sender::Limits;
use super::template::Finding;
use super::time::Time;
use super::view::{Confirmation, Standing, View, Window};
use super::words::{Categories, Category, Permission, Reason, Seq};

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

/// What a sender wants to do, and what stands in its way whoever the contact is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Send {
    /// Who wants to send.
    pub sender: SenderNumber,
    /// What; with a registered template, its category.
    pub asked: Asked,
    /// What the registry says about the template that was named; none: none was, or nothing is registered.
    pub template: Option<Finding>,
    /// What the sender may not do, as of the instant asked about.
    pub limits: Limits,
}

/// Answers at the instant `at`, from facts none of which is later.
#[must_use]
pub fn decide(contact: Contact<'_>, send: &Send, policy: &Policy, at: Time) -> Decision {
    static NOBODY: Facts =
        Facts { toward: Vec::new(), identity_changed: None, erased: None, predecessors: Vec::new(), latest: Time::from_micros(i64::MIN) };
    let facts = match contact {
        Contact::Moved(change) => return moved(change),
        Contact::Known(facts) => facts,
        Contact::Unknown => &NOBODY,
    };
    let view = View::new(facts, send.sender, policy);
    let now = Moment::new(&view, send, at);
    Decision {
        permission: now.permission,
        reasons: now.reasons(),
        allowed: now.allowed,
        window_closes_at: now.window.closes_at,
        valid_until: now.next_change(),
        deciding_seqs: now.deciding_seqs(),
    }
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

/// Everything the rules say at one instant.
pub(super) struct Moment<'a> {
    pub(super) view: &'a View<'a>,
    pub(super) send: &'a Send,
    pub(super) at: Time,
    pub(super) standings: [Standing; 4],
    pub(super) window: Window,
    /// Whether a free-form message may be sent.
    pub(super) free: bool,
    /// Whether SERVICE is opted out and no later message has reopened it.
    pub(super) service_closed: bool,
    pub(super) allowed: Categories,
    pub(super) permission: Permission,
}

impl<'a> Moment<'a> {
    fn new(view: &'a View<'a>, send: &'a Send, at: Time) -> Self {
        let standings = [Category::Marketing, Category::Utility, Category::Authentication, Category::Service]
            .map(|category| view.standing(category, at));
        let window = view.window(at);
        let [.., service] = standings;
        let may_talk = window.closes_at.is_some() && view.is_free(service, at);
        let mut moment = Self {
            view,
            send,
            at,
            standings,
            window,
            free: may_talk && send.limits.no_free_form(at).is_none(),
            service_closed: false,
            allowed: Categories::NONE,
            permission: Permission::Nothing,
        };
        moment.service_closed = matches!(moment.standing(Category::Service), Standing::OptedOut(_)) && !may_talk;
        moment.allowed = moment.allowed();
        moment.permission = moment.permission();
        moment
    }

    pub(super) fn standing(&self, category: Category) -> Standing {
        self.standings.get(category.index()).copied().unwrap_or(Standing::Unknown)
    }

    pub(super) fn opted_in(&self, category: Category) -> bool {
        matches!(self.standing(category), Standing::OptedIn(_))
    }

    /// Whether rule 10 closes templates.
    fn templates_closed(&self) -> bool {
        self.send.limits.no_templates(self.at).is_some() || self.send.limits.red(self.at).is_some()
    }

    fn allowed(&self) -> Categories {
        if self.templates_closed() {
            return Categories::NONE;
        }
        let stopped = |category: Category| category == Category::Marketing && self.view.stopped.is_some();
        Category::TEMPLATE.into_iter().filter(|category| self.opted_in(*category) && !stopped(*category)).collect()
    }

    // Rules 9, 11 and 12 around rule 8.
    fn permission(&self) -> Permission {
        match self.send.template {
            Some(Finding::Unknown | Finding::NotUsable(_) | Finding::InsufficientParameters(_)) => Permission::Nothing,
            Some(Finding::Usable { .. }) | None => match self.by_consent() {
                Permission::Nothing if self.may_ask_for_opt_in() => Permission::TemplateOnly,
                permission => permission,
            },
        }
    }

    // Rule 8.
    pub(super) fn by_consent(&self) -> Permission {
        match self.send.asked {
            Asked::OptOutConfirmation => match self.view.confirmation(self.at) {
                Confirmation::Allowed { .. } if self.send.limits.no_free_form(self.at).is_none() => Permission::FreeForm,
                _ => Permission::Nothing,
            },
            Asked::Anything | Asked::For(Category::Service) => {
                if self.free {
                    Permission::FreeForm
                } else if self.allowed.is_empty() {
                    Permission::Nothing
                } else {
                    Permission::TemplateOnly
                }
            }
            Asked::For(Category::Authentication) => template_or_nothing(self.allowed.contains(Category::Authentication)),
            Asked::For(category @ (Category::Marketing | Category::Utility)) => match self.standing(category) {
                Standing::OptedOut(_) => Permission::Nothing,
                _ if category == Category::Marketing && self.view.stopped.is_some() => Permission::Nothing,
                Standing::OptedIn(_) if self.free => Permission::FreeForm,
                Standing::OptedIn(_) => template_or_nothing(self.allowed.contains(category)),
                _ if category == Category::Utility && self.free => Permission::FreeForm,
                _ => Permission::Nothing,
            },
        }
    }

    // Rule 9: an unknown contact may get the one template that asks for an opt-in, where the policy says so.
    fn may_ask_for_opt_in(&self) -> bool {
        let unknown = |category| matches!(self.standing(category), Standing::Unknown | Standing::Expired(_) | Standing::Suspended(_));
        self.view.policy.unknown_contact == UnknownContact::OptInRequest
            && matches!(self.send.template, Some(Finding::Usable { opt_in_request: true, .. }))
            && Category::TEMPLATE.into_iter().all(unknown)
            && self.view.stopped.is_none()
            && !self.templates_closed()
    }

    // Rule 15: every moment at which something ends by itself is a candidate; the first that changes the answer is it.
    fn next_change(&self) -> Option<Time> {
        let mut candidate = self.next_end(self.at);
        while let Some(end) = candidate {
            let then = Moment::new(self.view, self.send, end);
            if (then.permission, then.allowed) != (self.permission, self.allowed) {
                break;
            }
            candidate = self.next_end(end);
        }
        candidate
    }

    /// The next moment later than `after` at which something ends by itself.
    fn next_end(&self, after: Time) -> Option<Time> {
        let view = self.view;
        let mut next: Option<Time> = None;
        let mut see = |end: Time| {
            if end > after && next.is_none_or(|next| end < next) {
                next = Some(end);
            }
        };
        for act in [view.act, view.ordinary].into_iter().flatten() {
            see(act.at.plus_hours(view.policy.window_hours));
        }
        self.send.limits.changes().for_each(&mut see);
        if self.send.asked == Asked::OptOutConfirmation
            && let Confirmation::Allowed { closes_at, .. } = view.confirmation(self.at)
        {
            see(closes_at);
        }
        // The end of an opt-in to SERVICE changes nothing: only an opt-out of it does.
        for category in Category::TEMPLATE {
            view.opt_ins(category).filter_map(|opt_in| view.expires_at(opt_in)).for_each(&mut see);
        }
        next
    }

    fn deciding_seqs(&self) -> Vec<Seq> {
        let view = self.view;
        let asked = self.send.asked;
        let (templates, free_form) = self.concerns();
        let mut seqs: Vec<Seq> = Vec::with_capacity(8);
        let categories: Categories = match asked {
            Asked::Anything | Asked::OptOutConfirmation => Categories::ALL,
            Asked::For(category) => Categories::NONE.with(category).with(Category::Service),
        };
        let seq = |fact: Fact| fact.seq;
        for category in categories.iter() {
            match self.standing(category) {
                Standing::Unknown => {}
                Standing::OptedOut(out) => seqs.push(out.seq),
                Standing::OptedIn(opt_in) | Standing::Expired(opt_in) => seqs.push(opt_in.fact.seq),
                Standing::Suspended(opt_in) => {
                    seqs.push(opt_in.fact.seq);
                    seqs.extend(view.facts.identity_changed.map(seq));
                }
            }
        }
        if asked != Asked::For(Category::Authentication) {
            seqs.extend(view.act.map(seq));
            seqs.extend(view.own.and_then(|own| own.closed).map(seq));
        }
        if categories.contains(Category::Marketing) {
            seqs.extend(view.stopped.map(seq));
        }
        if asked == Asked::OptOutConfirmation {
            match view.confirmation(self.at) {
                Confirmation::Allowed { keyword, .. } => seqs.push(keyword.seq),
                Confirmation::Used(sent) => seqs.push(sent.seq),
                Confirmation::None => {}
            }
        }
        let limits = &self.send.limits;
        if templates {
            seqs.extend([limits.no_templates(self.at), limits.red(self.at)].into_iter().flatten().map(seq));
        }
        if free_form {
            seqs.extend(limits.no_free_form(self.at).map(seq));
        }
        seqs.extend(limits.at_risk().map(seq));
        match self.send.template {
            Some(Finding::NotUsable(fact) | Finding::InsufficientParameters(fact) | Finding::Usable { fact, .. }) => seqs.push(fact.seq),
            Some(Finding::Unknown) | None => {}
        }
        seqs.sort_unstable();
        seqs.dedup();
        seqs
    }
}

const fn template_or_nothing(allowed: bool) -> Permission {
    if allowed { Permission::TemplateOnly } else { Permission::Nothing }
}
