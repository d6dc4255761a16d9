//! Where a server is.

use std::time::Duration;

use tonic::transport::Endpoint;

use super::error::ClientError;
use super::tls::Tls;

/// How often a server with calls under way is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(10);

/// How long it may take to say so.
const PONG: Duration = Duration::from_secs(20);

/// The server at `http://HOST:PORT`, or at `https://HOST:PORT` where its certificate is of an authority that this machine trusts.
///
/// # Errors
/// Where that is no such URL.
pub fn endpoint(url: &str) -> Result<Endpoint, ClientError> {
    endpoint_with_tls(url, &Tls::default())
}

/// The server at `https://HOST:PORT`, which is trusted and told as `tls` says; at `http://` it does not count.
///
/// # Errors
/// Where that is no such URL, or this machine trusts nobody.
pub fn endpoint_with_tls(url: &str, tls: &Tls) -> Result<Endpoint, ClientError> {
    let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|error| ClientError::NoEndpoint { message: error.to_string() })?;
    let endpoint = match endpoint.uri().scheme_str() {
        Some("http") => endpoint,
        Some("https") => endpoint.tls_config(tls.grpc()).map_err(|error| ClientError::NoTls { message: words(&error) })?,
        _ => return Err(ClientError::NoEndpoint { message: "no http:// or https:// URL".to_owned() }),
    };
    Ok(endpoint.tcp_nodelay(true).http2_keep_alive_interval(PING_EVERY).keep_alive_timeout(PONG))
}

/// An error's words, or those of what caused it, which say more.
fn words(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}
