"""Who is examined: an installation with its parts, and the ways to ask it."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from bridge.models import Repo
from bridge.services.doctor import tickets
from bridge.services.doctor.tickets import OpenSession
from bridge.services.doctor.visitor import NoAnswerError, Reply, Visitor
from bridge.services.products import Hosts, Product, load_product
from bridge.settings import Settings
from bridge.storage import catalog
from bridge.storage.files import FileStore
from gitea_client.client import GiteaClient

HOOK_PATH = "/-/licensing/hooks/gitea"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked of the doctor. ``repos``: only these, as OWNER/REPO; none: all that are served."""

    deep: bool = False
    deliver: bool = False
    repos: tuple[str, ...] = ()


@dataclass
class Patient:
    """The installation. ``engine`` is the database's; ``gitea`` a client of its own with short patience."""

    settings: Settings
    engine: Any
    store: FileStore
    gitea: GiteaClient
    open_session: OpenSession
    clock: Callable[[], datetime]
    entropy: Callable[[int], bytes]
    hosts: Hosts
    wishes: Wishes = Wishes()
    visitor: Visitor = field(default_factory=Visitor)
    ticket: str = ""

    def take_ticket(self) -> None:
        """Get what the web workers recognise this doctor by. Raises ``UnavailableError``."""
        self.ticket = tickets.issue(self.open_session, self.clock(), self.entropy)

    def close(self) -> None:
        """Give the ticket back."""
        if self.ticket:
            tickets.take_back(self.open_session, self.ticket)
            self.ticket = ""
        self.gitea.close()

    def address(self, path: str) -> str:
        """A path of the bridge as people reach it."""
        return self.settings.bridge.public_url + path

    @property
    def shares_origin(self) -> bool:
        """Whether the bridge lives on Gitea's own host, behind one proxy."""
        return _origin(self.settings.bridge.public_url) == _origin(self.settings.gitea.public_url)

    def probe(
        self, url: str, kind: str = "echo", *, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Ask an address with the ticket. Raises ``NoAnswerError``."""
        proof = {tickets.HEADER: f"{self.ticket};{kind}"}
        return self.visitor.ask(url, method=method, headers={**(headers or {}), **proof})

    def echo(self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """How a request to an address arrived at a web worker. Raises ``NoAnswerError`` where none told."""
        reply = self.probe(url, method=method, headers=headers)
        told = told_by(reply)
        if told is None:
            raise NoAnswerError(answered_by(reply))
        return told

    @functools.cached_property
    def sample(self) -> tuple[str, str]:
        """Owner and repo to put into addresses: served ones where there are any. The proxy sees no difference."""
        with self.open_session(read_only=True) as session:
            served = catalog.repos_of(session, served_only=True)
        if served:
            return served[0][1].name, served[0][0].name
        return next((name for name in self.settings.bridge.owners if name != "*"), "acme"), "extension"

    def products(self) -> list[tuple[Product, Repo]]:
        """The repos that are looked at, as customers see them."""
        with self.open_session(read_only=True) as session:
            rows = [(repo, owner) for repo, owner in catalog.repos_of(session, served_only=not self.wishes.repos)]
            chosen = [(repo, owner) for repo, owner in rows if self._is_wanted(f"{owner.name}/{repo.name}")]
            return [(load_product(session, repo, owner, self.hosts), repo) for repo, owner in chosen]

    def unknown_repos(self) -> Sequence[str]:
        """Those named on the command line that the bridge has never looked at."""
        with self.open_session(read_only=True) as session:
            known = {f"{owner.name}/{repo.name}".lower() for repo, owner in catalog.repos_of(session)}
        return [path for path in self.wishes.repos if path.strip("/").lower() not in known]

    def _is_wanted(self, path: str) -> bool:
        wanted = {each.strip("/").lower() for each in self.wishes.repos}
        return not wanted or path.lower() in wanted


def told_by(reply: Reply) -> dict[str, Any] | None:
    """What a web worker told in an echo; ``None`` for any other answer."""
    told = reply.json()
    return told if isinstance(told, dict) and "fingerprint" in told and "target" in told else None


def answered_by(reply: Reply) -> str:
    """Who probably answered instead of the bridge, for a sentence."""
    cookies, body = reply.header("Set-Cookie"), reply.body[:100_000]
    if (
        "i_like_gitea" in cookies
        or b"Gitea" in body
        or b"/api/swagger" in body
        or body.strip() == b"404 page not found"
    ):
        return f"Gitea answered ({reply.status})"
    if reply.status in {502, 504}:
        return f"the proxy found nobody behind it ({reply.status})"
    return f"something else answered ({reply.status})"


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
