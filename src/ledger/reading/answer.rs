//! Questions and answers: from memory, or for times before the contact's latest event from its trail on disk.

use crate::consent::account::{AsOf, Known, PolicyVersion};
use crate::consent::decide::{Asked, Contact, Decision, Send, decide};
use crate::consent::event::SenderNumber;
use crate::consent::facts::Facts;
use crate::consent::identifier::Identifier;
use crate::consent::identity::{Behind, IdentifierKey, MemberEvent, resolve, span_asked};
use crate::consent::template::TemplateAsked;
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender, Seq};
use crate::ledger::keys::secrets::Secrets;
use crate::ledger::memory::state::{self, State};
use crate::ledger::reading::history;
use crate::ledger::storage::reader::Reader;
use crate::ledger::{Ledger, Position};
use crate::sync::yield_now;

/// A question to the ledger.
#[derive(Clone, Debug)]
pub struct Question {
    /// The account.
    pub account: Account,
    /// The recipient.
    pub contact: Identifier,
    /// The sender.
    pub sender: Sender,
    /// What it wants to do.
    pub asked: Asked,
    /// The template it would send.
    pub template: Option<TemplateAsked>,
    /// At this time; none: now.
    pub at: Option<Time>,
    /// From what the ledger knew then.
    pub known: Known,
    /// Answer only once the log has reached this entry.
    pub min_position: Option<Seq>,
}

/// An answer of the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The decision.
    pub decision: Decision,
    /// The time it is for.
    pub at: Time,
    /// The policy's version.
    pub policy_version: u32,
    /// The head it was answered at.
    pub position: Position,
}

/// Why a question was not answered. Never a permission.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum CheckError {
    /// No such account.
    #[error("the account {account:?} does not exist")]
    AccountUnknown {
        /// The name given.
        account: String,
    },
    /// The log has not reached the position asked for.
    #[error("the ledger stands at seq {head}, before the position asked for, {wanted}")]
    BehindPosition {
        /// Where the ledger stands.
        head: Seq,
        /// What was asked for.
        wanted: Seq,
    },
    /// The clock stands more than 5 minutes behind the last entry: what is asked is asked about now, and nobody knows when that is.
    #[error("the clock, {now}, is more than 5 minutes behind the last entry, {last}; until it is right nobody knows what may be sent now")]
    ClockBehind {
        /// The clock.
        now: Time,
        /// The last entry's `recorded_at`.
        last: Time,
    },
    /// The state is not whole, or the history could not be read.
    #[error("the ledger cannot answer: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
}

/// What a question sees before its contact is looked up: the same for everybody at one head.
pub(super) struct Sight {
    head: state::Position,
    at: Time,
    account: u64,
    told: Seq,
    version: PolicyVersion,
    send: Send,
}

/// The same question about many contacts. What does not depend on the contact is looked up once a head.
pub struct Checks {
    ledger: Ledger,
    question: Question,
    sight: Option<Sight>,
}

impl Checks {
    /// Answers about each of these contacts, whoever the question names, as [`Ledger::check`] would; their positions ascend.
    pub fn about(&mut self, contacts: &[Identifier]) -> Vec<Result<Answer, CheckError>> {
        let Self { ledger, question, sight } = self;
        let answers = match ledger.writes() {
            Ok(()) => ledger.sources().all_until_whole(question, contacts, sight, || ledger.now()),
            Err(error) => vec![Err(error); contacts.len()],
        };
        for answer in &answers {
            ledger.count(answer);
        }
        answers
    }
}

/// The number of a sender that was never mentioned.
pub(in crate::ledger) const NOBODY: SenderNumber = SenderNumber::new(u32::MAX);

/// What stands behind an identifier at the time asked about.
pub(in crate::ledger) enum Found {
    Unknown,
    Facts(Facts),
    Moved(crate::consent::facts::Fact),
    /// The folded facts are later than the time asked about: the history of these trails is needed.
    History(Vec<u64>),
}

/// What is kept of an identifier.
struct Row {
    key: Option<IdentifierKey>,
    /// The facts of the trail that introduced it; none where they are its group's, or it is not known.
    facts: Result<Option<Facts>, CheckError>,
}

/// What was found of a trail that there must be.
fn of_trail<T>(trail: u64, found: Option<T>) -> Result<T, CheckError> {
    found.ok_or_else(|| CheckError::Unavailable { reason: format!("trail {trail} is missing") })
}

/// Where answers are read.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    /// What is known.
    pub state: &'a State,
    /// What identifiers are found by.
    pub secrets: &'a Secrets,
    /// The log, for times before a contact's latest event.
    pub reader: &'a Reader,
}

impl Ledger {
    /// Answers a question. Fast and in memory, except for times before the contact's latest event, which are
    /// answered from its trail on disk: then the call blocks.
    ///
    /// # Errors
    /// Where no truthful answer can be given. Never a permission.
    pub fn check(&self, question: &Question) -> Result<Answer, CheckError> {
        let answer = self.writes().and_then(|()| self.sources().until_whole(question, || self.now()));
        self.count(&answer);
        answer
    }

    /// The same question about many contacts, each answered as [`Ledger::check`] would answer it. While the
    /// log does not grow, all are answered for one instant: that of the first.
    #[must_use]
    pub fn checks(&self, question: Question) -> Checks {
        Checks { ledger: self.clone(), question, sight: None }
    }

    fn count(&self, answer: &Result<Answer, CheckError>) {
        match answer {
            Ok(answer) => self.shared.numbers.checked.answered(&answer.decision),
            Err(error) => self.shared.numbers.checked.unanswered(error),
        }
    }

    fn sources(&self) -> Sources<'_> {
        Sources { state: &self.shared.state, secrets: &self.shared.secrets, reader: &self.shared.reader }
    }

    /// Now. Facts are never later than the head's time: a clock set back must not look past a stop.
    pub(in crate::ledger) fn present(&self) -> Time {
        self.now().max(self.shared.state.head().recorded_at)
    }

    /// Nothing is answered by a ledger that no longer writes.
    pub(in crate::ledger) fn writes(&self) -> Result<(), CheckError> {
        // A load of one number, where the reason lies behind a lock that all checks would take.
        if matches!(self.shared.healthy.has_changed(), Ok(false)) {
            return Ok(());
        }
        self.poisoned().map_or(Ok(()), |reason| Err(CheckError::Unavailable { reason }))
    }

    pub(in crate::ledger) fn key_of(&self, account: u64, contact: &Identifier) -> Option<IdentifierKey> {
        self.sources().key_of(account, contact)
    }

    /// Who stood behind an identifier at an instant, from the history of these trails, and the last entry that says so.
    pub(in crate::ledger) fn found_then(
        &self,
        key: Option<IdentifierKey>,
        known: Known,
        trails: &[u64],
        at: Time,
    ) -> Result<(Found, Seq), CheckError> {
        self.sources().found_then(key, known, trails, at)
    }
}

impl Sources<'_> {
    /// Looks at the head, then at the contact, and again until nothing was met that is newer than the head.
    pub(super) fn until_whole(&self, question: &Question, now: impl Fn() -> Time) -> Result<Answer, CheckError> {
        loop {
            let sight = self.sight(question, &now)?;
            let key = self.key_of(sight.account, &question.contact);
            let facts = key.map_or(Ok(None), |key| of_trail(key.trail, self.state.facts(key.trail)));
            if let Some(answer) = self.seen(question, &sight, &question.contact, Row { key, facts })? {
                return Ok(answer);
            }
            yield_now();
        }
    }

    /// The same about many contacts, whoever the question names, from the sight that is there unless the log has grown since. They are
    /// looked up together: a third of a batch's time was waiting for one row of memory after the other.
    pub(super) fn all_until_whole(
        &self,
        question: &Question,
        contacts: &[Identifier],
        kept: &mut Option<Sight>,
        now: impl Fn() -> Time,
    ) -> Vec<Result<Answer, CheckError>> {
        let mut answers = Vec::with_capacity(contacts.len());
        while let Some(left @ [_, ..]) = contacts.get(answers.len()..) {
            let sight = match kept.take().filter(|sight| self.state.is_at(&sight.head)).map_or_else(|| self.sight(question, &now), Ok) {
                Ok(sight) => sight,
                Err(error) => {
                    answers.extend(left.iter().map(|_| Err(error.clone())));
                    break;
                }
            };
            let rows = self.rows(sight.account, left);
            // From one on of whom something newer was met, all are looked up again.
            let whole = left.iter().zip(rows).map_while(|(contact, row)| self.seen(question, &sight, contact, row).transpose());
            answers.extend(whole);
            if answers.len() < contacts.len() {
                yield_now();
            } else {
                *kept = Some(sight);
            }
        }
        answers
    }

    fn rows(&self, account: u64, contacts: &[Identifier]) -> Vec<Row> {
        let digests: Vec<_> = contacts.iter().map(|contact| self.secrets.identifier_digest(account, contact)).collect();
        let keys = self.state.all_identifiers(&digests);
        let trails: Vec<_> = keys.iter().map(|key| key.map(|key| key.trail)).collect();
        let facts = self.state.all_facts(&trails);
        let row = |(key, facts): (Option<IdentifierKey>, _)| Row { key, facts: key.map_or(Ok(None), |key| of_trail(key.trail, facts)) };
        keys.into_iter().zip(facts).map(row).collect()
    }

    /// What a question sees before its contact is looked up.
    fn sight(&self, question: &Question, now: impl Fn() -> Time) -> Result<Sight, CheckError> {
        let state = self.state;
        let head = state.head();
        if let Some(wanted) = question.min_position.filter(|wanted| *wanted > head.seq) {
            return Err(CheckError::BehindPosition { head: head.seq, wanted });
        }
        let at = question.at.map_or_else(|| right_now(now(), head.recorded_at), Ok)?;
        let number = state.senders().number(question.sender.as_str()).unwrap_or(NOBODY);
        let account = state.with_account(question.account.as_str(), |account| {
            let as_of = AsOf { at, known: question.known };
            let version = account.facts.policy(as_of);
            let send = account.facts.send(number, question.asked, question.template.as_ref(), &version.policy, as_of);
            Sight { head, at, account: account.trail, told: account.facts.last(), version, send }
        });
        account.ok_or_else(|| CheckError::AccountUnknown { account: question.account.to_string() })
    }

    /// The answer about one contact; none where something was met that is newer than the sight.
    fn seen(&self, question: &Question, sight: &Sight, contact: &Identifier, row: Row) -> Result<Option<Answer>, CheckError> {
        let state = self.state;
        let Sight { head, at, account, told, version, send } = sight;
        let ask = |contact: Contact<'_>| decide(contact, send, &version.policy, *at);
        let key = row.key;
        let (found, alone) = self.find(row, *at, question.known)?;
        let (decision, highest) = match found {
            Found::Unknown => self.unknown(*account, contact, ask),
            Found::Facts(facts) => (ask(Contact::Known(&facts)), facts.highest_seq()),
            Found::Moved(change) => (ask(Contact::Moved(change)), change.seq),
            Found::History(trails) => {
                let (found, highest) = self.found_then(key, question.known, &trails, *at)?;
                (ask(found.contact()), highest)
            }
        };
        // Who is who is no fact of anybody: the group's last entry counts too.
        let grouped = key.filter(|_| !alone).and_then(|key| state.group(key.trail));
        // An erasure takes more than it leaves: while one is being put into the state, nothing read is whole.
        let highest = highest.max(state.last_erasure());
        // So does what the account says, and every entry that decided.
        let decided = decision.deciding_seqs.last().copied().unwrap_or_default().max(*told);
        let is_whole = highest.max(decided).max(grouped.map_or(Seq::NONE, |group| group.last)) <= head.seq;
        Ok(is_whole.then(|| Answer {
            decision,
            at: *at,
            policy_version: version.version,
            position: Position { seq: head.seq, hash: head.hash.bytes() },
        }))
    }

    /// Nothing is known of the identifier, but for what an erasure left of it (rule 17).
    fn unknown(&self, account: u64, contact: &Identifier, ask: impl Fn(Contact<'_>) -> Decision) -> (Decision, Seq) {
        match self.state.remembered(self.secrets, account, contact).latest() {
            Some(erased) => (ask(Contact::Known(&Facts { erased: Some(erased), ..Facts::default() })), erased.seq),
            None => (ask(Contact::Unknown), Seq::NONE),
        }
    }

    /// What stands behind an identifier, and whether it stands alone: in no group when its facts were read.
    fn find(&self, Row { key, facts }: Row, at: Time, known: Known) -> Result<(Found, bool), CheckError> {
        let state = self.state;
        let Some(key) = key else { return Ok((Found::Unknown, true)) };
        if !known.is_everything() {
            let trails = state.group(key.trail).map_or_else(|| vec![key.trail], |group| group.trails.clone());
            return Ok((Found::History(trails), false));
        }
        let Some(facts) = facts? else {
            let group =
                state.group(key.trail).ok_or_else(|| CheckError::Unavailable { reason: format!("trail {} has no facts", key.trail) })?;
            if at < group.latest {
                return Ok((Found::History(group.trails.clone()), false));
            }
            let span = group.spans.get(&key).and_then(|spans| span_asked(spans, at));
            return Ok((span.map_or(Found::Unknown, |span| Found::of(&span.behind)), false));
        };
        Ok(if at < facts.latest { (Found::History(vec![key.trail]), false) } else { (Found::Facts(facts), true) })
    }

    fn key_of(&self, account: u64, contact: &Identifier) -> Option<IdentifierKey> {
        self.state.identifier(&self.secrets.identifier_digest(account, contact))
    }

    fn found_then(&self, key: Option<IdentifierKey>, known: Known, trails: &[u64], at: Time) -> Result<(Found, Seq), CheckError> {
        let members = history::members(self.state, self.reader, trails, known).map_err(|reason| CheckError::Unavailable { reason })?;
        let then: Vec<_> = members.into_iter().filter(|member| member.bears_on(at)).collect();
        let spans = resolve(&then);
        let span = key.and_then(|key| span_asked(spans.get(&key)?, at));
        let highest = then.iter().map(MemberEvent::seq).max().unwrap_or_default();
        Ok((span.map_or(Found::Unknown, |span| Found::of(&span.behind)), highest))
    }
}

/// Now, for whoever sends. A clock that is far behind knows neither which windows are over nor what was said meanwhile, for
/// nothing is recorded; one that is a little behind must not look past a stop: facts are never later than the head's time.
fn right_now(now: Time, last: Time) -> Result<Time, CheckError> {
    if now.is_far_behind(last) { Err(CheckError::ClockBehind { now, last }) } else { Ok(now.max(last)) }
}

impl Found {
    pub(in crate::ledger) fn of(behind: &Behind) -> Self {
        match behind {
            Behind::Nobody => Self::Unknown,
            Behind::Moved(change) => Self::Moved(*change),
            Behind::Contact(facts) => Self::Facts(facts.clone()),
        }
    }

    /// As the rules take it. A history that was not read yet is nobody's.
    pub(in crate::ledger) const fn contact(&self) -> Contact<'_> {
        match self {
            Self::Unknown | Self::History(_) => Contact::Unknown,
            Self::Facts(facts) => Contact::Known(facts),
            Self::Moved(change) => Contact::Moved(*change),
        }
    }
}
