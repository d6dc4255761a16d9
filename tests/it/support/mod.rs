//! What several subjects need.

pub mod as_scenario;
pub mod bench;
pub mod certificates;
pub mod cli;
pub mod client;
pub mod connection;
pub mod dice;
pub mod fake_ledger;
pub mod forger;
pub mod histories;
pub mod http;
pub mod load;
pub mod metrics;
pub mod oracle;
pub mod preload;
pub mod python;
pub mod rules_alone;
pub mod server;
