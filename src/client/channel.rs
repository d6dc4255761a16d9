//! The connection to a server, and who one is there.

use std::fmt;
use std::str::FromStr;
use std::task::{Context, Poll};

use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{HeaderValue, Request, Response, header};
use tonic::transport::channel::{Channel as Plain, ResponseFuture};

use super::error::ClientError;

/// A connection to a server. Clones share it.
#[derive(Clone, Debug)]
pub struct Channel {
    plain: Plain,
    key: Option<ApiKey>,
}

impl Channel {
    /// Shows this key, where there is one, with every call over this connection.
    pub(super) const fn new(plain: Plain, key: Option<ApiKey>) -> Self {
        Self { plain, key }
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
    fn what_is_no_key_is_refused_and_no_error_shows_it() {
        let key: ApiKey = " clk_256_abc-_ \n".parse().unwrap();
        assert_eq!((key.0.to_str().unwrap(), format!("{key:?}").as_str()), ("Bearer clk_256_abc-_", "ApiKey"));
        for bad in ["", "sk_256_secret", "clk_256_sec ret", "clk_256_secret\u{e9}"] {
            let error = bad.parse::<ApiKey>().unwrap_err();
            assert!(!error.to_string().contains("sec"), "{error}");
        }
    }
}
