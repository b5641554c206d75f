"""From a Gitea token to a person and what that person is here. Gitea is the judge; nothing is believed for long.

The caller's own token must itself reach the owner or the repo, so that its scopes and ``public-only`` count. What the
person is there is then asked with the bridge's token, see ``standings.py``.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

from bridge.services.people_cache import Verdicts
from bridge.services.people_errors import ForbiddenError, HiddenError, UnprovenError
from bridge.services.standings import Eyes, Kind, Person, Place, Standings, answered
from gitea_client.client import GiteaClient
from gitea_client.errors import BadAnswer, Moved, NotAllowed, NotAuthenticated, NotFound

__all__ = ["Kind", "People", "Person", "Place", "is_token"]

# Gitea's access tokens. Others (of Actions jobs, of OAuth apps) speak for a job or an app, not for a person's choice.
_TOKEN = re.compile(r"[0-9a-f]{40}")


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
        self._standings = Standings(gitea, open_session)
        self._verdicts = Verdicts(clock, secret)

    def at_repo(self, token: str, owner: str, name: str, *, anew: bool = False) -> Place:
        """What the token's person is at a repo. ``anew``: ask Gitea now, whatever is remembered.

        Raises ``UnprovenError``, ``HiddenError``, ``ForbiddenError`` (a scope is missing), ``UnavailableError``.
        """
        question = ("repo", owner.lower(), name.lower())
        look = self._standings.at_repo
        return self._settle(token, question, lambda eyes, person: look(eyes, person, owner, name), anew)

    def at_owner(self, token: str, owner: str, kind: Kind, *, anew: bool = False) -> Place:
        """What the token's person is at an owner, likewise."""
        look = self._standings.at_owner
        return self._settle(token, (kind, owner.lower()), lambda eyes, person: look(eyes, person, owner, kind), anew)

    def remembers(self, token: str) -> bool:
        """Whether the token was proven within the last minute."""
        return self._verdicts.recalls_yes(token, "who")

    def require_write_scope(self, token: str, place: Place, *, anew: bool = False) -> None:
        """Raises ``ForbiddenError`` unless the token may write there: the person's right alone is not enough."""

        def ask() -> bool:
            with answered():
                if self._gitea.with_token(token).has_write_scope(place.level):
                    return True
            kind = {"repo": "repository", "org": "organization"}.get(place.level.kind, "user")
            raise ForbiddenError(f"the token lacks the scope write:{kind}", f"write:{kind}")

        self._verdicts.settle(token, ("write", place.level.path), ask, anew=anew)

    def _settle(self, token: str, question: Any, look: Callable[[Eyes, Person], Place], anew: bool) -> Place:
        if not is_token(token):
            raise UnprovenError("that is not an access token of Gitea")

        def find_out() -> Place:
            # A token that nobody has costs one request, whatever it asks for. A good one is proven anew for each
            # question: names that were looked up by a login of a minute ago might be somebody else's.
            person = self._verdicts.settle(token, "who", lambda: self._who(token), anew=True)
            return look(Eyes(self._gitea.with_token(token), _reaching), person)

        if not anew:
            self._verdicts.recall_no(token, "who")
        return self._verdicts.settle(token, question, find_out, anew=anew)

    def _who(self, token: str) -> Person:
        theirs = self._gitea.with_token(token)
        with answered():
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
