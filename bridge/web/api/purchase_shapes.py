"""A purchase as the caller may see it."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from bridge.models import Package, SaleFact
from bridge.models import Purchase as Row
from bridge.rules.keys import held_because
from bridge.rules.payments import money
from bridge.rules.payments.facts import Cancel, Dispute, PaidPeriod, Refund
from bridge.rules.permissions import Action
from bridge.services import keys
from bridge.storage import licenses, purchase_facts
from bridge.storage import purchases as stored
from bridge.web.api import schemas_purchases as shown
from bridge.web.api.key_shapes import level_of, masked_mail
from bridge.web.api.operations import Call
from bridge.web.api.schemas_keys import PackageOfKey, State

Packages = Mapping[int, Package]


def outline(call: Call, session: Any, rows: Sequence[Row]) -> list[shown.Purchase]:
    """Purchases of a list."""
    ids = [row.id or 0 for row in rows]
    sales, sold, seen = purchase_facts.sales(session, ids), stored.packages_of(session, ids), _seen(call, session)
    return [
        shown.Purchase(**_outline(call, row, sales.get(row.id or 0), sold.get(row.id or 0, set()), seen))
        for row in rows
    ]


def in_full(call: Call, session: Any, row: Row) -> shown.PurchaseInFull:
    """One purchase with everything that was told of it."""
    id_ = row.id or 0
    seen, sold = _seen(call, session), stored.packages_of(session, [id_]).get(id_, set())
    facts = purchase_facts.of_purchase(session, id_)
    cancels = [fact.at for fact in facts if isinstance(fact, Cancel)]
    return shown.PurchaseInFull(
        **_outline(call, row, purchase_facts.sales(session, [id_]).get(id_), sold, seen),
        cancel_at=cancels[0] if cancels else None,
        periods=[_period(fact) for fact in facts if isinstance(fact, PaidPeriod)],
        refunds=[_refund(fact) for fact in facts if isinstance(fact, Refund)],
        disputes=[_dispute(fact) for fact in facts if isinstance(fact, Dispute)],
        keys=_keys(call, session, id_, seen),
    )


def _seen(call: Call, session: Any) -> Packages:
    return {each.id or 0: each for each in stored.packages_seen(session, call.owner_id, call.repo_id)}


def _outline(call: Call, row: Row, sale: SaleFact | None, sold: set[int], seen: Packages) -> dict[str, Any]:
    here = [seen[id_] for id_ in sorted(sold) if id_ in seen]
    of_owner = any(package.repo_id is None for package in here) or not here
    sees_mail = call.may(Action.KEYS_MAIL, of_owner=of_owner)
    return {
        "source": row.source,
        "ref": row.ref,
        "status": row.status,
        "packages": [_package(package) for package in here],
        "customer_name": row.customer_name,
        "customer_email": row.customer_email if sees_mail else masked_mail(row.customer_email),
        **_price(sale.amount_minor if sale else None, sale.currency if sale else ""),
        "paid_at": sale.paid_at if sale else None,
        "valid_until": sale.valid_until if sale else None,
        "test": row.is_test,
        "flags": row.flags,
        "needs_review": row.needs_review,
        "reviews": row.reviews,
        "created_at": row.created_at,
    }


def _keys(call: Call, session: Any, purchase_id: int, seen: Packages) -> list[shown.KeyOfPurchase]:
    slots = [slot for slot in stored.slots_of(session, purchase_id) if slot.key_id is not None]
    found = stored.keys_by_id(session, [slot.key_id or 0 for slot in slots])
    shapes = []
    for slot in slots:
        key = found[slot.key_id or 0]
        package = seen.get(key.package_id)
        if package is None:  # a person moved it to where the caller does not see it
            continue
        facts = licenses.key_facts(key)
        shapes.append(
            shown.KeyOfPurchase(
                id=key.id or 0,
                package=_package(package),
                state=cast("State", keys.state_of(key, package, call.now)),
                state_reason=held_because(facts),
                expires_at=facts.expires_at,
                adopted=slot.adopted,
            )
        )
    return shapes


def _package(package: Package) -> PackageOfKey:
    return PackageOfKey(id=package.id or 0, name=package.name, level=level_of(package))


def _price(minor: int | None, currency: str) -> dict[str, str | None]:
    if minor is None or not currency:
        return {"amount": None, "currency": currency or None}
    return {"amount": money.text(money.Money(minor, currency)), "currency": currency}


def _period(fact: PaidPeriod) -> shown.PeriodOfPurchase:
    price = _price(fact.amount_minor, fact.currency)
    return shown.PeriodOfPurchase(period_ref=fact.period_ref, paid_until=fact.ends_at, paid_at=fact.paid_at, **price)


def _refund(fact: Refund) -> shown.RefundOfPurchase:
    return shown.RefundOfPurchase(
        refund_ref=fact.refund_ref,
        payment_ref=fact.payment_ref,
        status=fact.status or fact.unknown_status,
        **_price(fact.amount_minor, fact.currency),
    )


def _dispute(fact: Dispute) -> shown.DisputeOfPurchase:
    return shown.DisputeOfPurchase(
        dispute_ref=fact.dispute_ref, payment_ref=fact.payment_ref, status=fact.status or fact.unknown_status
    )
