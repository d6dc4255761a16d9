//! `phone_number_quality_update`: how a business number stands with the platform, or how much it may send.
//!
//! ```text
//! {"display_phone_number": "15550783881", "event": "FLAGGED", "current_limit": "TIER_10K"}
//! ```
//!
//! A number is flagged when its quality reaches low; that is RED. It is flagged no longer after seven days also where it
//! grew no better: that is no rating. The other events are about limits. The ledger knows senders by `phone_number_id`
//! only, so a rating is placed where `metadata` names that beside the same display number.

use super::change::{Change, Said};
use super::json::{Object, object, text};
use super::update::Unplaceable;
use crate::consent::sender::Quality;
use crate::consent::words::Sender;
use crate::ledger::writing::record::What;

/// What a change of a number's quality says.
pub(super) fn quality(change: &Change<'_>, value: &Object) -> Result<Vec<Said>, Unplaceable> {
    let event = text(value, "event").ok_or(Unplaceable::Missing { what: "the number's event" })?;
    match event.as_str() {
        "FLAGGED" => {
            let what = What::ReportQuality { sender: sender(change, value)?, quality: Quality::Red };
            Ok(vec![Said { occurred_at: Some(change.told_at()?), what }])
        }
        "UNFLAGGED" => Err(Unplaceable::Unflagged),
        "ONBOARDING" | "UPGRADE" | "DOWNGRADE" | "THROUGHPUT_UPGRADE" => Ok(Vec::new()),
        other => Err(Unplaceable::word("number event", other)),
    }
}

/// The rating that `word` is; none where there is none yet.
pub(super) fn rating(word: &str) -> Result<Option<Quality>, Unplaceable> {
    match word {
        "GREEN" => Ok(Some(Quality::Green)),
        "YELLOW" => Ok(Some(Quality::Yellow)),
        "RED" => Ok(Some(Quality::Red)),
        "UNKNOWN" => Ok(None),
        other => Err(Unplaceable::word("quality", other)),
    }
}

/// The sender that `metadata` names, where it is the number that the value is about.
fn sender(change: &Change<'_>, value: &Object) -> Result<Sender, Unplaceable> {
    let digits = |of: &Object| {
        let number = text(of, "display_phone_number")?;
        Some(number.chars().filter(char::is_ascii_digit).collect::<String>()).filter(|digits| !digits.is_empty())
    };
    let named = object(value, "metadata").and_then(digits);
    let same = named.is_some() && named == digits(value);
    change.sender().ok().filter(|_| same).cloned().ok_or(Unplaceable::DisplayNumber)
}
