from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Effect(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EFFECT_UNSPECIFIED: _ClassVar[Effect]
    EFFECT_APPLIED: _ClassVar[Effect]
    EFFECT_HISTORICAL_ONLY: _ClassVar[Effect]
    EFFECT_NO_CHANGE: _ClassVar[Effect]

class Category(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CATEGORY_UNSPECIFIED: _ClassVar[Category]
    CATEGORY_MARKETING: _ClassVar[Category]
    CATEGORY_UTILITY: _ClassVar[Category]
    CATEGORY_AUTHENTICATION: _ClassVar[Category]
    CATEGORY_SERVICE: _ClassVar[Category]

class Method(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    METHOD_UNSPECIFIED: _ClassVar[Method]
    METHOD_WEBSITE: _ClassVar[Method]
    METHOD_SMS: _ClassVar[Method]
    METHOD_KEYWORD: _ClassVar[Method]
    METHOD_IN_PERSON: _ClassVar[Method]
    METHOD_IMPORT: _ClassVar[Method]
    METHOD_WHATSAPP: _ClassVar[Method]
    METHOD_PHONE_CALL: _ClassVar[Method]
    METHOD_IVR: _ClassVar[Method]
    METHOD_EMAIL: _ClassVar[Method]
    METHOD_PAPER: _ClassVar[Method]
    METHOD_APP: _ClassVar[Method]
    METHOD_QR_CODE: _ClassVar[Method]
    METHOD_PLATFORM: _ClassVar[Method]
    METHOD_AGENT: _ClassVar[Method]
    METHOD_OTHER: _ClassVar[Method]

class InboundKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INBOUND_KIND_UNSPECIFIED: _ClassVar[InboundKind]
    INBOUND_KIND_TEXT: _ClassVar[InboundKind]
    INBOUND_KIND_IMAGE: _ClassVar[InboundKind]
    INBOUND_KIND_AUDIO: _ClassVar[InboundKind]
    INBOUND_KIND_VIDEO: _ClassVar[InboundKind]
    INBOUND_KIND_DOCUMENT: _ClassVar[InboundKind]
    INBOUND_KIND_STICKER: _ClassVar[InboundKind]
    INBOUND_KIND_LOCATION: _ClassVar[InboundKind]
    INBOUND_KIND_CONTACTS: _ClassVar[InboundKind]
    INBOUND_KIND_ORDER: _ClassVar[InboundKind]
    INBOUND_KIND_BUTTON: _ClassVar[InboundKind]
    INBOUND_KIND_INTERACTIVE: _ClassVar[InboundKind]
    INBOUND_KIND_CALL: _ClassVar[InboundKind]
    INBOUND_KIND_CALL_ACCEPTED: _ClassVar[InboundKind]
    INBOUND_KIND_CALL_PERMISSION_REPLY: _ClassVar[InboundKind]
    INBOUND_KIND_REACTION: _ClassVar[InboundKind]
    INBOUND_KIND_UNSUPPORTED: _ClassVar[InboundKind]
    INBOUND_KIND_EDIT: _ClassVar[InboundKind]
    INBOUND_KIND_REVOKE: _ClassVar[InboundKind]
    INBOUND_KIND_SYSTEM: _ClassVar[InboundKind]
    INBOUND_KIND_GROUP: _ClassVar[InboundKind]
    INBOUND_KIND_WELCOME: _ClassVar[InboundKind]
    INBOUND_KIND_HISTORY: _ClassVar[InboundKind]

class Keyword(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KEYWORD_UNSPECIFIED: _ClassVar[Keyword]
    KEYWORD_OPT_OUT: _ClassVar[Keyword]
    KEYWORD_OPT_IN: _ClassVar[Keyword]

class PlatformPreference(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PLATFORM_PREFERENCE_UNSPECIFIED: _ClassVar[PlatformPreference]
    PLATFORM_PREFERENCE_STOP: _ClassVar[PlatformPreference]
    PLATFORM_PREFERENCE_RESUME: _ClassVar[PlatformPreference]
    PLATFORM_PREFERENCE_SIGNUP: _ClassVar[PlatformPreference]

class Quality(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUALITY_UNSPECIFIED: _ClassVar[Quality]
    QUALITY_GREEN: _ClassVar[Quality]
    QUALITY_YELLOW: _ClassVar[Quality]
    QUALITY_RED: _ClassVar[Quality]

class RestrictionKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESTRICTION_KIND_UNSPECIFIED: _ClassVar[RestrictionKind]
    RESTRICTION_KIND_BUSINESS_INITIATED: _ClassVar[RestrictionKind]
    RESTRICTION_KIND_CUSTOMER_INITIATED: _ClassVar[RestrictionKind]
    RESTRICTION_KIND_ALL: _ClassVar[RestrictionKind]

class EscalationPath(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ESCALATION_PATH_UNSPECIFIED: _ClassVar[EscalationPath]
    ESCALATION_PATH_IN_CHAT_AGENT: _ClassVar[EscalationPath]
    ESCALATION_PATH_PHONE: _ClassVar[EscalationPath]
    ESCALATION_PATH_EMAIL: _ClassVar[EscalationPath]
    ESCALATION_PATH_WEB_SUPPORT: _ClassVar[EscalationPath]
    ESCALATION_PATH_SUPPORT_FORM: _ClassVar[EscalationPath]
    ESCALATION_PATH_STORE_VISIT: _ClassVar[EscalationPath]
    ESCALATION_PATH_SOCIAL_ACCOUNT: _ClassVar[EscalationPath]
    ESCALATION_PATH_HELP_CENTER_PAGE: _ClassVar[EscalationPath]
    ESCALATION_PATH_APP_LINK: _ClassVar[EscalationPath]

class TemplateStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TEMPLATE_STATUS_UNSPECIFIED: _ClassVar[TemplateStatus]
    TEMPLATE_STATUS_APPROVED: _ClassVar[TemplateStatus]
    TEMPLATE_STATUS_PAUSED: _ClassVar[TemplateStatus]
    TEMPLATE_STATUS_REJECTED: _ClassVar[TemplateStatus]
    TEMPLATE_STATUS_DISABLED: _ClassVar[TemplateStatus]
    TEMPLATE_STATUS_PENDING: _ClassVar[TemplateStatus]

class SigningKeyUse(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIGNING_KEY_USE_UNSPECIFIED: _ClassVar[SigningKeyUse]
    SIGNING_KEY_USE_CHECKPOINT: _ClassVar[SigningKeyUse]
    SIGNING_KEY_USE_RECEIPT: _ClassVar[SigningKeyUse]

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_SENDER: _ClassVar[Role]
    ROLE_RECORDER: _ClassVar[Role]
    ROLE_AUDITOR: _ClassVar[Role]
    ROLE_OPERATOR: _ClassVar[Role]
    ROLE_ERASER: _ClassVar[Role]

class InboundAfterOptOut(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INBOUND_AFTER_OPT_OUT_UNSPECIFIED: _ClassVar[InboundAfterOptOut]
    INBOUND_AFTER_OPT_OUT_SERVICE_WINDOW: _ClassVar[InboundAfterOptOut]
    INBOUND_AFTER_OPT_OUT_LIFTS: _ClassVar[InboundAfterOptOut]
    INBOUND_AFTER_OPT_OUT_IGNORE: _ClassVar[InboundAfterOptOut]

class UnknownContact(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNKNOWN_CONTACT_UNSPECIFIED: _ClassVar[UnknownContact]
    UNKNOWN_CONTACT_NOTHING: _ClassVar[UnknownContact]
    UNKNOWN_CONTACT_OPT_IN_REQUEST: _ClassVar[UnknownContact]

class Scope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCOPE_UNSPECIFIED: _ClassVar[Scope]
    SCOPE_SENDER: _ClassVar[Scope]
    SCOPE_ACCOUNT: _ClassVar[Scope]

class RedQuality(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RED_QUALITY_UNSPECIFIED: _ClassVar[RedQuality]
    RED_QUALITY_WARN: _ClassVar[RedQuality]
    RED_QUALITY_DENY_TEMPLATES: _ClassVar[RedQuality]

class Permission(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PERMISSION_UNSPECIFIED: _ClassVar[Permission]
    PERMISSION_FREE_FORM: _ClassVar[Permission]
    PERMISSION_TEMPLATE_ONLY: _ClassVar[Permission]
    PERMISSION_NOTHING: _ClassVar[Permission]

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_UNSPECIFIED: _ClassVar[Reason]
    REASON_WINDOW_OPEN: _ClassVar[Reason]
    REASON_OPTED_IN: _ClassVar[Reason]
    REASON_OPT_IN_REQUEST_ALLOWED: _ClassVar[Reason]
    REASON_OPT_OUT_CONFIRMATION_ALLOWED: _ClassVar[Reason]
    REASON_CONTACT_ERASED: _ClassVar[Reason]
    REASON_CONTACT_NUMBER_CHANGED: _ClassVar[Reason]
    REASON_SENDER_RESTRICTED: _ClassVar[Reason]
    REASON_TEMPLATE_UNKNOWN: _ClassVar[Reason]
    REASON_TEMPLATE_NOT_USABLE: _ClassVar[Reason]
    REASON_TEMPLATE_INSUFFICIENT_PARAMETERS: _ClassVar[Reason]
    REASON_OPT_OUT_CONFIRMATION_USED: _ClassVar[Reason]
    REASON_RECIPIENT_OPTED_OUT: _ClassVar[Reason]
    REASON_PLATFORM_MARKETING_STOPPED: _ClassVar[Reason]
    REASON_CONTACT_IDENTITY_CHANGED: _ClassVar[Reason]
    REASON_OPT_IN_EXPIRED: _ClassVar[Reason]
    REASON_RECIPIENT_NOT_OPTED_IN: _ClassVar[Reason]
    REASON_SENDER_QUALITY_RED: _ClassVar[Reason]
    REASON_PLATFORM_CLOSED_WINDOW: _ClassVar[Reason]
    REASON_OUTSIDE_ALLOWED_SENDING_WINDOW: _ClassVar[Reason]
    REASON_FREE_FORM_NOT_FOR_AUTHENTICATION: _ClassVar[Reason]
    REASON_OPT_OUT_CONFIRMATION_NOT_DUE: _ClassVar[Reason]
    REASON_SENDER_AT_RISK: _ClassVar[Reason]
EFFECT_UNSPECIFIED: Effect
EFFECT_APPLIED: Effect
EFFECT_HISTORICAL_ONLY: Effect
EFFECT_NO_CHANGE: Effect
CATEGORY_UNSPECIFIED: Category
CATEGORY_MARKETING: Category
CATEGORY_UTILITY: Category
CATEGORY_AUTHENTICATION: Category
CATEGORY_SERVICE: Category
METHOD_UNSPECIFIED: Method
METHOD_WEBSITE: Method
METHOD_SMS: Method
METHOD_KEYWORD: Method
METHOD_IN_PERSON: Method
METHOD_IMPORT: Method
METHOD_WHATSAPP: Method
METHOD_PHONE_CALL: Method
METHOD_IVR: Method
METHOD_EMAIL: Method
METHOD_PAPER: Method
METHOD_APP: Method
METHOD_QR_CODE: Method
METHOD_PLATFORM: Method
METHOD_AGENT: Method
METHOD_OTHER: Method
INBOUND_KIND_UNSPECIFIED: InboundKind
INBOUND_KIND_TEXT: InboundKind
INBOUND_KIND_IMAGE: InboundKind
INBOUND_KIND_AUDIO: InboundKind
INBOUND_KIND_VIDEO: InboundKind
INBOUND_KIND_DOCUMENT: InboundKind
INBOUND_KIND_STICKER: InboundKind
INBOUND_KIND_LOCATION: InboundKind
INBOUND_KIND_CONTACTS: InboundKind
INBOUND_KIND_ORDER: InboundKind
INBOUND_KIND_BUTTON: InboundKind
INBOUND_KIND_INTERACTIVE: InboundKind
INBOUND_KIND_CALL: InboundKind
INBOUND_KIND_CALL_ACCEPTED: InboundKind
INBOUND_KIND_CALL_PERMISSION_REPLY: InboundKind
INBOUND_KIND_REACTION: InboundKind
INBOUND_KIND_UNSUPPORTED: InboundKind
INBOUND_KIND_EDIT: InboundKind
INBOUND_KIND_REVOKE: InboundKind
INBOUND_KIND_SYSTEM: InboundKind
INBOUND_KIND_GROUP: InboundKind
INBOUND_KIND_WELCOME: InboundKind
INBOUND_KIND_HISTORY: InboundKind
KEYWORD_UNSPECIFIED: Keyword
KEYWORD_OPT_OUT: Keyword
KEYWORD_OPT_IN: Keyword
PLATFORM_PREFERENCE_UNSPECIFIED: PlatformPreference
PLATFORM_PREFERENCE_STOP: PlatformPreference
PLATFORM_PREFERENCE_RESUME: PlatformPreference
PLATFORM_PREFERENCE_SIGNUP: PlatformPreference
QUALITY_UNSPECIFIED: Quality
QUALITY_GREEN: Quality
QUALITY_YELLOW: Quality
QUALITY_RED: Quality
RESTRICTION_KIND_UNSPECIFIED: RestrictionKind
RESTRICTION_KIND_BUSINESS_INITIATED: RestrictionKind
RESTRICTION_KIND_CUSTOMER_INITIATED: RestrictionKind
RESTRICTION_KIND_ALL: RestrictionKind
ESCALATION_PATH_UNSPECIFIED: EscalationPath
ESCALATION_PATH_IN_CHAT_AGENT: EscalationPath
ESCALATION_PATH_PHONE: EscalationPath
ESCALATION_PATH_EMAIL: EscalationPath
ESCALATION_PATH_WEB_SUPPORT: EscalationPath
ESCALATION_PATH_SUPPORT_FORM: EscalationPath
ESCALATION_PATH_STORE_VISIT: EscalationPath
ESCALATION_PATH_SOCIAL_ACCOUNT: EscalationPath
ESCALATION_PATH_HELP_CENTER_PAGE: EscalationPath
ESCALATION_PATH_APP_LINK: EscalationPath
TEMPLATE_STATUS_UNSPECIFIED: TemplateStatus
TEMPLATE_STATUS_APPROVED: TemplateStatus
TEMPLATE_STATUS_PAUSED: TemplateStatus
TEMPLATE_STATUS_REJECTED: TemplateStatus
TEMPLATE_STATUS_DISABLED: TemplateStatus
TEMPLATE_STATUS_PENDING: TemplateStatus
SIGNING_KEY_USE_UNSPECIFIED: SigningKeyUse
SIGNING_KEY_USE_CHECKPOINT: SigningKeyUse
SIGNING_KEY_USE_RECEIPT: SigningKeyUse
ROLE_UNSPECIFIED: Role
ROLE_SENDER: Role
ROLE_RECORDER: Role
ROLE_AUDITOR: Role
ROLE_OPERATOR: Role
ROLE_ERASER: Role
INBOUND_AFTER_OPT_OUT_UNSPECIFIED: InboundAfterOptOut
INBOUND_AFTER_OPT_OUT_SERVICE_WINDOW: InboundAfterOptOut
INBOUND_AFTER_OPT_OUT_LIFTS: InboundAfterOptOut
INBOUND_AFTER_OPT_OUT_IGNORE: InboundAfterOptOut
UNKNOWN_CONTACT_UNSPECIFIED: UnknownContact
UNKNOWN_CONTACT_NOTHING: UnknownContact
UNKNOWN_CONTACT_OPT_IN_REQUEST: UnknownContact
SCOPE_UNSPECIFIED: Scope
SCOPE_SENDER: Scope
SCOPE_ACCOUNT: Scope
RED_QUALITY_UNSPECIFIED: RedQuality
RED_QUALITY_WARN: RedQuality
RED_QUALITY_DENY_TEMPLATES: RedQuality
PERMISSION_UNSPECIFIED: Permission
PERMISSION_FREE_FORM: Permission
PERMISSION_TEMPLATE_ONLY: Permission
PERMISSION_NOTHING: Permission
REASON_UNSPECIFIED: Reason
REASON_WINDOW_OPEN: Reason
REASON_OPTED_IN: Reason
REASON_OPT_IN_REQUEST_ALLOWED: Reason
REASON_OPT_OUT_CONFIRMATION_ALLOWED: Reason
REASON_CONTACT_ERASED: Reason
REASON_CONTACT_NUMBER_CHANGED: Reason
REASON_SENDER_RESTRICTED: Reason
REASON_TEMPLATE_UNKNOWN: Reason
REASON_TEMPLATE_NOT_USABLE: Reason
REASON_TEMPLATE_INSUFFICIENT_PARAMETERS: Reason
REASON_OPT_OUT_CONFIRMATION_USED: Reason
REASON_RECIPIENT_OPTED_OUT: Reason
REASON_PLATFORM_MARKETING_STOPPED: Reason
REASON_CONTACT_IDENTITY_CHANGED: Reason
REASON_OPT_IN_EXPIRED: Reason
REASON_RECIPIENT_NOT_OPTED_IN: Reason
REASON_SENDER_QUALITY_RED: Reason
REASON_PLATFORM_CLOSED_WINDOW: Reason
REASON_OUTSIDE_ALLOWED_SENDING_WINDOW: Reason
REASON_FREE_FORM_NOT_FOR_AUTHENTICATION: Reason
REASON_OPT_OUT_CONFIRMATION_NOT_DUE: Reason
REASON_SENDER_AT_RISK: Reason

class ClearPart(_message.Message):
    __slots__ = ("key_commitment", "second_key_commitment", "occurred_at", "claimed_at", "identifiers", "second_identifiers", "effect", "original_seq", "original_recorded_at", "ledger_created", "signing_key_changed", "secret_rotated", "heads_committed", "principal_added", "principal_revoked", "account_created", "policy_adopted", "sender_declared", "sender_quality_reported", "sender_restricted", "template_registered", "template_changed", "personal_data_read", "restrictions_lifted", "opted_in", "opted_out", "inbound_message_received", "platform_preference_changed", "send_failed", "confirmation_sent", "possible_opt_out_resolved", "identifiers_linked", "number_changed", "user_id_changed", "identity_key_changed", "erasure_requested", "erasure_cancelled", "contact_erased", "legal_hold_changed", "decision_receipt_issued")
    KEY_COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    SECOND_KEY_COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    CLAIMED_AT_FIELD_NUMBER: _ClassVar[int]
    IDENTIFIERS_FIELD_NUMBER: _ClassVar[int]
    SECOND_IDENTIFIERS_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_SEQ_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    LEDGER_CREATED_FIELD_NUMBER: _ClassVar[int]
    SIGNING_KEY_CHANGED_FIELD_NUMBER: _ClassVar[int]
    SECRET_ROTATED_FIELD_NUMBER: _ClassVar[int]
    HEADS_COMMITTED_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_ADDED_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_REVOKED_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_CREATED_FIELD_NUMBER: _ClassVar[int]
    POLICY_ADOPTED_FIELD_NUMBER: _ClassVar[int]
    SENDER_DECLARED_FIELD_NUMBER: _ClassVar[int]
    SENDER_QUALITY_REPORTED_FIELD_NUMBER: _ClassVar[int]
    SENDER_RESTRICTED_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_REGISTERED_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_CHANGED_FIELD_NUMBER: _ClassVar[int]
    PERSONAL_DATA_READ_FIELD_NUMBER: _ClassVar[int]
    RESTRICTIONS_LIFTED_FIELD_NUMBER: _ClassVar[int]
    OPTED_IN_FIELD_NUMBER: _ClassVar[int]
    OPTED_OUT_FIELD_NUMBER: _ClassVar[int]
    INBOUND_MESSAGE_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_PREFERENCE_CHANGED_FIELD_NUMBER: _ClassVar[int]
    SEND_FAILED_FIELD_NUMBER: _ClassVar[int]
    CONFIRMATION_SENT_FIELD_NUMBER: _ClassVar[int]
    POSSIBLE_OPT_OUT_RESOLVED_FIELD_NUMBER: _ClassVar[int]
    IDENTIFIERS_LINKED_FIELD_NUMBER: _ClassVar[int]
    NUMBER_CHANGED_FIELD_NUMBER: _ClassVar[int]
    USER_ID_CHANGED_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_KEY_CHANGED_FIELD_NUMBER: _ClassVar[int]
    ERASURE_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    ERASURE_CANCELLED_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ERASED_FIELD_NUMBER: _ClassVar[int]
    LEGAL_HOLD_CHANGED_FIELD_NUMBER: _ClassVar[int]
    DECISION_RECEIPT_ISSUED_FIELD_NUMBER: _ClassVar[int]
    key_commitment: bytes
    second_key_commitment: bytes
    occurred_at: int
    claimed_at: int
    identifiers: _containers.RepeatedCompositeFieldContainer[IdentifierReference]
    second_identifiers: _containers.RepeatedCompositeFieldContainer[IdentifierReference]
    effect: Effect
    original_seq: int
    original_recorded_at: int
    ledger_created: LedgerCreated
    signing_key_changed: SigningKeyChanged
    secret_rotated: SecretRotated
    heads_committed: HeadsCommitted
    principal_added: PrincipalAdded
    principal_revoked: PrincipalRevoked
    account_created: AccountCreated
    policy_adopted: PolicyAdopted
    sender_declared: SenderDeclared
    sender_quality_reported: SenderQualityReported
    sender_restricted: SenderRestricted
    template_registered: TemplateRegistered
    template_changed: TemplateChanged
    personal_data_read: PersonalDataRead
    restrictions_lifted: RestrictionsLifted
    opted_in: OptedIn
    opted_out: OptedOut
    inbound_message_received: InboundMessageReceived
    platform_preference_changed: PlatformPreferenceChanged
    send_failed: SendFailed
    confirmation_sent: ConfirmationSent
    possible_opt_out_resolved: PossibleOptOutResolved
    identifiers_linked: IdentifiersLinked
    number_changed: NumberChanged
    user_id_changed: UserIdChanged
    identity_key_changed: IdentityKeyChanged
    erasure_requested: ErasureRequested
    erasure_cancelled: ErasureCancelled
    contact_erased: ContactErased
    legal_hold_changed: LegalHoldChanged
    decision_receipt_issued: DecisionReceiptIssued
    def __init__(self, key_commitment: _Optional[bytes] = ..., second_key_commitment: _Optional[bytes] = ..., occurred_at: _Optional[int] = ..., claimed_at: _Optional[int] = ..., identifiers: _Optional[_Iterable[_Union[IdentifierReference, _Mapping]]] = ..., second_identifiers: _Optional[_Iterable[_Union[IdentifierReference, _Mapping]]] = ..., effect: _Optional[_Union[Effect, str]] = ..., original_seq: _Optional[int] = ..., original_recorded_at: _Optional[int] = ..., ledger_created: _Optional[_Union[LedgerCreated, _Mapping]] = ..., signing_key_changed: _Optional[_Union[SigningKeyChanged, _Mapping]] = ..., secret_rotated: _Optional[_Union[SecretRotated, _Mapping]] = ..., heads_committed: _Optional[_Union[HeadsCommitted, _Mapping]] = ..., principal_added: _Optional[_Union[PrincipalAdded, _Mapping]] = ..., principal_revoked: _Optional[_Union[PrincipalRevoked, _Mapping]] = ..., account_created: _Optional[_Union[AccountCreated, _Mapping]] = ..., policy_adopted: _Optional[_Union[PolicyAdopted, _Mapping]] = ..., sender_declared: _Optional[_Union[SenderDeclared, _Mapping]] = ..., sender_quality_reported: _Optional[_Union[SenderQualityReported, _Mapping]] = ..., sender_restricted: _Optional[_Union[SenderRestricted, _Mapping]] = ..., template_registered: _Optional[_Union[TemplateRegistered, _Mapping]] = ..., template_changed: _Optional[_Union[TemplateChanged, _Mapping]] = ..., personal_data_read: _Optional[_Union[PersonalDataRead, _Mapping]] = ..., restrictions_lifted: _Optional[_Union[RestrictionsLifted, _Mapping]] = ..., opted_in: _Optional[_Union[OptedIn, _Mapping]] = ..., opted_out: _Optional[_Union[OptedOut, _Mapping]] = ..., inbound_message_received: _Optional[_Union[InboundMessageReceived, _Mapping]] = ..., platform_preference_changed: _Optional[_Union[PlatformPreferenceChanged, _Mapping]] = ..., send_failed: _Optional[_Union[SendFailed, _Mapping]] = ..., confirmation_sent: _Optional[_Union[ConfirmationSent, _Mapping]] = ..., possible_opt_out_resolved: _Optional[_Union[PossibleOptOutResolved, _Mapping]] = ..., identifiers_linked: _Optional[_Union[IdentifiersLinked, _Mapping]] = ..., number_changed: _Optional[_Union[NumberChanged, _Mapping]] = ..., user_id_changed: _Optional[_Union[UserIdChanged, _Mapping]] = ..., identity_key_changed: _Optional[_Union[IdentityKeyChanged, _Mapping]] = ..., erasure_requested: _Optional[_Union[ErasureRequested, _Mapping]] = ..., erasure_cancelled: _Optional[_Union[ErasureCancelled, _Mapping]] = ..., contact_erased: _Optional[_Union[ContactErased, _Mapping]] = ..., legal_hold_changed: _Optional[_Union[LegalHoldChanged, _Mapping]] = ..., decision_receipt_issued: _Optional[_Union[DecisionReceiptIssued, _Mapping]] = ...) -> None: ...

class IdentifierReference(_message.Message):
    __slots__ = ("trail", "ordinal")
    TRAIL_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    trail: int
    ordinal: int
    def __init__(self, trail: _Optional[int] = ..., ordinal: _Optional[int] = ...) -> None: ...

class SealedPart(_message.Message):
    __slots__ = ("identifiers", "event_id", "content_digest", "evidence", "text", "message_id")
    IDENTIFIERS_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    identifiers: _containers.RepeatedScalarFieldContainer[str]
    event_id: str
    content_digest: bytes
    evidence: Evidence
    text: str
    message_id: str
    def __init__(self, identifiers: _Optional[_Iterable[str]] = ..., event_id: _Optional[str] = ..., content_digest: _Optional[bytes] = ..., evidence: _Optional[_Union[Evidence, _Mapping]] = ..., text: _Optional[str] = ..., message_id: _Optional[str] = ...) -> None: ...

class Evidence(_message.Message):
    __slots__ = ("text", "text_version", "locale", "url", "ip_address", "user_agent", "file_name", "file_line", "file_sha256", "other")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TEXT_VERSION_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    IP_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    FILE_LINE_FIELD_NUMBER: _ClassVar[int]
    FILE_SHA256_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    text: str
    text_version: str
    locale: str
    url: str
    ip_address: str
    user_agent: str
    file_name: str
    file_line: int
    file_sha256: bytes
    other: _containers.RepeatedCompositeFieldContainer[EvidenceField]
    def __init__(self, text: _Optional[str] = ..., text_version: _Optional[str] = ..., locale: _Optional[str] = ..., url: _Optional[str] = ..., ip_address: _Optional[str] = ..., user_agent: _Optional[str] = ..., file_name: _Optional[str] = ..., file_line: _Optional[int] = ..., file_sha256: _Optional[bytes] = ..., other: _Optional[_Iterable[_Union[EvidenceField, _Mapping]]] = ...) -> None: ...

class EvidenceField(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class LedgerCreated(_message.Message):
    __slots__ = ("ledger_id", "origin", "format", "checkpoint_public_key", "receipt_public_key")
    LEDGER_ID_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    ledger_id: bytes
    origin: str
    format: int
    checkpoint_public_key: bytes
    receipt_public_key: bytes
    def __init__(self, ledger_id: _Optional[bytes] = ..., origin: _Optional[str] = ..., format: _Optional[int] = ..., checkpoint_public_key: _Optional[bytes] = ..., receipt_public_key: _Optional[bytes] = ...) -> None: ...

class SigningKeyChanged(_message.Message):
    __slots__ = ("use", "public_key")
    USE_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    use: SigningKeyUse
    public_key: bytes
    def __init__(self, use: _Optional[_Union[SigningKeyUse, str]] = ..., public_key: _Optional[bytes] = ...) -> None: ...

class SecretRotated(_message.Message):
    __slots__ = ("secret_version",)
    SECRET_VERSION_FIELD_NUMBER: _ClassVar[int]
    secret_version: int
    def __init__(self, secret_version: _Optional[int] = ...) -> None: ...

class HeadsCommitted(_message.Message):
    __slots__ = ("as_of", "root", "trails")
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    TRAILS_FIELD_NUMBER: _ClassVar[int]
    as_of: int
    root: bytes
    trails: int
    def __init__(self, as_of: _Optional[int] = ..., root: _Optional[bytes] = ..., trails: _Optional[int] = ...) -> None: ...

class PrincipalAdded(_message.Message):
    __slots__ = ("principal", "name", "roles", "accounts", "senders", "credential_digest", "expires_at", "earlier_until", "is_certificate")
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    SENDERS_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_DIGEST_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    EARLIER_UNTIL_FIELD_NUMBER: _ClassVar[int]
    IS_CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    principal: int
    name: str
    roles: _containers.RepeatedScalarFieldContainer[Role]
    accounts: _containers.RepeatedScalarFieldContainer[int]
    senders: _containers.RepeatedScalarFieldContainer[str]
    credential_digest: bytes
    expires_at: int
    earlier_until: int
    is_certificate: bool
    def __init__(self, principal: _Optional[int] = ..., name: _Optional[str] = ..., roles: _Optional[_Iterable[_Union[Role, str]]] = ..., accounts: _Optional[_Iterable[int]] = ..., senders: _Optional[_Iterable[str]] = ..., credential_digest: _Optional[bytes] = ..., expires_at: _Optional[int] = ..., earlier_until: _Optional[int] = ..., is_certificate: _Optional[bool] = ...) -> None: ...

class PrincipalRevoked(_message.Message):
    __slots__ = ("principal",)
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    principal: int
    def __init__(self, principal: _Optional[int] = ...) -> None: ...

class AccountCreated(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class Policy(_message.Message):
    __slots__ = ("preset", "window_hours", "window_kinds", "inbound_after_opt_out", "unknown_contact", "keyword_scope", "platform_stop_scope", "opt_in_valid_days", "red_quality", "window_implies_opt_in", "identity_change_carries_opt_in", "suspend_on_identity_change", "import_requires_evidence", "keep_message_text", "opt_out_keywords", "opt_in_keywords")
    PRESET_FIELD_NUMBER: _ClassVar[int]
    WINDOW_HOURS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_KINDS_FIELD_NUMBER: _ClassVar[int]
    INBOUND_AFTER_OPT_OUT_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_CONTACT_FIELD_NUMBER: _ClassVar[int]
    KEYWORD_SCOPE_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_STOP_SCOPE_FIELD_NUMBER: _ClassVar[int]
    OPT_IN_VALID_DAYS_FIELD_NUMBER: _ClassVar[int]
    RED_QUALITY_FIELD_NUMBER: _ClassVar[int]
    WINDOW_IMPLIES_OPT_IN_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_CHANGE_CARRIES_OPT_IN_FIELD_NUMBER: _ClassVar[int]
    SUSPEND_ON_IDENTITY_CHANGE_FIELD_NUMBER: _ClassVar[int]
    IMPORT_REQUIRES_EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    KEEP_MESSAGE_TEXT_FIELD_NUMBER: _ClassVar[int]
    OPT_OUT_KEYWORDS_FIELD_NUMBER: _ClassVar[int]
    OPT_IN_KEYWORDS_FIELD_NUMBER: _ClassVar[int]
    preset: str
    window_hours: int
    window_kinds: _containers.RepeatedScalarFieldContainer[InboundKind]
    inbound_after_opt_out: InboundAfterOptOut
    unknown_contact: UnknownContact
    keyword_scope: Scope
    platform_stop_scope: Scope
    opt_in_valid_days: int
    red_quality: RedQuality
    window_implies_opt_in: bool
    identity_change_carries_opt_in: bool
    suspend_on_identity_change: bool
    import_requires_evidence: bool
    keep_message_text: bool
    opt_out_keywords: _containers.RepeatedScalarFieldContainer[str]
    opt_in_keywords: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, preset: _Optional[str] = ..., window_hours: _Optional[int] = ..., window_kinds: _Optional[_Iterable[_Union[InboundKind, str]]] = ..., inbound_after_opt_out: _Optional[_Union[InboundAfterOptOut, str]] = ..., unknown_contact: _Optional[_Union[UnknownContact, str]] = ..., keyword_scope: _Optional[_Union[Scope, str]] = ..., platform_stop_scope: _Optional[_Union[Scope, str]] = ..., opt_in_valid_days: _Optional[int] = ..., red_quality: _Optional[_Union[RedQuality, str]] = ..., window_implies_opt_in: _Optional[bool] = ..., identity_change_carries_opt_in: _Optional[bool] = ..., suspend_on_identity_change: _Optional[bool] = ..., import_requires_evidence: _Optional[bool] = ..., keep_message_text: _Optional[bool] = ..., opt_out_keywords: _Optional[_Iterable[str]] = ..., opt_in_keywords: _Optional[_Iterable[str]] = ...) -> None: ...

class PolicyAdopted(_message.Message):
    __slots__ = ("version", "policy")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    version: int
    policy: Policy
    def __init__(self, version: _Optional[int] = ..., policy: _Optional[_Union[Policy, _Mapping]] = ...) -> None: ...

class SenderDeclared(_message.Message):
    __slots__ = ("sender", "automated", "retail", "weekly_templates", "escalation_paths")
    SENDER_FIELD_NUMBER: _ClassVar[int]
    AUTOMATED_FIELD_NUMBER: _ClassVar[int]
    RETAIL_FIELD_NUMBER: _ClassVar[int]
    WEEKLY_TEMPLATES_FIELD_NUMBER: _ClassVar[int]
    ESCALATION_PATHS_FIELD_NUMBER: _ClassVar[int]
    sender: str
    automated: bool
    retail: bool
    weekly_templates: int
    escalation_paths: _containers.RepeatedScalarFieldContainer[EscalationPath]
    def __init__(self, sender: _Optional[str] = ..., automated: _Optional[bool] = ..., retail: _Optional[bool] = ..., weekly_templates: _Optional[int] = ..., escalation_paths: _Optional[_Iterable[_Union[EscalationPath, str]]] = ...) -> None: ...

class SenderQualityReported(_message.Message):
    __slots__ = ("sender", "quality")
    SENDER_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    sender: str
    quality: Quality
    def __init__(self, sender: _Optional[str] = ..., quality: _Optional[_Union[Quality, str]] = ...) -> None: ...

class SenderRestricted(_message.Message):
    __slots__ = ("sender", "kinds", "until")
    SENDER_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    sender: str
    kinds: _containers.RepeatedScalarFieldContainer[RestrictionKind]
    until: int
    def __init__(self, sender: _Optional[str] = ..., kinds: _Optional[_Iterable[_Union[RestrictionKind, str]]] = ..., until: _Optional[int] = ...) -> None: ...

class RestrictionsLifted(_message.Message):
    __slots__ = ("sender", "kinds")
    SENDER_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    sender: str
    kinds: _containers.RepeatedScalarFieldContainer[RestrictionKind]
    def __init__(self, sender: _Optional[str] = ..., kinds: _Optional[_Iterable[_Union[RestrictionKind, str]]] = ...) -> None: ...

class TemplateRegistered(_message.Message):
    __slots__ = ("name", "language", "category", "parameters", "status", "opt_in_request")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    OPT_IN_REQUEST_FIELD_NUMBER: _ClassVar[int]
    name: str
    language: str
    category: Category
    parameters: int
    status: TemplateStatus
    opt_in_request: bool
    def __init__(self, name: _Optional[str] = ..., language: _Optional[str] = ..., category: _Optional[_Union[Category, str]] = ..., parameters: _Optional[int] = ..., status: _Optional[_Union[TemplateStatus, str]] = ..., opt_in_request: _Optional[bool] = ...) -> None: ...

class TemplateChanged(_message.Message):
    __slots__ = ("name", "language", "category", "status", "quality")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    name: str
    language: str
    category: Category
    status: TemplateStatus
    quality: Quality
    def __init__(self, name: _Optional[str] = ..., language: _Optional[str] = ..., category: _Optional[_Union[Category, str]] = ..., status: _Optional[_Union[TemplateStatus, str]] = ..., quality: _Optional[_Union[Quality, str]] = ...) -> None: ...

class PersonalDataRead(_message.Message):
    __slots__ = ("method", "entries", "contact")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    method: str
    entries: int
    contact: int
    def __init__(self, method: _Optional[str] = ..., entries: _Optional[int] = ..., contact: _Optional[int] = ...) -> None: ...

class OptedIn(_message.Message):
    __slots__ = ("sender", "categories", "method", "expires_at", "has_evidence")
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    HAS_EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    sender: str
    categories: _containers.RepeatedScalarFieldContainer[Category]
    method: Method
    expires_at: int
    has_evidence: bool
    def __init__(self, sender: _Optional[str] = ..., categories: _Optional[_Iterable[_Union[Category, str]]] = ..., method: _Optional[_Union[Method, str]] = ..., expires_at: _Optional[int] = ..., has_evidence: _Optional[bool] = ...) -> None: ...

class OptedOut(_message.Message):
    __slots__ = ("sender", "categories", "method", "keyword_sender")
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    KEYWORD_SENDER_FIELD_NUMBER: _ClassVar[int]
    sender: str
    categories: _containers.RepeatedScalarFieldContainer[Category]
    method: Method
    keyword_sender: str
    def __init__(self, sender: _Optional[str] = ..., categories: _Optional[_Iterable[_Union[Category, str]]] = ..., method: _Optional[_Union[Method, str]] = ..., keyword_sender: _Optional[str] = ...) -> None: ...

class InboundMessageReceived(_message.Message):
    __slots__ = ("sender", "kind", "keyword", "holds_opt_out_word", "possible_opt_out")
    SENDER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    KEYWORD_FIELD_NUMBER: _ClassVar[int]
    HOLDS_OPT_OUT_WORD_FIELD_NUMBER: _ClassVar[int]
    POSSIBLE_OPT_OUT_FIELD_NUMBER: _ClassVar[int]
    sender: str
    kind: InboundKind
    keyword: Keyword
    holds_opt_out_word: bool
    possible_opt_out: bool
    def __init__(self, sender: _Optional[str] = ..., kind: _Optional[_Union[InboundKind, str]] = ..., keyword: _Optional[_Union[Keyword, str]] = ..., holds_opt_out_word: _Optional[bool] = ..., possible_opt_out: _Optional[bool] = ...) -> None: ...

class PlatformPreferenceChanged(_message.Message):
    __slots__ = ("sender", "preference")
    SENDER_FIELD_NUMBER: _ClassVar[int]
    PREFERENCE_FIELD_NUMBER: _ClassVar[int]
    sender: str
    preference: PlatformPreference
    def __init__(self, sender: _Optional[str] = ..., preference: _Optional[_Union[PlatformPreference, str]] = ...) -> None: ...

class SendFailed(_message.Message):
    __slots__ = ("sender", "code")
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    sender: str
    code: int
    def __init__(self, sender: _Optional[str] = ..., code: _Optional[int] = ...) -> None: ...

class ConfirmationSent(_message.Message):
    __slots__ = ("sender",)
    SENDER_FIELD_NUMBER: _ClassVar[int]
    sender: str
    def __init__(self, sender: _Optional[str] = ...) -> None: ...

class PossibleOptOutResolved(_message.Message):
    __slots__ = ("seq", "confirmed")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    seq: int
    confirmed: bool
    def __init__(self, seq: _Optional[int] = ..., confirmed: _Optional[bool] = ...) -> None: ...

class IdentifiersLinked(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class NumberChanged(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UserIdChanged(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class IdentityKeyChanged(_message.Message):
    __slots__ = ("sender",)
    SENDER_FIELD_NUMBER: _ClassVar[int]
    sender: str
    def __init__(self, sender: _Optional[str] = ...) -> None: ...

class ErasureRequested(_message.Message):
    __slots__ = ("due_at", "keep_suppression")
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    KEEP_SUPPRESSION_FIELD_NUMBER: _ClassVar[int]
    due_at: int
    keep_suppression: bool
    def __init__(self, due_at: _Optional[int] = ..., keep_suppression: _Optional[bool] = ...) -> None: ...

class ErasureCancelled(_message.Message):
    __slots__ = ("request_seqs",)
    REQUEST_SEQS_FIELD_NUMBER: _ClassVar[int]
    request_seqs: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, request_seqs: _Optional[_Iterable[int]] = ...) -> None: ...

class ContactErased(_message.Message):
    __slots__ = ("trails", "suppression_tokens", "former_identifiers")
    TRAILS_FIELD_NUMBER: _ClassVar[int]
    SUPPRESSION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    FORMER_IDENTIFIERS_FIELD_NUMBER: _ClassVar[int]
    trails: _containers.RepeatedScalarFieldContainer[int]
    suppression_tokens: _containers.RepeatedScalarFieldContainer[bytes]
    former_identifiers: _containers.RepeatedCompositeFieldContainer[FormerIdentifier]
    def __init__(self, trails: _Optional[_Iterable[int]] = ..., suppression_tokens: _Optional[_Iterable[bytes]] = ..., former_identifiers: _Optional[_Iterable[_Union[FormerIdentifier, _Mapping]]] = ...) -> None: ...

class FormerIdentifier(_message.Message):
    __slots__ = ("token", "until")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    token: bytes
    until: int
    def __init__(self, token: _Optional[bytes] = ..., until: _Optional[int] = ...) -> None: ...

class LegalHoldChanged(_message.Message):
    __slots__ = ("held", "hold_seqs")
    HELD_FIELD_NUMBER: _ClassVar[int]
    HOLD_SEQS_FIELD_NUMBER: _ClassVar[int]
    held: bool
    hold_seqs: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, held: _Optional[bool] = ..., hold_seqs: _Optional[_Iterable[int]] = ...) -> None: ...

class DecisionReceiptIssued(_message.Message):
    __slots__ = ("identifier_digest", "sender", "category", "asked_at", "permission", "reasons", "deciding_seqs", "policy_version", "position_seq", "position_hash", "valid_until", "signature", "opt_out_confirmation", "template_name", "template_language", "template_parameters", "allowed_template_categories", "window_closes_at")
    IDENTIFIER_DIGEST_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    ASKED_AT_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    DECIDING_SEQS_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    POSITION_SEQ_FIELD_NUMBER: _ClassVar[int]
    POSITION_HASH_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    OPT_OUT_CONFIRMATION_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_NAME_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_TEMPLATE_CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    WINDOW_CLOSES_AT_FIELD_NUMBER: _ClassVar[int]
    identifier_digest: bytes
    sender: str
    category: Category
    asked_at: int
    permission: Permission
    reasons: _containers.RepeatedScalarFieldContainer[Reason]
    deciding_seqs: _containers.RepeatedScalarFieldContainer[int]
    policy_version: int
    position_seq: int
    position_hash: bytes
    valid_until: int
    signature: bytes
    opt_out_confirmation: bool
    template_name: str
    template_language: str
    template_parameters: int
    allowed_template_categories: _containers.RepeatedScalarFieldContainer[Category]
    window_closes_at: int
    def __init__(self, identifier_digest: _Optional[bytes] = ..., sender: _Optional[str] = ..., category: _Optional[_Union[Category, str]] = ..., asked_at: _Optional[int] = ..., permission: _Optional[_Union[Permission, str]] = ..., reasons: _Optional[_Iterable[_Union[Reason, str]]] = ..., deciding_seqs: _Optional[_Iterable[int]] = ..., policy_version: _Optional[int] = ..., position_seq: _Optional[int] = ..., position_hash: _Optional[bytes] = ..., valid_until: _Optional[int] = ..., signature: _Optional[bytes] = ..., opt_out_confirmation: _Optional[bool] = ..., template_name: _Optional[str] = ..., template_language: _Optional[str] = ..., template_parameters: _Optional[int] = ..., allowed_template_categories: _Optional[_Iterable[_Union[Category, str]]] = ..., window_closes_at: _Optional[int] = ...) -> None: ...
