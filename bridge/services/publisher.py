"""What whoever publishes needs to know of a repo: what is on offer, what is held back, what is wrong."""

from typing import Any

from bridge.models import Repo
from bridge.rules import listing
from bridge.rules.publication import Offer
from bridge.services import audience
from bridge.services.offers import file_name
from bridge.services.products import Product
from feeds.dolibarr import descriptor_line

OPEN_ASSETS = (
    "Gitea hands this repo's release files to strangers, so the required key protects nothing:"
    " make the repo private in Gitea (its feed stays reachable)"
)


def overview(product: Product, row: Repo) -> dict[str, Any]:
    """One line of the list."""
    offers = listing.newest_first(offer for offer in product.publication.offers if not offer.withdrawn)
    return {
        "repo": product.full_name,
        "id": row.id,
        "served": row.served,
        "platform": product.settings.platform or "none",
        "require_key": product.settings.require_key,
        "newest": offers[0].version if offers else None,
        "held_back": len(product.publication.held),
        "problems": len(warnings(product, row)),
    }


def report(product: Product, row: Repo) -> dict[str, Any]:
    """Everything about one repo, as plain JSON."""
    labels = product.labels
    offers = listing.newest_first(product.publication.offers)
    return {
        **overview(product, row),
        "private": row.private,
        "streams": [stream.name + ("+" if stream.listed_in_open_feed else "") for stream in product.settings.streams],
        "feed_url": labels.feed_url(),
        "edition_urls": [labels.feed_url(edition) for edition in product.settings.feed.editions],
        "changelog_url": labels.changelog_url(),
        "version_url": f"{labels.base}/version.txt",
        "descriptor_line": _descriptor_line(product),
        "warnings": warnings(product, row),
        "offers": [
            {
                "version": offer.version,
                "tag": offer.release.tag,
                "stream": offer.stream.name,
                "platform": offer.platform,
                "edition": offer.edition,
                "file": file_name(offer),
                "sha256": offer.asset.sha256,
                "withdrawn": offer.withdrawn,
            }
            for offer in offers
        ],
        "held": [
            {
                "tag": held.tag,
                "platform": held.platform,
                "edition": held.edition,
                "code": held.code,
                "reason": held.reason,
            }
            for held in product.publication.held
        ],
        "hints": [*_behind(product), *(offers[0].extension.notes if offers else ())],
        "who_gets_what": audience.report(product),
    }


def left_behind(product: Product) -> list[tuple[Offer, Offer]]:
    """For each platform and edition the release that was published last, and a higher one that sites have already."""
    lines: dict[tuple[str, str], list[Offer]] = {}
    for offer in product.publication.offers:
        lines.setdefault((offer.platform, offer.edition), []).append(offer)
    return list(filter(None, map(listing.left_behind, lines.values())))


def _behind(product: Product) -> list[str]:
    return [
        f"{last.version} was published last but sorts below {highest.version}: sites on {highest.version} won't see it"
        for last, highest in left_behind(product)
    ]


def warnings(product: Product, row: Repo) -> list[str]:
    """What somebody should mend, in sentences."""
    found = [f"{problem['variable']}: {problem['sentence']}" for problem in row.problems]
    if row.open_assets and product.settings.require_key != "false":
        found.append(OPEN_ASSETS)
    if row.absent_since is not None:
        feeds = "its feeds go on for a minute, in case it comes back" if row.served else "its feeds are empty"
        found.append(f"Gitea no longer has this repo; {feeds}")
    return found


def _descriptor_line(product: Product) -> str | None:
    if not product.serves("dolibarr"):
        return None
    offers = product.offers("dolibarr")
    named = offers[-1].extension.module.upper() if offers else product.name.upper().replace("-", "_")
    constant = product.settings.feed.key_constant or f"{named}_DLID"
    return descriptor_line(f"{product.labels.base}/version.txt", key_constant=constant)
