//! What the table must say, written by hand: a row that changes by mistake is found here.

/// What is expected of a method.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// Its service and name.
    pub method: &'static str,
    /// The roles that may call it, by their first letters: sender, recorder, auditor, operator, eraser (e).
    pub roles: &'static str,
    /// Whether a caller bound to an account may call it for another account: `held` no, `whole` not even for its own, `free` yes.
    pub account: &'static str,
    /// The same of senders.
    pub sender: &'static str,
}

const fn is(method: &'static str, roles: &'static str, account: &'static str, sender: &'static str) -> Expected {
    Expected { method, roles, account, sender }
}

/// Every method of the ledger's own services.
pub const EXPECTED: &[Expected] = &[
    is("DecisionService/CheckSend", "s", "held", "held"),
    is("DecisionService/BatchCheckSend", "s", "held", "held"),
    is("DecisionService/StreamCheckSend", "s", "held", "held"),
    // Without a receipt nobody knows whose it is.
    is("DecisionService/VerifyDecision", "a", "whole", "whole"),
    is("RecordingService/RecordOptIn", "r", "held", "held"),
    is("RecordingService/RecordOptOut", "r", "held", "held"),
    is("RecordingService/RecordInboundMessage", "r", "held", "held"),
    is("RecordingService/RecordProviderFeedback", "r", "held", "held"),
    is("RecordingService/RecordPlatformPreference", "r", "held", "held"),
    is("RecordingService/RecordConfirmationSent", "r", "held", "held"),
    is("RecordingService/RecordStream", "r", "held", "held"),
    is("RecordingService/RehearseStream", "r", "held", "held"),
    is("IdentityService/LinkIdentifiers", "r", "held", "whole"),
    is("IdentityService/ChangeNumber", "r", "held", "whole"),
    is("IdentityService/ChangeUserId", "r", "held", "whole"),
    is("IdentityService/ReportIdentityChange", "r", "held", "held"),
    is("IdentityService/RequestErasure", "e", "held", "whole"),
    is("IdentityService/CancelErasure", "e", "held", "whole"),
    is("IdentityService/SetLegalHold", "e", "held", "whole"),
    is("IdentityService/ListErasures", "ae", "held", "whole"),
    is("AuditService/GetContact", "a", "held", "whole"),
    is("AuditService/ListEntries", "a", "held", "whole"),
    is("AuditService/ExportEntries", "a", "held", "whole"),
    is("AuditService/GetEvidence", "a", "held", "whole"),
    is("AuditService/GetDrift", "a", "held", "held"),
    is("AuditService/GetCheckpoint", "a", "free", "free"),
    is("AuditService/ProveInclusion", "a", "held", "free"),
    is("AuditService/ProveConsistency", "a", "free", "free"),
    is("AuditService/ListReads", "a", "held", "whole"),
    is("AuditService/ListPossibleOptOuts", "ra", "held", "whole"),
    is("AuditService/ResolvePossibleOptOut", "r", "held", "whole"),
    is("WatchService/WatchEntries", "a", "held", "whole"),
    is("WatchService/WatchWindows", "sa", "held", "held"),
    is("AdminService/GetStatus", "ao", "whole", "whole"),
    is("AdminService/CreateAccount", "o", "whole", "whole"),
    is("AdminService/ListAccounts", "o", "whole", "whole"),
    is("AdminService/AdoptPolicy", "o", "held", "whole"),
    is("AdminService/GetPolicy", "ao", "held", "whole"),
    is("AdminService/DiffPolicy", "o", "held", "held"),
    is("AdminService/DeclareSender", "o", "held", "held"),
    is("AdminService/ReportStanding", "o", "held", "held"),
    is("AdminService/GetSenderStanding", "sao", "held", "held"),
    is("AdminService/RegisterTemplate", "o", "held", "whole"),
    is("AdminService/ChangeTemplate", "o", "held", "whole"),
    is("AdminService/ListTemplates", "sao", "held", "free"),
    is("AdminService/ListDeadLetters", "o", "held", "whole"),
    is("AdminService/ReplayDeadLetters", "o", "held", "whole"),
    is("AdminService/AddPrincipal", "o", "held", "held"),
    // Held against the principal that it names, of which the matrix names none: see `bound`.
    is("AdminService/RotatePrincipal", "o", "free", "free"),
    is("AdminService/RevokePrincipal", "o", "free", "free"),
    is("AdminService/ListPrincipals", "o", "free", "free"),
];
