"""Keys by a part of a text: what matches, and how the few that do are found without reading all others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, column, exists, func, not_, or_, select, table
from sqlmodel import Session, col

from bridge.models import KeyCode, KeyDomain, LicenseKey, Site
from bridge.storage.key_states import CUSTOMER_KEY

# Shorter texts are in no index of trigrams: they match the beginning of a name only.
SHORTEST_PART = 3
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Findable:
    """Which keys the caller may find by mail and by code, as conditions; and whether there are any such."""

    by_mail: ColumnElement[bool]
    by_code: ColumnElement[bool]
    any_by_mail: bool
    any_by_code: bool


def fold(text: str | None) -> str | None:
    """A text without the difference of case, of any script."""
    return None if text is None else text.lower()


def prepare(session: Session) -> None:
    """Teach SQLite, whose own ``lower`` knows ASCII only, to fold as PostgreSQL does."""
    if session.get_bind().dialect.name == "sqlite":
        connection: Any = session.connection().connection.driver_connection
        connection.create_function("search_fold", 1, fold, deterministic=True)


def has_text(text: str, may: Findable) -> ColumnElement[bool]:
    """``q``: a part of a name, note, payment reference or domain; of mail and code for those who may see them."""
    if len(text) < SHORTEST_PART:
        return _begins(text)
    key_id = col(LicenseKey.id)
    coded = exists().where(col(KeyCode.key_id) == key_id, _holds(KeyCode.code, text))
    assigned = exists().where(col(KeyDomain.key_id) == key_id, _holds(KeyDomain.pattern, text))
    open_to_all = [_holds(each, text) for each in (LicenseKey.customer_name, LicenseKey.note, LicenseKey.payment_ref)]
    by_mail = [and_(may.by_mail, _holds(LicenseKey.customer_email, text))] if may.any_by_mail else []
    # A master key's code is its owner's alone, so nobody finds it by its letters.
    by_code = [and_(may.by_code, not_(col(LicenseKey.is_master)), coded)] if may.any_by_code else []
    return or_(*open_to_all, assigned, *by_mail, *by_code)


def has_customer(text: str, may: Findable) -> ColumnElement[bool]:
    """``customer``: a part of a name; of a mail address for those who may see it."""
    if len(text) < SHORTEST_PART:
        return _begins(text)
    by_mail = [and_(may.by_mail, _holds(LicenseKey.customer_email, text))] if may.any_by_mail else []
    return or_(_holds(LicenseKey.customer_name, text), *by_mail)


def on_host(host: str) -> ColumnElement[bool]:
    """Assigned to the host, also by a wildcard, or used on it."""
    key_id = col(LicenseKey.id)
    assigned = exists().where(col(KeyDomain.key_id) == key_id, col(KeyDomain.pattern).in_(_patterns(host)))
    used = exists().where(col(Site.key_id) == key_id, col(Site.host) == host, col(Site.freed_at).is_(None))
    return or_(assigned, used)


def candidates_by_text(session: Session, text: str, may: Findable, packages: list[int]) -> list[Any]:
    """Queries that together find the ids of all keys with this text, and hardly any other."""
    if len(text) < SHORTEST_PART:
        return _beginning(text, packages)
    fields = ["customer_name", "note", "payment_ref", *(["customer_email"] if may.any_by_mail else [])]
    found = [_by_part("search_key", fields, text) if _sqlite(session) else _by_like(LicenseKey.id, fields, text)]
    for name, source, field, wanted in (
        ("search_domain", KeyDomain, "pattern", True),
        ("search_code", KeyCode, "code", may.any_by_code),
    ):
        if wanted:
            by_like = _by_like(source.key_id, [field], text, source)
            found.append(_by_part(name, [field], text) if _sqlite(session) else by_like)
    return found


def candidates_by_customer(session: Session, text: str, may: Findable, packages: list[int]) -> list[Any]:
    """The same for ``customer``."""
    if len(text) < SHORTEST_PART:
        return _beginning(text, packages)
    fields = ["customer_name", *(["customer_email"] if may.any_by_mail else [])]
    return [_by_part("search_key", fields, text) if _sqlite(session) else _by_like(LicenseKey.id, fields, text)]


def candidates_by_host(host: str) -> list[Any]:
    """The same for ``domain``."""
    return [
        select(col(KeyDomain.key_id)).where(col(KeyDomain.pattern).in_(_patterns(host))),
        select(col(Site.key_id)).where(col(Site.host) == host, col(Site.freed_at).is_(None)),
    ]


def _by_part(name: str, fields: Sequence[str], text: str) -> Any:
    """Out of one of SQLite's indexes of trigrams."""
    phrase = '"' + text.replace('"', '""') + '"'
    index = table(name, column("rowid"), column("key_id"), column(name))
    number = index.c.rowid if name == "search_key" else index.c.key_id
    return select(number).where(index.c[name].op("MATCH")("{" + " ".join(fields) + "} : " + phrase))


def _by_like(number: Any, fields: Sequence[str], text: str, source: Any = LicenseKey) -> Any:
    """Out of PostgreSQL's; without its extension by reading all."""
    return select(number).where(or_(*(_like(func.search_fold(getattr(source, field)), text) for field in fields)))


def _holds(field: Any, text: str) -> ColumnElement[bool]:
    # Written so that no index serves it: it is asked of keys that were found by another one.
    return _like(func.search_fold(col(field)).concat(""), text)


def _like(folded: Any, text: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = folded.contains(fold(text), autoescape=True)
    return found


def _begins(text: str) -> ColumnElement[bool]:
    return or_(*(and_(first <= CUSTOMER_KEY, first + _LAST > CUSTOMER_KEY) for first in _spellings(text)))


def _beginning(text: str, packages: list[int]) -> list[Any]:
    ids = col(LicenseKey.package_id).in_(packages)
    return [
        select(col(LicenseKey.id)).where(ids, first <= CUSTOMER_KEY, first + _LAST > CUSTOMER_KEY)
        for first in _spellings(text)
    ]


def _spellings(text: str) -> list[str]:
    """How a short text may stand at the beginning of ``customer_key``, which databases fold more or less far."""
    found = [""]
    for sign in text:
        found = [begun + each for begun in found for each in dict.fromkeys((sign.lower(), sign.upper()))]
    return found


def _patterns(host: str) -> list[str]:
    labels = host.split(".")
    return [host, *("*." + ".".join(labels[at:]) for at in range(1, len(labels)))]


def _sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
