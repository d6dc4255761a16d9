//! A policy as it is typed: a preset and settings, or a file with both.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::api::choice;
use crate::cli::error::{CliError, Kind};
use crate::consent::choice::{Given, PolicyChoice};
use crate::consent::policy::Preset;
use crate::proto;

/// Which policy.
#[derive(Args, Debug)]
pub struct Choice {
    /// A file with the choice, in YAML or JSON: `preset`, and what differs from it by name
    #[arg(value_name = "FILE", required_unless_present = "preset", conflicts_with_all = ["preset", "settings"])]
    file: Option<PathBuf>,
    /// The preset to start from, as `policy presets` lists them
    #[arg(long, value_name = "PRESET")]
    preset: Option<Preset>,
    /// A setting that differs from the preset, as in `opt_in_valid_days=365`; of a list, items between commas. Keywords are
    /// added to the preset's. May be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting, requires = "preset")]
    settings: Vec<(String, String)>,
}

impl Choice {
    /// The choice as a message; what is wrong with it is said before a server is asked.
    ///
    /// # Errors
    /// Where the file cannot be read, or the choice makes no policy.
    pub fn message(&self) -> Result<proto::PolicyChoice, CliError> {
        let usage = |error: anyhow::Error| CliError::new(Kind::Usage, error).hint("`consent-ledger policy presets` lists every setting");
        let choice = match (&self.file, self.preset) {
            (Some(path), _) => read(path)?,
            (None, Some(preset)) => {
                let mut choice = PolicyChoice::of(preset);
                for (name, value) in &self.settings {
                    choice.set(name, Given::Text(value.clone())).map_err(|error| usage(error.into()))?;
                }
                choice
            }
            (None, None) => return Err(CliError::usage("a policy is a preset or a file")),
        };
        choice::write(&choice).map_err(|errors| usage(errors.into()))
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a setting is NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

fn read(path: &Path) -> Result<PolicyChoice, CliError> {
    let in_file = |error: CliError| error.context(path.display().to_string());
    let text = std::fs::read_to_string(path).map_err(|error| in_file(CliError::local(error)))?;
    let choice = serde_saphyr::from_str(&text).map_err(|error| CliError::new(Kind::Usage, anyhow::Error::msg(error.to_string())));
    choice.map_err(|error| in_file(error).hint("a policy's file holds `preset: meta` and below it what differs, as `window_hours: 12`"))
}
