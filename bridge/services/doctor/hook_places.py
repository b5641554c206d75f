"""Finds the webhooks in Gitea that lead to a bridge, on every level that may have one."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bridge.services import variables
from bridge.services.doctor.patient import HOOK_PATH, Patient
from bridge.storage import catalog
from gitea_client.errors import GiteaError
from gitea_client.levels import Level
from gitea_client.values_server import Hook

_MOST_REPOS = 50


@dataclass(frozen=True, slots=True)
class Installed:
    """A hook that leads to a bridge, and whose it is."""

    level: Level
    where: str
    hook: Hook


def _leads_here(hooks: Sequence[Hook]) -> list[Hook]:
    """By the path alone: which of a bridge's addresses Gitea reaches is for a delivery to prove."""
    return [hook for hook in hooks if urlsplit(hook.url).path.endswith(HOOK_PATH)]


def _hooks_at(patient: Patient, level: Level, where: str) -> list[Installed]:
    found = patient.gitea.hooks(level, "system") if level.kind == "system" else patient.gitea.hooks(level)
    return [Installed(level, where, hook) for hook in _leads_here(found)]


def find(patient: Patient) -> tuple[list[Installed], list[str]]:
    """The hooks that lead here, and the owners none of whose hooks could be listed or found.

    Owners and repos are only asked where no system hook covers them.
    """
    try:
        found = _hooks_at(patient, Level.system(), "the system")
    except GiteaError:
        found = []
    if any(each.hook.active for each in found):
        return found, []
    uncovered = []
    for name in served_owners(patient):
        mine = _of_owner(patient, name)
        found += mine
        if not mine:
            uncovered.append(name)
    return found, uncovered


def _of_owner(patient: Patient, name: str) -> list[Installed]:
    try:
        account = patient.gitea.owner(name)
        mine = _hooks_at(patient, variables.owner_level(account.login, account.kind), account.login)
    except GiteaError:
        mine = []
    if mine:
        return mine
    with patient.open_session(read_only=True) as session:
        rows = catalog.repos_of(session, served_only=True)
        names = [repo.name for repo, owner in rows if owner.name.lower() == name.lower()]
    every = []
    for repo in names[:_MOST_REPOS]:
        try:
            of_repo = _hooks_at(patient, Level.repo(name, repo), f"{name}/{repo}")
        except GiteaError:
            of_repo = []
        if not of_repo:
            return []
        every += of_repo
    return every


def served_owners(patient: Patient) -> list[str]:
    """Those that the configuration names; where it names everybody, those that have products."""
    names = [name for name in patient.settings.bridge.owners if name != "*"]
    if names:
        return names
    with patient.open_session(read_only=True) as session:
        return sorted({owner.name for _, owner in catalog.repos_of(session, served_only=True)})


def is_default_only(patient: Patient) -> bool:
    """Whether Gitea has such a hook only to be copied into repos that are made later."""
    try:
        return bool(_leads_here(patient.gitea.hooks(Level.system(), "default"))) and not _hooks_at(
            patient, Level.system(), ""
        )
    except GiteaError:
        return False
