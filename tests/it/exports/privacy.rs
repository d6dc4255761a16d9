//! Nothing that is personal stands anywhere but in the file: not in what the command says, not in the server's logs.

use crate::privacy::search::Needles;

use super::{CONTACT, export, with_people};

#[test]
fn neither_the_command_nor_the_server_says_whose_export_it_was() {
    let (dir, server) = with_people();
    let mut needles = Needles::default();
    // The example that errors give has the contact's own number.
    let example = "as in +447400123456";
    assert!(example.ends_with(CONTACT));
    needles.number(CONTACT.trim_start_matches('+'));
    needles.number("447400777888");
    needles.text("an event id", "first-of-this");
    needles.text("an evidence", "evil.example");
    let mut said = String::new();
    for more in [
        &["--contact", CONTACT][..],
        &["--contact", CONTACT, "--evidence"],
        &["--contact", CONTACT, "--format", "html", "--json"],
        &["--contact", CONTACT, "--format", "consent-record"],
        &["--contact", "+447400777888x"],
        &["--contact", CONTACT, "--format", "csv", "--account", "nobody"],
    ] {
        let out = dir.path().join("out");
        let answer = export(&server.url(), &out, &[more, &["--force"]].concat());
        said.push_str(&answer.out);
        said.push_str(&answer.err);
    }
    assert!(said.contains("claim: ") && said.contains("error: "), "{said}");
    let said = said.replace(example, "");
    assert_eq!(needles.found_in(said.as_bytes()), Vec::<String>::new(), "{said}");
    let logs = server.logs();
    assert_eq!(needles.found_in(logs.as_bytes()), Vec::<String>::new(), "{logs}");
    // The search finds what it should: the file is full of it.
    assert!(!needles.found_in(&std::fs::read(dir.path().join("out")).unwrap()).is_empty());
}
