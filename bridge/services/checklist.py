"""What stands between a repo and its first customer: the steps, and which of them are done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bridge.models import Package, Repo
from bridge.rules import listing
from bridge.services.products import Product
from bridge.storage import catalog


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``name`` for programs, ``done``, and a sentence about how it stands."""

    name: str
    title: str
    done: bool
    sentence: str


def steps(session: Any, product: Product, row: Repo, sold: Sequence[Package], *, issued: bool) -> list[Step]:
    """All steps in their order. ``sold``: the packages but the master one."""
    settings = product.settings
    platform = settings.platform not in {None, "none"}
    offers = [offer for offer in product.publication.offers if not offer.withdrawn]
    newest = next(iter(listing.newest_first(offers)), None)
    streams = ", ".join(stream.name for stream in settings.streams)
    open_assets = bool(row.open_assets) and settings.require_key != "false"
    named = _names_feed(session, row, product)
    held = next(iter(product.publication.held), None)
    waiting = (
        f"{held.tag} is held back: {held.reason}" if held else "Publish a release in Gitea with one ZIP that fits."
    )
    return [
        Step(
            "platform",
            "Say what it is for",
            platform,
            f"It is served for {_words(settings.platform)}."
            if platform
            else "Joomla, Dolibarr or both; until then nothing is served.",
        ),
        Step("streams", "Streams", True, f"Releases are sorted into {streams}."),
        Step(
            "release",
            "A release that fits",
            newest is not None,
            f"{newest.version} is on offer." if newest else waiting,
        ),
        Step(
            "assets",
            "Keep the files to yourself",
            not open_assets,
            "Make the repository private in Gitea: as it is, Gitea hands the files to strangers, whatever the key."
            if open_assets
            else "Gitea does not hand the release files to strangers."
            if row.private
            else "There is nothing that Gitea would hand to strangers.",
        ),
        Step(
            "package",
            "A package to sell",
            bool(sold),
            f"{len(sold)} can be sold." if sold else "How long a key lasts, what it opens, on how many sites.",
        ),
        Step("key", "A first key", issued, "Issued." if issued else "Issue one for yourself, and try it on a site."),
        Step(
            "manifest",
            "The line for the manifest",
            named,
            "Your newest release tells sites where its updates are."
            if named
            else "The next release has to tell sites where its updates are: copy the line from Feeds.",
        ),
    ]


def _words(platform: str | None) -> str:
    return {"joomla": "Joomla", "dolibarr": "Dolibarr", "both": "Joomla and Dolibarr"}.get(platform or "", "nothing")


def _names_feed(session: Any, row: Repo, product: Product) -> bool:
    """Whether a published file names our address: an update server of Joomla, or Dolibarr's line."""
    releases = [each.id for each in catalog.releases_of(session, row.id) if each.withdrawn_at is None]
    for asset in catalog.assets_of(session, releases):
        for extension in asset.extensions:
            told = [*(extension.get("update_servers") or ()), extension.get("url_last_version") or ""]
            if any(product.labels.base in each for each in told):
                return True
    return False
