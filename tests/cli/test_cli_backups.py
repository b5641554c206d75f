"""``bridge backup`` and ``bridge restore``, and who may work on one SQLite file."""

import subprocess
import sys

import pytest

from bridge.cli import locks
from bridge.errors import ConflictError
from bridge.storage import usage


def test_a_backup_comes_back(shell, tmp_path):
    made = shell.installation
    key = made.key(made.package("acme"))
    said = shell.ok("backup", tmp_path / "a.backup", "--store").out
    assert "2 release files" in said
    with made.parts.open_session(read_only=True) as session:
        assert usage.last_beat(session, "backup") is not None
    shell.ok("key", "revoke", key.id)
    made.close()
    refused = shell.run("restore", tmp_path / "a.backup")
    assert (refused.code, "--over" in refused.err) == (4, True)
    assert "bridge db upgrade" in shell.ok("restore", tmp_path / "a.backup", "--over").out
    assert shell.ok("key", "show", key.id, "--json").json[0]["state"] == "active"


def test_a_second_backup_needs_another_name(shell, tmp_path):
    shell.ok("backup", tmp_path / "a.backup")
    refused = shell.run("backup", tmp_path / "a.backup")
    assert (refused.code, "name another file" in refused.err) == (4, True)


@pytest.fixture
def settings(shell):
    yield shell.installation.settings
    for lock in locks._held:
        lock.close()
    locks._held.clear()


def in_another_process(shell, function):
    code = (
        "import sys; from pathlib import Path; from bridge.settings import load; from bridge.cli import locks\n"
        f"try: locks.{function}(load(Path(sys.argv[1])))\n"
        "except Exception as error: print(type(error).__name__, error)\n"
        "else: print('taken')"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(shell.config)], capture_output=True, text=True, check=True)
    return ran.stdout


def test_a_second_serve_on_one_sqlite_file_is_refused(shell, settings):
    locks.be_the_only_server(settings)
    assert "ConflictError another `bridge serve` is running" in in_another_process(shell, "be_the_only_server")
    refused = shell.run("serve")
    assert (refused.code, "another `bridge serve` is running" in refused.err) == (4, True)


def test_the_same_file_by_another_name_is_the_same(shell, settings, tmp_path):
    locks.be_the_only_server(settings)
    (tmp_path / "alias.db").symlink_to(settings.database.url.removeprefix("sqlite:///"))
    shell.config.write_text(shell.config.read_text().replace("bridge.db", "alias.db"))
    assert "another `bridge serve`" in in_another_process(shell, "be_the_only_server")


def test_workers_share_the_file_and_keep_a_restore_away(shell, settings, tmp_path):
    shell.ok("backup", tmp_path / "a.backup")
    locks.use_database(settings)
    assert in_another_process(shell, "use_database") == "taken\n"
    refused = shell.run("restore", tmp_path / "a.backup", "--over")
    assert (refused.code, "stop `bridge serve` first" in refused.err) == (4, True)


def test_a_restore_keeps_workers_away_and_lets_go(shell, settings):
    with locks.nobody_serves(settings):
        assert "a restore is running" in in_another_process(shell, "use_database")
    assert in_another_process(shell, "use_database") == "taken\n"


def test_postgresql_is_made_for_many(settings):
    settings.database.url = "postgresql://bridge@localhost/bridge"
    locks.be_the_only_server(settings)
    with locks.nobody_serves(settings):
        locks.use_database(settings)
    assert locks._held == []


def test_a_restore_waits_for_nobody(settings):
    locks.use_database(settings)
    with pytest.raises(ConflictError), locks.nobody_serves(settings):
        pytest.fail("never")
