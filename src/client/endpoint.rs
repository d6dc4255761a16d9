//! Where a server is.

use tonic::transport::Endpoint;

use super::error::ClientError;

/// The server at `http://HOST:PORT`.
///
/// # Errors
/// Where that is no such URL.
pub fn endpoint(url: &str) -> Result<Endpoint, ClientError> {
    let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|error| ClientError::NoEndpoint { message: error.to_string() })?;
    if endpoint.uri().scheme_str() != Some("http") {
        return Err(ClientError::NoEndpoint { message: "no http:// URL".to_owned() });
    }
    Ok(endpoint.tcp_nodelay(true))
}
