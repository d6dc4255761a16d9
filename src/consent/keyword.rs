//! Opt-out and opt-in keywords (rule 6): does this message, as a whole, say one?
//!
//! ```text
//! "🛑 Stop! "          OPT_OUT, all categories
//! "STOP MARKETING"     OPT_OUT, marketing
//! "start utility!"     OPT_IN, utility
//! "Stop. Thank you"    nothing by itself, a possible opt-out: a keyword is a whole sentence
//! "vou sair agora"     nothing, but it holds the word "sair": it reopens nothing after an opt-out
//! "STOP 12345"         the same; digits are never trimmed
//! ```

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use super::words::{Categories, Category};

/// The words that opt out and in, normalised.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Keywords {
    opt_out: BTreeSet<String>,
    opt_in: BTreeSet<String>,
}

/// What a message says, read with [`Keywords`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    /// The keyword that the message is, standing alone.
    pub keyword: Option<Keyword>,
    /// Whether it holds an opt-out keyword as a word anywhere.
    pub holds_opt_out_word: bool,
    /// Whether an opt-out keyword is a whole sentence or line of it, and not all of it.
    pub possible_opt_out: bool,
}

/// What a message says, normalised: as any account's [`Keywords`] read it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Said {
    texts: Vec<Text>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Text {
    /// All of it.
    whole: String,
    /// Its sentences and lines, where there are several.
    sentences: Vec<String>,
    /// Whether it has several lines.
    lines: bool,
}

/// A keyword, standing alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keyword {
    /// The contact opts out of these categories.
    OptOut(Categories),
    /// The contact opts in to these categories.
    OptIn(Categories),
}

impl Keywords {
    /// The words of the preset `meta`.
    #[must_use]
    pub fn meta() -> Self {
        Self::new(META_OPT_OUT.iter().copied(), META_OPT_IN.iter().copied())
    }

    /// The words of the preset `sinch`; those that opt in are those of `meta`.
    #[must_use]
    pub fn sinch() -> Self {
        Self::new(SINCH_OPT_OUT, META_OPT_IN)
    }

    /// Words as people write them; those that normalise to nothing are left out.
    pub fn new<'a>(opt_out: impl IntoIterator<Item = &'a str>, opt_in: impl IntoIterator<Item = &'a str>) -> Self {
        let set = |words: &mut dyn Iterator<Item = &'a str>| words.map(normalise).filter(|word| !word.is_empty()).collect();
        Self { opt_out: set(&mut opt_out.into_iter()), opt_in: set(&mut opt_in.into_iter()) }
    }

    /// The same with more words.
    #[must_use]
    pub fn and<'a>(&self, opt_out: impl IntoIterator<Item = &'a str>, opt_in: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = self.clone();
        let more = Self::new(opt_out, opt_in);
        all.opt_out.extend(more.opt_out);
        all.opt_in.extend(more.opt_in);
        all
    }

    /// The opt-out words, ascending.
    pub fn opt_out(&self) -> impl Iterator<Item = &str> {
        self.opt_out.iter().map(String::as_str)
    }

    /// The opt-in words, ascending.
    pub fn opt_in(&self) -> impl Iterator<Item = &str> {
        self.opt_in.iter().map(String::as_str)
    }

    /// Reads a message's text (its body or caption) or, where `button`, a button's text and payload.
    #[must_use]
    pub fn read(&self, text: Option<&str>, payload: Option<&str>, button: bool) -> Reading {
        self.read_said(&Said::of(text, payload), button)
    }

    /// [`Keywords::read`] of what was normalised before.
    #[must_use]
    pub fn read_said(&self, said: &Said, button: bool) -> Reading {
        let mut reading = Reading::default();
        for Text { whole, sentences, lines } in &said.texts {
            // An opt-out in either outweighs an opt-in in the other.
            match (self.keyword(whole, button), reading.keyword) {
                (Some(found @ Keyword::OptOut(_)), Some(Keyword::OptIn(_)) | None) | (Some(found), None) => reading.keyword = Some(found),
                _ => {}
            }
            reading.holds_opt_out_word |= self.holds_opt_out_word(whole);
            let opts_out = |sentence: &String| matches!(self.keyword(sentence, button), Some(Keyword::OptOut(_)));
            // What a button says is one line; the answers of a form are several.
            reading.possible_opt_out |= (!button || *lines) && sentences.iter().any(opts_out);
        }
        reading.possible_opt_out &= !matches!(reading.keyword, Some(Keyword::OptOut(_)));
        reading
    }

    fn keyword(&self, normalised: &str, button: bool) -> Option<Keyword> {
        let whole = self.word(normalised, button).map(|make| make(Categories::ALL));
        whole.or_else(|| {
            let (word, suffix) = normalised.rsplit_once(' ')?;
            let category = Category::ALL.iter().find(|category| category.as_str() == suffix)?;
            self.word(word, button).map(|make| make(Categories::NONE.with(*category)))
        })
    }

    fn word(&self, word: &str, button: bool) -> Option<fn(Categories) -> Keyword> {
        if self.opt_out.contains(word) && !(button && NOT_ON_BUTTONS.contains(&word)) {
            Some(Keyword::OptOut)
        } else if self.opt_in.contains(word) {
            Some(Keyword::OptIn)
        } else {
            None
        }
    }

    fn holds_opt_out_word(&self, normalised: &str) -> bool {
        self.opt_out.iter().any(|keyword| {
            places(normalised, keyword).any(|start| {
                let before = normalised.get(..start).and_then(|head| head.chars().next_back());
                let after = normalised.get(start + keyword.len()..).and_then(|tail| tail.chars().next());
                // A script without spaces has no word boundaries: there, doubt means that the word is held.
                let continues = |c: Option<char>, edge: Option<char>| c.is_some_and(is_word) && edge.is_some_and(is_spaced_script);
                !continues(before, keyword.chars().next()) && !continues(after, keyword.chars().next_back())
            })
        })
    }
}

/// What ends a sentence.
const ENDS: [char; 14] = ['.', '!', '?', ';', '\n', '\r', '…', '。', '！', '？', '؟', '।', '\u{2028}', '\u{2029}'];

impl Said {
    /// What a message's text says, and a button's payload.
    #[must_use]
    pub fn of(text: Option<&str>, payload: Option<&str>) -> Self {
        Self { texts: [text, payload].into_iter().flatten().map(Text::of).collect() }
    }
}

impl Text {
    fn of(said: &str) -> Self {
        let mut sentences: Vec<String> = Vec::new();
        if said.contains(ENDS) {
            sentences.extend(said.split(ENDS).map(normalise).filter(|sentence| !sentence.is_empty()));
        }
        if sentences.len() < 2 {
            sentences.clear();
        }
        Self { whole: normalise(said), sentences, lines: said.contains('\n') }
    }
}

/// Compatibility form, case folded, invisible characters removed, white space collapsed, ends trimmed of everything
/// that is neither letter, mark nor digit.
///
/// ASCII is its own compatibility form, folds letter by letter and hides nothing. Read as any text, a short message took a third of what
/// recording it takes.
pub(super) fn normalise(text: &str) -> String {
    if text.is_ascii() { normalise_ascii(text) } else { normalise_any(text) }
}

fn normalise_ascii(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for word in text.trim_matches(|c: char| !c.is_ascii_alphanumeric()).split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    words.make_ascii_lowercase();
    words
}

fn normalise_any(text: &str) -> String {
    let compatible: String = text.nfkc().collect();
    let folded: String = caseless::default_case_fold_str(&compatible).nfkc().filter(|c| !is_invisible(*c)).collect();
    let words: Vec<&str> = folded.trim_matches(|c: char| !is_word(c)).split_whitespace().collect();
    words.join(" ")
}

/// Where `word` stands in `text`, also where it begins within itself.
fn places(text: &str, word: &str) -> impl Iterator<Item = usize> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text.get(from..)?.find(word)?;
        from = start + text.get(start..)?.chars().next()?.len_utf8();
        Some(start)
    })
}

/// Bidi marks, joiners, variation selectors, keycap frames: they dress a word and are no part of it.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{20E3}' | '\u{34F}') || (c.general_category() == GeneralCategory::Format)
}

fn is_word(c: char) -> bool {
    matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark | GeneralCategoryGroup::Number)
}

/// Whether words of this character's script stand between spaces. Han, kana, Thai, Lao, Khmer and Myanmar do not.
const fn is_spaced_script(c: char) -> bool {
    !matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Rule 6, preset `meta`, out.
const META_OPT_OUT: [&str; 15] = [
    "stop",
    "stopall",
    "stop all",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "optout",
    "opt out",
    "salir",
    "detener",
    "sair",
    "parar",
    "cancelar",
];

/// Rule 16, preset `sinch`, out.
const SINCH_OPT_OUT: [&str; 4] = ["salir", "sair", "stop", "detener"];

/// Rule 6, preset `meta`, in.
const META_OPT_IN: [&str; 7] = ["start", "unstop", "subscribe", "volver", "recibir", "voltar", "receber"];

/// Words that order flows put on buttons: there they mean the order.
const NOT_ON_BUTTONS: [&str; 4] = ["cancel", "cancelar", "end", "quit"];

#[cfg(test)]
mod tests {
    use super::*;

    fn text(said: &str) -> Reading {
        Keywords::meta().read(Some(said), None, false)
    }

    const OUT: Option<Keyword> = Some(Keyword::OptOut(Categories::ALL));

    proptest::proptest! {
        #[test]
        fn ascii_is_normalised_as_any_text_is(text in "[\\x00-\\x7F]{0,40}") {
            proptest::prop_assert_eq!(normalise_ascii(&text), normalise_any(&text));
        }
    }

    #[test]
    fn every_ascii_character_is_normalised_as_any_text_is() {
        for c in (0..=0x7F_u8).map(char::from) {
            for text in [c.to_string(), format!("a{c}b"), format!("{c}Stop{c}"), format!("a {c} b")] {
                assert_eq!(normalise_ascii(&text), normalise_any(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn a_keyword_alone_opts_out_in_whatever_dress_it_comes() {
        for said in [
            "STOP",
            "Stop.",
            "  stop \n",
            "ＳＴＯＰ",
            "🛑 stop ✋🏽",
            "\u{200F}STOP\u{200E}",
            "¡Stop!",
            "*sToP*",
            "«Sair»",
            "#stop",
            "stop   all",
            "Opt\tOut",
            "s\u{200B}top",
        ] {
            assert_eq!(text(said).keyword, OUT, "{said:?}");
        }
    }

    #[test]
    fn a_keyword_among_other_words_is_none() {
        for said in
            ["STOP 12345", "stop sending me the wrong size", "nonstop", "vou sair agora", "sairei amanhã", "Stop. Thank you", "", "…", "1"]
        {
            assert_eq!(text(said).keyword, None, "{said:?}");
        }
    }

    #[test]
    fn a_category_after_the_keyword_narrows_it() {
        let marketing = Categories::NONE.with(Category::Marketing);
        assert_eq!(text("STOP MARKETING").keyword, Some(Keyword::OptOut(marketing)));
        assert_eq!(text("start  marketing!").keyword, Some(Keyword::OptIn(marketing)));
        assert_eq!(text("stop please").keyword, None);
    }

    #[test]
    fn a_button_opts_out_by_text_or_payload_and_order_words_do_not_count_there() {
        let button = |text, payload| Keywords::meta().read(Some(text), Some(payload), true).keyword;
        assert_eq!(button("No more offers", "STOP"), OUT);
        assert_eq!(button("Stop", "btn-7f3"), OUT);
        assert_eq!(button("Start", "stop"), OUT);
        for said in ["Cancel", "Cancelar", "END", "quit"] {
            assert_eq!(button(said, "order-1"), None, "{said:?}");
        }
    }

    #[test]
    fn the_answers_of_a_form_are_lines_and_one_of_them_is_a_possible_opt_out() {
        let form = |said| Keywords::meta().read(Some(said), None, true);
        assert_eq!(form("stop").keyword, OUT);
        assert!(form("Jo\nstop\nnews").possible_opt_out);
        assert!(!form("Jo\ncancel\nnews").possible_opt_out, "an order's word");
        assert!(!form("Stop. Thanks").possible_opt_out, "what a button says");
    }

    #[test]
    fn an_opt_out_word_anywhere_is_seen_as_a_word_only() {
        assert!(text("vou sair agora").holds_opt_out_word);
        assert!(text("please (stop) it").holds_opt_out_word);
        assert!(text("I want to opt  out now").holds_opt_out_word);
        assert!(!text("sairei amanhã").holds_opt_out_word);
        assert!(!text("nonstop weekend").holds_opt_out_word);
        let repeated = Keywords::new(["ha ha"], []);
        assert!(repeated.read(Some("aha ha ha"), None, false).holds_opt_out_word, "it begins within itself");
        let chinese = Keywords::new(["停止"], []);
        assert!(chinese.read(Some("请停止发送"), None, false).holds_opt_out_word);
    }

    #[test]
    fn a_keyword_as_a_sentence_is_a_possible_opt_out_and_nothing_more() {
        assert!(text("Stop. Thank you").possible_opt_out);
        assert!(text("why do you still write to me\nstop").possible_opt_out);
        assert!(!text("vou sair agora").possible_opt_out);
        assert!(!text("Stop!").possible_opt_out);
        assert!(!text("no stop. please").possible_opt_out);
    }
}
