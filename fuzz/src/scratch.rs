//! A directory to work in, in memory where the machine has such.

use std::path::Path;

/// A new one; it goes with what is given.
#[must_use]
pub fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap_or_else(|error| panic!("a directory is needed: {error}"))
}
