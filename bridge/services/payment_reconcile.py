"""Asks providers what they told that never came: hourly by their events, nightly by their objects.

What is found goes into the inbox like any delivery, so it counts once, whether it also comes by itself or not.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from bridge.errors import BridgeError
from bridge.models import PaymentAccount
from bridge.payments.provider import Access, Delivery, Provider
from bridge.payments.registry import Providers
from bridge.payments.vault import Vault
from bridge.services import payment_access
from bridge.services.payment_door import event_row
from bridge.storage import payment_accounts, payment_events

log = logging.getLogger(__name__)

POLL, SWEEP, AFTER_ERROR = timedelta(hours=1), timedelta(hours=24), timedelta(minutes=10)
# What was told shortly before the last look may have been listed after it.
_OVERLAP = timedelta(hours=6)
_EVENTS_ARE_KEPT = timedelta(days=29)
_YOUNG = timedelta(days=40)
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What a look brought: events that never came, objects that changed unheard."""

    events: int = 0
    objects: int = 0


class PaymentReconcile:
    """One for each worker."""

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

    def run_due(self) -> bool:
        """Look through one account that is due; whether there was one. Several workers never look at the same."""
        now = self._clock()
        with self._open_session(read_only=True) as session:
            due = payment_accounts.due(session, now)
        for account in due:
            with self._open_session() as session:
                polls = payment_accounts.take_turn(session, account.id or 0, "poll_at", now, now + POLL)
                sweeps = payment_accounts.take_turn(session, account.id or 0, "sweep_at", now, now + SWEEP)
            if polls or sweeps:
                self._tried(account, polls=polls, sweeps=sweeps)
                return True
        return False

    def check(self, account: PaymentAccount, *, polls: bool = True, sweeps: bool = True) -> Found:
        """Look now. Raises what the provider raises."""
        access, provider = payment_access.access_of(account, self._vault), self._providers[account.provider]
        events = self._poll(account, access, provider) if polls else 0
        objects = self._sweep(account, access, provider) if sweeps else 0
        return Found(events, objects)

    def _tried(self, account: PaymentAccount, *, polls: bool, sweeps: bool) -> None:
        try:
            found = self.check(account, polls=polls, sweeps=sweeps)
        except BridgeError as error:
            log.warning("account %s could not be looked through: %s", account.source, error)
            self._note(account, str(error), polls=polls, sweeps=sweeps)
            return
        if found != Found():
            log.info("account %s: %d events and %d changes had not come", account.source, found.events, found.objects)

    def _note(self, account: PaymentAccount, error: str, *, polls: bool, sweeps: bool) -> None:
        now = self._clock()
        with self._open_session() as session:
            row = payment_accounts.held(session, account.id or 0)
            row.last_error, row.last_error_at = error[:500], now
            row.poll_at = now + AFTER_ERROR if polls else row.poll_at
            row.sweep_at = now + AFTER_ERROR if sweeps else row.sweep_at
            session.add(row)

    def _poll(self, account: PaymentAccount, access: Access, provider: Provider) -> int:
        """The events since the last look, with an overlap."""
        now = self._clock()
        since = max((account.polled_until or account.created_at) - _OVERLAP, now - _EVENTS_ARE_KEPT)
        found = self._take_in(account, provider.poll(access, since), self._as_told)
        with self._open_session() as session:
            row = payment_accounts.held(session, account.id or 0)
            row.polled_until = now
            session.add(row)
        return found

    def _sweep(self, account: PaymentAccount, access: Access, provider: Provider) -> int:
        """The objects that changed since anybody read them."""
        since = self._clock() - _YOUNG
        if account.sells_since is not None and account.sells_since < since and account.created_at > since:
            since = account.sells_since  # a young account that was to begin with older sales
        return self._take_in(account, provider.sweep(access, since), self._if_changed)

    def _take_in(
        self,
        account: PaymentAccount,
        deliveries: Iterator[Delivery],
        named: Callable[[Any, PaymentAccount, Delivery], Delivery | None],
    ) -> int:
        found, error = 0, None
        while error is None:
            page, error = _page(deliveries)  # fetched before the transaction begins
            if not page:
                break
            with self._open_session() as session:
                for delivery in page:
                    fit = named(session, account, delivery) if self._is_ours(account, delivery) else None
                    if fit is not None:
                        row = event_row(account.id or 0, fit, "poll", self._clock())
                        found += payment_events.take_in(session, row) == 1
        if error is not None:
            raise error
        return found

    def _is_ours(self, account: PaymentAccount, delivery: Delivery) -> bool:
        of_mode = delivery.livemode is None or delivery.livemode == (account.mode == "live")
        return of_mode and delivery.event_type in self._providers[account.provider].events

    @staticmethod
    def _as_told(_session: Any, _account: PaymentAccount, delivery: Delivery) -> Delivery:
        return delivery

    @staticmethod
    def _if_changed(session: Any, account: PaymentAccount, delivery: Delivery) -> Delivery | None:
        """An object as an event, unless the last that was read of it is this very state.

        The name counts on, since an object may come back to a state that it had before.
        """
        last = payment_events.last_of_object(session, account.id or 0, delivery.object_id)
        if last is not None and last.event_id.rpartition(":")[0] == delivery.event_id:
            return None
        return replace(delivery, event_id=f"{delivery.event_id}:{last.id if last is not None else 0}")


def _page(deliveries: Iterator[Delivery]) -> tuple[list[Delivery], BridgeError | None]:
    """The next of them, as many as came before the provider failed: what was told until then counts."""
    page: list[Delivery] = []
    try:
        page.extend(islice(deliveries, _AT_ONCE))
    except BridgeError as error:
        return page, error
    return page, None
