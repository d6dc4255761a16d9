//! What went wrong between two sides that should speak TLS, told apart as far as a client can tell.

use std::error::Error;
use std::fmt::Write as _;
use std::io;

use rustls::{AlertDescription, CertificateError, Error as Rustls};

/// Why there is no connection that can be trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TlsFault {
    /// The other side answers in plain text.
    #[error("the server does not speak TLS")]
    NotTls,
    /// The other side hangs up before it said anything of TLS.
    #[error("the server hung up during the TLS handshake")]
    HungUp,
    /// Nobody who is trusted vouches for its certificate.
    #[error("the server's certificate is of an authority that is not trusted here")]
    UnknownAuthority,
    /// The certificate is another server's.
    #[error("the server's certificate is for another name")]
    WrongName,
    /// The certificate is over.
    #[error("the server's certificate has expired")]
    Expired,
    /// The certificate has not begun.
    #[error("the server's certificate is not valid yet")]
    NotYetValid,
    /// The certificate is wrong in another way.
    #[error("the server's certificate is not valid")]
    BadCertificate,
    /// The server wants to know who calls.
    #[error("the server requires a client certificate")]
    CertificateRequired,
    /// The server does not take the certificate that it was shown.
    #[error("the server refuses the client certificate")]
    CertificateRefused,
    /// The two sides have no version, cipher or protocol in common.
    #[error("the server speaks no TLS that is spoken here, or not the protocol that was asked for")]
    NothingInCommon,
}

/// What the server's words of farewell mean.
const ALERTS: [(AlertDescription, TlsFault); 12] = [
    (AlertDescription::CertificateRequired, TlsFault::CertificateRequired),
    (AlertDescription::BadCertificate, TlsFault::CertificateRefused),
    (AlertDescription::UnsupportedCertificate, TlsFault::CertificateRefused),
    (AlertDescription::CertificateRevoked, TlsFault::CertificateRefused),
    (AlertDescription::CertificateExpired, TlsFault::CertificateRefused),
    (AlertDescription::CertificateUnknown, TlsFault::CertificateRefused),
    (AlertDescription::UnknownCA, TlsFault::CertificateRefused),
    (AlertDescription::DecryptError, TlsFault::CertificateRefused),
    (AlertDescription::AccessDenied, TlsFault::CertificateRefused),
    (AlertDescription::ProtocolVersion, TlsFault::NothingInCommon),
    (AlertDescription::HandshakeFailure, TlsFault::NothingInCommon),
    (AlertDescription::NoApplicationProtocol, TlsFault::NothingInCommon),
];

impl TlsFault {
    /// What an error says of TLS, itself or by what caused it.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            let found = error.downcast_ref::<Rustls>().map(Self::of_rustls).or_else(|| Self::of_io(error.downcast_ref()?));
            if found.is_some() {
                return found;
            }
            next = error.source();
        }
        // HTTP/2 keeps the words of what broke under it, and not the error.
        let said = said(error);
        ALERTS.iter().find(|(alert, _)| said.contains(&Rustls::AlertReceived(*alert).to_string())).map(|(_, fault)| *fault)
    }

    /// Whether it may pass by itself: a server that stops hangs up.
    #[must_use]
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::HungUp)
    }

    /// What to do next.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::NotTls => "check the port; a server without a certificate is at http://",
            Self::HungUp => "try again where it may be stopping; else check the port: it may speak something else than TLS",
            Self::UnknownAuthority => "give the authority of the server's certificate with --ca, or have this machine trust it",
            Self::WrongName => "call the server by a name or address that its certificate names, or have one issued for this name",
            Self::Expired => "have the server's certificate renewed; the running server takes the new files by itself",
            Self::NotYetValid => "set the clocks of both machines right",
            Self::BadCertificate => {
                "look at it with `openssl s_client -connect HOST:PORT -showcerts`; one that is an authority itself, as openssl makes them \
                 unless told CA:FALSE, is not taken"
            }
            Self::CertificateRequired => "give a certificate of the server's --tls-client-ca with --client-cert and --client-key",
            Self::CertificateRefused => {
                "give a certificate that is valid today and of the server's --tls-client-ca; the server logs why (RUST_LOG=debug)"
            }
            Self::NothingInCommon => "TLS 1.2 or 1.3 is needed; check that the port is the gRPC port",
        }
    }

    /// A TLS error lies within an I/O error, which does not name it as its source.
    fn of_io(error: &io::Error) -> Option<Self> {
        if let Some(within) = error.get_ref() {
            let within: &(dyn Error + 'static) = within;
            if let Some(error) = within.downcast_ref::<Rustls>() {
                return Some(Self::of_rustls(error));
            }
            if let Some(error) = within.downcast_ref::<io::Error>() {
                return Self::of_io(error);
            }
        }
        // tokio-rustls says so where the other side hangs up.
        (error.kind() == io::ErrorKind::UnexpectedEof && error.to_string().contains("handshake")).then_some(Self::HungUp)
    }

    fn of_rustls(error: &Rustls) -> Self {
        match error {
            Rustls::InvalidMessage(_) | Rustls::InappropriateMessage { .. } => Self::NotTls,
            Rustls::InvalidCertificate(certificate) => Self::of_certificate(certificate),
            Rustls::AlertReceived(alert) => {
                ALERTS.iter().find(|(known, _)| known == alert).map_or(Self::NothingInCommon, |(_, fault)| *fault)
            }
            _ => Self::NothingInCommon,
        }
    }

    const fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer => Self::UnknownAuthority,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::WrongName,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            _ => Self::BadCertificate,
        }
    }
}

/// An error's words and those of what caused it.
fn said(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let _ = write!(said, ": {error}");
        next = error.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(error: Rustls) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }

    #[test]
    fn a_fault_is_found_in_whatever_it_is_wrapped() {
        let expired = Rustls::InvalidCertificate(CertificateError::Expired);
        assert_eq!(TlsFault::of(&expired), Some(TlsFault::Expired));
        assert_eq!(TlsFault::of(&within(expired.clone())), Some(TlsFault::Expired));
        assert_eq!(TlsFault::of(&io::Error::other(within(expired))), Some(TlsFault::Expired));
    }

    #[test]
    fn an_alert_is_known_also_where_only_its_words_are_left() {
        let words = Rustls::AlertReceived(AlertDescription::CertificateRequired).to_string();
        let broken = io::Error::new(io::ErrorKind::BrokenPipe, format!("connection error: {words}"));
        assert_eq!(TlsFault::of(&broken), Some(TlsFault::CertificateRequired));
    }

    #[test]
    fn what_is_no_fault_of_tls_is_none() {
        for kind in [io::ErrorKind::ConnectionRefused, io::ErrorKind::TimedOut, io::ErrorKind::UnexpectedEof] {
            assert_eq!(TlsFault::of(&io::Error::from(kind)), None, "{kind:?}");
        }
    }
}
