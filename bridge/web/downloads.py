"""The door that hands out files, for good keys only; everybody else learns why not, in words."""

import re
from http import HTTPStatus
from pathlib import Path

from flask import Blueprint, Response, abort, request, send_file

from bridge.errors import UnavailableError
from bridge.rules.access import Code, Decision
from bridge.rules.publication import AssetFacts
from bridge.services import downloads
from bridge.services.downloads import Found
from bridge.services.gate import Stated, Verdict
from bridge.services.products import Product
from bridge.services.throttling import Throttle
from bridge.web import reading
from bridge.web.api.reading import origin
from bridge.web.counting import count, note
from bridge.web.doors import Doors
from bridge.web.refusals import refuse, too_many

_ONE_RANGE = re.compile(r"bytes=(?:([0-9]{1,20})-([0-9]{0,20})|-([0-9]{1,20}))")
_SMALL_BYTES = 128 * 1024  # sent from memory, which takes half the time of handing a file to the server
_FREE = Verdict(Decision(allowed=True, code=Code.VALID))
_GUESSES = {Code.UNKNOWN, Code.MALFORMED}
_WITHDRAWN = Verdict(Decision(allowed=False, code=Code.RELEASE_WITHDRAWN))


def blueprint(doors: Doors) -> Blueprint:
    """The download addresses, GET and HEAD."""
    site = Blueprint("downloads", __name__)
    limits = _Limits(doors)

    @site.get("/<owner>/<repo>/downloads/~<token>/<path:tag>/<name>")
    @site.get("/<owner>/<repo>/downloads/<path:tag>/<name>")
    def download(owner: str, repo: str, tag: str, name: str, token: str | None = None) -> Response:
        product = doors.products.find(owner, repo)
        found = downloads.find(product, tag, name) if product else None
        if product is None or found is None:
            abort(404)
        verdict = _verdict(doors, product, found, reading.stated(request, feed_token=token))
        note(reading.current(), product, "download", verdict)
        allowed = verdict.decision.allowed
        if limits.are_passed(verdict):
            return too_many()
        response = _deliver(doors, found) if allowed else refuse(product, found, verdict)
        if request.method == "GET" and (not allowed or _is_beginning(response)):
            count(doors, reading.current(), product, "download", verdict, version=found.offer.version)
            limits.note(verdict)
        return response

    return site


class _Limits:
    """How many downloads a minute: of a key, and with keys that nobody has, from an address.

    The second holds up nobody but those without a key: many sites share an address, and a good key always opens.
    """

    def __init__(self, doors: Doors) -> None:
        self._unknown = doors.unknown_keys
        self._of_key = Throttle(doors.counters, "downloads-of-key", doors.settings.limits.downloads_per_key_and_minute)
        self._proxies = doors.settings.web.trusted_proxies

    def are_passed(self, verdict: Verdict) -> bool:
        """Whether this one is too many."""
        if verdict.decision.allowed:
            return verdict.key is not None and self._of_key.is_over(str(verdict.key.id))
        return verdict.decision.code in _GUESSES and self._unknown.is_over(self._origin())

    def note(self, verdict: Verdict) -> None:
        """This one was answered."""
        if verdict.decision.allowed and verdict.key is not None:
            self._of_key.note(str(verdict.key.id))
        elif verdict.decision.code in _GUESSES:
            self._unknown.note(self._origin())

    def _origin(self) -> str:
        return origin(request, self._proxies)


def _verdict(doors: Doors, product: Product, found: Found, said: Stated) -> Verdict:
    if product.require_key(found.offer.edition) == "false":
        return _WITHDRAWN if found.offer.withdrawn else _FREE
    return doors.gate.ask(product, said, found.offer.edition, found.wanted)


def _is_beginning(response: Response) -> bool:
    """Whether the file's first byte goes out: a download that is resumed counts once."""
    if response.status_code == HTTPStatus.PARTIAL_CONTENT:
        return response.content_range.start == 0
    if "X-Accel-Redirect" not in response.headers:
        return response.status_code == HTTPStatus.OK
    wanted = request.range  # the proxy cuts the part out; what it can't read, it answers with the whole
    return wanted is None or len(wanted.ranges) > 1 or wanted.ranges[0][0] == 0


def _deliver(doors: Doors, found: Found) -> Response:
    """The bytes: from this process, or by the proxy from the same directory."""
    sha256 = found.offer.asset.sha256
    if not doors.store.has(sha256):
        with doors.open_session() as session:
            downloads.report_lost(session, found, doors.clock())
        raise UnavailableError("the file is being fetched again; try again in a minute")
    web = doors.settings.web
    if web.downloads == "x-accel":
        response = Response()
        response.headers["X-Accel-Redirect"] = f"{web.accel_prefix}/{doors.store.relative(sha256)}"
    else:
        response = _from_here(doors.store.path(sha256), found.offer.asset)
    response.headers["Content-Type"] = "application/zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{found.file_name}"'
    response.headers["Cache-Control"] = "private, no-store, no-transform"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _from_here(path: Path, asset: AssetFacts) -> Response:
    if not _wants_one_part(asset.size):
        request.environ.pop("HTTP_RANGE", None)
    if asset.size > _SMALL_BYTES:
        return send_file(path.resolve(), mimetype="application/zip", conditional=True, etag=asset.sha256)
    response = Response(path.read_bytes())
    response.set_etag(asset.sha256)
    response.make_conditional(request, accept_ranges=True, complete_length=asset.size)
    return response


def _wants_one_part(size: int) -> bool:
    """Whether the range is one that is cut out, or lies past the end.

    To all others (several at once, other units, garbage, more than there is, of a file that somebody on the way may
    have changed) the whole file is a right answer, and a simple one.
    """
    wanted = _ONE_RANGE.fullmatch(request.environ.get("HTTP_RANGE", "").strip())
    if wanted is None or request.environ.get("HTTP_IF_RANGE", "").startswith("W/"):
        return False
    first, last, of_the_end = wanted.groups()
    if of_the_end:
        return int(of_the_end) < size
    return not last or int(first) <= int(last)
