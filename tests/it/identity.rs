//! Who may do what: the table, held against the server that runs, and what is behind it.

mod anyone;
mod bound;
mod certificates;
mod command_line;
mod expected;
mod matrix;
mod reads;
mod restarts;
mod revoked;
mod table;

use std::path::Path;

use consent_ledger::client::{Channel, Endpoint, Tls};
use consent_ledger::proto::admin_service_client::AdminServiceClient;
use consent_ledger::proto::{AddPrincipalRequest, CreateAccountRequest, Role};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::client::runtime;
use crate::support::server::Server;

/// A server whose ledger has principals.
pub struct Guarded {
    /// The server.
    pub server: Server,
    /// The key of an operator that is bound to nothing.
    pub ops: String,
    _dir: tempfile::TempDir,
}

impl Guarded {
    /// A server with the accounts `shop` and `other`, and an operator.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(&dir.path().join("data"), &[]);
        let mut local = AdminServiceClient::new(channel(&server, None).await);
        for account in ["shop", "other"] {
            local.create_account(CreateAccountRequest { account: account.into() }).await.unwrap();
        }
        let ops = add(&mut local, "ops", &[Role::Operator], &[], &[]).await.unwrap();
        Self { server, ops, _dir: dir }
    }

    /// A connection that shows this key.
    pub async fn with(&self, key: &str) -> Channel {
        channel(&self.server, Some(key)).await
    }

    /// The operator.
    pub async fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.with(&self.ops).await)
    }
}

/// A connection, with a key or without.
pub async fn channel(server: &Server, key: Option<&str>) -> Channel {
    let endpoint = Endpoint::new(&server.url(), &Tls::default()).unwrap().timeout(std::time::Duration::from_secs(30));
    let endpoint = match key {
        Some(key) => endpoint.api_key(key.parse().unwrap()).unwrap(),
        None => endpoint,
    };
    endpoint.connect().await.unwrap()
}

/// Adds a principal and gives its key.
pub async fn add(
    admin: &mut AdminServiceClient<Channel>,
    name: &str,
    roles: &[Role],
    accounts: &[&str],
    senders: &[&str],
) -> Result<String, Status> {
    let request = AddPrincipalRequest {
        name: name.into(),
        roles: roles.iter().map(|role| (*role).into()).collect(),
        accounts: accounts.iter().map(ToString::to_string).collect(),
        senders: senders.iter().map(ToString::to_string).collect(),
        ..Default::default()
    };
    Ok(admin.add_principal(request).await?.into_inner().api_key)
}

/// The reason of a refusal.
pub fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// Runs against such a server.
pub fn on_a_guarded_server<F: Future<Output = ()>>(test: impl FnOnce(Guarded) -> F) {
    runtime().block_on(async { test(Guarded::start().await).await });
}

/// The same refusal, whatever else differs.
#[track_caller]
pub fn assert_refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, expected: &str) {
    let status = answer.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (code, expected), "{status:?}");
}

/// A file with this text.
pub fn file(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}
