//! `verify RECEIPT`: did this ledger sign this answer, and, asked of a server, does it still follow?
//!
//! ```text
//! ok
//! signed by the ledger's receipt key
//! asked: may sender 1001 send marketing at 2026-03-01T10:00:00Z
//! answered: TEMPLATE_ONLY OPTED_IN OUTSIDE_ALLOWED_SENDING_WINDOW, at entry 12, decided by 7
//! ```

use clap::Args;
use serde_json::json;

use super::client::{CALL, Server};
use super::credentials::Credentials;
use super::error::{CliError, Verdict};
use super::json;
use super::output::Output;
use super::trust::Trust;
use super::words;
use crate::consent::time::Time;
use crate::consent::words::Category;
use crate::export::receipt::{ReceiptError, message};
use crate::export::receipt_file::ReceiptFile;
use crate::proof::note::VerifierKey;
use crate::proto::decision_service_client::DecisionServiceClient;
use crate::proto::{Decision, DecisionReceiptIssued, NotDerivable, ReceiptVerdict, VerifyDecisionRequest, VerifyDecisionResponse};

/// What verifying without a server leaves open.
const NOT_CHECKED: &str = "that the entry is in the log, and that the answer follows from it; `verify --server` asks the ledger";

/// Which ledger to ask about a receipt.
#[derive(Args, Debug)]
pub struct Asked {
    /// Ask this server's ledger whether a receipt's answer still follows; with --key, once the file itself holds
    #[arg(long, value_name = "URL", conflicts_with = "data_dir")]
    server: Option<String>,
    /// Whom the receipt is about: needed where the ledger did not know the contact then, elsewhere held against the receipt
    #[arg(long, value_name = "CONTACT", requires = "server")]
    contact: Option<String>,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    credentials: Credentials,
}

impl Asked {
    /// Whether a server was named.
    #[must_use]
    pub const fn is_online(&self) -> bool {
        self.server.is_some()
    }

    /// Holds a receipt against the pinned key where there is one, asks the server, and prints what it says.
    ///
    /// # Errors
    /// Where the server cannot be reached or cannot tell.
    pub async fn run(self, text: &str, key: Option<&VerifierKey>, output: Output) -> Result<Verdict, CliError> {
        let checked = ReceiptFile::parse(text).and_then(|file| {
            match key {
                Some(key) => drop(file.verify(key)?),
                None => file.says_what_was_signed()?,
            }
            Ok(file)
        });
        let file = match checked {
            Ok(file) => file,
            Err(error) => {
                let problem = problem(&error);
                output.print(|| json!({ "ok": false, "problem": problem }), || format!("DOES NOT HOLD\nproblem: {problem}"))?;
                return Ok(Verdict::No);
            }
        };
        let request = VerifyDecisionRequest { receipt: Some(message(&file.receipt)), contact: self.contact.unwrap_or_default() };
        let server = Server { server: self.server.unwrap_or_default(), trust: self.trust, credentials: self.credentials };
        let channel = server.connect(CALL).await?;
        let response = DecisionServiceClient::new(channel).verify_decision(request).await?.into_inner();
        let verdict = response.verdict();
        let issued = &file.receipt.issued;
        output.print(|| value(&response), || [vec![said(&response, issued)], follows(&response)].concat().join("\n"))?;
        Ok(match verdict {
            ReceiptVerdict::Follows => Verdict::Yes,
            ReceiptVerdict::NotDerivable => Verdict::CannotTell,
            ReceiptVerdict::Unspecified => {
                return Err(CliError::unexpected("the server answered with a verdict that this program does not know"));
            }
            _ => Verdict::No,
        })
    }
}

/// What a receipt that holds under the pinned key says, a line each, and what that leaves open.
#[must_use]
pub fn held(file: &ReceiptFile) -> Vec<String> {
    let receipt = &file.receipt;
    let mut holds = vec!["signed by the ledger's receipt key".to_owned()];
    holds.extend(lines(&receipt.issued));
    holds.push(format!("recorded, as it says, as entry {} {}", receipt.seq, receipt.entry_hash));
    holds.push(format!("not checked: {NOT_CHECKED}"));
    holds
}

fn problem(error: &ReceiptError) -> String {
    format!("{}: {error}", error.name())
}

/// Question and answer on a line each.
fn lines(issued: &DecisionReceiptIssued) -> [String; 2] {
    let what = match (issued.opt_out_confirmation, Category::from_number(issued.category)) {
        (true, _) => "the one confirmation of an opt-out".to_owned(),
        (false, Some(category)) => category.to_string(),
        (false, None) => "anything".to_owned(),
    };
    let template = match issued.template_name.as_str() {
        "" => String::new(),
        name => format!(" by template {name} {}", issued.template_language),
    };
    let at = Time::from_micros(issued.asked_at);
    let seqs = issued.deciding_seqs.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let from = if seqs.is_empty() { "no entry decided".to_owned() } else { format!("decided by {seqs}") };
    let words = [vec![permission(issued.permission)], issued.reasons.iter().map(|number| words::reason(*number)).collect()].concat();
    [
        format!("asked: may sender {} send {what}{template} at {at}", issued.sender),
        format!("answered: {}, at entry {}, {from}", words.join(" "), issued.position_seq),
    ]
}

/// The verdict and what was asked and answered.
fn said(response: &VerifyDecisionResponse, issued: &DecisionReceiptIssued) -> String {
    let why = match (response.verdict(), response.not_derivable()) {
        (ReceiptVerdict::Follows, _) => "the answer follows from what the ledger knew then".to_owned(),
        (ReceiptVerdict::Differs, _) => format!("another answer follows: {}", response.differing_fields.join(", ")),
        (ReceiptVerdict::NotRecorded, _) => "the ledger holds something else at that place".to_owned(),
        (ReceiptVerdict::SignatureInvalid, _) => "the signature is not of this ledger's receipt key".to_owned(),
        (ReceiptVerdict::Foreign, _) => "it is another ledger's".to_owned(),
        (ReceiptVerdict::OtherContact, _) => "it is not about the contact given".to_owned(),
        (_, NotDerivable::Erased) => "entries that it may rest on were erased since".to_owned(),
        (_, NotDerivable::ContactNeeded) => "it names nobody; give the contact with --contact".to_owned(),
        (_, NotDerivable::Unspecified) => "the ledger cannot tell".to_owned(),
    };
    let [asked, answered] = lines(issued);
    format!("{} {why}\n{asked}\n{answered}", word(response))
}

/// What follows, where it is not what was signed, and what would be said with everything known now.
fn follows(response: &VerifyDecisionResponse) -> Vec<String> {
    let Some((then, now)) = response.decision.as_ref().zip(response.hindsight.as_ref()) else { return Vec::new() };
    let differs = (response.verdict() == ReceiptVerdict::Differs).then(|| format!("follows: {}", answer(then)));
    let same = Decision { position: None, ..then.clone() } == Decision { position: None, ..now.clone() };
    let seq = now.position.as_ref().map_or(0, |position| position.seq);
    let hindsight =
        if same { format!("in hindsight, at entry {seq}: the same") } else { format!("in hindsight, at entry {seq}: {}", answer(now)) };
    differs.into_iter().chain([hindsight]).collect()
}

fn answer(decision: &Decision) -> String {
    [vec![permission(decision.permission)], decision.reasons.iter().map(|number| words::reason(*number)).collect()].concat().join(" ")
}

fn permission(number: i32) -> String {
    words::permission(number).map_or_else(|_| format!("PERMISSION_{number}"), |word| word.to_string())
}

fn value(response: &VerifyDecisionResponse) -> serde_json::Value {
    let why = (response.not_derivable() != NotDerivable::Unspecified)
        .then(|| response.not_derivable().as_str_name().trim_start_matches("NOT_DERIVABLE_"));
    json!({
        "verdict": word(response),
        "not_derivable": why,
        "differing_fields": response.differing_fields,
        "decision": response.decision.as_ref().map(json::decision),
        "hindsight": response.hindsight.as_ref().map(json::decision),
    })
}

/// The verdict as in `FOLLOWS`.
fn word(response: &VerifyDecisionResponse) -> &'static str {
    response.verdict().as_str_name().trim_start_matches("RECEIPT_VERDICT_")
}
