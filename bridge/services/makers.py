"""From a machine token to what it may do: what the person who made it may do there at this moment, and no more.

Nobody signs in here. The maker is found by id, since names change hands, with the bridge's own token; the place is
looked at in their stead (``Sudo``), so that what is hidden from the maker is hidden from the machine.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from bridge.errors import UnavailableError
from bridge.services.machine_tokens import Machine
from bridge.services.people_cache import Verdicts
from bridge.services.people_errors import HiddenError, UnprovenError
from bridge.services.standings import Eyes, Kind, Person, Place, Standings, answered
from gitea_client.client import GiteaClient
from gitea_client.errors import Moved, NotFound
from gitea_client.values import Account


class Makers:
    """Asks Gitea what the makers of machine tokens may. One for each process; safe to share among threads."""

    def __init__(
        self,
        gitea: GiteaClient,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
        secret: bytes,
    ) -> None:
        self._gitea = gitea
        self._standings = Standings(gitea, open_session)
        self._verdicts = Verdicts(clock, secret)

    def at_repo(self, machine: Machine, owner: str, name: str, *, anew: bool = False) -> Place:
        """What a machine is at a repo. ``anew``: ask Gitea now, whatever is remembered.

        Raises ``UnprovenError`` (the maker is gone or may not sign in), ``HiddenError`` (not this token's place, or
        none that the maker sees), ``UnavailableError``.
        """
        question = ("repo", owner.lower(), name.lower())
        look = self._standings.at_repo
        place = self._settle(machine, question, lambda eyes, maker: look(eyes, maker, owner, name), anew)
        if place.owner_id != machine.owner_id or machine.repo_id not in {None, place.repo_id}:
            raise HiddenError("absent, or not for this token")
        return _narrowed(place, machine)

    def at_owner(self, machine: Machine, owner: str, kind: Kind, *, anew: bool = False) -> Place:
        """What a machine is at an owner, likewise. Of the owner a repo's token sees what is lent to the repo, there."""
        if machine.repo_id is not None:
            raise HiddenError("absent, or not for this token")
        look = self._standings.at_owner
        question = (kind, owner.lower())
        place = self._settle(machine, question, lambda eyes, maker: look(eyes, maker, owner, kind), anew)
        if place.owner_id != machine.owner_id:
            raise HiddenError("absent, or not for this token")
        return _narrowed(place, machine)

    def _settle(self, machine: Machine, question: Any, look: Callable[[Eyes, Person], Place], anew: bool) -> Place:
        # What a maker may is the same for all their tokens.
        maker = f"maker:{machine.maker_id}"

        def find_out() -> Place:
            person = self._verdicts.settle(maker, "who", lambda: self._who(machine), anew=True)
            return look(Eyes(self._gitea.acting_as(person.login), _seeing), person)

        if not anew:
            self._verdicts.recall_no(maker, "who")
        return self._verdicts.settle(maker, question, find_out, anew=anew)

    def _who(self, machine: Machine) -> Person:
        with answered():
            account = self._account(machine.maker_id, machine.maker_login)
            if (account is None or not account.active) and not self._gitea.me().is_admin:
                # To those who may not know, Gitea calls everybody inactive and hides whoever wants to be hidden.
                raise UnavailableError("the bridge's token is no site admin's, so it can't be told who is blocked")
            if account is None:
                raise UnprovenError("whoever made the machine token has no account any more")
            if not account.active or account.prohibit_login:
                raise UnprovenError("whoever made the machine token may not sign in")
        return Person(account.id, account.login, account.is_admin)

    def _account(self, maker_id: int, login: str) -> Account | None:
        """The maker under the name of the day the token was made, or else under whatever name they have now.

        The list of users, which finds by id, may be switched off; then a new name is found as long as the old one
        leads to it, and whose name is another's now is gone.
        """
        found, renamed = self._named(maker_id, login)
        if found is not None:
            return found
        try:
            return self._gitea.person_by_id(maker_id)
        except NotFound:
            return self._named(maker_id, renamed)[0] if renamed else None

    def _named(self, maker_id: int, login: str) -> tuple[Account | None, str]:
        """The account of a name, if it is the maker's; and to which name that one leads now."""
        try:
            found = self._gitea.user_account(login)
        except NotFound:
            return None, ""
        except Moved as moved:
            return None, moved.new_account or ""
        return (found if found.id == maker_id else None), ""


def _narrowed(place: Place, machine: Machine) -> Place:
    standing = place.standing if machine.repo_id is None else place.standing.only_on_repo()
    return replace(place, standing=standing.limited_to(machine.limit), token_id=machine.token_id)


@contextmanager
def _seeing() -> Iterator[None]:
    """Around the look in the maker's stead. A refusal is one of the bridge's own token, so it is no answer."""
    try:
        yield
    except (NotFound, Moved):
        raise HiddenError("absent, or not for this token") from None
