//! What each reason means, and what would change it, for people.

use crate::consent::words::Reason;

/// What a reason means.
#[must_use]
pub const fn means(reason: Reason) -> &'static str {
    match reason {
        Reason::WindowOpen => "the contact wrote to this sender within the last 24 hours, so the customer service window is open",
        Reason::OptedIn => "the contact opted in to this category and has not opted out since",
        Reason::OptInRequestAllowed => {
            "no opt-in or opt-out of the contact is in force, and the policy allows the template that asks for an opt-in"
        }
        Reason::OptOutConfirmationAllowed => "the contact sent an opt-out keyword, and one message may confirm it",
        Reason::ContactErased => "the contact was erased on request, and a token stayed behind that closes everything",
        Reason::ContactNumberChanged => "the contact moved to another number; whoever holds this one now may be somebody else",
        Reason::SenderRestricted => "the platform restricted this sender",
        Reason::TemplateUnknown => "no template of this name and language is registered",
        Reason::TemplateNotUsable => "the template is not approved: paused, rejected, disabled or pending",
        Reason::TemplateInsufficientParameters => "the template takes more parameters than were given",
        Reason::OptOutConfirmationUsed => "the one message that confirms an opt-out was sent",
        Reason::RecipientOptedOut => "the contact opted out of this category",
        Reason::PlatformMarketingStopped => "the contact stopped marketing messages in WhatsApp itself",
        Reason::ContactIdentityChanged => "the contact's device identity changed after the opt-in, so somebody else may hold the number",
        Reason::OptInExpired => "the contact opted in, and the opt-in has ended",
        Reason::RecipientNotOptedIn => "there is no opt-in of the contact to this category",
        Reason::SenderQualityRed => "the platform has rated this sender RED for longer than the policy allows",
        Reason::PlatformClosedWindow => "the platform said that the customer service window is closed, after the contact's last message",
        Reason::OutsideAllowedSendingWindow => "the contact did not write to this sender within the last 24 hours",
        Reason::FreeFormNotForAuthentication => "one-time codes go out as templates, even while the window is open",
        Reason::OptOutConfirmationNotDue => "no opt-out keyword of the contact waits for a confirmation by this sender",
        Reason::SenderAtRisk => "the sender is automated and declared no accepted way to a human; this is advice and closes nothing",
    }
}

/// What would change it.
#[must_use]
pub const fn changes(reason: Reason) -> &'static str {
    match reason {
        Reason::WindowOpen => "it closes 24 hours after the contact's last message, or when the platform says so",
        Reason::OptedIn => "an opt-out, a keyword such as STOP, or the opt-in's end",
        Reason::OptInRequestAllowed => "an opt-in or an opt-out of the contact",
        Reason::OptOutConfirmationAllowed => "sending it, a later opt-in, or the end of the window",
        Reason::ContactErased => "a new opt-in by the contact, after the erasure",
        Reason::ContactNumberChanged => {
            "a message or an opt-in under this number, after the change; use the new number where the contact gave it"
        }
        Reason::SenderRestricted => "the end of the restriction: `valid until`, where nothing else stands in the way and it has an end",
        Reason::TemplateUnknown => "registering the template",
        Reason::TemplateNotUsable => "the platform's approval of the template",
        Reason::TemplateInsufficientParameters => "giving all parameters",
        Reason::OptOutConfirmationUsed => "a new opt-out keyword",
        Reason::RecipientOptedOut => "a later opt-in by the contact; do not ask for it by message",
        Reason::PlatformMarketingStopped => "the contact resuming marketing messages in WhatsApp; an opt-in elsewhere does not",
        Reason::ContactIdentityChanged => "a new opt-in to this category",
        Reason::OptInExpired => "a new opt-in",
        Reason::RecipientNotOptedIn => "an opt-in by the contact: on a page, by keyword, in person; record it with what proves it",
        Reason::SenderQualityRed => "a better rating reported, or an accepted way to a human declared for the sender",
        Reason::PlatformClosedWindow => "a new message from the contact",
        Reason::OutsideAllowedSendingWindow => "a new message from the contact; until then an approved template of an allowed category",
        Reason::FreeFormNotForAuthentication => "nothing; send an authentication template",
        Reason::OptOutConfirmationNotDue => "an opt-out keyword sent to this sender",
        Reason::SenderAtRisk => "declaring an accepted way to a human for the sender",
    }
}
