"""The stylesheet of a person's theme: a file of the instance's own Gitea, found where its pages name it.

Gitea puts a hash into the name since 1.26, and an instance may have themes of its own, so the name is looked up. Only a
path on Gitea's own host counts: what a page names elsewhere, or in no known form, is not loaded into ours.
"""

import re
import threading
import time
from collections.abc import Callable
from html.parser import HTMLParser

from gitea_client.client import GiteaClient
from gitea_client.errors import GiteaError

DEFAULT = "gitea-auto"
_KNOWN_SECONDS, _UNKNOWN_SECONDS = 600.0, 60.0
_MOST_THEMES = 50
_NAME = re.compile(r"[A-Za-z0-9][\w-]{0,60}", re.ASCII)
# A path of plain segments; no "//host", no "..", and a version at most behind it.
_FILE = re.compile(
    r"(?:/[A-Za-z0-9_-][\w.-]*)*/theme-(?P<name>[\w-]+?)(?:\.(?P<hash>[\w-]+))?\.css(?:\?v=[\w.~+-]*)?", re.ASCII
)


class Themes:
    """Finds stylesheets and remembers them. One for each process; safe to share among threads.

    ``same_origin``: whether Gitea's files are on the host of our pages. Where they are not, no browser would take them.
    """

    def __init__(
        self, gitea: GiteaClient, *, same_origin: bool, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._gitea = gitea
        self._same_origin = same_origin
        self._monotonic = monotonic
        self._held: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def stylesheet(self, theme: str) -> str:
        """The path of the theme's stylesheet; empty where it can't be had, and the built-in colours are used."""
        if not self._same_origin:
            return ""
        wanted = theme if _NAME.fullmatch(theme) else DEFAULT
        until, path = self._held.get(wanted, (float("-inf"), ""))
        if self._monotonic() < until:
            return path
        path = self._looked_up(wanted)
        with self._lock:
            if len(self._held) >= _MOST_THEMES:
                self._held.clear()
            self._held[wanted] = (self._monotonic() + (_KNOWN_SECONDS if path else _UNKNOWN_SECONDS), path)
        return path

    def _looked_up(self, theme: str) -> str:
        try:
            page = self._gitea.page_for_all("user", "login", cookies={"gitea_theme": theme})
        except GiteaError:
            return ""
        return theme_in(page, theme)


def theme_in(page: str, theme: str) -> str:
    """Return the path of the theme's file as a page of Gitea names it, or of the file that it names instead.

    Up to 1.25 names have no hash, so one that is known tells the others.
    """
    links = _Stylesheets()
    links.feed(page)
    for href in links.found:
        file = _FILE.fullmatch(href)
        if file is None:
            continue
        if file["name"] == theme or file["hash"]:
            return href
        return href[: file.start("name")] + theme + href[file.end("name") :]
    return ""


class _Stylesheets(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "link" and (named.get("rel") or "").lower() == "stylesheet":
            self.found.append(named.get("href") or "")
