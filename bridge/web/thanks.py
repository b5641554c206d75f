"""The page after a purchase: the keys, or that they are on their way. For whoever has the name of the sale."""

from flask import Blueprint, Response, render_template, request

from bridge.rules.keys import HELD_BECAUSE
from bridge.rules.letters import kinds
from bridge.services import mail_keys
from bridge.services.thanks import Stage, Thanks
from bridge.services.throttling import Throttle
from bridge.web.api.reading import origin
from bridge.web.doors import Doors
from bridge.web.pages import rendering

MOST_VISITS_A_MINUTE = 60
_LONGEST_NAME = 260
# While the sale is on its way the page looks again by itself: soon at first, then less often, and not for ever.
_LOOKS_AGAIN_SECONDS = (3, 3, 5, 5, 10, 10, 15, 15, 30, 30, 60, 60, 60, 60, 60)
_STILL_MOVES = frozenset({Stage.WAITING, Stage.PENDING})


def blueprint(doors: Doors) -> Blueprint:
    """One address for each account."""
    site = Blueprint("thanks", __name__)
    throttle = Throttle(doors.counters, "thanks", MOST_VISITS_A_MINUTE)

    @site.get("/-/licensing/thanks/<endpoint>")
    def thanks(endpoint: str) -> Response:
        who = origin(request, doors.settings.web.trusted_proxies)
        if throttle.is_over(who):
            text = render_template("notice.html", title=_TOO_MANY[0], sentence=_TOO_MANY[1])
            return rendering.to_a_stranger(doors, text, 429)
        throttle.note(who)
        found = Thanks(Stage.WAITING)
        if request.method != "HEAD":  # whoever only looks asks nobody
            found = doors.thanks().look(endpoint, request.args.get("session_id", "")[:_LONGEST_NAME])
        return _page(doors, found)

    return site


_TOO_MANY = ("One moment, please", "This page was opened very often from here. Please try again in a minute.")


def _page(doors: Doors, found: Thanks) -> Response:
    words = kinds.words("en")
    looked = min(request.args.get("looked", 0, int), len(_LOOKS_AGAIN_SECONDS))
    again = found.stage in _STILL_MOVES and 0 <= looked < len(_LOOKS_AGAIN_SECONDS)
    text = render_template(
        "pages/thanks.html",
        chrome=rendering.stranger(doors),
        thanks=found,
        keys=[(key, mail_keys.how_long(key, words)) for key in found.keys],
        how_to_enter=[words.joomla] * found.joomla + [words.dolibarr] * found.dolibarr,
        held_because=HELD_BECAUSE,
        again=again,
    )
    response = rendering.to_a_stranger(doors, text, 200)
    if again:
        response.headers["Refresh"] = f"{_LOOKS_AGAIN_SECONDS[looked]}; url={_address(looked + 1)}"
    return response


def _address(looked: int) -> str:
    """This page once more. Only what is surely harmless in a header is repeated."""
    name = request.args.get("session_id", "")[:_LONGEST_NAME]
    plain = name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else ""
    return f"?session_id={plain}&looked={looked}"
