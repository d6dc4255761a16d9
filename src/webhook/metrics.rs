//! Counters in Prometheus's text format. No label ever holds an identifier, an account or a field's name.
//!
//! ```text
//! consent_ledger_webhook_updates_total{outcome="recorded"} 17
//! consent_ledger_webhook_bodies_total{status="200"} 41
//! consent_ledger_webhook_body_bytes 65536
//! consent_ledger_dead_letters 2
//! consent_ledger_log_head_seq 18
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::consent::words::Seq;
use crate::http::prometheus::family;

/// What became of one item of a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Recorded now.
    Recorded,
    /// There before: a redelivery.
    Duplicate,
    /// The event id was used for something else.
    Conflict,
    /// Known, and says nothing.
    NoFact,
    /// Kept as a dead letter.
    DeadLetter,
}

impl Outcome {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Recorded, "recorded"),
        (Self::Duplicate, "duplicate"),
        (Self::Conflict, "conflict"),
        (Self::NoFact, "no_fact"),
        (Self::DeadLetter, "dead_letter"),
    ];
}

/// What is read at the moment, not counted.
#[derive(Clone, Copy, Debug)]
pub struct Gauges {
    /// The last entry's seq.
    pub head: Seq,
    /// Memory held by bodies under way.
    pub body_bytes: usize,
    /// Dead letters that are still to be placed.
    pub dead_letters: usize,
    /// Whether a failed write ended the keeping of dead letters.
    pub poisoned: bool,
}

/// The webhook's counters, from zero at every start.
#[derive(Debug, Default)]
pub struct Metrics {
    updates: [AtomicU64; Outcome::ALL.len()],
    bodies: Mutex<BTreeMap<u16, u64>>,
}

impl Metrics {
    /// Counts one item.
    pub fn update(&self, outcome: Outcome) {
        if let Some(counter) = self.updates.get(outcome as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts one body by the status it was answered with.
    pub fn body(&self, status: u16) {
        *self.bodies.lock().entry(status).or_default() += 1;
    }

    /// All of it as text.
    #[must_use]
    pub fn text(&self, gauges: &Gauges) -> String {
        let mut out = String::new();
        family(&mut out, "consent_ledger_webhook_updates_total", "counter", "Items of webhook bodies, by what became of them.");
        for ((_, outcome), counter) in Outcome::ALL.iter().zip(&self.updates) {
            let _ = writeln!(out, "consent_ledger_webhook_updates_total{{outcome=\"{outcome}\"}} {}", counter.load(Ordering::Relaxed));
        }
        family(&mut out, "consent_ledger_webhook_bodies_total", "counter", "Webhook bodies, by the status they were answered with.");
        for (status, count) in self.bodies.lock().iter() {
            let _ = writeln!(out, "consent_ledger_webhook_bodies_total{{status=\"{status}\"}} {count}");
        }
        family(&mut out, "consent_ledger_webhook_body_bytes", "gauge", "Memory held by bodies under way, in bytes.");
        let _ = writeln!(out, "consent_ledger_webhook_body_bytes {}", gauges.body_bytes);
        family(&mut out, "consent_ledger_dead_letters", "gauge", "Dead letters that are still to be placed.");
        let _ = writeln!(out, "consent_ledger_dead_letters {}", gauges.dead_letters);
        let poisoned = "1 where a failed write ended the keeping of dead letters until a restart, else 0.";
        family(&mut out, "consent_ledger_dead_letters_poisoned", "gauge", poisoned);
        let _ = writeln!(out, "consent_ledger_dead_letters_poisoned {}", u8::from(gauges.poisoned));
        family(&mut out, "consent_ledger_log_head_seq", "gauge", "The seq of the log's last entry.");
        let _ = writeln!(out, "consent_ledger_log_head_seq {}", gauges.head);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_and_every_status_has_its_own_line() {
        let metrics = Metrics::default();
        metrics.update(Outcome::DeadLetter);
        metrics.update(Outcome::Recorded);
        metrics.update(Outcome::Recorded);
        metrics.body(401);
        let text = metrics.text(&Gauges { head: Seq::new(7), body_bytes: 65_536, dead_letters: 2, poisoned: true });
        for line in [
            "{outcome=\"recorded\"} 2",
            "{outcome=\"conflict\"} 0",
            "{outcome=\"dead_letter\"} 1",
            "{status=\"401\"} 1",
            "body_bytes 65536",
            "dead_letters 2",
            "dead_letters_poisoned 1",
            "log_head_seq 7",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
