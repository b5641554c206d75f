"""A proxy before Gitea and the bridge on one origin, as good as those in deploy/ until it is told to misbehave."""

import contextlib
import gzip
import http.client
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_OURS = re.compile(
    r"/-/licensing/"
    r"|/(?!(?:api|assets|attachments|avatars?|login|org|repo|user|explore|-)/)[0-9A-Za-z][-.\w]*/(?:-/licensing(?:/|$)"
    r"|[-.\w]+/(?:licenses(?:/|$)|updates(?:\.[a-z0-9-]+)?\.xml|extension\.xml|changelog\.xml|version\.txt|updates/|downloads/))"
    r"|/api/v1/(?:repos/[^/]+/[^/]+|orgs/[^/]+|users/[^/]+)/(?:licensing|license-[a-z]+(?:\.csv)?)(?:/|$)"
)
_STRIPPED = {"sudo", "x-webauth-user", "x-webauth-email", "x-webauth-fullname", "x-forwarded-host", "forwarded"}
_OWN = {"connection", "transfer-encoding", "server", "date", "content-length", "host", "x-real-ip"}


class Proxy:
    """Knobs: ``bridge_url`` and ``gitea_url`` behind it; ``faults``, words that each handler below knows.

    ``to_gitea(path)`` and ``to_bridge(path)`` send addresses to the wrong one, ``rewrite(path)`` changes them, and
    ``hangs_up(path)`` answers nothing. ``adds`` are headers that the bridge and Gitea get.
    """

    def __init__(self) -> None:
        self.bridge_url = self.gitea_url = ""
        self.faults: set[str] = set()
        self.to_gitea: Callable[[str], bool] = lambda _: False
        self.to_bridge: Callable[[str], bool] = lambda _: False
        self.rewrite: Callable[[str], str] = lambda path: path
        self.hangs_up: Callable[[str], bool] = lambda _: False
        self.adds: dict[str, str] = {}
        self.kept: dict[str, tuple[int, list[tuple[str, str]], bytes]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def is_ours(self, path: str) -> bool:
        return (bool(_OURS.match(path)) or self.to_bridge(path)) and not self.to_gitea(path)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            with contextlib.suppress(ConnectionError):
                _pass_on(proxy, self)

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self.handle_any
            raise AttributeError(name)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    return Handler


def _pass_on(proxy: Proxy, here: BaseHTTPRequestHandler) -> None:
    if proxy.hangs_up(here.path):
        here.close_connection = True
        return
    ours = proxy.is_ours(here.path)
    if ours and "304" in proxy.faults and "If-Modified-Since" in here.headers:
        here.send_response(304)
        here.end_headers()
        return
    if ours and "refuses %2F" in proxy.faults and "%2F" in here.path:
        _send(here, 404, [("Content-Type", "text/html")], b"<h1>Not Found</h1>")
        return
    if ours and here.path in proxy.kept:
        _send(here, *proxy.kept[here.path])
        return
    base = urlsplit(proxy.bridge_url if ours else proxy.gitea_url)
    body = here.rfile.read(int(here.headers.get("Content-Length") or 0))
    far = http.client.HTTPConnection(base.hostname or "", base.port, timeout=20)
    try:
        far.request(here.command, proxy.rewrite(here.path) if ours else here.path, body or None, _headers(proxy, here))
        answer = far.getresponse()
    except OSError:
        _send(here, 502, [("Content-Type", "text/plain")], b"Bad Gateway: nobody is there to answer\n")
        return
    with contextlib.closing(far):
        _answer(proxy, here, answer, ours=ours)


def _headers(proxy: Proxy, here: BaseHTTPRequestHandler) -> dict[str, str]:
    kept = {
        name: value
        for name, value in here.headers.items()
        if name.lower() not in _OWN and ("lets headers through" in proxy.faults or name.lower() not in _STRIPPED)
    }
    if "drops unknown headers" in proxy.faults:
        kept.pop("X-Bridge-Doctor", None)
    forwarded = here.client_address[0]
    if "appends X-Forwarded-For" in proxy.faults:
        forwarded = ", ".join(filter(None, (here.headers.get("X-Forwarded-For"), forwarded)))
    elif "believes X-Forwarded-For" in proxy.faults:
        forwarded = here.headers.get("X-Forwarded-For") or forwarded
    kept["X-Forwarded-For"] = forwarded + (":1234" if "tells ports" in proxy.faults else "")
    if "no X-Forwarded-For" in proxy.faults:
        del kept["X-Forwarded-For"]
    if "lets headers through" in proxy.faults and "X-Real-IP" in here.headers:
        kept["X-Real-IP"] = here.headers["X-Real-IP"]
    return kept | proxy.adds


def _answer(proxy: Proxy, here: BaseHTTPRequestHandler, answer: http.client.HTTPResponse, *, ours: bool) -> None:
    headers = [
        (name, value) for name, value in answer.getheaders() if name.lower() not in {"connection", "transfer-encoding"}
    ]
    is_feed = ours and answer.getheader("Content-Type", "").startswith("application/xml")
    wants_gzip = "gzip" in here.headers.get("Accept-Encoding", "")
    packs = is_feed and ("gzips always" in proxy.faults or ("gzips" in proxy.faults and wants_gzip))
    stores = packs or (is_feed and "keeps feeds" in proxy.faults) or (ours and "stores answers" in proxy.faults)
    if not stores:
        _stream(here, answer, headers)
        return
    body = answer.read()
    if packs:
        body = gzip.compress(body)
        headers = [*((n, v) for n, v in headers if n.lower() != "content-length"), ("Content-Encoding", "gzip")]
    kept = (answer.status, headers, body)
    if is_feed and "keeps feeds" in proxy.faults:
        proxy.kept[here.path] = kept
    _send(here, *kept)


def _stream(here: BaseHTTPRequestHandler, answer: http.client.HTTPResponse, headers: list[tuple[str, str]]) -> None:
    here.send_response_only(answer.status)
    for name, value in headers:
        here.send_header(name, value)
    here.end_headers()
    while chunk := answer.read1(65536):
        here.wfile.write(chunk)


def _send(here: BaseHTTPRequestHandler, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    here.send_response_only(status)
    for name, value in headers:
        if name.lower() != "content-length":
            here.send_header(name, value)
    here.send_header("Content-Length", str(len(body)))
    here.end_headers()
    if here.command != "HEAD":
        here.wfile.write(body)
