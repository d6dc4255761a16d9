//! `AuditService`: what the ledger holds.

use std::collections::BTreeSet;

use prost::Message;
use tonic::{Request, Response, Status};

use super::access::Caller;
use super::parse::Fields;
use super::reads::{self, Reading};
use super::slots::Slots;
use super::stream::{self, Pieces};
use super::{blocking, drift, export, map, possible_opt_outs, principals, proofs, status};
use crate::consent::account::Known;
use crate::consent::decide::Asked;
use crate::consent::identifier::Identifier;
use crate::consent::words::{Account, Category, Sender, Seq};
use crate::ledger::erasure::matters::Matter;
use crate::ledger::reading::reads::ReadMethod;
use crate::ledger::{Filter, Ledger, OpenedEntry, Question};
use crate::proto::audit_service_server::AuditService;
use crate::proto::{
    CategoryDecision, Contact, Entry, ErrorReason, ExportEntriesRequest, ExportEntriesResponse, GetCheckpointRequest,
    GetCheckpointResponse, GetContactRequest, GetContactResponse, GetDriftRequest, GetDriftResponse, GetEvidenceRequest,
    GetEvidenceResponse, ListEntriesRequest, ListEntriesResponse, ListPossibleOptOutsRequest, ListPossibleOptOutsResponse,
    ListReadsRequest, ListReadsResponse, ProveConsistencyRequest, ProveConsistencyResponse, ProveInclusionRequest, ProveInclusionResponse,
    ResolvePossibleOptOutRequest, ResolvePossibleOptOutResponse,
};

/// The most entries of a page.
pub const PAGE_MAX: usize = 1_000;

/// How many entries a page has where nothing was asked for.
pub(super) const PAGE_DEFAULT: usize = 100;

/// How many bytes end a page early: half of what clients take by default.
pub(super) const PAGE_BYTES: usize = 2 * 1024 * 1024;

/// Reads the log.
#[derive(Clone)]
pub struct Audit {
    ledger: Ledger,
    exports: Slots,
}

impl Audit {
    /// Reads this ledger.
    #[must_use]
    pub fn new(ledger: Ledger) -> Self {
        Self { ledger, exports: stream::slots() }
    }

    /// The slots of its streams, by kind.
    #[must_use]
    pub fn slots(&self) -> Vec<(&'static str, Slots)> {
        vec![("exports", self.exports.clone())]
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    async fn get_contact(&self, request: Request<GetContactRequest>) -> Result<Response<GetContactResponse>, Status> {
        let caller = Caller::of(&request)?;
        let asked = AboutContact::parse(&caller, request.get_ref())?;
        let mut reading = Reading::of_contact(&self.ledger, caller.actor(), ReadMethod::GetContact, &asked.account, &asked.contact);
        let ledger = self.ledger.clone();
        let (contact, opened) = blocking(move || asked.answer(&ledger)).await??;
        reading.hand_out(opened).await?;
        Ok(Response::new(GetContactResponse { contact: Some(contact) }))
    }

    async fn list_entries(&self, request: Request<ListEntriesRequest>) -> Result<Response<ListEntriesResponse>, Status> {
        let caller = Caller::of(&request)?;
        let (filter, page_size) = page(&caller, request.get_ref())?;
        let (actor, method) = (caller.actor(), ReadMethod::ListEntries);
        let mut reading = match (&filter.account, &filter.contact) {
            (Some(account), Some(contact)) => Reading::of_contact(&self.ledger, actor, method, account, contact),
            (account, _) => Reading::of_many(&self.ledger, actor, method, account.clone()),
        };
        let ledger = self.ledger.clone();
        // One more than the page holds tells whether it is the last.
        let entries = blocking(move || ledger.entries(&filter, page_size + 1)).await?;
        let entries = entries.map_err(|error| status::of_read(&error))?;
        let mut page = cut(entries, page_size, PAGE_BYTES);
        page.entries = page.entries.into_iter().map(|entry| principals::with_name(&self.ledger, &caller, entry)).collect();
        reading.hand_out(page.entries.iter().filter(|entry| is_open(entry)).count()).await?;
        Ok(Response::new(page))
    }

    async fn list_possible_opt_outs(
        &self,
        request: Request<ListPossibleOptOutsRequest>,
    ) -> Result<Response<ListPossibleOptOutsResponse>, Status> {
        possible_opt_outs::list(&self.ledger, &Caller::of(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn resolve_possible_opt_out(
        &self,
        request: Request<ResolvePossibleOptOutRequest>,
    ) -> Result<Response<ResolvePossibleOptOutResponse>, Status> {
        possible_opt_outs::resolve(&self.ledger, &Caller::of(&request)?, request.into_inner()).await.map(Response::new)
    }

    async fn get_drift(&self, request: Request<GetDriftRequest>) -> Result<Response<GetDriftResponse>, Status> {
        drift::get(&self.ledger, &Caller::of(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn list_reads(&self, request: Request<ListReadsRequest>) -> Result<Response<ListReadsResponse>, Status> {
        reads::list(&self.ledger, &Caller::of(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn get_checkpoint(&self, request: Request<GetCheckpointRequest>) -> Result<Response<GetCheckpointResponse>, Status> {
        proofs::checkpoint(&self.ledger, &Caller::of(&request)?, request.into_inner()).await.map(Response::new)
    }

    async fn prove_inclusion(&self, request: Request<ProveInclusionRequest>) -> Result<Response<ProveInclusionResponse>, Status> {
        proofs::inclusion(&self.ledger, &Caller::of(&request)?, request.into_inner()).await.map(Response::new)
    }

    async fn prove_consistency(&self, request: Request<ProveConsistencyRequest>) -> Result<Response<ProveConsistencyResponse>, Status> {
        proofs::consistency(&self.ledger, &Caller::of(&request)?, request.into_inner()).await.map(Response::new)
    }

    type ExportEntriesStream = Pieces<ExportEntriesResponse>;

    async fn export_entries(&self, request: Request<ExportEntriesRequest>) -> Result<Response<Self::ExportEntriesStream>, Status> {
        export::entries(&self.ledger, &Caller::of(&request)?, &self.exports, request.into_inner()).await.map(Response::new)
    }

    type GetEvidenceStream = Pieces<GetEvidenceResponse>;

    async fn get_evidence(&self, request: Request<GetEvidenceRequest>) -> Result<Response<Self::GetEvidenceStream>, Status> {
        export::evidence(&self.ledger, &Caller::of(&request)?, &self.exports, &request.into_inner()).await.map(Response::new)
    }
}

fn page(caller: &Caller, request: &ListEntriesRequest) -> Result<(Filter, usize), Status> {
    let mut fields = Fields::of(caller);
    let contact = if request.contact.is_empty() { None } else { fields.contact("contact", &request.contact) };
    let account = if request.all_accounts {
        fields.whole_ledger("all_accounts");
        for (field, text) in [("account", &request.account), ("contact", &request.contact)] {
            if !text.is_empty() {
                fields.refuse(field, ErrorReason::FieldsConflict, "all_accounts is set");
            }
        }
        None
    } else {
        fields.account("account", &request.account)
    };
    let page_size = fields.page_size("page_size", request.page_size, PAGE_DEFAULT, PAGE_MAX);
    let from = (request.from_seq != 0).then(|| Seq::new(request.from_seq));
    fields.finish(|| Some((Filter { from, account, contact }, page_size)))
}

/// A page of at most `page_size` entries and about `bytes`, one entry at least, and where the next begins.
fn cut(entries: Vec<OpenedEntry>, page_size: usize, bytes: usize) -> ListEntriesResponse {
    let mut page = ListEntriesResponse::default();
    let mut size = 0;
    for entry in entries {
        let entry = map::entry(entry);
        size += entry.encoded_len();
        if page.entries.len() == page_size || (size > bytes && !page.entries.is_empty()) {
            page.next_seq = entry.seq;
            break;
        }
        page.entries.push(entry);
    }
    page
}

/// Whether anything that was sealed in an entry is open.
pub(super) const fn is_open(entry: &Entry) -> bool {
    entry.sealed.is_some() || entry.second_sealed.is_some()
}

/// A question about one contact.
struct AboutContact {
    account: Account,
    contact: Identifier,
    sender: Option<Sender>,
}

impl AboutContact {
    fn parse(caller: &Caller, request: &GetContactRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(caller);
        let account = fields.account("account", &request.account);
        let contact = fields.contact("contact", &request.contact);
        // What is summed up is of all senders, whichever the decisions are for.
        fields.all_senders("the contact");
        let sender = fields.optional_sender("sender", &request.sender);
        fields.finish(|| Some(Self { account: account?, contact: contact?, sender }))
    }

    /// What is known, and from how many entries that were opened.
    fn answer(self, ledger: &Ledger) -> Result<(Contact, usize), Status> {
        let mut summary = Summary::default();
        summary.contact.position = Some(map::position(ledger.head()));
        let mut filter = Filter { from: None, account: Some(self.account.clone()), contact: Some(self.contact.clone()) };
        loop {
            let entries = ledger.entries(&filter, PAGE_MAX).map_err(|error| status::of_read(&error))?;
            for entry in &entries {
                summary.add(entry);
            }
            match entries.last() {
                Some(last) if entries.len() == PAGE_MAX => filter.from = Some(last.seq.next()),
                _ => break,
            }
        }
        let opened = summary.opened;
        let mut contact = summary.finish();
        let matters = ledger.matters_of(&self.account, &self.contact).map_err(|error| status::of_read(&error))?;
        contact.erasure_due_at = matters.iter().filter_map(Matter::due_at).min().map(map::timestamp);
        contact.held_since = matters.iter().filter(|matter| matter.is_hold()).map(|matter| map::timestamp(matter.met.at)).next();
        if let Some(sender) = self.sender {
            contact.decisions = decisions(ledger, &self.account, &self.contact, &sender)?;
        }
        Ok((contact, opened))
    }
}

/// What a contact's entries come to.
#[derive(Default)]
struct Summary {
    contact: Contact,
    opened: usize,
    trails: BTreeSet<u64>,
    identifiers: BTreeSet<(u64, u32)>,
}

impl Summary {
    fn add(&mut self, entry: &OpenedEntry) {
        let recorded_at = Some(map::timestamp(entry.recorded_at));
        if self.contact.entries == 0 {
            self.contact.first_seq = entry.seq.number();
            self.contact.first_recorded_at = recorded_at;
        }
        self.contact.last_seq = entry.seq.number();
        self.contact.last_recorded_at = recorded_at;
        self.contact.entries += 1;
        self.opened += usize::from(entry.is_open());
        self.trails.insert(entry.trail);
        for reference in &entry.clear.identifiers {
            let introduced_in = if reference.trail == 0 { entry.trail } else { reference.trail };
            self.identifiers.insert((introduced_in, reference.ordinal));
        }
    }

    fn finish(mut self) -> Contact {
        self.contact.trails = self.trails.into_iter().collect();
        self.contact.identifiers = u32::try_from(self.identifiers.len()).unwrap_or(u32::MAX);
        self.contact
    }
}

fn decisions(ledger: &Ledger, account: &Account, contact: &Identifier, sender: &Sender) -> Result<Vec<CategoryDecision>, Status> {
    let decision = |category: &Category| {
        let question = Question {
            account: account.clone(),
            contact: contact.clone(),
            sender: sender.clone(),
            asked: Asked::For(*category),
            at: None,
            min_position: None,
            template: None,
            known: Known::default(),
        };
        let answer = ledger.check(&question).map_err(|error| status::of_check(&error))?;
        Ok(CategoryDecision { category: i32::from(category.number()), decision: Some(map::decision(answer)) })
    };
    Category::ALL.iter().map(decision).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::time::Time;
    use crate::proto::{ClearPart, IdentifierReference};
    use tonic_types::StatusExt;

    fn entry(seq: u64, trail: u64, reference: (u64, u32)) -> OpenedEntry {
        let identifiers = vec![IdentifierReference { trail: reference.0, ordinal: reference.1 }];
        OpenedEntry {
            seq: Seq::new(seq),
            entry_hash: [1; 32],
            previous_hash: [0; 32],
            recorded_at: Time::from_micros(1_000_000),
            account: 1,
            actor: 1,
            trail,
            trail_seq: 1,
            second_trail: 0,
            second_trail_seq: 0,
            clear: ClearPart { identifiers, ..Default::default() },
            sealed: None,
            second_sealed: None,
            erased: false,
            bytes: vec![0; 1_000],
        }
    }

    fn seqs(page: &ListEntriesResponse) -> Vec<u64> {
        page.entries.iter().map(|entry| entry.seq).collect()
    }

    #[test]
    fn a_page_ends_by_count_or_by_bytes_and_names_the_next_seq() {
        let entries = || [3, 5, 9].map(|seq| entry(seq, 2, (0, 1))).to_vec();
        let by_count = cut(entries(), 2, usize::MAX);
        assert_eq!((seqs(&by_count), by_count.next_seq), (vec![3, 5], 9));
        let by_bytes = cut(entries(), 10, 1_500);
        assert_eq!((seqs(&by_bytes), by_bytes.next_seq), (vec![3], 5));
        let whole = cut(entries(), 3, usize::MAX);
        assert_eq!((seqs(&whole), whole.next_seq), (vec![3, 5, 9], 0));
        let too_large = cut(entries(), 3, 1);
        assert_eq!((seqs(&too_large), too_large.next_seq), (vec![3], 5));
    }

    #[test]
    fn an_identifier_introduced_in_another_trail_counts_once() {
        let mut summary = Summary::default();
        for entry in [entry(3, 2, (0, 1)), entry(4, 7, (0, 1)), entry(6, 7, (2, 1))] {
            summary.add(&entry);
        }
        let contact = summary.finish();
        assert_eq!((contact.trails, contact.entries, contact.identifiers), (vec![2, 7], 3, 2));
        assert_eq!((contact.first_seq, contact.last_seq), (3, 6));
    }

    #[test]
    fn all_accounts_goes_with_neither_account_nor_contact() {
        let status =
            page(&Caller::local(), &ListEntriesRequest { account: "a".into(), all_accounts: true, page_size: 1_001, ..Default::default() })
                .unwrap_err();
        let details = status.get_error_details();
        let reasons: Vec<_> = details.bad_request().unwrap().field_violations.iter().map(|violation| violation.reason.as_str()).collect();
        assert_eq!(reasons, ["FIELDS_CONFLICT", "PAGE_SIZE_TOO_LARGE"]);
        assert!(page(&Caller::local(), &ListEntriesRequest { all_accounts: true, ..Default::default() }).unwrap().0.account.is_none());
    }
}
