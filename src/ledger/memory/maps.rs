//! Maps whose keys nobody outside chooses: digests that only the ledger's secret makes, and numbers that the ledger gives out.
//!
//! Their hash is a quick one, seeded anew in every process. What callers name (accounts, senders) stays with the standard library's, which
//! withstands keys that were chosen to collide.

/// A map with a quick hash. Not for keys that a caller chooses.
pub type QuickMap<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;
