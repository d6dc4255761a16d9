//! Answers: may this sender write to this contact now, free-form, by template only, or not at all, and why?
//!
//! The order of work is that of the rules: the window (3), consent by category (4), the platform's preference (5),
//! what an ordinary message does after an opt-out (7), the permission (8), the one confirmation (11), and last the
//! moment until which all of this holds by itself (15).

use super::event::{Act, CODE_MARKETING_STOPPED, CODE_WINDOW_CLOSED, Event, SenderNumber};
use super::facts::{Fact, Facts, OptIn, Toward};
use super::policy::{InboundAfterOptOut, Policy, Scope};
use super::time::Time;
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

/// What consent for a category comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    Unknown,
    OptedOut(Fact),
    OptedIn(OptIn),
    Expired(OptIn),
    Suspended(OptIn),
}

/// The window at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Window {
    /// When it closes, where it is open.
    closes_at: Option<Time>,
    /// Whether it would be open had the platform not said otherwise.
    closed_by_platform: bool,
}

/// Permission and allowed categories at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Answer {
    permission: Permission,
    allowed: Categories,
}

/// Opt-outs that cover a category at the sender: the latest in force, and whether there ever was one.
#[derive(Clone, Copy, Default)]
struct OptOuts {
    latest: Option<Fact>,
    ever: bool,
}

/// The facts as one sender sees them under one policy.
struct View<'a> {
    facts: &'a Facts,
    own: Option<&'a Toward>,
    all: Option<&'a Toward>,
    policy: &'a Policy,
    /// The latest window-opening act.
    act: Option<Fact>,
    /// The latest window-opening act whose text holds no opt-out word.
    ordinary: Option<Fact>,
    /// What came along from identifiers the contact had before.
    carried: Carried,
}

impl<'a> View<'a> {
    fn new(facts: &'a Facts, sender: SenderNumber, policy: &'a Policy) -> Self {
        let own = facts.toward(sender);
        Self {
            facts,
            own,
            all: facts.toward(SenderNumber::ALL),
            policy,
            act: own.and_then(|own| latest_act(own, policy)),
            ordinary: own.and_then(|own| latest_ordinary(own, policy)),
            carried: Carried::along(facts, sender, policy),
        }
    }

    // Rule 3: the window is half-open, [W, W + 24 h), and a contradiction of the platform closes it until a later act.
    fn window(&self, at: Time) -> Window {
        let Some(act) = self.act else { return Window::default() };
        let closes_at = act.at.plus_hours(self.policy.window_hours);
        let contradicted = self.own.and_then(|own| own.closed).is_some_and(|closed| closed.at >= act.at);
        let within = at < closes_at;
        Window { closes_at: (within && !contradicted).then_some(closes_at), closed_by_platform: within && contradicted }
    }

    // Rule 4. Rule 7: under `lifts` an ordinary message undoes older keyword opt-outs at the sender that received both.
    fn opt_outs(&self, category: Category) -> OptOuts {
        let lifts = self.policy.inbound_after_opt_out == InboundAfterOptOut::Lifts;
        let mut outs = OptOuts::default();
        let mut add = |fact: Option<Fact>, undone_by: Option<Fact>| {
            if let Some(fact) = fact {
                outs.ever = true;
                if !(lifts && undone_by.is_some_and(|ordinary| ordinary.at > fact.at)) {
                    outs.latest = later(outs.latest, Some(fact));
                }
            }
        };
        for toward in [self.own, self.all].into_iter().flatten() {
            add(toward.consent(category).opted_out, None);
        }
        if let Some(own) = self.own {
            add(own.consent(category).keyword, self.ordinary);
        }
        for toward in &self.facts.toward {
            if let wide @ Some(_) = toward.consent(category).wide_keyword {
                add(wide, if lifts { latest_ordinary(toward, self.policy) } else { None });
            }
        }
        add(self.carried.opted_out(category), None);
        outs
    }

    fn expires_at(&self, opt_in: &OptIn) -> Option<Time> {
        let by_age = self.policy.opt_in_valid_days.map(|days| opt_in.fact.at.plus_days(days));
        match (opt_in.expires_at, by_age) {
            (Some(own), Some(by_age)) => Some(own.min(by_age)),
            (own, by_age) => own.or(by_age),
        }
    }

    fn opt_ins(&self, category: Category) -> impl Iterator<Item = OptIn> + '_ {
        let recorded = [self.own, self.all].into_iter().flatten().flat_map(move |toward| toward.consent(category).opt_ins.iter().copied());
        recorded.chain(self.carried.opted_in(category).iter().copied())
    }

    // Rule 4, with rule 14 (a weak opt-in counts only where no opt-out ever was) and rule 13 (a changed identity key
    // suspends what is not later than it).
    fn standing(&self, category: Category, at: Time) -> Standing {
        let outs = self.opt_outs(category);
        let counts = |opt_in: &OptIn| !(opt_in.weak && self.policy.import_requires_evidence && outs.ever);
        let answers = |opt_in: &OptIn| outs.latest.is_none_or(|out| opt_in.fact.at > out.at);
        let suspended = |opt_in: &OptIn| {
            self.policy.suspend_on_identity_change && self.facts.identity_changed.is_some_and(|change| change.at >= opt_in.fact.at)
        };
        let mut best = outs.latest.map_or(Standing::Unknown, Standing::OptedOut);
        for opt_in in self.opt_ins(category).filter(|opt_in| counts(opt_in) && answers(opt_in)) {
            let lasts = self.expires_at(&opt_in).is_none_or(|end| at < end);
            let found = match (lasts, suspended(&opt_in)) {
                (true, false) => Standing::OptedIn(opt_in),
                (_, true) => Standing::Suspended(opt_in),
                (false, false) => Standing::Expired(opt_in),
            };
            if rank(&found) > rank(&best) {
                best = found;
            }
        }
        best
    }

    // Rule 5: a register of its own. A tie denies.
    fn stopped(&self) -> Option<Fact> {
        let (stop, resume) = match self.policy.platform_stop_scope {
            Scope::Sender => (self.own.and_then(|own| own.stop), self.own.and_then(|own| own.resume)),
            Scope::Account => self
                .facts
                .toward
                .iter()
                .fold((None, None), |(stop, resume), toward| (later(stop, toward.stop), later(resume, toward.resume))),
        };
        let stop = later(stop, self.carried.stop);
        stop.filter(|stop| resume.is_none_or(|resume| resume.at <= stop.at))
    }

    // Rule 7: until when free-form is open although SERVICE may be opted out; none where it is not.
    fn free_until(&self, at: Time) -> Option<Time> {
        let closes_at = self.window(at).closes_at?;
        let Standing::OptedOut(out) = self.standing(Category::Service, at) else { return Some(closes_at) };
        if self.policy.inbound_after_opt_out == InboundAfterOptOut::Ignore {
            return None;
        }
        let contradicted = |act: Fact| self.own.and_then(|own| own.closed).is_some_and(|closed| closed.at >= act.at);
        let reopened = self.ordinary.filter(|ordinary| ordinary.at > out.at && !contradicted(*ordinary))?;
        let closes_at = reopened.at.plus_hours(self.policy.window_hours);
        (at < closes_at).then_some(closes_at)
    }

    fn allowed(&self, at: Time) -> Categories {
        let opted_in = |category: &Category| matches!(self.standing(*category, at), Standing::OptedIn(_));
        let stopped = |category: &Category| *category == Category::Marketing && self.stopped().is_some();
        Category::TEMPLATE.into_iter().filter(|category| opted_in(category) && !stopped(category)).collect()
    }

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

    // Rule 11: one for each keyword opt-out that this sender received, while its window is open, until the contact comes back.
    fn confirmation(&self, at: Time) -> Confirmation {
        let keyword = self.own.and_then(|own| {
            let keywords = own.consent.iter().flat_map(|consent| [consent.keyword, consent.wide_keyword]);
            keywords.fold(None, later)
        });
        let Some(keyword) = keyword else { return Confirmation::None };
        let came_back = Category::ALL.iter().flat_map(|category| self.opt_ins(*category)).any(|opt_in| opt_in.fact.at > keyword.at);
        let closes_at = keyword.at.plus_hours(self.policy.window_hours);
        if came_back || at >= closes_at || self.window(at).closes_at.is_none() {
            return Confirmation::None;
        }
        match self.own.and_then(|own| own.confirmation) {
            Some(sent) if sent.at >= keyword.at => Confirmation::Used(sent),
            _ => Confirmation::Allowed { keyword, closes_at },
        }
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

/// Whether the one confirmation may be sent.
enum Confirmation {
    None,
    Used(Fact),
    Allowed { keyword: Fact, closes_at: Time },
}

/// What follows a contact to a new identifier (rule 13): refusals in force at the change, and where the policy says
/// so the opt-ins in force then. A refusal counts from the moment of the change.
#[derive(Default)]
struct Carried {
    opted_out: [Option<Fact>; 4],
    opted_in: [Vec<OptIn>; 4],
    stop: Option<Fact>,
}

impl Carried {
    fn along(facts: &Facts, sender: SenderNumber, policy: &Policy) -> Self {
        let mut carried = Self::default();
        for before in &facts.predecessors {
            let change = before.change;
            let view = View::new(&before.facts, sender, policy);
            for (category, (out, opt_in)) in Category::ALL.iter().zip(carried.opted_out.iter_mut().zip(carried.opted_in.iter_mut())) {
                match view.standing(*category, change.at) {
                    Standing::OptedOut(_) => *out = later(*out, Some(change)),
                    Standing::OptedIn(held) if policy.identity_change_carries_opt_in => {
                        opt_in.push(OptIn { expires_at: view.expires_at(&held), ..held });
                    }
                    _ => {}
                }
            }
            if view.stopped().is_some() {
                carried.stop = later(carried.stop, Some(change));
            }
        }
        carried
    }

    fn opted_out(&self, category: Category) -> Option<Fact> {
        self.opted_out.get(category.index()).copied().flatten()
    }

    fn opted_in(&self, category: Category) -> &[OptIn] {
        self.opted_in.get(category.index()).map(Vec::as_slice).unwrap_or_default()
    }
}

fn latest_act(toward: &Toward, policy: &Policy) -> Option<Fact> {
    let opening = toward.acts.iter().filter(|acts| policy.opens_window(acts.kind));
    opening.fold(None, |latest, acts| later(latest, Some(acts.latest)))
}

fn latest_ordinary(toward: &Toward, policy: &Policy) -> Option<Fact> {
    let opening = toward.acts.iter().filter(|acts| policy.opens_window(acts.kind));
    opening.fold(None, |latest, acts| later(latest, acts.ordinary))
}

fn later(a: Option<Fact>, b: Option<Fact>) -> Option<Fact> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.at > a.at { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// How far a standing outranks another: an opt-in in force above all; a suspended one above an expired one.
const fn rank(standing: &Standing) -> u8 {
    match standing {
        Standing::Unknown | Standing::OptedOut(_) => 0,
        Standing::Expired(_) => 1,
        Standing::Suspended(_) => 2,
        Standing::OptedIn(_) => 3,
    }
}

const fn template_or_nothing(allowed: bool) -> Permission {
    if allowed { Permission::TemplateOnly } else { Permission::Nothing }
}
