//! Where a server is.

use std::time::Duration;

use tonic::transport::Endpoint;

use super::error::ClientError;

/// How often a server with calls under way is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(10);

/// How long it may take to say so.
const PONG: Duration = Duration::from_secs(20);

/// The server at `http://HOST:PORT`.
///
/// # Errors
/// Where that is no such URL.
pub fn endpoint(url: &str) -> Result<Endpoint, ClientError> {
    let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|error| ClientError::NoEndpoint { message: error.to_string() })?;
    if endpoint.uri().scheme_str() != Some("http") {
        return Err(ClientError::NoEndpoint { message: "no http:// URL".to_owned() });
    }
    Ok(endpoint.tcp_nodelay(true).http2_keep_alive_interval(PING_EVERY).keep_alive_timeout(PONG))
}
