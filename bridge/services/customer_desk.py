"""A customer's own page: the keys that an owner issued to one mail address, for whoever has a good link to it."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from bridge.models import LicenseKey, Owner, Package, Site
from bridge.rules import domains, site_moves
from bridge.rules.keys import State, grace_until
from bridge.rules.letters import kinds
from bridge.rules.strict_toml import is_web_address
from bridge.services import customer_downloads, link_mails, mail_keys, mail_settings, payment_sales, sites
from bridge.services.customer_downloads import Found
from bridge.services.customer_links import CustomerLinks, Opened
from bridge.services.gate import Gate
from bridge.services.mail_keys import Shown
from bridge.services.products import Product, Products
from bridge.services.thanks import masked
from bridge.storage import catalog, customer_pages, licenses
from bridge.storage import sites as site_rows
from bridge.storage.audits import Actor

KEYS_A_PAGE = 10
# Those that were seen last; a key without a limit may have any number.
SITES_SHOWN = 50
# An owner's repos that are looked through for downloads, of those that the keys open.
MOST_REPOS = 50
# In these states a key's code is still of use to whoever has it.
_SHOWS_CODE = mail_keys.USABLE | {State.EXPIRED, State.SUSPENDED}


class Freed(StrEnum):
    """What became of the wish to free a site."""

    DONE = "done"
    GONE = "gone"  # it is no site of theirs, or none any more
    TOO_OFTEN = "too_often"
    NO_LINK = "no_link"


@dataclass(frozen=True, slots=True)
class Renewal:
    """Where a key is renewed. ``anew``: by buying the package again, which brings another key."""

    address: str
    anew: bool


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key as its customer sees it. ``code`` "": it is of no use any more. ``moves_left`` ``None``: any number."""

    shown: Shown
    code: str
    words: str
    domains: list[str]
    sites: list[Site]
    more_sites: int
    seats: int
    limit: int
    moves_left: int | None
    renewal: Renewal | None
    feed_token: str
    found: Found = field(default_factory=Found)

    @property
    def opens(self) -> bool:
        """Whether there may be something to download with it."""
        return self.shown.state not in {State.REVOKED, State.SUSPENDED, State.NOT_STARTED}

    @property
    def stateable(self) -> list[str]:
        """Domains that may be stated where its package asks for one. A site that is there takes no further place."""
        live = sorted(self.sites, key=lambda site: site.kind != "production")
        allowed = [site.host for site in live if not self.domains or domains.covered(self.domains, site.host)]
        return [*allowed, *(each for each in self.domains if not each.startswith("*.") and each not in allowed)]


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows. ``whole``: everything of the customer, and not just what came of one purchase."""

    seller: str
    support: str
    mail: str
    whole: bool
    expires_at: datetime
    total: int
    keys: list[KeyLine]
    joomla: bool
    dolibarr: bool


class CustomerDesk:
    """One for each process."""

    def __init__(
        self,
        links: CustomerLinks,
        gate: Gate,
        products: Products,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
    ) -> None:
        self.links = links
        self._gate = gate
        self._products = products
        self._open_session = open_session
        self._clock = clock

    def look(self, link: str, number: int) -> Page | None:
        """One page of the keys that a link opens; ``None`` where it opens nothing."""
        now = self._clock()
        with self._open_session(read_only=True) as session:
            opened = self.links.open(session, link, now)
            if opened is None:
                return None
            page = self._page(session, opened, number, now)
            packages = {key.shown.package_id for key in page.keys if key.opens}
            paths = _paths(session, opened.customer.owner_id, packages)
        found = [product for product in (self._product(*path, packages) for path in paths) if product is not None]
        return replace(page, keys=[self._with_downloads(key, found) for key in page.keys])

    def free(self, link: str, site_id: int, origin: str) -> Freed:
        """Free a site of a key that the link opens; the audit trail names the customer."""
        now = self._clock()
        with self._open_session() as session:
            opened = self.links.open(session, link, now)
            if opened is None:
                return Freed.NO_LINK
            customer = opened.customer
            found = customer_pages.key_of_site(session, customer.id or 0, opened.purchase_id, site_id)
            if found is None:
                return Freed.GONE
            key, site = found
            site_rows.hold_key(session, key.id or 0)  # of many who free at once, no more than may
            live = site_rows.live_site(session, key.id or 0, site.host)
            if live is None or live.id != site_id:
                return Freed.GONE
            if live.slot is not None and _moves_left(session, key, _limit(session, key), now) == 0:
                return Freed.TOO_OFTEN
            sites.free(session, key, site.host, Actor(f"{customer_pages.ACTOR}:{customer.id}", origin), now)
        return Freed.DONE

    def known_by(self, email: str) -> list[int]:
        """What `mail_links` needs to know about an address. It takes as long where nobody knows it."""
        with self._open_session(read_only=True) as session:
            return link_mails.known_by(session, email)

    def mail_links(self, key_ids: Sequence[int]) -> None:
        """Mail links to those who have these keys."""
        if key_ids:
            with self._open_session() as session:
                link_mails.put_all(session, key_ids, self._clock())

    def _page(self, session: Any, opened: Opened, number: int, now: datetime) -> Page:
        customer = opened.customer
        total, rows = customer_pages.keys_of(
            session, customer.id or 0, opened.purchase_id, limit=KEYS_A_PAGE, offset=(number - 1) * KEYS_A_PAGE
        )
        owner = session.get_one(Owner, customer.owner_id)
        shown = {each.id: each for each in mail_keys.shown(session, rows, now)}
        assigned = licenses.domains_of(session, shown)
        keys = [self._line(session, owner, row, shown[row.id or 0], assigned.get(row.id or 0, []), now) for row in rows]
        joomla, dolibarr = mail_keys.platforms(session, owner.id, {row.package_id for row in rows})
        voice = mail_settings.voice_of(owner, [])
        return Page(
            seller=voice.name,
            support=voice.support,
            mail=masked(customer.email),
            whole=not opened.purchase_id,
            expires_at=opened.expires_at,
            total=total,
            keys=keys,
            joomla=joomla,
            dolibarr=dolibarr,
        )

    def _product(self, owner: str, repo: str, packages: set[int]) -> Product | None:
        """The picture of a repo that knows these packages; the one that is held may be older than they are."""
        found = self._products.find(owner, repo)
        if found is not None and not packages <= found.packages.keys():
            return self._products.find(owner, repo, newer_than=found)
        return found

    def _line(
        self, session: Any, owner: Owner, row: LicenseKey, shown: Shown, assigned: list[str], now: datetime
    ) -> KeyLine:
        package = session.get_one(Package, row.package_id)
        limit = _limit(session, row)
        total, seats = site_rows.count_sites(session, row.id or 0)
        latest = list(site_rows.latest_sites(session, row.id or 0, SITES_SHOWN))
        return KeyLine(
            shown=shown,
            code=shown.code if shown.state in _SHOWS_CODE else "",
            words=_words(row, package, shown),
            domains=assigned,
            sites=latest,
            more_sites=max(0, total - len(latest)),
            seats=seats,
            limit=limit,
            moves_left=_moves_left(session, row, limit, now),
            renewal=self._renewal(session, owner, package, shown),
            feed_token=row.feed_token,
        )

    def _renewal(self, session: Any, owner: Owner, package: Package, key: Shown) -> Renewal | None:
        """Where it can be renewed. Nothing is to be renewed that goes on by itself, never ends, or was stopped."""
        if key.renews or key.is_test or key.expires_at is None or key.state in {State.REVOKED, State.SUSPENDED}:
            return None
        named = package.renewal_url or mail_settings.seller_of(owner).renewal_url
        if is_web_address(named):  # the last look at it before it becomes a link on Gitea's own origin
            return Renewal(named, anew=False)
        bought_at = payment_sales.address_to_buy(session, package, self.links.public_url)
        return Renewal(bought_at, anew=True) if bought_at else None

    def _with_downloads(self, key: KeyLine, products: Sequence[Product]) -> KeyLine:
        if not key.opens:
            return key
        package_id, token = key.shown.package_id, key.feed_token
        return replace(key, found=customer_downloads.of_key(self._gate, products, package_id, token, key.stateable))


def _paths(session: Any, owner_id: int, package_ids: Collection[int]) -> list[tuple[str, str]]:
    """Owner and name of the repos that packages open, by name; those that a package names go before all others."""
    listed = licenses.repos_of_packages(session, package_ids)
    packages = [
        licenses.package_value(session.get_one(Package, each), listed.get(each, ())) for each in sorted(package_ids)
    ]
    served = catalog.repos_of(session, owner_id, served_only=True)
    named = [repo.id for repo, _ in served if any(package.names(repo.id) for package in packages)]
    others = [repo.id for repo, _ in served] if any(package.opens_all for package in packages) else []
    wanted = set(list(dict.fromkeys([*named, *others]))[:MOST_REPOS])
    return [(owner.name, repo.name) for repo, owner in served if repo.id in wanted]


def _limit(session: Any, key: LicenseKey) -> int:
    return session.get_one(Package, key.package_id).max_sites if key.max_sites is None else key.max_sites


def _moves_left(session: Any, key: LicenseKey, limit: int, now: datetime) -> int | None:
    return site_moves.left(limit, customer_pages.freed_since(session, key.id or 0, now - site_moves.SPAN))


def _words(row: LicenseKey, package: Package, key: Shown) -> str:
    """How the key stands, in a sentence. What a person wrote about the reason is none of the customer's business."""
    words, facts = kinds.words("en"), licenses.key_facts(row)
    if key.state in {State.REVOKED, State.SUSPENDED}:
        by_person = row.revoked_at is not None or (row.suspended_at is not None and row.payment_hold != "revoke")
        stopped = "It was revoked, and works no more." if key.state is State.REVOKED else "It is suspended for now."
        return stopped if by_person else words.held.get(row.payment_reason or "", stopped)
    if key.state is State.NOT_STARTED:
        return f"It works from {row.starts_at.strftime(words.date)} on."
    if key.state is State.EXPIRED:
        return "Its term is over, so there are no updates. What is installed goes on working."
    if key.state is State.GRACE:
        end = grace_until(facts, licenses.package_value(package).grace)
        return f"Its term is over; it still works until {end.strftime(words.date) if end else 'then'}."
    told = mail_keys.how_long(key, words)
    return f"It {told}." if not key.is_test and not key.renews else f"{told[:1].upper()}{told[1:]}."
