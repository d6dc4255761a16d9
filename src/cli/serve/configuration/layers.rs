//! The layers put together: arguments and environment by clap, the file below them, defaults below that.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::file::{self, Fault, FileFaults, Given, Value};
use super::settings::Settings;
use super::{COMMAND, is_list, is_secret, is_switch, settings_of};
use crate::consent::nearest::nearest;

/// Why a command line is none.
#[derive(Debug)]
pub enum Unread {
    /// clap says why, or was asked for help.
    Arguments(clap::Error),
    /// The configuration file.
    File {
        /// What is wrong in it.
        faults: FileFaults,
        /// Whether it was only to be checked.
        checking: bool,
        /// Whether JSON was asked for.
        json: bool,
    },
}

impl From<clap::Error> for Unread {
    fn from(error: clap::Error) -> Self {
        Self::Arguments(error)
    }
}

/// Reads arguments, environment and file; the settings are those of `serve`, and none of another command.
///
/// # Errors
/// Where one of them is not understood.
pub fn read(mut command: Command, args: &[OsString]) -> Result<(ArgMatches, Settings), Unread> {
    // Only then its flags know how they are shown.
    command.build();
    let command = &command;
    // What is given, whether the rest is there or not: only the file may complete it.
    let glimpse = command.clone().ignore_errors(true).try_get_matches_from(args)?;
    let serving = glimpse.subcommand_matches(COMMAND);
    let path = serving.and_then(|serving| serving.get_one::<PathBuf>("config"));
    let (Some(serving), Some(path), Some(serve)) = (serving, path, command.find_subcommand(COMMAND)) else {
        let matches = command.clone().try_get_matches_from(args)?;
        let settings = Settings::of(command, &matches, &BTreeMap::new(), Path::new(""));
        return Ok((matches, settings));
    };
    let refused = |faults| Unread::File {
        faults: FileFaults { path: path.clone(), faults },
        checking: serving.get_flag("check_config"),
        json: glimpse.try_get_one("json").ok().flatten().copied().unwrap_or(false),
    };
    let given = file::read(path).map_err(|faults| refused(faults.faults))?;
    let (mut faults, mut added, mut lines) = (Vec::new(), Vec::new(), BTreeMap::new());
    for given in &given {
        match argument(serve, given) {
            Ok((arg, words)) => {
                if !is_given(serve, serving, arg) {
                    lines.insert(arg.get_id().to_string(), given.line);
                    added.extend(words);
                }
            }
            Err(message) => faults.push(Fault { line: Some(given.line), message: format!("{}: {message}", given.key) }),
        }
    }
    if !faults.is_empty() {
        return Err(refused(faults));
    }
    let all: Vec<OsString> = args.iter().cloned().chain(added.into_iter().map(OsString::from)).collect();
    let matches = command.clone().try_get_matches_from(all).map_err(|error| match fault(serve, &error, &lines) {
        Some(fault) => refused(vec![fault]),
        None => Unread::Arguments(error),
    })?;
    let settings = Settings::of(command, &matches, &lines, path);
    Ok((matches, settings))
}

/// The flag that a key names, and the words that would have been typed for it.
fn argument<'a>(serve: &'a Command, given: &Given) -> Result<(&'a Arg, Vec<String>), String> {
    let known = || settings_of(serve).map(|(name, _)| name);
    let Some((name, arg)) = settings_of(serve).find(|(name, _)| *name == given.key) else {
        let meant = nearest(&given.key.replace('_', "-"), known());
        return Err(match meant {
            Some(meant) => format!("no such key, did you mean {meant}?"),
            None => "no such key; every flag of `serve` is one, without its dashes in front".to_owned(),
        });
    };
    if is_secret(arg) {
        return Err(format!("a secret has no place in this file; put it into a file of its own and name that with {name}-file"));
    }
    let word = |value: &String| format!("--{name}={value}");
    let words = match &given.value {
        Value::Switch(true) if is_switch(arg) => vec![format!("--{name}")],
        Value::Switch(false) if is_switch(arg) => Vec::new(),
        Value::Switch(_) | Value::One(_) | Value::Several(_) if is_switch(arg) => return Err("takes true or false".to_owned()),
        Value::One(value) => vec![word(value)],
        Value::Several(values) if is_list(arg) => values.iter().map(word).collect(),
        Value::Switch(value) => vec![word(&value.to_string())],
        Value::Several(_) => return Err("takes one value, not an array".to_owned()),
        Value::Other => return Err("takes text in quotes, a number, or true or false".to_owned()),
    };
    type_check(serve, arg, &words)?;
    Ok((arg, words))
}

/// Reads the words as clap does, alone: what is missing beside them does not count.
fn type_check(serve: &Command, arg: &Arg, words: &[String]) -> Result<(), String> {
    let typed = std::iter::once(COMMAND.to_owned()).chain(words.iter().cloned());
    match serve.clone().try_get_matches_from(typed) {
        Err(error) if names(&error, ContextKind::InvalidArg, arg) && is_about_a_value(&error) => Err(why(&error)),
        _ => Ok(()),
    }
}

fn is_about_a_value(error: &clap::Error) -> bool {
    !matches!(error.kind(), ErrorKind::MissingRequiredArgument | ErrorKind::ArgumentConflict)
}

/// Whether the flag, or one that excludes it, is given above the file.
fn is_given(serve: &Command, serving: &ArgMatches, arg: &Arg) -> bool {
    let above =
        |arg: &Arg| matches!(serving.value_source(arg.get_id().as_str()), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
    // Either of two may be the one that says so.
    let exclude = |one: &Arg, other: &Arg| serve.get_arg_conflicts_with(one).iter().any(|found| found.get_id() == other.get_id());
    above(arg) || settings_of(serve).any(|(_, other)| above(other) && (exclude(arg, other) || exclude(other, arg)))
}

/// What the whole command line is refused for, where the file is to blame.
fn fault(serve: &Command, error: &clap::Error, lines: &BTreeMap<String, usize>) -> Option<Fault> {
    let blamed = settings_of(serve).find(|(_, arg)| {
        let named = names(error, ContextKind::InvalidArg, arg) || names(error, ContextKind::PriorArg, arg);
        named && lines.contains_key(arg.get_id().as_str())
    });
    let (name, arg) = blamed?;
    Some(Fault { line: lines.get(arg.get_id().as_str()).copied(), message: format!("{name}: {}", why(error)) })
}

/// Whether an error names a flag in this part of it.
fn names(error: &clap::Error, kind: ContextKind, arg: &Arg) -> bool {
    let shown = arg.to_string();
    match error.get(kind) {
        Some(ContextValue::String(named)) => *named == shown,
        Some(ContextValue::Strings(named)) => named.contains(&shown),
        _ => false,
    }
}

/// The reason without what a terminal needs around it.
fn why(error: &clap::Error) -> String {
    if let Some(source) = error.source() {
        return source.to_string();
    }
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
