//! How many files and connections a server may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Fewer are few: each server takes a quarter for connections, up to 1,024, and the ledger's own files need the rest.
const FEW: u64 = 4_096;

/// Raises the limit to the highest that is allowed, and warns where that is low.
pub fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit on open files was not raised");
    }
    if let Some(files) = getrlimit(Resource::Nofile).current.filter(|files| *files < FEW) {
        tracing::warn!(files, "few files may be open: each server takes a quarter for its connections; raise the limit (ulimit -n)");
    }
}
