//! Services that do nothing: the same messages over the same transport, answered with constants as long as the usual answers.

use std::pin::Pin;

use prost_types::Timestamp;
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt};
use tonic::codegen::Bytes;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use crate::proto::batch_check_send_item::Outcome as ItemOutcome;
use crate::proto::decision_service_server::{DecisionService, DecisionServiceServer};
use crate::proto::record_stream_response::Outcome as RecordOutcome;
use crate::proto::recording_service_server::{RecordingService, RecordingServiceServer};
use crate::proto::rehearse_stream_response::Outcome as RehearsalOutcome;
use crate::proto::stream_check_send_response::Outcome;
use crate::proto::{
    Acknowledgement, BatchCheckSendItem, BatchCheckSendRequest, BatchCheckSendResponse, Category, CheckSendRequest, CheckSendResponse,
    Decision, Effect, Permission, Position, Reason, RecordConfirmationSentRequest, RecordConfirmationSentResponse,
    RecordInboundMessageRequest, RecordInboundMessageResponse, RecordOptInRequest, RecordOptInResponse, RecordOptOutRequest,
    RecordOptOutResponse, RecordPlatformPreferenceRequest, RecordPlatformPreferenceResponse, RecordProviderFeedbackRequest,
    RecordProviderFeedbackResponse, RecordStreamRequest, RecordStreamResponse, RehearseStreamRequest, RehearseStreamResponse,
    StreamCheckSendRequest, StreamCheckSendResponse, VerifyDecisionRequest, VerifyDecisionResponse,
};

/// Answers on a listener until the process ends.
///
/// # Errors
/// Where the transport fails.
pub async fn serve(listener: TcpListener) -> Result<(), tonic::transport::Error> {
    let router =
        tonic::transport::Server::builder().add_service(DecisionServiceServer::new(Noop)).add_service(RecordingServiceServer::new(Noop));
    router.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))).await
}

/// Decides nothing, records nothing.
#[derive(Clone, Copy, Debug)]
struct Noop;

/// Yes, for marketing by template: the answer that most questions get.
fn decision() -> Decision {
    Decision {
        permission: Permission::TemplateOnly.into(),
        reasons: vec![Reason::OptedIn.into(), Reason::OutsideAllowedSendingWindow.into()],
        allowed_template_categories: vec![Category::Marketing.into(), Category::Utility.into()],
        deciding_seqs: vec![5_000_000],
        policy_version: 1,
        position: Some(Position { seq: 30_000_000, hash: Bytes::from_static(&[7; 32]) }),
        at: Some(Timestamp { seconds: 1_772_000_000, nanos: 123_456_000 }),
        ..Default::default()
    }
}

fn acknowledgement() -> Acknowledgement {
    Acknowledgement { seq: 30_000_000, entry_hash: vec![7; 32], effect: Effect::Applied.into(), ..Default::default() }
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// One constant for every message of a stream.
fn each<T: Send + 'static, A: 'static>(requests: Request<Streaming<T>>, answer: impl Fn() -> A + Send + 'static) -> Response<Answers<A>> {
    Response::new(Box::pin(requests.into_inner().map(move |request| request.map(|_| answer()))))
}

#[tonic::async_trait]
impl DecisionService for Noop {
    type StreamCheckSendStream = Answers<StreamCheckSendResponse>;

    async fn check_send(&self, _: Request<CheckSendRequest>) -> Result<Response<CheckSendResponse>, Status> {
        Ok(Response::new(CheckSendResponse { decision: Some(decision()), receipt: None }))
    }

    async fn batch_check_send(&self, request: Request<BatchCheckSendRequest>) -> Result<Response<BatchCheckSendResponse>, Status> {
        let Decision { position, at, .. } = decision();
        let outcome = || ItemOutcome::Decision(Decision { position: None, at: None, ..decision() });
        let items = request.get_ref().contacts.iter().map(|_| BatchCheckSendItem { outcome: Some(outcome()) }).collect();
        Ok(Response::new(BatchCheckSendResponse { items, position, at }))
    }

    async fn stream_check_send(
        &self,
        requests: Request<Streaming<StreamCheckSendRequest>>,
    ) -> Result<Response<Self::StreamCheckSendStream>, Status> {
        Ok(each(requests, || StreamCheckSendResponse { outcome: Some(Outcome::Decision(decision())) }))
    }

    async fn verify_decision(&self, _: Request<VerifyDecisionRequest>) -> Result<Response<VerifyDecisionResponse>, Status> {
        Ok(Response::new(VerifyDecisionResponse::default()))
    }
}

#[tonic::async_trait]
impl RecordingService for Noop {
    type RecordStreamStream = Answers<RecordStreamResponse>;
    type RehearseStreamStream = Answers<RehearseStreamResponse>;

    async fn record_opt_in(&self, _: Request<RecordOptInRequest>) -> Result<Response<RecordOptInResponse>, Status> {
        Ok(Response::new(RecordOptInResponse { acknowledgement: Some(acknowledgement()) }))
    }

    async fn record_opt_out(&self, _: Request<RecordOptOutRequest>) -> Result<Response<RecordOptOutResponse>, Status> {
        Ok(Response::new(RecordOptOutResponse { acknowledgement: Some(acknowledgement()) }))
    }

    async fn record_inbound_message(
        &self,
        _: Request<RecordInboundMessageRequest>,
    ) -> Result<Response<RecordInboundMessageResponse>, Status> {
        Ok(Response::new(RecordInboundMessageResponse { acknowledgement: Some(acknowledgement()) }))
    }

    async fn record_provider_feedback(
        &self,
        _: Request<RecordProviderFeedbackRequest>,
    ) -> Result<Response<RecordProviderFeedbackResponse>, Status> {
        Ok(Response::new(RecordProviderFeedbackResponse { acknowledgement: Some(acknowledgement()) }))
    }

    async fn record_platform_preference(
        &self,
        _: Request<RecordPlatformPreferenceRequest>,
    ) -> Result<Response<RecordPlatformPreferenceResponse>, Status> {
        Ok(Response::new(RecordPlatformPreferenceResponse { acknowledgement: Some(acknowledgement()) }))
    }

    async fn record_confirmation_sent(
        &self,
        _: Request<RecordConfirmationSentRequest>,
    ) -> Result<Response<RecordConfirmationSentResponse>, Status> {
        Ok(Response::new(RecordConfirmationSentResponse { acknowledgement: Some(acknowledgement()) }))
    }

    async fn record_stream(&self, requests: Request<Streaming<RecordStreamRequest>>) -> Result<Response<Self::RecordStreamStream>, Status> {
        Ok(each(requests, || RecordStreamResponse { outcome: Some(RecordOutcome::Acknowledgement(acknowledgement())) }))
    }

    async fn rehearse_stream(
        &self,
        requests: Request<Streaming<RehearseStreamRequest>>,
    ) -> Result<Response<Self::RehearseStreamStream>, Status> {
        Ok(each(requests, || RehearseStreamResponse { outcome: Some(RehearsalOutcome::Acknowledgement(acknowledgement())) }))
    }
}
