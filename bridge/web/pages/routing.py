"""Puts the pages at their addresses, and turns what they return or raise into answers."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from bridge.services import person_sessions
from bridge.services.seats import Seats
from bridge.web.api import reading
from bridge.web.doors import Doors
from bridge.web.pages import files, guarding, refusing, rendering, sections, signing
from bridge.web.pages.catalogue import ALL
from bridge.web.pages.cookies import Cookies
from bridge.web.pages.entering import Entered, enter, look, new_visit
from bridge.web.pages.forms import file_text
from bridge.web.pages.once import once
from bridge.web.pages.visits import BASES, Page, Visit

_OF_AN_OLD_PAGE = "This form is from before you signed in, so nothing was done. Look at it once more and send it again."
_BACK_AGAIN = "You were signed out meanwhile. What you typed is still here: look at it once more and send it again."
_DONE_LATER = "You were signed out meanwhile, so nothing was done. Please try again."


def blueprint(doors: Doors) -> Blueprint:
    """All pages, their files, sign-in and sign-out."""
    site = Blueprint("pages", __name__)
    prefix = urlsplit(doors.settings.bridge.public_url).path.rstrip("/")
    secret = doors.settings.oauth.client_secret.get_secret_value()
    cookies = Cookies(doors.settings.bridge.public_url, secret)
    seats = Seats(doors.settings.bridge.data_dir, doors.settings.web.workers)
    for page in ALL:
        methods = ["GET", "POST"] if page.posts else ["GET"]
        view = _view(doors, page, cookies, seats, prefix)
        site.add_url_rule(page.rule, page.name, view, methods=methods, provide_automatic_options=False)
    files.register(site)
    site.app_template_global("sections")(sections.shown)
    signing.register(site, doors, cookies, seats, prefix)
    for level in BASES:
        _nothing_else(site, doors, BASES[level])
    return site


def _nothing_else(site: Blueprint, doors: Doors, base: str) -> None:
    def nothing(**_names: str) -> Response:
        """What is at no address of a page looks as what is not for somebody."""
        return refusing.show(refusing.NOTHING, rendering.stranger(doors))

    if base != BASES["site"]:  # below it are other doors, whose answers are for programs
        site.add_url_rule(f"{base}/<path:rest>", f"nothing{base}", nothing, methods=["GET"])


def _view(doors: Doors, page: Page, cookies: Cookies, seats: Seats, prefix: str) -> Callable[..., Response]:
    def answer(names: dict[str, str]) -> Response:
        reading.check_path(request, *(names[each] for each in ("owner", "repo") if each in names))
        entered = look(doors, cookies, request)
        guarding.bind(entered.cookie)
        if request.method == "POST":
            return _posted(doors, page, seats, prefix, names, entered)
        if not entered.is_live:
            return signing.begin(doors, cookies, request, _address())
        visit = _visit(doors, page, prefix, names, entered)
        visit.typed = person_sessions.draft_for(doors.open_session, visit.visitor, _address())
        visit.resumed = _BACK_AGAIN if visit.typed is not None else ""
        return _shown(visit, seats)

    def view(**names: str) -> Response:
        try:
            return answer(names)
        except Exception as error:  # noqa: BLE001  every refusal of a page is a page, also that of a fault
            return refusing.refuse(error, rendering.stranger(doors), unsafe=request.method == "POST")

    return view


def _posted(doors: Doors, page: Page, seats: Seats, prefix: str, names: dict[str, str], entered: Entered) -> Response:
    if not guarding.is_from_here(request, doors.settings.bridge.public_url):
        return refusing.show(refusing.FOREIGN_FORM, rendering.stranger(doors))
    typed = [*request.form.items(multi=True), *_files()]
    if not entered.is_live:
        return _wait_for(doors, entered, _address(), typed)
    visit = _visit(doors, page, prefix, names, entered)
    visit.typed = typed
    if not guarding.has_token(request, entered.cookie):
        # Refused, and nothing typed is lost: it was sent by a page of ours, as the browser says.
        visit.resumed = _OF_AN_OLD_PAGE
        response = _shown(visit, seats)
        response.status_code = 403 if response.status_code < 400 else response.status_code  # noqa: PLR2004
        return response
    visit.posted = True
    return _shown(visit, seats)


def _files() -> list[tuple[str, str]]:
    """Files that were chosen in a form, as text: as if somebody had pasted them into a field."""
    return [(name, file_text(file.read())) for name, file in request.files.items(multi=True) if file.filename]


def _wait_for(doors: Doors, entered: Entered, address: str, typed: list[tuple[str, str]]) -> Response:
    """Keep the form of somebody whose session is over, and let them sign in: they come back to it."""
    if entered.visitor is not None:
        with doors.open_session() as session:
            kept = person_sessions.keep_draft(session, entered.visitor, address, typed)
            if not kept:
                person_sessions.tell(session, entered.visitor, {"kind": "info", "text": _DONE_LATER})
    return guarding.seal(rendering.see_other(address), rendering.gitea_origin(doors))


def _visit(doors: Doors, page: Page, prefix: str, names: dict[str, str], entered: Entered) -> Visit:
    token = guarding.token(entered.cookie)
    return new_visit(doors, page, names, request, entered, prefix=prefix, token=token)


def _shown(visit: Visit, seats: Seats) -> Response:
    """The page, or the refusal in the same frame. Whoever waits for Gitea takes a seat."""
    page = visit.page
    try:
        with seats.offered():
            action = page.posts if visit.posted and page.posts else page.action
            enter(visit, action=action, anew=page.anew and visit.posted)
            twice = visit.posted and page.once
            response = once(visit, lambda: page.view(visit)) if twice else page.view(visit)
    except Exception as error:  # noqa: BLE001  as above, for somebody who is known
        visit.session = None
        return _refused(visit, error)
    return guarding.seal(response, rendering.gitea_origin(visit.doors))


def _refused(visit: Visit, error: Exception) -> Response:
    chrome: Any = rendering.of_visit(visit)
    return refusing.refuse(error, chrome, unsafe=visit.posted)


def _address() -> str:
    """The address that was asked for, as a browser is sent back to it: path and query."""
    query = request.query_string.decode("ascii", "replace") if request.method == "GET" else ""
    return f"{request.path}?{query}" if query else request.path
