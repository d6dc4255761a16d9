//! Rules 8, 11 and 15: the answer, its reasons, and until when it holds.

use consent_ledger::consent::decide::{Asked, Decision};
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::policy::{Policy, UnknownContact};
use consent_ledger::consent::template::TemplateAsked;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Categories, Category, Permission, PlatformPreference, Reason, Sender};
use consent_ledger::ledger::writing::record::What;

use super::book::Kept;
use super::case::Case;
use super::consent::{Consent, rule_4_consent, rule_5_stopped, rule_16_implied_opt_ins};
use super::erasure::Left;
use super::senders::{rule_10_at_risk, rule_10_no_free_form, rule_10_no_templates, rule_10_red_closes};
use super::templates::rule_12_found;
use super::who::{Life, Who};
use super::window::{is_open_from, rule_3_closed_by_platform, rule_3_window, rule_7_service};

/// What is asked, of whom.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The recipient.
    pub contact: &'a Identifier,
    /// The sender.
    pub sender: &'a Sender,
    /// What it wants to do.
    pub asked: Asked,
    /// The template it would send.
    pub template: Option<&'a TemplateAsked>,
    /// The account's rules.
    pub policy: &'a Policy,
}

/// The answer at `at`, after events none of which is later.
pub fn answer<'a>(left: &'a Left<'a>, asking: Asking<'a>, at: Time) -> Decision {
    let who = Who::after(&left.events, &left.tokens);
    let life = who.life_now(asking.contact);
    let mut decision = answer_at(&who, asking, life, at);
    decision.valid_until = rule_15_valid_until(&who, asking, life, at, &decision);
    decision
}

/// The first moment at which permission or allowed categories are others though nothing happened.
fn rule_15_valid_until<'a>(who: &'a Who<'a>, asking: Asking<'a>, life: Life<'a>, at: Time, now: &Decision) -> Option<Time> {
    let mut moments: Vec<Time> =
        who.events.iter().flat_map(|event| moments_of(event, asking.policy)).filter(|moment| *moment > at).collect();
    moments.sort_unstable();
    moments.dedup();
    moments.into_iter().find(|moment| {
        let then = answer_at(who, asking, life, *moment);
        (then.permission, then.allowed) != (now.permission, now.allowed)
    })
}

/// When something that an event began may end by itself.
fn moments_of(event: &Kept, policy: &Policy) -> Vec<Time> {
    let mut moments = vec![event.at.plus_hours(policy.window_hours)];
    moments.extend(policy.opt_in_valid_days.map(|days| event.at.plus_days(days)));
    if let What::OptIn { expires_at, .. } = &event.what {
        moments.extend(*expires_at);
    }
    if let What::Restrict { restriction, .. } = &event.what {
        moments.extend(restriction.until);
    }
    if let What::ReportQuality { .. } = &event.what {
        moments.push(event.at.plus_days(7));
    }
    moments
}

/// The answer, but for how long it holds.
fn answer_at<'a>(who: &'a Who<'a>, asking: Asking<'a>, life: Life<'a>, now: Time) -> Decision {
    if who.is_moved(life) {
        let reasons = vec![Reason::ContactNumberChanged];
        return Decision {
            permission: Permission::Nothing,
            reasons,
            allowed: Categories::NONE,
            window_closes_at: None,
            valid_until: None,
            deciding_seqs: Vec::new(),
        };
    }
    let case = Case::new(who, asking.policy, asking.sender, life, now);
    let found = rule_12_found(who.events, asking.template);
    let registered = found.as_ref().and_then(|found| found.template);
    let asked = registered.map_or(asking.asked, |template| Asked::For(template.category));
    let may_ask = registered.is_some_and(|template| template.opt_in_request) && rule_9_may_ask(&case);
    let (permission, mut reasons) = match (rule_8_permission(&case, asked), found.and_then(|found| found.against)) {
        ((Permission::Nothing, reasons), Some(unusable)) => {
            (Permission::Nothing, in_order([reasons, vec![unusable], against(&case, asked)].concat()))
        }
        (_, Some(unusable)) => (Permission::Nothing, in_order([vec![unusable], against(&case, asked)].concat())),
        ((Permission::FreeForm, reasons), None) => (Permission::FreeForm, reasons),
        (_, None) if may_ask => {
            (Permission::TemplateOnly, [vec![Reason::OptInRequestAllowed], against_other_routes(&case, asked)].concat())
        }
        ((Permission::TemplateOnly, reasons), None) => (Permission::TemplateOnly, reasons),
        ((Permission::Nothing, reasons), None) => match in_order([reasons, against(&case, asked)].concat()) {
            none if none.is_empty() && asked == Asked::OptOutConfirmation => (Permission::Nothing, vec![Reason::OptOutConfirmationNotDue]),
            reasons => (Permission::Nothing, reasons),
        },
    };
    if rule_10_at_risk(case.standing()) {
        reasons.push(Reason::SenderAtRisk);
    }
    let allowed = Category::TEMPLATE.into_iter().filter(|category| is_allowed(&case, *category)).collect();
    Decision { permission, reasons, allowed, window_closes_at: rule_3_window(&case), valid_until: None, deciding_seqs: Vec::new() }
}

/// The permission and what speaks for it. What speaks against it comes with [`against`].
fn rule_8_permission(case: &Case<'_>, asked: Asked) -> (Permission, Vec<Reason>) {
    match asked {
        Asked::OptOutConfirmation => rule_11_confirmation(case),
        Asked::Anything => rule_8_anything(case),
        Asked::For(Category::Service) => rule_8_service(case),
        Asked::For(Category::Authentication) => rule_8_authentication(case),
        Asked::For(category) => rule_8_marketing_or_utility(case, category),
    }
}

/// Whether an unknown contact may be asked to opt in.
fn rule_9_may_ask(case: &Case<'_>) -> bool {
    let is_unknown = Category::TEMPLATE.iter().all(|category| rule_4_consent(case, *category).is_unknown());
    let closed = rule_10_no_templates(case.standing()) || rule_10_red_closes(case.standing());
    case.policy.unknown_contact == UnknownContact::OptInRequest && is_unknown && !rule_5_stopped(case) && !closed
}

fn rule_8_anything(case: &Case<'_>) -> (Permission, Vec<Reason>) {
    if is_free(case) {
        (Permission::FreeForm, vec![Reason::WindowOpen])
    } else if Category::TEMPLATE.iter().any(|category| is_allowed(case, *category)) {
        (Permission::TemplateOnly, opted_in_but(&against_free_form(case)))
    } else {
        (Permission::Nothing, Vec::new())
    }
}

fn rule_8_service(case: &Case<'_>) -> (Permission, Vec<Reason>) {
    let (permission, mut reasons) = rule_8_anything(case);
    if permission == Permission::FreeForm && rule_4_consent(case, Category::Service) == Consent::OptedIn {
        reasons.push(Reason::OptedIn);
    }
    (permission, reasons)
}

fn rule_8_marketing_or_utility(case: &Case<'_>, category: Category) -> (Permission, Vec<Reason>) {
    let stopped = category == Category::Marketing && rule_5_stopped(case);
    match rule_4_consent(case, category) {
        Consent::OptedIn if !stopped && is_free(case) => (Permission::FreeForm, vec![Reason::WindowOpen, Reason::OptedIn]),
        Consent::OptedIn if is_allowed(case, category) => (Permission::TemplateOnly, opted_in_but(&against_free_form(case))),
        consent if consent.is_unknown() && category == Category::Utility && is_free(case) => {
            (Permission::FreeForm, vec![Reason::WindowOpen])
        }
        _ => (Permission::Nothing, Vec::new()),
    }
}

fn rule_8_authentication(case: &Case<'_>) -> (Permission, Vec<Reason>) {
    if is_allowed(case, Category::Authentication) {
        (Permission::TemplateOnly, opted_in_but(&[Reason::FreeFormNotForAuthentication]))
    } else {
        (Permission::Nothing, Vec::new())
    }
}

/// One free-form message after the latest keyword opt-out at this sender, until it was sent, the contact opted in
/// again or that opt-out's own window closed.
fn rule_11_confirmation(case: &Case<'_>) -> (Permission, Vec<Reason>) {
    let at_this_sender =
        case.inbound().into_iter().filter(|act| act.sender == case.sender && act.event.keyword_opt_out(case.sender).is_some());
    let Some(opted_out_at) = at_this_sender.map(|act| act.event.at).max() else {
        return (Permission::Nothing, Vec::new());
    };
    let is_open = rule_3_window(case).is_some() && is_open_from(case, opted_out_at);
    if opted_in_since(case, opted_out_at) || !is_open {
        return (Permission::Nothing, Vec::new());
    }
    let is_used = case.events().iter().any(|event| match &event.what {
        What::ConfirmationSent { sender, .. } => sender == case.sender && event.at >= opted_out_at,
        _ => false,
    });
    if is_used {
        return (Permission::Nothing, vec![Reason::OptOutConfirmationUsed]);
    }
    if rule_10_no_free_form(case.standing()) {
        return (Permission::Nothing, Vec::new());
    }
    (Permission::FreeForm, vec![Reason::OptOutConfirmationAllowed])
}

/// Whether the contact opted in to anything here after `at`, or did something that counts as an opt-in.
fn opted_in_since(case: &Case<'_>, at: Time) -> bool {
    let said = case.events().iter().filter(|event| event.at > at).any(|event| match &event.what {
        What::OptIn { sender, .. } => case.covers(sender.as_ref()),
        What::Preference { preference, .. } => *preference == PlatformPreference::Signup,
        _ => event.keyword_opt_in(case.sender).is_some(),
    });
    let implied = |category: &Category| rule_16_implied_opt_ins(case, *category).iter().any(|opt_in| opt_in.at > at);
    said || Category::ALL.iter().any(implied)
}

/// Rule 8, *free*.
fn is_free(case: &Case<'_>) -> bool {
    rule_3_window(case).is_some() && rule_7_service(case) && !rule_10_no_free_form(case.standing())
}

/// Rule 8, *allowed*.
fn is_allowed(case: &Case<'_>, category: Category) -> bool {
    let stopped = category == Category::Marketing && rule_5_stopped(case);
    let closed = rule_10_no_templates(case.standing()) || rule_10_red_closes(case.standing());
    rule_4_consent(case, category) == Consent::OptedIn && !stopped && !closed
}

/// With templates only, the opt-in comes first, then why not free-form.
fn opted_in_but(against_free_form: &[Reason]) -> Vec<Reason> {
    [&[Reason::OptedIn], against_free_form].concat()
}

/// All that speaks against what is asked, when the answer is no.
fn against(case: &Case<'_>, asked: Asked) -> Vec<Reason> {
    match asked {
        Asked::OptOutConfirmation => against_confirmation(case),
        Asked::Anything | Asked::For(Category::Service) => against_anything(case),
        Asked::For(category) => [against_template(case, category), against_other_routes(case, asked)].concat(),
    }
}

/// What speaks against a free-form message instead of the template, for the categories and consents that allow one.
fn against_other_routes(case: &Case<'_>, asked: Asked) -> Vec<Reason> {
    let opted_in = |category| rule_4_consent(case, category) == Consent::OptedIn;
    match asked {
        Asked::For(Category::Authentication) if opted_in(Category::Authentication) => vec![Reason::FreeFormNotForAuthentication],
        Asked::For(Category::Marketing) if opted_in(Category::Marketing) => against_free_form(case),
        Asked::For(Category::Utility) => against_free_form(case),
        _ => Vec::new(),
    }
}

/// Reasons against something: the decisive one is the first of the design's order that holds.
fn in_order(mut reasons: Vec<Reason>) -> Vec<Reason> {
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}

/// Why no template at all and no free-form message may be sent.
fn against_anything(case: &Case<'_>) -> Vec<Reason> {
    let templates = Category::TEMPLATE.iter().flat_map(|category| against_template(case, *category));
    templates.chain(against_free_form(case)).collect()
}

/// Why not even a confirmation may be sent, which is a free-form message.
fn against_confirmation(case: &Case<'_>) -> Vec<Reason> {
    let consents = Category::TEMPLATE.iter().flat_map(|category| against_consent(case, *category));
    consents.chain(against_free_form(case)).collect()
}

/// Why no template of this category may be sent; empty where one may.
fn against_template(case: &Case<'_>, category: Category) -> Vec<Reason> {
    let mut against = against_consent(case, category);
    if rule_10_no_templates(case.standing()) {
        against.push(Reason::SenderRestricted);
    }
    if rule_10_red_closes(case.standing()) {
        against.push(Reason::SenderQualityRed);
    }
    against
}

/// What the contact did not agree to, or refused.
fn against_consent(case: &Case<'_>, category: Category) -> Vec<Reason> {
    let mut against = Vec::new();
    match rule_4_consent(case, category) {
        Consent::Unknown => against.push(Reason::RecipientNotOptedIn),
        Consent::OptedOut => against.push(Reason::RecipientOptedOut),
        Consent::Erased => against.push(Reason::ContactErased),
        Consent::Suspended => against.push(Reason::ContactIdentityChanged),
        Consent::Expired => against.push(Reason::OptInExpired),
        Consent::OptedIn => {}
    }
    if category == Category::Marketing && rule_5_stopped(case) {
        against.push(Reason::PlatformMarketingStopped);
    }
    against
}

/// Why no free-form message may be sent; empty where one may.
fn against_free_form(case: &Case<'_>) -> Vec<Reason> {
    let mut against = Vec::new();
    if rule_10_no_free_form(case.standing()) {
        against.push(Reason::SenderRestricted);
    }
    if !rule_7_service(case) {
        let erased = rule_4_consent(case, Category::Service) == Consent::Erased;
        against.push(if erased { Reason::ContactErased } else { Reason::RecipientOptedOut });
    }
    if rule_3_window(case).is_none() {
        let closed = rule_3_closed_by_platform(case);
        against.push(if closed { Reason::PlatformClosedWindow } else { Reason::OutsideAllowedSendingWindow });
    }
    in_order(against)
}
