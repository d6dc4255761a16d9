//! What leaves the ledger to be verified elsewhere: exports, bundles, receipts.

pub mod bundle;
pub mod export;
pub mod receipt;
pub mod receipts;
pub mod rederive;
