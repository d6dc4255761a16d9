//! Erasures in two steps and legal holds, in the model: what is open is a list, and who it is about is worked out each time.

use consent_ledger::consent::account::Known;
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::Seq;
use consent_ledger::ledger::erasure::eraser::Carried;
use consent_ledger::ledger::erasure::step::Step as Officer;
use consent_ledger::ledger::writing::record::What;

use super::simple::{Business, Fate};
use crate::support::oracle::book::Kept;
use crate::support::oracle::erasure::rule_17_left;
use crate::support::oracle::who::Who;

/// Somebody waits to be erased, or must not be.
#[derive(Clone)]
pub struct Matter {
    /// Who.
    pub contact: Identifier,
    /// When it was recorded.
    pub at: Time,
    /// When the erasure is due and whether a token stays; none: a legal hold.
    pub erasure: Option<(Time, bool)>,
    /// Tried while the clock was behind: not again before.
    pub again_at: Option<Time>,
}

impl Business {
    pub fn fate_of_step(&self, step: &Officer, now: Time) -> Fate {
        let Some(contact) = step.contact() else { return Fate::Refused("nothing waits") };
        let theirs = self.matters_of(contact, now, now);
        let (held, waits) = (theirs.iter().any(|matter| matter.erasure.is_none()), theirs.iter().any(|matter| matter.erasure.is_some()));
        let covered = theirs.is_empty() && self.was_erased(contact, now);
        let forgotten = theirs.is_empty() && self.is_forgotten(contact, now);
        match step {
            Officer::Request { .. } | Officer::Hold { held: true, .. } if held => Fate::Refused("a legal hold"),
            Officer::Request { .. } if waits => Fate::Refused("an erasure waits"),
            Officer::Cancel { .. } if waits => Fate::Recorded { causes: false },
            Officer::Hold { held: false, .. } if held => Fate::Recorded { causes: false },
            Officer::Hold { held: false, .. } => Fate::Refused("no legal hold"),
            Officer::Request { .. } | Officer::Cancel { .. } | Officer::Hold { .. } if covered => Fate::Refused("erased already"),
            // Whoever turned out to be the erased person keeps what was recorded before that was known.
            Officer::Request { .. } | Officer::Hold { .. } if forgotten => Fate::RefusedOrNot("erased already", None),
            Officer::Cancel { .. } if forgotten => Fate::Refused("erased already or nothing waits"),
            Officer::Cancel { .. } | Officer::CarryOut { .. } => Fate::Refused("nothing waits"),
            Officer::Request { .. } | Officer::Hold { .. } => Fate::Recorded { causes: false },
        }
    }

    pub fn take_step(&mut self, step: &Officer, now: Time) {
        let same =
            |business: &Self, matter: &Matter, contact: &Identifier| business.are_one((contact, now), (&matter.contact, matter.at), now);
        match step {
            Officer::Request { contact, delay, keep_suppression } => {
                let erasure = Some((now.plus_micros(delay.micros()), *keep_suppression));
                self.matters.push(Matter { contact: contact.clone(), at: now, erasure, again_at: None });
            }
            Officer::Hold { contact, held: true } => {
                self.matters.push(Matter { contact: contact.clone(), at: now, erasure: None, again_at: None });
            }
            Officer::Cancel { contact } => {
                let kept = self.matters.iter().filter(|matter| matter.erasure.is_none() || !same(self, matter, contact)).cloned().collect();
                self.matters = kept;
            }
            Officer::Hold { contact, held: false } => {
                let kept = self.matters.iter().filter(|matter| matter.erasure.is_some() || !same(self, matter, contact)).cloned().collect();
                self.matters = kept;
            }
            Officer::CarryOut { .. } => {}
        }
    }

    /// Erases whoever is due, as of now; says whether somebody was.
    pub fn carry_out(&mut self, now: Time, carried: &mut Carried) -> bool {
        let due = |matter: &Matter| matter.erasure.is_some_and(|(due_at, _)| due_at <= now) && matter.again_at.is_none_or(|at| at <= now);
        let mut waiting: Vec<Matter> = self.matters.iter().filter(|matter| due(matter)).cloned().collect();
        waiting.sort_by_key(|matter| matter.erasure);
        let before = carried.erased;
        for matter in waiting {
            let theirs: Vec<Matter> = self.matters_of(&matter.contact, matter.at, now).into_iter().cloned().collect();
            if !theirs.iter().any(due) {
                continue;
            }
            if theirs.iter().any(|matter| matter.erasure.is_none()) {
                carried.held += 1;
                continue;
            }
            let keep_suppression = theirs.iter().any(|matter| matter.erasure.is_some_and(|(_, keeps)| keeps));
            let what = What::Erase { contact: matter.contact.clone(), keep_suppression };
            let said = self.book.read(&what, now);
            let kept = Kept { what, at: now, recorded_at: now, seq: Seq::new(u64::MAX), said };
            self.close_matters_of(Some(&kept));
            self.book.events.push(kept);
            carried.erased += 1;
        }
        carried.erased > before
    }

    /// What is open of whoever had `contact` at `at`, as far as known now.
    fn matters_of(&self, contact: &Identifier, at: Time, now: Time) -> Vec<&Matter> {
        self.matters.iter().filter(|matter| self.are_one((contact, at), (&matter.contact, matter.at), now)).collect()
    }

    pub fn held(&self, contact: &Identifier, at: Time, now: Time) -> bool {
        self.matters_of(contact, at, now).iter().any(|matter| matter.erasure.is_none())
    }

    fn are_one(&self, one: (&Identifier, Time), other: (&Identifier, Time), now: Time) -> bool {
        let left = self.book.until(now, Known::default());
        let who = Who::after(&left.events, &left.tokens);
        who.joined(who.life(one.0, one.1), now).contains(&who.life(other.0, other.1))
    }

    /// With a person goes what waits for them.
    pub fn close_matters_of(&mut self, erasure: Option<&Kept>) {
        let Some(Kept { what: What::Erase { contact, .. }, at, .. }) = erasure else { return };
        let open: Vec<Matter> = self
            .matters
            .iter()
            .filter(|matter| matter.at > *at || !self.are_one((contact, *at), (&matter.contact, matter.at), *at))
            .cloned()
            .collect();
        self.matters = open;
    }

    /// Whether an erasure covers what is of this contact at this time.
    pub fn was_erased(&self, contact: &Identifier, at: Time) -> bool {
        rule_17_left(&self.book.events).covers(contact, at).is_some()
    }

    /// Whether nothing is known of a contact but that they were erased.
    pub fn is_forgotten(&self, contact: &Identifier, now: Time) -> bool {
        let left = rule_17_left(&self.book.events);
        let who = Who::after(&left.events, &left.tokens);
        let lives = who.joined(who.life(contact, now), now);
        who.erased_at(contact).is_some() && who.events_of(&lives).is_empty()
    }
}
