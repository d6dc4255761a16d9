//! `account`: create one, list them.

use clap::{Args, Subcommand};
use serde_json::json;

use super::act;
use super::client::{CALL, Server};
use super::error::{CliError, Verdict};
use super::output::Output;
use crate::proto::admin_service_client::AdminServiceClient;
use crate::proto::{CreateAccountRequest, ListAccountsRequest};

const CREATE_EXAMPLES: &str = "\
Example:
  consent-ledger account create shop-br";

const LIST_EXAMPLES: &str = "\
Example:
  consent-ledger account list";

/// How many accounts are asked for at once.
const PAGE: u32 = 1_000;

/// Create or list accounts.
///
/// An account is one business, isolated from the others: its contacts, its senders, its policy.
#[derive(Args, Debug)]
pub struct Account {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Create(Create),
    List(List),
}

/// Create an account; `default` exists from the start.
#[derive(Args, Debug)]
#[command(after_help = CREATE_EXAMPLES)]
struct Create {
    /// Its name: 1 to 64 of a-z, 0-9, '-', '_', '.'
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    server: Server,
}

/// List the accounts, each with the policy in force.
#[derive(Args, Debug)]
#[command(after_help = LIST_EXAMPLES)]
struct List {
    #[command(flatten)]
    server: Server,
}

impl Account {
    /// Creates or lists.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        match self.what {
            What::Create(create) => create.run(output).await?,
            What::List(list) => list.run(output).await?,
        }
        Ok(Verdict::Yes)
    }
}

impl Create {
    async fn run(self, output: Output) -> Result<(), CliError> {
        let mut client = AdminServiceClient::new(self.server.connect(CALL).await?);
        let created = client.create_account(CreateAccountRequest { account: self.name }).await?.into_inner().acknowledgement;
        act::acknowledged(output, created).map(drop)
    }
}

impl List {
    async fn run(self, output: Output) -> Result<(), CliError> {
        let mut client = AdminServiceClient::new(self.server.connect(CALL).await?);
        let mut request = ListAccountsRequest { page_size: PAGE, ..Default::default() };
        loop {
            let page = client.list_accounts(request).await?.into_inner();
            for found in &page.accounts {
                output.print(
                    || json!({ "account": found.account, "number": found.number, "policy_version": found.policy_version, "preset": found.preset }),
                    || format!("{:<24}  policy {}, {}", found.account, found.policy_version, found.preset),
                )?;
            }
            if page.next_page_token.is_empty() {
                return Ok(());
            }
            request = ListAccountsRequest { page_token: page.next_page_token, page_size: PAGE };
        }
    }
}
