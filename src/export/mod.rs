//! What an auditor holds: entries, bundles and receipts, written to files and verified without us. No server, no clock.
//!
//! ```text
//! jsonl           what proves: stored bytes, with the opened fields beside them; specified in docs/ledger-format.md
//! csv             for a spreadsheet
//! html            one contact's trail, to be read and printed
//! consent-record  one contact's consent in the terms of ISO/IEC TS 27560, as the Data Privacy Vocabulary maps them
//! ```
//!
//! Each is made from the pieces that the server streams ([`pieces`]). The first two are written piece by piece and need no
//! memory to speak of; the last two are of one contact, whose entries are collected first. `docs/exports.md` describes them for
//! people.

pub mod collected;
pub mod consent_record;
pub mod csv;
pub mod defuse;
pub mod derive;
mod facts;
pub mod html;
pub mod json;
pub mod jsonl;
pub mod opened;
pub mod person;
pub mod pieces;
pub mod receipt;
pub mod receipt_file;
mod sentence;
mod time;
pub mod verify;
