import datetime

from consent.v1 import acknowledgement_pb2 as _acknowledgement_pb2
from consent.v1 import entry_pb2 as _entry_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RegisterTemplateRequest(_message.Message):
    __slots__ = ("account", "event_id", "name", "language", "category", "parameters", "status", "opt_in_request", "occurred_at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    OPT_IN_REQUEST_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    name: str
    language: str
    category: _entry_pb2.Category
    parameters: int
    status: _entry_pb2.TemplateStatus
    opt_in_request: bool
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., name: _Optional[str] = ..., language: _Optional[str] = ..., category: _Optional[_Union[_entry_pb2.Category, str]] = ..., parameters: _Optional[int] = ..., status: _Optional[_Union[_entry_pb2.TemplateStatus, str]] = ..., opt_in_request: _Optional[bool] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RegisterTemplateResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class ChangeTemplateRequest(_message.Message):
    __slots__ = ("account", "event_id", "name", "language", "category", "status", "quality", "occurred_at")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    account: str
    event_id: str
    name: str
    language: str
    category: _entry_pb2.Category
    status: _entry_pb2.TemplateStatus
    quality: _entry_pb2.Quality
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, account: _Optional[str] = ..., event_id: _Optional[str] = ..., name: _Optional[str] = ..., language: _Optional[str] = ..., category: _Optional[_Union[_entry_pb2.Category, str]] = ..., status: _Optional[_Union[_entry_pb2.TemplateStatus, str]] = ..., quality: _Optional[_Union[_entry_pb2.Quality, str]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ChangeTemplateResponse(_message.Message):
    __slots__ = ("acknowledgement",)
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: _acknowledgement_pb2.Acknowledgement
    def __init__(self, acknowledgement: _Optional[_Union[_acknowledgement_pb2.Acknowledgement, _Mapping]] = ...) -> None: ...

class ListTemplatesRequest(_message.Message):
    __slots__ = ("account", "page_token", "page_size")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    account: str
    page_token: str
    page_size: int
    def __init__(self, account: _Optional[str] = ..., page_token: _Optional[str] = ..., page_size: _Optional[int] = ...) -> None: ...

class ListTemplatesResponse(_message.Message):
    __slots__ = ("templates", "next_page_token")
    TEMPLATES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    templates: _containers.RepeatedCompositeFieldContainer[Template]
    next_page_token: str
    def __init__(self, templates: _Optional[_Iterable[_Union[Template, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class Template(_message.Message):
    __slots__ = ("name", "language", "category", "parameters", "status", "opt_in_request", "quality")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    OPT_IN_REQUEST_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    name: str
    language: str
    category: _entry_pb2.Category
    parameters: int
    status: _entry_pb2.TemplateStatus
    opt_in_request: bool
    quality: _entry_pb2.Quality
    def __init__(self, name: _Optional[str] = ..., language: _Optional[str] = ..., category: _Optional[_Union[_entry_pb2.Category, str]] = ..., parameters: _Optional[int] = ..., status: _Optional[_Union[_entry_pb2.TemplateStatus, str]] = ..., opt_in_request: _Optional[bool] = ..., quality: _Optional[_Union[_entry_pb2.Quality, str]] = ...) -> None: ...
