"""Gitea misbehaving: the catalog stays as it was, customers notice nothing, and afterwards all is caught up."""

import time

import pytest
from support.bridges import install
from support.catalog_worlds import Story, counted
from support.databases import ONLY_SQLITE

from gitea_client import calls
from gitea_client.errors import BadAnswer, GiteaError, NotAuthenticated, TooManyPages, Unreachable

pytestmark = ONLY_SQLITE
RELEASES = "/api/v1/repos/acme/mod-weather/releases"
HOUR = 3600


@pytest.fixture
def story(database_url, tmp_path, monkeypatch):
    monkeypatch.setattr(calls, "MAX_PAGES", 5)  # "endless" is as endless after five pages
    made = install(database_url, tmp_path)
    story = Story(made)
    # Pauses between attempts, and the breaker's, pass with the clock that the tests turn.
    transport = made.parts.gitea._transport
    transport._sleep = lambda seconds: None
    transport.breaker._clock = lambda: story.clock().timestamp()
    yield story
    made.close()


@pytest.fixture
def product(story):
    repo_id = story.product()
    story.release("1.2.0")
    story.made.refresh("acme", "mod-weather")
    return repo_id


@pytest.fixture
def code(story, product):
    return story.made.key(story.made.package("acme")).code


FAULTS = [
    ("status", 500, "/api", Unreachable),
    ("status", 502, "/api", Unreachable),
    ("status", 500, RELEASES, Unreachable),
    ("html", None, "/api", BadAnswer),
    ("html", None, RELEASES, BadAnswer),
    ("broken-json", None, RELEASES, BadAnswer),
    ("redirect", "https://elsewhere.example/login", "/api", BadAnswer),
    ("redirect", "https://elsewhere.example/login", RELEASES, BadAnswer),
    ("slow", 0.6, RELEASES, Unreachable),
    ("down", None, "/", Unreachable),
    ("endless", None, RELEASES, TooManyPages),
    ("status", 401, "/api", NotAuthenticated),
    ("status", 403, RELEASES, GiteaError),
    ("status", 404, RELEASES, GiteaError),
]


@pytest.mark.rule(6)
@pytest.mark.parametrize(("kind", "value", "path", "error"), FAULTS, ids=lambda each: str(each).rpartition("/")[2])
def test_whatever_gitea_does_the_catalog_stays_as_it_was_and_is_caught_up_later(
    story, product, code, kind, value, path, error
):
    story.release("1.3.0")
    transport, patience = story.made.parts.gitea._transport, story.made.parts.gitea._transport._timeout
    if kind == "slow":  # only here, since a busy machine is slow by itself
        transport._timeout = (3.05, value / 2)
    story.world.faults.inject(kind, value, path=path)
    with pytest.raises(error):
        story.made.refresh("acme", "mod-weather")
    story.hook()
    story.work()
    assert story.versions() == ["1.2.0"]
    assert story.download("1.2.0", code).status_code == 200
    assert story.report(product)["held"] == []
    waiting = story.waiting(product)
    assert waiting.attempts == 1
    assert waiting.last_error
    assert story.made.settings.gitea.token.get_secret_value() not in waiting.last_error
    story.world.faults.clear()
    transport._timeout = patience
    story.work(seconds=11)
    assert story.versions() == ["1.3.0", "1.2.0"]


@pytest.mark.rule(6)
def test_a_day_without_gitea_costs_customers_nothing(story, product, code):
    story.release("1.3.0")
    story.world.faults.inject("down")
    failures = []
    for hour in range(24):
        story.work(seconds=HOUR)
        if story.versions() != ["1.2.0"] or story.download("1.2.0", code).status_code != 200:
            failures.append(hour)
        if story.status(f"/acme/mod-weather/changelog.xml?dlid={code}") != 200:
            failures.append(hour)
    assert failures == []
    story.world.faults.clear()
    story.pass_time(seconds=300)
    assert story.versions() == ["1.3.0", "1.2.0"]


def test_a_gitea_that_is_down_is_hardly_asked(story, product):
    story.work()
    story.world.faults.inject("down")
    with counted(story.made) as seen:
        story.pass_time(seconds=HOUR)
    assert len(seen) <= 12 * (HOUR / 60)


def test_a_worker_that_starts_without_gitea_catches_up_once_it_is_there(story):
    repo_id = story.made.add_product("acme", "mod-weather", LICENSING_PLATFORM="joomla")
    story.release("1.2.0")
    story.world.faults.inject("down")
    story.work()
    assert story.repo(repo_id) is None
    story.world.faults.clear()
    story.work(seconds=61)
    assert story.versions() == ["1.2.0"]


def test_a_wrong_token_empties_nothing_and_is_named(story, product):
    token = story.made.settings.gitea.token.get_secret_value()
    kept = story.world.tokens.pop(token)
    story.hook()
    story.pass_time(seconds=HOUR)
    assert story.versions() == ["1.2.0"]
    assert "401" in story.waiting(product).last_error
    story.world.tokens[token] = kept
    story.release("1.3.0")
    story.pass_time(seconds=660)
    assert story.versions() == ["1.3.0", "1.2.0"]


def test_a_list_of_repos_that_never_ends_holds_up_nothing_else(story, product):
    story.world.faults.inject("endless", path="/api/v1/repos/search")
    story.world.set_variable("acme", "LICENSING_REQUIRE_KEY", "true", repo="mod-weather")
    story.work(seconds=61)
    assert story.report(product)["require_key"] == "true"


def test_a_slow_gitea_does_not_make_a_feed_slow(story, product):
    story.world.faults.inject("slow", 5)
    begin = time.monotonic()
    assert story.versions() == ["1.2.0"]
    assert time.monotonic() - begin < 4  # half of what Gitea would take
