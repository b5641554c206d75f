"""An installation with a person in every role, and clients that ask as they."""

from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from support.bridges import Installation, IssuedKey

from bridge.settings import MailSettings

REPO, PRIVATE = "repos/acme/mod-weather", "repos/acme/secret"
FOREIGN, FOREIGN_PRIVATE = "repos/beta/gadget", "repos/beta/vault"
OWN_ORG, FOREIGN_ORG, PERSON = "orgs/acme", "orgs/beta", "users/dora"
REPOS = {"acme/mod-weather": False, "acme/secret": True, "beta/gadget": False, "beta/vault": True, "dora/solo": True}
TEAMS = "sales: manager, helpdesk: support, auditors: viewer"
# Whom the tests let ask: the person's login, by role. ``anonymous`` has no token.
PEOPLE = {
    "site_admin": "root",
    "owner": "olga",
    "repo_admin": "rita",
    "manager": "mona",
    "support": "susi",
    "viewer": "vera",
    "stranger": "nobody",
}
NEEDED = ("write:user", "write:repository", "write:organization")


@dataclass
class Api:
    """What a test asks."""

    made: Installation
    client: FlaskClient
    tokens: dict[str, str]
    packages: dict[str, int] = field(default_factory=dict)
    keys: dict[str, IssuedKey] = field(default_factory=dict)

    def ask(self, method: str, path: str, role: str = "owner", **options: Any) -> Any:
        """A request below ``/api/v1``, as somebody; ``token=`` goes before the role's, ``""`` sends none."""
        token = options.pop("token", self.tokens.get(role, ""))
        headers = {"Authorization": f"token {token}"} if token else {}
        headers |= options.pop("headers", {})
        return self.client.open(f"/api/v1/{path}", method=method, headers=headers, **options)

    def get(self, path: str, role: str = "owner", **options: Any) -> Any:
        return self.ask("GET", path, role, **options)

    def post(self, path: str, body: Any = None, role: str = "owner", **options: Any) -> Any:
        return self.ask("POST", path, role, json={} if body is None else body, **options)

    def patch(self, path: str, body: Any, role: str = "owner", **options: Any) -> Any:
        return self.ask("PATCH", path, role, json=body, **options)

    def delete(self, path: str, role: str = "owner", **options: Any) -> Any:
        return self.ask("DELETE", path, role, **options)

    def new_key(self, package: str = "Standard", **stated: Any) -> IssuedKey:
        """Another key of one of the packages."""
        return self.made.key(self.packages[package], **stated)

    def key_path(self, key: str | IssuedKey = "annual", base: str = REPO, rest: str = "") -> str:
        """The address of a key, seen from somewhere."""
        found = self.keys[key] if isinstance(key, str) else key
        return f"{base}/license-keys/{found.id}{rest}"


def build_api(made: Installation) -> Api:
    """Orgs acme and beta, the person dora with a repo of her own, packages on both levels and a key of each."""
    world = made.world
    made.settings.mail = MailSettings(host="mail.example.com")  # what is to be mailed is queued, and nobody sends it
    for login in ("olga", "rita", "mona", "susi", "vera", "nobody", "bea", "dora", "tim"):
        world.add_user(login)
    world.add_org("acme", owner="olga")
    world.add_org("beta", owner="bea")
    for path, private in REPOS.items():
        made.add_product(*path.split("/"), private=private, LICENSING_PLATFORM="joomla")
    world.set_collaborator("acme", "mod-weather", "rita", "admin")
    world.set_collaborator("acme", "secret", "rita", "admin")
    for name, member in (("Sales", "mona"), ("Helpdesk", "susi"), ("Auditors", "vera")):
        world.add_team("acme", name, permission="read", includes_all=True, members=[member])
    world.add_team("acme", "Locals", permission="read", members=["tim"], repos=["mod-weather"])
    world.set_variable("acme", "LICENSING_TEAMS", f"{TEAMS}, locals: manager")
    for path in REPOS:
        made.refresh(*path.split("/"))
    tokens = {role: world.add_token(login, scopes=NEEDED) for role, login in PEOPLE.items()}
    tokens |= {name: world.add_token(name, scopes=("all",)) for name in ("bea", "dora", "tim")}
    api = Api(made, made.client(), tokens)
    _sell(api)
    return api


def _sell(api: Api) -> None:
    made = api.made
    api.packages = {
        "Standard": made.package("acme", max_sites=2),
        "Local": made.package("acme", "Local", repo="mod-weather"),
        "Hidden": made.package("acme", "Hidden", repo="secret"),
        "Foreign": made.package("beta"),
        "Solo": made.package("dora"),
    }
    stated = {"customer_name": "Ann", "customer_email": "ann@example.com", "note": "paid in cash"}
    for name, package in (("annual", "Standard"), ("local", "Local"), ("hidden", "Hidden"), ("foreign", "Foreign")):
        api.keys[name] = api.new_key(package, **stated)
    api.keys["solo"] = api.new_key("Solo", **stated)


def watch(api: Api, monkeypatch) -> tuple[Api, list[str]]:
    """The api, and a list that grows by each request to Gitea."""
    seen: list[str] = []
    transport = api.made.parts.gitea._transport
    ask = transport.ask
    monkeypatch.setattr(transport, "ask", lambda request, token: (seen.append(request.address), ask(request, token))[1])
    return api, seen
