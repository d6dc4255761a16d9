//! Settings as people and programs read them.

use serde_json::{Map, Value as Json, json};

use crate::cli::words;
use crate::consent::policy::Policy;
use crate::consent::setting::{Setting, Value};
use crate::ledger::memory::fold::read_policy;
use crate::proto;

/// The policy in a message.
pub fn policy(message: Option<&proto::Policy>) -> Policy {
    message.map_or_else(Policy::meta, read_policy)
}

/// Every setting, a line each.
pub fn lines(policy: &Policy) -> Vec<String> {
    let line = |setting: &Setting| match (setting, policy.value(*setting)) {
        (Setting::OptInValidDays, Value::Number(0)) => format!("  {setting:<30}  0 (opt-ins do not end by themselves)"),
        (_, value) => format!("  {setting:<30}  {value}"),
    };
    Setting::ALL.iter().map(line).collect()
}

/// Every setting by its name.
pub fn json(policy: &Policy) -> Json {
    Json::Object(Setting::ALL.iter().map(|setting| (setting.to_string(), typed(policy.value(*setting)))).collect::<Map<_, _>>())
}

/// What differs, a line each.
pub fn differences(from: &Policy, to: &Policy) -> Vec<String> {
    let line = |setting: Setting| match (from.value(setting), to.value(setting)) {
        (Value::Words(before), Value::Words(after)) => {
            let only = |these: &[String], others: &[String]| {
                these.iter().filter(|word| !others.contains(word)).cloned().collect::<Vec<_>>().join(", ")
            };
            let parts = [("without", only(&before, &after)), ("with", only(&after, &before))];
            let parts = parts.into_iter().filter(|(_, words)| !words.is_empty()).map(|(how, words)| format!("{how} {words}"));
            format!("  {setting}: {}", parts.collect::<Vec<_>>().join("; "))
        }
        (before, after) => format!("  {setting}: {before} -> {after}"),
    };
    to.differences(from).map(line).collect()
}

/// The same as values.
pub fn differences_json(from: &Policy, to: &Policy) -> Json {
    let value =
        |setting| json!({ "setting": Setting::as_str(setting), "from": typed(from.value(setting)), "to": typed(to.value(setting)) });
    to.differences(from).map(value).collect()
}

/// A version of a policy in a line: `policy 2, made from sinch, in force since …, entry 9`.
pub fn version(version: &proto::PolicyVersion) -> String {
    let proto::PolicyVersion { version, preset, since, seq, .. } = version;
    match since {
        None => format!("policy {version}, the preset {preset}, in force from the start"),
        Some(_) => format!("policy {version}, made from {preset}, in force since {}, entry {seq}", words::time_or(since.as_ref(), "?")),
    }
}

/// The same as a value, with its settings where it has them.
pub fn version_json(version: &proto::PolicyVersion) -> Json {
    let time = |at: Option<&prost_types::Timestamp>| words::time(at).map(|at| at.to_string());
    let mut value = json!({
        "version": version.version,
        "preset": version.preset,
        "since": time(version.since.as_ref()),
        "seq": (version.seq != 0).then_some(version.seq),
        "recorded_at": time(version.recorded_at.as_ref()),
    });
    if let (Some(stored), Some(object)) = (&version.policy, value.as_object_mut()) {
        object.insert("settings".into(), json(&read_policy(stored)));
    }
    value
}

fn typed(value: Value) -> Json {
    match value {
        Value::Number(number) => number.into(),
        Value::Flag(flag) => flag.into(),
        Value::Word(word) => word.into(),
        Value::Words(words) => words.into(),
    }
}
