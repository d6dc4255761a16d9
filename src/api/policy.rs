//! The part of `AdminService` that is about policies: adopt one, show it, say whom a proposed one would change.

use prost::Message;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tonic::Status;

use super::access::Caller;
use super::parse::Fields;
use super::reads::Reading;
use super::wanted::Waiting;
use super::{blocking, choice, map, status};
use crate::consent::event::SenderNumber;
use crate::consent::policy::Preset;
use crate::consent::time::Time;
use crate::consent::words::{Category, Permission};
use crate::ledger::memory::fold::store_policy;
use crate::ledger::reading::diff::{ContactChange, Counts, Outcome, Page, Place, PolicyDiff, Proposal};
use crate::ledger::reading::policies::AdoptedPolicy;
use crate::ledger::reading::reads::ReadMethod;
use crate::ledger::writing::record::{Record, What};
use crate::ledger::{CheckError, Ledger};
use crate::proto::{
    self, AdoptPolicyRequest, AdoptPolicyResponse, DiffPolicyRequest, DiffPolicyResponse, ErrorReason, GetPolicyRequest, GetPolicyResponse,
    PermissionChange, PolicyOutcome, PolicyVersion,
};

/// The most changes of a page.
pub const PAGE_MAX: usize = 1_000;

/// How many changes a page has where nothing was asked for.
const PAGE_DEFAULT: usize = 100;

/// Policies are compared one after the other: a walk over every contact keeps a core busy, and checks need the others.
static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

/// The most versions that are listed.
const HISTORY_MAX: usize = 1_000;

/// Adopts a policy.
///
/// # Errors
/// Where a field is refused, or the ledger does not record.
pub async fn adopt(ledger: &Ledger, caller: &Caller, request: AdoptPolicyRequest) -> Result<AdoptPolicyResponse, Status> {
    let mut fields = Fields::of(caller);
    let account = fields.account("account", &request.account);
    let event_id = fields.event_id("event_id", &request.event_id);
    let chosen = choice::read(&mut fields, "policy", request.policy);
    let occurred_at = fields.occurred_at("occurred_at", request.occurred_at.as_ref(), ledger.now());
    let record = fields.finish(|| {
        let (preset, policy) = chosen?;
        let what = What::AdoptPolicy { preset: preset.to_string(), policy: Box::new(policy) };
        Some(Record { account: account?, actor: caller.actor(), event_id, occurred_at, what })
    })?;
    let account = record.account.clone();
    let acknowledgement = ledger.record(record).await.map_err(|error| status::of_record(&error))?;
    let version = ledger.policy_version(&account, acknowledgement.seq).unwrap_or_default();
    Ok(AdoptPolicyResponse { acknowledgement: Some(map::acknowledgement(acknowledgement)), version })
}

/// Shows the policy in force, and all versions.
///
/// # Errors
/// Where a field is refused or there is no such account.
pub fn show(ledger: &Ledger, caller: &Caller, request: &GetPolicyRequest) -> Result<GetPolicyResponse, Status> {
    let mut fields = Fields::of(caller);
    let account = fields.account("account", &request.account);
    let at = fields.time("at", request.at.as_ref());
    let account = fields.finish(|| account)?;
    let history = ledger.policies(&account, at, HISTORY_MAX).map_err(|error| status::of_check(&error))?;
    Ok(GetPolicyResponse {
        in_force: Some(complete(history.in_force)),
        history: history.versions.into_iter().map(version).collect(),
        at: Some(map::timestamp(history.at)),
    })
}

/// Says whom a policy would change. The walk ends when the caller goes away.
///
/// # Errors
/// Where a field is refused, there is no such account, or a contact cannot be read.
pub async fn diff(ledger: &Ledger, caller: &Caller, request: &DiffPolicyRequest) -> Result<DiffPolicyResponse, Status> {
    let question = Question::parse(ledger, caller, request)?;
    let mut reading = Reading::of_many(ledger, caller.actor(), ReadMethod::DiffPolicy, Some(question.proposal.account.clone()));
    let turn = ONE_AT_A_TIME.acquire().await.map_err(|_| status::interrupted())?;
    let waiting = Waiting::default();
    let (wanted, ledger) = (waiting.wanted(), ledger.clone());
    let found: Result<_, CheckError> = blocking(move || {
        let _turn = turn;
        let diff = ledger.diff_policy(&question.proposal, question.page.as_ref(), &|| wanted.is_still())?;
        Ok(question.answer(diff))
    })
    .await?;
    let found = found.map_err(|error| status::of_check(&error))?;
    reading.hand_out(found.changes.len()).await?;
    Ok(found)
}

fn complete(adopted: AdoptedPolicy) -> PolicyVersion {
    let policy = store_policy(&adopted.policy.preset, &adopted.policy.policy);
    PolicyVersion { policy: Some(policy), ..version(adopted) }
}

fn version(adopted: AdoptedPolicy) -> PolicyVersion {
    let policy = adopted.policy;
    PolicyVersion {
        version: policy.version,
        preset: policy.preset.to_string(),
        since: adopted.recorded_at.map(|_| map::timestamp(policy.fact.at)),
        seq: policy.fact.seq.number(),
        recorded_at: adopted.recorded_at.map(map::timestamp),
        policy: None,
    }
}

/// What a `DiffPolicy` asks.
struct Question {
    proposal: Proposal,
    preset: Preset,
    page: Option<Page>,
    tokens: Tokens,
}

impl Question {
    fn parse(ledger: &Ledger, caller: &Caller, request: &DiffPolicyRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(caller);
        let account = fields.account("account", &request.account);
        let sender = fields.optional_sender("sender", &request.sender);
        let chosen = choice::read(&mut fields, "policy", request.policy.clone());
        let tokens = Tokens::of(ledger, request);
        let from = tokens.place(&request.page_token);
        if from.is_none() && !request.page_token.is_empty() {
            fields.refuse("page_token", ErrorReason::PageTokenMalformed, "not a token that a page of the same question gave");
        }
        if !request.with_contacts && !request.page_token.is_empty() {
            fields.refuse("page_token", ErrorReason::FieldsConflict, "pages are of contacts: set with_contacts");
        }
        let size = fields.page_size("page_size", request.page_size, PAGE_DEFAULT, PAGE_MAX);
        fields.finish(|| {
            let (preset, policy) = chosen?;
            let page = request.with_contacts.then_some(Page { from, size });
            Some(Self { proposal: Proposal { account: account?, policy, sender }, preset, page, tokens })
        })
    }

    fn answer(&self, diff: PolicyDiff) -> DiffPolicyResponse {
        DiffPolicyResponse {
            at: Some(map::timestamp(diff.at)),
            position: Some(map::position(diff.position)),
            in_force: Some(complete(diff.in_force)),
            proposed: Some(store_policy(self.preset.as_str(), &self.proposal.policy)),
            contacts: diff.contacts,
            contacts_changed: diff.contacts_changed,
            diffs: diff.counts.into_iter().map(|((sender, category), counts)| counted(sender, category, counts)).collect(),
            changes: diff.changes.into_iter().map(change).collect(),
            next_page_token: diff.next.map(|place| self.tokens.token(&place)).unwrap_or_default(),
        }
    }
}

fn counted(sender: String, category: Category, counts: Counts) -> proto::PolicyDiff {
    let number = |permission: Permission| i32::from(permission.number());
    let changes = counts.changed.into_iter();
    let changes = changes.map(|((from, to), contacts)| PermissionChange { from: number(from), to: number(to), contacts });
    proto::PolicyDiff { sender, category: category.number().into(), changes: changes.collect(), unchanged: counts.unchanged }
}

fn change(change: ContactChange) -> proto::ContactChange {
    let outcome = |(permission, reason): Outcome| PolicyOutcome {
        permission: permission.number().into(),
        reason: reason.map(|reason| reason.number().into()).unwrap_or_default(),
    };
    proto::ContactChange {
        contact: change.contact,
        sender: change.sender,
        category: change.category.number().into(),
        before: Some(outcome(change.before)),
        after: Some(outcome(change.after)),
    }
}

/// The page tokens of a question. They name senders by numbers that all accounts share, so nobody makes one but the ledger.
///
/// ```text
/// page token = keyed digest of the question and the rest ‖ ':' ‖ rest
/// rest       = microseconds since 1970 ‖ ':' ‖ trail ‖ ':' ‖ changes to skip ‖ ':' ‖ senders, by ','
/// ```
struct Tokens {
    ledger: Ledger,
    /// SHA-256 of the question but for its page.
    question: [u8; 32],
}

impl Tokens {
    fn of(ledger: &Ledger, request: &DiffPolicyRequest) -> Self {
        let question = DiffPolicyRequest { page_token: String::new(), page_size: 0, ..request.clone() };
        Self { ledger: ledger.clone(), question: Sha256::digest(question.encode_to_vec()).into() }
    }

    fn seal(&self, rest: &str) -> String {
        hex::encode(self.ledger.seal_page(&self.question, rest.as_bytes()))
    }

    fn token(&self, place: &Place) -> String {
        let senders = place.senders.iter().map(|sender| sender.number().to_string()).collect::<Vec<_>>().join(",");
        let rest = format!("{}:{}:{}:{senders}", place.at.micros(), place.trail, place.skip);
        format!("{}:{rest}", self.seal(&rest))
    }

    fn place(&self, token: &str) -> Option<Place> {
        let (_, rest) = token.split_once(':').filter(|(seal, rest)| bool::from(seal.as_bytes().ct_eq(self.seal(rest).as_bytes())))?;
        let mut parts = rest.split(':');
        let mut part = || parts.next();
        let (at, trail, skip) = (part()?.parse().ok()?, part()?.parse().ok()?, part()?.parse().ok()?);
        let senders = part()?.split(',').map(|number| number.parse().map(SenderNumber::new)).collect::<Result<_, _>>().ok()?;
        part().is_none().then_some(Place { at: Time::from_micros(at), trail, skip, senders })
    }
}
