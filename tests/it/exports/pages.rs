//! The page for readers, from hand-made pieces and from the real server.

use base64::Engine as _;
use consent_ledger::export::collected::Collected;
use consent_ledger::export::html;
use consent_ledger::proto::clear_part::Fact;
use consent_ledger::proto::{Entry, Evidence, EvidenceField, Policy, PolicyAdopted, SealedPart, SendFailed};
use sha2::{Digest, Sha256};

use super::made::{entry, opted_in, opted_out, sealed, taken, wrote};
use super::{CONTACT, HOSTILE, export, with_people};

fn page(entries: Vec<Entry>) -> String {
    let collected = taken(Collected::default(), entries);
    let mut page = Vec::new();
    html::write(&collected, &[], &mut page).unwrap();
    String::from_utf8(page).unwrap()
}

fn assert_holds(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text:?} is not in\n{page}");
    }
}

#[test]
fn a_script_in_any_personal_field_is_shown_and_not_run() {
    const SCRIPT: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>";
    let evidence = Evidence {
        text: SCRIPT.into(),
        text_version: SCRIPT.into(),
        locale: SCRIPT.into(),
        url: SCRIPT.into(),
        ip_address: SCRIPT.into(),
        user_agent: SCRIPT.into(),
        file_name: SCRIPT.into(),
        other: vec![EvidenceField { name: SCRIPT.into(), value: SCRIPT.into() }],
        ..Default::default()
    };
    let sealed = SealedPart {
        identifiers: vec![SCRIPT.into()],
        event_id: SCRIPT.into(),
        message_id: SCRIPT.into(),
        text: SCRIPT.into(),
        evidence: Some(evidence),
        ..Default::default()
    };
    let page = page(vec![entry(1, 0, opted_in(SCRIPT, &[1]), sealed)]);
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    assert!(page.matches("&lt;script&gt;alert(1)&lt;/script&gt;").count() >= 13, "{page}");
}

#[test]
fn the_page_is_one_file_that_loads_nothing_and_says_so_to_the_browser() {
    let page = page(vec![entry(1, 0, opted_in("1001", &[1]), sealed())]);
    let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
    let policy = format!("content=\"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\"");
    assert_holds(&page, &["<meta http-equiv=\"Content-Security-Policy\"", &policy, "@page { size: A4"]);
    for loading in ["src=", "href=", "url(", "@import", " style=", "<link", " on"] {
        let found: Vec<_> = page.match_indices(loading).map(|(place, _)| page.get(place..place + 12)).collect();
        let is_a_word = |text: &&Option<&str>| loading == " on" && !text.unwrap_or_default().contains('=');
        assert!(found.iter().all(|text| is_a_word(&text)), "{loading}: {found:?}");
    }
}

#[test]
fn windows_are_drawn_by_the_policy_of_the_time_and_closed_by_the_platform() {
    let policy = Policy { preset: "meta".into(), window_hours: 2, window_kinds: vec![1], ..Default::default() };
    let adopted = Fact::PolicyAdopted(PolicyAdopted { version: 1, policy: Some(policy) });
    let refused = Fact::SendFailed(SendFailed { sender: "1001".into(), code: 131_047 });
    let page = page(vec![
        entry(1, 0, wrote("1001"), sealed()),
        entry(2, 100, wrote("1001"), sealed()),
        entry(3, 105, refused, sealed()),
        entry(4, 200, adopted, SealedPart::default()),
        entry(5, 240, wrote("1001"), sealed()),
        entry(6, 999, wrote("1002"), sealed()),
    ]);
    assert_holds(
        &page,
        &[
            "2026-03-01T00:00:00Z: the window opened (entry 1) and was open until 2026-03-02T00:00:00Z: its term was over",
            "2026-03-05T04:00:00Z: the window opened (entry 2) and was open until 2026-03-05T09:00:00Z: the platform said that it was closed",
            "2026-03-11T00:00:00Z: the window opened (entry 5) and was open until 2026-03-11T02:00:00Z: its term was over",
            "2026-04-11T15:00:00Z: the window opened (entry 6) and is open until 2026-04-11T17:00:00Z, unless something new happens",
        ],
    );
    assert_eq!(page.matches("<line class=\"open\"").count(), 4 + 1, "four windows and the legend's");
}

#[test]
fn what_was_consented_to_stands_by_sender_and_category_with_its_entry() {
    let page = page(vec![
        entry(1, 0, opted_in("", &[1, 2]), sealed()),
        entry(2, 1, opted_out("1001", &[1]), sealed()),
        entry(3, 2, wrote("1001"), sealed()),
    ]);
    let table = page.split("<h2>Consent</h2>").nth(1).unwrap().split("</table>").next().unwrap();
    let row = |sender: &str| table.split(&format!("<th scope=\"row\">{sender}</th>")).nth(1).unwrap().split("</tr>").next().unwrap();
    assert_holds(row("1001"), &["opted out</strong><br><span class=\"small\">since 2026-03-01T01:00:00Z, entry 2", "opted in", "unknown"]);
    assert_holds(row("any other"), &["opted in</strong><br><span class=\"small\">since 2026-03-01T00:00:00Z, entry 1"]);
    assert!(!row("any other").contains("opted out"));
    assert_holds(&page, &["Opted out of marketing at sender 1001 (method: email).", "opted in to marketing, utility (entry 1)"]);
}

#[test]
fn the_server_s_own_answers_stand_in_the_page_of_a_real_trail() {
    let (dir, server) = with_people();
    let out = dir.path().join("trail.html");
    let said = export(&server.url(), &out, &["--contact", CONTACT, "--format", "html"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let page = std::fs::read_to_string(&out).unwrap();
    assert_holds(
        &page,
        &[
            "Consent trail of +447400123456",
            "Every entry of this contact and of the account up to entry",
            "The ledger's own answers, given from",
            "<strong class=\"nothing\">NOTHING</strong>",
            "It was an opt-out keyword, standing alone.",
            "JSON Lines bundle",
        ],
    );
    assert!(!page.contains("<script>") && HOSTILE.contains("<script>"));
    assert!(!page.contains(super::OTHER));
}
