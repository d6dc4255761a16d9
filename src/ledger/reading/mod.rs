//! Answers, lists and reports.

pub mod answer;
pub mod browse;
pub mod concerns;
pub mod diff;
pub mod drift;
#[cfg(all(test, feature = "explore"))]
mod explored;
pub mod history;
pub mod naming;
pub mod policies;
pub mod possible_opt_outs;
pub mod reads;
pub mod standing;
pub mod survey;
