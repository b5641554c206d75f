"""A form that is sent twice has its effect once: a double click, a reload, the button pressed again after going back.

Each form carries a number of its own. The first sending keeps, in the transaction of its effect, where it led to; the
same form with the same content again leads there too. Another content is another wish.
"""

import hashlib
from collections.abc import Callable

from flask import Response

from bridge.models import Replay
from bridge.services import person_sessions
from bridge.storage import replays
from bridge.web.api.errors import ApiError
from bridge.web.pages import rendering
from bridge.web.pages.visits import Visit

_SEE_OTHER = 303
# What was made is shown at once and never again; sent twice, the form leads to where such things are.
_LEADS_ON = {_SEE_OTHER, 201}
_REPEATED = "This form was sent before. What it asks for was done once, and nothing happened now."


def once(visit: Visit, respond: Callable[[], Response]) -> Response:
    """The answer of ``respond``, whose effect is kept if it leads on; or where the same form led before."""
    # Where the form is shown again its page names the theme's file; Gitea is asked for it before others wait for us.
    visit.doors.themes().stylesheet(visit.visitor.theme)
    with visit.doors.open_session() as session:
        row = _row(visit)
        try:
            earlier = replays.claim(session, row)
        except replays.BusyError:
            raise ApiError("conflict", "the same form is under way already; wait a moment") from None
        if earlier is not None:
            person_sessions.tell(session, visit.visitor, {"kind": "info", "text": _REPEATED})
            return rendering.see_other(earlier.body)
        visit.session = session
        response = respond()
        if response.status_code in _LEADS_ON:
            replays.keep(session, row.scope, _SEE_OTHER, response.headers["Location"], "{}")
        else:
            session.rollback()
        return response


def _row(visit: Visit) -> Replay:
    typed = [f"{name}={text}" for name, text in sorted(visit.typed or ()) if name not in {"csrf_token", "version"}]
    blanks = [f"{name}={text.lower()}" for name, text in sorted(visit.names.items())]
    told = "\0".join((visit.visitor.digest, visit.page.name, *blanks, "", *typed))
    return Replay(
        scope=hashlib.sha256(told.encode()).hexdigest(),
        owner_id=visit.place.owner_id if visit.place else 0,
        fingerprint="",
        status=0,
        body="",
        headers="",
        created_at=visit.now,
    )
