//! Fields of senders, templates and feedback: words of closed lists, none of them unspecified unless said otherwise, and what
//! is put together from them.

use prost_types::Timestamp;

use super::parse::Fields;
use crate::consent::identifier::Identifier;
use crate::consent::sender::{Declaration, EscalationPath, EscalationPaths, Quality, Restriction, RestrictionKind};
use crate::consent::template::{TemplateAsked, TemplateKey, TemplateKeyError, TemplateStatus};
use crate::consent::time::Time;
use crate::consent::words::{Category, PlatformPreference};
use crate::proto::{self, ErrorReason};

impl Fields<'_> {
    /// What a contact told the platform.
    pub fn preference(&mut self, field: &str, number: i32) -> Option<PlatformPreference> {
        let missing = (ErrorReason::PreferenceMissing, "the preference is unspecified");
        self.given(field, number, missing, PlatformPreference::from_number, ErrorReason::PreferenceUnknown, "preference")
    }

    /// The platform's error code.
    pub fn code(&mut self, field: &str, code: u32) -> u32 {
        if code == 0 {
            self.refuse(field, ErrorReason::CodeMissing, "the platform's error code is needed; 0 is none");
        }
        code
    }

    /// A rating.
    pub fn quality(&mut self, field: &str, number: i32) -> Option<Quality> {
        let missing = (ErrorReason::QualityMissing, "the quality is unspecified");
        self.given(field, number, missing, Quality::from_number, ErrorReason::QualityUnknown, "quality")
    }

    /// A rating; unspecified is none.
    pub fn optional_quality(&mut self, field: &str, number: i32) -> Option<Quality> {
        if number == 0 { None } else { self.quality(field, number) }
    }

    /// A template's status.
    pub fn template_status(&mut self, field: &str, number: i32) -> Option<TemplateStatus> {
        let missing = (ErrorReason::TemplateStatusMissing, "the status is unspecified");
        self.given(field, number, missing, TemplateStatus::from_number, ErrorReason::TemplateStatusUnknown, "template status")
    }

    /// A template's status; unspecified is none.
    pub fn optional_template_status(&mut self, field: &str, number: i32) -> Option<TemplateStatus> {
        if number == 0 { None } else { self.template_status(field, number) }
    }

    /// A template's category.
    pub fn template_category(&mut self, field: &str, number: i32) -> Option<Category> {
        if number == 0 {
            self.refuse(field, ErrorReason::CategoryMissing, "the category is unspecified");
        }
        self.optional_template_category(field, number)
    }

    /// A template's category; unspecified is none.
    pub fn optional_template_category(&mut self, field: &str, number: i32) -> Option<Category> {
        let category = self.optional_category(field, number)?;
        if category == Category::Service {
            self.refuse(field, ErrorReason::CategoryNotForTemplates, "service is free-form conversation; no template has it");
        }
        Some(category)
    }

    /// What a template is found by; a field `below` holds its name and language.
    pub fn template_key(&mut self, below: &str, name: &str, language: &str) -> Option<TemplateKey> {
        for fault in TemplateKey::faults(name, language) {
            let field = match fault {
                TemplateKeyError::Name => "name",
                TemplateKeyError::Language => "language",
            };
            self.refuse(format!("{below}{field}"), ErrorReason::TemplateMalformed, fault.to_string());
        }
        TemplateKey::new(name, language).ok()
    }

    /// The template that a check names; absent is none.
    pub fn template_asked(&mut self, field: &str, template: Option<&proto::CheckTemplate>) -> Option<TemplateAsked> {
        let template = template?;
        let key = self.template_key(&format!("{field}."), &template.name, &template.language)?;
        Some(TemplateAsked { key, parameters: template.parameters })
    }

    /// What a business declares about a sender; must be there.
    pub fn declaration(&mut self, field: &str, declaration: Option<&proto::SenderDeclaration>) -> Option<Declaration> {
        let Some(declaration) = declaration else {
            self.refuse(field, ErrorReason::DeclarationMissing, "the declaration is missing");
            return None;
        };
        Some(Declaration {
            automated: declaration.automated,
            retail: declaration.retail,
            weekly_templates: declaration.weekly_templates,
            paths: self.paths(&format!("{field}.escalation_paths"), &declaration.escalation_paths),
        })
    }

    fn paths(&mut self, field: &str, numbers: &[i32]) -> EscalationPaths {
        let path = |(index, number): (usize, &i32)| {
            let missing = (ErrorReason::EscalationPathMissing, "the escalation path is unspecified");
            let unknown = ErrorReason::EscalationPathUnknown;
            self.given(&format!("{field}[{index}]"), *number, missing, EscalationPath::from_number, unknown, "escalation path")
        };
        numbers.iter().enumerate().filter_map(path).collect()
    }

    /// What the platform forbids, and until when: later than it began.
    pub fn restriction(&mut self, field: &str, restriction: &proto::Restriction, occurred_at: Time) -> Restriction {
        let kinds = self.restriction_kinds(&format!("{field}.kinds"), &restriction.kinds);
        Restriction { kinds, until: self.until(&format!("{field}.until"), restriction.until.as_ref(), occurred_at) }
    }

    /// Kinds of restriction, at least one.
    pub fn restriction_kinds(&mut self, field: &str, numbers: &[i32]) -> Vec<RestrictionKind> {
        if numbers.is_empty() {
            self.refuse(field, ErrorReason::RestrictionMissing, "at least one kind of restriction is needed");
        }
        let kind = |(index, number): (usize, &i32)| {
            let missing = (ErrorReason::RestrictionMissing, "the kind of restriction is unspecified");
            let unknown = ErrorReason::RestrictionUnknown;
            self.given(&format!("{field}[{index}]"), *number, missing, RestrictionKind::from_number, unknown, "kind of restriction")
        };
        numbers.iter().enumerate().filter_map(kind).collect()
    }

    fn until(&mut self, field: &str, timestamp: Option<&Timestamp>, occurred_at: Time) -> Option<Time> {
        let until = self.time(field, timestamp)?;
        if until <= occurred_at {
            self.refuse(field, ErrorReason::UntilNotLater, format!("{until} is not later than occurred_at, {occurred_at}"));
        }
        Some(until)
    }

    /// The two identifiers of one contact: different, and at most one of them a phone number.
    pub fn two_contacts(&mut self, field: &str, texts: &[String]) -> Option<[Identifier; 2]> {
        let [a, b] = texts else {
            let reason = if texts.len() < 2 { ErrorReason::ContactMissing } else { ErrorReason::TooManyContacts };
            self.refuse(field, reason, format!("{} contacts where two are needed", texts.len()));
            return None;
        };
        let (a, b) = (self.contact(&format!("{field}[0]"), a), self.contact(&format!("{field}[1]"), b));
        let (a, b) = (a?, b?);
        if a == b {
            self.refuse(field, ErrorReason::ContactsEqual, "both are one and the same identifier");
        } else if matches!((&a, &b), (Identifier::Phone(_), Identifier::Phone(_))) {
            let message = "two phone numbers are two lines; where a contact moved from one to the other, use ChangeNumber";
            self.refuse(field, ErrorReason::TooManyContacts, message);
        }
        Some([a, b])
    }

    /// Two phone numbers, `from` one `to` another.
    pub fn number_change(&mut self, from: &str, to: &str) -> Option<(Identifier, Identifier)> {
        let wanted = |contact: &Identifier| matches!(contact, Identifier::Phone(_));
        self.change(from, to, wanted, ErrorReason::ContactNotAPhoneNumber, "a business-scoped user ID where a phone number is needed")
    }

    /// Two user IDs, `from` one `to` another.
    pub fn user_id_change(&mut self, from: &str, to: &str) -> Option<(Identifier, Identifier)> {
        let wanted = |contact: &Identifier| matches!(contact, Identifier::UserId(_));
        self.change(from, to, wanted, ErrorReason::ContactNotAUserId, "a phone number where a business-scoped user ID is needed")
    }

    fn change(
        &mut self,
        from: &str,
        to: &str,
        wanted: fn(&Identifier) -> bool,
        otherwise: ErrorReason,
        message: &str,
    ) -> Option<(Identifier, Identifier)> {
        let [from, to] = [("from", from), ("to", to)].map(|(field, text)| {
            let contact = self.contact(field, text)?;
            if !wanted(&contact) {
                self.refuse(field, otherwise, message);
            }
            Some(contact)
        });
        let (from, to) = (from?, to?);
        if from == to {
            self.refuse("to", ErrorReason::ContactsEqual, "the identifier it had, and no other");
        }
        Some((from, to))
    }

    /// A word that must be given.
    fn given<T>(
        &mut self,
        field: &str,
        number: i32,
        (missing, message): (ErrorReason, &str),
        from_number: fn(i32) -> Option<T>,
        unknown: ErrorReason,
        what: &str,
    ) -> Option<T> {
        if number == 0 {
            self.refuse(field, missing, message);
            return None;
        }
        self.word(field, number, from_number, unknown, what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt;

    const NOW: Time = Time::from_micros(1_772_000_000_000_000);

    /// What `read` refuses, each as `field REASON`.
    fn refused<T>(read: impl FnOnce(&mut Fields) -> T) -> Vec<String> {
        let mut fields = Fields::default();
        read(&mut fields);
        let Err(status) = fields.finish(|| Some(())) else { return Vec::new() };
        let details = status.get_error_details();
        details.bad_request().unwrap().field_violations.iter().map(|v| format!("{} {}", v.field, v.reason)).collect()
    }

    #[test]
    fn zero_and_unknown_words_are_told_apart() {
        assert_eq!(refused(|fields| fields.preference("preference", 0)), ["preference PREFERENCE_MISSING"]);
        assert_eq!(refused(|fields| fields.preference("preference", 4)), ["preference PREFERENCE_UNKNOWN"]);
        assert_eq!(refused(|fields| fields.quality("quality", 0)), ["quality QUALITY_MISSING"]);
        assert_eq!(refused(|fields| fields.optional_quality("quality", 9)), ["quality QUALITY_UNKNOWN"]);
        assert_eq!(refused(|fields| fields.template_status("status", 0)), ["status TEMPLATE_STATUS_MISSING"]);
        assert_eq!(refused(|fields| fields.optional_template_status("status", -1)), ["status TEMPLATE_STATUS_UNKNOWN"]);
        assert_eq!(refused(|fields| fields.template_category("category", 0)), ["category CATEGORY_MISSING"]);
        assert_eq!(refused(|fields| fields.template_category("category", 4)), ["category CATEGORY_NOT_FOR_TEMPLATES"]);
        assert_eq!(refused(|fields| fields.code("code", 0)), ["code CODE_MISSING"]);
        assert!(refused(|fields| (fields.optional_quality("q", 0), fields.optional_template_status("s", 0))).is_empty());
    }

    #[test]
    fn a_template_is_refused_by_name_and_by_language() {
        let asked = |name: &str, language: &str| {
            let template = proto::CheckTemplate { name: name.into(), language: language.into(), parameters: 0 };
            refused(|fields| fields.template_asked("template", Some(&template)))
        };
        assert_eq!(asked("", "e\nn"), ["template.name TEMPLATE_MALFORMED", "template.language TEMPLATE_MALFORMED"]);
        assert_eq!(asked(&"x".repeat(513), "en"), ["template.name TEMPLATE_MALFORMED"]);
        assert!(asked(&"x".repeat(512), "pt_BR").is_empty());
    }

    #[test]
    fn a_declaration_is_there_and_names_every_path() {
        assert_eq!(refused(|fields| fields.declaration("declaration", None)), ["declaration DECLARATION_MISSING"]);
        let declaration = proto::SenderDeclaration { escalation_paths: vec![2, 0, 10], ..Default::default() };
        let expected =
            ["declaration.escalation_paths[1] ESCALATION_PATH_MISSING", "declaration.escalation_paths[2] ESCALATION_PATH_UNKNOWN"];
        assert_eq!(refused(|fields| fields.declaration("declaration", Some(&declaration))), expected);
    }

    #[test]
    fn a_restriction_forbids_something_and_ends_after_it_began() {
        let until = Some(Timestamp { seconds: NOW.micros() / 1_000_000, nanos: 0 });
        let restriction = |kinds: &[i32]| proto::Restriction { kinds: kinds.to_vec(), until };
        let refused = |kinds: &[i32]| refused(|fields| fields.restriction("restriction", &restriction(kinds), NOW));
        assert_eq!(refused(&[]), ["restriction.kinds RESTRICTION_MISSING", "restriction.until UNTIL_NOT_LATER"]);
        let expected =
            ["restriction.kinds[0] RESTRICTION_MISSING", "restriction.kinds[1] RESTRICTION_UNKNOWN", "restriction.until UNTIL_NOT_LATER"];
        assert_eq!(refused(&[0, 4]), expected);
    }

    #[test]
    fn a_contact_moves_between_two_of_a_kind() {
        const PHONE: &str = "+447400123456";
        const USER_ID: &str = "US.13491208655302741918";
        let number = |from: &str, to: &str| refused(|fields| fields.number_change(from, to));
        let user_id = |from: &str, to: &str| refused(|fields| fields.user_id_change(from, to));
        assert_eq!(number(PHONE, "+44 7400 123456"), ["to CONTACTS_EQUAL"]);
        assert_eq!(number(PHONE, USER_ID), ["to CONTACT_NOT_A_PHONE_NUMBER"]);
        assert_eq!(number("", USER_ID), ["from CONTACT_EMPTY", "to CONTACT_NOT_A_PHONE_NUMBER"]);
        assert_eq!(user_id(PHONE, USER_ID), ["from CONTACT_NOT_A_USER_ID"]);
        assert_eq!(user_id(USER_ID, USER_ID), ["to CONTACTS_EQUAL"]);
        assert!(number(PHONE, "+447400123457").is_empty());
    }

    #[test]
    fn a_link_is_of_two_different_identifiers_with_one_phone_number_at_most() {
        let link = |texts: &[&str]| {
            refused(|fields| fields.two_contacts("contacts", &texts.iter().map(|text| (*text).into()).collect::<Vec<_>>()))
        };
        assert_eq!(link(&["+447400123456"]), ["contacts CONTACT_MISSING"]);
        assert_eq!(link(&["+447400123456", "nobody"]), ["contacts[1] CONTACT_MALFORMED"]);
        assert_eq!(link(&["+447400123456", "+44 7400 123456"]), ["contacts CONTACTS_EQUAL"]);
        assert_eq!(link(&["+447400123456", "+447400123457"]), ["contacts TOO_MANY_CONTACTS"]);
        assert!(link(&["+447400123456", "US.13491208655302741918"]).is_empty());
    }
}
