//! What a request shows of who makes it.
//!
//! ```text
//! authorization: Bearer clk_256_…        an API key; it decides also where there is a certificate
//! Peer.certificate                       SHA-256 of the client certificate of the connection
//! ```

use tonic::Status;
use tonic::codegen::http::{HeaderMap, header};

use super::Caller;
use crate::api::connections::Peer;
use crate::api::status;
use crate::consent::time::Time;
use crate::ledger::principals::api_key::PresentedKey;
use crate::ledger::principals::principal::Holder;

/// The scheme of the header `authorization`, whose letters' case does not count.
const SCHEME: &str = "bearer";

/// What was shown.
pub enum Shown {
    /// Nothing.
    Nothing,
    /// An API key.
    Key(PresentedKey),
    /// A client certificate, by its SHA-256.
    Certificate([u8; 32]),
}

impl Shown {
    /// Reads it.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` where the header is there and holds no key, or there are several.
    pub fn read(headers: &HeaderMap, peer: Option<&Peer>) -> Result<Self, Status> {
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let Some(header) = given.next() else {
            return Ok(peer.and_then(|peer| peer.certificate).map_or(Self::Nothing, Self::Certificate));
        };
        let text = header.to_str().ok().filter(|_| given.next().is_none());
        let key = text.and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME));
        key.and_then(|(_, key)| PresentedKey::read(key.trim())).map(Self::Key).ok_or_else(status::credentials_malformed)
    }
}

/// The caller whose credentials were shown.
///
/// # Errors
/// `UNAUTHENTICATED` where they are nobody's, or not taken at `now`.
pub fn holder(holder: Option<Holder>, now: Time) -> Result<Caller, Status> {
    let caller = Caller::principal(holder.ok_or_else(status::credentials_unknown)?);
    caller.is_live(now)?;
    Ok(caller)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (header::AUTHORIZATION, value.parse().unwrap())).collect()
    }

    #[test]
    fn a_key_is_read_and_whatever_else_is_in_its_place_is_refused() {
        let key = format!("clk_256_{}", "A".repeat(43));
        for good in [format!("Bearer {key}"), format!("bearer {key}"), format!("BEARER  {key} ")] {
            assert!(matches!(Shown::read(&headers(&[&good]), None), Ok(Shown::Key(_))), "{good}");
        }
        let bearer = format!("Bearer {key}");
        for bad in [vec!["Bearer"], vec!["Bearer "], vec![key.as_str()], vec!["Basic dXNlcjpwYXNz"], vec![bearer.as_str(), bearer.as_str()]]
        {
            let Err(status) = Shown::read(&headers(&bad), None) else { panic!("{bad:?}") };
            assert_eq!(status.get_error_details().error_info().unwrap().reason, "CREDENTIALS_MALFORMED", "{bad:?}");
        }
    }

    #[test]
    fn a_key_decides_where_there_is_a_certificate_too() {
        let peer = Peer::new(None, Some([7; 32]));
        assert!(matches!(Shown::read(&HeaderMap::new(), Some(&peer)), Ok(Shown::Certificate(digest)) if digest == [7; 32]));
        let bearer = format!("Bearer clk_256_{}", "A".repeat(43));
        assert!(matches!(Shown::read(&headers(&[&bearer]), Some(&peer)), Ok(Shown::Key(_))));
        assert!(Shown::read(&headers(&["x"]), Some(&peer)).is_err(), "a bad key is refused beside a certificate as well");
        assert!(matches!(Shown::read(&HeaderMap::new(), None), Ok(Shown::Nothing)));
    }
}
