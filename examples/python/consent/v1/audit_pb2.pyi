import datetime

from consent.v1 import acknowledgement_pb2 as _acknowledgement_pb2
from consent.v1 import decision_pb2 as _decision_pb2
from consent.v1 import entry_pb2 as _entry_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PossibleOptOutVerdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    POSSIBLE_OPT_OUT_VERDICT_UNSPECIFIED: _ClassVar[PossibleOptOutVerdict]
    POSSIBLE_OPT_OUT_VERDICT_CONFIRMED: _ClassVar[PossibleOptOutVerdict]
    POSSIBLE_OPT_OUT_VERDICT_DISMISSED: _ClassVar[PossibleOptOutVerdict]

class ReadReach(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    READ_REACH_UNSPECIFIED: _ClassVar[ReadReach]
    READ_REACH_CONTACT: _ClassVar[ReadReach]
    READ_REACH_ACCOUNT: _ClassVar[ReadReach]
    READ_REACH_ALL_ACCOUNTS: _ClassVar[ReadReach]
POSSIBLE_OPT_OUT_VERDICT_UNSPECIFIED: PossibleOptOutVerdict
POSSIBLE_OPT_OUT_VERDICT_CONFIRMED: PossibleOptOutVerdict
POSSIBLE_OPT_OUT_VERDICT_DISMISSED: PossibleOptOutVerdict
READ_REACH_UNSPECIFIED: ReadReach
READ_REACH_CONTACT: ReadReach
READ_REACH_ACCOUNT: ReadReach
READ_REACH_ALL_ACCOUNTS: ReadReach

class GetContactRequest(_message.Message):
    __slots__ = ("account", "contact", "sender")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    account: str
    contact: str
    sender: str
    def __init__(self, account: _Optional[str] = ..., contact: _Optional[str] = ..., sender: _Optional[str] = ...) -> None: ...

class GetContactResponse(_message.Message):
    __slots__ = ("contact",)
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    contact: Contact
    def __init__(self, contact: _Optional[_Union[Contact, _Mapping]] = ...) -> None: ...

class Contact(_message.Message):
    __slots__ = ("trails", "entries", "identifiers", "first_seq", "last_seq", "first_recorded_at", "last_recorded_at", "decisions", "position", "erasure_due_at", "held_since")
    TRAILS_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    IDENTIFIERS_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQ_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    FIRST_RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    ERASURE_DUE_AT_FIELD_NUMBER: _ClassVar[int]
    HELD_SINCE_FIELD_NUMBER: _ClassVar[int]
    trails: _containers.RepeatedScalarFieldContainer[int]
    entries: int
    identifiers: int
    first_seq: int
    last_seq: int
    first_recorded_at: _timestamp_pb2.Timestamp
    last_recorded_at: _timestamp_pb2.Timestamp
    decisions: _containers.RepeatedCompositeFieldContainer[CategoryDecision]
    position: _decision_pb2.Position
    erasure_due_at: _timestamp_pb2.Timestamp
    held_since: _timestamp_pb2.Timestamp
    def __init__(self, trails: _Optional[_Iterable[int]] = ..., entries: _Optional[int] = ..., identifiers: _Optional[int] = ..., first_seq: _Optional[int] = ..., last_seq: _Optional[int] = ..., first_recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decisions: _Optional[_Iterable[_Union[CategoryDecision, _Mapping]]] = ..., position: _Optional[_Union[_decision_pb2.Position, _Mapping]] = ..., erasure_due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., held_since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CategoryDecision(_message.Message):
    __slots__ = ("category", "decision")
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    category: _entry_pb2.Category
    decision: _decision_pb2.Decision
    def __init__(self, category: _Optional[_Union[_entry_pb2.Category, str]] = ..., decision: _Optional[_Union[_decision_pb2.Decision, _Mapping]] = ...) -> None: ...

class ListEntriesRequest(_message.Message):
    __slots__ = ("account", "contact", "all_accounts", "from_seq", "page_size")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    ALL_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    FROM_SEQ_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    account: str
    contact: str
    all_accounts: bool
    from_seq: int
    page_size: int
    def __init__(self, account: _Optional[str] = ..., contact: _Optional[str] = ..., all_accounts: _Optional[bool] = ..., from_seq: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class ListEntriesResponse(_message.Message):
    __slots__ = ("entries", "next_seq")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_SEQ_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[Entry]
    next_seq: int
    def __init__(self, entries: _Optional[_Iterable[_Union[Entry, _Mapping]]] = ..., next_seq: _Optional[int] = ...) -> None: ...

class Entry(_message.Message):
    __slots__ = ("seq", "entry_hash", "previous_hash", "recorded_at", "account", "actor", "trail", "trail_seq", "kind", "clear", "sealed", "erased", "raw", "second_trail", "second_trail_seq", "second_sealed", "actor_name")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    ENTRY_HASH_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_HASH_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    TRAIL_FIELD_NUMBER: _ClassVar[int]
    TRAIL_SEQ_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CLEAR_FIELD_NUMBER: _ClassVar[int]
    SEALED_FIELD_NUMBER: _ClassVar[int]
    ERASED_FIELD_NUMBER: _ClassVar[int]
    RAW_FIELD_NUMBER: _ClassVar[int]
    SECOND_TRAIL_FIELD_NUMBER: _ClassVar[int]
    SECOND_TRAIL_SEQ_FIELD_NUMBER: _ClassVar[int]
    SECOND_SEALED_FIELD_NUMBER: _ClassVar[int]
    ACTOR_NAME_FIELD_NUMBER: _ClassVar[int]
    seq: int
    entry_hash: bytes
    previous_hash: bytes
    recorded_at: _timestamp_pb2.Timestamp
    account: int
    actor: int
    trail: int
    trail_seq: int
    kind: str
    clear: _entry_pb2.ClearPart
    sealed: _entry_pb2.SealedPart
    erased: bool
    raw: bytes
    second_trail: int
    second_trail_seq: int
    second_sealed: _entry_pb2.SealedPart
    actor_name: str
    def __init__(self, seq: _Optional[int] = ..., entry_hash: _Optional[bytes] = ..., previous_hash: _Optional[bytes] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., account: _Optional[int] = ..., actor: _Optional[int] = ..., trail: _Optional[int] = ..., trail_seq: _Optional[int] = ..., kind: _Optional[str] = ..., clear: _Optional[_Union[_entry_pb2.ClearPart, _Mapping]] = ..., sealed: _Optional[_Union[_entry_pb2.SealedPart, _Mapping]] = ..., erased: _Optional[bool] = ..., raw: _Optional[bytes] = ..., second_trail: _Optional[int] = ..., second_trail_seq: _Optional[int] = ..., second_sealed: _Optional[_Union[_entry_pb2.SealedPart, _Mapping]] = ..., actor_name: _Optional[str] = ...) -> None: ...

class ListPossibleOptOutsRequest(_message.Message):
    __slots__ = ("account", "from_seq", "page_size")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    FROM_SEQ_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    account: str
    from_seq: int
    page_size: int
    def __init__(self, account: _Optional[str] = ..., from_seq: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class ListPossibleOptOutsResponse(_message.Message):
    __slots__ = ("possible_opt_outs", "next_seq")
    POSSIBLE_OPT_OUTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_SEQ_FIELD_NUMBER: _ClassVar[int]
    possible_opt_outs: _containers.RepeatedCompositeFieldContainer[PossibleOptOut]
    next_seq: int
    def __init__(self, possible_opt_outs: _Optional[_Iterable[_Union[PossibleOptOut, _Mapping]]] = ..., next_seq: _Optional[int] = ...) -> None: ...

class PossibleOptOut(_message.Message):
    __slots__ = ("seq", "occurred_at", "recorded_at", "sender", "contacts", "text", "days_waiting", "message_id")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    DAYS_WAITING_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    seq: int
    occurred_at: _timestamp_pb2.Timestamp
    recorded_at: _timestamp_pb2.Timestamp
    sender: str
    contacts: _containers.RepeatedScalarFieldContainer[str]
    text: str
    days_waiting: int
    message_id: str
    def __init__(self, seq: _Optional[int] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sender: _Optional[str] = ..., contacts: _Optional[_Iterable[str]] = ..., text: _Optional[str] = ..., days_waiting: _Optional[int] = ..., message_id: _Optional[str] = ...) -> None: ...

class ResolvePossibleOptOutRequest(_message.Message):
    __slots__ = ("account", "event_id", "seq", "verdict")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    seq: int
    verdict: PossibleOptOutVerdict
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., seq: _Optional[int] = ..., verdict: _Optional[_Union[PossibleOptOutVerdict, str]] = ...) -> None: ...

class ResolvePossibleOptOutResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class GetDriftRequest(_message.Message):
    __slots__ = ("account", "to", "sender", "from_seq", "page_size")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    FROM_SEQ_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    account: str
    to: _timestamp_pb2.Timestamp
    sender: str
    from_seq: int
    page_size: int
    def __init__(self, account: _Optional[str] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sender: _Optional[str] = ..., from_seq: _Optional[int] = ..., page_size: _Optional[int] = ..., **kwargs) -> None: ...

class GetDriftResponse(_message.Message):
    __slots__ = ("contradictions", "totals", "to", "entries_read", "next_seq")
    CONTRADICTIONS_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_READ_FIELD_NUMBER: _ClassVar[int]
    NEXT_SEQ_FIELD_NUMBER: _ClassVar[int]
    contradictions: _containers.RepeatedCompositeFieldContainer[Contradiction]
    totals: _containers.RepeatedCompositeFieldContainer[DriftTotal]
    to: _timestamp_pb2.Timestamp
    entries_read: int
    next_seq: int
    def __init__(self, contradictions: _Optional[_Iterable[_Union[Contradiction, _Mapping]]] = ..., totals: _Optional[_Iterable[_Union[DriftTotal, _Mapping]]] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., entries_read: _Optional[int] = ..., next_seq: _Optional[int] = ..., **kwargs) -> None: ...

class Contradiction(_message.Message):
    __slots__ = ("seq", "occurred_at", "recorded_at", "sender", "contacts", "code", "message_id", "held_by_seq", "held_until", "decision")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    HELD_BY_SEQ_FIELD_NUMBER: _ClassVar[int]
    HELD_UNTIL_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    seq: int
    occurred_at: _timestamp_pb2.Timestamp
    recorded_at: _timestamp_pb2.Timestamp
    sender: str
    contacts: _containers.RepeatedScalarFieldContainer[str]
    code: int
    message_id: str
    held_by_seq: int
    held_until: _timestamp_pb2.Timestamp
    decision: _decision_pb2.Decision
    def __init__(self, seq: _Optional[int] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sender: _Optional[str] = ..., contacts: _Optional[_Iterable[str]] = ..., code: _Optional[int] = ..., message_id: _Optional[str] = ..., held_by_seq: _Optional[int] = ..., held_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decision: _Optional[_Union[_decision_pb2.Decision, _Mapping]] = ...) -> None: ...

class DriftTotal(_message.Message):
    __slots__ = ("sender", "code", "contradictions", "agreed", "erased")
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    CONTRADICTIONS_FIELD_NUMBER: _ClassVar[int]
    AGREED_FIELD_NUMBER: _ClassVar[int]
    ERASED_FIELD_NUMBER: _ClassVar[int]
    sender: str
    code: int
    contradictions: int
    agreed: int
    erased: int
    def __init__(self, sender: _Optional[str] = ..., code: _Optional[int] = ..., contradictions: _Optional[int] = ..., agreed: _Optional[int] = ..., erased: _Optional[int] = ...) -> None: ...

class ListReadsRequest(_message.Message):
    __slots__ = ("account", "contact", "recorded_from", "page_token", "page_size")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FROM_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    account: str
    contact: str
    recorded_from: _timestamp_pb2.Timestamp
    page_token: str
    page_size: int
    def __init__(self, account: _Optional[str] = ..., contact: _Optional[str] = ..., recorded_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_token: _Optional[str] = ..., page_size: _Optional[int] = ...) -> None: ...

class ListReadsResponse(_message.Message):
    __slots__ = ("reads", "next_page_token")
    READS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    reads: _containers.RepeatedCompositeFieldContainer[DataRead]
    next_page_token: str
    def __init__(self, reads: _Optional[_Iterable[_Union[DataRead, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DataRead(_message.Message):
    __slots__ = ("seq", "recorded_at", "actor", "method", "entries", "reach", "trail")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    REACH_FIELD_NUMBER: _ClassVar[int]
    TRAIL_FIELD_NUMBER: _ClassVar[int]
    seq: int
    recorded_at: _timestamp_pb2.Timestamp
    actor: int
    method: str
    entries: int
    reach: ReadReach
    trail: int
    def __init__(self, seq: _Optional[int] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor: _Optional[int] = ..., method: _Optional[str] = ..., entries: _Optional[int] = ..., reach: _Optional[_Union[ReadReach, str]] = ..., trail: _Optional[int] = ...) -> None: ...

class GetCheckpointRequest(_message.Message):
    __slots__ = ("fresh",)
    FRESH_FIELD_NUMBER: _ClassVar[int]
    fresh: bool
    def __init__(self, fresh: _Optional[bool] = ...) -> None: ...

class GetCheckpointResponse(_message.Message):
    __slots__ = ("checkpoint",)
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    checkpoint: Checkpoint
    def __init__(self, checkpoint: _Optional[_Union[Checkpoint, _Mapping]] = ...) -> None: ...

class Checkpoint(_message.Message):
    __slots__ = ("note", "size", "root", "signed_at")
    NOTE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    SIGNED_AT_FIELD_NUMBER: _ClassVar[int]
    note: str
    size: int
    root: bytes
    signed_at: _timestamp_pb2.Timestamp
    def __init__(self, note: _Optional[str] = ..., size: _Optional[int] = ..., root: _Optional[bytes] = ..., signed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ProveInclusionRequest(_message.Message):
    __slots__ = ("seq", "size")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    size: int
    def __init__(self, seq: _Optional[int] = ..., size: _Optional[int] = ...) -> None: ...

class ProveInclusionResponse(_message.Message):
    __slots__ = ("proof", "entry_hash", "path", "checkpoint")
    PROOF_FIELD_NUMBER: _ClassVar[int]
    ENTRY_HASH_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    proof: str
    entry_hash: bytes
    path: _containers.RepeatedScalarFieldContainer[bytes]
    checkpoint: Checkpoint
    def __init__(self, proof: _Optional[str] = ..., entry_hash: _Optional[bytes] = ..., path: _Optional[_Iterable[bytes]] = ..., checkpoint: _Optional[_Union[Checkpoint, _Mapping]] = ...) -> None: ...

class ProveConsistencyRequest(_message.Message):
    __slots__ = ("old_size", "size")
    OLD_SIZE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    old_size: int
    size: int
    def __init__(self, old_size: _Optional[int] = ..., size: _Optional[int] = ...) -> None: ...

class ProveConsistencyResponse(_message.Message):
    __slots__ = ("proof", "path", "checkpoint")
    PROOF_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    proof: str
    path: _containers.RepeatedScalarFieldContainer[bytes]
    checkpoint: Checkpoint
    def __init__(self, proof: _Optional[str] = ..., path: _Optional[_Iterable[bytes]] = ..., checkpoint: _Optional[_Union[Checkpoint, _Mapping]] = ...) -> None: ...

class ExportEntriesRequest(_message.Message):
    __slots__ = ("account", "all_accounts", "contacts", "sender", "recorded_from", "recorded_to", "from_seq", "to_seq", "old_sizes")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    ALL_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FROM_FIELD_NUMBER: _ClassVar[int]
    RECORDED_TO_FIELD_NUMBER: _ClassVar[int]
    FROM_SEQ_FIELD_NUMBER: _ClassVar[int]
    TO_SEQ_FIELD_NUMBER: _ClassVar[int]
    OLD_SIZES_FIELD_NUMBER: _ClassVar[int]
    account: str
    all_accounts: bool
    contacts: _containers.RepeatedScalarFieldContainer[str]
    sender: str
    recorded_from: _timestamp_pb2.Timestamp
    recorded_to: _timestamp_pb2.Timestamp
    from_seq: int
    to_seq: int
    old_sizes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, account: _Optional[str] = ..., all_accounts: _Optional[bool] = ..., contacts: _Optional[_Iterable[str]] = ..., sender: _Optional[str] = ..., recorded_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recorded_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., from_seq: _Optional[int] = ..., to_seq: _Optional[int] = ..., old_sizes: _Optional[_Iterable[int]] = ...) -> None: ...

class ExportEntriesResponse(_message.Message):
    __slots__ = ("pieces",)
    PIECES_FIELD_NUMBER: _ClassVar[int]
    pieces: _containers.RepeatedCompositeFieldContainer[ExportPiece]
    def __init__(self, pieces: _Optional[_Iterable[_Union[ExportPiece, _Mapping]]] = ...) -> None: ...

class GetEvidenceRequest(_message.Message):
    __slots__ = ("account", "contact", "old_sizes")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    OLD_SIZES_FIELD_NUMBER: _ClassVar[int]
    account: str
    contact: str
    old_sizes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, account: _Optional[str] = ..., contact: _Optional[str] = ..., old_sizes: _Optional[_Iterable[int]] = ...) -> None: ...

class GetEvidenceResponse(_message.Message):
    __slots__ = ("pieces",)
    PIECES_FIELD_NUMBER: _ClassVar[int]
    pieces: _containers.RepeatedCompositeFieldContainer[ExportPiece]
    def __init__(self, pieces: _Optional[_Iterable[_Union[ExportPiece, _Mapping]]] = ...) -> None: ...

class ExportPiece(_message.Message):
    __slots__ = ("begin", "entry", "left_out", "end")
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    begin: ExportBegin
    entry: Entry
    left_out: LeftOut
    end: ExportEnd
    def __init__(self, begin: _Optional[_Union[ExportBegin, _Mapping]] = ..., entry: _Optional[_Union[Entry, _Mapping]] = ..., left_out: _Optional[_Union[LeftOut, _Mapping]] = ..., end: _Optional[_Union[ExportEnd, _Mapping]] = ...) -> None: ...

class ExportBegin(_message.Message):
    __slots__ = ("ledger_id", "origin", "made_at", "selection", "included", "range", "complete", "checkpoint", "keys", "heads")
    LEDGER_ID_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    MADE_AT_FIELD_NUMBER: _ClassVar[int]
    SELECTION_FIELD_NUMBER: _ClassVar[int]
    INCLUDED_FIELD_NUMBER: _ClassVar[int]
    RANGE_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    HEADS_FIELD_NUMBER: _ClassVar[int]
    ledger_id: bytes
    origin: str
    made_at: _timestamp_pb2.Timestamp
    selection: ExportSelection
    included: IncludedClaim
    range: RangeClaim
    complete: CompleteClaim
    checkpoint: Checkpoint
    keys: _containers.RepeatedCompositeFieldContainer[TrailKey]
    heads: _containers.RepeatedCompositeFieldContainer[TrailHead]
    def __init__(self, ledger_id: _Optional[bytes] = ..., origin: _Optional[str] = ..., made_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., selection: _Optional[_Union[ExportSelection, _Mapping]] = ..., included: _Optional[_Union[IncludedClaim, _Mapping]] = ..., range: _Optional[_Union[RangeClaim, _Mapping]] = ..., complete: _Optional[_Union[CompleteClaim, _Mapping]] = ..., checkpoint: _Optional[_Union[Checkpoint, _Mapping]] = ..., keys: _Optional[_Iterable[_Union[TrailKey, _Mapping]]] = ..., heads: _Optional[_Iterable[_Union[TrailHead, _Mapping]]] = ...) -> None: ...

class ExportSelection(_message.Message):
    __slots__ = ("account", "all_accounts", "contacts", "sender", "recorded_from", "recorded_to", "from_seq", "to_seq")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    ALL_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FROM_FIELD_NUMBER: _ClassVar[int]
    RECORDED_TO_FIELD_NUMBER: _ClassVar[int]
    FROM_SEQ_FIELD_NUMBER: _ClassVar[int]
    TO_SEQ_FIELD_NUMBER: _ClassVar[int]
    account: str
    all_accounts: bool
    contacts: _containers.RepeatedScalarFieldContainer[str]
    sender: str
    recorded_from: _timestamp_pb2.Timestamp
    recorded_to: _timestamp_pb2.Timestamp
    from_seq: int
    to_seq: int
    def __init__(self, account: _Optional[str] = ..., all_accounts: _Optional[bool] = ..., contacts: _Optional[_Iterable[str]] = ..., sender: _Optional[str] = ..., recorded_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recorded_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., from_seq: _Optional[int] = ..., to_seq: _Optional[int] = ...) -> None: ...

class IncludedClaim(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RangeClaim(_message.Message):
    __slots__ = ("from_seq", "to_seq")
    FROM_SEQ_FIELD_NUMBER: _ClassVar[int]
    TO_SEQ_FIELD_NUMBER: _ClassVar[int]
    from_seq: int
    to_seq: int
    def __init__(self, from_seq: _Optional[int] = ..., to_seq: _Optional[int] = ...) -> None: ...

class CompleteClaim(_message.Message):
    __slots__ = ("as_of", "account", "contact_trails", "shared_trails")
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CONTACT_TRAILS_FIELD_NUMBER: _ClassVar[int]
    SHARED_TRAILS_FIELD_NUMBER: _ClassVar[int]
    as_of: int
    account: int
    contact_trails: _containers.RepeatedScalarFieldContainer[int]
    shared_trails: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, as_of: _Optional[int] = ..., account: _Optional[int] = ..., contact_trails: _Optional[_Iterable[int]] = ..., shared_trails: _Optional[_Iterable[int]] = ...) -> None: ...

class TrailKey(_message.Message):
    __slots__ = ("trail", "key")
    TRAIL_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    trail: int
    key: bytes
    def __init__(self, trail: _Optional[int] = ..., key: _Optional[bytes] = ...) -> None: ...

class TrailHead(_message.Message):
    __slots__ = ("trail", "trail_seq", "last_seq", "blind", "path")
    TRAIL_FIELD_NUMBER: _ClassVar[int]
    TRAIL_SEQ_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    BLIND_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    trail: int
    trail_seq: int
    last_seq: int
    blind: bytes
    path: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, trail: _Optional[int] = ..., trail_seq: _Optional[int] = ..., last_seq: _Optional[int] = ..., blind: _Optional[bytes] = ..., path: _Optional[_Iterable[bytes]] = ...) -> None: ...

class LeftOut(_message.Message):
    __slots__ = ("count", "root")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    count: int
    root: bytes
    def __init__(self, count: _Optional[int] = ..., root: _Optional[bytes] = ...) -> None: ...

class ExportEnd(_message.Message):
    __slots__ = ("entries", "left_out")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    entries: int
    left_out: int
    def __init__(self, entries: _Optional[int] = ..., left_out: _Optional[int] = ...) -> None: ...
