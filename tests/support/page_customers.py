"""Customers on their own page: Ann, whose link opens it, and what she can press there."""

import itertools
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlmodel import select
from support.bridges import IssuedKey
from support.page_visits import PUBLIC, Pages, Visitor, form_at

from bridge.models import Audit, Site
from bridge.services import sites
from bridge.services.customer_links import links_of
from bridge.services.sites import Newcomer
from bridge.storage import catalog, customers

DOOR = "/-/licensing/my/"
# As a browser sends a form of a page that tells nobody its address.
OURS = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
_numbers = itertools.count(1)


def browser(pages: Pages) -> Visitor:
    """Somebody's browser; it holds no cookie that matters here, so one is enough."""
    if "customer" not in pages.visitors:
        pages.visitors["customer"] = pages.browser()
    return pages.visitors["customer"]


@dataclass
class Ann:
    """A customer with a key that a site uses, and the link to her page. Each test has its own."""

    pages: Pages
    key: IssuedKey
    mail: str
    link: str
    site: int

    def open(self, link: str = "", **query: str):
        path = f"{link or self.link}?{urlencode(query)}" if query else link or self.link
        return browser(self.pages).client.get(path, base_url=PUBLIC)

    def text(self) -> str:
        answer = self.open()
        assert answer.status_code == 200
        return str(answer.get_data(as_text=True))

    def free(self, site: int = 0, *, headers=None, token: str | None = None, link: str = ""):
        """Press the button of a site; by default with all that the page's form has."""
        page = link or self.link
        if token is None:
            token = form_at(self.text(), f"{self.link}/sites/{self.site}/free")["csrf_token"]
        path = f"{page}/sites/{site or self.site}/free"
        return browser(self.pages).post(path, {"csrf_token": token}, headers=headers or OURS)

    def live(self) -> list[str]:
        with self.pages.made.parts.open_session(read_only=True) as session:
            query = select(Site.host).where(Site.key_id == self.key.id, Site.freed_at.is_(None))
            return list(session.exec(query.order_by(Site.id)))

    def trail(self) -> list[Audit]:
        with self.pages.made.parts.open_session(read_only=True) as session:
            query = select(Audit).where(Audit.subject == f"key:{self.key.id}", Audit.action == "site.free")
            return list(session.exec(query))


def arrive(pages: Pages, key: IssuedKey, host: str) -> int:
    made = pages.made
    with made.parts.open_session() as session:
        return sites.arrive(session, Newcomer(key.id, host, 2, "free"), made.clock(), per_day=99).site_id or 0


def link_of(pages: Pages, mail: str, owner: str = "acme", **more) -> str:
    """The path of a link to a customer's page."""
    made = pages.made
    with made.parts.open_session(read_only=True) as session:
        customer = customers.by_mail(session, catalog.owner_by_name(session, owner).id, mail)
        return links_of(made.settings).address(customer, made.clock(), **more).removeprefix(PUBLIC)


def new_ann(pages: Pages, package: str = "Standard", host: str = "shop.example.com", **stated) -> Ann:
    mail = f"ann{next(_numbers)}@example.com"
    key = pages.api.new_key(package, customer_name="Ann Other", customer_email=mail, **stated)
    return Ann(pages, key, mail, link_of(pages, mail), arrive(pages, key, host) if host else 0)


def without_token(text: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]*"', "", text)
