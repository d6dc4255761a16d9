//! Contacts as lists hold them: in international form, in national form, and as spreadsheets leave them.
//!
//! ```text
//! +44 7400 123456     read as it stands
//! whatsapp:+447400…   likewise
//! '+447400123456      the apostrophe keeps a spreadsheet from reading a number; it goes
//! (11) 96123-4567     with --region BR: +5511961234567
//! 5511961234567       with --region BR: the same, since no Brazilian number has so many digits
//! 4.47E+11            refused: the last digits are lost
//! 447400123456        refused without a region: nobody can tell whether 44 is a country code
//! ```

use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;

use super::field::Field;
use super::refused::{Reason, Refused};
use crate::consent::identifier::{Identifier, IdentifierError};

/// Reads contacts.
#[derive(Clone, Debug, Default)]
pub struct Phones {
    region: Option<Region>,
}

/// Where numbers without a country code belong: an ISO 3166 code of two letters.
#[derive(Clone, Debug)]
pub struct Region {
    id: Id,
    code: String,
}

impl std::str::FromStr for Region {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let no_region = || format!("{text:?} is no country with a numbering plan; give two letters, as in BR");
        let upper = text.trim().to_ascii_uppercase();
        let id: Id = upper.parse().map_err(|_| no_region())?;
        let metadata = DATABASE.by_id(id.as_ref()).ok_or_else(no_region)?;
        Ok(Self { id, code: metadata.country_code().to_string() })
    }
}

impl Phones {
    /// With a region for numbers without a country code, or none.
    #[must_use]
    pub const fn new(region: Option<Region>) -> Self {
        Self { region }
    }

    /// Reads a contact.
    ///
    /// # Errors
    /// Where it is none, is mangled, or could be somebody else.
    pub fn read(&self, text: &str) -> Result<Identifier, Refused> {
        let text = bare(text);
        if text.starts_with('+') || text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) {
            return text.parse().map_err(refused);
        }
        if text.is_empty() {
            return Err(refused(IdentifierError::Empty));
        }
        if is_mangled(text) {
            return Err(Refused::field(
                Field::Contact,
                Reason::ContactMangled,
                "a spreadsheet took the number for a quantity: format its column as text, or export it again",
            ));
        }
        match &self.region {
            Some(region) => region.national(text),
            None => Err(Refused::field(
                Field::Contact,
                Reason::ContactMalformed,
                "a phone number without '+' and country code: give --region, as in --region BR",
            )),
        }
    }
}

impl Region {
    /// A number as it is written in the region; or with the region's own country code, where it can be nothing else.
    fn national(&self, text: &str) -> Result<Identifier, Refused> {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let only_signs = text.chars().all(|sign| sign.is_ascii_digit() || " ()-./\u{a0}\u{2010}\u{2011}\u{2013}".contains(sign));
        if !only_signs {
            return Err(malformed());
        }
        let mut readings = vec![self.valid(Some(self.id), text)];
        if digits.starts_with(&self.code) {
            // It may begin with the country code, or with an area code of the same digits.
            readings.push(self.valid(None, &format!("+{digits}")));
            readings.push(self.valid(None, &format!("+{}{digits}", self.code)));
        }
        let mut readings: Vec<Identifier> = readings.into_iter().flatten().collect();
        readings.dedup();
        match readings.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(malformed()),
            _ => Err(Refused::field(
                Field::Contact,
                Reason::ContactAmbiguous,
                "it could be two numbers, with and without a country code: write it with '+'",
            )),
        }
    }

    /// The number, where the numbering plan of this region has it in its canonical form.
    fn valid(&self, region: Option<Id>, text: &str) -> Option<Identifier> {
        let number = phonenumber::parse(region, text).ok().filter(|number| number.extension().is_none())?;
        let contact: Identifier = number.format().mode(phonenumber::Mode::E164).to_string().parse().ok()?;
        let canonical = phonenumber::parse(None, contact.as_str()).ok()?;
        (canonical.country().code().to_string() == self.code && canonical.is_valid()).then_some(contact)
    }
}

/// Without what surrounds a contact: white space, marks of direction, an apostrophe or `="…"` of a spreadsheet, a scheme.
fn bare(text: &str) -> &str {
    let edge = |sign: char| {
        sign.is_whitespace() || matches!(sign, '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let text = text.trim_matches(edge);
    let text = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let text = text.trim_start_matches(['\'', '\u{2019}']).trim_matches(edge);
    let scheme = text.split_once(':').filter(|(scheme, _)| ["whatsapp", "tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known)));
    scheme.map_or(text, |(_, rest)| rest.trim_matches(edge))
}

/// Whether a spreadsheet wrote it as a quantity: `4.47E+11`, `4,47E+11`, `447400123456.0`.
fn is_mangled(text: &str) -> bool {
    let exponent = text.find(['e', 'E']).is_some_and(|place| {
        let (before, after) = text.split_at(place);
        let quantity = before.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
        let power = after.get(1..).unwrap_or_default().trim_start_matches(['+', '-']);
        quantity && !power.is_empty() && power.bytes().all(|byte| byte.is_ascii_digit())
    });
    let fraction = text.rsplit_once(['.', ',']).is_some_and(|(whole, rest)| {
        whole.bytes().all(|byte| byte.is_ascii_digit()) && whole.len() > 6 && rest.bytes().all(|byte| byte == b'0')
    });
    exponent || fraction
}

fn refused(error: IdentifierError) -> Refused {
    let reason = if error == IdentifierError::Empty { Reason::ContactEmpty } else { Reason::ContactMalformed };
    Refused::field(Field::Contact, reason, error.to_string())
}

fn malformed() -> Refused {
    Refused::field(Field::Contact, Reason::ContactMalformed, "not a phone number of the region, nor one with '+' and a country code")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(region: &str, text: &str) -> Result<String, String> {
        let phones = Phones::new((!region.is_empty()).then(|| region.parse().unwrap()));
        phones.read(text).map(|contact| contact.as_str().to_owned()).map_err(|refused| refused.reason.into_owned())
    }

    #[test]
    fn what_is_international_needs_no_region() {
        for text in [
            "+447400123456",
            " +44 7400 123456 ",
            "'+447400123456",
            "=\"+447400123456\"",
            "whatsapp:+447400123456",
            "tel:+44 7400 123456",
            "\u{202a}+447400123456\u{202c}",
        ] {
            assert_eq!(read("", text), Ok("+447400123456".into()), "{text}");
        }
        assert_eq!(read("", "US.13491208655302741918"), Ok("US.13491208655302741918".into()));
    }

    #[test]
    fn national_numbers_are_read_by_the_plan_of_their_region() {
        for (region, text, number) in [
            ("BR", "(11) 96123-4567", "+5511961234567"),
            ("BR", "11961234567", "+5511961234567"),
            ("BR", "1161234567", "+5511961234567"),
            ("br", "11 3333-4444", "+551133334444"),
            ("GB", "07400 123456", "+447400123456"),
            ("DE", "0151 23456789", "+4915123456789"),
            ("US", "(212) 555-2368", "+12125552368"),
            ("MX", "222 123 4567", "+522221234567"),
        ] {
            assert_eq!(read(region, text), Ok(number.into()), "{region} {text}");
        }
    }

    #[test]
    fn a_country_code_without_plus_is_read_only_where_the_region_makes_it_certain() {
        assert_eq!(read("BR", "5511961234567"), Ok("+5511961234567".into()));
        assert_eq!(read("BR", "551133334444"), Ok("+551133334444".into()));
        // Area code 55: the national reading is the only one that the plan has.
        assert_eq!(read("BR", "55991234567"), Ok("+5555991234567".into()));
        assert_eq!(read("GB", "447400123456"), Ok("+447400123456".into()));
        assert_eq!(read("BR", "447400123456"), Err("CONTACT_MALFORMED".into()), "another country's");
        assert_eq!(read("", "447400123456"), Err("CONTACT_MALFORMED".into()));
    }

    #[test]
    fn what_a_spreadsheet_mangled_is_refused_in_words_that_help() {
        for text in ["4.47E+11", "4,47E+11", "4.474e11", "447400123456.0", "447400123456,00"] {
            assert_eq!(read("GB", text), Err("CONTACT_MANGLED".into()), "{text}");
            assert_eq!(read("", text), Err("CONTACT_MANGLED".into()), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_and_not_shown() {
        for (region, text, reason) in [
            ("", "", "CONTACT_EMPTY"),
            ("", " ' ", "CONTACT_EMPTY"),
            ("", "a@example.com", "CONTACT_MALFORMED"),
            ("GB", "0740", "CONTACT_MALFORMED"),
            ("GB", "07400123456 x12", "CONTACT_MALFORMED"),
            ("US", "1-800-FLOWERS", "CONTACT_MALFORMED"),
            ("GB", "07400123456 / 07400123457", "CONTACT_MALFORMED"),
        ] {
            assert_eq!(read(region, text), Err(reason.into()), "{region} {text}");
        }
        let refused = Phones::default().read("07400123456").unwrap_err();
        assert!(!refused.message.contains("07400123456") && refused.message.contains("--region"));
    }

    #[test]
    fn a_region_is_a_country_with_a_numbering_plan() {
        assert!("BR".parse::<Region>().is_ok() && " gb".parse::<Region>().is_ok());
        assert!("XX".parse::<Region>().is_err() && "Brazil".parse::<Region>().is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_contact_or_refused(text in "\\PC{0,24}") {
            let _ = read("BR", &text);
            let _ = read("", &text);
        }
    }
}
