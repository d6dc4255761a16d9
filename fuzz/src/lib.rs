//! What must hold for bytes that are anything: a module a target, and in it `check`, which panics where something does not.
//!
//! The fuzzer calls it with whatever it makes up (`fuzz_targets/`), `cargo test` with every file of `corpus/`
//! (`tests/it/fuzzing.rs`): what was found once is held for ever.

pub mod block;
mod caller;
pub mod checkpoint;
pub mod dead_letters;
mod disk;
mod edits;
pub mod entry;
pub mod export;
pub mod import;
pub mod journal;
pub mod json;
pub mod keyring;
pub mod keywords;
mod ledgers;
pub mod phones;
pub mod proof;
pub mod recovery;
pub mod request;
mod scratch;
pub mod snapshot;
pub mod webhook;

/// A target: its name, which its binary and its corpus have too, and what it checks.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("block", block::check),
    ("checkpoint", checkpoint::check),
    ("dead_letters", dead_letters::check),
    ("entry", entry::check),
    ("export", export::check),
    ("import", import::check),
    ("journal", journal::check),
    ("json", json::check),
    ("keyring", keyring::check),
    ("keywords", keywords::check),
    ("phones", phones::check),
    ("proof", proof::check),
    ("recovery", recovery::check),
    ("request", request::check),
    ("snapshot", snapshot::check),
    ("webhook", webhook::check),
];

/// Eight bytes off the front, as a number; zeros where there are fewer.
fn number(bytes: &[u8]) -> (u64, &[u8]) {
    bytes.split_first_chunk::<8>().map_or((0, &[][..]), |(number, rest)| (u64::from_be_bytes(*number), rest))
}
