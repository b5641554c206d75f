"""The addresses and lines of a repo to copy: feeds, and what manifest and descriptor have to say."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from bridge.models import Repo
from bridge.rules.permissions import Action
from bridge.services import publisher
from bridge.services.products import Product
from bridge.web.pages import repo_home
from bridge.web.pages.visits import Page, Visit


def show(visit: Visit) -> Response:
    """All of them."""
    with visit.reading() as session:
        row, product = repo_home.loaded(visit, session)
    return visit.show("repo_addresses.html", **lines(row, product))


def lines(row: Repo, product: Product) -> Mapping[str, Any]:
    """What there is to copy, by what it is for."""
    told = publisher.report(product, row)
    labels = product.labels
    joomla, dolibarr = product.serves("joomla"), product.serves("dolibarr")
    joomla_feeds = [("Update feed", labels.feed_url())] if joomla else []
    joomla_feeds += [(f"Feed of the edition {name}", labels.feed_url(name)) for name in product.settings.feed.editions]
    feeds = joomla_feeds if joomla else []
    if joomla:
        collection = f"{labels.public_url}/{labels.owner}/-/licensing/extensions.xml"
        feeds += [("Changelog", labels.changelog_url()), ("All extensions of the owner", collection)]
    dolibarr_feeds = [
        ("Newest version", f"{labels.base}/version.txt"),
        ("With details", f"{labels.base}/updates/dolibarr.json"),
    ]
    return {
        "product": product,
        "feeds": [*feeds, *(dolibarr_feeds if dolibarr else [])],
        "manifest": _manifest(product) if joomla else "",
        "descriptor": told["descriptor_line"] if dolibarr else "",
        "constant": _constant(told["descriptor_line"] or ""),
    }


def _manifest(product: Product) -> str:
    labels = product.labels
    key = '\n<dlid prefix="dlid=" suffix=""/>' if product.require_key() != "false" else ""
    return (
        "<updateservers>\n"
        f'  <server type="extension" name="{labels.repo}">{labels.feed_url()}</server>\n</updateservers>\n'
        f"<changelogurl>{labels.changelog_url()}</changelogurl>{key}"
    )


def _constant(line: str) -> str:
    return line.partition("getDolGlobalString('")[2].partition("'")[0]


PAGES = (Page("repo_addresses", "addresses", Action.SETTINGS_READ, show),)
