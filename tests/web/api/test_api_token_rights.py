"""Whose rights a machine has: those of its token's maker at that moment. What is believed of them, and for how long."""

import pytest
from support.api_keys import refused
from support.api_tokens import new_token
from support.api_world import OWN_ORG, PRIVATE, REPO, Api

from bridge.rules import machine_tokens
from bridge.rules.permissions import Role
from bridge.services.machine_tokens import recognise
from bridge.services.makers import Makers

KEYS = f"{REPO}/license-keys"
ORG_KEYS = f"{OWN_ORG}/license-keys"


def test_a_token_dies_with_its_makers_account_within_a_minute(api: Api):
    world = api.made.world
    for change in ("inactive", "prohibited", "deleted"):
        login = f"maker-{change}"
        world.add_user(login)
        world.set_collaborator("acme", "mod-weather", login, "admin")
        _, text = new_token(api.made, REPO, login)
        assert api.get(KEYS, token=text).status_code == 200
        if change == "inactive":
            world.account(login).active = False
        elif change == "prohibited":
            world.account(login).prohibit_login = True
        else:
            world.remove_user(login)
        api.made.clock.turn(minutes=1)
        refused(api.get(KEYS, token=text), 401, "unauthorized")


@pytest.mark.parametrize("place", [REPO, OWN_ORG])
def test_a_token_loses_what_its_maker_loses_within_a_minute_and_at_once_where_it_destroys(api: Api, place):
    world = api.made.world
    _, text = new_token(api.made, place)
    key = api.key_path("local", base=place)
    assert api.get(key, token=text).status_code == 200
    for team in world.teams.values():
        team.members.discard(world.account("olga").id)
    refused(api.post(f"{key}/revoke", {}, token=text), 403, "forbidden")
    refused(api.get(key, token=text), 403, "forbidden")
    api.made.clock.turn(minutes=1)
    refused(api.get(key, token=text), 403, "forbidden")


def test_a_maker_who_became_less_leaves_the_token_as_much(api: Api):
    world = api.made.world
    _, text = new_token(api.made, OWN_ORG)
    key = api.key_path("annual", base=OWN_ORG)
    olga = world.account("olga").id
    for team in world.teams.values():
        team.members.discard(olga)
    team = next(team for team in world.teams.values() if team.name == "Auditors")
    team.members.add(olga)
    shown = api.get(key, token=text).get_json()
    assert shown["masked"] is True
    assert shown["customer_email"] != "ann@example.com"
    refused(api.post(f"{key}/renew", {}, token=text), 403, "forbidden")


def test_a_maker_who_sees_a_private_repo_no_more_hides_it_from_the_token(api: Api):
    world = api.made.world
    _, text = new_token(api.made, PRIVATE, "rita")
    assert api.get(f"{PRIVATE}/license-keys", token=text).status_code == 200
    world.repo("acme", "secret").collaborators.pop(world.account("rita").id)
    api.made.clock.turn(minutes=1)
    refused(api.get(f"{PRIVATE}/license-keys", token=text), 404, "not_found")


def test_a_renamed_maker_is_the_same_and_whoever_takes_the_name_is_not(api: Api):
    world = api.made.world
    _, text = new_token(api.made, REPO, "rita")
    world.rename_account("rita", "rita2")
    assert api.get(KEYS, token=text).status_code == 200
    newcomer = world.add_user("rita")
    newcomer.prohibit_login = True
    api.made.clock.turn(minutes=1)
    assert api.get(KEYS, token=text).status_code == 200
    world.account("rita2").active = False
    newcomer.prohibit_login = False
    world.set_collaborator("acme", "mod-weather", "rita", "admin")
    api.made.clock.turn(minutes=1)
    refused(api.get(KEYS, token=text), 401, "unauthorized")


def test_a_renamed_maker_is_found_where_the_list_of_users_is_switched_off(api: Api):
    world = api.made.world
    world.users_page = False
    _, text = new_token(api.made, REPO, "rita")
    assert api.get(KEYS, token=text).status_code == 200
    world.rename_account("rita", "rita2")
    api.made.clock.turn(minutes=1)
    assert api.get(KEYS, token=text).status_code == 200
    world.add_user("rita")
    api.made.clock.turn(minutes=1)
    refused(api.get(KEYS, token=text), 401, "unauthorized")


def test_what_a_maker_may_is_believed_for_a_minute_and_for_all_their_tokens(counted):
    api, seen = counted
    first, second = new_token(api.made, REPO)[1], new_token(api.made, OWN_ORG)[1]
    assert api.get(KEYS, token=first).status_code == 200
    asked = len(seen)
    api.made.clock.turn(seconds=59)
    assert [api.get(KEYS, token=text).status_code for text in (first, second)] == [200, 200]
    assert len(seen) == asked
    api.made.clock.turn(seconds=1)
    assert api.get(KEYS, token=first).status_code == 200
    assert len(seen) > asked


def test_a_token_that_is_over_costs_gitea_nothing(counted):
    api, seen = counted
    _, text = new_token(api.made, REPO, expires_at=api.made.clock.now.replace(hour=13))
    api.made.clock.turn(hours=1)
    assert api.get(KEYS, token=text).status_code == 401
    assert seen == []


@pytest.mark.parametrize("fault", ["down", "status", "html", "broken-json"])
def test_while_gitea_is_away_no_machine_is_let_in(api: Api, fault):
    _, text = new_token(api.made, REPO)
    api.made.world.faults.inject(fault, 500)
    answer = api.get(KEYS, token=text)
    refused(answer, 503, "unavailable")
    assert answer.headers["Retry-After"]
    api.made.world.faults.clear()
    assert api.get(KEYS, token=text).status_code == 200


def test_while_gitea_is_away_nothing_is_destroyed_by_what_is_remembered(api: Api):
    _, text = new_token(api.made, REPO)
    path = api.key_path("local")
    assert api.get(path, token=text).status_code == 200
    api.made.world.faults.inject("down")
    refused(api.post(f"{path}/revoke", {}, token=text), 503, "unavailable")
    api.made.world.faults.clear()
    assert api.get(path, token=text).get_json()["state"] == "active"


@pytest.mark.parametrize("lost", ["admin", "token", "scope"])
def test_a_bridge_token_that_lost_its_rights_lets_no_machine_in_and_blames_nobody(api: Api, lost):
    world = api.made.world
    tokens = [new_token(api.made, place)[1] for place in (REPO, OWN_ORG, PRIVATE)]
    bridge = api.made.settings.gitea.token.get_secret_value()
    if lost == "admin":
        world.account("root").is_admin = False
    elif lost == "token":
        del world.tokens[bridge]
    else:
        world.add_token("root", scopes=["read:user", "read:repository"], text=bridge)
    paths = [KEYS, ORG_KEYS, f"{PRIVATE}/license-keys"]
    for text, path in zip(tokens, paths, strict=True):
        refused(api.get(path, token=text), 503, "unavailable")


def test_a_machine_needs_no_scope_of_gitea_and_none_is_probed(counted):
    api, seen = counted
    _, text = new_token(api.made, REPO, "rita")
    world = api.made.world
    for token in [token for token, each in world.tokens.items() if each.user_id == world.account("rita").id]:
        del world.tokens[token]
    assert api.post(KEYS, {"package_id": api.packages["Local"]}, token=text).status_code == 201
    assert not [path for path in seen if path.endswith(("/releases", "/teams/x"))]


def test_no_machine_token_reaches_the_log_or_an_answer(api: Api, caplog):
    caplog.set_level("DEBUG")
    good = new_token(api.made, REPO)[1]
    unknown = machine_tokens.new_token(bytes(machine_tokens.ENTROPY_BYTES))
    api.made.world.faults.inject("status", 500, path="/api/v1/repos", times=3)
    texts = [api.get(KEYS, token=token).text for token in (good, unknown, good[:-1])]
    assert not [token for token in (good, unknown, good[:-1]) for text in (*texts, caplog.text) if token in text]


def test_a_machine_is_known_by_its_makers_roles(api: Api):
    """The service itself, so that what is shown by no answer is looked at too."""
    made = api.made
    makers = Makers(made.parts.gitea, made.parts.open_session, made.clock, b"0" * 32)
    of_repo, of_owner = (
        recognise(made.parts.open_session, new_token(made, place, scopes=("stats:read",))[1], made.clock())
        for place in (REPO, OWN_ORG)
    )
    stands = makers.at_repo(of_repo, "acme", "mod-weather").standing
    assert (stands.on_owner, stands.on_repo) == (frozenset(), {Role.OWNER, Role.REPO_ADMIN})
    stands = makers.at_repo(of_owner, "acme", "mod-weather").standing
    assert (stands.on_owner, stands.on_repo) == ({Role.OWNER}, {Role.REPO_ADMIN})
    place = makers.at_owner(of_owner, "ACME", "org")
    assert (place.owner_name, place.token_id, place.person.login) == ("acme", of_owner.token_id, "olga")
