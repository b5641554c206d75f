"""Sign-in through Gitea, and sign-out. One consent ever, then silent; afterwards one is where one wanted to go."""

import logging
import re
from urllib.parse import urlencode

from flask import Blueprint, Request, Response, request

from bridge.errors import UnavailableError
from bridge.rules.person_sessions import is_own_path
from bridge.services import person_sessions
from bridge.services.people_errors import UnprovenError
from bridge.services.seats import Seats
from bridge.settings.schema import CALLBACK_PATH
from bridge.storage import person_sessions as rows
from bridge.web.doors import Doors
from bridge.web.pages import guarding, refusing, rendering
from bridge.web.pages.cookies import Cookies, OnTheWay
from bridge.web.pages.entering import look

log = logging.getLogger(__name__)
SIGN_IN, SIGN_OUT, SIGNED_OUT = "/-/licensing/sign-in", "/-/licensing/sign-out", "/-/licensing/signed-out"
_WORD = re.compile(r"[\w.~+/=-]{1,512}", re.ASCII)


def wanted_path(text: str, otherwise: str) -> str:
    """Where somebody wants to go, if that is on this server and no step of the sign-in itself."""
    inside = is_own_path(text) and SIGN_IN not in text and CALLBACK_PATH not in text and SIGN_OUT not in text
    return text if inside else otherwise


def begin(doors: Doors, cookies: Cookies, request: Request, to: str) -> Response:
    """Send the browser to Gitea; it comes back to ``to``. Raises ``UnavailableError``."""
    if not doors.sign_in().is_set_up:
        return refusing.show(refusing.NOT_SET_UP, rendering.stranger(doors))
    address, attempt = doors.sign_in().begin()
    response = rendering.see_other(address)
    cookies.keep_attempt(response, request.cookies, OnTheWay(attempt, to))
    return guarding.seal(response, rendering.gitea_origin(doors))


def register(site: Blueprint, doors: Doors, cookies: Cookies, seats: Seats, prefix: str) -> None:
    """The addresses that need nobody to be signed in."""
    home = f"{prefix}{SIGNED_OUT}"

    @site.get(SIGN_IN, endpoint="sign_in")
    def sign_in() -> Response:
        to = wanted_path(request.args.get("to", ""), doors.settings.gitea.public_url + "/")
        try:
            return begin(doors, cookies, request, to if to.startswith("/") else home)
        except UnavailableError as error:
            return refusing.refuse(error, rendering.stranger(doors))

    @site.get(CALLBACK_PATH, endpoint="callback")
    def callback() -> Response:
        return _come_back(doors, cookies, seats)

    @site.post(SIGN_OUT, endpoint="sign_out")
    def sign_out() -> Response:
        return _sign_out(doors, cookies, home)

    @site.get(SIGNED_OUT, endpoint="signed_out")
    def signed_out() -> Response:
        return rendering.signed_out(doors)


def _come_back(doors: Doors, cookies: Cookies, seats: Seats) -> Response:
    state, code = request.args.get("state", ""), request.args.get("code", "")
    way = cookies.attempt_of(request.cookies, state) if _WORD.fullmatch(state) else None
    chrome = rendering.stranger(doors)
    if way is None or not (_WORD.fullmatch(code) or "error" in request.args):
        return refusing.show(refusing.BROKEN_SIGN_IN, chrome)
    if "error" in request.args:
        response = refusing.show(_declined(chrome.prefix, way.to), chrome)
    else:
        try:
            with seats.offered():
                response = _let_in(doors, cookies, way, code)
        except UnprovenError as error:
            log.warning("a sign-in was refused: %s", error)
            response = refusing.show(refusing.UNPROVEN, chrome)
        except UnavailableError as error:
            response = refusing.refuse(error, chrome)
    cookies.drop_attempt(response, state)
    return response


def _let_in(doors: Doors, cookies: Cookies, way: OnTheWay, code: str) -> Response:
    who = doors.sign_in().finish(way.attempt, code)
    with doors.open_session() as session:
        former = cookies.session_of(request.cookies)
        text = person_sessions.open_one(session, who, former, doors.entropy, doors.clock())
    response = rendering.see_other(way.to)
    cookies.keep_session(response, text)
    return guarding.seal(response, rendering.gitea_origin(doors))


def _declined(prefix: str, to: str) -> refusing.Refused:
    again = f"{prefix}{SIGN_IN}?{urlencode({'to': to})}"
    return refusing.Refused(
        403,
        "You did not sign in",
        "Gitea was told that this application may not know who you are, so there is nothing that it could show.",
        "",
        (again, "Try again"),
    )


def _sign_out(doors: Doors, cookies: Cookies, home: str) -> Response:
    entered = look(doors, cookies, request)
    guarding.bind(entered.cookie)
    if not guarding.is_from_here(request, doors.settings.bridge.public_url):
        return refusing.show(refusing.FOREIGN_FORM, rendering.stranger(doors))
    if entered.is_live and not guarding.has_token(request, entered.cookie):
        return refusing.show(refusing.FOREIGN_FORM, rendering.stranger(doors))
    if entered.visitor is not None:
        with doors.open_session() as session:
            rows.end(session, entered.visitor.digest, doors.clock())
    response = rendering.see_other(home)
    cookies.drop_session(response)
    return guarding.seal(response, rendering.gitea_origin(doors))
