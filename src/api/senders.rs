//! The senders of `AdminService`: what they declare, what the platform reports, how they stand.

use tonic::Status;

use super::access::Caller;
use super::parse::Fields;
use super::{map, status};
use crate::consent::account::Known;
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender};
use crate::ledger::writing::record::{Record, What};
use crate::ledger::{Ledger, StandingAnswer};
use crate::proto::report_standing_request::Report;
use crate::proto::{self, DeclareSenderRequest, ErrorReason, GetSenderStandingRequest, Reason, ReportStandingRequest};

/// What a business declares about a sender.
///
/// # Errors
/// `INVALID_ARGUMENT` with every field that is wrong.
pub fn declaration(caller: &Caller, request: &DeclareSenderRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let envelope = fields.envelope(&request.account, &request.event_id, request.occurred_at.as_ref(), now);
    let sender = fields.sender("sender", &request.sender);
    let declaration = fields.declaration("declaration", request.declaration.as_ref());
    fields.finish(|| Some(envelope?.record(What::DeclareSender { sender: sender?, declaration: declaration? })))
}

/// What the platform reports about a sender: a rating, a restriction, or that restrictions are over.
///
/// # Errors
/// `INVALID_ARGUMENT` with every field that is wrong.
pub fn report(caller: &Caller, request: &ReportStandingRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let envelope = fields.envelope(&request.account, &request.event_id, request.occurred_at.as_ref(), now);
    let what = match &request.report {
        Some(Report::Quality(quality)) => {
            let (sender, quality) = (fields.sender("sender", &request.sender), fields.quality("quality", *quality));
            sender.zip(quality).map(|(sender, quality)| What::ReportQuality { sender, quality })
        }
        Some(Report::Restriction(restriction)) => {
            let sender = fields.optional_sender("sender", &request.sender);
            let began = envelope.as_ref().map_or(now, |envelope| envelope.at(now));
            Some(What::Restrict { sender, restriction: fields.restriction("restriction", restriction, began) })
        }
        Some(Report::Lift(lift)) => {
            let sender = fields.optional_sender("sender", &request.sender);
            Some(What::Lift { sender, kinds: fields.restriction_kinds("lift.kinds", &lift.kinds) })
        }
        None => {
            fields.optional_sender("sender", &request.sender);
            fields.refuse("report", ErrorReason::ReportMissing, "a quality, a restriction or a lift is needed");
            None
        }
    };
    fields.finish(|| Some(envelope?.record(what?)))
}

/// A question about a sender's standing.
#[derive(Debug)]
pub struct StandingAsked {
    account: Account,
    sender: Sender,
    at: Option<Time>,
    known: Known,
}

impl StandingAsked {
    /// Reads the question.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with every field that is wrong.
    pub fn parse(caller: &Caller, request: &GetSenderStandingRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(caller);
        let account = fields.account("account", &request.account);
        let sender = fields.sender("sender", &request.sender);
        let at = fields.time("at", request.at.as_ref());
        let known = fields.known(request.known_at.as_ref(), request.known_seq);
        fields.finish(|| Some(Self { account: account?, sender: sender?, at, known }))
    }

    /// Answers it.
    ///
    /// # Errors
    /// Where there is no such account, or the ledger no longer writes.
    pub fn answer(&self, ledger: &Ledger) -> Result<proto::SenderStanding, Status> {
        let answer = ledger.standing(&self.account, &self.sender, self.at, self.known).map_err(|error| status::of_check(&error))?;
        Ok(standing(&self.sender, &answer))
    }
}

fn standing(sender: &Sender, answer: &StandingAnswer) -> proto::SenderStanding {
    let standing = &answer.standing;
    let advice = standing.is_at_risk().then_some(Reason::SenderAtRisk);
    proto::SenderStanding {
        sender: sender.to_string(),
        state: standing.state.number().into(),
        declaration: standing.declaration.map(map::declaration),
        accepted_paths: standing.accepted_paths().iter().map(|path| path.number().into()).collect(),
        quality: standing.quality.map(|quality| quality.number().into()).unwrap_or_default(),
        quality_since: standing.quality_since.map(map::timestamp),
        deadline: standing.deadline.map(map::timestamp),
        days_left: standing.days_left(answer.at).unwrap_or_default(),
        templates_close_at_deadline: answer.closes_templates,
        restrictions: standing.restrictions.iter().map(map::restriction).collect(),
        advice: advice.into_iter().map(i32::from).collect(),
        policy_version: answer.policy_version,
        at: Some(map::timestamp(answer.at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt;

    const NOW: Time = Time::from_micros(1_772_000_000_000_000);

    fn reasons(status: &Status) -> Vec<String> {
        let details = status.get_error_details();
        details.bad_request().unwrap().field_violations.iter().map(|v| format!("{} {}", v.field, v.reason)).collect()
    }

    #[test]
    fn a_rating_names_its_sender_and_a_restriction_may_be_of_all() {
        let quality = ReportStandingRequest { report: Some(Report::Quality(0)), ..Default::default() };
        assert_eq!(reasons(&report(&Caller::local(), &quality, NOW).unwrap_err()), ["sender SENDER_EMPTY", "quality QUALITY_MISSING"]);
        let forbidden = proto::Restriction { kinds: vec![3, 1, 3], until: None };
        let restriction = ReportStandingRequest { report: Some(Report::Restriction(forbidden)), ..Default::default() };
        assert!(matches!(report(&Caller::local(), &restriction, NOW).unwrap().what, What::Restrict { sender: None, .. }));
        let lift = ReportStandingRequest { report: Some(Report::Lift(proto::RestrictionLift { kinds: vec![1, 0] })), ..Default::default() };
        assert_eq!(reasons(&report(&Caller::local(), &lift, NOW).unwrap_err()), ["lift.kinds[1] RESTRICTION_MISSING"]);
        let lift = ReportStandingRequest { report: Some(Report::Lift(proto::RestrictionLift::default())), ..lift };
        assert_eq!(reasons(&report(&Caller::local(), &lift, NOW).unwrap_err()), ["lift.kinds RESTRICTION_MISSING"]);
        let neither = ReportStandingRequest { sender: "a b".into(), ..Default::default() };
        assert_eq!(reasons(&report(&Caller::local(), &neither, NOW).unwrap_err()), ["sender SENDER_MALFORMED", "report REPORT_MISSING"]);
    }

    #[test]
    fn states_and_paths_number_as_in_the_protos() {
        use crate::consent::sender::{EscalationPath, Quality, RestrictionKind, SenderState};
        for state in SenderState::ALL {
            let name = proto::SenderState::try_from(i32::from(state.number())).unwrap().as_str_name();
            assert_eq!(name, format!("SENDER_STATE_{}", state.as_str().to_uppercase()));
        }
        for path in EscalationPath::ALL {
            let name = proto::EscalationPath::try_from(i32::from(path.number())).unwrap().as_str_name();
            assert_eq!(name, format!("ESCALATION_PATH_{}", path.as_str().to_uppercase()));
        }
        for kind in RestrictionKind::ALL {
            let name = proto::RestrictionKind::try_from(i32::from(kind.number())).unwrap().as_str_name();
            assert_eq!(name, format!("RESTRICTION_KIND_{}", kind.as_str().to_uppercase()));
        }
        for quality in Quality::ALL {
            let name = proto::Quality::try_from(i32::from(quality.number())).unwrap().as_str_name();
            assert_eq!(name, format!("QUALITY_{}", quality.as_str().to_uppercase()));
        }
    }
}
