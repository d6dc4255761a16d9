//! Authorities and certificates, made by the test that needs them.

#![allow(dead_code, reason = "each subject uses its part")]

use std::path::Path;

use consent_ledger::client::Tls;
use consent_ledger::consent::time::Time;
use consent_ledger::ledger::clock::{Clock, SystemClock};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use sha2::{Digest, Sha256};

/// Somebody who issues certificates.
pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key.
pub struct Pair {
    /// PEM.
    pub certificate: String,
    /// PEM, PKCS#8.
    pub key: String,
    /// SHA-256 of the certificate, as DER.
    pub digest: [u8; 32],
}

impl Authority {
    /// A new one.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// Its own certificate, PEM.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A certificate for this machine, under its usual names.
    pub fn server(&self) -> Pair {
        self.issue(&["localhost", "127.0.0.1"], (2020, 1, 1), (4000, 1, 1))
    }

    /// A certificate for a caller.
    pub fn caller(&self, name: &str) -> Pair {
        self.issue(&[name], (2020, 1, 1), (4000, 1, 1))
    }

    /// A certificate for these names, from one day to another.
    pub fn issue(&self, names: &[&str], from: (i32, u8, u8), to: (i32, u8, u8)) -> Pair {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, "one of the tests");
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(to.0, to.1, to.2);
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Pair { certificate: certificate.pem(), key: key.serialize_pem(), digest: Sha256::digest(certificate.der()).into() }
    }

    /// A client that trusts it and shows nothing.
    pub fn trusted(&self) -> Tls {
        Tls::default().authorities(self.pem().as_bytes()).unwrap()
    }

    /// A client that trusts it and shows a certificate.
    pub fn trusted_by(&self, caller: &Pair) -> Tls {
        self.trusted().identity(caller.certificate.as_bytes(), caller.key.as_bytes()).unwrap()
    }
}

impl Pair {
    /// Writes both files, `NAME.pem` and `NAME.key`.
    pub fn write(&self, dir: &Path, name: &str) {
        std::fs::write(dir.join(format!("{name}.pem")), &self.certificate).unwrap();
        std::fs::write(dir.join(format!("{name}.key")), &self.key).unwrap();
    }
}

/// The day so many days from today, as a certificate has it.
pub fn in_days(days: u32) -> (i32, u8, u8) {
    let day: Time = SystemClock.now().plus_days(days);
    let text = day.to_string();
    let mut parts = text.split(['-', 'T']).map(|part| part.parse::<i32>().unwrap_or_default());
    let mut next = || parts.next().unwrap();
    (next(), u8::try_from(next()).unwrap(), u8::try_from(next()).unwrap())
}
