//! Messages that a person decides about, as that person types it.

use super::session;
use crate::support::server::Server;

#[test]
fn a_message_in_doubt_is_listed_until_it_is_confirmed_or_dismissed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let write = |contact: &str, text: &str| {
        let said = super::cli(&["record", "inbound", "--contact", contact, "--sender", "1001", "--text", text, "--server", &server.url()]);
        assert_eq!(said.code, 0, "{said:?}");
    };
    write("+447400123456", "Stop. Thank you");
    write("+447400123457", "the bus did not stop! annoying.\nStop\ncould you refund it?");
    insta::assert_snapshot!(session(
        &server,
        &[
            "possible-opt-outs list",
            "check --contact +447400123456 --sender 1001",
            "possible-opt-outs confirm 3",
            "check --contact +447400123456 --sender 1001",
            "possible-opt-outs dismiss 4",
            "possible-opt-outs dismiss 4",
            "possible-opt-outs confirm 9",
            "possible-opt-outs list",
            "trail --contact +447400123456",
        ]
    ));
    let json = super::say(&server, "possible-opt-outs confirm 4 --json --event-id later").json().remove(0);
    assert_eq!((&json["seq"], &json["caused_seq"], &json["effect"]), (&11.into(), &12.into(), &"APPLIED".into()));
}
