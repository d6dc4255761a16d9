//! Who may call a server that starts.

use std::net::SocketAddr;

use crate::cli::error::CliError;
use crate::ledger::Ledger;

/// Says who may call, and refuses to serve other machines where nobody is known.
///
/// # Errors
/// Where an address is not a loopback one and no principal has credentials that are taken.
pub fn known(ledger: &Ledger, addresses: &[SocketAddr]) -> Result<(), CliError> {
    let is_live = ledger.has_live_principal();
    if let Some(address) = addresses.iter().find(|address| !address.ip().is_loopback()).filter(|_| !is_live) {
        return Err(CliError::usage(format!("{address} is not a loopback address, and nobody has credentials to call there")).hint(
            format!(
                "add an operator first: consent-ledger keys add --data-dir {} --name NAME --role operator > operator.key",
                ledger.data_dir().display()
            ),
        ));
    }
    if !ledger.has_principals() {
        tracing::warn!("no principal was ever added: every program on this machine may call, for every account; `keys add` adds the first");
    } else if !is_live {
        tracing::warn!(
            "every principal was revoked or expired, and every call is refused; `keys add --data-dir` adds one, the server stopped"
        );
    }
    Ok(())
}
