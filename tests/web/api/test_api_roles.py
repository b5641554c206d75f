"""Every call by every role at own, private, foreign and personal places, compared with the table of permissions.

A route that is missing in ``CALLS`` fails the first test. ``CALLS`` says anew what each call needs, so that a call that
asks the table for the wrong thing is found.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from support.api_world import (
    FOREIGN,
    FOREIGN_ORG,
    FOREIGN_PRIVATE,
    OWN_ORG,
    PEOPLE,
    PERSON,
    PRIVATE,
    REPO,
    Api,
)

from bridge.rules.permissions import Action, Grant, Role, Standing
from bridge.services import sites
from bridge.services.sites import Newcomer
from bridge.storage import catalog
from bridge.web.api.catalogue import ALL, address
from bridge.web.api.operations import Operation

OPERATIONS = {operation.name: operation for operation in ALL}
ROLES = (*PEOPLE, "tim", "dora", "anonymous")
REPOS = (REPO, PRIVATE, FOREIGN, FOREIGN_PRIVATE)
PLACES = {"repos": REPOS, "orgs": (OWN_ORG, FOREIGN_ORG), "users": (PERSON,)}


@dataclass(frozen=True)
class Needs:
    """What a call needs; ``thing``: what it is done to; ``body``: what is sent."""

    action: Action
    thing: str = ""
    body: dict[str, Any] | None = field(default=None)


CALLS = {
    "get_licensing": Needs(Action.SETTINGS_READ),
    "edit_licensing": Needs(Action.SETTINGS_WRITE, body={"require_key": "download"}),
    "get_owner_licensing": Needs(Action.SETTINGS_READ),
    "edit_owner_licensing": Needs(Action.SETTINGS_WRITE, body={}),
    "list_license_packages": Needs(Action.PACKAGES_READ),
    "make_license_package": Needs(Action.PACKAGES_WRITE, body={"name": "?"}),
    "get_license_package": Needs(Action.PACKAGES_READ, "package"),
    "edit_license_package": Needs(Action.PACKAGES_WRITE, "package", {"max_sites": 4}),
    "delete_license_package": Needs(Action.PACKAGES_DELETE, "package"),
    "list_license_keys": Needs(Action.KEYS_READ),
    "issue_license_keys": Needs(Action.KEYS_ISSUE, "package in body", {}),
    "get_license_key": Needs(Action.KEYS_READ, "key"),
    "edit_license_key": Needs(Action.KEYS_DOMAINS, "key", {"domains": ["example.com"]}),
    "delete_license_key": Needs(Action.KEYS_DELETE, "key"),
    "revoke_license_key": Needs(Action.KEYS_REVOKE, "key", {}),
    "replace_license_key": Needs(Action.KEYS_REPLACE, "key", {}),
    "replace_feed_token": Needs(Action.KEYS_REPLACE, "key", {}),
    "renew_license_key": Needs(Action.KEYS_RENEW, "key", {}),
    "list_license_key_usage": Needs(Action.USAGE_READ, "key"),
    "list_license_key_sites": Needs(Action.SITES_READ, "key"),
    "free_license_key_site": Needs(Action.SITES_FREE, "site"),
    "validate_license_key": Needs(Action.KEYS_VALIDATE_BY_CODE, body={}),
    "validate_license_key_by_id": Needs(Action.KEYS_VALIDATE, "key", {}),
    "explain_license_key": Needs(Action.KEYS_EXPLAIN, "key"),
    "list_license_audit": Needs(Action.AUDIT_READ),
}
# Who sees a private repo or an org at all: the others get the same 404 as for one that does not exist.
OF_ACME = {
    "site_admin": Standing(frozenset({Role.SITE_ADMIN}), frozenset({Role.REPO_ADMIN})),
    "owner": Standing(frozenset({Role.OWNER}), frozenset({Role.REPO_ADMIN})),
    "manager": Standing(frozenset({Role.MANAGER}), frozenset({Role.MANAGER})),
    "support": Standing(frozenset({Role.SUPPORT}), frozenset({Role.SUPPORT})),
    "viewer": Standing(frozenset({Role.VIEWER}), frozenset({Role.VIEWER})),
}
REPO_ADMIN = {"repo_admin": Standing(on_repo=frozenset({Role.REPO_ADMIN}))}
LOCAL_MANAGER = {"tim": Standing(on_repo=frozenset({Role.MANAGER}))}
ADMIN_ONLY = {"site_admin": OF_ACME["site_admin"]}
STANDINGS = {
    REPO: OF_ACME | REPO_ADMIN | LOCAL_MANAGER,
    PRIVATE: OF_ACME | REPO_ADMIN,
    FOREIGN: ADMIN_ONLY,
    FOREIGN_PRIVATE: ADMIN_ONLY,
    OWN_ORG: OF_ACME,
    FOREIGN_ORG: ADMIN_ONLY,
    PERSON: ADMIN_ONLY | {"dora": OF_ACME["owner"]},
}
HIDDEN = {PRIVATE, FOREIGN_PRIVATE}
WALK = [
    pytest.param(operation, level, place, of_owner, id=f"{operation.name}-{place}-{'owner' if of_owner else 'own'}")
    for operation in ALL
    for level in operation.levels
    for place in PLACES[level]
    for of_owner in ((True, False) if level == "repos" and CALLS[operation.name].thing else (level != "repos",))
]


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


@pytest.mark.parametrize(("operation", "level", "place", "of_owner"), WALK)
def test_each_role_gets_what_the_table_says(operation: Operation, level: str, place: str, of_owner: bool, shared: Api):
    scene = Scene(shared, operation, place, of_owner)
    answers = {}
    for role in ROLES:
        path, body = scene.request()
        answer = shared.ask(operation.method, path, role, **({} if body is None else {"json": body}))
        answers[role] = (answer.status_code, answer.get_json(silent=True) and answer.get_json())
        if answer.status_code < 400:
            scene.use_up()
    expected = {role: _expected(operation, place, of_owner, role) for role in ROLES}
    assert {role: status for role, (status, _) in answers.items()} == expected
    for status, body in answers.values():
        if status >= 400:
            assert {"message", "code", "url"} <= set(body) <= {"message", "code", "url", "errors"}


def _expected(operation: Operation, place: str, of_owner: bool, role: str) -> int:
    needs = CALLS[operation.name]
    if needs.action is Action.KEYS_VALIDATE_BY_CODE:
        return 200
    if role == "anonymous":
        # By number, the key in the body opens it: without one, the answer is that none was received.
        return 200 if operation.name == "validate_license_key_by_id" else 401
    standing = STANDINGS[place].get(role)
    if standing is None:
        return 404 if place in HIDDEN else 403
    return operation.status if standing.may(needs.action, of_owner=of_owner) > Grant.NO else 403


class Scene:
    """What a call is done to: made when it is first needed, and again after it was used up."""

    def __init__(self, api: Api, operation: Operation, place: str, of_owner: bool) -> None:
        self.api, self.operation, self.place, self.of_owner = api, operation, place, of_owner
        self.needs = CALLS[operation.name]
        self.made: dict[str, int] = {}
        self.owner = place.split("/")[1]
        # At an owner, the things are the owner's; they are made at one of its repos otherwise.
        self.repo = None if of_owner else place.split("/")[2]

    def request(self) -> tuple[str, dict[str, Any] | None]:
        """The address and the body."""
        body = None if self.needs.body is None else dict(self.needs.body)
        if "name" in (body or {}):
            body = {"name": f"Package {self.api.made.parts.entropy(6).hex()}"}
        if self.needs.thing:
            self._make()
        if self.needs.thing == "package in body":
            body = {"package_id": self.made["package"]}
        found = {"id": self.made.get("key") or self.made.get("package"), "site": self.made.get("site")}
        return f"{self.place}/{self.operation.path.format(**found)}", body

    def use_up(self) -> None:
        """What it was done to may be gone or changed."""
        if self.operation.method != "GET":
            self.made.clear()

    def _make(self) -> None:
        if self.made:
            return
        made, thing = self.api.made, self.needs.thing
        self.made["package"] = made.package(self.owner, f"Walk {made.parts.entropy(6).hex()}", repo=self.repo)
        if thing in {"key", "site"}:
            self.made["key"] = made.key(self.made["package"]).id
        if thing == "site":
            with made.parts.open_session() as session:
                newcomer = Newcomer(self.made["key"], "example.com", 0, "free")
                arrival = sites.arrive(session, newcomer, made.clock(), per_day=9)
                self.made["site"] = arrival.site_id or 0


def test_a_private_repo_and_none_look_the_same_to_a_stranger(shared: Api):
    for operation in ALL:
        if "repos" not in operation.levels or operation.public:
            continue
        path = operation.path.format(id=1, site=1)
        answers = [
            shared.ask(
                operation.method, f"{place}/{path}", "stranger", **({} if operation.method == "GET" else {"json": {}})
            )
            for place in (PRIVATE, "repos/acme/nothing", "repos/nobody-at-all/nothing")
        ]
        assert {(each.status_code, each.data) for each in answers} == {(404, answers[0].data)}
        assert len({str(sorted(each.headers)) for each in answers}) == 1


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
