"""What came of the deliveries: keys, mails, purchases and the inbox, as a test asks about them."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, select

from bridge.models import KeySlot, LicenseKey, Outbox, Package, PaymentAccount, PaymentEvent, Purchase
from bridge.services import keys
from bridge.storage import licenses


@dataclass(frozen=True)
class Key:
    """A key as a test asks about it."""

    id: int
    ref: str
    state: str
    reason: str
    expires: datetime | None
    package: str
    max_sites: int | None
    email: str
    is_test: bool
    starts: datetime
    works_until: datetime | None
    seat: tuple[str, int]  # the line of the purchase, and which of its keys

    @property
    def stands(self) -> str:
        """``active``, ``suspended dispute`` …"""
        return f"{self.state} {self.reason}".strip()


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None


class Books:
    """The part of a shop that is only looked at."""

    clock: Any
    world: Any
    account: Any
    owner_id: int

    def session(self, *, read_only: bool = False) -> AbstractContextManager[Session]:
        """A transaction."""
        raise NotImplementedError

    def sold(self, ref: str = "") -> list[Key]:
        """The keys that were sold, in the order of their purchases and slots."""
        with self.session(read_only=True) as session:
            query = select(KeySlot, LicenseKey, Purchase, Package).where(
                KeySlot.key_id == LicenseKey.id,
                KeySlot.purchase_id == Purchase.id,
                Package.id == LicenseKey.package_id,
                Purchase.owner_id == self.owner_id,
            )
            rows = session.exec(query.order_by(Purchase.ref, KeySlot.line_ref, KeySlot.unit_no)).all()
            return [
                Key(
                    id=key.id or 0,
                    ref=purchase.ref,
                    state=keys.state_of(key, package, self.clock()),
                    reason=key.payment_reason or "",
                    expires=_utc(licenses.expiry_of(key)),
                    package=package.name,
                    max_sites=key.max_sites,
                    email=key.customer_email,
                    is_test=key.is_test,
                    starts=_utc(key.starts_at),
                    works_until=_utc(key.paid_grace_until),
                    seat=(slot.line_ref, slot.unit_no),
                )
                for slot, key, purchase, package in rows
                if ref in {"", purchase.ref}
            ]

    def bought(self, sold: list[Key]) -> list[Key]:
        """Sold keys, without our numbers and without those of seats that were taken back.

        Whether such a seat ever had a key depends on who was quick enough to see it; it opens nothing.
        """
        found = []
        for key in sold:
            line, unit = key.seat
            units = self.units(key.ref)
            if units is None or unit <= units.get(line, 0):
                found.append(replace(key, id=0))
            else:
                assert key.state in {"suspended", "revoked"}, f"{key} was taken back"
        return found

    def units(self, ref: str) -> dict[str, int] | None:
        """How many the provider says are subscribed to, line by line; ``None`` where it is no subscription."""
        found = self.world.things.get(ref, {})
        if found.get("object") != "subscription":
            return None
        return {item["id"]: item["quantity"] for item in self.world.items(ref)}

    def key(self, ref: str = "") -> Key:
        """The only one."""
        (found,) = self.sold(ref)
        return found

    def domains(self, key_id: int) -> list[str]:
        """The domains that a key is assigned to."""
        with self.session(read_only=True) as session:
            return sorted(licenses.domains_of(session, [key_id]).get(key_id, []))

    def mails(self, kind: str = "keys") -> list[Outbox]:
        """What is to be sent, of a kind."""
        with self.session(read_only=True) as session:
            return list(
                session.exec(
                    select(Outbox).where(Outbox.kind == kind, Outbox.owner_id == self.owner_id).order_by(Outbox.id)
                )
            )

    def purchases(self) -> list[Purchase]:
        """All purchases."""
        with self.session(read_only=True) as session:
            return list(session.exec(select(Purchase).where(Purchase.owner_id == self.owner_id).order_by(Purchase.id)))

    def purchase(self) -> Purchase:
        """The only one."""
        (found,) = self.purchases()
        return found

    def events(self, **fields: Any) -> list[PaymentEvent]:
        """The inbox; of a status, a code …"""
        with self.session(read_only=True) as session:
            query = select(PaymentEvent).where(PaymentEvent.account_id == self.account.id)
            rows = session.exec(query.order_by(PaymentEvent.id)).all()
        return [row for row in rows if all(getattr(row, name) == value for name, value in fields.items())]

    def row(self, account: Any = None) -> PaymentAccount:
        """The account as it is stored."""
        with self.session(read_only=True) as session:
            return session.get_one(PaymentAccount, (account or self.account).id)

    def conclusion(self) -> list[Any]:
        """Everything that must not depend on the order of deliveries, or on whose books they are."""
        told = [(row.ref, row.status, row.flags, row.reviews, row.customer_email) for row in self.purchases()]
        sold = self.sold()
        mailed = [key_id for mail in self.mails() for key_id in mail.reference["keys"]]
        assert sorted(mailed) == sorted(key.id for key in sold), "each key is mailed once"
        return [sorted(told, key=repr), self.bought(sold)]
