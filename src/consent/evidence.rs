//! What proves an opt-in (rule 14): a text, its version, a page or an address, or something else that was said about it.
//!
//! ```text
//! "Yes, send me offers"   proves
//! "-", "n/a", "NULL", ""  a spreadsheet's way to say nothing
//! ```

/// What spreadsheets and databases write where there is nothing, in lower case.
const NOTHING: [&str; 9] = ["0", "n/a", "na", "nan", "nil", "none", "null", "undefined", "false"];

/// Whether any of these texts proves something: one that holds a letter or digit, and does not stand for nothing.
#[must_use]
pub fn proves<'a>(texts: impl IntoIterator<Item = &'a str>) -> bool {
    texts.into_iter().any(says_something)
}

fn says_something(text: &str) -> bool {
    let text = text.trim();
    text.chars().any(char::is_alphanumeric) && !NOTHING.contains(&text.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_proves_nothing() {
        for text in ["", " ", "-", "—", "\u{200b}", "NULL", "n/a", "None", " 0 "] {
            assert!(!proves([text]), "{text:?}");
        }
        assert!(proves(["", "v2"]) && proves(["192.0.2.1"]) && proves(["Sim, quero"]));
    }
}
