//! The choice of a policy as a message: read into a complete policy, or written from what was typed.

use super::parse::Fields;
use crate::consent::choice::{ChoiceError, ChoiceErrors, Fault, Given, PolicyChoice};
use crate::consent::policy::{InboundAfterOptOut, Policy, Preset, RedQuality, Scope, UnknownContact};
use crate::consent::setting::Setting;
use crate::proto::{self, ErrorReason, InboundKinds};

/// Reads the policy that a request chooses. Every bad field is named at once.
pub fn read(fields: &mut Fields<'_>, field: &str, chosen: Option<proto::PolicyChoice>) -> Option<(Preset, Policy)> {
    let Some(chosen) = chosen else {
        fields.refuse(field, ErrorReason::PolicyMissing, "a policy is needed: a preset and what differs from it");
        return None;
    };
    let preset = match chosen.preset.as_str() {
        "" => Err(Fault::PresetMissing),
        name => name.parse::<Preset>().map_err(Fault::from),
    };
    let preset = preset.map_err(|fault| refuse(fields, field, ChoiceErrors(vec![ChoiceError { field: "preset".into(), fault }]))).ok();
    let choice = differing(fields, field, preset.unwrap_or(Preset::Meta), chosen);
    let policy = choice.policy().map_err(|errors| refuse(fields, field, errors)).ok();
    preset.zip(policy)
}

/// Writes a choice.
///
/// # Errors
/// Where it makes no policy.
pub fn write(choice: &PolicyChoice) -> Result<proto::PolicyChoice, ChoiceErrors> {
    let policy = choice.policy()?;
    let added = |setting| match choice.differs.get(&setting) {
        Some(given) => given.items(),
        None => Vec::new(),
    };
    let differs = |setting| choice.differs.contains_key(&setting);
    let kinds = || InboundKinds { kinds: policy.window_kinds().map(|kind| kind.number().into()).collect() };
    Ok(proto::PolicyChoice {
        preset: choice.preset.to_string(),
        window_hours: differs(Setting::WindowHours).then_some(policy.window_hours),
        window_kinds: differs(Setting::WindowKinds).then(kinds),
        inbound_after_opt_out: differs(Setting::InboundAfterOptOut).then(|| policy.inbound_after_opt_out.number().into()),
        unknown_contact: differs(Setting::UnknownContact).then(|| policy.unknown_contact.number().into()),
        keyword_scope: differs(Setting::KeywordScope).then(|| policy.keyword_scope.number().into()),
        platform_stop_scope: differs(Setting::PlatformStopScope).then(|| policy.platform_stop_scope.number().into()),
        opt_in_valid_days: differs(Setting::OptInValidDays).then(|| policy.opt_in_valid_days.unwrap_or_default()),
        red_quality: differs(Setting::RedQuality).then(|| policy.red_quality.number().into()),
        window_implies_opt_in: differs(Setting::WindowImpliesOptIn).then_some(policy.window_implies_opt_in),
        identity_change_carries_opt_in: differs(Setting::IdentityChangeCarriesOptIn).then_some(policy.identity_change_carries_opt_in),
        suspend_on_identity_change: differs(Setting::SuspendOnIdentityChange).then_some(policy.suspend_on_identity_change),
        import_requires_evidence: differs(Setting::ImportRequiresEvidence).then_some(policy.import_requires_evidence),
        keep_message_text: differs(Setting::KeepMessageText).then_some(policy.keep_message_text),
        opt_out_keywords: added(Setting::OptOutKeywords),
        opt_in_keywords: added(Setting::OptInKeywords),
    })
}

/// The reason for which a choice is refused.
#[must_use]
pub fn reason(error: &ChoiceError) -> ErrorReason {
    match &error.fault {
        Fault::Unknown(_) if error.field == "preset" => ErrorReason::PresetUnknown,
        Fault::Unknown(_) if error.field.starts_with(Setting::WindowKinds.as_str()) => ErrorReason::KindUnknown,
        Fault::Unknown(_) if error.field.parse::<Setting>().is_err() => ErrorReason::SettingUnknown,
        Fault::Unknown(_) | Fault::Shape { .. } => ErrorReason::SettingValueUnknown,
        Fault::PresetMissing => ErrorReason::PresetMissing,
        Fault::Twice => ErrorReason::FieldsConflict,
        Fault::OutOfRange { .. } => ErrorReason::SettingOutOfRange,
        Fault::KeywordMalformed => ErrorReason::KeywordMalformed,
        Fault::KeywordOnBothLists => ErrorReason::KeywordOnBothLists,
        Fault::TooManyKeywords { .. } => ErrorReason::TooManyKeywords,
    }
}

fn refuse(fields: &mut Fields<'_>, field: &str, errors: ChoiceErrors) {
    for error in errors.0 {
        fields.refuse(format!("{field}.{}", error.field), reason(&error), error.fault.to_string());
    }
}

fn differing(fields: &mut Fields<'_>, field: &str, preset: Preset, chosen: proto::PolicyChoice) -> PolicyChoice {
    let mut choice = PolicyChoice::of(preset);
    let mut set = |setting, given: Option<Given>| given.map(|given| choice.differs.insert(setting, given));
    if let Some(kinds) = chosen.window_kinds {
        let kind = |(place, number)| fields.kind(&format!("{field}.window_kinds.kinds[{place}]"), number);
        let kinds = kinds.kinds.into_iter().enumerate().filter_map(kind);
        set(Setting::WindowKinds, Some(Given::List(kinds.map(|kind| kind.to_string()).collect())));
    }
    let mut word = |setting: Setting, number: Option<i32>, word: fn(i32) -> Option<&'static str>| {
        let word = word(number?);
        if word.is_none() {
            let message = if number == Some(0) { "it is unspecified" } else { "this server does not know the value" };
            fields.refuse(format!("{field}.{setting}"), ErrorReason::SettingValueUnknown, message);
        }
        word.map(|word| Given::Text(word.to_owned()))
    };
    let scope = |number| Scope::from_number(number).map(Scope::as_str);
    let inbound = |number| InboundAfterOptOut::from_number(number).map(InboundAfterOptOut::as_str);
    let unknown = |number| UnknownContact::from_number(number).map(UnknownContact::as_str);
    let red = |number| RedQuality::from_number(number).map(RedQuality::as_str);
    let number = |number: Option<u32>| number.map(|number| Given::Number(number.into()));
    let keywords = |words: Vec<String>| (!words.is_empty()).then_some(Given::List(words));
    set(Setting::WindowHours, number(chosen.window_hours));
    set(Setting::InboundAfterOptOut, word(Setting::InboundAfterOptOut, chosen.inbound_after_opt_out, inbound));
    set(Setting::UnknownContact, word(Setting::UnknownContact, chosen.unknown_contact, unknown));
    set(Setting::KeywordScope, word(Setting::KeywordScope, chosen.keyword_scope, scope));
    set(Setting::PlatformStopScope, word(Setting::PlatformStopScope, chosen.platform_stop_scope, scope));
    set(Setting::OptInValidDays, number(chosen.opt_in_valid_days));
    set(Setting::RedQuality, word(Setting::RedQuality, chosen.red_quality, red));
    set(Setting::WindowImpliesOptIn, chosen.window_implies_opt_in.map(Given::Flag));
    set(Setting::IdentityChangeCarriesOptIn, chosen.identity_change_carries_opt_in.map(Given::Flag));
    set(Setting::SuspendOnIdentityChange, chosen.suspend_on_identity_change.map(Given::Flag));
    set(Setting::ImportRequiresEvidence, chosen.import_requires_evidence.map(Given::Flag));
    set(Setting::KeepMessageText, chosen.keep_message_text.map(Given::Flag));
    set(Setting::OptOutKeywords, keywords(chosen.opt_out_keywords));
    set(Setting::OptInKeywords, keywords(chosen.opt_in_keywords));
    choice
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt;

    fn violations(chosen: Option<proto::PolicyChoice>) -> Vec<String> {
        let mut fields = Fields::default();
        assert_eq!(read(&mut fields, "policy", chosen), None);
        let status = fields.finish(|| Some(())).unwrap_err();
        let details = status.get_error_details();
        details.bad_request().unwrap().field_violations.iter().map(|v| format!("{} {}", v.field, v.reason)).collect()
    }

    #[test]
    fn a_choice_survives_the_way_through_a_message() {
        let mut every = PolicyChoice::of(Preset::Sinch);
        for (name, text) in [
            ("window_hours", "12"),
            ("window_kinds", "text, call"),
            ("inbound_after_opt_out", "ignore"),
            ("unknown_contact", "opt_in_request"),
            ("keyword_scope", "account"),
            ("platform_stop_scope", "sender"),
            ("opt_in_valid_days", "0"),
            ("red_quality", "deny_templates"),
            ("window_implies_opt_in", "true"),
            ("identity_change_carries_opt_in", "true"),
            ("suspend_on_identity_change", "false"),
            ("import_requires_evidence", "false"),
            ("keep_message_text", "true"),
            ("opt_out_keywords", "baja, no quiero"),
            ("opt_in_keywords", "alta"),
        ] {
            every.set(name, Given::Text(text.into())).unwrap();
        }
        assert_eq!(every.differs.len(), Setting::ALL.len());
        let mut none = PolicyChoice::of(Preset::Meta);
        none.set("window_kinds", Given::List(Vec::new())).unwrap();
        for choice in [every, none, PolicyChoice::of(Preset::Maxcontact)] {
            let mut fields = Fields::default();
            let found = read(&mut fields, "policy", Some(write(&choice).unwrap()));
            assert_eq!(found, Some((choice.preset, choice.policy().unwrap())));
            fields.finish(|| Some(())).unwrap();
        }
    }

    #[test]
    fn every_bad_field_is_named_with_its_path() {
        assert_eq!(violations(None), ["policy POLICY_MISSING"]);
        assert_eq!(violations(Some(proto::PolicyChoice::default())), ["policy.preset PRESET_MISSING"]);
        let bad = proto::PolicyChoice {
            preset: "metta".into(),
            window_hours: Some(0),
            window_kinds: Some(InboundKinds { kinds: vec![1, 0, 99] }),
            inbound_after_opt_out: Some(0),
            red_quality: Some(9),
            opt_in_valid_days: Some(36_501),
            opt_out_keywords: vec!["baja".into(), "...".into()],
            opt_in_keywords: vec!["alta".into(); 1_001],
            ..Default::default()
        };
        let expected = [
            "policy.preset PRESET_UNKNOWN",
            "policy.window_kinds.kinds[1] KIND_MISSING",
            "policy.window_kinds.kinds[2] KIND_UNKNOWN",
            "policy.inbound_after_opt_out SETTING_VALUE_UNKNOWN",
            "policy.red_quality SETTING_VALUE_UNKNOWN",
            "policy.window_hours SETTING_OUT_OF_RANGE",
            "policy.opt_in_valid_days SETTING_OUT_OF_RANGE",
            "policy.opt_out_keywords[1] KEYWORD_MALFORMED",
            "policy.opt_in_keywords TOO_MANY_KEYWORDS",
        ];
        assert_eq!(violations(Some(bad)), expected);
        let both = proto::PolicyChoice { preset: "meta".into(), opt_in_keywords: vec!["STOP!".into()], ..Default::default() };
        assert_eq!(violations(Some(both)), ["policy.opt_in_keywords[0] KEYWORD_ON_BOTH_LISTS"]);
    }
}
