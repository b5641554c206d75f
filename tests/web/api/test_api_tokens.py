"""Machine tokens: made by people, shown once, listed without the token, revoked at once."""

import re
from datetime import timedelta

import pytest
from support.api_keys import refused
from support.api_tokens import new_token, stored
from support.api_world import OWN_ORG, PERSON, PRIVATE, REPO, Api

from bridge.app import create_app
from bridge.errors import UnavailableError
from bridge.models.tokens import MOST_LIVE_TOKENS
from bridge.parts import Edge, Parts
from bridge.rules import machine_tokens
from bridge.storage import audits, tokens

TOKENS = f"{REPO}/license-tokens"
OF_ORG = f"{OWN_ORG}/license-tokens"
PUBLISHED = re.compile(r"\bglb_[0-9a-hjkmnp-tv-z]{46}\b")


def make(api: Api, path: str = TOKENS, role: str = "owner", **fields) -> dict:
    """Make a token over the API."""
    answer = api.post(path, {"name": "Shop", "scopes": ["keys:read"], **fields}, role)
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def ids(answer) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.get_json()]


def test_a_token_is_shown_once_and_stored_as_a_digest(api_on_both: Api):
    api = api_on_both
    made = make(api, scopes=["stats:read", "keys:read"])
    assert PUBLISHED.fullmatch(made["token"])
    assert made["hint"] == f"…{made['token'][-4:]}"
    assert (made["repo"], made["state"], made["made_by"]) == ("mod-weather", "live", "olga")
    assert made["scopes"] == ["keys:read", "stats:read"]
    for answer in (api.get(TOKENS), api.get(f"{TOKENS}/{made['id']}")):
        assert "token" not in (answer.get_json()[0] if isinstance(answer.get_json(), list) else answer.get_json())
        assert not PUBLISHED.search(answer.text)
    row = stored(api.made, made["id"])
    assert row.digest == machine_tokens.digest(made["token"])
    assert made["token"] not in str(row.model_dump())
    assert (row.maker_id, row.owner_id) == (api.made.world.account("olga").id, api.made.world.account("acme").id)


def test_a_token_lasts_a_year_unless_it_is_said_otherwise(api: Api):
    now = api.made.clock()
    assert make(api)["expires_at"] == (now + timedelta(days=365)).isoformat().replace("+00:00", "Z")
    assert make(api, expires_at=None)["expires_at"] is None
    assert make(api, expires_at="2026-03-01T12:00:01Z")["expires_at"] == "2026-03-01T12:00:01Z"
    assert make(api, expires_at="9999-12-31T23:59:59Z")["expires_at"] == "9999-12-31T23:59:59Z"


def test_a_list_shows_what_works_there_to_whom_it_is_shown(api: Api):
    here, everywhere = make(api)["id"], make(api, OF_ORG)["id"]
    hidden = make(api, f"{PRIVATE}/license-tokens")["id"]
    assert ids(api.get(TOKENS)) == [everywhere, here]
    assert ids(api.get(TOKENS, "repo_admin")) == [here]
    assert ids(api.get(OF_ORG)) == [hidden, everywhere, here]
    assert {each["id"]: each["repo"] for each in api.get(OF_ORG).get_json()} == {
        here: "mod-weather",
        everywhere: None,
        hidden: "secret",
    }
    assert api.get(f"{TOKENS}/{hidden}").status_code == 404
    assert api.delete(f"{TOKENS}/{hidden}").status_code == 404
    assert api.get(f"{TOKENS}/{everywhere}", "repo_admin").status_code == 403
    assert api.delete(f"{TOKENS}/{everywhere}", "repo_admin").status_code == 403
    assert api.get("orgs/beta/license-tokens/" + str(here), "bea").status_code == 404
    assert api.delete(f"repos/beta/gadget/license-tokens/{here}", "bea").status_code == 404


def test_lists_come_in_pages(api: Api):
    made = [make(api)["id"] for _ in range(5)]
    page = api.get(f"{TOKENS}?limit=2&page=2")
    assert ids(page) == [made[2], made[1]]
    assert page.headers["X-Total-Count"] == "5"


def test_lists_are_filtered_by_state(api: Api):
    live = make(api)["id"]
    expired = make(api, expires_at="2026-03-01T13:00:00Z")["id"]
    revoked = make(api)["id"]
    api.delete(f"{TOKENS}/{revoked}")
    api.made.clock.turn(hours=1)
    assert ids(api.get(TOKENS)) == [expired, live]
    for state, expected in (("live", [live]), ("expired", [expired]), ("revoked", [revoked])):
        answer = api.get(f"{TOKENS}?state={state}")
        assert ids(answer) == expected
        assert {each["state"] for each in answer.get_json()} == {state}
    refused(api.get(f"{TOKENS}?state=dead"), 422, "invalid")


def test_revoking_is_at_once_in_every_process_and_again_changes_nothing(api_on_both: Api):
    api = api_on_both
    made = make(api)
    path = f"{TOKENS}/{made['id']}"
    assert api.get(f"{REPO}/license-keys", token=made["token"]).status_code == 200
    parts = Parts(api.made.settings, Edge(clock=api.made.clock))  # another process would hold nothing more in common
    elsewhere = Api(api.made, create_app(api.made.settings, parts).test_client(), api.tokens)
    assert elsewhere.get(f"{REPO}/license-keys", token=made["token"]).status_code == 200
    assert api.delete(path).status_code == 204
    for each in (api, elsewhere):
        assert each.get(f"{REPO}/license-keys", token=made["token"]).status_code == 401
    first = api.get(path).get_json()
    assert (first["state"], first["revoked_at"]) == ("revoked", "2026-03-01T12:00:00Z")
    api.made.clock.turn(minutes=5)
    assert api.delete(path).status_code == 204
    assert api.get(path).get_json() == first
    parts.close()


def test_making_and_revoking_stand_in_the_trail_and_the_token_does_not(api: Api):
    made = make(api, OF_ORG, name="Joomla shop")
    api.delete(f"{OF_ORG}/{made['id']}")
    with api.made.parts.open_session(read_only=True) as session:
        rows = audits.of_subject(session, f"token:{made['id']}")
    olga = f"gitea:{api.made.world.account('olga').id}"
    assert [(row.action, row.actor) for row in rows] == [("token.make", olga), ("token.revoke", olga)]
    assert rows[0].after["name"] == "Joomla shop"
    text = str([row.model_dump() for row in rows])
    assert made["token"] not in text
    assert machine_tokens.digest(made["token"]) not in text


def test_what_a_machine_does_is_told_apart_from_what_its_maker_does(api: Api):
    made = make(api, scopes=["keys:write"])
    key_id = api.keys["local"].id
    for token in (made["token"], api.tokens["owner"]):
        answer = api.post(f"{REPO}/license-keys/{key_id}/renew", {}, token=token)
        assert answer.status_code == 200, answer.text
    with api.made.parts.open_session(read_only=True) as session:
        actors = [row.actor for row in audits.of_subject(session, f"key:{key_id}") if row.actor != "test"]
    assert actors == [f"token:{made['id']}", f"gitea:{api.made.world.account('olga').id}"]


def test_the_last_use_is_noted_by_the_minute(api: Api):
    made = make(api)
    assert made["last_used_at"] is None
    for seconds, expected in ((0, "12:00"), (59, "12:00"), (1, "12:01"), (3600, "13:01")):
        api.made.clock.turn(seconds=seconds)
        assert api.get(f"{REPO}/license-keys", token=made["token"]).status_code == 200
        shown = api.get(f"{TOKENS}/{made['id']}").get_json()["last_used_at"]
        assert shown == f"2026-03-01T{expected}:00Z"
    api.made.clock.turn(hours=-5)
    assert api.get(f"{REPO}/license-keys", token=made["token"]).status_code == 200
    assert api.get(f"{TOKENS}/{made['id']}").get_json()["last_used_at"] == "2026-03-01T13:01:00Z"


def test_a_use_that_cannot_be_noted_is_no_refusal(api: Api, monkeypatch: pytest.MonkeyPatch):
    made = make(api)

    def busy(*_any: object) -> None:
        raise UnavailableError("the database is locked")

    monkeypatch.setattr(tokens, "note_use", busy)
    assert api.get(f"{REPO}/license-keys", token=made["token"]).status_code == 200
    assert stored(api.made, made["id"]).last_used_at is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "Shop"}, "scopes"),
        ({"name": "", "scopes": ["keys:read"]}, "name"),
        ({"name": "  ", "scopes": ["keys:read"]}, "name"),
        ({"name": "a" * 101, "scopes": ["keys:read"]}, "name"),
        ({"name": "a\nb", "scopes": ["keys:read"]}, "name"),
        ({"name": "a\0b", "scopes": ["keys:read"]}, "name"),
        ({"name": "a\u202eb", "scopes": ["keys:read"]}, "name"),
        ({"name": 7, "scopes": ["keys:read"]}, "name"),
        ({"name": None, "scopes": ["keys:read"]}, "name"),
        ({"name": "a", "scopes": []}, "scopes"),
        ({"name": "a", "scopes": "keys:read"}, "scopes"),
        ({"name": "a", "scopes": None}, "scopes"),
        ({"name": "a", "scopes": ["keys:delete"]}, "scopes.0"),
        ({"name": "a", "scopes": ["KEYS:READ"]}, "scopes.0"),
        ({"name": "a", "scopes": [7]}, "scopes.0"),
        ({"name": "a", "scopes": ["keys:read", "keys:read"]}, "scopes"),
        ({"name": "a", "scopes": ["keys:read"] * 1000}, "scopes"),
        ({"name": "a", "scopes": ["keys:read"], "expires_at": "2026-03-01T12:00:00Z"}, "expires_at"),
        ({"name": "a", "scopes": ["keys:read"], "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "a", "scopes": ["keys:read"], "expires_at": "soon"}, "expires_at"),
        ({"name": "a", "scopes": ["keys:read"], "expires_at": 10**12}, "expires_at"),
        ({"name": "a", "scopes": ["keys:read"], "expires_at": "10000-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "a", "scopes": ["keys:read"], "token": "glb_x"}, "token"),
        ({"name": "a", "scopes": ["keys:read"], "maker_id": 1}, "maker_id"),
    ],
)
def test_what_makes_no_token_is_refused_by_field(shared: Api, body, field):
    assert field in refused(shared.post(TOKENS, body), 422, "invalid")


def test_a_body_with_half_a_character_is_refused(shared: Api):
    raw = b'{"name": "\\ud800", "scopes": ["keys:read"]}'
    headers = {"Content-Type": "application/json"}
    refused(shared.ask("POST", TOKENS, data=raw, headers=headers), 422, "invalid")


def test_an_owner_has_a_hundred_live_tokens_at_most(api: Api):
    soon = api.made.clock() + timedelta(hours=1)
    for number in range(MOST_LIVE_TOKENS - 1):
        new_token(api.made, OWN_ORG if number % 2 else REPO, expires_at=soon if number < 2 else None)
    last = make(api, OF_ORG)["id"]
    for path in (TOKENS, OF_ORG):
        answer = api.post(path, {"name": "One more", "scopes": ["keys:read"]})
        refused(answer, 409, "refused")
        assert "100" in answer.get_json()["message"]
    assert make(api, f"{PERSON}/license-tokens", "dora")["state"] == "live", "others have a hundred of their own"
    assert api.delete(f"{OF_ORG}/{last}").status_code == 204
    make(api)
    assert api.post(TOKENS, {"name": "One more", "scopes": ["keys:read"]}).status_code == 409
    api.made.clock.turn(hours=1)
    make(api)
    make(api)
    assert api.post(TOKENS, {"name": "One more", "scopes": ["keys:read"]}).status_code == 409


def test_the_same_call_again_makes_no_second_token_and_shows_none(api: Api):
    headers = {"Idempotency-Key": "one"}
    body = {"name": "Shop", "scopes": ["keys:read"]}
    first, again = (api.post(TOKENS, body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_json() == first.get_json() | {"token": None}
    assert len(ids(api.get(TOKENS))) == 1
    assert api.get(f"{REPO}/license-keys", token=first.get_json()["token"]).status_code == 200


def test_no_machine_makes_lists_shows_or_revokes_tokens(api: Api):
    token_id, text = new_token(api.made, OWN_ORG)
    body = {"name": "Heir", "scopes": ["keys:read"]}
    for base in (TOKENS, OF_ORG):
        answers = [
            api.get(base, token=text),
            api.post(base, body, token=text),
            api.get(f"{base}/{token_id}", token=text),
            api.delete(f"{base}/{token_id}", token=text),
        ]
        for answer in answers:
            refused(answer, 403, "forbidden")
            assert "no machine" in answer.get_json()["message"]
    assert stored(api.made, token_id).revoked_at is None


def test_a_token_is_made_by_whoever_is_owner_or_repo_admin_at_that_moment(api: Api):
    world = api.made.world
    body = {"name": "Shop", "scopes": ["keys:read"]}
    assert api.post(TOKENS, body, "repo_admin").status_code == 201
    world.repo("acme", "mod-weather").collaborators.pop(world.account("rita").id)
    assert api.post(TOKENS, body, "repo_admin").status_code == 403
    assert api.get(OF_ORG).status_code == 200
    for team in world.teams.values():
        team.members.discard(world.account("olga").id)
    assert api.post(OF_ORG, body).status_code == 403
    world.faults.inject("down", 500)
    assert api.post(OF_ORG, body).status_code == 503
    world.faults.clear()
    assert len(ids(api.get(OF_ORG, "site_admin"))) == 1
