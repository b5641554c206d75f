"""The disk is full: what is there is served, what can't be kept is not called kept, and room mends it."""

import contextlib
import ctypes
import os
import random
import shutil
import sqlite3

import pytest
from sqlalchemy import event
from sqlmodel import select
from support.bridges import install
from support.catalog_worlds import Story
from support.crowds import OWNER, content_of
from support.databases import ONLY_SQLITE
from support.zips import joomla_module

from bridge.models import UsageDay
from bridge.storage import tallies

CLOSED = {"LICENSING_PLATFORM": "joomla", "LICENSING_REQUIRE_KEY": "true"}
_KILOBYTES = 1024


@pytest.fixture
def small_disk(tmp_path):
    """A file system of four megabytes. Skipped where this user may not mount one."""
    place = tmp_path / "small"
    place.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", str(place).encode(), b"tmpfs", 0, b"size=4m,mode=0700") != 0:
        pytest.skip(f"a file system can't be mounted here: {os.strerror(ctypes.get_errno())}")
    yield place
    while libc.umount2(str(place).encode(), 2) == 0:  # lazily: a file may be open still
        continue


def filled(place):
    """Use up all the room that is left; returns the file that does it."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4 * _KILOBYTES))
    return ballast


def big(version, kilobytes):
    noise = random.Random(version).randbytes(kilobytes * _KILOBYTES)
    return {f"mod_weather-{version}.zip": joomla_module("weather", version, files={"noise": noise})}


def test_a_full_disk_of_files_holds_a_release_back_and_room_brings_it(database_url, small_disk, figure):
    made = install(database_url, small_disk)
    story = Story(made)
    repo_id = story.product(**CLOSED)
    made.publish(OWNER, "mod-weather", "1.2.0", big("1.2.0", 200))
    key = made.key(made.package(OWNER))
    ballast = filled(small_disk)
    story.world.publish_release(OWNER, "mod-weather", "v1.3.0", files=big("1.3.0", 200))
    story.hook()
    story.work()
    assert story.versions(query=f"?dlid={key.code}") == ["1.2.0"]
    assert story.download("1.2.0", key.code).status_code == 200
    assert "disk is full" in str(story.report(repo_id)["held"])
    left = [file for file in made.settings.store_dir.rglob("*") if file.is_file()]
    figure("files in the store of a full disk", len(left))
    assert len(left) == 1
    ballast.unlink()
    story.pass_time(seconds=900)
    assert story.versions(query=f"?dlid={key.code}") == ["1.3.0", "1.2.0"]
    assert story.download("1.3.0", key.code).status_code == 200
    made.close()


@ONLY_SQLITE
@pytest.mark.parametrize("how", ["disk", "pages"])
def test_a_full_disk_under_the_database_lets_known_sites_pass_and_nothing_be_half_written(
    database_url, tmp_path, how, request, figure
):
    """``disk``: really full. ``pages``: the database may not grow, which needs no right to mount anything."""
    directory = request.getfixturevalue("small_disk") if how == "disk" else tmp_path
    made, room = small_database(database_url, directory, how)
    story = Story(made)
    story.product(**CLOSED)
    made.publish(OWNER, "mod-weather", "1.2.0", big("1.2.0", 20))
    package = made.package(OWNER)
    key = made.key(package)
    assert story.download("1.2.0", key.code).status_code == 200
    made.parts.usage.flush()
    token = {"Authorization": f"token {made.settings.gitea.token.get_secret_value()}"}
    keys, statuses = f"/api/v1/orgs/{OWNER}/license-keys", []
    with room():
        for _ in range(400):
            wanted = {"package_id": package, "note": "x" * 2000, "quantity": 5}
            answer = story.client.post(keys, json=wanted, headers=token)
            statuses.append(answer.status_code)
            if answer.status_code != 201:
                break
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        before = content_of(made)
        assert len(before["keys"]) == 5 * statuses.count(201) + 2  # whole calls, the master key and the first one
        assert story.versions(query=f"?dlid={key.code}") == ["1.2.0"]
        assert story.download("1.2.0", key.code).status_code == 200
        made.parts.usage.flush()
    made.parts.usage.flush()
    figure("calls until full, then 503", statuses.count(201))
    assert story.client.post(keys, json={"package_id": package}, headers=token).status_code == 201
    with made.parts.open_session(read_only=True) as session:
        counts = select(UsageDay.count).where(UsageDay.kind == "download", UsageDay.repo_id != tallies.NO_REPO)
        downloads = session.exec(counts).all()
    assert sum(downloads) == 2  # the one of the full disk was kept in memory
    with sqlite3.connect(made.settings.database.url.removeprefix("sqlite:///")) as wire:
        assert wire.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    wire.close()
    made.close()


def small_database(database_url, directory, how):
    """An installation on SQLite, and the time during which it has no room to grow much."""
    if how == "pages":
        made = install(database_url, directory)
        limit = {"pages": 0}
        event.listen(
            made.parts.engine,
            "checkout",
            lambda wire, _record, _proxy: wire.execute(f"PRAGMA max_page_count = {limit['pages'] or 10**9}"),
        )

        @contextlib.contextmanager
        def no_room():
            with sqlite3.connect(database_url.removeprefix("sqlite:///")) as wire:
                limit["pages"] = wire.execute("PRAGMA page_count").fetchone()[0] + 20
            wire.close()
            yield
            limit["pages"] = 0

        return made, no_room
    file = directory / "bridge.db"
    shutil.copy(database_url.removeprefix("sqlite:///"), file)
    made = install(f"sqlite:///{file}", directory)

    @contextlib.contextmanager
    def full():
        ballast = filled(directory)
        yield
        ballast.unlink()

    return made, full
