"""Whose the keys are: a customer is an owner's keys of one mail address."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from bridge.models import Customer, CustomerPastKey, CustomerWord, LicenseKey
from bridge.rules.customers import folded, mail_key, name_key, words
from bridge.storage.engine import upsert


def of_mail(session: Session, owner_id: int, email: str, name: str, now: datetime) -> int | None:
    """The owner's customer with this mail address, made where there is none; ``None`` without an address.

    The unique constraint lets one of many at once make it, and nobody erases it before this transaction ends. The
    spelling and the name that were stated last count.
    """
    if not email:
        return None
    while True:  # more than once only where the row comes or goes at this very moment
        found = by_mail(session, owner_id, email, keep=True)
        if found is not None:
            if (found.email, found.name) != (email, name or found.name):
                _describe(session, found, email, name or found.name)
            return found.id
        made = _make(session, owner_id, email, name, now)
        if made is not None:
            return made


def by_mail(session: Session, owner_id: int, email: str, *, keep: bool = False) -> Customer | None:
    """The owner's customer with this mail address; with ``keep`` nobody erases it before this transaction ends."""
    query = select(Customer).where(Customer.owner_id == owner_id, Customer.email_key == mail_key(email))
    if keep:
        query = query.with_for_update(read=True, key_share=True)
    return session.exec(query, execution_options={"populate_existing": keep}).first()


def held(session: Session, customer_id: int) -> Customer | None:
    """A customer whom nobody gives a key, changes or erases before this transaction ends."""
    query = select(Customer).where(Customer.id == customer_id).with_for_update()
    return session.exec(query, execution_options={"populate_existing": True}).first()


def settle(session: Session, key: LicenseKey, now: datetime) -> None:
    """Let a key belong to the customer whose name and mail address it bears now. To be called when they changed."""
    customer_id = of_mail(session, key.owner_id, key.customer_email, key.customer_name, now)
    if customer_id != key.customer_id:
        leave(session, key, now)
        key.customer_id = customer_id
        session.add(key)


def leave(session: Session, key: LicenseKey, now: datetime) -> None:
    """Note that a key is its customer's no longer, before it changes or goes: the audit trail still tells of both."""
    if key.customer_id is not None:
        past = upsert(session)(CustomerPastKey).values(customer_id=key.customer_id, key_id=key.id, left_at=now)
        session.execute(past.on_conflict_do_update(index_elements=["customer_id", "key_id"], set_={"left_at": now}))


def _make(session: Session, owner_id: int, email: str, name: str, now: datetime) -> int | None:
    """A new customer's number; ``None`` where another transaction was faster."""
    values = {"owner_id": owner_id, "email": email, "email_key": mail_key(email), "created_at": now}
    row = upsert(session)(Customer).values(name=name, name_key=name_key(name), **values).on_conflict_do_nothing()
    made: int | None = session.execute(row.returning(col(Customer.id))).scalar_one_or_none()
    if made is not None:
        _index(session, made, owner_id, {True: email, False: name})
    return made


def _describe(session: Session, customer: Customer, email: str, name: str) -> None:
    changed = {of_mail: new for of_mail, old, new in _texts(customer, email, name) if folded(old) != folded(new)}
    customer.email, customer.name, customer.name_key = email, name, name_key(name)
    session.add(customer)
    session.flush()
    if changed:
        _index(session, customer.id or 0, customer.owner_id, changed)


def _texts(customer: Customer, email: str, name: str) -> tuple[tuple[bool, str, str], ...]:
    return (True, customer.email, email), (False, customer.name, name)


def _index(session: Session, customer_id: int, owner_id: int, texts: Mapping[bool, str]) -> None:
    """Let a customer be found by these texts; ``True``: the mail address, ``False``: the name."""
    old = delete(CustomerWord).where(col(CustomerWord.customer_id) == customer_id)
    session.execute(old.where(col(CustomerWord.of_mail).in_(list(texts))))
    rows = [
        {"customer_id": customer_id, "of_mail": of_mail, "word": word, "owner_id": owner_id}
        for of_mail, written in texts.items()
        for word in words(written)
    ]
    if rows:
        # Two who rename one customer at once take turns at its row; what one of them finds there already may stay.
        session.execute(upsert(session)(CustomerWord).on_conflict_do_nothing(), rows)
