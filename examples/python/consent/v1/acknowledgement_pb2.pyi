from consent.v1 import entry_pb2 as _entry_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Acknowledgement(_message.Message):
    __slots__ = ("seq", "entry_hash", "duplicate", "effect", "caused_seq")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    ENTRY_HASH_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    CAUSED_SEQ_FIELD_NUMBER: _ClassVar[int]
    seq: int
    entry_hash: bytes
    duplicate: bool
    effect: _entry_pb2.Effect
    caused_seq: int
    def __init__(self, seq: _Optional[int] = ..., entry_hash: _Optional[bytes] = ..., duplicate: _Optional[bool] = ..., effect: _Optional[_Union[_entry_pb2.Effect, str]] = ..., caused_seq: _Optional[int] = ...) -> None: ...
