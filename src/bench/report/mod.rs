//! What was measured, for people: lines for a terminal, tables for a page.

pub mod markdown;
pub mod text;
