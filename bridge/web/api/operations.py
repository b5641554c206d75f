"""What the API can do: each operation is one value, from which routes, description and the permission test are made."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

from pydantic import BaseModel

from bridge.errors import RefusedError
from bridge.models import Owner, Repo
from bridge.rules.permissions import Action, Grant, Standing
from bridge.rules.scopes import scopes_for
from bridge.services.keys import Issuer
from bridge.services.people import Place
from bridge.storage.audits import Actor
from bridge.storage.key_search import Sight
from bridge.web.api.errors import ApiError, not_found
from bridge.web.api.fields import NoBody, NoQuery
from bridge.web.api.reading import row_id, word
from bridge.web.doors import Doors

Level = Literal["repos", "orgs", "users"]
EVERYWHERE: tuple[Level, ...] = ("repos", "orgs", "users")
OWNERS: tuple[Level, ...] = ("orgs", "users")
REPOS: tuple[Level, ...] = ("repos",)


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation answers with. ``total`` is set on pages of a list, ``status`` where it is not the usual one.

    ``capped``: there are more than ``total``. ``around``: what the query of the page before and of the page after holds
    beside their number, ``None`` where there is no such page; on lists whose pages are found by more than a number.
    ``file``: JSON that is sent as an attachment of this name, and closed, instead of a payload.
    ``lines``: CSV, likewise.
    """

    payload: BaseModel | list[Any] | None
    total: int | None = None
    capped: bool = False
    around: tuple[Mapping[str, str] | None, Mapping[str, str] | None] | None = None
    etag: str = ""
    status: int | None = None
    file: Any = None
    lines: Iterator[str] | None = None
    filename: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to do, at one address of each of its levels.

    ``action``: what the caller must be allowed, in full or masked, for something there; the view asks again for the
    thing itself. ``public``: nobody is asked who they are. ``by_code``: not of those who bring no token. ``anew``:
    Gitea is asked at that moment, whatever is remembered. ``harmless``: a POST that may be sent again as it is, so that
    an ``Idempotency-Key`` needs no memory. ``shown_once``: secrets of the answer that are kept nowhere. ``texts``:
    blanks of the address that are words instead of numbers. ``also``: a status that it may answer with as well.
    ``upload``: its body is a table (CSV) of at most so many bytes. ``refusal``: its answer to a body with faults. An
    ``answer`` of ``str`` is a table.
    """

    name: str
    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    action: Action
    view: Callable[["Call"], Reply]
    summary: str
    answer: Any
    status: int = 200
    query: type[BaseModel] = NoQuery
    body: type[BaseModel] = NoBody
    levels: tuple[Level, ...] = EVERYWHERE
    public: bool = False
    by_code: bool = False
    anew: bool = False
    harmless: bool = False
    shown_once: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    also: int | None = None
    upload: int = 0
    refusal: type[BaseModel] | None = None

    @property
    def remembered(self) -> bool:
        """Whether its answer is kept under the caller's ``Idempotency-Key``."""
        return self.method == "POST" and not (self.public or self.by_code or self.harmless)

    @property
    def unsafe(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET" and not (self.public or self.by_code)


@dataclass(slots=True)
class Call:
    """One request, once it is known who asks, where, and for what."""

    doors: Doors
    operation: Operation
    level: Level
    names: Mapping[str, str]
    now: datetime
    origin: str
    if_match: str = ""
    place: Place | None = None
    query: Any = None
    body: Any = None
    owner_id: int = 0
    repo_id: int | None = None
    failures: Callable[[], None] = field(default=lambda: None)
    session: Any = None
    without_effect: bool = False

    def reading(self) -> AbstractContextManager[Any]:
        """A session to read in."""
        return self.doors.open_session(read_only=True) if self.session is None else nullcontext(self.session)

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """A transaction for the call's effect: its own, or the one that also keeps the answer."""
        if self.session is None:
            with self.doors.open_session() as session:
                yield session
        else:
            yield self.session
            self.session.flush()

    @property
    def standing(self) -> Standing:
        """What the caller is here."""
        return self.place.standing if self.place is not None else Standing()

    @property
    def actor(self) -> Actor:
        """Whom the audit trail names."""
        if self.place is None:
            return Actor("nobody", self.origin)
        machine = f"token:{self.place.token_id}" if self.place.token_id else ""
        return Actor(machine or f"gitea:{self.place.person.id}", self.origin)

    @property
    def issuer(self) -> Issuer:
        """What issuing keys needs."""
        settings, doors = self.doors.settings, self.doors
        most = settings.limits.keys_per_owner_and_day
        return Issuer(self.actor, self.now, doors.entropy, settings.bridge.key_prefix, most)

    @property
    def sight(self) -> Sight:
        """Which keys are seen from here, and by what they may be found."""
        may = self.standing.may

        def full(action: Action, *, of_owner: bool) -> bool:
            return may(action, of_owner=of_owner) is Grant.ALLOWED

        at_owner = self.repo_id is None
        return Sight(
            self.owner_id,
            self.repo_id,
            finds_own_by_code=full(Action.KEYS_CODE, of_owner=at_owner),
            finds_own_by_mail=full(Action.KEYS_MAIL, of_owner=at_owner),
            finds_lent_by_code=full(Action.KEYS_CODE, of_owner=True),
            finds_lent_by_mail=full(Action.KEYS_MAIL, of_owner=True),
        )

    def id(self, name: str) -> int:
        """A number out of the address."""
        return row_id(self.names[name])

    def word(self, name: str) -> str:
        """A word out of the address."""
        return word(self.names[name])

    def may(self, action: Action, *, of_owner: bool) -> bool:
        """Whether the caller may do it in full."""
        return self.standing.may(action, of_owner=of_owner) is Grant.ALLOWED

    def require(self, action: Action, *, of_owner: bool) -> None:
        """Raises ``ApiError`` unless the caller may do it in full with a thing of the owner, or of the repo."""
        if not self.may(action, of_owner=of_owner):
            self.refuse_beyond_scopes(action)
            whose = "of the owner; only the owner's people may" if of_owner and self.repo_id is not None else ""
            raise ApiError(
                "forbidden", f"your role does not allow {action}" + (f" for what is {whose}" if whose else "")
            )

    def require_mail(self) -> None:
        """Raises ``RefusedError`` where this installation mails nothing."""
        if not self.doors.settings.mail.is_on:
            raise RefusedError("this installation sends no mail; its operator sets mail.host in the configuration")

    def refuse_beyond_scopes(self, action: Action) -> None:
        """Raises ``ApiError`` where it is a machine's token, and not its maker, that does not reach as far."""
        limit = self.standing.limit
        if limit is not None and action not in limit:
            scopes = " or ".join(scopes_for(action))
            if not scopes:
                raise ApiError("forbidden", f"no machine token may do {action}; it takes a person's")
            raise ApiError("missing_scope", f"the token lacks the scope {scopes}")

    def owner(self, session: Any) -> Owner:
        """The owner's row."""
        return cast("Owner", session.get_one(Owner, self.owner_id))

    def repo(self, session: Any) -> Repo:
        """The repo's row, at a repo."""
        row = session.get(Repo, self.repo_id)
        if row is None:
            raise not_found()
        return cast("Repo", row)
