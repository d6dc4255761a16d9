//! Python for what is tested with it.

use std::path::Path;
use std::process::Command;

/// Set where a missing interpreter must fail the test instead of skipping it.
pub const REQUIRED: &str = "CONSENT_LEDGER_REQUIRE_PYTHON";

/// An interpreter that has these modules: the one named by `CONSENT_LEDGER_PYTHON`, the one in `target/python`, or `python3`. Says
/// that the test is skipped where there is none.
///
/// ```text
/// python3 -m venv target/python && target/python/bin/pip install grpcio grpcio-reflection grpcio-tools openapi-spec-validator
/// ```
pub fn with(modules: &str) -> Option<String> {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("python").join("bin/python");
    let named = std::env::var("CONSENT_LEDGER_PYTHON").ok();
    let candidates = named.map_or_else(|| vec![own.display().to_string(), "python3".to_owned()], |named| vec![named]);
    let has_them = |python: &String| {
        Command::new(python).args(["-c", &format!("import {modules}")]).output().is_ok_and(|output| output.status.success())
    };
    let found = candidates.into_iter().find(has_them);
    if found.is_none() {
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and no Python with {modules} was found");
        println!("skipped: no Python with {modules}; name one in CONSENT_LEDGER_PYTHON");
    }
    found
}
