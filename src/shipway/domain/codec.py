"""Values to JSON and back, by their annotations: for the journal, the queue and the columns that hold whole values.

What was recorded by an older version decodes as long as new fields have defaults; fields that no longer exist are
ignored. A union of dataclasses is told apart by a `class` key (which no field can be named).
"""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def encode(value: Any) -> Any:
    """`value` as JSON-ready data."""
    if is_dataclass(value) and not isinstance(value, type):
        data = {field.name: encode(getattr(value, field.name)) for field in fields(value)}
        return {"class": type(value).__name__} | data
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def decode(annotation: type[T], data: Any) -> T:
    """The value of type `annotation` that `encode` made `data` from."""
    return _decode(annotation, data)  # type: ignore[no-any-return]


def _decode(annotation: Any, data: Any) -> Any:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _decode(_member(annotation, data), data)
    if origin is tuple:
        return _decode_tuple(get_args(annotation), data)
    if origin is not None and _is_kind_of(origin, Mapping):
        return {key: _decode(get_args(annotation)[1], item) for key, item in data.items()}
    if isinstance(annotation, type) and is_dataclass(annotation):
        return _decode_dataclass(annotation, data)
    if annotation is datetime:
        return datetime.fromisoformat(data)
    return data


def _is_kind_of(candidate: Any, parent: type) -> bool:

    return isinstance(candidate, type) and issubclass(candidate, parent)


def _decode_tuple(arguments: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_decode(arguments[0], item) for item in data)
    return tuple(_decode(argument, item) for argument, item in zip(arguments, data, strict=True))


def _decode_dataclass(annotation: type, data: Mapping[str, Any]) -> Any:
    hints = _hints(annotation)
    return annotation(**{name: _decode(hints[name], item) for name, item in data.items() if name in hints})


@cache
def _hints(annotation: type) -> dict[str, Any]:
    return get_type_hints(annotation)


def _member(annotation: Any, data: Any) -> Any:
    members = get_args(annotation)
    if data is None:
        return type(None)
    kind = data.get("class") if isinstance(data, Mapping) else None
    for member in members:
        if member is not type(None) and (kind is None or getattr(member, "__name__", "") == kind):
            return member
    raise ValueError(f"{kind!r} is none of {members}")
