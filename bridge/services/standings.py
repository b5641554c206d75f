"""What a person is at an owner or a repo. Gitea is the judge; who asks it how the thing looks to them is handed in."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from bridge.errors import UnavailableError
from bridge.models import Owner
from bridge.rules.permissions import Role, Standing, team_roles
from bridge.rules.variables import OwnerSettings
from bridge.services.people_errors import HiddenError
from gitea_client.client import GiteaClient
from gitea_client.errors import GiteaError
from gitea_client.levels import Level
from gitea_client.values import Repository, Team

Kind = Literal["org", "user"]


@dataclass(frozen=True, slots=True)
class Person:
    """Who a token belongs to. ``id`` is what lasts; a login may be another's tomorrow."""

    id: int
    login: str
    site_admin: bool


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody reached, as Gitea spells it now, and what they are there.

    ``repo_id`` 0: the owner itself. ``token_id``: the machine token that acts for the person; 0: the person acts.
    ``repo_units``: what Gitea shows of the repo as tabs.
    """

    person: Person
    standing: Standing
    owner_id: int
    owner_name: str
    owner_kind: Kind
    repo_id: int = 0
    repo_name: str = ""
    token_id: int = 0
    repo_private: bool = False
    repo_units: frozenset[str] = frozenset()

    @property
    def level(self) -> Level:
        """Where its settings live in Gitea."""
        if self.repo_id:
            return Level.repo(self.owner_name, self.repo_name)
        return Level.org(self.owner_name) if self.owner_kind == "org" else Level.user(self.owner_name)


@dataclass(frozen=True, slots=True)
class Eyes:
    """Through whom the thing itself is looked at: ``client`` sees what they see, ``reaching`` says what a no means."""

    client: GiteaClient
    reaching: Callable[[], AbstractContextManager[None]]


class Standings:
    """Looks at a thing through somebody's eyes, and asks with the bridge's own token what they are there.

    Tokens of team members may not see their teams, so only the first question can be theirs. Safe to share among
    threads. Each look raises what ``Eyes.reaching`` makes of a no, ``HiddenError``, and ``UnavailableError``.
    """

    def __init__(self, gitea: GiteaClient, open_session: Callable[..., AbstractContextManager[Any]]) -> None:
        self._gitea = gitea
        self._open_session = open_session
        self._kinds: dict[int, Kind] = {}

    def at_repo(self, eyes: Eyes, person: Person, owner: str, name: str) -> Place:
        """What the person is at a repo."""
        with answered():
            with eyes.reaching():
                repo = eyes.client.repo(owner, name)
            kind = self._kind(repo)
            return Place(
                person=person,
                standing=self._standing_at_repo(person, repo, kind),
                owner_id=repo.owner.id,
                owner_name=repo.owner.login,
                owner_kind=kind,
                repo_id=repo.id,
                repo_name=repo.name,
                repo_private=repo.private,
                repo_units=repo.units,
            )

    def at_owner(self, eyes: Eyes, person: Person, name: str, kind: Kind) -> Place:
        """What the person is at an owner."""
        return self._at_org(eyes, person, name) if kind == "org" else self._at_account(eyes, person, name)

    def _kind(self, repo: Repository) -> Kind:
        """Whether the owner is an org; remembered, since an id never turns from a person into an org."""
        kind = self._kinds.get(repo.owner.id)
        if kind is None:
            kind = self._kinds[repo.owner.id] = self._gitea.owner(repo.owner.login).kind
        return kind

    def _standing_at_repo(self, person: Person, repo: Repository, kind: Kind) -> Standing:
        on_owner = self._roles_by_account(person, repo.owner.id, repo.owner.login, kind)
        on_repo: set[Role] = set()
        if repo.permissions is not None and repo.permissions.admin:
            on_repo.add(Role.REPO_ADMIN)
        teams = self._named_teams(repo.owner.id)
        if teams and kind == "org":
            joined = self._joined(person, teams, self._gitea.repo_teams(repo.owner.login, repo.name))
            on_repo |= team_roles(teams, [team.name for team in joined])
            on_owner |= team_roles(teams, [team.name for team in joined if team.includes_all_repositories])
        return Standing(frozenset(on_owner), frozenset(on_repo))

    def _at_org(self, eyes: Eyes, person: Person, name: str) -> Place:
        with answered():
            with eyes.reaching():
                org = eyes.client.org_account(name)
            roles = self._roles_by_account(person, org.id, org.login, "org")
            teams = self._named_teams(org.id)
            if teams:
                everywhere = [team for team in self._gitea.org_teams(org.login) if team.includes_all_repositories]
                roles |= team_roles(teams, [team.name for team in self._joined(person, teams, everywhere)])
            return Place(person, Standing(frozenset(roles)), org.id, org.login, "org")

    def _at_account(self, eyes: Eyes, person: Person, name: str) -> Place:
        with answered():
            with eyes.reaching():
                account = eyes.client.user_account(name)
            if account.id != person.id and self._gitea.owner(account.login).kind == "org":
                raise HiddenError("absent, or not for this token")
            roles = self._roles_by_account(person, account.id, account.login, "user")
            return Place(person, Standing(frozenset(roles)), account.id, account.login, "user")

    def _roles_by_account(self, person: Person, owner_id: int, owner_name: str, kind: Kind) -> set[Role]:
        roles = {Role.SITE_ADMIN} if person.site_admin else set()
        owns = self._gitea.is_org_owner(owner_name, person.login) if kind == "org" else owner_id == person.id
        return roles | ({Role.OWNER} if owns else set())

    def _named_teams(self, owner_id: int) -> Sequence[tuple[str, Any]]:
        """The owner's ``LICENSING_TEAMS`` in force; none where the bridge does not know the owner."""
        with self._open_session(read_only=True) as session:
            owner = session.get(Owner, owner_id)
            return OwnerSettings.from_dict(owner.settings).teams if owner is not None and owner.settings else ()

    def _joined(self, person: Person, named: Sequence[tuple[str, Any]], teams: Sequence[Team]) -> list[Team]:
        wanted = {name for name, _ in named}
        return [
            team for team in teams if team.name.lower() in wanted and self._gitea.is_team_member(team.id, person.login)
        ]


@contextmanager
def answered() -> Iterator[None]:
    """Whatever else Gitea says, also to the bridge's own token, is no proof: ``UnavailableError``, never a yes."""
    try:
        yield
    except GiteaError as error:
        raise UnavailableError(f"Gitea can't be asked who that is and what they may do: {error}") from error
