"""Facts about purchases as rows: what is told is merged into its row, whatever was told before and in what order."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from bridge.errors import ConflictError
from bridge.models import (
    CancelFact,
    DisputeFact,
    FloorFact,
    LineFact,
    LinkFact,
    PeriodFact,
    Purchase,
    RefundFact,
    SaleFact,
    SnapshotFact,
)
from bridge.rules.payments import facts
from bridge.rules.payments.facts import Fact
from bridge.rules.payments.merging import Version
from bridge.rules.terms import Term
from bridge.storage.engine import upsert

# Of which purchase these are is known from the start; the others may come before their purchase.
_OF_PURCHASE: dict[type[Any], type[SQLModel]] = {
    facts.Sale: SaleFact,
    facts.SoldLine: LineFact,
    facts.PaidPeriod: PeriodFact,
    facts.Snapshot: SnapshotFact,
    facts.Cancel: CancelFact,
}
_OF_ACCOUNT: dict[type[Any], type[SQLModel]] = {
    facts.PayLink: LinkFact,
    facts.Refund: RefundFact,
    facts.RefundFloor: FloorFact,
    facts.Dispute: DisputeFact,
}


# A link may lead to a link; no provider builds a longer chain.
_MOST_LINKS = 8


@dataclass(frozen=True, slots=True)
class Account:
    """Whose facts: an owner and the word for a shop or provider there. ``within``: a purchase that names things."""

    owner_id: int
    source: str
    within: str = ""


def put(session: Session, account: Account, fact: Fact, purchase_id: int | None) -> bool:
    """Merge a fact into its row; whether anything was new but the moment.

    Raises ``ConflictError`` for one of another purchase. ``purchase_id`` may be ``None`` for what has a name of its own
    in the account.
    """
    table, key = _place(account, fact, purchase_id)
    values = _columns(fact) | key
    if type(fact) in _OF_ACCOUNT:
        values["purchase_id"] = purchase_id
    names = [column.name for column in table.__table__.primary_key]  # type: ignore[attr-defined]
    inserted = upsert(session)(table).values(**values).on_conflict_do_nothing(index_elements=names)
    if session.execute(inserted.returning(*(getattr(table, name) for name in names))).first() is not None:
        return True
    found = select(table).where(*(getattr(table, name) == values[name] for name in names))
    row = session.exec(found.with_for_update().execution_options(populate_existing=True)).one()
    earlier: Fact = _fact(row, type(fact))
    merged = facts.merged(earlier, fact)
    changed, news = merged != earlier, _content(merged) != _content(earlier)
    if type(fact) in _OF_ACCOUNT and purchase_id is not None:
        known = row.purchase_id  # type: ignore[attr-defined]
        if known not in {None, purchase_id}:
            raise ConflictError("this reference belongs to another purchase")
        changed |= known is None
        news |= known is None
        row.purchase_id = purchase_id
    if changed:
        for name, value in _columns(merged).items():
            setattr(row, name, value)
        session.add(row)
        session.flush()
    return news


def _content(fact: Fact) -> tuple[Any, ...]:
    """What people would call news: everything but which report said it last."""
    if isinstance(fact, facts.Snapshot | facts.Dispute):
        told = [getattr(fact, name) for name in fact.__dataclass_fields__ if not name.endswith("version")]
        return (*told, fact.needs_review)
    return (fact,)


def of_purchase(session: Session, purchase_id: int) -> list[Fact]:
    """All facts of a purchase, in the order of their names."""
    found: list[Fact] = []
    for kind, table in (_OF_PURCHASE | _OF_ACCOUNT).items():
        rows = session.exec(select(table).where(table.purchase_id == purchase_id))  # type: ignore[attr-defined]
        found += [_fact(row, kind) for row in rows]
    return sorted(found, key=lambda fact: fact.key)


def sales(session: Session, purchase_ids: Iterable[int]) -> Mapping[int, SaleFact]:
    """The orders of purchases, by purchase."""
    rows = session.exec(select(SaleFact).where(col(SaleFact.purchase_id).in_(list(purchase_ids))))
    return {row.purchase_id: row for row in rows}


def purchase_of_sale(session: Session, owner_id: int, source: str, sale_ref: str) -> tuple[Purchase, SaleFact] | None:
    """The purchase that a sale of this name opened, with what is known of the sale."""
    query = select(Purchase, SaleFact).join(SaleFact, col(SaleFact.purchase_id) == Purchase.id)
    query = query.where(SaleFact.sale_ref == sale_ref, Purchase.owner_id == owner_id, Purchase.source == source)
    return session.exec(query.limit(1)).first()


def purchase_of_payment(session: Session, account: Account, name: str) -> int | None:
    """The purchase that a payment leads to, by any of its names: a link, a paid period, or the purchase itself."""
    for _ in range(_MOST_LINKS):
        link = session.get(LinkFact, (account.owner_id, account.source, account.within, name))
        if link is None:
            break
        if link.purchase_id is not None:
            return link.purchase_id
        name = link.leads_to
    of_account = select(Purchase.id).where(Purchase.owner_id == account.owner_id, Purchase.source == account.source)
    period = of_account.join(PeriodFact, col(PeriodFact.purchase_id) == Purchase.id).where(
        PeriodFact.period_ref == name
    )
    return session.exec(period.limit(1)).first() or session.exec(of_account.where(Purchase.ref == name)).first()


def refs_with_unmapped(session: Session, owner_id: int, source: str) -> list[str]:
    """The purchases of an account that have a line which is no package of ours, as far as is known."""
    of_account = select(Purchase.ref).where(Purchase.owner_id == owner_id, Purchase.source == source)
    lines = of_account.join(LineFact, col(LineFact.purchase_id) == Purchase.id)
    found = set(session.exec(lines.where(col(LineFact.package_id).is_(None))))
    items = select(Purchase.ref, SnapshotFact.items).where(Purchase.owner_id == owner_id, Purchase.source == source)
    shown = session.exec(items.join(SnapshotFact, col(SnapshotFact.purchase_id) == Purchase.id))
    return sorted(found | {ref for ref, held in shown if any(item["package_id"] is None for item in held)})


def claim_orphans(session: Session, purchase: Purchase, names: Iterable[str]) -> bool:
    """Give the purchase what came before it was known whose it was; whether there was anything.

    ``names``: of its payments, and of what they lead to. A link may bring further names, so ask again after it.
    """
    wanted, found = list(names), False
    if not wanted:
        return False
    pairs = ((LinkFact, LinkFact.leads_to), (RefundFact, RefundFact.payment_ref))
    for table, named in (*pairs, (FloorFact, FloorFact.payment_ref), (DisputeFact, DisputeFact.payment_ref)):
        orphans = select(table).where(
            table.owner_id == purchase.owner_id,
            table.source == purchase.source,
            table.within == "",
            col(table.purchase_id).is_(None),
            col(named).in_(wanted),
        )
        for row in session.exec(orphans.with_for_update()).all():
            row.purchase_id = purchase.id
            session.add(row)
            found = True
    session.flush()
    return found


def _place(account: Account, fact: Fact, purchase_id: int | None) -> tuple[type[SQLModel], dict[str, Any]]:
    table = _OF_PURCHASE.get(type(fact))
    if table is None:
        return _OF_ACCOUNT[type(fact)], asdict(account)
    if purchase_id is None:
        raise ValueError("this kind of fact is told of a purchase")
    return table, {"purchase_id": purchase_id}


def _columns(fact: Fact) -> dict[str, Any]:
    return {name: _stored(getattr(fact, name)) for name in fact.__dataclass_fields__}


def _stored(value: Any) -> Any:
    if isinstance(value, Version):
        return [value.ticket, value.created.isoformat(), value.event_id]
    if isinstance(value, Term):
        return {"kind": value.kind, "days": value.days, "starts": _iso(value.starts), "until": _iso(value.until)}
    if isinstance(value, timedelta):
        return value // timedelta(seconds=1)
    if isinstance(value, tuple):
        return [_item(item) for item in value]
    return value


def _item(item: facts.SnapshotItem) -> dict[str, Any]:
    return asdict(item) | {"ends_at": _iso(item.ends_at)}


def _fact(row: Any, kind: type[Any]) -> Any:
    return kind(**{name: _read(name, getattr(row, name)) for name in kind.__dataclass_fields__})


def _read(name: str, value: Any) -> Any:
    if name in {"version", "unknown_version"}:
        return Version(value[0], datetime.fromisoformat(value[1]), value[2])
    if name == "term" and value is not None:
        return Term(value["kind"], value["days"], _day_or_moment(value["starts"]), _day_or_moment(value["until"]))
    if name == "grace":
        return timedelta(seconds=value)
    if name == "items":
        return tuple(facts.SnapshotItem(**each | {"ends_at": _day_or_moment(each["ends_at"])}) for each in value)
    return value


def _iso(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _day_or_moment(text: str | None) -> Any:
    """A moment, or the plain day that a term may hold instead."""
    if text is None:
        return None
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
