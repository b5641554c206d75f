"""One call leads to the next, as the links of the description say, and each is answered as described.

Schemathesis chains calls: what was made or listed is asked for, changed, deleted, and asked for again.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode
from support.api_schema import LEFT_OUT, PLACES, patience, read_whole
from support.api_world import Api

from bridge.web.api.catalogue import ALL, BASES, DESCRIPTION, address
from bridge.web.api.links import links
from bridge.web.api.operations import Level, Operation

STEPS = 8
# A revoked token is shown as such, so that what it did is not by nobody; for the check, what is deleted must be gone.
KEPT_AFTER_DELETE = "license-tokens"


@pytest.fixture(scope="module")
def sold(shared: Api) -> Api:
    """With a purchase at each place, whose life goes on."""
    for level, package in (("repos", "Local"), ("orgs", "Standard"), ("users", "Solo")):
        order = {"source": "shop", "payment_ref": f"order-{level}", "customer_email": "ann@example.com"}
        place = BASES[level].format(**PLACES[level])
        issued = shared.post(f"{place}/license-keys", {"package_id": shared.packages[package], **order}, "site_admin")
        assert issued.status_code == 201
    return shared


def _leading_to(level: Level, part: str) -> set[str]:
    """The addresses of one part of the API, and those that lead there."""
    return {
        address(operation, level)
        for operation in ALL
        if level in operation.levels
        and any(name.split("/")[0] == part for name in (operation.path, *_followers(operation, level)))
    }


def _followers(operation: Operation, level: Level) -> list[str]:
    return [OPERATIONS[name].path for name in links(operation, level, lambda other, _: other.name)]


OPERATIONS = {operation.name: operation for operation in ALL}
PARTS = [
    pytest.param(level, part, id=f"{level}-{part}")
    for level in PLACES
    for part in sorted({path.split("/")[0] for each in ALL if level in each.levels for path in _followers(each, level)})
]


def test_every_thing_that_has_a_number_follows_from_something():
    """A new operation at ``{id}`` is walked here without a word."""
    followed = {path for level in PLACES for each in ALL if level in each.levels for path in _followers(each, level)}
    assert {operation.path for operation in ALL if "{" in operation.path} <= followed


@pytest.mark.parametrize(("level", "part"), PARTS)
def test_calls_that_follow_from_each_other_are_answered_as_described(level, part, sold: Api):
    addresses = _leading_to(level, part)
    done: Counter[str] = Counter()
    with _way_back(sold) as go_back:
        machine = _machine(sold, _schema(sold, level, addresses), _left_out(part), go_back, done)
        machine.run(settings=patience(2 + len(addresses) // 2, stateful_step_count=STEPS))
    assert any("{" in path for path in done), f"nothing followed from anything: {done}"


def _left_out(part: str) -> list[Any]:
    return [*LEFT_OUT, *([CHECKS.get_one("use_after_free")] if part == KEPT_AFTER_DELETE else [])]


def _machine(api: Api, schema: Any, left_out: list[Any], go_back: Callable[[], None], done: Counter[str]) -> Any:
    """What Schemathesis makes of the links; ``done`` counts what succeeded."""

    class Workflow(schema.as_state_machine()):
        def setup(self) -> None:
            go_back()

        def before_call(self, case) -> None:
            _let_some_succeed(case)

        def get_call_kwargs(self, case) -> dict[str, Any]:
            return {"headers": {"Authorization": f"token {api.tokens['site_admin']}"}}

        def after_call(self, response, case) -> None:
            super().after_call(response, case)
            api.made.clock.turn(seconds=7)
            if response.status_code < 300:
                done[case.operation.path] += 1

        def validate_response(self, response, case, **more: Any) -> None:
            case.validate_response(response, excluded_checks=left_out, recorder=self.recorder, transport_kwargs=more)

    return Workflow


def _schema(api: Api, level: Level, addresses: set[str]):
    """The description as it is served, with a place for the owner and the repo, so that lists can be started from."""
    whole = api.client.get(DESCRIPTION).get_json()
    blank, place = f"/api/v1/{BASES[level]}/", f"/api/v1/{BASES[level].format(**PLACES[level])}/"
    whole["paths"] = {
        path.replace(blank, place): methods for path, methods in whole["paths"].items() if path in addresses
    }
    names = {each["operationId"] for methods in whole["paths"].values() for each in methods.values()}
    for methods in whole["paths"].values():
        for operation in methods.values():
            _place(operation, names)
    found = schemathesis.openapi.from_dict(whole)
    found.app = read_whole(api.client.application)
    found.config.generation.with_security_parameters = False
    return found


def _place(operation: dict[str, Any], names: set[str]) -> None:
    """The owner and the repo are no parameters any more, and links lead to what is there."""
    given = {"owner", "repo"}
    operation["parameters"] = [each for each in operation["parameters"] if each["name"] not in given]
    for answer in operation["responses"].values():
        links = {name: link for name, link in answer.pop("links", {}).items() if name in names}
        for link in links.values():
            for name in given:
                link["parameters"].pop(f"path.{name}", None)
        if links:
            answer["links"] = links


def _let_some_succeed(case) -> None:
    """Two of three are cut down to what must be there: most that merely fit the schema are refused, for good reasons."""
    if case.meta.generation.mode is not GenerationMode.POSITIVE or len(str(case.body) + str(case.query)) % 3 == 0:
        return
    case.query = {}
    if isinstance(case.body, dict):
        name = case.operation.definition.raw["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        model = case.operation.schema.raw_schema["components"]["schemas"][name.rpartition("/")[2]]
        case.body = {name: value for name, value in case.body.items() if name in model.get("required", ())}


@contextmanager
def _way_back(api: Api) -> Iterator[Callable[[], None]]:
    """Every scenario starts from the same, or the same choices would not lead to the same answers."""
    moment, path = api.made.clock.now, api.made.parts.engine.url.database
    with closing(sqlite3.connect(":memory:")) as kept, closing(sqlite3.connect(path)) as present:
        present.backup(kept)

        def go_back() -> None:
            api.made.clock.now = moment
            kept.backup(present)

        yield go_back
        go_back()
