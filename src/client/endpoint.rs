//! Where a server is, and how a connection to it is made.

use std::time::Duration;

use tonic::codegen::http::Uri;
use tonic::transport;

use super::channel::{ApiKey, Channel};
use super::connector::Connector;
use super::error::ClientError;
use super::tls::Tls;

/// How often a server with calls under way is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(10);

/// How long it may take to say so.
const PONG: Duration = Duration::from_secs(20);

/// A server.
#[derive(Clone, Debug)]
pub struct Endpoint {
    transport: transport::Endpoint,
    connector: Connector,
    key: Option<ApiKey>,
}

impl Endpoint {
    /// The server at `http://HOST:PORT`, or at `https://HOST:PORT`, which is trusted and told as `tls` says.
    ///
    /// # Errors
    /// Where that is no such URL, or what is to be trusted and shown does not do.
    pub fn new(url: &str, tls: &Tls) -> Result<Self, ClientError> {
        let no_endpoint = |message: String| ClientError::NoEndpoint { message };
        let endpoint = transport::Endpoint::from_shared(url.to_owned()).map_err(|error| no_endpoint(error.to_string()))?;
        let connector = match endpoint.uri().scheme_str() {
            Some("http") => Connector::plain(),
            Some("https") => Connector::tls(tls.config()?),
            _ => return Err(no_endpoint("no http:// or https:// URL".to_owned())),
        };
        let endpoint = endpoint.http2_keep_alive_interval(PING_EVERY).keep_alive_timeout(PONG);
        Ok(Self { transport: endpoint, connector, key: None })
    }

    /// The same, showing this key with every call. In plain text a key reaches this machine and no other.
    ///
    /// # Errors
    /// Where the server is on another machine, and nothing is encrypted.
    pub fn api_key(self, key: ApiKey) -> Result<Self, ClientError> {
        if is_private(self.transport.uri()) { Ok(self.api_key_in_clear(key)) } else { Err(ClientError::KeyInClear) }
    }

    /// The same, showing this key with every call, also in plain text to another machine: whoever is between can read it and be
    /// whose it is.
    #[must_use]
    pub fn api_key_in_clear(self, key: ApiKey) -> Self {
        Self { key: Some(key), ..self }
    }

    /// The same, where connecting may take so long.
    #[must_use]
    pub fn connect_timeout(self, most: Duration) -> Self {
        Self { transport: self.transport.connect_timeout(most), ..self }
    }

    /// The same, where each call may take so long.
    #[must_use]
    pub fn timeout(self, most: Duration) -> Self {
        Self { transport: self.transport.timeout(most), ..self }
    }

    /// Connects.
    ///
    /// # Errors
    /// Where nobody answers, or nobody who is trusted; [`TlsFault::of`](super::TlsFault::of) tells what it is.
    pub async fn connect(&self) -> Result<Channel, transport::Error> {
        let plain = self.transport.connect_with_connector(self.connector.clone()).await?;
        Ok(Channel::new(plain, self.key.clone()))
    }

    /// Connects at the first call, and again whenever the connection broke. Must be called within a tokio runtime.
    #[must_use]
    pub fn connect_lazy(&self) -> Channel {
        Channel::new(self.transport.connect_with_connector_lazy(self.connector.clone()), self.key.clone())
    }
}

/// Whether nobody between here and the server reads what is sent.
fn is_private(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let is_here = host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.to_canonical().is_loopback());
    is_here || uri.scheme_str() == Some("https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_to_this_machine_or_over_tls() {
        let key: ApiKey = "clk_256_abc".parse().unwrap();
        let given = |url: &str| Endpoint::new(url, &Tls::default()).unwrap().api_key(key.clone());
        for private in ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1", "http://127.8.0.1", "https://ledger.example"] {
            assert!(given(private).is_ok(), "{private}");
        }
        for open in
            ["http://ledger.example:1", "http://10.0.0.1", "http://localhost.example", "http://127.0.0.1.example", "http://0.0.0.0:1"]
        {
            assert_eq!(given(open).err(), Some(ClientError::KeyInClear), "{open}");
        }
    }
}
