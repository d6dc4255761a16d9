import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: ServerStatus
    def __init__(self, status: _Optional[_Union[ServerStatus, _Mapping]] = ...) -> None: ...

class ServerStatus(_message.Message):
    __slots__ = ("version", "started_at", "at", "not_ready", "concerns", "log", "snapshot", "checkpoint", "queue", "streams", "dead_letters", "erasures", "disk")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    NOT_READY_FIELD_NUMBER: _ClassVar[int]
    CONCERNS_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    DEAD_LETTERS_FIELD_NUMBER: _ClassVar[int]
    ERASURES_FIELD_NUMBER: _ClassVar[int]
    DISK_FIELD_NUMBER: _ClassVar[int]
    version: str
    started_at: _timestamp_pb2.Timestamp
    at: _timestamp_pb2.Timestamp
    not_ready: str
    concerns: _containers.RepeatedCompositeFieldContainer[Concern]
    log: LogStatus
    snapshot: SnapshotStatus
    checkpoint: CheckpointStatus
    queue: QueueStatus
    streams: _containers.RepeatedCompositeFieldContainer[StreamStatus]
    dead_letters: DeadLetterStatus
    erasures: ErasureStatus
    disk: DiskStatus
    def __init__(self, version: _Optional[str] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., not_ready: _Optional[str] = ..., concerns: _Optional[_Iterable[_Union[Concern, _Mapping]]] = ..., log: _Optional[_Union[LogStatus, _Mapping]] = ..., snapshot: _Optional[_Union[SnapshotStatus, _Mapping]] = ..., checkpoint: _Optional[_Union[CheckpointStatus, _Mapping]] = ..., queue: _Optional[_Union[QueueStatus, _Mapping]] = ..., streams: _Optional[_Iterable[_Union[StreamStatus, _Mapping]]] = ..., dead_letters: _Optional[_Union[DeadLetterStatus, _Mapping]] = ..., erasures: _Optional[_Union[ErasureStatus, _Mapping]] = ..., disk: _Optional[_Union[DiskStatus, _Mapping]] = ...) -> None: ...

class Concern(_message.Message):
    __slots__ = ("about", "message")
    ABOUT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    about: str
    message: str
    def __init__(self, about: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class LogStatus(_message.Message):
    __slots__ = ("head_seq", "head_recorded_at", "accounts", "contacts", "journal_bytes", "journal_segments", "sled_bytes", "sled_behind")
    HEAD_SEQ_FIELD_NUMBER: _ClassVar[int]
    HEAD_RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    SLED_BYTES_FIELD_NUMBER: _ClassVar[int]
    SLED_BEHIND_FIELD_NUMBER: _ClassVar[int]
    head_seq: int
    head_recorded_at: _timestamp_pb2.Timestamp
    accounts: int
    contacts: int
    journal_bytes: int
    journal_segments: int
    sled_bytes: int
    sled_behind: int
    def __init__(self, head_seq: _Optional[int] = ..., head_recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., accounts: _Optional[int] = ..., contacts: _Optional[int] = ..., journal_bytes: _Optional[int] = ..., journal_segments: _Optional[int] = ..., sled_bytes: _Optional[int] = ..., sled_behind: _Optional[int] = ...) -> None: ...

class SnapshotStatus(_message.Message):
    __slots__ = ("seq", "written_at")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_AT_FIELD_NUMBER: _ClassVar[int]
    seq: int
    written_at: _timestamp_pb2.Timestamp
    def __init__(self, seq: _Optional[int] = ..., written_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CheckpointStatus(_message.Message):
    __slots__ = ("size", "signed_at", "publishes", "published_size", "published_signed_at")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    SIGNED_AT_FIELD_NUMBER: _ClassVar[int]
    PUBLISHES_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_SIZE_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_SIGNED_AT_FIELD_NUMBER: _ClassVar[int]
    size: int
    signed_at: _timestamp_pb2.Timestamp
    publishes: bool
    published_size: int
    published_signed_at: _timestamp_pb2.Timestamp
    def __init__(self, size: _Optional[int] = ..., signed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., publishes: _Optional[bool] = ..., published_size: _Optional[int] = ..., published_signed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class QueueStatus(_message.Message):
    __slots__ = ("calls", "calls_max", "streams", "streams_max")
    CALLS_FIELD_NUMBER: _ClassVar[int]
    CALLS_MAX_FIELD_NUMBER: _ClassVar[int]
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    STREAMS_MAX_FIELD_NUMBER: _ClassVar[int]
    calls: int
    calls_max: int
    streams: int
    streams_max: int
    def __init__(self, calls: _Optional[int] = ..., calls_max: _Optional[int] = ..., streams: _Optional[int] = ..., streams_max: _Optional[int] = ...) -> None: ...

class StreamStatus(_message.Message):
    __slots__ = ("kind", "open", "open_max")
    KIND_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    OPEN_MAX_FIELD_NUMBER: _ClassVar[int]
    kind: str
    open: int
    open_max: int
    def __init__(self, kind: _Optional[str] = ..., open: _Optional[int] = ..., open_max: _Optional[int] = ...) -> None: ...

class DeadLetterStatus(_message.Message):
    __slots__ = ("waiting", "kept")
    WAITING_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    waiting: int
    kept: bool
    def __init__(self, waiting: _Optional[int] = ..., kept: _Optional[bool] = ...) -> None: ...

class ErasureStatus(_message.Message):
    __slots__ = ("waiting", "overdue", "failed", "holds")
    WAITING_FIELD_NUMBER: _ClassVar[int]
    OVERDUE_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    waiting: int
    overdue: int
    failed: int
    holds: int
    def __init__(self, waiting: _Optional[int] = ..., overdue: _Optional[int] = ..., failed: _Optional[int] = ..., holds: _Optional[int] = ...) -> None: ...

class DiskStatus(_message.Message):
    __slots__ = ("free_bytes", "total_bytes")
    FREE_BYTES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    free_bytes: int
    total_bytes: int
    def __init__(self, free_bytes: _Optional[int] = ..., total_bytes: _Optional[int] = ...) -> None: ...
