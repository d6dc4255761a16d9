//! What became of webhooks, and of what could not be placed.
//!
//! ```text
//! consent_ledger_webhook_updates_total{outcome="recorded"} 17
//! consent_ledger_webhook_bodies_total{status="200"} 41
//! consent_ledger_webhook_body_bytes 65536
//! consent_ledger_dead_letters 2
//! ```

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::dead_letters::DeadLetters;
use crate::http::space::Space;
use crate::telemetry::metrics::{Families, Source};

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

/// The statuses that bodies are answered with; the last stands for any other.
const STATUSES: [(u16, &str); 10] = [
    (200, "200"),
    (400, "400"),
    (401, "401"),
    (403, "403"),
    (404, "404"),
    (408, "408"),
    (413, "413"),
    (415, "415"),
    (503, "503"),
    (0, "other"),
];

/// The webhook's counters, from zero at every start.
#[derive(Debug, Default)]
pub struct Metrics {
    updates: [AtomicU64; Outcome::ALL.len()],
    bodies: [AtomicU64; STATUSES.len()],
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
        let place = STATUSES.iter().position(|(known, _)| *known == status).unwrap_or(STATUSES.len() - 1);
        if let Some(counter) = self.bodies.get(place) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Source for Metrics {
    fn tell(&self, families: &mut Families<'_>) -> fmt::Result {
        let updates = Outcome::ALL.iter().zip(&self.updates);
        let updates = updates.map(|((_, outcome), counter)| (vec![("outcome", *outcome)], counter.load(Ordering::Relaxed)));
        families.counters("consent_ledger_webhook_updates_total", "Items of webhook bodies, by what became of them.", updates)?;
        let bodies = STATUSES.iter().zip(&self.bodies);
        let bodies = bodies.map(|((_, status), counter)| (vec![("status", *status)], counter.load(Ordering::Relaxed)));
        families.counters("consent_ledger_webhook_bodies_total", "Webhook bodies, by the status they were answered with.", bodies)
    }
}

/// What webhooks hold at the moment.
pub struct Held {
    /// What bodies under way take.
    pub space: Space,
    /// What could not be placed.
    pub dead_letters: Arc<DeadLetters>,
}

impl Source for Held {
    fn tell(&self, families: &mut Families<'_>) -> fmt::Result {
        let taken = self.space.taken() as u64;
        families.whole("consent_ledger_webhook_body_bytes", "Memory held by bodies under way, in bytes.", taken)?;
        let letters = self.dead_letters.count() as u64;
        families.whole("consent_ledger_dead_letters", "Dead letters that are still to be placed.", letters)?;
        let help = "1 where a failed write ended the keeping of dead letters until a restart, else 0.";
        families.whole("consent_ledger_dead_letters_poisoned", help, u64::from(!self.dead_letters.keeps()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::{Format, Metrics as Registry};

    #[test]
    fn every_outcome_and_every_status_has_its_own_line() {
        let (metrics, mut registry) = (Arc::new(Metrics::default()), Registry::default());
        registry.join(metrics.clone());
        metrics.update(Outcome::DeadLetter);
        metrics.update(Outcome::Recorded);
        metrics.update(Outcome::Recorded);
        metrics.body(401);
        metrics.body(599);
        let text = registry.text(Format::Prometheus).unwrap();
        for line in [
            "{outcome=\"recorded\"} 2",
            "{outcome=\"conflict\"} 0",
            "{outcome=\"dead_letter\"} 1",
            "{status=\"401\"} 1",
            "{status=\"other\"} 1",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
