"""The doors for payment providers, and for those who want to pay."""

import logging

from flask import Blueprint, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from bridge.errors import BridgeError, NotFoundError, RefusedError
from bridge.payments.provider import NoAccessError, NotTheirsError
from bridge.services.payment_door import Known, PaymentDoor
from bridge.services.seats import Seats
from bridge.services.throttling import Throttle
from bridge.web.api.reading import origin
from bridge.web.doors import Doors
from bridge.web.hooks import body_as_it_came

log = logging.getLogger(__name__)

# The largest delivery that was ever seen is a tenth of it; the providers don't publish a limit.
MOST_DELIVERY_BYTES = 1024 * 1024
MOST_SALES_A_MINUTE = 20

_NOT_SIGNED = "This delivery is not signed as it should be.\n"
_NOTHING = ("Nothing for sale here", "The address leads nowhere; please ask the seller for the right one.")
_CANCELLED = ("Nothing was bought", "No money was taken. You may go back to the shop, or start again.")
_TOO_MANY = ("One moment, please", "There were many sales from here within a minute. Please try again in a minute.")
_AWAY = ("One moment, please", "The payment page can't be reached right now. Please try again in a minute.")


def blueprint(doors: Doors) -> Blueprint:
    """One address for the deliveries of each account, and one for each of its packages to be bought at."""
    site = Blueprint("payments", __name__)
    seats = Seats(doors.settings.bridge.data_dir, doors.settings.web.workers)
    throttle = Throttle(doors.counters, "sales", MOST_SALES_A_MINUTE)

    @site.post("/-/licensing/hooks/<provider>/<endpoint>")
    def delivery(provider: str, endpoint: str) -> Response:
        door = doors.payments()
        known = _found(door, provider, endpoint)
        request.max_content_length = MOST_DELIVERY_BYTES
        body = body_as_it_came()
        try:
            outcome = door.accept(known, endpoint, body, dict(request.headers))
        except RefusedError as error:
            log.warning("a delivery of %s was refused: %s", known.provider.name, error)
            return Response(_NOT_SIGNED, 400, mimetype="text/plain")
        log.info("delivery of %s: %s", known.provider.name, outcome)
        return Response(status=200)

    @site.get("/-/licensing/buy/<endpoint>/<int(max=2147483647):package>")
    def buy(endpoint: str, package: int) -> AnyResponse:
        if request.method == "HEAD":  # nobody buys by looking
            return Response(status=200)
        who = origin(request, doors.settings.web.trusted_proxies)
        if throttle.is_over(who):
            return _page(429, _TOO_MANY)
        throttle.note(who)
        try:
            with seats.taken():
                return redirect(doors.sales().begin(endpoint, package, request.args.get("price", "")), 303)
        except BridgeError as error:
            return _refused(error)

    @site.get("/-/licensing/buy/<endpoint>/<int(max=2147483647):package>/cancelled")
    def cancelled(endpoint: str, package: int) -> Response:
        del endpoint, package  # the page is the same for all
        return _page(200, _CANCELLED)

    return site


def _found(door: PaymentDoor, provider: str, endpoint: str) -> Known:
    """The account at an address, before a byte of the body is read. Aborts with 404."""
    try:
        return door.find(provider, endpoint)
    except NotFoundError:
        abort(404)


def _refused(error: Exception) -> Response:
    of_provider = isinstance(error, NotTheirsError | NoAccessError)  # nothing that a buyer can do anything about
    if isinstance(error, NotFoundError) and not of_provider:
        return _page(404, _NOTHING)
    if isinstance(error, RefusedError) and not of_provider:
        return _page(409, ("Not for sale now", str(error)))
    log.warning("a sale could not be begun: %s", error)
    return _page(503, _AWAY, {"Retry-After": "60"})


def _page(status: int, words: tuple[str, str], headers: dict[str, str] | None = None) -> Response:
    body = render_template("notice.html", title=words[0], sentence=words[1])
    response = Response(body, status, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    return response
