//! `webhook replay`: sends recorded provider bodies, correctly signed, to a running server.
//!
//! ```text
//! $ consent-ledger webhook replay recorded/ --app-secret-file secret.txt
//! 200 recorded/message__text.json
//! 200 recorded/message__reply.json
//! 2 bodies: 2 answered 200
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use axum::body::{self, Body};
use axum::http::Request;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::error::{CliError, Kind, Verdict};
use super::output::Output;
use super::trust::Trust;
use super::words;
use crate::client::TlsFault;
use crate::consent::words::Account;
use crate::webhook::signature::{AppSecret, HEADER, sign};

/// Below so many bodies no progress bar is shown.
const MANY: usize = 20;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How much of a refusal is shown, in bytes.
const WORDS_MAX_BYTES: usize = 16 * 1024;

/// Speaks HTTP/1.1, with TLS where the URL says so.
type HttpClient = legacy::Client<HttpsConnector<HttpConnector>, Body>;

const EXAMPLES: &str = "\
One line a body, its answer first, then the total. Exit code 0: all were answered 200; 2: one was not.

Example:
  consent-ledger webhook replay tests/data/wa_webhooks --app-secret-file ./app-secret";

/// Send the provider's webhooks.
#[derive(Debug, clap::Args)]
pub struct Webhook {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Replay(Replay),
}

/// Send recorded webhook bodies, correctly signed, to a running server.
///
/// What was recorded before is recognised: sending a body again changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct Replay {
    /// Webhook bodies: files, or directories whose *.json files are sent in order of name
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    secret: Secret,
    /// Where the server listens for HTTP
    #[arg(long, value_name = "URL", env = "CONSENT_LEDGER_SERVER_HTTP", default_value = "http://127.0.0.1:8080")]
    server_http: String,
    #[command(flatten)]
    trust: Trust,
    /// The account that the bodies are for
    #[arg(long, default_value = "default")]
    account: String,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Secret {
    /// The app secret, for trying things out: other users of this machine can read command lines
    #[arg(long, value_name = "S", env = "CONSENT_LEDGER_APP_SECRET", hide_env_values = true)]
    app_secret: Option<String>,
    /// A file that holds the app secret; counts before the secret itself
    #[arg(long, value_name = "FILE")]
    app_secret_file: Option<PathBuf>,
}

impl Secret {
    fn read(&self) -> anyhow::Result<AppSecret> {
        let text = match (&self.app_secret, &self.app_secret_file) {
            (_, Some(file)) => {
                std::fs::read_to_string(file).with_context(|| format!("cannot read the app secret from {}", file.display()))?
            }
            (Some(text), None) => text.clone(),
            (None, None) => String::new(),
        };
        AppSecret::new(&text).context("the app secret is empty")
    }
}

impl Webhook {
    /// Sends the bodies.
    ///
    /// # Errors
    /// Where a path, the secret or the account cannot be read, or a body was not answered 200.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let What::Replay(replay) = self.what;
        replay.run(output).await
    }
}

impl Replay {
    async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let secret = self.secret.read().map_err(CliError::local)?;
        let account: Account = self.account.parse().map_err(|error| CliError::usage(format!("--account: {error}")))?;
        let url = format!("{}/webhooks/{account}", self.server_http.trim_end_matches('/'));
        let files = files(&self.paths).map_err(CliError::local)?;
        let client = client(&self.trust)?;
        let progress = progress(files.len(), output.is_json());
        let mut answers: BTreeMap<String, usize> = BTreeMap::new();
        let mut complaints = BTreeSet::new();
        for file in &files {
            let (answer, complaint) = send(&client, &url, &secret, file).await.map_err(CliError::local)?;
            let path = file.display();
            // Each complaint once: a wrong secret is wrong for every body.
            if let Some(new) = complaint.filter(|complaint| complaints.insert(complaint.clone())) {
                progress.suspend(|| eprintln!("{new}"));
            }
            progress.suspend(|| output.print(|| json!({ "status": answer, "path": path.to_string() }), || format!("{answer} {path}")))?;
            *answers.entry(answer).or_default() += 1;
            progress.inc(1);
        }
        progress.finish_and_clear();
        let counts: Vec<String> = answers.iter().map(|(answer, count)| format!("{count} answered {answer}")).collect();
        let total = format!("{}: {}", words::counted(files.len() as u64, "body", "bodies"), counts.join(", "));
        output.print(|| json!({ "bodies": files.len(), "answers": answers }), || total.clone())?;
        if answers.get("200").copied().unwrap_or(0) == files.len() {
            return Ok(Verdict::Yes);
        }
        let hint = "is the server running at --server-http with the same app secret? what was answered 200 is recorded";
        Err(CliError::local(anyhow::Error::msg(total)).hint(hint))
    }
}

/// A client that trusts whom it is told to.
fn client(trust: &Trust) -> Result<HttpClient, CliError> {
    let tls = trust.tls()?.config().map_err(|error| CliError::new(Kind::Usage, error))?;
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    Ok(legacy::Client::builder(TokioExecutor::new()).build(connector))
}

/// The status of the answer, or `unreachable`; and what was wrong, in words.
async fn send(client: &HttpClient, url: &str, secret: &AppSecret, file: &Path) -> anyhow::Result<(String, Option<String>)> {
    let body = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let request = Request::post(url).header("content-type", "application/json").header(HEADER, sign(secret, &body));
    let request = request.body(Body::from(body)).with_context(|| format!("{url} is no URL"))?;
    let answered = async {
        let response = client.request(request).await?;
        let status = response.status();
        let words = body::to_bytes(Body::new(response.into_body()), WORDS_MAX_BYTES).await.unwrap_or_default();
        let words = format!("{}: {}", status.as_u16(), String::from_utf8_lossy(&words).trim());
        anyhow::Ok((status.as_u16().to_string(), (!status.is_success()).then_some(words)))
    };
    let answered = tokio::time::timeout(PATIENCE, answered).await.unwrap_or_else(|late| Err(late.into()));
    Ok(answered.unwrap_or_else(|error| {
        let words = TlsFault::of(error.as_ref()).map_or_else(|| format!("{error:#}"), |fault| format!("{fault}\nhint: {}", fault.hint()));
        ("unreachable".to_owned(), Some(words))
    }))
}

/// The files that `paths` name, those of a directory in order of name.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            anyhow::ensure!(path.exists(), "{} does not exist", path.display());
            files.push(path.clone());
            continue;
        }
        let listed = std::fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))?;
        let mut within = listed.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
        within.retain(|file| file.is_file() && file.extension().is_some_and(|ending| ending == "json"));
        within.sort();
        anyhow::ensure!(!within.is_empty(), "{} holds no *.json files", path.display());
        files.append(&mut within);
    }
    Ok(files)
}

/// A bar for people who wait; hidden elsewhere.
fn progress(bodies: usize, json: bool) -> ProgressBar {
    if bodies < MANY || json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{bar:40} {pos}/{len} bodies, {per_sec}, {eta} left").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(bodies as u64).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_its_json_files_in_order_of_name() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.json", "a.json", "NOTICE.md"] {
            std::fs::write(dir.path().join(name), "{}").unwrap();
        }
        let listed = files(&[dir.path().to_owned()]).unwrap();
        assert_eq!(listed, [dir.path().join("a.json"), dir.path().join("b.json")]);
    }

    #[test]
    fn a_path_that_names_nothing_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert!(files(&[dir.path().join("missing.json")]).is_err());
        assert!(files(&[dir.path().to_owned()]).is_err());
    }
}
