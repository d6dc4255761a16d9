//! The choice of a policy: a preset and what differs from it, by name. Scenario files, the command line and the gRPC
//! service all read their way to this and take the complete policy from it.
//!
//! ```yaml
//! preset: meta
//! inbound_after_opt_out: lifts
//! opt_in_valid_days: 365
//! opt_out_keywords: [baja, no quiero]      # added to the preset's
//! ```

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::keyword::normalise;
use super::policy::{Policy, Preset};
use super::setting::Setting;
use super::words::{InboundKind, UnknownWord};

/// The longest time that a window stays open, in hours: the platform's own.
pub const WINDOW_HOURS_MAX: u32 = 24;

/// The longest time after which an opt-in ends by itself, in days: a hundred years.
pub const OPT_IN_VALID_DAYS_MAX: u32 = 36_500;

/// The most keywords that a choice adds to a list.
pub const KEYWORDS_MAX: usize = 1_000;

/// The longest keyword, in characters, normalised.
pub const KEYWORD_MAX_CHARS: usize = 64;

/// A preset and what differs from it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "BTreeMap<String, Given>")]
pub struct PolicyChoice {
    /// The preset.
    pub preset: Preset,
    /// What differs, as it was given; whether it can be is seen when the policy is made.
    pub differs: BTreeMap<Setting, Given>,
}

/// A value as it was given: typed where the format has types, else as text.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Given {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(u64),
    /// A word; of a list, its items between commas.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// Something that no setting takes.
    Other(IgnoredAny),
}

impl Given {
    /// The items of a list, as given; nothing where it is none.
    #[must_use]
    pub fn items(&self) -> Vec<String> {
        match self {
            Self::List(items) => items.clone(),
            Self::Text(text) if text.trim().is_empty() => Vec::new(),
            Self::Text(text) => text.split(',').map(|item| item.trim().to_owned()).collect(),
            Self::Flag(_) | Self::Number(_) | Self::Other(_) => Vec::new(),
        }
    }
}

/// What is wrong with a choice.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Fault {
    /// A preset, setting or word that does not exist.
    #[error(transparent)]
    Unknown(#[from] UnknownWord),
    /// No preset.
    #[error("the preset is missing; known are {}", Preset::ALL.map(Preset::as_str).join(", "))]
    PresetMissing,
    /// The same setting a second time.
    #[error("it is set twice")]
    Twice,
    /// Another shape of value.
    #[error("it takes {wanted}")]
    Shape {
        /// What it takes.
        wanted: &'static str,
    },
    /// A number that cannot be.
    #[error("{given} is not from {least} to {most}")]
    OutOfRange {
        /// The number.
        given: u64,
        /// The least there is.
        least: u32,
        /// The most there is.
        most: u32,
    },
    /// A keyword without a letter or digit, or too long a one.
    #[error("a keyword has 1 to {KEYWORD_MAX_CHARS} letters, digits and spaces between them")]
    KeywordMalformed,
    /// A keyword that opts in as well as out.
    #[error("the keyword would opt in and out")]
    KeywordOnBothLists,
    /// More keywords than may be added.
    #[error("{given} keywords, at most {KEYWORDS_MAX} are added")]
    TooManyKeywords {
        /// How many.
        given: usize,
    },
}

/// What is wrong, and with what.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{field}: {fault}")]
pub struct ChoiceError {
    /// The name of the setting, of a list with the place from 0, as in `opt_out_keywords[1]`; or `preset`.
    pub field: String,
    /// What.
    pub fault: Fault,
}

/// Everything that is wrong with a choice; never empty.
#[derive(Debug, PartialEq, Eq)]
pub struct ChoiceErrors(pub Vec<ChoiceError>);

impl std::fmt::Display for ChoiceErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }
}

impl std::error::Error for ChoiceErrors {}

impl PolicyChoice {
    /// The preset as it stands.
    #[must_use]
    pub const fn of(preset: Preset) -> Self {
        Self { preset, differs: BTreeMap::new() }
    }

    /// Lets a setting differ, by name. The value is looked at when the policy is made.
    ///
    /// # Errors
    /// Where there is no such setting, or it was set before.
    pub fn set(&mut self, name: &str, given: Given) -> Result<(), ChoiceError> {
        let error = |fault| ChoiceError { field: name.trim().to_owned(), fault };
        let setting: Setting = name.parse().map_err(|unknown: UnknownWord| error(unknown.into()))?;
        match self.differs.insert(setting, given) {
            None => Ok(()),
            Some(_) => Err(error(Fault::Twice)),
        }
    }

    /// The complete policy.
    ///
    /// # Errors
    /// The first thing that is wrong with each setting, in their order.
    pub fn policy(&self) -> Result<Policy, ChoiceErrors> {
        let mut policy = Policy::of(self.preset);
        let mut errors = Vec::new();
        for (setting, given) in &self.differs {
            if let Err((place, fault)) = apply(&mut policy, *setting, given) {
                let field = place.map_or_else(|| setting.to_string(), |place| format!("{setting}[{place}]"));
                errors.push(ChoiceError { field, fault });
            }
        }
        errors.extend(self.on_both_lists(&policy));
        if errors.is_empty() { Ok(policy) } else { Err(ChoiceErrors(errors)) }
    }

    /// Opt-out words win where a word is on both lists: who adds one there is told.
    fn on_both_lists<'a>(&'a self, policy: &'a Policy) -> impl Iterator<Item = ChoiceError> + 'a {
        let lists = [Setting::OptOutKeywords, Setting::OptInKeywords].into_iter();
        let added = lists.flat_map(|setting| self.differs.get(&setting).into_iter().map(move |given| (setting, given)));
        added.flat_map(|(setting, given)| given.items().into_iter().enumerate().map(move |word| (setting, word))).filter_map(
            |(setting, (place, word))| {
                let word = normalise(&word);
                let both = policy.keywords.opt_out().any(|out| out == word) && policy.keywords.opt_in().any(|out| out == word);
                both.then(|| ChoiceError { field: format!("{setting}[{place}]"), fault: Fault::KeywordOnBothLists })
            },
        )
    }
}

impl TryFrom<BTreeMap<String, Given>> for PolicyChoice {
    type Error = ChoiceError;

    fn try_from(mut written: BTreeMap<String, Given>) -> Result<Self, ChoiceError> {
        let error = |fault| ChoiceError { field: "preset".to_owned(), fault };
        let preset = match written.remove("preset") {
            None => return Err(error(Fault::PresetMissing)),
            Some(Given::Text(name)) => name.parse().map_err(|unknown: UnknownWord| error(unknown.into()))?,
            Some(_) => return Err(error(Fault::Shape { wanted: "a preset's name" })),
        };
        let mut choice = Self::of(preset);
        written.into_iter().try_for_each(|(name, given)| choice.set(&name, given))?;
        Ok(choice)
    }
}

/// What is wrong with a value, and at which place of a list.
type Refused = (Option<usize>, Fault);

fn apply(policy: &mut Policy, setting: Setting, given: &Given) -> Result<(), Refused> {
    match setting {
        Setting::WindowHours => policy.window_hours = number(given, 1, WINDOW_HOURS_MAX)?,
        Setting::WindowKinds => {
            let kinds = list(given)?.into_iter().enumerate();
            let kinds = kinds.map(|(place, kind)| kind.parse().map_err(|unknown: UnknownWord| (Some(place), unknown.into())));
            policy.set_window_kinds(&kinds.collect::<Result<Vec<InboundKind>, Refused>>()?);
        }
        Setting::InboundAfterOptOut => policy.inbound_after_opt_out = word(given)?,
        Setting::UnknownContact => policy.unknown_contact = word(given)?,
        Setting::KeywordScope => policy.keyword_scope = word(given)?,
        Setting::PlatformStopScope => policy.platform_stop_scope = word(given)?,
        Setting::OptInValidDays => {
            let days = number(given, 0, OPT_IN_VALID_DAYS_MAX)?;
            policy.opt_in_valid_days = (days > 0).then_some(days);
        }
        Setting::RedQuality => policy.red_quality = word(given)?,
        Setting::WindowImpliesOptIn => policy.window_implies_opt_in = flag(given)?,
        Setting::IdentityChangeCarriesOptIn => policy.identity_change_carries_opt_in = flag(given)?,
        Setting::SuspendOnIdentityChange => policy.suspend_on_identity_change = flag(given)?,
        Setting::ImportRequiresEvidence => policy.import_requires_evidence = flag(given)?,
        Setting::KeepMessageText => policy.keep_message_text = flag(given)?,
        Setting::OptOutKeywords => policy.keywords = policy.keywords.and(keywords(given)?.iter().map(String::as_str), []),
        Setting::OptInKeywords => policy.keywords = policy.keywords.and([], keywords(given)?.iter().map(String::as_str)),
    }
    Ok(())
}

fn number(given: &Given, least: u32, most: u32) -> Result<u32, Refused> {
    let number = match given {
        Given::Number(number) => Some(*number),
        Given::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number = number.ok_or((None, Fault::Shape { wanted: "a whole number" }))?;
    let fits = u32::try_from(number).ok().filter(|number| (least..=most).contains(number));
    fits.ok_or((None, Fault::OutOfRange { given: number, least, most }))
}

fn flag(given: &Given) -> Result<bool, Refused> {
    match given {
        Given::Flag(flag) => Ok(*flag),
        Given::Text(text) if text.trim() == "true" => Ok(true),
        Given::Text(text) if text.trim() == "false" => Ok(false),
        _ => Err((None, Fault::Shape { wanted: "true or false" })),
    }
}

fn word<T: FromStr<Err = UnknownWord>>(given: &Given) -> Result<T, Refused> {
    match given {
        Given::Text(text) => text.parse().map_err(|unknown: UnknownWord| (None, unknown.into())),
        _ => Err((None, Fault::Shape { wanted: "a word" })),
    }
}

fn list(given: &Given) -> Result<Vec<String>, Refused> {
    match given {
        Given::List(_) | Given::Text(_) => Ok(given.items()),
        _ => Err((None, Fault::Shape { wanted: "a list of texts; what could be a number, true or false stands in quotes" })),
    }
}

fn keywords(given: &Given) -> Result<Vec<String>, Refused> {
    let words = list(given)?;
    if words.len() > KEYWORDS_MAX {
        return Err((None, Fault::TooManyKeywords { given: words.len() }));
    }
    let malformed = |word: &String| !(1..=KEYWORD_MAX_CHARS).contains(&normalise(word).chars().count());
    match words.iter().position(malformed) {
        None => Ok(words),
        place => Err((place, Fault::KeywordMalformed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::policy::{InboundAfterOptOut, Scope};

    fn read(json: &str) -> Result<PolicyChoice, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    fn faults(json: &str) -> Vec<String> {
        read(json).unwrap().policy().unwrap_err().0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_choice_is_its_preset_but_for_what_differs() {
        let choice = read(
            r#"{"preset": "sinch", "window_hours": 12, "keyword_scope": "account", "opt_in_valid_days": 0,
                "window_kinds": ["text", "call"], "keep_message_text": true, "opt_out_keywords": ["  BAJA! ", "No  Quiero"]}"#,
        );
        let mut wanted = Policy::sinch();
        wanted.window_hours = 12;
        wanted.keyword_scope = Scope::Account;
        wanted.keep_message_text = true;
        wanted.set_window_kinds(&[InboundKind::Text, InboundKind::Call]);
        wanted.keywords = wanted.keywords.and(["baja", "no quiero"], []);
        assert_eq!(choice.unwrap().policy(), Ok(wanted));
        assert_eq!(PolicyChoice::of(Preset::Maxcontact).policy(), Ok(Policy::maxcontact()));
    }

    #[test]
    fn what_is_typed_as_text_means_the_same() {
        let mut typed = PolicyChoice::of(Preset::Meta);
        for (name, value) in [
            ("window_hours", "12"),
            ("inbound-after-opt-out", "lifts"),
            ("keep_message_text", "true"),
            ("opt_out_keywords", "baja, no quiero"),
            ("window_kinds", ""),
        ] {
            typed.set(name, Given::Text(value.into())).unwrap();
        }
        let policy = typed.policy().unwrap();
        assert_eq!((policy.window_hours, policy.inbound_after_opt_out, policy.keep_message_text), (12, InboundAfterOptOut::Lifts, true));
        assert!(policy.keywords.opt_out().any(|word| word == "no quiero"));
        assert_eq!(policy.window_kinds().count(), 0);
    }

    #[test]
    fn names_that_do_not_exist_are_refused_with_what_was_meant() {
        let refused = |json: &str| read(json).unwrap_err();
        assert!(refused("{}").starts_with("preset: the preset is missing"));
        assert!(refused(r#"{"preset": "metta"}"#).starts_with(r#"preset: "metta" is no preset; did you mean meta? known are meta, sinch"#));
        let unknown = refused(r#"{"preset": "meta", "windw_hours": 3}"#);
        assert!(unknown.starts_with(r#"windw_hours: "windw_hours" is no setting of a policy; did you mean window_hours?"#), "{unknown}");
        let mut typed = PolicyChoice::of(Preset::Meta);
        typed.set("window_hours", Given::Number(1)).unwrap();
        assert_eq!(typed.set("window-hours", Given::Number(2)).unwrap_err().to_string(), "window-hours: it is set twice");
    }

    #[test]
    fn every_setting_that_is_wrong_is_named() {
        let wrong = r#"{"preset": "meta", "window_hours": 25, "window_kinds": ["text", "txt"], "inbound_after_opt_out": "lift",
            "keyword_scope": null, "opt_in_valid_days": -1, "keep_message_text": "yes", "opt_out_keywords": ["baja", "!!!"]}"#;
        assert_eq!(
            faults(wrong).iter().map(|fault| fault.split("known").next().unwrap().trim_end()).collect::<Vec<_>>(),
            [
                "window_hours: 25 is not from 1 to 24",
                r#"window_kinds[1]: "txt" is no inbound kind; did you mean text?"#,
                r#"inbound_after_opt_out: "lift" is no value of inbound_after_opt_out; did you mean lifts?"#,
                "keyword_scope: it takes a word",
                "opt_in_valid_days: it takes a whole number",
                "keep_message_text: it takes true or false",
                "opt_out_keywords[1]: a keyword has 1 to 64 letters, digits and spaces between them",
            ]
        );
        let days = format!(r#"{{"preset": "meta", "opt_in_valid_days": {}}}"#, u64::MAX);
        assert_eq!(faults(&days), [format!("opt_in_valid_days: {} is not from 0 to 36500", u64::MAX)]);
    }

    #[test]
    fn a_word_that_would_opt_in_and_out_is_refused() {
        let both = ["opt_out_keywords[1]: the keyword would opt in and out"];
        assert_eq!(faults(r#"{"preset": "meta", "opt_out_keywords": ["baja", "START"]}"#), both);
        assert_eq!(faults(r#"{"preset": "meta", "opt_in_keywords": ["stop"]}"#), ["opt_in_keywords[0]: the keyword would opt in and out"]);
        assert!(read(r#"{"preset": "sinch", "opt_in_keywords": ["cancelar"]}"#).unwrap().policy().is_ok());
    }
}
