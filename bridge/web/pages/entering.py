"""The first steps of a visit: who it is, what they are here, and whether the bridge knows the place."""

from dataclasses import dataclass
from typing import Any

from flask import Request

from bridge.models import Owner
from bridge.rules.permissions import Action
from bridge.rules.person_sessions import State
from bridge.services import person_sessions
from bridge.services.in_their_stead import Named
from bridge.services.people_errors import UnprovenError
from bridge.services.person_sessions import Visitor
from bridge.services.standings import Person, Place
from bridge.storage import person_sessions as rows
from bridge.web.api import reading
from bridge.web.api.entering import know
from bridge.web.api.errors import ApiError
from bridge.web.doors import Doors
from bridge.web.pages.cookies import Cookies
from bridge.web.pages.visits import Page, Visit


@dataclass(frozen=True, slots=True)
class Entered:
    """Who came, before it is known whether they may."""

    visitor: Visitor | None
    cookie: str

    @property
    def is_live(self) -> bool:
        """Whether somebody is signed in."""
        return self.visitor is not None and self.visitor.state is State.LIVE


class NotServedError(Exception):
    """The place is Gitea's, and the visitor's, but its owner is none of those whom the bridge serves."""


def look(doors: Doors, cookies: Cookies, request: Request) -> Entered:
    """Whose browser it is."""
    cookie = cookies.session_of(request.cookies)
    return Entered(person_sessions.recognise(doors.open_session, cookie, doors.clock()), cookie)


def enter(visit: Visit, *, action: Action, anew: bool) -> None:
    """Prove that the visitor may, and fill the visit in. Raises what ``refusing`` makes pages of."""
    visitor = visit.visitor
    try:
        place = _place(visit, Named(visitor.id, visitor.login), anew)
    except UnprovenError:
        with visit.doors.open_session() as session:
            rows.end_all_of(session, visitor.id, visit.now)
        raise
    visit.place = place
    if place is None:
        return
    visit.person = place.person
    if place.standing.is_nobody or not visit.may_something(action):
        raise ApiError("forbidden", action)
    _know(visit, place)


def _place(visit: Visit, somebody: Named, anew: bool) -> Place | None:
    people, names = visit.doors.visitors(), visit.names
    if visit.page.level == "repo":
        return people.at_repo(somebody, names["owner"], names["repo"], anew=anew)
    if visit.page.level == "owner":
        return people.at_any_owner(somebody, names["owner"], anew=anew)
    visit.person = people.who(somebody, anew=anew)
    if not visit.person.site_admin:
        raise ApiError("forbidden", "site")
    return None


def _know(visit: Visit, place: Place) -> None:
    call = visit.call
    if not visit.doors.settings.serves(place.owner_name) and not _remembers(visit, place):
        raise NotServedError(place.owner_name)
    know(call, place)


def _remembers(visit: Visit, place: Place) -> bool:
    with visit.reading() as session:
        return session.get(Owner, place.owner_id) is not None


def new_visit(
    doors: Doors, page: Page, names: dict[str, str], request: Request, entered: Entered, **more: Any
) -> Visit:
    """A visit of somebody who is signed in, of whom nothing is proven yet."""
    assert entered.visitor is not None, "asked of those who are signed in"
    visitor = entered.visitor
    return Visit(
        doors=doors,
        page=page,
        names=names,
        query=request.args,
        now=doors.clock(),
        origin=reading.origin(request, doors.settings.web.trusted_proxies),
        visitor=visitor,
        person=Person(visitor.id, visitor.login, site_admin=False),
        **more,
    )
