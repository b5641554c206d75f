"""From a machine token to what it may do: what the person who made it may do there at this moment, and no more."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any

from bridge.services.in_their_stead import InTheirStead, Named
from bridge.services.machine_tokens import Machine
from bridge.services.people_errors import HiddenError
from bridge.services.standings import Kind, Place
from gitea_client.client import GiteaClient


class Makers:
    """Asks Gitea what the makers of machine tokens may. One for each process; safe to share among threads."""

    def __init__(
        self,
        gitea: GiteaClient,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
        secret: bytes,
    ) -> None:
        # What a maker may is the same for all their tokens.
        self._makers = InTheirStead(gitea, open_session, clock, secret, "whoever made the machine token")

    def at_repo(self, machine: Machine, owner: str, name: str, *, anew: bool = False) -> Place:
        """What a machine is at a repo. ``anew``: ask Gitea now, whatever is remembered.

        Raises ``UnprovenError`` (the maker is gone or may not sign in), ``HiddenError`` (not this token's place, or
        none that the maker sees), ``UnavailableError``.
        """
        place = self._makers.at_repo(_maker(machine), owner, name, anew=anew)
        if place.owner_id != machine.owner_id or machine.repo_id not in {None, place.repo_id}:
            raise HiddenError("absent, or not for this token")
        return _narrowed(place, machine)

    def at_owner(self, machine: Machine, owner: str, kind: Kind, *, anew: bool = False) -> Place:
        """What a machine is at an owner, likewise. Of the owner a repo's token sees what is lent to the repo, there."""
        if machine.repo_id is not None:
            raise HiddenError("absent, or not for this token")
        place = self._makers.at_owner(_maker(machine), owner, kind, anew=anew)
        if place.owner_id != machine.owner_id:
            raise HiddenError("absent, or not for this token")
        return _narrowed(place, machine)


def _maker(machine: Machine) -> Named:
    return Named(machine.maker_id, machine.maker_login)


def _narrowed(place: Place, machine: Machine) -> Place:
    standing = place.standing if machine.repo_id is None else place.standing.only_on_repo()
    return replace(place, standing=standing.limited_to(machine.limit), token_id=machine.token_id)
