//! Rule 13: who is who. An identifier's life is cut by every change that moved its contact away; what happened under
//! it up to that instant belongs to who left, what happens later to somebody new. Links join lives, never identifiers.

use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::time::Time;
use consent_ledger::ledger::writing::record::What;

use super::book::Kept;
use super::erasure::Token;

/// One stretch of an identifier's life, between two changes or erasures that took its contact away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Life<'a> {
    /// The identifier.
    pub identifier: &'a Identifier,
    /// How many changes and erasures had ended others before.
    pub number: usize,
}

/// A contact that moved to another identifier.
#[derive(Debug)]
pub struct Change<'a> {
    /// When.
    pub at: Time,
    /// All that was the contact's.
    pub left: Vec<Life<'a>>,
    /// Where the contact arrived.
    arrived: Life<'a>,
    /// Whether it can have gone nowhere else.
    is_certain: bool,
}

/// Who is who after some events.
#[derive(Debug)]
pub struct Who<'a> {
    /// The events.
    pub events: &'a [&'a Kept],
    /// What erasures left.
    pub tokens: &'a [Token],
    cuts: Vec<(&'a Identifier, Time)>,
    changes: Vec<Change<'a>>,
}

impl<'a> Who<'a> {
    /// Works it out: one instant with changes after the other, all changes of an instant together.
    pub fn after(events: &'a [&'a Kept], tokens: &'a [Token]) -> Self {
        let mut who = Self { events, tokens, cuts: Vec::new(), changes: Vec::new() };
        // Who appears under an identifier after an erasure is a new contact, as after a change.
        who.cuts.extend(tokens.iter().filter(|token| token.until.is_none()).map(|token| (&token.identifier, token.at)));
        let mut instants: Vec<Time> = who.moves().map(|(at, _, _)| at).collect();
        instants.sort_unstable();
        instants.dedup();
        for instant in instants {
            let moves: Vec<(&'a Identifier, &'a Identifier)> = who.moves_at(instant);
            let leaving: Vec<Vec<Life<'a>>> = moves.iter().map(|(from, _)| who.joined(who.life(from, instant), instant)).collect();
            let there: Vec<Life<'a>> = moves.iter().map(|(_, to)| who.life(to, instant)).collect();
            let mut changes = Vec::new();
            for (place, here) in there.iter().enumerate() {
                // Where those who had the identifier leave it too, the contact arrives after them.
                let left_too = leaving.iter().any(|left| left.contains(here));
                let arrived = Life { number: here.number + usize::from(left_too), ..*here };
                for other in may_come_along(place, &leaving, &there) {
                    let is_certain = other == place && (!left_too || leaving[place].contains(here));
                    changes.push(Change { at: instant, left: leaving[other].clone(), arrived, is_certain });
                }
            }
            who.cuts.extend(leaving.into_iter().flatten().map(|life| (life.identifier, instant)));
            who.changes.append(&mut changes);
        }
        who
    }

    /// When contacts left an identifier, or were erased, each instant once.
    fn cuts_of(&self, identifier: &Identifier) -> Vec<Time> {
        let mut cuts: Vec<Time> = self.cuts.iter().filter(|(cut, _)| *cut == identifier).map(|(_, at)| *at).collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }

    /// The life that an event under `identifier` at `at` belongs to.
    pub fn life(&self, identifier: &'a Identifier, at: Time) -> Life<'a> {
        let number = self.cuts_of(identifier).into_iter().filter(|cut| *cut < at).count();
        Life { identifier, number }
    }

    /// The life that `identifier` has now: a change ends the one before at its very instant.
    pub fn life_now(&self, identifier: &'a Identifier) -> Life<'a> {
        Life { identifier, number: self.cuts_of(identifier).len() }
    }

    /// When a life ended.
    pub fn end_of(&self, life: Life<'a>) -> Option<Time> {
        self.cuts_of(life.identifier).get(life.number).copied()
    }

    /// When a life began, where it is not the first.
    pub fn began(&self, life: Life<'a>) -> Option<Time> {
        life.number.checked_sub(1).and_then(|number| self.end_of(Life { number, ..life }))
    }

    /// The life before one that is not the first.
    pub fn life_before(life: Life<'a>) -> Life<'a> {
        Life { number: life.number - 1, ..life }
    }

    /// Whether the contact moved away and nobody acted since, nor was erased.
    pub fn is_moved(&self, life: Life<'a>) -> bool {
        let erased = self.erased_at(life.identifier).is_some_and(|erased_at| Some(erased_at) >= self.began(life));
        life.number > 0 && !self.has_acted(life) && !erased
    }

    /// Whether somebody acted in this life, or moved to it.
    pub fn has_acted(&self, life: Life<'a>) -> bool {
        let acted = self.events.iter().any(|event| is_act(&event.what) && self.is_of(event, &[life]));
        acted || self.changes.iter().any(|change| change.arrived == life && change.is_certain)
    }

    /// Every life of the contact that `life` is one of, as far as events up to `until` join them.
    pub fn joined(&self, life: Life<'a>, until: Time) -> Vec<Life<'a>> {
        let mut lives = vec![life];
        loop {
            let before = lives.len();
            for event in self.events.iter().filter(|event| event.at <= until) {
                let others: Vec<Life<'a>> = event.identifiers().into_iter().map(|other| self.life(other, event.at)).collect();
                if others.iter().any(|other| lives.contains(other)) {
                    lives.extend(others);
                }
            }
            lives = distinct(lives);
            if lives.len() == before {
                return lives;
            }
        }
    }

    /// What happened in these lives.
    pub fn events_of(&self, lives: &[Life<'a>]) -> Vec<&'a Kept> {
        self.events.iter().copied().filter(|event| self.is_of(event, lives)).collect()
    }

    /// The changes that ended in one of these lives, or may have.
    pub fn arrivals(&self, lives: &[Life<'a>]) -> Vec<&Change<'a>> {
        self.changes.iter().filter(|change| lives.contains(&change.arrived)).collect()
    }

    /// When the contact behind an identifier was last erased.
    pub fn erased_at(&self, identifier: &Identifier) -> Option<Time> {
        self.tokens.iter().filter(|token| token.is_of(identifier)).map(|token| token.at).max()
    }

    /// Every change: all that the contact left, and where it arrived.
    pub fn changes(&self) -> impl Iterator<Item = (&[Life<'a>], Life<'a>)> {
        self.changes.iter().map(|change| (change.left.as_slice(), change.arrived))
    }

    /// Whether an event happened in these lives, or took a contact from one of them or to one.
    pub fn concerns(&self, event: &'a Kept, lives: &[Life<'a>]) -> bool {
        let leads =
            |change: &Change<'a>| change.at == event.at && (change.left.iter().chain([&change.arrived])).any(|life| lives.contains(life));
        match &event.what {
            What::Move { from, to, .. } => self
                .changes
                .iter()
                .any(|change| leads(change) && change.left.contains(&self.life(from, event.at)) && change.arrived.identifier == to),
            _ => self.is_of(event, lives),
        }
    }

    fn is_of(&self, event: &'a Kept, lives: &[Life<'a>]) -> bool {
        event.identifiers().into_iter().any(|identifier| lives.contains(&self.life(identifier, event.at)))
    }

    /// When who moved from where to where. Two spellings of one number are one identifier: there nobody moved.
    fn moves(&self) -> impl Iterator<Item = (Time, &'a Identifier, &'a Identifier)> + use<'a> {
        self.events.iter().copied().filter_map(|event| match &event.what {
            What::Move { from, to, .. } if from != to => Some((event.at, from, to)),
            _ => None,
        })
    }

    fn moves_at(&self, instant: Time) -> Vec<(&'a Identifier, &'a Identifier)> {
        self.moves().filter(|(at, ..)| *at == instant).map(|(_, from, to)| (from, to)).collect()
    }
}

/// The moves of one instant whose contacts may have come along with the one of the move at `place`: those that went to
/// an identifier which its contact left, or the contact of another that may have come along.
fn may_come_along<'a>(place: usize, leaving: &[Vec<Life<'a>>], there: &[Life<'a>]) -> Vec<usize> {
    let mut together = vec![place];
    for _ in leaving {
        for (other, here) in there.iter().enumerate() {
            let meets = together.iter().any(|one| leaving[*one].contains(here));
            if meets && !together.contains(&other) {
                together.push(other);
            }
        }
    }
    together
}

/// Each life once.
pub fn distinct(mut lives: Vec<Life<'_>>) -> Vec<Life<'_>> {
    let mut seen = Vec::new();
    lives.retain(|life| {
        let new = !seen.contains(life);
        seen.push(*life);
        new
    });
    lives
}

/// Whether somebody acted. What the platform reports and what the business sends, links or says shows nobody new
/// behind an identifier.
const fn is_act(what: &What) -> bool {
    matches!(what, What::OptIn { .. } | What::OptOut { .. } | What::Inbound { .. } | What::Preference { .. })
}
