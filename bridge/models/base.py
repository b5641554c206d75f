"""What all tables share: names for constraints, aware UTC times, column shorthands."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, ColumnElement, DateTime, Dialect, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC on every database. A naive one is a mistake and refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Normalise to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone was about to be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """SQLite forgets the zone, which was UTC; PostgreSQL tells the time of where its server stands."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PerDatabase(ColumnElement[Any]):
    """SQL that each database spells its own way, as it will also tell it back; so both can be compared."""

    inherit_cache = False

    def __init__(self, *, sqlite: str, postgresql: str) -> None:
        self.spelled = {"sqlite": sqlite, "postgresql": postgresql}


@compiles(PerDatabase)
def _spell(element: PerDatabase, compiler: SQLCompiler, **_: Any) -> str:
    return element.spelled[compiler.dialect.name]


def gitea_id() -> Any:
    """A primary key that Gitea gave."""
    return Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


def when(*, nullable: bool = True, index: bool = False) -> Any:
    """A point in time."""
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=nullable, index=index))


def json_column(default: Any) -> Any:
    """A small value that is read and written whole."""
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))


def one_of(name: str, *values: str) -> CheckConstraint:
    """Allow only these words in the column."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{name} IN ({listed})", name=name)


def only_where(condition: str) -> dict[str, Any]:
    """Let an index hold only rows of which this is so. A query finds it by the same words, with nothing bound."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
