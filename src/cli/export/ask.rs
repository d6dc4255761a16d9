//! Asks for an export and writes what comes, piece by piece.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tonic::Streaming;

use super::Format;
use super::out::{Destination, Target, Writing};
use crate::cli::client::{ANSWER_MAX_BYTES, Server};
use crate::cli::error::CliError;
use crate::client::Channel;
use crate::export::collected::Collected;
use crate::export::csv::Csv;
use crate::export::jsonl::Jsonl;
use crate::export::person::Person;
use crate::export::pieces::{ExportError, Format as Form, Pieces, Written};
use crate::export::{consent_record, html};
use crate::proto::audit_service_client::AuditServiceClient;
use crate::proto::{
    Contact, ExportEntriesRequest, ExportEntriesResponse, ExportPiece, GetContactRequest, GetEvidenceRequest, GetEvidenceResponse,
};

/// How long the server may take until the first piece.
const PATIENCE: Duration = Duration::from_secs(600);

/// What is asked for.
pub enum Question {
    /// Entries.
    Entries(ExportEntriesRequest),
    /// Everything about one contact.
    Evidence(GetEvidenceRequest),
}

/// What is asked for, of whom, and in which form it is written.
pub struct Asked {
    /// The form.
    pub format: Format,
    /// Who is responsible, in consent records.
    pub controller: Option<String>,
    /// The server.
    pub server: Server,
    /// The question.
    pub question: Question,
}

type Client = AuditServiceClient<Channel>;

/// Asks and writes; says what was written, where, and whether it is a bundle with keys.
///
/// # Errors
/// Where the server cannot be reached or refuses, the export is cut short, or it cannot be written.
pub async fn write(asked: Asked, destination: Destination, json: bool) -> Result<(Written, Target, bool), CliError> {
    let mut client = AuditServiceClient::new(asked.server.connect(PATIENCE).await?).max_decoding_message_size(ANSWER_MAX_BYTES);
    let bundle = matches!((&asked.question, asked.format), (Question::Evidence(_), Format::Jsonl));
    let account = match &asked.question {
        Question::Entries(request) => request.account.clone(),
        Question::Evidence(request) => request.account.clone(),
    };
    let mut stream = Stream::open(&mut client, asked.question).await?;
    let progress = progress(json);
    let out = destination.open()?;
    let (out, written) = match asked.format {
        Format::Jsonl => {
            let (form, written) = taken(&mut stream, Jsonl::new(out), &progress).await?;
            (form.into_inner(), written)
        }
        Format::Csv => {
            let (form, written) = taken(&mut stream, Csv::new(out), &progress).await?;
            (form.into_inner().map_err(|error| failed(error.into()))?, written)
        }
        Format::Html => {
            let (collected, written) = taken(&mut stream, Collected::default(), &progress).await?;
            let answers = answers(&mut client, &collected, &account).await?;
            (page(out, |out| html::write(&collected, &answers, out))?, written)
        }
        Format::ConsentRecord => {
            let (collected, written) = taken(&mut stream, Collected::default(), &progress).await?;
            (page(out, |out| consent_record::write(&collected, asked.controller.as_deref(), out))?, written)
        }
    };
    progress.finish_and_clear();
    Ok((written, out.keep()?, bundle))
}

fn page(mut out: Writing, write: impl FnOnce(&mut Writing) -> Result<(), ExportError>) -> Result<Writing, CliError> {
    write(&mut out).map_err(failed)?;
    Ok(out)
}

/// Hands every piece of the stream to a form.
async fn taken<F: Form>(stream: &mut Stream, form: F, progress: &ProgressBar) -> Result<(F, Written), CliError> {
    let mut pieces = Pieces::new(form);
    while let Some(some) = stream.next().await? {
        for piece in some {
            pieces.take(piece).map_err(failed)?;
        }
        let (covered, size) = pieces.progress();
        progress.set_length(size);
        progress.set_position(covered);
    }
    pieces.finish().map_err(failed)
}

/// What the ledger answers now about each sender that the entries name.
async fn answers(client: &mut Client, collected: &Collected, account: &str) -> Result<Vec<(String, Contact)>, CliError> {
    let contact = collected.begin.selection.as_ref().and_then(|selection| selection.contacts.first()).cloned().unwrap_or_default();
    let mut answers = Vec::new();
    for sender in Person::of(collected).senders.into_values() {
        let request = GetContactRequest { account: account.to_owned(), contact: contact.clone(), sender: sender.clone() };
        let answer = client.get_contact(request).await?.into_inner().contact.unwrap_or_default();
        answers.push((sender, answer));
    }
    Ok(answers)
}

/// A bar for people who wait; hidden where stderr is no terminal.
fn progress(json: bool) -> ProgressBar {
    if json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("exporting {bar:40} entry {human_pos} of {human_len} ({per_sec}, {eta} left)") {
        bar.set_style(style);
    }
    bar
}

fn failed(error: ExportError) -> CliError {
    CliError::local(error).hint("no file was written")
}

/// Either stream.
enum Stream {
    Entries(Streaming<ExportEntriesResponse>),
    Evidence(Streaming<GetEvidenceResponse>),
}

impl Stream {
    async fn open(client: &mut Client, question: Question) -> Result<Self, CliError> {
        Ok(match question {
            Question::Entries(request) => Self::Entries(client.export_entries(request).await?.into_inner()),
            Question::Evidence(request) => Self::Evidence(client.get_evidence(request).await?.into_inner()),
        })
    }

    async fn next(&mut self) -> Result<Option<Vec<ExportPiece>>, CliError> {
        let cut_short = |status| CliError::from(status).context("the export was cut short").hint("no file was written; ask again");
        match self {
            Self::Entries(stream) => stream.message().await.map(|some| some.map(|some| some.pieces)).map_err(cut_short),
            Self::Evidence(stream) => stream.message().await.map(|some| some.map(|some| some.pieces)).map_err(cut_short),
        }
    }
}
