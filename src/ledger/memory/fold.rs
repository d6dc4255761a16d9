//! From stored facts to the events that the rules fold, and back.

use crate::consent::account::AccountAct;
use crate::consent::event::{Act, Event, SenderNumber};
use crate::consent::facts::Fact;
use crate::consent::identity::{IdentifierKey, Member, MemberEvent};
use crate::consent::keyword::Keywords;
use crate::consent::policy::{InboundAfterOptOut, Policy, RedQuality, Scope, UnknownContact};
use crate::consent::sender::{Declaration, EscalationPath, Quality, Restriction, RestrictionKind};
use crate::consent::template::{Template, TemplateKey, TemplateStatus};
use crate::consent::time::Time;
use crate::consent::words::{Categories, Category, InboundKind, Method, PlatformPreference};
use crate::ledger::bytes::entry::Header;
use crate::proto::{self, ClearPart, IdentifierReference, clear_part::Fact as Stored};

/// Gives a sender its number.
pub type Numbering<'a> = &'a mut dyn FnMut(&str) -> SenderNumber;

/// What an entry means for who is who and what they did; none: nothing.
#[must_use]
pub fn member(header: &Header, clear: &ClearPart, number: Numbering<'_>) -> Option<MemberEvent> {
    let at = Time::from_micros(clear.occurred_at);
    let fact = Fact { at, seq: header.seq };
    let identifiers = keys(&clear.identifiers, header.link.trail);
    let second = keys(&clear.second_identifiers, header.second.trail);
    let what = match clear.fact.as_ref()? {
        Stored::IdentifiersLinked(_) => Member::Linked { fact, identifiers: [identifiers, second].concat() },
        Stored::NumberChanged(_) | Stored::UserIdChanged(_) => {
            Member::Moved { fact, from: identifiers.first().copied()?, to: second.first().copied()?, second: header.second.trail }
        }
        stored => Member::Act { event: Event { at, seq: header.seq, act: act(stored, number)? }, identifiers },
    };
    Some(MemberEvent { trail: header.link.trail, what })
}

/// The act in a stored fact; none where it is no act of a contact.
#[must_use]
pub fn act(stored: &Stored, number: Numbering<'_>) -> Option<Act> {
    let mut sender = |name: &str| if name.is_empty() { SenderNumber::ALL } else { number(name) };
    Some(match stored {
        Stored::OptedIn(opted_in) => Act::OptIn {
            sender: sender(&opted_in.sender),
            categories: categories(&opted_in.categories),
            expires_at: (opted_in.expires_at != 0).then(|| Time::from_micros(opted_in.expires_at)),
            weak: Method::from_number(opted_in.method) == Some(Method::Import) && !opted_in.has_evidence,
        },
        Stored::OptedOut(opted_out) => Act::OptOut {
            sender: sender(&opted_out.sender),
            categories: categories(&opted_out.categories),
            keyword_sender: (!opted_out.keyword_sender.is_empty()).then(|| sender(&opted_out.keyword_sender)),
        },
        Stored::InboundMessageReceived(inbound) => Act::Inbound {
            sender: sender(&inbound.sender),
            kind: InboundKind::from_number(inbound.kind)?,
            holds_opt_out_word: inbound.holds_opt_out_word,
        },
        Stored::PlatformPreferenceChanged(changed) => {
            Act::Preference { sender: sender(&changed.sender), preference: PlatformPreference::from_number(changed.preference)? }
        }
        Stored::SendFailed(failed) => Act::SendFailed { sender: sender(&failed.sender), code: failed.code },
        Stored::ConfirmationSent(sent) => Act::ConfirmationSent { sender: sender(&sent.sender) },
        Stored::IdentityKeyChanged(_) => Act::IdentityKeyChanged,
        Stored::LedgerCreated(_)
        | Stored::SigningKeyChanged(_)
        | Stored::SecretRotated(_)
        | Stored::HeadsCommitted(_)
        | Stored::PrincipalAdded(_)
        | Stored::PrincipalRevoked(_)
        | Stored::AccountCreated(_)
        | Stored::PolicyAdopted(_)
        | Stored::SenderDeclared(_)
        | Stored::SenderQualityReported(_)
        | Stored::SenderRestricted(_)
        | Stored::RestrictionsLifted(_)
        | Stored::TemplateRegistered(_)
        | Stored::TemplateChanged(_)
        | Stored::PersonalDataRead(_)
        | Stored::PossibleOptOutResolved(_)
        | Stored::IdentifiersLinked(_)
        | Stored::NumberChanged(_)
        | Stored::UserIdChanged(_)
        | Stored::ErasureRequested(_)
        | Stored::ErasureCancelled(_)
        | Stored::ContactErased(_)
        | Stored::LegalHoldChanged(_)
        | Stored::DecisionReceiptIssued(_) => return None,
    })
}

/// What a stored fact says about an account; none where it is about something else. A word that this version does not
/// know is read as what permits less.
#[must_use]
pub fn account_act(stored: &Stored, number: Numbering<'_>) -> Option<AccountAct> {
    let mut sender = |name: &str| if name.is_empty() { SenderNumber::ALL } else { number(name) };
    Some(match stored {
        Stored::PolicyAdopted(adopted) => {
            let policy = adopted.policy.as_ref()?;
            AccountAct::PolicyAdopted {
                version: adopted.version,
                preset: policy.preset.as_str().into(),
                policy: read_policy(policy).into(),
            }
        }
        Stored::SenderDeclared(declared) => AccountAct::SenderDeclared {
            sender: sender(&declared.sender),
            declaration: Declaration {
                automated: declared.automated,
                retail: declared.retail,
                weekly_templates: declared.weekly_templates,
                paths: declared.escalation_paths.iter().filter_map(|path| EscalationPath::from_number(*path)).collect(),
            },
        },
        Stored::SenderQualityReported(reported) => AccountAct::SenderRated {
            sender: sender(&reported.sender),
            quality: Quality::from_number(reported.quality).unwrap_or(Quality::Red),
        },
        Stored::SenderRestricted(restricted) => AccountAct::SenderRestricted {
            sender: sender(&restricted.sender),
            restriction: Restriction {
                kinds: restricted.kinds.iter().map(|kind| RestrictionKind::from_number(*kind).unwrap_or(RestrictionKind::All)).collect(),
                until: (restricted.until != 0).then(|| Time::from_micros(restricted.until)),
            },
        },
        // A kind that is not known lifts nothing.
        Stored::RestrictionsLifted(lifted) => AccountAct::RestrictionsLifted {
            sender: sender(&lifted.sender),
            kinds: lifted.kinds.iter().filter_map(|kind| RestrictionKind::from_number(*kind)).collect(),
        },
        Stored::TemplateRegistered(registered) => AccountAct::TemplateRegistered {
            key: TemplateKey::new(&registered.name, &registered.language).ok()?,
            template: Template {
                category: Category::from_number(registered.category).unwrap_or(Category::Marketing),
                parameters: registered.parameters,
                status: TemplateStatus::from_number(registered.status).unwrap_or(TemplateStatus::Disabled),
                opt_in_request: registered.opt_in_request,
            },
        },
        Stored::TemplateChanged(changed) => AccountAct::TemplateChanged {
            key: TemplateKey::new(&changed.name, &changed.language).ok()?,
            category: Category::from_number(changed.category),
            status: TemplateStatus::from_number(changed.status),
            quality: Quality::from_number(changed.quality),
        },
        _ => return None,
    })
}

/// The keys that references name; `own` is the trail that reference 0 stands for.
#[must_use]
pub fn keys(references: &[IdentifierReference], own: u64) -> Vec<IdentifierKey> {
    let key = |reference: &IdentifierReference| IdentifierKey {
        trail: if reference.trail == 0 { own } else { reference.trail },
        ordinal: reference.ordinal,
    };
    references.iter().map(key).collect()
}

/// The ordinals of those references that name identifiers of trail `wanted`; `own` is the trail that reference 0 stands for.
pub fn ordinals(references: &[IdentifierReference], own: u64, wanted: u64) -> impl Iterator<Item = u32> {
    let trail = move |reference: &IdentifierReference| if reference.trail == 0 { own } else { reference.trail };
    references.iter().filter(move |reference| trail(reference) == wanted).map(|reference| reference.ordinal)
}

/// References to keys, as an entry of trail `own` writes them.
#[must_use]
pub fn references(keys: &[IdentifierKey], own: u64) -> Vec<IdentifierReference> {
    let reference = |key: &IdentifierKey| IdentifierReference { trail: if key.trail == own { 0 } else { key.trail }, ordinal: key.ordinal };
    keys.iter().map(reference).collect()
}

/// Categories from their stored numbers; unknown ones are left out.
#[must_use]
pub fn categories(numbers: &[i32]) -> Categories {
    numbers.iter().filter_map(|number| Category::from_number(*number)).collect()
}

/// Categories as their stored numbers, ascending.
#[must_use]
pub fn category_numbers(categories: Categories) -> Vec<i32> {
    categories.iter().map(|category| i32::from(category.number())).collect()
}

/// A policy as stored.
#[must_use]
pub fn store_policy(preset: &str, policy: &Policy) -> proto::Policy {
    proto::Policy {
        preset: preset.to_owned(),
        window_hours: policy.window_hours,
        window_kinds: policy.window_kinds().map(|kind| kind.number().into()).collect(),
        inbound_after_opt_out: policy.inbound_after_opt_out.number().into(),
        unknown_contact: policy.unknown_contact.number().into(),
        keyword_scope: policy.keyword_scope.number().into(),
        platform_stop_scope: policy.platform_stop_scope.number().into(),
        opt_in_valid_days: policy.opt_in_valid_days.unwrap_or_default(),
        red_quality: policy.red_quality.number().into(),
        window_implies_opt_in: policy.window_implies_opt_in,
        identity_change_carries_opt_in: policy.identity_change_carries_opt_in,
        suspend_on_identity_change: policy.suspend_on_identity_change,
        import_requires_evidence: policy.import_requires_evidence,
        keep_message_text: policy.keep_message_text,
        opt_out_keywords: policy.keywords.opt_out().map(str::to_owned).collect(),
        opt_in_keywords: policy.keywords.opt_in().map(str::to_owned).collect(),
    }
}

/// A policy from its stored form. What a field leaves in doubt is read as what permits less.
#[must_use]
pub fn read_policy(stored: &proto::Policy) -> Policy {
    let mut policy = Policy::meta();
    let kinds: Vec<InboundKind> = stored.window_kinds.iter().filter_map(|number| InboundKind::from_number(*number)).collect();
    policy.set_window_kinds(&kinds);
    policy.window_hours = stored.window_hours.min(24);
    policy.inbound_after_opt_out = InboundAfterOptOut::from_number(stored.inbound_after_opt_out).unwrap_or(InboundAfterOptOut::Ignore);
    policy.keyword_scope = Scope::from_number(stored.keyword_scope).unwrap_or(Scope::Account);
    policy.platform_stop_scope = Scope::from_number(stored.platform_stop_scope).unwrap_or(Scope::Account);
    policy.unknown_contact = UnknownContact::from_number(stored.unknown_contact).unwrap_or(UnknownContact::Nothing);
    policy.red_quality = RedQuality::from_number(stored.red_quality).unwrap_or(RedQuality::DenyTemplates);
    policy.window_implies_opt_in = stored.window_implies_opt_in;
    policy.opt_in_valid_days = (stored.opt_in_valid_days != 0).then_some(stored.opt_in_valid_days);
    policy.identity_change_carries_opt_in = stored.identity_change_carries_opt_in;
    policy.suspend_on_identity_change = stored.suspend_on_identity_change;
    policy.import_requires_evidence = stored.import_requires_evidence;
    policy.keep_message_text = stored.keep_message_text;
    policy.keywords = Keywords::new(stored.opt_out_keywords.iter().map(String::as_str), stored.opt_in_keywords.iter().map(String::as_str));
    policy
}
