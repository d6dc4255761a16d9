//! A connection over which each call shows an API key that can be changed while calls are made, as whoever rotates keys does it.

#![allow(dead_code, reason = "each subject uses its part")]

use std::sync::Arc;
use std::task::{Context, Poll};

use consent_ledger::client::Channel;
use parking_lot::Mutex;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Request, Response, header};
use tonic::transport::channel::ResponseFuture;

/// A key that whoever shows it looks up before each call.
#[derive(Clone)]
pub struct Key(Arc<Mutex<String>>);

impl Key {
    /// This one.
    pub fn new(text: &str) -> Self {
        Self(Arc::new(Mutex::new(text.to_owned())))
    }

    /// Another from now on, for everybody who shows it.
    pub fn change(&self, text: &str) {
        text.clone_into(&mut self.0.lock());
    }

    /// As it is now.
    pub fn text(&self) -> String {
        self.0.lock().clone()
    }

    /// The value of the header that shows it.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.text())
    }
}

/// The connection.
#[derive(Clone)]
pub struct Connection {
    channel: Channel,
    key: Option<Key>,
}

impl Connection {
    /// Shows this key.
    pub const fn showing(channel: Channel, key: Key) -> Self {
        Self { channel, key: Some(key) }
    }
}

impl From<Channel> for Connection {
    /// Shows what it shows by itself.
    fn from(channel: Channel) -> Self {
        Self { channel, key: None }
    }
}

impl Service<Request<Body>> for Connection {
    type Response = Response<Body>;
    type Error = tonic::transport::Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.channel.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> ResponseFuture {
        if let Some(key) = &self.key {
            request.headers_mut().insert(header::AUTHORIZATION, key.bearer().parse().unwrap());
        }
        self.channel.call(request)
    }
}
