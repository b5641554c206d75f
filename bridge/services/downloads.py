"""Finds the file behind a download address."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.rules.access import Wanted
from bridge.rules.publication import Offer
from bridge.services.offers import file_name
from bridge.services.products import Product
from bridge.storage import refreshes, stored_assets


@dataclass(frozen=True, slots=True)
class Found:
    """The offer behind an address, and the name under which it is delivered."""

    offer: Offer
    file_name: str

    @property
    def wanted(self) -> Wanted:
        """What the rules are asked about."""
        return Wanted(self.offer.stream.name, self.offer.release.first_seen_at, self.offer.withdrawn)


def find(product: Product, tag: str, name: str) -> Found | None:
    """The offer of a tag and file name; Gitea's own name of the file works as well as the delivered one."""
    if product.retired:
        return None
    of_tag = [offer for offer in product.publication.offers if offer.release.tag == tag]
    # A tag may be published again after it was withdrawn: the living release goes first.
    for offer in sorted(of_tag, key=lambda each: each.withdrawn):
        if name in {file_name(offer), offer.asset.name}:
            return Found(offer, file_name(offer))
    return None


def report_lost(session: Any, found: Found, now: datetime) -> None:
    """The store lacks the file (a restored database, a cleaned disk): the refresh sees that and fetches it again."""
    for row in stored_assets.repos_with_bytes(session, found.offer.asset.sha256):
        refreshes.enqueue(session, row.repo_id, row.full_name, "a file was lost from the store", now)
