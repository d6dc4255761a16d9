//! What does not hold in a file that was handed out, where, and why. Another verifier that follows
//! `docs/ledger-format.md` reports the same code and line.

use std::fmt;

/// The kinds of what does not hold, as the page names them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Code {
    /// A line is not as specified.
    Unreadable,
    /// Another format.
    FormatUnknown,
    /// Not a checkpoint.
    CheckpointMalformed,
    /// Another ledger's name.
    WrongOrigin,
    /// Not signed with the pinned key.
    WrongKey,
    /// A signature does not verify.
    BadSignature,
    /// The claim is none, or the file does not bear it out.
    ClaimUnfounded,
    /// Not the entry or subtree that is due.
    OutOfOrder,
    /// The file ends before its end.
    CutShort,
    /// The bytes are no entry.
    EntryMalformed,
    /// An entry does not follow from the one before it.
    ChainBroken,
    /// A clear part is not written as it must be.
    NotCanonical,
    /// What stands beside the bytes is not what they say.
    StatedDiffers,
    /// Another ledger's entries.
    WrongLedger,
    /// Not the key that a trail began with.
    KeyDiffers,
    /// A sealed part does not open.
    SealedDiffers,
    /// An entry does not follow from the one before it in its trail.
    TrailBroken,
    /// A receipt is not signed by the ledger, or about somebody else.
    ReceiptInvalid,
    /// The entries do not lead to the checkpoint's root.
    RootDiffers,
    /// A head does not lead to the root over all trails.
    HeadUnproven,
    /// A trail goes on behind what is shown of it.
    TrailIncomplete,
    /// The older checkpoint covers more.
    OlderIsNewer,
    /// The log was rewritten since the older checkpoint.
    OlderContradicted,
    /// A receipt's answer does not follow from the entries.
    AnswerDiffers,
    /// The entry is not in the checkpoint.
    NotIncluded,
    /// What should be the ledger's first entry is not.
    NotLedgerCreated,
    /// Which entry a proof is about was not said.
    EntryNeeded,
    /// Nothing leads from the older checkpoint to the file's.
    OlderUnproven,
}

impl Code {
    /// Its name, in capitals.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "UNREADABLE",
            Self::FormatUnknown => "FORMAT_UNKNOWN",
            Self::CheckpointMalformed => "CHECKPOINT_MALFORMED",
            Self::WrongOrigin => "WRONG_ORIGIN",
            Self::WrongKey => "WRONG_KEY",
            Self::BadSignature => "BAD_SIGNATURE",
            Self::ClaimUnfounded => "CLAIM_UNFOUNDED",
            Self::OutOfOrder => "OUT_OF_ORDER",
            Self::CutShort => "CUT_SHORT",
            Self::EntryMalformed => "ENTRY_MALFORMED",
            Self::ChainBroken => "CHAIN_BROKEN",
            Self::NotCanonical => "NOT_CANONICAL",
            Self::StatedDiffers => "STATED_DIFFERS",
            Self::WrongLedger => "WRONG_LEDGER",
            Self::KeyDiffers => "KEY_DIFFERS",
            Self::SealedDiffers => "SEALED_DIFFERS",
            Self::TrailBroken => "TRAIL_BROKEN",
            Self::ReceiptInvalid => "RECEIPT_INVALID",
            Self::RootDiffers => "ROOT_DIFFERS",
            Self::HeadUnproven => "HEAD_UNPROVEN",
            Self::TrailIncomplete => "TRAIL_INCOMPLETE",
            Self::OlderIsNewer => "OLDER_IS_NEWER",
            Self::OlderContradicted => "OLDER_CONTRADICTED",
            Self::AnswerDiffers => "ANSWER_DIFFERS",
            Self::NotIncluded => "NOT_INCLUDED",
            Self::NotLedgerCreated => "NOT_LEDGER_CREATED",
            Self::EntryNeeded => "ENTRY_NEEDED",
            Self::OlderUnproven => "OLDER_UNPROVEN",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What does not hold.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Problem {
    /// Which kind.
    pub code: Code,
    /// In which line, counting from 1; 0: not in one.
    pub line: u64,
    /// In words.
    pub words: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, line, words } = self;
        if *line == 0 { write!(f, "{code}: {words}") } else { write!(f, "{code} line {line}: {words}") }
    }
}

impl Problem {
    /// In no line yet; whoever reads lines says in which.
    pub(super) fn new(code: Code, words: impl Into<String>) -> Self {
        Self { code, line: 0, words: plain(&words.into()) }
    }
}

/// A text of which a terminal makes nothing else: whoever made the file chose some of it.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\'' | '"' | '\\' => plain.push(char),
            _ => plain.extend(char.escape_debug()),
        }
    }
    plain
}

/// Refuses with `code` where something does not hold.
pub(super) fn require(holds: bool, code: Code, words: impl FnOnce() -> String) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem::new(code, words())) }
}
