"""For how long it is believed who somebody is, and what happens while Gitea is away."""

import threading
from typing import Any

import pytest
from support.api_world import OWN_ORG, PRIVATE, REPO, Api

KEYS = f"{REPO}/license-keys"
HIDDEN_KEYS = f"{PRIVATE}/license-keys"


@pytest.mark.parametrize("what", ["inactive", "prohibited", "no user scope", "token gone", "account gone"])
def test_whoever_is_blocked_or_gone_is_out_within_a_minute(api: Api, what):
    world = api.made.world
    scopes = ["read:repository"] if what == "no user scope" else ["all"]
    token = world.add_token("vera", scopes=scopes)
    assert api.get(KEYS, token=token).status_code == 200
    account = world.account("vera")
    if what == "inactive":
        account.active = False
    elif what == "token gone":
        del world.tokens[token]
    elif what == "account gone":
        for text in [text for text, each in world.tokens.items() if each.user_id == account.id]:
            del world.tokens[text]
    else:
        account.prohibit_login = True
    api.made.clock.turn(seconds=60)
    assert api.get(KEYS, token=token).status_code in {401, 403}


@pytest.mark.parametrize("lost", ["team", "collaborator", "owner"])
def test_a_lost_role_is_gone_within_a_minute_and_at_once_where_it_destroys(api: Api, lost):
    world = api.made.world
    role = {"team": "manager", "collaborator": "repo_admin", "owner": "owner"}[lost]
    assert api.get(KEYS, role).status_code == 200
    person = world.account({"manager": "mona", "repo_admin": "rita", "owner": "olga"}[role])
    for team in world.teams.values():
        team.members.discard(person.id)
    world.repo("acme", "mod-weather").collaborators.pop(person.id, None)
    assert api.post(api.key_path("local", rest="/revoke"), {}, role).status_code == 403
    assert api.get(KEYS, role).status_code == 403
    api.made.clock.turn(seconds=60)
    assert api.get(KEYS, role).status_code == 403


def test_what_was_proven_is_believed_for_a_minute_and_no_longer(counted):
    api, seen = counted
    assert api.get(KEYS, "viewer").status_code == 200
    first = len(seen)
    api.made.clock.turn(seconds=59)
    assert api.get(KEYS, "viewer").status_code == 200
    assert len(seen) == first
    api.made.clock.turn(seconds=1)
    assert api.get(KEYS, "viewer").status_code == 200
    assert len(seen) > first


def test_a_clock_that_was_set_back_makes_nothing_last_longer(counted):
    api, seen = counted
    api.get(KEYS, "viewer")
    first = len(seen)
    api.made.clock.turn(hours=-1)
    api.get(KEYS, "viewer")
    assert len(seen) > first


def test_a_no_is_remembered_for_fifteen_seconds(counted):
    api, seen = counted
    token = "e" * 40
    for path in (KEYS, HIDDEN_KEYS, f"{OWN_ORG}/license-keys"):
        assert api.get(path, token=token).status_code == 401
    assert seen == ["/api/v1/user"]
    api.made.world.add_token("vera", text=token)
    api.made.clock.turn(seconds=15)
    assert api.get(KEYS, token=token).status_code == 200


@pytest.mark.parametrize("fault", ["down", "status", "html", "broken-json"])
def test_while_gitea_is_away_nobody_is_let_in(api: Api, fault):
    api.made.world.faults.inject(fault, 500)
    answer = api.get(KEYS)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]
    api.made.world.faults.clear()


def test_while_gitea_is_away_nothing_is_destroyed_by_what_is_remembered(api: Api):
    assert api.get(api.key_path()).status_code == 200
    api.made.world.faults.inject("down")
    assert api.post(api.key_path(rest="/revoke"), {}).status_code == 503
    api.made.world.faults.clear()
    assert api.get(api.key_path()).get_json()["state"] == "active"


def test_a_bridge_token_that_lost_its_rights_lets_nobody_in(api: Api):
    api.made.world.account("root").is_admin = False
    assert api.get(f"{OWN_ORG}/license-keys", "manager").status_code == 503


def test_a_renamed_persons_old_login_gives_its_rights_to_nobody_else(api: Api):
    world = api.made.world
    assert api.get(KEYS, "manager").status_code == 200
    world.rename_account("mona", "mona2")
    newcomer = world.add_user("mona")
    api.made.clock.turn(seconds=60)
    assert api.get(KEYS, token=world.add_token(newcomer.login)).status_code == 403
    assert api.get(KEYS, "manager").status_code == 200


def test_a_repo_that_changed_hands_is_not_shown_with_its_former_owners_things(api: Api):
    world = api.made.world
    world.transfer("acme", "mod-weather", "beta")
    answer = api.get("repos/beta/mod-weather/license-keys", "bea")
    assert answer.status_code == 200
    packages = {key["package"]["id"] for key in answer.get_json()}
    assert api.packages["Local"] in packages
    assert api.packages["Standard"] not in packages
    assert api.get(KEYS).status_code == 404


def test_a_repo_that_the_bridge_never_saw_is_read_when_its_admin_asks(api: Api):
    api.made.world.add_repo("acme", "new-module", private=True)
    assert api.get("repos/acme/new-module/licensing", "repo_admin").status_code == 404
    answer = api.get("repos/acme/new-module/licensing")
    assert (answer.status_code, answer.get_json()["platform"]) == (200, None)


def test_an_owner_that_is_not_served_is_not_there(api: Api):
    world = api.made.world
    world.add_user("eve")
    world.add_repo("eve", "thing")
    for path in ("repos/eve/thing/licensing", "users/eve/licensing"):
        assert api.get(path, token=world.add_token("eve")).status_code == 404


def test_too_many_wrong_tokens_from_one_address_are_held_up_and_right_ones_never(counted):
    api, seen = counted
    assert api.get(KEYS).status_code == 200
    statuses = [api.get(KEYS, token=f"{number:040x}").status_code for number in range(31)]
    assert statuses == [401] * 30 + [429]
    asked_before = len(seen)
    held_up = api.get(KEYS, token="d" * 40)
    assert (held_up.status_code, held_up.get_json()["code"]) == (429, "rate_limited")
    assert held_up.headers["Retry-After"] == "60"
    assert len(seen) == asked_before
    assert api.get(KEYS).status_code == 200
    elsewhere = {"X-Forwarded-For": "192.0.2.7"}
    assert api.get(KEYS, token="c" * 40, headers=elsewhere).status_code == 401
    api.made.clock.turn(seconds=60)
    assert api.get(KEYS, token="b" * 40).status_code == 401


def test_no_token_reaches_the_log_or_an_answer(api: Api, caplog):
    caplog.set_level("DEBUG")
    tokens = [api.tokens["owner"], "a1" * 20]
    api.made.world.faults.inject("status", 500, path="/api/v1/repos", times=3)
    texts = [api.get(KEYS, token=token).text for token in tokens]
    assert not [token for token in tokens for text in (*texts, caplog.text) if token in text]


def test_many_at_once_are_told_apart(api: Api):
    found: dict[str, set[int]] = {}

    def ask(role: str, client: Any) -> None:
        headers = {"Authorization": f"token {api.tokens[role]}"}
        found[role] = {client.get(f"/api/v1/{KEYS}", headers=headers).status_code for _ in range(5)}

    roles = ("owner", "viewer", "stranger")
    threads = [threading.Thread(target=ask, args=(role, api.made.client())) for role in roles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"owner": {200}, "viewer": {200}, "stranger": {403}}
