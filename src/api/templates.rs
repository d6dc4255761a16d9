//! The templates of `AdminService`: registered, changed by the platform, listed.

use tonic::Status;

use super::access::Caller;
use super::parse::Fields;
use super::status;
use crate::consent::template::{Template, TemplateKey};
use crate::consent::time::Time;
use crate::consent::words::Account;
use crate::ledger::writing::record::{Record, What};
use crate::ledger::{KnownTemplate, Ledger};
use crate::proto::{self, ChangeTemplateRequest, ErrorReason, ListTemplatesRequest, ListTemplatesResponse, RegisterTemplateRequest};

/// The most templates of a page.
const PAGE_MAX: usize = 1_000;

/// How many templates a page has where nothing was asked for.
const PAGE_DEFAULT: usize = 100;

/// A template, whole.
///
/// # Errors
/// `INVALID_ARGUMENT` with every field that is wrong.
pub fn registration(caller: &Caller, request: &RegisterTemplateRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let envelope = fields.envelope(&request.account, &request.event_id, request.occurred_at.as_ref(), now);
    let key = fields.template_key("", &request.name, &request.language);
    let category = fields.template_category("category", request.category);
    let status = fields.template_status("status", request.status);
    let (parameters, opt_in_request) = (request.parameters, request.opt_in_request);
    fields.finish(|| {
        let template = Template { category: category?, parameters, status: status?, opt_in_request };
        Some(envelope?.record(What::RegisterTemplate { key: key?, template }))
    })
}

/// What the platform changed about a template.
///
/// # Errors
/// `INVALID_ARGUMENT` with every field that is wrong, or where nothing changes.
pub fn change(caller: &Caller, request: &ChangeTemplateRequest, now: Time) -> Result<Record, Status> {
    let mut fields = Fields::of(caller);
    let envelope = fields.envelope(&request.account, &request.event_id, request.occurred_at.as_ref(), now);
    let key = fields.template_key("", &request.name, &request.language);
    let category = fields.optional_template_category("category", request.category);
    let status = fields.optional_template_status("status", request.status);
    let quality = fields.optional_quality("quality", request.quality);
    if (request.category, request.status, request.quality) == (0, 0, 0) {
        fields.refuse("category", ErrorReason::TemplateChangeEmpty, "at least one of category, status and quality is needed");
    }
    fields.finish(|| Some(envelope?.record(What::ChangeTemplate { key: key?, category, status, quality })))
}

/// Which templates.
///
/// ```text
/// page token = name ‖ '\n' ‖ language      of the last template of the page before; neither holds control characters
/// ```
#[derive(Debug)]
pub struct Page {
    account: Account,
    after: Option<TemplateKey>,
    size: usize,
}

impl Page {
    /// Reads the question.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with every field that is wrong.
    pub fn parse(caller: &Caller, request: &ListTemplatesRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(caller);
        let account = fields.account("account", &request.account);
        let after = request.page_token.split_once('\n').and_then(|(name, language)| TemplateKey::new(name, language).ok());
        if after.is_none() && !request.page_token.is_empty() {
            fields.refuse("page_token", ErrorReason::PageTokenMalformed, "not a token that a page gave");
        }
        // They are the whole account's, and whoever sends for one sender needs them.
        fields.of_no_sender();
        let size = fields.page_size("page_size", request.page_size, PAGE_DEFAULT, PAGE_MAX);
        fields.finish(|| Some(Self { account: account?, after, size }))
    }

    /// Answers it.
    ///
    /// # Errors
    /// Where there is no such account, or the ledger no longer writes.
    pub fn answer(&self, ledger: &Ledger) -> Result<ListTemplatesResponse, Status> {
        // One more than the page holds tells whether it is the last.
        let known = ledger.templates(&self.account, self.after.as_ref(), self.size + 1).map_err(|error| status::of_check(&error))?;
        Ok(cut(&known, self.size))
    }
}

fn cut(known: &[KnownTemplate], size: usize) -> ListTemplatesResponse {
    let page = known.get(..size).unwrap_or(known);
    let last = page.last().filter(|_| known.len() > page.len());
    ListTemplatesResponse {
        templates: page.iter().map(template).collect(),
        next_page_token: last.map(|last| format!("{}\n{}", last.key.name(), last.key.language())).unwrap_or_default(),
    }
}

fn template(known: &KnownTemplate) -> proto::Template {
    proto::Template {
        name: known.key.name().to_owned(),
        language: known.key.language().to_owned(),
        category: known.template.category.number().into(),
        parameters: known.template.parameters,
        status: known.template.status.number().into(),
        opt_in_request: known.template.opt_in_request,
        quality: known.quality.map(|quality| quality.number().into()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::template::TemplateStatus;
    use crate::consent::words::Category;
    use tonic_types::StatusExt;

    const NOW: Time = Time::from_micros(1_772_000_000_000_000);

    fn reasons(status: &Status) -> Vec<String> {
        let details = status.get_error_details();
        details.bad_request().unwrap().field_violations.iter().map(|v| format!("{} {}", v.field, v.reason)).collect()
    }

    #[test]
    fn a_registration_says_everything_and_a_change_says_something() {
        let expected =
            ["name TEMPLATE_MALFORMED", "language TEMPLATE_MALFORMED", "category CATEGORY_MISSING", "status TEMPLATE_STATUS_MISSING"];
        assert_eq!(reasons(&registration(&Caller::local(), &RegisterTemplateRequest::default(), NOW).unwrap_err()), expected);
        let nothing = ChangeTemplateRequest { name: "news".into(), language: "en".into(), ..Default::default() };
        assert_eq!(reasons(&change(&Caller::local(), &nothing, NOW).unwrap_err()), ["category TEMPLATE_CHANGE_EMPTY"]);
        let rated = ChangeTemplateRequest { quality: 3, ..nothing };
        let What::ChangeTemplate { category, status, quality, .. } = change(&Caller::local(), &rated, NOW).unwrap().what else {
            panic!("not a change")
        };
        assert!(category.is_none() && status.is_none() && quality.is_some());
    }

    #[test]
    fn a_page_that_is_not_the_last_names_its_last_template() {
        let template = Template { category: Category::Utility, parameters: 0, status: TemplateStatus::Approved, opt_in_request: false };
        let known = |name: &str| KnownTemplate { key: TemplateKey::new(name, "en").unwrap(), template, quality: None };
        let page = cut(&[known("a"), known("b"), known("c")], 2);
        assert_eq!((page.templates.len(), page.next_page_token.as_str()), (2, "b\nen"));
        let last = cut(&[known("c")], 2);
        assert_eq!((last.templates.len(), last.next_page_token.as_str()), (1, ""));
        let next = Page::parse(&Caller::local(), &ListTemplatesRequest { page_token: page.next_page_token, ..Default::default() }).unwrap();
        assert_eq!(next.after.unwrap().name(), "b");
        let odd = ListTemplatesRequest { page_token: "b".into(), page_size: 1_001, ..Default::default() };
        assert_eq!(
            reasons(&Page::parse(&Caller::local(), &odd).unwrap_err()),
            ["page_token PAGE_TOKEN_MALFORMED", "page_size PAGE_SIZE_TOO_LARGE"]
        );
    }
}
