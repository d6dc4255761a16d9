//! Contacts as people and spreadsheets write them.

use std::sync::LazyLock;

use consent_ledger::cli::phone::Phones;
use consent_ledger::consent::identifier::Identifier;

/// Countries whose plans differ: trunk prefixes, old mobile prefixes, area codes that look like country codes, leading zeros that count.
static REGIONS: LazyLock<Vec<Phones>> = LazyLock::new(|| {
    let regions = ["BR", "MX", "AR", "GB", "US", "DE", "IT", "IN", "SG", "KZ", "SM", "CI"];
    regions.iter().map(|region| Phones::new(region.parse().ok())).collect()
});

/// Every text is read or refused, and what is read is canonical: read again, by whomever, it is the same contact.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(contact) = text.parse() {
        is_canonical(&contact, &text);
    }
    if let Ok(contact) = Identifier::from_wa_id(&text) {
        is_canonical(&contact, &text);
    }
    let nowhere = Phones::default().read(&text);
    for region in REGIONS.iter() {
        let read = region.read(&text);
        if let Ok(contact) = &read {
            is_canonical(contact, &text);
        }
        if nowhere.is_ok() {
            assert_eq!(read, nowhere, "a contact that needs no region is the same in every one: {text:?}");
        }
    }
}

fn is_canonical(contact: &Identifier, text: &str) {
    let canonical = contact.as_str();
    assert_eq!(canonical.parse().as_ref(), Ok(contact), "{canonical:?} of {text:?}");
    for region in REGIONS.iter() {
        assert_eq!(region.read(canonical).as_ref(), Ok(contact), "{canonical:?} of {text:?}");
    }
    if let (Identifier::Phone(_), Some(digits)) = (contact, canonical.strip_prefix('+')) {
        assert!((7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()), "{canonical:?} of {text:?}");
        assert_eq!(Identifier::from_wa_id(digits).as_ref(), Ok(contact), "{canonical:?} of {text:?}");
    }
}
