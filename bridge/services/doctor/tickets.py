"""The proof that a request over the public address comes from a doctor who may write into this bridge's database.

A ticket is random, lives for minutes and is known by its digest only. Who shows one to a web worker is told how the
request arrived, and which configuration the worker runs with; to anybody else the workers are as if it were not there.
"""

import hashlib
import hmac
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

from bridge.errors import UnavailableError
from bridge.settings import Settings
from bridge.storage import usage

HEADER = "X-Bridge-Doctor"
LASTS = timedelta(minutes=10)
TICKET_LENGTH = 64
_PREFIX = "doctor-"
OpenSession = Callable[..., AbstractContextManager[Any]]


def issue(open_session: OpenSession, now: datetime, entropy: Callable[[int], bytes]) -> str:
    """Make a ticket, and forget those that an interrupted doctor left. Raises ``UnavailableError``."""
    ticket = entropy(TICKET_LENGTH // 2).hex()
    with open_session() as session:
        old = [name for name, at in usage.beats(session, _PREFIX) if at < now - LASTS]
        usage.forget_beats(session, *old)
        usage.beat(session, _name(ticket), now)
    return ticket


def take_back(open_session: OpenSession, ticket: str) -> None:
    """Let the ticket open nothing any more. Raises ``UnavailableError``."""
    with open_session() as session:
        usage.forget_beats(session, _name(ticket))


def is_good(open_session: OpenSession, ticket: str, now: datetime) -> bool:
    """Whether the ticket is of a doctor who is at work. No where the database is away."""
    if len(ticket) != TICKET_LENGTH or not ticket.isascii():
        return False
    try:
        with open_session(read_only=True) as session:
            issued = usage.last_beat(session, _name(ticket))
    except UnavailableError:
        return False
    return issued is not None and abs(now - issued) < LASTS


def fingerprint(settings: Settings, ticket: str) -> str:
    """By which two processes see that they run the same version with the same configuration; it tells neither."""
    text = f"{version('gitea-license-bridge')} {settings!r} {_secrets(settings)}"
    return hmac.new(ticket.encode(), text.encode(), hashlib.sha256).hexdigest()


def _secrets(settings: Settings) -> str:
    hidden = (settings.gitea.token, *settings.gitea.webhook_secrets, settings.web.metrics_token)
    return repr((settings.database.url, [each.get_secret_value() for each in hidden]))


def _name(ticket: str) -> str:
    return _PREFIX + hashlib.sha256(ticket.encode()).hexdigest()
