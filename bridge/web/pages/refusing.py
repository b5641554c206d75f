"""Every no as a page: what happened, who can, and what to do next. A stranger learns nothing from any of them."""

import logging
from dataclasses import dataclass
from typing import Any

from flask import Response
from werkzeug.exceptions import RequestEntityTooLarge

from bridge.errors import NotFoundError, UnavailableError
from bridge.rules.permissions import TABLE, Action, Grant, Role
from bridge.services.people_errors import HiddenError, UnprovenError
from bridge.web.api.errors import ApiError, translated
from bridge.web.pages import rendering
from bridge.web.pages.entering import NotServedError

log = logging.getLogger(__name__)
_NAMES = {
    Role.SITE_ADMIN: "site admins",
    Role.OWNER: "owners",
    Role.REPO_ADMIN: "admins of the repository",
    Role.MANAGER: "managers (LICENSING_TEAMS)",
    Role.SUPPORT: "support (LICENSING_TEAMS)",
    Role.VIEWER: "viewers (LICENSING_TEAMS)",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """What the page says, and where it leads."""

    status: int
    title: str
    sentence: str
    advice: str = ""
    link: tuple[str, str] | None = None
    retry_seconds: int = 0


NOTHING = Refused(
    404,
    "Nothing here",
    "There is nothing at this address, or nothing for you.",
    "Check the address. If somebody sent it to you, ask them to let you in.",
)
TOO_LARGE = Refused(
    413,
    "Too much at once",
    "The form is larger than a page takes, so nothing was done.",
    "Send it in parts. Large tables of keys are imported on the server (bridge import) or through the API.",
)
FOREIGN_FORM = Refused(
    403,
    "This did not come from here",
    "The form was sent from another site, so nothing was done.",
    "Open the page here and send the form again.",
)
BROKEN_SIGN_IN = Refused(
    400,
    "Signing in did not work",
    "The answer of Gitea does not belong to a sign-in that was begun in this browser within the last ten minutes.",
    "Please try again.",
)
UNPROVEN = Refused(
    403,
    "Signing in did not work",
    "Gitea did not prove who you are, or your account there may not sign in.",
    "Please try again; if it stays so, ask a site admin of this Gitea, whose log says why.",
)
NOT_SET_UP = Refused(
    503,
    "Nobody can sign in yet",
    "The license bridge is not registered with this Gitea.",
    "The site admin registers it with “bridge init”, which writes oauth.client_id and oauth.client_secret.",
)


def refuse(error: Exception, chrome: Any, *, unsafe: bool = False) -> Response:
    """The page for what happened. ``chrome``: what its head shows."""
    return show(_refused(error, unsafe=unsafe), chrome)


def show(refused: Refused, chrome: Any) -> Response:
    """A refusal as a page."""
    response = rendering.refusal(refused, chrome)
    if refused.retry_seconds:
        response.headers["Retry-After"] = str(refused.retry_seconds)
    return response


def who_can(action: str) -> str:
    """Whoever may do something in full, in words."""
    if action == "site":
        return "Site admins can."
    if action not in set(Action):
        return ""
    row = TABLE[Action(action)]
    names = [_NAMES[role] for role in _NAMES if row[role] is Grant.ALLOWED]
    return f"Who can: {', '.join(names)}. Ask one of them, or ask an owner for that role."


def _refused(error: Exception, *, unsafe: bool) -> Refused:
    if isinstance(error, NotServedError):
        return Refused(
            409,
            "Not served here",
            f"{error} is none of the owners whose repositories the license bridge of this Gitea serves.",
            "Ask a site admin to add the name to bridge.owners in the configuration.",
        )
    if isinstance(error, UnprovenError):
        return Refused(
            403,
            "You can't go on",
            "Your account in Gitea may not sign in any more, or it is gone.",
            "Ask a site admin of this Gitea.",
        )
    if isinstance(error, HiddenError | NotFoundError):
        return NOTHING
    if isinstance(error, RequestEntityTooLarge):
        return TOO_LARGE
    if isinstance(error, UnavailableError):
        log.warning("a page was not shown: %s", error)
        return Refused(
            503, "In a moment", "Gitea or the database does not answer right now.", "Please try again in a minute.",
            retry_seconds=60,
        )  # fmt: skip
    return _of_api(translated(error, unsafe=unsafe))


def _of_api(said: ApiError) -> Refused:
    if said.code == "not_found":
        return NOTHING
    if said.code == "forbidden":
        named = who_can(said.message)
        sentence = "Your role here does not allow this." if named else f"{said.message[:1].upper()}{said.message[1:]}."
        return Refused(403, "Not yours to do", sentence, named or "Ask an owner.")
    if said.code == "unavailable":
        return Refused(503, "In a moment", "Too much is going on right now.", "Please try again.", retry_seconds=2)
    if said.code in {"conflict", "precondition_failed", "refused"}:
        return Refused(409, "Not done", f"{said.message[:1].upper()}{said.message[1:]}.", "Look again, then decide.")
    if said.code == "invalid":
        return Refused(
            400, "That can't be", f"{said.message[:1].upper()}{said.message[1:]}.", "Go back and correct it."
        )
    return Refused(
        500,
        "Something went wrong",
        "The fault is ours and has been noted.",
        "Look whether it was done, then try again.",
    )
