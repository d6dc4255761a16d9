//! JSON that is not quite: one bad byte anywhere in a signed body must not take every STOP in it along.
//!
//! ```text
//! \u{feff}{"name": "Ann \ud83d", "latitude": 1e999, "deep": [[[…]]]}\0   ->   {"name": "Ann \ufffd", "latitude": null, "deep": …null…}
//! ```
//!
//! A body is read as it is first, and mended only where that fails. What even then does not read is no JSON.

use std::iter::Peekable;
use std::str::Chars;

use serde_json::Value;

/// How deep lists and objects may stand in each other; what stands deeper is left out. The reader's own limit is 128.
const DEEPEST: usize = 100;

/// The JSON value of `body`, mended where it must be; none where it is no JSON.
pub(super) fn read(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().or_else(|| serde_json::from_str(&mended(body)).ok())
}

fn mended(body: &[u8]) -> String {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = String::from_utf8_lossy(body);
    let mut rest = text.trim_end_matches(|end: char| end == '\0' || end.is_ascii_whitespace()).chars().peekable();
    let mut out = String::with_capacity(text.len());
    let mut depth = 0_usize;
    while let Some(next) = rest.next() {
        let mut part = String::from(next);
        match next {
            '"' => string(&mut rest, &mut part),
            '{' | '[' => {
                depth += 1;
                if depth == DEEPEST + 1 {
                    out.push_str("null");
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == DEEPEST {
                    continue;
                }
            }
            _ if is_of_a_scalar(next) => {
                while let Some(more) = rest.next_if(|more| is_of_a_scalar(*more)) {
                    part.push(more);
                }
                part = scalar(part);
            }
            _ => {}
        }
        if depth <= DEEPEST {
            out.push_str(&part);
        }
    }
    out
}

const fn is_of_a_scalar(next: char) -> bool {
    matches!(next, '+' | '-' | '.' | '0'..='9' | 'a'..='z' | 'A'..='Z')
}

/// A number or a word; null in place of a number that nobody can write down.
fn scalar(given: String) -> String {
    let is_number = given.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && given.chars().all(|each| each.is_ascii_digit() || matches!(each, '+' | '-' | '.' | 'e' | 'E'));
    let is_none =
        matches!(given.trim_start_matches('-'), "NaN" | "Infinity") || is_number && serde_json::from_str::<Value>(&given).is_err();
    if is_none { "null".to_owned() } else { given }
}

/// The rest of a string behind its opening quote: half a character becomes U+FFFD, a bare control character its escape.
fn string(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    while let Some(next) = rest.next() {
        match next {
            '"' => return out.push('"'),
            '\\' => escape(rest, out),
            control if control < ' ' => out.push_str(&escaped(u32::from(control))),
            other => out.push(other),
        }
    }
}

/// What stands behind a backslash.
fn escape(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    let Some(unit) = unit(rest) else {
        out.push('\\');
        out.extend(rest.next());
        return;
    };
    let mut behind = rest.clone();
    let low = (behind.next() == Some('\\')).then(|| self::unit(&mut behind)).flatten().filter(|low| (0xdc00..0xe000).contains(low));
    match (unit, low) {
        (0xd800..0xdc00, Some(low)) => {
            *rest = behind;
            out.extend([escaped(unit), escaped(low)]);
        }
        (0xd800..0xe000, _) => out.push_str("\\ufffd"),
        _ => out.push_str(&escaped(unit)),
    }
}

fn escaped(unit: u32) -> String {
    format!("\\u{unit:04x}")
}

/// The unit of `uXXXX`, which is then read; else nothing is.
fn unit(rest: &mut Peekable<Chars<'_>>) -> Option<u32> {
    let mut ahead = rest.clone();
    ahead.next().filter(|letter| *letter == 'u')?;
    let digits: String = ahead.by_ref().take(4).collect();
    let unit = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4 && !digits.starts_with('+'))?;
    *rest = ahead;
    Some(unit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_json_is_read_as_it_is() {
        let body = r#"{"a": "\ud83d\ude00 \\ud83d \" é", "b": [1, -2.5e3, true, null]}"#;
        assert_eq!(read(body.as_bytes()), serde_json::from_str(body).ok());
        assert_eq!(serde_json::from_str::<Value>(&mended(body.as_bytes())).ok(), serde_json::from_str(body).ok());
    }

    #[test]
    fn half_characters_impossible_numbers_and_what_stands_around_a_body_are_mended() {
        let said = json!({"a": "\u{fffd}", "b": "STOP"});
        for body in [
            &b"{\"a\": \"\\ud83d\", \"b\": \"STOP\"}"[..],
            b"{\"a\": \"\\uDE00\", \"b\": \"STOP\"}",
            b"{\"a\": \"\xff\", \"b\": \"STOP\"}",
            b"\xef\xbb\xbf{\"a\": \"\\ufffd\", \"b\": \"STOP\"}\0\0\n",
        ] {
            assert_eq!(read(body), Some(said.clone()), "{}", String::from_utf8_lossy(body));
        }
        assert_eq!(read(br#"{"a": "\ud83d\ud83d\ude00"}"#), Some(json!({"a": "\u{fffd}\u{1f600}"})));
        assert_eq!(read(br"[1e999, -1e999, NaN, -Infinity, Infinity, 7]"), Some(json!([null, null, null, null, null, 7])));
        assert_eq!(read(b"[\"a\nb\0\"]"), Some(json!(["a\nb\0"])));
    }

    #[test]
    fn what_stands_too_deep_is_left_out_alone() {
        let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(5_000), close.repeat(5_000));
        let body = format!("[{}, {}, \"STOP\"]", deep("[", "]"), deep("{\"]\":", "}"));
        assert_eq!(read(body.as_bytes()).unwrap()[2], "STOP");
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for body in ["STOP", "", "{", "[1,]", "{\"a\": tru}", "\"\\x\"", "\"\\u12\"", "[1 2]", "]", "[\"a"] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
    }
}
