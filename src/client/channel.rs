//! The connection to a server, and who one is there.

use std::fmt;
use std::str::FromStr;
use std::task::{Context, Poll};

use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{HeaderValue, Request, Response, Uri, header};
use tonic::transport::Endpoint;
use tonic::transport::channel::{Channel as Plain, ResponseFuture};

use super::error::ClientError;

/// A connection to a server. Clones share it.
#[derive(Clone, Debug)]
pub struct Channel {
    plain: Plain,
    key: Option<ApiKey>,
}

impl Channel {
    /// Shows this key with every call over it. Over plain text a key reaches this machine and no other, unless that is
    /// `in_clear`: whoever is between could read it and be whose it is.
    ///
    /// # Errors
    /// Where the server is on another machine, and nothing is encrypted.
    pub fn with_key(self, endpoint: &Endpoint, key: ApiKey, in_clear: bool) -> Result<Self, ClientError> {
        if !in_clear && !is_private(endpoint.uri()) {
            return Err(ClientError::KeyInClear);
        }
        Ok(Self { key: Some(key), ..self })
    }
}

impl From<Plain> for Channel {
    fn from(plain: Plain) -> Self {
        Self { plain, key: None }
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = tonic::transport::Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.plain.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> ResponseFuture {
        if let Some(key) = &self.key {
            request.headers_mut().insert(header::AUTHORIZATION, key.0.clone());
        }
        self.plain.call(request)
    }
}

/// Whether nobody between here and the server reads what is sent.
fn is_private(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let is_here = host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.to_canonical().is_loopback());
    is_here || uri.scheme_str() == Some("https")
}

/// An API key, as `consent-ledger keys add` gave it.
#[derive(Clone)]
pub struct ApiKey(HeaderValue);

impl FromStr for ApiKey {
    type Err = ClientError;

    /// Reads a key; white space around it is ignored. The error does not show it.
    fn from_str(text: &str) -> Result<Self, ClientError> {
        let text = text.trim();
        let looks_right = text.starts_with("clk_") && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        let header = HeaderValue::from_str(&format!("Bearer {text}")).ok().filter(|_| looks_right);
        let mut header = header.ok_or(ClientError::NoKey)?;
        header.set_sensitive(true);
        Ok(Self(header))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_to_this_machine_or_over_tls() {
        for private in ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1", "http://127.8.0.1", "https://ledger.example"] {
            assert!(is_private(&private.parse().unwrap()), "{private}");
        }
        for open in
            ["http://ledger.example:1", "http://10.0.0.1", "http://localhost.example", "http://127.0.0.1.example", "http://0.0.0.0:1"]
        {
            assert!(!is_private(&open.parse().unwrap()), "{open}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_no_error_shows_it() {
        let key: ApiKey = " clk_256_abc-_ \n".parse().unwrap();
        assert_eq!((key.0.to_str().unwrap(), format!("{key:?}").as_str()), ("Bearer clk_256_abc-_", "ApiKey"));
        for bad in ["", "sk_256_secret", "clk_256_sec ret", "clk_256_secret\u{e9}"] {
            let error = bad.parse::<ApiKey>().unwrap_err();
            assert!(!error.to_string().contains("sec"), "{error}");
        }
    }
}
