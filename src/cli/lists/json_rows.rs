//! Rows of JSON Lines: an object a line, its values under their names, nested ones under dotted names.
//!
//! ```text
//! {"id": 7, "properties": {"hs_whatsapp_phone_number": "+44…"}}  ->  id = "7", properties.hs_whatsapp_phone_number = "+44…"
//! ```

use std::collections::HashSet;
use std::fmt;
use std::io::{self, BufRead};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::csv_rows::{CELLS_MAX, ROW_MAX_BYTES};
use super::key;

/// The values of a row under their names; none where a value is no text.
pub type Values = Vec<(String, Option<String>)>;

/// Reads lines.
pub struct JsonRows<R> {
    input: R,
    line: u64,
    bytes: Vec<u8>,
    values: Values,
}

/// What was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JsonRow<'a> {
    /// An object, as it is written, and its values.
    Object(&'a str, &'a [(String, Option<String>)]),
    /// No object, or one that names something twice.
    Malformed(&'a [u8]),
    /// Longer than a row may be.
    TooLong,
}

impl<R: BufRead> JsonRows<R> {
    /// Rows of UTF-8 text.
    pub const fn new(input: R) -> Self {
        Self { input, line: 0, bytes: Vec::new(), values: Vec::new() }
    }

    /// The next row and its line, counting from 1; none at the end. Empty lines are no rows.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn next(&mut self) -> io::Result<Option<(u64, JsonRow<'_>)>> {
        loop {
            self.bytes.clear();
            let Some(whole) = self.fill()? else { return Ok(None) };
            self.line += 1;
            if !whole {
                return Ok(Some((self.line, JsonRow::TooLong)));
            }
            if self.bytes.trim_ascii().is_empty() {
                continue;
            }
            let line = self.bytes.trim_ascii();
            let read = std::str::from_utf8(line).ok().filter(|text| flatten(text, &mut self.values));
            return Ok(Some((self.line, read.map_or(JsonRow::Malformed(line), |text| JsonRow::Object(text, &self.values)))));
        }
    }

    /// Reads a line; whether it was whole. None at the end.
    fn fill(&mut self) -> io::Result<Option<bool>> {
        let (mut whole, mut some) = (true, false);
        loop {
            let piece = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                piece => piece?,
            };
            if piece.is_empty() {
                return Ok(some.then_some(whole));
            }
            some = true;
            let end = piece.iter().position(|byte| *byte == b'\n');
            let taken = piece.get(..end.unwrap_or(piece.len())).unwrap_or_default();
            if self.bytes.len() + taken.len() <= ROW_MAX_BYTES {
                self.bytes.extend_from_slice(taken);
            } else {
                whole = false;
            }
            let used = end.map_or(piece.len(), |end| end + 1);
            self.input.consume(used);
            if end.is_some() {
                return Ok(Some(whole));
            }
        }
    }
}

/// The values of an object under their names; none where it is none, or names something twice.
#[must_use]
pub fn values(text: &str) -> Option<Values> {
    let mut values = Values::new();
    flatten(text, &mut values).then_some(values)
}

/// The names in the first object; none where there is none.
#[must_use]
pub fn first_names(beginning: &str) -> Option<Vec<String>> {
    let mut rows = JsonRows::new(beginning.as_bytes());
    while let Ok(Some((_, line))) = rows.next() {
        if let JsonRow::Object(_, values) = line {
            return Some(values.iter().map(|(name, _)| name.clone()).collect());
        }
    }
    None
}

fn flatten(text: &str, into: &mut Values) -> bool {
    into.clear();
    let mut json = serde_json::Deserializer::from_str(text);
    let into = &mut Named { values: into, seen: HashSet::new() };
    Flat { name: String::new(), top: true, into }.deserialize(&mut json).is_ok() && json.end().is_ok()
}

/// The longest name, with those that it is nested under, in bytes.
const NAME_MAX_BYTES: usize = 4_096;

/// So few names are compared one by one.
const FEW: usize = 32;

/// Values, each under another name.
struct Named<'a> {
    values: &'a mut Values,
    /// The names of many.
    seen: HashSet<String>,
}

impl Named<'_> {
    fn put<E: serde::de::Error>(&mut self, name: String, value: Option<String>) -> Result<(), E> {
        if name.len() > NAME_MAX_BYTES || self.values.len() >= CELLS_MAX {
            return Err(E::custom("too many names, or too long ones"));
        }
        if self.values.len() == FEW {
            self.seen = self.values.iter().map(|(known, _)| known.clone()).collect();
        }
        let is_new =
            if self.values.len() < FEW { self.values.iter().all(|(known, _)| *known != name) } else { self.seen.insert(name.clone()) };
        if !is_new {
            return Err(E::custom("a name comes twice"));
        }
        self.values.push((name, value));
        Ok(())
    }
}

/// Takes one value, under its name.
struct Flat<'a, 'b> {
    name: String,
    top: bool,
    into: &'a mut Named<'b>,
}

impl Flat<'_, '_> {
    fn put<E: serde::de::Error>(self, value: Option<String>) -> Result<(), E> {
        if self.top {
            return Err(E::custom("not an object"));
        }
        self.into.put(self.name, value)
    }
}

impl<'de> DeserializeSeed<'de> for Flat<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Flat<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.put(Some(value.to_string()))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.put(Some(value.to_string()))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.put(Some(value.to_string()))
    }

    /// As a quantity, whatever it was written like: a phone number that became one is refused.
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.put(Some(format!("{value:e}")))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.put(Some(value.to_owned()))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.put(Some(String::new()))
    }

    /// A list of texts is one text, separated by commas: categories come so.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let (mut joined, mut plain) = (Vec::new(), true);
        while let Some(item) = list.next_element::<serde_json::Value>()? {
            match item {
                serde_json::Value::String(text) if !text.contains(',') => joined.push(text),
                _ => plain = false,
            }
        }
        self.put(plain.then(|| joined.join(",")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if !self.top {
            // An object is no text itself.
            self.into.put(self.name.clone(), None)?;
        }
        while let Some(name) = map.next_key::<String>()? {
            let name = key(&name);
            let name = if self.top { name } else { format!("{}.{name}", self.name) };
            map.next_value_seed(Flat { name, top: false, into: &mut *self.into })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u64, Result<Values, &'static str>)> {
        let mut rows = JsonRows::new(io::BufReader::with_capacity(3, text.as_bytes()));
        let mut all = Vec::new();
        while let Some((line, row)) = rows.next().unwrap() {
            all.push((
                line,
                match row {
                    JsonRow::Object(_, values) => Ok(values.to_vec()),
                    JsonRow::Malformed(_) => Err("malformed"),
                    JsonRow::TooLong => Err("too long"),
                },
            ));
        }
        all
    }

    #[test]
    fn values_stand_under_dotted_names_in_small_letters() {
        let rows = read("{\"Id\": 7, \"properties\": {\"Phone\": \"+44\", \"on\": true, \"no\": null}, \"list\": [\"a\", \"b\"]}\r\n");
        let named = |name: &str| rows[0].1.as_ref().unwrap().iter().find(|(known, _)| known == name).unwrap().1.clone();
        assert_eq!(
            ["id", "properties.phone", "properties.on", "properties.no", "list"].map(named).map(Option::unwrap),
            ["7", "+44", "true", "", "a,b"]
        );
        assert_eq!(named("properties"), None);
    }

    #[test]
    fn a_bad_line_is_bad_for_itself() {
        let rows = read("{\"a\":1}\n\nnot json\n[1]\n{\"a\":1} trailing\n{\"a\":1,\"A\":2}\n{\"a\":2}");
        let found: Vec<(u64, bool)> = rows.iter().map(|(line, row)| (*line, row.is_ok())).collect();
        assert_eq!(found, [(1, true), (3, false), (4, false), (5, false), (6, false), (7, true)]);
    }

    #[test]
    fn a_number_with_a_fraction_or_an_exponent_is_a_quantity() {
        let rows = read("{\"phone\": 4.474e11, \"whole\": 447400123456}");
        assert_eq!(rows[0].1.as_ref().unwrap()[0].1.as_deref(), Some("4.474e11"));
        assert_eq!(rows[0].1.as_ref().unwrap()[1].1.as_deref(), Some("447400123456"));
    }

    #[test]
    fn a_line_has_at_most_so_many_names_and_each_once() {
        let line = |names: usize, last: &str| {
            let members: Vec<String> = (0..names).map(|name| format!("\"n{name}\":1")).collect();
            format!("{{{},\"{last}\":1}}", members.join(","))
        };
        assert!(values(&line(CELLS_MAX - 1, "last")).is_some());
        assert!(values(&line(CELLS_MAX, "last")).is_none());
        for twice in ["n0", "N40"] {
            assert!(values(&line(100, twice)).is_none(), "{twice}");
        }
        let long = "x".repeat(NAME_MAX_BYTES / 2);
        assert!(values(&format!("{{\"{long}\":{{\"a\":1}}}}")).is_some());
        assert!(values(&format!("{{\"{long}\":{{\"{long}\":1}}}}")).is_none());
    }

    #[test]
    fn a_line_over_the_limit_is_left_out() {
        let rows = read(&format!("{{\"a\":\"{}\"}}\n{{\"a\":1}}\n", "x".repeat(ROW_MAX_BYTES)));
        assert_eq!((rows[0].1.clone(), rows[1].1.is_ok()), (Err("too long"), true));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_rows(text in "[{}\\[\\]\",:a0-9.e\\-n\\n ]{0,80}|\\PC{0,80}") {
            read(&text);
        }
    }
}
