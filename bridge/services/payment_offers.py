"""Which package is it that was bought: what the owner mapped, and what the owner wrote into the provider's metadata."""

from datetime import timedelta
from typing import Any

from bridge.models import Package, PaymentAccount
from bridge.rules.payments.reports import Mapped, Offer
from bridge.storage import licenses, payment_accounts


class Offers:
    """The map of one account, read once. Only the owner's own packages are ever found, and never a master package."""

    def __init__(self, session: Any, account: PaymentAccount) -> None:
        self._maps = {
            (row.match_type, row.match_value): row for row in payment_accounts.maps_of(session, account.id or 0)
        }
        owned = licenses.packages_of(session, account.owner_id)
        self._packages = {row.id or 0: row for row in owned if not row.is_master and row.owner_id == account.owner_id}

    def find(self, offer: Offer, *, dated: bool = False) -> Mapped:
        """What an offer is; the first of its names that is mapped counts. ``dated``: with the package's term."""
        for match, value in offer.names:
            row = self._maps.get((match, value))
            package = self._packages.get(row.package_id) if row is not None else None
            if package is None and match == "metadata":
                package = self._named(value)
            if package is not None:
                mode: Any = row.quantity_mode if row is not None else ""
                price = (row.amount_minor, row.currency) if row is not None else (None, "")
                if not dated:
                    return Mapped(package.id, mode, None, timedelta(), *price)
                sold = licenses.package_value(package)
                return Mapped(package.id, mode, sold.term, sold.grace, *price)
        return Mapped()

    def is_mapped(self, offer: Offer) -> bool:
        """Whether it is one of ours."""
        return self.find(offer).package_id is not None

    def _named(self, text: str) -> Package | None:
        """A package by its number or, where only one is called so, by its name."""
        if text.isascii() and text.isdigit() and len(text) < 10:  # noqa: PLR2004  row numbers have 32 bits
            return self._packages.get(int(text))
        named = [each for each in self._packages.values() if each.name.casefold() == text.casefold()]
        return named[0] if len(named) == 1 else None
