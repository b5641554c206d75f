"""The doors for payment providers and for those who buy."""

import logging

from flask import Blueprint, Response, abort, request

from bridge.errors import NotFoundError, RefusedError
from bridge.services.payment_door import Known, PaymentDoor
from bridge.web.doors import Doors
from bridge.web.hooks import body_as_it_came

log = logging.getLogger(__name__)

# The largest delivery that was ever seen is a tenth of it; the providers don't publish a limit.
MOST_DELIVERY_BYTES = 1024 * 1024


def blueprint(doors: Doors) -> Blueprint:
    """One address for each account."""
    site = Blueprint("payments", __name__)

    @site.post("/-/licensing/hooks/<provider>/<endpoint>")
    def delivery(provider: str, endpoint: str) -> Response:
        door = doors.payments()
        known = _found(door, provider, endpoint)
        request.max_content_length = MOST_DELIVERY_BYTES
        body = body_as_it_came()
        try:
            outcome = door.accept(known, endpoint, body, request.headers)
        except RefusedError as error:
            log.warning("a delivery of %s was refused: %s", known.provider.name, error)
            return Response("This delivery is not signed as it should be.\n", 400, mimetype="text/plain")
        log.info("delivery of %s: %s", known.provider.name, outcome)
        return Response(status=200)

    return site


def _found(door: PaymentDoor, provider: str, endpoint: str) -> Known:
    """The account at an address, before a byte of the body is read. Aborts with 404."""
    try:
        return door.find(provider, endpoint)
    except NotFoundError:
        abort(404)
