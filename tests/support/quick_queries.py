"""Queries in a fraction of the time: tests open thousands of databases, with the same few hundred statements."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.util import LRUCache

# More than there are, so that none is forgotten.
_STATEMENTS = 10_000


def remember_statements() -> None:
    """Let a statement be compiled once in a process for each kind of database.

    SQLAlchemy keeps what it compiled for each engine. It depends on the kind only: all of a kind are of one version,
    and opened with the same options.
    """
    known: defaultdict[type, Any] = defaultdict(lambda: LRUCache(_STATEMENTS))
    for url in ("sqlite://", "postgresql+psycopg://"):
        kind: Any = type(create_engine(url).dialect)
        kind.__eq__ = lambda self, other: type(self) is type(other)
        kind.__hash__ = lambda self: hash(type(self))
    cache = property(lambda engine: known[type(engine.dialect)], lambda _engine, _own: None)
    Engine._compiled_cache = cache  # type: ignore[assignment]
