"""Whose token it is, what it reaches, and for how long that is believed."""

import base64

import pytest
from support.api_world import OWN_ORG, PERSON, PRIVATE, REPO, Api

KEYS = f"{REPO}/license-keys"
HIDDEN_KEYS = f"{PRIVATE}/license-keys"


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize("scheme", ["token", "Token", "bearer", "Bearer", "BEARER"])
def test_a_token_comes_with_either_word(shared: Api, scheme):
    headers = {"Authorization": f"{scheme} {shared.tokens['owner']}"}
    assert shared.get(KEYS, token="", headers=headers).status_code == 200


def test_basic_counts_where_it_carries_a_token_as_with_gitea(shared: Api):
    token = shared.tokens["owner"]
    for header in (basic(token, ""), basic(token, "x-oauth-basic"), basic("olga", token), basic("", token)):
        assert shared.get(KEYS, token="", headers={"Authorization": header}).status_code == 200


def test_a_password_is_never_taken_nor_sent_to_gitea(watched):
    api, seen = watched
    api.made.world.account("olga").password = "correct horse"
    answer = api.get(KEYS, token="", headers={"Authorization": basic("olga", "correct horse")})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthorized")
    assert seen == []


@pytest.mark.parametrize(
    "header",
    [
        "",
        "token",
        "token ",
        "token x",
        "token " + "g" * 40,
        "token " + "a" * 39,
        "token " + "A" * 40,
        "token " + "a" * 41,
        "Digest abc",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        "token " + "a" * 40 + ", token " + "b" * 40,
        "token " + "a" * 40 + "\t" + "b" * 40,
    ],
)
def test_what_is_no_token_is_refused_without_asking_gitea(watched, header):
    api, seen = watched
    answer = api.get(KEYS, token="", headers={"Authorization": header})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert seen == []


@pytest.mark.parametrize("name", ["token", "access_token"])
@pytest.mark.parametrize("path", [KEYS, f"{KEYS}/validate"])
def test_a_token_in_the_query_is_refused_with_advice(shared: Api, name, path):
    method = "POST" if path.endswith("validate") else "GET"
    answer = shared.ask(method, f"{path}?{name}={shared.tokens['owner']}")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "token_in_query")
    assert "replaced" in answer.get_json()["message"]
    assert shared.tokens["owner"] not in answer.text


def test_a_token_that_nobody_has_is_refused(shared: Api):
    assert shared.get(KEYS, token="f" * 40).status_code == 401


SCOPES = [
    # scopes, path, read, write
    (["read:user", "read:repository"], REPO, 200, 403),
    (["read:user", "write:repository"], REPO, 200, 201),
    (["write:repository"], REPO, 200, 201),
    (["read:user"], REPO, 403, 403),
    (["read:user", "write:organization"], REPO, 403, 403),
    (["all"], REPO, 200, 201),
    (["read:user", "read:organization"], OWN_ORG, 200, 403),
    (["read:user", "write:organization"], OWN_ORG, 200, 201),
    (["read:user", "write:repository"], OWN_ORG, 403, 403),
]


@pytest.mark.parametrize("role", ["owner", "manager"])
@pytest.mark.parametrize(("scopes", "place", "read", "write"), SCOPES)
def test_reading_needs_the_read_scope_and_writing_the_write_scope(shared: Api, role, scopes, place, read, write):
    login = {"owner": "olga", "manager": "mona"}[role]
    token = shared.made.world.add_token(login, scopes=scopes)
    answer = shared.get(f"{place}/license-keys", token=token)
    issued = shared.post(f"{place}/license-keys", {"package_id": shared.packages["Standard"]}, token=token)
    assert (answer.status_code, issued.status_code) == (read, write)
    for each in (answer, issued):
        if each.status_code == 403:
            assert each.get_json()["code"] == "missing_scope"
            assert "scope" in each.get_json()["message"]


@pytest.mark.parametrize(
    ("scope", "read", "write"), [("read:user", 200, 403), ("write:user", 200, 201), ("all", 200, 201)]
)
def test_at_a_person_the_user_scope_counts(shared: Api, scope, read, write):
    token = shared.made.world.add_token("dora", scopes=[scope])
    assert shared.get(f"{PERSON}/license-keys", token=token).status_code == read
    issued = shared.post(f"{PERSON}/license-keys", {"package_id": shared.packages["Solo"]}, token=token)
    assert issued.status_code == write


def test_the_probe_for_the_write_scope_changes_nothing_in_gitea(api: Api):
    world = api.made.world
    before = (len(world.teams), dict(world.variables), [len(repo.releases) for repo in world.repos.values()])
    assert api.post(KEYS, {"package_id": api.packages["Standard"]}).status_code == 201
    assert api.post(f"{OWN_ORG}/license-keys", {"package_id": api.packages["Standard"]}).status_code == 201
    assert api.post(f"{PERSON}/license-keys", {"package_id": api.packages["Solo"]}, "dora").status_code == 201
    assert (len(world.teams), dict(world.variables), [len(repo.releases) for repo in world.repos.values()]) == before


def test_a_public_only_token_reaches_no_private_repo(shared: Api):
    token = shared.made.world.add_token("olga", scopes=["all", "public-only"])
    assert shared.get(KEYS, token=token).status_code == 200
    assert shared.get(HIDDEN_KEYS, token=token).status_code == 404


def test_a_token_without_the_user_scope_is_known_by_its_userinfo(watched):
    api, seen = watched
    token = api.made.world.add_token("vera", scopes=["read:repository"])
    answer = api.get(KEYS, token=token)
    assert answer.status_code == 200
    assert answer.get_json()[0]["masked"] is True
    assert "/login/oauth/userinfo" in seen
