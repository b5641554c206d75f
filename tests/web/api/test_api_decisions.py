"""Is a key good: asked in public, by number, and explained."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from support.api_world import REPO, Api
from support.zips import joomla_module

from bridge.models import Package
from bridge.storage import licenses

VALIDATE = f"{REPO}/license-keys/validate"


def ask(api: Api, path: str = VALIDATE, **body):
    answer = api.post(path, body, token="")
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_a_good_key_is_told_what_it_is_good_for(shared: Api):
    key = shared.keys["annual"]
    assert ask(shared, key=f" {key.code.lower()} ", domain="Example.com") == {
        "valid": True,
        "code": "valid",
        "detail": "",
        "expires_at": "2027-03-01T12:00:00Z",
        "grace_until": "2027-03-04T12:00:00Z",
        "streams": None,
        "sites_used": 0,
        "sites_allowed": 2,
        "renewal_url": "",
    }


@pytest.mark.parametrize("which", ["foreign", "hidden by another owner", "made up", "typo", "nothing"])
def test_of_unknown_and_foreign_keys_nothing_is_told(shared: Api, which):
    codes = {
        "foreign": shared.keys["foreign"].code,
        "hidden by another owner": shared.keys["solo"].code,
        "made up": "some-old-code-17",
        "typo": shared.keys["annual"].code[:-1] + "!",
        "nothing": "",
    }
    answer = ask(shared, key=codes[which])
    assert answer["valid"] is False
    assert answer["code"] in {"unknown", "malformed", "missing"}
    assert {value for name, value in answer.items() if name not in {"valid", "code", "detail"}} == {None, ""}


def test_unknown_and_foreign_keys_look_the_same(shared: Api):
    texts = {
        shared.post(VALIDATE, {"key": key}, token="").text for key in (shared.keys["foreign"].code, "made-up-code-1")
    }
    assert len(texts) == 1


def test_unknown_and_foreign_keys_take_the_same_way(shared: Api, monkeypatch):
    """Whoever tries keys must not read off the time which ones exist elsewhere."""
    lookups = shared.made.parts.lookups
    run, asked = lookups._run, []
    monkeypatch.setattr(lookups, "_run", lambda sql, values: (asked.append(sql), run(sql, values))[1])
    ways = []
    for key in (shared.keys["annual"].code, shared.keys["foreign"].code, "made-up-code-1"):
        shared.post(VALIDATE, {"key": key}, token="")  # so that what is held of the product is fresh
        asked.clear()
        with statements(shared) as sent:
            shared.post(VALIDATE, {"key": key, "domain": "example.com", "activate": True}, token="")
        ways.append([each for each in asked if "repo_name" not in each] + sent)
    assert ways[1] == ways[2] != ways[0]
    assert len(ways[1]) == 1


@contextmanager
def statements(api: Api) -> Iterator[list[str]]:
    """What is asked of the database beside the look-ups."""
    sent: list[str] = []
    here = threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.get_ident() == here:  # counts are written by a thread of their own
            sent.append(statement)

    event.listen(api.made.parts.engine, "before_cursor_execute", note)
    yield sent
    event.remove(api.made.parts.engine, "before_cursor_execute", note)


def test_a_look_takes_no_site_and_an_activation_does(api: Api):
    key = api.keys["annual"].code
    for domain in ("one.com", "two.com"):
        assert ask(api, key=key, domain=domain)["sites_used"] == 0
    assert [ask(api, key=key, domain=each, activate=True)["sites_used"] for each in ("one.com", "two.com")] == [1, 2]
    full = ask(api, key=key, domain="three.com", activate=True)
    assert (full["valid"], full["code"], full["sites_used"], full["sites_allowed"]) == (False, "site_limit", 2, 2)
    assert ask(api, key=key, domain="one.com")["valid"] is True


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"domain": "not a domain"}, "domain_invalid"),
        ({"stream": "rc"}, "stream_not_granted"),
        ({"stream": "stable"}, "valid"),
        ({"version": "1.0.0"}, "valid"),
        ({"version": "v1.1.0-rc1"}, "stream_not_granted"),
        ({"version": "9.9.9"}, "valid"),
    ],
)
def test_streams_and_versions_are_decided_like_a_download(stable_only: tuple[Api, str], body, code):
    api, key = stable_only
    assert ask(api, key=key, **body)["code"] == code


@pytest.fixture(scope="module")
def stable_only(shared: Api) -> tuple[Api, str]:
    """A product with a stable and an early release, and a key for stable only."""
    for version in ("1.0.0", "1.1.0-rc1"):
        shared.made.publish("acme", "secret", version, {"m.zip": joomla_module("weather", version)})
        shared.made.publish("acme", "mod-weather", version, {"m.zip": joomla_module("weather", version)})
    package = shared.made.package("acme", "Stable only", streams=("stable",))
    vars(shared.made.parts).pop("products", None)
    vars(shared.made.parts).pop("gate", None)
    shared.client = shared.made.client()
    return shared, shared.made.key(package).code


def test_expiry_and_grace_are_told(api: Api):
    key, renewal = api.keys["annual"].code, "https://acme.example/renew"
    api.patch(f"{REPO}/license-packages/{api.packages['Standard']}", {"renewal_url": renewal})
    api.made.clock.turn(days=366)
    vars(api.made.parts).pop("products", None)
    vars(api.made.parts).pop("gate", None)
    api.client = api.made.client()
    assert (ask(api, key=key)["code"], ask(api, key=key)["valid"]) == ("grace", True)
    api.made.clock.turn(days=3)
    expired = ask(api, key=key)
    assert (expired["code"], expired["valid"], expired["renewal_url"]) == ("expired", False, renewal)


def test_a_bad_token_does_not_close_the_public_door(shared: Api):
    key = shared.keys["annual"].code
    assert shared.post(VALIDATE, {"key": key}, token="0" * 40).get_json()["valid"] is True


def test_too_many_unknown_keys_from_one_address_are_held_up_and_good_ones_never(api: Api):
    statuses = [api.post(VALIDATE, {"key": f"made-up-{number}"}, token="").status_code for number in range(61)]
    assert statuses == [200] * 60 + [429]
    held_up = api.post(VALIDATE, {"key": "made-up"}, token="")
    assert (held_up.get_json()["code"], held_up.headers["Retry-After"]) == ("rate_limited", "60")
    assert ask(api, key=api.keys["annual"].code)["valid"] is True
    api.made.clock.turn(seconds=60)
    assert ask(api, key="made-up")["code"] == "unknown"


@pytest.mark.parametrize("path", ["acme/nothing", "nobody/nothing", "acme/plain"])
def test_what_is_no_product_is_not_there(api: Api, path):
    api.made.world.add_repo("acme", "plain")
    assert api.post(f"repos/{path}/license-keys/validate", {"key": "x" * 20}, token="").status_code == 404


def test_one_key_is_asked_about_by_its_own_code_without_a_token(shared: Api):
    path = shared.key_path("annual", rest="/validate")
    assert ask(shared, path, key=shared.keys["annual"].code)["code"] == "valid"
    assert ask(shared, path, key=shared.keys["local"].code)["code"] == "unknown"
    assert ask(shared, path)["code"] == "missing"


def test_one_key_is_asked_about_by_its_number_with_a_managers_token(shared: Api):
    path = shared.key_path("annual", rest="/validate")
    assert shared.post(path, {"domain": "example.com"}, "manager").get_json()["valid"] is True
    assert shared.post(path, {}, "support").status_code == 403


def test_a_code_that_stands_for_two_keys_is_told_apart_by_number(api: Api):
    past = api.made.clock() + timedelta(days=1)
    old = api.new_key(legacy_code="old-code-17", expires_at=past)
    new = api.new_key(legacy_code="old-code-17")
    api.made.clock.turn(days=30)
    codes = [api.post(api.key_path(each, rest="/validate"), {}).get_json()["code"] for each in (old, new)]
    assert codes == ["expired", "valid"]


def test_a_decision_is_explained_step_by_step_without_taking_a_site(api: Api):
    path = api.key_path("annual", rest="/explain?domain=one.com")
    shown = api.get(path, "viewer").get_json()
    assert (shown["valid"], shown["code"]) == (True, "valid")
    assert all(step["passed"] for step in shown["steps"])
    assert api.get(api.key_path(rest="/sites")).get_json() == []
    api.patch(api.key_path(), {"domains": ["two.com"]})
    refused = api.get(path).get_json()
    step = next(step for step in refused["steps"] if step["passed"] is False)
    assert refused["code"] == step["code"] == "domain_not_allowed"
    assert refused["steps"][-1]["passed"] is None


def test_each_question_is_counted(api: Api):
    ask(api, key=api.keys["annual"].code, domain="one.com", activate=True)
    ask(api, key="made-up-code")
    api.made.parts.usage.flush()
    counted = api.get(api.key_path(rest="/usage")).get_json()
    assert [(each["kind"], each["code"], each["site"], each["count"]) for each in counted] == [
        ("validate", "valid", "one.com", 1)
    ]


def test_a_master_key_is_valid_everywhere_of_its_owner(shared: Api):
    with shared.made.parts.open_session(read_only=True) as session:
        owner_id = session.get(Package, shared.packages["Standard"]).owner_id
        master = licenses.live_master_key(session, licenses.master_package(session, owner_id).id)
        code = licenses.codes_of(session, [master.id])[master.id][0].code
    assert ask(shared, key=code, domain="anything.com")["sites_allowed"] == 0
