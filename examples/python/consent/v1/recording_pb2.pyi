import datetime

from consent.v1 import acknowledgement_pb2 as _acknowledgement_pb2
from consent.v1 import entry_pb2 as _entry_pb2
from consent.v1 import error_pb2 as _error_pb2
from consent.v1 import identity_pb2 as _identity_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RecordOptInRequest(_message.Message):
    __slots__ = ("account", "event_id", "contact", "sender", "categories", "method", "occurred_at", "expires_at", "evidence")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    contact: str
    sender: str
    categories: _containers.RepeatedScalarFieldContainer[_entry_pb2.Category]
    method: _entry_pb2.Method
    occurred_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    evidence: _entry_pb2.Evidence
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., contact: _Optional[str] = ..., sender: _Optional[str] = ..., categories: _Optional[_Iterable[_Union[_entry_pb2.Category, str]]] = ..., method: _Optional[_Union[_entry_pb2.Method, str]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., evidence: _Optional[_Union[_entry_pb2.Evidence, _Mapping]] = ...) -> None: ...

class RecordOptInResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class RecordOptOutRequest(_message.Message):
    __slots__ = ("account", "event_id", "contact", "sender", "categories", "method", "occurred_at", "evidence")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    contact: str
    sender: str
    categories: _containers.RepeatedScalarFieldContainer[_entry_pb2.Category]
    method: _entry_pb2.Method
    occurred_at: _timestamp_pb2.Timestamp
    evidence: _entry_pb2.Evidence
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., contact: _Optional[str] = ..., sender: _Optional[str] = ..., categories: _Optional[_Iterable[_Union[_entry_pb2.Category, str]]] = ..., method: _Optional[_Union[_entry_pb2.Method, str]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., evidence: _Optional[_Union[_entry_pb2.Evidence, _Mapping]] = ...) -> None: ...

class RecordOptOutResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class RecordInboundMessageRequest(_message.Message):
    __slots__ = ("account", "event_id", "contacts", "sender", "kind", "text", "payload", "message_id", "occurred_at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    contacts: _containers.RepeatedScalarFieldContainer[str]
    sender: str
    kind: _entry_pb2.InboundKind
    text: str
    payload: str
    message_id: str
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., contacts: _Optional[_Iterable[str]] = ..., sender: _Optional[str] = ..., kind: _Optional[_Union[_entry_pb2.InboundKind, str]] = ..., text: _Optional[str] = ..., payload: _Optional[str] = ..., message_id: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RecordInboundMessageResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class RecordProviderFeedbackRequest(_message.Message):
    __slots__ = ("account", "event_id", "contacts", "sender", "code", "message_id", "occurred_at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    contacts: _containers.RepeatedScalarFieldContainer[str]
    sender: str
    code: int
    message_id: str
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., contacts: _Optional[_Iterable[str]] = ..., sender: _Optional[str] = ..., code: _Optional[int] = ..., message_id: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RecordProviderFeedbackResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class RecordPlatformPreferenceRequest(_message.Message):
    __slots__ = ("account", "event_id", "contacts", "sender", "preference", "occurred_at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    PREFERENCE_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    contacts: _containers.RepeatedScalarFieldContainer[str]
    sender: str
    preference: _entry_pb2.PlatformPreference
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., contacts: _Optional[_Iterable[str]] = ..., sender: _Optional[str] = ..., preference: _Optional[_Union[_entry_pb2.PlatformPreference, str]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RecordPlatformPreferenceResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class RecordConfirmationSentRequest(_message.Message):
    __slots__ = ("account", "event_id", "contact", "sender", "occurred_at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    contact: str
    sender: str
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., contact: _Optional[str] = ..., sender: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RecordConfirmationSentResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class RecordStreamRequest(_message.Message):
    __slots__ = ("opt_in", "opt_out", "inbound_message", "provider_feedback", "platform_preference", "confirmation_sent", "link_identifiers", "change_number", "change_user_id", "identity_change")
    OPT_IN_FIELD_NUMBER: _ClassVar[int]
    OPT_OUT_FIELD_NUMBER: _ClassVar[int]
    INBOUND_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_PREFERENCE_FIELD_NUMBER: _ClassVar[int]
    CONFIRMATION_SENT_FIELD_NUMBER: _ClassVar[int]
    LINK_IDENTIFIERS_FIELD_NUMBER: _ClassVar[int]
    CHANGE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CHANGE_USER_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_CHANGE_FIELD_NUMBER: _ClassVar[int]
    opt_in: RecordOptInRequest
    opt_out: RecordOptOutRequest
    inbound_message: RecordInboundMessageRequest
    provider_feedback: RecordProviderFeedbackRequest
    platform_preference: RecordPlatformPreferenceRequest
    confirmation_sent: RecordConfirmationSentRequest
    link_identifiers: _identity_pb2.LinkIdentifiersRequest
    change_number: _identity_pb2.ChangeNumberRequest
    change_user_id: _identity_pb2.ChangeUserIdRequest
    identity_change: _identity_pb2.ReportIdentityChangeRequest
    def __init__(self, opt_in: _Optional[_Union[RecordOptInRequest, _Mapping]] = ..., opt_out: _Optional[_Union[RecordOptOutRequest, _Mapping]] = ..., inbound_message: _Optional[_Union[RecordInboundMessageRequest, _Mapping]] = ..., provider_feedback: _Optional[_Union[RecordProviderFeedbackRequest, _Mapping]] = ..., platform_preference: _Optional[_Union[RecordPlatformPreferenceRequest, _Mapping]] = ..., confirmation_sent: _Optional[_Union[RecordConfirmationSentRequest, _Mapping]] = ..., link_identifiers: _Optional[_Union[_identity_pb2.LinkIdentifiersRequest, _Mapping]] = ..., change_number: _Optional[_Union[_identity_pb2.ChangeNumberRequest, _Mapping]] = ..., change_user_id: _Optional[_Union[_identity_pb2.ChangeUserIdRequest, _Mapping]] = ..., identity_change: _Optional[_Union[_identity_pb2.ReportIdentityChangeRequest, _Mapping]] = ...) -> None: ...

class RecordStreamResponse(_message.Message):
    __slots__ = ("acknowledgement", "error")
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    error: _error_pb2.ItemError
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ..., error: _Optional[_Union[_error_pb2.ItemError, _Mapping]] = ...) -> None: ...

class RehearseStreamRequest(_message.Message):
    __slots__ = ("record",)
    RECORD_FIELD_NUMBER: _ClassVar[int]
    record: RecordStreamRequest
    def __init__(self, record: _Optional[_Union[RecordStreamRequest, _Mapping]] = ...) -> None: ...

class RehearseStreamResponse(_message.Message):
    __slots__ = ("acknowledgement", "error")
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    error: _error_pb2.ItemError
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ..., error: _Optional[_Union[_error_pb2.ItemError, _Mapping]] = ...) -> None: ...
