import datetime

from consent.v1 import acknowledgement_pb2 as _acknowledgement_pb2
from consent.v1 import entry_pb2 as _entry_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SenderState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SENDER_STATE_UNSPECIFIED: _ClassVar[SenderState]
    SENDER_STATE_OK: _ClassVar[SenderState]
    SENDER_STATE_AT_RISK: _ClassVar[SenderState]
    SENDER_STATE_FLAGGED: _ClassVar[SenderState]
    SENDER_STATE_RESTRICTED: _ClassVar[SenderState]
SENDER_STATE_UNSPECIFIED: SenderState
SENDER_STATE_OK: SenderState
SENDER_STATE_AT_RISK: SenderState
SENDER_STATE_FLAGGED: SenderState
SENDER_STATE_RESTRICTED: SenderState

class SenderDeclaration(_message.Message):
    __slots__ = ("automated", "retail", "weekly_templates", "escalation_paths")
    AUTOMATED_FIELD_NUMBER: _ClassVar[int]
    RETAIL_FIELD_NUMBER: _ClassVar[int]
    WEEKLY_TEMPLATES_FIELD_NUMBER: _ClassVar[int]
    ESCALATION_PATHS_FIELD_NUMBER: _ClassVar[int]
    automated: bool
    retail: bool
    weekly_templates: int
    escalation_paths: _containers.RepeatedScalarFieldContainer[_entry_pb2.EscalationPath]
    def __init__(self, automated: _Optional[bool] = ..., retail: _Optional[bool] = ..., weekly_templates: _Optional[int] = ..., escalation_paths: _Optional[_Iterable[_Union[_entry_pb2.EscalationPath, str]]] = ...) -> None: ...

class DeclareSenderRequest(_message.Message):
    __slots__ = ("account", "event_id", "sender", "declaration", "occurred_at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    DECLARATION_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    sender: str
    declaration: SenderDeclaration
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., sender: _Optional[str] = ..., declaration: _Optional[_Union[SenderDeclaration, _Mapping]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DeclareSenderResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class Restriction(_message.Message):
    __slots__ = ("kinds", "until")
    KINDS_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    kinds: _containers.RepeatedScalarFieldContainer[_entry_pb2.RestrictionKind]
    until: _timestamp_pb2.Timestamp
    def __init__(self, kinds: _Optional[_Iterable[_Union[_entry_pb2.RestrictionKind, str]]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RestrictionLift(_message.Message):
    __slots__ = ("kinds",)
    KINDS_FIELD_NUMBER: _ClassVar[int]
    kinds: _containers.RepeatedScalarFieldContainer[_entry_pb2.RestrictionKind]
    def __init__(self, kinds: _Optional[_Iterable[_Union[_entry_pb2.RestrictionKind, str]]] = ...) -> None: ...

class ReportStandingRequest(_message.Message):
    __slots__ = ("account", "event_id", "sender", "quality", "restriction", "lift", "occurred_at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    RESTRICTION_FIELD_NUMBER: _ClassVar[int]
    LIFT_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    sender: str
    quality: _entry_pb2.Quality
    restriction: Restriction
    lift: RestrictionLift
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., sender: _Optional[str] = ..., quality: _Optional[_Union[_entry_pb2.Quality, str]] = ..., restriction: _Optional[_Union[Restriction, _Mapping]] = ..., lift: _Optional[_Union[RestrictionLift, _Mapping]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReportStandingResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class GetSenderStandingRequest(_message.Message):
    __slots__ = ("account", "sender", "at", "known_at", "known_seq")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    KNOWN_AT_FIELD_NUMBER: _ClassVar[int]
    KNOWN_SEQ_FIELD_NUMBER: _ClassVar[int]
    account: str
    sender: str
    at: _timestamp_pb2.Timestamp
    known_at: _timestamp_pb2.Timestamp
    known_seq: int
    def __init__(self, account: _Optional[str] = ..., sender: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., known_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., known_seq: _Optional[int] = ...) -> None: ...

class GetSenderStandingResponse(_message.Message):
    __slots__ = ("standing",)
    STANDING_FIELD_NUMBER: _ClassVar[int]
    standing: SenderStanding
    def __init__(self, standing: _Optional[_Union[SenderStanding, _Mapping]] = ...) -> None: ...

class SenderStanding(_message.Message):
    __slots__ = ("sender", "state", "declaration", "accepted_paths", "quality", "quality_since", "deadline", "days_left", "templates_close_at_deadline", "restrictions", "advice", "policy_version", "at")
    SENDER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DECLARATION_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_PATHS_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    QUALITY_SINCE_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    DAYS_LEFT_FIELD_NUMBER: _ClassVar[int]
    TEMPLATES_CLOSE_AT_DEADLINE_FIELD_NUMBER: _ClassVar[int]
    RESTRICTIONS_FIELD_NUMBER: _ClassVar[int]
    ADVICE_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    sender: str
    state: SenderState
    declaration: SenderDeclaration
    accepted_paths: _containers.RepeatedScalarFieldContainer[_entry_pb2.EscalationPath]
    quality: _entry_pb2.Quality
    quality_since: _timestamp_pb2.Timestamp
    deadline: _timestamp_pb2.Timestamp
    days_left: int
    templates_close_at_deadline: bool
    restrictions: _containers.RepeatedCompositeFieldContainer[Restriction]
    advice: _containers.RepeatedScalarFieldContainer[_entry_pb2.Reason]
    policy_version: int
    at: _timestamp_pb2.Timestamp
    def __init__(self, sender: _Optional[str] = ..., state: _Optional[_Union[SenderState, str]] = ..., declaration: _Optional[_Union[SenderDeclaration, _Mapping]] = ..., accepted_paths: _Optional[_Iterable[_Union[_entry_pb2.EscalationPath, str]]] = ..., quality: _Optional[_Union[_entry_pb2.Quality, str]] = ..., quality_since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., deadline: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., days_left: _Optional[int] = ..., templates_close_at_deadline: _Optional[bool] = ..., restrictions: _Optional[_Iterable[_Union[Restriction, _Mapping]]] = ..., advice: _Optional[_Iterable[_Union[_entry_pb2.Reason, str]]] = ..., policy_version: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
