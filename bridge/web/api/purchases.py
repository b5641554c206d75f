"""Purchases: sold through a shop, and what becomes of their money."""

from collections.abc import Callable
from typing import Any

from bridge.errors import InvalidInputError
from bridge.models import Package
from bridge.models import Purchase as Row
from bridge.rules.payments.facts import OWN_PAYMENT, Cancel, Dispute, PaidPeriod, Refund, Version
from bridge.rules.permissions import Action
from bridge.services import purchases as selling
from bridge.services import resending
from bridge.services.key_inputs import KeyInput
from bridge.storage import purchases as stored
from bridge.storage.purchases import Filter
from bridge.web.api import schemas_purchases as shown
from bridge.web.api.errors import invalid, not_found
from bridge.web.api.key_shapes import shapes
from bridge.web.api.operations import Call, Operation, Reply
from bridge.web.api.purchase_shapes import in_full, outline
from bridge.web.api.schemas_keys import IssuedKeys, KeyIssue, Resent

_OF_A_SALE = ("paid", "paid_at", "valid_until", "amount", "currency")


def is_sale(wanted: KeyIssue) -> bool:
    """Whether keys are asked for as a purchase. Raises ``ApiError`` for half of one."""
    if (wanted.source is None) != (wanted.payment_ref is None):
        raise invalid("source" if wanted.source is None else "payment_ref", "goes with the other one of the two")
    if wanted.source is not None:
        if wanted.expires_at is not None:
            raise invalid("expires_at", "is for keys without a purchase; say valid_until")
        if wanted.term is not None or wanted.term_days is not None:
            raise invalid("term", "is for keys without a purchase; say valid_until, or sell another package")
        return True
    for name in _OF_A_SALE:
        if name in wanted.model_fields_set:
            raise invalid(name, "goes with source and payment_ref")
    return False


def sell(call: Call, session: Any, package: Package, keys: KeyInput) -> Reply:
    """Record the sale and make its keys, or show those that it has."""
    wanted: KeyIssue = call.body
    order = selling.Order(
        source=wanted.source or "",
        ref=wanted.payment_ref or "",
        keys=keys,
        paid=wanted.paid,
        paid_at=wanted.paid_at,
        valid_until=wanted.valid_until,
        price=selling.price(wanted.amount, wanted.currency),
    )
    purchase, new = selling.sell(session, package, order, call.issuer)
    slots = stored.slots_of(session, purchase.id or 0)
    found = stored.keys_by_id(session, [slot.key_id for slot in slots if slot.key_id is not None])
    seen = {each.id: each for each in stored.packages_seen(session, call.owner_id, call.repo_id)}
    keys_of_it = [found[slot.key_id] for slot in slots if slot.key_id in found]
    pairs = [(key, seen[key.package_id]) for key in keys_of_it if key.package_id in seen]
    return Reply(IssuedKeys(keys=shapes(call, session, pairs)), status=201 if new else 200)


def list_purchases(call: Call) -> Reply:
    """One page."""
    asked: shown.PurchaseQuery = call.query
    wanted = Filter(
        source=asked.source or "",
        ref=asked.ref or "",
        customer=asked.customer,
        by_mail=call.may(Action.KEYS_MAIL, of_owner=call.repo_id is None),
        needs_review=asked.needs_review,
    )
    offset = (asked.page - 1) * asked.limit
    with call.reading() as session:
        allowed = None
        if call.repo_id is not None:
            here = stored.packages_seen(session, call.owner_id, call.repo_id)
            allowed = [each.id or 0 for each in here if call.may(Action.PURCHASES_READ, of_owner=each.repo_id is None)]
        total, rows = stored.page(session, call.owner_id, allowed, wanted, limit=asked.limit, offset=offset)
        return Reply(outline(call, session, rows), total=total)


def get(call: Call) -> Reply:
    """One purchase."""
    with call.reading() as session:
        return Reply(in_full(call, session, _find(call, session, Action.PURCHASES_READ)))


def tell_period(call: Call) -> Reply:
    """A further time was paid."""
    told: shown.PeriodTold = call.body
    price = selling.price(told.amount, told.currency)
    fact = PaidPeriod(
        period_ref=told.period_ref,
        ends_at=told.paid_until,
        paid_at=told.paid_at or call.now,
        amount_minor=price.minor if price else None,
        currency=price.currency if price else "",
    )
    return _told(call, lambda session, row: selling.pay_on(session, row, fact, call.issuer))


def tell_refund(call: Call) -> Reply:
    """Money goes back."""
    told: shown.RefundTold = call.body

    def tell(session: Any, row: Row) -> None:
        currency = told.currency or selling.currency_of(session, row)
        if told.amount is not None and not currency:
            raise InvalidInputError("currency", "the sale names no currency; say which one")
        price = selling.price(told.amount, currency) if told.amount is not None else None
        fact = Refund(
            refund_ref=told.refund_ref,
            payment_ref=told.payment_ref or OWN_PAYMENT,
            amount_minor=price.minor if price else None,
            currency=price.currency if price else "",
            status=told.status,
        )
        selling.refund(session, row, fact, call.issuer)

    return _told(call, tell)


def tell_dispute(call: Call) -> Reply:
    """A payment is contested."""
    told: shown.DisputeTold = call.body
    version = Version() if told.at is None else Version(created=told.at)
    fact = Dispute(told.dispute_ref, told.payment_ref or OWN_PAYMENT, told.status, version)
    return _told(call, lambda session, row: selling.dispute(session, row, fact, call.issuer))


def cancel(call: Call) -> Reply:
    """Nothing more will be paid."""
    told: shown.CancelTold = call.body
    fact = Cancel(told.at or call.now, told.immediate)
    return _told(call, lambda session, row: selling.cancel(session, row, fact, call.issuer))


def resend(call: Call) -> Reply:
    """The mail with the purchase's keys once more."""
    call.require_mail()
    with call.writing() as session:
        row = _find(call, session, Action.KEYS_RESEND, hold=True)
        to, keys = resending.of_purchase(session, row, call.issuer)
        return Reply(Resent(to=to, keys=keys))


def _told(call: Call, tell: Callable[[Any, Row], None]) -> Reply:
    with call.writing() as session:
        row = _find(call, session, Action.PURCHASES_WRITE, hold=True)
        tell(session, row)
        return Reply(in_full(call, session, row))


def _find(call: Call, session: Any, action: Action, *, hold: bool = False) -> Row:
    """The purchase of the address, if something of it is seen from here and the caller may do this with all of it."""
    find = stored.held_purchase if hold else stored.purchase_by_ref
    row = find(session, call.owner_id, call.word("source"), call.word("ref"))
    if row is None:
        raise not_found()
    sold = stored.packages_of(session, [row.id or 0]).get(row.id or 0, set())
    seen = {each.id or 0: each for each in stored.packages_seen(session, call.owner_id, call.repo_id)}
    if call.repo_id is not None and not sold & seen.keys():
        raise not_found()
    own = bool(sold) and all(id_ in seen and seen[id_].repo_id is not None for id_ in sold)
    call.require(action, of_owner=not own)
    return row


def _operation(name: str, path: str, view: Callable[[Call], Reply], body: Any, summary: str) -> Operation:
    return Operation(
        name=name,
        method="POST",
        path=f"license-purchases/{{source}}/{{ref}}/{path}",
        action=Action.PURCHASES_WRITE,
        view=view,
        summary=summary,
        answer=shown.PurchaseInFull,
        body=body,
        texts=("source", "ref"),
    )


OPERATIONS = (
    Operation(
        name="list_license_purchases",
        method="GET",
        path="license-purchases",
        action=Action.PURCHASES_READ,
        view=list_purchases,
        summary="List purchases, the newest first",
        answer=list[shown.Purchase],
        query=shown.PurchaseQuery,
    ),
    Operation(
        name="get_license_purchase",
        method="GET",
        path="license-purchases/{source}/{ref}",
        action=Action.PURCHASES_READ,
        view=get,
        summary="Show a purchase, what was told of it, and its keys",
        answer=shown.PurchaseInFull,
        texts=("source", "ref"),
    ),
    _operation("pay_license_purchase", "periods", tell_period, shown.PeriodTold, "Tell that a further time was paid"),
    _operation("refund_license_purchase", "refunds", tell_refund, shown.RefundTold, "Tell of a refund"),
    _operation("dispute_license_purchase", "disputes", tell_dispute, shown.DisputeTold, "Tell of a contested payment"),
    _operation("cancel_license_purchase", "cancel", cancel, shown.CancelTold, "Tell that no further payment will come"),
    Operation(
        name="resend_license_purchase",
        method="POST",
        path="license-purchases/{source}/{ref}/resend",
        action=Action.KEYS_RESEND,
        view=resend,
        summary="Mail the keys of a purchase to its customer once more; three times an hour at most",
        answer=Resent,
        status=202,
        texts=("source", "ref"),
    ),
)
