//! Rule 6: what a message says, read again from the design alone: letter by letter, with nothing of the reader that serves.

use consent_ledger::consent::keyword::{Keyword, Keywords, Reading};
use consent_ledger::consent::words::{Categories, Category};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words that order flows put on buttons.
const NOT_ON_BUTTONS: [&str; 4] = ["cancel", "cancelar", "end", "quit"];

/// What ends a sentence or a line.
const ENDS: &str = ".!?;\n\r…。！？؟।\u{2028}\u{2029}";

/// What a text and a button's payload say.
pub fn rule_6_reading(words: &Keywords, text: Option<&str>, payload: Option<&str>, button: bool) -> Reading {
    let said: Vec<&str> = [text, payload].into_iter().flatten().collect();
    let meant: Vec<Keyword> = said.iter().filter_map(|said| rule_6_keyword(words, said, button)).collect();
    let opts_out = |keyword: &&Keyword| matches!(keyword, Keyword::OptOut(_));
    let keyword = meant.iter().find(opts_out).or_else(|| meant.first()).copied();
    let in_a_sentence = |said: &&&str| (!button || said.contains('\n')) && rule_6_said_in_a_sentence(words, said, button);
    Reading {
        keyword,
        holds_opt_out_word: said.iter().any(|said| rule_6_holds_opt_out_word(words, said)),
        possible_opt_out: !keyword.as_ref().is_some_and(|keyword| opts_out(&keyword)) && said.iter().any(|said| in_a_sentence(&said)),
    }
}

/// The keyword that a message is, as a whole.
fn rule_6_keyword(words: &Keywords, said: &str, button: bool) -> Option<Keyword> {
    let said = plain(said);
    for word in words.opt_out().filter(|word| !(button && NOT_ON_BUTTONS.contains(word))) {
        if let Some(categories) = meant_for(&said, word) {
            return Some(Keyword::OptOut(categories));
        }
    }
    words.opt_in().find_map(|word| meant_for(&said, word)).map(Keyword::OptIn)
}

/// Which categories a word means, where it was said alone or with one of them behind it.
fn meant_for(said: &str, word: &str) -> Option<Categories> {
    if said == word {
        return Some(Categories::ALL);
    }
    let one = |category: &&Category| said == format!("{word} {}", category.as_str());
    Category::ALL.iter().find(one).map(|category| Categories::NONE.with(*category))
}

fn rule_6_said_in_a_sentence(words: &Keywords, said: &str, button: bool) -> bool {
    let sentences: Vec<&str> = said.split(|letter| ENDS.contains(letter)).filter(|sentence| !plain(sentence).is_empty()).collect();
    sentences.len() > 1 && sentences.iter().any(|sentence| matches!(rule_6_keyword(words, sentence, button), Some(Keyword::OptOut(_))))
}

/// Whether an opt-out word stands anywhere, no letter, mark or digit beside it.
fn rule_6_holds_opt_out_word(words: &Keywords, said: &str) -> bool {
    let said: Vec<char> = plain(said).chars().collect();
    words.opt_out().any(|word| {
        let word: Vec<char> = word.chars().collect();
        (0..said.len()).any(|start| {
            let end = start + word.len();
            let before = start.checked_sub(1).and_then(|place| said.get(place));
            let beside = |letter: Option<&char>| letter.is_some_and(|letter| is_of_a_word(*letter));
            said.get(start..end) == Some(&word[..]) && !beside(before) && !beside(said.get(end))
        })
    })
}

/// Compatibility form in small letters, without what cannot be seen, with single spaces, trimmed to the words.
fn plain(said: &str) -> String {
    let small: String = said.nfkc().collect::<String>().to_lowercase();
    let seen: String = small.nfkc().filter(|letter| !is_unseen(*letter)).collect();
    seen.trim_matches(|letter| !is_of_a_word(letter)).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_of_a_word(letter: char) -> bool {
    letter.is_alphanumeric() || is_combining_mark(letter)
}

/// Soft hyphens, joiners, bidi marks, variation selectors, the frame of a keycap.
const fn is_unseen(letter: char) -> bool {
    matches!(
        letter,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{20E3}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
    )
}
