"""Is a key good, asked at its owner: the body names the repo."""

import pytest
from support.api_world import OWN_ORG, PERSON, Api

VALIDATE = f"{OWN_ORG}/license-keys/validate"


def test_a_key_is_judged_for_the_repo_that_is_named(shared: Api):
    key = shared.keys["annual"]
    answer = shared.post(VALIDATE, {"key": key.code, "repo": "Mod-Weather"}, token="")
    assert (answer.status_code, answer.get_json()["code"]) == (200, "valid")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (VALIDATE, {}, 422),
        (VALIDATE, {"repo": "no-such-repo"}, 404),
        (VALIDATE, {"repo": "a/b"}, 404),
        (VALIDATE, {"repo": ".."}, 404),
        ("repos/acme/mod-weather/license-keys/validate", {"repo": "secret"}, 422),
        ("repos/acme/mod-weather/license-keys/validate", {"repo": "MOD-WEATHER"}, 200),
        (f"{PERSON}/license-keys/validate", {"repo": "mod-weather"}, 404),
    ],
)
def test_the_repo_must_be_named_and_be_the_owners(path, body, status, shared: Api):
    answer = shared.post(path, {"key": shared.keys["annual"].code, **body}, token="")
    assert answer.status_code == status, answer.text
    if status == 422:
        assert list(answer.get_json()["errors"]) == ["repo"]


def test_by_number_and_explained_likewise(shared: Api):
    number = shared.keys["annual"].id
    path = f"{OWN_ORG}/license-keys/{number}"
    assert shared.ask("GET", f"{path}/explain?repo=mod-weather", "owner").get_json()["valid"] is True
    assert shared.ask("GET", f"{path}/explain", "owner").status_code == 422
    answer = shared.ask("POST", f"{path}/validate", "owner", json={"repo": "mod-weather"})
    assert answer.get_json()["code"] == "valid"
