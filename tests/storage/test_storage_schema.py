"""Migrations: they agree with the models, go up and down, and say what to do when the database is another one."""

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlmodel import SQLModel
from support.databases import ONLY_SQLITE

import bridge.models
from bridge.errors import DatabaseOutdatedError, UnavailableError
from bridge.storage import schema
from bridge.storage.engine import open_engine
from bridge.storage.search_index import is_ours

MIGRATIONS = Path(schema.__file__).parent / "migrations"
VERSIONS = sorted((MIGRATIONS / "versions").glob("*.py"))


@pytest.fixture
def engine(bare_database_url):
    made = open_engine(bare_database_url)
    yield made
    made.dispose()


def shape(engine):
    """All that the database says of its tables, in an order of its own making; what finds keys is no part of them."""
    inspector = inspect(engine)
    found = {}
    tables = {name for name in inspector.get_table_names() if not is_ours(name)}
    for table in sorted(tables - {"alembic_version"}):
        columns = {c["name"]: (str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)}
        checks = {c["name"]: " ".join(c["sqltext"].split()) for c in inspector.get_check_constraints(table)}
        uniques = {c["name"]: c["column_names"] for c in inspector.get_unique_constraints(table)}
        foreign = {
            c["name"]: (c["constrained_columns"], c["referred_table"]) for c in inspector.get_foreign_keys(table)
        }
        indexes = {
            i["name"]: (i["column_names"], i["unique"], {k: str(v) for k, v in i.get("dialect_options", {}).items()})
            for i in inspector.get_indexes(table)
            if not is_ours(i["name"])
        }
        found[table] = (columns, inspector.get_pk_constraint(table), checks, uniques, foreign, indexes)
    return found


def test_the_migrated_database_is_the_one_that_the_models_describe(engine, postgres_server, tmp_path):
    schema.upgrade(engine)
    schema.check(engine)  # alembic's own comparison; ours below also sees check constraints and types
    migrated = shape(engine)
    sqlite = engine.dialect.name == "sqlite"
    other = open_engine(f"sqlite:///{tmp_path / 'made.db'}" if sqlite else postgres_server.create(empty=True))
    SQLModel.metadata.create_all(other)
    assert shape(other) == migrated
    assert set(migrated) == {getattr(bridge.models, name).__tablename__ for name in bridge.models.__all__}
    other.dispose()


def test_up_down_and_up_again_leaves_the_same(engine):
    schema.upgrade(engine)
    first = shape(engine)
    schema.downgrade(engine, "base")
    assert shape(engine) == {}
    assert schema.current(engine) is None
    schema.upgrade(engine)
    assert shape(engine) == first
    schema.require_current(engine)


def test_each_single_step_goes_up_and_down(engine):
    scripts = list(ScriptDirectory(str(MIGRATIONS)).walk_revisions())
    for script in reversed(scripts):
        schema.upgrade(engine, script.revision)
        assert schema.current(engine) == script.revision
    for script in scripts:
        schema.downgrade(engine, script.down_revision or "base")
        assert schema.current(engine) == script.down_revision


def test_an_upgrade_that_is_not_needed_changes_nothing(engine):
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO heartbeat VALUES ('worker', '2026-01-01 00:00:00')"))
    schema.upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM heartbeat")).scalar_one() == 1


def test_history_is_one_line():
    scripts = list(ScriptDirectory(str(MIGRATIONS)).walk_revisions())
    assert [script for script in scripts if script.is_branch_point or script.is_merge_point] == []
    assert [script.down_revision for script in scripts] == [*(script.revision for script in scripts[1:]), None]
    assert schema.head() == scripts[0].revision
    assert len(scripts) == len(VERSIONS)


def test_files_are_sorted_by_time_as_their_history_is():
    history = [Path(script.path) for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
    assert history[::-1] == VERSIONS
    assert [path for path in VERSIONS if not path.name[:8].isdigit()] == []


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_knows_no_model(path):
    """Models go on changing; what a migration did must stay what it was."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported <= {"sqlalchemy", "alembic", "datetime", "json", "time"}


def test_a_database_without_tables_says_how_to_get_them(engine):
    with pytest.raises(
        DatabaseOutdatedError, match=r"at revision none, this version needs .*: run `bridge db upgrade`"
    ):
        schema.require_current(engine)


def test_a_database_of_a_newer_version_is_left_alone(engine):
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '20991231_future'"))
    for attempt in (schema.require_current, schema.upgrade, lambda it: schema.downgrade(it, "base")):
        with pytest.raises(
            DatabaseOutdatedError, match=r"20991231_future, which this version .* does not know: a newer"
        ):
            attempt(engine)
    assert schema.current(engine) == "20991231_future"


@ONLY_SQLITE
def test_a_failed_migration_leaves_nothing_half_made(database_url, monkeypatch):
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))  # so that it starts again, and finds its tables there
    before = shape(engine)
    with pytest.raises(UnavailableError, match="already exists"):
        schema.upgrade(engine)
    assert shape(engine) == before
    assert schema.current(engine) is None
    engine.dispose()


def test_many_threads_may_ask_at_once_whether_the_schema_is_the_wanted_one(engine):
    schema.upgrade(engine)
    schema._revisions.cache_clear()
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda _: schema.require_current(engine), range(32))) == [None] * 32
