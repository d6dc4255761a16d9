import datetime

from consent.v1 import acknowledgement_pb2 as _acknowledgement_pb2
from consent.v1 import entry_pb2 as _entry_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PrincipalState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRINCIPAL_STATE_UNSPECIFIED: _ClassVar[PrincipalState]
    PRINCIPAL_STATE_ACTIVE: _ClassVar[PrincipalState]
    PRINCIPAL_STATE_EXPIRED: _ClassVar[PrincipalState]
    PRINCIPAL_STATE_REVOKED: _ClassVar[PrincipalState]
PRINCIPAL_STATE_UNSPECIFIED: PrincipalState
PRINCIPAL_STATE_ACTIVE: PrincipalState
PRINCIPAL_STATE_EXPIRED: PrincipalState
PRINCIPAL_STATE_REVOKED: PrincipalState

class Principal(_message.Message):
    __slots__ = ("principal", "name", "roles", "accounts", "senders", "state", "by_certificate", "added_at", "expires_at", "earlier_until", "revoked_at")
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    SENDERS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    BY_CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    ADDED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    EARLIER_UNTIL_FIELD_NUMBER: _ClassVar[int]
    REVOKED_AT_FIELD_NUMBER: _ClassVar[int]
    principal: int
    name: str
    roles: _containers.RepeatedScalarFieldContainer[_entry_pb2.Role]
    accounts: _containers.RepeatedScalarFieldContainer[str]
    senders: _containers.RepeatedScalarFieldContainer[str]
    state: PrincipalState
    by_certificate: bool
    added_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    earlier_until: _timestamp_pb2.Timestamp
    revoked_at: _timestamp_pb2.Timestamp
    def __init__(self, principal: _Optional[int] = ..., name: _Optional[str] = ..., roles: _Optional[_Iterable[_Union[_entry_pb2.Role, str]]] = ..., accounts: _Optional[_Iterable[str]] = ..., senders: _Optional[_Iterable[str]] = ..., state: _Optional[_Union[PrincipalState, str]] = ..., by_certificate: _Optional[bool] = ..., added_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., earlier_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AddPrincipalRequest(_message.Message):
    __slots__ = ("name", "roles", "accounts", "senders", "expires_at", "certificate_sha256")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    SENDERS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_SHA256_FIELD_NUMBER: _ClassVar[int]
    name: str
    roles: _containers.RepeatedScalarFieldContainer[_entry_pb2.Role]
    accounts: _containers.RepeatedScalarFieldContainer[str]
    senders: _containers.RepeatedScalarFieldContainer[str]
    expires_at: _timestamp_pb2.Timestamp
    certificate_sha256: bytes
    def __init__(self, name: _Optional[str] = ..., roles: _Optional[_Iterable[_Union[_entry_pb2.Role, str]]] = ..., accounts: _Optional[_Iterable[str]] = ..., senders: _Optional[_Iterable[str]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., certificate_sha256: _Optional[bytes] = ...) -> None: ...

class AddPrincipalResponse(_message.Message):
    __slots__ = ("principal", "api_key", "acknowledgement")
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    API_KEY_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    principal: Principal
    api_key: str
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, principal: _Optional[_Union[Principal, _Mapping]] = ..., api_key: _Optional[str] = ..., acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class RotatePrincipalRequest(_message.Message):
    __slots__ = ("principal", "overlap", "expires_at", "never_expires", "certificate_sha256")
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    OVERLAP_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    NEVER_EXPIRES_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_SHA256_FIELD_NUMBER: _ClassVar[int]
    principal: int
    overlap: _duration_pb2.Duration
    expires_at: _timestamp_pb2.Timestamp
    never_expires: bool
    certificate_sha256: bytes
    def __init__(self, principal: _Optional[int] = ..., overlap: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., never_expires: _Optional[bool] = ..., certificate_sha256: _Optional[bytes] = ...) -> None: ...

class RotatePrincipalResponse(_message.Message):
    __slots__ = ("principal", "api_key", "acknowledgement")
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    API_KEY_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    principal: Principal
    api_key: str
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, principal: _Optional[_Union[Principal, _Mapping]] = ..., api_key: _Optional[str] = ..., acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class RevokePrincipalRequest(_message.Message):
    __slots__ = ("principal",)
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    principal: int
    def __init__(self, principal: _Optional[int] = ...) -> None: ...

class RevokePrincipalResponse(_message.Message):
    __slots__ = ("principal", "acknowledgement")
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    principal: Principal
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, principal: _Optional[_Union[Principal, _Mapping]] = ..., acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class ListPrincipalsRequest(_message.Message):
    __slots__ = ("from_principal", "page_size")
    FROM_PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    from_principal: int
    page_size: int
    def __init__(self, from_principal: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class ListPrincipalsResponse(_message.Message):
    __slots__ = ("principals", "next_principal")
    PRINCIPALS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    principals: _containers.RepeatedCompositeFieldContainer[Principal]
    next_principal: int
    def __init__(self, principals: _Optional[_Iterable[_Union[Principal, _Mapping]]] = ..., next_principal: _Optional[int] = ...) -> None: ...
