//! What a contact is found by: a phone number or a business-scoped user ID.
//!
//! Two spellings that the numbering plan guarantees to be one subscriber become one [`PhoneNumber`]:
//!
//! ```text
//! +55 11 6123-4567   Brazil, a mobile without its ninth digit   ->  +5511961234567
//! +521 222 123 4567  Mexico, the old mobile prefix              ->  +522221234567
//! ```
//!
//! Anything that could be another line stays as it is: Argentina's `54 9 11…` and `54 11…`, Brazilian landlines.

use std::fmt;
use std::str::FromStr;

/// What a contact is found by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identifier {
    /// A phone number.
    Phone(PhoneNumber),
    /// A business-scoped user ID (BSUID).
    UserId(UserId),
}

impl Identifier {
    /// The number of its kind in keyed digests: 1 a phone number, 2 a user ID.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Phone(_) => 1,
            Self::UserId(_) => 2,
        }
    }

    /// Its canonical text: E.164 with the plus sign, or the user ID as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(phone) => &phone.0,
            Self::UserId(user_id) => &user_id.0,
        }
    }

    /// Reads the provider's `wa_id` or `from`: digits of a phone number without a plus sign.
    ///
    /// # Errors
    /// Where it is not 7 to 15 digits.
    pub fn from_wa_id(text: &str) -> Result<Self, IdentifierError> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        if digits.is_empty() {
            return Err(IdentifierError::Empty);
        }
        PhoneNumber::from_digits(digits).map(Self::Phone)
    }
}

/// Never shows the identifier: logs and errors are not the place for it.
impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Phone(_) => "Phone(…)",
            Self::UserId(_) => "UserId(…)",
        })
    }
}

impl FromStr for Identifier {
    type Err = IdentifierError;

    /// Reads a phone number in international form (`+` and digits; spaces, hyphens, dots and brackets are let
    /// through) or a user ID (`US.1349…`).
    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(IdentifierError::Empty);
        }
        if let Some(rest) = text.strip_prefix('+') {
            if rest.bytes().all(|b| b.is_ascii_digit()) {
                return PhoneNumber::from_digits(rest).map(Self::Phone);
            }
            return PhoneNumber::from_formatted(text).map(Self::Phone);
        }
        if text.bytes().next().is_some_and(|b| b.is_ascii_digit() || b == b'(') {
            return Err(IdentifierError::WithoutCountryCode);
        }
        UserId::from_str(text).map(Self::UserId)
    }
}

/// A phone number in canonical E.164: a plus sign and 7 to 15 digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(Box<str>);

impl PhoneNumber {
    /// From the digits after the plus sign. Where a 0 may stand between country code and number, as in `+44 07400 …`, the
    /// numbering plan says whether it belongs there.
    fn from_digits(digits: &str) -> Result<Self, IdentifierError> {
        let well_formed = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if !well_formed {
            return Err(IdentifierError::NotAPhoneNumber);
        }
        let may_hold_a_0 = digits.bytes().skip(1).take(3).any(|digit| digit == b'0');
        let planned = may_hold_a_0.then(|| by_plan(&format!("+{digits}"))).flatten();
        let read = canonical(planned.as_deref().and_then(|planned| planned.strip_prefix('+')).unwrap_or(digits));
        // What is left may hold one more, as in +20 00 06…: what is stored must be read as itself.
        match read.strip_prefix('+') {
            Some(shorter) if shorter.len() < digits.len() => Self::from_digits(shorter),
            _ => Ok(Self(read)),
        }
    }

    /// From the way people write it, through the numbering plan. Anything else beside a number is somebody's note, a second
    /// number or an extension, and would be read as digits of another number.
    fn from_formatted(text: &str) -> Result<Self, IdentifierError> {
        let rest = text.strip_prefix('+').filter(|rest| rest.chars().all(|c| c.is_ascii_digit() || is_separator(c)));
        let digits: String = rest.ok_or(IdentifierError::NotAPhoneNumber)?.chars().filter(char::is_ascii_digit).collect();
        let planned = by_plan(&format!("+{digits}")).ok_or(IdentifierError::NotAPhoneNumber)?;
        Self::from_digits(planned.strip_prefix('+').unwrap_or(&planned))
    }
}

/// What may stand between the digits of a number: spaces, hyphens, dots and brackets.
fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '-' | '\u{2010}' | '\u{2011}' | '.' | '(' | ')')
}

/// The number in E.164 by the plan of its country; none where it has none.
fn by_plan(text: &str) -> Option<String> {
    let number = phonenumber::parse(None, text).ok()?;
    Some(number.format().mode(phonenumber::Mode::E164).to_string())
}

/// Joins the spellings that the numbering plan guarantees to be one subscriber; `digits` have no plus sign.
fn canonical(digits: &str) -> Box<str> {
    // Mexico dropped the 1 before mobile numbers in 2019; WhatsApp still sends it.
    if let Some(national) = digits.strip_prefix("521").filter(|rest| rest.len() == 10) {
        return ["+52", national].concat().into();
    }
    // Brazilian mobiles: two digits of area code, then 9 and the eight digits they had before; those began with 6 to 9.
    if let Some(national) = digits.strip_prefix("55").filter(|rest| rest.len() == 10)
        && let (Some(area), Some(line)) = (national.get(..2), national.get(2..))
        && line.starts_with(['6', '7', '8', '9'])
        && !area.contains('0')
    {
        return ["+55", area, "9", line].concat().into();
    }
    ["+", digits].concat().into()
}

/// A business-scoped user ID: a country code, a dot, and up to 128 letters, digits and dots.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Box<str>);

impl FromStr for UserId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let well_formed = text.len() <= 131
            && text.split_once('.').is_some_and(|(country, id)| {
                country.len() == 2
                    && country.bytes().all(|b| b.is_ascii_uppercase())
                    && !id.is_empty()
                    && id.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
            });
        well_formed.then(|| Self(text.into())).ok_or(IdentifierError::NotAUserId)
    }
}

/// Not an identifier. The text itself is left out: errors are logged.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum IdentifierError {
    /// Nothing was given.
    #[error("the contact is empty")]
    Empty,
    /// A phone number without plus sign and country code.
    #[error("a phone number starts with '+' and its country code, as in +447400123456")]
    WithoutCountryCode,
    /// Not 7 to 15 digits.
    #[error("not a phone number: '+' and 7 to 15 digits are expected, as in +447400123456")]
    NotAPhoneNumber,
    /// Neither a phone number nor a user ID.
    #[error("not a contact: a phone number as in +447400123456 or a business-scoped user ID as in US.13491208655302741918 is expected")]
    NotAUserId,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canon(text: &str) -> String {
        text.parse::<Identifier>().unwrap().as_str().to_owned()
    }

    #[test]
    fn brazilian_mobiles_gain_their_ninth_digit_and_landlines_do_not() {
        assert_eq!(canon("+551161234567"), "+5511961234567");
        assert_eq!(canon("+5511961234567"), "+5511961234567");
        assert_eq!(canon("+551133334444"), "+551133334444");
        assert_eq!(canon("+5511933334444"), "+5511933334444");
    }

    #[test]
    fn mexican_mobiles_lose_their_old_prefix_and_argentine_numbers_keep_theirs() {
        assert_eq!(canon("+5212221234567"), "+522221234567");
        assert_eq!(canon("+522221234567"), "+522221234567");
        assert_ne!(canon("+5491123456789"), canon("+541123456789"));
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(canon("+44 7400 123456"), "+447400123456");
        assert_eq!(canon("+55 (11) 96123-4567"), "+5511961234567");
        assert_eq!(Identifier::from_wa_id("557191234567").unwrap().as_str(), "+5571991234567");
    }

    #[test]
    fn a_trunk_0_behind_the_country_code_makes_no_other_number() {
        for text in ["+4407414000001", "+44 07414 000001", "+44 (0)7414 000001", "+447414000001"] {
            assert_eq!(canon(text), "+447414000001", "{text}");
        }
        assert_eq!(Identifier::from_wa_id("4407414000001").unwrap().as_str(), "+447414000001");
        assert_eq!(canon("+33 06 12 34 56 78"), canon("+330612345678"));
        assert_eq!(canon("+4915112345678"), canon("+49015112345678"));
        assert_eq!(canon("+390612345678"), "+390612345678", "the 0 of an Italian landline belongs to it");
        assert_eq!(canon("+12025550123"), "+12025550123");
        assert_eq!(canon("+200006236728"), canon(canon("+200006236728").as_str()), "what is stored is read as itself");
    }

    #[test]
    fn what_stands_beside_a_number_is_not_read_into_it() {
        for text in [
            "+44 7413 100016 (Ana)",
            "+447413100020/21",
            "+1 800 FLOWERS",
            "+1 212-555-2368, 2369",
            "+44 7412 000001 x99",
            "+44 7413;ext=1",
        ] {
            assert_eq!(text.parse::<Identifier>(), Err(IdentifierError::NotAPhoneNumber), "{text}");
        }
        assert_eq!(canon("+44\u{a0}7400\u{2011}123.456"), "+447400123456");
    }

    #[test]
    fn what_is_no_identifier_is_refused_by_kind() {
        assert_eq!("".parse::<Identifier>(), Err(IdentifierError::Empty));
        assert_eq!("447400123456".parse::<Identifier>(), Err(IdentifierError::WithoutCountryCode));
        assert_eq!("+12".parse::<Identifier>(), Err(IdentifierError::NotAPhoneNumber));
        assert_eq!("+0123456789".parse::<Identifier>(), Err(IdentifierError::NotAPhoneNumber));
        assert_eq!("US.".parse::<Identifier>(), Err(IdentifierError::NotAUserId));
        assert_eq!("<PLACEHOLDER>".parse::<Identifier>(), Err(IdentifierError::NotAUserId));
        assert!("US.ENT.11815799212886844830".parse::<Identifier>().is_ok());
    }

    #[test]
    fn an_identifier_never_shows_in_debug_output() {
        assert_eq!(format!("{:?}", "+447400123456".parse::<Identifier>().unwrap()), "Phone(…)");
    }
}
