//! `import`: opt-ins and opt-outs out of lists, as CRMs export them.
//!
//! ```text
//! 6 rows of contacts.csv
//! applied          3
//! historical_only  1
//! no_change        0
//! duplicate        1
//! refused          1
//! ```
//!
//! A thread reads rows (`reading`): files to cells (`cli/lists`), cells to what is recorded (`row`), by what was asked for (`mapping`,
//! `layout`). The command sends them (`sending`) and tells what became of each (`report`).

mod act_words;
mod cells;
mod choice;
mod event_id;
mod field;
mod layout;
mod mapping;
mod reading;
mod refused;
mod report;
mod row;
#[cfg(test)]
mod row_tests;
mod sending;
mod stream;
mod times;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use encoding_rs::Encoding;
use tokio::sync::mpsc;

use self::choice::Choice;
use self::mapping::Wanted;
use self::reading::{Format, GO_ON, Item, Prepared};
pub use self::refused::Refused;
use self::report::{Counts, Report, SHOWN, Told, Verdict as Came};
use self::row::Habits;
pub use self::row::Row;
use self::sending::{Answered, Ended, Way};
use self::times::{DateFormat, Times, Zone};
use super::client::Connection;
use super::error::{CliError, Kind, Verdict};
use super::lists::delimiter::Delimiter;
use super::lists::encoding;
use super::lists::progress::Progress;
use super::lists::quotes::Quote;
use super::lists::source::SourceFile;
use super::output::Output;
use super::phone::{Phones, Region};
use super::words::counted;
use crate::consent::time::Time;
use crate::consent::words::Sender;
use crate::ledger::clock::{Clock as _, SystemClock};

const EXAMPLES: &str = "\
Fields: contact, channel, action, opted_out, categories, sender, method, occurred_at, starts_at, expires_at, event_id, evidence_text, \
evidence_text_version, evidence_locale, evidence_url, evidence_ip, evidence_user_agent, evidence_other.NAME

A file imported twice changes nothing, and one that grew takes its new rows only: what a row says is its event id. After a crash, run the \
same command again. What each layout takes, and every word, time and number that is read: docs/imports.md.

Exit code: 0 every row was taken, 1 some rows were refused, 2 it could not finish.

Examples:
  consent-ledger import contacts.csv --dry-run
  consent-ledger import contacts.csv --region BR --time-zone America/Sao_Paulo --report report.csv
  consent-ledger import hubspot.csv --map hubspot --map 'action=WhatsApp consent' \\
      --map 'occurred_at=WhatsApp consent date' --map categories==marketing";

/// How many batches wait between the reader and the sender.
const BATCHES: usize = 16;

/// Import opt-ins and opt-outs from CSV or JSON Lines.
///
/// Every row has the time at which the person acted, and becomes one entry with file, line and hash as evidence. An opt-in without
/// other evidence counts only where no opt-out was ever recorded for its categories: an import never resurrects an opt-out.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Import {
    /// The files; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// A layout (generic, hubspot, salesforce), a field from a column (contact=Mobile Phone), or one value for every row
    /// (categories==marketing); the fields are listed below
    #[arg(long, value_name = "LAYOUT|FIELD=COLUMN|FIELD==VALUE")]
    map: Vec<Choice>,
    /// The sender of rows that name none, by its `phone_number_id`; without it, such rows hold for all senders
    #[arg(long, value_name = "SENDER")]
    sender: Option<Sender>,
    /// The country of phone numbers that are written without '+', as in BR
    #[arg(long, value_name = "COUNTRY")]
    region: Option<Region>,
    /// Where times without an offset belong, as in `America/Sao_Paulo` or UTC
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<Zone>,
    /// In which order dates such as 01/03/2026 are written
    #[arg(long, value_name = "ORDER")]
    date_format: Option<DateFormat>,
    /// CSV or JSON Lines; without it, by the end of the file's name or by its first sign
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// What stands between cells, as in ';' or tab; without it, what the header has most of
    #[arg(long, value_name = "SIGN")]
    delimiter: Option<Delimiter>,
    /// Whether `"` surrounds cells; none for dumps and tab-separated files that know no quotes
    #[arg(long, value_name = "QUOTE", default_value = "double")]
    quote: Quote,
    /// The encoding, as in windows-1252; without it, by mark, else UTF-8 where all of it is that, else windows-1252
    #[arg(long, value_name = "ENCODING", value_parser = encoding::named)]
    encoding: Option<&'static Encoding>,
    /// Say what each row would come to, and record nothing
    #[arg(long)]
    dry_run: bool,
    /// Write what became of each row: CSV, or JSON Lines where it is called .jsonl
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Replace the report where it is there already
    #[arg(long)]
    force: bool,
    /// How long to try again where the server goes away
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
    #[command(flatten)]
    connection: Connection,
}

impl Import {
    /// Imports, and says what became of the rows.
    ///
    /// # Errors
    /// Where nothing can be imported as it was asked for, or it cannot go on; what was counted so far is printed.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let files = self.prepare()?;
        let mut report = Report::create(self.report.as_deref(), self.force)?;
        let habits = self.habits(SystemClock.now());
        let bytes = if files.iter().all(|file| file.source.bytes > 0) { files.iter().map(|file| file.source.bytes).sum() } else { 0 };
        let mut progress = Progress::new("importing", bytes, output.is_json());
        for file in &files {
            self.say_what_is_left(file, &progress);
        }
        let mut counts = Counts::default();
        let mut faults = 0_u64;
        let names: Vec<String> = files.iter().map(|file| file.source.name.clone()).collect();
        let (to, rows) = mpsc::channel(BATCHES);
        let read = progress.read();
        let reader = std::thread::spawn(move || reading::hand_on(&files, &habits, &read, &to));
        let way = Way { server: self.connection.server.clone(), dry_run: self.dry_run, patience: Duration::from_secs(self.patience) };
        let ended = sending::send(&way, rows, |item, answered| {
            let line = line(item, answered, &names, self.dry_run);
            counts.add(line.verdict);
            faults += u64::from(line.fault.is_some());
            if line.fault.is_some() && !report.is_asked_for() && faults <= SHOWN {
                progress.say(&line.shown(output.is_json()));
            }
            progress.row();
            report.write(&line)
        })
        .await;
        progress.finish();
        let failed = || CliError::local(anyhow::anyhow!("the thread that reads failed")).hint(GO_ON);
        // Where it did not end by itself, the reader may wait for standard input for ever.
        let read = if matches!(ended, Ended::Whole) { reader.join().unwrap_or_else(|_| Err(failed())) } else { Ok(()) };
        let whole = matches!(ended, Ended::Whole) && read.is_ok();
        let kept = report.finish(whole);
        if let Ok(Some(partial)) = &kept {
            progress.say(&format!("what became of the rows so far stands in {}", partial.display()));
        }
        if !report.is_asked_for() && faults > SHOWN && !output.is_json() {
            progress.say(&format!("… and {} more; --report FILE lists all", faults - SHOWN));
        }
        self.print(&counts, &names, whole, output)?;
        match ended {
            Ended::Broken(error) => Err(error),
            Ended::Interrupted { unanswered } => {
                let rows = counted(unanswered as u64, "row was", "rows were");
                Err(CliError::local(anyhow::anyhow!("interrupted; {rows} sent and not answered")).hint(GO_ON))
            }
            Ended::Whole => {
                read?;
                kept?;
                if counts.rows() == 0 {
                    return Err(CliError::usage("no rows: nothing stands below the header").hint("nothing was imported"));
                }
                Ok(if counts.of(Came::Refused) == 0 { Verdict::Yes } else { Verdict::No })
            }
        }
    }

    /// Looks at every file before anything is sent.
    /// Reads the rows of all files as at `now` and sends nothing: each with its line, as what it would be sent, or why it is refused.
    ///
    /// # Errors
    /// Where nothing would be imported, or a file does not read to its end.
    pub fn read(&self, now: Time, mut each: impl FnMut(u64, &Result<Box<Row>, Refused>)) -> Result<(), CliError> {
        let (files, habits) = (self.prepare()?, self.habits(now));
        files.iter().try_for_each(|file| {
            file.rows(&habits, &Arc::default(), |line, row| {
                each(line, &row);
                true
            })
        })
    }

    fn habits(&self, now: Time) -> Habits {
        Habits {
            phones: Phones::new(self.region.clone()),
            times: Times::new(self.time_zone.clone(), self.date_format, now),
            sender: self.sender.clone(),
            account: self.connection.account.clone(),
        }
    }

    fn prepare(&self) -> Result<Vec<Prepared>, CliError> {
        let nothing = "nothing was imported; `import --help` shows what --map takes";
        let wanted = Wanted::new(&self.map).map_err(|error| CliError::new(Kind::Usage, error).hint(nothing))?;
        if self.files.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(CliError::usage("standard input can be read once").hint("nothing was imported; give `-` once"));
        }
        let files = self.files.iter().map(|path| {
            let source = SourceFile::look(path, self.encoding).map_err(|error| error.hint("nothing was imported"))?;
            Prepared::new(source, &wanted, self.format, self.delimiter, self.quote)
        });
        let files = files.collect::<Result<Vec<_>, _>>()?;
        files.iter().try_for_each(Prepared::look_through)?;
        Ok(files)
    }

    /// Names what looks like consent and is none to WhatsApp, and an encoding that was guessed.
    fn say_what_is_left(&self, file: &Prepared, progress: &Progress) {
        for (column, why) in mapping::left(&file.columns) {
            progress.say(&format!("{}: not taken: {column:?}: {why}", file.source.name));
        }
        if self.encoding.is_none() && file.source.is_guessed() {
            progress.say(&file.source.guess());
        }
    }

    fn print(&self, counts: &Counts, names: &[String], finished: bool, output: Output) -> Result<(), CliError> {
        let value = || {
            let mut fields = serde_json::Map::from_iter(counts.json());
            fields.insert("rows".into(), counts.rows().into());
            fields.insert("files".into(), names.into());
            fields.insert("dry_run".into(), self.dry_run.into());
            fields.insert("finished".into(), finished.into());
            fields.into()
        };
        let text = || {
            let of = match names {
                [one] => one.clone(),
                several => format!("{} files", several.len()),
            };
            let rows = counted(counts.rows(), "row", "rows");
            let head = if self.dry_run {
                format!("dry run, nothing was recorded; {rows} of {of} would come to this:")
            } else {
                format!("{rows} of {of}")
            };
            format!("{head}\n{}", counts.text())
        };
        output.print(value, text)
    }
}

/// What the report says of a row.
fn line<'a>(item: &'a Item, answered: &'a Answered, names: &'a [String], dry_run: bool) -> Told<'a> {
    let file = names.get(item.file).map(String::as_str).unwrap_or_default();
    match answered {
        Ok(acknowledgement) => {
            let verdict = Came::of(acknowledgement);
            // What is only tried stands nowhere, unless it was recorded before.
            let seq = if dry_run && verdict != Came::Duplicate { 0 } else { acknowledgement.seq };
            let fault = item.row.as_ref().ok().and_then(|row| row.unread.as_ref());
            Told { file, line: item.line, verdict, fault, seq }
        }
        Err(refused) => Told { file, line: item.line, verdict: Came::Refused, fault: Some(refused), seq: 0 },
    }
}
