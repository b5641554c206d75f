"""Many keys at once: which of them are known, and their rows in bulk."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, func, insert
from sqlalchemy.dialects import postgresql
from sqlmodel import Session, SQLModel, col, select

from bridge.models import Audit, Customer, CustomerWord, KeyCode, KeyDomain, KeySlot, LicenseKey, Purchase, Site
from bridge.rules.customers import mail_key, name_key, words
from bridge.storage.engine import upsert

# A code, or where there is none a reference, together with a package: what makes two rows the same key.
Identity = tuple[str, int]
Values = dict[str, Any]


# What no import decides about a key.
_UNSTATED = LicenseKey(owner_id=0, package_id=0, feed_token="").model_dump(exclude={"id"})


@dataclass(slots=True)
class NewKey:
    """A key with what belongs to it, as columns: mapped rows would take ten times as long."""

    values: Values
    code: str
    native: bool
    domains: Sequence[str]
    sites: Sequence[Values]
    audit: Values


def known_by_code(session: Session, owner_id: int, codes: Collection[str]) -> dict[Identity, LicenseKey]:
    """The owner's keys that these codes open, also codes that were replaced; the oldest key where there are several."""
    # By the codes alone: with more conditions SQLite would go through all keys of the owner instead.
    query = (
        select(KeyCode.code, LicenseKey)
        .join(LicenseKey, col(LicenseKey.id) == KeyCode.key_id)
        .where(col(KeyCode.code).in_(codes))
    )
    found = [(code, key) for code, key in session.exec(query) if key.owner_id == owner_id]
    return {(code, key.package_id): key for code, key in sorted(found, key=_newest_first)}


def known_by_ref(session: Session, package_ids: Collection[int], refs: Collection[str]) -> dict[Identity, LicenseKey]:
    """The keys of these packages that bear these payment references; the oldest where there are several."""
    if not refs:
        return {}
    wanted: Any = refs
    if session.get_bind().dialect.name != "sqlite":
        # All keys of the packages are looked at; against a list that is joined, each of them once.
        wanted = select(func.unnest(cast(list(refs), postgresql.ARRAY(Text))))
    named = col(LicenseKey.payment_ref).in_(wanted)
    query = select(LicenseKey).where(col(LicenseKey.package_id).in_(package_ids), named)
    found = [(key.payment_ref, key) for key in session.exec(query)]
    return {(ref, key.package_id): key for ref, key in sorted(found, key=_newest_first)}


def _newest_first(found: tuple[str, LicenseKey]) -> int:
    return -(found[1].id or 0)


def bound_to(session: Session, key_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """The purchases, by source and reference, that these keys belong to; keys that belong to none are left out."""
    if not key_ids:
        return {}
    query = select(KeySlot.key_id, Purchase.source, Purchase.ref).join(
        Purchase, col(Purchase.id) == KeySlot.purchase_id
    )
    found = session.exec(query.where(col(KeySlot.key_id).in_(key_ids)))
    return {key_id or 0: (source, ref) for key_id, source, ref in found}


def add_keys(session: Session, new: Sequence[NewKey]) -> list[int]:
    """Insert them with all that belongs to them. Returns their numbers, in the order given."""
    if not new:
        return []
    _settle(session, [each.values for each in new])
    table = LicenseKey.__table__  # type: ignore[attr-defined]
    # Past the ORM, which would send one statement for each pattern of empty columns.
    statement = insert(table).returning(table.c.id, table.c.feed_token)
    made = session.execute(statement, [_UNSTATED | each.values for each in new])
    by_token = {token: number for number, token in made}
    numbers = [by_token[each.values["feed_token"]] for each in new]
    pairs = list(zip(numbers, new, strict=True))
    _insert(session, KeyCode, [_code(number, each) for number, each in pairs])
    _insert(session, KeyDomain, [{"key_id": n, "pattern": pattern} for n, each in pairs for pattern in each.domains])
    _insert(session, Site, [site | {"key_id": n, "freed_at": None} for n, each in pairs for site in each.sites])
    _insert(session, Audit, [each.audit | {"subject": f"key:{n}"} for n, each in pairs])
    return numbers


def _code(number: int, new: NewKey) -> Values:
    at = new.values["created_at"]
    return {"code": new.code, "key_id": number, "native": new.native, "created_at": at, "valid_until": None}


def _insert(session: Session, table: type[SQLModel], rows: Sequence[Values]) -> None:
    if rows:
        session.execute(insert(table.__table__), rows)  # type: ignore[attr-defined]


def _settle(session: Session, keys: Sequence[Values]) -> None:
    """Let the keys belong to their customers, as ``storage.customers.settle`` does for one key.

    Customers who are known keep the name that they have.
    """
    for owner_id in {key["owner_id"] for key in keys}:
        ours = [key for key in keys if key["owner_id"] == owner_id and key["customer_email"]]
        stated = {mail_key(key["customer_email"]): key for key in reversed(ours)}
        found = _customers(session, owner_id, stated)
        for key in ours:
            key["customer_id"] = found[mail_key(key["customer_email"])]


def _customers(session: Session, owner_id: int, stated: Mapping[str, Values]) -> dict[str, int]:
    """The customers with these addresses; who was missing is made. Nobody erases them before this transaction ends.

    Asked for by inserting: while tables grow within a transaction, PostgreSQL reads a whole table for a SELECT of many.
    """
    table: Any = Customer.__table__  # type: ignore[attr-defined]
    same = {"name": table.c.name}
    made = upsert(session)(table).on_conflict_do_update(index_elements=["owner_id", "email_key"], set_=same)
    # In one order everywhere, so that two writers can't wait for each other.
    rows = [_customer(key, stated[key]) for key in sorted(stated)]
    columns = (table.c.id, table.c.email_key, table.c.email, table.c.name)
    found = session.execute(made.returning(*columns), rows).all() if rows else []
    entries = [
        {"customer_id": number, "of_mail": of_mail, "word": word, "owner_id": owner_id}
        for number, _, email, name in found
        for of_mail, text in ((True, email), (False, name))
        for word in words(text)
    ]
    if entries:
        words_table: Any = CustomerWord.__table__  # type: ignore[attr-defined]
        session.execute(upsert(session)(words_table).on_conflict_do_nothing(), entries)
    return {key: number for number, key, *_ in found}


def _customer(key: str, stated: Values) -> Values:
    email, name = stated["customer_email"], stated["customer_name"]
    return {
        "owner_id": stated["owner_id"],
        "email": email,
        "email_key": key,
        "name": name,
        "name_key": name_key(name),
        "created_at": stated["created_at"],
    }
