//! Rows of JSON Lines: what was there stays as it was written, and one member is added at the end.
//!
//! ```text
//! {"phone": "+447400123456", "id": 7,"consent_check":{"permission":"TEMPLATE_ONLY","reason":"OPTED_IN",…}}
//! ```

use serde_json::{Map, Value};

/// The member that is added.
const MEMBER: &str = "consent_check";

/// The object of a line and its text, without what an earlier check added; none where it is no object.
#[must_use]
pub fn own(text: &str) -> Option<(String, Map<String, Value>)> {
    let object = object(text)?;
    if !object.contains_key(MEMBER) {
        return Some((text.to_owned(), object));
    }
    // An earlier check put it last.
    let place = text.rfind(&format!(",\"{MEMBER}\":{{"))?;
    let before = format!("{}}}", text.get(..place)?);
    let own = self::object(&before)?;
    let is_all_else = own.len() + 1 == object.len() && !own.contains_key(MEMBER);
    is_all_else.then_some((before, own))
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

fn object(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_its_bytes_and_a_second_check_takes_the_first_ones_place() {
        let added = |permission: &str| Map::from_iter([("permission".to_owned(), Value::from(permission))]);
        for text in [r#"{"phone": "+447400123456",  "n": 1.50, "big": 123456789012345678901234567890}"#, "{}", r#"{"a":"},{"}"#] {
            let (once, _) = own(text).unwrap();
            assert_eq!(once, text);
            let first = with(&once, &added("NOTHING"));
            let (again, object) = own(&first).unwrap_or_else(|| panic!("{first}"));
            assert_eq!(object, serde_json::from_str(text).unwrap());
            assert_eq!(again.replace(' ', ""), text.replace(' ', ""));
            assert_eq!(with(&again, &added("NOTHING")), first);
        }
    }

    #[test]
    fn what_is_no_object_or_has_that_member_elsewhere_is_not_read() {
        for text in ["[1]", "{", "x", "", r#"{"consent_check":{"a":1},"b":2}"#, r#"{"consent_check":7}"#] {
            assert!(own(text).is_none(), "{text}");
        }
        assert!(object(&unread("{\"x")).is_some());
    }
}
