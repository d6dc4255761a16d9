//! One life: step by step, in the ledger and in the model, and both are asked the same after each.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use consent_ledger::consent::decide::Asked as For;
use consent_ledger::consent::sender::{Restriction, RestrictionKind};
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Effect, Seq};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::erasure::step::StepRefused;
use consent_ledger::ledger::proving::verify::verify_data_dir;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::{Acknowledgement, Actor, Record, RecordError, What};
use consent_ledger::ledger::{Filter, Ledger, Options};
use tempfile::TempDir;

use super::questions::{Asked, compare, everything, some};
use super::simple::{Fate, Simple, claims_nothing, each_once};
use super::steps::{Does, Restart, Step};
use crate::support::bench::at;
use crate::support::dice::Dice;
use crate::support::histories::Arrival;
use crate::support::oracle::book::identifiers;
use crate::torture::campaign::Counts;

/// How many questions follow each step.
const QUESTIONS: usize = 6;

/// A ledger that lives.
struct Real {
    dir: TempDir,
    ledger: Ledger,
    clock: Arc<ManualClock>,
    /// The snapshots that were written as it closed.
    snapshots: Vec<Vec<u8>>,
}

/// Both, and what was acknowledged.
struct Life<'a> {
    real: Real,
    model: Simple,
    arrivals: Vec<Arrival>,
    acknowledged: Vec<(Acknowledgement, Arrival)>,
    counts: &'a mut Counts,
}

/// Lives through these steps.
pub fn live(steps: &[Step], counts: &mut Counts) -> Result<(), String> {
    let mut life = Life { real: Real::new(), model: Simple::new(at(0)), arrivals: Vec::new(), acknowledged: Vec::new(), counts };
    for (number, step) in steps.iter().enumerate() {
        let mut dice = Dice::new(step.seed as u64);
        life.step(&step.does, &mut dice).map_err(|difference| format!("step {number}, {step}: {difference}"))?;
        life.ask(&mut dice).map_err(|difference| format!("after step {number}, {step}: {difference}"))?;
    }
    life.end()
}

impl Life<'_> {
    fn step(&mut self, does: &Does, dice: &mut Dice) -> Result<(), String> {
        match does {
            Does::Record(record) => self.record(record).map(drop),
            Does::RehearseAndRecord(record) => self.rehearse_and_record(record),
            Does::Resolve { account, place, confirmed } => {
                let open = self.model.possible_opt_outs(account);
                let Some(message) = open.get(*place) else { return Ok(()) };
                let listed = self.real.ledger.possible_opt_outs(account, Seq::NONE, usize::MAX).map_err(|error| error.to_string())?;
                let seq = listed.get(*place).ok_or("one is missing in the list of possible opt-outs")?.seq;
                let what = self.real.ledger.resolution(account, seq, *confirmed).map_err(|error| error.to_string())?;
                let record = Record { account: account.clone(), actor: Actor::LOCAL, event_id: None, occurred_at: None, what };
                if matches!(self.record(&record)?, Fate::Recorded { .. }) {
                    self.model.resolved(account, message, *confirmed);
                    self.counts.one("possible opt-outs decided");
                }
                Ok(())
            }
            // While the clock is wrong it fails, and is tried again after a while.
            Does::CarryOut if self.model.is_behind() => Ok(()),
            Does::CarryOut => {
                let (given, wanted) = (self.real.ledger.carry_out_due(), self.model.carry_out());
                self.counts.add("erasures carried out", usize::try_from(given.erased).unwrap());
                same("erased and failed", &(given.erased, given.failed), &(wanted.erased, wanted.failed))
            }
            Does::Clock(by) => {
                self.counts.one(if *by < 0 { "clock moved back" } else { "clock moved forward" });
                self.model.clock = self.model.clock.plus_micros(*by);
                self.real.clock.set(self.model.clock);
                self.counts.add("clock left too far behind", usize::from(self.model.is_behind()));
                Ok(())
            }
            Does::Restart(restart) => self.restart(*restart, dice),
        }
    }

    fn record(&mut self, record: &Record) -> Result<Fate, String> {
        let (fate, before) = (self.model.fate(record), self.real.ledger.head());
        let given = self.real.ledger.record_blocking(record.clone());
        let after = self.real.ledger.head();
        let fate = match (fate, &given) {
            (Fate::RefusedOrNot(_, Some(first)), Ok(_)) => Fate::Duplicate(first),
            (Fate::RefusedOrNot(_, None), Ok(_)) => Fate::Recorded { causes: false },
            (Fate::RefusedOrNot(refused, _), Err(_)) => Fate::Refused(refused),
            (fate, _) => fate,
        };
        match (&fate, &given) {
            (Fate::Recorded { causes }, Ok(acknowledgement)) => {
                let caused = causes.then(|| acknowledgement.seq.next());
                same("duplicate", &acknowledgement.duplicate, &false)?;
                same("caused", &acknowledgement.caused, &caused)?;
                let last = caused.unwrap_or(acknowledgement.seq);
                if acknowledgement.seq <= before.seq || last > after.seq {
                    return Err(format!("entry {} is not between {before:?} and {after:?}", acknowledgement.seq));
                }
                self.counts.one("records acknowledged");
            }
            (Fate::Duplicate(first), Ok(acknowledgement)) => {
                same("duplicate", acknowledgement, first)?;
                same("head", &after, &before)?;
                self.counts.one("duplicates");
            }
            (Fate::Outranked, Ok(acknowledgement)) => {
                same("effect", &acknowledgement.effect, &Effect::HistoricalOnly)?;
                same("duplicate and caused", &(acknowledgement.duplicate, acknowledgement.caused), &(false, None))?;
                self.counts.one("records outranked by an erasure");
            }
            (Fate::Refused(wanted), Err(error)) => {
                let given = refused(error);
                if !wanted.split(" or ").any(|wanted| wanted == given) {
                    return Err(format!("it is refused for {given:?}, and should be for {wanted:?}"));
                }
                same("head", &after, &before)?;
                self.counts.one(format!("records refused: {wanted}"));
            }
            (wanted, given) => return Err(format!("{wanted:?} was expected, and it answered {given:?}")),
        }
        if let Ok(acknowledgement) = given {
            let clock = self.model.now();
            self.model.record(record, &fate, acknowledgement);
            // An erasure is recorded of whoever an outranked record shows to be the erased person.
            if after != before {
                self.model.latest = clock;
            }
            let arrival = Arrival { clock, record: Record { occurred_at: Some(record.occurred_at.unwrap_or(clock)), ..record.clone() } };
            if matches!(fate, Fate::Recorded { .. }) {
                self.arrivals.push(arrival.clone());
                self.acknowledged.push((acknowledgement, arrival));
                self.effect(record, acknowledgement)?;
            }
        }
        Ok(fate)
    }

    /// What is said to change nothing changes no answer. Two exceptions: who is named together becomes one contact, which is an
    /// effect of its own, and an opt-in that cannot count still ends the confirmation of an opt-out.
    fn effect(&mut self, record: &Record, acknowledgement: Acknowledgement) -> Result<(), String> {
        let of_a_contact = !matches!(record.what, What::Erasure(_) | What::Erase { .. } | What::CreateAccount);
        let joins = !matches!(record.what, What::Link { .. }) && each_once(&identifiers(&record.what)).len() > 1;
        if joins || !of_a_contact || acknowledgement.caused.is_some() || !claims_nothing(acknowledgement.effect) {
            return Ok(());
        }
        let opts_in = matches!(record.what, What::OptIn { .. });
        for question in everything(&record.account).into_iter().filter(|question| !opts_in || question.asked != For::OptOutConfirmation) {
            let (Some((with, _)), Some(without)) = (self.model.check(&question), self.model.check_without_the_last(&question)) else {
                continue;
            };
            if (with.permission, with.allowed) != (without.permission, without.allowed) {
                let Asked { contact, .. } = Asked::of(&question);
                let effect = acknowledgement.effect;
                return Err(format!(
                    "its effect is {effect:?}, and yet for {contact} {question:?} the answer was {without:?} and is {with:?}"
                ));
            }
        }
        self.counts.one("effects that change no answer");
        Ok(())
    }

    fn rehearse_and_record(&mut self, record: &Record) -> Result<(), String> {
        let said = self.real.ledger.rehearse_blocking(vec![record.clone()]).pop().ok_or("nothing was rehearsed")?;
        let before = self.acknowledged.len();
        let fate = self.record(record)?;
        self.counts.one("rehearsals");
        match (&said, &fate) {
            (Ok(said), Fate::Recorded { .. }) => {
                let (done, _) = &self.acknowledged[before];
                same(
                    "rehearsed",
                    &(said.effect, said.duplicate, said.caused.is_some()),
                    &(done.effect, done.duplicate, done.caused.is_some()),
                )
            }
            (Ok(said), Fate::Duplicate(_)) => same("rehearsed duplicate", &said.duplicate, &true),
            (Ok(said), Fate::Outranked) => same("rehearsed effect", &said.effect, &Effect::HistoricalOnly),
            // A rehearsal writes nothing, so a clock that is behind does not stop it.
            (_, Fate::Refused("the clock is behind")) => Ok(()),
            (Err(error), Fate::Refused(wanted)) if wanted.split(" or ").any(|wanted| wanted == refused(error)) => Ok(()),
            (said, fate) => Err(format!("rehearsed it was {said:?}, recorded {fate:?}")),
        }
    }

    fn ask(&mut self, dice: &mut Dice) -> Result<(), String> {
        let asked = some(dice, &self.arrivals, self.real.ledger.head().seq, QUESTIONS);
        for question in &asked {
            compare(&self.real.ledger, &self.model, question)?;
        }
        self.counts.add("answers compared", asked.len());
        let account = &asked[0].account;
        let sender = &asked[0].sender;
        if let Some(wanted) = self.model.standing(account, sender, self.model.now()) {
            let given =
                self.real.ledger.standing(account, sender, Some(self.model.now()), asked[0].known).map_err(|error| error.to_string());
            if asked[0].known.is_everything() {
                let given = given?.standing;
                same("standing", &(given.state, given.quality, given.declaration), &(wanted.state, wanted.quality, wanted.declaration))?;
                same("restrictions", &forbidden(given.restrictions), &forbidden(wanted.restrictions))?;
                self.counts.one("standings compared");
            }
            let listed = self.real.ledger.possible_opt_outs(account, Seq::NONE, usize::MAX).map_err(|error| error.to_string())?;
            let listed: Vec<_> = listed.into_iter().map(|message| (message.occurred_at, message.sender, message.contact)).collect();
            same("possible opt-outs", &sorted(&listed), &sorted(&self.model.possible_opt_outs(account)))?;
        }
        Ok(())
    }

    /// No restart changes an answer, nor anything that an answer rests on.
    fn restart(&mut self, restart: Restart, dice: &mut Dice) -> Result<(), String> {
        let account = "default".parse().unwrap();
        let asked = [everything(&account), some(dice, &self.arrivals, self.real.ledger.head().seq, QUESTIONS)].concat();
        let answers = |ledger: &Ledger| asked.iter().map(|question| format!("{:?}", ledger.check(question))).collect::<Vec<_>>();
        let due_before = self.real.ledger.head();
        let before = answers(&self.real.ledger);
        self.real.restart(restart)?;
        // What is due is erased as it opens.
        let carried = self.model.restart();
        self.counts.add("erasures carried out as it opened", usize::try_from(carried).unwrap());
        let after = answers(&self.real.ledger);
        if carried == 0 {
            same("head after a restart", &self.real.ledger.head(), &due_before)?;
            for ((question, before), after) in asked.iter().zip(&before).zip(&after) {
                if before != after {
                    return Err(format!("{question:?} was answered {before} and is answered {after}"));
                }
            }
        }
        self.counts.one("restarts");
        self.counts.one(format!("restarts: {restart:?}"));
        self.counts.add("answers compared over a restart", asked.len());
        Ok(())
    }

    /// Whatever happened: both copies verify, everything acknowledged is there, in order of time.
    fn end(mut self) -> Result<(), String> {
        for restart in [Restart::FromSnapshot, Restart::KilledAndFromTheLog] {
            self.restart(restart, &mut Dice::new(1))?;
        }
        for question in everything(&"default".parse().unwrap()) {
            compare(&self.real.ledger, &self.model, &question)?;
            self.counts.one("answers compared");
        }
        let log = self.real.ledger.entries(&Filter::default(), usize::MAX).map_err(|error| error.to_string())?;
        if !log.is_sorted_by_key(|entry| entry.recorded_at) {
            return Err("recorded_at goes back".to_owned());
        }
        for (acknowledgement, arrival) in &self.acknowledged {
            let entry = &log[usize::try_from(acknowledgement.seq.number()).unwrap() - 1];
            same("entry hash", &entry.entry_hash, &acknowledgement.entry_hash)?;
            same("recorded_at", &entry.recorded_at, &arrival.clock)?;
        }
        self.real.ledger.close();
        let report = verify_data_dir(self.real.dir.path(), |_, _| ()).map_err(|error| error.to_string())?;
        if report.ok() { Ok(()) } else { Err(format!("it does not verify: {:?}", report.problems)) }
    }
}

impl Real {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::default());
        clock.set(at(0));
        let ledger = open(dir.path(), &clock, 0).unwrap();
        Self { dir, ledger, clock, snapshots: Vec::new() }
    }

    fn restart(&mut self, restart: Restart) -> Result<(), String> {
        let killed = matches!(restart, Restart::Killed | Restart::KilledAndFromTheLog | Restart::FromTheJournalAlone);
        if killed {
            let dir = tempfile::tempdir().unwrap();
            copy_alive(self.dir.path(), dir.path());
            self.ledger.close();
            self.dir = dir;
        } else {
            self.ledger.close();
            self.snapshots.extend(std::fs::read(self.dir.path().join("snapshot")).ok());
        }
        let gone: &[&str] = match restart {
            Restart::FromTheJournalAlone => &["snapshot", "checkpoints", "tree", "sled"],
            Restart::WithoutSled => &["sled"],
            _ => &[],
        };
        for name in gone {
            let path = self.dir.path().join(name);
            let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        }
        let older = self.snapshots.len().checked_sub(2).and_then(|place| self.snapshots.get(place));
        if let (Restart::FromAnOlderSnapshot, Some(older)) = (restart, older) {
            std::fs::write(self.dir.path().join("snapshot"), older).unwrap();
        }
        let whole = matches!(restart, Restart::FromTheLog | Restart::KilledAndFromTheLog | Restart::FromTheJournalAlone);
        self.ledger = open(self.dir.path(), &self.clock, if whole { u64::MAX } else { 0 })?;
        Ok(())
    }
}

fn open(dir: &Path, clock: &Arc<ManualClock>, small_bytes: u64) -> Result<Ledger, String> {
    let options = Options { keys_ahead: 8, small_bytes, erase_every: Duration::from_secs(3_600), ..Options::new(dir) };
    let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), clock.clone());
    Ledger::open_with(&options, &disk, &clock).map_err(|error| format!("it does not open: {error}"))
}

/// The directory as a killed process leaves it: copied while it is in use. What goes away meanwhile is not there.
fn copy_alive(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_alive(&entry.path(), &target);
        } else if let Err(error) = std::fs::copy(entry.path(), target) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
        }
    }
}

/// The model's word for a refusal.
fn refused(error: &RecordError) -> &'static str {
    match error {
        RecordError::ClockBehind { .. } => "the clock is behind",
        RecordError::TimeInFuture { .. } => "it lies ahead",
        RecordError::AccountExists { .. } => "the account exists",
        RecordError::AccountUnknown { .. } => "no such account",
        RecordError::EventIdReused { .. } => "the event id was used",
        RecordError::Erasure(StepRefused::LegalHold { .. }) => "a legal hold",
        RecordError::Erasure(StepRefused::Waits { .. }) => "an erasure waits",
        RecordError::Erasure(StepRefused::NothingWaits) => "nothing waits",
        RecordError::Erasure(StepRefused::AlreadyErased { .. }) => "erased already",
        RecordError::Erasure(StepRefused::NoHold) => "no legal hold",
        _ => "something else",
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, given: &T, wanted: &T) -> Result<(), String> {
    if given == wanted { Ok(()) } else { Err(format!("{what}: it says {given:?}, and should say {wanted:?}")) }
}

/// What is forbidden until when, each once.
fn forbidden(restrictions: Vec<Restriction>) -> BTreeSet<(RestrictionKind, Option<Time>)> {
    restrictions.into_iter().flat_map(|restriction| restriction.kinds.into_iter().map(move |kind| (kind, restriction.until))).collect()
}

fn sorted<T: std::fmt::Debug>(items: &[T]) -> Vec<String> {
    let mut told: Vec<String> = items.iter().map(|item| format!("{item:?}")).collect();
    told.sort_unstable();
    told
}
