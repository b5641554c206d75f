"""From a Gitea token to a person and what that person is here. Gitea is the judge; nothing is believed for long.

The caller's own token must itself reach the owner or the repo, so that its scopes and ``public-only`` count. What the
person is there is then asked with the bridge's token, since tokens of team members may not see their teams.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bridge.errors import UnavailableError
from bridge.models import Owner
from bridge.rules.permissions import Role, Standing, team_roles
from bridge.rules.variables import OwnerSettings
from bridge.services.people_cache import Verdicts
from bridge.services.people_errors import ForbiddenError, HiddenError, UnprovenError
from gitea_client.client import GiteaClient
from gitea_client.errors import BadAnswer, GiteaError, Moved, NotAllowed, NotAuthenticated, NotFound
from gitea_client.levels import Level
from gitea_client.values import Repository, Team

# Gitea's access tokens. Others (of Actions jobs, of OAuth apps) speak for a job or an app, not for a person's choice.
_TOKEN = re.compile(r"[0-9a-f]{40}")
Kind = Literal["org", "user"]


@dataclass(frozen=True, slots=True)
class Person:
    """Who a token belongs to. ``id`` is what lasts; a login may be another's tomorrow."""

    id: int
    login: str
    site_admin: bool


@dataclass(frozen=True, slots=True)
class Place:
    """What a token reached, as Gitea spells it now, and what its person is there. ``repo_id`` 0: the owner itself."""

    person: Person
    standing: Standing
    owner_id: int
    owner_name: str
    owner_kind: Kind
    repo_id: int = 0
    repo_name: str = ""

    @property
    def level(self) -> Level:
        """Where its settings live in Gitea."""
        if self.repo_id:
            return Level.repo(self.owner_name, self.repo_name)
        return Level.org(self.owner_name) if self.owner_kind == "org" else Level.user(self.owner_name)


def is_token(text: str) -> bool:
    """Whether a text has the form of a person's access token."""
    return _TOKEN.fullmatch(text) is not None


class People:
    """Asks Gitea who somebody is. One for each process; safe to share among threads."""

    def __init__(
        self,
        gitea: GiteaClient,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
        secret: bytes,
    ) -> None:
        self._gitea = gitea
        self._open_session = open_session
        self._verdicts = Verdicts(clock, secret)
        self._kinds: dict[int, Kind] = {}

    def at_repo(self, token: str, owner: str, name: str, *, anew: bool = False) -> Place:
        """What the token's person is at a repo. ``anew``: ask Gitea now, whatever is remembered.

        Raises ``UnprovenError``, ``HiddenError``, ``ForbiddenError`` (a scope is missing), ``UnavailableError``.
        """
        question = ("repo", owner.lower(), name.lower())
        return self._settle(token, question, lambda person: self._look_at_repo(token, person, owner, name), anew)

    def at_owner(self, token: str, owner: str, kind: Kind, *, anew: bool = False) -> Place:
        """What the token's person is at an owner, likewise."""
        look = self._look_at_org if kind == "org" else self._look_at_account
        return self._settle(token, (kind, owner.lower()), lambda person: look(token, person, owner), anew)

    def remembers(self, token: str) -> bool:
        """Whether the token was proven within the last minute."""
        return self._verdicts.recalls_yes(token, "who")

    def require_write_scope(self, token: str, place: Place, *, anew: bool = False) -> None:
        """Raises ``ForbiddenError`` unless the token may write there: the person's right alone is not enough."""

        def ask() -> bool:
            with _answered():
                if self._gitea.with_token(token).has_write_scope(place.level):
                    return True
            kind = {"repo": "repository", "org": "organization"}.get(place.level.kind, "user")
            raise ForbiddenError(f"the token lacks the scope write:{kind}", f"write:{kind}")

        self._verdicts.settle(token, ("write", place.level.path), ask, anew=anew)

    def _settle(self, token: str, question: Any, look: Callable[[Person], Place], anew: bool) -> Place:
        if not is_token(token):
            raise UnprovenError("that is not an access token of Gitea")

        def find_out() -> Place:
            # A token that nobody has costs one request, whatever it asks for. A good one is proven anew for each
            # question: names that were looked up by a login of a minute ago might be somebody else's.
            person = self._verdicts.settle(token, "who", lambda: self._who(token), anew=True)
            return look(person)

        if not anew:
            self._verdicts.recall_no(token, "who")
        return self._verdicts.settle(token, question, find_out, anew=anew)

    def _who(self, token: str) -> Person:
        theirs = self._gitea.with_token(token)
        with _answered():
            try:
                me = theirs.me()
            except NotAuthenticated:
                raise UnprovenError("Gitea knows no such token") from None
            except NotAllowed as error:
                if error.missing_scope is None:
                    raise UnprovenError("the account may not sign in") from None
                return self._who_by_any_scope(theirs)
        if not me.active or me.prohibit_login:
            raise UnprovenError("the account may not sign in")
        return Person(me.id, me.login, me.is_admin)

    def _who_by_any_scope(self, theirs: GiteaClient) -> Person:
        try:
            named = theirs.me_by_any_token()
        except (BadAnswer, NotFound):
            # Blocked people get a page; where OAuth2 is switched off, nobody gets an answer.
            raise ForbiddenError(
                "the token lacks the scope read:user, by which its person is known", "read:user"
            ) from None
        except (NotAuthenticated, NotAllowed):
            raise UnprovenError("the account may not sign in") from None
        account = self._gitea.owner(named.login)
        if named.id <= 0 or account.id != named.id or account.kind != "user" or account.prohibit_login:
            raise UnprovenError("the account may not sign in")
        return Person(named.id, named.login, account.is_admin)

    def _look_at_repo(self, token: str, person: Person, owner: str, name: str) -> Place:
        with _answered():
            with _reaching():
                repo = self._gitea.with_token(token).repo(owner, name)
            kind = self._kind(repo)
            return Place(
                person=person,
                standing=self._standing_at_repo(person, repo, kind),
                owner_id=repo.owner.id,
                owner_name=repo.owner.login,
                owner_kind=kind,
                repo_id=repo.id,
                repo_name=repo.name,
            )

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

    def _look_at_org(self, token: str, person: Person, name: str) -> Place:
        with _answered():
            with _reaching():
                org = self._gitea.with_token(token).org_account(name)
            roles = self._roles_by_account(person, org.id, org.login, "org")
            teams = self._named_teams(org.id)
            if teams:
                everywhere = [team for team in self._gitea.org_teams(org.login) if team.includes_all_repositories]
                roles |= team_roles(teams, [team.name for team in self._joined(person, teams, everywhere)])
            return Place(person, Standing(frozenset(roles)), org.id, org.login, "org")

    def _look_at_account(self, token: str, person: Person, name: str) -> Place:
        with _answered():
            with _reaching():
                account = self._gitea.with_token(token).user_account(name)
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
def _answered() -> Iterator[None]:
    """Whatever else Gitea says, also to the bridge's own token, is no proof: ``UnavailableError``, never a yes."""
    try:
        yield
    except GiteaError as error:
        raise UnavailableError(f"Gitea can't be asked who that is and what they may do: {error}") from error


@contextmanager
def _reaching() -> Iterator[None]:
    """Around the question that the caller's own token asks: does it reach the thing at all."""
    try:
        yield
    except NotAuthenticated:
        raise UnprovenError("Gitea knows no such token") from None
    except NotAllowed as error:
        if error.missing_scope is None:
            raise HiddenError("absent, or not for this token") from None
        raise ForbiddenError(f"the token lacks the scope {error.missing_scope}", error.missing_scope) from None
    except (NotFound, Moved):
        raise HiddenError("absent, or not for this token") from None
