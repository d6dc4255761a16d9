//! Entries about accounts, in trails of their own, and about the ledger itself.

use crate::consent::account::{AccountEvent, Noted};
use crate::consent::time::Time;
use crate::consent::words::{Account, Effect};
use crate::ledger::memory::fold;
use crate::ledger::memory::state::{AccountState, Position, State};
use crate::ledger::writing::batch::{Batch, Planned, Sealer};
use crate::ledger::writing::committer::{Committer, Outcome, acknowledged};
use crate::ledger::writing::draft;
use crate::ledger::writing::plan::{Plan, When};
use crate::ledger::writing::record::{Actor, Record, RecordError, What};
use crate::proto::clear_part::Fact;

impl Committer {
    /// An event about the account itself: its own trail, and facts of its own.
    pub(in crate::ledger) fn about_account(&self, batch: &mut Batch, record: &Record, mut account: AccountState, when: When) -> Plan {
        let fact = match &record.what {
            What::AdoptPolicy { preset, policy } => Some(draft::policy_adopted(preset, policy, account.facts.next_policy_version())),
            what => draft::fact(what),
        };
        let trail = account.trail;
        let noted = Noted { at: when.at, recorded_at: batch.now, seq: batch.head.seq.next() };
        let mut entries = Vec::new();
        if let Some(fact) = fact {
            let mut effect = Effect::NoChange;
            if let Some(act) = fold::account_act(&fact, &mut |name| self.state.sender_number(name)) {
                let event = AccountEvent { noted, act };
                effect = if account.apply(event.clone()) { Effect::Applied } else { Effect::HistoricalOnly };
                batch.account_events.push((trail, event));
            }
            entries.push(Planned { effect: Some(effect), ..account_entry(record, trail, when, fact) });
        }
        Plan::new(entries)
    }

    pub(in crate::ledger) fn create_account(&self, batch: &mut Batch, record: &Record, when: When) -> Outcome {
        if self.account(batch, &record.account).is_some() {
            return Outcome::Answered(Err(RecordError::AccountExists { account: record.account.to_string() }));
        }
        let trail = batch.allot_trail();
        let fact = Fact::AccountCreated(crate::proto::AccountCreated { name: record.account.to_string() });
        batch.accounts.push((record.account.to_string(), trail));
        match batch.push(&self.state, &self.sealer, account_entry(record, trail, when, fact)) {
            Ok((seq, hash)) => Outcome::Answered(Ok(acknowledged(seq, hash))),
            Err(error) => Outcome::Fatal(error),
        }
    }

    /// The account as it stands with this batch.
    pub(in crate::ledger) fn account(&self, batch: &Batch, name: &Account) -> Option<AccountState> {
        let known = self.state.account(name.as_str());
        let created = || batch.accounts.iter().find(|(created, _)| created == name.as_str()).map(|(_, trail)| AccountState::new(*trail));
        let mut account = known.or_else(created)?;
        for (trail, event) in &batch.account_events {
            if *trail == account.trail {
                account.apply(event.clone());
            }
        }
        Some(account)
    }
}

fn account_entry(record: &Record, trail: u64, when: When, fact: Fact) -> Planned {
    let effect = Some(Effect::Applied);
    Planned { claimed_at: when.claimed, effect, ..Planned::new(trail, record.actor, when.at, trail, fact) }
}

/// An entry of the ledger's own trail.
pub(in crate::ledger) fn own(now: Time, fact: Fact) -> Planned {
    Planned::new(0, Actor::LEDGER, now, 0, fact)
}

/// The entry that every ledger begins with.
///
/// # Errors
/// Where it cannot be put together.
pub fn ledger_created(
    batch: &mut Batch,
    state: &State,
    sealer: &Sealer,
    created: crate::proto::LedgerCreated,
) -> Result<Position, RecordError> {
    let record =
        Record { account: Account::default_account(), actor: Actor::LEDGER, event_id: None, occurred_at: None, what: What::CreateAccount };
    let when = When { at: batch.now, claimed: None, decided_at: None };
    batch.push(state, sealer, account_entry(&record, 0, when, Fact::LedgerCreated(created)))?;
    let trail = batch.allot_trail();
    let name = record.account.to_string();
    batch.accounts.push((name.clone(), trail));
    let fact = Fact::AccountCreated(crate::proto::AccountCreated { name });
    batch.push(state, sealer, account_entry(&record, trail, when, fact))?;
    Ok(batch.head)
}
