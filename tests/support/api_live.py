"""The API's world once more, beside a real Gitea and with real processes: the people, places and roles of ``api_world``.

Names are new in each run, since a Gitea may outlive it; ``LiveApi.real`` says what a place of ``api_world`` is called.
Everything is asked of ``bridge serve`` over HTTP. What a call is done to is made in its database, which is shared here.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from support.api_world import NEEDED, PEOPLE, REPOS, TEAMS, Api
from support.bridges import Installation
from support.gitea_worlds import GiteaUnderTest, Person
from support.journey import running_bridge
from support.visitors import another_address

from bridge.parts import Parts, utc_now
from bridge.settings import load
from gitea_client.values import Account

OTHERS = ("bea", "dora", "tim")
LEAVERS = ("blocked", "deleted", "demoted")  # owners of acme, until they are not
_BOSSES = {"acme": "olga", "beta": "bea", "dora": "dora"}


class Answer:
    """What came back, with the words of Flask's own client."""

    def __init__(self, answer: requests.Response) -> None:
        self.status_code, self.headers, self.data = answer.status_code, answer.headers, answer.content
        self._answer = answer

    def get_json(self, *, silent: bool = False) -> Any:
        """The body; None where there is none, with ``silent``."""
        if silent and "json" not in self.headers.get("Content-Type", ""):
            return None
        return self._answer.json()


class HttpClient:
    """Asks a running bridge. Each request comes from an address of its own, as far as the proxy says."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False

    def open(self, path: str, *, method: str, headers: dict[str, str], **options: Any) -> Answer:
        """One request."""
        came_from = {"X-Forwarded-For": another_address()}
        sent = {"Content-Type": options.pop("content_type")} if "content_type" in options else {}
        headers = headers | came_from | sent
        return Answer(self._session.request(method, f"{self._url}{path}", headers=headers, timeout=60, **options))


@dataclass
class People:
    """Who is who in the real Gitea, by the login that ``api_world`` knows; stands where its pretended world stands."""

    gitea: GiteaUnderTest
    people: dict[str, Person]

    def person(self, login: str) -> Account:
        """The account."""
        with contextlib.closing(self.gitea.client()) as client:
            return client.owner(self.people[login].login)


@dataclass
class LiveApi(Api):
    """``owners``: what the owners of ``api_world`` are called here. ``leavers``: tokens of owners who will not be so."""

    gitea: GiteaUnderTest | None = None
    owners: dict[str, str] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)

    def real(self, place: str) -> str:
        """``repos/acme/secret`` by its real name."""
        level, owner, *rest = place.split("/")
        return "/".join((level, self.owners[owner], *rest))

    def token_of(self, login: str, *scopes: str) -> str:
        """Another token of somebody."""
        assert self.gitea is not None
        return self.gitea.token_of(self.people[login].login, scopes)


@contextlib.contextmanager
def live_api(gitea: GiteaUnderTest, directory: Path) -> Iterator[LiveApi]:
    """People, orgs, repos, teams and tokens in Gitea, a bridge beside it that serves them."""
    logins = {*PEOPLE.values(), *OTHERS, *LEAVERS}
    people = {login: gitea.person(login) for login in sorted(logins)}
    admin = people["root"].login
    gitea.api("PATCH", f"/admin/users/{admin}", json={"admin": True, "login_name": admin, "source_id": 0})
    owners = {name: gitea.org(people[_BOSSES[name]], name) for name in ("acme", "beta")}
    owners["dora"] = people["dora"].login
    ids = [_add_product(gitea, people, owners, path, private=private) for path, private in REPOS.items()]
    _employ(gitea, people, owners["acme"])
    # What is to be mailed is queued, and nobody takes it.
    mail = '[mail]\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"'
    with running_bridge(directory, gitea.base_url, gitea.admin_token, *owners.values(), more=mail) as bridge:
        parts = Parts(load(bridge.config))
        for repo_id in ids:
            parts.catalog.refresh(repo_id)
        tokens = {role: gitea.token_of(people[login].login, NEEDED) for role, login in PEOPLE.items()}
        tokens |= {login: people[login].token for login in (*OTHERS, *LEAVERS)}
        made: Any = Installation(People(gitea, people), None, parts, utc_now, parts.settings)
        yield LiveApi(made, HttpClient(bridge.url), tokens, gitea=gitea, owners=owners, people=people)
        assert "Traceback" not in bridge.log(), bridge.log()
        parts.close()


def _add_product(
    gitea: GiteaUnderTest, people: dict[str, Person], owners: dict[str, str], path: str, *, private: bool
) -> int:
    owner, name = path.split("/")
    boss = people[_BOSSES[owner]]
    org = None if owner == "dora" else owners[owner]
    _, _, repo_id = gitea.repo(boss, org=org, private=private, name=name)
    _set_variable(gitea, boss, f"repos/{owners[owner]}/{name}", "LICENSING_PLATFORM", "joomla")
    return int(repo_id)


def _set_variable(gitea: GiteaUnderTest, boss: Person, place: str, name: str, value: str) -> None:
    gitea.api("POST", f"/{place}/actions/variables/{name}", token=boss.token, json={"value": value})


def _employ(gitea: GiteaUnderTest, people: dict[str, Person], org: str) -> None:
    """Collaborators and teams of acme."""
    olga = people["olga"]
    for name in ("mod-weather", "secret"):
        path = f"/repos/{org}/{name}/collaborators/{people['rita'].login}"
        gitea.api("PUT", path, token=olga.token, json={"permission": "admin"})
    for name, member in (("Sales", "mona"), ("Helpdesk", "susi"), ("Auditors", "vera")):
        gitea.team(olga, org, name=name, members=[people[member]], includes_all_repositories=True)
    gitea.team(olga, org, name="Locals", members=[people["tim"]], repos=[(org, "mod-weather")])
    _set_variable(gitea, olga, f"orgs/{org}", "LICENSING_TEAMS", f"{TEAMS}, locals: manager")
    bosses = next(team["id"] for team in gitea.api("GET", f"/orgs/{org}/teams") if team["name"] == "Owners")
    for login in LEAVERS:
        gitea.api("PUT", f"/teams/{bosses}/members/{people[login].login}", token=olga.token)
