"""A second machine has the database, but not the files: it brings them in, and says so until they are there."""

import logging

import pytest
from support.bridges import Installation
from support.zips import joomla_module

from bridge.parts import Edge, Parts
from bridge.settings.schema import StoreSettings
from bridge.storage import stored_assets

FILE = "/acme/mod-weather/downloads/v1.0.0/mod_weather-1.0.0.zip"


@pytest.fixture
def machines(installation, tmp_path):
    """``(first, second)``: the same database and Gitea, a store each. The first has a release with its file."""
    made = installation
    made.add_product("acme", "mod-weather", LICENSING_PLATFORM="joomla", LICENSING_REQUIRE_KEY="false")
    made.publish("acme", "mod-weather", "1.0.0", {"mod_weather-1.0.0.zip": joomla_module("weather", "1.0.0")})
    settings = made.settings.model_copy(update={"store": StoreSettings(directory=tmp_path / "second")})
    second = Installation(made.world, made.gitea, Parts(settings, Edge(clock=made.clock)), made.clock, settings)
    yield made, second
    second.parts.close()


def only_file(made):
    with made.parts.open_session(read_only=True) as session:
        [stored] = stored_assets.bytes_on_offer(session)
    return stored


def test_a_machine_without_the_file_says_when_to_come_again_and_then_has_it(machines):
    first, second = machines
    wanted = first.client().get(FILE).data
    lost = second.client().get(FILE)
    assert (lost.status_code, lost.headers["Retry-After"]) == (503, "60")
    assert b"<version>1.0.0</version>" in second.client().get("/acme/mod-weather/updates.xml").data
    second.parts.worker.refill()
    answer = second.client().get(FILE)
    assert (answer.status_code, answer.data) == (200, wanted)


def test_a_worker_fills_its_own_store_before_anybody_asks_though_the_other_took_every_job(machines):
    first, second = machines
    first.parts.worker.run_once()
    second.parts.worker.run_once()
    assert second.parts.store.has(only_file(first).sha256)


def test_bytes_that_are_not_those_of_the_database_are_not_served(machines, caplog):
    first, second = machines
    stored = only_file(first)
    other = b"X" * stored.size
    for release in first.world.repo("acme", "mod-weather").releases.values():
        for asset in release.assets:
            asset.content = other
    assert second.parts.worker.refill() is False
    assert "other bytes" in caplog.text
    assert second.client().get(FILE).status_code == 503
    assert second.parts.store.digests(older_than=2**40) == set()
    assert first.client().get(FILE).status_code == 200


def test_what_can_t_be_brought_in_is_tried_again_after_a_while_and_not_at_once(machines, caplog):
    first, second = machines
    first.gitea.stop()
    for _ in range(2):
        second.parts.worker.refill()
    told = [each for each in caplog.records if each.levelno == logging.WARNING and "brought" in each.message]
    assert len(told) == 1
    first.clock.turn(minutes=6)
    second.parts.worker.refill()
    told = [each for each in caplog.records if each.levelno == logging.WARNING and "brought" in each.message]
    assert len(told) == 2


def test_what_another_machine_has_forgotten_goes_here_too_after_a_day(machines):
    first, second = machines
    second.parts.worker.refill()
    sha256 = only_file(first).sha256
    stray = second.parts.store.put([b"nobody's"], most_bytes=100)
    now = stray.path.stat().st_mtime
    for seconds, there in ((3600, True), (90_000, False)):
        second.parts.worker._refill.drop_strays(now + seconds)
        assert (second.parts.store.has(stray.sha256), second.parts.store.has(sha256)) == (there, True)
