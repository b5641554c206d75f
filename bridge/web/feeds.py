"""The doors that sites ask for updates. A feed never errors: whatever is wrong, the answer is 200 and empty.

While the database is away, keys that were seen lately get their feed by what this process remembers of them.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, abort
from werkzeug.datastructures import Headers

from bridge.errors import UnavailableError
from bridge.rules.access import Code, Decision
from bridge.services import feeds
from bridge.services.collection import products_of
from bridge.services.gate import Stated, Verdict
from bridge.services.products import Product
from bridge.web import reading
from bridge.web.counting import count
from bridge.web.doors import Doors
from feeds import dolibarr, joomla
from feeds.dolibarr import LicenseNote

XML = "application/xml; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json; charset=utf-8"
_OPEN = Verdict(Decision(allowed=False, code=Code.MISSING))
_EMPTY_COLLECTION = joomla.collection(())
_EMPTY_JSON = dolibarr.dolibarr_json(None)
_HEADERS = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
_CLOSED_HEADERS = (("Cache-Control", "private, no-store, no-transform"), *_HEADERS)
_OPEN_HEADERS = (
    ("Cache-Control", "public, max-age=300, no-transform"),
    # A cache must not answer a request that brings its key in a header with what strangers get.
    ("Vary", "Authorization, X-License-Key"),
    *_HEADERS,
)

View = Callable[..., Response]


def blueprint(doors: Doors) -> Blueprint:
    """All feed addresses, GET and HEAD."""
    site = Blueprint("feeds", __name__)
    _add_joomla(site, doors)
    _add_dolibarr(site, doors)
    return site


def _add_joomla(site: Blueprint, doors: Doors) -> None:
    @site.get("/<owner>/<repo>/updates.xml")
    @site.get(f"/<owner>/<repo>/updates.xml{reading.RETRY_SUFFIX}")
    @site.get(f"/<owner>/<repo>{reading.RETRY_SUFFIX}")
    @site.get("/<owner>/<repo>/updates.<edition>.xml")
    @_never_erring(feeds.EMPTY_FEED, XML)
    def updates(owner: str, repo: str, edition: str = "") -> Response:
        asked, product = reading.current(), _product(doors, owner, repo)
        said = reading.stated(asked)
        verdict = _verdict(doors, product, said, edition)
        body = feeds.updates_xml(product, reading.wish(asked, edition), verdict)
        count(doors, asked, product, "feed", verdict)
        return _answer(body, XML, keyed=said.key is not None)

    @site.get("/<owner>/<repo>/updates/<token>.xml")
    @_never_erring(feeds.EMPTY_FEED, XML)
    def personal(owner: str, repo: str, token: str) -> Response:
        asked, product = reading.current(), _product(doors, owner, repo)
        verdict = doors.gate.ask(product, reading.stated(asked, feed_token=token), recall=True)
        body = feeds.personal_xml(product, reading.wish(asked), verdict, token)
        count(doors, asked, product, "feed", verdict)
        return _answer(body, XML, keyed=True)

    @site.get("/<owner>/<repo>/changelog.xml")
    @_never_erring(feeds.EMPTY_CHANGELOG, XML)
    def changelog(owner: str, repo: str) -> Response:
        product = _product(doors, owner, repo)
        count(doors, reading.current(), product, "changelog", _OPEN)
        return _answer(feeds.changelog_xml(product), XML, keyed=False)

    @site.get("/<owner>/-/licensing/extensions.xml")
    @_never_erring(_EMPTY_COLLECTION, XML)
    def collection(owner: str) -> Response:
        asked = reading.current()
        said = reading.stated(asked)
        known = products_of(owner, doors.products, doors.open_session)
        if known is None:
            abort(404)
        asked.kind, asked.place = "collection", owner
        visible = [each for each in known if each.require_key() != "true" or _good(doors, each, said)]
        return _answer(feeds.collection_xml(visible), XML, keyed=said.key is not None)


def _add_dolibarr(site: Blueprint, doors: Doors) -> None:
    @site.get("/<owner>/<repo>/version.txt")
    @_never_erring(b"", TEXT)
    def version(owner: str, repo: str) -> Response:
        asked, product = reading.current(), _product(doors, owner, repo)
        said = reading.stated(asked)
        verdict = _verdict(doors, product, said)
        body = feeds.version_txt(product, reading.wish(asked), verdict)
        count(doors, asked, product, "version", verdict)
        return _answer(body, TEXT, keyed=said.key is not None)

    @site.get("/<owner>/<repo>/updates/dolibarr.json")
    @_never_erring(_EMPTY_JSON, JSON)
    def dolibarr_json(owner: str, repo: str) -> Response:
        asked, product = reading.current(), _product(doors, owner, repo)
        said = reading.stated(asked)
        verdict = _verdict(doors, product, said)
        body = feeds.dolibarr_json(product, reading.wish(asked), verdict, _note(verdict) if said.key else None)
        count(doors, asked, product, "version", verdict)
        return _answer(body, JSON, keyed=said.key is not None)


def _never_erring(empty: bytes, content_type: str) -> Callable[[View], View]:
    """Answer 200 with an empty body of the right form where the database is away and nothing is remembered."""

    def around(view: View) -> View:
        @wraps(view)
        def answered(**values: str) -> Response:
            try:
                return view(**values)
            except UnavailableError:
                return _answer(empty, content_type, keyed=True)

        return answered

    return around


def _product(doors: Doors, owner: str, repo: str) -> Product:
    product = doors.products.find(owner, repo)
    if product is None:
        abort(404)
    return product


def _verdict(doors: Doors, product: Product, said: Stated, edition: str = "") -> Verdict:
    return doors.gate.ask(product, said, edition, recall=True) if said.key else _OPEN


def _good(doors: Doors, product: Product, said: Stated) -> bool:
    return _verdict(doors, product, said).decision.allowed


def _note(verdict: Verdict) -> LicenseNote:
    key = verdict.key
    known = key is not None and verdict.decision.code is not Code.UNKNOWN
    expires = key.facts.expires_at if key is not None and known else None
    return LicenseNote(verdict.decision.code, expires.date().isoformat() if expires else "", verdict.decision.detail)


class _Complete(Response):
    """An answer whose headers are final: the framework would copy them one by one to look for what is missing."""

    def get_wsgi_headers(self, environ: Any) -> Headers:  # noqa: ARG002  the framework's signature
        """The headers as they are."""
        return self.headers


def _answer(body: bytes, content_type: str, *, keyed: bool) -> Response:
    """Complete, never compressed here, and never cached by others where a key was involved."""
    return _Complete(
        body,
        headers=[
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            *(_CLOSED_HEADERS if keyed else _OPEN_HEADERS),
        ],
    )
