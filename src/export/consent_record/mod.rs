//! One contact's consent as records in the terms of ISO/IEC TS 27560:2023, as JSON-LD.
//!
//! ```text
//! {"@context": {"dpv": "https://w3id.org/dpv#", …}, "@graph": [
//!   {"@type": "dpv:ConsentRecord", "dct:identifier": "…", "dpv:hasDataSubject": {…}, "dpv:hasProcess": {"dpv:hasPurpose": {…}, …},
//!    "dpv:hasConsentStatus": [{"@type": "dpv:ConsentGiven", "dpv:isIndicatedAtTime": "…", "dct:source": {…}}, …]}, …]}
//! ```
//!
//! The terms are those of the Data Privacy Vocabulary 2.3, put together as in the guide "Consent Records and Receipts as per
//! ISO/IEC TS 27560:2023 using DPV" of its community group, Final Community Group Report of 15 February 2026. What the ledger does
//! not know is left out, never guessed; `docs/exports.md` lists it.

mod history;

use std::collections::HashMap;
use std::io::Write;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use self::history::{Course, Register, Status, Step, courses};
use super::collected::Collected;
use super::person::{Life, Person};
use super::pieces::ExportError;
use super::time;
use crate::consent::event::SenderNumber;
use crate::consent::timeline::{self, Standing, policy_at};
use crate::consent::words::Category;
use crate::proto::{Entry, Evidence, ExportBegin};

/// The schema that says how to read a record.
const SCHEMA: &str = "https://w3id.org/dpv/schema/dpv-27560#record";

/// A sender that no entry names: what holds for all senders.
const ANY: SenderNumber = SenderNumber::new(u32::MAX);

/// Writes the records.
///
/// # Errors
/// Where they cannot be written.
pub fn write(collected: &Collected, controller: Option<&str>, out: &mut impl Write) -> Result<(), ExportError> {
    let value = records(collected, controller);
    serde_json::to_writer_pretty(&mut *out, &value).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

fn records(collected: &Collected, controller: Option<&str>) -> Value {
    let person = Person::of(collected);
    let entries: HashMap<u64, &Entry> = collected.entries.iter().map(|entry| (entry.seq, entry)).collect();
    let writing = Writing { begin: &collected.begin, person: &person, entries, controller };
    let graph: Vec<Value> = person
        .lives
        .iter()
        .flat_map(|life| courses(life, &person).into_iter().map(|course| writing.record(life, &course)).collect::<Vec<_>>())
        .collect();
    json!({ "@context": context(), "@graph": graph })
}

fn context() -> Value {
    let id = || json!({ "@type": "@id" });
    let instant = || json!({ "@type": "xsd:dateTime" });
    json!({
        "dpv": "https://w3id.org/dpv#",
        "pd": "https://w3id.org/dpv/pd#",
        "dct": "http://purl.org/dc/terms/",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "schema": "https://schema.org/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "dct:conformsTo": id(),
        "dct:created": instant(),
        "dpv:hasLegalBasis": id(),
        "dpv:isIndicatedAtTime": instant(),
        "dpv:isIndicatedBy": id(),
        "skos:broader": id(),
    })
}

struct Writing<'a> {
    begin: &'a ExportBegin,
    person: &'a Person,
    entries: HashMap<u64, &'a Entry>,
    controller: Option<&'a str>,
}

impl Writing<'_> {
    fn record(&self, life: &Life, course: &Course) -> Value {
        let identifier = self.identifier(life, course);
        let checkpoint = self.begin.checkpoint.clone().unwrap_or_default();
        let mut record = json!({
            "@id": format!("urn:uuid:{identifier}"),
            "@type": "dpv:ConsentRecord",
            "dct:identifier": identifier,
            "dct:title": format!("{}, {}", course.category, self.scope(course.register)),
            "dct:description": self.description(life, course),
            "dct:conformsTo": SCHEMA,
            "dct:created": time::text(self.begin.made_at.as_ref()),
            "dct:source": {
                "dct:title": format!("the ledger {}, its first {} entries", self.begin.origin, checkpoint.size),
                "dct:identifier": hex::encode(&checkpoint.root),
            },
            "dpv:hasDataSubject": { "@type": "dpv:DataSubject", "dct:identifier": life.identifiers },
            "dpv:hasProcess": {
                "@type": "dpv:Process",
                "dpv:hasPurpose": self.purpose(course),
                "dpv:hasPersonalData": personal_data(life),
                "dpv:hasLegalBasis": "dpv:Consent",
            },
            "dpv:hasConsentStatus": course.steps.iter().map(|step| self.status(step)).collect::<Vec<_>>(),
        });
        if let (Some(name), Some(record)) = (self.controller, record.as_object_mut()) {
            let controller = json!({ "@type": "dpv:DataController", "dpv:hasName": name });
            record.insert("dpv:hasDataController".to_owned(), controller);
        }
        record
    }

    /// The same record has the same identifier in every export: a UUID of version 8, made from what names it.
    ///
    /// ```text
    /// first 16 bytes of SHA-256("consent-ledger/v1 consent record" ‖ ledger_id ‖ seq of the contact's first act (8) ‖ scope ‖ category)
    /// ```
    fn identifier(&self, life: &Life, course: &Course) -> String {
        let mut hasher = Sha256::new();
        hasher.update("consent-ledger/v1 consent record");
        hasher.update(&self.begin.ledger_id);
        hasher.update(life.acts.first().map_or(0, |event| event.seq.number()).to_be_bytes());
        hasher.update(self.scope(course.register));
        hasher.update([course.category.number()]);
        let mut text = hex::encode(hasher.finalize());
        text.truncate(32);
        text.replace_range(12..13, "8");
        text.replace_range(16..17, "a");
        for place in [20, 16, 12, 8] {
            text.insert(place, '-');
        }
        text
    }

    fn scope(&self, register: Register) -> String {
        let name = |sender: SenderNumber| match self.person.senders.get(&sender) {
            Some(name) if sender != SenderNumber::ALL => format!("sender {name}"),
            _ => "all senders".to_owned(),
        };
        match register {
            Register::Ledger(sender) => name(sender),
            Register::Platform(sender) => format!("in WhatsApp itself, {}", name(sender)),
        }
    }

    /// What the rules make of it now, which the last event alone does not tell.
    fn description(&self, life: &Life, course: &Course) -> String {
        let policy = policy_at(&self.person.policies, self.person.at);
        let sender = match course.register {
            Register::Ledger(SenderNumber::ALL) => ANY,
            Register::Ledger(sender) | Register::Platform(sender) => sender,
        };
        let fact = |word: &str, seq| format!("{word} (entry {seq})");
        let standing = match timeline::standing(&life.facts, sender, &policy, course.category, self.person.at) {
            Standing::Unknown => "unknown".to_owned(),
            Standing::OptedOut(out) => fact("opted out", out.seq),
            Standing::OptedIn(opt_in) => fact("opted in", opt_in.fact.seq),
            Standing::Expired(opt_in) => fact("an opt-in that ended", opt_in.fact.seq),
            Standing::Suspended(opt_in) => fact("a suspended opt-in", opt_in.fact.seq),
        };
        let stopped = timeline::stopped(&life.facts, sender, &policy).filter(|_| course.category == Category::Marketing);
        let stopped = stopped.map(|stop| format!(", and marketing stopped in WhatsApp itself (entry {})", stop.seq)).unwrap_or_default();
        let left = life.left.filter(|left| *left <= self.person.at);
        let left = left.map(|left| format!(" The contact left its identifiers at {left}.")).unwrap_or_default();
        format!(
            "By the ledger's rules this comes to {standing}{stopped} at {}.{left} Fields of the schema that the ledger does not know \
             are left out; until whoever keeps the record adds them, it is incomplete.",
            self.person.at
        )
    }

    fn purpose(&self, course: &Course) -> Value {
        let broader: &[&str] = match course.category {
            Category::Marketing => &["dpv:DirectMarketing"],
            Category::Utility => &["dpv:CommunicationManagement", "dpv:CustomerManagement"],
            Category::Authentication => &["dpv:IdentityAuthentication"],
            Category::Service => &["dpv:CommunicationForCustomerCare"],
        };
        let about = match course.category {
            Category::Marketing => "offers, announcements and invitations",
            Category::Utility => "messages about an order, an appointment or an account",
            Category::Authentication => "one-time codes",
            Category::Service => "free-form conversation within the customer service window",
        };
        let description = format!("WhatsApp messages: {about}; {}", self.scope(course.register));
        json!({ "@type": "dpv:Purpose", "skos:broader": broader, "dct:title": course.category.as_str(), "dct:description": description })
    }

    fn status(&self, step: &Step) -> Value {
        let entry = self.entries.get(&step.seq.number());
        let hash = entry.map(|entry| hex::encode(&entry.entry_hash)).unwrap_or_default();
        let mut status = json!({
            "@type": step.status.term(),
            "dpv:isIndicatedAtTime": step.at.to_string(),
            "dct:source": { "dct:title": format!("entry {} of {}", step.seq, self.begin.origin), "dct:identifier": hash },
        });
        let Some(fields) = status.as_object_mut() else { return status };
        if let Some(method) = &step.method {
            fields.insert("dpv:isIndicatedBy".into(), json!("dpv:DataSubject"));
            fields.insert("dpv:hasIndicationMethod".into(), json!(method));
        }
        if matches!(step.status, Status::Given | Status::Renewed) {
            let until = step.until.map_or_else(
                || json!({ "@type": "dpv:UntilEventDuration", "rdf:value": "an opt-out" }),
                |until| json!({ "@type": "dpv:UntilTimeDuration", "rdf:value": until.to_string() }),
            );
            fields.insert("dpv:hasDuration".into(), until);
        }
        let evidence = entry.and_then(|entry| entry.sealed.as_ref()).and_then(|sealed| sealed.evidence.as_ref());
        if let Some(notice) = evidence.filter(|_| step.method.is_some()).and_then(notice) {
            fields.insert("dpv:hasNotice".into(), notice);
        }
        status
    }
}

fn personal_data(life: &Life) -> Vec<Value> {
    let mut kinds: Vec<&str> =
        life.identifiers.iter().map(|text| if text.starts_with('+') { "pd:TelephoneNumber" } else { "pd:UID" }).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.into_iter().map(|kind| json!({ "@type": "dpv:PersonalData", "skos:broader": kind })).collect()
}

/// The text that the person saw, where the evidence shows any of it.
fn notice(evidence: &Evidence) -> Option<Value> {
    let mut notice = serde_json::Map::new();
    let given = [
        ("dct:description", &evidence.text),
        ("dct:identifier", &evidence.text_version),
        ("dct:language", &evidence.locale),
        ("schema:url", &evidence.url),
    ];
    for (term, text) in given.into_iter().filter(|(_, text)| !text.is_empty()) {
        notice.insert(term.to_owned(), json!(text));
    }
    (!notice.is_empty()).then(|| {
        notice.insert("@type".to_owned(), json!("dpv:ConsentNotice"));
        Value::Object(notice)
    })
}
