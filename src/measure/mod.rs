//! Numbers that are taken where the work is done, and read by whoever asks.
//!
//! Counting is an addition to an atomic in a fixed place: no lock, no map, no memory. What the numbers are called, and in what
//! format they are told, is not known here.

mod histogram;
mod sparing;
mod spread;
mod stopwatch;

pub use histogram::{Histogram, Reading, Unit};
pub use sparing::Sparing;
pub use spread::Spread;
pub use stopwatch::Stopwatch;

/// The target of every span: whoever exports traces asks for it, and nobody else does, so that spans cost nothing otherwise.
pub const SPANS: &str = "consent_ledger::spans";
