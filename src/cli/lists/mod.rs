//! Lists as people have them: CSV and JSON Lines in whatever encoding, read row by row in constant memory.
//!
//! ```text
//! bytes ── source, encoding ── text ── csv_rows, json_rows, delimiter ── rows, each with its line
//! ```
//!
//! What a row means is said elsewhere: `import` records it, `audience` asks about it.

pub mod csv_rows;
pub mod delimiter;
pub mod encoding;
pub mod json_rows;
pub mod progress;
pub mod quotes;
pub mod source;

/// A column's name, as names are compared: in small letters, without white space around it.
#[must_use]
pub fn key(name: &str) -> String {
    name.trim().to_lowercase()
}
