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

/// So many contacts of a batch are answered before others have their turn; who no longer waits for the batch ends it there. Together
/// they take as long as a few calls, or as long as the disk does where they are about the past.
const AT_A_TIME: usize = 64;

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
        !self.is_past(question.at, question.known) && question.min_position.is_none_or(|position| position <= self.ledger.head().seq)
    }

    /// Answers, once the log has reached the position asked for; from the disk where it holds up nobody.
    ///
    /// # Errors
    /// Where the ledger cannot tell.
    pub(super) async fn answer(&self, question: Question) -> Result<Answer, Status> {
        self.reach(question.min_position).await;
        let answer = if self.is_past(question.at, question.known) {
            let ledger = self.ledger.clone();
            blocking(move || ledger.check(&question)).await?
        } else {
            self.ledger.check(&question)
        };
        answer.map_err(|error| status::of_check(&error))
    }

    /// Whether answering takes a look into the past, which may read the disk.
    fn is_past(&self, at: Option<Time>, known: Known) -> bool {
        !known.is_everything() || at.is_some_and(|at| at < self.ledger.now())
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
        let is_past = self.is_past(batch.at, batch.known);
        let mut answering = Answering::new(self.ledger.clone(), batch, request.contacts);
        loop {
            answering = if is_past { blocking(move || answering.go_on()).await?? } else { answering.go_on()? };
            if answering.is_done() {
                return answering.finish().map(Response::new);
            }
            tokio::task::yield_now().await;
        }
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

/// A batch that is being answered.
struct Answering {
    ledger: Ledger,
    batch: Batch,
    contacts: Vec<String>,
    /// Of the first contacts.
    items: Vec<BatchCheckSendItem>,
    checks: Option<Checks>,
    /// Where the first decision was given, and for when.
    first: Option<(Position, Time)>,
    unanswered: Option<CheckError>,
}

impl Answering {
    fn new(ledger: Ledger, batch: Batch, contacts: Vec<String>) -> Self {
        let items = Vec::with_capacity(contacts.len());
        Self { ledger, batch, contacts, items, checks: None, first: None, unanswered: None }
    }

    fn is_done(&self) -> bool {
        self.items.len() == self.contacts.len()
    }

    /// Answers for the next contacts. What concerns the whole batch fails it.
    fn go_on(mut self) -> Result<Self, Status> {
        let begin = self.items.len();
        let texts = self.contacts.iter().skip(begin).take(AT_A_TIME);
        let mut contacts = Vec::with_capacity(AT_A_TIME);
        let parsed: Vec<_> = texts.map(|text| parse::contact("contacts", text).map(|contact| contacts.push(contact))).collect();
        let mut answers = self.answers(&contacts).into_iter();
        for (index, parsed) in (begin..).zip(parsed) {
            let outcome = match parsed {
                // There is one for each contact.
                Ok(()) => answers.next().map(|answer| self.about(answer)).transpose()?,
                Err(Violation { reason, message, .. }) => {
                    Some(Outcome::Error(ItemError { reason: reason.into(), message, field: format!("contacts[{index}]") }))
                }
            };
            self.items.push(BatchCheckSendItem { outcome });
        }
        Ok(self)
    }

    fn answers(&mut self, contacts: &[Identifier]) -> Vec<Result<Answer, CheckError>> {
        let Some(first) = contacts.first() else { return Vec::new() };
        let checks = self.checks.get_or_insert_with(|| self.ledger.checks(self.batch.question(first.clone())));
        checks.about(contacts)
    }

    fn about(&mut self, answer: Result<Answer, CheckError>) -> Result<Outcome, Status> {
        match answer {
            Ok(answer) => {
                let (position, at) = *self.first.get_or_insert((answer.position, answer.at));
                Ok(Outcome::Decision(proto::Decision {
                    position: (answer.position != position).then(|| map::position(answer.position)),
                    at: (answer.at != at).then(|| map::timestamp(answer.at)),
                    ..map::decided(answer.decision, answer.policy_version)
                }))
            }
            Err(error @ CheckError::Unavailable { .. }) => {
                let item = ItemError { reason: ErrorReason::LedgerUnavailable.into(), message: error.to_string(), field: String::new() };
                self.unanswered = Some(error);
                Ok(Outcome::Error(item))
            }
            Err(error @ (CheckError::AccountUnknown { .. } | CheckError::BehindPosition { .. } | CheckError::ClockBehind { .. })) => {
                Err(status::of_check(&error))
            }
        }
    }

    /// The answers; none where the ledger could tell of nobody.
    fn finish(self) -> Result<BatchCheckSendResponse, Status> {
        match (self.first, self.unanswered) {
            (None, Some(error)) => Err(status::of_check(&error)),
            (first, _) => Ok(BatchCheckSendResponse {
                items: self.items,
                position: first.map(|(position, _)| map::position(position)),
                at: first.map(|(_, at)| map::timestamp(at)),
            }),
        }
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
