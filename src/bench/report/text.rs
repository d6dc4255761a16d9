//! Rows and figures for people.

use std::fmt::Write;

use crate::bench::figures::{Figure, Row, Target, Unit};

/// A row: its name and what it measured, then a figure a line.
#[must_use]
pub fn row(row: &Row) -> String {
    let mut text = format!("{}: {}\n", row.measurement(), row.what());
    for figure in row.figures() {
        let line = format!("  {:<42} {:>16}  {}", figure.key(), values(figure), verdict(figure).unwrap_or_default());
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// A figure's values with their unit.
#[must_use]
pub fn values(figure: &Figure) -> String {
    let values: Vec<String> = figure.values().iter().map(|value| number(*value, figure.unit())).collect();
    let unit = match figure.unit() {
        Unit::PerSecond => " /s",
        Unit::Microseconds => " µs",
        Unit::Seconds => " s",
        Unit::Bytes => " B",
        Unit::Count | Unit::Ratio => "",
    };
    format!("{}{unit}", values.join(" "))
}

/// What a figure should be, and whether it is.
#[must_use]
pub fn verdict(figure: &Figure) -> Option<String> {
    let (word, bound) = match figure.target()? {
        Target::AtLeast(bound) => ("at least", bound),
        Target::AtMost(bound) => ("at most", bound),
    };
    let met = if figure.is_met()? { "met" } else { "missed" };
    Some(format!("{word} {}: {met}", number(bound, figure.unit())))
}

fn number(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Ratio => format!("{value:.3}"),
        Unit::Seconds => format!("{value:.2}"),
        _ if value < 1_000.0 => format!("{value:.1}").trim_end_matches(".0").to_owned(),
        _ => grouped_digits(&format!("{value:.0}")),
    }
}

/// A count with its thousands apart.
#[must_use]
pub fn grouped(count: u64) -> String {
    grouped_digits(&count.to_string())
}

fn grouped_digits(digits: &str) -> String {
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_for_people_has_units_and_says_what_is_missed() {
        let shown = row(&Row::new("check", "CheckSend")
            .with(Figure::new("per_s", Unit::PerSecond, 41_234.4))
            .with(Figure::new("p50_us", Unit::Microseconds, 87.25))
            .with(Figure::ratio("to_noop_ratio", 0.85).at_least(0.9))
            .with(Figure::several("tenths_per_s", Unit::PerSecond, vec![1_000.0, 999.0])));
        let lines: Vec<String> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(
            lines,
            [
                "check: CheckSend",
                "per_s 41,234 /s",
                "p50_us 87.2 µs",
                "to_noop_ratio 0.850 at least 0.900: missed",
                "tenths_per_s 1,000 999 /s"
            ]
        );
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1_000, 12_345_678].map(grouped), ["0", "999", "1,000", "12,345,678"]);
    }
}
