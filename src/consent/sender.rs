//! What is known of a sender (rule 10): what the business declared about it, how the platform rates it, and what the
//! platform forbids it.
//!
//! ```text
//! rated        GREEN ──── RED ─────────── RED ──── YELLOW ────
//!                          └── 7 days ──▶ templates closed, where the policy says so and no way to a human is declared
//! restricted        ├──── no templates ────┤
//!                        ├─ no free-form ─┤                       both bind until each one ends
//! lifted            ├─── all ───┤ lift      ├─ all ──────────      what was reported before it is over, what came later binds
//! ```

use super::account::{AsOf, Noted};
use super::facts::Fact;
use super::policy::{Policy, RedQuality};
pub use super::standing::SenderStanding;
use super::time::Time;
use super::words::words;

/// How long RED quality is without effect.
pub(super) const RED_TERM_DAYS: u32 = 7;

/// Up to so many templates a week a sender is only warned.
const SMALL_SENDER_WEEKLY: u64 = 1_000;

words! {
    /// The platform's rating of a sender.
    Quality, "quality" {
        /// High.
        Green = 1 "green",
        /// Medium.
        Yellow = 2 "yellow",
        /// Low.
        Red = 3 "red",
    }
}

words! {
    /// What a restriction forbids.
    RestrictionKind, "restriction kind" {
        /// No templates.
        BusinessInitiated = 1 "business_initiated",
        /// No free-form messages.
        CustomerInitiated = 2 "customer_initiated",
        /// Nothing at all.
        All = 3 "all",
    }
}

words! {
    /// A way from an automated sender to a human.
    EscalationPath, "escalation path" {
        /// An agent in the chat.
        InChatAgent = 1 "in_chat_agent",
        /// A phone number.
        Phone = 2 "phone",
        /// An e-mail address.
        Email = 3 "email",
        /// Support on the web.
        WebSupport = 4 "web_support",
        /// A support form.
        SupportForm = 5 "support_form",
        /// A visit to the store; accepted for retail only.
        StoreVisit = 6 "store_visit",
        /// Another social account; not accepted.
        SocialAccount = 7 "social_account",
        /// A help-centre page; not accepted.
        HelpCenterPage = 8 "help_center_page",
        /// A link to an app; not accepted.
        AppLink = 9 "app_link",
    }
}

impl EscalationPath {
    /// Whether the platform accepts it as a way to a human.
    #[must_use]
    pub const fn is_accepted(self, retail: bool) -> bool {
        match self {
            Self::InChatAgent | Self::Phone | Self::Email | Self::WebSupport | Self::SupportForm => true,
            Self::StoreVisit => retail,
            Self::SocialAccount | Self::HelpCenterPage | Self::AppLink => false,
        }
    }
}

words! {
    /// How a sender stands with the platform.
    SenderState, "sender state" {
        /// Nothing against it.
        Ok = 1 "ok",
        /// Automated, and no accepted way to a human.
        AtRisk = 2 "at_risk",
        /// Rated RED.
        Flagged = 3 "flagged",
        /// Restricted, or RED past its term under a policy that closes templates then.
        Restricted = 4 "restricted",
    }
}

/// A set of ways to a human.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EscalationPaths(u16);

impl EscalationPaths {
    /// Whether `path` is among them.
    #[must_use]
    pub const fn contains(self, path: EscalationPath) -> bool {
        self.0 & (1 << path.number()) != 0
    }

    /// Its members, ascending.
    pub fn iter(self) -> impl Iterator<Item = EscalationPath> {
        EscalationPath::ALL.iter().copied().filter(move |path| self.contains(*path))
    }

    /// Whether there is none in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<EscalationPath> for EscalationPaths {
    fn from_iter<I: IntoIterator<Item = EscalationPath>>(paths: I) -> Self {
        Self(paths.into_iter().fold(0, |bits, path| bits | 1 << path.number()))
    }
}

/// What a business declares about a sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Declaration {
    /// Whether a machine answers.
    pub automated: bool,
    /// Whether the business is a retailer.
    pub retail: bool,
    /// Templates a week; 0: not said, which does not count as few.
    pub weekly_templates: u64,
    /// The ways to a human.
    pub paths: EscalationPaths,
}

impl Declaration {
    /// The ways to a human that the platform accepts.
    #[must_use]
    pub fn accepted_paths(self) -> EscalationPaths {
        self.paths.iter().filter(|path| path.is_accepted(self.retail)).collect()
    }

    pub(super) const fn is_small(self) -> bool {
        self.weekly_templates != 0 && self.weekly_templates <= SMALL_SENDER_WEEKLY
    }

    /// Of two declarations at one instant, what both of them grant (rule 2).
    fn and(self, other: Self) -> Self {
        let known = |a: u64, b: u64| if a == 0 || b == 0 { 0 } else { a.max(b) };
        Self {
            automated: self.automated || other.automated,
            retail: self.retail && other.retail,
            weekly_templates: known(self.weekly_templates, other.weekly_templates),
            paths: EscalationPaths(self.paths.0 & other.paths.0),
        }
    }
}

/// A restriction that the platform reported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restriction {
    /// What it forbids.
    pub kinds: Vec<RestrictionKind>,
    /// At this instant it no longer binds; none: open-ended.
    pub until: Option<Time>,
}

impl Restriction {
    fn forbids(&self, what: RestrictionKind) -> bool {
        self.kinds.iter().any(|kind| *kind == what || *kind == RestrictionKind::All)
    }

    fn binds(&self, at: Time) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

/// What is known of a sender, or of all senders of an account together. Lists are ascending by time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SenderFacts {
    declared: Vec<(Noted, Declaration)>,
    rated: Vec<(Noted, Quality)>,
    restricted: Vec<(Noted, Restriction)>,
    lifted: Vec<(Noted, Vec<RestrictionKind>)>,
}

impl SenderFacts {
    /// Adds a declaration. Says whether it is the latest.
    pub fn declare(&mut self, noted: Noted, declaration: Declaration) -> bool {
        super::account::insert(&mut self.declared, noted, declaration)
    }

    /// Adds a rating. Says whether it is the latest.
    pub fn rate(&mut self, noted: Noted, quality: Quality) -> bool {
        super::account::insert(&mut self.rated, noted, quality)
    }

    /// Adds a restriction. Says whether it is new; all of them bind.
    pub fn restrict(&mut self, noted: Noted, restriction: Restriction) -> bool {
        super::account::insert(&mut self.restricted, noted, restriction);
        true
    }

    /// Adds that restrictions of these kinds were lifted. Says whether it is new.
    pub fn lift(&mut self, noted: Noted, kinds: Vec<RestrictionKind>) -> bool {
        super::account::insert(&mut self.lifted, noted, kinds);
        true
    }

    /// What the business last declared.
    #[must_use]
    pub fn declaration(&self, as_of: AsOf) -> Option<(Fact, Declaration)> {
        let mut seen = self.declared.iter().rev().filter(|(noted, _)| as_of.sees(*noted));
        let (noted, latest) = seen.next()?;
        let at_once = seen.take_while(|(other, _)| other.at == noted.at);
        Some((noted.fact(), at_once.fold(*latest, |both, (_, other)| both.and(*other))))
    }

    /// The platform's latest rating; of several at one instant the worst.
    #[must_use]
    pub fn quality(&self, as_of: AsOf) -> Option<(Fact, Quality)> {
        self.instants(as_of).next()
    }

    /// Since when the sender has been RED without a better rating in between.
    #[must_use]
    pub fn red_since(&self, as_of: AsOf) -> Option<Fact> {
        self.instants(as_of).take_while(|(_, quality)| *quality == Quality::Red).last().map(|(fact, _)| fact)
    }

    /// The ratings as of then, the latest first, one an instant: the worst.
    fn instants(&self, as_of: AsOf) -> impl Iterator<Item = (Fact, Quality)> + '_ {
        let mut seen = self.rated.iter().rev().filter(move |(noted, _)| as_of.sees(*noted)).peekable();
        std::iter::from_fn(move || {
            let (noted, first) = seen.next()?;
            let (mut fact, mut worst) = (noted.fact(), *first);
            while let Some((other, quality)) = seen.next_if(|(other, _)| other.at == noted.at) {
                // The first recorded of the worst: the list is read from its end.
                if *quality >= worst {
                    (fact, worst) = (other.fact(), *quality);
                }
            }
            Some((fact, worst))
        })
    }

    /// The restrictions in force, each with what of it was not lifted since.
    pub fn restrictions(&self, as_of: AsOf) -> impl Iterator<Item = (Fact, Restriction)> {
        let seen = self.restricted.iter().filter(move |(noted, restriction)| as_of.sees(*noted) && restriction.binds(as_of.at));
        seen.filter_map(move |(noted, restriction)| {
            let lifted = |kind: &RestrictionKind| self.is_lifted(*kind, noted.at, as_of);
            let kinds: Vec<RestrictionKind> = restriction.kinds.iter().copied().filter(|kind| !lifted(kind)).collect();
            (!kinds.is_empty()).then_some((noted.fact(), Restriction { kinds, until: restriction.until }))
        })
    }

    /// Whether a kind of restriction that was reported at an instant was lifted later: of both at one instant it binds.
    fn is_lifted(&self, kind: RestrictionKind, reported_at: Time, as_of: AsOf) -> bool {
        let mut seen = self.lifted.iter().rev().take_while(|(noted, _)| noted.at > reported_at).filter(|(noted, _)| as_of.sees(*noted));
        seen.any(|(_, kinds)| kinds.contains(&kind))
    }
}

/// Something that is closed until a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Closed {
    /// At this instant it is open again; none: nobody knows when.
    pub until: Option<Time>,
    /// The entry that closed it.
    pub fact: Fact,
}

impl Closed {
    fn longer(known: Option<Self>, other: Self) -> Self {
        match known {
            Some(known) if known.until.is_none() || other.until.is_some_and(|other| known.until.is_some_and(|known| known >= other)) => {
                known
            }
            _ => other,
        }
    }
}

/// What a sender may not do whoever the contact is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// No templates, by restrictions.
    templates: Option<Closed>,
    /// No free-form messages, by restrictions.
    free_form: Option<Closed>,
    /// No templates from this instant on, for RED quality; and the rating that turned RED.
    red: Option<(Time, Fact)>,
    /// Automated without an accepted way to a human, and the declaration that says so.
    at_risk: Option<Fact>,
}

impl Limits {
    /// The limits of a sender with these facts, and with those of all senders of its account, as of an instant.
    #[must_use]
    pub fn new(own: Option<&SenderFacts>, all: Option<&SenderFacts>, policy: &Policy, as_of: AsOf) -> Self {
        let mut limits = Self::default();
        for (fact, restriction) in [own, all].into_iter().flatten().flat_map(|facts| facts.restrictions(as_of)) {
            let closed = Closed { until: restriction.until, fact };
            if restriction.forbids(RestrictionKind::BusinessInitiated) {
                limits.templates = Some(Closed::longer(limits.templates, closed));
            }
            if restriction.forbids(RestrictionKind::CustomerInitiated) {
                limits.free_form = Some(Closed::longer(limits.free_form, closed));
            }
        }
        if let Some(own) = own {
            let declared = own.declaration(as_of);
            let reachable = declared.is_some_and(|(_, declared)| !declared.accepted_paths().is_empty());
            limits.at_risk = declared.filter(|(_, declared)| declared.automated && !reachable).map(|(fact, _)| fact);
            let small = declared.is_some_and(|(_, declared)| declared.is_small());
            if policy.red_quality == RedQuality::DenyTemplates && !reachable && !small {
                limits.red = own.red_since(as_of).map(|red| (red.at.plus_days(RED_TERM_DAYS), red));
            }
        }
        limits
    }

    /// The restriction that closes templates at an instant not before the one the limits are of.
    #[must_use]
    pub fn no_templates(&self, at: Time) -> Option<Fact> {
        self.templates.filter(|closed| closed.until.is_none_or(|until| at < until)).map(|closed| closed.fact)
    }

    /// The restriction that closes free-form messages.
    #[must_use]
    pub fn no_free_form(&self, at: Time) -> Option<Fact> {
        self.free_form.filter(|closed| closed.until.is_none_or(|until| at < until)).map(|closed| closed.fact)
    }

    /// The RED rating that closes templates.
    #[must_use]
    pub fn red(&self, at: Time) -> Option<Fact> {
        self.red.filter(|(from, _)| at >= *from).map(|(_, fact)| fact)
    }

    /// The declaration that leaves an automated sender without an accepted way to a human.
    #[must_use]
    pub const fn at_risk(&self) -> Option<Fact> {
        self.at_risk
    }

    /// The moments at which a limit begins or ends by itself.
    pub fn changes(&self) -> impl Iterator<Item = Time> {
        let ends = [self.templates, self.free_form].into_iter().flatten().filter_map(|closed| closed.until);
        ends.chain(self.red.map(|(from, _)| from))
    }
}
