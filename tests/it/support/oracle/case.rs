//! What a rule looks at: one contact and one sender, at one instant, under one policy.

use consent_ledger::consent::policy::Policy;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{InboundKind, Sender};
use consent_ledger::ledger::writing::record::What;

use super::book::Kept;
use super::senders::Standing;
use super::who::{Change, Life, Who};

/// One contact and one sender, at one instant, under one policy.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// Who is who.
    pub who: &'a Who<'a>,
    /// The account's rules.
    pub policy: &'a Policy,
    /// The sender.
    pub sender: &'a Sender,
    /// The contact, by its lives.
    pub lives: Vec<Life<'a>>,
    /// The instant.
    pub now: Time,
    /// Whether the contact is looked at as it left: an open window counts as an opt-in only where it is open.
    pub has_left: bool,
}

impl<'a> Case<'a> {
    /// The case of a contact of which `life` is one.
    pub fn new(who: &'a Who<'a>, policy: &'a Policy, sender: &'a Sender, life: Life<'a>, now: Time) -> Self {
        Self { who, policy, sender, lives: who.joined(life, now), now, has_left: false }
    }

    /// What happened to the contact, at whatever sender.
    pub fn events(&self) -> Vec<&'a Kept> {
        self.who.events_of(&self.lives)
    }

    /// What came in from the contact, to whatever sender.
    pub fn inbound(&self) -> Vec<Inbound<'a>> {
        let came_in = |event: &'a Kept| match &event.what {
            What::Inbound { sender, kind, .. } => Some(Inbound { event, sender, kind: *kind }),
            _ => None,
        };
        self.events().into_iter().filter_map(came_in).collect()
    }

    /// The contacts that moved here, or may have.
    pub fn arrivals(&self) -> Vec<Arrival<'a>> {
        let arrival = |change: &Change<'a>| Arrival {
            at: change.at,
            left: Self { lives: change.left.clone(), now: change.at, has_left: true, ..self.clone() },
        };
        self.who.arrivals(&self.lives).into_iter().map(arrival).collect()
    }

    /// How the sender stands.
    pub fn standing(&self) -> Standing<'a> {
        Standing { events: self.who.events, policy: self.policy, sender: self.sender, now: self.now }
    }

    /// Whether something for `sender` (none: for all) is for the sender asked about.
    pub fn covers(&self, sender: Option<&Sender>) -> bool {
        sender.is_none_or(|sender| sender == self.sender)
    }
}

/// A contact that moved here.
#[derive(Clone, Debug)]
pub struct Arrival<'a> {
    /// When.
    pub at: Time,
    /// The contact as it was when it left.
    pub left: Case<'a>,
}

/// Something that came in.
#[derive(Clone, Copy, Debug)]
pub struct Inbound<'a> {
    /// The event.
    pub event: &'a Kept,
    /// The sender that received it.
    pub sender: &'a Sender,
    /// What it was.
    pub kind: InboundKind,
}
