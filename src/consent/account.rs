//! What is known of an account: its policies (rule 16), its senders (10), its templates (12).
//!
//! These facts are few and kept whole: a question about any time, from what was known at any time, reads the same lists.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decide::{Asked, Send};
use super::event::SenderNumber;
use super::facts::Fact;
use super::policy::Policy;
use super::sender::{Declaration, Limits, Quality, Restriction, RestrictionKind, SenderFacts, SenderStanding};
use super::template::{Template, TemplateAsked, TemplateKey, TemplateStatus, Templates};
use super::time::Time;
use super::words::{Category, Seq};

/// When something about an account became true, and when the ledger recorded it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Noted {
    /// When.
    pub at: Time,
    /// When the ledger recorded it.
    pub recorded_at: Time,
    /// The entry that recorded it.
    pub seq: Seq,
}

impl Noted {
    /// The instant and the entry.
    #[must_use]
    pub const fn fact(self) -> Fact {
        Fact { at: self.at, seq: self.seq }
    }
}

/// What the ledger knew at some moment; by default everything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// What was recorded up to this time; none: at any time.
    pub at: Option<Time>,
    /// What was recorded up to this entry; none: up to the last.
    pub seq: Option<Seq>,
}

impl Known {
    /// Whether that is everything there is.
    #[must_use]
    pub const fn is_everything(self) -> bool {
        self.at.is_none() && self.seq.is_none()
    }

    /// Whether an entry recorded then was known.
    #[must_use]
    pub fn holds(self, recorded_at: Time, seq: Seq) -> bool {
        self.at.is_none_or(|at| recorded_at <= at) && self.seq.is_none_or(|last| seq <= last)
    }
}

/// The view of a question: what was true at an instant, as far as it was known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AsOf {
    /// The instant.
    pub at: Time,
    /// What was known.
    pub known: Known,
}

impl AsOf {
    /// Whether something noted then is seen.
    #[must_use]
    pub fn sees(self, noted: Noted) -> bool {
        noted.at <= self.at && self.known.holds(noted.recorded_at, noted.seq)
    }
}

/// A policy, its version in the account, and since when it holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyVersion {
    /// The version; 0: the preset meta, in force from the start.
    pub version: u32,
    /// The preset it was made from.
    pub preset: Arc<str>,
    /// The policy.
    pub policy: Arc<Policy>,
    /// The entry that recorded it; [`Seq::NONE`] for version 0.
    pub fact: Fact,
}

/// Something that happened to an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountEvent {
    /// When, and when the ledger recorded it.
    pub noted: Noted,
    /// What it was.
    pub act: AccountAct,
}

/// What an [`AccountEvent`] was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AccountAct {
    /// The account adopted a policy.
    PolicyAdopted {
        /// Its version in the account, counting from 1.
        version: u32,
        /// The preset it was made from.
        preset: Arc<str>,
        /// The policy.
        policy: Arc<Policy>,
    },
    /// The business declared what one of its senders is.
    SenderDeclared {
        /// Which one.
        sender: SenderNumber,
        /// What it is.
        declaration: Declaration,
    },
    /// The platform rated a sender.
    SenderRated {
        /// Which one.
        sender: SenderNumber,
        /// How.
        quality: Quality,
    },
    /// The platform restricted a sender, or all of them.
    SenderRestricted {
        /// Which one; [`SenderNumber::ALL`] for the whole account.
        sender: SenderNumber,
        /// What is forbidden, and until when.
        restriction: Restriction,
    },
    /// Restrictions of a sender, or those of the whole account, were lifted.
    RestrictionsLifted {
        /// Whose; [`SenderNumber::ALL`] for those that were reported of the whole account.
        sender: SenderNumber,
        /// Of which kinds.
        kinds: Vec<RestrictionKind>,
    },
    /// A template was registered, or registered anew.
    TemplateRegistered {
        /// Which one.
        key: TemplateKey,
        /// All of it.
        template: Template,
    },
    /// Some of a template changed.
    TemplateChanged {
        /// Which one.
        key: TemplateKey,
        /// Its new category; none: as it was.
        category: Option<Category>,
        /// Its new status; none: as it was.
        status: Option<TemplateStatus>,
        /// How the platform rates it; none: as it was.
        quality: Option<Quality>,
    },
}

/// What is known of an account.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AccountFacts {
    policies: Vec<(Noted, PolicyVersion)>,
    senders: BTreeMap<SenderNumber, SenderFacts>,
    /// Its templates.
    pub templates: Templates,
    last: Seq,
}

impl AccountFacts {
    /// Folds an event in; the same entry again changes nothing. Says whether it is the latest heard of its subject.
    pub fn apply(&mut self, event: AccountEvent) -> bool {
        let noted = event.noted;
        self.last = self.last.max(noted.seq);
        match event.act {
            AccountAct::PolicyAdopted { version, preset, policy } => {
                insert(&mut self.policies, noted, PolicyVersion { version, preset, policy, fact: noted.fact() })
            }
            AccountAct::SenderDeclared { sender, declaration } => self.senders.entry(sender).or_default().declare(noted, declaration),
            AccountAct::SenderRated { sender, quality } => self.senders.entry(sender).or_default().rate(noted, quality),
            AccountAct::SenderRestricted { sender, restriction } => self.senders.entry(sender).or_default().restrict(noted, restriction),
            AccountAct::RestrictionsLifted { sender, kinds } => self.senders.entry(sender).or_default().lift(noted, kinds),
            AccountAct::TemplateRegistered { key, template } => self.templates.register(noted, key, template),
            AccountAct::TemplateChanged { key, category, status, quality } => self.templates.change(noted, key, category, status, quality),
        }
    }

    /// The last entry that it was told by; an answer is whole when the head has reached it.
    #[must_use]
    pub const fn last(&self) -> Seq {
        self.last
    }

    /// The policy in force: of those adopted the latest.
    #[must_use]
    pub fn policy(&self, as_of: AsOf) -> PolicyVersion {
        let adopted = self.policies.iter().rfind(|(noted, _)| as_of.sees(*noted));
        adopted.map_or_else(PolicyVersion::meta, |(_, policy)| policy.clone())
    }

    /// The version that the next policy gets.
    #[must_use]
    pub fn next_policy_version(&self) -> u32 {
        u32::try_from(self.policies.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Every policy that was adopted, by the time from which it holds.
    #[must_use]
    pub fn policies(&self) -> impl DoubleEndedIterator<Item = (Noted, &PolicyVersion)> {
        self.policies.iter().map(|(noted, policy)| (*noted, policy))
    }

    /// The senders that something is known of by declaration, rating or restriction; without [`SenderNumber::ALL`].
    pub fn senders(&self) -> impl Iterator<Item = SenderNumber> {
        self.senders.keys().copied().filter(|sender| *sender != SenderNumber::ALL)
    }

    /// A question of `sender`, with everything that the account says about it whoever the contact is.
    #[must_use]
    pub fn send(&self, sender: SenderNumber, asked: Asked, template: Option<&TemplateAsked>, policy: &Policy, as_of: AsOf) -> Send {
        let found = template.and_then(|template| self.templates.find(template, as_of));
        let asked = found.and_then(|(category, _)| category).map_or(asked, Asked::For);
        let limits = Limits::new(self.senders.get(&sender), self.senders.get(&SenderNumber::ALL), policy, as_of);
        Send { sender, asked, template: found.map(|(_, finding)| finding), limits }
    }

    /// How a sender stands.
    #[must_use]
    pub fn standing(&self, sender: SenderNumber, as_of: AsOf) -> SenderStanding {
        let policy = self.policy(as_of).policy;
        SenderStanding::new(self.senders.get(&sender), self.senders.get(&SenderNumber::ALL), &policy, as_of)
    }
}

impl PolicyVersion {
    /// What every account begins with.
    #[must_use]
    pub fn meta() -> Self {
        static META: std::sync::LazyLock<PolicyVersion> = std::sync::LazyLock::new(|| PolicyVersion {
            version: 0,
            preset: "meta".into(),
            policy: Arc::new(Policy::meta()),
            fact: Fact { at: Time::from_micros(i64::MIN), seq: Seq::NONE },
        });
        META.clone()
    }
}

/// Puts something in its place by time and seq, once an entry. Says whether it is the latest.
pub(super) fn insert<T>(list: &mut Vec<(Noted, T)>, noted: Noted, new: T) -> bool {
    if list.iter().rev().any(|(known, _)| known.seq == noted.seq) {
        return false;
    }
    let place = list.partition_point(|(known, _)| (known.at, known.seq) <= (noted.at, noted.seq));
    let latest = place == list.len();
    list.insert(place, (noted, new));
    latest
}
