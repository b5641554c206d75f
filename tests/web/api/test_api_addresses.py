"""Addresses and methods: what is written oddly leads nowhere, and nobody is answered in another shape."""

import pytest
from support.api_keys import KEYS, refused
from support.api_world import OWN_ORG, REPO, Api


@pytest.mark.parametrize(
    "number",
    [
        "0",
        "01",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "x",
        "%31",
        "١",
        "2147483648",
        "9223372036854775808",
        "9" * 200,
        "1;drop",
        "null",
    ],
)
@pytest.mark.parametrize("path", [f"{KEYS}/#", f"{REPO}/license-packages/#", f"{KEYS}/1/sites/#"])
def test_what_is_no_number_of_anything_is_not_there(shared: Api, number, path):
    method = "DELETE" if "sites" in path else "GET"
    refused(shared.ask(method, path.replace("#", number), "site_admin"), 404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "repos/acme%2Fmod-weather/license-keys",
        "repos/acme%2fmod-weather/license-keys",
        "repos/acme/mod-weather%2Flicense-keys",
        "repos/acme/mod%2Dweather/license-keys",
        "repos/acme/../acme/mod-weather/license-keys",
        "repos/acme/%2e%2e/license-keys",
        "repos/acme/../license-keys",
        "repos/acme/./license-keys",
        "repos//mod-weather/license-keys",
        "repos/acme//license-keys",
        "repos/acme/mod-weather//license-keys",
        "repos/acme/mod-weather/license-keys/",
        "repos/acme/mod-weather.git/license-keys",
        "repos/acme/mod-weather.GIT/license-keys",
        "repos/acme/mod-weather.wiki/license-keys",
        "repos/acme/mod-weather/License-Keys",
        "Repos/acme/mod-weather/license-keys",
        "repos/acme/mod-weather/license-keys%00",
        "repos/acme/mod-weather\\license-keys",
        "repos/-/mod-weather/license-keys",
        "repos/acme/modwéather/license-keys",
        "repos/acme/" + "x" * 5000 + "/license-keys",
        "orgs/acme%2F..%2Fbeta/license-keys",
        "orgs/../license-keys",
    ],
    ids=lambda path: ascii(path)[:60],
)
def test_tricks_with_paths_lead_nowhere(shared: Api, path):
    refused(shared.get(path, "site_admin"), 404, "not_found")


def test_names_in_another_case_lead_to_the_same_repo_as_in_gitea(shared: Api):
    assert shared.get("repos/ACME/Mod-Weather/license-keys").get_json() == shared.get(KEYS).get_json()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", KEYS, "GET, HEAD, POST"),
        ("DELETE", KEYS, "GET, HEAD, POST"),
        ("PATCH", f"{KEYS}/1/revoke", "POST"),
        ("GET", f"{KEYS}/1/revoke", "POST"),
        ("POST", f"{KEYS}/1", "DELETE, GET, HEAD, PATCH"),
        ("OPTIONS", KEYS, "GET, HEAD, POST"),
        ("PUT", f"{OWN_ORG}/licensing", "GET, HEAD, PATCH"),
    ],
)
def test_another_method_is_refused_with_those_that_are_answered(shared: Api, method, path, allowed):
    answer = shared.ask(method, path)
    refused(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed


def test_head_answers_as_get_without_the_body(shared: Api):
    answer = shared.ask("HEAD", KEYS)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["X-Total-Count"] == shared.get(KEYS).headers["X-Total-Count"]


@pytest.mark.parametrize(
    "path", ["", "repos", "repos/acme", "user", "repos/acme/mod-weather", "repos/acme/mod-weather/licenses", "x/y/z"]
)
def test_the_rest_of_the_api_is_gitea_s_and_not_there(shared: Api, path):
    answer = shared.get(path or "nothing")
    refused(answer, 404, "not_found")


def test_every_answer_is_json_private_and_not_to_be_guessed_at(shared: Api):
    answers = [shared.get(KEYS), shared.get(KEYS, token=""), shared.get("x"), shared.get(f"{KEYS}/999999")]
    for answer in answers:
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
