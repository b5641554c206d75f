"""One cell of a table: what it says, and how it is written so that no spreadsheet takes it for a formula."""

import re
from datetime import UTC, datetime

FIRST_YEAR = 2000
# What spreadsheets calculate instead of showing; the full-width signs are read alike in East Asian settings.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")
_NEVER = frozenset({"never", "lifetime", "0", "0000-00-00", "0000-00-00 00:00:00"})
_SECONDS = re.compile(r"[0-9]{9,11}", re.ASCII)
_DAY_FIRST = re.compile(r"\d{4}-\d\d-\d\d(?:[ T].*)?", re.ASCII)
_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"", "no", "false", "0"})
_HOSTS = re.compile(r"\s+-\s+|[\s,;|]+")
_LARGEST = 10


class BadCell(ValueError):  # noqa: N818 - named for what happened
    """A cell that can't be read; the message is a sentence fragment for whoever wrote it."""


def guarded(cell: str) -> str:
    """The cell as it is exported: an apostrophe goes before what a spreadsheet would calculate."""
    return "'" + cell if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before ``guarded``, exactly; any other cell stays."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def moment(cell: str) -> datetime | None:
    """A point in time: ISO 8601, ``YYYY-MM-DD HH:MM:SS`` or seconds since 1970; UTC unless it has an offset.

    A plain day is its first moment. ``None``: never (``lifetime``, ``never``, ``0``, ``0000-00-00``). Raises `BadCell`.
    """
    text = cell.strip()
    if text.lower() in _NEVER:
        return None
    if not (_SECONDS.fullmatch(text) or _DAY_FIRST.fullmatch(text)):
        raise BadCell("is not a date; write 2027-03-31, 2027-03-31 12:00:00 or 2027-03-31T12:00:00Z")
    try:
        if "-" in text:
            found = datetime.fromisoformat(text.replace(" UTC", "Z"))
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        else:
            found = datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise BadCell("is no day or time in the calendar") from None
    if found.year < FIRST_YEAR:
        raise BadCell(f"lies before the year {FIRST_YEAR}")
    return found


def count(cell: str, most: int) -> int | None:
    """How many; ``None`` where nothing is stated, 0 for ``unlimited``. Raises `BadCell`."""
    text = cell.strip()
    if not text:
        return None
    if text.lower() == "unlimited":
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= _LARGEST and int(text) <= most):
        raise BadCell(f"is not a whole number from 0 (unlimited) to {most}")
    return int(text)


def flag(cell: str) -> bool:
    """Yes or no; nothing is no. Raises `BadCell`."""
    text = cell.strip().lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise BadCell("is neither yes nor no")


def hosts(cell: str) -> tuple[str, ...]:
    """Addresses in a row, parted by spaces, commas, semicolons, bars, or a dash between spaces."""
    return tuple(filter(None, _HOSTS.split(cell.strip())))


def lines(cell: str) -> tuple[str, ...]:
    """One thing a line."""
    return tuple(filter(None, (each.strip() for each in cell.split("\n"))))


def written(value: datetime | None) -> str:
    """A point in time as it is exported; ``None``: nothing."""
    return "" if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
