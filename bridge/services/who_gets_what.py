"""Which version each kind of site is offered: Joomla by PHP, a column for each stream. The rules of feeds decide."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.rules import listing, platforms
from bridge.rules.publication import Offer
from bridge.services.products import Product

JOOMLAS = ("4.4", "5.0", "5.4", "6.0", "6.1")
PHPS = ("8.1", "8.2", "8.3", "8.4")


@dataclass(frozen=True, slots=True)
class Row:
    """What sites of one Joomla and PHP are offered, by stream; empty: nothing."""

    joomla: str
    php: str
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns are streams; rows that say the same as the one above are joined to it."""

    streams: tuple[str, ...]
    rows: tuple[Row, ...]


def table(product: Product) -> Table | None:
    """The whole table; ``None`` where nothing is offered for Joomla."""
    offers = [each for each in product.offers("joomla") if not each.withdrawn]
    if not offers:
        return None
    streams = tuple(dict.fromkeys(each.stream.name for each in listing.newest_first(offers)))
    rows = [_row(offers, streams, joomla, php) for joomla in JOOMLAS for php in PHPS]
    return Table(streams, tuple(_joined(rows)))


def _row(offers: Sequence[Offer], streams: Sequence[str], joomla: str, php: str) -> Row:
    fit = [each for each in offers if platforms.matches(each.target_platform, f"{joomla}.0") and _runs(each, php)]
    newest = listing.newest_first(fit)
    first = {name: next((each.version for each in newest if each.stream.name == name), "") for name in streams}
    return Row(joomla, php, tuple(first[name] for name in streams))


def _runs(offer: Offer, php: str) -> bool:
    wanted = [int(part) for part in offer.php_minimum.split(".") if part.isdigit()]
    return [int(part) for part in php.split(".")] >= wanted[:2]


def _joined(rows: Sequence[Row]) -> list[Row]:
    joined: list[Row] = []
    for row in rows:
        same = joined and (joined[-1].joomla, joined[-1].versions) == (row.joomla, row.versions)
        if same:
            first = joined[-1].php.partition(" to ")[0]
            joined[-1] = Row(row.joomla, f"{first} to {row.php}", row.versions)
        else:
            joined.append(row)
    return joined
