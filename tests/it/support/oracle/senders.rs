//! Rule 10: how a sender stands.

use consent_ledger::consent::policy::{Policy, RedQuality};
use consent_ledger::consent::sender::{
    Declaration, EscalationPath, EscalationPaths, Quality, Restriction, RestrictionKind, SenderStanding, SenderState,
};
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::Sender;
use consent_ledger::ledger::writing::record::What;

use super::book::Kept;

/// A sender that says it sends no more templates a week is only warned; 0 says nothing.
const SMALL: std::ops::RangeInclusive<u64> = 1..=1000;

/// The term after which RED closes templates, in days.
const RED_TERM_DAYS: u32 = 7;

/// A sender at an instant, after some events of its account, under a policy.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The events.
    pub events: &'a [&'a Kept],
    /// The account's rules.
    pub policy: &'a Policy,
    /// The sender.
    pub sender: &'a Sender,
    /// The instant.
    pub now: Time,
}

/// Whether a restriction in force forbids templates.
pub fn rule_10_no_templates(standing: Standing<'_>) -> bool {
    restricts(standing, &[RestrictionKind::BusinessInitiated, RestrictionKind::All])
}

/// Whether a restriction in force forbids free-form messages.
pub fn rule_10_no_free_form(standing: Standing<'_>) -> bool {
    restricts(standing, &[RestrictionKind::CustomerInitiated, RestrictionKind::All])
}

/// Whether RED quality past its term closes templates.
pub fn rule_10_red_closes(standing: Standing<'_>) -> bool {
    deadline(standing).is_some_and(|deadline| deadline <= standing.now)
}

/// Whether the sender is automated and has no accepted way to a human.
pub fn rule_10_at_risk(standing: Standing<'_>) -> bool {
    declaration(standing).is_some_and(|declaration| declaration.automated) && accepted_paths(standing).is_empty()
}

/// How the sender stands.
pub fn rule_10_standing(standing: Standing<'_>) -> SenderStanding {
    let restrictions = in_force(standing);
    let quality = quality(standing);
    let state = if !restrictions.is_empty() || rule_10_red_closes(standing) {
        SenderState::Restricted
    } else if quality == Some(Quality::Red) {
        SenderState::Flagged
    } else if rule_10_at_risk(standing) {
        SenderState::AtRisk
    } else {
        SenderState::Ok
    };
    SenderStanding {
        state,
        declaration: declaration(standing),
        quality,
        quality_since: ratings(standing).into_iter().map(|(at, _)| at).max(),
        deadline: deadline(standing),
        restrictions,
    }
}

/// When RED begins to close templates, or began: nobody declared an accepted path, and the policy does not only warn.
fn deadline(standing: Standing<'_>) -> Option<Time> {
    let small = declaration(standing).is_some_and(|declaration| SMALL.contains(&declaration.weekly_templates));
    let denies = standing.policy.red_quality == RedQuality::DenyTemplates && !small && accepted_paths(standing).is_empty();
    let red_since = red_since(standing)?;
    denies.then(|| red_since.plus_days(RED_TERM_DAYS))
}

/// The first RED after the last rating that was not; none where the sender is not RED.
fn red_since(standing: Standing<'_>) -> Option<Time> {
    let (mut last_better, mut first_red) = (None, None);
    for (at, quality) in ratings(standing) {
        // Of two ratings at one instant the RED one counts.
        let also_red = ratings(standing).contains(&(at, Quality::Red));
        if quality != Quality::Red && !also_red {
            last_better = last_better.max(Some(at));
        }
    }
    for (at, quality) in ratings(standing) {
        if quality == Quality::Red && last_better.is_none_or(|better| at > better) {
            first_red = Some(first_red.map_or(at, |first: Time| first.min(at)));
        }
    }
    first_red
}

/// The latest rating; of several at one instant the worst.
fn quality(standing: Standing<'_>) -> Option<Quality> {
    ratings(standing).into_iter().max().map(|(_, quality)| quality)
}

fn ratings(standing: Standing<'_>) -> Vec<(Time, Quality)> {
    let rating = |event: &&Kept| match &event.what {
        What::ReportQuality { sender, quality } if sender == standing.sender => Some((event.at, *quality)),
        _ => None,
    };
    standing.events.iter().filter_map(rating).collect()
}

/// The latest declaration; of several at one instant what all of them promise.
fn declaration(standing: Standing<'_>) -> Option<Declaration> {
    let mut latest: Option<(Time, Declaration)> = None;
    for event in standing.events {
        let What::DeclareSender { sender, declaration } = &event.what else { continue };
        if sender != standing.sender {
            continue;
        }
        latest = match latest {
            Some((at, other)) if at > event.at => Some((at, other)),
            Some((at, other)) if at == event.at => Some((at, both(other, *declaration))),
            _ => Some((event.at, *declaration)),
        };
    }
    latest.map(|(_, declaration)| declaration)
}

/// What two declarations promise together. A volume that one does not name may be any.
fn both(one: Declaration, other: Declaration) -> Declaration {
    let unsaid = one.weekly_templates == 0 || other.weekly_templates == 0;
    Declaration {
        automated: one.automated || other.automated,
        retail: one.retail && other.retail,
        weekly_templates: if unsaid { 0 } else { one.weekly_templates.max(other.weekly_templates) },
        paths: one.paths.iter().filter(|path| other.paths.contains(*path)).collect(),
    }
}

/// The declared ways to a human that count; a shop to visit counts for retailers only.
fn accepted_paths(standing: Standing<'_>) -> EscalationPaths {
    let Some(declaration) = declaration(standing) else { return std::iter::empty().collect() };
    let counts = |path: &EscalationPath| match path {
        EscalationPath::InChatAgent
        | EscalationPath::Phone
        | EscalationPath::Email
        | EscalationPath::WebSupport
        | EscalationPath::SupportForm => true,
        EscalationPath::StoreVisit => declaration.retail,
        EscalationPath::SocialAccount | EscalationPath::HelpCenterPage | EscalationPath::AppLink => false,
    };
    declaration.paths.iter().filter(counts).collect()
}

fn restricts(standing: Standing<'_>, kinds: &[RestrictionKind]) -> bool {
    in_force(standing).iter().any(|restriction| restriction.kinds.iter().any(|kind| kinds.contains(kind)))
}

/// The restrictions of the sender and of its whole account that have not ended.
fn in_force(standing: Standing<'_>) -> Vec<Restriction> {
    let mut found = Vec::new();
    for event in standing.events {
        let What::Restrict { sender, restriction } = &event.what else { continue };
        let concerns = sender.as_ref().is_none_or(|sender| sender == standing.sender);
        if concerns && restriction.until.is_none_or(|until| standing.now < until) {
            let mut left = restriction.clone();
            left.kinds.retain(|kind| !was_lifted(standing, sender.as_ref(), event.at, *kind));
            found.extend((!left.kinds.is_empty()).then_some(left));
        }
    }
    found
}

/// Whether a later report says that what was forbidden to exactly these, the sender or the account, is allowed again.
fn was_lifted(standing: Standing<'_>, whose: Option<&Sender>, reported: Time, kind: RestrictionKind) -> bool {
    standing.events.iter().any(|event| match &event.what {
        What::Lift { sender, kinds } => sender.as_ref() == whose && kinds.contains(&kind) && reported < event.at,
        _ => false,
    })
}
