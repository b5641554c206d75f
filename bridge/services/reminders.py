"""Queues reminders of keys that end and that nothing will renew, each once; whoever sends looks again."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.models import LicenseKey, Owner, Package
from bridge.rules import reminders as rules
from bridge.rules.payments.messages import Message
from bridge.services import mail_keys, mail_settings
from bridge.storage import ending_keys, licenses, outbox

EVERY = timedelta(hours=1)
_AT_ONCE = 500


def wants(owner: Owner) -> bool:
    """Whether an owner lets its customers be reminded."""
    return mail_settings.seller_of(owner).reminders


def moment(value: datetime) -> str:
    """A moment as rows of the outbox name it."""
    return value.astimezone(UTC).isoformat()


@dataclass
class _Occasion:
    """One mail: the keys of one customer, of one package, that end at one moment."""

    owner_id: int
    expires: str
    keys: list[int] = field(default_factory=list)


class Reminders:
    """One for each worker; several get in nobody's way, since an occasion is queued once."""

    def __init__(
        self,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
        steps: Sequence[int],
    ) -> None:
        self._open_session = open_session
        self._clock = clock
        self._steps = steps
        self._next_at: datetime | None = None

    def run_due(self) -> bool:
        """Look through the keys, once an hour. Says that there was nothing: what is queued is for others to send."""
        now = self._clock()
        if self._steps and (self._next_at is None or now >= self._next_at):
            self._next_at = now + EVERY
            self.run(now)
        return False

    def run(self, now: datetime) -> int:
        """Queue what is due now; how many mails that is."""
        found: dict[str, _Occasion] = {}
        until, after_id = now + timedelta(days=max(self._steps)), 0
        while True:
            with self._open_session(read_only=True) as session:
                page = ending_keys.page(session, after_id, now, until, _AT_ONCE)
                for key, package in page:
                    self._add(session, found, key, package, now)
            if len(page) < _AT_ONCE:
                return self._queue(found, now)
            after_id = page[-1][0].id or 0

    def _add(self, session: Any, found: dict[str, _Occasion], key: LicenseKey, package: Package, now: datetime) -> None:
        ends = licenses.expiry_of(key)
        if ends is None:
            return
        length = rules.length_days(licenses.package_value(package).term, key.starts_at, ends)
        step = rules.step(ends, now, length, self._steps)
        if step is None or mail_keys.renews_itself(session, key):
            return
        once = f"{Message.REMINDER}:{key.customer_id}:{key.package_id}:{moment(ends)}:{step}"
        found.setdefault(once, _Occasion(key.owner_id, moment(ends))).keys.append(key.id or 0)

    def _queue(self, found: dict[str, _Occasion], now: datetime) -> int:
        names, queued = sorted(found), 0
        for start in range(0, len(names), _AT_ONCE):
            chunk = names[start : start + _AT_ONCE]
            with self._open_session(read_only=True) as session:
                new = set(chunk) - outbox.known(session, chunk)
                owners = {found[once].owner_id for once in new}
                silent = {each for each in owners if not wants(session.get_one(Owner, each))}
            wanted = [once for once in sorted(new) if found[once].owner_id not in silent]
            if not wanted:
                continue
            with self._open_session() as session:
                queued += sum(self._put(session, once, found[once], now) for once in wanted)
        return queued

    @staticmethod
    def _put(session: Any, once: str, occasion: _Occasion, now: datetime) -> bool:
        reference = {"keys": occasion.keys, "expires": occasion.expires}
        return outbox.put(session, once, Message.REMINDER, occasion.owner_id, now, reference=reference)
