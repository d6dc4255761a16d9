//! `check --receipt` and `verify RECEIPT`, on the real binary: offline with a key, online at a server.

use std::path::Path;

use crate::support::cli::{Said, cli};
use crate::support::server::Server;

const CONTACT: &str = "+447400123456";

fn says(line: &str, code: i32) -> Said {
    let said = cli(&line.split(' ').collect::<Vec<_>>());
    assert_eq!(said.code, code, "{line}: {said:?}");
    said
}

/// A server, and the way to write lines for it.
struct Desk {
    dir: tempfile::TempDir,
    server: Server,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(&dir.path().join("data"), &[]);
        Self { dir, server }
    }

    fn file(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    fn says(&self, line: &str, code: i32) -> Said {
        says(&format!("{line} --server {}", self.server.url()), code)
    }

    fn key(&self) -> String {
        says(&format!("keys public --data-dir {}", self.file("data")), 0).out.trim().to_owned()
    }
}

#[test]
fn a_receipt_is_verified_without_the_server_and_then_asked_about() {
    let desk = Desk::new();
    let receipt = desk.file("receipt.json");
    desk.says(&format!("record opt-in --contact {CONTACT} --category marketing"), 0);
    let said = desk.says(&format!("check --contact {CONTACT} --sender 1001 --category marketing --receipt {receipt}"), 0);
    assert_eq!(said.first_word(), "TEMPLATE_ONLY");
    assert!(said.out.contains(&format!("receipt: {receipt}")), "{}", said.out);
    assert!(!std::fs::read_to_string(&receipt).unwrap().contains("447400123456"));

    let offline = says(&format!("verify {receipt} --key {}", desk.key()), 0);
    for line in [
        "ok\nsigned by the ledger's receipt key\nasked: may sender 1001 send marketing at ",
        "answered: TEMPLATE_ONLY OPTED_IN OUTSIDE_ALLOWED_SENDING_WINDOW, at entry 3, decided by 3\n",
        "recorded, as it says, as entry 4 ",
        "not checked: that the entry is in the log",
        "\ncheckpoint: ",
    ] {
        assert!(offline.out.contains(line), "{}", offline.out);
    }
    let online = desk.says(&format!("verify {receipt}"), 0);
    assert!(online.out.starts_with("FOLLOWS the answer follows"), "{}", online.out);
    assert!(online.out.contains("in hindsight, at entry 4: the same"), "{}", online.out);
    desk.says(&format!("record opt-out --contact {CONTACT} --at 2026-01-01T00:00:00Z"), 0);
    let json = desk.says(&format!("verify {receipt} --key {} --contact {CONTACT} --json", desk.key()), 0).json().remove(0);
    assert_eq!((&json["verdict"], &json["decision"]["permission"]), (&"FOLLOWS".into(), &"TEMPLATE_ONLY".into()));
    let other = desk.says(&format!("verify {receipt} --contact +447400123457"), 1);
    assert!(other.out.starts_with("OTHER_CONTACT "), "{}", other.out);

    let strangers = desk.file("stranger.json");
    desk.says(&format!("check --contact +447400123458 --sender 1001 --receipt {strangers}"), 1);
    let needed = desk.says(&format!("verify {strangers}"), 2);
    assert!(needed.out.starts_with("NOT_DERIVABLE it names nobody; give the contact with --contact"), "{}", needed.out);
    desk.says(&format!("verify {strangers} --contact +447400123458"), 0);
}

#[test]
fn a_receipt_that_does_not_hold_says_where() {
    let desk = Desk::new();
    let (receipt, forged) = (desk.file("receipt.json"), desk.file("forged.json"));
    desk.says(&format!("check --contact {CONTACT} --sender 1001 --receipt {receipt}"), 1);
    let text = std::fs::read_to_string(&receipt).unwrap();
    std::fs::write(&forged, text.replacen("\"NOTHING\"", "\"FREE_FORM\"", 1)).unwrap();
    let problem = "DOES NOT HOLD\nproblem: STATED_DIFFERS: decision.permission is not what was signed\n";
    assert_eq!(says(&format!("verify {forged} --key {}", desk.key()), 1).out, problem);
    assert_eq!(desk.says(&format!("verify {forged}"), 1).out, problem);
    std::fs::write(&forged, "{}\n").unwrap();
    let said = says(&format!("verify {forged} --key {} --json", desk.key()), 1);
    assert_eq!(said.json()[0]["code"], "UNREADABLE", "{}", said.out);

    let elsewhere = Desk::new();
    assert!(elsewhere.says(&format!("verify {receipt}"), 1).out.starts_with("FOREIGN it is another ledger's"));
    let refused = says(&format!("verify {receipt} --key {}", elsewhere.key()), 1);
    assert!(refused.out.contains("WRONG_ORIGIN"), "{}", refused.out);
    let unwritable = Path::new(&receipt).join("below");
    let lost = desk.says(&format!("check --contact {CONTACT} --sender 1001 --receipt {}", unwritable.to_str().unwrap()), 2);
    assert!(lost.out.is_empty() && lost.err.contains("its receipt was not kept; ask again"), "{lost:?}");
}

#[test]
fn a_receipt_is_held_against_an_older_checkpoint() {
    let desk = Desk::new();
    let (receipt, old, grown) = (desk.file("receipt.json"), desk.file("old"), desk.file("grown"));
    std::fs::write(&old, desk.says("checkpoint --fresh", 0).out).unwrap();
    desk.says(&format!("record opt-in --contact {CONTACT} --category marketing"), 0);
    let size = desk.says("checkpoint --fresh --json", 0).json()[0]["size"].clone();
    desk.says(&format!("check --contact {CONTACT} --sender 1001 --receipt {receipt}"), 0);
    desk.says(&format!("prove consistency --old {old} --size {size} --out {grown}"), 0);
    let key = desk.key();
    let said = says(&format!("verify {receipt} --key {key} --checkpoint {old} --consistency {grown}"), 0);
    assert!(said.out.contains("the log only grew since the older checkpoint over 2 entries"), "{}", said.out);
    says(&format!("verify {receipt} --key {key} --checkpoint {old}"), 2);
}
