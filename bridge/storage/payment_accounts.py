"""Accounts at payment providers, their webhook secrets and their price maps, as rows."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, or_, update
from sqlmodel import Session, col, select

from bridge.models import Package, PaymentAccount, PaymentOrder, PriceMap, Purchase, SaleFact, WebhookSecret
from bridge.storage.engine import upsert

# How `payment_accounts.open_account` makes them.
_ENDPOINT = re.compile(r"[0-9a-f]{32}", re.ASCII)


def by_endpoint(session: Session, endpoint: str) -> PaymentAccount | None:
    """The account with this address; a visitor may have written anything there."""
    if _ENDPOINT.fullmatch(endpoint) is None:
        return None
    return session.exec(select(PaymentAccount).where(PaymentAccount.endpoint == endpoint)).first()


def by_source(session: Session, owner_id: int, source: str) -> PaymentAccount | None:
    """The account that purchases of an owner call by this word."""
    query = select(PaymentAccount).where(PaymentAccount.owner_id == owner_id, PaymentAccount.source == source)
    return session.exec(query).first()


def all_of(session: Session, owner_id: int | None = None) -> Sequence[PaymentAccount]:
    """The accounts of an owner, or of everybody, in the order in which they came."""
    query = select(PaymentAccount).order_by(col(PaymentAccount.id))
    if owner_id is not None:
        query = query.where(PaymentAccount.owner_id == owner_id)
    return session.exec(query).all()


def held(session: Session, account_id: int) -> PaymentAccount:
    """The account, read anew. Nobody else enters anything of it before this transaction ends.

    So a fact that comes before its purchase can't miss it by a hair. New deliveries are taken in meanwhile.
    """
    session.flush()
    query = select(PaymentAccount).where(PaymentAccount.id == account_id).with_for_update(key_share=True)
    return session.exec(query, execution_options={"populate_existing": True}).one()


def draw_ticket(session: Session, account_id: int) -> int:
    """The next ticket: larger than all that were drawn before, also by others at this moment."""
    drawn = (
        update(PaymentAccount)
        .where(col(PaymentAccount.id) == account_id)
        .values(ticket=PaymentAccount.ticket + 1)
        .returning(col(PaymentAccount.ticket))
    )
    return int(session.execute(drawn).scalar_one())


def count_refused(session: Session, account_id: int, *, bad: int, stale: int, now: datetime) -> None:
    """Note deliveries whose signature was wrong, or right and old."""
    counted = update(PaymentAccount).where(col(PaymentAccount.id) == account_id)
    session.execute(
        counted.values(
            bad_signatures=PaymentAccount.bad_signatures + bad,
            stale_signatures=PaymentAccount.stale_signatures + stale,
            last_refused_at=now,
        )
    )


def due(session: Session, now: datetime) -> Sequence[PaymentAccount]:
    """The accounts whose events or objects are to be looked through now."""
    late = or_(col(PaymentAccount.poll_at) <= now, col(PaymentAccount.sweep_at) <= now)
    query = select(PaymentAccount).where(PaymentAccount.status == "active", PaymentAccount.api_key != "", late)
    return session.exec(query.order_by(col(PaymentAccount.id))).all()


def take_turn(session: Session, account_id: int, column: str, now: datetime, following: datetime) -> bool:
    """Take what is due at an account; only one of many gets it. ``column``: ``poll_at`` or ``sweep_at``."""
    at = getattr(PaymentAccount, column)
    turn = update(PaymentAccount).where(col(PaymentAccount.id) == account_id, at <= now).values({column: following})
    return session.execute(turn).rowcount == 1  # type: ignore[attr-defined, no-any-return]


def secrets_of(session: Session, account_id: int) -> Sequence[WebhookSecret]:
    """Its webhook secrets, the newest first."""
    query = select(WebhookSecret).where(WebhookSecret.account_id == account_id)
    return session.exec(query.order_by(col(WebhookSecret.id).desc())).all()


def drop_secrets(session: Session, account_id: int, *, ended_before: datetime | None = None) -> None:
    """Forget its webhook secrets: all, or those that ended."""
    gone = delete(WebhookSecret).where(col(WebhookSecret.account_id) == account_id)
    session.execute(gone if ended_before is None else gone.where(col(WebhookSecret.not_after) < ended_before))


def all_secrets(session: Session) -> Sequence[WebhookSecret]:
    """Every webhook secret there is."""
    return session.exec(select(WebhookSecret)).all()


def maps_of(session: Session, account_id: int) -> Sequence[PriceMap]:
    """What of the account is which package."""
    query = select(PriceMap).where(PriceMap.account_id == account_id)
    return session.exec(query.order_by(PriceMap.match_type, PriceMap.match_value)).all()


def maps_to_others(session: Session, account: PaymentAccount) -> Sequence[tuple[PriceMap, str]]:
    """What is mapped to a package that is another owner's by now, with the package's name; nothing is sold by it."""
    query = select(PriceMap, Package.name).join(Package, col(Package.id) == PriceMap.package_id)
    theirs = query.where(PriceMap.account_id == account.id, Package.owner_id != account.owner_id)
    return session.exec(theirs.order_by(PriceMap.match_value)).all()


def put_map(session: Session, row: PriceMap) -> None:
    """Map something to a package, in place of what it was mapped to."""
    values: dict[str, Any] = row.model_dump(exclude={"id"})
    names = ["account_id", "match_type", "match_value"]
    changed = {name: value for name, value in values.items() if name not in names}
    session.execute(
        upsert(session)(PriceMap).values(**values).on_conflict_do_update(index_elements=names, set_=changed)
    )


def drop_map(session: Session, account_id: int, match_type: str, match_value: str) -> bool:
    """Take a mapping away; whether there was one."""
    gone = delete(PriceMap).where(
        col(PriceMap.account_id) == account_id,
        col(PriceMap.match_type) == match_type,
        col(PriceMap.match_value) == match_value,
    )
    return session.execute(gone.returning(col(PriceMap.id))).first() is not None


def forget_orders(session: Session, before: datetime) -> int:
    """Forget sales that were begun here long ago and never came back. How many there were."""
    # By the account too, since a reference is found within an owner and a source only.
    theirs = and_(col(Purchase.owner_id) == PaymentAccount.owner_id, col(Purchase.source) == PaymentAccount.source)
    account = select(PaymentAccount.id).where(PaymentAccount.id == PaymentOrder.account_id)
    sold = account.join(Purchase, theirs).where(Purchase.ref == PaymentOrder.ref).exists()
    told = select(SaleFact.purchase_id).where(SaleFact.sale_ref == PaymentOrder.ref).exists()
    gone = delete(PaymentOrder).where(col(PaymentOrder.created_at) < before, ~sold, ~told)
    return int(session.execute(gone).rowcount)  # type: ignore[attr-defined]


def order_of(session: Session, account_id: int, order: str) -> PaymentOrder | None:
    """A sale that was begun here, by our name for it."""
    found = session.get(PaymentOrder, order)
    return found if found is not None and found.account_id == account_id else None
