"""Who may do what in a pretend Gitea (models/perm/access/repo_permission.go at v1.26)."""

from __future__ import annotations

from gitea_client.simulator.models import RANK, Account, Repo, Right, Team
from gitea_client.simulator.state import State

CODE, RELEASES = "repo.code", "repo.releases"


def right_of(state: State, person: Account | None, repo: Repo, unit: str = CODE) -> Right:
    """The strongest right that somebody (None: a stranger) has on a unit of a repo."""
    owner = state.accounts[repo.owner_id]
    public = not repo.private and owner.visibility == "public"
    if person is None:
        return "read" if public else "none"
    if person.is_admin or person.id == repo.owner_id:
        return "owner"
    rights: list[Right] = ["read" if public and not person.restricted else "none"]
    rights.append(repo.collaborators.get(person.id, "none"))
    # A team with admin permission counts as owner, for all the repo's settings.
    rights += [
        "owner" if team.permission in {"admin", "owner"} else team.units.get(unit, "none")
        for team in teams_of_repo(state, repo)
        if person.id in team.members
    ]
    return max(rights, key=RANK.__getitem__)


def at_least(state: State, person: Account | None, repo: Repo, right: Right, unit: str = CODE) -> bool:
    """Whether somebody has at least that right."""
    return RANK[right_of(state, person, repo, unit)] >= RANK[right]


def visible(state: State, person: Account | None, repo: Repo) -> bool:
    """Whether somebody may know that the repo exists: any unit readable."""
    return at_least(state, person, repo, "read") or at_least(state, person, repo, "read", RELEASES)


def teams_of_repo(state: State, repo: Repo) -> list[Team]:
    """Teams of the owning org that reach the repo; none for a person's repo."""
    return [
        team
        for team in state.teams.values()
        if team.org_id == repo.owner_id and (team.includes_all or repo.id in team.repos)
    ]


def teams_of(state: State, org_id: int, person: Account | None) -> list[Team]:
    """Teams of an org that somebody is in."""
    return [
        team
        for team in state.teams.values()
        if team.org_id == org_id and person is not None and person.id in team.members
    ]


def sees_person(viewer: Account | None, person: Account) -> bool:
    """Whether somebody is shown a person: everybody the public ones, whoever signed in the limited ones too."""
    if viewer is None:
        return person.visibility == "public"
    if viewer.is_admin or viewer.id == person.id:
        return True
    return person.visibility in {"public", "limited"} and not viewer.restricted


def owns_org(state: State, org_id: int, person: Account | None) -> bool:
    """Whether somebody is in the org's Owners team; being site admin does not count."""
    return any(team.permission == "owner" for team in teams_of(state, org_id, person))
