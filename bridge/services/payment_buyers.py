"""Who bought: as much of it as can be stored, written once. Nobody's sale fails over what a buyer typed."""

from datetime import datetime
from typing import Any

from bridge.errors import InvalidInputError
from bridge.models import PaymentAccount, Purchase
from bridge.rules.payments.facts import SoldLine
from bridge.rules.payments.reports import Buyer, Report
from bridge.services import key_inputs
from bridge.services.key_inputs import KeyInput
from bridge.services.keys import Issuer
from bridge.storage import customers, purchases

DOMAIN_FIELD = "domain"


def purchase_of(account: PaymentAccount, report: Report, now: datetime) -> Purchase:
    """A purchase as it is when it is first heard of; who bought is told right after (`tell`)."""
    return Purchase(
        owner_id=account.owner_id,
        source=account.source,
        ref=report.ref,
        subscription=report.subscription,
        is_test=account.mode == "test",
        created_at=report.made_at or now,
    )


def tell(session: Any, purchase: Purchase, report: Report, by: Issuer) -> None:
    """Complete what is known of the buyer. What is known is never overwritten, whatever is told later.

    Somebody who was erased stays so: the provider still knows them, and goes on telling.
    """
    if purchase.wanted.get("erased"):
        return
    known = checked(report.buyer, by.prefix)
    late = purchase.customer_email == "" and known.customer_email != ""
    purchase.customer_name = purchase.customer_name or known.customer_name
    purchase.customer_email = purchase.customer_email or known.customer_email
    wanted = dict(purchase.wanted)
    if known.domains and not wanted.get("domains") and _is_for_one(report):
        wanted["domains"] = list(known.domains)
    names = [list(name) for name in report.offers[""].names] if "" in report.offers else []
    wanted["names"] = [*wanted.get("names", []), *(name for name in names if name not in wanted.get("names", []))]
    if report.order:
        wanted.setdefault("order", report.order)
    if wanted != purchase.wanted:
        purchase.wanted = wanted
    if late:
        purchase.customer_id = customers.of_mail(
            session, purchase.owner_id, purchase.customer_email, purchase.customer_name, by.now
        )
    session.add(purchase)
    session.flush()
    _tell_keys(session, purchase, by.now)


def checked(buyer: Buyer, prefix: str) -> KeyInput:
    """The buyer in stored spelling; a word that can't be stored is left out, since a person can still ask."""
    name, domain = " ".join(buyer.name.split())[:200], buyer.fields.get(DOMAIN_FIELD, "")
    found = KeyInput()
    for stated in ({"customer_email": buyer.email}, {"customer_name": name}, {"domains": (domain,) if domain else ()}):
        try:
            plain = key_inputs.checked(KeyInput(**stated), prefix)
        except InvalidInputError:
            continue
        found = KeyInput(
            customer_email=found.customer_email or plain.customer_email,
            customer_name=found.customer_name or plain.customer_name,
            domains=found.domains or plain.domains,
        )
    return found


def _is_for_one(report: Report) -> bool:
    """Whether one key was bought: a domain that the buyer typed is no word about several."""
    lines = [fact for fact in report.facts if isinstance(fact, SoldLine)]
    return report.subscription or sum(line.quantity for line in lines) == 1


def _tell_keys(session: Any, purchase: Purchase, now: datetime) -> None:
    """Keys that were made before anybody knew for whom."""
    if not purchase.customer_email:
        return
    rows = [row for row in purchases.slots_of(session, purchase.id or 0) if row.key_id is not None and not row.adopted]
    for key in purchases.keys_by_id(session, [row.key_id or 0 for row in rows]).values():
        if not key.customer_email and key.owner_id == purchase.owner_id:
            key.customer_email = purchase.customer_email
            key.customer_name = key.customer_name or purchase.customer_name
            session.add(key)
            session.flush()
            customers.settle(session, key, now)
