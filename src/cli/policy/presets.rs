//! `policy presets`: what a policy can start from.

use clap::Args;
use serde_json::{Value, json};

use super::settings;
use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;
use crate::consent::policy::{Policy, Preset};
use crate::consent::setting::Setting;

const EXAMPLES: &str = "\
Example:
  consent-ledger policy presets";

/// List the presets: every setting of `meta`, and what differs from it in the others. No server is needed.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Presets {}

impl Presets {
    /// Prints them.
    ///
    /// # Errors
    /// Where the output cannot be written.
    #[expect(clippy::unused_self, reason = "as the other commands")]
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        for preset in Preset::ALL {
            output.print(|| value(preset), || text(preset))?;
        }
        Ok(Verdict::Yes)
    }
}

const fn means(preset: Preset) -> &'static str {
    match preset {
        Preset::Meta => "the platform's own rules, in force where nothing was adopted",
        Preset::Sinch => "as that provider documents it: four words opt out, any other message lifts an opt-out",
        Preset::Maxcontact => {
            "as that provider documents it: an unknown contact may be asked to opt in, an open window counts as an opt-in"
        }
        Preset::Escalation2020 => "the platform's rules with its escalation policy enforced",
    }
}

fn text(preset: Preset) -> String {
    let policy = Policy::of(preset);
    let settings = if preset == Preset::Meta { settings::lines(&policy) } else { settings::differences(&Policy::meta(), &policy) };
    [vec![format!("{preset}: {}", means(preset))], settings].concat().join("\n")
}

fn value(preset: Preset) -> Value {
    let policy = Policy::of(preset);
    let differing: Vec<_> = policy.differences(&Policy::meta()).map(Setting::as_str).collect();
    json!({ "preset": preset.as_str(), "means": means(preset), "settings": settings::json(&policy), "differs_from_meta": differing })
}
