"""The description is true: it is the one in the docs, and whatever it allows is answered as it says."""

import json
from pathlib import Path

import pytest
import schemathesis
from hypothesis import given
from schemathesis.generation import GenerationMode
from support.api_schema import LEFT_OUT, PLACES, patience, read_whole
from support.api_world import Api

from bridge.web.api.catalogue import ALL, DESCRIPTION
from bridge.web.api.description import description
from bridge.web.api.errors import STATUSES

FEW = patience(8)


@pytest.fixture(scope="module")
def schema(shared: Api):
    """As a stranger reads it."""
    found = schemathesis.openapi.from_wsgi(DESCRIPTION, read_whole(shared.client.application))
    found.config.generation.with_security_parameters = False
    for level, package in (("repos", "Local"), ("orgs", "Standard"), ("users", "Solo")):
        place = "/".join((level, *PLACES[level].values()))
        body = {"package_id": shared.packages[package], "source": "shop", "payment_ref": f"S-{level}"}
        assert shared.post(f"{place}/license-keys", body, "site_admin").status_code == 201
    return found


EVERY = [
    (path, method, mode)
    for path, methods in description()["paths"].items()
    for method in methods
    for mode in GenerationMode
]


@pytest.mark.parametrize(("path", "method", "mode"), EVERY, ids=lambda part: getattr(part, "value", part))
def test_whatever_is_sent_is_answered_as_described(path, method, mode, schema, shared: Api):
    @FEW
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def ask(case) -> None:
        _lead_somewhere(case)
        case.call_and_validate(
            headers={"Authorization": f"token {shared.tokens['site_admin']}"}, excluded_checks=LEFT_OUT
        )
        shared.made.clock.turn(seconds=7)

    ask()


def _lead_somewhere(case) -> None:
    """Put in what is there, or most cases would end in the same 404."""
    case.path_parameters.update(PLACES[case.path.split("/")[3]])
    number = case.path_parameters.get("id")
    if isinstance(number, int) and number % 4:
        case.path_parameters["id"] = number % 9 + 1
    if len(str(case.path_parameters.get("ref", ""))) % 4:
        case.path_parameters |= {"source": "shop", "ref": f"S-{case.path.split('/')[3]}"}


def test_the_described_api_is_the_one_in_the_docs():
    page = Path(__file__).parents[3] / "docs" / "openapi.json"
    assert json.loads(page.read_text(encoding="utf-8")) == description(), "run `make docs`"


def test_the_description_is_served_with_the_public_address(shared: Api):
    answer = shared.client.get(DESCRIPTION)
    served = answer.get_json()
    assert (answer.status_code, served["openapi"]) == (200, "3.1.0")
    assert served["servers"] == [{"url": "https://git.example.com"}]
    assert served | {"servers": description()["servers"]} == description()


def test_each_operation_has_a_name_of_its_own_and_a_sentence():
    described = [each for path in description()["paths"].values() for each in path.values()]
    names = [each["operationId"] for each in described]
    assert len(names) == len(set(names)) == sum(len(operation.levels) for operation in ALL)
    assert all(each["summary"] for each in described)


def test_every_code_of_a_refusal_is_in_the_docs():
    page = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    for code, status in STATUSES.items():
        assert f"| {status} | `{code}` |" in page


def test_every_field_of_the_description_is_one_that_is_refused_when_unknown():
    whole = description()
    taken = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for path in whole["paths"].values()
        for operation in path.values()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    strict = {
        name for name, model in whole["components"]["schemas"].items() if not model.get("additionalProperties", 1)
    }
    assert strict == taken
