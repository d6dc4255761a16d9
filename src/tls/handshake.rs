//! One handshake: in its time, and its end such that the other side learns why.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long the other side may take to read why it is turned away.
const PARTING: Duration = Duration::from_secs(1);

/// How much of what it sent meanwhile is read, in bytes.
const PARTING_BYTES: u64 = 64 << 10;

/// Shakes hands, before `over` ends.
///
/// # Errors
/// Where it takes longer, where the other side speaks no TLS or none that is taken, or shows no certificate that is.
pub async fn shake(stream: TcpStream, config: Arc<ServerConfig>, over: Pin<&mut Sleep>) -> io::Result<TlsStream<TcpStream>> {
    let shaken = tokio::select! {
        shaken = TlsAcceptor::from(config).accept(stream).into_fallible() => shaken,
        () = over => return Err(io::Error::new(io::ErrorKind::TimedOut, "the handshake took too long")),
    };
    match shaken {
        Ok(stream) => Ok(stream),
        Err((error, stream)) => {
            part(stream).await;
            Err(error)
        }
    }
}

/// Closes in the order that lets the other side read the alert: what is closed with bytes unread is reset.
async fn part(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
    let mut rest = stream.take(PARTING_BYTES);
    let _ = timeout(PARTING, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
}

/// SHA-256 of the certificate that the other side showed; it was verified.
#[must_use]
pub fn certificate(stream: &TlsStream<TcpStream>) -> Option<[u8; 32]> {
    let (_, session) = stream.get_ref();
    session.peer_certificates()?.first().map(|leaf| Sha256::digest(leaf).into())
}
