//! One connection as the servers read and write it, with TLS or without.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tonic::transport::server::Connected;

use super::{Peer, Place};

/// A connection. It breaks where its first bytes do not come in time.
#[derive(Debug)]
pub struct Connection {
    pub(super) stream: Either<TcpStream, Box<TlsStream<TcpStream>>>,
    pub(super) peer: Peer,
    pub(super) opening: Option<Opening>,
    pub(super) stranger: Option<Stranger>,
    pub(super) _slot: OwnedSemaphorePermit,
}

/// What is still to be said until a connection is open.
pub struct Opening {
    /// Bytes that are missing.
    pub(super) left: usize,
    /// Ends when it took too long, or its place is needed.
    pub(super) over: Over,
    /// What it takes.
    pub(super) place: Arc<Place>,
}

/// A connection that is open, and over which nobody called yet who is known: its place may be needed.
pub struct Stranger {
    needed: Over,
    place: Arc<Place>,
}

impl std::fmt::Debug for Stranger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stranger").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Time that runs out.
pub type Over = Pin<Box<dyn Future<Output = ()> + Send>>;

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening").field("left", &self.left).finish_non_exhaustive()
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, into);
        if let Some(stranger) = &mut this.stranger {
            if stranger.place.is_known() {
                this.stranger = None;
            } else if read.is_pending() && stranger.needed.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        let Some(opening) = &mut this.opening else { return read };
        if read.is_pending() {
            ready!(opening.over.as_mut().poll(context));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        opening.left = opening.left.saturating_sub(into.filled().len().saturating_sub(before));
        if opening.left == 0
            && let Some(opening) = this.opening.take()
        {
            opening.place.says_something();
            let needed = opening.place.needed();
            this.stranger = Some(Stranger { needed, place: opening.place });
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
        self.peer.clone()
    }
}
