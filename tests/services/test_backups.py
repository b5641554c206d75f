"""Backups of a running installation, and what comes back from them."""

import io
import json
import stat
import tarfile
import threading
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import inspect, text
from support.bridges import install
from support.databases import ONLY_SQLITE
from support.zips import joomla_module

from bridge.errors import ConflictError, RefusedError, UnavailableError
from bridge.services import backups
from bridge.storage import dumps, schema
from bridge.storage.engine import open_engine
from bridge.storage.files import FileStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def made(database_url, tmp_path):
    installed = install(database_url, tmp_path)
    installed.add_product("acme", "mod-weather", LICENSING_PLATFORM="joomla", LICENSING_REQUIRE_KEY="true")
    installed.publish("acme", "mod-weather", "1.0.0", {"mod_weather.zip": joomla_module("weather", "1.0.0")})
    yield installed
    installed.close()


def content(url):
    """Every row of every table, in an order of its own."""
    engine = open_engine(url)
    with engine.connect() as connection:
        tables = sorted(inspect(engine).get_table_names())
        # As text: Python has no time that is as far off as `infinity`.
        what = "*" if engine.dialect.name == "sqlite" else "CAST(it AS text)"
        rows = {
            each: sorted(map(repr, connection.execute(text(f'SELECT {what} FROM "{each}" AS it')))) for each in tables
        }
    engine.dispose()
    return rows


def backup(made, target, **more):
    settings = made.settings
    said = []
    manifest = backups.backup(
        settings.database.url, settings.store_dir, target, NOW, progress=said.append, **({"store": False} | more)
    )
    assert said[0] == "the database"
    return manifest


def restore(url, source, store_dir, **more):
    return backups.restore(url, store_dir, source, NOW, **({"over": False} | more))


@pytest.fixture
def empty(request, made, tmp_path):
    """The URL of an empty database, of the kind that the installation has."""
    if dumps.kind(made.settings.database.url) == "sqlite":
        yield f"sqlite:///{tmp_path / 'elsewhere' / 'bridge.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    url = server.create(empty=True)
    yield url
    server.drop(url)


def test_a_round_trip_brings_everything_back(made, empty, tmp_path):
    key = made.key(made.package("acme"))
    before = content(made.settings.database.url)
    manifest = backup(made, tmp_path / "friday.backup", store=True)
    assert (manifest.schema, manifest.store_files) == (schema.head(), 1)
    store_dir = tmp_path / "elsewhere" / "store"
    done = restore(empty, tmp_path / "friday.backup", store_dir)
    assert content(empty) == before
    assert (done.kept, done.store_files) == (None, 1)
    (file,) = made.settings.store_dir.glob("??/??/*")
    assert FileStore(store_dir).path(file.name).read_bytes() == file.read_bytes()
    assert any(key.code in row for row in before["key_code"])


def test_what_is_there_is_only_replaced_when_asked(made, tmp_path):
    url = made.settings.database.url
    kept, lost = made.key(made.package("acme")), None
    backup(made, tmp_path / "a.backup")
    before = content(url)
    lost = made.key(made.package("acme", "Later"))
    with pytest.raises(RefusedError, match="--over"):
        restore(url, tmp_path / "a.backup", made.settings.store_dir)
    assert any(lost.code in row for row in content(url)["key_code"])
    made.parts.engine.dispose()
    done = restore(url, tmp_path / "a.backup", made.settings.store_dir, over=True)
    assert content(url) == before
    assert any(kept.code in row for row in before["key_code"])
    if dumps.kind(url) == "sqlite":
        assert done.kept.name == "bridge.db.before-20260301-120000"
        assert any(lost.code in row for row in content(f"sqlite:///{done.kept}")["key_code"])


def altered(source, target, change):
    """The archive again, with its members changed."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            found = change(member.name, old.extractfile(member).read())
            if found is not None:
                member.name, data = found
                member.size = len(data)
                new.addfile(member, io.BytesIO(data))
    return target


def manifest_with(**changes):
    def change(name, data):
        return (name, json.dumps(json.loads(data) | changes).encode()) if name == "manifest.json" else (name, data)

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (manifest_with(format=2), "has the form 2"),
        (manifest_with(schema="20990101_9_future"), "newer version"),
        (manifest_with(database="oracle"), "backup of oracle"),
        (manifest_with(sha256="0" * 64), "damaged"),
        (manifest_with(more="?"), "no backup"),
        (lambda name, data: None if name == "manifest.json" else (name, data), "no backup"),
        (lambda name, data: None if name == "database" else (name, data), "no database"),
        (lambda name, data: (name, data[: len(data) // 2] if name == "database" else data), "damaged"),
    ],
)
@ONLY_SQLITE
def test_what_is_no_whole_backup_changes_nothing(made, empty, tmp_path, change, sentence):
    backup(made, tmp_path / "a.backup", store=True)
    bad = altered(tmp_path / "a.backup", tmp_path / "bad.backup", change)
    with pytest.raises(RefusedError, match=sentence):
        restore(empty, bad, tmp_path / "elsewhere" / "store")
    assert dumps.is_empty(empty)


@ONLY_SQLITE
@pytest.mark.parametrize("junk", [b"", b"PK\3\4 a zip", b"\0" * 4096])
def test_another_file_is_no_backup(made, empty, tmp_path, junk):
    (tmp_path / "junk").write_bytes(junk)
    with pytest.raises(RefusedError, match="no backup"):
        restore(empty, tmp_path / "junk", tmp_path / "store")


@ONLY_SQLITE
def test_files_come_back_under_what_they_are_whatever_the_archive_calls_them(made, empty, tmp_path):
    backup(made, tmp_path / "a.backup", store=True)

    def rename(name, data):
        return ("store/../../../evil", b"other bytes") if name.startswith("store/") else (name, data)

    store_dir = tmp_path / "deep" / "er" / "store"
    restore(empty, altered(tmp_path / "a.backup", tmp_path / "bad.backup", rename), store_dir)
    assert [file.read_bytes() for file in store_dir.glob("??/??/*")] == [b"other bytes"]
    assert not list(tmp_path.rglob("evil"))


def test_a_backup_is_of_one_moment_while_keys_are_sold(made, empty, tmp_path):
    package, stop, sold = made.package("acme"), threading.Event(), []

    def sell():
        while not stop.is_set():
            sold.append(made.key(package).code)

    sellers = [threading.Thread(target=sell) for _ in range(2)]
    for seller in sellers:
        seller.start()
    try:
        for number in range(3):
            before = list(sold)
            backup(made, tmp_path / f"{number}.backup")
        time.sleep(0.1)
    finally:
        stop.set()
        for seller in sellers:
            seller.join()
    restore(empty, tmp_path / "2.backup", tmp_path / "elsewhere" / "store")
    rows = content(empty)
    assert len(rows["license_key"]) == len(rows["key_code"]) > 0
    assert len(rows["audit"]) >= len(rows["license_key"])  # each with the row that tells of it
    assert [code for code in before if not any(code in row for row in rows["key_code"])] == []
    assert len(sold) > len(before)  # they went on selling meanwhile


def test_a_backup_is_for_its_owners_eyes_and_never_written_over(made, tmp_path):
    target = tmp_path / "a.backup"
    backup(made, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    before = target.read_bytes()
    with pytest.raises(ConflictError, match="exists already"):
        backup(made, target)
    assert target.read_bytes() == before
    assert not list(tmp_path.glob(".backup-*"))


def test_an_empty_or_missing_database_is_no_backup(tmp_path):
    with pytest.raises(UnavailableError, match="no database"):
        backups.backup(
            f"sqlite:///{tmp_path / 'none.db'}", tmp_path, tmp_path / "x", NOW, store=False, progress=lambda _: None
        )
    assert not (tmp_path / "x").exists()
