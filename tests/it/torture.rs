//! It never loses and never lies: commits are torn, files damaged, processes killed, the power cut. A short sample of each
//! campaign runs with the other tests; `tests/torture/run` runs the long ones.

mod book;
pub mod campaign;
mod corruption;
mod damages;
mod histories;
mod kills;
mod load;
mod mixed;
mod model;
mod power;
mod sled_faults;
mod torn;
