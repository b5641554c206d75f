"""What one reader gets: which offers he may see, as the bytes of a feed. Bodies are shared by all who see the same."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bridge.rules import listing
from bridge.rules.publication import Offer
from bridge.services.gate import Verdict
from bridge.services.offers import TOKEN_PLACEHOLDER, dolibarr_release, joomla_entry, product_name
from bridge.services.products import Product
from feeds import dolibarr, joomla
from feeds.changelog import sections
from feeds.dolibarr import DolibarrRelease, LicenseNote
from feeds.entries import ChangelogEntry, CollectionItem, Identity, UpdateFeed

EMPTY_FEED = joomla.update_feed(UpdateFeed())
EMPTY_CHANGELOG = joomla.changelog(())


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reader asks for beside the product. ``channel``: only this stream."""

    edition: str = ""
    channel: str = ""
    dolibarr: str = ""
    php: str = ""


def updates_xml(product: Product, wish: Wish, verdict: Verdict) -> bytes:
    """The Joomla feed for a reader who asked with a key, or without one."""
    if product.retired or not product.serves("joomla", wish.edition):
        return EMPTY_FEED
    view = _view(product, wish, verdict)
    if view is None or _unknown_channel(product, wish):
        return EMPTY_FEED
    return product.body(
        ("updates", wish.edition, wish.channel, view.name), lambda: _render(product, wish, view, personal=False)
    )


def personal_xml(product: Product, wish: Wish, verdict: Verdict, token: str) -> bytes:
    """The feed of one key, whose links carry its token; empty unless the key is good."""
    if product.retired or not verdict.decision.allowed or not product.serves("joomla", wish.edition):
        return EMPTY_FEED
    view = _view(product, wish, verdict)
    assert view is not None, "a good key always has a view"
    if _unknown_channel(product, wish):
        return EMPTY_FEED
    shared = product.body(
        ("personal", wish.edition, wish.channel, view.name), lambda: _render(product, wish, view, personal=True)
    )
    return shared.replace(f"~{TOKEN_PLACEHOLDER}/".encode(), f"~{token}/".encode())


def changelog_xml(product: Product) -> bytes:
    """Every version on offer, those of all editions in one; open to everybody."""
    if product.retired:
        return EMPTY_CHANGELOG
    return product.body(("changelog",), lambda: joomla.changelog(_changelog(product)))


def version_txt(product: Product, wish: Wish, verdict: Verdict) -> bytes:
    """The newest stable version that runs on the asking Dolibarr, or nothing. Test releases are not announced there."""
    offers = [each for each in _dolibarr_offers(product, wish, verdict) if each.stream.stability == "stable"]
    newest = dolibarr.newest_that_fits(_dolibarr_releases(product, offers), wish.dolibarr, wish.php)
    return dolibarr.version_txt(newest.version if newest else None)


def dolibarr_json(product: Product, wish: Wish, verdict: Verdict, note: LicenseNote | None) -> bytes:
    """The newest release that runs on the asking Dolibarr, with what the stated key is worth."""
    offers = _dolibarr_offers(product, wish, verdict)
    newest = dolibarr.newest_that_fits(_dolibarr_releases(product, offers), wish.dolibarr, wish.php)
    return dolibarr.dolibarr_json(newest, module=product.name, license_note=note)


def collection_item(product: Product) -> CollectionItem | None:
    """The product's line in its owner's collection; ``None`` while it has no stable release."""
    stable = [each for each in listing.joomla_entries(product.offers("joomla")) if each.stream.stability == "stable"]
    if not stable:
        return None
    offer, extension = stable[0], stable[0].extension
    return CollectionItem(
        identity=Identity(extension.type, extension.element, extension.folder, extension.client),
        name=product_name(product.labels, offer),
        version=offer.version,
        details_url=product.labels.feed_url(),
        target_platform_version=offer.target_platform,
    )


def collection_xml(products: Iterable[Product]) -> bytes:
    """An owner's extensions, those that the reader may know of."""
    items = (collection_item(product) for product in products)
    return joomla.collection([item for item in items if item is not None])


@dataclass(frozen=True, slots=True)
class _View:
    """Which offers a reader sees; two readers with the same name see the same."""

    name: object
    sees: Callable[[Offer], bool]


def _view(product: Product, wish: Wish, verdict: Verdict) -> _View | None:
    """The reader's view, or ``None`` where a key is required and none is good."""
    package = verdict.package
    if verdict.decision.allowed and package is not None:
        return _View((package.streams, verdict.owned_until), listing.granted(package.grants, verdict.owned_until))
    if product.require_key(wish.edition) == "true":
        return None
    return _View("open", listing.in_open_feed)


def _unknown_channel(product: Product, wish: Wish) -> bool:
    """Whether the channel is no stream at all: made-up ones must not push real bodies out of the memory."""
    return bool(wish.channel) and all(wish.channel != stream.name for stream in product.settings.streams)


def _seen(product: Product, platform: str, wish: Wish, view: _View) -> list[Offer]:
    return [
        offer
        for offer in product.offers(platform, wish.edition)
        if not offer.withdrawn and view.sees(offer) and wish.channel in {"", offer.stream.name}
    ]


def _render(product: Product, wish: Wish, view: _View, *, personal: bool) -> bytes:
    chosen = listing.joomla_entries(_seen(product, "joomla", wish, view))
    entries = tuple(joomla_entry(product.labels, offer, personal=personal) for offer in chosen)
    return joomla.update_feed(UpdateFeed(entries))


def _dolibarr_offers(product: Product, wish: Wish, verdict: Verdict) -> list[Offer]:
    if product.retired or not product.serves("dolibarr"):
        return []
    view = _view(product, wish, verdict)
    return [] if view is None else listing.newest_first(_seen(product, "dolibarr", wish, view))


def _dolibarr_releases(product: Product, offers: Iterable[Offer]) -> Iterator[DolibarrRelease]:
    return (dolibarr_release(product.labels, each) for each in offers)


def _changelog(product: Product) -> list[ChangelogEntry]:
    """One entry a version, also where nothing is told of it: a site looks its version up, and finds no other way in.

    Editions share the page; of two that spell a version alike, the plain one comes first.
    """
    joomla_offers = [each for each in product.publication.offers if each.platform == "joomla" and not each.withdrawn]
    by_version: dict[str, Offer] = {}
    for offer in sorted(joomla_offers, key=lambda each: each.edition):
        by_version.setdefault(offer.version, offer)
    return [_changelog_entry(offer) for offer in listing.newest_first(by_version.values())]


def _changelog_entry(offer: Offer) -> ChangelogEntry:
    extension = offer.extension
    identity = Identity(extension.type, extension.element, extension.folder, extension.client)
    return ChangelogEntry(identity, offer.version, sections(offer.release.notes))
