"""Ailments of database, disk, store and worker."""

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta

from ailments import Ailment, use_copy_of_settings
from ailments_proxy import _database_away
from sqlalchemy import text

from bridge.models import Outbox, PaymentAccount, Refresh
from bridge.parts import utc_now
from bridge.services.doctor import storage
from bridge.services.figures import HEARTBEAT
from bridge.storage import catalog, refreshes, usage
from bridge.storage.dumps import sqlite_file


def _no_database(clinic, _patch):
    sqlite_file(clinic.made.settings.database.url).unlink()


def _older_schema(clinic, _patch):
    with clinic.made.parts.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '20261123_1'"))


def _wants_more(clinic, patch):
    patch.setattr(storage, "OLDEST", {"sqlite": (99,), "postgresql": (99,)})


def _no_trigrams(clinic, _patch):
    with clinic.made.parts.engine.begin() as connection:
        connection.execute(text("DROP EXTENSION pg_trgm CASCADE"))


def _damaged(clinic, _patch):
    """Every page of an index is overwritten, as a failing disk does; the schema itself stays readable."""
    for parts in (clinic.made.parts, clinic.web_parts):
        parts.engine.dispose()
        parts.lookups.close()
    database = sqlite_file(clinic.made.settings.database.url)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_audit_subject_id'").fetchone()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x55" * size)


def _sells(clinic, _patch):
    with clinic.made.parts.open_session() as session:
        acme = catalog.owner_by_name(session, "acme")
        usual = {"provider": "stripe", "mode": "live", "source": "stripe", "endpoint": "e", "created_at": utc_now()}
        session.add(PaymentAccount(owner_id=acme.id, **usual))


def _no_mail_server(clinic, _patch):
    settings = use_copy_of_settings(clinic)
    settings.mail.host, settings.mail.port = "127.0.0.1", 9  # nobody listens there


def _given_up(clinic, _patch):
    with clinic.made.parts.open_session() as session:
        acme = catalog.owner_by_name(session, "acme")
        usual = {"kind": "keys", "status": "dead", "last_error": "it was refused", "created_at": utc_now()}
        session.add(Outbox(dedupe_key="one", owner_id=acme.id, **usual))


def _room(free):
    def breaks(_clinic, patch):
        patch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100_000_000_000, 0, free))

    return breaks


def _files(clinic):
    return [path for path in (clinic.made.settings.store_dir).rglob("*") if path.is_file()]


def _lost(clinic, _patch):
    for path in _files(clinic):
        path.unlink()


def _cut(clinic, _patch):
    for path in _files(clinic):
        path.write_bytes(path.read_bytes()[:-1])


def _turned(clinic, _patch):
    for path in _files(clinic):
        path.write_bytes(b"X" + path.read_bytes()[1:])


def _many_lost(clinic, _patch):
    for minor in range(1, 7):
        clinic.publish(f"1.{minor}.0")
    _lost(clinic, None)


def _beat(at):
    def breaks(clinic, _patch):
        with clinic.made.parts.open_session() as session:
            usage.forget_beats(session, HEARTBEAT)
            if at is not None:
                usage.beat(session, HEARTBEAT, utc_now() + at)

    return breaks


def _behind(clinic, _patch):
    with clinic.made.parts.open_session() as session:
        refreshes.enqueue(session, 1, "acme/mod-weather", "test", utc_now() - timedelta(minutes=10))


def _failing(clinic, _patch):
    with clinic.made.parts.open_session() as session:
        due = utc_now() + timedelta(minutes=1)
        session.add(Refresh(repo_id=77, full_name="acme/lost", reason="", due_at=due, attempts=4, last_error="500"))


DEEP = {"deep": True}
AILMENTS = (
    Ailment("database.schema", "absent", "bridge db upgrade", _no_database),
    Ailment("database.schema", "away", "database.url", _database_away),
    Ailment("database.schema", "outdated", "bridge db upgrade", _older_schema),
    Ailment("database.program", "old", "Upgrade to SQLite 99", _wants_more),
    Ailment("database.program", "no_trigrams", "CREATE EXTENSION", _no_trigrams, database="postgresql"),
    Ailment("database.integrity", "damaged", "bridge restore", _damaged),
    Ailment("disk.free", "nearly_full", "Make room", _room(900_000_000)),
    Ailment("disk.free", "full", "Make room at once", _room(100_000_000)),
    Ailment("store.files", "missing", "bridge repo refresh acme/mod-weather", _lost),
    Ailment("store.files", "wrong_size", "Remove /", _cut),
    Ailment("store.files", "wrong_bytes", "Remove /", _turned, DEEP),
    Ailment("store.files", "more", "--owner", _many_lost),
    Ailment("worker.alive", "never", "Start `bridge serve`", _beat(None)),
    Ailment("worker.alive", "late", "log", _beat(-timedelta(minutes=5))),
    Ailment("worker.queue", "behind", "max_requests_per_second", _behind),
    Ailment("worker.queue", "failing", "bridge repo refresh acme/lost", _failing),
    Ailment("mail.server", "off_though_sold", "bridge mail test", _sells),
    Ailment("mail.server", "refuses", "Mend what the reason names", _no_mail_server),
    Ailment("mail.queue", "given_up", "bridge mail retry", _given_up),
)
