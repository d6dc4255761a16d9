//! `docs/rules.md`: what the page shows is what the program does.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::policy::{Policy, Preset};
use consent_ledger::consent::sender::SenderStanding;
use consent_ledger::consent::setting::Setting;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Permission, Reason, Sender};
use consent_ledger::ledger::writing::record::{Acknowledgement, Record, RecordError};
use consent_ledger::ledger::{Answer, CheckError, Question};
use consent_ledger::scenarios::Engine;
use consent_ledger::scenarios::expect::{CheckExpect, Expect};
use consent_ledger::scenarios::format::{Scenario, Step, read};
use consent_ledger::scenarios::real::RealEngine;
use consent_ledger::scenarios::runner::{self, Verdict};
use consent_ledger::scenarios::step::{Action, Row};

const RULES: std::ops::RangeInclusive<usize> = 1..=17;

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn page() -> String {
    text("docs/rules.md")
}

/// What stands between a heading that begins with `title` and the next.
fn section(page: &str, title: &str) -> String {
    let start = page.find(&format!("\n## {title}")).unwrap_or_else(|| panic!("no section {title:?}")) + 1;
    let rest = &page[start..];
    rest[..rest[3..].find("\n## ").map_or(rest.len(), |end| end + 4)].to_owned()
}

fn examples() -> Vec<Scenario> {
    let file = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules-examples.yaml")).unwrap();
    file.scenarios.into_iter().map(|written| written.scenario.unwrap()).collect()
}

/// The ledger, and every answer it gave.
struct Listening {
    ledger: RealEngine,
    answers: Rc<RefCell<Vec<Answer>>>,
}

impl Engine for Listening {
    fn set_clock(&mut self, now: Time) {
        self.ledger.set_clock(now);
    }
    fn create_account(&mut self, account: &Account) -> Result<(), String> {
        self.ledger.create_account(account)
    }
    fn record(&mut self, record: Record) -> Result<Acknowledgement, RecordError> {
        self.ledger.record(record)
    }
    fn rehearse(&mut self, records: Vec<Record>) -> Vec<Result<Acknowledgement, RecordError>> {
        self.ledger.rehearse(records)
    }
    fn standing(&mut self, account: &Account, sender: &Sender, at: Time) -> Result<SenderStanding, String> {
        self.ledger.standing(account, sender, at)
    }
    fn webhook(&mut self, account: &Account, body: &[u8]) -> Result<(), String> {
        self.ledger.webhook(account, body)
    }
    fn check(&mut self, question: &Question) -> Result<Answer, CheckError> {
        let answer = self.ledger.check(question)?;
        self.answers.borrow_mut().push(answer.clone());
        Ok(answer)
    }
    fn history(&mut self, account: &Account, contact: &Identifier) -> Result<Vec<String>, String> {
        self.ledger.history(account, contact)
    }
    fn verify(&mut self) -> Result<u64, String> {
        self.ledger.verify()
    }
}

/// An answer as the page writes it.
fn shown(permission: Permission, reasons: &[Reason], closes_at: Option<Time>, valid_until: &str) -> String {
    let reasons: Vec<String> = reasons.iter().map(|reason| format!("`{reason}`")).collect();
    let window = closes_at.map_or("Window not open".to_owned(), |at| format!("Window closes {at}"));
    format!("**`{permission}`**: {}. {window}. Valid until {valid_until}. |", reasons.join(", "))
}

fn expected(expect: &CheckExpect) -> String {
    let until = expect.valid_until.unwrap().to_string();
    shown(expect.permission.unwrap(), &expect.reasons, expect.window_closes_at, &until)
}

fn answered(answer: &Answer) -> String {
    let decision = &answer.decision;
    let until = decision.valid_until.map_or("never".to_owned(), |at| at.to_string());
    shown(decision.permission, &decision.reasons, decision.window_closes_at, &until)
}

/// The words of a step that its row must show.
fn words(step: &Step) -> Vec<String> {
    match &step.action {
        Action::Check(check) => {
            let template = check.template.as_ref().map(|template| template.name.clone());
            [Some(check.sender.clone()), check.category.clone(), template].into_iter().flatten().collect()
        }
        Action::Inbound(inbound) => inbound.text.iter().map(|text| format!("\"{text}\"")).chain([inbound.sender.clone()]).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_example_on_the_page_is_played_and_answered_as_it_is_shown() {
    let page = page();
    let examples = examples();
    assert_eq!(examples.len(), RULES.count());
    for (rule, scenario) in RULES.zip(&examples) {
        assert!(scenario.name.starts_with(&format!("Rule {rule}: ")), "{}", scenario.name);
        let section = section(&page, &format!("Rule {rule}: "));
        assert!(section.contains(&format!("**Example.** {}\n", scenario.name)), "{}", scenario.name);
        let answers = Rc::new(RefCell::new(Vec::new()));
        let verdict = runner::run(scenario, || RealEngine::new().map(|ledger| Listening { ledger, answers: Rc::clone(&answers) }));
        assert_eq!(verdict, Verdict::Ok, "{}", scenario.name);
        let mut answers = answers.take().into_iter();
        for step in &scenario.steps {
            let answer = match &step.expect {
                Expect::Check(expect) => {
                    let answer = answers.next().map_or_else(|| expected(expect), |answer| answered(&answer));
                    assert_eq!(answer, expected(expect), "{} step {}: the file names all of the answer", scenario.name, step.number);
                    answer
                }
                Expect::Record(_) => String::new(),
                _ => continue,
            };
            let at = step.at.or(step.recorded_at).unwrap();
            let is_its_row = |row: &&str| {
                row.starts_with(&format!("| {at} | ")) && row.ends_with(&answer) && words(step).iter().all(|word| row.contains(word))
            };
            assert!(section.lines().any(|row| is_its_row(&row)), "{} step {}: no row at {at} with {answer}", scenario.name, step.number);
            let mut times: Vec<Time> = step.recorded_at.into_iter().collect();
            if let Action::Import(import) = &step.action {
                times.extend(import.rows.iter().filter_map(Row::at));
            }
            assert!(times.iter().all(|at| section.contains(&at.to_string())), "{} step {}: {times:?}", scenario.name, step.number);
        }
    }
}

#[test]
fn every_rule_says_what_why_and_what_proves_it_and_every_given_scenario_proves_one() {
    let page = page();
    let mut proving: BTreeSet<(String, String)> = BTreeSet::new();
    for rule in RULES {
        let section = section(&page, &format!("Rule {rule}: "));
        for part in ["**What it says.**", "**Policy.**", "**Why.**", "**Example.**", "**Proved by**"] {
            assert_eq!(section.matches(part).count(), 1, "rule {rule}: {part}");
        }
        for line in section.lines() {
            let Some((file, proofs)) = line.strip_prefix("- [").and_then(|line| line.split_once("](../tests/data/scenarios/")) else {
                continue;
            };
            let (target, names) = proofs.split_once("): ").unwrap();
            assert_eq!(file, target);
            proving.extend(names.split("; ").map(|name| (file.to_owned(), name.to_owned())));
        }
    }
    let mut given: BTreeSet<(String, String)> = BTreeSet::new();
    for path in crate::scenarios::files() {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        given.extend(read(&path).unwrap().scenarios.into_iter().map(|written| (file.clone(), written.name)));
    }
    assert_eq!(proving, given);
}

#[test]
fn every_link_on_the_page_leads_somewhere() {
    let page = page();
    let slug = |title: &str| -> String {
        title.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    let anchors: BTreeSet<String> = page.lines().filter_map(|line| line.strip_prefix("## ")).map(slug).collect();
    for link in page.split("](#").skip(1) {
        let anchor = link.split(')').next().unwrap();
        assert!(anchors.contains(anchor), "{anchor}");
    }
    let sources: Vec<&str> = page.split("][").skip(1).map(|link| link.split(']').next().unwrap()).collect();
    assert!(sources.len() > 50);
    for source in sources {
        assert!(page.contains(&format!("\n[{source}]: http")), "{source}");
    }
}

#[test]
fn every_reason_stands_in_its_order_with_the_words_of_explain() {
    let section = section(&page(), "Reason codes");
    let rows: Vec<&str> = section.lines().filter_map(|row| row.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(rows, Reason::ALL.iter().map(|reason| reason.as_str()).collect::<Vec<_>>());
    let explain = text("src/cli/explain.rs");
    let sentences: Vec<&str> = explain.split('"').skip(1).step_by(2).collect();
    assert_eq!(sentences.len(), 2 * Reason::ALL.len());
    for sentence in sentences {
        assert!(section.contains(&format!("| {sentence} |")), "{sentence}");
    }
}

#[test]
fn the_table_of_policy_fields_is_what_the_presets_are() {
    let page = page();
    let section = section(&page, "Policy fields");
    let mut rows = section.lines().filter(|line| line.starts_with("| "));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    assert_eq!(cells(rows.next().unwrap())[3..], Preset::ALL.map(|preset| preset.as_str().to_owned()));
    let meta = values(&Policy::meta());
    let presets = Preset::ALL.map(|preset| values(&Policy::of(preset)));
    let table: Vec<Vec<String>> = rows.map(cells).collect();
    // Every field that a policy can be written with.
    let fields: BTreeSet<String> = Setting::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(table.iter().map(|row| row[0].trim_matches('`').to_owned()).collect::<BTreeSet<_>>(), fields);
    for (place, row) in table.iter().enumerate() {
        let field = row[0].trim_matches('`');
        assert_eq!(meta[place].0, field);
        for (preset, (values, shown)) in presets.iter().zip(&row[3..]).enumerate() {
            let value = &values[place].1;
            let expected = if preset > 0 && *value == meta[place].1 { "as meta" } else { value };
            assert_eq!(shown, expected, "{field} of {}", Preset::ALL[preset]);
        }
        let rule = self::section(&page, &format!("Rule {}: ", row[1]));
        assert!(rule.contains(&format!("`{field}`")), "rule {} does not speak of {field}", row[1]);
    }
}

/// A policy as the page writes it, in the order of its table.
fn values(policy: &Policy) -> Vec<(&'static str, String)> {
    Setting::ALL.iter().map(|setting| (setting.as_str(), policy.value(*setting).to_string())).collect()
}
