//! One contact's trail as a page to read and print: one file, no script, nothing loaded from anywhere.
//!
//! ```text
//! who · account · claim · checkpoint
//! what the ledger answered when asked, by sender and category
//! what the contact consented to, and when the customer service window was open
//! every entry in a sentence, with its evidence, seq and hash
//! ```
//!
//! Every text is escaped, and the page's own policy forbids scripts, images and requests. It is for reading; the JSON Lines
//! bundle is what proves.

mod drawing;
mod entries;
mod lanes;
mod state;

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::collected::Collected;
use super::person::Person;
use super::pieces::ExportError;
use super::time;
use crate::proto::export_begin::Claim;
use crate::proto::{Contact, ExportBegin};

/// How the page looks on a screen, on a phone, on paper.
const STYLE: &str = include_str!("report.css");

/// What the ledger answered when it was asked for the report: a sender, and the contact with its decisions.
pub type Answers = [(String, Contact)];

/// Writes the page.
///
/// # Errors
/// Where it cannot be written.
pub fn write(collected: &Collected, answers: &Answers, out: &mut impl Write) -> Result<(), ExportError> {
    let page = page(collected, answers).into_string();
    out.write_all(page.as_bytes())?;
    Ok(out.flush()?)
}

fn page(collected: &Collected, answers: &Answers) -> Markup {
    let person = Person::of(collected);
    let who = who(&collected.begin);
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!("default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'");
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { "Consent trail of " (who) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Consent trail of " (who) }
                    p.notice {
                        "This page is for reading, and holds personal data. It proves nothing by itself: the JSON Lines bundle of the same "
                        "contact (" code { "consent-ledger export --contact … --evidence" } ") is what can be verified."
                    }
                    (about(&collected.begin, &person, collected.entries.len()))
                }
                main {
                    (state::answered(answers))
                    (state::consent(&person, answers))
                    (drawing::section(&person))
                    (entries::section(collected, &person))
                }
                footer { "Rules: docs/rules.md of the consent ledger. Times are UTC. Entry numbers are places in the log." }
            }
        }
    }
}

/// Whom the report is of, as it was asked for.
fn who(begin: &ExportBegin) -> String {
    let contacts = begin.selection.as_ref().map(|selection| selection.contacts.join(", ")).unwrap_or_default();
    if contacts.is_empty() { "a contact".to_owned() } else { contacts }
}

fn about(begin: &ExportBegin, person: &Person, entries: usize) -> Markup {
    let account = begin.selection.as_ref().map(|selection| selection.account.as_str()).unwrap_or_default();
    let checkpoint = begin.checkpoint.clone().unwrap_or_default();
    let identifiers = |life: &super::person::Life| life.identifiers.join(", ");
    html! {
        dl.about {
            @for (place, life) in person.lives.iter().enumerate() {
                dt { @if place == 0 { "Identifiers" } @else { "Then" } }
                dd {
                    (identifiers(life))
                    @if let Some(left) = life.left { " (left at " (left.to_string()) ")" }
                }
            }
            dt { "Account" }
            dd { (account) }
            dt { "Made at" }
            dd { (time::text(begin.made_at.as_ref())) }
            dt { "Holds" }
            dd { (entries) " entries of " (checkpoint.size) ". " (claim(begin.claim.as_ref())) }
            dt { "Ledger" }
            dd { (begin.origin) ", " code { (hex::encode(&begin.ledger_id)) } }
            dt { "Checkpoint" }
            dd {
                (checkpoint.size) " entries, signed at " (time::text(checkpoint.signed_at.as_ref())) ", root "
                code { (hex::encode(&checkpoint.root)) }
            }
        }
    }
}

/// What the export claims, in words.
#[must_use]
pub fn claim(claim: Option<&Claim>) -> String {
    match claim {
        Some(Claim::Complete(complete)) => {
            let shared = if complete.shared_trails.is_empty() {
                ""
            } else {
                "; of trails that somebody else has a part in only the contact's entries are there"
            };
            format!("Every entry of this contact and of the account up to entry {} is there{shared}", complete.as_of)
        }
        Some(Claim::Range(range)) => format!("Every entry from {} to {} is there", range.from_seq, range.to_seq),
        Some(Claim::Included(_)) | None => "Every entry in it is in the log; nothing is said about what is not in it".to_owned(),
    }
}
