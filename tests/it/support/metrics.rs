//! What the server under test tells of itself, read line by line.

#![allow(clippy::float_cmp, clippy::cast_precision_loss, reason = "counts are whole and small")]

use std::collections::{BTreeMap, BTreeSet};

use super::http::send;
use super::server::Server;

/// A sample: a name, labels, a value.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    /// Its name, with `_bucket`, `_sum` and `_count` of histograms.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

/// A scrape.
#[derive(Debug)]
pub struct Scrape {
    /// Every sample.
    pub samples: Vec<Sample>,
    /// The types of families, by name.
    pub families: BTreeMap<String, String>,
    /// All of it, as it came.
    pub text: String,
}

/// Reads `GET /metrics`.
pub async fn scrape(server: &Server) -> Scrape {
    let answer = send(server, "GET", "/metrics", &[], Vec::new()).await;
    assert_eq!((answer.status, answer.headers["content-type"].to_str().unwrap()), (200, "text/plain; version=0.0.4; charset=utf-8"));
    Scrape::read(answer.body)
}

impl Scrape {
    /// Reads a scrape in the text format.
    pub fn read(text: String) -> Self {
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        let families = types.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect();
        let samples = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(sample).collect();
        Self { samples, families, text }
    }

    /// The value of the one sample that has this name and, among others, these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |sample: &&Sample| labels.iter().all(|(key, value)| sample.labels.get(*key).map(String::as_str) == Some(value));
        let mut found = self.samples.iter().filter(|sample| sample.name == name).filter(has);
        let value = found.next().unwrap_or_else(|| panic!("no {name} {labels:?} in {}", self.text)).value;
        assert!(found.next().is_none(), "several {name} {labels:?}");
        value
    }

    /// The names of families.
    pub fn names(&self) -> BTreeSet<&str> {
        self.families.keys().map(String::as_str).collect()
    }
}

fn sample(line: &str) -> Sample {
    let (named, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = named.split_once('{').unwrap_or((named, "}"));
    let mut rest = labels.strip_suffix('}').unwrap();
    let mut read = BTreeMap::new();
    while !rest.is_empty() {
        let (key, after) = rest.split_once("=\"").unwrap();
        let (value, after) = after.split_once('"').unwrap();
        assert!(!value.ends_with('\\'), "no value needs escaping: {line}");
        assert!(read.insert(key.to_owned(), value.to_owned()).is_none(), "{line}");
        rest = after.strip_prefix(',').unwrap_or(after);
    }
    Sample { name: name.to_owned(), labels: read, value: value.parse().unwrap_or_else(|_| panic!("{line}")) }
}

#[test]
fn a_scrape_is_read() {
    let text = "# HELP a_total A.\n# TYPE a_total counter\na_total{of=\"x\",le=\"+Inf\"} 3\nb 1e-3\n";
    let scrape = Scrape::read(text.to_owned());
    assert_eq!((scrape.value("a_total", &[("of", "x")]), scrape.value("b", &[])), (3.0, 0.001));
    assert_eq!(scrape.names(), BTreeSet::from(["a_total"]));
}
