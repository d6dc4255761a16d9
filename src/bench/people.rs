//! Who the measured ledgers know, and what those people did.
//!
//! ```text
//! contact n      +4915 and nine digits
//! event k        of contact k % contacts
//!   first pass   opts in to marketing and utility on a website, with evidence
//!   second       a message
//!   third        every tenth contact opts out of marketing by e-mail, the others send a message
//!   later        messages
//! ```

use prost_types::Timestamp;

use crate::proto::record_stream_request::Event;
use crate::proto::{
    Category, CheckSendRequest, Evidence, InboundKind, Method, RecordInboundMessageRequest, RecordOptInRequest, RecordOptOutRequest,
};

/// The one sender.
pub const SENDER: &str = "106540352242922";

/// When the first event happened; the others follow a second apart, over and over, all of them in the past.
const BEGAN: i64 = 1_700_000_000;

/// After how many seconds they start over.
const SPAN: u64 = 50_000_000;

/// Every so manieth contact opts out.
const LEAVES: u64 = 10;

/// The contacts of a ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct People {
    count: u64,
}

impl People {
    /// So many.
    #[must_use]
    pub const fn new(count: u64) -> Self {
        Self { count }
    }

    /// How many.
    #[must_use]
    pub const fn count(self) -> u64 {
        self.count
    }

    /// The number of one of them, anyone: so no cache helps.
    #[must_use]
    pub const fn any(self, dice: &mut Dice) -> u64 {
        dice.below(self.count)
    }

    /// A contact's phone number. Digit by digit: `format!` takes a twentieth of a driver's time in batches.
    #[must_use]
    pub fn phone(n: u64) -> String {
        const PLACES: [u64; 9] = [100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
        let mut phone = String::with_capacity(14);
        phone.push_str("+4915");
        phone.extend(PLACES.iter().map(|place| char::from(b'0' + (n / place % 10).to_le_bytes()[0])));
        phone
    }

    /// Event `k` of what is loaded. The same event has the same event id in every run.
    #[must_use]
    pub fn event(self, k: u64) -> Event {
        let (n, pass) = (k % self.count, k / self.count);
        let event_id = format!("load:{k}");
        let occurred_at = Some(Timestamp { seconds: BEGAN.saturating_add_unsigned(k % SPAN), nanos: 0 });
        match pass {
            0 => Event::OptIn(RecordOptInRequest { occurred_at, ..opt_in(n, event_id) }),
            2 if n.is_multiple_of(LEAVES) => Event::OptOut(RecordOptOutRequest {
                event_id,
                contact: Self::phone(n),
                categories: vec![Category::Marketing.into()],
                method: Method::Email.into(),
                occurred_at,
                ..Default::default()
            }),
            _ => Event::InboundMessage(RecordInboundMessageRequest {
                event_id,
                contacts: vec![Self::phone(n)],
                sender: SENDER.to_owned(),
                kind: InboundKind::Text.into(),
                text: "Is it there in blue?".to_owned(),
                message_id: format!("wamid.{k:032}"),
                occurred_at,
                ..Default::default()
            }),
        }
    }

    /// A question whether marketing may be sent to contact `n`.
    #[must_use]
    pub fn question(n: u64) -> CheckSendRequest {
        CheckSendRequest { contact: Self::phone(n), sender: SENDER.to_owned(), category: Category::Marketing.into(), ..Default::default() }
    }
}

/// An opt-in of contact `n`, as a shop's website records it.
#[must_use]
pub fn opt_in(n: u64, event_id: String) -> RecordOptInRequest {
    RecordOptInRequest {
        event_id,
        contact: People::phone(n),
        sender: SENDER.to_owned(),
        categories: vec![Category::Marketing.into(), Category::Utility.into()],
        method: Method::Website.into(),
        evidence: Some(Evidence {
            text: "Yes, send me offers and news by WhatsApp.".to_owned(),
            url: "https://shop.example/checkout".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Numbers that look random and are the same in every run: `SplitMix64`.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall as `seed` says.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// The next number below `bound`, which is not 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_opts_in_first_and_a_tenth_leaves_later() {
        let people = People::new(100);
        let passes = |pass: u64| (0..100).map(move |n| people.event(pass * 100 + n));
        assert!(passes(0).all(|event| matches!(event, Event::OptIn(_))));
        assert!(passes(1).all(|event| matches!(event, Event::InboundMessage(_))));
        assert_eq!(passes(2).filter(|event| matches!(event, Event::OptOut(_))).count(), 10);
    }

    #[test]
    fn a_phone_number_has_nine_digits_after_its_prefix() {
        for n in [0, 7, 1_234, 90_000_001, 999_999_999] {
            assert_eq!(People::phone(n), format!("+4915{n:09}"));
        }
    }

    #[test]
    fn dice_fall_the_same_way_again_and_everywhere() {
        let rolls = |seed| (0..1_000).scan(Dice::new(seed), |dice, _| Some(dice.below(10))).collect::<Vec<_>>();
        assert_eq!(rolls(7), rolls(7));
        assert_ne!(rolls(7), rolls(8));
        assert!((0..10).all(|face| rolls(7).iter().filter(|roll| **roll == face).count() > 50));
    }
}
