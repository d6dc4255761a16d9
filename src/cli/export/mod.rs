//! `export`: entries into a file, in the form that its reader needs.
//!
//! ```text
//! trail.jsonl: 7 entries, 593 left out, over the checkpoint of 600 entries
//! claim: every entry of this contact and of the account up to entry 599 is there
//! ```

mod ask;
pub(in crate::cli) mod out;
mod summary;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use self::ask::{Asked, Question};
use self::out::{Destination, Target};
use super::client::Connection;
use super::error::{CliError, Verdict};
use super::output::Output;
use super::prove::size_of;
use super::verify_file::read_text;
use super::words;
use crate::consent::time::Time;
use crate::proto::{ExportEntriesRequest, GetEvidenceRequest};

const EXAMPLES: &str = "\
The file holds personal data and is made for its owner alone (mode 0600). It appears whole or not at all. What each form is for, \
its columns and terms: docs/exports.md.

Exit code: 0 it is written, 2 it is not.

Examples:
  consent-ledger export --contact +447400123456 --evidence --out evidence.jsonl
  consent-ledger export --contact +447400123456 --format html --out trail.html
  consent-ledger export --contact +447400123456 --format consent-record --out consent.jsonld
  consent-ledger export --sender 1001 --from 2026-03-01T00:00:00Z --format csv --out march.csv
  consent-ledger export --all-accounts --checkpoint first.checkpoint --out all.jsonl";

/// The account that is meant where none is named.
const DEFAULT_ACCOUNT: &str = "default";

/// Hand out entries: as a file that proves them, for a spreadsheet, or one contact's trail to be read.
///
/// Without filters every entry of the account is handed out. JSON Lines hold the stored bytes with what it takes to verify them
/// elsewhere; with --evidence they are one contact's bundle, complete, with the keys that open it. The other forms are for
/// reading.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Export {
    /// Only this contact's entries, and of contacts joined with it; may be given several times
    #[arg(long, value_name = "CONTACT")]
    contact: Vec<String>,
    /// Only entries that name this sender, by its `phone_number_id`; what was said for all senders names none
    #[arg(long, value_name = "SENDER", default_value = "", hide_default_value = true)]
    sender: String,
    /// Every entry there is, of all accounts and of the ledger itself
    #[arg(long)]
    all_accounts: bool,
    /// Only what was recorded at this time or later, in RFC 3339 as in 2026-03-01T10:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<Time>,
    /// Only what was recorded before this time
    #[arg(long, value_name = "TIME")]
    to: Option<Time>,
    /// Only from this entry on, by its seq
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(u64).range(1..))]
    from_seq: Option<u64>,
    /// Only up to this entry, by its seq
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(u64).range(1..))]
    to_seq: Option<u64>,
    /// The form
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    format: Format,
    /// One contact's evidence bundle: its whole trail, and the keys that open it. It cannot be called back
    #[arg(long)]
    evidence: bool,
    /// Older checkpoints, kept elsewhere: the file can then be held against them without another proof
    #[arg(long, value_name = "OLD", num_args = 1..)]
    checkpoint: Vec<PathBuf>,
    /// In consent records: the name of the business that is responsible
    #[arg(long, value_name = "NAME")]
    controller: Option<String>,
    /// Where to write; `-` is stdout
    #[arg(long, value_name = "FILE")]
    out: Target,
    /// Replace FILE where it is there already
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    connection: Connection,
}

/// The form of an export.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// What proves: stored bytes, with the opened fields beside them
    Jsonl,
    /// For a spreadsheet: a row an entry
    Csv,
    /// To read and print: one contact's whole trail
    Html,
    /// JSON-LD: one contact's consent in the terms of ISO/IEC TS 27560
    ConsentRecord,
}

impl Format {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::ConsentRecord => "consent-record",
        }
    }

    /// Whether it shows one contact's whole trail.
    const fn is_of_one_contact(self) -> bool {
        matches!(self, Self::Html | Self::ConsentRecord)
    }
}

impl Export {
    /// Asks, writes the file and says what is in it.
    ///
    /// # Errors
    /// Where the options do not go together, the server cannot be reached or refuses, the export is cut short, or the file
    /// cannot be written. Then there is no file.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let question = self.question()?;
        let destination = Destination::new(self.out.clone(), self.force)?;
        let asked = Asked { format: self.format, controller: self.controller, server: self.connection.server, question };
        let writing = ask::write(asked, destination, output.is_json());
        let (written, target, bundle) = out::unless_interrupted(writing).await?;
        summary::print(&written, &target, self.format, bundle, output)?;
        Ok(Verdict::Yes)
    }

    /// What the options mean together.
    fn question(&self) -> Result<Question, CliError> {
        self.hold_together()?;
        let old_sizes = self.checkpoint.iter().map(|path| {
            size_of(&read_text(path)?).map_err(|error| {
                CliError::usage(format!("--checkpoint {}: {error}", path.display()))
                    .hint("give a checkpoint as the ledger published it or `checkpoint` printed it")
            })
        });
        let old_sizes = old_sizes.collect::<Result<Vec<u64>, CliError>>()?;
        let account = self.connection.account.clone();
        if self.evidence || self.format.is_of_one_contact() {
            let contact = self.contact.first().cloned().unwrap_or_default();
            return Ok(Question::Evidence(GetEvidenceRequest { account, contact, old_sizes }));
        }
        Ok(Question::Entries(ExportEntriesRequest {
            account: if self.all_accounts { String::new() } else { account },
            all_accounts: self.all_accounts,
            contacts: self.contact.clone(),
            sender: self.sender.clone(),
            recorded_from: words::timestamp(self.from),
            recorded_to: words::timestamp(self.to),
            from_seq: self.from_seq.unwrap_or_default(),
            to_seq: self.to_seq.unwrap_or_default(),
            old_sizes,
        }))
    }

    /// Refuses by name what does not go together, before anything is asked.
    fn hold_together(&self) -> Result<(), CliError> {
        let format = self.format.as_str();
        if self.evidence && self.format != Format::Jsonl {
            return refuse(&format!("--evidence is JSON Lines: it does not go with --format {format}"));
        }
        if self.evidence || self.format.is_of_one_contact() {
            let what = if self.evidence { "--evidence".to_owned() } else { format!("--format {format}") };
            if self.contact.len() != 1 {
                return refuse(&format!("{what} is of one contact: give --contact once"));
            }
            if let Some(filter) = self.filters().first() {
                return refuse(&format!("{what} is of a whole trail: it does not go with {filter}"));
            }
        }
        if self.all_accounts && !self.contact.is_empty() {
            return refuse("--all-accounts does not go with --contact: a contact is of one account");
        }
        if self.all_accounts && self.connection.account != DEFAULT_ACCOUNT {
            return refuse("--all-accounts does not go with --account");
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && to <= from
        {
            return refuse("--to is not later than --from");
        }
        if let (Some(from), Some(to)) = (self.from_seq, self.to_seq)
            && to < from
        {
            return refuse("--to-seq lies before --from-seq");
        }
        if !self.checkpoint.is_empty() && self.format != Format::Jsonl {
            return refuse(&format!("--checkpoint is for what proves: it does not go with --format {format}"));
        }
        if self.controller.is_some() && self.format != Format::ConsentRecord {
            return refuse(&format!("--controller does not go with --format {format}"));
        }
        Ok(())
    }

    /// The filters that were given, by their names.
    fn filters(&self) -> Vec<&'static str> {
        let given = [
            ("--sender", !self.sender.is_empty()),
            ("--all-accounts", self.all_accounts),
            ("--from", self.from.is_some()),
            ("--to", self.to.is_some()),
            ("--from-seq", self.from_seq.is_some()),
            ("--to-seq", self.to_seq.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }
}

fn refuse(why: &str) -> Result<(), CliError> {
    Err(CliError::usage(why).hint("nothing was asked and nothing written; `export --help` shows what goes together"))
}
