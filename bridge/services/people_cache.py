"""Verdicts about tokens, remembered for a moment. A token itself is never kept: only a keyed hash of it."""

import hmac
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bridge.services.people_errors import ForbiddenError, HiddenError, UnprovenError

T = TypeVar("T")

YES_LASTS = timedelta(seconds=60)
NO_LASTS = timedelta(seconds=15)
MOST_VERDICTS = 10_000
_NOES = (UnprovenError, ForbiddenError, HiddenError)


class Verdicts:
    """What was proven about tokens within the last minute. Safe to share among threads."""

    def __init__(self, clock: Callable[[], datetime], secret: bytes) -> None:
        self._clock = clock
        self._secret = secret
        self._held: OrderedDict[Hashable, tuple[datetime, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def settle(self, token: str, question: Hashable, find_out: Callable[[], T], *, anew: bool = False) -> T:
        """The answer to a question about a token: remembered, or found out now (always with ``anew``).

        ``find_out`` answers, or raises one of ``people_errors``, which is remembered too; anything else is not.
        """
        key = self._key(token, question)
        if not anew:
            held = self._fresh(key)
            if isinstance(held, _NOES):
                raise held
            if held is not None:
                return held  # type: ignore[no-any-return]
        answer: T | None = None
        try:
            answer = find_out()
        except _NOES as no:
            self._keep(key, no.with_traceback(None))
            raise
        self._keep(key, answer)
        return answer

    def recall_no(self, token: str, question: Hashable) -> None:
        """Raise what is remembered about the question, if it is a no."""
        held = self._fresh(self._key(token, question))
        if isinstance(held, _NOES):
            raise held

    def recalls_yes(self, token: str, question: Hashable) -> bool:
        """Whether something other than a no is remembered about the question."""
        held = self._fresh(self._key(token, question))
        return held is not None and not isinstance(held, _NOES)

    def _key(self, token: str, question: Hashable) -> Hashable:
        return (hmac.digest(self._secret, token.encode(), "sha256"), question)

    def _fresh(self, key: Hashable) -> Any:
        with self._lock:
            at, answer = self._held.get(key, (None, None))
        if at is None:
            return None
        lasts = NO_LASTS if isinstance(answer, _NOES) else YES_LASTS
        # A clock that was set back proves nothing either.
        return answer if timedelta(0) <= self._clock() - at < lasts else None

    def _keep(self, key: Hashable, answer: Any) -> None:
        with self._lock:
            self._held[key] = (self._clock(), answer)
            self._held.move_to_end(key)
            while len(self._held) > MOST_VERDICTS:
                self._held.popitem(last=False)
