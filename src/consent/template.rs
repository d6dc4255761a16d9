//! An account's templates (rule 12): registered, re-categorised, paused.
//!
//! ```text
//! registered   UTILITY, approved, 2 parameters
//! changed      MARKETING                          the platform moved it: from here on it counts as marketing
//! changed      paused                             it rests
//! ```

use std::collections::BTreeMap;
use std::ops::Bound;

use super::account::{AsOf, Noted, insert};
use super::facts::Fact;
use super::sender::Quality;
use super::words::{Category, words};

words! {
    /// Whether a template may be sent.
    TemplateStatus, "template status" {
        /// Usable.
        Approved = 1 "approved",
        /// Resting.
        Paused = 2 "paused",
        /// Refused by the platform.
        Rejected = 3 "rejected",
        /// Taken out of use.
        Disabled = 4 "disabled",
        /// Waiting for the platform.
        Pending = 5 "pending",
    }
}

/// The longest name of a template, in bytes; the platform's own limit.
pub const TEMPLATE_NAME_MAX_BYTES: usize = 512;

/// The longest language code, in bytes.
pub const TEMPLATE_LANGUAGE_MAX_BYTES: usize = 32;

/// What a template is found by: its name and its language, as the platform spells them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TemplateKey {
    name: Box<str>,
    language: Box<str>,
}

impl TemplateKey {
    /// The template with this name and language.
    ///
    /// # Errors
    /// Where one of them is empty, too long, or holds a control character.
    pub fn new(name: &str, language: &str) -> Result<Self, TemplateKeyError> {
        match Self::faults(name, language).next() {
            Some(fault) => Err(fault),
            None => Ok(Self { name: name.into(), language: language.into() }),
        }
    }

    /// Everything that keeps a name and a language from being what a template is found by.
    pub fn faults(name: &str, language: &str) -> impl Iterator<Item = TemplateKeyError> {
        let fits = |text: &str, most: usize| !text.is_empty() && text.len() <= most && !text.contains(char::is_control);
        let name = (!fits(name, TEMPLATE_NAME_MAX_BYTES)).then_some(TemplateKeyError::Name);
        let language = (!fits(language, TEMPLATE_LANGUAGE_MAX_BYTES)).then_some(TemplateKeyError::Language);
        name.into_iter().chain(language)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its language.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.language
    }
}

/// Not what a template is found by.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum TemplateKeyError {
    /// The name.
    #[error("a template's name has 1 to {TEMPLATE_NAME_MAX_BYTES} bytes without control characters")]
    Name,
    /// The language.
    #[error("a template's language has 1 to {TEMPLATE_LANGUAGE_MAX_BYTES} bytes without control characters, as in en or pt_BR")]
    Language,
}

/// A template, whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Template {
    /// What it is for; a template category.
    pub category: Category,
    /// How many parameters it takes.
    pub parameters: u32,
    /// Whether it may be sent.
    pub status: TemplateStatus,
    /// Whether it is the one that asks for an opt-in.
    pub opt_in_request: bool,
}

/// What became of a template: all of it, or some of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Registered(Template),
    Changed { category: Option<Category>, status: Option<TemplateStatus>, quality: Option<Quality> },
}

/// A template that a check names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TemplateAsked {
    /// Which one.
    pub key: TemplateKey,
    /// How many parameters the caller has for it.
    pub parameters: u32,
}

/// What the registry says about a template that a check names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finding {
    /// Nobody registered it.
    Unknown,
    /// It rests.
    NotUsable(Fact),
    /// It takes more parameters.
    InsufficientParameters(Fact),
    /// It may be sent.
    Usable {
        /// The entry that registered it.
        fact: Fact,
        /// Whether it is the one that asks for an opt-in.
        opt_in_request: bool,
    },
}

/// An account's templates.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Templates {
    known: BTreeMap<TemplateKey, Vec<(Noted, Change)>>,
}

impl Templates {
    /// Registers a template, or registers it anew. Says whether that is the latest heard of it.
    pub fn register(&mut self, noted: Noted, key: TemplateKey, template: Template) -> bool {
        insert(self.known.entry(key).or_default(), noted, Change::Registered(template))
    }

    /// Changes some of a template. Says whether that is the latest heard of it.
    pub fn change(
        &mut self,
        noted: Noted,
        key: TemplateKey,
        category: Option<Category>,
        status: Option<TemplateStatus>,
        quality: Option<Quality>,
    ) -> bool {
        insert(self.known.entry(key).or_default(), noted, Change::Changed { category, status, quality })
    }

    /// Whether any was registered.
    #[must_use]
    pub fn any(&self, as_of: AsOf) -> bool {
        self.known
            .values()
            .any(|changes| changes.iter().any(|(noted, change)| as_of.sees(*noted) && matches!(change, Change::Registered(_))))
    }

    /// A template, where it was registered, and the entry that last changed it.
    #[must_use]
    pub fn template(&self, key: &TemplateKey, as_of: AsOf) -> Option<(Fact, Template)> {
        fold(self.known.get(key)?, as_of)
    }

    /// All registered templates, by name and language.
    pub fn all(&self, as_of: AsOf) -> impl Iterator<Item = (&TemplateKey, Template)> {
        self.behind(Bound::Unbounded, as_of)
    }

    /// The registered templates from a place in the order of names and languages on.
    pub fn behind(&self, place: Bound<&TemplateKey>, as_of: AsOf) -> impl Iterator<Item = (&TemplateKey, Template)> {
        let behind = self.known.range((place, Bound::Unbounded));
        behind.filter_map(move |(key, changes)| Some((key, fold(changes, as_of)?.1)))
    }

    /// How the platform last rated a template; of several ratings at one instant the worst.
    #[must_use]
    pub fn quality(&self, key: &TemplateKey, as_of: AsOf) -> Option<Quality> {
        let rated = self.known.get(key)?.iter().filter(|(noted, _)| as_of.sees(*noted)).filter_map(|(noted, change)| match change {
            Change::Changed { quality, .. } => Some((noted.at, (*quality)?)),
            Change::Registered(_) => None,
        });
        rated.max().map(|(_, quality)| quality)
    }

    /// What a check that names a template comes to, and the category it counts in; none where nothing is registered at all.
    #[must_use]
    pub fn find(&self, asked: &TemplateAsked, as_of: AsOf) -> Option<(Option<Category>, Finding)> {
        let Some((fact, template)) = self.template(&asked.key, as_of) else {
            return self.any(as_of).then_some((None, Finding::Unknown));
        };
        let finding = if template.status != TemplateStatus::Approved {
            Finding::NotUsable(fact)
        } else if asked.parameters < template.parameters {
            Finding::InsufficientParameters(fact)
        } else {
            Finding::Usable { fact, opt_in_request: template.opt_in_request }
        };
        Some((Some(template.category), finding))
    }
}

/// What a template came to, property by property: the latest that says it; at one instant what permits less (rule 2).
fn fold(changes: &[(Noted, Change)], as_of: AsOf) -> Option<(Fact, Template)> {
    let mut folded: Option<(Fact, Template)> = None;
    let mut seen = changes.iter().filter(|(noted, _)| as_of.sees(*noted)).peekable();
    while let Some((noted, _)) = seen.peek() {
        let at = noted.at;
        let mut registered: Option<Template> = None;
        let (mut category, mut status, mut fact) = (None, None, noted.fact());
        while let Some((noted, change)) = seen.next_if(|(noted, _)| noted.at == at) {
            fact = noted.fact();
            match change {
                Change::Registered(template) => registered = Some(registered.map_or(*template, |other| both(other, *template))),
                Change::Changed { category: to, status: now, .. } => {
                    category = stricter(category, *to, Category::number);
                    status = stricter(status, *now, rank);
                }
            }
        }
        // A change from before the registration says nothing: the registration says everything.
        if let Some(base) = registered.or(folded.map(|(_, template)| template)) {
            // At the instant of a registration, what permits less counts; later than it, what was said last.
            let category = if registered.is_some() { stricter(Some(base.category), category, Category::number) } else { category };
            let status = if registered.is_some() { stricter(Some(base.status), status, rank) } else { status };
            let template = Template { category: category.unwrap_or(base.category), status: status.unwrap_or(base.status), ..base };
            folded = Some((fact, template));
        }
    }
    folded
}

fn both(a: Template, b: Template) -> Template {
    Template {
        category: a.category.min(b.category),
        parameters: a.parameters.max(b.parameters),
        status: if rank(a.status) <= rank(b.status) { a.status } else { b.status },
        opt_in_request: a.opt_in_request && b.opt_in_request,
    }
}

/// Of two, the one with the lower rank.
fn stricter<T: Copy>(a: Option<T>, b: Option<T>, rank: impl Fn(T) -> u8) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if rank(a) <= rank(b) { a } else { b }),
        (a, b) => a.or(b),
    }
}

/// Approved permits most.
const fn rank(status: TemplateStatus) -> u8 {
    match status {
        TemplateStatus::Approved => 1,
        TemplateStatus::Paused | TemplateStatus::Rejected | TemplateStatus::Disabled | TemplateStatus::Pending => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::account::Known;
    use crate::consent::time::Time;
    use crate::consent::words::Seq;

    fn noted(at: i64, seq: u64) -> Noted {
        Noted { at: Time::from_micros(at), recorded_at: Time::from_micros(at), seq: Seq::new(seq) }
    }

    fn as_of(at: i64) -> AsOf {
        AsOf { at: Time::from_micros(at), known: Known::default() }
    }

    fn key(name: &str) -> TemplateKey {
        TemplateKey::new(name, "en").unwrap()
    }

    #[test]
    fn the_latest_rating_is_shown_and_of_two_at_once_the_worse() {
        let mut templates = Templates::default();
        let mut rate = |at, seq, quality| templates.change(noted(at, seq), key("news"), None, None, Some(quality));
        rate(5, 1, Quality::Red);
        rate(7, 2, Quality::Yellow);
        rate(7, 3, Quality::Green);
        templates.change(noted(9, 4), key("news"), None, Some(TemplateStatus::Paused), None);
        let quality = |at| templates.quality(&key("news"), as_of(at));
        assert_eq!([4, 6, 9].map(quality), [None, Some(Quality::Red), Some(Quality::Yellow)]);
    }

    #[test]
    fn a_page_goes_on_behind_a_name_that_need_not_be_there() {
        let mut templates = Templates::default();
        let template = Template { category: Category::Utility, parameters: 0, status: TemplateStatus::Approved, opt_in_request: false };
        for (seq, name) in [(1, "c"), (2, "a"), (3, "d")] {
            templates.register(noted(1, seq), key(name), template);
        }
        templates.change(noted(1, 4), key("e"), Some(Category::Marketing), None, None);
        let names = |place| templates.behind(place, as_of(1)).map(|(key, _)| key.name().to_owned()).collect::<Vec<_>>().concat();
        assert_eq!(names(Bound::Unbounded), "acd");
        let (missing, last) = (key("b"), key("d"));
        assert_eq!(names(Bound::Excluded(&missing)), "cd");
        assert_eq!(names(Bound::Excluded(&last)), "");
    }

    #[test]
    fn a_name_and_a_language_are_faulty_each_for_itself() {
        let faults = |name: &str, language: &str| TemplateKey::faults(name, language).collect::<Vec<_>>();
        assert_eq!(faults("news", "en"), []);
        assert_eq!(faults("", "en\u{7}"), [TemplateKeyError::Name, TemplateKeyError::Language]);
        assert_eq!(faults("news", &"x".repeat(33)), [TemplateKeyError::Language]);
    }
}
