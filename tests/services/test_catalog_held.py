"""Why a release is held back: each reason with the sentence that its publisher reads, and what to do then helps."""

import pytest
from support.catalog_worlds import Story
from support.databases import ONLY_SQLITE
from support.zips import dolibarr_module, joomla_module, joomla_package, make_zip

from bridge.models import Asset

pytestmark = ONLY_SQLITE
PATH = ("acme", "mod-weather")


@pytest.fixture
def story(installation):
    return Story(installation)


def held(story, repo_id):
    """The one reason: (code, sentence)."""
    report = story.report(repo_id)
    (reason,) = report["held"]
    assert report["held_back"] == 1
    return reason["code"], reason["reason"]


def publish(story, tag="v1.2.0", **files):
    found = {name.replace("__", "."): content for name, content in files.items()}
    story.world.publish_release(*PATH, tag, files=found)
    story.made.refresh(*PATH)


def weather(version="1.2.0", **options):
    return joomla_module("weather", version, **options)


def test_no_zip(story):
    repo_id = story.product()
    publish(story, readme__txt=b"hello")
    code, reason = held(story, repo_id)
    assert (code, reason) == ("no_zip", "there is no ZIP for this release yet; upload it to the release in Gitea")


def test_being_read(story):
    repo_id = story.product()
    publish(story, mod__zip=weather())
    with story.made.parts.open_session() as session:  # as it is between the look and the end of the download
        asset = session.get_one(Asset, story.assets()["mod.zip"].uuid)
        asset.fetched_at = asset.sha256 = None
        asset.sha384 = asset.sha512 = None
    code, reason = held(story, repo_id)
    assert (code, reason) == ("being_read", "the files are being read; look again in a minute")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "mod.zip: "),
        (b"<html>Not a ZIP</html>", "mod.zip: "),
        (make_zip({"README.md": "nothing to install"}), "mod.zip: "),
        (dolibarr_module(), "no ZIP holds an extension for joomla; upload one that does"),
    ],
    ids=["empty", "page", "no extension", "other platform"],
)
def test_unfit(story, content, says):
    repo_id = story.product()
    publish(story, mod__zip=content)
    code, reason = held(story, repo_id)
    assert code == "unfit"
    assert reason.startswith(says)
    assert len(reason) > len("mod.zip: ")
    assert not reason.endswith(".")  # whoever prints it ends the sentence


def test_several_zips(story):
    repo_id = story.product()
    publish(story, one__zip=weather(), two__zip=weather())
    code, reason = held(story, repo_id)
    assert code == "several_zips"
    assert "(one.zip, two.zip)" in reason
    assert "set asset.joomla in LICENSING_FEED" in reason
    story.world.set_variable("acme", "LICENSING_FEED", '[asset]\njoomla = "one*"\n', repo=PATH[1])
    story.made.refresh(*PATH)
    assert story.versions() == ["1.2.0"]


def test_no_version(story):
    repo_id = story.product()
    publish(story, mod__zip=weather(""))
    code, reason = held(story, repo_id)
    assert code in {"no_version", "unfit"}
    assert "version" in reason


@pytest.mark.rule(54)
def test_no_version_of_a_dolibarr_module_whose_tag_has_none_either(story):
    repo_id = story.product(LICENSING_PLATFORM="dolibarr")
    publish(story, "summer", module__zip=dolibarr_module(version_php="SOME_CONSTANT"))
    code, reason = held(story, repo_id)
    assert code == "no_version"
    assert reason == "module.zip states no version; write one into its manifest"


@pytest.mark.rule(19)
def test_bad_version(story):
    repo_id = story.product()
    publish(story, "v1.2.0-final", mod__zip=weather("1.2.0-final"))
    code, reason = held(story, repo_id)
    assert code == "bad_version"
    assert "1.2.0-rc1" in reason  # an example of how to write it


@pytest.mark.rule(19)
def test_version_mismatch(story):
    repo_id = story.product()
    publish(story, mod__zip=weather("1.1.0"))
    code, reason = held(story, repo_id)
    assert code == "version_mismatch"
    assert "the tag says 1.2.0 but the manifest in mod.zip says 1.1.0" in reason
    assert "build the ZIP again or move the tag" in reason


@pytest.mark.rule(21)
def test_no_stream(story):
    repo_id = story.product(LICENSING_STREAMS="stable")
    publish(story, "v1.2.0-beta1", mod__zip=weather("1.2.0-beta1"))
    code, reason = held(story, repo_id)
    assert code == "no_stream"
    assert "add one to LICENSING_STREAMS" in reason
    story.world.delete_variable("acme", "LICENSING_STREAMS", repo=PATH[1])
    story.made.refresh(*PATH)
    assert story.report(repo_id)["held"] == []


@pytest.mark.rule(18)
def test_identity_changed(story):
    repo_id = story.product()
    publish(story, mod__zip=weather())
    story.clock.turn(days=1)
    publish(story, "v1.3.0", mod__zip=joomla_module("snow", "1.3.0"))
    code, reason = held(story, repo_id)
    assert code == "identity_changed"
    assert "this is module mod_snow site, but the repo published module mod_weather site before" in reason
    assert "use a repo of its own" in reason


def test_duplicate_version(story):
    repo_id = story.product()
    publish(story, mod__zip=weather())
    story.clock.turn(days=1)
    publish(story, "again", mod__zip=weather())
    code, reason = held(story, repo_id)
    assert code == "duplicate_version"
    assert reason == "version 1.2.0 was published with the tag v1.2.0 already; raise the version"


def test_not_presentable(story):
    """A link that no feed can hold, set by hand."""
    repo_id = story.product(LICENSING_FEED='infourl = "https://exämple.com/notes"\n')
    publish(story, mod__zip=weather())
    code, reason = held(story, repo_id)
    assert code == "not_presentable"
    assert reason.startswith("customers' sites could not digest it: ")
    assert len(reason) > len("customers' sites could not digest it: ")


def test_file_name_taken(story):
    repo_id = story.product(LICENSING_FEED='[edition.pro]\nasset = "mod!*.zip"\n')
    files = {"mod_w.zip": weather(), "mod!w.zip": weather(files={"pro.txt": "pro"})}
    release = story.world.publish_release(*PATH, "v1.2.0", files=files)
    story.made.refresh(*PATH)
    code, reason = held(story, repo_id)
    assert code == "file_name_taken"
    assert reason == "another file of the release would be delivered as mod_w.zip too; rename one of them"
    story.world.delete_asset(release, release.assets[1].id)
    story.world.upload(release, "mod!pro.zip", files["mod!w.zip"])
    story.made.refresh(*PATH)
    assert story.report(repo_id)["held"] == []


def test_a_broken_zip_beside_a_fit_one_holds_nothing_back(story):
    repo_id = story.product()
    publish(story, docs__zip=b"no zip at all", mod__zip=weather())
    assert story.report(repo_id)["held"] == []
    assert story.versions() == ["1.2.0"]


def test_the_parts_of_a_package_are_not_offered_while_the_package_can_not_be_fetched(story):
    """Else sites would see the module of a package as a product of its own."""
    repo_id = story.product()
    package = joomla_package({"mod_weather.zip": weather()}, name="weather", version="1.2.0")
    release = story.world.publish_release(*PATH, "v1.2.0", files={"mod.zip": weather(), "pkg.zip": package})
    uuid = next(asset.uuid for asset in release.assets if asset.name == "pkg.zip")
    story.world.faults.inject("truncate", path=f"/attachments/{uuid}")
    story.made.refresh(*PATH)
    code, reason = held(story, repo_id)
    assert code == "unfit"
    assert "pkg.zip: Gitea did not hand it out" in reason
    story.world.faults.clear()
    story.clock.turn(seconds=15)
    story.made.refresh(*PATH)
    assert b"<element>pkg_weather</element>" in story.client.get("/acme/mod-weather/updates.xml").data


@pytest.mark.rule(20)
def test_a_stable_release_that_sorts_below_a_listed_one_is_reported_as_a_hint(story):
    repo_id = story.product()
    publish(story, mod__zip=weather())
    assert not any("sorts below" in each for each in story.report(repo_id)["hints"])
    story.clock.turn(days=1)
    publish(story, "v1.1.9", mod__zip=weather("1.1.9"))
    assert (
        "1.1.9 was published last but sorts below 1.2.0: sites on 1.2.0 won't see it" in story.report(repo_id)["hints"]
    )


def test_held_releases_hide_nothing_of_the_others(story):
    repo_id = story.product()
    publish(story, mod__zip=weather())
    publish(story, "v1.3.0", mod__zip=b"")
    report = story.report(repo_id)
    assert (report["newest"], report["held_back"], story.versions()) == ("1.2.0", 1, ["1.2.0"])
