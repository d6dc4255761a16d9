//! Rules 4, 5, 13 and 14: what a contact agreed to and refused.

use consent_ledger::consent::policy::Scope;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Category, Method, PlatformPreference, Sender};
use consent_ledger::ledger::writing::record::{Evidence, What};

use super::case::Case;
use super::who::Life;
use super::window::{is_open_from, opening_acts, ordinary_acts, rule_7_lifted};

/// The platform's word that a contact stopped marketing (rule 5).
const MARKETING_STOPPED: u32 = 131_050;

/// How a contact stands to a category at a sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Consent {
    /// Nothing was said.
    Unknown,
    /// No.
    OptedOut,
    /// No, since the contact was erased.
    Erased,
    /// Yes.
    OptedIn,
    /// Yes, before the identity key changed: counts as unknown.
    Suspended,
    /// Yes, until some time ago: counts as unknown.
    Expired,
}

impl Consent {
    /// Whether it is a no.
    pub const fn is_refused(self) -> bool {
        matches!(self, Self::OptedOut | Self::Erased)
    }

    /// Whether it counts as unknown.
    pub const fn is_unknown(self) -> bool {
        matches!(self, Self::Unknown | Self::Suspended | Self::Expired)
    }
}

/// An opt-in that covers the category and the sender asked about.
#[derive(Clone, Copy, Debug)]
pub struct OptIn {
    /// When it was given.
    pub at: Time,
    until: Option<Time>,
    weak: bool,
}

/// An opt-out that covers the category and the sender asked about.
#[derive(Clone, Copy, Debug)]
struct OptOut<'a> {
    at: Time,
    /// The sender that received it as a keyword.
    keyword_at: Option<&'a Sender>,
    /// Whether an erasure left it.
    erased: bool,
}

/// Where the contact stands to `category`.
pub fn rule_4_consent(case: &Case<'_>, category: Category) -> Consent {
    let opt_ins = rule_14_counting_opt_ins(case, category);
    let opted_out_at = latest_opt_out(case, category);
    let later: Vec<OptIn> = opt_ins.iter().copied().filter(|opt_in| opted_out_at.is_none_or(|out| opt_in.at > out)).collect();
    if opt_ins.is_empty() && opted_out_at.is_none() {
        Consent::Unknown
    } else if later.is_empty() {
        let erased = opt_outs(case, category).iter().any(|opt_out| opt_out.erased && Some(opt_out.at) == opted_out_at);
        if erased { Consent::Erased } else { Consent::OptedOut }
    } else if later.iter().any(|opt_in| !rule_13_is_suspended(case, *opt_in) && !is_expired(case, *opt_in)) {
        Consent::OptedIn
    } else if later.iter().all(|opt_in| rule_13_is_suspended(case, *opt_in)) {
        Consent::Suspended
    } else {
        Consent::Expired
    }
}

/// When the contact last opted out of `category`, what was undone since left aside.
pub fn latest_opt_out(case: &Case<'_>, category: Category) -> Option<Time> {
    let opt_outs = opt_outs(case, category).into_iter();
    let in_force = |opt_out: &OptOut<'_>| opt_out.keyword_at.is_none_or(|received| !rule_7_lifted(case, received, opt_out.at));
    opt_outs.filter(in_force).map(|opt_out| opt_out.at).max()
}

/// Whether the platform says that the contact stopped marketing: the latest word counts, and of two at one instant the stop.
pub fn rule_5_stopped(case: &Case<'_>) -> bool {
    let (mut stopped_at, mut resumed_at) = (None, None);
    for event in case.events() {
        let (sender, stops) = match &event.what {
            What::Preference { sender, preference, .. } => (sender, *preference == PlatformPreference::Stop),
            What::SendFailed { sender, code: MARKETING_STOPPED, .. } => (sender, true),
            _ => continue,
        };
        if case.policy.platform_stop_scope == Scope::Account || sender == case.sender {
            let latest = if stops { &mut stopped_at } else { &mut resumed_at };
            *latest = (*latest).max(Some(event.at));
        }
    }
    for arrival in case.arrivals() {
        if rule_5_stopped(&arrival.left) {
            stopped_at = stopped_at.max(Some(arrival.at));
        }
    }
    stopped_at.is_some() && stopped_at >= resumed_at
}

/// Rule 14: the opt-ins that count at all: a weak one only where no opt-out was ever recorded, not even one undone since.
fn rule_14_counting_opt_ins(case: &Case<'_>, category: Category) -> Vec<OptIn> {
    let never_opted_out = opt_outs(case, category).is_empty();
    opt_ins(case, category).into_iter().filter(|opt_in| !opt_in.weak || never_opted_out).collect()
}

/// Rule 13: an opt-in from before the latest change of the identity key, or from its very instant, is suspended.
fn rule_13_is_suspended(case: &Case<'_>, opt_in: OptIn) -> bool {
    let changed_since = case.events().iter().any(|event| matches!(event.what, What::IdentityKeyChange { .. }) && event.at >= opt_in.at);
    case.policy.suspend_on_identity_change && changed_since
}

/// Rule 13: the opt-ins that made the contact opted in when it left, for a policy that lets them follow.
fn rule_13_carried_opt_ins(left: &Case<'_>, category: Category) -> Vec<OptIn> {
    let opted_out_at = latest_opt_out(left, category);
    let counting = rule_14_counting_opt_ins(left, category).into_iter();
    let later = counting.filter(|opt_in| opted_out_at.is_none_or(|out| opt_in.at > out));
    later.filter(|opt_in| !rule_13_is_suspended(left, *opt_in) && !is_expired(left, *opt_in)).collect()
}

/// Rule 16: what opened a window that is open counts as an opt-in for every category where the policy says so; after
/// any opt-out only an ordinary act does.
pub fn rule_16_implied_opt_ins(case: &Case<'_>, category: Category) -> Vec<OptIn> {
    if !case.policy.window_implies_opt_in || case.has_left {
        return Vec::new();
    }
    let never_opted_out = opt_outs(case, category).is_empty();
    let acts = if never_opted_out { opening_acts(case, case.sender) } else { ordinary_acts(case, case.sender) };
    let open = acts.into_iter().map(|act| act.event.at).filter(|at| is_open_from(case, *at));
    open.map(|at| OptIn { at, until: Some(at.plus_hours(case.policy.window_hours)), weak: false }).collect()
}

fn opt_ins(case: &Case<'_>, category: Category) -> Vec<OptIn> {
    let mut found = Vec::new();
    for event in case.events() {
        let (expires_at, weak) = match &event.what {
            What::OptIn { sender, categories, method, expires_at, evidence, .. }
                if case.covers(sender.as_ref()) && categories.contains(category) =>
            {
                let bare = *method == Method::Import && !proves(evidence);
                (*expires_at, bare && case.policy.import_requires_evidence)
            }
            What::Preference { preference: PlatformPreference::Signup, .. } if category == Category::Marketing => (None, false),
            What::Inbound { .. } if event.keyword_opt_in(case.sender).is_some_and(|categories| categories.contains(category)) => {
                (None, false)
            }
            _ => continue,
        };
        let aged_at = case.policy.opt_in_valid_days.map(|days| event.at.plus_days(days));
        let until = [expires_at, aged_at].into_iter().flatten().min();
        found.push(OptIn { at: event.at, until, weak });
    }
    if case.policy.identity_change_carries_opt_in {
        for arrival in case.arrivals() {
            found.extend(rule_13_carried_opt_ins(&arrival.left, category));
        }
    }
    found.extend(rule_16_implied_opt_ins(case, category));
    found
}

fn opt_outs<'a>(case: &Case<'a>, category: Category) -> Vec<OptOut<'a>> {
    let mut found = Vec::new();
    for event in case.events() {
        let by_keyword = event.keyword_opt_out(case.sender).filter(|(_, categories)| categories.contains(category));
        let otherwise = match &event.what {
            What::OptOut { sender, categories, .. } => case.covers(sender.as_ref()) && categories.contains(category),
            _ => event.confirmed_opt_out(case.sender),
        };
        if let Some((received, _)) = by_keyword {
            found.push(OptOut { at: event.at, keyword_at: Some(received), erased: false });
        } else if otherwise {
            found.push(OptOut { at: event.at, keyword_at: None, erased: false });
        }
    }
    // Rule 13: the refusals in force at a change follow, as if they were said again then.
    for arrival in case.arrivals() {
        if rule_4_consent(&arrival.left, category).is_refused() {
            found.push(OptOut { at: arrival.at, keyword_at: None, erased: false });
        }
    }
    // Rule 17: an erasure is an opt-out of everything for whoever appears under one of its identifiers afterwards.
    for token in case.who.tokens {
        let stands = |life: &Life<'_>| token.is_of(life.identifier) && case.who.began(*life) >= Some(token.at);
        if case.lives.iter().any(stands) {
            found.push(OptOut { at: token.at, keyword_at: None, erased: true });
        }
    }
    found
}

fn is_expired(case: &Case<'_>, opt_in: OptIn) -> bool {
    opt_in.until.is_some_and(|until| until <= case.now)
}

/// Whether evidence says more than where in a file a row stood.
pub fn proves(evidence: &Evidence) -> bool {
    let place = Evidence {
        file_name: evidence.file_name.clone(),
        file_line: evidence.file_line,
        file_sha256: evidence.file_sha256.clone(),
        ..Evidence::default()
    };
    *evidence != place
}
