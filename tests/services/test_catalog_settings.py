"""Variables: when a change in Gitea takes effect, and that nothing ever opens by a mistake or by silence."""

import threading

import pytest
from sqlmodel import select
from support.catalog_worlds import Story, counted
from support.databases import ONLY_SQLITE

from bridge.models import LicenseKey, Package, Repo
from bridge.rules.variables import RepoSettings
from gitea_client.simulator.models import Token

REPO_VARIABLES = "/api/v1/repos/acme/mod-weather/actions/variables"
ORG_VARIABLES = "/api/v1/orgs/acme/actions/variables"


@pytest.fixture
def story(installation):
    return Story(installation)


def set_variable(story, name, value, *, repo="mod-weather"):
    story.world.set_variable("acme", f"LICENSING_{name}", value, repo=repo)


def released(story, **variables):
    repo_id = story.product(**variables)
    story.release("1.2.0")
    story.made.refresh("acme", "mod-weather")
    return repo_id


def sentences(story, repo_id):
    return " ".join(story.report(repo_id)["warnings"])


@ONLY_SQLITE
@pytest.mark.parametrize("value", ["none", None])
@pytest.mark.rule(1)
def test_a_repo_that_is_a_product_no_longer_has_an_empty_feed(story, value):
    released(story)
    if value is None:
        story.world.delete_variable("acme", "LICENSING_PLATFORM", repo="mod-weather")
    else:
        set_variable(story, "PLATFORM", value)
    story.pass_time(seconds=65)
    assert story.versions() == []
    set_variable(story, "PLATFORM", "joomla")
    story.hook()
    story.work()
    assert story.versions() == ["1.2.0"]


@ONLY_SQLITE
@pytest.mark.parametrize("value", ["none", None, "wordpress"])
@pytest.mark.rule(2)
def test_a_repo_that_never_was_a_product_is_not_there(story, value):
    variables = {} if value is None else {"LICENSING_PLATFORM": value}
    repo_id = story.made.add_product("acme", "mod-weather", **variables)
    story.release("1.2.0")
    story.made.refresh("acme", "mod-weather")
    assert story.status("/acme/mod-weather/updates.xml") == 404
    assert not story.repo(repo_id).served


@ONLY_SQLITE
def test_an_invalid_platform_keeps_the_last_good_one_and_says_so(story):
    repo_id = released(story)
    set_variable(story, "PLATFORM", "jomla")
    story.pass_time(seconds=65)
    assert story.versions() == ["1.2.0"]
    assert "jomla" in sentences(story, repo_id)


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("before", "value", "feed_is_open"), [("true", "ture", False), ("download", "ture", True), (None, "ture", False)]
)
def test_an_invalid_required_key_keeps_the_last_good_value_and_is_true_without_one(story, before, value, feed_is_open):
    repo_id = released(story, LICENSING_REQUIRE_KEY=before or value)
    set_variable(story, "REQUIRE_KEY", value)
    story.made.refresh("acme", "mod-weather")
    assert (story.versions() == ["1.2.0"]) is feed_is_open
    assert "LICENSING_REQUIRE_KEY" in sentences(story, repo_id)


@ONLY_SQLITE
@pytest.mark.parametrize("unreadable", [REPO_VARIABLES, ORG_VARIABLES])
@pytest.mark.parametrize("required", ["true", "download"])
def test_variables_that_become_unreadable_change_nothing_but_are_reported(story, unreadable, required):
    repo_id = released(story, LICENSING_REQUIRE_KEY=required)
    before = story.versions()
    story.world.faults.inject("status", 403, path=unreadable)
    story.pass_time(seconds=130)
    assert story.versions() == before == ([] if required == "true" else ["1.2.0"])
    assert "give its token that right" in sentences(story, repo_id)
    story.world.faults.clear()
    story.pass_time(seconds=65)
    assert story.report(repo_id)["warnings"] == []


@ONLY_SQLITE
def test_a_repo_whose_variables_were_never_readable_is_not_served_and_its_problem_is_kept(story):
    story.world.faults.inject("status", 403, path="/api/v1/repos/acme/mod-weather/actions")
    story.world.faults.inject("status", 403, path="/api/v1/orgs/acme/actions")
    repo_id = story.product(LICENSING_REQUIRE_KEY="false")
    row = story.repo(repo_id)
    assert (row.served, RepoSettings.from_dict(row.settings).require_key) == (False, "true")
    assert story.status("/acme/mod-weather/updates.xml") == 404
    assert "give its token that right" in sentences(story, repo_id)
    story.world.faults.clear()
    story.pass_time(seconds=620)
    assert story.repo(repo_id).served


@ONLY_SQLITE
def test_an_owner_whose_variables_were_never_readable_has_stable_streams_only(story):
    story.world.faults.inject("status", 403, path=ORG_VARIABLES)
    repo_id = released(story)
    assert story.report(repo_id)["streams"] == ["stable+"]
    assert "LICENSING_* of acme" in sentences(story, repo_id)
    assert story.versions() == ["1.2.0"]


@ONLY_SQLITE
def test_an_invalid_variable_of_the_owner_shows_at_each_of_its_repos(story):
    repo_id = released(story)
    set_variable(story, "STREAMS", "stable, stable", repo=None)
    story.pass_time(seconds=65)
    assert "LICENSING_STREAMS of acme" in sentences(story, repo_id)


@ONLY_SQLITE
@pytest.mark.parametrize("scopes", [["read:user"], ["read:repository", "read:user"]])
def test_a_token_that_lost_its_scopes_empties_nothing(story, scopes):
    repo_id = released(story)
    token = story.made.settings.gitea.token.get_secret_value()
    story.world.tokens[token] = Token(user_id=story.world.account("root").id, scopes=frozenset(scopes))
    story.hook()
    story.pass_time(seconds=700)
    assert story.versions() == ["1.2.0"]
    waiting = story.waiting(repo_id)
    assert "403" in (waiting.last_error if waiting else sentences(story, repo_id))


@ONLY_SQLITE
def test_a_variable_changed_without_a_hook_takes_effect_within_the_settings_time(story):
    released(story)
    set_variable(story, "REQUIRE_KEY", "true")
    story.pass_time(seconds=58)
    assert story.versions() == ["1.2.0"]
    story.pass_time(seconds=2)
    assert story.versions() == []


@ONLY_SQLITE
def test_a_variable_takes_effect_at_once_on_any_hook_of_the_repo(story):
    released(story)
    set_variable(story, "REQUIRE_KEY", "true")
    story.hook(event="push", ref="refs/tags/v0")
    story.work()
    assert story.versions() == []


@ONLY_SQLITE
def test_streams_of_the_owner_reach_all_its_repos_within_the_settings_time(story):
    released(story)
    story.product("acme/mod-two")
    story.release("1.3.0-beta1", prerelease=True)
    story.made.refresh("acme", "mod-weather")
    assert story.versions() == ["1.2.0"]
    set_variable(story, "STREAMS", "stable, beta+", repo=None)
    story.pass_time(seconds=60)
    assert story.versions() == ["1.3.0-beta1", "1.2.0"]


@ONLY_SQLITE
def test_unchanged_variables_cost_one_list_for_the_owner_and_one_for_each_repo_a_minute(story):
    for name in ("mod-weather", "mod-two", "mod-three"):
        story.product(f"acme/{name}")
    story.work()  # the first sweep
    with counted(story.made) as seen:
        story.pass_time(seconds=61)
    assert sorted(path for _, path in seen) == [
        ORG_VARIABLES,
        "/api/v1/repos/acme/mod-three/actions/variables",
        "/api/v1/repos/acme/mod-two/actions/variables",
        REPO_VARIABLES,
    ]


@ONLY_SQLITE
def test_variables_that_stay_unreadable_do_not_have_the_repo_read_each_minute(story):
    story.product()
    story.world.faults.inject("status", 403, path=REPO_VARIABLES)
    story.pass_time(seconds=130)
    with counted(story.made) as seen:
        story.pass_time(seconds=180)
    assert {path for _, path in seen} == {ORG_VARIABLES, REPO_VARIABLES}


@ONLY_SQLITE
def test_one_repo_that_gitea_can_not_answer_for_holds_up_no_other(story):
    story.product()
    second = story.product("acme/mod-zebra")
    story.work()
    story.world.faults.inject("status", 500, path=REPO_VARIABLES)
    story.world.set_variable("acme", "LICENSING_REQUIRE_KEY", "true", repo="mod-zebra")
    story.pass_time(seconds=60)
    assert story.report(second)["require_key"] == "true"


@ONLY_SQLITE
def test_variables_of_a_personal_account_are_read_as_that_person(story):
    story.world.add_user("dora")
    repo = story.world.add_repo("dora", "mod-own")
    story.world.set_variable("dora", "LICENSING_PLATFORM", "joomla", repo="mod-own")
    story.world.set_variable("dora", "LICENSING_STREAMS", "lts=stable")
    story.world.set_variable("root", "LICENSING_STREAMS", "root=stable")
    story.made.parts.catalog.refresh(repo.id)
    assert story.report(repo.id)["streams"] == ["lts+"]


def test_two_workers_meeting_an_owner_at_once_make_one_master_package_with_one_key(story):
    """On both databases: what keeps it single are their unique indexes."""
    ids = [story.made.add_product("acme", f"mod-{n}", LICENSING_PLATFORM="joomla") for n in range(4)]
    ready, errors = threading.Barrier(len(ids)), []

    def look(repo_id):
        try:
            ready.wait()
            story.made.parts.catalog.refresh(repo_id)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=look, args=(repo_id,)) for repo_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    with story.made.parts.open_session(read_only=True) as session:
        packages = session.exec(select(Package)).all()
        keys = session.exec(select(LicenseKey)).all()
        served = [repo.id for repo in session.exec(select(Repo)) if repo.served]
    assert [package.is_master for package in packages] == [True]
    assert [key.is_master for key in keys] == [True]
    assert sorted(served) == sorted(ids)


@ONLY_SQLITE
def test_owner_settings_survive_the_database_unchanged(story):
    """Else every look would count as a change, and every served repo would be re-read each minute."""
    set_up = story.product()
    set_variable(story, "STREAMS", "stable, beta+, nightly=dev", repo=None)
    set_variable(story, "TEAMS", "sales: manager", repo=None)
    story.made.refresh("acme", "mod-weather")
    revision = story.repo(set_up).revision
    story.made.refresh("acme", "mod-weather")
    assert story.repo(set_up).revision == revision
