"""How a database goes about what it is asked."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event, text
from sqlmodel import Session


def plans_of(session: Session, ask: Callable[[Session], Any]) -> tuple[Any, list[tuple[str, str]]]:
    """What somebody gets who asks, and each statement with the plan for it."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        found = ask(session)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    sqlite = session.connection().dialect.name == "sqlite"
    plans = []
    for statement, parameters in asked:
        explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
        rows = session.connection().exec_driver_sql(explain + statement, parameters)
        plans.append((statement, "\n".join(each[3] if sqlite else each[0] for each in rows)))
    return found, plans


def analyze(engine: Engine) -> None:
    """Let PostgreSQL learn what its tables hold; SQLite plans without that."""
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
