//! What scenarios may say and the ledger does not do yet: each line here is deleted by the change that builds it.

use super::format::Scenario;
use super::policy::PolicyChoice;
use super::step::Action;

/// Something a scenario can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// A step, by its name.
    Step(&'static str),
    /// A field of `check`.
    CheckField(&'static str),
    /// A preset of policies.
    Preset(&'static str),
    /// An override in a policy.
    Override(&'static str),
}

/// Everything that is not built yet.
pub const NOT_BUILT: &[Feature] = &[
    Feature::Step("declare_sender"),
    Feature::Step("quality"),
    Feature::Step("restriction"),
    Feature::Step("template"),
    Feature::Step("standing"),
    Feature::Step("erase"),
    Feature::Step("import"),
    Feature::CheckField("template"),
    Feature::Preset("maxcontact"),
    Feature::Preset("escalation-2020"),
    Feature::Override("unknown_contact"),
    Feature::Override("red_quality"),
    Feature::Override("window_implies_opt_in"),
];

impl std::fmt::Display for Feature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Step(name) => write!(f, "the step {name} is not built yet"),
            Self::CheckField(name) => write!(f, "the field {name} of check is not built yet"),
            Self::Preset(name) => write!(f, "the preset {name} is not built yet"),
            Self::Override(name) => write!(f, "the policy's {name} is not built yet"),
        }
    }
}

/// The first feature of `missing` that `scenario` uses.
#[must_use]
pub fn first_missing(scenario: &Scenario, missing: &[Feature]) -> Option<Feature> {
    missing.iter().copied().find(|feature| uses(scenario, *feature))
}

fn uses(scenario: &Scenario, feature: Feature) -> bool {
    let policies = || {
        let adopted = scenario.steps.iter().filter_map(|step| match &step.action {
            Action::Policy(choice) => Some(choice),
            _ => None,
        });
        scenario.policy.iter().chain(adopted)
    };
    match feature {
        Feature::Step(name) => scenario.steps.iter().any(|step| step.name == name),
        Feature::CheckField(name) => scenario.steps.iter().any(|step| match (&step.action, name) {
            (Action::Check(check), "template") => check.template.is_some(),
            _ => false,
        }),
        Feature::Preset(name) => policies().any(|choice| choice.preset == name),
        Feature::Override(name) => policies().any(|choice| overrides(choice, name)),
    }
}

fn overrides(choice: &PolicyChoice, name: &str) -> bool {
    match name {
        "unknown_contact" => choice.unknown_contact.is_some(),
        "red_quality" => choice.red_quality.is_some(),
        "window_implies_opt_in" => choice.window_implies_opt_in.is_some(),
        _ => false,
    }
}
