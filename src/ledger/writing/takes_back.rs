//! What takes something back: it is recorded for as long as there is any room on the disk, since an opt-out that is lost is worse
//! than anything else that is.

use std::sync::Arc;

use crate::consent::event::{CODE_MARKETING_STOPPED, CODE_WINDOW_CLOSED};
use crate::consent::keyword::Keyword;
use crate::consent::policy::Policy;
use crate::consent::words::PlatformPreference;
use crate::ledger::writing::record::What;

/// Whether an event takes a permission back, or erases: opt-outs in whatever form, what the platform forbids, that a number is
/// no longer the person's, erasures and what belongs to them. `policy` says which words opt out.
#[must_use]
pub fn takes_back(what: &What, policy: impl FnOnce() -> Arc<Policy>) -> bool {
    match what {
        What::OptOut { .. }
        | What::Move { .. }
        | What::IdentityKeyChange { .. }
        | What::Restrict { .. }
        | What::Erase { .. }
        | What::Erasure(_)
        // Takes nothing back, but without it nothing can be shown: reading goes on while there is any room.
        | What::ReadData(_) => true,
        What::Preference { preference, .. } => *preference == PlatformPreference::Stop,
        What::SendFailed { code, .. } => [CODE_MARKETING_STOPPED, CODE_WINDOW_CLOSED].contains(code),
        What::ResolvePossibleOptOut { confirmed, .. } => *confirmed,
        What::Inbound { text, payload, kind, .. } if text.is_some() || payload.is_some() => {
            let reading = policy().keywords.read(text.as_deref(), payload.as_deref(), kind.is_button());
            matches!(reading.keyword, Some(Keyword::OptOut(_))) || reading.possible_opt_out
        }
        What::Inbound { .. }
        | What::OptIn { .. }
        | What::ConfirmationSent { .. }
        | What::Link { .. }
        | What::IssueReceipt { .. }
        | What::AdoptPolicy { .. }
        | What::DeclareSender { .. }
        | What::ReportQuality { .. }
        | What::Lift { .. }
        | What::RegisterTemplate { .. }
        | What::ChangeTemplate { .. }
        | What::CreateAccount => false,
    }
}
