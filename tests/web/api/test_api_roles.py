"""Every call by every role at own, private, foreign and personal places, compared with the table of permissions.

What each call needs stands in ``CALLS`` of ``support/api_walk.py``; a route that is missing there fails the first test.
"""

import re

import pytest
from support.api_walk import CALLS, OPERATIONS, WALK, Scene, ask_as_each_role, expected
from support.api_world import PRIVATE, Api
from support.visitors import another_address

from bridge.rules.permissions import Action
from bridge.storage import catalog
from bridge.web.api.catalogue import ALL, address
from bridge.web.api.operations import Operation


def test_every_route_of_the_api_is_walked(shared: Api):
    rules = {
        (method, re.sub(r"<(\w+)>", r"{\1}", rule.rule))
        for rule in shared.client.application.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.rule.startswith("/api/v1/") and "<path:" not in rule.rule and method not in {"HEAD", "OPTIONS"}
    }
    assert set(CALLS) == set(OPERATIONS)
    walked = {
        (OPERATIONS[name].method, address(OPERATIONS[name], level))
        for name in CALLS
        for level in OPERATIONS[name].levels
    }
    assert rules == walked


def test_every_action_of_the_table_is_asked_for():
    of_fields = {
        Action.KEYS_CODE,
        Action.KEYS_MASTER_CODE,
        Action.KEYS_MAIL,
        Action.KEYS_EDIT,
        Action.KEYS_EXTEND_BY_GRACE,
    }
    assert {needs.action for needs in CALLS.values()} | of_fields == set(Action)


@pytest.fixture(autouse=True)
def from_elsewhere(shared: Api):
    shared.client.environ_base["HTTP_X_FORWARDED_FOR"] = another_address()


@pytest.mark.parametrize(("operation", "level", "place", "of_owner"), WALK)
def test_each_role_gets_what_the_table_says(operation: Operation, level: str, place: str, of_owner: bool, shared: Api):
    answers = ask_as_each_role(Scene(shared, operation, place, of_owner))
    wanted = {role: expected(operation, place, of_owner, role) for role in answers}
    assert {role: answer.status_code for role, answer in answers.items()} == wanted
    for answer in answers.values():
        if answer.status_code >= 400:
            assert {"message", "code", "url"} <= set(answer.get_json()) <= {"message", "code", "url", "errors"}


def test_a_private_repo_and_none_look_the_same_to_a_stranger(shared: Api):
    for operation in ALL:
        if "repos" not in operation.levels or operation.public:
            continue
        path = operation.path.format(id=1, site=1, source="s", ref="r")
        answers = [
            shared.ask(
                operation.method, f"{place}/{path}", "stranger", **({} if operation.method == "GET" else {"json": {}})
            )
            for place in (PRIVATE, "repos/acme/nothing", "repos/nobody-at-all/nothing")
        ]
        assert {(each.status_code, each.data) for each in answers} == {(404, answers[0].data)}
        told = [[pair for pair in each.headers if pair[0] != "X-Request-ID"] for each in answers]
        assert len({str(sorted(each)) for each in told}) == 1


def test_a_hidden_org_and_none_look_the_same_to_a_stranger(api: Api):
    api.made.world.account("acme").visibility = "private"
    answers = [api.get(f"orgs/{name}/license-keys", "stranger") for name in ("acme", "nothing-at-all")]
    assert {(each.status_code, each.data) for each in answers} == {(404, answers[0].data)}
    assert api.get("orgs/acme/license-keys", "viewer").status_code == 200


def test_a_person_is_no_org_and_an_org_no_person(shared: Api):
    for path in ("orgs/dora/license-keys", "users/acme/license-keys"):
        assert shared.get(path, "site_admin").status_code == 404
    with shared.made.parts.open_session() as session:
        assert catalog.owner_by_name(session, "dora") is not None
