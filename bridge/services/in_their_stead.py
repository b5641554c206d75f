"""What somebody may who brings no token of Gitea's: a machine's maker, a person who signed in to the pages.

They are found by id, since names change hands, with the bridge's own token; the place is looked at in their stead
(``Sudo``), so that what is hidden from them stays so. Within a minute whoever is blocked or deleted is out.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.errors import UnavailableError
from bridge.services.people_cache import Verdicts
from bridge.services.people_errors import HiddenError, UnprovenError
from bridge.services.standings import Eyes, Kind, Person, Place, Standings, answered
from gitea_client.client import GiteaClient
from gitea_client.errors import Moved, NotFound
from gitea_client.values import Account


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody by id, and by the login of the day it was noted."""

    id: int
    login: str


class InTheirStead:
    """Asks Gitea for people who are not asking themselves. One for each process; safe to share among threads.

    ``whoever``: how the sentences of its refusals name them.
    """

    def __init__(
        self,
        gitea: GiteaClient,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
        secret: bytes,
        whoever: str,
    ) -> None:
        self._gitea = gitea
        self._standings = Standings(gitea, open_session)
        self._verdicts = Verdicts(clock, secret)
        self._whoever = whoever

    def who(self, somebody: Named, *, anew: bool = False) -> Person:
        """The person as Gitea knows them now. Raises ``UnprovenError`` (gone, or blocked), ``UnavailableError``."""
        return self._verdicts.settle(_key(somebody), "who", lambda: self._who(somebody), anew=anew)

    def at_repo(self, somebody: Named, owner: str, name: str, *, anew: bool = False) -> Place:
        """What they are at a repo. ``anew``: ask Gitea now, whatever is remembered.

        Raises as ``who`` does, and ``HiddenError`` where they see no such repo.
        """
        look = self._standings.at_repo
        question = ("repo", owner.lower(), name.lower())
        return self._settle(somebody, question, lambda eyes, person: look(eyes, person, owner, name), anew)

    def at_owner(self, somebody: Named, owner: str, kind: Kind, *, anew: bool = False) -> Place:
        """What they are at an owner, likewise."""
        look = self._standings.at_owner
        return self._settle(somebody, (kind, owner.lower()), lambda eyes, who: look(eyes, who, owner, kind), anew)

    def at_any_owner(self, somebody: Named, owner: str, *, anew: bool = False) -> Place:
        """What they are at an owner of whom only the name is known."""
        try:
            return self.at_owner(somebody, owner, "org", anew=anew)
        except HiddenError:
            return self.at_owner(somebody, owner, "user", anew=anew)

    def _settle(self, somebody: Named, question: Any, look: Callable[[Eyes, Person], Place], anew: bool) -> Place:
        def find_out() -> Place:
            person = self.who(somebody, anew=True)
            return look(Eyes(self._gitea.acting_as(person.login), _seeing), person)

        if not anew:
            self._verdicts.recall_no(_key(somebody), "who")
        return self._verdicts.settle(_key(somebody), question, find_out, anew=anew)

    def _who(self, somebody: Named) -> Person:
        with answered():
            account = self._account(somebody)
            if (account is None or not account.active) and not self._gitea.me().is_admin:
                # To those who may not know, Gitea calls everybody inactive and hides whoever wants to be hidden.
                raise UnavailableError("the bridge's token is no site admin's, so it can't be told who is blocked")
            if account is None:
                raise UnprovenError(f"{self._whoever} has no account any more")
            if not account.active or account.prohibit_login:
                raise UnprovenError(f"{self._whoever} may not sign in")
        return Person(account.id, account.login, account.is_admin)

    def _account(self, somebody: Named) -> Account | None:
        """Them under the name of the day it was noted, or else under whatever name they have now.

        The list of users, which finds by id, may be switched off; then a new name is found as long as the old one
        leads to it, and whose name is another's now is gone.
        """
        found, renamed = self._named(somebody.id, somebody.login)
        if found is not None:
            return found
        try:
            return self._gitea.person_by_id(somebody.id)
        except NotFound:
            return self._named(somebody.id, renamed)[0] if renamed else None

    def _named(self, person_id: int, login: str) -> tuple[Account | None, str]:
        """The account of a name, if it is theirs; and to which name that one leads now."""
        try:
            found = self._gitea.user_account(login)
        except NotFound:
            return None, ""
        except Moved as moved:
            return None, moved.new_account or ""
        return (found if found.id == person_id else None), ""


def _key(somebody: Named) -> str:
    return f"person:{somebody.id}"


@contextmanager
def _seeing() -> Iterator[None]:
    """Around the look in their stead. A refusal is one of the bridge's own token, so it is no answer."""
    try:
        yield
    except (NotFound, Moved):
        raise HiddenError("absent, or not for this person") from None
