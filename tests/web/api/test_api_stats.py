"""The numbers over HTTP: what happened at the doors is in them, nobody's data is, and nonsense is refused."""

import json

import pytest
from support.api_keys import refused
from support.api_world import OWN_ORG, PERSON, REPO, Api
from support.zips import joomla_module

STATS = f"{REPO}/license-stats"
DOWNLOAD = "/acme/mod-weather/downloads/v1.0.0/mod_weather-1.0.0.zip"


def numbers(api: Api, path: str = STATS, role: str = "owner"):
    answer = api.get(path, role)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


@pytest.fixture
def visited(api_on_both: Api) -> Api:
    """A gated product with a release; a customer's site checks, downloads, and is refused once its key is revoked."""
    api = api_on_both
    api.made.world.set_variable("acme", "LICENSING_REQUIRE_KEY", "download", repo="mod-weather")
    api.made.publish("acme", "mod-weather", "1.0.0", {"mod_weather-1.0.0.zip": joomla_module("weather", "1.0.0")})
    key, gone = api.keys["annual"], api.new_key("Local", customer_name="Zoe")
    api.made.revoke(gone.id)
    joomla = {"User-Agent": "Mozilla/5.0 Joomla!/5.3.2 Joomla"}
    said = f"dlid={key.code}&domain=shop.example.com"
    for path in (f"/acme/mod-weather/updates.xml?{said}&php=8.2.1", f"{DOWNLOAD}?{said}&php=8.2.1"):
        assert api.client.get(path, headers=joomla).status_code == 200
    assert api.client.get(f"{DOWNLOAD}?dlid={gone.code}").status_code == 403
    api.made.parts.usage.flush()
    return api


def test_what_happened_at_the_doors_is_in_the_numbers(visited: Api):
    found = numbers(visited, f"{STATS}?days=2")
    assert [(step["since"], step["until"]) for step in found["steps"]] == [
        ("2026-02-28", "2026-02-28"),
        ("2026-03-01", "2026-03-01"),
    ]
    assert found["steps"][0]["checks"] == dict.fromkeys(("feed", "version", "validate", "changelog", "collection"), 0)
    today = found["steps"][1]
    assert today["keys"] == {"new": 3, "renewed": 0, "expired": 0, "revoked": 1}
    assert today["lent_keys"] == {"new": 1, "renewed": 0, "expired": 0, "revoked": 0}
    assert (today["active_sites"], today["active_keys"], today["downloads"], today["refused"]) == (1, 1, 1, 1)
    assert today["checks"]["feed"] == 1
    assert found["total"] | {"since": "2026-03-01"} == today
    assert found["versions"]["shown"] == [
        {"repo": "mod-weather", "version": "1.0.0", "sites": 1, "downloads": 1, "downloads_by_step": [0, 1]}
    ]
    assert found["platforms"]["shown"] == [{"name": "joomla 5.3", "sites": 1, "requests": 2}]
    assert found["php"]["shown"] == [{"name": "8.2", "sites": 1, "requests": 2}]
    assert found["refusals"] == [{"code": "revoked", "checks": 0, "downloads": 1}]
    assert found["sites_on_record"] == 1
    assert (found["as_of"], found["step"]) == ("2026-03-01T12:00:00Z", "day")


def test_keys_are_told_by_package_and_level_and_the_master_is_left_out(visited: Api):
    found = numbers(visited)
    assert {(each["name"], each["level"], each["states"]["active"], each["states"]["revoked"]) for each in found["packages"]} == {
        ("Standard", "owner", 1, 0),
        ("Local", "repo", 1, 1),
    }  # fmt: skip
    assert (found["keys"]["states"]["active"], found["lent_keys"]["states"]["active"]) == (2, 1)
    whole = numbers(visited, f"{OWN_ORG}/license-stats?step=month")
    assert {each["name"] for each in whole["packages"]} == {"Standard", "Local", "Hidden"}
    assert (whole["keys"]["states"]["active"], whole["lent_keys"]["states"]["active"]) == (3, 0)
    assert (len(whole["steps"]), whole["total"]["checks"]["feed"]) == (12, 1)
    assert numbers(visited, f"{PERSON}/license-stats", "dora")["keys"]["states"]["active"] == 1


@pytest.mark.parametrize("role", ["owner", "viewer", "repo_admin", "tim"])
def test_nobodys_data_is_in_them(visited: Api, role):
    text = json.dumps(numbers(visited, STATS, role))
    for secret in ("Ann", "Zoe", "ann@example.com", "shop.example.com", visited.keys["annual"].code, "paid in cash"):
        assert secret not in text


def test_a_repos_people_see_no_other_repo_of_the_owner(visited: Api):
    text = json.dumps(numbers(visited, STATS, "tim"))
    assert "Hidden" not in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=2026-03-01&days=3", "days"),
        ("since=2026-03-02&until=2026-03-01", "since"),
        ("until=2026-03-09", "until"),
        ("until=9999-12-31", "until"),
        ("since=1999-12-31", "since"),
        ("since=0000-00-00", "since"),
        ("since=2026-02-30", "since"),
        ("since=2026-02-01T00:00:00Z", "since"),
        ("since=1700000000", "since"),
        ("since=%D9%A2%D9%A0%D9%A2%D9%A6-01-01", "since"),
        ("since=2026-01-01%00", "since"),
        ("since=%ED%A0%80", "since"),
        (f"since={'9' * 10_000}", "since"),
        ("since=", "since"),
        ("days=0", "days"),
        ("days=-1", "days"),
        ("days=1831&step=month", "days"),
        ("days=367", "days"),
        (f"days={10**40}", "days"),
        ("days=many", "days"),
        ("step=hour", "step"),
        ("step=day&step=week", "step"),
        ("page=1", "page"),
        ("until=2026-03-01&since=2020-01-01&step=month", "since"),
    ],
)
def test_nonsense_is_refused_by_field(shared: Api, query, field):
    errors = refused(shared.get(f"{STATS}?{query}"), 422, "invalid")
    assert list(errors) == [field]
    assert len(errors[field]) > 10


def test_weeks_and_months_are_whole_but_for_the_ends(shared: Api):
    weeks = numbers(shared, f"{STATS}?step=week&since=2026-02-12")["steps"]
    assert [(each["since"], each["until"]) for each in weeks] == [
        ("2026-02-12", "2026-02-15"),
        ("2026-02-16", "2026-02-22"),
        ("2026-02-23", "2026-03-01"),
    ]
    months = numbers(shared, f"{STATS}?step=month&days=32&until=2026-03-01")["steps"]
    assert [each["since"] for each in months] == ["2026-01-29", "2026-02-01", "2026-03-01"]


def test_counting_writes_nothing(api: Api):
    before = api.get(f"{REPO}/license-audit").headers["X-Total-Count"]
    assert numbers(api) == numbers(api)
    assert api.get(f"{REPO}/license-audit").headers["X-Total-Count"] == before
