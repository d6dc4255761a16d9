//! What each recorded body says, written down by hand from the bodies: one line a body, in order of name.

/// What a body says.
#[derive(Clone, Copy, Debug)]
pub enum Says {
    /// An entry: what at which sender, of which template or of the account, when, under which identifiers.
    Recorded(&'static str),
    /// Nothing about a permission.
    Nothing,
    /// It has no place yet, and why.
    DeadLetter(&'static str),
}

impl Says {
    /// The entry.
    pub const fn recorded(&self) -> Option<&'static str> {
        if let Self::Recorded(entry) = self { Some(entry) } else { None }
    }

    /// Why it has no place.
    pub const fn dead_letter(&self) -> Option<&'static str> {
        if let Self::DeadLetter(reason) = self { Some(reason) } else { None }
    }
}

use Says::{DeadLetter, Nothing, Recorded};

/// The bodies and what they say.
#[rustfmt::skip]
pub const ANSWER_KEY: [(&str, Says); 41] = [
    ("account_update__account_disabled", Recorded("lifted all, 2025-03-31T20:11:43Z, ")),
    ("account_update__account_offboarded", Nothing),
    ("account_update__account_reconnected", Nothing),
    ("account_update__account_restriction", Recorded("restriction business_initiated until 2022-01-04T21:08:18Z, 2022-01-04T21:08:18Z, ")),
    ("account_update__account_violation", Nothing),
    ("call_connect__user_initiated", Recorded("call at 743897493242, 2025-07-15T12:38:27Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("call_permission_update__accept", Recorded("call_permission_reply at 1122334455667, 2025-07-15T12:23:02Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("call_permission_update__reject", Recorded("call_permission_reply at 1122334455667, 2025-07-15T12:23:02Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("call_status__call_status", Nothing),
    ("call_terminate__call_terminate", Nothing),
    ("callback_button__button", Recorded("interactive at 1122334455667, 2023-10-25T20:45:30Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("callback_button__quick_reply", Recorded("button at 1122334455667, 2023-10-25T21:23:47Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("callback_button__quick_reply_without_context", Recorded("button at 1122334455667, 2023-10-25T21:23:47Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("callback_selection__callback", Recorded("interactive at 1122334455667, 2023-10-25T20:48:25Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("deleted_message__revoke", DeadLetter("the sender cannot be read: metadata.phone_number_id is missing or malformed")),
    ("edited_message__image", Recorded("edit at 106540352242922, 2025-06-13T22:42:55Z, +16505551234")),
    ("message__forwarded", Recorded("text at 1122334455667, 2023-10-11T17:20:15Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("message__forwarded_many_times", Recorded("text at 1122334455667, 2023-10-11T17:22:48Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("message__interactive_message_with_err", Recorded("interactive at 1122334455667, 2023-11-20T18:38:14Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("message__reaction", Recorded("reaction at 1122334455667, 2023-10-11T17:14:16Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("message__referral", Recorded("text at 1122334455667, 2023-10-11T17:23:20Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("message__reply", Recorded("text at 1122334455667, 2023-10-11T17:19:06Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("message__text", Recorded("text at 1122334455667, 2023-10-11T16:53:43Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("message__unreaction_empty", Recorded("reaction at 1122334455667, 2023-10-11T17:14:16Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("message__unreaction_no_emoji", Recorded("reaction at 1122334455667, 2023-10-11T17:14:16Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("message__unsupported", Recorded("unsupported at 1122334455667, 2023-10-11T17:18:26Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("message__unsupported_with_type", Recorded("unsupported at 1122334455667, 2023-10-11T17:18:26Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("message_status__delivered", Nothing),
    ("message_status__failed", Recorded("failed 130472 at 1122334455667, 2023-07-15T00:20:58Z, +972987654321 US.13491208655302741918 US.ENT.11815799212886844830")),
    ("message_status__group", Nothing),
    ("message_status__read", Nothing),
    ("message_status__sent", Nothing),
    ("message_status__with_tracker", Nothing),
    ("outgoing_message__text", DeadLetter("the contact cannot be read: not a phone number: '+' and 7 to 15 digits are expected, as in +447400123456")),
    ("system__identity_change", Recorded("identity key at 1122334455667, 2023-10-11T17:18:26Z, +972987654321")),
    ("system__phone_number_change", Recorded("moved, 2025-07-30T04:55:15Z, +972987654321")),
    ("template_category_update__marketing", Recorded("template my_message_template he marketing, 2025-06-19T14:54:42Z, ")),
    ("template_quality_update__yellow", Recorded("template welcome_template en_US yellow, 2023-01-28T00:04:50Z, ")),
    ("template_status_update__rejected", Recorded("template abandoned_cart en rejected, 2025-06-30T01:39:08Z, ")),
    ("user_marketing_preferences__resume", Recorded("resume at 106540352242922, 2024-11-15T21:22:01Z, +16505551234")),
    ("user_marketing_preferences__signup", Recorded("signup at 106540352242922, 2024-11-15T21:22:01Z, +16505551234")),
];
