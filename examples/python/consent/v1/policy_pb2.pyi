import datetime

from consent.v1 import acknowledgement_pb2 as _acknowledgement_pb2
from consent.v1 import decision_pb2 as _decision_pb2
from consent.v1 import entry_pb2 as _entry_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PolicyChoice(_message.Message):
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
    window_kinds: InboundKinds
    inbound_after_opt_out: _entry_pb2.InboundAfterOptOut
    unknown_contact: _entry_pb2.UnknownContact
    keyword_scope: _entry_pb2.Scope
    platform_stop_scope: _entry_pb2.Scope
    opt_in_valid_days: int
    red_quality: _entry_pb2.RedQuality
    window_implies_opt_in: bool
    identity_change_carries_opt_in: bool
    suspend_on_identity_change: bool
    import_requires_evidence: bool
    keep_message_text: bool
    opt_out_keywords: _containers.RepeatedScalarFieldContainer[str]
    opt_in_keywords: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, preset: _Optional[str] = ..., window_hours: _Optional[int] = ..., window_kinds: _Optional[_Union[InboundKinds, _Mapping]] = ..., inbound_after_opt_out: _Optional[_Union[_entry_pb2.InboundAfterOptOut, str]] = ..., unknown_contact: _Optional[_Union[_entry_pb2.UnknownContact, str]] = ..., keyword_scope: _Optional[_Union[_entry_pb2.Scope, str]] = ..., platform_stop_scope: _Optional[_Union[_entry_pb2.Scope, str]] = ..., opt_in_valid_days: _Optional[int] = ..., red_quality: _Optional[_Union[_entry_pb2.RedQuality, str]] = ..., window_implies_opt_in: _Optional[bool] = ..., identity_change_carries_opt_in: _Optional[bool] = ..., suspend_on_identity_change: _Optional[bool] = ..., import_requires_evidence: _Optional[bool] = ..., keep_message_text: _Optional[bool] = ..., opt_out_keywords: _Optional[_Iterable[str]] = ..., opt_in_keywords: _Optional[_Iterable[str]] = ...) -> None: ...

class InboundKinds(_message.Message):
    __slots__ = ("kinds",)
    KINDS_FIELD_NUMBER: _ClassVar[int]
    kinds: _containers.RepeatedScalarFieldContainer[_entry_pb2.InboundKind]
    def __init__(self, kinds: _Optional[_Iterable[_Union[_entry_pb2.InboundKind, str]]] = ...) -> None: ...

class PolicyVersion(_message.Message):
    __slots__ = ("version", "preset", "since", "seq", "recorded_at", "policy")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PRESET_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    version: int
    preset: str
    since: _timestamp_pb2.Timestamp
    seq: int
    recorded_at: _timestamp_pb2.Timestamp
    policy: _entry_pb2.Policy
    def __init__(self, version: _Optional[int] = ..., preset: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., seq: _Optional[int] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., policy: _Optional[_Union[_entry_pb2.Policy, _Mapping]] = ...) -> None: ...

class AdoptPolicyRequest(_message.Message):
    __slots__ = ("account", "event_id", "policy", "occurred_at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    policy: PolicyChoice
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., policy: _Optional[_Union[PolicyChoice, _Mapping]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AdoptPolicyResponse(_message.Message):
    __slots__ = ("acknowledgement", "version")
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    version: int
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class GetPolicyRequest(_message.Message):
    __slots__ = ("account", "at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetPolicyResponse(_message.Message):
    __slots__ = ("in_force", "history", "at")
    IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    in_force: PolicyVersion
    history: _containers.RepeatedCompositeFieldContainer[PolicyVersion]
    at: _timestamp_pb2.Timestamp
    def __init__(self, in_force: _Optional[_Union[PolicyVersion, _Mapping]] = ..., history: _Optional[_Iterable[_Union[PolicyVersion, _Mapping]]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DiffPolicyRequest(_message.Message):
    __slots__ = ("account", "policy", "sender", "with_contacts", "page_token", "page_size")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    WITH_CONTACTS_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    account: str
    policy: PolicyChoice
    sender: str
    with_contacts: bool
    page_token: str
    page_size: int
    def __init__(self, account: _Optional[str] = ..., policy: _Optional[_Union[PolicyChoice, _Mapping]] = ..., sender: _Optional[str] = ..., with_contacts: _Optional[bool] = ..., page_token: _Optional[str] = ..., page_size: _Optional[int] = ...) -> None: ...

class DiffPolicyResponse(_message.Message):
    __slots__ = ("at", "position", "in_force", "proposed", "contacts", "diffs", "changes", "next_page_token", "contacts_changed")
    AT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    DIFFS_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_CHANGED_FIELD_NUMBER: _ClassVar[int]
    at: _timestamp_pb2.Timestamp
    position: _decision_pb2.Position
    in_force: PolicyVersion
    proposed: _entry_pb2.Policy
    contacts: int
    diffs: _containers.RepeatedCompositeFieldContainer[PolicyDiff]
    changes: _containers.RepeatedCompositeFieldContainer[ContactChange]
    next_page_token: str
    contacts_changed: int
    def __init__(self, at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., position: _Optional[_Union[_decision_pb2.Position, _Mapping]] = ..., in_force: _Optional[_Union[PolicyVersion, _Mapping]] = ..., proposed: _Optional[_Union[_entry_pb2.Policy, _Mapping]] = ..., contacts: _Optional[int] = ..., diffs: _Optional[_Iterable[_Union[PolicyDiff, _Mapping]]] = ..., changes: _Optional[_Iterable[_Union[ContactChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., contacts_changed: _Optional[int] = ...) -> None: ...

class PolicyDiff(_message.Message):
    __slots__ = ("sender", "category", "changes", "unchanged")
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    sender: str
    category: _entry_pb2.Category
    changes: _containers.RepeatedCompositeFieldContainer[PermissionChange]
    unchanged: int
    def __init__(self, sender: _Optional[str] = ..., category: _Optional[_Union[_entry_pb2.Category, str]] = ..., changes: _Optional[_Iterable[_Union[PermissionChange, _Mapping]]] = ..., unchanged: _Optional[int] = ...) -> None: ...

class PermissionChange(_message.Message):
    __slots__ = ("to", "contacts")
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    to: _entry_pb2.Permission
    contacts: int
    def __init__(self, to: _Optional[_Union[_entry_pb2.Permission, str]] = ..., contacts: _Optional[int] = ..., **kwargs) -> None: ...

class ContactChange(_message.Message):
    __slots__ = ("contact", "sender", "category", "before", "after")
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    contact: str
    sender: str
    category: _entry_pb2.Category
    before: PolicyOutcome
    after: PolicyOutcome
    def __init__(self, contact: _Optional[str] = ..., sender: _Optional[str] = ..., category: _Optional[_Union[_entry_pb2.Category, str]] = ..., before: _Optional[_Union[PolicyOutcome, _Mapping]] = ..., after: _Optional[_Union[PolicyOutcome, _Mapping]] = ...) -> None: ...

class PolicyOutcome(_message.Message):
    __slots__ = ("permission", "reason")
    PERMISSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    permission: _entry_pb2.Permission
    reason: _entry_pb2.Reason
    def __init__(self, permission: _Optional[_Union[_entry_pb2.Permission, str]] = ..., reason: _Optional[_Union[_entry_pb2.Reason, str]] = ...) -> None: ...
