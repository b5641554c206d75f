"""Make Gitea send a delivery and see it arrive: a hook can be made even where Gitea will never reach its address."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit

from bridge.errors import UnavailableError
from bridge.services.hooks import CHECK_REPO
from bridge.services.installing.values import NAME
from bridge.storage import refreshes
from gitea_client.client import GiteaClient
from gitea_client.errors import Conflict, GiteaError, Invalid, NotAllowed, NotFound
from gitea_client.levels import Level
from gitea_client.values import Repository

_DESCRIPTION = f"Made by the {NAME} to see a webhook arrive, and deleted at once"


class Arrival(Enum):
    """What came of a delivery."""

    PROVEN = "proven"
    FORGED = "forged"  # something came, but signed with another secret
    NOTHING = "nothing"


class PostBox(Protocol):
    """Where deliveries arrive: at the bridge that runs already, or at a listener in its place."""

    def wait(self, repo_id: int, secret: str, seconds: float) -> Arrival:
        """Wait for a delivery about a repo. One whose hook has another secret does not end the waiting."""
        ...


class BridgesOwn:
    """The post box of a bridge that runs: what it accepts, it writes down."""

    def __init__(
        self,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._open_session = open_session
        self._clock = clock
        self._sleep = sleep
        self._since = clock()

    def wait(self, repo_id: int, secret: str, seconds: float) -> Arrival:  # noqa: ARG002  the bridge has checked it
        """Look until it is there."""
        until = self._clock().timestamp() + seconds
        while True:
            with self._open_session(read_only=True) as session:
                if refreshes.heard_of(session, repo_id, self._since):
                    return Arrival.PROVEN
            if self._clock().timestamp() >= until:
                return Arrival.NOTHING
            self._sleep(0.2)


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be seen arriving. ``unique`` goes into the name of a throwaway repo."""

    level: Level
    address: str
    secret: str = field(repr=False)
    seconds: float
    unique: str


def prove(client: GiteaClient, trial: Trial, box: PostBox) -> Arrival:
    """Make Gitea send something about one repo, and wait for it.

    Raises ``UnavailableError`` where Gitea can't be made to send.
    """
    level = trial.level
    if level.kind == "repo":
        return _by_test(client, trial, box)
    org = level.path[1] if level.kind == "org" else None
    _clear_away(client, org)
    try:
        made = client.create_private_repo(f"{CHECK_REPO}{trial.unique}", _DESCRIPTION, org=org)
    except (NotAllowed, Conflict, Invalid) as error:
        raise UnavailableError(f"no private repo can be made to try it out ({error.message})") from error
    try:
        return box.wait(made.id, trial.secret, trial.seconds)
    finally:
        _delete(client, made)


def _by_test(client: GiteaClient, trial: Trial, box: PostBox) -> Arrival:
    level = trial.level
    repo = client.repo(*level.path[1:])
    ours = [hook for hook in client.hooks(level) if hook.active and hook.url == trial.address]
    try:
        for hook in ours:
            client.test_hook(level, hook.id)
    except NotFound as error:
        raise UnavailableError("the repo has no commit yet, so its webhook has nothing to send") from error
    return box.wait(repo.id, trial.secret, trial.seconds)


def _clear_away(client: GiteaClient, org: str | None) -> None:
    """Delete what a run left that was interrupted: only what has the name and the words, and nothing in it."""
    with suppress(GiteaError):
        owner = client.org_account(org) if org else client.me()
        for repo in client.search_owner_repos(owner.id):
            if repo.name.startswith(CHECK_REPO) and repo.description == _DESCRIPTION and repo.empty and repo.private:
                _delete(client, repo)


def _delete(client: GiteaClient, repo: Repository) -> None:
    try:
        client.delete_repo(repo.owner.login, repo.name)
    except GiteaError as error:
        where = f"{repo.owner.login}/{repo.name}"
        raise UnavailableError(f"the repo {where}, made to try it out, can't be deleted ({error.message})") from error


def allowed_hosts_line(address: str) -> str:
    """The line for Gitea's app.ini that lets it send there, and to what it may send to by default."""
    host = urlsplit(address).hostname or ""
    with suppress(ValueError):
        host = str(ip_address(host))
    return f"ALLOWED_HOST_LIST = external,{host}"
