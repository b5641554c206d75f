"""The walk of roles: every call by every role at own, private, foreign and personal places, with what must come of it.

``CALLS`` says anew what each call needs, so that a call that asks the table of permissions for the wrong thing is found.
The pretended and the real Gitea are walked with the same code; an operation that is missing in ``CALLS`` fails both.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest
from support.api_tokens import new_token
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
from support.bridges import TESTER, Installation

from bridge.models import LicenseKey, Package
from bridge.rules.permissions import Action, Grant, Role, Standing
from bridge.services import erasing, purchases, sites
from bridge.services.key_inputs import KeyInput
from bridge.services.purchases import Order
from bridge.services.sites import Newcomer
from bridge.services.standings import Person
from bridge.storage import catalog, customers
from bridge.web.api.catalogue import ALL
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
    "resend_license_key": Needs(Action.KEYS_RESEND, "key", {}),
    "list_license_key_usage": Needs(Action.USAGE_READ, "key"),
    "list_license_key_sites": Needs(Action.SITES_READ, "key"),
    "free_license_key_site": Needs(Action.SITES_FREE, "site"),
    "validate_license_key": Needs(Action.KEYS_VALIDATE_BY_CODE, body={}),
    "validate_license_key_by_id": Needs(Action.KEYS_VALIDATE, "key", {}),
    "explain_license_key": Needs(Action.KEYS_EXPLAIN, "key"),
    "list_license_audit": Needs(Action.AUDIT_READ),
    "import_license_keys": Needs(Action.KEYS_IMPORT, "package in table"),
    "export_license_keys": Needs(Action.KEYS_EXPORT),
    "get_license_stats": Needs(Action.STATS_READ),
    "list_license_customers": Needs(Action.CUSTOMERS_READ),
    "get_license_customer": Needs(Action.CUSTOMERS_READ, "customer"),
    "export_license_customer": Needs(Action.CUSTOMERS_EXPORT, "customer", {}),
    "erase_license_customer": Needs(Action.CUSTOMERS_ERASE, "customer", {"confirm": "walk@example.com"}),
    "list_license_purchases": Needs(Action.PURCHASES_READ),
    "get_license_purchase": Needs(Action.PURCHASES_READ, "purchase"),
    "pay_license_purchase": Needs(Action.PURCHASES_WRITE, "purchase", {"period_ref": "p"}),
    "refund_license_purchase": Needs(Action.PURCHASES_WRITE, "purchase", {"refund_ref": "r", "status": "succeeded"}),
    "dispute_license_purchase": Needs(Action.PURCHASES_WRITE, "purchase", {"dispute_ref": "d", "status": "lost"}),
    "cancel_license_purchase": Needs(Action.PURCHASES_WRITE, "purchase", {}),
    "resend_license_purchase": Needs(Action.KEYS_RESEND, "purchase", {}),
    "list_license_tokens": Needs(Action.TOKENS_READ),
    "make_license_token": Needs(Action.TOKENS_WRITE, body={"name": "?", "scopes": ["keys:read"]}),
    "get_license_token": Needs(Action.TOKENS_READ, "token"),
    "revoke_license_token": Needs(Action.TOKENS_WRITE, "token"),
}
# At an owner, these name the repo that is asked about.
_FOR_ONE_PRODUCT = {Action.KEYS_VALIDATE, Action.KEYS_VALIDATE_BY_CODE, Action.KEYS_EXPLAIN}
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
    if operation.name in CALLS  # a test says which are missing
    for level in operation.levels
    for place in PLACES[level]
    for of_owner in ((True, False) if level == "repos" and CALLS[operation.name].thing else (level != "repos",))
]


def expected(operation: Operation, place: str, of_owner: bool, role: str) -> int:
    """The status that the table of permissions makes of it."""
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


def ask_as_each_role(scene: "Scene") -> dict[str, Any]:
    """The answers by role."""
    return {role: scene.ask(role) for role in ROLES}


def new_customer(made: Installation, package_id: int, email: str) -> int:
    """A customer of this address with a key of the package and no other; returns its number."""
    with made.parts.open_session() as session:
        former = customers.by_mail(session, session.get_one(Package, package_id).owner_id, email)
        if former is not None:
            erasing.erase(session, former, domains=True, actor=TESTER, now=made.clock())
    key = made.key(package_id, customer_email=email)
    with made.parts.open_session(read_only=True) as session:
        return session.get_one(LicenseKey, key.id).customer_id or 0


def sent(body: Any) -> dict[str, Any]:
    """How a body goes out: a text is a table."""
    if isinstance(body, str):
        return {"data": body, "content_type": "text/csv"}
    return {} if body is None else {"json": body}


class Scene:
    """What a call is done to: made when it is first needed, and again after it was used up."""

    def __init__(self, api: Api, operation: Operation, place: str, of_owner: bool) -> None:
        self.api, self.operation, self.place, self.of_owner = api, operation, place, of_owner
        self.needs = CALLS[operation.name]
        self.made: dict[str, int] = {}
        self.owner = place.split("/")[1]
        # At an owner, the things are the owner's; they are made at one of its repos otherwise.
        self.repo = None if of_owner else place.split("/")[2]

    def request(self) -> tuple[str, Any]:
        """The address and the body."""
        body: Any = None if self.needs.body is None else dict(self.needs.body)
        if "name" in (body or {}):
            body = (body or {}) | {"name": f"Package {self.api.made.parts.entropy(6).hex()}"}
        if self.needs.thing:
            self._make()
        if self.needs.thing == "package in body":
            body = {"package_id": self.made["package"]}
        if self.needs.thing == "package in table":
            body = f"package_id\r\n{self.made['package']}\r\n"
        if self.needs.action in _FOR_ONE_PRODUCT and not self.place.startswith("repos/"):
            body = {"repo": self._some_repo()} if self.operation.method == "POST" else None
        thing = next((self.made[name] for name in ("token", "customer", "key", "package") if name in self.made), None)
        found = {"id": thing, "site": self.made.get("site"), "source": "shop", "ref": f"W-{self.made.get('package')}"}
        path = f"{self.place}/{self.operation.path.format(**found)}"
        asks_in_query = self.needs.action is Action.KEYS_EXPLAIN and not self.place.startswith("repos/")
        return path + (f"?repo={self._some_repo()}" if asks_in_query else ""), body

    def ask(self, role: str) -> Any:
        """The answer to a role. What it was done to may be gone or changed afterwards."""
        path, body = self.request()
        answer = self.api.ask(self.operation.method, path, role, **sent(body))
        if answer.status_code < 400 and self.operation.method != "GET":
            self.made.clear()
        return answer

    def _some_repo(self) -> str:
        """A product of the owner."""
        with self.api.made.parts.open_session(read_only=True) as session:
            owner = catalog.owner_by_name(session, self.owner)
            assert owner is not None
            return str(catalog.repos_of(session, owner.id)[0][0].name)

    def _make(self) -> None:
        if self.made:
            return
        made, thing = self.api.made, self.needs.thing
        if thing == "token":
            place = f"repos/{self.owner}/{self.repo}" if self.repo else f"orgs/{self.owner}"
            self.made["token"] = new_token(made, place, Person(1, "root", site_admin=True))[0]
            return
        self.made["package"] = made.package(self.owner, f"Walk {made.parts.entropy(6).hex()}", repo=self.repo)
        if thing in {"key", "site"}:
            self.made["key"] = made.key(self.made["package"], customer_email="key@example.com").id
        if thing == "purchase":
            with made.parts.open_session() as session:
                order = Order("shop", f"W-{self.made['package']}", KeyInput(customer_email="key@example.com"))
                purchases.sell(session, session.get_one(Package, self.made["package"]), order, made.issuer())
        if thing == "customer":
            self.made["customer"] = new_customer(made, self.made["package"], "walk@example.com")
        if thing == "site":
            with made.parts.open_session() as session:
                newcomer = Newcomer(self.made["key"], "example.com", 0, "free")
                arrival = sites.arrive(session, newcomer, made.clock(), per_day=9)
                self.made["site"] = arrival.site_id or 0
