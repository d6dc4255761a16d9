//! Erasure in two steps (rule 17): asked for, then carried out unless it was cancelled or the contact is under a legal hold.
//!
//! ```text
//! 7  ErasureRequested  +49…01, occurred_at T, due_at D      whoever stood behind +49…01 at T
//! …                                                         they move, others get the number
//! 12 ContactErased     actor 0, occurred_at D or later      that person, under everything they have by now
//! ```
//!
//! Only the committer decides, so that of a cancellation and an erasure at one moment exactly one happens.

use crate::consent::account::{AsOf, Known};
use crate::consent::identifier::Identifier;
use crate::consent::identity::Met;
use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::erasure::erase::Reach;
use crate::ledger::erasure::matters::{Matter, MatterKind};
use crate::ledger::erasure::step::{Delay, Step, StepRefused};
use crate::ledger::memory::state::{AccountState, State};
use crate::ledger::reading::history;
use crate::ledger::storage::reader::{EntryUnreadable, Reader, Sealed, open_sealed};
use crate::ledger::writing::asked::Asked;
use crate::ledger::writing::batch::Batch;
use crate::ledger::writing::committer::Committer;
use crate::ledger::writing::draft;
use crate::ledger::writing::plan::{Named, NotPlanned, Plan, When};
use crate::ledger::writing::prepared::Prepared;
use crate::ledger::writing::record::{RecordError, What};
use crate::proto::clear_part::Fact;
use crate::proto::{ErasureCancelled, LegalHoldChanged};

/// The open matters of whoever was met, as far as known at `now`, ascending.
///
/// # Errors
/// Where their history cannot be read.
pub fn open_matters(state: &State, reader: &Reader, met: Met, now: Time) -> Result<Vec<Matter>, EntryUnreadable> {
    let group = state.group(met.key.trail);
    let trails = group.map_or_else(|| vec![met.key.trail], |group| group.trails.clone());
    let mut found: Vec<Matter> = {
        let matters = state.matters.read();
        trails.iter().flat_map(|trail| matters.of_trail(*trail)).collect()
    };
    // A trail that no identity event touched is one person's.
    if !found.is_empty() && state.group(met.key.trail).is_some() {
        let mut people = history::people(state, reader, &trails, now)?;
        found.retain(|matter| people.are_one(met, matter.met));
    }
    found.sort_by_key(|matter| matter.seq);
    Ok(found)
}

/// The first legal hold among matters.
#[must_use]
pub fn hold(matters: &[Matter]) -> Option<Seq> {
    matters.iter().find(|matter| matter.is_hold()).map(|matter| matter.seq)
}

impl Committer {
    /// Plans a step of an erasure; each is committed by itself, or the first of its commit, so that it sees those before it.
    pub(in crate::ledger) fn step(
        &self,
        batch: &mut Batch,
        prepared: &Prepared,
        account: &AccountState,
        when: When,
    ) -> Result<Plan, NotPlanned> {
        let what = &prepared.record().what;
        if !matches!(what, What::Erasure(_) | What::Erase { .. }) {
            return self.resolve(batch, prepared, account, when);
        }
        if !batch.is_empty() {
            return Err(NotPlanned::Alone);
        }
        let mut taking = Taking { committer: self, batch, prepared, account, when };
        match what {
            What::Erasure(Step::Request { contact, delay, keep_suppression }) => taking.request(contact, *delay, *keep_suppression),
            What::Erasure(Step::Cancel { contact }) => taking.cancel(contact),
            What::Erasure(Step::Hold { contact, held: true }) => taking.set_hold(contact),
            What::Erasure(Step::Hold { contact, held: false }) => taking.release_hold(contact),
            What::Erasure(Step::CarryOut { request }) => taking.carry_out(*request),
            What::Erase { contact, .. } => taking.at_once(contact),
            _ => self.resolve(taking.batch, prepared, account, when),
        }
    }
}

/// A step, and what it is planned with.
struct Taking<'a> {
    committer: &'a Committer,
    batch: &'a mut Batch,
    prepared: &'a Prepared,
    account: &'a AccountState,
    when: When,
}

impl Taking<'_> {
    fn request(&mut self, contact: &Identifier, delay: Delay, keeps_tokens: bool) -> Result<Plan, NotPlanned> {
        let named = self.name(contact);
        let matters = self.matters(&named)?;
        refuse_under_a_hold(&matters)?;
        if let Some((request, due_at)) = matters.iter().find_map(|matter| Some((matter.seq, matter.due_at()?))) {
            return refuse(StepRefused::Waits { request, due_at });
        }
        self.refuse_erased(&named)?;
        let due_at = self.batch.now.plus_micros(delay.micros());
        self.entry(draft::erasure_requested(due_at.micros(), keeps_tokens))
    }

    fn cancel(&mut self, contact: &Identifier) -> Result<Plan, NotPlanned> {
        let named = self.name(contact);
        let matters = self.matters(&named)?;
        let request_seqs: Vec<u64> = matters.iter().filter(|matter| !matter.is_hold()).map(|matter| matter.seq.number()).collect();
        if request_seqs.is_empty() {
            self.refuse_erased(&named)?;
            return refuse(StepRefused::NothingWaits);
        }
        self.entry(Fact::ErasureCancelled(ErasureCancelled { request_seqs }))
    }

    fn set_hold(&mut self, contact: &Identifier) -> Result<Plan, NotPlanned> {
        let named = self.name(contact);
        let matters = self.matters(&named)?;
        refuse_under_a_hold(&matters)?;
        if matters.is_empty() {
            self.refuse_erased(&named)?;
        }
        self.entry(Fact::LegalHoldChanged(LegalHoldChanged { held: true, hold_seqs: Vec::new() }))
    }

    fn release_hold(&mut self, contact: &Identifier) -> Result<Plan, NotPlanned> {
        let named = self.name(contact);
        let matters = self.matters(&named)?;
        let hold_seqs: Vec<u64> = matters.iter().filter(|matter| matter.is_hold()).map(|matter| matter.seq.number()).collect();
        if hold_seqs.is_empty() {
            return refuse(StepRefused::NoHold);
        }
        self.entry(Fact::LegalHoldChanged(LegalHoldChanged { held: false, hold_seqs }))
    }

    /// Erases without a request before it.
    fn at_once(&mut self, contact: &Identifier) -> Result<Plan, NotPlanned> {
        let named = self.name(contact);
        refuse_under_a_hold(&self.matters(&named)?)?;
        self.committer.planner.contact(self.batch, self.prepared, self.account, self.when)
    }

    /// Erases who was met when the request was made, as of now.
    fn carry_out(&mut self, request: Seq) -> Result<Plan, NotPlanned> {
        let (state, planner) = (&self.committer.state, &self.committer.planner);
        let found = state.matters.read().find(request).filter(|matter| matter.account == self.account.trail);
        let Some((matter, due_at)) = found.and_then(|matter| Some((matter, matter.due_at()?))) else {
            return refuse(StepRefused::NothingWaits);
        };
        let now = self.batch.now;
        if due_at > now {
            return refuse(StepRefused::Waits { request, due_at });
        }
        let matters = open_matters(state, &planner.reader, matter.met, now).map_err(|error| unavailable(&error))?;
        refuse_under_a_hold(&matters)?;
        // Of several that wait for one person all are carried out with the first: a token stays where any of them leaves one.
        let keeps_tokens = matters.iter().any(|matter| matches!(matter.kind, MatterKind::Erasure { keeps_tokens: true, .. }));
        let named = Named { key: Some(matter.met.key), ..self.name(&self.named_in(request)?) };
        // A key that cannot be had refuses this before anything of it is in the batch.
        for trail in planner.trails_with_keys(self.batch, std::slice::from_ref(&named)) {
            self.batch.key(&planner.keyring, trail).map_err(NotPlanned::Refused)?;
        }
        let policy = self.account.facts.policy(AsOf { at: now, known: Known::default() }).policy;
        let asked = Asked { prepared: self.prepared, account: self.account.trail, when: self.when, policy: &policy };
        let reach = Reach { at: now, keeps_tokens, destroys: true, request: Some(matter) };
        let mut plan = Plan::new(Vec::new());
        planner.reach(self.batch, &asked, &named, reach, &mut plan).map_err(NotPlanned::Refused)?;
        Ok(plan)
    }

    fn name(&self, contact: &Identifier) -> Named {
        self.committer.planner.name(self.batch, self.account.trail, contact.clone())
    }

    /// The open matters of whoever stood behind an identifier then.
    fn matters(&self, named: &Named) -> Result<Vec<Matter>, NotPlanned> {
        let Some(key) = named.key else { return Ok(Vec::new()) };
        let Committer { state, planner, .. } = self.committer;
        open_matters(state, &planner.reader, Met { key, at: self.when.at }, self.batch.now).map_err(|error| unavailable(&error))
    }

    /// An entry in the trail of whoever is named, with this fact. Refused where an erasure outranks it.
    fn entry(&mut self, fact: Fact) -> Result<Plan, NotPlanned> {
        let mut plan = match self.committer.planner.contact(self.batch, self.prepared, self.account, self.when) {
            Err(NotPlanned::Outranked(by)) => return refuse(StepRefused::AlreadyErased { erasure: by.seq }),
            planned => planned?,
        };
        if let Some(main) = plan.entries.get_mut(plan.main) {
            main.fact = fact;
        }
        Ok(plan)
    }

    /// Refuses where nothing is known of the person but that they were erased.
    fn refuse_erased(&self, named: &Named) -> Result<(), NotPlanned> {
        let (state, planner) = (&self.committer.state, &self.committer.planner);
        let Some(erased) = named.remembered.latest() else { return Ok(()) };
        let somebody = match named.key {
            None => false,
            Some(key) if state.group(key.trail).is_none() => true,
            Some(key) => {
                let trails = planner.trails_of(self.batch, std::slice::from_ref(named));
                let mut people = history::people(state, &planner.reader, &trails, self.batch.now).map_err(|error| unavailable(&error))?;
                !people.person(Met { key, at: self.when.at }).events.is_empty()
            }
        };
        if somebody { Ok(()) } else { refuse(StepRefused::AlreadyErased { erasure: erased.seq }) }
    }

    /// The identifier that a request names.
    fn named_in(&self, request: Seq) -> Result<Identifier, NotPlanned> {
        let entry = self.committer.planner.reader.entry(request).map_err(|error| unavailable(&error))?;
        let sealed = open_sealed(&self.committer.sealer.keyring.lock(), &entry, false).map_err(|error| unavailable(&error))?;
        let text = if let Sealed::Opened(sealed) = sealed { sealed.identifiers.into_iter().next() } else { None };
        let named = text.and_then(|text| text.parse().ok());
        named.ok_or_else(|| unavailable(&EntryUnreadable { seq: request, reason: "it names nobody that can be read".to_owned() }))
    }
}

fn refuse_under_a_hold(matters: &[Matter]) -> Result<(), NotPlanned> {
    hold(matters).map_or(Ok(()), |hold| refuse(StepRefused::LegalHold { hold }))
}

fn refuse<T>(refused: StepRefused) -> Result<T, NotPlanned> {
    Err(NotPlanned::Refused(refused.into()))
}

fn unavailable(error: &EntryUnreadable) -> NotPlanned {
    NotPlanned::Refused(RecordError::Unavailable { reason: error.to_string() })
}
