//! The consent ledger: may this sender write to this contact now, free-form, by template only, or not at all?
//!
//! [`consent`] holds the rules and nothing else; [`ledger`] owns disk and order; the edges parse, ask and map. [`client`] is
//! what other programs ask and record with.

pub mod api;
pub mod bench;
pub mod cli;
pub mod client;
pub mod consent;
pub mod export;
pub mod http;
pub mod json;
pub mod ledger;
pub mod measure;
pub mod proof;
pub mod readiness;
pub mod scenarios;
pub mod shutdown;
mod sync;
pub mod telemetry;
pub mod tls;
pub mod webhook;

/// Generated from `proto/consent/v1`.
#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated; the protos carry the words")]
pub mod proto {
    tonic::include_proto!("consent.v1");

    /// All protos as a descriptor set, for reflection.
    pub const DESCRIPTORS: &[u8] = tonic::include_file_descriptor_set!("consent_v1");
}
