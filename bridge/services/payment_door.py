"""Takes deliveries of payment providers in: proven, named, durable. Nothing is fetched and nothing is decided here."""

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.errors import NotFoundError, RefusedError, UnavailableError
from bridge.models import PaymentEvent
from bridge.payments.provider import Delivery, Provider, Sign, UnreadableError, Verdict
from bridge.payments.registry import Providers
from bridge.payments.vault import Vault
from bridge.rules.payments.reports import Why
from bridge.services import payment_access
from bridge.storage import payment_accounts, payment_events

log = logging.getLogger(__name__)

# For so long a process believes what it read of an account; a secret that is not known is looked up at once.
_BELIEVED_SECONDS = 1.0
# Refused deliveries are counted in memory, and written once in so many seconds: whoever forges causes no writing.
_COUNTED_SECONDS = 1.0
_MOST_JUNK = 4096
# So many deliveries of an account may wait that nobody has proven yet: whoever forges fills no disk. The provider, and
# the look for what never came, bring the real ones later.
MOST_UNPROVEN = 500


@dataclass(frozen=True, slots=True)
class Known:
    """The account behind an address, as far as a delivery needs it. ``read_at``: seconds of this process' own clock."""

    account_id: int
    provider: Provider
    mode: str
    status: str
    secrets: list[tuple[str, datetime | None]]
    tolerance: timedelta
    keeps_text: bool
    read_at: float

    def sign(self, now: datetime) -> Sign:
        """With what a delivery of this moment is judged."""
        return payment_access.sign_of(self.secrets, self.tolerance, self.mode, now)


class PaymentDoor:
    """One for each process; safe to share among threads."""

    def __init__(
        self,
        providers: Providers,
        vault: Vault,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
    ) -> None:
        self._providers = providers
        self._vault = vault
        self._open_session = open_session
        self._clock = clock
        self._known: dict[str, Known] = {}
        self._refusals = Refusals(open_session, clock)

    def find(self, provider: str, endpoint: str, *, anew: bool = False) -> Known:
        """The account at an address. Raises ``NotFoundError``, ``UnavailableError`` while it is paused."""
        known = self._known.get(endpoint)
        if known is None or anew or time.monotonic() - known.read_at > _BELIEVED_SECONDS:
            self._known.pop(endpoint, None)
            known = self._known[endpoint] = self._look_up(endpoint)
        if known.provider.name != provider or known.status == "disabled":
            raise NotFoundError("there is no such address")
        if known.status == "paused":
            raise UnavailableError("the account is paused; the provider tries again")
        return known

    def accept(self, known: Known, endpoint: str, body: bytes, headers: Mapping[str, str]) -> str:
        """Take a delivery in; durable when this returns. Returns what became of it, for the log.

        Raises ``RefusedError`` where it is not the provider's, or too old; ``UnavailableError`` while too many wait.
        """
        now = self._clock()
        verdict = known.provider.judge(body, headers, known.sign(now))
        if verdict is Verdict.BAD:  # the secret may be a moment old
            known = self.find(known.provider.name, endpoint, anew=True)
            verdict = known.provider.judge(body, headers, known.sign(now))
        if verdict is not Verdict.GOOD:
            self._refusals.count(known.account_id, verdict)
            raise RefusedError(_REFUSALS[verdict])
        try:
            row = _row(known, body, headers, now)
        except UnreadableError as error:
            self._refusals.count(known.account_id, Verdict.BAD)
            raise RefusedError(f"the delivery can't be the provider's: {error}") from None
        with self._open_session() as session:
            if row.proof and payment_events.has_waiting(session, known.account_id, MOST_UNPROVEN - 1):
                raise UnavailableError("too many deliveries wait that nobody has proven yet; the provider tries again")
            if self._is_one_too_many(session, known, row):
                return row.code
            times = payment_events.take_in(session, row)
        return "seen before" if times > 1 else row.code or "stored"

    @staticmethod
    def _is_one_too_many(session: Any, known: Known, row: PaymentEvent) -> bool:
        """Whether it means nothing, may be anybody's, and enough of that kind is kept."""
        if known.provider.proves_at_door or row.code != Why.OTHER_TYPE:
            return False
        return payment_events.has_ignored(session, known.account_id, Why.OTHER_TYPE, MOST_UNPROVEN - 1)

    def close(self) -> None:
        """Write what was counted."""
        self._refusals.flush()

    def _look_up(self, endpoint: str) -> Known:
        with self._open_session(read_only=True) as session:
            account = payment_accounts.by_endpoint(session, endpoint)
            if account is None:
                raise NotFoundError("there is no such address")
            provider, policy = self._providers[account.provider], payment_access.policy_of(account)
            return Known(
                account_id=account.id or 0,
                provider=provider,
                mode=account.mode,
                status=account.status,
                secrets=payment_access.secrets_of(session, account, self._vault),
                tolerance=policy.tolerance,
                keeps_text=provider.needs_text(policy.verify_mode),
                read_at=time.monotonic(),
            )


_REFUSALS = {
    Verdict.BAD: "the delivery is not signed with a secret of this address",
    Verdict.STALE: "the delivery was rightly signed, but too long ago; is this machine's clock right?",
}


class Refusals:
    """Counts what was refused, bad and stale signatures apart; written at most once a second, so nobody is flooded."""

    def __init__(self, open_session: Callable[..., AbstractContextManager[Any]], clock: Callable[[], datetime]) -> None:
        self._open_session = open_session
        self._clock = clock
        self._counts: dict[int, dict[Verdict, int]] = {}
        self._written_at = float("-inf")
        self._lock = threading.Lock()

    def count(self, account_id: int, verdict: Verdict) -> None:
        """One more."""
        with self._lock:
            of_account = self._counts.setdefault(account_id, {})
            of_account[verdict] = of_account.get(verdict, 0) + 1
            is_due = time.monotonic() - self._written_at > _COUNTED_SECONDS
        if is_due:
            self.flush()

    def flush(self) -> None:
        """Write what is counted. What can't be written now is counted on."""
        with self._lock:
            counts, self._counts, self._written_at = self._counts, {}, time.monotonic()
        if not counts:
            return
        try:
            with self._open_session() as session:
                for account_id, found in counts.items():
                    bad, stale = found.get(Verdict.BAD, 0), found.get(Verdict.STALE, 0)
                    payment_accounts.count_refused(session, account_id, bad=bad, stale=stale, now=self._clock())
        except UnavailableError as error:
            log.warning("refused deliveries could not be counted: %s", error)


def _row(known: Known, body: bytes, headers: Mapping[str, str], now: datetime) -> PaymentEvent:
    """A delivery for the inbox. Raises `UnreadableError` for junk that anybody may have sent; signed junk is kept."""
    digest = hashlib.sha256(body).hexdigest()
    try:
        delivery = known.provider.parse(body, headers)
    except UnreadableError as error:
        if not known.provider.proves_at_door:
            raise
        shown = body[:_MOST_JUNK].decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
        junk = Delivery(f"sha256:{digest}", "unreadable", text=shown)
        row = event_row(known.account_id, junk, "webhook", now)
        row.status, row.due_at, row.code, row.reason = "failed", None, Why.UNREADABLE, str(error)
        return row
    row = event_row(known.account_id, delivery, "webhook", now)
    row.sha256 = digest
    row.payload = row.payload if known.keeps_text else None
    why = _uninteresting(known, delivery)
    if why is not None:
        row.status, row.due_at, row.processed_at, row.payload, row.proof = "ignored", None, now, None, {}
        row.code, row.reason = why
    return row


def event_row(account_id: int, delivery: Delivery, source: str, now: datetime) -> PaymentEvent:
    """A delivery as the inbox keeps it, to be read now."""
    return PaymentEvent(
        account_id=account_id,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        object_type=delivery.object_type,
        object_id=delivery.object_id,
        told_at=delivery.created,
        livemode=delivery.livemode,
        api_version=delivery.api_version,
        source=source,
        payload=delivery.text or None,
        sha256=hashlib.sha256(delivery.text.encode()).hexdigest(),
        proof=dict(delivery.proof),
        due_at=now,
        received_at=now,
    )


def _uninteresting(known: Known, delivery: Delivery) -> tuple[Why, str] | None:
    if delivery.livemode is not None and delivery.livemode != (known.mode == "live"):
        theirs = "live" if delivery.livemode else "test"
        return Why.WRONG_MODE, f"a {theirs} event at an account in {known.mode} mode"
    if delivery.event_type not in known.provider.events:
        return Why.OTHER_TYPE, "events of this type mean nothing here"
    return None
