//! By what callers are told apart where each has its share.

use std::net::{IpAddr, Ipv6Addr};

use tonic::codegen::http::Extensions;

use crate::api::access::Caller;
use crate::api::connections::Peer;

/// One caller, as far as shares go.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Key {
    /// By the principal that the door let in, whatever it showed and from wherever.
    Principal(u32),
    /// By the certificate that it showed, SHA-256.
    Certificate([u8; 32]),
    /// By its address; in IPv6 by the network of 64 bits, since whoever has one address there has all of them.
    Address(IpAddr),
    /// All others together.
    Others,
}

impl Key {
    /// Who makes the request with these extensions.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Self {
        let principal = Caller::among(extensions).and_then(Caller::as_principal);
        principal.map_or_else(|| Self::of_peer(extensions), |principal| Self::Principal(principal.number()))
    }

    /// Where a request with these extensions comes from, whoever made it.
    #[must_use]
    pub fn of_peer(extensions: &Extensions) -> Self {
        let Some(peer) = extensions.get::<Peer>() else { return Self::Others };
        match (peer.certificate, peer.address) {
            (Some(certificate), _) => Self::Certificate(certificate),
            (None, Some(address)) => Self::Address(network(address.ip().to_canonical())),
            (None, None) => Self::Others,
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str, certificate: Option<[u8; 32]>) -> Key {
        let mut extensions = Extensions::new();
        extensions.insert(Peer::new(Some(address.parse().unwrap()), certificate));
        Key::of(&extensions)
    }

    #[test]
    fn a_certificate_counts_before_the_address_and_neighbours_in_a_network_are_one() {
        assert_eq!(key("10.0.0.1:1", None), key("10.0.0.1:2", None));
        assert_eq!(key("[::ffff:10.0.0.1]:1", None), key("10.0.0.1:2", None));
        assert_ne!(key("10.0.0.1:1", None), key("10.0.0.2:1", None));
        assert_eq!(key("[2001:db8::1]:1", None), key("[2001:db8::2:3]:1", None));
        assert_ne!(key("[2001:db8::1]:1", None), key("[2001:db8:0:1::1]:1", None));
        assert_eq!(key("10.0.0.1:1", Some([1; 32])), key("10.0.0.2:1", Some([1; 32])));
        assert_eq!(Key::of(&Extensions::new()), Key::Others);
    }

    #[test]
    fn a_principal_counts_before_everything_else_and_is_one_wherever_it_calls_from() {
        let of = |address: &str| {
            let mut extensions = Extensions::new();
            extensions.insert(Peer::new(Some(address.parse().unwrap()), Some([1; 32])));
            extensions.insert(Caller::principal(crate::ledger::principals::roll::tests::holder()));
            extensions
        };
        assert!(matches!(Key::of(&of("10.0.0.1:1")), Key::Principal(_)));
        assert_eq!(Key::of(&of("10.0.0.1:1")), Key::of(&of("10.0.0.2:1")));
        assert_eq!(Key::of_peer(&of("10.0.0.1:1")), Key::Certificate([1; 32]));
        let mut local = Extensions::new();
        local.insert(Caller::local());
        assert_eq!(Key::of(&local), Key::Others);
    }
}
