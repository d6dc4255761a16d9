//! What came of rows, and how many of each.
//!
//! ```text
//! allowed.csv: 70 rows
//! allowed.refused.csv: 30 rows
//! an answer ages: check again right before sending; the first of these changes by itself at 2026-03-02T09:00:00Z
//! TEMPLATE_ONLY  OPTED_IN             58
//! NOTHING        RECIPIENT_OPTED_OUT  20
//! FREE_FORM 12, TEMPLATE_ONLY 58, NOTHING 20, NO_ANSWER 10 of 100 rows
//! ```

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::rows::{Fault, Row};
use crate::cli::error::{self, CliError};
use crate::cli::export::out::Target;
use crate::cli::output::Output;
use crate::cli::words::counted;
use crate::client::{Answer, ClientError, MaySend, WhyNot};
use crate::consent::time::Time;
use crate::proto::ErrorReason;

/// The permissions, and what stands where there is none.
const PERMISSIONS: [&str; 4] = ["FREE_FORM", "TEMPLATE_ONLY", "NOTHING", "NO_ANSWER"];

/// What came of a row.
#[derive(Clone, Debug)]
pub struct Verdict {
    said: Said,
}

#[derive(Clone, Debug)]
enum Said {
    /// It cannot be asked about.
    Faulty(Fault),
    /// It was asked about.
    Answered(MaySend),
}

impl Verdict {
    /// Of a row and its answer. A row that cannot be asked about is refused, whatever was answered.
    ///
    /// # Errors
    /// Where what is wrong is not this row, but the question that all have in common.
    pub fn of(row: &Row, answer: MaySend) -> Result<Self, CliError> {
        if let Some(fault) = &row.fault {
            return Ok(Self { said: Said::Faulty(fault.clone()) });
        }
        match answer {
            MaySend::No(WhyNot::Unanswered(error)) if is_everybodys(&error) => {
                Err(CliError::from(error).context("nobody of the list can be asked about"))
            }
            answer => Ok(Self { said: Said::Answered(answer) }),
        }
    }

    /// Whether the row may be written to.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self.said, Said::Answered(MaySend::FreeForm(_) | MaySend::TemplateOnly(_)))
    }

    /// What the ledger answered; none where it did not.
    #[must_use]
    pub const fn answer(&self) -> Option<&Answer> {
        match &self.said {
            Said::Answered(answer) => answer.answer(),
            Said::Faulty(_) => None,
        }
    }

    /// The permission; `NO_ANSWER` where there is none.
    #[must_use]
    pub const fn permission(&self) -> &'static str {
        let [free_form, template_only, nothing, no_answer] = PERMISSIONS;
        match &self.said {
            Said::Answered(MaySend::FreeForm(_)) => free_form,
            Said::Answered(MaySend::TemplateOnly(_)) => template_only,
            Said::Answered(MaySend::No(WhyNot::Decided(_))) => nothing,
            Said::Answered(MaySend::No(WhyNot::Unanswered(_))) | Said::Faulty(_) => no_answer,
        }
    }

    /// The decisive reason, or why there is no answer.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match &self.said {
            Said::Faulty(fault) => fault.code,
            Said::Answered(MaySend::No(WhyNot::Unanswered(error))) => error.code(),
            Said::Answered(answer) => {
                let decisive = answer.answer().and_then(|answer| answer.reasons().first());
                decisive.map_or("REASON_NOT_KNOWN", |reason| reason.as_str())
            }
        }
    }

    /// Why there is no answer, for people; empty where there is one.
    #[must_use]
    pub fn problem(&self) -> String {
        match &self.said {
            Said::Faulty(fault) => fault.message.clone(),
            Said::Answered(MaySend::No(WhyNot::Unanswered(error))) => error.to_string(),
            Said::Answered(_) => String::new(),
        }
    }
}

/// Whether every row would be told the same: the account, the sender, the template, the times are wrong, not the contact.
fn is_everybodys(error: &ClientError) -> bool {
    match error {
        ClientError::Refused { reason: ErrorReason::AccountUnknown | ErrorReason::BehindPosition | ErrorReason::ClockBehind, .. } => true,
        ClientError::Refused { field, .. } => !field.is_empty() && field != "contact",
        _ => false,
    }
}

/// How many of each.
#[derive(Default)]
pub struct Tally {
    counts: BTreeMap<(usize, &'static str), u64>,
    first_change: Option<Time>,
    positions: Option<(u64, u64)>,
}

impl Tally {
    /// Counts one.
    pub fn count(&mut self, verdict: &Verdict) {
        let place = PERMISSIONS.iter().position(|word| *word == verdict.permission()).unwrap_or(PERMISSIONS.len() - 1);
        *self.counts.entry((place, verdict.reason())).or_default() += 1;
        let Some(answer) = verdict.answer() else { return };
        if verdict.is_allowed() {
            self.first_change = [self.first_change, answer.valid_until()].into_iter().flatten().min();
        }
        let at = answer.position();
        let (lowest, highest) = self.positions.unwrap_or((at, at));
        self.positions = Some((lowest.min(at), highest.max(at)));
    }

    /// How many rows there were.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Somebody may be written to; nobody may; or nobody could tell of anybody.
    #[must_use]
    pub fn verdict(&self) -> error::Verdict {
        let [free_form, template_only, nothing, _] = self.by_permission();
        match (free_form + template_only, nothing) {
            (0, 0) => error::Verdict::CannotTell,
            (0, _) => error::Verdict::No,
            _ => error::Verdict::Yes,
        }
    }

    fn by_permission(&self) -> [u64; 4] {
        let mut counts = [0; 4];
        for ((place, _), count) in &self.counts {
            if let Some(sum) = counts.get_mut(*place) {
                *sum += count;
            }
        }
        counts
    }

    /// Says what was written, and how many of each: on stdout, or on stderr where the rows themselves went there.
    ///
    /// # Errors
    /// Where stdout cannot be written to.
    pub fn print(&self, kept: Option<&(Target, Target)>, output: Output) -> Result<(), CliError> {
        if kept.is_some_and(|(out, refused)| [out, refused].contains(&&Target::Stdout)) {
            eprintln!("{}", if output.is_json() { self.value(kept).to_string() } else { self.text(kept) });
            return Ok(());
        }
        output.print(|| self.value(kept), || self.text(kept))
    }

    fn text(&self, kept: Option<&(Target, Target)>) -> String {
        let [free_form, template_only, nothing, no_answer] = self.by_permission();
        let mut lines = Vec::new();
        if let Some((out, refused)) = kept {
            lines.push(format!("{out}: {}", counted(free_form + template_only, "row", "rows")));
            lines.push(format!("{refused}: {}", counted(nothing + no_answer, "row", "rows")));
        }
        if free_form + template_only > 0 {
            let first = self.first_change.map(|at| format!("; the first of these changes by itself at {at}")).unwrap_or_default();
            lines.push(format!("an answer ages: check again right before sending{first}"));
        }
        let width = self.counts.keys().map(|(_, reason)| reason.len()).max().unwrap_or_default();
        for ((place, reason), count) in &self.counts {
            let permission = PERMISSIONS.get(*place).copied().unwrap_or_default();
            lines.push(format!("{permission:<13}  {reason:<width$}  {count}"));
        }
        let sums: Vec<String> = PERMISSIONS.iter().zip(self.by_permission()).map(|(word, count)| format!("{word} {count}")).collect();
        lines.push(format!("{} of {}", sums.join(", "), counted(self.rows(), "row", "rows")));
        lines.join("\n")
    }

    fn value(&self, kept: Option<&(Target, Target)>) -> Value {
        let [free_form, template_only, nothing, no_answer] = self.by_permission();
        let permissions: Map<String, Value> =
            PERMISSIONS.iter().zip(self.by_permission()).map(|(word, count)| ((*word).to_owned(), count.into())).collect();
        let mut reasons: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for ((place, reason), count) in &self.counts {
            let permission = PERMISSIONS.get(*place).copied().unwrap_or_default();
            reasons.entry(permission).or_default().insert((*reason).to_owned(), (*count).into());
        }
        json!({
            "rows": self.rows(),
            "allowed": { "rows": free_form + template_only, "file": kept.map(|(out, _)| out.to_string()) },
            "refused": { "rows": nothing + no_answer, "file": kept.map(|(_, refused)| refused.to_string()) },
            "permissions": permissions,
            "reasons": reasons,
            "first_change_at": self.first_change.map(|at| at.to_string()),
            "lowest_position": self.positions.map(|(lowest, _)| lowest),
            "highest_position": self.positions.map(|(_, highest)| highest),
        })
    }
}
