//! The locks and atomics of whatever has a protocol beside them: how the state is read while it is written (`ledger/memory`), and what
//! waits for sled (`ledger/storage/store_writer.rs`).
//!
//! They are those of `parking_lot`. With the feature `explore` the tests of this crate have those of shuttle in their place, of the same
//! shape, under which many schedules of the same code are tried:
//!
//! ```text
//! cargo test --features explore --lib explored
//! ```

#[cfg(all(test, feature = "explore"))]
mod explored;

#[cfg(not(all(test, feature = "explore")))]
pub use parking_lot::{Condvar, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
#[cfg(not(all(test, feature = "explore")))]
pub use std::sync::atomic::AtomicU64;
#[cfg(not(all(test, feature = "explore")))]
pub use std::thread::yield_now;

#[cfg(all(test, feature = "explore"))]
pub use explored::{AtomicU64, Condvar, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard, schedules, yield_now};
