//! Where a server is, and how a connection to it is made.

use std::time::Duration;

use tonic::transport::{self, Channel};

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
    endpoint: transport::Endpoint,
    connector: Connector,
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
        Ok(Self { endpoint, connector })
    }

    /// The same, where connecting may take so long.
    #[must_use]
    pub fn connect_timeout(self, most: Duration) -> Self {
        Self { endpoint: self.endpoint.connect_timeout(most), ..self }
    }

    /// The same, where each call may take so long.
    #[must_use]
    pub fn timeout(self, most: Duration) -> Self {
        Self { endpoint: self.endpoint.timeout(most), ..self }
    }

    /// Connects.
    ///
    /// # Errors
    /// Where nobody answers, or nobody who is trusted; [`TlsFault::of`](super::TlsFault::of) tells what it is.
    pub async fn connect(&self) -> Result<Channel, transport::Error> {
        self.endpoint.connect_with_connector(self.connector.clone()).await
    }

    /// Connects at the first call, and again whenever the connection broke. Must be called within a tokio runtime.
    #[must_use]
    pub fn connect_lazy(&self) -> Channel {
        self.endpoint.connect_with_connector_lazy(self.connector.clone())
    }
}
