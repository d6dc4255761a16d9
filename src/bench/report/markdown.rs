//! Tables in Markdown, for `docs/performance.md`.

use std::fmt::Write;

use super::text::{values, verdict};
use crate::bench::figures::Row;

/// What was measured on what, then a table a row.
#[must_use]
pub fn page(about: &str, rows: &[Row]) -> String {
    let about: Vec<String> = about.lines().map(|line| format!("- {line}")).collect();
    let mut page = format!("{}\n", about.join("\n"));
    for row in rows {
        let _ = write!(page, "\n### {}\n\n{}\n\n| figure | value | target |\n|---|---:|---|\n", row.measurement(), row.what());
        for figure in row.figures() {
            let _ = writeln!(page, "| `{}` | {} | {} |", figure.key(), values(figure), verdict(figure).unwrap_or_default());
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::Figure;

    #[test]
    fn every_row_is_a_table() {
        let row = Row::new("check", "CheckSend").with(Figure::ratio("to_noop_ratio", 0.95).at_least(0.9));
        let page = page("version\nmachine", &[row]);
        assert!(page.starts_with("- version\n- machine\n\n### check\n\nCheckSend\n\n| figure"), "{page}");
        assert!(page.ends_with("| `to_noop_ratio` | 0.950 | at least 0.900: met |\n"), "{page}");
    }
}
