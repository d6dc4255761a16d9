//! `DecisionService`: may this sender write to this contact?

use std::time::Duration;

use tonic::{Request, Response, Status, Streaming};

use super::access::Caller;
use super::check_stream::{self, Answers};
use super::limits::rate::Allowance;
use super::parse::{self, Fields};
use super::slots::Slots;
use super::status::Violation;
use super::stopping::Stopping;
use super::wanted::{Waiting, Wanted};
use super::{blocking, map, receipts, status};
use crate::consent::account::Known;
use crate::consent::decide::Asked;
use crate::consent::identifier::Identifier;
use crate::consent::template::TemplateAsked;
use crate::consent::time::Time;
use crate::consent::words::{Account, Category, Sender, Seq};
use crate::ledger::{Answer, CheckError, Checks, Ledger, Position, Question};
use crate::proto::batch_check_send_item::Outcome;
use crate::proto::decision_service_server::DecisionService;
use crate::proto::{
    self, BatchCheckSendItem, BatchCheckSendRequest, BatchCheckSendResponse, CheckSendRequest, CheckSendResponse, ErrorReason, ItemError,
    StreamCheckSendRequest, VerifyDecisionRequest, VerifyDecisionResponse,
};

/// The most contacts of a batch.
pub const BATCH_MAX: usize = 10_000;

/// After how many contacts a batch looks whether it is still waited for: one about the past may read the disk for each.
const LOOK_EVERY: usize = 32;

/// How long a call waits for the position it asked for.
const POSITION_WAIT: Duration = Duration::from_secs(2);

/// How often it looks.
const POSITION_POLL: Duration = Duration::from_millis(5);

/// Answers questions.
#[derive(Clone)]
pub struct Decisions {
    ledger: Ledger,
    slots: Slots,
    stopping: Stopping,
}

impl Decisions {
    /// Answers from this ledger, streams until the server stops.
    #[must_use]
    pub fn new(ledger: Ledger, stopping: Stopping) -> Self {
        Self { ledger, slots: check_stream::slots(), stopping }
    }

    /// The slots of its streams, by kind.
    #[must_use]
    pub fn slots(&self) -> Vec<(&'static str, Slots)> {
        vec![("questions", self.slots.clone())]
    }

    /// The ledger that is asked.
    pub(super) const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Whether the answer is there at once: from memory, and the log has reached the position asked for.
    pub(super) fn is_at_hand(&self, question: &Question) -> bool {
        !self.is_past(question) && question.min_position.is_none_or(|position| position <= self.ledger.head().seq)
    }

    /// Answers, once the log has reached the position asked for; from the disk where it holds up nobody.
    ///
    /// # Errors
    /// Where the ledger cannot tell.
    pub(super) async fn answer(&self, question: Question) -> Result<Answer, Status> {
        self.reach(question.min_position).await;
        let answer = if self.is_past(&question) {
            let ledger = self.ledger.clone();
            blocking(move || ledger.check(&question)).await?
        } else {
            self.ledger.check(&question)
        };
        answer.map_err(|error| status::of_check(&error))
    }

    /// Whether answering takes a look into the past, which may read the disk.
    fn is_past(&self, question: &Question) -> bool {
        !question.known.is_everything() || question.at.is_some_and(|at| at < self.ledger.now())
    }

    /// Waits until the log has reached `position`, but not for long: the check itself then refuses.
    async fn reach(&self, position: Option<Seq>) {
        let Some(position) = position else { return };
        let deadline = tokio::time::Instant::now() + POSITION_WAIT;
        while self.ledger.head().seq < position && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(POSITION_POLL).await;
        }
    }
}

#[tonic::async_trait]
impl DecisionService for Decisions {
    async fn check_send(&self, request: Request<CheckSendRequest>) -> Result<Response<CheckSendResponse>, Status> {
        let caller = Caller::of(&request)?;
        let question = question(&caller, request.get_ref())?;
        if request.get_ref().receipt {
            self.reach(question.min_position).await;
            return receipts::check(&self.ledger, question, caller.actor()).await.map(Response::new);
        }
        let answer = self.answer(question).await?;
        Ok(Response::new(CheckSendResponse { decision: Some(map::decision(answer)), receipt: None }))
    }

    type StreamCheckSendStream = Answers;

    async fn stream_check_send(&self, request: Request<Streaming<StreamCheckSendRequest>>) -> Result<Response<Answers>, Status> {
        let (caller, allowance) = (Caller::of(&request)?, Allowance::of(&request));
        let slot = self.slots.take(&caller)?;
        Ok(Response::new(Answers::new(self.clone(), caller, request.into_inner(), allowance, self.stopping.clone(), slot)))
    }

    async fn batch_check_send(&self, request: Request<BatchCheckSendRequest>) -> Result<Response<BatchCheckSendResponse>, Status> {
        let (caller, allowance) = (Caller::of(&request)?, Allowance::of(&request));
        let request = request.into_inner();
        let batch = Batch::parse(&caller, &request)?;
        // The call is one of them. What is too much is owed, and holds up the calls to come.
        let _ = allowance.charge(request.contacts.len().saturating_sub(1));
        self.reach(batch.min_position).await;
        let ledger = self.ledger.clone();
        let waiting = Waiting::default();
        let wanted = waiting.wanted();
        let response = blocking(move || batch.answer(&ledger, &request.contacts, &wanted)).await??;
        Ok(Response::new(response))
    }

    async fn verify_decision(&self, request: Request<VerifyDecisionRequest>) -> Result<Response<VerifyDecisionResponse>, Status> {
        receipts::verify(&self.ledger, &Caller::of(&request)?, request.get_ref()).await.map(Response::new)
    }
}

/// What `CheckSend` asks.
///
/// # Errors
/// `INVALID_ARGUMENT` with every field that is wrong, or what the caller may not ask.
pub fn question(caller: &Caller, request: &CheckSendRequest) -> Result<Question, Status> {
    parsed(request, Fields::of(caller))
}

/// The question of a stream, which gives no receipts.
///
/// # Errors
/// As `CheckSend` would say it.
pub(super) fn streamed(caller: &Caller, request: &CheckSendRequest) -> Result<Question, Status> {
    let mut fields = Fields::of(caller);
    if request.receipt {
        fields.refuse("receipt", ErrorReason::FieldsConflict, "a stream gives no receipts; ask for one with CheckSend");
    }
    parsed(request, fields)
}

fn parsed(request: &CheckSendRequest, mut fields: Fields<'_>) -> Result<Question, Status> {
    let account = fields.account("account", &request.account);
    let contact = fields.contact("contact", &request.contact);
    let sender = fields.sender("sender", &request.sender);
    let category = fields.optional_category("category", request.category);
    let at = fields.time("at", request.at.as_ref());
    let known = fields.known(request.known_at.as_ref(), request.known_seq);
    let template = fields.template_asked("template", request.template.as_ref());
    receipts::refuse_other_times(&mut fields, request);
    if request.opt_out_confirmation && request.category != 0 {
        fields.refuse("category", ErrorReason::FieldsConflict, "an opt-out confirmation has no category");
    }
    if request.opt_out_confirmation && request.template.is_some() {
        fields.refuse("template", ErrorReason::FieldsConflict, "an opt-out confirmation is no template");
    }
    let asked = if request.opt_out_confirmation { Asked::OptOutConfirmation } else { asked(category) };
    let min_position = seq(request.min_position);
    fields.finish(|| Some(Question { account: account?, contact: contact?, sender: sender?, asked, template, at, known, min_position }))
}

/// What a batch has in common.
struct Batch {
    account: Account,
    sender: Sender,
    asked: Asked,
    at: Option<Time>,
    min_position: Option<Seq>,
    template: Option<TemplateAsked>,
    known: Known,
}

impl Batch {
    fn parse(caller: &Caller, request: &BatchCheckSendRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(caller);
        let account = fields.account("account", &request.account);
        match request.contacts.len() {
            0 => fields.refuse("contacts", ErrorReason::ContactEmpty, "at least one contact is needed"),
            1..=BATCH_MAX => {}
            more => fields.refuse("contacts", ErrorReason::TooManyContacts, format!("{more} contacts, at most {BATCH_MAX} are allowed")),
        }
        let sender = fields.sender("sender", &request.sender);
        let category = fields.optional_category("category", request.category);
        let at = fields.time("at", request.at.as_ref());
        let known = fields.known(request.known_at.as_ref(), request.known_seq);
        let template = fields.template_asked("template", request.template.as_ref());
        let min_position = seq(request.min_position);
        fields.finish(|| Some(Self { account: account?, sender: sender?, asked: asked(category), at, min_position, template, known }))
    }

    /// Answers for every contact. What concerns the whole batch fails it; a ledger that answers for none does too.
    fn answer(&self, ledger: &Ledger, contacts: &[String], wanted: &Wanted) -> Result<BatchCheckSendResponse, Status> {
        let mut items = Vec::with_capacity(contacts.len());
        let (mut position, mut heads): (Option<Position>, _) = (None, Heads::default());
        let mut unanswered = None;
        let mut checks: Option<Checks<'_>> = None;
        for (index, text) in contacts.iter().enumerate() {
            if index.is_multiple_of(LOOK_EVERY) && !wanted.is_still() {
                return Err(status::interrupted());
            }
            let answer = match parse::contact("contacts", text) {
                Ok(contact) => checks.get_or_insert_with(|| ledger.checks(self.question(contact.clone()))).about(&contact),
                Err(Violation { reason, message, .. }) => {
                    let item = ItemError { reason: reason.into(), message, field: format!("contacts[{index}]") };
                    items.push(BatchCheckSendItem { outcome: Some(Outcome::Error(item)) });
                    continue;
                }
            };
            let outcome = match answer {
                Ok(answer) => {
                    position = Some(position.filter(|lowest| lowest.seq <= answer.position.seq).unwrap_or(answer.position));
                    let head = heads.of(answer.position);
                    Outcome::Decision(map::decision_at(answer, head))
                }
                Err(error @ CheckError::Unavailable { .. }) => {
                    let item =
                        ItemError { reason: ErrorReason::LedgerUnavailable.into(), message: error.to_string(), field: String::new() };
                    unanswered = Some(error);
                    Outcome::Error(item)
                }
                Err(error @ (CheckError::AccountUnknown { .. } | CheckError::BehindPosition { .. } | CheckError::ClockBehind { .. })) => {
                    return Err(status::of_check(&error));
                }
            };
            items.push(BatchCheckSendItem { outcome: Some(outcome) });
        }
        match unanswered {
            Some(error) if position.is_none() => Err(status::of_check(&error)),
            _ => Ok(BatchCheckSendResponse { items, position: position.map(map::position) }),
        }
    }

    fn question(&self, contact: Identifier) -> Question {
        Question {
            account: self.account.clone(),
            contact,
            sender: self.sender.clone(),
            asked: self.asked,
            at: self.at,
            min_position: self.min_position,
            template: self.template.clone(),
            known: self.known,
        }
    }
}

/// The head that answers of a batch were given at: the same for nearly all of them, so they share its bytes.
#[derive(Default)]
struct Heads(Option<(Position, proto::Position)>);

impl Heads {
    fn of(&mut self, head: Position) -> proto::Position {
        let (_, said) = match self.0.take() {
            Some(known) if known.0 == head => self.0.insert(known),
            _ => self.0.insert((head, map::position(head))),
        };
        said.clone()
    }
}

fn asked(category: Option<Category>) -> Asked {
    category.map_or(Asked::Anything, Asked::For)
}

fn seq(number: u64) -> Option<Seq> {
    (number != 0).then(|| Seq::new(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::CheckTemplate;
    use tonic_types::StatusExt;

    #[test]
    fn an_unspecified_category_asks_for_anything() {
        let request = CheckSendRequest { contact: "+447400123456".into(), sender: "1".into(), ..Default::default() };
        let question = question(&Caller::local(), &request).unwrap();
        assert_eq!((question.asked, question.at, question.min_position), (Asked::Anything, None, None));
        assert_eq!(question.account, Account::default_account());
    }

    #[test]
    fn a_confirmation_has_neither_category_nor_template() {
        let request = CheckSendRequest {
            contact: "+447400123456".into(),
            sender: "1".into(),
            category: 1,
            opt_out_confirmation: true,
            ..Default::default()
        };
        assert_eq!(question(&Caller::local(), &request).unwrap_err().get_error_details().error_info().unwrap().reason, "FIELDS_CONFLICT");
        let template = Some(CheckTemplate { name: "news".into(), language: "en".into(), parameters: 0 });
        let request = CheckSendRequest { category: 0, template, ..request };
        let details = question(&Caller::local(), &request).unwrap_err().get_error_details();
        assert_eq!(details.bad_request().unwrap().field_violations[0].field, "template");
    }

    #[test]
    fn a_batch_has_a_most() {
        let request =
            |contacts| BatchCheckSendRequest { contacts: vec![String::new(); contacts], sender: "1".into(), ..Default::default() };
        assert!(Batch::parse(&Caller::local(), &request(BATCH_MAX)).is_ok());
        assert!(Batch::parse(&Caller::local(), &request(BATCH_MAX + 1)).is_err());
        assert!(Batch::parse(&Caller::local(), &request(0)).is_err());
    }
}
