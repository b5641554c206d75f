"""Checks of what the proxy does on the way: to answers, and to headers that clients send."""

import ipaddress
from collections.abc import Iterator

from bridge.services.doctor.findings import Check, Seen, error, ok, seen, warning
from bridge.services.doctor.patient import Patient

_FEED = "/{}/{}/updates.xml"
_FORGED = "192.0.2.77"  # an address of documentation: nobody comes from there
_FORGED_NAME = "doctor.invalid"
_NOT_MODIFIED = 304
# The file of a probe takes a breath of 1.5 s in its middle: what was handed on shows it, what was stored does not.
_BREATH_SECONDS = 0.75
# What a client may not tell the bridge or Gitea; the last ones a good proxy sets itself.
_STRIPPED = ("Sudo", "X-Webauth-User", "X-Webauth-Email", "X-Webauth-Fullname")
_REPLACED = ("X-Forwarded-Host", "X-Real-Ip", "Forwarded")


def _feed_url(patient: Patient, query: str = "") -> str:
    return patient.address(_FEED.format(*patient.sample)) + query


def _gzip(patient: Patient) -> Iterator[Seen]:
    for accepted, code in (("identity", "forced"), ("gzip, deflate, br, zstd", "on_request")):
        reply = patient.probe(_feed_url(patient), "feed", headers={"Accept-Encoding": accepted})
        encoding = reply.header("Content-Encoding")
        if encoding not in {"", "identity"}:
            yield seen(code, encoding=encoding)
            return
    yield seen("plain")


def _conditional(patient: Patient) -> Iterator[Seen]:
    first = patient.probe(_feed_url(patient, "?dlid=doctor"), "feed")
    conditions = {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT", "If-None-Match": first.header("ETag") or "*"}
    second = patient.probe(_feed_url(patient, "?dlid=doctor"), "feed", headers=conditions)
    third = patient.probe(_feed_url(patient, "?dlid=doctor"), "feed")
    if second.status == _NOT_MODIFIED:
        yield seen("not_modified")
    if third.body == first.body:
        yield seen("cached")
    elif second.status != _NOT_MODIFIED:
        yield seen("fresh")


def _headers(patient: Patient) -> Iterator[Seen]:
    forged = dict.fromkeys((*_STRIPPED, "X-Forwarded-Host"), _FORGED_NAME)
    forged |= {"X-Real-IP": _FORGED, "Forwarded": f"for={_FORGED}"}
    told = patient.echo(patient.address("/-/licensing/health"), headers=forged)["headers"]
    through = [name for name in _STRIPPED if _FORGED_NAME in told.get(name, "")]
    through += [name for name in _REPLACED if _FORGED_NAME in told.get(name, "") or _FORGED in told.get(name, "")]
    yield seen("through", names=", ".join(through)) if through else seen("stripped")


def _client_address(patient: Patient) -> Iterator[Seen]:
    trusted = patient.settings.web.trusted_proxies
    headers = {"X-Forwarded-For": _FORGED}
    told = patient.echo(patient.address("/-/licensing/health"), headers=headers)
    hops = [each.strip() for each in told["headers"].get("X-Forwarded-For", "").split(",") if each.strip()]
    if not trusted:
        yield seen("ignored" if _FORGED in hops or not hops else "unused", hop=hops[-1] if hops else "")
    elif len(hops) < trusted:
        yield seen("untold", trusted=trusted, count=len(hops))
    elif hops[-trusted] == _FORGED:
        yield seen("forged", trusted=trusted)
    elif not _is_address(hops[-trusted]):
        yield seen("unreadable", hop=hops[-trusted])
    else:
        yield seen("told", hop=hops[-trusted])


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _stores(patient: Patient) -> Iterator[Seen]:
    owner, repo = patient.sample
    url = patient.address(f"/{owner}/{repo}/downloads/v1.0/package-1.0.zip")
    reply = patient.probe(url, "file")
    yield seen("hands_on" if reply.took_seconds - reply.begun_seconds > _BREATH_SECONDS else "stores")


CHECKS = (
    Check(
        "proxy.gzip",
        "Whether the proxy compresses feeds.",
        "Joomla and Dolibarr don't undo compression: to them it is an unreadable feed.",
        (
            ok("plain", "Feeds arrive as they were sent."),
            error(
                "forced",
                "The proxy compresses feeds ({encoding}), though the client did not ask for it.",
                "Switch compression off for the bridge's addresses: gzip off; in nginx, no encode in Caddy.",
            ),
            warning(
                "on_request",
                "The proxy compresses feeds ({encoding}) for clients that accept it.",
                "Switch compression off for the bridge's addresses; it says no-transform, which proxies must obey.",
            ),
        ),
        _gzip,
        ("routes.known",),
    ),
    Check(
        "proxy.conditional",
        "Whether the proxy answers 304 for a feed, or keeps the feed of a key and hands it out again.",
        "Joomla takes 304 for a failure and forgets the updates it knew; a kept feed shows a customer's to others.",
        (
            ok("fresh", "Every request for a feed is answered by the bridge, with 200."),
            error(
                "not_modified",
                "The proxy answers 304 for a feed.",
                "Take caching of the bridge's addresses out of the proxy (no proxy_cache, no expires, no etag).",
            ),
            error(
                "cached",
                "The proxy keeps feeds that the bridge marks no-store.",
                "Take caching of the bridge's addresses out of the proxy (no proxy_cache, no proxy_ignore_headers).",
            ),
        ),
        _conditional,
        ("routes.known",),
    ),
    Check(
        "proxy.headers",
        "Whether headers get through that only Gitea's own administrators or a proxy may set: `Sudo`, `X-WEBAUTH-*`,"
        " `X-Forwarded-Host`, `X-Real-IP`, `Forwarded`.",
        "The bridge believes none of them, but what stands beside it might.",
        (
            ok("stripped", "The proxy lets no forged header through."),
            warning(
                "through",
                "The proxy lets these headers of clients through: {names}.",
                'Empty or set them in the proxy, as deploy/ does (nginx: proxy_set_header Sudo "";).',
            ),
        ),
        _headers,
        ("routes.known",),
    ),
    Check(
        "proxy.client_address",
        "Whether the address of a client that the bridge believes (entry `web.trusted_proxies` of `X-Forwarded-For`,"
        " counted from the end) can be forged.",
        "Limits and the audit trail go by it.",
        (
            ok("told", "The bridge sees clients' addresses ({hop}), and they can't be forged."),
            ok("ignored", "The bridge believes nobody about clients' addresses (web.trusted_proxies = 0)."),
            error(
                "forged",
                "Whoever sends X-Forwarded-For can pretend to come from anywhere (web.trusted_proxies = {trusted}).",
                "Let the proxy set it (nginx: proxy_set_header X-Forwarded-For $remote_addr;), and let"
                " web.trusted_proxies be the number of proxies that stand before the bridge.",
            ),
            warning(
                "untold",
                "The proxy tells {count} of {trusted} addresses, so every client seems to be the proxy itself.",
                "Let the proxy set X-Forwarded-For (nginx: proxy_set_header X-Forwarded-For $remote_addr;).",
            ),
            warning(
                "unused",
                "The proxy tells clients' addresses ({hop}), but web.trusted_proxies = 0 ignores them.",
                "Set web.trusted_proxies to the number of proxies that stand before the bridge.",
            ),
            error(
                "unreadable",
                "The proxy tells a client's address that is none: {hop}.",
                "Let the proxy set plain addresses, without a port, in X-Forwarded-For.",
            ),
        ),
        _client_address,
        ("routes.known",),
    ),
    Check(
        "proxy.stores",
        "Whether the proxy holds an answer back until it has all of it.",
        "A large download then begins late, and sites give up after 20 to 30 seconds without a byte.",
        (
            ok("hands_on", "The proxy hands answers on while they come."),
            warning(
                "stores",
                "The proxy holds a large answer back until it is complete.",
                "Let the proxy hand on what it has: no response_buffers in Caddy, no whole-answer buffering elsewhere."
                " The buffers of nginx are fine, and keep slow clients off the web workers.",
            ),
        ),
        _stores,
        ("routes.known",),
    ),
)
