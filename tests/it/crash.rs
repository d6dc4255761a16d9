//! kill -9 and damaged files, on the real binary: what was acknowledged is there, or its absence is told.

mod damage;
mod kill;
mod loss;
