//! `AdminService`: accounts, and what could not be placed. Their policies, senders and templates have files of their own.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::access::Caller;
use super::envelope::record;
use super::parse::Fields;
use super::reads::Reading;
use super::report::Report;
use super::{blocking, map, policy, principals, senders, status, templates};
use crate::consent::time::Time;
use crate::consent::words::Account;
use crate::ledger::Ledger;
use crate::ledger::reading::reads::ReadMethod;
use crate::ledger::writing::record::{Record, What};
use crate::proto::admin_service_server::AdminService;
use crate::proto::{
    AccountSummary, AddPrincipalRequest, AddPrincipalResponse, AdoptPolicyRequest, AdoptPolicyResponse, ChangeTemplateRequest,
    ChangeTemplateResponse, CreateAccountRequest, CreateAccountResponse, DeadLetter, DeclareSenderRequest, DeclareSenderResponse,
    DiffPolicyRequest, DiffPolicyResponse, ErrorReason, GetPolicyRequest, GetPolicyResponse, GetSenderStandingRequest,
    GetSenderStandingResponse, GetStatusRequest, GetStatusResponse, ListAccountsRequest, ListAccountsResponse, ListDeadLettersRequest,
    ListDeadLettersResponse, ListPrincipalsRequest, ListPrincipalsResponse, ListTemplatesRequest, ListTemplatesResponse,
    RegisterTemplateRequest, RegisterTemplateResponse, ReplayDeadLettersRequest, ReplayDeadLettersResponse, ReportStandingRequest,
    ReportStandingResponse, RevokePrincipalRequest, RevokePrincipalResponse, RotatePrincipalRequest, RotatePrincipalResponse,
};

/// The most dead letters of a page or of one replay by id; the most accounts of a page.
pub const PAGE_MAX: usize = 1_000;

/// How many a page has where nothing was asked for.
const PAGE_DEFAULT: usize = 100;

/// How many bytes of payload end a page.
const PAGE_BYTES: usize = 2 * 1024 * 1024;

/// Hex digits of a dead letter's id.
const ID_DIGITS: usize = 32;

/// A dead letter without what came in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeadLetterSummary {
    /// Its id, 32 hex digits.
    pub id: String,
    /// When it came in.
    pub received_at: Time,
    /// The field of the webhook it came under.
    pub field: String,
    /// Why it could not be placed; nothing personal.
    pub reason: String,
}

/// What a replay came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReplaySummary {
    /// How many were tried.
    pub tried: u64,
    /// How many are placed now.
    pub placed: u64,
    /// How many stay.
    pub kept: u64,
}

/// Where dead letters are kept and from where they are tried again. Errors say why, for people.
#[tonic::async_trait]
pub trait DeadLetterAdmin: Send + Sync + 'static {
    /// An account's dead letters. Blocks.
    ///
    /// # Errors
    /// Where they cannot be read.
    fn list(&self, account: &Account) -> Result<Vec<DeadLetterSummary>, String>;

    /// What came in, as it came; none where it is gone. Blocks.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn payload(&self, account: &Account, id: &str) -> Result<Option<Vec<u8>>, String>;

    /// Tries again to place those with these ids, or all of the account's where none is named.
    ///
    /// # Errors
    /// Where they cannot be read or placed.
    async fn replay(&self, account: &Account, ids: &[String]) -> Result<ReplaySummary, String>;

    /// How many are still to be placed, of all accounts.
    fn count(&self) -> usize;

    /// Whether more are kept: not after a write that failed.
    fn keeps(&self) -> bool;
}

/// Runs the ledger.
#[derive(Clone)]
pub struct Admin {
    ledger: Ledger,
    dead_letters: Option<Arc<dyn DeadLetterAdmin>>,
    report: Report,
}

impl Admin {
    /// Runs this ledger; without dead letters where the server takes no webhooks.
    #[must_use]
    pub fn new(ledger: Ledger, dead_letters: Option<Arc<dyn DeadLetterAdmin>>, report: Report) -> Self {
        Self { ledger, dead_letters, report }
    }

    fn dead_letters(&self) -> Result<Arc<dyn DeadLetterAdmin>, Status> {
        self.dead_letters.clone().ok_or_else(status::no_dead_letters)
    }
}

#[tonic::async_trait]
impl AdminService for Admin {
    async fn get_status(&self, request: Request<GetStatusRequest>) -> Result<Response<GetStatusResponse>, Status> {
        let caller = Caller::of(&request)?;
        let mut fields = Fields::of(&caller);
        fields.whole_ledger("the status");
        fields.all_senders("the status");
        fields.finish(|| Some(()))?;
        let report = self.report.clone();
        let status = blocking(move || report.now()).await?;
        Ok(Response::new(GetStatusResponse { status: Some(status) }))
    }

    async fn create_account(&self, request: Request<CreateAccountRequest>) -> Result<Response<CreateAccountResponse>, Status> {
        let caller = Caller::of(&request)?;
        let mut fields = Fields::of(&caller);
        let account = fields.new_account("account", &request.get_ref().account);
        let account = fields.finish(|| account)?;
        let record = Record { account, actor: caller.actor(), event_id: None, occurred_at: None, what: What::CreateAccount };
        let acknowledgement = self.ledger.record(record).await.map_err(|error| status::of_record(&error))?;
        Ok(Response::new(CreateAccountResponse { acknowledgement: Some(map::acknowledgement(acknowledgement)) }))
    }

    async fn list_accounts(&self, request: Request<ListAccountsRequest>) -> Result<Response<ListAccountsResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.get_ref();
        let mut fields = Fields::of(&caller);
        fields.whole_ledger("the list of accounts");
        if !request.page_token.is_empty() && request.page_token.parse::<Account>().is_err() {
            fields.refuse("page_token", ErrorReason::PageTokenMalformed, "not a token that a page gave");
        }
        let size = fields.page_size("page_size", request.page_size, PAGE_DEFAULT, PAGE_MAX);
        let size = fields.finish(|| Some(size))?;
        // One more than the page holds tells whether it is the last.
        let mut found = self.ledger.accounts(&request.page_token, size + 1);
        let more = found.len() > size;
        found.truncate(size);
        let next_page_token = found.last().filter(|_| more).map(|last| last.name.clone()).unwrap_or_default();
        let summary = |found: crate::ledger::reading::policies::AccountSummary| AccountSummary {
            account: found.name,
            number: found.trail,
            policy_version: found.policy.version,
            preset: found.policy.preset.to_string(),
        };
        Ok(Response::new(ListAccountsResponse { accounts: found.into_iter().map(summary).collect(), next_page_token }))
    }

    async fn adopt_policy(&self, request: Request<AdoptPolicyRequest>) -> Result<Response<AdoptPolicyResponse>, Status> {
        policy::adopt(&self.ledger, &Caller::of(&request)?, request.into_inner()).await.map(Response::new)
    }

    async fn get_policy(&self, request: Request<GetPolicyRequest>) -> Result<Response<GetPolicyResponse>, Status> {
        policy::show(&self.ledger, &Caller::of(&request)?, request.get_ref()).map(Response::new)
    }

    async fn diff_policy(&self, request: Request<DiffPolicyRequest>) -> Result<Response<DiffPolicyResponse>, Status> {
        policy::diff(&self.ledger, &Caller::of(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn list_dead_letters(&self, request: Request<ListDeadLettersRequest>) -> Result<Response<ListDeadLettersResponse>, Status> {
        let caller = Caller::of(&request)?;
        let page = Page::parse(&caller, request.get_ref())?;
        let mut reading = Reading::of_many(&self.ledger, caller.actor(), ReadMethod::ListDeadLetters, Some(page.account.clone()));
        let dead_letters = self.dead_letters()?;
        let response = blocking(move || page.read(dead_letters.as_ref())).await?;
        let response = response.map_err(|reason| status::of_dead_letters(&reason))?;
        reading.hand_out(response.dead_letters.iter().filter(|letter| !letter.payload.is_empty()).count()).await?;
        Ok(Response::new(response))
    }

    async fn replay_dead_letters(&self, request: Request<ReplayDeadLettersRequest>) -> Result<Response<ReplayDeadLettersResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let mut fields = Fields::of(&caller);
        let account = fields.account("account", &request.account);
        if request.ids.len() > PAGE_MAX {
            let message = format!("{} ids, at most {PAGE_MAX} are allowed", request.ids.len());
            fields.refuse("ids", ErrorReason::DeadLetterIdMalformed, message);
        }
        for (index, id) in request.ids.iter().enumerate().take(PAGE_MAX) {
            if id.len() != ID_DIGITS || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
                let message = format!("an id is {ID_DIGITS} hex digits, as `dead-letters list` shows them");
                fields.refuse(format!("ids[{index}]"), ErrorReason::DeadLetterIdMalformed, message);
            }
        }
        let account = fields.finish(|| account)?;
        let replayed = self.dead_letters()?.replay(&account, &request.ids).await;
        let ReplaySummary { tried, placed, kept } = replayed.map_err(|reason| status::of_dead_letters(&reason))?;
        Ok(Response::new(ReplayDeadLettersResponse { tried, placed, kept }))
    }

    async fn declare_sender(&self, request: Request<DeclareSenderRequest>) -> Result<Response<DeclareSenderResponse>, Status> {
        let acknowledgement =
            record(&self.ledger, senders::declaration(&Caller::of(&request)?, request.get_ref(), self.ledger.now())?).await?;
        Ok(Response::new(DeclareSenderResponse { acknowledgement }))
    }

    async fn report_standing(&self, request: Request<ReportStandingRequest>) -> Result<Response<ReportStandingResponse>, Status> {
        let acknowledgement = record(&self.ledger, senders::report(&Caller::of(&request)?, request.get_ref(), self.ledger.now())?).await?;
        Ok(Response::new(ReportStandingResponse { acknowledgement }))
    }

    async fn get_sender_standing(&self, request: Request<GetSenderStandingRequest>) -> Result<Response<GetSenderStandingResponse>, Status> {
        let standing = senders::StandingAsked::parse(&Caller::of(&request)?, request.get_ref())?.answer(&self.ledger)?;
        Ok(Response::new(GetSenderStandingResponse { standing: Some(standing) }))
    }

    async fn register_template(&self, request: Request<RegisterTemplateRequest>) -> Result<Response<RegisterTemplateResponse>, Status> {
        let acknowledgement =
            record(&self.ledger, templates::registration(&Caller::of(&request)?, request.get_ref(), self.ledger.now())?).await?;
        Ok(Response::new(RegisterTemplateResponse { acknowledgement }))
    }

    async fn change_template(&self, request: Request<ChangeTemplateRequest>) -> Result<Response<ChangeTemplateResponse>, Status> {
        let acknowledgement =
            record(&self.ledger, templates::change(&Caller::of(&request)?, request.get_ref(), self.ledger.now())?).await?;
        Ok(Response::new(ChangeTemplateResponse { acknowledgement }))
    }

    async fn add_principal(&self, request: Request<AddPrincipalRequest>) -> Result<Response<AddPrincipalResponse>, Status> {
        principals::add(&self.ledger, &Caller::of(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn rotate_principal(&self, request: Request<RotatePrincipalRequest>) -> Result<Response<RotatePrincipalResponse>, Status> {
        principals::rotate(&self.ledger, &Caller::of(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn revoke_principal(&self, request: Request<RevokePrincipalRequest>) -> Result<Response<RevokePrincipalResponse>, Status> {
        principals::revoke(&self.ledger, &Caller::of(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn list_principals(&self, request: Request<ListPrincipalsRequest>) -> Result<Response<ListPrincipalsResponse>, Status> {
        principals::list(&self.ledger, &Caller::of(&request)?, *request.get_ref()).map(Response::new)
    }

    async fn list_templates(&self, request: Request<ListTemplatesRequest>) -> Result<Response<ListTemplatesResponse>, Status> {
        Ok(Response::new(templates::Page::parse(&Caller::of(&request)?, request.get_ref())?.answer(&self.ledger)?))
    }
}

/// A place in the list: dead letters are ordered by when they came in, then by id.
///
/// ```text
/// page token = microseconds since 1970 ‖ ':' ‖ id
/// ```
type Place = (Time, String);

/// Which dead letters.
struct Page {
    account: Account,
    after: Option<Place>,
    size: usize,
    with_payload: bool,
}

impl Page {
    fn parse(caller: &Caller, request: &ListDeadLettersRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(caller);
        let account = fields.account("account", &request.account);
        let after = place(&request.page_token);
        if after.is_none() && !request.page_token.is_empty() {
            fields.refuse("page_token", ErrorReason::PageTokenMalformed, "not a token that a page gave");
        }
        let size = fields.page_size("page_size", request.page_size, PAGE_DEFAULT, PAGE_MAX);
        fields.finish(|| Some(Self { account: account?, after, size, with_payload: request.with_payload }))
    }

    fn read(&self, dead_letters: &dyn DeadLetterAdmin) -> Result<ListDeadLettersResponse, String> {
        let mut all = dead_letters.list(&self.account)?;
        all.sort_by(|a, b| (a.received_at, &a.id).cmp(&(b.received_at, &b.id)));
        let mut page = ListDeadLettersResponse::default();
        let mut bytes = 0;
        let mut last: Option<Place> = None;
        let wanted =
            all.into_iter().filter(|letter| self.after.as_ref().is_none_or(|(at, id)| (letter.received_at, &letter.id) > (*at, id)));
        for letter in wanted {
            let payload = if self.with_payload { dead_letters.payload(&self.account, &letter.id)?.unwrap_or_default() } else { Vec::new() };
            bytes += payload.len();
            // One letter alone may be larger than a page.
            if (page.dead_letters.len() == self.size || bytes > PAGE_BYTES)
                && let Some((at, id)) = last
            {
                page.next_page_token = format!("{}:{id}", at.micros());
                break;
            }
            last = Some((letter.received_at, letter.id.clone()));
            let received_at = Some(map::timestamp(letter.received_at));
            page.dead_letters.push(DeadLetter { id: letter.id, received_at, field: letter.field, reason: letter.reason, payload });
        }
        Ok(page)
    }
}

fn place(token: &str) -> Option<Place> {
    let (micros, id) = token.split_once(':')?;
    Some((Time::from_micros(micros.parse().ok()?), id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Three;

    #[tonic::async_trait]
    impl DeadLetterAdmin for Three {
        fn list(&self, _: &Account) -> Result<Vec<DeadLetterSummary>, String> {
            let letter = |id: &str, at| DeadLetterSummary {
                id: id.into(),
                received_at: Time::from_micros(at),
                field: "messages".into(),
                reason: "contact".into(),
            };
            Ok(vec![letter("c", 9), letter("b", 7), letter("a", 9)])
        }

        fn payload(&self, _: &Account, id: &str) -> Result<Option<Vec<u8>>, String> {
            // One letter is larger than a page.
            Ok(Some(vec![0; if id == "a" { PAGE_BYTES + 1 } else { PAGE_BYTES / 2 }]))
        }

        async fn replay(&self, _: &Account, _: &[String]) -> Result<ReplaySummary, String> {
            Ok(ReplaySummary::default())
        }

        fn count(&self) -> usize {
            3
        }

        fn keeps(&self) -> bool {
            true
        }
    }

    fn pages(page_size: u32, with_payload: bool) -> Vec<String> {
        let mut request = ListDeadLettersRequest { page_size, with_payload, ..Default::default() };
        let mut pages = Vec::new();
        loop {
            let page = Page::parse(&Caller::local(), &request).unwrap().read(&Three).unwrap();
            pages.push(page.dead_letters.iter().map(|letter| letter.id.as_str()).collect());
            if page.next_page_token.is_empty() {
                return pages;
            }
            request.page_token = page.next_page_token;
        }
    }

    #[test]
    fn the_oldest_come_first_and_pages_go_on_where_they_ended() {
        assert_eq!(pages(0, false), ["bac"]);
        assert_eq!(pages(2, false), ["ba", "c"]);
        assert_eq!(pages(0, true), ["b", "a", "c"], "a page ends before the letter that would make it too large");
    }
}
