//! What is wrong with the fields of a request: as much of it as the headers of an answer hold, and how much more there is.
//!
//! ```text
//! categories[0]: 99 is no category that this server knows; categories[1]: …; and 280 more
//! ```

use tonic::Status;
use tonic_types::FieldViolation;

use super::{spelling, violated};
use crate::proto::ErrorReason;

/// As many are told. gRPC sends an error in headers, of which clients take 8 KiB unless they are told otherwise; and a list of
/// a million things that are wrong must not become an answer of as many sentences.
pub const TOLD_MAX: usize = 20;

/// What is wrong with one field of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The path of the field, as in `contacts[17]`.
    pub field: String,
    /// The reason, for programs.
    pub reason: ErrorReason,
    /// The reason, for people; never shows a contact.
    pub message: String,
}

/// What is wrong with a request so far.
#[derive(Default, Debug)]
pub struct Violations {
    told: Vec<Violation>,
    more: usize,
}

impl Violations {
    /// Notes one more; those beyond [`TOLD_MAX`] are counted.
    pub fn add(&mut self, field: impl Into<String>, reason: ErrorReason, message: impl Into<String>) {
        if self.told.len() < TOLD_MAX {
            self.told.push(Violation { field: field.into(), reason, message: message.into() });
        } else {
            self.more += 1;
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// The request is not one: `INVALID_ARGUMENT`, under the first one's reason.
    #[must_use]
    pub fn status(&self) -> Status {
        let reason = self.told.first().map_or(ErrorReason::Unspecified, |violation| violation.reason);
        let told = self.told.iter().map(|violation| format!("{}: {}", violation.field, violation.message));
        let more = (self.more > 0).then(|| format!("and {} more", self.more));
        let message = told.chain(more).collect::<Vec<_>>().join("; ");
        violated(reason, message, self.told.iter().map(field_violation).collect())
    }
}

/// The request is not one: `INVALID_ARGUMENT`, with these violations.
#[must_use]
pub fn invalid(violations: &[Violation]) -> Status {
    let mut all = Violations::default();
    for Violation { field, reason, message } in violations {
        all.add(field, *reason, message);
    }
    all.status()
}

fn field_violation(violation: &Violation) -> FieldViolation {
    FieldViolation { reason: spelling(violation.reason).into(), ..FieldViolation::new(&violation.field, &violation.message) }
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt;

    use super::*;

    #[test]
    fn an_answer_tells_the_first_and_counts_the_rest_however_many_there_are() {
        let mut violations = Violations::default();
        assert!(violations.is_empty());
        for place in 0..1_000_000 {
            violations.add(format!("categories[{place}]"), ErrorReason::CategoryUnknown, "99 is no category that this server knows");
        }
        let status = violations.status();
        assert!(status.message().ends_with("categories[19]: 99 is no category that this server knows; and 999980 more"));
        assert_eq!(status.get_error_details().bad_request().unwrap().field_violations.len(), TOLD_MAX);
        assert!(status.message().len() + status.details().len() * 4 / 3 < 8 << 10);
    }
}
