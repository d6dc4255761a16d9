//! Which program this is.

use std::fmt;

use super::{Families, Source};

/// The program.
pub struct Build;

impl Source for Build {
    fn tell(&self, families: &mut Families<'_>) -> fmt::Result {
        let labels = vec![("version", env!("CARGO_PKG_VERSION"))];
        families.gauges("consent_ledger_build_info", "1, with the version of the program.", [(labels, 1.0)])
    }
}
