"""A real browser for tests: the system's Chromium, without a window.

Chromium and its driver are processes of their own, so the tests' own guard against the network does not reach them:
``Visit`` records every address that a page asks for, and lets none but loopback through.
"""

import contextlib
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_REPORT = """document.addEventListener('securitypolicyviolation', event =>
    console.error(`policy ${event.disposition}d:`, event.violatedDirective, event.blockedURI, event.sourceFile))"""


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """Chromium; the test is skipped where there is none."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on the PATH")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Visit:
    """One visitor: an empty profile, and what was asked for and complained about on the way."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def elsewhere(self) -> list[str]:
        """What was asked of others than the page's own server."""
        own = urlsplit(self.page.url).netloc
        return [url for url in self.asked if not url.startswith("data:") and urlsplit(url).netloc != own]


@contextlib.contextmanager
def visiting(browser: Browser) -> Iterator[Visit]:
    """A visitor with a profile of their own, which is thrown away."""
    context = browser.new_context(viewport={"width": 1280, "height": 1600})
    page = context.new_page()
    visit = Visit(page)
    page.add_init_script(_REPORT)
    page.on("request", lambda request: visit.asked.append(request.url))
    page.on("console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    context.route(lambda url: urlsplit(url).hostname != "127.0.0.1", lambda route: route.abort())
    yield visit
    context.close()


class _Quiet(WSGIRequestHandler):
    def log_request(self, code="-", size="-") -> None:
        """Say nothing."""


@contextlib.contextmanager
def served(app: Flask, port: int) -> Iterator[None]:
    """An application on a loopback port, as a browser needs it."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
