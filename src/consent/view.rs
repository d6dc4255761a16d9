//! The facts as one sender sees them under one policy: the window (rule 3), consent by category (4), the platform's
//! preference (5), what an ordinary message does after an opt-out (7), the one confirmation (11), and what followed the
//! contact from an identifier it had before (13), and what an erasure left behind (17).

use super::event::SenderNumber;
use super::facts::{Fact, Facts, OptIn, Toward};
use super::policy::{InboundAfterOptOut, Policy, Scope};
use super::time::Time;
use super::timeline::ends_at;
use super::words::Category;

/// What consent for a category comes to (rules 4 and 13).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Nothing covers it.
    Unknown,
    /// This opt-out is not older than every opt-in.
    OptedOut(Fact),
    /// This opt-in is in force.
    OptedIn(OptIn),
    /// This opt-in has ended.
    Expired(OptIn),
    /// A changed identity key suspends this opt-in.
    Suspended(OptIn),
}

/// The window at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Window {
    /// When it closes, where it is open.
    pub(super) closes_at: Option<Time>,
    /// Whether it would be open had the platform not said otherwise.
    pub(super) closed_by_platform: bool,
}

impl Window {
    // Rule 3: the window is half-open, [W, W + 24 h), and a contradiction of the platform closes it until a later act.
    fn of(act: Fact, closed: Option<Fact>, policy: &Policy, at: Time) -> Self {
        let closes_at = act.at.plus_hours(policy.window_hours);
        let contradicted = closed.is_some_and(|closed| closed.at >= act.at);
        let within = at < closes_at;
        Self { closes_at: (within && !contradicted).then_some(closes_at), closed_by_platform: within && contradicted }
    }
}

/// The window toward one sender, and the act from which it counts; none where no act opened any.
pub(super) fn window_toward(own: &Toward, policy: &Policy, at: Time) -> Option<(Fact, Window)> {
    latest_act(own, policy).map(|act| (act, Window::of(act, own.closed, policy, at)))
}

/// Opt-outs that cover a category at the sender: the latest in force, and whether there ever was one.
#[derive(Clone, Copy, Default)]
struct OptOuts {
    latest: Option<Fact>,
    ever: bool,
}

impl OptOuts {
    fn add(&mut self, fact: Option<Fact>, undone: impl Fn(Fact) -> bool) {
        if let Some(fact) = fact {
            self.ever = true;
            if !undone(fact) {
                self.latest = later(self.latest, Some(fact));
            }
        }
    }
}

/// The facts as one sender sees them under one policy.
pub(super) struct View<'a> {
    pub(super) facts: &'a Facts,
    pub(super) own: Option<&'a Toward>,
    all: Option<&'a Toward>,
    pub(super) policy: &'a Policy,
    /// The latest window-opening act.
    pub(super) act: Option<Fact>,
    /// The latest window-opening act whose text holds no opt-out word.
    pub(super) ordinary: Option<Fact>,
    /// The platform's stop of marketing, where it is in force.
    pub(super) stopped: Option<Fact>,
    opt_outs: [OptOuts; 4],
    /// What came along from identifiers the contact had before.
    carried: Carried,
}

impl<'a> View<'a> {
    pub(super) fn new(facts: &'a Facts, sender: SenderNumber, policy: &'a Policy) -> Self {
        let own = facts.toward(sender);
        let mut view = Self {
            facts,
            own,
            all: facts.toward(SenderNumber::ALL),
            policy,
            act: own.and_then(|own| latest_act(own, policy)),
            ordinary: own.and_then(|own| latest_ordinary(own, policy)),
            stopped: None,
            opt_outs: Default::default(),
            carried: Carried::along(facts, sender, policy),
        };
        view.stopped = view.stop_in_force();
        view.opt_outs = view.opt_outs_in_force();
        view
    }

    pub(super) fn window(&self, at: Time) -> Window {
        let closed = self.own.and_then(|own| own.closed);
        self.act.map_or_else(Window::default, |act| Window::of(act, closed, self.policy, at))
    }

    fn contradicted(&self, act: Fact) -> bool {
        self.own.and_then(|own| own.closed).is_some_and(|closed| closed.at >= act.at)
    }

    /// When the window that `act` opened closes, where it is open.
    fn open_since(&self, act: Option<Fact>, at: Time) -> Option<(Fact, Time)> {
        let act = act.filter(|act| !self.contradicted(*act))?;
        let closes_at = act.at.plus_hours(self.policy.window_hours);
        (at < closes_at).then_some((act, closes_at))
    }

    // Rule 4. Rule 7: under `lifts` an ordinary message undoes older keyword opt-outs at the sender that received both.
    // Rule 17: an erasure is an opt-out of everything that nothing undoes.
    fn opt_outs_in_force(&self) -> [OptOuts; 4] {
        let lifts = self.policy.inbound_after_opt_out == InboundAfterOptOut::Lifts;
        let mut all = [OptOuts::default(); 4];
        let for_good = |_: Fact| false;
        for (category, outs) in Category::ALL.iter().zip(&mut all) {
            outs.add(self.facts.erased, for_good);
            for toward in [self.own, self.all].into_iter().flatten() {
                outs.add(toward.consent(*category).opted_out, for_good);
            }
            if let Some(own) = self.own {
                outs.add(own.consent(*category).keyword, |out| lifts && self.ordinary.is_some_and(|ordinary| ordinary.at > out.at));
            }
            for toward in &self.facts.toward {
                outs.add(toward.consent(*category).wide_keyword, |out| {
                    lifts && latest_ordinary(toward, self.policy).is_some_and(|ordinary| ordinary.at > out.at)
                });
            }
            outs.add(self.carried.opted_out(*category), for_good);
        }
        all
    }

    fn opt_outs(&self, category: Category) -> OptOuts {
        self.opt_outs.get(category.index()).copied().unwrap_or_default()
    }

    pub(super) fn expires_at(&self, opt_in: &OptIn) -> Option<Time> {
        ends_at(opt_in.fact.at, opt_in.expires_at, self.policy)
    }

    /// The opt-ins that the contact gave: to this sender, to all, and what came along.
    fn given(&self, category: Category) -> [&[OptIn]; 3] {
        let to = |toward: Option<&'a Toward>| toward.map_or(&[][..], |toward| &toward.consent(category).opt_ins);
        [to(self.own), to(self.all), self.carried.opted_in(category)]
    }

    /// The same, one by one.
    pub(super) fn opt_ins(&self, category: Category) -> impl Iterator<Item = &OptIn> {
        self.given(category).into_iter().flatten()
    }

    // Rule 16: while a window is open, the act that opened it counts as an opt-in, where the policy says so. After an
    // opt-out only an ordinary act does: here too doubt means no.
    fn implied(&self, category: Category, at: Time) -> Option<OptIn> {
        let act = if self.opt_outs(category).ever { self.ordinary } else { self.act };
        let (fact, closes_at) = self.open_since(act.filter(|_| self.policy.window_implies_opt_in), at)?;
        Some(OptIn { fact, expires_at: Some(closes_at), weak: false })
    }

    /// Whether an opt-in answers these opt-outs, an ended one too (rules 4 and 14: a weak one counts only where no opt-out ever was).
    fn answers(&self, opt_in: &OptIn, outs: OptOuts) -> bool {
        !(opt_in.weak && self.policy.import_requires_evidence && outs.ever) && outs.latest.is_none_or(|out| opt_in.fact.at > out.at)
    }

    /// The opt-ins that answer every opt-out.
    fn answering(&self, category: Category) -> impl Iterator<Item = &OptIn> {
        let outs = self.opt_outs(category);
        self.opt_ins(category).filter(move |opt_in| self.answers(opt_in, outs))
    }

    // Rule 13: a changed identity key suspends what is not later than it.
    fn suspended(&self, opt_in: &OptIn) -> bool {
        self.policy.suspend_on_identity_change && self.facts.identity_changed.is_some_and(|change| change.at >= opt_in.fact.at)
    }

    // Rule 4.
    pub(super) fn standing(&self, category: Category, at: Time) -> Standing {
        let (said, out) = (self.said(category, at), self.opt_outs(category).latest);
        match self.implied(category, at).filter(|opt_in| out.is_none_or(|out| opt_in.fact.at > out.at)) {
            Some(implied) => self.better(said, &implied, at),
            None => said,
        }
    }

    /// The same from what the contact said alone: what an open window implies ends with it and hides no opt-out for good.
    fn said(&self, category: Category, at: Time) -> Standing {
        let outs = self.opt_outs(category);
        let mut best = outs.latest.map_or(Standing::Unknown, Standing::OptedOut);
        // Loops, not one chain of iterators over all of them: nearly everybody has one opt-in or none.
        for given in self.given(category) {
            for opt_in in given {
                if self.answers(opt_in, outs) {
                    best = self.better(best, opt_in, at);
                }
            }
        }
        best
    }

    /// The standing that counts more: this one, or that of an opt-in.
    fn better(&self, best: Standing, opt_in: &OptIn, at: Time) -> Standing {
        let lasts = self.expires_at(opt_in).is_none_or(|end| at < end);
        let found = match (lasts, self.suspended(opt_in)) {
            (true, false) => Standing::OptedIn(*opt_in),
            (_, true) => Standing::Suspended(*opt_in),
            (false, false) => Standing::Expired(*opt_in),
        };
        if rank(&found) > rank(&best) { found } else { best }
    }

    // Rule 5: a register of its own. A tie denies.
    fn stop_in_force(&self) -> Option<Fact> {
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

    // Rule 7: whether the window that is open at this instant lets free-form through, as SERVICE stands then.
    pub(super) fn is_free(&self, service: Standing, at: Time) -> bool {
        let Standing::OptedOut(out) = service else { return true };
        self.policy.inbound_after_opt_out != InboundAfterOptOut::Ignore
            && self.open_since(self.ordinary.filter(|ordinary| ordinary.at > out.at), at).is_some()
    }

    // Rule 11: one for each keyword opt-out that this sender received, while its window is open, until the contact comes back.
    pub(super) fn confirmation(&self, at: Time) -> Confirmation {
        let keyword = self.own.and_then(|own| {
            let keywords = own.consent.iter().flat_map(|consent| [consent.keyword, consent.wide_keyword]);
            keywords.fold(None, later)
        });
        let Some(keyword) = keyword else { return Confirmation::None };
        let opt_ins = Category::ALL.iter().flat_map(|category| self.opt_ins(*category).copied().chain(self.implied(*category, at)));
        let outlived = [self.own, self.all].into_iter().flatten().filter_map(|toward| toward.outlived);
        let came_back = opt_ins.map(|opt_in| opt_in.fact).chain(outlived).any(|fact| fact.at > keyword.at);
        let Some((_, closes_at)) = self.open_since(Some(keyword), at) else { return Confirmation::None };
        if came_back || self.window(at).closes_at.is_none() {
            return Confirmation::None;
        }
        match self.own.and_then(|own| own.confirmation) {
            Some(sent) if sent.at >= keyword.at => Confirmation::Used(sent),
            _ => Confirmation::Allowed { keyword, closes_at },
        }
    }
}

/// Whether the one confirmation may be sent.
pub(super) enum Confirmation {
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
                if matches!(view.said(*category, change.at), Standing::OptedOut(_)) {
                    *out = later(*out, Some(change));
                } else if policy.identity_change_carries_opt_in {
                    let in_force = |opt_in: &&OptIn| view.expires_at(opt_in).is_none_or(|end| change.at < end) && !view.suspended(opt_in);
                    opt_in.extend(
                        view.answering(*category).filter(in_force).map(|held| OptIn { expires_at: view.expires_at(held), ..*held }),
                    );
                }
            }
            if view.stopped.is_some() {
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

/// How far a standing outranks another: an opt-in in force above all. A category that a later opt-in named is no longer
/// suspended (rule 13), so one that ended since outranks one that a changed identity key suspends.
const fn rank(standing: &Standing) -> u8 {
    match standing {
        Standing::Unknown | Standing::OptedOut(_) => 0,
        Standing::Suspended(_) => 1,
        Standing::Expired(_) => 2,
        Standing::OptedIn(_) => 3,
    }
}
