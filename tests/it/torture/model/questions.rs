//! What is asked: everybody about everything now, and what is worth asking about other times; and both answers side by side.

use consent_ledger::consent::decide::{Asked as For, Decision};
use consent_ledger::consent::words::{Account, Category, Seq};
use consent_ledger::ledger::{CheckError, Ledger, Question};

use super::simple::Simple;
use crate::support::bench::question;
use crate::support::dice::Dice;
use crate::support::histories::{Arrival, CONTACTS, SENDERS, questions};

/// A question for people: identifiers hide in debug output.
pub struct Asked<'a> {
    /// Who.
    pub contact: &'a str,
}

impl<'a> Asked<'a> {
    /// Of a question.
    pub fn of(question: &'a Question) -> Self {
        Self { contact: question.contact.as_str() }
    }
}

/// Every contact, at every sender, for everything, now.
pub fn everything(account: &Account) -> Vec<Question> {
    let mut all = Vec::new();
    for contact in CONTACTS {
        for sender in SENDERS {
            let about = |asked| Question {
                account: account.clone(),
                sender: sender.parse().unwrap(),
                asked,
                ..question(contact, Category::Marketing, None)
            };
            all.extend([For::Anything, For::OptOutConfirmation].map(about));
            all.extend(Category::ALL.iter().map(|category| about(For::For(*category))));
        }
    }
    all
}

/// At the instants where answers change and beside them, now, from what was known before, from a position on.
pub fn some(dice: &mut Dice, arrivals: &[Arrival], head: Seq, count: usize) -> Vec<Question> {
    let mut asked = if arrivals.is_empty() { everything(&Account::default_account()) } else { questions(dice, arrivals, count) };
    asked.truncate(count);
    for question in &mut asked {
        if dice.one_in(3) {
            question.at = None;
        }
        if dice.one_in(5) {
            question.account = dice.pick(&["shop", "nobody"]).parse().unwrap();
        }
        question.min_position = dice.one_in(4).then(|| if dice.one_in(4) { head.next() } else { head });
    }
    asked
}

/// Asks both.
pub fn compare(ledger: &Ledger, model: &Simple, question: &Question) -> Result<(), String> {
    let (given, head) = (ledger.check(question), ledger.head());
    let contact = question.contact.as_str();
    let differs =
        |wanted: &dyn std::fmt::Debug| Err(format!("{contact} {question:?}\n  is answered {given:?}\n  and should be {wanted:?}"));
    if question.min_position.is_some_and(|position| position > head.seq) {
        return if matches!(given, Err(CheckError::BehindPosition { .. })) { Ok(()) } else { differs(&"behind the position") };
    }
    // Nobody knows what time it is.
    if question.at.is_none() && model.is_behind() {
        return if matches!(given, Err(CheckError::ClockBehind { .. })) { Ok(()) } else { differs(&"the clock is behind") };
    }
    let Some((wanted, version)) = model.check(question) else {
        return if matches!(given, Err(CheckError::AccountUnknown { .. })) { Ok(()) } else { differs(&"no such account") };
    };
    let Ok(answer) = &given else { return differs(&wanted) };
    let seqs = &answer.decision.deciding_seqs;
    let plain = Decision { deciding_seqs: Vec::new(), ..answer.decision.clone() };
    if plain != wanted {
        return differs(&wanted);
    }
    if !seqs.is_sorted() || seqs.last().is_some_and(|last| *last > head.seq) {
        return differs(&"seqs in order, up to the head");
    }
    let at = question.at.unwrap_or_else(|| model.now());
    if (answer.policy_version, answer.at, answer.position) != (version, at, head) {
        return differs(&(version, at, head));
    }
    Ok(())
}
