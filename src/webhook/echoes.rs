//! `message_echoes`: what our own people wrote in the WhatsApp Business app, or a machine for them. It opens nothing and says
//! nothing of consent.
//!
//! ```text
//! {"from": "15550783881", "to": "34612345678", "id": "wamid.HBg…", "timestamp": "1771399920", "type": "text", …}
//! {"id": "wamid.HBg…", "timestamp": "1771399920", "message": {"to": "34612345678", "type": "text", …}}     in standby
//! ```

use super::change::{Change, Said};
use super::contact::TO;
use super::json::{Object, object, text};
use super::update::Unplaceable;

/// Nothing, where sender and recipient are what they should be; an echo to nobody is kept.
pub(super) fn echo(change: &Change<'_>, echo: &Object) -> Result<Vec<Said>, Unplaceable> {
    change.sender()?;
    let echo = object(echo, "message").unwrap_or(echo);
    let to_group = text(echo, "group_id").is_some() || text(echo, "recipient_type").is_some_and(|to| to == "group");
    if !to_group {
        change.contact(echo, &TO)?;
    }
    Ok(Vec::new())
}
