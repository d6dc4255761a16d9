//! Which sender an entry names, and which senders it concerns.

use crate::consent::event::CODE_MARKETING_STOPPED;
use crate::consent::words::Sender;
use crate::proto::ClearPart;
use crate::proto::clear_part::Fact;

/// The sender that an entry names; empty where it names none, or speaks of all.
#[must_use]
pub fn sender_named(clear: &ClearPart) -> &str {
    match &clear.fact {
        Some(Fact::SenderDeclared(fact)) => &fact.sender,
        Some(Fact::SenderQualityReported(fact)) => &fact.sender,
        Some(Fact::SenderRestricted(fact)) => &fact.sender,
        Some(Fact::RestrictionsLifted(fact)) => &fact.sender,
        Some(Fact::OptedIn(fact)) => &fact.sender,
        Some(Fact::OptedOut(fact)) => &fact.sender,
        Some(Fact::InboundMessageReceived(fact)) => &fact.sender,
        Some(Fact::PlatformPreferenceChanged(fact)) => &fact.sender,
        Some(Fact::SendFailed(fact)) => &fact.sender,
        Some(Fact::ConfirmationSent(fact)) => &fact.sender,
        Some(Fact::IdentityKeyChanged(fact)) => &fact.sender,
        Some(Fact::DecisionReceiptIssued(fact)) => &fact.sender,
        Some(
            Fact::LedgerCreated(_)
            | Fact::SigningKeyChanged(_)
            | Fact::SecretRotated(_)
            | Fact::HeadsCommitted(_)
            | Fact::PrincipalAdded(_)
            | Fact::PrincipalRevoked(_)
            | Fact::AccountCreated(_)
            | Fact::PolicyAdopted(_)
            | Fact::TemplateRegistered(_)
            | Fact::TemplateChanged(_)
            | Fact::PersonalDataRead(_)
            | Fact::PossibleOptOutResolved(_)
            | Fact::IdentifiersLinked(_)
            | Fact::NumberChanged(_)
            | Fact::UserIdChanged(_)
            | Fact::ErasureRequested(_)
            | Fact::ErasureCancelled(_)
            | Fact::ContactErased(_)
            | Fact::LegalHoldChanged(_),
        )
        | None => "",
    }
}

/// Whether an entry concerns one of these senders: not where it is about another one alone. Whoever follows one sender must not
/// miss what was said for all of them.
#[must_use]
pub fn any_of(clear: &ClearPart, senders: &[Sender]) -> bool {
    let beyond = match &clear.fact {
        // By default a stop holds for the whole account (rule 5), and a changed identity key everywhere (rule 13).
        Some(Fact::PlatformPreferenceChanged(_) | Fact::IdentityKeyChanged(_)) => true,
        Some(Fact::SendFailed(failed)) => failed.code == CODE_MARKETING_STOPPED,
        // Who was handed whose data is about no sender.
        Some(Fact::PersonalDataRead(_)) => return false,
        _ => false,
    };
    let named = sender_named(clear);
    beyond || named.is_empty() || senders.iter().any(|sender| sender.as_str() == named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{
        ContactErased, IdentityKeyChanged, InboundMessageReceived, OptedIn, OptedOut, PlatformPreferenceChanged, SendFailed,
    };

    fn concerns(fact: Fact) -> bool {
        any_of(&ClearPart { fact: Some(fact), ..Default::default() }, &["1".parse().unwrap(), "2".parse().unwrap()])
    }

    fn failed(sender: &str, code: u32) -> Fact {
        Fact::SendFailed(SendFailed { sender: sender.into(), code })
    }

    #[test]
    fn what_is_about_another_sender_alone_is_left_out() {
        let to = |sender: &str| Fact::InboundMessageReceived(InboundMessageReceived { sender: sender.into(), ..Default::default() });
        assert_eq!([concerns(to("1")), concerns(to("2")), concerns(to("3"))], [true, true, false]);
        assert_eq!([concerns(failed("2", 131_047)), concerns(failed("3", 131_047))], [true, false]);
    }

    #[test]
    fn what_holds_for_all_senders_concerns_each() {
        let elsewhere = || "3".to_owned();
        for fact in [
            Fact::OptedOut(OptedOut::default()),
            Fact::OptedIn(OptedIn::default()),
            Fact::ContactErased(ContactErased::default()),
            Fact::PlatformPreferenceChanged(PlatformPreferenceChanged { sender: elsewhere(), ..Default::default() }),
            Fact::IdentityKeyChanged(IdentityKeyChanged { sender: elsewhere() }),
            failed("3", CODE_MARKETING_STOPPED),
        ] {
            assert!(concerns(fact.clone()), "{fact:?}");
        }
        assert!(!concerns(Fact::OptedOut(OptedOut { sender: elsewhere(), ..Default::default() })));
        assert!(!concerns(Fact::PersonalDataRead(crate::proto::PersonalDataRead::default())));
    }
}
