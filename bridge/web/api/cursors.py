"""Places in a list of keys, as ``Link`` names them and as callers send them back.

They say where a page begins, in a form that callers need not understand: base64url of a JSON list of the order, of what
the key is sorted by there, and of its id. They grant nothing, so they are not signed; whatever is none is refused.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bridge.storage.key_search import Found, Position
from bridge.web.api.errors import ApiError, invalid
from bridge.web.api.reading import MOST_ID

# A name of 200 characters, each of which JSON may write as twelve, and base64 makes longer by a third.
MOST_CURSOR = 3500
_WRITTEN = re.compile(r"[A-Za-z0-9_-]+")


def written(position: Position, sort: str) -> str:
    """A place in a list that is sorted so."""
    value = position.value.isoformat() if isinstance(position.value, datetime) else position.value
    text = json.dumps([sort, value, position.key_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode("ascii")).decode("ascii").rstrip("=")


def read(name: str, text: str, sort: str) -> Position | None:
    """The place that a parameter of this name says, if it says any. Raises ``ApiError``."""
    if not text:
        return None
    if not _WRITTEN.fullmatch(text):
        raise _refused(name)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        of, value, key_id = json.loads(raw.decode("ascii"))
        position = Position(_value(sort, value), _key_id(key_id))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise _refused(name) from None
    if of != sort:
        raise invalid(name, "is of a list that is sorted otherwise")
    return position


def around(found: Found, sort: str) -> tuple[Mapping[str, str] | None, Mapping[str, str] | None]:
    """What leads to the page before and to the page after."""
    before = {"before": written(found.first, sort)} if found.first is not None else {}
    after = {"after": written(found.last, sort)} if found.last is not None else {}
    return before if found.more_before else None, after if found.more_after else None


def _value(sort: str, value: Any) -> datetime | str | None:
    kind = sort.removeprefix("-")
    if kind == "customer":
        if not isinstance(value, str) or "\0" in value:
            raise ValueError
        value.encode("utf-8")  # raises ValueError for a lone surrogate, which no database takes
        return value
    if value is None:
        return None
    moment = datetime.fromisoformat(value)
    if kind == "id" or moment.tzinfo is None:
        raise ValueError
    return moment


def _key_id(value: Any) -> int:
    if type(value) is not int or not 0 < value <= MOST_ID:
        raise ValueError
    return value


def _refused(name: str) -> ApiError:
    return invalid(name, "is no place in a list; take it from the header Link as it is")
