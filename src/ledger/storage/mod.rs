//! The two copies of the log and their files: read, written, walked.

pub mod blocks;
pub mod disk;
pub mod journal;
pub mod lock;
pub mod reader;
pub mod space;
pub mod store;
pub mod store_writer;
pub mod walk;
pub mod watch;
