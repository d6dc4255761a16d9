//! What somebody most likely meant who wrote a name that is on no list.

/// The longest name that is compared, in characters; longer ones are no slips of the pen.
const LONGEST: usize = 64;

/// The name that `given` is nearest to, where at most a third of it differs.
#[must_use]
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given: Vec<char> = given.trim().to_lowercase().chars().take(LONGEST + 1).collect();
    if given.is_empty() || given.len() > LONGEST {
        return None;
    }
    let slips = |name: &str| (name.chars().count().max(given.len()) / 3).max(1);
    let near = known.into_iter().map(|name| (edits(&given, name), name)).filter(|(edits, name)| *edits <= slips(name));
    near.min_by_key(|(edits, _)| *edits).map(|(_, name)| name)
}

/// How many characters must be put in, left out or replaced to make one of the other.
fn edits(given: &[char], name: &str) -> usize {
    let mut row: Vec<usize> = (0..=given.len()).collect();
    for (place, wanted) in name.to_lowercase().chars().enumerate() {
        let mut diagonal = place;
        let mut left = place + 1;
        let mut next = vec![left];
        for (found, above) in given.iter().zip(row.iter().skip(1)) {
            let replaced = diagonal + usize::from(*found != wanted);
            left = replaced.min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["meta", "sinch", "maxcontact", "escalation-2020"];

    #[test]
    fn a_slip_of_the_pen_finds_what_was_meant() {
        for (given, meant) in [
            ("metta", "meta"),
            ("Sinsch", "sinch"),
            ("escalation", "escalation-2020"),
            ("escalation2020", "escalation-2020"),
            ("max-contact", "maxcontact"),
        ] {
            assert_eq!(nearest(given, NAMES), Some(meant), "{given}");
        }
    }

    #[test]
    fn another_word_finds_nothing() {
        for given in ["", "stop", "default", "x", &"meta".repeat(100)] {
            assert_eq!(nearest(given, NAMES), None, "{given}");
        }
    }

    #[test]
    fn edits_are_counted() {
        let count = |a: &str, b: &str| edits(&a.chars().collect::<Vec<_>>(), b);
        assert_eq!([count("kitten", "sitting"), count("", "abc"), count("abc", ""), count("abc", "abc")], [3, 3, 3, 0]);
    }
}
