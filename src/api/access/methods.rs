//! The one table of what may be called, and by whom.
//!
//! | needs | |
//! |---|---|
//! | nothing | anybody who reaches the port: whether the server runs, and what its calls look like |
//! | credentials | anybody who is let in, whatever their roles |
//! | a role | whoever has one of them |
//! | a signature | the provider, by its own signature over the body |
//!
//! Wrong credentials are refused everywhere but under a signature.

use std::sync::LazyLock;

use crate::consent::role::{Role, Roles};
use crate::ledger::memory::maps::QuickMap;

/// What a method needs of its caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// Credentials, whatever they are for.
    Credentials,
    /// One of these roles.
    Role(Roles),
    /// The provider's signature over the body.
    Signature,
}

impl Needs {
    /// Whether it matters who calls.
    #[must_use]
    pub const fn asks_who(self) -> bool {
        matches!(self, Self::Credentials | Self::Role(_))
    }
}

/// How the account of a call is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// The call is about none: what it shows is the same for everybody.
    NoAccount,
    /// By the field `account`; empty is `default`.
    Field,
    /// By the field `account` of each item of the stream.
    Item,
    /// By the entry that it names.
    Entry,
    /// By the accounts of the principal that it is about, which are among the caller's own.
    Principal,
    /// All of them: only for a caller bound to none.
    Ledger,
    /// By the path.
    Path,
}

/// How the sender of a call is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum For {
    /// By a field, of an item where it is a stream: a caller bound to senders must name one of them, also where others need not.
    Named,
    /// It is for all of them, or about none: not for a caller bound to senders.
    All,
    /// The call is not held against senders.
    Nobody,
}

/// A row.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// Its path, the same in gRPC and in JSON over HTTP.
    pub path: &'static str,
    /// What it needs.
    pub needs: Needs,
    /// How its account is found.
    pub account: Of,
    /// How its sender is found.
    pub sender: For,
    /// Whether it answers with a stream, which ends when its caller's credentials do.
    pub streams: bool,
}

const NONE: Roles = Roles::NONE;
const SENDER: Roles = NONE.with(Role::Sender);
const RECORDER: Roles = NONE.with(Role::Recorder);
const AUDITOR: Roles = NONE.with(Role::Auditor);
const OPERATOR: Roles = NONE.with(Role::Operator);
const ERASER: Roles = NONE.with(Role::Eraser);

const fn call(path: &'static str, roles: Roles, account: Of, sender: For) -> Method {
    Method { path, needs: Needs::Role(roles), account, sender, streams: false }
}

const fn stream(path: &'static str, roles: Roles, account: Of, sender: For) -> Method {
    Method { streams: true, ..call(path, roles, account, sender) }
}

const fn other(path: &'static str, needs: Needs, streams: bool) -> Method {
    Method { path, needs, account: Of::NoAccount, sender: For::Nobody, streams }
}

/// Every method and every path.
pub const METHODS: &[Method] = &[
    // May this sender write to this contact?
    call("/consent.v1.DecisionService/CheckSend", SENDER, Of::Field, For::Named),
    call("/consent.v1.DecisionService/BatchCheckSend", SENDER, Of::Field, For::Named),
    stream("/consent.v1.DecisionService/StreamCheckSend", SENDER, Of::Item, For::Named),
    call("/consent.v1.DecisionService/VerifyDecision", AUDITOR, Of::Entry, For::Named),
    // What contacts did. What says something about all senders, as who is who does, is not for callers bound to some.
    call("/consent.v1.RecordingService/RecordOptIn", RECORDER, Of::Field, For::Named),
    call("/consent.v1.RecordingService/RecordOptOut", RECORDER, Of::Field, For::Named),
    call("/consent.v1.RecordingService/RecordInboundMessage", RECORDER, Of::Field, For::Named),
    call("/consent.v1.RecordingService/RecordProviderFeedback", RECORDER, Of::Field, For::Named),
    call("/consent.v1.RecordingService/RecordPlatformPreference", RECORDER, Of::Field, For::Named),
    call("/consent.v1.RecordingService/RecordConfirmationSent", RECORDER, Of::Field, For::Named),
    stream("/consent.v1.RecordingService/RecordStream", RECORDER, Of::Item, For::Named),
    stream("/consent.v1.RecordingService/RehearseStream", RECORDER, Of::Item, For::Named),
    call("/consent.v1.IdentityService/LinkIdentifiers", RECORDER, Of::Field, For::All),
    call("/consent.v1.IdentityService/ChangeNumber", RECORDER, Of::Field, For::All),
    call("/consent.v1.IdentityService/ChangeUserId", RECORDER, Of::Field, For::All),
    call("/consent.v1.IdentityService/ReportIdentityChange", RECORDER, Of::Field, For::Named),
    // Who is forgotten.
    call("/consent.v1.IdentityService/RequestErasure", ERASER, Of::Field, For::All),
    call("/consent.v1.IdentityService/CancelErasure", ERASER, Of::Field, For::All),
    call("/consent.v1.IdentityService/SetLegalHold", ERASER, Of::Field, For::All),
    call("/consent.v1.IdentityService/ListErasures", ERASER.with(Role::Auditor), Of::Field, For::All),
    // What the ledger holds.
    call("/consent.v1.AuditService/GetContact", AUDITOR, Of::Field, For::All),
    call("/consent.v1.AuditService/ListEntries", AUDITOR, Of::Field, For::All),
    stream("/consent.v1.AuditService/ExportEntries", AUDITOR, Of::Field, For::All),
    stream("/consent.v1.AuditService/GetEvidence", AUDITOR, Of::Field, For::All),
    call("/consent.v1.AuditService/GetDrift", AUDITOR, Of::Field, For::Named),
    call("/consent.v1.AuditService/GetCheckpoint", AUDITOR, Of::NoAccount, For::Nobody),
    call("/consent.v1.AuditService/ProveInclusion", AUDITOR, Of::Entry, For::Nobody),
    call("/consent.v1.AuditService/ProveConsistency", AUDITOR, Of::NoAccount, For::Nobody),
    call("/consent.v1.AuditService/ListReads", AUDITOR, Of::Field, For::All),
    call("/consent.v1.AuditService/ListPossibleOptOuts", AUDITOR.with(Role::Recorder), Of::Field, For::All),
    call("/consent.v1.AuditService/ResolvePossibleOptOut", RECORDER, Of::Field, For::All),
    // What changes.
    stream("/consent.v1.WatchService/WatchEntries", AUDITOR, Of::Field, For::All),
    stream("/consent.v1.WatchService/WatchWindows", SENDER.with(Role::Auditor), Of::Field, For::Named),
    // How the ledger is run.
    call("/consent.v1.AdminService/GetStatus", OPERATOR.with(Role::Auditor), Of::Ledger, For::All),
    call("/consent.v1.AdminService/CreateAccount", OPERATOR, Of::Ledger, For::All),
    call("/consent.v1.AdminService/ListAccounts", OPERATOR, Of::Ledger, For::All),
    call("/consent.v1.AdminService/AdoptPolicy", OPERATOR, Of::Field, For::All),
    call("/consent.v1.AdminService/GetPolicy", OPERATOR.with(Role::Auditor), Of::Field, For::All),
    call("/consent.v1.AdminService/DiffPolicy", OPERATOR, Of::Field, For::Named),
    call("/consent.v1.AdminService/DeclareSender", OPERATOR, Of::Field, For::Named),
    call("/consent.v1.AdminService/ReportStanding", OPERATOR, Of::Field, For::Named),
    call("/consent.v1.AdminService/GetSenderStanding", SENDER.with(Role::Auditor).with(Role::Operator), Of::Field, For::Named),
    call("/consent.v1.AdminService/RegisterTemplate", OPERATOR, Of::Field, For::All),
    call("/consent.v1.AdminService/ChangeTemplate", OPERATOR, Of::Field, For::All),
    call("/consent.v1.AdminService/ListTemplates", SENDER.with(Role::Auditor).with(Role::Operator), Of::Field, For::Nobody),
    call("/consent.v1.AdminService/ListDeadLetters", OPERATOR, Of::Field, For::All),
    call("/consent.v1.AdminService/ReplayDeadLetters", OPERATOR, Of::Field, For::All),
    call("/consent.v1.AdminService/AddPrincipal", OPERATOR, Of::Principal, For::Named),
    call("/consent.v1.AdminService/RotatePrincipal", OPERATOR, Of::Principal, For::Nobody),
    call("/consent.v1.AdminService/RevokePrincipal", OPERATOR, Of::Principal, For::Nobody),
    call("/consent.v1.AdminService/ListPrincipals", OPERATOR, Of::Principal, For::Nobody),
    // Probes show that the server runs, and no more.
    other("/grpc.health.v1.Health/Check", Needs::Nothing, false),
    other("/grpc.health.v1.Health/Watch", Needs::Nothing, true),
    // The descriptors are no secret, but work: they are for whoever may call something.
    other("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Needs::Credentials, true),
    other("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", Needs::Credentials, true),
    // Only over HTTP.
    other("/healthz", Needs::Nothing, false),
    other("/readyz", Needs::Nothing, false),
    other("/openapi.json", Needs::Nothing, false),
    other("/metrics", Needs::Credentials, false),
    Method { account: Of::Path, ..other("/webhooks/{account}", Needs::Signature, false) },
];

/// The row of a path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Method> {
    static BY_PATH: LazyLock<QuickMap<&'static str, &'static Method>> =
        LazyLock::new(|| METHODS.iter().map(|method| (method.path, method)).collect());
    BY_PATH.get(path).copied()
}

/// Whether a path is asked for to learn whether the server runs, by whoever it may be.
#[must_use]
pub fn is_probe(path: &str) -> bool {
    find(path).is_some_and(|method| matches!(method.needs, Needs::Nothing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_one_row_and_every_role_is_for_something() {
        let paths: std::collections::BTreeSet<&str> = METHODS.iter().map(|method| method.path).collect();
        assert_eq!(paths.len(), METHODS.len());
        assert!(paths.iter().all(|path| find(path).is_some_and(|found| found.path == *path)));
        for role in Role::ALL {
            assert!(METHODS.iter().any(|method| matches!(method.needs, Needs::Role(roles) if roles.contains(*role))), "{role}");
        }
        assert!(find("/consent.v1.DecisionService/checksend").is_none() && find("").is_none());
    }
}
