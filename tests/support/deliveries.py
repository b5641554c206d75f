"""A provider's deliveries over HTTP, by several senders at once, each sent again until it is answered with 200."""

import json
import queue
import random
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import requests

from bridge.payments import stripe_signature

SENDERS = 4
# A provider waits for hours before it sends again, and sends to others meanwhile.
_AGAIN_SECONDS = 0.3


class Deliveries:
    """Sends events to a door between ``start`` and ``done``. ``answers`` counts what came back, by status.

    Whoever is killed or has no time answers nothing, or 502, 503, 504; anything else but 200 is ``wrong``.
    ``pause_seconds``: of a sender between two deliveries, so that few of them last through some kills.
    """

    def __init__(self, url: str, secret: str, events: Sequence[dict[str, Any]], pause_seconds: float = 0.0) -> None:
        self._url, self._secret, self._pause_seconds = url, secret, pause_seconds
        self._waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        for event in events:
            self._waiting.put(event)
        self._left = len(events)
        self._lock = threading.Lock()
        self.answers: Counter[int] = Counter()
        self.unanswered = 0
        self.wrong: list[str] = []
        self._threads = [threading.Thread(target=self._send_all, daemon=True) for _ in range(SENDERS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def done(self) -> bool:
        """Whether every one was answered with 200."""
        return self._left == 0

    def _send_all(self) -> None:
        with requests.Session() as session:
            while not self.done():
                try:
                    event = self._waiting.get(timeout=0.1)
                except queue.Empty:
                    continue
                if self._is_taken(session, event):
                    with self._lock:
                        self._left -= 1
                    threading.Event().wait(self._pause_seconds)
                else:
                    self._waiting.put(event)
                    threading.Event().wait(_AGAIN_SECONDS)

    def _is_taken(self, session: requests.Session, event: dict[str, Any]) -> bool:
        body = json.dumps(event).encode()
        signature = stripe_signature.sign(body, self._secret, datetime.now(UTC))
        headers = {stripe_signature.HEADER: signature, "Content-Type": "application/json"}
        try:
            status = session.post(self._url, data=body, headers=headers, timeout=30).status_code
        except requests.RequestException:  # nobody there, or killed before it answered
            with self._lock:
                self.unanswered += 1
            return False
        with self._lock:
            self.answers[status] += 1
            if status not in {200, 502, 503, 504}:
                self.wrong.append(f"{event['type']} was answered with {status}")
        return status == 200


def shuffled(events: Sequence[dict[str, Any]], many: int, dice: random.Random) -> list[dict[str, Any]]:
    """Deliveries of all events in some order, some of them several times, so that there are so many (or all, once)."""
    several = [*events, *dice.choices(events, k=max(0, many - len(events)))]
    dice.shuffle(several)
    return several
