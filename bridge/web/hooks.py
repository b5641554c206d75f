"""The door for Gitea's deliveries. Gitea waits five seconds and never tries again, so it is answered at once."""

import logging

from flask import Blueprint, Response, request

from bridge.errors import InvalidInputError, RefusedError
from bridge.services import hooks
from bridge.web.doors import Doors

log = logging.getLogger(__name__)


def blueprint(doors: Doors) -> Blueprint:
    """One address for hooks of every level."""
    site = Blueprint("hooks", __name__)
    refusals = hooks.Refusals(doors.open_session)
    secrets = [secret.get_secret_value() for secret in doors.settings.gitea.webhook_secrets]

    @site.post("/-/licensing/hooks/gitea")
    def gitea() -> Response:
        body = body_as_it_came()
        serves = doors.settings.serves
        try:
            outcome = hooks.accept(body, dict(request.headers), secrets, serves, doors.open_session, doors.clock())
        except RefusedError as error:
            log.warning("a hook delivery was refused: %s", error)
            refusals.note(doors.clock())
            return Response(
                "This delivery was not signed with the secret of this bridge.\n", 403, mimetype="text/plain"
            )
        except InvalidInputError as error:
            log.warning("a signed hook delivery could not be read: %s", error)
            return Response("This delivery is signed but could not be read.\n", 400, mimetype="text/plain")
        log.info("hook delivery: %s", outcome)
        return Response(status=204)

    return site


def body_as_it_came() -> bytes:
    """The bytes as they came. Raises 413 where there are more than the application accepts."""
    body = request.get_data(cache=False)
    if request.content_length is None:  # sent in chunks: what is too long was only cut off, until more is asked for
        request.stream.read(1)
    return body
