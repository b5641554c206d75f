"""Begins a sale for somebody who followed a link: the order is written first, then the provider is asked."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bridge.errors import InvalidInputError, NotFoundError, RefusedError
from bridge.models import Package, PaymentAccount, PaymentOrder, PriceMap
from bridge.payments.provider import BegunSale, Price, SaleWish
from bridge.payments.registry import Providers
from bridge.payments.vault import Vault
from bridge.rules.payments import money
from bridge.services import payment_access
from bridge.services.payment_accounts import match_type_of
from bridge.storage import payment_accounts


class PaymentSales:
    """One for each process."""

    def __init__(
        self,
        providers: Providers,
        vault: Vault,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
        entropy: Callable[[int], bytes],
        public_url: str,
    ) -> None:
        self._providers = providers
        self._vault = vault
        self._open_session = open_session
        self._clock = clock
        self._entropy = entropy
        self._public_url = public_url

    def begin(self, endpoint: str, package_id: int, price_ref: str = "") -> str:
        """Where to pay for a package. ``price_ref`` chooses among several prices.

        Raises ``NotFoundError``, ``RefusedError`` where it is not for sale there, and what the provider raises.
        """
        order = str(uuid.UUID(bytes=self._entropy(16), version=4))
        with self._open_session() as session:
            account, price = self._for_sale(session, endpoint, package_id, price_ref)
            wish = self._wish(account, price, order)
            session.add(
                PaymentOrder(
                    id=order,
                    account_id=account.id or 0,
                    package_id=package_id,
                    price_ref=wish.price_ref,
                    amount_minor=price.amount_minor,
                    currency=price.currency,
                    created_at=self._clock(),
                )
            )
        access = payment_access.access_of(account, self._vault)
        begun = self._providers[account.provider].begin_sale(access, wish)
        self._remember(order, begun)
        return begun.url

    def price_of(self, account: PaymentAccount, value: str, stated: str = "") -> Price | None:
        """What a value costs that is about to be mapped; ``None`` where that is told with each sale.

        ``stated`` (such as ``49.00 EUR``) is for a word of PayPal's orders, whose price only the seller knows. Raises
        ``InvalidInputError``, and what the provider raises.
        """
        match = match_type_of(value, account.provider)
        if account.provider == "paypal" and match == "price":
            return _stated(value, stated)
        if stated:
            raise InvalidInputError("price", f"what {value} costs is known at the provider; leave the price away")
        if match not in {"price", "plan"} or not account.api_key:
            return None
        prices = self._providers[account.provider].prices(payment_access.access_of(account, self._vault))
        found = next((each for each in prices if each.ref == value), None)
        if found is None:
            raise InvalidInputError(
                "match", f"the account has no active price {value}; look at the provider what it is called"
            )
        return found

    def _for_sale(
        self, session: Any, endpoint: str, package_id: int, price_ref: str
    ) -> tuple[PaymentAccount, PriceMap]:
        account = payment_accounts.by_endpoint(session, endpoint)
        package: Package | None = session.get(Package, package_id)
        if account is None or account.status != "active" or package is None or package.owner_id != account.owner_id:
            raise NotFoundError("there is nothing for sale at this address")
        if not account.api_key or not package.active:
            raise RefusedError("this is not for sale at the moment; please ask the seller")
        mapped = [row for row in prices_of(session, account, package_id) if price_ref in {"", row.match_value}]
        if len(mapped) != 1:
            raise RefusedError("the seller has not said which price this has; please ask the seller")
        return account, mapped[0]

    def _wish(self, account: PaymentAccount, price: PriceMap, order: str) -> SaleWish:
        base = f"{self._public_url}/-/licensing"
        return SaleWish(
            order=order,
            package_id=price.package_id,
            price_ref=price.match_value,
            recurring=price.recurring,
            # The provider writes the session's name over the blank; the name is what opens the page.
            success_url=f"{base}/thanks/{account.endpoint}?session_id={{CHECKOUT_SESSION_ID}}",
            cancel_url=f"{base}/buy/{account.endpoint}/{price.package_id}/cancelled",
            amount_minor=price.amount_minor,
            currency=price.currency,
        )

    def _remember(self, order: str, begun: BegunSale) -> None:
        with self._open_session() as session:
            row = session.get_one(PaymentOrder, order)
            row.ref = begun.ref
            session.add(row)


def prices_of(session: Any, account: PaymentAccount, package_id: int) -> list[PriceMap]:
    """At which prices an account sells a package; the link to buy it needs one, or to say which."""
    maps = payment_accounts.maps_of(session, account.id or 0)
    return [row for row in maps if row.package_id == package_id and row.match_type in {"price", "plan"}]


def address_to_buy(session: Any, package: Package, public_url: str) -> str:
    """Where a package is bought; "" where nothing sells it."""
    for account in payment_accounts.all_of(session, package.owner_id) if package.active else ():
        sells = account.status == "active" and account.api_key and account.mode == "live"
        prices = prices_of(session, account, package.id or 0) if sells else []
        # Of several, the one that is paid once: who has a subscription needs no link.
        chosen = prices if len(prices) == 1 else [row for row in prices if not row.recurring]
        if len(chosen) == 1:
            which = f"?price={quote(chosen[0].match_value, safe='')}" if len(prices) > 1 else ""
            return f"{public_url}/-/licensing/buy/{account.endpoint}/{package.id}{which}"
    return ""


def _stated(value: str, text: str) -> Price:
    """A price that only the seller knows."""
    amount, _, currency = text.partition(" ")
    try:
        found = money.parse(amount, currency.strip())
    except money.InvalidMoney as error:
        raise InvalidInputError("price", f"say what it costs, such as 49.00 EUR. {error}") from None
    return Price(value, "", value, found.minor, found.currency, recurring=False)
