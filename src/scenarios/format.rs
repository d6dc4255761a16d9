//! Reads scenario files. A typo is named with its file, scenario and step.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::expect::Expect;
use super::step::Action;
use crate::consent::choice::PolicyChoice;
use crate::consent::time::Time;

/// A scenario file.
#[derive(Debug, Clone)]
pub struct ScenarioFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its scenarios, those with mistakes too.
    pub scenarios: Vec<Written>,
}

/// A scenario as it was found.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// What it says, or what is wrong with it.
    pub scenario: Result<Scenario, FormatError>,
}

/// A scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// A rule, as a sentence.
    pub name: String,
    /// The policy that all its accounts start with.
    pub policy: Option<PolicyChoice>,
    /// Whether the order of arrival must not matter.
    pub any_order: bool,
    /// Its steps, as they arrive.
    pub steps: Vec<Step>,
}

/// A step.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its place, counting from 1.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// The account it happens in.
    pub account: String,
    /// The event id.
    pub id: Option<String>,
    /// When it happened, or the time asked about.
    pub at: Option<Time>,
    /// The ledger's clock.
    pub recorded_at: Option<Time>,
    /// What it does.
    pub action: Action,
    /// What should come of it.
    pub expect: Expect,
}

/// Why a file could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be opened.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not a list of scenarios.
    #[error("{}: {reason}", path.display())]
    NotScenarios {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column where known.
        reason: String,
    },
}

/// A mistake in a scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}{message}", step.map(|step| format!("step {step}: ")).unwrap_or_default())]
pub struct FormatError {
    /// The file.
    pub file: String,
    /// The step, counting from 1; none: the scenario itself.
    pub step: Option<usize>,
    /// What is wrong.
    pub message: String,
}

/// Reads a scenario file.
///
/// # Errors
/// Where it cannot be opened or is no list of scenarios. A mistake inside a scenario is told with that scenario.
pub fn read(path: &Path) -> Result<ScenarioFile, FileError> {
    let text = std::fs::read_to_string(path).map_err(|source| FileError::Unreadable { path: path.to_owned(), source })?;
    parse(&text, path)
}

/// Reads the text of a scenario file that lies at `path`.
///
/// # Errors
/// As [`read`].
pub fn parse(text: &str, path: &Path) -> Result<ScenarioFile, FileError> {
    let refuse = |reason: String| FileError::NotScenarios { path: path.to_owned(), reason };
    let file: FileShape = serde_saphyr::from_str::<Value>(text)
        .map_err(|error| refuse(error.to_string()))
        .and_then(|value| serde_json::from_value(value).map_err(|error| refuse(error.to_string())))?;
    let scenarios = file.scenarios.into_iter().enumerate().map(|(place, value)| {
        let name = value.get("name").and_then(Value::as_str).map_or_else(|| format!("scenario {}", place + 1), str::to_owned);
        let scenario = scenario(value, path).map_err(|(step, message)| FormatError { file: path.display().to_string(), step, message });
        Written { name, scenario }
    });
    Ok(ScenarioFile { path: path.to_owned(), scenarios: scenarios.collect() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileShape {
    scenarios: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioShape {
    name: String,
    #[serde(default, rename = "rule")]
    _rule: Value,
    #[serde(default, rename = "seen")]
    _seen: Value,
    policy: Option<Value>,
    #[serde(default)]
    any_order: bool,
    steps: Vec<Value>,
}

type Mistake = (Option<usize>, String);

fn scenario(value: Value, path: &Path) -> Result<Scenario, Mistake> {
    let shape: ScenarioShape = shaped(value).map_err(|message| (None, message))?;
    let policy = shape.policy.map(policy_choice).transpose().map_err(|message| (None, message))?;
    let steps = shape.steps.into_iter().enumerate().map(|(place, value)| {
        let number = place + 1;
        step(value, number, path).map_err(|message| (Some(number), message))
    });
    Ok(Scenario { name: shape.name, policy, any_order: shape.any_order, steps: steps.collect::<Result<_, _>>()? })
}

fn step(value: Value, number: usize, path: &Path) -> Result<Step, String> {
    let Value::Object(mut outer) = value else { return Err("a step is a map with its name as key".to_owned()) };
    let recorded_at = time(&mut outer, "recorded_at")?;
    let expectation = outer.remove("expect").unwrap_or(Value::Object(Map::new()));
    let mut keys = outer.into_iter();
    let (Some((name, body)), None) = (keys.next(), keys.next()) else {
        return Err("a step has one name, and beside it only recorded_at and expect".to_owned());
    };
    let (mut account, mut id, mut at) = (None, None, None);
    let body = match body {
        Value::Null => Value::Object(Map::new()),
        Value::Object(mut fields) => {
            account = text(&mut fields, "account")?;
            id = text(&mut fields, "id")?;
            at = time(&mut fields, "at")?;
            Value::Object(fields)
        }
        other => other,
    };
    let body = if name == "policy" { preset_alone(body) } else { body };
    let mut action: Action = shaped(Value::Object(Map::from_iter([(name.clone(), body)])))?;
    if id.is_some() && !action.records() || at.is_some() && !action.has_time() {
        return Err(format!("{name} has no `{}`", if action.has_time() { "id" } else { "at" }));
    }
    if let Action::Webhook(webhook) = &mut action {
        webhook.bytes = match (&webhook.body, &webhook.file) {
            (Some(body), None) => body.to_string().into_bytes(),
            (None, Some(file)) => {
                let place = path.parent().unwrap_or(Path::new("")).join(file);
                std::fs::read(&place).map_err(|error| format!("{}: {error}", place.display()))?
            }
            _ => return Err("webhook has either body or file".to_owned()),
        };
    }
    let expect = Expect::read(&action, expectation)?;
    Ok(Step { number, name, account: account.unwrap_or_else(|| "default".to_owned()), id, at, recorded_at, action, expect })
}

fn policy_choice(value: Value) -> Result<PolicyChoice, String> {
    shaped(preset_alone(value))
}

/// A preset may stand alone, without a map around it.
fn preset_alone(value: Value) -> Value {
    match value {
        Value::String(preset) => Value::Object(Map::from_iter([("preset".to_owned(), Value::String(preset))])),
        other => other,
    }
}

pub(super) fn shaped<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn text(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    fields.remove(name).map(shaped).transpose().map_err(|error| format!("{name}: {error}"))
}

fn time(fields: &mut Map<String, Value>, name: &str) -> Result<Option<Time>, String> {
    let text = text(fields, name)?;
    text.map(|text| text.parse().map_err(|error| format!("{name}: {error}"))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(steps: &str) -> String {
        let text = format!("scenarios:\n  - name: s\n    steps:\n      - check: {{contact: '+447400123456', sender: '1'}}\n{steps}");
        let file = parse(&text, Path::new("dir/a.yaml")).unwrap();
        file.scenarios[0].scenario.clone().unwrap_err().to_string()
    }

    #[test]
    fn a_typo_is_named_with_its_file_and_step() {
        let unknown_step = mistake("      - opt_inn: {contact: a}\n");
        assert!(unknown_step.starts_with("dir/a.yaml: step 2: unknown variant `opt_inn`"), "{unknown_step}");
        let unknown_field = mistake("      - opt_out: {contact: a, categoriess: all}\n");
        assert!(unknown_field.starts_with("dir/a.yaml: step 2: unknown field `categoriess`"), "{unknown_field}");
        let unknown_expectation = mistake("      - check: {contact: a, sender: '1'}\n        expect: {permision: nothing}\n");
        assert!(unknown_expectation.starts_with("dir/a.yaml: step 2: unknown field `permision`"), "{unknown_expectation}");
        let unknown_reason = mistake("      - check: {contact: a, sender: '1'}\n        expect: {reasons: [NO_SUCH]}\n");
        assert!(unknown_reason.contains("\"NO_SUCH\" is no reason"), "{unknown_reason}");
        let unknown_preset = mistake("      - policy: {preset: metta, at: 2026-01-01T00:00:00Z}\n");
        assert!(unknown_preset.contains("\"metta\" is no preset"), "{unknown_preset}");
        let two_names = mistake("      - verify: {}\n        history: {contact: a}\n");
        assert!(two_names.contains("a step has one name"), "{two_names}");
        let time = mistake("      - opt_out: {contact: a, at: yesterday}\n");
        assert!(time.contains("at: \"yesterday\" is not an RFC 3339 time"), "{time}");
    }

    #[test]
    fn a_mistake_in_one_scenario_leaves_the_others_readable() {
        let file = parse(
            "scenarios: [{name: bad, stepz: []}, {name: good, rule: [1, 2], seen: a/b#1, policy: sinch, steps: []}]",
            Path::new("a.yaml"),
        );
        let file = file.unwrap();
        assert!(file.scenarios[0].scenario.is_err());
        assert_eq!(file.scenarios[1].scenario.as_ref().unwrap().policy.as_ref().unwrap().preset.as_str(), "sinch");
    }

    #[test]
    fn what_is_no_list_of_scenarios_is_refused() {
        assert!(parse("scenario: []", Path::new("a.yaml")).is_err());
        assert!(parse("scenarios: [", Path::new("a.yaml")).is_err());
        assert!(read(Path::new("no/such/file.yaml")).is_err());
    }
}
