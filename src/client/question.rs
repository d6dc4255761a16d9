//! A question, put together.

use crate::consent::time::Time;
use crate::consent::words::Category;
use crate::proto::{CheckSendRequest, CheckTemplate};

/// May this sender write to this contact?
#[derive(Clone, PartialEq, Debug)]
#[must_use = "a question answers nothing until it is asked"]
pub struct Question {
    request: CheckSendRequest,
}

impl Question {
    /// About the contact (a phone number as in `+447400123456`, or a business-scoped user ID) and the sender (its
    /// `phone_number_id`): whatever the contact allows, now, in the account `default`.
    pub fn new(contact: impl Into<String>, sender: impl Into<String>) -> Self {
        Self { request: CheckSendRequest { contact: contact.into(), sender: sender.into(), ..CheckSendRequest::default() } }
    }

    /// In another account.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.request.account = account.into();
        self
    }

    /// What the message is for.
    pub fn category(mut self, category: Category) -> Self {
        self.request.category = category.number().into();
        self
    }

    /// The template that would be sent, and how many parameters there are for it. Where the account has registered templates, its
    /// category as it is now counts.
    pub fn template(mut self, name: impl Into<String>, language: impl Into<String>, parameters: u32) -> Self {
        self.request.template = Some(CheckTemplate { name: name.into(), language: language.into(), parameters });
        self
    }

    /// Whether the message is the one confirmation that may follow an opt-out keyword.
    pub const fn opt_out_confirmation(mut self, is_confirmation: bool) -> Self {
        self.request.opt_out_confirmation = is_confirmation;
        self
    }

    /// Answered only once the log has reached this entry, such as that of one's own record. The server waits 2 seconds for it.
    pub const fn min_position(mut self, seq: u64) -> Self {
        self.request.min_position = seq;
        self
    }

    /// At another time.
    pub fn at(mut self, at: Time) -> Self {
        self.request.at = Some(timestamp(at));
        self
    }

    pub(super) fn into_request(self) -> CheckSendRequest {
        self.request
    }

    /// The question as the server takes it.
    #[must_use]
    pub const fn request(&self) -> &CheckSendRequest {
        &self.request
    }
}

/// Any question; a receipt is not handed out.
impl From<CheckSendRequest> for Question {
    fn from(request: CheckSendRequest) -> Self {
        Self { request: CheckSendRequest { receipt: false, ..request } }
    }
}

fn timestamp(time: Time) -> prost_types::Timestamp {
    let nanos = time.micros().rem_euclid(1_000_000) * 1_000;
    prost_types::Timestamp { seconds: time.micros().div_euclid(1_000_000), nanos: i32::try_from(nanos).unwrap_or_default() }
}
