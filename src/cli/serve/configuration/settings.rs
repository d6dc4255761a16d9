//! The settings in force: each one, its value, and where that came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use serde_json::{Value, json};

use super::{COMMAND, is_secret, is_switch, misspelt, settings_of};

/// What is shown in a secret's place.
const MASK: &str = "(secret)";

/// Where a value came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The command line.
    Flag,
    /// A variable of the environment.
    Environment(String),
    /// The configuration file.
    File {
        /// Which.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// Nobody said anything else.
    Default,
    /// There is none.
    NotSet,
}

impl Origin {
    /// Which layer, in a word.
    #[must_use]
    pub const fn layer(&self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment(_) => "environment",
            Self::File { .. } => "file",
            Self::Default => "default",
            Self::NotSet => "not set",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::File { path, line } => write!(f, "file {} line {line}", path.display()),
            Self::Flag | Self::Default | Self::NotSet => f.write_str(self.layer()),
        }
    }
}

/// One setting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// Its key, the flag's name.
    pub key: String,
    /// Its values; a secret's are masked.
    pub values: Vec<String>,
    /// Where they came from.
    pub origin: Origin,
}

/// All of them, in the order of the flags.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    all: Vec<Setting>,
    /// Variables that nobody reads, and those that were meant.
    misspelt: Vec<(String, String)>,
}

impl Settings {
    /// The settings of a command line that was understood; `lines`: what of it stands in the file.
    pub fn of(command: &Command, matches: &ArgMatches, lines: &BTreeMap<String, usize>, path: &Path) -> Self {
        let (Some(serve), Some(matches)) = (command.find_subcommand(COMMAND), matches.subcommand_matches(COMMAND)) else {
            return Self::default();
        };
        let setting = |(name, arg): (&str, &Arg)| {
            let id = arg.get_id().as_str();
            let origin = match (lines.get(id), matches.value_source(id)) {
                (Some(line), _) => Origin::File { path: path.to_owned(), line: *line },
                (None, Some(ValueSource::CommandLine)) => Origin::Flag,
                (None, Some(ValueSource::EnvVariable)) => {
                    Origin::Environment(arg.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default())
                }
                (None, Some(_)) => Origin::Default,
                (None, None) => Origin::NotSet,
            };
            let values = match matches.try_get_raw(id).ok().flatten() {
                _ if is_switch(arg) => vec![matches.get_flag(id).to_string()],
                Some(_) if is_secret(arg) => vec![MASK.to_owned()],
                Some(raw) => raw.map(|value| value.to_string_lossy().into_owned()).collect(),
                None => Vec::new(),
            };
            Setting { key: name.to_owned(), values, origin }
        };
        let there = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        Self { all: settings_of(serve).map(setting).collect(), misspelt: misspelt(command, there) }
    }

    /// What looks like a mistake, and does not stand in the way.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.misspelt.iter().map(|(name, meant)| format!("the variable {name} is not read; did you mean {meant}?")).collect()
    }

    /// As JSON: an array of `{"key", "value", "origin", "from"}`.
    #[must_use]
    pub fn json(&self) -> Value {
        let one = |setting: &Setting| {
            let value = match setting.values.as_slice() {
                [] => Value::Null,
                [one] => json!(one),
                several => json!(several),
            };
            json!({ "key": setting.key, "value": value, "origin": setting.origin.layer(), "from": setting.origin.to_string() })
        };
        self.all.iter().map(one).collect()
    }
}

/// One a line: key, value, origin.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |setting: &Setting| if setting.values.is_empty() { "-".to_owned() } else { setting.values.join(",") };
        let width = |of: &dyn Fn(&Setting) -> usize| self.all.iter().map(of).max().unwrap_or_default();
        let (keys, values) = (width(&|setting| setting.key.len()), width(&|setting| value(setting).chars().count()));
        for setting in &self.all {
            writeln!(f, "{:keys$}  {:values$}  {}", setting.key, value(setting), setting.origin)?;
        }
        Ok(())
    }
}
