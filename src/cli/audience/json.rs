//! Rows of JSON Lines: what was there stays as it was written, and one member is added at the end.
//!
//! ```text
//! {"phone": "+447400123456", "id": 7,"consent_check":{"permission":"TEMPLATE_ONLY","reason":"OPTED_IN",…}}
//! ```

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::cli::lists::json_rows;

/// The member that is added.
const MEMBER: &str = "consent_check";

/// A row as it is written, without what an earlier check added; none where that is not what stands at its end.
#[must_use]
pub fn own<'a>(text: &'a str, values: &[(String, Option<String>)]) -> Option<Cow<'a, str>> {
    if !values.iter().any(|(name, _)| name == MEMBER) {
        return Some(text.into());
    }
    let place = text.rfind(&format!("\"{MEMBER}\":{{"))?;
    let before = text.get(..place)?.trim_end();
    let own = format!("{}}}", before.strip_suffix(',').unwrap_or(before));
    let is_ours = |name: &str| name.strip_prefix(MEMBER).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    json_rows::values(&own)?.iter().eq(values.iter().filter(|(name, _)| !is_ours(name))).then_some(own.into())
}

/// A line that is no object, as one.
#[must_use]
pub fn unread(text: &str) -> String {
    serde_json::json!({ "line": text }).to_string()
}

/// The line with what the check says.
#[must_use]
pub fn with(text: &str, added: &Map<String, Value>) -> String {
    let open = text.trim_end().strip_suffix('}').unwrap_or(text).trim_end();
    let comma = if open.ends_with('{') { "" } else { "," };
    format!("{open}{comma}\"{MEMBER}\":{}}}", Value::Object(added.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Cow<'_, str>> {
        own(text, &json_rows::values(text)?)
    }

    #[test]
    fn a_row_keeps_its_bytes_and_a_second_check_takes_the_first_ones_place() {
        let added = |permission: &str| Map::from_iter([("permission".to_owned(), Value::from(permission))]);
        for text in [r#"{"phone": "+447400123456",  "n": 1.50, "big": 123456789012345678901234567890}"#, "{}", r#"{"a":"},{"}"#] {
            assert_eq!(read(text).unwrap(), text);
            let first = with(text, &added("NOTHING"));
            let again = read(&first).unwrap_or_else(|| panic!("{first}"));
            assert_eq!(again.replace(' ', ""), text.replace(' ', ""));
            assert_eq!(with(&again, &added("NOTHING")), first);
        }
    }

    #[test]
    fn what_is_no_object_or_has_that_member_elsewhere_is_not_read() {
        for text in ["[1]", "{", "x", "", r#"{"consent_check":{"a":1},"b":2}"#, r#"{"consent_check":7}"#, r#"{"a":1,"a":2}"#] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&unread("{\"x")).is_some());
    }
}
