//! `docs/operations`: the dashboard, the alert rules and the page name what the real server tells, and the page names all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::support::client::runtime;
use crate::support::load;
use crate::support::metrics::{Scrape, scrape};
use crate::support::server::Server;

/// Functions, operators and words of the query language that the files use.
const WORDS: [&str; 20] = [
    "sum",
    "by",
    "rate",
    "increase",
    "delta",
    "histogram_quantile",
    "predict_linear",
    "time",
    "le",
    "instance",
    "permission",
    "reason",
    "cause",
    "outcome",
    "kind",
    "part",
    "step",
    "or",
    "and",
    "version",
];

/// Labels that are grouped by, beside those above.
const LABELS: [&str; 6] = ["grpc_method", "grpc_code", "rpc", "code", "status", "job"];

/// What Prometheus itself tells.
const PROMETHEUS: [&str; 1] = ["up"];

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations").join(name)).unwrap()
}

/// A server that tells everything there is.
fn told() -> Scrape {
    let dir = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        // Nobody listens there: spans are counted all the same.
        let flags = ["--app-secret", load::SECRET, "--otlp-endpoint", "http://127.0.0.1:9"];
        let server = Server::start(&dir.path().join("data"), &flags);
        load::act(&server, None).await;
        scrape(&server).await
    })
}

/// The words of an expression that are no text, number or duration; what stands in braces are labels and texts.
fn words(expression: &str) -> BTreeSet<String> {
    let without_texts: String = expression.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let mut words = BTreeSet::new();
    let (mut depth, mut word) = (0_i32, String::new());
    for c in without_texts.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() || c == '_' || c == ':' {
            word.push(c);
            continue;
        }
        if depth == 0 && word.starts_with(|first: char| first.is_ascii_alphabetic()) {
            words.insert(std::mem::take(&mut word));
        }
        word.clear();
        depth += i32::from("{[".contains(c)) - i32::from("}]".contains(c));
    }
    words
}

/// What is wrong with an expression on its face.
fn malformed(expression: &str) -> Option<String> {
    let mut open = Vec::new();
    let mut texts = expression.split('"');
    let outside: Vec<&str> = texts.by_ref().step_by(2).collect();
    if !expression.matches('"').count().is_multiple_of(2) {
        return Some("a text has no end".to_owned());
    }
    for c in outside.concat().chars() {
        match c {
            '(' | '[' | '{' => open.push(c),
            ')' | ']' | '}' => {
                let expected = match open.pop() {
                    Some('(') => ')',
                    Some('[') => ']',
                    Some('{') => '}',
                    _ => return Some(format!("{c} closes nothing")),
                };
                if c != expected {
                    return Some(format!("{c} where {expected} is due"));
                }
            }
            _ => {}
        }
    }
    if open.is_empty() { None } else { Some(format!("{open:?} stays open")) }
}

/// The families that an expression names; what is neither a word of the language nor a family of the server is wrong.
fn named(expression: &str, told: &Scrape) -> BTreeSet<String> {
    assert_eq!(malformed(expression), None, "{expression}");
    let mut named = BTreeSet::new();
    for word in words(expression) {
        if WORDS.contains(&word.as_str()) || LABELS.contains(&word.as_str()) || PROMETHEUS.contains(&word.as_str()) {
            continue;
        }
        let of_histogram = ["_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|end| word.strip_suffix(end))
            .find(|family| told.families.get(*family).is_some_and(|kind| kind == "histogram"));
        let family = of_histogram.unwrap_or(&word).to_owned();
        let kind = told.families.get(&family).unwrap_or_else(|| panic!("{word} is no metric of the server: {expression}"));
        assert!(kind != "histogram" || of_histogram.is_some(), "{word} is a histogram: {expression}");
        named.insert(family);
    }
    assert!(!named.is_empty() || expression.contains("up{"), "{expression} names no metric");
    named
}

/// Label matchers of an expression: `grpc_code=~"Internal|Unknown"`.
fn matchers(expression: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for braces in expression.split('{').skip(1).filter_map(|rest| rest.split_once('}')) {
        for matcher in braces.0.split("\",") {
            let (label, value) = matcher.split_once('=').unwrap();
            let values = value.trim_matches(['~', '"']).split('|').map(str::to_owned).collect();
            found.push((label.trim_end_matches('!').trim().to_owned(), values));
        }
    }
    found
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    alert: String,
    expr: String,
    #[serde(default, rename = "for")]
    lasting: Option<String>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

#[test]
fn every_metric_in_the_alerts_the_dashboard_and_the_page_is_told_and_every_one_told_is_on_the_page() {
    let told = told();
    let rules: Rules = serde_saphyr::from_str(&read("alerts.yaml")).unwrap();
    let mut alerts = BTreeSet::new();
    let known = |label: &str, value: &str| {
        let has = |sample: &crate::support::metrics::Sample| sample.labels.get(label).is_some_and(|has| has == value);
        told.samples.iter().any(has)
    };
    for rule in rules.groups.iter().inspect(|group| assert!(!group.name.is_empty())).flat_map(|group| &group.rules) {
        named(&rule.expr, &told);
        assert!(alerts.insert(&rule.alert) && rule.alert.starts_with("ConsentLedger"), "{}", rule.alert);
        assert!(rule.lasting.as_ref().is_none_or(|lasting| lasting.ends_with(['m', 'h'])), "{}", rule.alert);
        assert!(["page", "ticket"].contains(&rule.labels["severity"].as_str()), "{}", rule.alert);
        assert_eq!(rule.annotations.keys().collect::<Vec<_>>(), ["action", "summary"], "{}", rule.alert);
        assert!(rule.annotations["action"].len() > 60, "{} says what to do", rule.alert);
        for (label, values) in matchers(&rule.expr) {
            // Codes that no call of the load ended with are spelled in a test of their own.
            let spelled = |value: &String| known(&label, value) || ["grpc_code", "job"].contains(&label.as_str());
            assert!(values.iter().all(spelled), "{label} is never one of {values:?}: {}", rule.expr);
        }
    }
    assert!(alerts.len() > 15, "{alerts:?}");

    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let rows: Vec<&str> = panels.iter().filter(|panel| panel["type"] == "row").map(|panel| panel["title"].as_str().unwrap()).collect();
    assert_eq!(rows, ["Answers", "Records and commits", "Storage", "Proof", "Webhooks", "Process"]);
    let ids: BTreeSet<i64> = panels.iter().map(|panel| panel["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "every panel has an id of its own");
    let mut shown = BTreeSet::new();
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{panel}");
        for target in targets {
            shown.extend(named(&target["expr"].as_str().unwrap().replace("$__rate_interval", "5m"), &told));
        }
    }
    let listed = listed();
    for name in &listed {
        assert!(told.names().contains(name.as_str()), "{name} is on the page and is not told");
    }
    for name in told.names() {
        assert!(listed.contains(name), "{name} is told and is not on the page");
        assert!(shown.contains(name), "{name} is told and in no panel");
    }
}

/// The metrics of the page: the first cell of a row, in backquotes, with the type that stands behind it.
fn listed() -> BTreeSet<String> {
    let page = read("metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn expressions_are_read() {
    let expression = "sum by (le) (rate(a_bucket{of=\"x y\"}[5m])) / b > 0.5";
    assert_eq!(words(expression).into_iter().collect::<Vec<_>>(), ["a_bucket", "b", "by", "le", "rate", "sum"]);
    assert_eq!(malformed(expression), None);
    for bad in ["sum(a", "a)", "a{b=\"}", "a[5m)"] {
        assert!(malformed(bad).is_some(), "{bad}");
    }
    let of = |label: &str, values: &[&str]| (label.to_owned(), values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
    assert_eq!(matchers("a{b=~\"c|d\",e!=\"f\"} + g{h=\"i\"}"), [of("b", &["c", "d"]), of("e", &["f"]), of("h", &["i"])]);
}
