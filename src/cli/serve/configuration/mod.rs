//! Where `serve` takes its settings from: flag over environment over file over default.
//!
//! ```text
//! # serve.toml: every flag of `serve` is a key
//! data-dir = "/var/lib/consent-ledger"
//! listen = "127.0.0.1:50051"
//! app-secret-file = "/etc/consent-ledger/app-secret"
//! drain-delay = "5s"
//! first-checkpoint = false
//! ```
//!
//! The keys are read off the definition of the command line, so a new flag is a new key. What the file gives, and neither a
//! flag nor the environment does, becomes an argument: it is checked as if it had been typed. A secret has no place in the file,
//! which is copied, committed and shown: it names another file that holds it, by the flag `--…-file`.

mod file;
mod layers;
mod settings;

pub use layers::{Unread, read};
pub use settings::Settings;

use clap::{Arg, ArgAction, Command};

use crate::consent::nearest::nearest;

/// The command that has settings.
pub const COMMAND: &str = "serve";

/// Flags that say what to do now, and are no settings: none of these is a key.
const NOT_SETTINGS: [&str; 5] = ["config", "check-config", "help", "version", "json"];

/// The variable that begins every other's name.
const PREFIX: &str = "CONSENT_LEDGER_";

/// The flags of a command that are settings, with their names.
pub fn settings_of(command: &Command) -> impl Iterator<Item = (&str, &Arg)> {
    let named = command.get_arguments().filter_map(|arg| Some((arg.get_long()?, arg)));
    named.filter(|(name, _)| !NOT_SETTINGS.contains(name))
}

/// Whether a flag's value is shown nowhere.
pub fn is_secret(arg: &Arg) -> bool {
    arg.is_hide_env_values_set()
}

/// Whether a flag is there or not, without a value.
fn is_switch(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::SetFalse)
}

/// Whether a flag may be given several times.
fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// Variables of the environment that are spelled almost like one that is read: each with the one that was meant.
pub fn misspelt(command: &Command, there: impl Iterator<Item = String>) -> Vec<(String, String)> {
    let known = variables(command);
    let meant = |name: &str| {
        let word = name.strip_prefix(PREFIX).filter(|_| !known.iter().any(|known| known == name))?;
        // Compared without what all of them begin with, or all of them would be near.
        let known = known.iter().filter_map(|known| known.strip_prefix(PREFIX));
        nearest(word, known).map(|meant| format!("{PREFIX}{meant}"))
    };
    let mut found: Vec<_> = there.filter_map(|name| meant(&name).map(|meant| (name, meant))).collect();
    found.sort();
    found
}

/// Every variable that any command reads.
fn variables(command: &Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|arg| arg.get_env()).map(|name| name.to_string_lossy().into_owned());
    own.chain(command.get_subcommands().flat_map(variables)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::serve::Serve;
    use clap::Args as _;

    fn serve() -> Command {
        Serve::augment_args(Command::new(COMMAND))
    }

    #[test]
    fn every_setting_has_a_variable_of_its_name() {
        let serve = serve();
        for (name, arg) in settings_of(&serve) {
            let variable = format!("{PREFIX}{}", name.to_ascii_uppercase().replace('-', "_"));
            assert_eq!(arg.get_env().and_then(|env| env.to_str()), Some(variable.as_str()), "--{name}");
        }
        assert!(settings_of(&serve).count() > 8);
    }

    #[test]
    fn every_secret_may_lie_in_a_file_of_its_own() {
        let serve = serve();
        let secrets: Vec<&str> = settings_of(&serve).filter(|(_, arg)| is_secret(arg)).map(|(name, _)| name).collect();
        assert!(secrets.contains(&"app-secret"));
        for name in secrets {
            let file = format!("{name}-file");
            assert!(settings_of(&serve).any(|(other, arg)| other == file && !is_secret(arg)), "--{name} has no --{file}");
        }
    }

    #[test]
    fn a_misspelt_variable_is_told_and_those_of_others_are_not() {
        let command = Command::new("consent-ledger").subcommand(serve());
        let there = ["CONSENT_LEDGER_LISTNE", "CONSENT_LEDGER_LISTEN", "CONSENT_LEDGER_SERVICE_HOST", "PATH", "LISTNE"];
        let found = misspelt(&command, there.map(str::to_owned).into_iter());
        assert_eq!(found, [("CONSENT_LEDGER_LISTNE".to_owned(), "CONSENT_LEDGER_LISTEN".to_owned())]);
    }
}
