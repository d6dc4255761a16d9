//! Connections, of both servers: how many are open at a time, and how long one may say nothing at its begin.
//!
//! Whoever reaches a port may open connections and send nothing. Each takes a file descriptor, and a ledger without descriptors
//! opens no file: so each server has a part of them at most. Where all are taken, a newcomer takes the place of the oldest that has
//! said nothing yet, else of the oldest over which nobody called whom the server lets in: whoever opens many keeps nobody out. Where all
//! are known, it waits in the kernel's queue.
//!
//! ```text
//! Listener ── Connections::next ──▶ Arrival ── open: the TLS handshake, in a task of its own ──▶ Connection ──▶ the server
//! ```

mod connection;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use rustix::process::{Resource, getrlimit};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;

pub use self::connection::Connection;
use self::connection::{Opening, Over};
use super::limits::Limits;
use crate::tls::{Port, Tls, handshake};

/// The most connections of one server.
const MOST: u64 = 1_024;

/// When so many places are remembered, those that are gone are forgotten.
const STRANGERS: usize = 2_048;

/// Of the file descriptors that there are, one server's connections have one in so many.
const SHARE: u64 = 4;

/// How long the handshake and the first bytes of a connection may take.
pub const OPENING: Duration = Duration::from_secs(10);

/// As many bytes it is until a connection has said something: HTTP/2's preface, and less than any request of HTTP/1.1 has.
const OPENING_BYTES: usize = 24;

/// How long to wait where no connection can be accepted.
const PAUSE: Duration = Duration::from_secs(1);

/// Where connections come in, and whether TLS is spoken there.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    tls: Option<(Arc<Tls>, Port)>,
    limits: Limits,
}

impl Listener {
    /// Speaks TLS on `tcp`.
    #[must_use]
    pub fn over_tls(tcp: TcpListener, tls: Arc<Tls>, port: Port) -> Self {
        Self { tls: Some((tls, port)), ..tcp.into() }
    }

    /// The same, where callers are held to these limits.
    #[must_use]
    pub fn limited(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// What callers are held to that come in here.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// Speaks plain text, with no rate for callers.
impl From<TcpListener> for Listener {
    fn from(tcp: TcpListener) -> Self {
        Self { tcp, tls: None, limits: Limits::new(None) }
    }
}

/// A place among the connections. While nobody is known who calls over it, a newcomer may take it.
#[derive(Debug, Default)]
pub struct Place {
    needed: CancellationToken,
    spoke: AtomicBool,
    known: AtomicBool,
}

impl Place {
    /// Ends when a newcomer takes it.
    fn needed(&self) -> Over {
        Box::pin(self.needed.clone().cancelled_owned())
    }

    fn says_something(&self) {
        self.spoke.store(true, Ordering::Relaxed);
    }

    fn is_known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }
}

/// Who is at the other end of a connection. Every request carries it among its extensions.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its address; none where it is gone already.
    pub address: Option<SocketAddr>,
    /// SHA-256 of the certificate (DER) by which it was let in, 32 bytes; none where it showed none.
    pub certificate: Option<[u8; 32]>,
    place: Arc<Place>,
}

impl Peer {
    /// Somebody at this address, who showed this certificate.
    #[must_use]
    pub fn new(address: Option<SocketAddr>, certificate: Option<[u8; 32]>) -> Self {
        Self { address, certificate, place: Arc::default() }
    }

    /// Somebody who was let in called: nobody takes its place any more.
    pub fn becomes_known(&self) {
        self.place.known.store(true, Ordering::Relaxed);
    }

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
    /// One that was accepted and has no place yet.
    newcomer: Mutex<Option<(TcpStream, SocketAddr)>>,
    /// Those over which nobody called yet who is known, the oldest first, and some that are gone.
    strangers: Mutex<VecDeque<Weak<Place>>>,
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
        Self { free: Arc::new(Semaphore::new(most)), opening, newcomer: Mutex::default(), strangers: Mutex::default() }
    }

    /// The next one, once there is a place for it. What cannot be accepted is tried again.
    ///
    /// Nothing is lost where this is dropped and called again.
    pub async fn next(&self, listener: &Listener) -> Arrival {
        while self.newcomer.lock().is_none() {
            match listener.tcp.accept().await {
                Ok(newcomer) => *self.newcomer.lock() = Some(newcomer),
                // Gone before it was accepted.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted || error.kind() == io::ErrorKind::ConnectionReset => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be accepted; trying again in a second");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        let slot = if let Ok(slot) = Arc::clone(&self.free).try_acquire_owned() {
            Some(slot)
        } else {
            self.displace();
            Arc::clone(&self.free).acquire_owned().await.ok()
        };
        let newcomer = self.newcomer.lock().take();
        match (slot, newcomer) {
            (Some(slot), Some((stream, address))) => Arrival::new(stream, address, listener, self.silence(), slot),
            // Neither happens: the places are never closed, and there is one newcomer.
            _ => std::future::pending().await,
        }
    }

    /// The time in which one must open, which ends also where its place is needed.
    fn silence(&self) -> Opening {
        let place = Arc::new(Place::default());
        let mut strangers = self.strangers.lock();
        if strangers.len() >= STRANGERS {
            forget_the_known(&mut strangers);
        }
        strangers.push_back(Arc::downgrade(&place));
        let (over, needed) = (tokio::time::sleep(self.opening), place.needed());
        let over = async move {
            tokio::select! {
                () = over => {}
                () = needed => {}
            }
        };
        Opening { left: OPENING_BYTES, over: Box::pin(over), place }
    }

    /// Takes the place of the oldest that has said nothing yet, else of the oldest over which nobody called who is known.
    fn displace(&self) {
        let mut strangers = self.strangers.lock();
        forget_the_known(&mut strangers);
        let is_silent = |place: &Weak<Place>| place.upgrade().is_some_and(|place| !place.spoke.load(Ordering::Relaxed));
        let place = strangers.iter().position(is_silent).unwrap_or_default();
        if let Some(place) = strangers.remove(place).and_then(|place| place.upgrade()) {
            place.needed.cancel();
        }
    }

    /// All that come and open, until nobody takes them any more.
    pub fn stream(self, listener: Listener) -> impl Stream<Item = io::Result<Connection>> {
        let (hand, handed) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut opening = JoinSet::new();
            loop {
                tokio::select! {
                    () = hand.closed() => return,
                    arrival = self.next(&listener) => {
                        let hand = hand.clone();
                        opening.spawn(async move {
                            if let Some(connection) = arrival.open().await {
                                let _ = hand.send(Ok(connection)).await;
                            }
                        });
                    }
                    Some(_) = opening.join_next() => {}
                }
            }
        });
        ReceiverStream::new(handed)
    }
}

/// Whoever is known or gone is no stranger.
fn forget_the_known(strangers: &mut VecDeque<Weak<Place>>) {
    strangers.retain(|place| place.upgrade().is_some_and(|place| !place.is_known()));
}

/// A connection that was accepted. With TLS, nothing was said on it yet.
#[derive(Debug)]
pub struct Arrival {
    stream: TcpStream,
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
    opening: Opening,
    slot: OwnedSemaphorePermit,
}

impl Arrival {
    fn new(stream: TcpStream, address: SocketAddr, listener: &Listener, opening: Opening, slot: OwnedSemaphorePermit) -> Self {
        // Answers are small; where it is refused they only come later.
        let _ = stream.set_nodelay(true);
        let tls = listener.tls.as_ref().map(|(tls, port)| tls.config(*port));
        Self { stream, address, tls, opening, slot }
    }

    /// Shakes hands where TLS is spoken; none where that came to nothing.
    pub async fn open(self) -> Option<Connection> {
        let Self { stream, address, tls, mut opening, slot } = self;
        let (stream, certificate) = match tls {
            None => (Either::Left(stream), None),
            Some(config) => match handshake::shake(stream, config, opening.over.as_mut()).await {
                Ok(stream) => {
                    let certificate = handshake::certificate(&stream);
                    (Either::Right(Box::new(stream)), certificate)
                }
                Err(error) => {
                    tracing::debug!(%address, %error, "a TLS handshake failed");
                    return None;
                }
            },
        };
        let peer = Peer { address: Some(address), certificate, place: Arc::clone(&opening.place) };
        Some(Connection { stream, peer, opening: Some(opening), stranger: None, _slot: slot })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::Pin;
    use std::task::Poll;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tonic::transport::server::Connected;

    async fn listener() -> (Listener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener.into(), address)
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
    async fn a_newcomer_takes_the_place_of_the_oldest_that_said_nothing_and_of_nobody_who_spoke() {
        let (listener, address) = listener().await;
        let connections = Connections::of(2, OPENING);
        let mut clients = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
        clients[0].write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        let mut spoke = connections.next(&listener).await.open().await.unwrap();
        spoke.read_exact(&mut [0; OPENING_BYTES]).await.unwrap();
        let mut silent = connections.next(&listener).await.open().await.unwrap();
        let displaced = tokio::spawn(async move { silent.read_u8().await.unwrap_err().kind() });
        let _newcomer = TcpStream::connect(address).await.unwrap();
        let _third = connections.next(&listener).await;
        assert_eq!(displaced.await.unwrap(), io::ErrorKind::TimedOut);
        clients[0].write_all(b"!").await.unwrap();
        assert_eq!(spoke.read_u8().await.unwrap(), b'!');
    }

    #[tokio::test]
    async fn a_newcomer_takes_the_place_of_a_stranger_and_never_of_somebody_who_was_let_in() {
        let (listener, address) = listener().await;
        let connections = Connections::of(2, OPENING);
        let mut clients = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
        let mut opened = Vec::new();
        for client in &mut clients {
            client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
            let mut connection = connections.next(&listener).await.open().await.unwrap();
            connection.read_exact(&mut [0; OPENING_BYTES]).await.unwrap();
            opened.push(connection);
        }
        let (mut stranger, mut known) = (opened.pop().unwrap(), opened.pop().unwrap());
        Connected::connect_info(&known).becomes_known();
        let displaced = tokio::spawn(async move { stranger.read_u8().await.unwrap_err().kind() });
        let _newcomer = TcpStream::connect(address).await.unwrap();
        let _third = connections.next(&listener).await;
        assert_eq!(displaced.await.unwrap(), io::ErrorKind::TimedOut);
        clients[0].write_all(b"!").await.unwrap();
        assert_eq!(known.read_u8().await.unwrap(), b'!');
    }

    #[tokio::test]
    async fn who_says_nothing_or_half_a_preface_is_let_go_and_who_said_enough_may_be_silent() {
        let (listener, address) = listener().await;
        // Whatever is not there is too late.
        let connections = Connections::of(3, Duration::ZERO);
        for (said, stays) in [("", false), ("PRI * HTTP/2.0\r\n", false), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true)] {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(said.as_bytes()).await.unwrap();
            let mut connection = connections.next(&listener).await.open().await.unwrap();
            let mut bytes = vec![0; said.len()];
            if !said.is_empty() {
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
