//! Measures the real server over real gRPC, and in the same run the floors it stands on.
//!
//! ```text
//! this process ── gRPC ──▶ `serve`, a child with a ledger of its own       what is measured
//!              ── gRPC ──▶ `bench-noop`, a child that answers constants    the floor of a call
//!              ── write, fdatasync ──▶ a plain file on the same disk       the floor of a commit
//!              ── SHA-256 over the same entries                            the floor of the chain
//! ```
//!
//! The machine's mood must hurt both alike: a row takes turns with its floor in short rounds, gives the median of the rounds for
//! every figure, and for a ratio the median of the rounds' own ratios. Like a client, it knows the server by its protos and its
//! command line; the journal it reads to know what a commit wrote.

pub mod clock;
pub mod closed_loop;
pub mod commits;
mod error;
pub mod figures;
pub mod floors;
pub mod lanes;
mod latency;
pub mod loading;
pub mod machine;
mod open_loop;
pub mod people;
mod plan;
pub mod report;
mod rounds;
mod rows;
mod server;
mod stage;

pub use error::BenchError;
pub use latency::Sample;
pub use plan::{Effort, Plan, Sizes, SizesError};
pub use rounds::median;
pub use rows::Measurement;
pub use server::Server;
pub use stage::{Home, Stage};

use figures::Row;

/// Measures what the plan says, in order; tells every row once it is known.
///
/// # Errors
/// Where a server does not start or answers wrongly, or a file does not do what is asked.
pub async fn run(plan: &Plan, stage: &mut Stage, mut on_row: impl FnMut(&Row)) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    for measurement in &plan.measurements {
        stage.tell(&format!("measuring {}", measurement.as_str()));
        let row = measurement.measure(stage).await?;
        on_row(&row);
        rows.push(row);
    }
    stage.end().await?;
    Ok(rows)
}
