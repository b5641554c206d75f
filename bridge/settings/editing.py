"""Change single keys of a configuration file and leave every other byte of it alone, comments above all.

Lines are found by their looks, which TOML's freer forms could fool. So the result is read back, and where it does not
mean exactly what was wanted, nothing is changed and the lines to write by hand are told.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge.errors import SettingsError

Value = str | int | bool | Sequence[str] | None
_HEADER = re.compile(r"\s*\[")


def read_raw(file: Path) -> dict[str, Any]:
    """What the file says, unchecked; nothing where there is none. Raises ``SettingsError`` for what is no TOML."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not valid TOML: {error}; mend it, or name another file with --config") from None
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}; run this as a user who may read it") from None


def edited(text: str, changes: Mapping[str, Value]) -> str:
    """The text with keys (``section.key``) set, or taken out where the value is ``None``.

    Raises ``SettingsError`` where the file is written in a way that can't be changed line by line.
    """
    wanted = _merged(tomllib.loads(text), changes)
    lines = text.splitlines()
    for key, value in changes.items():
        section, _, name = key.partition(".")
        _set(lines, section, name, value)
    result = "\n".join(lines).strip("\n") + "\n"
    try:
        as_wanted = tomllib.loads(result) == wanted
    except tomllib.TOMLDecodeError:
        as_wanted = False
    if not as_wanted:
        told = "; ".join(f"{key} = {_literal(value)}" for key, value in changes.items() if value is not None)
        raise SettingsError(f"the configuration can't be changed line by line; write into it yourself: {told}")
    return result


def _merged(held: dict[str, Any], changes: Mapping[str, Value]) -> dict[str, Any]:
    merged = {name: dict(part) if isinstance(part, dict) else part for name, part in held.items()}
    for key, value in changes.items():
        section, _, name = key.partition(".")
        part = merged.get(section, {})
        if value is None:
            part.pop(name, None)
        else:
            merged.setdefault(section, part)[name] = list(value) if isinstance(value, list | tuple) else value
    return merged


def _set(lines: list[str], section: str, name: str, value: Value) -> None:
    bounds = _section_of(lines, section)
    if bounds is None:
        if value is not None:
            lines += ["", f"[{section}]", f"{name} = {_literal(value)}"]
        return
    start, end = bounds
    at = _assignment(lines, start, end, name)
    new = [] if value is None else [f"{name} = {_literal(value)}"]
    if at is not None:
        lines[at[0] : at[1]] = new
    elif new:
        place = _place_for(lines, start, end, name)
        lines[place:place] = new


def _section_of(lines: list[str], section: str) -> tuple[int, int] | None:
    """From the line after the header to the next header."""
    header = re.compile(rf"\s*\[\s*{re.escape(section)}\s*\]\s*(#.*)?")
    start = next((index + 1 for index, line in enumerate(lines) if header.fullmatch(line)), None)
    if start is None:
        return None
    return start, next((index for index in range(start, len(lines)) if _HEADER.match(lines[index])), len(lines))


def _assignment(lines: list[str], start: int, end: int, name: str) -> tuple[int, int] | None:
    """The lines that set a key; a list may take several."""
    begins = re.compile(rf"\s*{re.escape(name)}\s*=")
    first = next((index for index in range(start, end) if begins.match(lines[index])), None)
    if first is None:
        return None
    for last in range(first + 1, end + 1):
        try:
            tomllib.loads("\n".join(lines[first:last]))
        except tomllib.TOMLDecodeError:
            continue
        return first, last
    return first, first + 1


def _place_for(lines: list[str], start: int, end: int, name: str) -> int:
    """Below the comment that shows the key's default, as config.example.toml has one; else behind the last line."""
    shown = re.compile(rf"#\s*{re.escape(name)}\s*=")
    for index in range(start, end):
        if shown.match(lines[index]):
            return index + 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return end


def _literal(value: Value) -> str:
    """A value as TOML writes it; its strings are JSON's as long as they are printable."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(json.dumps(each, ensure_ascii=False) for each in value)}]"
    return json.dumps(value, ensure_ascii=False)
