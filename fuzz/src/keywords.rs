//! Keywords in messages. The first line is a keyword of an account's own, the rest is what somebody says.

use std::sync::LazyLock;

use consent_ledger::consent::keyword::{Keyword, Keywords, Reading};
use consent_ledger::consent::words::Categories;

static PRESETS: LazyLock<[Keywords; 2]> = LazyLock::new(|| [Keywords::meta(), Keywords::sinch()]);

/// Every text is read, what stands around it changes nothing, and a keyword that is said as a word is seen.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (own, said) = text.split_once('\n').unwrap_or(("", &text));
    for preset in PRESETS.iter() {
        reads(preset, said);
        reads(&preset.and([own], []), said);
        reads(&preset.and([], [own]), said);
    }
    let alone = Keywords::new([own], []);
    for kept in alone.opt_out() {
        assert_eq!(alone.read(Some(own), None, false).keyword, Some(Keyword::OptOut(Categories::ALL)), "{own:?} is what was asked for");
        assert_eq!(Keywords::new([kept], []), alone, "{kept:?}, as it is kept, is the same word");
    }
}

fn reads(keywords: &Keywords, said: &str) {
    for button in [false, true] {
        let reading = keywords.read(Some(said), None, button);
        assert_eq!(keywords.read(None, Some(said), button), reading, "a payload says what a text says: {said:?}");
        let dressed = format!(" \"{said}\" ");
        let Reading { keyword, holds_opt_out_word, .. } = keywords.read(Some(&dressed), None, button);
        assert_eq!((keyword, holds_opt_out_word), (reading.keyword, reading.holds_opt_out_word), "in quotes: {said:?}");
        if let Some(Keyword::OptOut(categories)) = reading.keyword {
            assert!(!categories.is_empty() && reading.holds_opt_out_word && !reading.possible_opt_out, "{said:?}: {reading:?}");
        }
        if is_said(keywords, said) {
            assert!(reading.holds_opt_out_word, "{said:?} says a keyword");
        }
    }
}

/// Whether the words of a keyword stand in the text one after another, between spaces: the least that must be seen.
fn is_said(keywords: &Keywords, said: &str) -> bool {
    let normalised = Keywords::new([said], []);
    let Some(said) = normalised.opt_out().next() else { return false };
    let said: Vec<&str> = said.split(' ').collect();
    keywords.opt_out().any(|keyword| {
        let keyword: Vec<&str> = keyword.split(' ').collect();
        said.windows(keyword.len()).any(|words| words == keyword)
    })
}
