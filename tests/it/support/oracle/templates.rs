//! Rule 12: what is registered of a template.

use consent_ledger::consent::template::{Template, TemplateAsked, TemplateKey, TemplateStatus};
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Category, Reason};
use consent_ledger::ledger::writing::record::What;

use super::book::Kept;

/// What the registry says about a template that was named.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The template, where it is registered.
    pub template: Option<Template>,
    /// What is wrong with it, the first thing if there are several.
    pub against: Option<Reason>,
}

/// What the registry says about the template named; none where none was, or where nothing is registered at all.
pub fn rule_12_found(events: &[&Kept], asked: Option<&TemplateAsked>) -> Option<Found> {
    let asked = asked?;
    let is_registration = |event: &&Kept| matches!(event.what, What::RegisterTemplate { .. });
    events.iter().find(|event| is_registration(event))?;
    let Some(template) = registered(events, &asked.key) else {
        return Some(Found { template: None, against: Some(Reason::TemplateUnknown) });
    };
    let against = if template.status != TemplateStatus::Approved {
        Some(Reason::TemplateNotUsable)
    } else if asked.parameters < template.parameters {
        Some(Reason::TemplateInsufficientParameters)
    } else {
        None
    };
    Some(Found { template: Some(template), against })
}

/// The template as registered last and changed since. Of several words at one instant the one that permits less counts.
fn registered(events: &[&Kept], wanted: &TemplateKey) -> Option<Template> {
    let registrations = |event: &&Kept| match &event.what {
        What::RegisterTemplate { key, template } if key == wanted => Some((event.at, *template)),
        _ => None,
    };
    let registered_at = events.iter().filter_map(registrations).map(|(at, _)| at).max()?;
    let latest: Vec<Template> = events.iter().filter_map(registrations).filter(|(at, _)| *at == registered_at).map(|(_, it)| it).collect();

    let mut categories: Vec<(Time, Category)> = latest.iter().map(|template| (registered_at, template.category)).collect();
    let mut statuses: Vec<(Time, TemplateStatus)> = latest.iter().map(|template| (registered_at, template.status)).collect();
    for event in events.iter().filter(|event| event.at >= registered_at) {
        if let What::ChangeTemplate { key, category, status, .. } = &event.what
            && key == wanted
        {
            categories.extend(category.map(|category| (event.at, category)));
            statuses.extend(status.map(|status| (event.at, status)));
        }
    }
    Some(Template {
        category: last_said(&categories).into_iter().min()?,
        status: last_said(&statuses).into_iter().max_by_key(|status| *status != TemplateStatus::Approved)?,
        parameters: latest.iter().map(|template| template.parameters).max()?,
        opt_in_request: latest.iter().all(|template| template.opt_in_request),
    })
}

/// All that was said at the latest instant.
fn last_said<T: Copy>(said: &[(Time, T)]) -> Vec<T> {
    let last = said.iter().map(|(at, _)| *at).max();
    said.iter().filter(|(at, _)| Some(*at) == last).map(|(_, it)| *it).collect()
}
