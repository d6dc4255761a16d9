//! Connections, of both servers: how many are open at a time, and how long one may say nothing at its begin.
//!
//! Whoever reaches a port may open connections and send nothing. Each takes a file descriptor, and a ledger without descriptors
//! opens no file: so each server has a part of them at most, and what waits for more waits in the kernel's queue.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Sleep;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

/// The most connections of one server.
const MOST: u64 = 1_024;

/// Of the file descriptors that there are, one server's connections have one in so many.
const SHARE: u64 = 4;

/// How long the first bytes of a connection may take.
pub const OPENING: Duration = Duration::from_secs(10);

/// As many bytes it is until a connection has said something: HTTP/2's preface, and less than any request of HTTP/1.1 has.
const OPENING_BYTES: usize = 24;

/// How long to wait where no connection can be accepted.
const PAUSE: Duration = Duration::from_secs(1);

/// Who is at the other end of a connection. Every request carries it among its extensions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// Its address; none where it is gone already.
    pub address: Option<SocketAddr>,
    /// SHA-256 of the certificate (DER) by which it was let in, 32 bytes; none where it showed none.
    pub certificate: Option<[u8; 32]>,
}

impl Peer {
    /// Whether it is a program on this machine.
    #[must_use]
    pub fn is_on_this_machine(&self) -> bool {
        self.address.is_some_and(|address| address.ip().to_canonical().is_loopback())
    }
}

/// The connections of one server.
#[derive(Debug)]
pub struct Connections {
    free: Arc<Semaphore>,
    /// How long the first bytes of one may take.
    opening: Duration,
}

impl Default for Connections {
    /// 1,024, or a quarter of the files that this process may have open where that is less.
    fn default() -> Self {
        let share = getrlimit(Resource::Nofile).current.map_or(MOST, |files| (files / SHARE).clamp(1, MOST));
        Self::of(usize::try_from(share).unwrap_or(1), OPENING)
    }
}

impl Connections {
    /// So many at a time, whose first bytes may take so long.
    fn of(most: usize, opening: Duration) -> Self {
        Self { free: Arc::new(Semaphore::new(most)), opening }
    }

    /// The next one, once there is room for it. What cannot be accepted is tried again.
    pub async fn next(&self, listener: &TcpListener) -> Connection {
        loop {
            // Never closed.
            let Ok(slot) = Arc::clone(&self.free).acquire_owned().await else { return std::future::pending().await };
            match listener.accept().await {
                Ok((stream, _)) => return Connection::new(stream, self.opening, slot),
                // Gone before it was accepted.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted || error.kind() == io::ErrorKind::ConnectionReset => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be accepted; trying again in a second");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// All that come, until nobody takes them any more.
    pub fn stream(self, listener: TcpListener) -> impl Stream<Item = io::Result<Connection>> {
        let (hand, handed) = mpsc::channel(1);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = hand.closed() => return,
                    connection = self.next(&listener) => drop(hand.send(Ok(connection)).await),
                }
            }
        });
        ReceiverStream::new(handed)
    }
}

/// A connection. It breaks where its first bytes do not come in time.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    opening: Option<Opening>,
    _slot: OwnedSemaphorePermit,
}

#[derive(Debug)]
struct Opening {
    left: usize,
    over: Pin<Box<Sleep>>,
}

impl Connection {
    fn new(stream: TcpStream, opening: Duration, slot: OwnedSemaphorePermit) -> Self {
        // Answers are small; where it is refused they only come later.
        let _ = stream.set_nodelay(true);
        let opening = Opening { left: OPENING_BYTES, over: Box::pin(tokio::time::sleep(opening)) };
        Self { stream, opening: Some(opening), _slot: slot }
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, into);
        let Some(opening) = &mut this.opening else { return read };
        if read.is_pending() {
            ready!(opening.over.as_mut().poll(context));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        opening.left = opening.left.saturating_sub(into.filled().len().saturating_sub(before));
        if opening.left == 0 {
            this.opening = None;
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        Peer { address: self.stream.peer_addr().ok(), certificate: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn listener() -> (TcpListener, std::net::SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[tokio::test]
    async fn one_more_than_there_may_be_waits_until_one_is_closed() {
        let (listener, address) = listener().await;
        let connections = Connections::of(2, OPENING);
        let _clients = [TcpStream::connect(address).await, TcpStream::connect(address).await, TcpStream::connect(address).await];
        let (first, _second) = (connections.next(&listener).await, connections.next(&listener).await);
        let mut third = Box::pin(connections.next(&listener));
        assert!(now(third.as_mut()).await.is_none(), "it waits");
        drop(first);
        third.await;
    }

    /// What is there without waiting.
    async fn now<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
        std::future::poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    #[tokio::test]
    async fn who_says_nothing_or_half_a_preface_is_let_go_and_who_said_enough_may_be_silent() {
        let (listener, address) = listener().await;
        // Whatever is not there is too late.
        let connections = Connections::of(3, Duration::ZERO);
        for (said, stays) in [("", false), ("PRI * HTTP/2.0\r\n", false), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true)] {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(said.as_bytes()).await.unwrap();
            let mut connection = connections.next(&listener).await;
            let mut bytes = vec![0; said.len()];
            if !said.is_empty() {
                connection.stream.readable().await.unwrap();
                connection.read_exact(&mut bytes).await.unwrap();
            }
            if stays {
                client.write_all(b"!").await.unwrap();
                assert!(connection.opening.is_none());
                assert_eq!(connection.read_u8().await.unwrap(), b'!');
            } else {
                assert_eq!(connection.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut, "{said:?}");
            }
        }
    }
}
