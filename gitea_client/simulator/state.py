"""What a pretend Gitea remembers, and how things are found in it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from gitea_client.simulator.deliveries import Deliverer
from gitea_client.simulator.errors import Redirected, Refusal, not_found
from gitea_client.simulator.faults import Faults
from gitea_client.simulator.models import Account, Application, Hook, Release, Repo, Team, Token, Variable

DEFAULT_VERSION = "1.26.4"


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


class State:
    """Everything that exists, under one lock. ``lock`` guards reads that span several things, and all changes."""

    def __init__(self, *, now: Callable[[], datetime] = _now) -> None:
        self.lock = threading.RLock()
        self.now = now
        self.version = DEFAULT_VERSION
        self.public_url = "http://gitea.test"
        self.serve_direct = False
        self.require_signin = False
        self.users_page = True
        self.max_response_items = 50
        self.faults = Faults()
        self.deliverer = Deliverer()
        self.accounts: dict[int, Account] = {}
        self.teams: dict[int, Team] = {}
        self.tokens: dict[str, Token] = {}
        self.repos: dict[int, Repo] = {}
        self.hooks: dict[int, Hook] = {}
        self.applications: dict[int, Application] = {}
        self.variables: dict[tuple[int, int], dict[str, Variable]] = {}
        self.account_redirects: dict[str, int] = {}
        self.repo_redirects: dict[tuple[int, str], int] = {}
        self._last_id: dict[str, int] = {}

    def next_id(self, kind: str) -> int:
        """Return the next id of a sequence; ids are never used twice."""
        with self.lock:
            self._last_id[kind] = self._last_id.get(kind, 0) + 1
            return self._last_id[kind]

    def since(self, major: int, minor: int) -> bool:
        """Whether this Gitea pretends to be of that version or later."""
        found = tuple(int(part) for part in self.version.split("+")[0].split(".")[:2])
        return found >= (major, minor)

    def account(self, name: str) -> Account | None:
        """Return the account of that name now, in any case."""
        wanted = name.lower()
        return next((each for each in self.accounts.values() if each.login.lower() == wanted), None)

    def renamed_account(self, name: str) -> Account | None:
        """Return the account that had that name before."""
        account_id = self.account_redirects.get(name.lower())
        return self.accounts.get(account_id) if account_id is not None else None

    def person(self, login: str) -> Account:
        """Return a person; KeyError-like refusal when absent, for scripts."""
        found = self.account(login)
        if found is None or found.is_org:
            raise Refusal(404, f"user redirect does not exist [name: {login}]")
        return found

    def org(self, name: str) -> Account:
        """Return an org; a refusal as Gitea words it when absent, also when it is a person's name."""
        found = self.account(name)
        if found is None or not found.is_org:
            raise Refusal(404, "GetOrgByName", [f"user redirect does not exist [name: {name}]"])
        return found

    def repo(self, owner: str, name: str) -> Repo:
        """Return the repo of that name now, for scripts; old names are not followed."""
        account = self.account(owner)
        found = self.repo_of(account.id, name) if account is not None else None
        if found is None:
            raise not_found()
        return found

    def repo_of(self, owner_id: int, name: str) -> Repo | None:
        """Return an owner's repo by its name in any case."""
        wanted = name.lower()
        return next((r for r in self.repos.values() if r.owner_id == owner_id and r.name.lower() == wanted), None)

    def resolve(self, owner: str, name: str, path: str) -> Repo:
        """Return a repo as the API does: old names redirect, before any permission is looked at.

        ``path`` is the path asked for; ``Redirected`` carries it with the new names.
        """
        account = self.account(owner)
        if account is None:
            renamed = self.renamed_account(owner)
            if renamed is None:
                raise not_found()
            raise Redirected(307, path.replace(f"/{owner}", f"/{renamed.login}", 1))
        found = self.repo_of(account.id, name)
        if found is not None:
            return found
        moved = self.repos.get(self.repo_redirects.get((account.id, name.lower()), 0))
        if moved is None:
            raise not_found()
        new = f"/{self.accounts[moved.owner_id].login}/{moved.name}"
        raise Redirected(301, path.replace(f"/{owner}/{name}", new, 1))

    def release_of(self, repo: Repo, tag: str) -> Release | None:
        """Return the release or draft of a tag, in any case."""
        wanted = tag.lower()
        return next((each for each in repo.releases.values() if each.tag.lower() == wanted), None)

    def full_name(self, repo: Repo) -> str:
        """Owner and name, as in addresses."""
        return f"{self.accounts[repo.owner_id].login}/{repo.name}"

    def actor_for(self, repo: Repo, by: str | None) -> Account:
        """Return who does something in a script: ``by``, or else somebody who owns the repo."""
        if by is not None:
            return self.person(by)
        owner = self.accounts[repo.owner_id]
        if not owner.is_org:
            return owner
        owners = next(team for team in self.teams.values() if team.org_id == owner.id and team.permission == "owner")
        return self.accounts[min(owners.members)]


def commit_id(*parts: object) -> str:
    """Return a stable made-up commit id."""
    return hashlib.sha1("/".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()
