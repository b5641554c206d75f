"""Works the inbox of payment events off: fetch, enter, done; or what was wrong, in words, and when it is tried again.

An event is leased by an update that one worker wins. Fetching holds no transaction; what came of it, and that it is
done, is written in one. So a worker that is killed at any moment leaves either everything of an event, or nothing.
"""

import logging
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.errors import BridgeError, ConflictError, InvalidInputError, RefusedError, SettingsError, UnavailableError
from bridge.models import PaymentAccount, PaymentEvent
from bridge.payments.provider import (
    Access,
    Delivery,
    Desk,
    ForgedError,
    Heard,
    NoAccessError,
    NotTheirsError,
    ProofAwayError,
    ProviderAwayError,
    UnknownShapeError,
    UnreadableError,
)
from bridge.payments.registry import Providers
from bridge.payments.vault import Vault
from bridge.rules.payments.reports import FOR_GOOD, Offer, Reading, Why
from bridge.services import payment_access, payment_books
from bridge.services.keys import Issuer
from bridge.services.payment_offers import Offers
from bridge.storage import payment_accounts, payment_events, purchase_facts
from bridge.storage.audits import Actor
from bridge.storage.purchase_facts import Account

log = logging.getLogger(__name__)

# Longer than the slowest fetch; a killed worker's event waits this long for the next one.
LEASE_SECONDS = 300.0
_WAITS_SECONDS = (10, 60, 300, 1800, 7200, 21600, 43200, 86400)
_LONGEST_WAIT = timedelta(seconds=_WAITS_SECONDS[-1])
_PAUSED = timedelta(minutes=10)
# Where a provider does not answer, nothing else of the account is asked for so long: each question costs its patience.
_AWAY = timedelta(minutes=1)

_KINDS: tuple[tuple[type[Exception], Why], ...] = (
    (UnreadableError, Why.UNREADABLE),
    (ForgedError, Why.FORGED),
    (UnknownShapeError, Why.UNKNOWN_SHAPE),
    (NotTheirsError, Why.NOT_THEIRS),
    (NoAccessError, Why.NO_ACCESS),
    (ProviderAwayError, Why.AWAY),
    (RefusedError, Why.REFUSED),
    (ConflictError, Why.CONFLICT),
    (InvalidInputError, Why.REFUSED),
    (SettingsError, Why.NO_ACCESS),
)


class LostLeaseError(BridgeError):
    """The lease ended meanwhile, and somebody else has the event; what was about to be written is theirs to write."""


@dataclass(frozen=True, slots=True)
class InboxRules:
    """What issuing keys needs: the installation's prefix, random bytes, and how many a day."""

    key_prefix: str
    entropy: Callable[[int], bytes]
    most_keys_a_day: int


@dataclass(frozen=True, slots=True)
class _Work:
    """A leased event, with everything that is needed to read it."""

    lease: PaymentEvent
    account: PaymentAccount
    access: Access
    desk: Desk


class PaymentInbox:
    """One for each worker; safe to share among threads."""

    def __init__(
        self,
        providers: Providers,
        vault: Vault,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
        rules: InboxRules,
    ) -> None:
        self._providers = providers
        self._vault = vault
        self._open_session = open_session
        self._clock = clock
        self._rules = rules

    def run_next(self) -> bool:
        """Work the next event off; whether there was one. An error of one event ends nothing."""
        lease = self._claim()
        if lease is None:
            return False
        try:
            work = self._prepare(lease)
            if work is not None:
                reading = self._read(work)
                self._enter(work, reading)
        except LostLeaseError:
            log.warning("payment event %s took longer than its lease; another worker has it", lease.id)
        except Exception as error:  # noqa: BLE001  the inbox goes on, whatever one event brings
            self._put_back(lease, error)
        return True

    def _claim(self) -> PaymentEvent | None:
        """Lease what is due. Whoever only looks, and there is mostly nothing, keeps nobody from writing."""
        now = self._clock()
        with self._open_session(read_only=True) as session:
            if not payment_events.is_any_due(session, now, _LONGEST_WAIT):
                return None
        with self._open_session() as session:
            return payment_events.claim(session, now, for_seconds=LEASE_SECONDS, longest_wait=_LONGEST_WAIT)

    def _prepare(self, lease: PaymentEvent) -> _Work | None:
        """Open the account and draw a ticket, before anything is fetched; ``None`` where nothing is to be done now."""
        with self._open_session() as session:
            account = session.get_one(PaymentAccount, lease.account_id)
            if account.status != "active":
                self._shelve(session, lease, account)
                return None
            ticket = payment_accounts.draw_ticket(session, account.id or 0)
            told = payment_access.secrets_of(session, account, self._vault) if lease.proof else []
        in_force = [secret for secret, end in told if end is None or end > lease.received_at]
        access = payment_access.access_of(account, self._vault, in_force)
        asks = (self._knows_payment(account), self._is_mapped(account), self._heard_of(account))
        return _Work(lease, account, access, Desk(ticket, *asks))

    def _shelve(self, session: Any, lease: PaymentEvent, account: PaymentAccount) -> None:
        """A paused account goes on later; one that was disconnected does not."""
        if account.status == "paused":
            due = self._clock() + _PAUSED
            payment_events.finish(session, lease, status="new", due_at=due, attempts=0, reason="the account is paused")
            return
        reason = "the account was disconnected before this was read; connect it again, then replay this"
        payment_events.finish(session, lease, status="dead", due_at=None, code=Why.NO_ACCESS, reason=reason)

    def _knows_payment(self, account: PaymentAccount) -> Callable[[str], bool]:
        def knows(name: str) -> bool:
            with self._open_session(read_only=True) as session:
                of = Account(account.owner_id, account.source)
                return purchase_facts.purchase_of_payment(session, of, name) is not None

        return knows

    def _is_mapped(self, account: PaymentAccount) -> Callable[[Offer], bool]:
        def is_mapped(offer: Offer) -> bool:
            with self._open_session(read_only=True) as session:
                return Offers(session, account).is_mapped(offer)

        return is_mapped

    def _heard_of(self, account: PaymentAccount) -> Callable[[str], Heard]:
        def heard_of(ref: str) -> Heard:
            with self._open_session(read_only=True) as session:
                return payment_books.heard_of(session, account, ref)

        return heard_of

    def _read(self, work: _Work) -> Reading:
        lease = work.lease
        delivery = Delivery(
            event_id=lease.event_id,
            event_type=lease.event_type,
            object_type=lease.object_type,
            object_id=lease.object_id,
            created=lease.told_at,
            livemode=lease.livemode,
            api_version=lease.api_version,
            text=lease.payload or "",
            proof=lease.proof,
        )
        return self._providers[work.account.provider].read(delivery, work.access, work.desk)

    def _enter(self, work: _Work, reading: Reading) -> None:
        now, lease = self._clock(), work.lease
        by = Issuer(
            Actor(f"{work.account.provider}:{lease.event_id}"),
            now,
            self._rules.entropy,
            self._rules.key_prefix,
            self._rules.most_keys_a_day,
        )
        with self._open_session() as session:
            account = payment_accounts.held(session, work.account.id or 0)
            done = payment_books.enter(session, account, lease.id or 0, reading, by)
            effect = done.effect()
            provider = self._providers[account.provider]
            if lease.api_version and not provider.knows_version(lease.api_version):
                effect["alert"] = f"written in {lease.api_version[:60]}, a version that this program was not tried with"
            ignored = done.why not in {None, Why.NO_CHANGE}
            # What is not ours is nobody's business here, and can be fetched again should it turn out to be.
            dropped = {"payload": None} if ignored and work.access.api_key else {}
            kept = payment_events.finish(
                session,
                lease,
                status="ignored" if ignored else "processed",
                code=done.why or "",
                reason=done.reason,
                ref=done.ref or lease.ref,
                effect=effect,
                due_at=None,
                processed_at=now,
                proof={},  # it was checked, or there was none
                **dropped,
            )
            if not kept:
                raise LostLeaseError("the lease ended")

    def _put_back(self, lease: PaymentEvent, error: Exception) -> None:
        why, reason = _explained(error)
        now = self._clock()
        if lease.source == "page" and why is Why.NOT_THEIRS:  # a name that somebody made up; no seller needs to know
            with self._open_session() as session:
                payment_events.drop(session, lease)
            return
        if why is Why.FORGED:  # the name is the real event's, which may still come
            with self._open_session() as session:
                if payment_events.drop(session, lease):
                    payment_accounts.count_refused(session, lease.account_id, bad=1, stale=0, now=now)
            return
        due = None if why in FOR_GOOD else self._next(lease, error, now)
        status = "failed" if due is not None or why in FOR_GOOD else "dead"
        log.warning("payment event %s of account %s: %s: %s", lease.id, lease.account_id, why, reason)
        with self._open_session() as session:
            payment_events.finish(
                session, lease, status=status, code=why, reason=reason[:500], due_at=due, processed_at=now
            )
            if isinstance(error, ProviderAwayError) and not isinstance(error, ProofAwayError):
                payment_events.put_off(session, lease.account_id, now, now + _AWAY)
            account = payment_accounts.held(session, lease.account_id)
            account.last_error, account.last_error_at = reason[:500], now
            session.add(account)

    @staticmethod
    def _next(lease: PaymentEvent, error: Exception, now: datetime) -> datetime | None:
        """When it is tried again; ``None`` after the last attempt, some two days after the first."""
        if lease.attempts > len(_WAITS_SECONDS):
            return None
        wait: float = _WAITS_SECONDS[lease.attempts - 1]
        if isinstance(error, ProviderAwayError) and error.wait_seconds is not None:
            wait = max(wait, error.wait_seconds)
        return now + timedelta(seconds=wait)


def _explained(error: Exception) -> tuple[Why, str]:
    """What went wrong, without a word of what the event said: a message of a foreign exception may quote it."""
    for kind, why in _KINDS:
        if isinstance(error, kind):
            return why, str(error)
    if isinstance(error, UnavailableError):
        return Why.AWAY, str(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
    return Why.BUG, f"a fault of this program ({type(error).__name__} in {place}); please report it"
