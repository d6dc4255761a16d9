//! Every entry in a sentence, with its evidence, seq and hash.

use maud::{Markup, html};

use crate::consent::time::Time;
use crate::consent::timeline::policy_at;
use crate::consent::words::Effect;
use crate::export::collected::Collected;
use crate::export::person::Person;
use crate::export::sentence::{effect, sentence};
use crate::export::time;
use crate::proto::{ClearPart, Entry, Evidence, SealedPart};

/// The sections of the page: the contact's entries, then those that a bundle holds beside them.
pub(super) fn section(collected: &Collected, person: &Person) -> Markup {
    let (others, theirs): (Vec<_>, Vec<_>) = collected.entries.iter().partition(|entry| entry.trail == 0 || entry.trail == entry.account);
    html! {
        @for (title, entries) in [("Entries of the contact", theirs), ("Entries of the account and of the ledger", others)] {
            @if !entries.is_empty() {
                section {
                    h2 { (title) }
                    @for entry in entries { (article(entry, person)) }
                }
            }
        }
    }
}

fn article(entry: &Entry, person: &Person) -> Markup {
    let none = ClearPart::default();
    let clear = entry.clear.as_ref().unwrap_or(&none);
    let happened = Time::from_micros(clear.occurred_at);
    let policy = policy_at(&person.policies, happened);
    html! {
        article {
            h3 { "Entry " (entry.seq) @if !entry.kind.is_empty() { ": " (entry.kind.replace('_', " ")) } }
            p { (sentence(entry, &policy)) @if let Some(done) = Effect::from_number(clear.effect) { " " (effect(done)) } }
            dl {
                @if clear.occurred_at != 0 { dt { "Happened" } dd { (happened.to_string()) } }
                @if clear.claimed_at != 0 { dt { "Claimed" } dd { (Time::from_micros(clear.claimed_at).to_string()) ", ahead of the ledger's clock" } }
                dt { "Recorded" }
                dd { (time::text(entry.recorded_at.as_ref())) }
                @if let Some(sealed) = &entry.sealed { (opened(sealed)) }
                @if let Some(second) = &entry.second_sealed { (opened(second)) }
                @if entry.erased { dt { "Erased" } dd { "what was sealed in it cannot be read any more: its key is gone" } }
                dt { "Hash" }
                dd { code { (hex::encode(&entry.entry_hash)) } }
            }
        }
    }
}

fn opened(sealed: &SealedPart) -> Markup {
    html! {
        @if !sealed.identifiers.is_empty() { dt { "Under" } dd { (sealed.identifiers.join(", ")) } }
        (text("Event id", &sealed.event_id))
        (text("Message id", &sealed.message_id))
        (text("Message", &sealed.text))
        @if let Some(evidence) = &sealed.evidence { (proved(evidence)) }
    }
}

fn proved(evidence: &Evidence) -> Markup {
    let line = if evidence.file_line == 0 { String::new() } else { evidence.file_line.to_string() };
    html! {
        (text("Text shown", &evidence.text))
        (text("Its version", &evidence.text_version))
        (text("Language", &evidence.locale))
        (text("Page", &evidence.url))
        (text("Address", &evidence.ip_address))
        (text("Browser or app", &evidence.user_agent))
        (text("File", &evidence.file_name))
        (text("Line of the file", &line))
        (text("SHA-256 of the file", &hex::encode(&evidence.file_sha256)))
        @for field in &evidence.other { (text(&field.name, &field.value)) }
    }
}

/// A name and a text of somebody else's, kept apart from ours in either direction of writing; nothing where it is empty.
fn text(name: &str, value: &str) -> Markup {
    html! {
        @if !value.is_empty() { dt { bdi { (visible(name)) } } dd.given { bdi { (visible(value)) } } }
    }
}

/// The text with characters that a page cannot hold shown as what they are: not there to be read.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
