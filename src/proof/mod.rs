//! What holds without trusting us: Merkle proofs, signed notes, checkpoints. Pure: no disk, no clock, no ledger.
//!
//! ```text
//! entry hash ── leaf ─┐
//!                     ├─ inclusion proof ─▶ root ── checkpoint ── signed note ── a key that the verifier pinned
//! older checkpoint ── consistency proof ───▶ root
//! ```

pub mod checkpoint;
pub mod consistency;
pub mod head;
pub mod merkle;
pub mod note;
pub mod range;
pub mod tlog_proof;

/// A number in its one spelling: decimal digits, without a sign or leading zeros.
fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}
