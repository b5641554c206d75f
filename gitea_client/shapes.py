"""Read fields of JSON by name and type; anything else is a ``BadAnswer`` that says which field was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gitea_client.errors import BadAnswer

JsonObject = Mapping[str, Any]
_REQUIRED: Any = object()


def object_of(value: Any, what: str) -> JsonObject:
    """Return the value if it is a JSON object."""
    if not isinstance(value, dict):
        raise BadAnswer(f"expected {what} as an object, got {_kind(value)}")
    return value


def list_of(value: Any, what: str) -> list[Any]:
    """Return the value if it is a JSON list; null, Go's empty list, is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadAnswer(f"expected a list of {what}, got {_kind(value)}")
    return value


def text(data: JsonObject, name: str, default: str = _REQUIRED) -> str:
    """Read a string. With a default, a missing or null field is the default; a wrong type never is."""
    value: str = _field(data, name, str, default)
    return value


def number(data: JsonObject, name: str, default: int = _REQUIRED) -> int:
    """Read an integer; ``true`` is not one."""
    if isinstance(data.get(name), bool):
        raise BadAnswer(f"field {name!r} is a bool, expected int")
    value: int = _field(data, name, int, default)
    return value


def positive(data: JsonObject, name: str) -> int:
    """Read an id: Gitea counts from 1, and its pseudo accounts (ghost, Actions) are negative."""
    value = number(data, name)
    if value < 1:
        raise BadAnswer(f"field {name!r} is {value}, expected an id above 0")
    return value


def flag(data: JsonObject, name: str, default: bool = _REQUIRED) -> bool:
    """Read a bool."""
    value: bool = _field(data, name, bool, default)
    return value


def moment(data: JsonObject, name: str) -> datetime:
    """Read an RFC 3339 time with its offset."""
    raw = text(data, name)
    try:
        value = datetime.fromisoformat(raw)
    except ValueError:
        raise BadAnswer(f"field {name!r} is no time") from None
    if value.tzinfo is None:
        raise BadAnswer(f"field {name!r} is a time without a zone")
    return value


def _field(data: JsonObject, name: str, kind: type, default: Any) -> Any:
    value = data.get(name)
    if value is None:
        if default is _REQUIRED:
            raise BadAnswer(f"field {name!r} is missing")
        return default
    if not isinstance(value, kind):
        raise BadAnswer(f"field {name!r} is {_kind(value)}, expected {kind.__name__}")
    return value


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__
