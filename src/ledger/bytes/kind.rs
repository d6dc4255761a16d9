//! The kinds of entry: the number and the name of every fact.

use crate::proto::clear_part;

/// The number of a fact's field: the entry's kind.
#[must_use]
pub fn kind_of(fact: &clear_part::Fact) -> u16 {
    use clear_part::Fact as F;
    match fact {
        F::LedgerCreated(_) => 16,
        F::SigningKeyChanged(_) => 17,
        F::SecretRotated(_) => 18,
        F::HeadsCommitted(_) => 19,
        F::PrincipalAdded(_) => 20,
        F::PrincipalRevoked(_) => 21,
        F::AccountCreated(_) => 32,
        F::PolicyAdopted(_) => 33,
        F::SenderDeclared(_) => 34,
        F::SenderQualityReported(_) => 35,
        F::SenderRestricted(_) => 36,
        F::TemplateRegistered(_) => 37,
        F::TemplateChanged(_) => 38,
        F::PersonalDataRead(_) => 39,
        F::RestrictionsLifted(_) => 40,
        F::OptedIn(_) => 48,
        F::OptedOut(_) => 49,
        F::InboundMessageReceived(_) => 50,
        F::PlatformPreferenceChanged(_) => 51,
        F::SendFailed(_) => 52,
        F::ConfirmationSent(_) => 53,
        F::PossibleOptOutResolved(_) => 54,
        F::IdentifiersLinked(_) => 64,
        F::NumberChanged(_) => 65,
        F::UserIdChanged(_) => 66,
        F::IdentityKeyChanged(_) => 67,
        F::ErasureRequested(_) => 80,
        F::ErasureCancelled(_) => 81,
        F::ContactErased(_) => 82,
        F::LegalHoldChanged(_) => 83,
        F::DecisionReceiptIssued(_) => 96,
    }
}

/// The name of a fact, in the past tense, for people.
#[must_use]
pub fn kind_name(fact: &clear_part::Fact) -> &'static str {
    use clear_part::Fact as F;
    match fact {
        F::LedgerCreated(_) => "LedgerCreated",
        F::SigningKeyChanged(_) => "SigningKeyChanged",
        F::SecretRotated(_) => "SecretRotated",
        F::HeadsCommitted(_) => "HeadsCommitted",
        F::PrincipalAdded(_) => "PrincipalAdded",
        F::PrincipalRevoked(_) => "PrincipalRevoked",
        F::AccountCreated(_) => "AccountCreated",
        F::PolicyAdopted(_) => "PolicyAdopted",
        F::SenderDeclared(_) => "SenderDeclared",
        F::SenderQualityReported(_) => "SenderQualityReported",
        F::SenderRestricted(_) => "SenderRestricted",
        F::TemplateRegistered(_) => "TemplateRegistered",
        F::TemplateChanged(_) => "TemplateChanged",
        F::PersonalDataRead(_) => "PersonalDataRead",
        F::RestrictionsLifted(_) => "RestrictionsLifted",
        F::OptedIn(_) => "OptedIn",
        F::OptedOut(_) => "OptedOut",
        F::InboundMessageReceived(_) => "InboundMessageReceived",
        F::PlatformPreferenceChanged(_) => "PlatformPreferenceChanged",
        F::SendFailed(_) => "SendFailed",
        F::ConfirmationSent(_) => "ConfirmationSent",
        F::PossibleOptOutResolved(_) => "PossibleOptOutResolved",
        F::IdentifiersLinked(_) => "IdentifiersLinked",
        F::NumberChanged(_) => "NumberChanged",
        F::UserIdChanged(_) => "UserIdChanged",
        F::IdentityKeyChanged(_) => "IdentityKeyChanged",
        F::ErasureRequested(_) => "ErasureRequested",
        F::ErasureCancelled(_) => "ErasureCancelled",
        F::ContactErased(_) => "ContactErased",
        F::LegalHoldChanged(_) => "LegalHoldChanged",
        F::DecisionReceiptIssued(_) => "DecisionReceiptIssued",
    }
}

/// The name of a fact's field in `ClearPart`.
#[must_use]
pub fn field_name(fact: &clear_part::Fact) -> &'static str {
    use clear_part::Fact as F;
    match fact {
        F::LedgerCreated(_) => "ledger_created",
        F::SigningKeyChanged(_) => "signing_key_changed",
        F::SecretRotated(_) => "secret_rotated",
        F::HeadsCommitted(_) => "heads_committed",
        F::PrincipalAdded(_) => "principal_added",
        F::PrincipalRevoked(_) => "principal_revoked",
        F::AccountCreated(_) => "account_created",
        F::PolicyAdopted(_) => "policy_adopted",
        F::SenderDeclared(_) => "sender_declared",
        F::SenderQualityReported(_) => "sender_quality_reported",
        F::SenderRestricted(_) => "sender_restricted",
        F::TemplateRegistered(_) => "template_registered",
        F::TemplateChanged(_) => "template_changed",
        F::PersonalDataRead(_) => "personal_data_read",
        F::RestrictionsLifted(_) => "restrictions_lifted",
        F::OptedIn(_) => "opted_in",
        F::OptedOut(_) => "opted_out",
        F::InboundMessageReceived(_) => "inbound_message_received",
        F::PlatformPreferenceChanged(_) => "platform_preference_changed",
        F::SendFailed(_) => "send_failed",
        F::ConfirmationSent(_) => "confirmation_sent",
        F::PossibleOptOutResolved(_) => "possible_opt_out_resolved",
        F::IdentifiersLinked(_) => "identifiers_linked",
        F::NumberChanged(_) => "number_changed",
        F::UserIdChanged(_) => "user_id_changed",
        F::IdentityKeyChanged(_) => "identity_key_changed",
        F::ErasureRequested(_) => "erasure_requested",
        F::ErasureCancelled(_) => "erasure_cancelled",
        F::ContactErased(_) => "contact_erased",
        F::LegalHoldChanged(_) => "legal_hold_changed",
        F::DecisionReceiptIssued(_) => "decision_receipt_issued",
    }
}

/// Every kind: its number, and the name of its field in `ClearPart`.
pub const KINDS: [(u16, &str); 31] = [
    (16, "ledger_created"),
    (17, "signing_key_changed"),
    (18, "secret_rotated"),
    (19, "heads_committed"),
    (20, "principal_added"),
    (21, "principal_revoked"),
    (32, "account_created"),
    (33, "policy_adopted"),
    (34, "sender_declared"),
    (35, "sender_quality_reported"),
    (36, "sender_restricted"),
    (37, "template_registered"),
    (38, "template_changed"),
    (39, "personal_data_read"),
    (40, "restrictions_lifted"),
    (48, "opted_in"),
    (49, "opted_out"),
    (50, "inbound_message_received"),
    (51, "platform_preference_changed"),
    (52, "send_failed"),
    (53, "confirmation_sent"),
    (54, "possible_opt_out_resolved"),
    (64, "identifiers_linked"),
    (65, "number_changed"),
    (66, "user_id_changed"),
    (67, "identity_key_changed"),
    (80, "erasure_requested"),
    (81, "erasure_cancelled"),
    (82, "contact_erased"),
    (83, "legal_hold_changed"),
    (96, "decision_receipt_issued"),
];

/// Whether a kind is one of version 1.
#[must_use]
pub const fn is_known(kind: u16) -> bool {
    matches!(kind, 16..=21 | 32..=40 | 48..=54 | 64..=67 | 80..=83 | 96)
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    #[test]
    fn the_list_of_kinds_is_that_of_the_facts() {
        let protos = prost_types::FileDescriptorSet::decode(crate::proto::DESCRIPTORS).unwrap();
        let clear = protos.file.iter().flat_map(|file| &file.message_type).find(|message| message.name() == "ClearPart").unwrap();
        let facts = clear.field.iter().filter(|field| field.oneof_index == Some(0));
        let stored: Vec<(u16, &str)> = facts.map(|field| (u16::try_from(field.number()).unwrap(), field.name())).collect();
        assert_eq!(KINDS.to_vec(), stored);
        assert!(KINDS.iter().all(|(number, _)| is_known(*number)));
        assert_eq!((0..=u16::MAX).filter(|number| is_known(*number)).count(), KINDS.len());
    }
}
