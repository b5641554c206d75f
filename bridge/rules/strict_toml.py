"""TOML that people write into a variable, read strictly: every key is known, every value has its type.

A mistake ends the reading with `InvalidSetting`, whose message names the key and shows how it is written.
"""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

MAX_TEXT_BYTES = 64 * 1024
MAX_GLOB_LENGTH = 200

_URL = re.compile(r"https?://[^\s<>\"\\^`{|}@/?#]+(?:[/?#][^\s<>\"\\^`{|}]*)?", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class InvalidSetting(ValueError):  # noqa: N818 - named for what happened
    """A value nobody can act on; the message is a sentence with a valid example."""


class Table:
    """One TOML table. Each reader takes its key out; ``done`` refuses what is left, so nothing is ignored silently."""

    def __init__(self, values: dict[str, Any], path: str, example: str) -> None:
        self._values = dict(values)
        self._path = path
        self._example = example

    def showing(self, example: str) -> "Table":
        """Let refusals from here on show this example; returns the table itself."""
        self._example = example
        return self

    def refuse(self, key: str, why: str) -> InvalidSetting:
        """Return the error that says why a key's value will not do."""
        return InvalidSetting(f"“{self._path}{key}” {why}; write for example {self._example}")

    def text(self, key: str, *, max_length: int = 200, multiline: bool = False) -> str:
        """Take a text, stripped; "" when absent."""
        value = self._values.pop(key, "")
        if not isinstance(value, str):
            raise self.refuse(key, "must be text in quotes")
        value = value.strip()
        if len(value) > max_length:
            raise self.refuse(key, f"is longer than {max_length} characters")
        if _UNPRINTABLE.search(re.sub(r"[\n\r\t]", "", value) if multiline else value):
            raise self.refuse(key, "must be plain text" if multiline else "must be one line of plain text")
        return value

    def url(self, key: str) -> str:
        """Take an http or https address; "" when absent."""
        value = self.text(key, max_length=1000)
        if value and not is_web_address(value):
            raise self.refuse(key, "must be an http or https address")
        return value

    def globs(self, key: str) -> tuple[str, ...]:
        """Take one glob or a list of them; () when absent."""
        value = self._values.pop(key, ())
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(_is_glob(item) for item in items):
            raise self.refuse(key, "must be a pattern in quotes, or a list of them")
        return tuple(item.strip() for item in items)

    def glob(self, key: str) -> str:
        """Take exactly one glob; "" when absent."""
        found = self.globs(key)
        if len(found) > 1:
            raise self.refuse(key, "must be one pattern")
        return found[0] if found else ""

    def choice(self, key: str) -> str:
        """Take a word or a TOML boolean as a case-folded word; "" when absent."""
        value = self._values.pop(key, "")
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str):
            raise self.refuse(key, "must be a word in quotes")
        return value.strip().casefold()

    def table(self, key: str) -> "Table":
        """Take a nested table; an empty one when absent."""
        value = self._values.pop(key, {})
        if not isinstance(value, dict):
            raise self.refuse(key, "must be a table")
        return Table(value, f"{self._path}{key}.", self._example)

    def tables(self, key: str) -> Iterator[tuple[str, "Table"]]:
        """Take a table of named tables, such as all ``[edition.NAME]``, and yield each with its name."""
        outer = self.table(key)
        for name in outer.left():
            yield name, outer.table(name)

    def rows(self, key: str) -> Iterator["Table"]:
        """Take an array of tables, such as all ``[[platform]]``, in their order."""
        value = self._values.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self.refuse(key, f"must be written as [[{key}]]")
        for number, row in enumerate(value, 1):
            yield Table(row, f"{self._path}{key} {number}.", self._example)

    def left(self) -> tuple[str, ...]:
        """Return the keys that no reader has taken yet."""
        return tuple(self._values)

    def done(self) -> None:
        """Refuse the keys that no reader asked for."""
        for key in self.left():
            raise self.refuse(key, "is not a key that is known here")


def is_web_address(text: str) -> bool:
    """Say whether a text is an http or https address without user-info, as it may stand in a link."""
    return _URL.fullmatch(text) is not None


def parse(text: str, example: str) -> Table:
    """Parse a whole document; ``example`` is the valid text that every refusal shows. Raises `InvalidSetting`."""
    if len(text.encode("utf-8", "replace")) > MAX_TEXT_BYTES:
        raise InvalidSetting(f"The text is longer than {MAX_TEXT_BYTES // 1024} KiB; write for example {example}")
    try:
        return Table(tomllib.loads(text), "", example)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidSetting(f"The text is not valid TOML ({error}); write for example {example}") from None


def _is_glob(item: object) -> bool:
    return isinstance(item, str) and 0 < len(item.strip()) <= MAX_GLOB_LENGTH and _UNPRINTABLE.search(item) is None
