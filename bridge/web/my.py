"""A customer's own page: for whoever has a link to it, out of a mail. And where one asks for such a link."""

import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template, request

from bridge.errors import BridgeError
from bridge.rules import site_moves
from bridge.rules.letters import kinds
from bridge.services.customer_desk import KEYS_A_PAGE, Freed, Page
from bridge.services.customer_links import PATH
from bridge.services.link_mails import MOST_AN_HOUR
from bridge.services.throttling import Throttle
from bridge.web.api.reading import origin
from bridge.web.doors import Doors
from bridge.web.pages import guarding, rendering
from bridge.web.pages.forms import Form, whole

log = logging.getLogger(__name__)

MOST_VISITS_A_MINUTE = 60
MOST_MAILS_A_MINUTE = 10
_LONGEST_ADDRESS = 320
_MOST_PAGES = 100_000
_ASKING = "asking for a link"
_TOO_MANY = ("One moment, please", "This page was opened very often from here. Please try again in a minute.")
_TOO_OFTEN = (
    "The site was not freed: this license was moved as often as it may be within "
    f"{site_moves.SPAN.days} days. Please wait some days, or ask the seller."
)
_STALE = "The form was from another page or too old, so nothing was done. Please press the button again."
# What is said on the page after a form: its kind, and a sentence.
SAID = {
    Freed.DONE: ("success", "The site was freed; another may take its place."),
    Freed.GONE: ("info", "That site is not there any more, so nothing was done."),
    Freed.TOO_OFTEN: ("error", _TOO_OFTEN),
    "stale": ("warning", _STALE),
}
_ODD_ADDRESS = "write the whole mail address, such as ann@example.com"


def blueprint(doors: Doors) -> Blueprint:
    """The page, what can be done there, and the door before it."""
    site = Blueprint("my", __name__)
    visits = Throttle(doors.counters, "my", MOST_VISITS_A_MINUTE)
    mails = Throttle(doors.counters, "my-mails", MOST_MAILS_A_MINUTE)

    def is_too_often(throttle: Throttle) -> bool:
        who = origin(request, doors.settings.web.trusted_proxies)
        if throttle.is_over(who):
            return True
        throttle.note(who)
        return False

    @site.route(f"{PATH}/", methods=["GET", "POST"], provide_automatic_options=False)
    def ask() -> Response:
        if is_too_often(mails if request.method == "POST" else visits):
            return _one_moment(doors)
        return _asked(doors) if request.method == "POST" else _front_door(doors)

    @site.get(f"{PATH}/<link>")
    def page(link: str) -> Response:
        if is_too_often(visits):
            return _one_moment(doors)
        return _page(doors, link)

    @site.post(f"{PATH}/<link>/sites/<int(max=2147483647):number>/free")
    def free(link: str, number: int) -> Response:
        if is_too_often(visits):
            return _one_moment(doors)
        return _free(doors, link, number)

    return site


def _page(doors: Doors, link: str, said: str = "") -> Response:
    """What a link opens, or the door where one asks for another."""
    number = min(whole(request.args.get("page", "")) or 1, _MOST_PAGES)
    found = doors.customers().look(link, number)
    if found is None:
        return _front_door(doors, is_over=True)
    words = kinds.words("en")
    guarding.bind(link)
    text = render_template(
        "pages/my.html",
        chrome=rendering.stranger(doors),
        page=found,
        here=f"{_prefix(doors)}{PATH}/{link}",
        front_door=f"{_prefix(doors)}{PATH}/",
        token=guarding.token(link),
        said=SAID.get(said or request.args.get("said", "")),
        links=_around(found, number),
        number=number,
        how_to_enter=[words.joomla] * found.joomla + [words.dolibarr] * found.dolibarr,
        span_days=site_moves.SPAN.days,
    )
    status = {"stale": 403, Freed.TOO_OFTEN: 409}.get(said, 200)
    return rendering.to_a_stranger(doors, text, status)


def _free(doors: Doors, link: str, number: int) -> Response:
    """The link is what proves whose browser it is; the token, that the form stood on its page."""
    guarding.bind(link)
    ours = guarding.is_from_here(request, doors.settings.bridge.public_url, nameless=True)
    if not ours or not guarding.has_token(request, link):
        return _page(doors, link, "stale")
    outcome = doors.customers().free(link, number, origin(request, doors.settings.web.trusted_proxies))
    if outcome in {Freed.NO_LINK, Freed.TOO_OFTEN}:
        return _page(doors, link, outcome)
    response = rendering.see_other(f"{_prefix(doors)}{PATH}/{link}?said={outcome}")
    return rendering.sealed_for_a_stranger(doors, response)


def _front_door(
    doors: Doors, *, is_over: bool = False, sent: bool = False, form: Form | None = None, status: int = 200
) -> Response:
    """Where one asks for a link. It says the same to everybody, whatever link or address brought them here."""
    desk = doors.customers()
    guarding.bind(_ASKING)
    text = render_template(
        "pages/my_ask.html",
        chrome=rendering.stranger(doors),
        front_door=f"{_prefix(doors)}{PATH}/",
        token=guarding.token(_ASKING),
        form=form or Form({}),
        is_over=is_over,
        sent=sent,
        days=desk.links.days,
        most=MOST_AN_HOUR,
        mails_go_out=doors.settings.mail.is_on and desk.links.are_made,
    )
    return rendering.to_a_stranger(doors, text, 404 if is_over else status)


def _asked(doors: Doors) -> Response:
    """A link for a mail address. The answer is the same whether anybody knows it, and comes as soon."""
    form = Form({"email": [request.form.get("email", "")[: _LONGEST_ADDRESS + 1]]})
    guarding.bind(_ASKING)
    ours = guarding.is_from_here(request, doors.settings.bridge.public_url, nameless=True)
    if not ours or not guarding.has_token(request, _ASKING):
        form.problem = "the form was from another page or too old; please send it again"
        return _front_door(doors, form=form, status=403)
    email = form["email"]
    if "@" not in email[1:-1] or len(email) > _LONGEST_ADDRESS or not email.isprintable() or " " in email:
        form.errors["email"] = _ODD_ADDRESS
        return _front_door(doors, form=form, status=422)
    if not doors.settings.mail.is_on:
        return _front_door(doors)
    known = doors.customers().known_by(email)
    response = _front_door(doors, sent=True)
    # What is written for those who are known is written when the answer is out: it would take them longer.
    response.call_on_close(lambda: _mail(doors, known))
    return response


def _mail(doors: Doors, key_ids: Sequence[int]) -> None:
    try:
        doors.customers().mail_links(key_ids)
    except BridgeError as error:
        log.warning("a link to a customer's page was asked for and could not be queued: %s", error)


def _one_moment(doors: Doors) -> Response:
    text = render_template("notice.html", title=_TOO_MANY[0], sentence=_TOO_MANY[1])
    return rendering.to_a_stranger(doors, text, 429)


def _around(page: Page, number: int) -> dict[str, str]:
    """The ways to further keys."""
    before = f"?page={number - 1}" if number > 1 else ""
    return {"before": before, "after": f"?page={number + 1}" if number * KEYS_A_PAGE < page.total else ""}


def _prefix(doors: Doors) -> str:
    return urlsplit(doors.settings.bridge.public_url).path.rstrip("/")
