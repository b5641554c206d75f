"""A person changes settings through the bridge: written into Gitea, where they live, audited, and in force at once."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from bridge.errors import InvalidInputError, UnavailableError
from bridge.models import Owner
from bridge.rules.variables import OwnerSettings, Problem, read_owner_variables, read_repo_variables
from bridge.services import variables
from bridge.services.refresh import Catalog
from bridge.storage import audits, catalog, refreshes, turns
from bridge.storage.audits import Actor
from gitea_client.client import GiteaClient
from gitea_client.errors import GiteaError, Invalid
from gitea_client.levels import Level

OpenSession = Callable[..., AbstractContextManager[Any]]


class _FilesAreWanted(Exception):  # noqa: N818  no error: files may be large, and fetching them is the worker's job
    pass


def in_turn(open_session: OpenSession, owner_id: int) -> AbstractContextManager[None]:
    """Around a change of an owner's or its repos' settings: Gitea compares nothing, so one at a time does.

    Raises ``UnavailableError`` where another one takes too long.
    """
    return turns.in_turn(open_session, f"settings of {owner_id}")


def take_in(work: Catalog, open_session: OpenSession, repo_id: int, full_name: str, now: datetime) -> None:
    """Read a repo's settings and releases from Gitea now; its files are left to the worker.

    Raises ``UnavailableError`` where Gitea does not answer.
    """

    def leave_files() -> None:
        raise _FilesAreWanted

    try:
        work.refresh(repo_id, leave_files)
    except _FilesAreWanted:
        with open_session() as session:
            refreshes.enqueue(session, repo_id, full_name, "settings were read", now)
    except GiteaError as error:
        raise UnavailableError(f"Gitea does not answer: {error}") from error


def check_repo(changes: Mapping[str, str | None], owner: OwnerSettings) -> None:
    """Raises ``InvalidInputError`` (``field``: the variable) for a text that would not be understood."""
    _refuse_first(read_repo_variables(_stated(changes), owner, None).problems)


def check_owner(changes: Mapping[str, str | None]) -> None:
    """The same for an owner's variables."""
    _refuse_first(read_owner_variables(_stated(changes), None).problems)


def _stated(changes: Mapping[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in changes.items() if text is not None}


def _refuse_first(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        raise InvalidInputError(problem.variable, problem.sentence)


def write(
    gitea: GiteaClient,
    open_session: OpenSession,
    level: Level,
    changes: Mapping[str, str | None],
    *,
    owner_id: int,
    repo_id: int | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Write variables with the bridge's token. What was written is audited, also where Gitea fails half way.

    Whether the person may is proven before. Raises ``UnavailableError`` or ``InvalidInputError``.
    """
    before: dict[str, str | None] = {}
    done: dict[str, str | None] = {}
    try:
        present = {name: each.value for name, each in gitea.variables(level).items()}
        for name, text in changes.items():
            if present.get(name) == text:
                continue
            variables.write(gitea, level, name, text)
            before[name], done[name] = present.get(name), text
    except Invalid as error:
        raise InvalidInputError("settings", f"Gitea does not take it: {error.message}") from None
    except GiteaError as error:
        raise UnavailableError(f"Gitea did not take the settings: {error}") from error
    finally:
        if done:
            subject = f"repo:{repo_id}" if repo_id else f"owner:{owner_id}"
            ids: dict[str, Any] = {"subject": subject, "owner_id": owner_id, "repo_id": repo_id}
            with open_session() as session:
                audits.record(session, actor, "settings.write", now, before=before, after=done, **ids)


def take_in_owner(gitea: GiteaClient, work: Catalog, open_session: OpenSession, owner_id: int, now: datetime) -> None:
    """Put an owner's settings in force: they and one of its repos are read now, the other repos in turn.

    Raises ``UnavailableError`` where Gitea does not answer.
    """
    with open_session() as session:
        owner = session.get_one(Owner, owner_id)
        level = variables.owner_level(owner.name, owner.kind)
        repos = [repo for repo, _ in catalog.repos_of(session, owner_id) if repo.absent_since is None]
        for repo in repos[1:]:
            full_name = f"{owner.name}/{repo.name}"
            refreshes.enqueue(session, repo.id, full_name, "the owner's settings were changed", now)
    try:
        reading = variables.read(gitea, level)
    except GiteaError as error:
        raise UnavailableError(f"Gitea does not answer: {error}") from error
    with open_session() as session:  # an owner may have no repo left that would bring them along
        owner = session.get_one(Owner, owner_id)
        if variables.settle_owner(owner, reading):
            catalog.raise_owner_revision(session, owner_id)
    for repo in repos[:1]:
        take_in(work, open_session, repo.id, f"{owner.name}/{repo.name}", now)
