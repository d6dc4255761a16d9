//! Lists as CRMs export them.

use super::{Place, counts, example};

const ALLOWED: &str = "TEMPLATE_ONLY";
const NOT: &str = "NOTHING";

#[test]
fn a_generic_list() {
    let place = Place::new();
    let said = place.import(&example("generic.csv"), &[]);
    assert_eq!((counts(&said), said.code), ([4, 0, 0, 1, 2], 1), "{said:?}");
    let checks = ["+447400200001", "+447400200002", "+447400200003", "+447400200005", "+447400200006"].map(|contact| place.check(contact));
    assert_eq!(checks, [ALLOWED, ALLOWED, NOT, NOT, NOT]);
}

#[test]
fn hubspot_s_contacts_with_a_property_that_holds_the_choice() {
    let place = Place::new();
    let file = example("hubspot-contacts.csv");
    let bare = place.import(&file, &["--map", "hubspot"]);
    assert!(bare.code == 2 && bare.err.contains("holds no choice about WhatsApp") && bare.out.is_empty(), "{bare:?}");
    let more = [
        "--map",
        "hubspot",
        "--map",
        "action=WhatsApp consent",
        "--map",
        "occurred_at=whatsapp consent date",
        "--map",
        "categories==marketing",
    ];
    let no_zone = place.import(&file, &more);
    assert_eq!(counts(&no_zone), [0, 0, 0, 0, 4], "{no_zone:?}");
    assert!(no_zone.err.contains("--time-zone"), "{}", no_zone.err);
    let zone = ["--time-zone", "America/Sao_Paulo", "--map", "evidence_other.form=WhatsApp consent form"];
    let said = place.import(&file, &[&more[..], &zone].concat());
    assert_eq!((counts(&said), said.code), ([2, 0, 0, 0, 2], 1), "{said:?}");
    for left in [
        "\"Opted out of email: Marketing Information\"",
        "\"Marketing contact status\"",
        "\"Unsubscribed from all email\"",
        "\"Legal basis for processing contact's data\"",
    ] {
        assert!(said.err.contains(&format!("not taken: {left}")), "{left}: {}", said.err);
    }
    assert!(said.err.contains("line 4: refused: action:") && said.err.contains("line 5: refused: contact:"), "{}", said.err);
    assert_eq!([place.check("+5511961230001"), place.check("+5511961230002")], [ALLOWED, NOT]);
    let e_mail = place.import(
        &file,
        &["--map", "hubspot", "--map", "action=Opted out of email: Marketing Information", "--map", "occurred_at=Create Date"],
    );
    assert_eq!(e_mail.code, 2, "{e_mail:?}");
}

#[test]
fn hubspot_s_subscription_statuses() {
    let place = Place::new();
    let said = place.import(&example("hubspot-statuses.jsonl"), &["--map", "hubspot", "--map", "categories==marketing"]);
    assert_eq!((counts(&said), said.code), ([2, 0, 0, 0, 2], 1), "{said:?}");
    assert!(said.err.contains("line 3: refused: action:") && said.err.contains("line 4: refused: channel:"), "{}", said.err);
    assert_eq!([place.check("+5511961230011"), place.check("+5511961230012")], [ALLOWED, NOT]);
}

#[test]
fn salesforce_s_consents_by_type_of_contact_point() {
    let place = Place::new();
    let file = example("salesforce-contact-point-type-consents.csv");
    let said = place.import(&file, &["--map", "salesforce", "--map", "categories==marketing"]);
    assert_eq!((counts(&said), said.code), ([2, 0, 0, 0, 3], 1), "{said:?}");
    for (line, reason) in [(4, "OTHER_CHANNEL"), (5, "NO_ACT"), (6, "STARTS_LATER")] {
        assert!(said.err.lines().any(|said| said.contains(&format!("line {line}: ")) && said.contains(reason)), "{}", said.err);
    }
    assert_eq!([place.check("+33612340001"), place.check("+33612340002"), place.check("+33612340003")], [ALLOWED, NOT, NOT]);
}

#[test]
fn salesforce_s_messaging_users() {
    let place = Place::new();
    let file = example("salesforce-messaging-users.csv");
    let untimed = place.import(&file, &["--map", "salesforce", "--map", "categories==marketing"]);
    assert!(untimed.code == 2 && untimed.err.contains("do not hold when the person chose"), "{untimed:?}");
    let said = place.import(&file, &["--map", "salesforce", "--map", "categories==marketing", "--map", "occurred_at=Consent_Date__c"]);
    assert_eq!((counts(&said), said.code), ([2, 0, 0, 0, 2], 1), "{said:?}");
    assert!(said.err.contains("not taken: \"HasOptedOutOfEmail\""), "{}", said.err);
    assert_eq!([place.check("+33612340011"), place.check("+33612340012"), place.check("+33612340013")], [ALLOWED, NOT, NOT]);
}
