"""Purchases: sold, paid on, refunded, disputed, cancelled; and keys that were there before, bound to theirs.

Whatever is told of a purchase is a fact, merged into what is known; then its keys are made anew from the facts. Facts,
slots, keys and the audit trail are written in the one transaction of the caller: they are all there, or none.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bridge.errors import InvalidInputError, PaymentRefConflictError, RefusedError
from bridge.models import KeySlot, LicenseKey, Package, Purchase
from bridge.rules import terms
from bridge.rules.payments import money
from bridge.rules.payments.facts import EVERY_LINE, Cancel, Dispute, Fact, PaidPeriod, Refund, Sale, SoldLine
from bridge.rules.payments.fingerprint import fingerprint
from bridge.rules.payments.money import InvalidMoney, Money
from bridge.rules.payments.slots import UNBOUND
from bridge.rules.references import SENTENCE, is_reference
from bridge.services import key_inputs, purchases_recompute, purchases_trail
from bridge.services.key_inputs import KeyInput
from bridge.services.keys import Issuer
from bridge.storage import customers, licenses, purchase_facts, purchases
from bridge.storage.purchase_facts import Account

# Clocks of shops differ; a payment further ahead is a mistake.
_MOST_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Order:
    """What a shop states about a sale. ``keys``: what the keys are to be; its dates other than the start don't count.

    ``paid_at`` ``None``: now. ``valid_until`` goes before the package's term.
    """

    source: str
    ref: str
    keys: KeyInput
    paid: bool = True
    paid_at: datetime | None = None
    valid_until: datetime | None = None
    price: Money | None = None


def sell(session: Any, package: Package, order: Order, by: Issuer) -> tuple[Purchase, bool]:
    """Record a sale and make its keys, once it is paid; and whether it was new.

    The same order again finds what is there, and may tell that it was paid meanwhile. Raises
    ``PaymentRefConflictError`` where the reference names another order, ``InvalidInputError``, ``RefusedError``.
    """
    _check_reference("source", order.source)
    _check_reference("payment_ref", order.ref)
    plain = key_inputs.checked(order.keys, by.prefix)
    _check_dates(package, order, by.now)
    price = order.price
    of = fingerprint(
        order.source,
        order.ref,
        package.id or 0,
        plain.quantity,
        price.minor if price else None,
        price.currency if price else "",
        plain.customer_email,
    )
    purchase, new = purchases.open_purchase(session, _purchase(package, order, plain, by.now))
    if not purchase.fingerprint:
        _complete(purchase, of, plain)
        purchase.customer_id = customers.of_mail(
            session, purchase.owner_id, purchase.customer_email, purchase.customer_name, by.now
        )
    if purchase.fingerprint != of:
        raise PaymentRefConflictError(
            f"the reference names a sale of another package, number, price or customer at “{order.source}” already;"
            " nothing was changed"
        )
    if new:
        purchases_trail.record(
            session, purchase, package.repo_id, "purchase.create", {"package": package.id, **_told(order)}, by
        )
    _tell(session, purchase, [_sale(order, by.now), _line(package, plain.quantity)], "purchase.sale", by)
    return purchase, new


def pay_on(session: Any, purchase: Purchase, period: PaidPeriod, by: Issuer) -> None:
    """Record that a period was paid; one without an end is a term of the package as it is now."""
    _check_paid_at(period.paid_at, by.now)
    if period.ends_at is None:
        package = _only_package(session, purchase)
        value = licenses.package_value(package)
        period = replace(period, line_ref=EVERY_LINE, term=value.term, grace=value.grace)
    _tell(session, purchase, [period], "purchase.period", by)


def refund(session: Any, purchase: Purchase, told: Refund, by: Issuer) -> None:
    """Record that money went back, or is about to, or did not after all."""
    _tell(session, purchase, [told], "purchase.refund", by)


def dispute(session: Any, purchase: Purchase, told: Dispute, by: Issuer) -> None:
    """Record what became of a payment that its buyer contests."""
    _tell(session, purchase, [told], "purchase.dispute", by)


def cancel(session: Any, purchase: Purchase, told: Cancel, by: Issuer) -> None:
    """Record that no further payment will come."""
    _tell(session, purchase, [told], "purchase.cancel", by)


def adopt(session: Any, key: LicenseKey, source: str, ref: str, by: Issuer, *, subscription: bool = True) -> Purchase:
    """Bind a key that is there already to a purchase, so that what is paid there extends this key and makes none.

    ``source`` and ``ref``: what the shop or provider is called here and calls the sale or subscription, such as
    ``stripe`` and ``sub_…``; the purchase is made where it is not known yet. What the key has been paid until stays
    its own, whatever comes. Several keys may be adopted by one purchase. A key that is bound to it already stays as it
    is. ``subscription``: it renews itself, so a late payment is waited for. Audited. The caller commits.

    Raises ``InvalidInputError`` for a reference of another form, ``RefusedError`` for a master key and for one that
    another purchase has.
    """
    _check_reference("source", source)
    _check_reference("ref", ref)
    if key.is_master:
        raise RefusedError("a master key is never sold")
    purchase, new = purchases.open_purchase(session, _adopting(key, source, ref, by.now, subscription=subscription))
    present = purchases.slot_of_key(session, key.id or 0)
    if present is not None:
        if present.purchase_id != purchase.id:
            raise RefusedError("the key belongs to another purchase already")
        return purchase
    unbound = [row.unit_no for row in purchases.slots_of(session, purchase.id or 0) if row.line_ref == UNBOUND]
    slot = KeySlot(
        purchase_id=purchase.id or 0,
        line_ref=UNBOUND,
        unit_no=max(unbound, default=0) + 1,
        key_id=key.id,
        package_id=key.package_id,
        adopted=True,
        owned_until=key.expires_at,
        created_at=by.now,
    )
    session.add(slot)
    if not key.payment_ref:
        key.payment_ref = ref
        session.add(key)
    session.flush()
    package = licenses.package_by_id(session, key.package_id)
    repo_id = package.repo_id if package else None
    purchases_trail.record(
        session, purchase, repo_id, "purchase.adopt", {"source": source, "ref": ref, "key": key.id}, by
    )
    if not new:
        purchases_recompute.recompute(session, purchase, by)
    return purchase


def currency_of(session: Any, purchase: Purchase) -> str:
    """The currency that it was sold in, if it was stated."""
    sale = purchase_facts.sales(session, [purchase.id or 0]).get(purchase.id or 0)
    return sale.currency if sale else ""


def price(amount: str | None, currency: str | None) -> Money | None:
    """What was stated as a price. Raises ``InvalidInputError``."""
    if amount is None and currency is None:
        return None
    if amount is None or currency is None:
        raise InvalidInputError("amount", "an amount and a currency go together")
    try:
        return money.parse(amount, currency)
    except InvalidMoney as error:
        raise InvalidInputError("amount", str(error)) from None


def _tell(session: Any, purchase: Purchase, told: list[Fact], action: str, by: Issuer) -> None:
    """Merge facts, bring the keys in line, and leave a row in the trail where anything was new."""
    account = Account(purchase.owner_id, purchase.source, within=purchase.ref)
    news = [fact for fact in told if purchase_facts.put(session, account, fact, purchase.id or 0)]
    if not news:
        return
    sold = purchases.packages_of(session, [purchase.id or 0]).get(purchase.id or 0, set())
    repo_id = purchases_trail.repo_of(session, sold)
    for fact in news:
        purchases_trail.record(session, purchase, repo_id, action, purchases_trail.summary(fact), by)
    purchases_recompute.recompute(session, purchase, by)


def _only_package(session: Any, purchase: Purchase) -> Package:
    sold = purchases.packages_of(session, [purchase.id or 0]).get(purchase.id or 0, set())
    packages = list(purchases.packages_by_id(session, sold).values())
    if len({(package.term_kind, package.term_days, package.term_until) for package in packages}) != 1:
        raise InvalidInputError("paid_until", "say until when it was paid: there is no one term that all keys have")
    return packages[0]


def _purchase(package: Package, order: Order, plain: KeyInput, now: datetime) -> Purchase:
    wanted = {"domains": list(plain.domains), "labels": list(plain.labels), "note": plain.note}
    return Purchase(
        owner_id=package.owner_id,
        source=order.source,
        ref=order.ref,
        customer_name=plain.customer_name,
        customer_email=plain.customer_email,
        is_test=plain.is_test,
        wanted=wanted | {"max_sites": plain.max_sites},
        created_at=now,
    )


def _adopting(key: LicenseKey, source: str, ref: str, now: datetime, *, subscription: bool) -> Purchase:
    return Purchase(
        owner_id=key.owner_id,
        source=source,
        ref=ref,
        subscription=subscription,
        customer_name=key.customer_name,
        customer_email=key.customer_email,
        customer_id=key.customer_id,
        is_test=key.is_test,
        created_at=now,
    )


def _complete(purchase: Purchase, of: str, plain: KeyInput) -> None:
    """An order was told of a purchase that only had keys; what is known of its customer is not overwritten."""
    purchase.fingerprint = of
    purchase.customer_name = purchase.customer_name or plain.customer_name
    purchase.customer_email = purchase.customer_email or plain.customer_email


def _sale(order: Order, now: datetime) -> Sale:
    return Sale(
        sale_ref=order.ref,
        paid=order.paid,
        paid_at=(order.paid_at or now) if order.paid else None,
        starts_at=order.keys.starts_at,
        valid_until=order.valid_until,
        amount_minor=order.price.minor if order.price else None,
        currency=order.price.currency if order.price else "",
    )


def _line(package: Package, quantity: int) -> SoldLine:
    value = licenses.package_value(package)
    return SoldLine(str(package.id), package.id, quantity, value.term, value.grace, "keys")


def _check_reference(field: str, text: str) -> None:
    if not is_reference(text):
        raise InvalidInputError(field, f"{field} {SENTENCE}")


def _check_paid_at(paid_at: datetime | None, now: datetime) -> None:
    if paid_at is not None and paid_at > now + _MOST_AHEAD:
        raise InvalidInputError("paid_at", "the payment lies in the future; tell it when it was made")


def _check_dates(package: Package, order: Order, now: datetime) -> None:
    _check_paid_at(order.paid_at, now)
    start = order.keys.starts_at or order.paid_at or now
    if order.valid_until is not None:
        if order.valid_until <= start:
            raise InvalidInputError("valid_until", "the end must lie after the start")
        return
    try:
        terms.first_window(licenses.package_value(package).term, start)
    except terms.InvalidTerm as error:
        raise InvalidInputError("term", str(error)) from None


def _told(order: Order) -> dict[str, Any]:
    return {"source": order.source, "ref": order.ref, "quantity": order.keys.quantity, "test": order.keys.is_test}
