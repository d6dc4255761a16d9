//! What an auditor holds, and how it is verified without us: no server, no disk, no clock.

pub mod derive;
pub mod receipt;
pub mod receipt_file;
