//! Calls: how many began, how they ended and when; a span, an id and, where it failed, a line in the log for each.
//!
//! A stream is handled when it has ended: with its trailers, or because its caller went away.

mod body;
mod call;
mod failure;
mod layer;
pub mod methods;
mod span;
mod told;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tonic::Code;

pub use call::{Call, Named, RequestId};
pub use layer::CallLayer;
use methods::Method;

use crate::measure::Histogram;

/// Bounds of a call, in nanoseconds: 100 µs to a minute.
const CALL_BOUNDS: [u64; 14] = [
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    100_000_000,
    250_000_000,
    1_000_000_000,
    2_500_000_000,
    10_000_000_000,
    60_000_000_000,
];

/// How many codes there are.
const CODES: usize = 17;

/// How calls come in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edge {
    /// Over gRPC.
    Grpc,
    /// As JSON over HTTP.
    Json,
}

impl Edge {
    /// Its name in logs and spans.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Json => "json",
        }
    }
}

/// The calls of one server.
#[derive(Debug)]
pub struct Calls {
    edge: Edge,
    /// At the place of their method.
    methods: Box<[Numbers]>,
}

#[derive(Debug)]
struct Numbers {
    started: AtomicU64,
    /// At the place of the code.
    handled: [AtomicU64; CODES],
    took: Histogram,
}

impl Calls {
    /// The calls that come in here.
    #[must_use]
    pub fn of(edge: Edge) -> Arc<Self> {
        let numbers = |_: &Method| Numbers {
            started: AtomicU64::new(0),
            handled: [const { AtomicU64::new(0) }; CODES],
            took: Histogram::of_times(&CALL_BOUNDS),
        };
        Arc::new(Self { edge, methods: methods::all().iter().map(numbers).collect() })
    }

    fn started(&self, method: usize) {
        if let Some(numbers) = self.methods.get(method) {
            numbers.started.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn handled(&self, method: usize, code: Code, took: Duration) {
        let Some(numbers) = self.methods.get(method) else { return };
        if let Some(handled) = numbers.handled.get(code as usize) {
            handled.fetch_add(1, Ordering::Relaxed);
        }
        numbers.took.time(took);
    }

    /// Methods with their numbers.
    fn each(&self) -> impl Iterator<Item = (&'static Method, &Numbers)> {
        methods::all().iter().zip(&self.methods)
    }
}

impl Numbers {
    /// How many ended with each code, in the order of the codes.
    fn handled(&self) -> [u64; CODES] {
        self.handled.each_ref().map(|handled| handled.load(Ordering::Relaxed))
    }

    fn started(&self) -> u64 {
        self.started.load(Ordering::Relaxed)
    }

    /// How many are under way.
    fn open(&self) -> u64 {
        self.started().saturating_sub(self.handled().iter().sum())
    }
}
