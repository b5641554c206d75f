"""Files of releases: fetched once, whole or not at all, within everybody's limits, and what is said where that fails."""

import errno
import hashlib
import os
import shutil

import pytest
from support.bridges import install
from support.catalog_worlds import Story, counted
from support.databases import ONLY_SQLITE
from support.zips import joomla_module

from bridge.storage import files

pytestmark = ONLY_SQLITE
PATH = ("acme", "mod-weather")


@pytest.fixture
def story(installation):
    return Story(installation)


@pytest.fixture
def limited(database_url, tmp_path):
    """Makes a bridge with limits."""
    made = []

    def make(**limits):
        made.append(install(database_url, tmp_path, limits=limits))
        return Story(made[0])

    yield make
    for each in made:
        each.close()


def published(story, content, name="mod.zip", tag="v1.2.0"):
    story.world.publish_release(*PATH, tag, files={name: content})
    story.made.refresh(*PATH)
    return story.assets()[name]


def problem(story, repo_id):
    return story.report(repo_id)["held"][0]["reason"]


def stored(story):
    root = story.made.settings.store_dir
    return sorted(path for path in root.rglob("*") if path.is_file())


def weather(version="1.2.0", **options):
    return joomla_module("weather", version, **options)


def test_a_file_is_fetched_once_however_often_the_repo_is_read(story):
    story.product()
    published(story, weather())
    with counted(story.made) as seen:
        for _ in range(3):
            story.made.refresh(*PATH)
    ranges = [path for _, path in seen if path.startswith("/attachments/")]
    assert len(ranges) == 3  # each look asks for the first byte, as a stranger
    release = story.world.found_release(*PATH, "v1.2.0")[1]
    assert release.assets[0].downloads == 1


def test_the_digests_in_the_feed_are_those_of_the_bytes_in_gitea(story):
    story.product()
    content = weather()
    asset = published(story, content)
    assert asset.sha256 == hashlib.sha256(content).hexdigest()
    assert asset.sha384 == hashlib.sha384(content).hexdigest()
    assert asset.sha512 == hashlib.sha512(content).hexdigest()
    assert [path.name for path in stored(story)] == [asset.sha256]


def test_only_zips_are_fetched(story):
    story.product()
    story.world.publish_release(*PATH, "v1.2.0", files={"mod.zip": weather(), "manual.pdf": b"%PDF", "sum.txt": b"x"})
    story.made.refresh(*PATH)
    assert len(stored(story)) == 1
    assert story.versions() == ["1.2.0"]


def test_an_empty_file_is_held_back_with_a_reason_and_breaks_nothing(story):
    repo_id = story.product()
    published(story, b"")
    assert problem(story, repo_id).startswith("mod.zip: ")
    story.world.publish_release(*PATH, "v1.3.0", files={"mod.zip": weather("1.3.0")})
    story.made.refresh(*PATH)
    assert story.versions() == ["1.3.0"]


def test_a_file_over_the_limit_is_not_even_asked_for(limited):
    story = limited(asset_bytes=100)
    repo_id = story.product()
    published(story, weather())
    assert "more than limits.asset_bytes (100) allows" in problem(story, repo_id)
    assert story.world.found_release(*PATH, "v1.2.0")[1].assets[0].downloads == 0
    assert stored(story) == []


def test_an_owners_share_of_the_store_limits_that_owner_alone(limited):
    one = weather(files={"data.bin": os.urandom(5000)})
    story = limited(store_bytes_per_owner=len(one) + 100)
    repo_id, other = story.product(), story.product("beta/mod-snow")
    published(story, one)
    second = weather("1.3.0", files={"data.bin": os.urandom(5000)})
    story.world.publish_release(*PATH, "v1.3.0", files={"mod.zip": second})
    story.world.publish_release("beta", "mod-snow", "v1.3.0", files={"mod.zip": second})
    story.made.refresh(*PATH)
    story.made.refresh("beta", "mod-snow")
    assert "the owner's share of the store" in problem(story, repo_id)
    assert story.versions() == ["1.2.0"]
    assert story.report(other)["newest"] == "1.3.0"


def test_bytes_of_a_replaced_file_are_given_back_after_a_month(story):
    story.product()
    old = published(story, weather())
    release = story.world.found_release(*PATH, "v1.2.0")[1]
    story.world.delete_asset(release, release.assets[0].id)
    story.world.upload(release, "mod.zip", weather(files={"new.txt": "new"}))
    story.made.refresh(*PATH)
    new = story.assets()["mod.zip"]
    story.clock.turn(days=29)
    story.made.parts.worker.tidy()
    assert {path.name for path in stored(story)} == {old.sha256, new.sha256}
    story.clock.turn(days=2)
    story.made.parts.worker.tidy()
    assert {path.name for path in stored(story)} == {new.sha256}
    assert story.download("1.2.0", story.made.key(story.made.package("acme")).code).status_code in {200, 404}
    assert story.versions() == ["1.2.0"]


def test_bytes_of_a_withdrawn_release_go_after_a_month_and_come_back_with_it(story):
    story.product()
    old = published(story, weather("1.1.0"), name="mod_weather-1.1.0.zip", tag="v1.1.0")
    file = published(story, weather(), name="mod_weather-1.2.0.zip")
    code = story.made.key(story.made.package("acme")).code
    story.world.unpublish(*PATH, "v1.2.0")
    story.made.refresh(*PATH)
    story.clock.turn(days=29)
    story.made.parts.worker.tidy()
    assert {path.name for path in stored(story)} == {old.sha256, file.sha256}
    story.clock.turn(days=2)
    story.made.parts.worker.tidy()
    assert {path.name for path in stored(story)} == {old.sha256}
    assert story.download("1.2.0", code).status_code == 410
    release = story.world.found_release(*PATH, "v1.2.0")[1]
    story.world.edit_release(story.world.repo(*PATH), release, story.world.account("acme-boss"), draft=False)
    story.made.refresh(*PATH)
    assert {path.name for path in stored(story)} == {old.sha256, file.sha256}
    assert story.download("1.2.0", code).status_code == 200


def test_bytes_that_another_file_still_has_are_kept(story):
    story.product()
    published(story, weather())
    story.world.add_repo(*("acme", "mod-twin"))
    story.world.set_variable("acme", "LICENSING_PLATFORM", "joomla", repo="mod-twin")
    story.world.publish_release("acme", "mod-twin", "v1.2.0", files={"twin.zip": weather()})
    story.made.refresh("acme", "mod-twin")
    release = story.world.found_release(*PATH, "v1.2.0")[1]
    story.world.delete_asset(release, release.assets[0].id)
    story.made.refresh(*PATH)
    story.clock.turn(days=31)
    story.made.parts.worker.tidy()
    assert [path.name for path in stored(story)] == [story.assets()["twin.zip"].sha256]


def test_a_cut_off_download_leaves_nothing_and_is_tried_again_soon(story):
    repo_id = story.product()
    story.world.faults.inject("truncate", path="/attachments/", times=1)
    published(story, weather(files={"data.bin": os.urandom(200_000)}))
    assert "Gitea did not hand it out" in problem(story, repo_id)
    assert stored(story) == []
    story.pass_time(seconds=20)  # without any hook: the file's own next attempt is due
    assert story.versions() == ["1.2.0"]
    assert story.assets()["mod.zip"].attempts == 0


def test_attempts_for_a_file_that_is_never_handed_out_become_rare(story):
    story.product()
    story.world.faults.inject("html", path="/attachments/")
    asset = published(story, weather())
    waits = []
    for _ in range(7):
        waits.append((asset.retry_at - story.clock()).total_seconds())
        story.clock.now = asset.retry_at
        story.made.refresh(*PATH)
        asset = story.assets()["mod.zip"]
    assert waits == [15, 60, 300, 900, 3600, 3600, 3600]


@pytest.mark.parametrize(
    ("code", "says"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "store is out of order (Permission denied)")],
)
def test_trouble_with_the_disk_is_told_and_heals_by_itself(story, monkeypatch, code, says):
    repo_id = story.product()
    with monkeypatch.context() as trouble:

        def fails(_descriptor):
            raise OSError(code, os.strerror(code))

        trouble.setattr(files.os, "fsync", fails)
        published(story, weather())
    assert says in problem(story, repo_id)
    assert stored(story) == []
    story.pass_time(seconds=20)
    assert story.versions() == ["1.2.0"]


def test_a_file_lost_from_the_store_is_fetched_again_when_somebody_wants_it(story):
    story.product()
    asset = published(story, weather(), name="mod_weather-1.2.0.zip")
    code = story.made.key(story.made.package("acme")).code
    story.made.parts.store.remove(asset.sha256)
    assert story.download("1.2.0", code).status_code == 503
    story.work()
    assert story.download("1.2.0", code).status_code == 200


def test_a_file_that_the_store_lost_is_fetched_again_and_stays_on_offer_meanwhile(installation):
    installation.add_product("acme", "mod-weather", LICENSING_PLATFORM="joomla", LICENSING_REQUIRE_KEY="false")
    installation.publish("acme", "mod-weather", "1.0.0", {"mod_weather-1.0.0.zip": joomla_module("weather", "1.0.0")})
    client, file = installation.client(), "/acme/mod-weather/downloads/v1.0.0/mod_weather-1.0.0.zip"
    wanted = client.get(file).data
    shutil.rmtree(installation.settings.store_dir)
    assert client.get(file).status_code == 503
    assert b"<version>1.0.0</version>" in client.get("/acme/mod-weather/updates.xml").data
    installation.parts.worker.run_once()
    assert client.get(file).data == wanted
