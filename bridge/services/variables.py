"""The decisions that people keep in Gitea as Actions variables: read, and written by the bridge's own commands."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bridge.models import Owner, Repo
from bridge.rules.streams import DEFAULT_STREAMS
from bridge.rules.variables import OwnerSettings, Problem, RepoSettings, read_owner_variables, read_repo_variables
from gitea_client.client import GiteaClient
from gitea_client.errors import NotAllowed, NotFound
from gitea_client.levels import Level
from gitea_client.values import Variable

# In force where nothing was ever readable: the same that an invalid first value leads to.
_CLOSED_OWNER = OwnerSettings(streams=tuple(each for each in DEFAULT_STREAMS if each.stability == "stable"))
_CLOSED_REPO = RepoSettings(require_key="true", streams=_CLOSED_OWNER.streams)


@dataclass(frozen=True, slots=True)
class Reading:
    """Variables of one level by name; ``values`` is ``None`` where Gitea hides them, and ``unreadable`` says why."""

    values: dict[str, str] | None
    unreadable: str = ""


def read(gitea: GiteaClient, level: Level) -> Reading:
    """Read the variables of a level. Raises ``Moved`` and whatever else tells nothing about the variables."""
    try:
        found: dict[str, Variable] = gitea.variables(level)
    except (NotAllowed, NotFound) as error:
        return Reading(None, f"Gitea does not let the bridge read the variables ({error}); give its token that right")
    return Reading({name: variable.value for name, variable in found.items()})


def owner_level(name: str, kind: str) -> Level:
    """Where an owner's variables are. A personal account's are read as that account."""
    return Level.org(name) if kind == "org" else Level.user(name)


def settle_owner(owner: Owner, reading: Reading) -> bool:
    """Put the owner's variables in force. Whether anything changed.

    What is invalid or can't be read keeps its last good value; where there never was one, the closed one holds.
    """
    last = OwnerSettings.from_dict(owner.settings) if owner.settings else None
    if reading.values is None:
        return _settle(owner, (last or _CLOSED_OWNER).to_dict(), [_unreadable(reading)])
    read_now = read_owner_variables(reading.values, last)
    return _settle(owner, read_now.settings.to_dict(), _sentences(read_now.problems))


def settle_repo(repo: Repo, owner: Owner, reading: Reading, *, owner_served: bool) -> bool:
    """Put the repo's variables in force, likewise. Its problems include those of its owner, settled before."""
    last = RepoSettings.from_dict(repo.settings) if repo.settings else None
    if reading.values is None:
        settings, problems = last or _CLOSED_REPO, [_unreadable(reading)]
    else:
        read_now = read_repo_variables(reading.values, OwnerSettings.from_dict(owner.settings), last)
        settings, problems = read_now.settings, _sentences(read_now.problems)
    problems += [{**each, "variable": f"{each['variable']} of {owner.name}"} for each in owner.problems]
    if is_product(settings) and not owner_served:
        problems.append({"variable": "bridge.owners", "sentence": _not_served(owner.name)})
    return _settle(repo, settings.to_dict(), problems)


def is_product(settings: RepoSettings) -> bool:
    """Whether the platform variable makes the repo a product."""
    return settings.platform in {"joomla", "dolibarr", "both"}


def _not_served(owner: str) -> str:
    return f"{owner} is not served, so the feeds are empty; add the name to bridge.owners in the configuration"


def _unreadable(reading: Reading) -> dict[str, str]:
    return {"variable": "LICENSING_*", "sentence": reading.unreadable}


def _sentences(problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [{"variable": each.variable, "sentence": each.sentence} for each in problems]


def _settle(row: Owner | Repo, settings: dict[str, Any], problems: list[dict[str, str]]) -> bool:
    # The database gives lists back for tuples; compared as they are, nothing would ever be as it was.
    settings = json.loads(json.dumps(settings))
    changed = (row.settings, row.problems) != (settings, problems)
    if changed:
        row.settings, row.problems = settings, problems
    return changed


def write(gitea: GiteaClient, level: Level, name: str, value: str | None) -> None:
    """Set a variable in Gitea, or with ``None`` take it out."""
    if value is None:
        gitea.delete_variable(level, name)
    else:
        gitea.set_variable(level, name, value, "Read by the license bridge")
