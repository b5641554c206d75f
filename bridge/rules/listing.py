"""Which of a repo's offers one reader sees, and in which order."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cmp_to_key

from bridge.rules.publication import Offer
from bridge.rules.versions import php_version_compare

MOST_ENTRIES = 50


def _compare(one: Offer, other: Offer) -> int:
    return php_version_compare(one.version, other.version)


def newest_first(offers: Iterable[Offer]) -> list[Offer]:
    """Highest version first; equal versions keep the order in which they were first seen."""
    return sorted(offers, key=cmp_to_key(_compare), reverse=True)


def left_behind(offers: Iterable[Offer]) -> tuple[Offer, Offer] | None:
    """The stable release that was seen last and the highest one, if that is another (update-clients rule 20).

    It may be meant so, for an older line. It may also be 1.2 after 1.2.0, which no site would take for newer.
    """
    stable = [offer for offer in offers if offer.stream.stability == "stable" and not offer.withdrawn]
    if not stable:
        return None
    last, highest = (
        max(stable, key=lambda offer: (offer.release.first_seen_at, offer.release.id)),
        newest_first(stable)[0],
    )
    return (last, highest) if _compare(last, highest) < 0 else None


def in_open_feed(offer: Offer) -> bool:
    """Whether a reader without a key sees it in an open feed."""
    return offer.stream.listed_in_open_feed


def granted(grants: Callable[[str], bool], owned_until: datetime | None) -> Callable[[Offer], bool]:
    """What a key sees: the streams of its package and, once expired, only what was there before the expiry."""

    def sees(offer: Offer) -> bool:
        return grants(offer.stream.name) and (owned_until is None or offer.release.first_seen_at < owned_until)

    return sees


def joomla_entries(offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """Choose what a feed lists (``docs/update-clients.md`` rule 30).

    For each class of sites, told apart by Joomla pattern and PHP minimum: the newest of each stable stream, the newest
    of every other stream where it is newer than that, and the oldest stable one as a stepping stone.
    """
    classes: dict[tuple[str, str], list[Offer]] = {}
    for offer in newest_first(offer for offer in offers if not offer.withdrawn):
        classes.setdefault((offer.target_platform, offer.php_minimum), []).append(offer)
    chosen = {offer.release.id: offer for members in classes.values() for offer in _of_class(members)}
    return tuple(newest_first(chosen.values())[:MOST_ENTRIES])


def _of_class(offers: list[Offer]) -> Iterator[Offer]:
    stables = [offer for offer in offers if offer.stream.stability == "stable"]
    seen: set[str] = set()
    for offer in offers:
        if offer.stream.name in seen:
            continue
        seen.add(offer.stream.name)
        if offer.stream.stability == "stable" or not stables or _newer(offer, stables[0]):
            yield offer
    if stables:
        yield stables[-1]


def _newer(offer: Offer, other: Offer) -> bool:
    return _compare(offer, other) > 0
