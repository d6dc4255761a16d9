//! The fields by which a caller is held to its accounts and senders. There is no other way from a request to an account.
//!
//! A caller that is bound is refused with the same words whether what it named exists or not. Where a method never asks for an
//! account or a sender, [`Fields::finish`] refuses whoever is bound to some: forgetting to ask lets nobody through.

use crate::api::parse::Fields;
use crate::consent::words::{Account, Sender};
use crate::proto::ErrorReason;

/// What a caller was refused for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Denied {
    /// The reason, for programs.
    pub reason: ErrorReason,
    /// The reason, for people.
    pub message: String,
}

/// What was held against the caller, and what it was refused.
#[derive(Debug, Default)]
pub struct Held {
    account: bool,
    sender: bool,
    denied: Option<Denied>,
}

impl Fields<'_> {
    /// An account; empty is the default one.
    pub fn account(&mut self, field: &str, text: &str) -> Option<Account> {
        if text.is_empty() { self.allowed_account(field, Account::default_account()) } else { self.named_account(field, text) }
    }

    /// An account that must be named.
    pub fn named_account(&mut self, field: &str, text: &str) -> Option<Account> {
        self.held.account = true;
        let account = self.name(field, text, ErrorReason::AccountEmpty, ErrorReason::AccountMalformed)?;
        self.allowed_account(field, account)
    }

    /// An account that is to be: it is the whole ledger's matter.
    pub fn new_account(&mut self, field: &str, text: &str) -> Option<Account> {
        self.whole_ledger(field);
        self.name(field, text, ErrorReason::AccountEmpty, ErrorReason::AccountMalformed)
    }

    /// An account by its trail number, as entries name it.
    pub fn numbered_account(&mut self, field: &str, number: u64) {
        self.held.account = true;
        if !self.caller.may_in(number) {
            self.deny_account(field);
        }
    }

    /// The call is for the whole ledger, as `field` says.
    pub fn whole_ledger(&mut self, field: &str) {
        self.held.account = true;
        if !self.caller.accounts().is_all() {
            self.deny_account(field);
        }
    }

    /// The call shows the same whoever asks: nothing of an account, nothing of a sender.
    pub const fn of_nobody(&mut self) {
        self.held.account = true;
        self.held.sender = true;
    }

    /// A sender.
    pub fn sender(&mut self, field: &str, text: &str) -> Option<Sender> {
        self.held.sender = true;
        let sender = self.name(field, text, ErrorReason::SenderEmpty, ErrorReason::SenderMalformed)?;
        if !self.caller.senders().contains(&sender) {
            self.deny_sender(field);
            return None;
        }
        Some(sender)
    }

    /// A sender; empty is none, which is all of them.
    pub fn optional_sender(&mut self, field: &str, text: &str) -> Option<Sender> {
        if text.is_empty() {
            self.all_senders(field);
            return None;
        }
        self.sender(field, text)
    }

    /// The call is for all senders, as `field` says.
    pub fn all_senders(&mut self, field: &str) {
        self.held.sender = true;
        if !self.caller.senders().is_all() {
            self.deny_sender(field);
        }
    }

    /// The call shows nothing of one sender that it does not show of all.
    pub const fn of_no_sender(&mut self) {
        self.held.sender = true;
    }

    /// What the caller is refused; what was never asked for is refused to whoever is bound.
    pub(in crate::api) fn denied(&mut self) -> Option<Denied> {
        if !self.held.account {
            self.whole_ledger("the call");
        }
        if !self.held.sender {
            self.all_senders("the call");
        }
        self.held.denied.take()
    }

    fn allowed_account(&mut self, field: &str, account: Account) -> Option<Account> {
        self.held.account = true;
        if self.caller.accounts().contains(&account) {
            return Some(account);
        }
        self.deny_account(field);
        None
    }

    fn deny_account(&mut self, field: &str) {
        let own = listed(self.caller.accounts().named());
        self.deny(ErrorReason::AccountNotAllowed, format!("{field}: these credentials are for {own} alone"));
    }

    fn deny_sender(&mut self, field: &str) {
        let own = listed(self.caller.senders().named());
        self.deny(
            ErrorReason::SenderNotAllowed,
            format!("{field}: these credentials are for sender {own} alone; name it where the call can"),
        );
    }

    fn deny(&mut self, reason: ErrorReason, message: String) {
        self.held.denied.get_or_insert(Denied { reason, message });
    }
}

/// The caller's own names, the first few of them.
fn listed<T: ToString>(names: &[T]) -> String {
    const SHOWN: usize = 5;
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", names.iter().take(SHOWN).map(T::to_string).collect::<Vec<_>>().join(", "))
}
