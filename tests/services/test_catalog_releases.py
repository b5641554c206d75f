"""Releases: what happens to them in Gitea, with and without a hook, and when customers see it."""

import pytest
from support.catalog_worlds import Story
from support.databases import ONLY_SQLITE
from support.zips import joomla_module

pytestmark = ONLY_SQLITE


@pytest.fixture
def story(installation):
    return Story(installation)


@pytest.fixture
def product(story):
    return story.product()


def key_of(story):
    return story.made.key(story.made.package("acme")).code


def found(story, version):
    return story.world.found_release("acme", "mod-weather", f"v{version}")


def edit(story, version, **fields):
    repo, release = found(story, version)
    story.world.edit_release(repo, release, story.world.actor_for(repo, None), **fields)


@pytest.mark.parametrize(("uploaded_after", "seen_after"), [(0, 0), (10, 15), (40, 60), (290, 300)])
def test_a_file_uploaded_after_the_hook_is_found_by_the_next_look(story, product, uploaded_after, seen_after):
    release = story.release("1.2.0", zipped=False)
    story.hook()
    if uploaded_after:
        story.pass_time(seconds=uploaded_after)
        assert story.versions() == []
        assert story.held(product) == {"v1.2.0": "no_zip"}
    story.upload(release, "1.2.0")
    if seen_after > uploaded_after:
        story.work(seconds=seen_after - uploaded_after - 1)
        assert story.versions() == []
        story.work(seconds=1)
    else:
        story.work()
    assert story.versions() == ["1.2.0"]


def test_the_first_look_that_sees_a_fit_release_publishes_it_before_all_is_settled(story, product):
    story.release("1.0.0", zipped=False)
    story.release("1.2.0")
    story.hook()
    story.work()
    assert story.versions() == ["1.2.0"]
    assert story.held(product) == {"v1.0.0": "no_zip"}


def test_a_file_uploaded_without_any_hook_is_found_by_reconciling(story, product):
    release = story.release("1.2.0", zipped=False)
    story.hook()
    story.pass_time(seconds=300)
    assert story.waiting(product) is None
    story.upload(release, "1.2.0")
    story.pass_time(seconds=630)
    assert story.versions() == ["1.2.0"]


def test_a_lost_hook_is_healed_within_the_reconcile_time_and_its_jitter(story, product):
    story.release("1.2.0")
    story.pass_time(seconds=590)
    assert story.versions() == []
    story.pass_time(seconds=22)
    assert story.versions() == ["1.2.0"]


@pytest.mark.rule(22)
def test_a_draft_is_seen_only_once_it_is_published(story, product):
    story.release("1.2.0", draft=True)
    story.hook()
    story.work()
    assert story.versions() == []
    assert story.report(product)["held"] == []
    edit(story, "1.2.0", draft=False)
    story.hook(action="updated")
    story.work()
    assert story.versions() == ["1.2.0"]


@pytest.mark.rule(12)
@pytest.mark.parametrize("how", ["unpublished", "tag deleted by git", "deleted"])
def test_a_release_that_is_taken_back_leaves_the_feed_and_its_download_says_gone(story, product, how):
    story.release("1.1.0")
    story.release("1.2.0")
    story.hook()
    story.work()
    code = key_of(story)
    assert story.versions() == ["1.2.0", "1.1.0"]
    repo, release = found(story, "1.2.0")
    if how == "unpublished":
        story.world.unpublish("acme", "mod-weather", "v1.2.0")
    elif how == "deleted":
        story.world.delete_release(repo, release, story.world.actor_for(repo, None))
    else:
        story.world.delete_tag_by_git("acme", "mod-weather", "v1.2.0")
    story.pass_time(seconds=660)  # two of the three tell no hook about it
    assert story.versions() == ["1.1.0"]
    assert story.download("1.2.0", code).status_code == 410
    assert story.download("1.1.0", code).status_code == 200


def test_a_release_that_comes_back_is_the_same_again(story, product):
    story.release("1.2.0")
    story.made.refresh("acme", "mod-weather")
    before = story.report(product)["offers"][0]
    story.world.delete_tag_by_git("acme", "mod-weather", "v1.2.0")
    story.made.refresh("acme", "mod-weather")
    assert story.versions() == []
    story.world.push_tag("acme", "mod-weather", "v1.2.0")  # which publishes the draft silently
    story.made.refresh("acme", "mod-weather")
    assert story.report(product)["offers"][0] == before
    assert story.versions() == ["1.2.0"]


def test_a_file_replaced_under_the_same_name_is_the_one_that_is_delivered(story, product):
    release = story.release("1.2.0")
    story.made.refresh("acme", "mod-weather")
    code = key_of(story)
    story.world.delete_asset(release, release.assets[0].id)
    fresh = joomla_module("weather", "1.2.0", files={"new.txt": "mended"})
    story.world.upload(release, "mod_weather-1.2.0.zip", fresh)
    story.made.refresh("acme", "mod-weather")
    assert story.download("1.2.0", code).data == fresh
    assert len(story.report(product)["offers"]) == 1


@pytest.mark.rule(12)
def test_a_release_whose_file_was_replaced_still_says_gone_once_it_is_withdrawn(story, product):
    release = story.release("1.2.0")
    story.made.refresh("acme", "mod-weather")
    code = key_of(story)
    story.world.delete_asset(release, release.assets[0].id)
    story.upload(release, "1.2.0")
    story.made.refresh("acme", "mod-weather")
    story.world.unpublish("acme", "mod-weather", "v1.2.0")
    story.made.refresh("acme", "mod-weather")
    assert story.download("1.2.0", code).status_code == 410


def test_a_release_that_lost_its_file_before_it_was_withdrawn_says_gone_too(story, product):
    release = story.release("1.2.0")
    story.made.refresh("acme", "mod-weather")
    code = key_of(story)
    story.world.delete_asset(release, release.assets[0].id)
    story.made.refresh("acme", "mod-weather")
    assert story.held(product) == {"v1.2.0": "no_zip"}
    story.world.unpublish("acme", "mod-weather", "v1.2.0")
    story.made.refresh("acme", "mod-weather")
    assert story.download("1.2.0", code).status_code == 410


def test_two_files_of_one_name_are_held_back_until_one_is_left(story, product):
    release = story.release("1.2.0")
    story.upload(release, "1.2.0")
    story.made.refresh("acme", "mod-weather")
    assert story.held(product) == {"v1.2.0": "several_zips"}
    story.world.delete_asset(release, release.assets[0].id)
    story.made.refresh("acme", "mod-weather")
    assert story.versions() == ["1.2.0"]


@pytest.mark.rule(22)
def test_the_prerelease_flag_takes_a_release_out_of_the_open_feed_and_back(story, product):
    story.release("1.2.0")
    story.made.refresh("acme", "mod-weather")
    assert story.versions() == ["1.2.0"]
    edit(story, "1.2.0", prerelease=True)
    story.made.refresh("acme", "mod-weather")
    assert story.versions() == []
    assert story.versions(query=f"?dlid={key_of(story)}") == ["1.2.0"]
    edit(story, "1.2.0", prerelease=False)
    story.made.refresh("acme", "mod-weather")
    assert story.versions() == ["1.2.0"]


def test_edited_notes_show_in_the_changelog(story, product):
    story.release("1.2.0", notes="## Fixed\n- The rain\n")
    story.made.refresh("acme", "mod-weather")
    assert b"The rain" in story.client.get("/acme/mod-weather/changelog.xml").data
    edit(story, "1.2.0", notes="## Fixed\n- The snow\n")
    story.made.refresh("acme", "mod-weather")
    changelog = story.client.get("/acme/mod-weather/changelog.xml").data
    assert b"The snow" in changelog
    assert b"The rain" not in changelog


def test_a_repo_that_nothing_happened_to_keeps_its_revision(story, product):
    story.release("1.2.0")
    story.made.refresh("acme", "mod-weather")
    before = story.repo(product).revision
    story.made.refresh("acme", "mod-weather")
    assert story.repo(product).revision == before


def test_releases_switched_off_in_gitea_are_shown_to_nobody(story, product):
    story.release("1.2.0")
    story.made.refresh("acme", "mod-weather")
    story.world.repo("acme", "mod-weather").has_releases = False
    story.made.refresh("acme", "mod-weather")
    assert story.versions() == []
