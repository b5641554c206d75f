"""Names and owners: a repo is its id, a path is a promise to customers, and a stranger never inherits one."""

import pytest
from support.catalog_worlds import Story, counted
from support.databases import ONLY_SQLITE
from support.zips import joomla_module

from bridge.models import LicenseKey
from bridge.storage import licenses

pytestmark = ONLY_SQLITE
OLD, NEW = "acme/mod-weather", "acme/mod-sky"


@pytest.fixture
def story(installation):
    return Story(installation)


@pytest.fixture
def product(story):
    repo_id = story.product()
    story.release("1.2.0")
    story.made.refresh("acme", "mod-weather")
    return repo_id


def reread(story, repo_id):
    return story.made.parts.catalog.refresh(repo_id)


def stranger_org(story, name):
    story.world.add_user(f"{name}-stranger")
    story.world.add_org(name, owner=f"{name}-stranger")


@pytest.mark.rule(11)
def test_after_a_rename_both_paths_give_the_same_feed(story, product):
    story.world.rename_repo("acme", "mod-weather", "mod-sky")
    reread(story, product)
    assert story.versions(OLD) == story.versions(NEW) == ["1.2.0"]
    assert b"/acme/mod-sky/downloads/" in story.client.get(f"/{OLD}/updates.xml").data


@pytest.mark.rule(11)
def test_an_old_path_works_over_several_renames_of_repo_and_owner(story, product):
    story.world.rename_repo("acme", "mod-weather", "mod-sky")
    reread(story, product)
    story.world.rename_account("acme", "beta")  # a name that is served too
    story.world.rename_repo("beta", "mod-sky", "mod-heaven")
    reread(story, product)
    assert story.versions("beta/mod-heaven") == story.versions(NEW) == story.versions(OLD) == ["1.2.0"]


def test_a_path_whose_redirect_is_gone_gives_an_empty_feed(story, product):
    story.world.rename_repo("acme", "mod-weather", "mod-sky")
    reread(story, product)
    story.world.repo_redirects.clear()
    reread(story, product)
    assert story.versions(OLD) == []
    assert story.versions(NEW) == ["1.2.0"]


def test_a_newcomer_that_is_no_product_leaves_an_empty_feed_at_the_name_it_took(story, product):
    story.world.rename_repo("acme", "mod-weather", "mod-sky")
    reread(story, product)
    newcomer = story.world.add_repo("acme", "mod-weather").id
    reread(story, product)  # finds out, and has the newcomer read
    assert story.waiting(newcomer).reason == "took a former name"
    story.work()
    assert story.versions(OLD) == []
    assert story.versions(NEW) == ["1.2.0"]


def test_a_newcomer_that_is_a_product_has_its_own_feed_at_the_name_it_took(story, product):
    story.world.rename_repo("acme", "mod-weather", "mod-sky")
    reread(story, product)
    story.made.add_product("acme", "mod-weather", LICENSING_PLATFORM="joomla")
    story.world.publish_release("acme", "mod-weather", "v9.0.0", files={"z.zip": joomla_module("zebra", "9.0.0")})
    reread(story, product)
    story.work()
    assert story.versions(OLD) == ["9.0.0"]
    assert story.versions(NEW) == ["1.2.0"]
    reread(story, product)
    assert story.versions(OLD) == ["9.0.0"]


@pytest.mark.parametrize("noticed_first", [True, False], ids=["rename noticed", "rename not noticed"])
def test_a_stranger_who_takes_the_name_of_a_renamed_org_is_not_served(story, product, noticed_first, caplog):
    story.world.rename_account("acme", "acme-new")
    if noticed_first:
        reread(story, product)
    stranger_org(story, "acme")
    evil = story.made.add_product("acme", "mod-weather", LICENSING_PLATFORM="joomla", LICENSING_REQUIRE_KEY="false")
    story.world.publish_release("acme", "mod-weather", "v9.0.0", files={"m.zip": joomla_module("weather", "9.0.0")})
    story.hook(OLD, repo_id=evil)
    story.work()
    assert "9.0.0" not in story.versions(OLD)
    reread(story, product)
    reread(story, evil)
    assert story.versions(OLD) == []
    assert story.repo(evil) is None
    assert "the name acme was that of another owner" in caplog.text


def test_a_renamed_org_whose_new_name_is_not_configured_gets_empty_feeds_and_a_sentence(story, product):
    story.world.rename_account("acme", "acme-new")
    reread(story, product)
    assert story.versions(OLD) == story.versions("acme-new/mod-weather") == []
    assert any("add the name to bridge.owners" in each for each in story.report(product)["warnings"])


def test_a_renamed_org_is_served_again_as_soon_as_the_configuration_names_it(story, product):
    story.world.rename_account("acme", "acme-new")
    reread(story, product)
    story.made.settings.bridge.owners.append("acme-new")
    story.pass_time(seconds=700)
    assert story.versions(OLD) == story.versions("acme-new/mod-weather") == ["1.2.0"]
    assert story.report(product)["warnings"] == []


def test_the_sweep_goes_on_when_one_of_the_owners_was_renamed(story, product, caplog):
    story.world.rename_account("acme", "acme-new")
    late = story.made.add_product("dora", "mod-late", LICENSING_PLATFORM="joomla")
    story.work()
    assert "who is called acme-new now" in caplog.text
    assert story.repo(late).served


def test_an_owner_taken_out_of_the_configuration_is_served_no_longer_and_back_again(story, product):
    story.made.settings.bridge.owners.remove("acme")
    story.pass_time(seconds=620)
    assert story.versions() == []
    story.made.settings.bridge.owners.append("acme")
    story.pass_time(seconds=620)
    assert story.versions() == ["1.2.0"]


def test_a_transfer_takes_repo_level_packages_and_their_keys_along_and_leaves_the_owners(story, product):
    own = story.made.key(story.made.package("acme", "Own", repo="mod-weather"))
    general = story.made.key(story.made.package("acme", "General"))
    story.product("beta/other")
    story.world.transfer("acme", "mod-weather", "beta")
    reread(story, product)
    assert story.versions(OLD) == story.versions("beta/mod-weather") == ["1.2.0"]
    assert story.download("1.2.0", own.code, "beta/mod-weather").status_code == 200
    assert story.download("1.2.0", own.code, OLD).status_code == 200
    assert story.download("1.2.0", general.code, OLD).status_code == 403
    with story.made.parts.open_session(read_only=True) as session:
        masters = [licenses.master_package(session, story.world.account(name).id) for name in ("acme", "beta")]
        assert [licenses.live_master_key(session, each.id).owner_id for each in masters] == [
            story.world.account(name).id for name in ("acme", "beta")
        ]
        assert session.get_one(LicenseKey, own.id).owner_id == story.world.account("beta").id


def test_a_transfer_to_an_owner_who_is_not_served_empties_the_feed(story, product):
    stranger_org(story, "elsewhere")
    story.world.transfer("acme", "mod-weather", "elsewhere")
    story.hook("elsewhere/mod-weather")  # its owner is not served, but customers know the repo
    story.work()
    assert story.versions(OLD) == story.versions("elsewhere/mod-weather") == []
    assert story.report(product)["served"] is False


@pytest.mark.rule(1)
def test_a_deleted_repo_has_an_empty_feed_after_two_looks_and_never_a_404(story, product):
    code = story.made.key(story.made.package("acme")).code
    story.world.delete_repo("acme", "mod-weather")
    story.hook(repo_id=product, event="repository", action="deleted")
    story.work()
    assert story.versions() == ["1.2.0"]  # one look may have been a hiccup
    assert "go on for a minute" in story.report(product)["warnings"][0]
    story.work(seconds=44)
    assert story.versions() == ["1.2.0"]
    story.work(seconds=16)
    assert story.versions() == []
    assert story.download("1.2.0", code).status_code == 404
    assert "its feeds are empty" in story.report(product)["warnings"][0]
    story.pass_time(seconds=3600)
    assert story.versions() == []


def test_a_repo_that_was_missing_for_a_moment_is_served_on(story, product):
    path = f"/api/v1/repositories/{product}"
    story.world.faults.inject("status", 404, path=path)
    story.hook()
    story.work()
    story.world.faults.clear()
    story.work(seconds=60)
    assert story.versions() == ["1.2.0"]
    assert story.report(product)["warnings"] == []
    assert story.repo(product).absent_since is None


@pytest.mark.rule(2)
def test_a_repo_that_was_never_served_answers_404_deleted_or_not(story):
    repo_id = story.made.add_product("acme", "plain")
    reread(story, repo_id)
    assert story.status("/acme/plain/updates.xml") == 404
    story.world.delete_repo("acme", "plain")
    story.pass_time(seconds=1500)
    assert story.status("/acme/plain/updates.xml") == story.status("/acme/absent/updates.xml") == 404


@pytest.mark.parametrize("private", [True, False])
def test_turning_a_repo_private_or_public_changes_nothing_for_customers(story, private):
    repo_id = story.product(private=not private)
    story.release("1.2.0")
    reread(story, repo_id)
    code = story.made.key(story.made.package("acme")).code
    assert (story.versions(), story.download("1.2.0", code).status_code) == (["1.2.0"], 200)
    story.world.repo("acme", "mod-weather").private = private
    reread(story, repo_id)
    assert (story.versions(), story.download("1.2.0", code).status_code) == (["1.2.0"], 200)


def test_a_repo_that_hands_its_files_to_strangers_is_warned_about_until_it_is_private(story):
    repo_id = story.product(private=False, LICENSING_REQUIRE_KEY="true")
    story.release("1.2.0")
    reread(story, repo_id)
    assert any("to strangers" in each for each in story.report(repo_id)["warnings"])
    story.world.repo("acme", "mod-weather").private = True
    reread(story, repo_id)
    assert story.report(repo_id)["warnings"] == []


def test_the_name_of_a_deleted_owners_repos_can_be_served_for_a_newcomer(story, product):
    story.world.delete_repo("acme", "mod-weather")
    story.work()
    reread(story, product)
    story.clock.turn(seconds=60)
    reread(story, product)
    story.world.rename_account("acme", "acme-old")
    story.world.account_redirects.clear()
    stranger_org(story, "acme")
    fresh = story.made.add_product("acme", "mod-fresh", LICENSING_PLATFORM="joomla")
    reread(story, fresh)
    assert story.repo(fresh).served


def test_a_repo_of_a_served_owner_costs_a_fixed_number_of_requests_a_look(story, product):
    with counted(story.made) as seen:
        reread(story, product)
    assert len(seen) == 5, seen  # the repo, two lists of variables, the releases, one asset asked as a stranger
