//! What HTTP/2 itself may take of either port, said here and not left to defaults.
//!
//! | what a hostile client sends | what bounds it |
//! |---|---|
//! | streams that it resets at once | [`RESETS_WAITING`], [`RESETS_BY_US`]: then the connection ends |
//! | endless CONTINUATION, huge headers | [`HEADERS_BYTES`]: the request is refused, and five frames of headers end the connection |
//! | huge frames | [`FRAME_BYTES`] |
//! | data that nobody takes | the two windows, of each port |
//! | PING and SETTINGS without end | each is answered before the next is read, so that whoever reads no answers is not read |
//! | silence | [`PING_EVERY`] and [`PONG`] |

use std::time::Duration;

use tonic::transport::Server;

/// Calls that one connection may have under way; many at once share a commit.
pub const STREAMS_MAX: u32 = 4_096;

/// Requests that one connection of the HTTP port may have under way.
pub const REQUESTS_MAX: u32 = 256;

/// What one call may have sent that was not taken yet, in bytes; then its client waits. Small, since most clients send every
/// message of a stream in a frame of its own: h2 closes a connection whose short frames that nobody took cost more than half
/// of [`CONNECTION_WINDOW_BYTES`], each what it lacks to 256 bytes. Here frames of 30 bytes cost half a MiB a call.
pub const STREAM_WINDOW_BYTES: u32 = 64 << 10;

/// The same for all calls of one connection: many that wait leave room for the others.
pub const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;

/// The same for all requests of one connection of the HTTP port.
pub const HTTP_WINDOW_BYTES: u32 = 1 << 20;

/// The largest frame, the smallest that HTTP/2 lets one ask for.
pub const FRAME_BYTES: u32 = 16 << 10;

/// All headers of one request, as HTTP/2 counts them: 32 bytes each beside what they hold.
pub const HEADERS_BYTES: u32 = 16 << 10;

/// Streams that the client reset before they were looked at.
pub const RESETS_WAITING: usize = 20;

/// Streams that this side reset because of what the client sent on them, in the life of a connection.
pub const RESETS_BY_US: usize = 1_024;

/// How often a silent connection is asked whether it is still there.
pub const PING_EVERY: Duration = Duration::from_secs(60);

/// How long it may take to say so.
pub const PONG: Duration = Duration::from_secs(20);

/// The limits of the gRPC port.
#[must_use]
pub fn grpc(server: Server) -> Server {
    server
        .max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .http2_max_header_list_size(HEADERS_BYTES)
        .http2_max_pending_accept_reset_streams(Some(RESETS_WAITING))
        .http2_max_local_error_reset_streams(Some(RESETS_BY_US))
        .http2_keepalive_interval(Some(PING_EVERY))
        .http2_keepalive_timeout(Some(PONG))
}

/// The limits of the HTTP port.
pub fn http<E>(builder: &mut hyper_util::server::conn::auto::Builder<E>) {
    builder
        .http2()
        .max_concurrent_streams(REQUESTS_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(HTTP_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .max_header_list_size(HEADERS_BYTES)
        .max_pending_accept_reset_streams(RESETS_WAITING)
        .max_local_error_reset_streams(RESETS_BY_US);
}
