"""The pages in a real browser: a bridge on a loopback port beside the pretended Gitea, and people who sign in there."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Browser, Page
from support.api_world import PEOPLE, Api, build_api
from support.bridges import install
from support.browsers import Visit, served, visiting
from support.page_payments import account_of, event_of
from support.page_visits import CLIENT

from bridge.app import create_app
from bridge.services import sites
from bridge.services.sites import Newcomer
from bridge.storage import catalog
from tools.ports import free_port

HOME = "/acme/mod-weather/licenses"
AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
_RUN = "async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})).violations"


@dataclass
class Site:
    """A bridge that browsers reach."""

    api: Api
    url: str
    browser: Browser

    @contextlib.contextmanager
    def visited_by(self, role: str, *, width: int = 1280, dark: bool = False, to: str = HOME) -> Iterator["Guest"]:
        """Somebody in a role, signed in, with a screen of that width."""
        with visiting(self.browser) as visit:
            visit.page.set_viewport_size({"width": width, "height": 900})
            visit.page.emulate_media(color_scheme="dark" if dark else "light")
            guest = Guest(visit, self.url)
            guest.sign_in(PEOPLE.get(role, role), to)
            yield guest


def sign_in(page: Page, login: str) -> None:
    """Answer Gitea's question who one is, and its question for consent where it asks that too."""
    who = page.get_by_role("button", name=re.compile(rf"^{login}\b"))
    who.click()
    who.wait_for(state="detached")
    page.wait_for_load_state()
    consent = page.get_by_role("button", name="Authorize application")
    if consent.count():
        consent.click()


@dataclass
class Guest:
    """A person at a browser."""

    visit: Visit
    url: str

    @property
    def page(self) -> Page:
        return self.visit.page

    def sign_in(self, login: str, to: str = HOME) -> None:
        """Through Gitea's question and consent, to where they wanted to go."""
        self.page.goto(f"{self.url}{to}")
        sign_in(self.page, login)
        self.page.wait_for_url(f"{self.url}{to}")
        self.visit.complaints.clear()
        self.visit.asked.clear()

    def open(self, path: str) -> Page:
        """A page of the bridge."""
        self.page.goto(f"{self.url}{path}")
        return self.page

    def look(self, width: int, *, dark: bool) -> None:
        """With a screen of that width, in those colours, from now on; at once, without a colour in between."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")

    def faults(self) -> list[str]:
        """What axe finds in this page, what the browser complained about, and whether it is wider than the screen."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = [
            f"{each['id']}: {each['help']}: {[node['html'][:160] for node in each['nodes'][:3]]}"
            for each in self.page.evaluate(_RUN)
        ]
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        if self.page.evaluate(wide):
            found.append("wider than the screen")
        return found + self.visit.complaints


@contextlib.contextmanager
def running_site(migrated_sqlite: Path, directory: Path, browser: Browser) -> Iterator[Site]:
    """The API's world with its pages, on a port of its own."""
    import shutil

    port = free_port()
    url = f"http://127.0.0.1:{port}"
    shutil.copy(migrated_sqlite, directory / "bridge.db")
    oauth = {"client_id": CLIENT[0], "client_secret": CLIENT[1]}
    made = install(f"sqlite:///{directory / 'bridge.db'}", directory, oauth=oauth, bridge={"public_url": url})
    api = build_api(made)
    made.world.now = made.clock
    made.world.add_application(
        "Licensing", [f"{url}/-/licensing/oauth/callback"], client_id=CLIENT[0], client_secret=CLIENT[1]
    )
    with made.parts.open_session() as session:
        for host in ("shop.example.com", "localhost"):
            sites.arrive(session, Newcomer(api.keys["annual"].id, host, 2, "free"), made.clock(), per_day=9)
        owner = catalog.owner_by_name(session, "acme")
        assert owner is not None, "it is one of the world"
        event_of(session, account_of(made, session, owner.id), made.clock())
    made_token = {"name": "shop", "scopes": ["stats:read"]}
    assert api.post("orgs/acme/license-tokens", made_token).status_code == 201
    with served(create_app(made.settings, made.parts), port):
        yield Site(api, url, browser)
    made.close()
