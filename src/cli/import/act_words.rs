//! Which words stand for an opt-in and which for an opt-out. The lists are closed: any other word is refused.

use super::field::Field;
use super::refused::{Reason, Refused};

/// What a row says that the person did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Opted in.
    OptIn,
    /// Opted out.
    OptOut,
}

/// Words for an opt-in, without spaces, `-` and `_`, in small letters.
pub const OPT_IN: [&str; 10] = ["optin", "optedin", "yes", "y", "true", "1", "subscribed", "granted", "explicitlyoptedin", "doublyoptedin"];

/// Words for an opt-out. An answer of "no" is one: where it stands, a later message would be against the person's will.
pub const OPT_OUT: [&str; 9] = ["optout", "optedout", "no", "n", "false", "0", "unsubscribed", "revoked", "withdrawn"];

/// Words that say neither.
pub const NEITHER: [&str; 9] = ["", "notseen", "seen", "notspecified", "notsubscribed", "implicitlyoptedin", "pending", "unknown", "none"];

/// Words for a box that is ticked.
pub const TICKED: [&str; 5] = ["yes", "y", "true", "1", "x"];

/// Words for a box that is not.
pub const NOT_TICKED: [&str; 5] = ["", "no", "n", "false", "0"];

/// What a word of the field `action` stands for.
///
/// # Errors
/// Where it stands for neither, or is on no list.
pub fn act(text: &str) -> Result<Act, Refused> {
    let mut room = [0_u8; ROOM];
    let Some(word) = plain(text, &mut room) else { return Err(unknown(Field::Action)) };
    if OPT_IN.contains(&word) {
        return Ok(Act::OptIn);
    }
    if OPT_OUT.contains(&word) {
        return Ok(Act::OptOut);
    }
    if NEITHER.contains(&word) {
        return Err(Refused::field(Field::Action, Reason::NoAct, "it says neither opt-in nor opt-out"));
    }
    Err(unknown(Field::Action))
}

/// Whether the box of the field `opted_out` is ticked.
///
/// # Errors
/// Where the word is on no list.
pub fn ticked(text: &str) -> Result<bool, Refused> {
    let mut room = [0_u8; ROOM];
    match plain(text, &mut room) {
        Some(word) if TICKED.contains(&word) => Ok(true),
        Some(word) if NOT_TICKED.contains(&word) => Ok(false),
        _ => Err(unknown(Field::OptedOut)),
    }
}

/// Whether the field `channel` says WhatsApp.
#[must_use]
pub fn is_whatsapp(text: &str) -> bool {
    let mut room = [0_u8; ROOM];
    plain(text, &mut room) == Some("whatsapp")
}

/// The longest word that is looked up, in bytes.
const ROOM: usize = 24;

/// The word in small letters, without spaces, `-` and `_`; none where it is longer than any, or not ASCII.
fn plain<'a>(text: &str, room: &'a mut [u8; ROOM]) -> Option<&'a str> {
    let mut length = 0;
    for byte in text.bytes().filter(|byte| !matches!(byte, b' ' | b'-' | b'_')) {
        if !byte.is_ascii() {
            return None;
        }
        *room.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    room.get(..length).and_then(|word| std::str::from_utf8(word).ok())
}

fn unknown(field: Field) -> Refused {
    Refused::field(field, Reason::ActionUnknown, "not a word for an opt-in or an opt-out; docs/imports.md lists them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_whatever_their_case_and_hyphens() {
        for word in ["Opt-In", "opted_in", "TRUE", "1", "Subscribed", "ExplicitlyOptedIn", "yes", "Opt In"] {
            assert_eq!(act(word), Ok(Act::OptIn), "{word}");
        }
        for word in ["OPT_OUT", "OptedOut", "unsubscribed", "No", "0", "false", "Revoked"] {
            assert_eq!(act(word), Ok(Act::OptOut), "{word}");
        }
    }

    #[test]
    fn what_says_neither_is_told_from_what_is_on_no_list() {
        for word in ["", "NotSeen", "Seen", "NOT_SPECIFIED", "ImplicitlyOptedIn"] {
            assert_eq!(act(word).unwrap_err().reason, "NO_ACT", "{word}");
        }
        for word in ["maybe", "2", "опт", "subscribed to everything there is"] {
            assert_eq!(act(word).unwrap_err().reason, "ACTION_UNKNOWN", "{word}");
        }
    }

    #[test]
    fn no_word_is_on_two_lists() {
        for word in OPT_IN {
            assert!(!OPT_OUT.contains(&word) && !NEITHER.contains(&word), "{word}");
        }
        assert!(OPT_OUT.iter().all(|word| !NEITHER.contains(word)));
        assert!(TICKED.iter().all(|word| !NOT_TICKED.contains(word)));
    }

    #[test]
    fn a_box_is_ticked_or_not_and_anything_else_is_refused() {
        assert_eq!([ticked("Yes"), ticked("x"), ticked("false"), ticked("")], [Ok(true), Ok(true), Ok(false), Ok(false)]);
        assert!(ticked("opted in").is_err());
    }

    #[test]
    fn the_page_lists_every_word() {
        let page = include_str!("../../../docs/imports.md");
        let words = page.split("## Words").nth(1).unwrap().split("## Contacts").next().unwrap().to_lowercase().replace('_', "");
        for word in OPT_IN.iter().chain(&OPT_OUT).chain(&NEITHER).chain(&TICKED).chain(&NOT_TICKED).filter(|word| !word.is_empty()) {
            let listed = words.split(|sign: char| !sign.is_alphanumeric()).any(|listed| listed == *word);
            assert!(listed, "docs/imports.md does not list {word}");
        }
    }

    #[test]
    fn only_whatsapp_is_whatsapp() {
        assert!(is_whatsapp("WHATSAPP") && is_whatsapp("whats_app") && is_whatsapp("Whats App"));
        assert!(!is_whatsapp("SMS") && !is_whatsapp("") && !is_whatsapp("whatsapp, email"));
    }
}
