//! Makes connections, with TLS where the URL says so.
//!
//! In TLS 1.3 a client is done before the server has looked at its certificate, and would learn only from its first call, if at
//! all, that it was turned away. So a connection counts as made once the server has said something, which in HTTP/2 it does at once,
//! or after a moment of silence.

use std::error::Error;
use std::io::{self, Cursor};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, Chain, ReadBuf, ReadHalf, WriteHalf, split};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use tonic::codegen::Service;
use tonic::codegen::http::Uri;

/// How long a server may be silent before its silence is taken for consent.
const SILENCE: Duration = Duration::from_millis(250);

/// As much of what a server says first is kept, in bytes.
const FIRST_BYTES: usize = 1024;

/// Makes connections to one server.
#[derive(Clone)]
pub struct Connector {
    tcp: HttpConnector,
    tls: Option<Arc<ClientConfig>>,
}

impl Connector {
    /// In plain text.
    pub fn plain() -> Self {
        Self { tcp: tcp(), tls: None }
    }

    /// Over TLS.
    pub fn tls(mut config: ClientConfig) -> Self {
        config.alpn_protocols = vec![b"h2".to_vec()];
        Self { tcp: tcp(), tls: Some(Arc::new(config)) }
    }
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("tls", &self.tls.is_some()).finish_non_exhaustive()
    }
}

/// Why there is no connection.
type NotConnected = Box<dyn Error + Send + Sync>;

/// A connection that is being made.
type Connecting = Pin<Box<dyn Future<Output = Result<TokioIo<Connection>, NotConnected>> + Send>>;

impl Service<Uri> for Connector {
    type Response = TokioIo<Connection>;
    type Error = NotConnected;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), NotConnected>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Connecting {
        let (tls, host) = (self.tls.clone(), uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned());
        let tcp = self.tcp.call(uri);
        Box::pin(async move {
            let tcp = tcp.await?.into_inner();
            let Some(config) = tls else { return Ok(TokioIo::new(Connection(Either::Left(tcp)))) };
            let name = ServerName::try_from(host)?;
            let stream = TlsConnector::from(config).connect(name, tcp).await?;
            Ok(TokioIo::new(Connection(Either::Right(Box::new(Greeted::new(stream).await?)))))
        })
    }
}

/// A connection.
pub struct Connection(Either<TcpStream, Box<Greeted>>);

/// One over TLS, whose server has said something, or nothing yet.
struct Greeted {
    read: Chain<Cursor<Vec<u8>>, ReadHalf<TlsStream<TcpStream>>>,
    write: WriteHalf<TlsStream<TcpStream>>,
}

impl Greeted {
    async fn new(stream: TlsStream<TcpStream>) -> io::Result<Self> {
        let (mut read, write) = split(stream);
        let mut first = Vec::with_capacity(FIRST_BYTES);
        if let Ok(said) = timeout(SILENCE, read.read_buf(&mut first)).await {
            said?;
        }
        Ok(Self { read: Cursor::new(first).chain(read), write })
    }
}

impl AsyncRead for Greeted {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().read).poll_read(cx, into)
    }
}

impl AsyncWrite for Greeted {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().write).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().write).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().write).poll_shutdown(cx)
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}
