//! What is known of a contact, folded so that arrival order does not matter: every fact is a join by time.

use super::event::{Act, CODE_MARKETING_STOPPED, CODE_WINDOW_CLOSED, Event, SenderNumber};
use super::time::Time;
use super::words::{Categories, Category, InboundKind, PlatformPreference, Seq};

/// An instant at which something became true, and the entry that says so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fact {
    /// When.
    pub at: Time,
    /// Which entry.
    pub seq: Seq,
}

/// An opt-in that still can matter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OptIn {
    /// When, and which entry.
    pub fact: Fact,
    /// Until then; none: for good.
    pub expires_at: Option<Time>,
    /// Imported without evidence.
    pub weak: bool,
}

impl OptIn {
    /// Whether `self` makes `other` irrelevant: not older, lasts as long, and as strong.
    fn hides(&self, other: &Self) -> bool {
        let lasts = match (self.expires_at, other.expires_at) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(theirs)) => mine >= theirs,
        };
        self.fact.at >= other.fact.at && lasts && (other.weak || !self.weak)
    }
}

/// Consent for one category in one scope.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Consent {
    /// The opt-ins that still can matter, oldest first.
    pub opt_ins: Vec<OptIn>,
    /// The latest opt-out given otherwise than by keyword.
    pub opted_out: Option<Fact>,
    /// The latest opt-out by keyword.
    pub keyword: Option<Fact>,
    /// The latest opt-out by a keyword that this sender received and that the policy widened to all senders.
    pub wide_keyword: Option<Fact>,
}

impl Consent {
    fn opt_in(&mut self, new: OptIn) -> bool {
        if self.opt_ins.iter().any(|old| old.hides(&new)) {
            return false;
        }
        self.opt_ins.retain(|old| !new.hides(old));
        let place = self.opt_ins.partition_point(|old| old.fact <= new.fact);
        self.opt_ins.insert(place, new);
        true
    }
}

/// The latest act of one kind that the contact directed at a sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Acts {
    /// What kind.
    pub kind: InboundKind,
    /// The latest.
    pub latest: Fact,
    /// The latest whose text holds no opt-out word.
    pub ordinary: Option<Fact>,
}

/// What is known of a contact toward one sender, or toward all of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Toward {
    /// The sender; [`SenderNumber::ALL`] for what holds for all.
    pub sender: SenderNumber,
    /// The latest act of each kind, ascending by kind.
    pub acts: Vec<Acts>,
    /// The latest time the platform said that the window is closed.
    pub closed: Option<Fact>,
    /// The latest platform stop of marketing.
    pub stop: Option<Fact>,
    /// The latest platform resume of marketing.
    pub resume: Option<Fact>,
    /// The latest confirmation of an opt-out.
    pub confirmation: Option<Fact>,
    /// The latest opt-in that an opt-out outlived: it cannot count again, but the contact had come back (rule 11).
    pub outlived: Option<Fact>,
    /// Consent by category.
    pub consent: [Consent; 4],
}

impl Toward {
    /// Nothing is known toward `sender`.
    #[must_use]
    pub const fn new(sender: SenderNumber) -> Self {
        const NONE: Consent = Consent { opt_ins: Vec::new(), opted_out: None, keyword: None, wide_keyword: None };
        Self { sender, acts: Vec::new(), closed: None, stop: None, resume: None, confirmation: None, outlived: None, consent: [NONE; 4] }
    }

    /// Consent for `category`.
    #[must_use]
    pub const fn consent(&self, category: Category) -> &Consent {
        let [marketing, utility, authentication, service] = &self.consent;
        match category {
            Category::Marketing => marketing,
            Category::Utility => utility,
            Category::Authentication => authentication,
            Category::Service => service,
        }
    }

    const fn consent_mut(&mut self, category: Category) -> &mut Consent {
        let [marketing, utility, authentication, service] = &mut self.consent;
        match category {
            Category::Marketing => marketing,
            Category::Utility => utility,
            Category::Authentication => authentication,
            Category::Service => service,
        }
    }
}

/// So many contacts, one behind the other, are told apart. Whoever moved on through more takes one refusal of everything along: each
/// is told with all before it, so that changes at one instant, to two numbers and on to one, double what must be told each time.
pub const CONTACTS_MAX: usize = 100;

/// What is known of a contact.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// Toward each sender, ascending; [`SenderNumber::ALL`] first.
    pub toward: Vec<Toward>,
    /// The latest change of the identity key.
    pub identity_changed: Option<Fact>,
    /// The latest erasure of one of its identifiers: an opt-out of everything that stays (rule 17).
    pub erased: Option<Fact>,
    /// The contacts this one continues: who moved here, and when.
    pub predecessors: Vec<Predecessor>,
    /// The latest time any folded event happened; a question about an earlier time needs the history.
    pub latest: Time,
}

/// A contact that moved to a new identifier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Predecessor {
    /// The change.
    pub change: Fact,
    /// What was known of it under the old identifiers.
    pub facts: Facts,
}

impl Facts {
    /// Toward `sender`, where anything is known.
    #[must_use]
    pub fn toward(&self, sender: SenderNumber) -> Option<&Toward> {
        self.toward.binary_search_by_key(&sender, |toward| toward.sender).ok().and_then(|place| self.toward.get(place))
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.toward.is_empty() && self.identity_changed.is_none() && self.erased.is_none() && self.predecessors.is_empty()
    }

    /// How many contacts this is told of: itself, and those it continues, each as often as it is continued.
    #[must_use]
    pub fn contacts(&self) -> usize {
        1 + self.predecessors.iter().map(|before| before.facts.contacts()).sum::<usize>()
    }

    /// Folds an event in. Total: any event at any time. Says whether a fact changed.
    pub fn apply(&mut self, event: &Event) -> bool {
        self.latest = self.latest.max(event.at);
        let fact = Fact { at: event.at, seq: event.seq };
        match event.act {
            Act::OptIn { sender, categories, expires_at, weak } => self.opt_in(sender, categories, OptIn { fact, expires_at, weak }),
            Act::OptOut { sender, categories, keyword_sender } => self.opt_out(sender, categories, keyword_sender, fact),
            Act::Inbound { sender, kind, holds_opt_out_word } => self.inbound(sender, kind, holds_opt_out_word, fact),
            Act::Preference { sender, preference: PlatformPreference::Stop } | Act::SendFailed { sender, code: CODE_MARKETING_STOPPED } => {
                raise(&mut self.toward_mut(sender).stop, fact)
            }
            Act::Preference { sender, preference: PlatformPreference::Resume } => raise(&mut self.toward_mut(sender).resume, fact),
            Act::Preference { sender, preference: PlatformPreference::Signup } => {
                let resumed = raise(&mut self.toward_mut(sender).resume, fact);
                let marketing = Categories::NONE.with(Category::Marketing);
                self.opt_in(SenderNumber::ALL, marketing, OptIn { fact, expires_at: None, weak: false }) | resumed
            }
            Act::SendFailed { sender, code: CODE_WINDOW_CLOSED } => raise(&mut self.toward_mut(sender).closed, fact),
            Act::SendFailed { .. } => false,
            Act::ConfirmationSent { sender } => raise(&mut self.toward_mut(sender).confirmation, fact),
            Act::IdentityKeyChanged => raise(&mut self.identity_changed, fact),
        }
    }

    /// Notes that an identifier of the contact was erased before it became this contact's.
    pub fn suppress(&mut self, erased: Fact) {
        raise(&mut self.erased, erased);
    }

    /// The highest seq that any fact rests on; an answer is whole when the head has reached it.
    #[must_use]
    pub fn highest_seq(&self) -> Seq {
        let mut highest = Seq::NONE;
        let mut see = |facts: &[Option<Fact>]| highest = facts.iter().flatten().fold(highest, |highest, fact| highest.max(fact.seq));
        see(&[self.identity_changed, self.erased]);
        for toward in &self.toward {
            see(&[toward.closed, toward.stop, toward.resume, toward.confirmation, toward.outlived]);
            for acts in &toward.acts {
                see(&[Some(acts.latest), acts.ordinary]);
            }
            for consent in &toward.consent {
                see(&[consent.opted_out, consent.keyword, consent.wide_keyword]);
                for opt_in in &consent.opt_ins {
                    see(&[Some(opt_in.fact)]);
                }
            }
        }
        let before = self.predecessors.iter().map(|before| before.change.seq.max(before.facts.highest_seq()));
        before.fold(highest, Seq::max)
    }

    fn opt_in(&mut self, sender: SenderNumber, categories: Categories, new: OptIn) -> bool {
        let mut changed = false;
        for category in categories.iter() {
            // An opt-out given otherwise than by keyword is never undone: an older opt-in cannot matter again.
            let outlived = [SenderNumber::ALL, sender]
                .into_iter()
                .filter_map(|scope| self.toward(scope)?.consent(category).opted_out)
                .any(|out| out.at >= new.fact.at);
            let toward = self.toward_mut(sender);
            if outlived {
                raise(&mut toward.outlived, new.fact);
            } else {
                changed |= toward.consent_mut(category).opt_in(new);
            }
        }
        changed
    }

    fn opt_out(&mut self, sender: SenderNumber, categories: Categories, keyword_sender: Option<SenderNumber>, fact: Fact) -> bool {
        let mut changed = false;
        for category in categories.iter() {
            changed |= match keyword_sender {
                Some(received) if sender == SenderNumber::ALL => {
                    raise(&mut self.toward_mut(received).consent_mut(category).wide_keyword, fact)
                }
                Some(_) => raise(&mut self.toward_mut(sender).consent_mut(category).keyword, fact),
                None => raise(&mut self.toward_mut(sender).consent_mut(category).opted_out, fact),
            };
            if keyword_sender.is_none() {
                for toward in &mut self.toward {
                    if sender == SenderNumber::ALL || toward.sender == sender {
                        for gone in
                            toward.consent_mut(category).opt_ins.extract_if(.., |opt_in| opt_in.fact.at <= fact.at).collect::<Vec<_>>()
                        {
                            raise(&mut toward.outlived, gone.fact);
                        }
                    }
                }
            }
        }
        changed
    }

    fn inbound(&mut self, sender: SenderNumber, kind: InboundKind, holds_opt_out_word: bool, fact: Fact) -> bool {
        let acts = &mut self.toward_mut(sender).acts;
        let ordinary = (!holds_opt_out_word).then_some(fact);
        match acts.binary_search_by_key(&kind, |acts| acts.kind) {
            Ok(place) => acts.get_mut(place).is_some_and(|known| {
                let mut latest = Some(known.latest);
                let raised = raise(&mut latest, fact);
                known.latest = latest.unwrap_or(known.latest);
                raised | ordinary.is_some_and(|fact| raise(&mut known.ordinary, fact))
            }),
            Err(place) => {
                acts.insert(place, Acts { kind, latest: fact, ordinary });
                true
            }
        }
    }

    fn toward_mut(&mut self, sender: SenderNumber) -> &mut Toward {
        let place = self.toward.partition_point(|toward| toward.sender < sender);
        if self.toward.get(place).is_none_or(|toward| toward.sender != sender) {
            self.toward.insert(place, Toward::new(sender));
        }
        #[expect(clippy::indexing_slicing, reason = "the line above put it there")]
        &mut self.toward[place]
    }
}

/// Keeps the later of two facts, the first recorded of two at one instant. Says whether the instant moved.
fn raise(known: &mut Option<Fact>, new: Fact) -> bool {
    match known {
        Some(old) if old.at >= new.at => false,
        _ => {
            *known = Some(new);
            true
        }
    }
}
