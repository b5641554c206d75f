"""Reads what a site says of itself, in all the spellings that clients produce."""

import re

from flask import Request, request

from bridge.services.feeds import Wish
from bridge.services.gate import Stated
from bridge.web.requests import SiteRequest

# Joomla appends this to an address that failed, also behind a query.
RETRY_SUFFIX = "/extension.xml"
# Joomla joins the key with a literal "&amp;" where the address has a query already.
_KEY_NAMES = ("dlid", "amp;dlid", "key")
_DOMAIN_NAMES = ("domain", "amp;domain")
_WISHES = ("channel", "dolibarr", "php")
_LONGEST = 4096
_JOOMLA = re.compile(r"Joomla!/([0-9]{1,2}\.[0-9]{1,2})")
_VERSION = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}")


def current() -> SiteRequest:
    """The request itself: the framework's stand-in for it looks it up again at every word."""
    itself: SiteRequest = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  public in spite of its name
    return itself


def stated(request: Request, feed_token: str | None = None) -> Stated:
    """The key and the domain of a request. The first that is not empty wins."""
    if feed_token is not None:
        return Stated(feed_token=feed_token, domain=_domain(request))
    return Stated(key=_key(request), domain=_domain(request))


def _key(request: Request) -> str | None:
    environ = request.environ
    found = _first(request, _KEY_NAMES) or _plain(environ.get("HTTP_X_LICENSE_KEY", ""))
    if not found and "HTTP_AUTHORIZATION" in environ:
        scheme, _, credentials = environ["HTTP_AUTHORIZATION"].partition(" ")
        found = _plain(credentials) if scheme.lower() == "bearer" else ""
    return found or None


def _domain(request: Request) -> str | None:
    return _first(request, _DOMAIN_NAMES) or request.environ.get("HTTP_X_LICENSE_DOMAIN") or None


def _first(request: Request, names: tuple[str, ...]) -> str:
    """The first value of these names in the query that is not empty."""
    if not request.query_string:
        return ""
    args = request.args
    for name in names:
        for value in args.getlist(name) if name in args else ():
            if found := _plain(value):
                return found
    return ""


def _plain(value: str) -> str:
    return value.removesuffix(RETRY_SUFFIX).strip()[:_LONGEST]


def wish(request: Request, edition: str = "") -> Wish:
    """What else the request asks for."""
    if not request.query_string or request.args.keys().isdisjoint(_WISHES):
        return Wish(edition)
    return Wish(
        edition=edition,
        channel=_plain(_word(request, "channel"))[:64],
        dolibarr=_word(request, "dolibarr")[:32],
        php=_word(request, "php")[:32],
    )


def _word(request: Request, name: str) -> str:
    """The first value of this name in the query, as it came."""
    return request.args.get(name, "") if request.query_string and name in request.args else ""


def cms(request: Request) -> str:
    """``joomla 5.3``, ``dolibarr 22.0`` or nothing: major and minor only, since each value is a row of its own."""
    named = _JOOMLA.search(request.environ.get("HTTP_USER_AGENT", "")[:200])
    if named:
        return f"joomla {named[1]}"
    found = _VERSION.match(_word(request, "dolibarr"))
    return f"dolibarr {found[0]}" if found else ""


def php(request: Request) -> str:
    """``8.2`` where the site states its PHP version."""
    found = _VERSION.match(_word(request, "php"))
    return found[0] if found else ""
