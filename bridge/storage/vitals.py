"""How the database itself is: which program, how old, and whether its file is whole."""

from dataclasses import dataclass

from sqlalchemy import Engine, text

from bridge.storage.engine import answering


@dataclass(frozen=True, slots=True)
class DatabaseProgram:
    """``kind`` is ``sqlite`` or ``postgresql``; ``version`` as it says itself, ``parts`` to compare."""

    kind: str
    version: str
    parts: tuple[int, ...]


def program(engine: Engine) -> DatabaseProgram:
    """Which database this is. Raises ``UnavailableError``."""
    with answering(), engine.connect().execution_options(read_only=True) as connection:
        kind = engine.dialect.name
        question = "SELECT sqlite_version()" if kind == "sqlite" else "SHOW server_version"
        version = str(connection.execute(text(question)).scalar_one()).partition(" ")[0]
    parts = tuple(int(part) for part in version.split(".") if part.isdigit())
    return DatabaseProgram(kind, version, parts)


def damage(engine: Engine, *, thoroughly: bool) -> str:
    """What SQLite's own check finds wrong in the file, its first sentence; empty where nothing is.

    ``thoroughly`` also compares the indexes with the tables, which reads the whole file. Raises ``UnavailableError``
    where the file is so far gone that it can't even be checked.
    """
    pragma = "PRAGMA integrity_check(1)" if thoroughly else "PRAGMA quick_check(1)"
    with answering(), engine.connect().execution_options(read_only=True) as connection:
        said = str(connection.exec_driver_sql(pragma).scalar_one())
    return "" if said == "ok" else said


def finds_parts_of_texts(engine: Engine) -> bool:
    """Whether PostgreSQL has its extension pg_trgm, without which searching keys reads every one of them."""
    with answering(), engine.connect().execution_options(read_only=True) as connection:
        found = connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")).first()
    return found is not None
