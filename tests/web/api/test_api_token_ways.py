"""How a machine token is sent, how long it lives, and where it works."""

import base64

import pytest
from support.api_keys import refused
from support.api_tokens import new_token, stored
from support.api_world import FOREIGN, FOREIGN_PRIVATE, OWN_ORG, PERSON, PRIVATE, REPO, Api

from bridge.rules import machine_tokens

KEYS = f"{REPO}/license-keys"
ORG_KEYS = f"{OWN_ORG}/license-keys"


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_a_token_comes_in_every_way_in_which_a_persons_does(shared: Api):
    _, text = new_token(shared.made, REPO)
    for header in (
        f"token {text}",
        f"Bearer {text}",
        f"bearer   {text}  ",
        basic(text, ""),
        basic(text, "x-oauth-basic"),
        basic("shop", text),
        basic("", text),
    ):
        assert shared.get(KEYS, token="", headers={"Authorization": header}).status_code == 200


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "q"])
def test_a_token_in_the_query_is_refused_under_any_name(shared: Api, name):
    _, text = new_token(shared.made, REPO)
    for path in (f"{KEYS}?{name}={text}", f"{KEYS}?limit=5&{name}=x&{name}={text}"):
        answer = shared.get(path, token=text)
        refused(answer, 400, "token_in_query")
        assert text not in answer.text


NOT_WHOLE = [
    machine_tokens.PREFIX,
    "{text:.49}",
    "{text}0",
    "{text:.30} {text}",
    "glb_" + "0" * 46,
    "glb_" + "0" * 10_000,
    "{text}\t",
    "{upper}",
    "{text:.49}é",
]


@pytest.mark.parametrize("form", NOT_WHOLE, ids=range(len(NOT_WHOLE)))
def test_what_is_not_whole_is_refused_before_anything_is_looked_up(watched, form, monkeypatch):
    api, seen = watched
    _, text = new_token(api.made, REPO)
    sent = form.format(text=text, upper=text.upper())
    monkeypatch.setattr("bridge.storage.tokens.by_digest", lambda *_: pytest.fail("it was looked up"))
    headers = [{"Authorization": f"token {sent}x"}] if sent.endswith("\t") else [{"Authorization": f"token {sent}"}]
    if sent.isascii():
        headers.append({"Authorization": basic("shop", sent)})
    for each in headers:
        answer = api.get(KEYS, token="", headers=each)
        refused(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert text not in answer.text
    assert seen == []


def test_a_nul_in_basic_is_no_token(shared: Api):
    _, text = new_token(shared.made, REPO)
    for secret in (f"{text}\0", f"\0{text}", f"{text[:20]}\0{text[21:]}"):
        refused(shared.get(KEYS, token="", headers={"Authorization": basic("shop", secret)}), 401, "unauthorized")


def test_a_token_of_another_installation_is_unknown_and_counted(api: Api):
    _, ours = new_token(api.made, REPO)
    statuses = [
        api.get(KEYS, token=machine_tokens.new_token(bytes([number]) * machine_tokens.ENTROPY_BYTES)).status_code
        for number in range(32)
    ]
    assert statuses == [401] * 30 + [429] * 2
    assert api.get(KEYS, token=ours).status_code == 200, "whoever is right is never held up"
    assert api.get(KEYS).status_code == 429, "a person's token costs Gitea a question, so it waits"


def test_an_expired_token_is_refused_and_says_so(api: Api):
    token_id, text = new_token(api.made, REPO, expires_at=api.made.clock.now.replace(hour=13))
    api.made.clock.turn(minutes=59, seconds=59)
    assert api.get(KEYS, token=text).status_code == 200
    api.made.clock.turn(seconds=1)
    answer = api.get(KEYS, token=text)
    refused(answer, 401, "unauthorized")
    assert "expired" in answer.get_json()["message"]
    assert stored(api.made, token_id).last_used_at == api.made.clock()


def test_a_clock_that_is_set_back_revives_no_token(api: Api):
    _, text = new_token(api.made, REPO, expires_at=api.made.clock.now.replace(hour=13))
    api.made.clock.turn(hours=2)
    assert api.get(KEYS, token=text).status_code == 401
    api.made.clock.turn(days=-1)
    assert api.get(KEYS, token=text).status_code == 401


def test_a_repos_token_works_at_that_repo_only(shared: Api):
    _, text = new_token(shared.made, REPO)
    assert shared.get(KEYS, token=text).status_code == 200
    for place in (PRIVATE, OWN_ORG, FOREIGN, FOREIGN_PRIVATE, PERSON, "orgs/beta", "users/olga", "repos/acme/nothing"):
        refused(shared.get(f"{place}/license-keys", token=text), 404, "not_found")


def test_an_owners_token_works_at_the_owner_and_all_its_repos_only(shared: Api):
    _, text = new_token(shared.made, OWN_ORG)
    for place in (OWN_ORG, REPO, PRIVATE):
        assert shared.get(f"{place}/license-keys", token=text).status_code == 200
    for place in (FOREIGN, FOREIGN_PRIVATE, PERSON, "orgs/beta", "users/acme", "users/olga", "repos/acme/nothing"):
        refused(shared.get(f"{place}/license-keys", token=text), 404, "not_found")


def test_also_a_site_admins_token_stays_where_it_was_made(shared: Api):
    _, text = new_token(shared.made, OWN_ORG, "root")
    assert shared.get(ORG_KEYS, token=text).status_code == 200
    for place in (FOREIGN, FOREIGN_PRIVATE, PERSON):
        refused(shared.get(f"{place}/license-keys", token=text), 404, "not_found")


def test_a_person_makes_a_token_of_their_own_account(shared: Api):
    _, text = new_token(shared.made, "users/dora", "dora")
    for place in (PERSON, "repos/dora/solo"):
        assert shared.get(f"{place}/license-keys", token=text).status_code == 200
    refused(shared.get(KEYS, token=text), 404, "not_found")


def test_a_private_repo_and_none_look_the_same_to_a_foreign_machine(shared: Api):
    _, text = new_token(shared.made, REPO)
    answers = [
        shared.get(f"{place}/license-keys", token=text) for place in (PRIVATE, FOREIGN_PRIVATE, FOREIGN, "repos/x/y")
    ]
    assert {(each.status_code, each.data) for each in answers} == {(404, answers[0].data)}


def test_at_a_repo_its_token_sees_what_the_owner_lends_masked_and_changes_nothing_of_it(shared: Api):
    _, text = new_token(shared.made, REPO)
    lent, own = shared.key_path("annual"), shared.key_path("local")
    assert (shared.get(lent, token=text).get_json()["masked"], shared.get(own, token=text).get_json()["masked"]) == (
        True,
        False,
    )
    refused(shared.post(f"{lent}/revoke", {}, token=text), 403, "forbidden")
    package = shared.packages["Standard"]
    refused(shared.post(KEYS, {"package_id": package}, token=text), 403, "forbidden")
    assert shared.post(KEYS, {"package_id": shared.packages["Local"]}, token=text).status_code == 201
    names = {each["name"]: each["repos"] for each in shared.get(f"{REPO}/license-packages", token=text).get_json()}
    assert set(names["Standard"]) <= {"mod-weather"}


def test_no_machine_sees_the_code_of_a_master_key(shared: Api):
    _, text = new_token(shared.made, OWN_ORG)
    keys = shared.get(ORG_KEYS, token=text).get_json()
    assert {key["masked"] for key in keys if key["master"]} == {True}
    assert {key["masked"] for key in keys if not key["master"]} == {False}


def test_a_repo_that_changed_hands_takes_no_token_with_it(api: Api):
    world = api.made.world
    world.add_team("beta", "Admins", permission="admin", includes_all=True, members=["olga"])
    tokens = [new_token(api.made, place)[1] for place in (REPO, OWN_ORG)]
    world.transfer("acme", "mod-weather", "beta")
    api.made.refresh("beta", "mod-weather")
    api.made.clock.turn(minutes=1)
    for text in tokens:
        for path in ("repos/beta/mod-weather/license-keys", KEYS):
            refused(api.get(path, token=text), 404, "not_found")
    assert api.get("repos/beta/mod-weather/license-keys").status_code == 200, "its maker is admin there too"


def test_a_renamed_repo_and_owner_are_followed_by_id(api: Api):
    world = api.made.world
    _, text = new_token(api.made, REPO)
    assert api.get(KEYS, token=text).status_code == 200
    world.rename_repo("acme", "mod-weather", "mod-climate")
    world.rename_account("acme", "acme2")
    world.add_org("acme", owner="olga")
    world.add_repo("acme", "mod-weather")
    api.made.clock.turn(minutes=1)
    refused(api.get(KEYS, token=text), 404, "not_found")
    assert api.get("repos/acme2/mod-climate/license-keys", token=text).status_code == 200
