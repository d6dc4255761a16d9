//! A server that streams what a test says, in this process: for exports that break off, and for long ones.

use std::net::SocketAddr;
use std::sync::Arc;

use consent_ledger::proto::audit_service_server::{AuditService, AuditServiceServer};
use consent_ledger::proto::{
    ExportEntriesRequest, ExportEntriesResponse, ExportPiece, GetCheckpointRequest, GetCheckpointResponse, GetContactRequest,
    GetContactResponse, GetDriftRequest, GetDriftResponse, GetEvidenceRequest, GetEvidenceResponse, ListEntriesRequest,
    ListEntriesResponse, ListPossibleOptOutsRequest, ListPossibleOptOutsResponse, ListReadsRequest, ListReadsResponse,
    ProveConsistencyRequest, ProveConsistencyResponse, ProveInclusionRequest, ProveInclusionResponse, ResolvePossibleOptOutRequest,
    ResolvePossibleOptOutResponse,
};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status};

/// What is streamed; made piece by piece while it is taken.
pub type Pieces = Box<dyn Iterator<Item = Result<ExportPiece, Status>> + Send>;

/// How many pieces go into a message.
const TOGETHER: usize = 100;

/// A server that answers every export with the same pieces.
pub struct FakeServer {
    /// Where it listens.
    pub url: String,
    _runtime: tokio::runtime::Runtime,
}

impl FakeServer {
    /// Starts it.
    pub fn start(pieces: impl Fn() -> Pieces + Send + Sync + 'static) -> Self {
        let runtime = crate::support::client::runtime();
        let listener = runtime.block_on(tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = AuditServiceServer::new(Fake { pieces: Arc::new(pieces) });
        runtime.spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(TcpListenerStream::new(listener)));
        Self { url, _runtime: runtime }
    }
}

struct Fake {
    pieces: Arc<dyn Fn() -> Pieces + Send + Sync>,
}

type Stream<T> = ReceiverStream<Result<T, Status>>;

impl Fake {
    /// Streams from a thread of its own: the pieces may take their time.
    fn stream<T: Send + 'static>(&self, message: fn(Vec<ExportPiece>) -> T) -> Response<Stream<T>> {
        let pieces = (self.pieces)();
        let (send, stream) = tokio::sync::mpsc::channel(4);
        std::thread::spawn(move || {
            let mut together = Vec::with_capacity(TOGETHER);
            let mut broken = None;
            for piece in pieces {
                match piece {
                    Ok(piece) => together.push(piece),
                    Err(status) => broken = Some(status),
                }
                let full = together.len() == TOGETHER || broken.is_some();
                if full && send.blocking_send(Ok(message(std::mem::take(&mut together)))).is_err() {
                    return;
                }
                if let Some(status) = broken.take() {
                    let _ = send.blocking_send(Err(status));
                    return;
                }
            }
            let _ = send.blocking_send(Ok(message(together)));
        });
        Response::new(ReceiverStream::new(stream))
    }
}

macro_rules! not_asked {
    ($($method:ident: $request:ty => $response:ty),+ $(,)?) => {
        #[tonic::async_trait]
        impl AuditService for Fake {
            type ExportEntriesStream = Stream<ExportEntriesResponse>;
            type GetEvidenceStream = Stream<GetEvidenceResponse>;

            async fn export_entries(&self, _: Request<ExportEntriesRequest>) -> Result<Response<Self::ExportEntriesStream>, Status> {
                Ok(self.stream(|pieces| ExportEntriesResponse { pieces }))
            }

            async fn get_evidence(&self, _: Request<GetEvidenceRequest>) -> Result<Response<Self::GetEvidenceStream>, Status> {
                Ok(self.stream(|pieces| GetEvidenceResponse { pieces }))
            }

            $(async fn $method(&self, _: Request<$request>) -> Result<Response<$response>, Status> {
                Err(Status::unimplemented("this server only exports"))
            })+
        }
    };
}

not_asked! {
    get_contact: GetContactRequest => GetContactResponse,
    list_entries: ListEntriesRequest => ListEntriesResponse,
    list_possible_opt_outs: ListPossibleOptOutsRequest => ListPossibleOptOutsResponse,
    resolve_possible_opt_out: ResolvePossibleOptOutRequest => ResolvePossibleOptOutResponse,
    get_drift: GetDriftRequest => GetDriftResponse,
    list_reads: ListReadsRequest => ListReadsResponse,
    get_checkpoint: GetCheckpointRequest => GetCheckpointResponse,
    prove_inclusion: ProveInclusionRequest => ProveInclusionResponse,
    prove_consistency: ProveConsistencyRequest => ProveConsistencyResponse,
}
