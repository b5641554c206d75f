"""Who gets what from a product's feeds, by the rule that every site follows."""

from typing import Any

from bridge.rules import listing, who_gets_what
from bridge.rules.who_gets_what import Entry
from bridge.services.offers import joomla_entry
from bridge.services.products import Product


def joomla_editions(product: Product) -> list[str]:
    """The editions that have a Joomla feed, the plain one first."""
    return [edition for edition in ("", *product.settings.feed.editions) if product.serves("joomla", edition)]


def entries(product: Product, edition: str = "") -> list[Entry]:
    """What the feed of an edition lists for a key of all streams, as far as a site's choice depends on it."""
    chosen = listing.joomla_entries(product.offers("joomla", edition))
    rendered = [joomla_entry(product.labels, offer) for offer in chosen]
    return [Entry(each.version, each.stability, each.target_platform, each.php_minimum) for each in rendered]


def report(product: Product) -> list[dict[str, Any]]:
    """One row for each edition and Joomla line: what sites that take stable, rc or dev releases get."""
    found = []
    for edition in joomla_editions(product):
        rows = who_gets_what.table(entries(product, edition))
        for joomla in who_gets_what.JOOMLAS:
            cells = {row.minimum: who_gets_what.in_words(row) for row in rows if row.joomla == joomla}
            found.append({"joomla": joomla, **({"edition": edition} if edition else {}), **cells})
    return found
