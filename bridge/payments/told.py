"""What providers say in JSON, made safe to keep: texts that databases hold, lists of objects, names that are unique."""

import json
from collections.abc import Mapping
from typing import Any

from bridge.payments.provider import UnreadableError

Json = Mapping[str, Any]

_MOST_FIELD = 500


def text(value: Any) -> str:
    """A text that databases can hold, at most as long as anybody needs; "" for anything else."""
    if not isinstance(value, str):
        return ""
    return value[:_MOST_FIELD].encode("utf-8", "replace").decode().replace("\0", "").strip()


def listed(value: Any) -> list[Json]:
    """The objects of an array; none for anything else."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def inner(holder: Any, *names: str) -> Json:
    """The object inside an object, by its path; empty where there is none."""
    for name in names:
        holder = holder.get(name) if isinstance(holder, Mapping) else None
    return holder if isinstance(holder, Mapping) else {}


def read_json(body: bytes, otherwise: str) -> tuple[str, Any]:
    """A delivery as text, and the JSON that it is. Raises ``UnreadableError``, with ``otherwise`` for what is none."""
    try:
        shown = body.decode("utf-8")
        return shown, json.loads(shown, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise UnreadableError(otherwise) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different: which of two of one name counts, readers disagree about."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableError("the delivery holds a name twice")
    return found
