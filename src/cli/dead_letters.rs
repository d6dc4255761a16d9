//! `dead-letters`: what webhooks brought and the ledger could not place.

use clap::{Args, Subcommand};
use serde_json::json;

use super::client::{ANSWER_MAX_BYTES, Connection};
use super::error::{CliError, Verdict};
use super::output::Output;
use super::words;
use crate::client::Channel;
use crate::proto::admin_service_client::AdminServiceClient;
use crate::proto::{DeadLetter, ListDeadLettersRequest, ReplayDeadLettersRequest};

const LIST_EXAMPLES: &str = "\
Example:
  consent-ledger dead-letters list --with-payload --json";

const REPLAY_EXAMPLES: &str = "\
Example:
  consent-ledger dead-letters replay";

/// List or replay what webhooks brought and the ledger could not place.
///
/// Nothing a webhook brings is dropped: what has no place yet (an unknown type, a contact that is none) is kept sealed for 30 days.
#[derive(Args, Debug)]
pub struct DeadLetters {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    List(List),
    Replay(Replay),
}

/// List dead letters, the oldest first.
#[derive(Args, Debug)]
#[command(after_help = LIST_EXAMPLES)]
struct List {
    /// Also show what came in: personal data
    #[arg(long)]
    with_payload: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Try to place dead letters again, as after an upgrade; those that can be placed leave the list.
#[derive(Args, Debug)]
#[command(after_help = REPLAY_EXAMPLES)]
struct Replay {
    /// Which ones, by id; without any, all of the account's
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    connection: Connection,
}

impl DeadLetters {
    /// Lists or replays.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        match self.what {
            What::List(list) => list.run(output).await,
            What::Replay(replay) => replay.run(output).await,
        }
    }
}

impl List {
    async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = client(&self.connection).await?;
        let mut request =
            ListDeadLettersRequest { account: self.connection.account, with_payload: self.with_payload, ..Default::default() };
        let mut count = 0_u64;
        loop {
            let page = client.list_dead_letters(request.clone()).await?.into_inner();
            for letter in &page.dead_letters {
                count += 1;
                output.print(|| value(letter, self.with_payload), || text(letter))?;
            }
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        if count == 0 && !output.is_json() {
            Output::line("no dead letters")?;
        }
        Ok(Verdict::Yes)
    }
}

impl Replay {
    async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = client(&self.connection).await?;
        let request = ReplayDeadLettersRequest { account: self.connection.account, ids: self.ids };
        let replayed = client.replay_dead_letters(request).await?.into_inner();
        output.print(
            || json!({ "tried": replayed.tried, "placed": replayed.placed, "kept": replayed.kept }),
            || format!("tried {}, placed {}, kept {}", replayed.tried, replayed.placed, replayed.kept),
        )?;
        Ok(Verdict::Yes)
    }
}

async fn client(connection: &Connection) -> Result<AdminServiceClient<Channel>, CliError> {
    Ok(AdminServiceClient::new(connection.connect().await?).max_decoding_message_size(ANSWER_MAX_BYTES))
}

/// With what came in as text where it is UTF-8, else in hex.
fn value(letter: &DeadLetter, with_payload: bool) -> serde_json::Value {
    let payload = with_payload.then(|| match std::str::from_utf8(&letter.payload) {
        Ok(text) => json!({ "text": text }),
        Err(_) => json!({ "hex": hex::encode(&letter.payload) }),
    });
    json!({
        "id": letter.id,
        "received_at": words::time(letter.received_at.as_ref()).map(|at| at.to_string()),
        "field": letter.field,
        "reason": letter.reason,
        "payload": payload,
    })
}

fn text(letter: &DeadLetter) -> String {
    let payload = String::from_utf8_lossy(&letter.payload);
    let received_at = words::time_or(letter.received_at.as_ref(), "?");
    format!("{}  {received_at}  {}  {}\n{payload}", letter.id, letter.field, letter.reason)
}
