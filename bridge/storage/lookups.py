"""The reads of the hot path: one indexed look-up a request, whatever the number of keys and sites.

They bypass the ORM (a mapped row costs ten times the query) and any transaction (each statement sees what is committed
now, so a revoked key stops at the next request in every process).
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from bridge.errors import UnavailableError
from bridge.rules.access import Key
from bridge.rules.keys import KeyFacts
from bridge.rules.terms import ExpiryEdit, effective_expiry

_KEY = """
SELECT k.id, k.owner_id, k.package_id, k.starts_at, k.expires_at, k.edit_kind, k.edit_until,
       k.suspended_at, k.revoked_at, k.payment_hold, k.payment_reason, k.paid_grace_until,
       k.max_sites, k.is_test, {valid_until},
       (SELECT {list}(d.pattern, ' ') FROM key_domain d WHERE d.key_id = k.id)
FROM {source} WHERE {condition} ORDER BY k.id
"""
_BY_CODE = {
    "source": "key_code c JOIN license_key k ON k.id = c.key_id",
    "condition": "c.code = {p}",
    "valid_until": "c.valid_until",
}
_BY_TOKEN = {"source": "license_key k", "condition": "k.feed_token = {p}", "valid_until": "NULL"}
_SITE = "SELECT id FROM site WHERE key_id = {p} AND host = {p} AND freed_at IS NULL"
_STAMP = """
SELECT r.id, r.revision, o.revision FROM repo_name n JOIN repo r ON r.id = n.repo_id JOIN owner o ON o.id = r.owner_id
WHERE n.owner_name = {p} AND n.repo_name = {p}
"""


# After a look-up that failed, the next ones fail at once for so long, or as long as finding out took: a database that
# lets its clients wait must not let every request wait.
_AWAY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key and the package that it is of."""

    key: Key
    package_id: int


class Lookups:
    """Prepared reads over one long-lived autocommit connection a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._local = threading.local()
        self._away_until = float("-inf")
        sqlite = engine.dialect.name == "sqlite"
        words = {"p": "?" if sqlite else "%s", "list": "group_concat" if sqlite else "string_agg"}
        self._by_code = _KEY.format(**words, **{k: v.format(**words) for k, v in _BY_CODE.items()})
        self._by_token = _KEY.format(**words, **{k: v.format(**words) for k, v in _BY_TOKEN.items()})
        self._site = _SITE.format(**words)
        self._stamp = _STAMP.format(**words)

    def keys_by_code(self, code: str) -> list[HeldKey]:
        """The keys that a code stands for."""
        return [_held(row) for row in self._rows(self._by_code, (code,))]

    def key_by_feed_token(self, token: str) -> HeldKey | None:
        """The key whose personal feed has this token."""
        rows = self._rows(self._by_token, (token,))
        return _held(rows[0]) if rows else None

    def site_id(self, key_id: int, host: str) -> int | None:
        """The live site of a key that has this host."""
        rows = self._rows(self._site, (key_id, host))
        return rows[0][0] if rows else None

    def repo_stamp(self, owner: str, name: str) -> tuple[int, int, int] | None:
        """``(repo id, its revision, its owner's revision)`` for a path; changes whenever a feed may."""
        rows = self._rows(self._stamp, (owner, name))
        return tuple(rows[0]) if rows else None

    def close(self) -> None:
        """Give this thread's connection back."""
        connection: Connection | None = getattr(self._local, "connection", None)
        self._local.cursor = self._local.connection = None
        if connection is not None:
            connection.close()

    def _rows(self, sql: str, values: tuple[Any, ...]) -> Sequence[Any]:
        begin = time.monotonic()
        if begin < self._away_until:
            raise UnavailableError("the database does not answer; it was asked a moment ago")
        try:
            return self._run(sql, values)
        except self._engine.dialect.loaded_dbapi.DataError:
            return ()  # PostgreSQL can't hold a NUL character, so no row has such a text
        except (self._engine.dialect.loaded_dbapi.Error, DBAPIError):
            self._drop()  # the server was restarted, or the file is locked: one fresh connection, then give up
        try:
            return self._run(sql, values)
        except (self._engine.dialect.loaded_dbapi.Error, DBAPIError) as error:
            self._drop()
            end = time.monotonic()
            self._away_until = end + max(_AWAY_SECONDS, end - begin)
            raise UnavailableError("the database does not answer; try again in a moment") from error

    def _run(self, sql: str, values: tuple[Any, ...]) -> Sequence[Any]:
        cursor = getattr(self._local, "cursor", None)
        if cursor is None:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._local.connection = connection
            cursor = self._local.cursor = connection.connection.cursor()
        cursor.execute(sql, values)
        rows: Sequence[Any] = cursor.fetchall()
        return rows

    def _drop(self) -> None:
        connection: Connection | None = getattr(self._local, "connection", None)
        self._local.cursor = self._local.connection = None
        if connection is not None:
            connection.invalidate()
            connection.close()


def _held(row: Sequence[Any]) -> HeldKey:
    (
        key_id,
        owner_id,
        package_id,
        starts,
        expires,
        edit_kind,
        edit_until,
        suspended,
        revoked,
        hold,
        reason,
        paid_grace,
        most,
        test,
        until,
        patterns,
    ) = row
    expiry = _moment(expires)
    if edit_kind is not None:
        expiry = effective_expiry(expiry, ExpiryEdit(edit_kind, _moment(edit_until)))
    leeway = None if edit_kind == "fix" else _moment(paid_grace)
    facts = KeyFacts(_moment(starts), expiry, _moment(revoked), _moment(suspended), hold, reason or "", leeway)  # type: ignore[arg-type]
    domains = tuple(patterns.split(" ")) if patterns else ()
    return HeldKey(Key(key_id, owner_id, facts, domains, most, bool(test), _moment(until)), package_id)


def _moment(value: str | datetime | None) -> datetime | None:
    # SQLite hands out text without a zone, PostgreSQL an aware datetime in the session's zone.
    if value is None:
        return None
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value.astimezone(UTC)
