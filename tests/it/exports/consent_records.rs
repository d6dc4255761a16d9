//! Consent records: terms that exist, events in order, provenance.

use std::collections::BTreeSet;

use consent_ledger::export::collected::Collected;
use consent_ledger::export::consent_record;
use consent_ledger::proto::clear_part::Fact;
use consent_ledger::proto::{Entry, Evidence, IdentityKeyChanged, OptedIn, PlatformPreferenceChanged, SealedPart};
use serde_json::{Value, json};

use super::made::{entry, opted_in, opted_out, sealed, taken, wrote};
use super::{CONTACT, export, with_people};

/// Every term of the Data Privacy Vocabulary that may be written: each was looked up in its version 2.3.
const TERMS: [&str; 34] = [
    "dpv:CommunicationForCustomerCare",
    "dpv:CommunicationManagement",
    "dpv:Consent",
    "dpv:ConsentExpired",
    "dpv:ConsentGiven",
    "dpv:ConsentInvalidated",
    "dpv:ConsentNotice",
    "dpv:ConsentRecord",
    "dpv:ConsentRefused",
    "dpv:ConsentUnknown",
    "dpv:ConsentWithdrawn",
    "dpv:CustomerManagement",
    "dpv:DataController",
    "dpv:DataSubject",
    "dpv:DirectMarketing",
    "dpv:IdentityAuthentication",
    "dpv:PersonalData",
    "dpv:Process",
    "dpv:Purpose",
    "dpv:RenewedConsentGiven",
    "dpv:UntilEventDuration",
    "dpv:UntilTimeDuration",
    "dpv:hasConsentStatus",
    "dpv:hasDataController",
    "dpv:hasDataSubject",
    "dpv:hasDuration",
    "dpv:hasIndicationMethod",
    "dpv:hasLegalBasis",
    "dpv:hasName",
    "dpv:hasNotice",
    "dpv:hasPersonalData",
    "dpv:hasProcess",
    "dpv:hasPurpose",
    "dpv:isIndicatedAtTime",
];

/// And these, of the same version.
const MORE_TERMS: [&str; 3] = ["dpv:isIndicatedBy", "pd:TelephoneNumber", "pd:UID"];

fn records(entries: Vec<Entry>, controller: Option<&str>) -> Value {
    let collected = taken(Collected::default(), entries);
    let mut written = Vec::new();
    consent_record::write(&collected, controller, &mut written).unwrap();
    serde_json::from_slice(&written).unwrap()
}

/// The events of the record with this title, as pairs of a status and the entry's number.
fn events(records: &Value, title: &str) -> Vec<(String, String)> {
    let record = records["@graph"].as_array().unwrap().iter().find(|record| record["dct:title"] == title);
    let record = record.unwrap_or_else(|| panic!("no record {title:?} in {records:#}"));
    let event = |event: &Value| {
        let entry = event["dct:source"]["dct:title"].as_str().unwrap().split(' ').nth(1).unwrap().to_owned();
        (event["@type"].as_str().unwrap().trim_start_matches("dpv:").to_owned(), entry)
    };
    record["dpv:hasConsentStatus"].as_array().unwrap().iter().map(event).collect()
}

fn pairs(expected: &[(&str, u64)]) -> Vec<(String, String)> {
    expected.iter().map(|(status, seq)| ((*status).to_owned(), seq.to_string())).collect()
}

/// Every word of the value that looks like a term.
fn terms(value: &Value, found: &mut BTreeSet<String>) {
    let is_term = |text: &str| text.starts_with("dpv:") || text.starts_with("pd:");
    match value {
        Value::String(text) => found.extend(is_term(text).then(|| text.clone())),
        Value::Array(items) => items.iter().for_each(|item| terms(item, found)),
        Value::Object(members) => {
            found.extend(members.keys().filter(|name| is_term(name)).cloned());
            members.values().for_each(|value| terms(value, found));
        }
        _ => {}
    }
}

#[test]
fn a_record_is_of_one_contact_scope_and_category_with_its_events_in_order_of_time() {
    let records = records(
        vec![
            entry(1, 5, opted_in("", &[1, 2]), sealed()),
            entry(2, 0, opted_out("", &[1]), sealed()),
            entry(3, 7, opted_in("", &[1]), sealed()),
            entry(4, 9, opted_out("1001", &[1]), sealed()),
            entry(5, 11, opted_out("", &[1]), sealed()),
        ],
        None,
    );
    let expected = pairs(&[("ConsentRefused", 2), ("ConsentGiven", 1), ("RenewedConsentGiven", 3), ("ConsentWithdrawn", 5)]);
    assert_eq!(events(&records, "marketing, all senders"), expected);
    let at_one = [("ConsentRefused", 2), ("ConsentGiven", 1), ("RenewedConsentGiven", 3), ("ConsentWithdrawn", 4), ("ConsentRefused", 5)];
    assert_eq!(events(&records, "marketing, sender 1001"), pairs(&at_one), "what is said for all senders covers each");
    assert_eq!(events(&records, "utility, all senders"), pairs(&[("ConsentGiven", 1)]));
    assert_eq!(records["@graph"].as_array().unwrap().len(), 3);
}

#[test]
fn what_ends_by_itself_expires_and_what_a_changed_key_suspends_is_invalidated() {
    let until = OptedIn { categories: vec![1], method: 1, expires_at: (super::made::START + 3_600) * 1_000_000, ..Default::default() };
    let records = records(
        vec![
            entry(1, 0, Fact::OptedIn(until), sealed()),
            entry(2, 9, opted_in("", &[2]), sealed()),
            entry(3, 10, Fact::IdentityKeyChanged(IdentityKeyChanged { sender: "1001".into() }), sealed()),
        ],
        None,
    );
    assert_eq!(events(&records, "marketing, all senders"), pairs(&[("ConsentGiven", 1), ("ConsentExpired", 1)]));
    assert_eq!(events(&records, "utility, all senders"), pairs(&[("ConsentGiven", 2), ("ConsentInvalidated", 3)]));
}

#[test]
fn an_import_without_evidence_after_an_opt_out_is_no_known_consent() {
    let weak = OptedIn { categories: vec![1], method: 5, ..Default::default() };
    let records = records(vec![entry(1, 0, opted_out("", &[1]), sealed()), entry(2, 9, Fact::OptedIn(weak), sealed())], None);
    assert_eq!(events(&records, "marketing, all senders"), pairs(&[("ConsentRefused", 1), ("ConsentUnknown", 2)]));
}

#[test]
fn what_was_told_to_whatsapp_itself_is_a_record_of_its_own() {
    let told = |preference| Fact::PlatformPreferenceChanged(PlatformPreferenceChanged { sender: "1001".into(), preference });
    let records = records(
        vec![
            entry(1, 0, opted_in("", &[1]), sealed()),
            entry(2, 1, told(1), sealed()),
            entry(3, 2, told(2), sealed()),
            entry(4, 3, told(1), sealed()),
        ],
        None,
    );
    let expected = pairs(&[("ConsentRefused", 2), ("RenewedConsentGiven", 3), ("ConsentWithdrawn", 4)]);
    assert_eq!(events(&records, "marketing, in WhatsApp itself, sender 1001"), expected);
    let marketing = records["@graph"].as_array().unwrap().iter().find(|record| record["dct:title"] == "marketing, all senders").unwrap();
    let description = marketing["dct:description"].as_str().unwrap();
    assert!(description.contains("opted in (entry 1), and marketing stopped in WhatsApp itself (entry 4)"), "{description}");
}

#[test]
fn only_terms_of_the_vocabulary_are_written_and_the_fields_that_are_known_are_there() {
    let evidence = Evidence { text: "I agree".into(), text_version: "v3".into(), locale: "en".into(), ..Default::default() };
    let by_user_id = SealedPart { identifiers: vec!["US.1".into()], evidence: Some(evidence), ..Default::default() };
    let records =
        records(vec![entry(1, 0, opted_in("", &[1, 2, 3, 4]), by_user_id), entry(2, 1, wrote("1001"), sealed())], Some("Example Ltd"));
    let mut found = BTreeSet::new();
    terms(&records, &mut found);
    let unknown: Vec<&String> =
        found.iter().filter(|term| !TERMS.contains(&term.as_str()) && !MORE_TERMS.contains(&term.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let record = &records["@graph"][0];
    assert_eq!(record["@type"], "dpv:ConsentRecord");
    assert_eq!(record["@id"], json!(format!("urn:uuid:{}", record["dct:identifier"].as_str().unwrap())));
    assert_eq!(record["dct:conformsTo"], "https://w3id.org/dpv/schema/dpv-27560#record");
    assert_eq!(record["dpv:hasDataController"], json!({ "@type": "dpv:DataController", "dpv:hasName": "Example Ltd" }));
    let event = &record["dpv:hasConsentStatus"][0];
    assert_eq!(event["dpv:isIndicatedAtTime"], "2026-03-01T00:00:00Z");
    assert_eq!((&event["dpv:isIndicatedBy"], &event["dpv:hasIndicationMethod"]), (&json!("dpv:DataSubject"), &json!("website")));
    let notice = json!({ "@type": "dpv:ConsentNotice", "dct:description": "I agree", "dct:identifier": "v3", "dct:language": "en" });
    assert_eq!(event["dpv:hasNotice"], notice);
    assert_eq!(event["dct:source"]["dct:identifier"].as_str().unwrap().len(), 64);
}

#[test]
fn a_real_contact_has_the_same_records_in_every_export() {
    let (dir, server) = with_people();
    let identifiers = |name: &str| {
        let out = dir.path().join(name);
        let said = export(&server.url(), &out, &["--contact", CONTACT, "--format", "consent-record", "--controller", "Example Ltd"]);
        assert_eq!(said.code, 0, "{said:?}");
        let records: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
        let identifiers = records["@graph"].as_array().unwrap().iter().map(|record| record["dct:identifier"].to_string());
        identifiers.collect::<Vec<_>>()
    };
    let first = identifiers("a");
    // An opt-in for all senders, and an opt-out from everything at one.
    assert_eq!(first.len(), 1 + 4);
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), first.len());
    assert_eq!(first, identifiers("b"));
}
