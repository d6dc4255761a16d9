//! What `serve` is told about the disk.

use std::time::Duration;

use clap::Args;

use crate::cli::length::Length;
use crate::ledger::storage::space::MinFree;

/// How much of the disk is left alone, and how often what it holds is read again.
#[derive(Args, Debug)]
pub struct Disk {
    /// How much must be free on the disk of the data directory, such as 2GiB: with less only opt-outs, erasures and what else takes
    /// something back are recorded, with less than a quarter of it nothing; checks go on. 0: not looked at. Without it 1GiB, or a
    /// twentieth of a disk of less than 20GiB
    #[arg(long, value_name = "BYTES", env = "CONSENT_LEDGER_MIN_FREE")]
    min_free: Option<MinFree>,
    /// How long the background scrub takes to read everything once that is kept twice and compare it, such as 7d; it heals what it can and
    /// raises an alarm for the rest. 0s: never
    #[arg(long, value_name = "DURATION", default_value = "24h", env = "CONSENT_LEDGER_SCRUB_EVERY")]
    scrub_every: Length,
}

impl Disk {
    /// How much must be free for everything to be recorded.
    pub fn min_free(&self) -> MinFree {
        self.min_free.unwrap_or(MinFree::Usual)
    }

    /// How long a pass of the scrub takes; none: nothing is scrubbed.
    pub fn scrub_every(&self) -> Option<Duration> {
        Some(self.scrub_every.time()).filter(|every| !every.is_zero())
    }
}
