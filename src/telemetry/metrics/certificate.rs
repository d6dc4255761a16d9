//! The certificate that both ports show, so that somebody hears of its end before callers do.

use std::fmt;
use std::sync::Arc;

use super::{Families, Source};
use crate::tls::Tls;

/// The certificate in use; none where both ports speak plain text.
pub struct Certificate(pub Option<Arc<Tls>>);

impl Source for Certificate {
    fn tell(&self, families: &mut Families<'_>) -> fmt::Result {
        let standing = self.0.as_ref().map(|tls| tls.standing());
        let expires_at = standing.map_or(0, |standing| u64::try_from(standing.expires_at.micros() / 1_000_000).unwrap_or_default());
        let help = "Until when the certificate in use is valid, in seconds since 1970; 0: plain text.";
        families.whole("consent_ledger_tls_certificate_expiry_timestamp_seconds", help, expires_at)?;
        let help = "1 where the certificate's files hold something that was refused, so that a restart would fail, else 0.";
        let refusing = standing.is_some_and(|standing| standing.is_refusing);
        families.whole("consent_ledger_tls_certificate_refused", help, refusing.into())?;
        let reloads = standing.map_or(0, |standing| standing.reloads);
        families.counter("consent_ledger_tls_reloads_total", "Times that another certificate was taken into use.", reloads)?;
        let refusals = standing.map_or(0, |standing| standing.refusals);
        families.counter("consent_ledger_tls_refusals_total", "Times that another certificate was refused.", refusals)
    }
}
