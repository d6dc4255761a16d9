//! `check FILE`: a whole list, split into those who may be written to and those who may not.
//!
//! ```text
//! FILE ── a thread reads rows (`cli/lists`) ── StreamCheckSend, 4,096 under way ── allowed.csv, allowed.refused.csv ── counts
//! ```
//!
//! Memory does not grow with the list, but for `--unique`. A row without an answer is never among those allowed. What is written
//! appears once every row has its answer, or not at all.

mod json;
mod list;
mod rows;
mod split;
mod tally;

use std::path::Path;
use std::time::Duration;

use clap::Args;
use encoding_rs::Encoding;

use self::list::List;
use self::rows::{Reading, Rows};
use self::split::{Destinations, Split};
use self::tally::{Tally, Verdict as RowVerdict};
use super::client::Connection;
use super::error::{CliError, Verdict};
use super::export::out::{Target, unless_interrupted};
use super::lists::encoding;
use super::lists::progress::Progress;
use super::lists::source::SourceFile;
use super::output::Output;
use super::phone::{Phones, Region};
use crate::client::{Client, Options};
use crate::proto::CheckSendRequest;

/// The columns that the check adds.
pub const ADDED: [&str; 9] =
    ["permission", "reason", "other_reasons", "allowed_templates", "window_closes_at", "valid_until", "checked_at", "position", "problem"];

/// What to know where a list was not checked to its end.
const NO_FILE: &str = "no file was written";

/// What concerns a whole list.
#[derive(Args, Debug)]
#[command(next_help_heading = "Lists")]
pub struct ListOptions {
    /// Write the rows that may be written to into this file, each with its permission; `-` is stdout. Without it only counts are
    /// printed
    #[arg(long, value_name = "OUT", conflicts_with = "contact")]
    out: Option<Target>,
    /// Write all other rows into this file, each with its reason; without it, beside OUT as in `allowed.refused.csv`
    #[arg(long, value_name = "OUT", requires = "out")]
    refused: Option<Target>,
    /// The column of a CSV list, or the member of JSON Lines, that holds the contact; without it, the first that is called like
    /// one: contact, whatsapp, phone, mobile …
    #[arg(long, value_name = "NAME", conflicts_with = "contact")]
    column: Option<String>,
    /// Read phone numbers without '+' as numbers of this country, by its two letters
    #[arg(long, value_name = "COUNTRY", conflicts_with = "contact")]
    region: Option<Region>,
    /// The list's encoding, as in windows-1252; without it, by mark, else UTF-8 where all of it is that, else windows-1252
    #[arg(long, value_name = "ENCODING", value_parser = encoding::named, conflicts_with = "contact")]
    encoding: Option<&'static Encoding>,
    /// Refuse a row whose contact stands in an earlier one; takes 16 bytes and more of memory a row
    #[arg(long, conflicts_with = "contact")]
    unique: bool,
    /// For how many seconds to go on trying where the server does not answer; then the list is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600), conflicts_with = "contact")]
    patience: u64,
    /// Replace files that are there already
    #[arg(long, requires = "out")]
    force: bool,
}

/// Checks everybody on a list; `question` is what is asked about each.
///
/// # Errors
/// Where the list cannot be read or written, or the server cannot be reached or cannot tell. Then no file is written.
pub async fn check(
    file: &Path,
    options: ListOptions,
    question: CheckSendRequest,
    connection: &Connection,
    output: Output,
) -> Result<Verdict, CliError> {
    let destinations = options.out.map(|out| Destinations::new(out, options.refused, options.force)).transpose()?;
    let source = SourceFile::look(file, options.encoding).map_err(|error| error.hint(NO_FILE))?;
    let list = List::new(source, options.column.as_deref())?;
    let form = list.form.clone();
    let mut progress = Progress::new("checking", list.source.bytes, output.is_json());
    if options.encoding.is_none() && list.source.is_guessed() {
        progress.say(&list.source.guess());
    }
    let channel = connection.connect().await?;
    let reading = Reading { phones: Phones::new(options.region), unique: options.unique };
    let (rows, failure) = Rows::read(list, reading, question, progress.read());
    let patience = Options { total: Duration::from_secs(options.patience), ..Options::default() };
    let checking = async {
        let mut split = Split::open(form, destinations)?;
        let mut tally = Tally::default();
        let mut answers = Client::over(channel, patience).check_stream(rows);
        while let Some(answered) = answers.next().await {
            let (row, answer) = answered.map_err(|error| {
                CliError::from(error).context("the list was not checked to its end").hint(format!("{NO_FILE}; run it again"))
            })?;
            let verdict = RowVerdict::of(&row, answer)?;
            split.put(&row, &verdict)?;
            tally.count(&verdict);
            progress.row();
        }
        failure.take().map_or(Ok(()), Err)?;
        if tally.rows() == 0 {
            return Err(CliError::usage("the list names nobody").hint(NO_FILE));
        }
        Ok((split.keep()?, tally))
    };
    let (kept, tally) = unless_interrupted(checking).await?;
    progress.finish();
    tally.print(kept.as_ref(), output)?;
    Ok(tally.verdict())
}
