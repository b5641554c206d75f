"""What a customer's own page shows and does, as rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from bridge.models import Audit, Customer, KeySlot, LicenseKey, Owner, Site
from bridge.rules.customers import mail_key
from bridge.storage.sites import TOOK_NO_PLACE

ACTOR = "customer"
FREED = "site.free"


def newest_keys_of_mail(session: Session, email: str, limit: int) -> list[int]:
    """A key of each owner who knows this mail address, the customer's newest one."""
    known = (
        select(func.max(LicenseKey.id))
        .select_from(LicenseKey)
        .join(Customer, col(Customer.id) == LicenseKey.customer_id)
    )
    # Owner by owner, since that is how the index of customers is sorted.
    known = known.where(col(Customer.owner_id).in_(select(Owner.id)), Customer.email_key == mail_key(email))
    return [number for number in session.exec(known.group_by(col(Customer.id)).limit(limit)) if number is not None]


def newest_key(session: Session, customer_id: int) -> LicenseKey | None:
    """The customer's newest key."""
    query = select(LicenseKey).where(LicenseKey.customer_id == customer_id)
    return session.exec(query.order_by(col(LicenseKey.id).desc()).limit(1)).first()


def keys_of(
    session: Session, customer_id: int, purchase_id: int, *, limit: int, offset: int
) -> tuple[int, Sequence[LicenseKey]]:
    """How many keys there are, and some of them, the newest first and the revoked ones last."""
    theirs = _theirs(customer_id, purchase_id)
    total = session.exec(select(func.count()).select_from(LicenseKey).where(*theirs)).one()
    order = (col(LicenseKey.revoked_at).is_not(None), col(LicenseKey.id).desc())
    rows = session.exec(select(LicenseKey).where(*theirs).order_by(*order).limit(limit).offset(offset)).all()
    return int(total), rows


def key_of_site(session: Session, customer_id: int, purchase_id: int, site_id: int) -> tuple[LicenseKey, Site] | None:
    """A site, freed or not, and its key, if that is one of those that `keys_of` finds."""
    query = select(LicenseKey, Site).join(Site, col(Site.key_id) == LicenseKey.id)
    return session.exec(query.where(Site.id == site_id, *_theirs(customer_id, purchase_id))).first()


def freed_since(session: Session, key_id: int, since: datetime) -> int:
    """How often a customer freed a site of the key since a moment.

    What the seller frees does not count, nor does a site that took no place.
    """
    query = select(func.count()).select_from(Audit).where(Audit.subject == f"key:{key_id}", Audit.action == FREED)
    by_customer = col(Audit.actor).startswith(f"{ACTOR}:", autoescape=True)
    after: Any = col(Audit.after)
    took_a_place = after[TOOK_NO_PLACE].as_string().is_(None)
    return int(session.exec(query.where(by_customer, took_a_place, Audit.at > since)).one())


def _theirs(customer_id: int, purchase_id: int) -> list[Any]:
    theirs: list[Any] = [LicenseKey.customer_id == customer_id, ~col(LicenseKey.is_master)]
    if purchase_id:
        bought = select(KeySlot.key_id).where(KeySlot.purchase_id == purchase_id)
        theirs.append(col(LicenseKey.id).in_(bought))
    return theirs
