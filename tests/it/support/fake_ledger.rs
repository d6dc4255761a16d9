//! A server that answers what a test says, in this process: for clients whose server is busy, away, or lies.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use consent_ledger::proto::decision_service_server::{DecisionService, DecisionServiceServer};
use consent_ledger::proto::recording_service_server::{RecordingService, RecordingServiceServer};
use consent_ledger::proto::stream_check_send_response::Outcome;
use consent_ledger::proto::{
    Acknowledgement, BatchCheckSendRequest, BatchCheckSendResponse, CheckSendRequest, CheckSendResponse, Decision, ItemError, Position,
    RecordConfirmationSentRequest, RecordConfirmationSentResponse, RecordInboundMessageRequest, RecordInboundMessageResponse,
    RecordOptInRequest, RecordOptInResponse, RecordOptOutRequest, RecordOptOutResponse, RecordPlatformPreferenceRequest,
    RecordPlatformPreferenceResponse, RecordProviderFeedbackRequest, RecordProviderFeedbackResponse, RecordStreamRequest,
    RecordStreamResponse, RehearseStreamRequest, RehearseStreamResponse, StreamCheckSendRequest, StreamCheckSendResponse,
    VerifyDecisionRequest, VerifyDecisionResponse,
};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

/// What is answered to the nth call, counting from 0; none: nothing, ever.
pub type Calls<T> = Box<dyn Fn(usize) -> Option<Result<T, Status>> + Send + Sync>;

/// What is answered to the nth question of the nth stream; none ends the stream.
pub type Items = Box<dyn Fn(usize, usize, &CheckSendRequest) -> Option<Result<Outcome, Status>> + Send + Sync>;

/// What a fake ledger does.
pub struct Script {
    /// `CheckSend`.
    pub checks: Calls<Option<Decision>>,
    /// `StreamCheckSend`.
    pub items: Items,
    /// `RecordOptIn`.
    pub opt_ins: Calls<Option<Acknowledgement>>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            checks: Box::new(|_| Some(Err(Status::unimplemented("not asked")))),
            items: Box::new(|_, _, _| None),
            opt_ins: Box::new(|_| Some(Err(Status::unimplemented("not asked")))),
        }
    }
}

/// A server in this process.
pub struct FakeLedger {
    /// Where it listens.
    pub url: String,
    heard: Arc<Heard>,
    _runtime: tokio::runtime::Runtime,
}

#[derive(Default)]
struct Heard {
    checks: AtomicUsize,
    streams: AtomicUsize,
    event_ids: Mutex<Vec<String>>,
}

impl FakeLedger {
    /// Starts it.
    pub fn start(script: Script) -> Self {
        let runtime = crate::support::client::runtime();
        let listener = runtime.block_on(tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Heard::default());
        let fake = Fake { script: Arc::new(script), heard: Arc::clone(&heard) };
        let server = tonic::transport::Server::builder()
            .add_service(DecisionServiceServer::new(fake.clone()))
            .add_service(RecordingServiceServer::new(fake));
        runtime.spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        Self { url, heard, _runtime: runtime }
    }

    /// How many streams were opened.
    pub fn streams(&self) -> usize {
        self.heard.streams.load(Ordering::SeqCst)
    }

    /// How many single questions were asked.
    pub fn checks(&self) -> usize {
        self.heard.checks.load(Ordering::SeqCst)
    }

    /// The event ids of the opt-ins, as they came.
    pub fn event_ids(&self) -> Vec<String> {
        self.heard.event_ids.lock().unwrap().clone()
    }
}

/// A decision of this permission.
pub fn decision(permission: i32, reason: i32) -> Decision {
    Decision {
        permission,
        reasons: vec![reason],
        allowed_template_categories: if permission == 3 { vec![] } else { vec![1] },
        position: Some(Position { seq: 7, hash: vec![7; 32].into() }),
        at: Some(super::client::seconds(1_772_000_000)),
        ..Default::default()
    }
}

/// An item that is refused.
pub fn refused(field: &str) -> Outcome {
    Outcome::Error(ItemError { reason: 2, message: "no".into(), field: field.into() })
}

#[derive(Clone)]
struct Fake {
    script: Arc<Script>,
    heard: Arc<Heard>,
}

async fn said<T>(answer: Option<Result<T, Status>>) -> Result<T, Status> {
    match answer {
        Some(answer) => answer,
        None => std::future::pending().await,
    }
}

#[tonic::async_trait]
impl DecisionService for Fake {
    type StreamCheckSendStream = Pin<Box<dyn Stream<Item = Result<StreamCheckSendResponse, Status>> + Send>>;

    async fn check_send(&self, _: Request<CheckSendRequest>) -> Result<Response<CheckSendResponse>, Status> {
        let nth = self.heard.checks.fetch_add(1, Ordering::SeqCst);
        let decision = said((self.script.checks)(nth)).await?;
        Ok(Response::new(CheckSendResponse { decision, receipt: None }))
    }

    async fn stream_check_send(
        &self,
        request: Request<Streaming<StreamCheckSendRequest>>,
    ) -> Result<Response<Self::StreamCheckSendStream>, Status> {
        let stream = self.heard.streams.fetch_add(1, Ordering::SeqCst);
        let (script, mut nth) = (Arc::clone(&self.script), 0);
        let answers = request.into_inner().map_while(move |question| {
            nth += 1;
            let outcome = (script.items)(stream, nth - 1, &question.ok()?.check.unwrap_or_default())?;
            Some(outcome.map(|outcome| StreamCheckSendResponse { outcome: Some(outcome) }))
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn batch_check_send(&self, _: Request<BatchCheckSendRequest>) -> Result<Response<BatchCheckSendResponse>, Status> {
        Err(Status::unimplemented("not asked"))
    }

    async fn verify_decision(&self, _: Request<VerifyDecisionRequest>) -> Result<Response<VerifyDecisionResponse>, Status> {
        Err(Status::unimplemented("not asked"))
    }
}

macro_rules! not_asked {
    ($($method:ident: $request:ty => $response:ty),+ $(,)?) => {
        #[tonic::async_trait]
        impl RecordingService for Fake {
            type RecordStreamStream = tokio_stream::Empty<Result<RecordStreamResponse, Status>>;

            async fn record_stream(
                &self,
                _: Request<Streaming<RecordStreamRequest>>,
            ) -> Result<Response<Self::RecordStreamStream>, Status> {
                Err(Status::unimplemented("not asked"))
            }

            type RehearseStreamStream = tokio_stream::Empty<Result<RehearseStreamResponse, Status>>;

            async fn rehearse_stream(
                &self,
                _: Request<Streaming<RehearseStreamRequest>>,
            ) -> Result<Response<Self::RehearseStreamStream>, Status> {
                Err(Status::unimplemented("not asked"))
            }

            async fn record_opt_in(&self, request: Request<RecordOptInRequest>) -> Result<Response<RecordOptInResponse>, Status> {
                let nth = {
                    let mut event_ids = self.heard.event_ids.lock().unwrap();
                    event_ids.push(request.into_inner().event_id);
                    event_ids.len() - 1
                };
                let acknowledgement = said((self.script.opt_ins)(nth)).await?;
                Ok(Response::new(RecordOptInResponse { acknowledgement }))
            }

            $(async fn $method(&self, _: Request<$request>) -> Result<Response<$response>, Status> {
                Err(Status::unimplemented("not asked"))
            })+
        }
    };
}

not_asked! {
    record_opt_out: RecordOptOutRequest => RecordOptOutResponse,
    record_inbound_message: RecordInboundMessageRequest => RecordInboundMessageResponse,
    record_provider_feedback: RecordProviderFeedbackRequest => RecordProviderFeedbackResponse,
    record_platform_preference: RecordPlatformPreferenceRequest => RecordPlatformPreferenceResponse,
    record_confirmation_sent: RecordConfirmationSentRequest => RecordConfirmationSentResponse,
}
