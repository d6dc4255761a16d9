//! Small libraries in C that are loaded before the C library of a process under test.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A source of `tests/torture`, compiled into `dir`; none where there is no compiler.
pub fn compiled(source: &str, dir: &Path) -> Option<PathBuf> {
    let (source, library) = (format!("{}/tests/torture/{source}", env!("CARGO_MANIFEST_DIR")), dir.join(source).with_extension("so"));
    let done = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).args([source.as_str(), "-ldl"]).output();
    match done {
        Ok(done) => {
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            Some(library)
        }
        Err(error) => {
            eprintln!("skipped: {source} cannot be compiled here: cc: {error}");
            None
        }
    }
}
