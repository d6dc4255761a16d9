//! Both ports as `openssl` sees them.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Callers, World, word};
use crate::support::cli::cli;
use crate::support::server::Server;

/// Whether there is an `openssl`; says that the test is skipped where there is none.
fn is_there() -> bool {
    let there = Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success());
    if !there {
        println!("skipped: no openssl on this machine");
    }
    there
}

/// What `openssl s_client` says of a port, and whether it shook hands.
fn s_client(address: SocketAddr, ca: &Path, more: &[&str]) -> (bool, String) {
    let output = Command::new("openssl")
        .args(["s_client", "-connect", &address.to_string(), "-verify_return_error", "-verify_ip", "127.0.0.1", "-CAfile"])
        .arg(ca)
        .args(more)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}

#[test]
fn versions_and_protocols_are_those_that_each_port_speaks() {
    if !is_there() {
        return;
    }
    let world = World::start(Callers::Anonymous);
    let ca = world.file("authority.pem");
    std::fs::write(&ca, world.authority.pem()).unwrap();
    let (grpc, http) = (world.server.grpc, world.server.http);
    for (port, offered, spoken) in
        [(grpc, "h2", "h2"), (http, "h2,http/1.1", "h2"), (http, "http/1.1", "http/1.1"), (grpc, "h2,http/1.1", "h2")]
    {
        for (version, name) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
            let (shaken, said) = s_client(port, &ca, &[version, "-alpn", offered]);
            assert!(shaken && said.contains(&format!("ALPN protocol: {spoken}")), "{version} {offered}: {said}");
            assert!(said.contains(name) && said.contains("Verify return code: 0 (ok)"), "{version} {offered}: {said}");
        }
    }
    let (shaken, said) = s_client(grpc, &ca, &["-alpn", "http/1.1"]);
    assert!(!shaken && said.contains("no application protocol"), "gRPC is HTTP/2 alone: {said}");
    for port in [grpc, http] {
        let (shaken, said) = s_client(port, &ca, &["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"]);
        assert!(!shaken && said.contains("Protocol  : TLSv1.1") && said.contains("alert handshake failure"), "{said}");
    }
}

#[test]
fn a_caller_must_show_a_certificate_and_openssl_can() {
    if !is_there() {
        return;
    }
    let world = World::start(Callers::Known);
    let ca = world.file("authority.pem");
    std::fs::write(&ca, world.authority.pem()).unwrap();
    world.callers.caller("campaigns").write(world.dir.path(), "caller");
    let [certificate, key] = ["caller.pem", "caller.key"].map(|name| word(&world.file(name)));
    for port in [world.server.grpc, world.server.http] {
        // In TLS 1.2 the refusal belongs to the handshake.
        let (shaken, said) = s_client(port, &ca, &["-tls1_2"]);
        assert!(!shaken && said.contains("alert"), "{said}");
        let (shaken, said) = s_client(port, &ca, &["-cert", &certificate, "-key", &key]);
        assert!(shaken && said.contains("Acceptable client certificate CA names"), "{said}");
    }
}

/// Runs `openssl` to its end.
fn openssl(dir: &Path, words: &[&str]) {
    let output = Command::new("openssl").args(words).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn keys_are_taken_in_every_form_that_openssl_writes() {
    if !is_there() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for (name, algorithm) in [("rsa", "rsa:2048"), ("ec", "ec")] {
        let mut words = vec!["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
        words.extend(["-addext", "basicConstraints=critical,CA:FALSE"]);
        words.extend(["-newkey", algorithm]);
        if name == "ec" {
            words.extend(["-pkeyopt", "ec_paramgen_curve:P-256"]);
        }
        words.extend(["-keyout", "pkcs8.key", "-out", "own.pem"]);
        openssl(dir.path(), &words);
        openssl(dir.path(), &["pkey", "-in", "pkcs8.key", "-traditional", "-out", "old.key"]);
        let old = std::fs::read_to_string(dir.path().join("old.key")).unwrap();
        assert!(old.contains("BEGIN RSA PRIVATE KEY") || old.contains("BEGIN EC PRIVATE KEY"));
        for key in ["pkcs8.key", "old.key"] {
            let [certificate, key] = ["own.pem", key].map(|file| word(&dir.path().join(file)));
            let server = Server::start(&dir.path().join("data"), &["--tls-cert", &certificate, "--tls-key", &key]);
            let (shaken, said) = s_client(server.http, &dir.path().join("own.pem"), &[]);
            assert!(shaken, "{name} {key}: {said}");
            let url = format!("https://{}", server.grpc);
            let check = ["check", "--contact", "+447400123456", "--sender", "1001", "--server", &url, "--ca", &certificate];
            assert_eq!(cli(&check).first_word(), "NOTHING", "{name} {key}");
        }
    }
    // One that is encrypted is refused, since nobody is there to give the password.
    openssl(dir.path(), &["pkey", "-in", "pkcs8.key", "-aes256", "-passout", "pass:x", "-out", "secret.key"]);
    let [certificate, key] = ["own.pem", "secret.key"].map(|file| word(&dir.path().join(file)));
    let Err(said) = Server::try_start(&dir.path().join("data"), &["--tls-cert", &certificate, "--tls-key", &key]) else {
        panic!("an encrypted key was taken")
    };
    assert!(said.contains("secret.key holds no private key"), "{said}");
}
