//! Messages as JSON: words as their names, times as RFC 3339, hashes in hex.

use serde_json::{Map, Value, json};

use super::words::{category, effect, method, reason, time};
use crate::consent::time::Time;
use crate::consent::words::{InboundKind, Permission, PlatformPreference};
use crate::proto::clear_part::Fact;
use crate::proto::{Acknowledgement, ClearPart, Contact, Decision, Entry, Evidence, Keyword, Position, SealedPart};

/// A decision.
#[must_use]
pub fn decision(decision: &Decision) -> Value {
    json!({
        "permission": Permission::from_number(decision.permission).map(Permission::as_str),
        "reasons": decision.reasons.iter().map(|number| reason(*number)).collect::<Vec<_>>(),
        "allowed_template_categories": categories(&decision.allowed_template_categories),
        "window_closes_at": time(decision.window_closes_at.as_ref()).map(text),
        "valid_until": time(decision.valid_until.as_ref()).map(text),
        "deciding_seqs": decision.deciding_seqs,
        "policy_version": decision.policy_version,
        "position": decision.position.as_ref().map(position),
        "at": time(decision.at.as_ref()).map(text),
    })
}

/// A place in the log.
#[must_use]
pub fn position(position: &Position) -> Value {
    json!({ "seq": position.seq, "hash": hex::encode(&position.hash) })
}

/// What a record came to.
#[must_use]
pub fn acknowledgement(acknowledgement: &Acknowledgement) -> Value {
    json!({
        "seq": acknowledgement.seq,
        "entry_hash": hex::encode(&acknowledgement.entry_hash),
        "duplicate": acknowledgement.duplicate,
        "effect": effect(acknowledgement.effect),
        "caused_seq": (acknowledgement.caused_seq != 0).then_some(acknowledgement.caused_seq),
    })
}

/// What is known of a contact.
#[must_use]
pub fn contact(contact: &Contact) -> Value {
    let decisions = contact.decisions.iter().map(|item| (category(item.category), item.decision.as_ref().map_or(Value::Null, decision)));
    json!({
        "trails": contact.trails,
        "entries": contact.entries,
        "identifiers": contact.identifiers,
        "first_seq": contact.first_seq,
        "last_seq": contact.last_seq,
        "first_recorded_at": time(contact.first_recorded_at.as_ref()).map(text),
        "last_recorded_at": time(contact.last_recorded_at.as_ref()).map(text),
        "erasure_due_at": time(contact.erasure_due_at.as_ref()).map(text),
        "held_since": time(contact.held_since.as_ref()).map(text),
        "decisions": decisions.collect::<Map<_, _>>(),
        "position": contact.position.as_ref().map(position),
    })
}

/// An entry.
#[must_use]
pub fn entry(entry: &Entry) -> Value {
    let mut value = json!({
        "seq": entry.seq,
        "entry_hash": hex::encode(&entry.entry_hash),
        "previous_hash": hex::encode(&entry.previous_hash),
        "recorded_at": time(entry.recorded_at.as_ref()).map(text),
        "account": entry.account,
        "actor": entry.actor,
        "trail": entry.trail,
        "trail_seq": entry.trail_seq,
        "second_trail": (entry.second_trail != 0).then_some(entry.second_trail),
        "second_trail_seq": (entry.second_trail != 0).then_some(entry.second_trail_seq),
        "kind": entry.kind,
        "occurred_at": entry.clear.as_ref().and_then(|clear| instant(clear.occurred_at)),
        "facts": entry.clear.as_ref().map(|clear| Value::Object(facts(clear))),
        "sealed": entry.sealed.as_ref().map(sealed),
        "second_sealed": entry.second_sealed.as_ref().map(sealed),
        "erased": entry.erased,
        "raw": (!entry.raw.is_empty()).then(|| hex::encode(&entry.raw)),
    });
    if let (Some(object), false) = (value.as_object_mut(), entry.actor_name.is_empty()) {
        object.insert("actor_name".to_owned(), entry.actor_name.clone().into());
    }
    value
}

/// The facts of an entry that people ask about, by name; what is absent is left out.
#[must_use]
pub fn facts(clear: &ClearPart) -> Map<String, Value> {
    let value = match &clear.fact {
        Some(Fact::OptedIn(fact)) => json!({
            "sender": fact.sender, "categories": categories(&fact.categories), "method": method(fact.method),
            "expires_at": instant(fact.expires_at), "evidence": fact.has_evidence,
        }),
        Some(Fact::OptedOut(fact)) => json!({
            "sender": fact.sender, "categories": categories(&fact.categories), "method": method(fact.method),
            "keyword_sender": fact.keyword_sender,
        }),
        Some(Fact::InboundMessageReceived(fact)) => json!({
            "sender": fact.sender, "kind": InboundKind::from_number(fact.kind).map(InboundKind::as_str), "keyword": keyword(fact.keyword()),
            "holds_opt_out_word": fact.holds_opt_out_word, "possible_opt_out": fact.possible_opt_out,
        }),
        Some(Fact::PlatformPreferenceChanged(fact)) => json!({
            "sender": fact.sender, "preference": PlatformPreference::from_number(fact.preference).map(PlatformPreference::as_str),
        }),
        Some(Fact::SendFailed(fact)) => json!({ "sender": fact.sender, "code": fact.code }),
        Some(Fact::ConfirmationSent(fact)) => json!({ "sender": fact.sender }),
        Some(Fact::PossibleOptOutResolved(fact)) => json!({ "message": fact.seq, "confirmed": fact.confirmed }),
        Some(Fact::IdentityKeyChanged(fact)) => json!({ "sender": fact.sender }),
        Some(Fact::DecisionReceiptIssued(fact)) => json!({
            "sender": fact.sender, "category": (fact.category != 0).then(|| category(fact.category)),
            "opt_out_confirmation": fact.opt_out_confirmation, "template": fact.template_name,
            "permission": Permission::from_number(fact.permission).map(Permission::as_str),
            "reasons": fact.reasons.iter().map(|number| reason(*number)).collect::<Vec<_>>(), "position": fact.position_seq,
        }),
        Some(Fact::AccountCreated(fact)) => json!({ "name": fact.name }),
        Some(Fact::LedgerCreated(fact)) => {
            json!({ "ledger_id": hex::encode(&fact.ledger_id), "origin": fact.origin, "format": fact.format })
        }
        Some(Fact::ErasureRequested(fact)) => json!({ "due_at": instant(fact.due_at), "keep_suppression": fact.keep_suppression }),
        Some(Fact::ErasureCancelled(fact)) => json!({ "requests": fact.request_seqs }),
        Some(Fact::LegalHoldChanged(fact)) if fact.held => json!({ "held": true }),
        Some(Fact::LegalHoldChanged(fact)) => json!({ "released": fact.hold_seqs }),
        Some(Fact::ContactErased(fact)) => json!({ "trails": fact.trails }),
        Some(Fact::PersonalDataRead(fact)) => json!({
            "method": fact.method, "entries": fact.entries, "trail": (fact.contact != 0).then_some(fact.contact),
        }),
        _ => json!({}),
    };
    let Value::Object(facts) = value else { return Map::new() };
    facts.into_iter().filter(|(_, value)| !is_absent(value)).collect()
}

fn sealed(sealed: &SealedPart) -> Value {
    json!({
        "identifiers": sealed.identifiers,
        "event_id": sealed.event_id,
        "message_id": sealed.message_id,
        "text": sealed.text,
        "evidence": sealed.evidence.as_ref().map(evidence),
    })
}

fn evidence(evidence: &Evidence) -> Value {
    json!({
        "text": evidence.text,
        "text_version": evidence.text_version,
        "locale": evidence.locale,
        "url": evidence.url,
        "ip_address": evidence.ip_address,
        "user_agent": evidence.user_agent,
        "file_name": evidence.file_name,
        "file_line": evidence.file_line,
        "file_sha256": hex::encode(&evidence.file_sha256),
        "other": evidence.other.iter().map(|field| json!({ "name": field.name, "value": field.value })).collect::<Vec<_>>(),
    })
}

fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn keyword(keyword: Keyword) -> Option<&'static str> {
    match keyword {
        Keyword::Unspecified => None,
        Keyword::OptOut => Some("opt_out"),
        Keyword::OptIn => Some("opt_in"),
    }
}

fn categories(numbers: &[i32]) -> Vec<String> {
    numbers.iter().map(|number| category(*number)).collect()
}

/// Microseconds since 1970; zero is absent.
fn instant(micros: i64) -> Option<String> {
    (micros != 0).then(|| text(Time::from_micros(micros)))
}

fn text(time: Time) -> String {
    time.to_string()
}

/// The facts of an entry on one line: `sender=1 categories=marketing,utility method=website`.
#[must_use]
pub fn facts_line(clear: &ClearPart) -> String {
    let one = |value: Value| if let Value::String(text) = value { text } else { value.to_string() };
    let word = |value: Value| match value {
        Value::Array(items) => items.into_iter().map(one).collect::<Vec<_>>().join(","),
        other => one(other),
    };
    facts(clear).into_iter().map(|(name, value)| format!("{name}={}", word(value))).collect::<Vec<_>>().join(" ")
}
