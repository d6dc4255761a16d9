//! A stored fact as pairs of a name and a value for people, from the descriptors of the protos.
//!
//! ```text
//! sender = 1001 · categories = marketing, utility · method = website · policy.window_hours = 24
//! ```

use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, ReflectMessage, Value};

use super::opened::Opened;
use crate::consent::time::Time;

/// Fields that are times, in microseconds since 1970.
const TIMES: [&str; 7] = ["expires_at", "until", "due_at", "asked_at", "valid_until", "occurred_at", "claimed_at"];

/// The fields of a clear part's fact, in the order of their numbers; what is absent is left out.
#[must_use]
pub fn pairs(clear: &Opened) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let message = clear.message();
    let fact = message.descriptor().oneofs().find(|oneof| oneof.name() == "fact");
    let set = fact.and_then(|fact| fact.fields().find(|field| message.has_field(field)));
    if let Some(field) = set
        && let Some(fact) = message.get_field(&field).as_message()
    {
        collect("", fact, &mut pairs);
    }
    pairs
}

fn collect(before: &str, message: &DynamicMessage, pairs: &mut Vec<(String, String)>) {
    for (field, value) in message.fields() {
        let name = format!("{before}{}", field.name());
        match value {
            Value::Message(inner) => collect(&format!("{name}."), inner, pairs),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(|item| word(&field, item)).collect();
                pairs.push((name, items.join(", ")));
            }
            other => pairs.push((name, word(&field, other))),
        }
    }
}

fn word(field: &FieldDescriptor, value: &Value) -> String {
    match value {
        Value::Bool(value) => if *value { "yes" } else { "no" }.to_owned(),
        Value::I64(micros) if TIMES.contains(&field.name()) => Time::from_micros(*micros).to_string(),
        Value::I32(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
        Value::U32(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::F32(number) => number.to_string(),
        Value::F64(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Bytes(bytes) => hex::encode(bytes),
        Value::EnumNumber(number) => match field.kind() {
            Kind::Enum(words) => enum_word(&words, *number),
            _ => number.to_string(),
        },
        Value::Message(message) => {
            let mut pairs = Vec::new();
            collect("", message, &mut pairs);
            pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        }
        Value::List(_) | Value::Map(_) => String::new(),
    }
}

/// `CATEGORY_MARKETING` of `Category` is `marketing`.
fn enum_word(words: &EnumDescriptor, number: i32) -> String {
    let Some(value) = words.get_value(number) else { return number.to_string() };
    let mut prefix = String::new();
    for (place, c) in words.name().chars().enumerate() {
        if c.is_uppercase() && place > 0 {
            prefix.push('_');
        }
        prefix.push(c.to_ascii_uppercase());
    }
    let name = value.name();
    name.strip_prefix(&prefix).and_then(|rest| rest.strip_prefix('_')).unwrap_or(name).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::clear_part::Fact;
    use crate::proto::{ClearPart, ContactErased, InboundMessageReceived, Policy, PolicyAdopted, SenderRestricted};
    use prost::Message;

    fn of(fact: Fact) -> Vec<String> {
        let clear = ClearPart { occurred_at: 7, fact: Some(fact), ..Default::default() };
        let pairs = pairs(&Opened::clear(&clear.encode_to_vec()).unwrap());
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn a_fact_is_pairs_in_words() {
        let inbound = InboundMessageReceived { sender: "1".into(), kind: 13, keyword: 1, possible_opt_out: true, ..Default::default() };
        assert_eq!(
            of(Fact::InboundMessageReceived(inbound)),
            ["sender=1", "kind=call_accepted", "keyword=opt_out", "possible_opt_out=yes"]
        );
        let restricted = SenderRestricted { kinds: vec![1, 77], until: 1_772_359_200_000_000, ..Default::default() };
        assert_eq!(of(Fact::SenderRestricted(restricted)), ["kinds=business_initiated, 77", "until=2026-03-01T10:00:00Z"]);
        let policy = Policy { preset: "meta".into(), window_hours: 24, inbound_after_opt_out: 2, ..Default::default() };
        let adopted = PolicyAdopted { version: 1, policy: Some(policy) };
        let expected = ["version=1", "policy.preset=meta", "policy.window_hours=24", "policy.inbound_after_opt_out=lifts"];
        assert_eq!(of(Fact::PolicyAdopted(adopted)), expected);
        let erased = ContactErased { trails: vec![2, 9], suppression_tokens: vec![vec![1; 2]], ..Default::default() };
        assert_eq!(of(Fact::ContactErased(erased)), ["trails=2, 9", "suppression_tokens=0101"]);
    }
}
