"""What the clock wants of Gitea, and that it never asks for more than its budget."""

import itertools

import pytest
from support.bridges import install
from support.catalog_worlds import Story, counted
from support.databases import ONLY_SQLITE
from support.gitea_worlds import Clock

from gitea_client.client import GiteaClient

pytestmark = ONLY_SQLITE


@pytest.fixture
def story(installation):
    return Story(installation)


@pytest.fixture
def open_house(database_url, tmp_path):
    """A bridge that serves every owner."""
    settings = {"owners": ["*"]}
    made = install(database_url, tmp_path, bridge=settings)
    yield Story(made)
    made.close()


def test_repos_that_nobody_told_of_are_found_by_the_sweep(story):
    repo_id = story.made.add_product("acme", "mod-weather", LICENSING_PLATFORM="joomla")
    story.release("1.2.0")
    story.work()
    assert story.repo(repo_id).served
    assert story.versions() == ["1.2.0"]


def test_a_repo_added_between_two_sweeps_is_found_by_the_second(story):
    story.product()
    story.work()
    late = story.made.add_product("acme", "mod-late", LICENSING_PLATFORM="joomla")
    story.pass_time(seconds=590)
    assert story.repo(late) is None
    story.work(seconds=20)
    assert story.repo(late).served


def test_a_repo_that_becomes_a_product_without_a_hook_is_found_in_the_slow_round(story):
    repo_id = story.made.add_product("acme", "mod-weather")
    story.release("1.2.0")
    story.work()
    assert not story.repo(repo_id).served
    story.world.set_variable("acme", "LICENSING_PLATFORM", "joomla", repo="mod-weather")
    story.pass_time(seconds=620)
    assert story.versions() == ["1.2.0"]


def test_with_a_star_everybodys_repos_are_found(open_house):
    ids = [
        open_house.made.add_product(owner, "mod-weather", LICENSING_PLATFORM="joomla") for owner in ("acme", "unheard")
    ]
    open_house.world.add_user("dora")
    ids.append(open_house.world.add_repo("dora", "mod-own", private=True).id)
    open_house.world.set_variable("dora", "LICENSING_PLATFORM", "joomla", repo="mod-own")
    open_house.work()
    assert [open_house.repo(each).served for each in ids] == [True] * 3
    assert open_house.versions("dora/mod-own") == []


def test_with_a_star_more_repos_than_one_page_holds_are_found(open_house):
    open_house.world.add_user("dora")
    ids = [open_house.world.add_repo("dora", f"r{number}").id for number in range(60)]
    assert open_house.made.parts.catalog.sweep("*") == len(ids)
    assert all(open_house.waiting(each).step == -1 for each in ids)


def test_served_repos_go_before_a_crowd_of_others(story):
    crowd = [story.made.add_product("acme", f"r{number}") for number in range(25)]
    for repo_id in crowd:
        story.made.parts.catalog.refresh(repo_id)
    story.clock.turn(seconds=1)
    story.product()
    story.clock.turn(seconds=700)  # all are due, the crowd longer than the product
    story.world.set_variable("acme", "LICENSING_REQUIRE_KEY", "true", repo="mod-weather")
    with counted(story.made) as seen:
        story.made.parts.worker.keep_time()
    asked = [path for _, path in seen if path.startswith("/api/v1/repos/acme") and path.endswith("/variables")]
    assert asked[0] == "/api/v1/repos/acme/mod-weather/actions/variables"


def test_the_request_budget_is_kept_whatever_is_due(database_url, tmp_path):
    """Fifty products at two requests a second: the clock of the budget is turned, so that nobody waits."""
    made = install(database_url, tmp_path)
    story, clock = Story(made), Clock()
    token = made.settings.gitea.token.get_secret_value()
    with GiteaClient(made.gitea.base_url, token, requests_per_second=2.0, clock=clock, sleep=clock.sleep) as frugal:
        made.parts.__dict__["gitea"] = frugal
        for number in range(50):
            made.add_product("acme", f"mod-{number}", LICENSING_PLATFORM="joomla")
        with counted(made) as seen:
            begin = clock()
            story.work()
            minutes = (clock() - begin) / 60
        assert len(seen) > 150
        assert len(seen) <= 2.0 * 60 * minutes + 2
    made.close()


def test_reconciles_of_many_repos_are_spread_by_jitter(story):
    ids = [story.product(f"acme/mod-{number}") for number in range(12)]
    moments = [story.repo(each).next_refresh_at for each in ids]
    assert len(set(moments)) > 3
    spans = [(moment - story.clock()).total_seconds() for moment in moments]
    assert all(600 <= span <= 611 for span in spans)


def test_an_hour_of_quiet_costs_what_the_intervals_say(story):
    story.product()
    story.release("1.2.0")
    story.made.refresh("acme", "mod-weather")
    story.work()
    with counted(story.made) as seen:
        story.pass_time(seconds=3600)
    by_path = {path: len(list(group)) for path, group in itertools.groupby(sorted(path for _, path in seen))}
    reconciles = by_path["/api/v1/repositories/1"]
    assert 5 <= reconciles <= 6
    assert 55 <= by_path["/api/v1/repos/acme/mod-weather/actions/variables"] <= 61 + reconciles
    assert by_path["/api/v1/repos/acme/mod-weather/releases"] == reconciles
