//! A gRPC client of the server under test, with the generated messages.

use std::time::Duration;

use consent_ledger::client::Channel;
use consent_ledger::proto::admin_service_client::AdminServiceClient;
use consent_ledger::proto::audit_service_client::AuditServiceClient;
use consent_ledger::proto::decision_service_client::DecisionServiceClient;
use consent_ledger::proto::identity_service_client::IdentityServiceClient;
use consent_ledger::proto::recording_service_client::RecordingServiceClient;
use consent_ledger::proto::watch_service_client::WatchServiceClient;
use consent_ledger::proto::{
    Acknowledgement, Category, CheckSendRequest, Decision, Entry, InboundKind, ListEntriesRequest, Method, RecordInboundMessageRequest,
    RecordOptInRequest, WatchEntriesRequest,
};
use prost_types::Timestamp;
use tonic::Status;
use tonic::transport::Endpoint;

use super::connection::Connection;
use super::server::Server;

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The services.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    Decision,
    Recording,
    Identity,
    Audit,
    Admin,
    Watch,
}

/// Every service.
#[derive(Clone)]
pub struct Client {
    /// The connection.
    pub channel: Channel,
    /// Checks.
    pub decision: DecisionServiceClient<Connection>,
    /// Records.
    pub recording: RecordingServiceClient<Connection>,
    /// Says who is who.
    pub identity: IdentityServiceClient<Connection>,
    /// Reads the log.
    pub audit: AuditServiceClient<Connection>,
    /// Runs the ledger.
    pub admin: AdminServiceClient<Connection>,
    /// Follows it.
    pub watch: WatchServiceClient<Connection>,
}

impl Client {
    /// Connects to `http://HOST:PORT`.
    pub async fn connect(url: &str) -> Self {
        let endpoint = Endpoint::from_shared(url.to_owned()).unwrap().timeout(PATIENCE).tcp_nodelay(true);
        Self::over(endpoint.connect().await.unwrap())
    }

    /// Over a connection that is there already.
    pub fn over(channel: impl Into<Channel>) -> Self {
        let channel = channel.into();
        Self::showing(&channel, |_| channel.clone().into())
    }

    /// Each service over a connection of its own; `channel` for what is none of them.
    pub fn showing(channel: &Channel, to: impl Fn(Service) -> Connection) -> Self {
        Self {
            decision: DecisionServiceClient::new(to(Service::Decision)).max_decoding_message_size(64 << 20),
            recording: RecordingServiceClient::new(to(Service::Recording)),
            identity: IdentityServiceClient::new(to(Service::Identity)),
            audit: AuditServiceClient::new(to(Service::Audit)).max_decoding_message_size(64 << 20),
            admin: AdminServiceClient::new(to(Service::Admin)),
            watch: WatchServiceClient::new(to(Service::Watch)),
            channel: channel.clone(),
        }
    }

    /// Records an opt-in.
    pub async fn opt_in(&self, request: RecordOptInRequest) -> Result<Acknowledgement, Status> {
        let response = self.recording.clone().record_opt_in(request).await?.into_inner();
        Ok(response.acknowledgement.unwrap())
    }

    /// Records an inbound message.
    pub async fn inbound(&self, request: RecordInboundMessageRequest) -> Result<Acknowledgement, Status> {
        let response = self.recording.clone().record_inbound_message(request).await?.into_inner();
        Ok(response.acknowledgement.unwrap())
    }

    /// Asks.
    pub async fn check(&self, request: CheckSendRequest) -> Result<Decision, Status> {
        let response = self.decision.clone().check_send(request).await?.into_inner();
        Ok(response.decision.unwrap())
    }

    /// Every entry of the ledger, with its bytes and unopened: to look leaves nothing behind.
    pub async fn log(&self) -> Vec<Entry> {
        let head = self.check(question("GB.nobody", "1")).await.unwrap().position.unwrap().seq;
        let request = WatchEntriesRequest { all_accounts: true, from_seq: 1, with_raw: true, ..Default::default() };
        let mut stream = self.watch.clone().watch_entries(request).await.unwrap().into_inner();
        let mut entries = Vec::new();
        loop {
            let response = stream.message().await.unwrap().expect("it has no end");
            entries.extend(response.entries.into_iter().filter(|entry| entry.seq <= head));
            if response.position.is_some_and(|position| position.seq >= head) {
                return entries;
            }
        }
    }

    /// Every entry of the ledger, opened. That is a read, and leaves one.
    pub async fn opened_log(&self) -> Vec<Entry> {
        self.entries(ListEntriesRequest { all_accounts: true, page_size: 1_000, ..Default::default() }).await
    }

    /// Every entry that is asked for, from the first page to the last.
    pub async fn entries(&self, mut request: ListEntriesRequest) -> Vec<Entry> {
        let mut entries = Vec::new();
        loop {
            let page = self.audit.clone().list_entries(request.clone()).await.unwrap().into_inner();
            entries.extend(page.entries);
            if page.next_seq == 0 {
                return entries;
            }
            request.from_seq = page.next_seq;
        }
    }
}

/// A runtime for clients.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Runs a test on a server of its own.
pub fn on_a_server<F: Future<Output = ()>>(test: impl FnOnce(Client) -> F) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async { test(Client::connect(&server.url()).await).await });
    assert_eq!(server.terminate().code(), Some(0));
}

/// An opt-in to marketing on a web page.
pub fn opt_in(contact: &str, event_id: &str) -> RecordOptInRequest {
    RecordOptInRequest {
        contact: contact.into(),
        event_id: event_id.into(),
        categories: vec![Category::Marketing.into()],
        method: Method::Website.into(),
        ..Default::default()
    }
}

/// A text message.
pub fn text(contact: &str, sender: &str, text: &str) -> RecordInboundMessageRequest {
    RecordInboundMessageRequest {
        contacts: vec![contact.into()],
        sender: sender.into(),
        kind: InboundKind::Text.into(),
        text: text.into(),
        ..Default::default()
    }
}

/// May this sender write to this contact now?
pub fn question(contact: &str, sender: &str) -> CheckSendRequest {
    CheckSendRequest { contact: contact.into(), sender: sender.into(), ..Default::default() }
}

/// A time so many seconds after 1970.
pub const fn seconds(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanos: 0 }
}
