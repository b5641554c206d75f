"""A page, and one visit of it: what a view is handed, and all that it does with the rest of the house."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, cast
from urllib.parse import quote

from flask import Response
from pydantic import ValidationError

from bridge.errors import ConflictError, InvalidInputError, RefusedError
from bridge.models import Owner, Repo
from bridge.rules.permissions import Action, Grant, Standing
from bridge.services import person_sessions
from bridge.services.person_sessions import Visitor
from bridge.services.standings import Person, Place
from bridge.storage.audits import Actor
from bridge.web.api.catalogue import ALL
from bridge.web.api.errors import ApiError, not_found, translated
from bridge.web.api.operations import Call, Operation, Reply
from bridge.web.api.operations import Level as ApiLevel
from bridge.web.api.reading import refused, row_id
from bridge.web.api.uploads import Upload
from bridge.web.doors import Doors
from bridge.web.pages import rendering
from bridge.web.pages.forms import HIDDEN, Form, OnlyLooking, Typed, texts, whole

Level = Literal["repo", "owner", "site"]
BASES: dict[Level, str] = {
    "repo": "/<owner>/<repo>/licenses",
    "owner": "/<owner>/-/licensing",
    "site": "/-/licensing/",
}
_MOST_PAGES = 100_000
_OPERATIONS = {operation.name: operation for operation in ALL}


@dataclass(frozen=True, slots=True)
class Page:
    """One page, at one address below its level.

    ``action``: what its visitor must be allowed, in full or masked, for something there. ``posts``: what sending its
    form needs; ``None``: it takes none. ``anew``: then Gitea is asked at that moment, whatever is remembered. ``once``:
    the effect of its form is in our database, so that sending it twice has it once.
    """

    name: str
    path: str
    action: Action
    view: Callable[["Visit"], Response]
    level: Level = "repo"
    posts: Action | None = None
    anew: bool = False
    once: bool = True

    @property
    def rule(self) -> str:
        """Its address, with blanks in angle brackets."""
        base = BASES[self.level]
        return f"{base.rstrip('/')}/{self.path}" if self.path else base


def at_each(levels: Sequence[Level], *pages: Page) -> tuple[Page, ...]:
    """The same pages at several levels, each under a name of its own (``owner_packages``)."""
    return tuple(replace(page, level=level, name=f"{level}_{page.name}") for level in levels for page in pages)


@dataclass(slots=True)
class Visit:
    """One request for a page, once it is known who asks, where, and that they may.

    ``typed``: a form that was sent, or one that waited for its person to sign in again (``resumed``).
    """

    doors: Doors
    page: Page
    names: Mapping[str, str]
    query: Mapping[str, str]
    now: datetime
    origin: str
    prefix: str
    visitor: Visitor
    person: Person
    token: str
    place: Place | None = None
    posted: bool = False
    resumed: str = ""
    typed: Typed | None = None
    session: Any = None
    notices: list[Mapping[str, str]] = field(default_factory=list)

    # Where things are.

    @property
    def base(self) -> str:
        """The first page of this level."""
        place = self.place
        if place is None:
            return f"{self.prefix}/-/licensing"
        owner = quote(place.owner_name)
        return f"{self.prefix}/{owner}/{quote(place.repo_name)}/licenses" if place.repo_id else self.owner_base

    @property
    def owner_base(self) -> str:
        """The first page of the owner."""
        assert self.place is not None, "the site has no owner"
        return f"{self.prefix}/{quote(self.place.owner_name)}/-/licensing"

    def to(self, path: str = "") -> str:
        """The address of a page of this level, by its path below it."""
        if not path:
            return self.base + ("/" if self.place is None else "")
        return f"{self.base}{'' if path.startswith('?') else '/'}{path}"

    @property
    def keys_path(self) -> str:
        """Where the list of keys is: at a repo it is the first page."""
        return "" if self.page.level == "repo" else "keys"

    @property
    def here(self) -> str:
        """The path of this page below its level."""
        path = self.page.path
        for name, text in self.names.items():
            path = path.replace(f"<{name}>", quote(text, safe=""))
        return path

    @property
    def page_number(self) -> int:
        """Which page of a list is asked for; the first, where that is no number."""
        number = whole(self.query.get("page", "").strip()) or 1
        return number if number <= _MOST_PAGES else 1

    def gitea(self, path: str = "") -> str:
        """An address of Gitea."""
        return f"{self.doors.settings.gitea.public_url}/{path}"

    # Who may what.

    @property
    def standing(self) -> Standing:
        """What the visitor is here."""
        return self.call.standing

    def may(self, action: Action, *, of_owner: bool) -> bool:
        """Whether the visitor may do it in full."""
        return self.standing.may(action, of_owner=of_owner) is Grant.ALLOWED

    def require(self, action: Action, *, of_owner: bool) -> None:
        """Raises what becomes the page that says who can, unless the visitor may do it in full."""
        if not self.may(action, of_owner=of_owner):
            raise ApiError("forbidden", action)

    def may_here(self, action: Action) -> bool:
        """Whether the visitor may do it in full with something here: of the repo, or of the owner."""
        return any(self.may(action, of_owner=each) for each in self.levels_here)

    def may_something(self, action: Action) -> bool:
        """Whether the visitor may do it, in full or masked, with something here."""
        return any(self.standing.may(action, of_owner=each) > Grant.NO for each in self.levels_here)

    @property
    def levels_here(self) -> tuple[bool, ...]:
        """Whose things are here, as ``of_owner``."""
        return (False, True) if self.place is not None and self.place.repo_id else (True,)

    @property
    def actor(self) -> Actor:
        """Whom the audit trail names."""
        return Actor(f"gitea:{self.person.id}", self.origin)

    # What is done.

    @property
    def call(self) -> Call:
        """This visit as a call of the API, for what takes one."""
        place = self.place
        level: ApiLevel = "repos"
        if place is None or not place.repo_id:
            level = "users" if place is not None and place.owner_kind == "user" else "orgs"
        return Call(
            doors=self.doors,
            operation=cast("Operation", None),
            level=level,
            names={"owner": place.owner_name, "repo": place.repo_name} if place else {},
            now=self.now,
            origin=self.origin,
            place=place,
            owner_id=place.owner_id if place else 0,
            repo_id=place.repo_id or None if place else None,
            session=self.session,
        )

    def fill(
        self,
        name: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        version: str = "",
        apart: bool = False,
        file: Upload | None = None,
        **blanks: object,
    ) -> Reply:
        """Do an operation of the API as the visitor. Raises what it raises; a body with faults is an ``ApiError``.

        ``version``: what the visitor saw; another one meanwhile is refused. ``apart``: in a transaction of its own.
        ``file``: the table of an operation that takes one.
        """
        operation = _OPERATIONS[name]
        call = self.call
        try:
            filled = replace(
                call,
                operation=operation,
                names={**call.names, **{blank: str(text) for blank, text in blanks.items()}},
                body=file or operation.body.model_validate(dict(body or {})),
                query=operation.query.model_validate(dict(query or {})),
                if_match=version,
                session=None if apart else self.session,
            )
        except ValidationError as error:
            raise refused(error) from None
        return operation.view(filled)

    def reading(self) -> AbstractContextManager[Any]:
        """A session to read in."""
        return self.doors.open_session(read_only=True) if self.session is None else nullcontext(self.session)

    def id(self, name: str) -> int:
        """A number out of the address."""
        return row_id(self.names[name])

    def owner(self, session: Any) -> Owner:
        """The owner's row."""
        return self.call.owner(session)

    def repo(self, session: Any) -> Repo:
        """The repo's row."""
        return self.call.repo(session)

    # Forms.

    def form(self, first: Mapping[str, object], version: str = "") -> Form:
        """The form of this page: what was typed, or else what stands now. ``None`` and ``False`` are empty."""
        if self.typed is None:
            return Form({name: texts(value) for name, value in first.items()}, version)
        values: dict[str, list[str]] = {}
        for name, text in self.typed:
            if name not in HIDDEN:
                values.setdefault(name, []).append(text)
        seen = next((text for name, text in self.typed if name == "version"), "")
        return Form(values, seen or version)

    def attempt(self, form: Form, send: Callable[[], Response], **shown: str) -> Response | None:
        """What ``send`` answers; ``None`` where it was refused, with the reason in the form, and nothing changed.

        ``None`` and nothing changed also where ``send`` raises ``OnlyLooking``.
        """
        try:
            with nullcontext() if self.session is None else self.session.begin_nested():
                return send()
        except OnlyLooking:
            return None
        except (ApiError, InvalidInputError, RefusedError, ConflictError) as error:
            said = translated(error, unsafe=True)
            if said.code in {"not_found", "forbidden"}:
                raise
            form.refuse(said, shown)
            return None

    def done(self, path: str, sentence: str, *, back: tuple[str, str] | None = None) -> Response:
        """Go on to a page, which says what was done, and with ``back`` (path, words) where the way back is."""
        notice = {"kind": "success", "text": sentence}
        if back is not None:
            notice |= {"link": self.to(back[0]), "label": back[1]}
        self._tell(notice)
        return rendering.see_other(self.to(path))

    def _tell(self, notice: Mapping[str, str]) -> None:
        if self.session is not None:
            person_sessions.tell(self.session, self.visitor, notice)
            return
        with self.doors.open_session() as session:
            person_sessions.tell(session, self.visitor, notice)

    # Answers.

    def show(self, template: str, *, form: Form | None = None, status: int = 0, **context: Any) -> Response:
        """A page. A form that was refused makes it 422, one that came too late 409."""
        refusal = form is not None and self.posted and (form.errors or form.problem)
        usual = (409 if form is not None and form.conflict else 422) if refusal else 200
        return rendering.page(self, template, status or usual, form=form, **context)

    def not_found(self) -> ApiError:
        """There is no such thing here."""
        return not_found()
