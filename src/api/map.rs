//! From domain types to messages; nothing here can fail.

use prost_types::Timestamp;
use tonic::codegen::Bytes;

use crate::consent::decide::Decision;
use crate::consent::identifier::Identifier;
use crate::consent::sender::{Declaration, Restriction};
use crate::consent::time::Time;
use crate::consent::words::{Categories, Seq};
use crate::ledger::bytes::kind::field_name;
use crate::ledger::writing::record::Acknowledgement;
use crate::ledger::{Answer, OpenedEntry, Position};
use crate::proto::{self, ClearPart};

/// A time.
#[must_use]
pub fn timestamp(time: Time) -> Timestamp {
    let nanos = time.micros().rem_euclid(1_000_000) * 1_000;
    Timestamp { seconds: time.micros().div_euclid(1_000_000), nanos: i32::try_from(nanos).unwrap_or_default() }
}

/// A place in the log.
#[must_use]
pub fn position(position: Position) -> proto::Position {
    proto::Position { seq: position.seq.number(), hash: Bytes::copy_from_slice(&position.hash) }
}

/// Identifiers as texts.
#[must_use]
pub fn identifiers(identifiers: &[Identifier]) -> Vec<String> {
    identifiers.iter().map(|identifier| identifier.as_str().to_owned()).collect()
}

/// An answer.
#[must_use]
pub fn decision(answer: Answer) -> proto::Decision {
    let (head, at) = (position(answer.position), timestamp(answer.at));
    proto::Decision { position: Some(head), at: Some(at), ..decided(answer.decision, answer.policy_version) }
}

/// A decision, without where and when.
#[must_use]
pub fn decided(decision: Decision, policy_version: u32) -> proto::Decision {
    proto::Decision {
        permission: i32::from(decision.permission.number()),
        reasons: decision.reasons.into_iter().map(|reason| i32::from(reason.number())).collect(),
        allowed_template_categories: categories(decision.allowed),
        window_closes_at: decision.window_closes_at.map(timestamp),
        valid_until: decision.valid_until.map(timestamp),
        deciding_seqs: decision.deciding_seqs.into_iter().map(Seq::number).collect(),
        policy_version,
        position: None,
        at: None,
    }
}

/// What a record came to.
#[must_use]
pub fn acknowledgement(acknowledgement: Acknowledgement) -> proto::Acknowledgement {
    proto::Acknowledgement {
        seq: acknowledgement.seq.number(),
        entry_hash: acknowledgement.entry_hash.to_vec(),
        duplicate: acknowledgement.duplicate,
        effect: i32::from(acknowledgement.effect.number()),
        caused_seq: acknowledgement.caused.unwrap_or_default().number(),
    }
}

/// What a business declared about a sender.
#[must_use]
pub fn declaration(declaration: Declaration) -> proto::SenderDeclaration {
    proto::SenderDeclaration {
        automated: declaration.automated,
        retail: declaration.retail,
        weekly_templates: declaration.weekly_templates,
        escalation_paths: declaration.paths.iter().map(|path| path.number().into()).collect(),
    }
}

/// What the platform forbids.
#[must_use]
pub fn restriction(restriction: &Restriction) -> proto::Restriction {
    proto::Restriction {
        kinds: restriction.kinds.iter().map(|kind| kind.number().into()).collect(),
        until: restriction.until.map(timestamp),
    }
}

/// An entry.
#[must_use]
pub fn entry(entry: OpenedEntry) -> proto::Entry {
    proto::Entry {
        seq: entry.seq.number(),
        entry_hash: entry.entry_hash.to_vec(),
        previous_hash: entry.previous_hash.to_vec(),
        recorded_at: Some(timestamp(entry.recorded_at)),
        account: entry.account,
        actor: entry.actor,
        trail: entry.trail,
        trail_seq: entry.trail_seq,
        second_trail: entry.second_trail,
        second_trail_seq: entry.second_trail_seq,
        kind: kind(&entry.clear).into(),
        clear: Some(entry.clear),
        sealed: entry.sealed,
        second_sealed: entry.second_sealed,
        erased: entry.erased,
        raw: entry.bytes,
        actor_name: String::new(),
    }
}

/// The name of a fact: that of its field in `ClearPart`.
#[must_use]
pub fn kind(clear: &ClearPart) -> &'static str {
    clear.fact.as_ref().map_or("", field_name)
}

fn categories(categories: Categories) -> Vec<i32> {
    categories.iter().map(|category| i32::from(category.number())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::policy::{InboundAfterOptOut, RedQuality, Scope, UnknownContact};
    use crate::consent::words::{Category, Effect, InboundKind, Method, Permission, Reason};

    #[test]
    fn words_and_protos_number_alike() {
        let pairs = |numbers: &mut dyn Iterator<Item = (u8, String, &'static str, &'static str)>| {
            for (number, text, name, prefix) in numbers {
                assert_eq!(name, format!("{prefix}_{}", text.to_uppercase()), "number {number}");
            }
        };
        macro_rules! same {
            ($word:ident, $proto:ident, $prefix:literal) => {
                pairs(&mut $word::ALL.iter().map(|word| {
                    let number = i32::from(word.number());
                    (word.number(), word.to_string(), proto::$proto::try_from(number).unwrap().as_str_name(), $prefix)
                }));
            };
        }
        same!(Category, Category, "CATEGORY");
        same!(Method, Method, "METHOD");
        same!(InboundKind, InboundKind, "INBOUND_KIND");
        same!(Permission, Permission, "PERMISSION");
        same!(Reason, Reason, "REASON");
        same!(Effect, Effect, "EFFECT");
        same!(InboundAfterOptOut, InboundAfterOptOut, "INBOUND_AFTER_OPT_OUT");
        same!(UnknownContact, UnknownContact, "UNKNOWN_CONTACT");
        same!(Scope, Scope, "SCOPE");
        same!(RedQuality, RedQuality, "RED_QUALITY");
    }

    #[test]
    fn a_time_before_1970_still_has_nanoseconds_from_zero_up() {
        assert_eq!(timestamp(Time::from_micros(-1)), Timestamp { seconds: -1, nanos: 999_999_000 });
    }
}
