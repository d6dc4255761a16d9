//! `RecordingService`: what contacts did, and what the platform said about a message to them.

use tonic::{Request, Response, Status, Streaming};

use super::access::Caller;
use super::envelope;
use super::parse::Fields;
use super::record_stream::{Answers, Streams};
use super::slots::Slots;
use super::stopping::Stopping;
use crate::consent::time::Time;
use crate::consent::words::Categories;
use crate::ledger::Ledger;
use crate::ledger::writing::record::{Record, What};
use crate::proto::recording_service_server::RecordingService;
use crate::proto::{
    Acknowledgement, RecordConfirmationSentRequest, RecordConfirmationSentResponse, RecordInboundMessageRequest,
    RecordInboundMessageResponse, RecordOptInRequest, RecordOptInResponse, RecordOptOutRequest, RecordOptOutResponse,
    RecordPlatformPreferenceRequest, RecordPlatformPreferenceResponse, RecordProviderFeedbackRequest, RecordProviderFeedbackResponse,
    RecordStreamRequest, RecordStreamResponse, RehearseStreamRequest, RehearseStreamResponse,
};

/// Records events.
#[derive(Clone)]
pub struct Recording {
    ledger: Ledger,
    streams: Streams,
}

impl Recording {
    /// Records in this ledger until the server shuts down.
    #[must_use]
    pub fn new(ledger: Ledger, stopping: Stopping) -> Self {
        Self { streams: Streams::new(ledger.clone(), stopping), ledger }
    }

    /// The slots of its streams, by kind.
    #[must_use]
    pub fn slots(&self) -> Vec<(&'static str, Slots)> {
        self.streams.slots()
    }

    async fn record(&self, record: Record) -> Result<Option<Acknowledgement>, Status> {
        envelope::record(&self.ledger, record).await
    }
}

#[tonic::async_trait]
impl RecordingService for Recording {
    async fn record_opt_in(&self, request: Request<RecordOptInRequest>) -> Result<Response<RecordOptInResponse>, Status> {
        let acknowledgement = self.record(opt_in(&Caller::of(&request)?, request.into_inner(), self.ledger.now())?).await?;
        Ok(Response::new(RecordOptInResponse { acknowledgement }))
    }

    async fn record_opt_out(&self, request: Request<RecordOptOutRequest>) -> Result<Response<RecordOptOutResponse>, Status> {
        let acknowledgement = self.record(opt_out(&Caller::of(&request)?, request.into_inner(), self.ledger.now())?).await?;
        Ok(Response::new(RecordOptOutResponse { acknowledgement }))
    }

    async fn record_inbound_message(
        &self,
        request: Request<RecordInboundMessageRequest>,
    ) -> Result<Response<RecordInboundMessageResponse>, Status> {
        let acknowledgement = self.record(inbound(&Caller::of(&request)?, request.into_inner(), self.ledger.now())?).await?;
        Ok(Response::new(RecordInboundMessageResponse { acknowledgement }))
    }

    async fn record_provider_feedback(
        &self,
        request: Request<RecordProviderFeedbackRequest>,
    ) -> Result<Response<RecordProviderFeedbackResponse>, Status> {
        let acknowledgement = self.record(feedback(&Caller::of(&request)?, request.into_inner(), self.ledger.now())?).await?;
        Ok(Response::new(RecordProviderFeedbackResponse { acknowledgement }))
    }

    async fn record_platform_preference(
        &self,
        request: Request<RecordPlatformPreferenceRequest>,
    ) -> Result<Response<RecordPlatformPreferenceResponse>, Status> {
        let acknowledgement = self.record(preference(&Caller::of(&request)?, request.get_ref(), self.ledger.now())?).await?;
        Ok(Response::new(RecordPlatformPreferenceResponse { acknowledgement }))
    }

    async fn record_confirmation_sent(
        &self,
        request: Request<RecordConfirmationSentRequest>,
    ) -> Result<Response<RecordConfirmationSentResponse>, Status> {
        let acknowledgement = self.record(confirmation(&Caller::of(&request)?, request.get_ref(), self.ledger.now())?).await?;
        Ok(Response::new(RecordConfirmationSentResponse { acknowledgement }))
    }

    type RecordStreamStream = Answers<RecordStreamResponse>;

    async fn record_stream(&self, request: Request<Streaming<RecordStreamRequest>>) -> Result<Response<Self::RecordStreamStream>, Status> {
        self.streams.record(request).map(Response::new)
    }

    type RehearseStreamStream = Answers<RehearseStreamResponse>;

    async fn rehearse_stream(
        &self,
        request: Request<Streaming<RehearseStreamRequest>>,
    ) -> Result<Response<Self::RehearseStreamStream>, Status> {
        self.streams.rehearse(request).map(Response::new)
    }
}

pub(super) fn opt_in(caller: &Caller, request: RecordOptInRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let account = fields.account("account", &request.account);
    let event_id = fields.event_id("event_id", &request.event_id);
    let contact = fields.contact("contact", &request.contact);
    let sender = fields.optional_sender("sender", &request.sender);
    let categories = fields.some_categories("categories", &request.categories);
    let method = fields.method("method", request.method);
    let occurred_at = fields.occurred_at("occurred_at", request.occurred_at.as_ref(), now);
    let expires_at = fields.expires_at("expires_at", request.expires_at.as_ref(), occurred_at.unwrap_or(now));
    let evidence = fields.evidence("evidence", request.evidence);
    fields.finish(|| {
        let what = What::OptIn { contact: contact?, sender, categories, method: method?, expires_at, evidence };
        Some(Record { account: account?, actor: caller.actor(), event_id, occurred_at, what })
    })
}

pub(super) fn opt_out(caller: &Caller, request: RecordOptOutRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let account = fields.account("account", &request.account);
    let event_id = fields.event_id("event_id", &request.event_id);
    let contact = fields.contact("contact", &request.contact);
    let sender = fields.optional_sender("sender", &request.sender);
    let named = fields.categories("categories", &request.categories);
    let method = fields.method("method", request.method);
    let occurred_at = fields.occurred_at("occurred_at", request.occurred_at.as_ref(), now);
    let evidence = fields.evidence("evidence", request.evidence);
    // Rule 4: an opt-out that names no category means all four.
    let categories = if named.is_empty() { Categories::ALL } else { named };
    fields.finish(|| {
        let what = What::OptOut { contact: contact?, sender, categories, method: method?, evidence };
        Some(Record { account: account?, actor: caller.actor(), event_id, occurred_at, what })
    })
}

pub(super) fn inbound(caller: &Caller, request: RecordInboundMessageRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let account = fields.account("account", &request.account);
    let event_id = fields.event_id("event_id", &request.event_id);
    let contact = fields.message_contacts("contacts", &request.contacts);
    let sender = fields.sender("sender", &request.sender);
    let kind = fields.kind("kind", request.kind);
    let text = fields.text("text", request.text);
    let payload = fields.text("payload", request.payload);
    let message_id = fields.message_id("message_id", request.message_id);
    let occurred_at = fields.occurred_at("occurred_at", request.occurred_at.as_ref(), now);
    fields.finish(|| {
        let what = What::Inbound { contact, sender: sender?, kind: kind?, text, payload, message_id };
        Some(Record { account: account?, actor: caller.actor(), event_id, occurred_at, what })
    })
}

pub(super) fn feedback(caller: &Caller, request: RecordProviderFeedbackRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let envelope = fields.envelope(&request.account, &request.event_id, request.occurred_at.as_ref(), now);
    let contact = fields.message_contacts("contacts", &request.contacts);
    let sender = fields.sender("sender", &request.sender);
    let code = fields.code("code", request.code);
    let message_id = fields.message_id("message_id", request.message_id);
    fields.finish(|| Some(envelope?.record(What::SendFailed { contact, sender: sender?, code, message_id })))
}

pub(super) fn preference(caller: &Caller, request: &RecordPlatformPreferenceRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let envelope = fields.envelope(&request.account, &request.event_id, request.occurred_at.as_ref(), now);
    let contact = fields.message_contacts("contacts", &request.contacts);
    let sender = fields.sender("sender", &request.sender);
    let preference = fields.preference("preference", request.preference);
    fields.finish(|| Some(envelope?.record(What::Preference { contact, sender: sender?, preference: preference? })))
}

pub(super) fn confirmation(caller: &Caller, request: &RecordConfirmationSentRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let envelope = fields.envelope(&request.account, &request.event_id, request.occurred_at.as_ref(), now);
    let contact = fields.contact("contact", &request.contact);
    let sender = fields.sender("sender", &request.sender);
    fields.finish(|| Some(envelope?.record(What::ConfirmationSent { contact: contact?, sender: sender? })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt;

    const NOW: Time = Time::from_micros(1_772_000_000_000_000);

    #[test]
    fn an_opt_out_without_categories_means_all_four() {
        let request = RecordOptOutRequest { contact: "+447400123456".into(), method: 1, ..Default::default() };
        let What::OptOut { categories, sender, .. } = opt_out(&Caller::local(), request, NOW).unwrap().what else {
            panic!("not an opt-out")
        };
        assert_eq!((categories, sender), (Categories::ALL, None));
    }

    #[test]
    fn an_opt_in_names_its_categories_and_its_method() {
        let status =
            opt_in(&Caller::local(), RecordOptInRequest { contact: "+447400123456".into(), ..Default::default() }, NOW).unwrap_err();
        assert_eq!(reasons(&status), ["CATEGORY_MISSING", "METHOD_MISSING"]);
    }

    #[test]
    fn an_opt_out_with_an_unknown_category_is_not_taken_for_all_four() {
        let request = RecordOptOutRequest { contact: "+447400123456".into(), method: 1, categories: vec![77], ..Default::default() };
        assert_eq!(
            opt_out(&Caller::local(), request, NOW).unwrap_err().get_error_details().error_info().unwrap().reason,
            "CATEGORY_UNKNOWN"
        );
    }

    fn reasons(status: &Status) -> Vec<String> {
        let details = status.get_error_details();
        details.bad_request().unwrap().field_violations.iter().map(|violation| violation.reason.clone()).collect()
    }

    #[test]
    fn empty_requests_say_all_that_is_missing() {
        let status = inbound(&Caller::local(), RecordInboundMessageRequest::default(), NOW).unwrap_err();
        assert_eq!(reasons(&status), ["CONTACT_EMPTY", "SENDER_EMPTY", "KIND_MISSING"]);
        let status = feedback(&Caller::local(), RecordProviderFeedbackRequest::default(), NOW).unwrap_err();
        assert_eq!(reasons(&status), ["CONTACT_EMPTY", "SENDER_EMPTY", "CODE_MISSING"]);
        let status = preference(&Caller::local(), &RecordPlatformPreferenceRequest::default(), NOW).unwrap_err();
        assert_eq!(reasons(&status), ["CONTACT_EMPTY", "SENDER_EMPTY", "PREFERENCE_MISSING"]);
        let status = confirmation(&Caller::local(), &RecordConfirmationSentRequest::default(), NOW).unwrap_err();
        assert_eq!(reasons(&status), ["CONTACT_EMPTY", "SENDER_EMPTY"]);
    }
}
