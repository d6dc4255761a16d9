//! How all scenarios went: one line each, and the total.
//!
//! ```text
//! ok a stop closes the open window
//! FAIL a late webhook does not reopen a window: step 2: expected permission nothing, was free_form [WINDOW_OPEN]
//! 1 ok, 1 failed
//! ```

use std::fmt;

use serde_json::{Value, json};

use super::Engine;
use super::format::ScenarioFile;
use super::runner::{self, Verdict};

/// How all scenarios went.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// One a scenario, in order.
    pub lines: Vec<Line>,
}

/// How one scenario went.
#[derive(Debug, Clone)]
pub struct Line {
    /// The file it stands in.
    pub file: String,
    /// Its name.
    pub name: String,
    /// How it went.
    pub verdict: Verdict,
}

impl Report {
    /// Plays every scenario of `file` and adds a line for each; hands each line to `show` as it comes.
    pub fn play<E: Engine>(&mut self, file: &ScenarioFile, mut new_engine: impl FnMut() -> Result<E, String>, mut show: impl FnMut(&Line)) {
        for written in &file.scenarios {
            let verdict = match &written.scenario {
                Ok(scenario) => runner::run(scenario, &mut new_engine),
                Err(error) => Verdict::Failed(vec![error.to_string()]),
            };
            let line = Line { file: file.path.display().to_string(), name: written.name.clone(), verdict };
            show(&line);
            self.lines.push(line);
        }
    }

    /// How many went well.
    #[must_use]
    pub fn ok(&self) -> usize {
        self.lines.iter().filter(|line| line.verdict == Verdict::Ok).count()
    }

    /// How many failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line.verdict, Verdict::Failed(_))).count()
    }

    /// The last line.
    #[must_use]
    pub fn total(&self) -> String {
        format!("{} ok, {} failed", self.ok(), self.failed())
    }

    /// The same for machines.
    #[must_use]
    pub fn json(&self) -> Value {
        let scenarios: Vec<Value> = self.lines.iter().map(Line::json).collect();
        json!({ "scenarios": scenarios, "ok": self.ok(), "failed": self.failed() })
    }
}

impl Line {
    fn json(&self) -> Value {
        let (verdict, details) = match &self.verdict {
            Verdict::Ok => ("ok", Vec::new()),
            Verdict::Failed(differences) => ("fail", differences.clone()),
        };
        json!({ "file": self.file, "name": self.name, "verdict": verdict, "details": details })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Ok => write!(f, "ok {}", self.name),
            Verdict::Failed(differences) => write!(f, "FAIL {}: {}", self.name, differences.join("; ")),
        }
    }
}
