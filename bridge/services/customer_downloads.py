"""What a customer may download with a key: what its feeds list, by the doors that sites use."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from bridge.rules import listing
from bridge.rules.publication import Offer
from bridge.services.gate import Gate, Stated
from bridge.services.offers import TOKEN_PLACEHOLDER, product_name
from bridge.services.products import Product

PLATFORMS: tuple[Literal["joomla", "dolibarr"], ...] = ("joomla", "dolibarr")


@dataclass(frozen=True, slots=True)
class Download:
    """One file. Its address opens for whoever has it."""

    name: str
    version: str
    stream: str
    platform: str
    address: str


def of_key(
    gate: Gate, products: Iterable[Product], package_id: int, feed_token: str, domain: str
) -> Iterator[Download]:
    """The files of a key, the newest of each kind. ``domain``: one of its sites, for packages that ask for one."""
    for product in products:
        package = product.packages.get(package_id)
        for edition in ("", *product.settings.feed.editions):
            if package is None or not package.opens(product.repo_id, edition):
                continue
            spoken = domain if package.unstated_domain == "refuse" else ""
            stated = Stated(feed_token=feed_token, domain=spoken or None)
            verdict = gate.ask(product, stated, edition, activate=False)
            if verdict.decision.allowed:
                sees = listing.granted(package.grants, verdict.owned_until)
                for offer in _listed(product, edition, [each for each in product.publication.offers if sees(each)]):
                    yield _download(product, offer, feed_token, spoken)


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
    shared = product.labels.download_url(offer, personal=True)
    address = shared.replace(f"~{TOKEN_PLACEHOLDER}/", f"~{feed_token}/")
    if domain:
        address = f"{address}?domain={quote(domain, safe='')}"
    name = product_name(product.labels, offer)
    return Download(name, offer.version, offer.stream.name, offer.platform, address)
