"""What finds keys by a part of a text or by a rare state, beside the tables: an index of trigrams, and partial indexes.

SQLite keeps the trigrams in FTS5 tables that triggers fill, PostgreSQL in GIN indexes of its extension pg_trgm. All of
it can be made anew from the tables at any time, and is made where it is missing whenever the schema is upgraded: a
migration that copies a table on SQLite loses its triggers, and the extension may come later.
So it is no part of the migrations' history; its names begin with ``search_``.
"""

import logging

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)

PREFIX = "search_"
# ``rules.keys.state`` begins with these two; storage.key_states asks with the same words, as partial indexes need.
REVOKED = "(license_key.revoked_at IS NOT NULL OR coalesce(license_key.payment_hold, '') = 'revoke')"
SUSPENDED = "(license_key.suspended_at IS NOT NULL OR coalesce(license_key.payment_hold, '') = 'suspend')"

_PARTIAL = {
    "search_key_revoked": ("package_id, id", REVOKED),
    "search_key_suspended": ("package_id, id", SUSPENDED),
    "search_key_paid_grace": ("package_id, paid_grace_until", "license_key.paid_grace_until IS NOT NULL"),
}
_TEXTS = ("customer_name", "customer_email", "note", "payment_ref")
_FTS = "tokenize = 'trigram', columnsize = 0"
_LISTS = {"search_code": ("key_code", "code"), "search_domain": ("key_domain", "pattern")}
_TRIGRAM_INDEXES = {
    "search_key_text": ("license_key", ("customer_name", "note", "payment_ref")),
    "search_key_mail": ("license_key", ("customer_email",)),
    "search_code_text": ("key_code", ("code",)),
    "search_domain_text": ("key_domain", ("pattern",)),
}


def ensure(connection: Connection) -> None:
    """Make what is missing, in the transaction of the connection. The schema is the newest one."""
    for name, (columns, condition) in _PARTIAL.items():
        where = condition.replace("license_key.", "")
        connection.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON license_key ({columns}) WHERE {where}"))
    if connection.dialect.name == "sqlite":
        _ensure_sqlite(connection)
    else:
        _ensure_postgres(connection)


def remove(connection: Connection) -> None:
    """Take everything away, before the tables that it belongs to are."""
    if connection.dialect.name == "sqlite":
        for name in _named(connection, "trigger"):
            connection.execute(text(f"DROP TRIGGER {name}"))
        for name in ("search_key", *_LISTS):
            connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
    for name in (*_PARTIAL, *_TRIGRAM_INDEXES):
        connection.execute(text(f"DROP INDEX IF EXISTS {name}"))
    if connection.dialect.name != "sqlite":
        connection.execute(text("DROP FUNCTION IF EXISTS search_fold(text)"))


def is_ours(name: str | None) -> bool:
    """Whether a table or index is one of these, of which the models know nothing."""
    return name is not None and name.startswith(PREFIX)


def _named(connection: Connection, kind: str) -> set[str]:
    query = text("SELECT name FROM sqlite_master WHERE type = :kind AND name LIKE 'search\\_%' ESCAPE '\\'")
    return set(connection.execute(query, {"kind": kind}).scalars())


def _ensure_sqlite(connection: Connection) -> None:
    triggers = _triggers()
    tables = {"search_key", *_LISTS}
    if tables <= _named(connection, "table") and set(triggers) <= _named(connection, "trigger"):
        return
    for name in _named(connection, "trigger"):
        connection.execute(text(f"DROP TRIGGER {name}"))
    for name in tables:
        connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
    columns = ", ".join(_TEXTS)
    connection.exec_driver_sql(
        f"CREATE VIRTUAL TABLE search_key USING fts5({columns}, content = 'license_key', content_rowid = 'id', {_FTS})"
    )
    connection.exec_driver_sql("INSERT INTO search_key(search_key) VALUES ('rebuild')")
    for name, (table, column) in _LISTS.items():
        connection.exec_driver_sql(f"CREATE VIRTUAL TABLE {name} USING fts5({column}, key_id UNINDEXED, {_FTS})")
        connection.exec_driver_sql(f"INSERT INTO {name}({column}, key_id) SELECT {column}, key_id FROM {table}")  # noqa: S608
    for statement in triggers.values():
        connection.exec_driver_sql(statement)


def _triggers() -> dict[str, str]:
    """By name. Where an FTS5 table keeps no texts of its own, it forgets a row by being told what was in it."""
    columns, old, new = (", ".join(prefix + each for each in _TEXTS) for prefix in ("", "old.", "new."))
    forget = f"INSERT INTO search_key(search_key, rowid, {columns}) VALUES ('delete', old.id, {old});"  # noqa: S608
    learn = f"INSERT INTO search_key(rowid, {columns}) VALUES (new.id, {new});"  # noqa: S608
    changed = " OR ".join(f"old.{each} IS NOT new.{each}" for each in ("id", *_TEXTS))
    made = {
        "search_key_insert": f"AFTER INSERT ON license_key BEGIN {learn} END",
        "search_key_delete": f"AFTER DELETE ON license_key BEGIN {forget} END",
        "search_key_update": f"AFTER UPDATE ON license_key WHEN {changed} BEGIN {forget} {learn} END",
    }
    for name, (table, column) in _LISTS.items():
        phrase = f"""'"' || replace(old.{column}, '"', '""') || '"'"""
        same = f"key_id = old.key_id AND {column} = old.{column}"
        forget = f"DELETE FROM {name} WHERE {name} MATCH {phrase} AND {same};"  # noqa: S608
        learn = f"INSERT INTO {name}({column}, key_id) VALUES (new.{column}, new.key_id);"  # noqa: S608
        made[f"{name}_insert"] = f"AFTER INSERT ON {table} BEGIN {learn} END"
        made[f"{name}_delete"] = f"AFTER DELETE ON {table} BEGIN {forget} END"
        made[f"{name}_update"] = f"AFTER UPDATE OF {column}, key_id ON {table} BEGIN {forget} {learn} END"
    return {name: f"CREATE TRIGGER {name} {what}" for name, what in made.items()}


def _ensure_postgres(connection: Connection) -> None:
    folded = 'lower($1 COLLATE "und-x-icu")' if _has_icu(connection) else "lower($1)"
    connection.exec_driver_sql(
        "CREATE OR REPLACE FUNCTION search_fold(text) RETURNS text"
        f" LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT {folded} $$"
    )
    try:
        with connection.begin_nested():
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        log.warning("searching for parts of texts will be slow: PostgreSQL's pg_trgm can't be had (%s)", reason)
        return
    present = {index["name"] for table in ("license_key", "key_code", "key_domain") for index in
               inspect(connection).get_indexes(table)}  # fmt: skip
    for name, (table, columns) in _TRIGRAM_INDEXES.items():
        if name not in present:
            listed = ", ".join(f"search_fold({column}) gin_trgm_ops" for column in columns)
            connection.exec_driver_sql(f"CREATE INDEX {name} ON {table} USING gin ({listed})")


def _has_icu(connection: Connection) -> bool:
    return connection.exec_driver_sql("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'").first() is not None
