//! What scenarios may say and the ledger does not do yet: each line here is deleted by the change that builds it.

use super::format::Scenario;

/// A step that an engine cannot play, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature(pub &'static str);

/// Everything that is not built yet.
pub const NOT_BUILT: &[Feature] = &[Feature("erase")];

impl std::fmt::Display for Feature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the step {} is not built yet", self.0)
    }
}

/// The first feature of `missing` that `scenario` uses.
#[must_use]
pub fn first_missing(scenario: &Scenario, missing: &[Feature]) -> Option<Feature> {
    missing.iter().copied().find(|feature| scenario.steps.iter().any(|step| step.name == feature.0))
}
