//! Plays a scenario on an engine: as written, and where its order must not matter in several others too.

use std::collections::BTreeSet;

use super::Engine;
use super::expect::{Expect, Refusal};
use super::format::{Scenario, Step};
use super::records;
use super::shuffle;
use super::step::{Action, Import, Row};
use crate::consent::time::Time;
use crate::consent::words::Account;
use crate::ledger::Question;
use crate::ledger::writing::record::{Acknowledgement, Actor, Record, RecordError, What};

/// How a scenario went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything came as expected.
    Ok,
    /// What did not.
    Failed(Vec<String>),
}

/// Plays `scenario`, each time on a new engine.
pub fn run<E: Engine>(scenario: &Scenario, mut new_engine: impl FnMut() -> Result<E, String>) -> Verdict {
    let written: Vec<&Step> = scenario.steps.iter().collect();
    let mut differences = play(scenario, &written, None, &mut new_engine);
    if scenario.any_order && differences.is_empty() {
        let latest = times(scenario).max();
        let recording: Vec<&Step> = scenario.steps.iter().filter(|step| step.action.records() && !step.expect.is_error()).collect();
        let after = scenario.steps.iter().rposition(|step| step.action.records()).map_or(0, |place| place + 1);
        for n in 0..shuffle::ORDERS {
            let mut order = shuffle::order(&recording, n);
            order.extend(scenario.steps.iter().skip(after));
            let found = play(scenario, &order, latest, &mut new_engine);
            if !found.is_empty() {
                let arrival: Vec<String> = order.iter().take(recording.len()).map(|step| step.number.to_string()).collect();
                differences.extend(found.into_iter().map(|line| format!("arriving as {}: {line}", arrival.join(" "))));
                break;
            }
        }
    }
    if differences.is_empty() { Verdict::Ok } else { Verdict::Failed(differences) }
}

/// Plays the steps; `shuffled` is the clock of every step, and then only answers are compared.
fn play<E: Engine>(
    scenario: &Scenario,
    steps: &[&Step],
    shuffled: Option<Time>,
    new_engine: &mut impl FnMut() -> Result<E, String>,
) -> Vec<String> {
    let mut clock = times(scenario).min().unwrap_or_default().plus_micros(-1);
    let mut engine = match new_engine() {
        Ok(engine) => engine,
        Err(error) => return vec![format!("no ledger to play it on: {error}")],
    };
    if let Err(error) = prepare(scenario, &mut engine, clock) {
        return vec![error];
    }
    let mut differences = Vec::new();
    for step in steps {
        clock = shuffled.or(step.recorded_at).or(own_time(step)).unwrap_or(clock).max(clock);
        engine.set_clock(clock);
        let found = take(step, &mut engine, clock, shuffled.is_some());
        differences.extend(found.into_iter().map(|line| format!("step {}: {line}", step.number)));
    }
    differences
}

/// Creates the accounts and lets each adopt the scenario's policy, just before anything happens.
fn prepare<E: Engine>(scenario: &Scenario, engine: &mut E, clock: Time) -> Result<(), String> {
    engine.set_clock(clock);
    let mut accounts: BTreeSet<Account> = scenario.steps.iter().filter_map(|step| records::account(step).ok()).collect();
    accounts.insert(Account::default_account());
    for account in accounts {
        if account != Account::default_account() {
            engine.create_account(&account).map_err(|error| format!("account {account} is not created: {error}"))?;
        }
        if let Some(choice) = &scenario.policy {
            let policy = Box::new(choice.policy().map_err(|errors| errors.to_string())?);
            let what = What::AdoptPolicy { preset: choice.preset.to_string(), policy };
            let record = Record { account, actor: Actor::LOCAL, event_id: None, occurred_at: Some(clock), what };
            engine.record(record).map_err(|error: RecordError| format!("the policy is not adopted: {error}"))?;
        }
    }
    Ok(())
}

/// Takes one step and says how what came of it differs from what was expected.
fn take<E: Engine>(step: &Step, engine: &mut E, clock: Time, shuffled: bool) -> Vec<String> {
    match (&step.expect, &step.action) {
        (Expect::Check(expect), Action::Check(check)) => {
            let ask = |question: Question| {
                let question = Question { at: question.at.or(Some(clock)), ..question };
                engine.check(&question).map_err(Refusal::from)
            };
            expect.differs(&records::question(step, check).and_then(ask))
        }
        (Expect::Standing(expect), Action::Standing(standing)) => {
            let named = records::account(step).and_then(|account| Ok((account, records::field("sender", &standing.sender)?)));
            let at = step.at.unwrap_or(clock);
            let came = named.map_err(|refusal| refusal.to_string()).and_then(|(account, sender)| engine.standing(&account, &sender, at));
            expect.differs(&came)
        }
        (Expect::Record(expect), Action::Import(import)) => {
            let came = import_rows(step, import, engine);
            if shuffled { Vec::new() } else { expect.differs_by_row(&came) }
        }
        (Expect::History(expect), Action::History(history)) => {
            let named = records::account(step).and_then(|account| Ok((account, records::field("contact", &history.contact)?)));
            let came = named.map_err(|refusal| refusal.to_string()).and_then(|(account, contact)| engine.history(&account, &contact));
            if shuffled { came.err().into_iter().collect() } else { expect.differs(&came) }
        }
        (Expect::Verify(expect), _) => expect.differs(&engine.verify()),
        (Expect::Record(expect), Action::Webhook(webhook)) => {
            let taken = records::account(step).and_then(|account| {
                let refused = |message| Refusal { code: "INVALID_ARGUMENT", reason: "WEBHOOK_REFUSED", message };
                engine.webhook(&account, &webhook.bytes).map_err(refused)
            });
            expect.differs(&taken.map(|()| None))
        }
        (Expect::Record(expect), _) => {
            let recorded = records::record(step).and_then(|record| match record {
                Some(record) => engine.record(record).map(Some).map_err(Refusal::from),
                None => Err(not_playable(step)),
            });
            match recorded {
                Ok(_) if shuffled => Vec::new(),
                recorded => expect.differs(&recorded),
            }
        }
        _ => vec![not_playable(step).to_string()],
    }
}

/// Records the rows of an import, or only tries them: what each came to.
fn import_rows<E: Engine>(step: &Step, import: &Import, engine: &mut E) -> Vec<Result<Option<Acknowledgement>, Refusal>> {
    let read: Vec<Result<Record, Refusal>> = (1..).zip(&import.rows).map(|(line, row)| records::row(step, line, row)).collect();
    let well_formed: Vec<Record> = read.iter().filter_map(|record| record.as_ref().ok()).cloned().collect();
    let came: Vec<Result<Acknowledgement, RecordError>> =
        if import.dry_run { engine.rehearse(well_formed) } else { well_formed.into_iter().map(|record| engine.record(record)).collect() };
    let mut came = came.into_iter();
    let answer = |read: Result<Record, Refusal>| {
        read.and_then(|_| came.next().map_or_else(|| Err(not_playable(step)), |came| came.map(Some).map_err(Refusal::from)))
    };
    read.into_iter().map(answer).collect()
}

fn not_playable(step: &Step) -> Refusal {
    Refusal { code: "UNIMPLEMENTED", reason: "NOT_PLAYABLE", message: format!("the step {} records nothing", step.name) }
}

/// When a step happens: an import when its latest row did.
fn own_time(step: &Step) -> Option<Time> {
    match &step.action {
        Action::Import(import) => import.rows.iter().filter_map(Row::at).max(),
        _ => step.at,
    }
}

fn times(scenario: &Scenario) -> impl Iterator<Item = Time> + '_ {
    scenario.steps.iter().flat_map(|step| [own_time(step), step.recorded_at]).flatten()
}
