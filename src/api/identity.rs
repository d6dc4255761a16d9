//! `IdentityService`: who is who, and who is forgotten.

use tonic::{Request, Response, Status};

use super::access::Caller;
use super::envelope::record;
use super::erasures;
use super::parse::Fields;
use crate::consent::time::Time;
use crate::ledger::Ledger;
use crate::ledger::writing::record::{Record, What};
use crate::proto::identity_service_server::IdentityService;
use crate::proto::{
    CancelErasureRequest, CancelErasureResponse, ChangeNumberRequest, ChangeNumberResponse, ChangeUserIdRequest, ChangeUserIdResponse,
    LinkIdentifiersRequest, LinkIdentifiersResponse, ListErasuresRequest, ListErasuresResponse, ReportIdentityChangeRequest,
    ReportIdentityChangeResponse, RequestErasureRequest, RequestErasureResponse, SetLegalHoldRequest, SetLegalHoldResponse,
};

/// Records who is who.
#[derive(Clone)]
pub struct Identity {
    ledger: Ledger,
}

impl Identity {
    /// Records in this ledger.
    #[must_use]
    pub const fn new(ledger: Ledger) -> Self {
        Self { ledger }
    }
}

#[tonic::async_trait]
impl IdentityService for Identity {
    async fn link_identifiers(&self, request: Request<LinkIdentifiersRequest>) -> Result<Response<LinkIdentifiersResponse>, Status> {
        let acknowledgement = record(&self.ledger, link(&Caller::of(&request)?, &request.into_inner(), self.ledger.now())?).await?;
        Ok(Response::new(LinkIdentifiersResponse { acknowledgement }))
    }

    async fn change_number(&self, request: Request<ChangeNumberRequest>) -> Result<Response<ChangeNumberResponse>, Status> {
        let acknowledgement = record(&self.ledger, number_change(&Caller::of(&request)?, request.into_inner(), self.ledger.now())?).await?;
        Ok(Response::new(ChangeNumberResponse { acknowledgement }))
    }

    async fn change_user_id(&self, request: Request<ChangeUserIdRequest>) -> Result<Response<ChangeUserIdResponse>, Status> {
        let acknowledgement =
            record(&self.ledger, user_id_change(&Caller::of(&request)?, request.into_inner(), self.ledger.now())?).await?;
        Ok(Response::new(ChangeUserIdResponse { acknowledgement }))
    }

    async fn report_identity_change(
        &self,
        request: Request<ReportIdentityChangeRequest>,
    ) -> Result<Response<ReportIdentityChangeResponse>, Status> {
        let acknowledgement = record(&self.ledger, key_change(&Caller::of(&request)?, request.into_inner(), self.ledger.now())?).await?;
        Ok(Response::new(ReportIdentityChangeResponse { acknowledgement }))
    }

    async fn request_erasure(&self, request: Request<RequestErasureRequest>) -> Result<Response<RequestErasureResponse>, Status> {
        erasures::request(&self.ledger, &Caller::of(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn cancel_erasure(&self, request: Request<CancelErasureRequest>) -> Result<Response<CancelErasureResponse>, Status> {
        erasures::cancel(&self.ledger, &Caller::of(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn set_legal_hold(&self, request: Request<SetLegalHoldRequest>) -> Result<Response<SetLegalHoldResponse>, Status> {
        erasures::set_hold(&self.ledger, &Caller::of(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn list_erasures(&self, request: Request<ListErasuresRequest>) -> Result<Response<ListErasuresResponse>, Status> {
        erasures::list(&self.ledger, &Caller::of(&request)?, request.get_ref()).await.map(Response::new)
    }
}

pub(super) fn link(caller: &Caller, request: &LinkIdentifiersRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let envelope = fields.envelope(&request.account, &request.event_id, request.occurred_at.as_ref(), now);
    let contacts = fields.two_contacts("contacts", &request.contacts);
    fields.finish(|| {
        let [a, b] = contacts?;
        Some(envelope?.record(What::Link { a, b }))
    })
}

pub(super) fn number_change(caller: &Caller, request: ChangeNumberRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let envelope = fields.envelope(&request.account, &request.event_id, request.occurred_at.as_ref(), now);
    let change = fields.number_change(&request.from, &request.to);
    let message_id = fields.message_id("message_id", request.message_id);
    fields.finish(|| {
        let (from, to) = change?;
        Some(envelope?.record(What::Move { from, to, message_id }))
    })
}

pub(super) fn user_id_change(caller: &Caller, request: ChangeUserIdRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let envelope = fields.envelope(&request.account, &request.event_id, request.occurred_at.as_ref(), now);
    let change = fields.user_id_change(&request.from, &request.to);
    let message_id = fields.message_id("message_id", request.message_id);
    fields.finish(|| {
        let (from, to) = change?;
        Some(envelope?.record(What::Move { from, to, message_id }))
    })
}

pub(super) fn key_change(caller: &Caller, request: ReportIdentityChangeRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let envelope = fields.envelope(&request.account, &request.event_id, request.occurred_at.as_ref(), now);
    let contact = fields.message_contacts("contacts", &request.contacts);
    let sender = fields.sender("sender", &request.sender);
    let message_id = fields.message_id("message_id", request.message_id);
    fields.finish(|| Some(envelope?.record(What::IdentityKeyChange { contact, sender: sender?, message_id })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::identifier::Identifier;
    use tonic_types::StatusExt;

    const NOW: Time = Time::from_micros(1_772_000_000_000_000);

    fn reasons(status: &Status) -> Vec<String> {
        let details = status.get_error_details();
        details.bad_request().unwrap().field_violations.iter().map(|v| format!("{} {}", v.field, v.reason)).collect()
    }

    #[test]
    fn a_number_change_keeps_its_direction() {
        let request = ChangeNumberRequest { from: "+447400123456".into(), to: "+447400123457".into(), ..Default::default() };
        let What::Move { from: Identifier::Phone(_), to, message_id: None } = number_change(&Caller::local(), request, NOW).unwrap().what
        else {
            panic!("not a number change");
        };
        assert_eq!(to.as_str(), "+447400123457");
    }

    #[test]
    fn empty_requests_say_all_that_is_missing() {
        assert_eq!(reasons(&link(&Caller::local(), &LinkIdentifiersRequest::default(), NOW).unwrap_err()), ["contacts CONTACT_MISSING"]);
        let expected = ["from CONTACT_EMPTY", "to CONTACT_EMPTY"];
        assert_eq!(reasons(&number_change(&Caller::local(), ChangeNumberRequest::default(), NOW).unwrap_err()), expected);
        assert_eq!(reasons(&user_id_change(&Caller::local(), ChangeUserIdRequest::default(), NOW).unwrap_err()), expected);
        let expected = ["contacts CONTACT_EMPTY", "sender SENDER_EMPTY"];
        assert_eq!(reasons(&key_change(&Caller::local(), ReportIdentityChangeRequest::default(), NOW).unwrap_err()), expected);
    }
}
