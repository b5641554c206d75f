"""Upgrades while the old version still runs: a migration adds (expand); what goes, goes a release later (contract).

Several machines are not upgraded at the same moment, so for a while the former version works on the new schema. What it
reads must still be there, and what it writes must still be accepted.
"""

import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, MetaData, inspect, select, text
from support.databases import ONLY_SQLITE

from bridge.storage import schema
from bridge.storage.engine import open_engine
from bridge.storage.search_index import is_ours

# The schema of the first release. What was made before it was never run by anybody else.
BASE = "20261123_8_customers"
# Migrations that take something away, each with what and since when no supported version uses it any more.
CONTRACTS: dict[str, str] = {}
_SCRIPTS = {each.revision: each for each in ScriptDirectory(str(schema._MIGRATIONS)).walk_revisions()}


def steps():
    """Each revision after the base, with the one before it."""
    found, revision = [], schema.head()
    while revision != BASE:
        found.append((_SCRIPTS[revision].down_revision, revision))
        revision = _SCRIPTS[revision].down_revision
    return found[::-1]


@dataclass
class Shape:
    """What a version that was written for this schema relies on."""

    columns: dict[str, dict[str, dict]] = field(default_factory=dict)
    primary: dict[str, list[str]] = field(default_factory=dict)
    uniques: dict[str, dict[str, tuple]] = field(default_factory=dict)
    checks: dict[str, dict[str, str]] = field(default_factory=dict)
    foreign: dict[str, set[tuple]] = field(default_factory=dict)


def shape(engine):
    inspector, found = inspect(engine), Shape()
    for table in inspector.get_table_names():
        if is_ours(table) or table == "alembic_version":
            continue
        found.columns[table] = {each["name"]: each for each in inspector.get_columns(table)}
        found.primary[table] = inspector.get_pk_constraint(table)["constrained_columns"]
        indexes = {
            each["name"]: (tuple(each["column_names"]), _condition(each))
            for each in inspector.get_indexes(table)
            if each["unique"]
        }
        constraints = {
            each["name"]: (tuple(each["column_names"]), "") for each in inspector.get_unique_constraints(table)
        }
        found.uniques[table] = indexes | constraints
        found.checks[table] = {each["name"]: each["sqltext"] for each in inspector.get_check_constraints(table)}
        found.foreign[table] = {
            (tuple(each["constrained_columns"]), each["referred_table"]) for each in inspector.get_foreign_keys(table)
        }
    return found


def _condition(index):
    return str({name: str(value) for name, value in index.get("dialect_options", {}).items() if "where" in name})


def _accepts_all_of(check, former):
    """Whether a check lets pass what a former one did: it is the same, or lists further words."""
    if former is None:
        return False
    word = r"'([^']*)'(::[a-z ]+)*(, )?"
    same = re.sub(word, "", check) == re.sub(word, "", former)
    return same and {each[0] for each in re.findall(word, former)} <= {each[0] for each in re.findall(word, check)}


def breaches(old, new):
    """What the version that was written for ``old`` would stumble over on ``new``, in sentences."""
    found = [f"{table} is gone" for table in old.columns.keys() - new.columns.keys()]
    for table in old.columns.keys() & new.columns.keys():
        found += _columns(table, old.columns[table], new.columns[table])
        found += _constraints(table, old, new)
    return found


def _columns(table, before, now):
    for name, column in before.items():
        if name not in now:
            yield f"{table}.{name} is gone"
            continue
        if str(now[name]["type"]) != str(column["type"]):
            yield f"{table}.{name} was {column['type']} and is {now[name]['type']}"
        if column["nullable"] and not now[name]["nullable"]:
            yield f"{table}.{name} no longer takes NULL"
    for name in now.keys() - before.keys():
        filled = now[name]["nullable"] or now[name]["default"] is not None or now[name].get("computed")
        if not filled:
            yield f"{table}.{name} is new and wants a value that the former version does not give"


def _constraints(table, old, new):
    if old.primary[table] != new.primary[table]:
        yield f"{table} has another primary key"
    for name, unique in new.uniques[table].items():
        if unique != old.uniques[table].get(name):
            yield f"{table}: the unique {name} is new or another"
    for name, check in new.checks[table].items():
        if not _accepts_all_of(check, old.checks[table].get(name)):
            yield f"{table}: the check {name} is new or stricter"
    for reference in new.foreign[table] - old.foreign[table]:
        yield f"{table}: the reference {reference} is new"
    # ON CONFLICT names the columns of a constraint; without it the statement fails.
    for unique in set(old.uniques[table].values()) - set(new.uniques[table].values()):
        yield f"{table}: the unique {unique} is gone, which ON CONFLICT may name"


@pytest.fixture
def engine(bare_database_url):
    made = open_engine(bare_database_url)
    yield made
    made.dispose()


def former_tables(engine):
    """The tables as the version of this schema knows them, columns that the database computes left out."""
    known = MetaData()
    known.reflect(engine, only=lambda name, _: not is_ours(name) and name != "alembic_version")
    return known


def write_and_read(engine, known):
    """What any version does: insert, change and read every table, naming the columns that it knows and no others."""
    with engine.connect() as connection:
        transaction = connection.begin()
        for table in known.sorted_tables:
            values = _row(table)
            connection.execute(table.insert().values(values))
            where = [table.c[each.name] == values[each.name] for each in table.primary_key.columns]
            connection.execute(table.update().where(*where).values(values))
            assert len(connection.execute(select(*_written(table)).where(*where)).all()) == 1, table.name
        transaction.rollback()


def _written(table):
    return [each for each in table.columns if each.computed is None]


# A row that each check accepts: what a column holds where one of its kind would be refused.
_WORDS = {
    "kind": "org",
    "term_kind": "lifetime",
    "after_expiry": "nothing",
    "local_sites": "free",
    "unstated_domain": "accept",
}
_BY_TABLE = {
    "site": {"kind": "production", "freed_at": None},
    "refund": {"kind": "refund"},
    "usage_day": {"kind": "feed"},
    "package": {"is_master": False, "term_days": None},
    "license_key": {"is_master": False, "edit_kind": None},
    "machine_token": {"revoked_at": None},
    "asset": {"fetched_at": None, "sha256": None},
    "purchase_sale": {"paid": False},
    "purchase": {"status": "paid"},
    "payment_account": {"provider": "stripe", "mode": "live", "status": "active"},
    "outbox": {"status": "new"},
    "payment_event": {"source": "webhook", "status": "new"},
    "price_map": {"match_type": "price", "quantity_mode": ""},
}


def _row(table):
    kinds = {bool: True, int: 1, str: "x", datetime: datetime(2026, 1, 1, tzinfo=UTC), date: date(2026, 1, 1)}
    row = {}
    words = _WORDS | _BY_TABLE.get(table.name, {})
    for column in _written(table):
        if column.name in words:
            row[column.name] = words[column.name]
        elif isinstance(column.type, JSON):
            row[column.name] = []
        else:
            row[column.name] = kinds[column.type.python_type]
    return row


def test_what_the_former_version_reads_and_writes_still_works(engine):
    """Really done, on both databases: the statements of the former version on the schema of the present one."""
    schema.upgrade(engine, BASE)
    known = former_tables(engine)
    write_and_read(engine, known)
    for _, revision in steps():
        schema.upgrade(engine, revision)
        if revision not in CONTRACTS:
            write_and_read(engine, known)
        known = former_tables(engine)
    schema.upgrade(engine)
    write_and_read(engine, former_tables(engine))


def test_each_migration_only_adds(engine):
    schema.upgrade(engine, BASE)
    before = shape(engine)
    for _, revision in steps():
        schema.upgrade(engine, revision)
        after = shape(engine)
        if revision not in CONTRACTS:
            assert breaches(before, after) == [], revision
        before = after


def test_the_list_of_contracts_names_migrations_that_exist():
    assert CONTRACTS.keys() <= _SCRIPTS.keys()
    assert BASE in _SCRIPTS


@pytest.mark.parametrize(
    ("statements", "sentence"),
    [
        (["ALTER TABLE license_key DROP COLUMN revoke_reason"], "license_key.revoke_reason is gone"),
        (["ALTER TABLE heartbeat RENAME TO pulse"], "heartbeat is gone"),
        (["ALTER TABLE site RENAME COLUMN host TO domain"], "site.host is gone"),
        (["DROP INDEX uq_site_live_host"], "the unique (('key_id', 'host')"),
        (["CREATE UNIQUE INDEX uq_new ON customer (owner_id, name)"], "the unique uq_new is new"),
        (
            [
                "ALTER TABLE heartbeat RENAME TO old",
                "CREATE TABLE heartbeat (name VARCHAR PRIMARY KEY, beat_at TIMESTAMP NOT NULL, host VARCHAR NOT NULL)",
            ],
            "heartbeat.host is new and wants a value",
        ),
        (
            [
                "ALTER TABLE heartbeat RENAME TO old",
                "CREATE TABLE heartbeat (name VARCHAR PRIMARY KEY, beat_at TIMESTAMP NOT NULL CHECK (name <> ''))",
            ],
            "the check",
        ),
    ],
)
@ONLY_SQLITE
def test_whoever_takes_away_or_demands_is_caught(database_url, statements, sentence):
    """The check above, held against migrations that would break the former version."""
    engine = open_engine(database_url)
    before = shape(engine)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    assert sentence in " / ".join(breaches(before, shape(engine)))
    engine.dispose()


@ONLY_SQLITE
def test_a_list_of_words_may_grow_and_not_shrink(database_url):
    engine = open_engine(database_url)
    before, more, fewer = shape(engine), shape(engine), shape(engine)
    kinds = before.checks["usage_day"]["ck_usage_day_kind"]
    more.checks["usage_day"]["ck_usage_day_kind"] = kinds.replace("'feed'", "'feed', 'news'")
    fewer.checks["usage_day"]["ck_usage_day_kind"] = kinds.replace("'feed', ", "")
    assert breaches(before, more) == []
    assert breaches(before, fewer) == ["usage_day: the check ck_usage_day_kind is new or stricter"]
    engine.dispose()


@ONLY_SQLITE
def test_a_column_that_demands_a_value_fails_the_former_versions_insert(database_url):
    engine = open_engine(database_url)
    known = former_tables(engine)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE heartbeat"))
        connection.execute(text("CREATE TABLE heartbeat (name VARCHAR PRIMARY KEY, beat_at TEXT, host TEXT NOT NULL)"))
    with pytest.raises(Exception, match=r"NOT NULL constraint failed: heartbeat\.host"):
        write_and_read(engine, known)
    engine.dispose()


@pytest.mark.parametrize("bare_database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_indexes_and_a_former_version_at_work_never_wait_for_each_other(bare_database_url):
    """Whoever reads an event writes a mail first and the event last; the indexes are of both tables."""
    engine = open_engine(bare_database_url)
    schema.upgrade(engine, "20261126_4_mail")
    upgrade = threading.Thread(target=schema.upgrade, args=(engine, "20261126_6_tidy"))
    with engine.connect() as former, former.begin():
        former.execute(text("UPDATE outbox SET status = status"))
        upgrade.start()
        upgrade.join(1.0)
        assert upgrade.is_alive(), "it waits for the one who writes"
        former.execute(text("UPDATE payment_event SET status = status"))
    upgrade.join()
    assert schema.current(engine) == "20261126_6_tidy"
    engine.dispose()
