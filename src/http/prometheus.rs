//! Prometheus's text format, as far as every edge needs it.
//!
//! ```text
//! # HELP consent_ledger_log_head_seq The seq of the log's last entry.
//! # TYPE consent_ledger_log_head_seq gauge
//! ```

use std::fmt::Write;

/// The content type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Begins a family of samples: its name, its type, and what it counts.
pub fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}
