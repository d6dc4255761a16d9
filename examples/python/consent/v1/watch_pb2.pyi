import datetime

from consent.v1 import audit_pb2 as _audit_pb2
from consent.v1 import decision_pb2 as _decision_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WindowEventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WINDOW_EVENT_KIND_UNSPECIFIED: _ClassVar[WindowEventKind]
    WINDOW_EVENT_KIND_OPEN: _ClassVar[WindowEventKind]
    WINDOW_EVENT_KIND_OPENED: _ClassVar[WindowEventKind]
    WINDOW_EVENT_KIND_CHANGED: _ClassVar[WindowEventKind]
    WINDOW_EVENT_KIND_CLOSING_SOON: _ClassVar[WindowEventKind]
    WINDOW_EVENT_KIND_CLOSED: _ClassVar[WindowEventKind]

class WindowEnd(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WINDOW_END_UNSPECIFIED: _ClassVar[WindowEnd]
    WINDOW_END_TERM: _ClassVar[WindowEnd]
    WINDOW_END_PLATFORM: _ClassVar[WindowEnd]
    WINDOW_END_POLICY: _ClassVar[WindowEnd]
    WINDOW_END_IDENTITY: _ClassVar[WindowEnd]
    WINDOW_END_ERASED: _ClassVar[WindowEnd]
WINDOW_EVENT_KIND_UNSPECIFIED: WindowEventKind
WINDOW_EVENT_KIND_OPEN: WindowEventKind
WINDOW_EVENT_KIND_OPENED: WindowEventKind
WINDOW_EVENT_KIND_CHANGED: WindowEventKind
WINDOW_EVENT_KIND_CLOSING_SOON: WindowEventKind
WINDOW_EVENT_KIND_CLOSED: WindowEventKind
WINDOW_END_UNSPECIFIED: WindowEnd
WINDOW_END_TERM: WindowEnd
WINDOW_END_PLATFORM: WindowEnd
WINDOW_END_POLICY: WindowEnd
WINDOW_END_IDENTITY: WindowEnd
WINDOW_END_ERASED: WindowEnd

class WatchEntriesRequest(_message.Message):
    __slots__ = ("account", "all_accounts", "from_seq", "only_new", "previous_hash", "senders", "kinds", "with_sealed", "with_raw", "heartbeat")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    ALL_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    FROM_SEQ_FIELD_NUMBER: _ClassVar[int]
    ONLY_NEW_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_HASH_FIELD_NUMBER: _ClassVar[int]
    SENDERS_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    WITH_SEALED_FIELD_NUMBER: _ClassVar[int]
    WITH_RAW_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    account: str
    all_accounts: bool
    from_seq: int
    only_new: bool
    previous_hash: bytes
    senders: _containers.RepeatedScalarFieldContainer[str]
    kinds: _containers.RepeatedScalarFieldContainer[str]
    with_sealed: bool
    with_raw: bool
    heartbeat: _duration_pb2.Duration
    def __init__(self, account: _Optional[str] = ..., all_accounts: _Optional[bool] = ..., from_seq: _Optional[int] = ..., only_new: _Optional[bool] = ..., previous_hash: _Optional[bytes] = ..., senders: _Optional[_Iterable[str]] = ..., kinds: _Optional[_Iterable[str]] = ..., with_sealed: _Optional[bool] = ..., with_raw: _Optional[bool] = ..., heartbeat: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class WatchEntriesResponse(_message.Message):
    __slots__ = ("entries", "position")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[_audit_pb2.Entry]
    position: _decision_pb2.Position
    def __init__(self, entries: _Optional[_Iterable[_Union[_audit_pb2.Entry, _Mapping]]] = ..., position: _Optional[_Union[_decision_pb2.Position, _Mapping]] = ...) -> None: ...

class WatchWindowsRequest(_message.Message):
    __slots__ = ("account", "sender", "closing_within", "heartbeat")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CLOSING_WITHIN_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    account: str
    sender: str
    closing_within: _duration_pb2.Duration
    heartbeat: _duration_pb2.Duration
    def __init__(self, account: _Optional[str] = ..., sender: _Optional[str] = ..., closing_within: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., heartbeat: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class WatchWindowsResponse(_message.Message):
    __slots__ = ("events", "caught_up", "position", "at")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    CAUGHT_UP_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[WindowEvent]
    caught_up: bool
    position: _decision_pb2.Position
    at: _timestamp_pb2.Timestamp
    def __init__(self, events: _Optional[_Iterable[_Union[WindowEvent, _Mapping]]] = ..., caught_up: _Optional[bool] = ..., position: _Optional[_Union[_decision_pb2.Position, _Mapping]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class WindowEvent(_message.Message):
    __slots__ = ("kind", "window", "contacts", "sender", "counts_from", "closes_at", "end")
    KIND_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FROM_FIELD_NUMBER: _ClassVar[int]
    CLOSES_AT_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    kind: WindowEventKind
    window: str
    contacts: _containers.RepeatedScalarFieldContainer[str]
    sender: str
    counts_from: _timestamp_pb2.Timestamp
    closes_at: _timestamp_pb2.Timestamp
    end: WindowEnd
    def __init__(self, kind: _Optional[_Union[WindowEventKind, str]] = ..., window: _Optional[str] = ..., contacts: _Optional[_Iterable[str]] = ..., sender: _Optional[str] = ..., counts_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., closes_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end: _Optional[_Union[WindowEnd, str]] = ...) -> None: ...
