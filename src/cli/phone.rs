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

/// Why a text is no contact. The text itself is left out: errors are logged.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum PhoneError {
    /// It is none wherever it is read.
    #[error(transparent)]
    NoIdentifier(#[from] IdentifierError),
    /// A national number, and no region to read it in.
    #[error("a phone number without '+' and country code: give --region, as in --region BR")]
    WithoutRegion,
    /// No number of the region.
    #[error("not a phone number of the region, nor one with '+' and a country code")]
    NotOfTheRegion,
    /// A spreadsheet made a quantity of it.
    #[error("a spreadsheet took the number for a quantity: format its column as text, or export it again")]
    Mangled,
    /// It begins as one dials abroad.
    #[error("a phone number that begins with 00: write '+' instead of 00 before the country code")]
    DialledAbroad,
    /// Two people's numbers are written like this.
    #[error("it could be two numbers, with and without a country code: write it with '+'")]
    Ambiguous,
}

impl PhoneError {
    /// The reason, for programs, as the server spells it where it has the same.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoIdentifier(IdentifierError::Empty) => "CONTACT_EMPTY",
            Self::NoIdentifier(_) | Self::WithoutRegion | Self::NotOfTheRegion | Self::DialledAbroad => "CONTACT_MALFORMED",
            Self::Mangled => "CONTACT_MANGLED",
            Self::Ambiguous => "CONTACT_AMBIGUOUS",
        }
    }
}

impl std::str::FromStr for Region {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let no_region = || format!("{text:?} is no country with a numbering plan; give two letters, as in BR");
        let id: Id = text.trim().to_ascii_uppercase().parse().map_err(|_| no_region())?;
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
    pub fn read(&self, text: &str) -> Result<Identifier, PhoneError> {
        let text = bare(text);
        if text.is_empty() || text.starts_with('+') || text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) {
            return Ok(text.parse()?);
        }
        if is_mangled(text) {
            return Err(PhoneError::Mangled);
        }
        self.region.as_ref().ok_or(PhoneError::WithoutRegion)?.national(text)
    }
}

impl Region {
    /// A number as it is written in the region; or with the region's own country code, where it can be nothing else.
    fn national(&self, text: &str) -> Result<Identifier, PhoneError> {
        let only_signs = text.chars().all(|sign| sign.is_ascii_digit() || " ()-./\u{a0}\u{2010}\u{2011}\u{2013}".contains(sign));
        if !only_signs {
            return Err(PhoneError::NotOfTheRegion);
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if digits.starts_with("00") {
            return Err(PhoneError::DialledAbroad);
        }
        let mut readings = vec![self.valid(Some(self.id), text)];
        if digits.starts_with(&self.code) {
            // It may begin with the country code, or with an area code of the same digits.
            readings.push(self.valid(None, &format!("+{digits}")));
            readings.push(self.valid(None, &format!("+{}{digits}", self.code)));
        }
        let mut readings = readings.into_iter().flatten();
        let number = readings.next().ok_or(PhoneError::NotOfTheRegion)?;
        let abroad = international(&format!("+{digits}"));
        if readings.any(|other| other != number) || abroad.is_some_and(|other| other != number) {
            return Err(PhoneError::Ambiguous);
        }
        Ok(number)
    }

    /// The number, where the numbering plan of this region has it in its canonical form.
    fn valid(&self, region: Option<Id>, text: &str) -> Option<Identifier> {
        let number = phonenumber::parse(region, text).ok().filter(|number| number.extension().is_none())?;
        let contact: Identifier = number.format().mode(phonenumber::Mode::E164).to_string().parse().ok()?;
        let canonical = phonenumber::parse(None, contact.as_str()).ok()?;
        (canonical.country().code().to_string() == self.code && canonical.is_valid()).then_some(contact)
    }
}

/// The number that this is, with '+', in whatever country's plan; none where it is in none.
fn international(text: &str) -> Option<Identifier> {
    let number = phonenumber::parse(None, text).ok().filter(phonenumber::PhoneNumber::is_valid)?;
    number.format().mode(phonenumber::Mode::E164).to_string().parse().ok()
}

/// Whether it is most likely meant as a contact, in whatever country: where a row is told from a header.
#[must_use]
pub fn looks_like_a_contact(text: &str) -> bool {
    let text = bare(text);
    let is_number = || text.bytes().filter(u8::is_ascii_digit).count() >= 7 && !text.chars().any(char::is_alphabetic);
    text.parse::<Identifier>().is_ok() || is_number()
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
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = text.split_once(['e', 'E']).is_some_and(|(quantity, power)| {
        let power = power.trim_start_matches(['+', '-']);
        quantity.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',')) && !power.is_empty() && is_digits(power)
    });
    let fraction = text
        .rsplit_once(['.', ','])
        .is_some_and(|(whole, rest)| whole.len() > 6 && is_digits(whole) && rest.bytes().all(|byte| byte == b'0'));
    exponent || fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(region: &str, text: &str) -> Result<String, &'static str> {
        let phones = Phones::new((!region.is_empty()).then(|| region.parse().unwrap()));
        phones.read(text).map(|contact| contact.as_str().to_owned()).map_err(PhoneError::code)
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
        assert_eq!(read("BR", "447400123456"), Err("CONTACT_MALFORMED"), "another country's");
        assert_eq!(read("", "447400123456"), Err("CONTACT_MALFORMED"));
    }

    #[test]
    fn a_number_that_two_people_may_have_is_refused() {
        // Emden without its zero, or Düsseldorf with the country code.
        assert_eq!(read("DE", "4921123456"), Err("CONTACT_AMBIGUOUS"));
        assert_eq!(read("DE", "04921 123456"), Ok("+494921123456".into()));
        // With '+' it would be somebody's in another country.
        assert_eq!(read("MX", "14348276864"), Err("CONTACT_AMBIGUOUS"));
        assert_eq!(read("DE", "4915037386933"), Err("CONTACT_AMBIGUOUS"));
    }

    #[test]
    fn the_pages_name_every_code() {
        let errors =
            [PhoneError::NoIdentifier(IdentifierError::Empty), PhoneError::WithoutRegion, PhoneError::Mangled, PhoneError::Ambiguous];
        for page in [include_str!("../../docs/imports.md"), include_str!("../../docs/audiences.md")] {
            assert!(errors.iter().all(|error| page.contains(&format!("`{}`", error.code()))));
        }
    }

    #[test]
    fn what_a_spreadsheet_mangled_is_refused_in_words_that_help() {
        for text in ["4.47E+11", "4,47E+11", "4.474e11", "447400123456.0", "447400123456,00"] {
            assert_eq!(read("GB", text), Err("CONTACT_MANGLED"), "{text}");
            assert_eq!(read("", text), Err("CONTACT_MANGLED"), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_and_not_shown() {
        for (region, text, reason) in [
            ("", "", "CONTACT_EMPTY"),
            ("", " ' ", "CONTACT_EMPTY"),
            ("", "a@example.com", "CONTACT_MALFORMED"),
            ("GB", "0740", "CONTACT_MALFORMED"),
            ("GB", "00447400123456", "CONTACT_MALFORMED"),
            ("GB", "0033612345678", "CONTACT_MALFORMED"),
            ("GB", "07400123456 x12", "CONTACT_MALFORMED"),
            ("US", "1-800-FLOWERS", "CONTACT_MALFORMED"),
            ("GB", "07400123456 / 07400123457", "CONTACT_MALFORMED"),
        ] {
            assert_eq!(read(region, text), Err(reason), "{region} {text}");
        }
        let said = Phones::default().read("07400123456").unwrap_err().to_string();
        assert!(!said.contains("07400123456") && said.contains("--region"));
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
