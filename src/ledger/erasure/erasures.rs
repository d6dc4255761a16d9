//! What erasures left in the state: which trails are void, which identifiers are suppressed and since when.

use std::collections::{BTreeSet, HashMap};

use crate::consent::facts::Fact;
use crate::consent::identity::{IdentifierKey, Member, MemberEvent};
use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::keys::secrets::Token;
use crate::ledger::memory::packed::{put_varint, take_varint};
use crate::proto::ContactErased;

/// An identifier that an erased contact had left before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Former {
    /// When the contact left it.
    pub until: Time,
    /// The erasure.
    pub erased: Fact,
}

/// What is remembered of an identifier that was given: of every erasure, for each may be of another owner of a number.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Remembered {
    /// When whoever stood behind it was erased.
    pub erased: BTreeSet<Fact>,
    /// When erased contacts had left it.
    pub former: BTreeSet<Former>,
}

impl Remembered {
    /// The latest erasure: whoever appears under the identifier opted out of everything then.
    #[must_use]
    pub fn latest(&self) -> Option<Fact> {
        let latest = self.erased.last()?;
        // Of several at one instant the first recorded.
        self.erased.iter().find(|erased| erased.at == latest.at).copied()
    }
}

/// What all erasures left.
#[derive(Debug, Default)]
pub struct Erasures {
    trails: BTreeSet<u64>,
    tokens: HashMap<Token, Remembered>,
    suppressed: BTreeSet<(IdentifierKey, Fact)>,
    held: HashMap<IdentifierKey, u64>,
    last: Seq,
}

impl Erasures {
    /// Every trail whose key is gone, ascending.
    pub fn trails(&self) -> impl Iterator<Item = u64> {
        self.trails.iter().copied()
    }

    /// Whether the key of a trail is gone. An entry any of whose trails is void counts no more.
    #[must_use]
    pub fn is_void(&self, trail: u64) -> bool {
        self.trails.contains(&trail)
    }

    /// The last erasure.
    #[must_use]
    pub const fn last(&self) -> Seq {
        self.last
    }

    /// Whether any token is kept: without one nothing has to be looked up.
    #[must_use]
    pub fn has_tokens(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// What is remembered of the identifier with this token.
    #[must_use]
    pub fn remembered(&self, token: Token) -> Remembered {
        self.tokens.get(&token).cloned().unwrap_or_default()
    }

    /// The erasures that the identifiers of these trails stand under, as events of their group.
    pub fn members(&self, trails: &[u64]) -> impl Iterator<Item = MemberEvent> {
        let of = |trail: u64| {
            let from = (IdentifierKey { trail, ordinal: 0 }, Fact { at: Time::from_micros(i64::MIN), seq: Seq::NONE });
            self.suppressed.range(from..).take_while(move |(key, _)| key.trail == trail)
        };
        trails.iter().flat_map(move |trail| of(*trail)).map(|(key, fact)| erased_member(*key, *fact))
    }

    /// The trail whose key opens the text of an identifier: the one that introduced it, or that it was carried on to.
    #[must_use]
    pub fn holder(&self, key: IdentifierKey) -> u64 {
        self.held.get(&key).copied().unwrap_or(key.trail)
    }

    /// Whether nothing opens the text of an identifier any more.
    #[must_use]
    pub fn is_gone(&self, key: IdentifierKey) -> bool {
        self.is_void(self.holder(key))
    }

    /// Takes in an erasure: the identifiers named by `keys` stay known.
    pub fn note(&mut self, fact: Fact, keys: &[IdentifierKey], erased: &ContactErased) {
        self.last = self.last.max(fact.seq);
        self.trails.extend(&erased.trails);
        for token in erased.suppression_tokens.iter().filter_map(|token| token_of(token)) {
            self.put_token(token, fact);
        }
        for former in &erased.former_identifiers {
            if let Some(token) = token_of(&former.token) {
                self.put_former(token, Former { erased: fact, until: Time::from_micros(former.until) });
            }
        }
        for key in keys {
            self.suppress(*key, fact);
        }
    }

    /// Lets go of suppressed identifiers that nothing uses any more, once it is known what was introduced again.
    pub fn sweep(&mut self) {
        let Self { trails, suppressed, held, .. } = self;
        suppressed.retain(|(key, _)| !trails.contains(held.get(key).unwrap_or(&key.trail)));
    }

    /// Keeps a token.
    pub fn put_token(&mut self, token: Token, fact: Fact) {
        self.tokens.entry(token).or_default().erased.insert(fact);
    }

    /// Keeps the token of an identifier that the contact had left.
    pub fn put_former(&mut self, token: Token, former: Former) {
        self.tokens.entry(token).or_default().former.insert(former);
    }

    /// Notes that an identifier which is known stands under an erasure.
    pub fn suppress(&mut self, key: IdentifierKey, fact: Fact) {
        self.suppressed.insert((key, fact));
    }

    /// Notes that an entry of `trail` introduces an identifier, which may be one that a void trail introduced before.
    pub fn introduced(&mut self, key: IdentifierKey, trail: u64) {
        if key.trail != trail && self.is_gone(key) {
            self.held.insert(key, trail);
        }
    }

    /// Visits every void trail, token, former identifier, suppressed and carried identifier: all that a snapshot holds.
    pub fn each(&self, mut visit: impl FnMut(Kept)) {
        self.trails.iter().for_each(|trail| visit(Kept::Trail(*trail)));
        for (token, remembered) in &self.tokens {
            remembered.erased.iter().for_each(|fact| visit(Kept::Token(*token, *fact)));
            remembered.former.iter().for_each(|former| visit(Kept::Former(*token, *former)));
        }
        self.held.iter().for_each(|(key, trail)| visit(Kept::Held(*key, *trail)));
        self.suppressed.iter().for_each(|(key, fact)| visit(Kept::Suppressed(*key, *fact)));
    }

    /// Takes back what [`Erasures::each`] gave.
    pub fn keep(&mut self, kept: Kept) {
        match kept {
            Kept::Trail(trail) => drop(self.trails.insert(trail)),
            Kept::Token(token, fact) => {
                self.last = self.last.max(fact.seq);
                self.put_token(token, fact);
            }
            Kept::Former(token, former) => self.put_former(token, former),
            Kept::Held(key, trail) => drop(self.held.insert(key, trail)),
            Kept::Suppressed(key, fact) => self.suppress(key, fact),
        }
    }
}

/// A piece of what erasures left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    /// A trail whose key is gone.
    Trail(u64),
    /// A token and the erasure that left it.
    Token(Token, Fact),
    /// The token of an identifier that the contact had left.
    Former(Token, Former),
    /// An identifier whose text lies in another trail than the one that introduced it.
    Held(IdentifierKey, u64),
    /// An identifier that is known and suppressed.
    Suppressed(IdentifierKey, Fact),
}

/// The erasure that an identifier stands under, as an event of its group.
#[must_use]
pub const fn erased_member(identifier: IdentifierKey, fact: Fact) -> MemberEvent {
    MemberEvent { trail: identifier.trail, what: Member::Erased { fact, identifier } }
}

fn token_of(bytes: &[u8]) -> Option<Token> {
    <[u8; 32]>::try_from(bytes).ok().map(Token::from_bytes)
}

const TRAIL: u8 = 1;
const TOKEN: u8 = 2;
const FORMER: u8 = 3;
const HELD: u8 = 4;
const SUPPRESSED: u8 = 5;

/// Writes a piece as a snapshot holds it: its kind, then its numbers as varints, a token as it is.
pub fn put_kept(bytes: &mut Vec<u8>, kept: Kept) {
    let (kind, token, numbers) = match kept {
        Kept::Trail(trail) => (TRAIL, None, vec![trail]),
        Kept::Token(token, fact) => (TOKEN, Some(token), numbers(fact).to_vec()),
        Kept::Former(token, former) => {
            (FORMER, Some(token), [numbers(former.erased).as_slice(), &[former.until.micros().cast_unsigned()]].concat())
        }
        Kept::Held(key, trail) => (HELD, None, vec![key.trail, key.ordinal.into(), trail]),
        Kept::Suppressed(key, fact) => (SUPPRESSED, None, [[key.trail, key.ordinal.into()].as_slice(), &numbers(fact)].concat()),
    };
    bytes.push(kind);
    bytes.extend(token.map(Token::bytes).into_iter().flatten());
    for number in numbers {
        put_varint(bytes, number);
    }
}

/// Takes a piece off the front; none where there is no such piece.
pub fn take_kept(bytes: &mut &[u8]) -> Option<Kept> {
    let (kind, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(match *kind {
        TRAIL => Kept::Trail(take_varint(bytes)?),
        TOKEN => Kept::Token(take_token(bytes)?, take_fact(bytes)?),
        FORMER => Kept::Former(take_token(bytes)?, Former { erased: take_fact(bytes)?, until: take_time(bytes)? }),
        HELD => Kept::Held(take_key(bytes)?, take_varint(bytes)?),
        SUPPRESSED => Kept::Suppressed(take_key(bytes)?, take_fact(bytes)?),
        _ => return None,
    })
}

const fn numbers(fact: Fact) -> [u64; 2] {
    [fact.at.micros().cast_unsigned(), fact.seq.number()]
}

fn take_time(bytes: &mut &[u8]) -> Option<Time> {
    take_varint(bytes).map(|micros| Time::from_micros(micros.cast_signed()))
}

fn take_fact(bytes: &mut &[u8]) -> Option<Fact> {
    Some(Fact { at: take_time(bytes)?, seq: Seq::new(take_varint(bytes)?) })
}

fn take_key(bytes: &mut &[u8]) -> Option<IdentifierKey> {
    Some(IdentifierKey { trail: take_varint(bytes)?, ordinal: u32::try_from(take_varint(bytes)?).ok()? })
}

fn take_token(bytes: &mut &[u8]) -> Option<Token> {
    let (token, rest) = bytes.split_first_chunk::<32>()?;
    *bytes = rest;
    Some(Token::from_bytes(*token))
}
