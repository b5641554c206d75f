"""What a customer may download with a key: what its feeds list, by the doors that sites use."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from bridge.rules import listing
from bridge.rules.access import Code
from bridge.rules.packages import Package
from bridge.rules.publication import Offer
from bridge.services.gate import Gate, Stated, Verdict
from bridge.services.offers import product_name
from bridge.services.products import Product

# Refusals that another domain might not get.
_OF_DOMAINS = {Code.DOMAIN_REQUIRED, Code.DOMAIN_INVALID, Code.DOMAIN_NOT_ALLOWED, Code.SITE_LIMIT}
# The first is nearly always let in.
_MOST_STATED = 10
PLATFORMS: tuple[Literal["joomla", "dolibarr"], ...] = ("joomla", "dolibarr")


@dataclass(frozen=True, slots=True)
class Download:
    """One file. Its address opens for whoever has it."""

    name: str
    version: str
    stream: str
    platform: str
    address: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a key opens. ``wants_domain``: nothing, since no domain is known that could be stated for it."""

    files: list[Download] = field(default_factory=list)
    wants_domain: bool = False


def of_key(gate: Gate, products: Iterable[Product], package_id: int, feed_token: str, domains: Sequence[str]) -> Found:
    """The files of a key, the newest of each kind. ``domains``: what may be stated, for packages that ask for one."""
    files: list[Download] = []
    wants_domain = False
    for product, package, edition in _opened(products, package_id):
        stateable = domains if package.unstated_domain == "refuse" else ()
        spoken, verdict = _asked(gate, product, edition, feed_token, stateable)
        wants_domain = wants_domain or verdict.decision.code in _OF_DOMAINS
        if verdict.decision.allowed:
            sees = listing.granted(package.grants, verdict.owned_until)
            offers = _listed(product, edition, [each for each in product.publication.offers if sees(each)])
            files += [_download(product, offer, feed_token, spoken) for offer in offers]
    return Found(files, wants_domain=wants_domain and not files)


def _opened(products: Iterable[Product], package_id: int) -> Iterator[tuple[Product, Package, str]]:
    for product in products:
        package = product.packages.get(package_id)
        for edition in ("", *product.settings.feed.editions):
            if package is not None and package.opens(product.repo_id, edition):
                yield product, package, edition


def _asked(gate: Gate, product: Product, edition: str, feed_token: str, domains: Sequence[str]) -> tuple[str, Verdict]:
    """What is answered to the first domain that is let in, or else to the last; and which one that is."""
    for spoken in domains[:_MOST_STATED] or ("",):
        stated = Stated(feed_token=feed_token, domain=spoken or None)
        verdict = gate.ask(product, stated, edition, activate=False)
        if verdict.decision.code not in _OF_DOMAINS:
            break
    return spoken, verdict


def _listed(product: Product, edition: str, seen: list[Offer]) -> Iterator[Offer]:
    for platform in PLATFORMS:
        offers = [each for each in seen if (each.platform, each.edition) == (platform, edition) and not each.withdrawn]
        if not product.serves(platform, edition):
            continue
        if platform == "joomla":
            yield from listing.joomla_entries(offers)
            continue
        newest: dict[str, Offer] = {}
        for offer in listing.newest_first(offers):
            newest.setdefault(offer.stream.name, offer)
        yield from newest.values()


def _download(product: Product, offer: Offer, feed_token: str, domain: str) -> Download:
    address = product.labels.download_url(offer, feed_token)
    if domain:
        address = f"{address}?domain={quote(domain, safe='')}"
    name = product_name(product.labels, offer)
    return Download(name, offer.version, offer.stream.name, offer.platform, address)
