import datetime

from consent.v1 import entry_pb2 as _entry_pb2
from consent.v1 import error_pb2 as _error_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReceiptVerdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RECEIPT_VERDICT_UNSPECIFIED: _ClassVar[ReceiptVerdict]
    RECEIPT_VERDICT_FOLLOWS: _ClassVar[ReceiptVerdict]
    RECEIPT_VERDICT_DIFFERS: _ClassVar[ReceiptVerdict]
    RECEIPT_VERDICT_NOT_RECORDED: _ClassVar[ReceiptVerdict]
    RECEIPT_VERDICT_SIGNATURE_INVALID: _ClassVar[ReceiptVerdict]
    RECEIPT_VERDICT_FOREIGN: _ClassVar[ReceiptVerdict]
    RECEIPT_VERDICT_NOT_DERIVABLE: _ClassVar[ReceiptVerdict]
    RECEIPT_VERDICT_OTHER_CONTACT: _ClassVar[ReceiptVerdict]

class NotDerivable(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOT_DERIVABLE_UNSPECIFIED: _ClassVar[NotDerivable]
    NOT_DERIVABLE_ERASED: _ClassVar[NotDerivable]
    NOT_DERIVABLE_CONTACT_NEEDED: _ClassVar[NotDerivable]
RECEIPT_VERDICT_UNSPECIFIED: ReceiptVerdict
RECEIPT_VERDICT_FOLLOWS: ReceiptVerdict
RECEIPT_VERDICT_DIFFERS: ReceiptVerdict
RECEIPT_VERDICT_NOT_RECORDED: ReceiptVerdict
RECEIPT_VERDICT_SIGNATURE_INVALID: ReceiptVerdict
RECEIPT_VERDICT_FOREIGN: ReceiptVerdict
RECEIPT_VERDICT_NOT_DERIVABLE: ReceiptVerdict
RECEIPT_VERDICT_OTHER_CONTACT: ReceiptVerdict
NOT_DERIVABLE_UNSPECIFIED: NotDerivable
NOT_DERIVABLE_ERASED: NotDerivable
NOT_DERIVABLE_CONTACT_NEEDED: NotDerivable

class CheckSendRequest(_message.Message):
    __slots__ = ("account", "contact", "sender", "category", "opt_out_confirmation", "at", "min_position", "known_at", "known_seq", "template", "receipt")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    OPT_OUT_CONFIRMATION_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    MIN_POSITION_FIELD_NUMBER: _ClassVar[int]
    KNOWN_AT_FIELD_NUMBER: _ClassVar[int]
    KNOWN_SEQ_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    account: str
    contact: str
    sender: str
    category: _entry_pb2.Category
    opt_out_confirmation: bool
    at: _timestamp_pb2.Timestamp
    min_position: int
    known_at: _timestamp_pb2.Timestamp
    known_seq: int
    template: CheckTemplate
    receipt: bool
    def __init__(self, account: _Optional[str] = ..., contact: _Optional[str] = ..., sender: _Optional[str] = ..., category: _Optional[_Union[_entry_pb2.Category, str]] = ..., opt_out_confirmation: _Optional[bool] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., min_position: _Optional[int] = ..., known_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., known_seq: _Optional[int] = ..., template: _Optional[_Union[CheckTemplate, _Mapping]] = ..., receipt: _Optional[bool] = ...) -> None: ...

class CheckTemplate(_message.Message):
    __slots__ = ("name", "language", "parameters")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    name: str
    language: str
    parameters: int
    def __init__(self, name: _Optional[str] = ..., language: _Optional[str] = ..., parameters: _Optional[int] = ...) -> None: ...

class CheckSendResponse(_message.Message):
    __slots__ = ("decision", "receipt")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    decision: Decision
    receipt: Receipt
    def __init__(self, decision: _Optional[_Union[Decision, _Mapping]] = ..., receipt: _Optional[_Union[Receipt, _Mapping]] = ...) -> None: ...

class Receipt(_message.Message):
    __slots__ = ("ledger_id", "origin", "account", "trail", "seq", "entry_hash", "receipt", "ledger_created", "inclusion", "signing_key_changed", "signing_key_inclusion")
    LEDGER_ID_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    TRAIL_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    ENTRY_HASH_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    LEDGER_CREATED_FIELD_NUMBER: _ClassVar[int]
    INCLUSION_FIELD_NUMBER: _ClassVar[int]
    SIGNING_KEY_CHANGED_FIELD_NUMBER: _ClassVar[int]
    SIGNING_KEY_INCLUSION_FIELD_NUMBER: _ClassVar[int]
    ledger_id: bytes
    origin: str
    account: int
    trail: int
    seq: int
    entry_hash: bytes
    receipt: bytes
    ledger_created: bytes
    inclusion: str
    signing_key_changed: bytes
    signing_key_inclusion: str
    def __init__(self, ledger_id: _Optional[bytes] = ..., origin: _Optional[str] = ..., account: _Optional[int] = ..., trail: _Optional[int] = ..., seq: _Optional[int] = ..., entry_hash: _Optional[bytes] = ..., receipt: _Optional[bytes] = ..., ledger_created: _Optional[bytes] = ..., inclusion: _Optional[str] = ..., signing_key_changed: _Optional[bytes] = ..., signing_key_inclusion: _Optional[str] = ...) -> None: ...

class VerifyDecisionRequest(_message.Message):
    __slots__ = ("receipt", "contact")
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    receipt: Receipt
    contact: str
    def __init__(self, receipt: _Optional[_Union[Receipt, _Mapping]] = ..., contact: _Optional[str] = ...) -> None: ...

class VerifyDecisionResponse(_message.Message):
    __slots__ = ("verdict", "not_derivable", "differing_fields", "decision", "hindsight")
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    NOT_DERIVABLE_FIELD_NUMBER: _ClassVar[int]
    DIFFERING_FIELDS_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    HINDSIGHT_FIELD_NUMBER: _ClassVar[int]
    verdict: ReceiptVerdict
    not_derivable: NotDerivable
    differing_fields: _containers.RepeatedScalarFieldContainer[str]
    decision: Decision
    hindsight: Decision
    def __init__(self, verdict: _Optional[_Union[ReceiptVerdict, str]] = ..., not_derivable: _Optional[_Union[NotDerivable, str]] = ..., differing_fields: _Optional[_Iterable[str]] = ..., decision: _Optional[_Union[Decision, _Mapping]] = ..., hindsight: _Optional[_Union[Decision, _Mapping]] = ...) -> None: ...

class BatchCheckSendRequest(_message.Message):
    __slots__ = ("account", "contacts", "sender", "category", "at", "min_position", "known_at", "known_seq", "template")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    MIN_POSITION_FIELD_NUMBER: _ClassVar[int]
    KNOWN_AT_FIELD_NUMBER: _ClassVar[int]
    KNOWN_SEQ_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    account: str
    contacts: _containers.RepeatedScalarFieldContainer[str]
    sender: str
    category: _entry_pb2.Category
    at: _timestamp_pb2.Timestamp
    min_position: int
    known_at: _timestamp_pb2.Timestamp
    known_seq: int
    template: CheckTemplate
    def __init__(self, account: _Optional[str] = ..., contacts: _Optional[_Iterable[str]] = ..., sender: _Optional[str] = ..., category: _Optional[_Union[_entry_pb2.Category, str]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., min_position: _Optional[int] = ..., known_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., known_seq: _Optional[int] = ..., template: _Optional[_Union[CheckTemplate, _Mapping]] = ...) -> None: ...

class BatchCheckSendResponse(_message.Message):
    __slots__ = ("items", "position", "at")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchCheckSendItem]
    position: Position
    at: _timestamp_pb2.Timestamp
    def __init__(self, items: _Optional[_Iterable[_Union[BatchCheckSendItem, _Mapping]]] = ..., position: _Optional[_Union[Position, _Mapping]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class BatchCheckSendItem(_message.Message):
    __slots__ = ("decision", "error")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    decision: Decision
    error: _error_pb2.ItemError
    def __init__(self, decision: _Optional[_Union[Decision, _Mapping]] = ..., error: _Optional[_Union[_error_pb2.ItemError, _Mapping]] = ...) -> None: ...

class StreamCheckSendRequest(_message.Message):
    __slots__ = ("check",)
    CHECK_FIELD_NUMBER: _ClassVar[int]
    check: CheckSendRequest
    def __init__(self, check: _Optional[_Union[CheckSendRequest, _Mapping]] = ...) -> None: ...

class StreamCheckSendResponse(_message.Message):
    __slots__ = ("decision", "error")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    decision: Decision
    error: _error_pb2.ItemError
    def __init__(self, decision: _Optional[_Union[Decision, _Mapping]] = ..., error: _Optional[_Union[_error_pb2.ItemError, _Mapping]] = ...) -> None: ...

class Decision(_message.Message):
    __slots__ = ("permission", "reasons", "allowed_template_categories", "window_closes_at", "valid_until", "deciding_seqs", "policy_version", "position", "at")
    PERMISSION_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_TEMPLATE_CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    WINDOW_CLOSES_AT_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    DECIDING_SEQS_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    permission: _entry_pb2.Permission
    reasons: _containers.RepeatedScalarFieldContainer[_entry_pb2.Reason]
    allowed_template_categories: _containers.RepeatedScalarFieldContainer[_entry_pb2.Category]
    window_closes_at: _timestamp_pb2.Timestamp
    valid_until: _timestamp_pb2.Timestamp
    deciding_seqs: _containers.RepeatedScalarFieldContainer[int]
    policy_version: int
    position: Position
    at: _timestamp_pb2.Timestamp
    def __init__(self, permission: _Optional[_Union[_entry_pb2.Permission, str]] = ..., reasons: _Optional[_Iterable[_Union[_entry_pb2.Reason, str]]] = ..., allowed_template_categories: _Optional[_Iterable[_Union[_entry_pb2.Category, str]]] = ..., window_closes_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., valid_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., deciding_seqs: _Optional[_Iterable[int]] = ..., policy_version: _Optional[int] = ..., position: _Optional[_Union[Position, _Mapping]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Position(_message.Message):
    __slots__ = ("seq", "hash")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    seq: int
    hash: bytes
    def __init__(self, seq: _Optional[int] = ..., hash: _Optional[bytes] = ...) -> None: ...
