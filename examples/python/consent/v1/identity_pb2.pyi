import datetime

from consent.v1 import acknowledgement_pb2 as _acknowledgement_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LegalHold(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LEGAL_HOLD_UNSPECIFIED: _ClassVar[LegalHold]
    LEGAL_HOLD_SET: _ClassVar[LegalHold]
    LEGAL_HOLD_RELEASED: _ClassVar[LegalHold]
LEGAL_HOLD_UNSPECIFIED: LegalHold
LEGAL_HOLD_SET: LegalHold
LEGAL_HOLD_RELEASED: LegalHold

class LinkIdentifiersRequest(_message.Message):
    __slots__ = ("account", "event_id", "contacts", "occurred_at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    contacts: _containers.RepeatedScalarFieldContainer[str]
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., contacts: _Optional[_Iterable[str]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class LinkIdentifiersResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class ChangeNumberRequest(_message.Message):
    __slots__ = ("account", "event_id", "to", "message_id", "occurred_at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    to: str
    message_id: str
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., to: _Optional[str] = ..., message_id: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., **kwargs) -> None: ...

class ChangeNumberResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class ChangeUserIdRequest(_message.Message):
    __slots__ = ("account", "event_id", "to", "message_id", "occurred_at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    to: str
    message_id: str
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., to: _Optional[str] = ..., message_id: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., **kwargs) -> None: ...

class ChangeUserIdResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class ReportIdentityChangeRequest(_message.Message):
    __slots__ = ("account", "event_id", "contacts", "sender", "message_id", "occurred_at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    contacts: _containers.RepeatedScalarFieldContainer[str]
    sender: str
    message_id: str
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., contacts: _Optional[_Iterable[str]] = ..., sender: _Optional[str] = ..., message_id: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReportIdentityChangeResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class RequestErasureRequest(_message.Message):
    __slots__ = ("account", "event_id", "contact", "delay", "forget_suppression", "occurred_at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    DELAY_FIELD_NUMBER: _ClassVar[int]
    FORGET_SUPPRESSION_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    contact: str
    delay: _duration_pb2.Duration
    forget_suppression: bool
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., contact: _Optional[str] = ..., delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., forget_suppression: _Optional[bool] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RequestErasureResponse(_message.Message):
    __slots__ = ("acknowledgement", "due_at", "waits")
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    WAITS_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    due_at: _timestamp_pb2.Timestamp
    waits: bool
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., waits: _Optional[bool] = ...) -> None: ...

class CancelErasureRequest(_message.Message):
    __slots__ = ("account", "event_id", "contact")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    contact: str
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., contact: _Optional[str] = ...) -> None: ...

class CancelErasureResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class SetLegalHoldRequest(_message.Message):
    __slots__ = ("account", "event_id", "contact", "hold")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    contact: str
    hold: LegalHold
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., contact: _Optional[str] = ..., hold: _Optional[_Union[LegalHold, str]] = ...) -> None: ...

class SetLegalHoldResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class ListErasuresRequest(_message.Message):
    __slots__ = ("account", "from_seq", "page_size")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    FROM_SEQ_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    account: str
    from_seq: int
    page_size: int
    def __init__(self, account: _Optional[str] = ..., from_seq: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class ListErasuresResponse(_message.Message):
    __slots__ = ("erasures", "holds", "next_seq")
    ERASURES_FIELD_NUMBER: _ClassVar[int]
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_SEQ_FIELD_NUMBER: _ClassVar[int]
    erasures: _containers.RepeatedCompositeFieldContainer[WaitingErasure]
    holds: _containers.RepeatedCompositeFieldContainer[ContactHold]
    next_seq: int
    def __init__(self, erasures: _Optional[_Iterable[_Union[WaitingErasure, _Mapping]]] = ..., holds: _Optional[_Iterable[_Union[ContactHold, _Mapping]]] = ..., next_seq: _Optional[int] = ...) -> None: ...

class WaitingErasure(_message.Message):
    __slots__ = ("seq", "contacts", "occurred_at", "recorded_at", "due_at", "forget_suppression", "held_by_seq", "failures", "last_failure", "next_try_at")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    FORGET_SUPPRESSION_FIELD_NUMBER: _ClassVar[int]
    HELD_BY_SEQ_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    LAST_FAILURE_FIELD_NUMBER: _ClassVar[int]
    NEXT_TRY_AT_FIELD_NUMBER: _ClassVar[int]
    seq: int
    contacts: _containers.RepeatedScalarFieldContainer[str]
    occurred_at: _timestamp_pb2.Timestamp
    recorded_at: _timestamp_pb2.Timestamp
    due_at: _timestamp_pb2.Timestamp
    forget_suppression: bool
    held_by_seq: int
    failures: int
    last_failure: str
    next_try_at: _timestamp_pb2.Timestamp
    def __init__(self, seq: _Optional[int] = ..., contacts: _Optional[_Iterable[str]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., forget_suppression: _Optional[bool] = ..., held_by_seq: _Optional[int] = ..., failures: _Optional[int] = ..., last_failure: _Optional[str] = ..., next_try_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ContactHold(_message.Message):
    __slots__ = ("seq", "contacts", "set_at")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    SET_AT_FIELD_NUMBER: _ClassVar[int]
    seq: int
    contacts: _containers.RepeatedScalarFieldContainer[str]
    set_at: _timestamp_pb2.Timestamp
    def __init__(self, seq: _Optional[int] = ..., contacts: _Optional[_Iterable[str]] = ..., set_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
